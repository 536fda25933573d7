package store_test

import (
	"context"
	"testing"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/store/storetest"
)

func TestATenantFindsNothingOfAnotherAuthorsPast(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	o, s := small(t, w, mine), w.Store
	lesson := o.Lessons()[0]
	save := catalog.Save{ID: uid.New(), VersionID: o.Version.ID, LessonID: lesson.ID, Revision: 1, Automatic: true, Content: catalog.Content(lesson.Input()), SavedBy: o.Course.CreatedBy, SavedAt: w.Now.Now()}
	within(t, w, mine, func(ctx context.Context) error {
		if err := s.AddLessonSaves(ctx, save); err != nil {
			return err
		}
		return s.SeeWriter(ctx, lesson.ID, *o.Course.CreatedBy, w.Now.Now())
	})
	absent(t, w, other, catalog.ErrCourseNotFound, map[string]func(context.Context) error{
		"CountSave": func(ctx context.Context) error { _, err := s.CountSave(ctx, o.Course.ID, w.Now.Now()); return err },
	})
	absent(t, w, other, catalog.ErrLessonNotFound, map[string]func(context.Context) error{
		"LessonByID": func(ctx context.Context) error { _, err := s.LessonByID(ctx, o.Version.ID, lesson.ID); return err },
	})
	absent(t, w, other, catalog.ErrSaveNotFound, map[string]func(context.Context) error{
		"LessonSaveUpTo": func(ctx context.Context) error {
			_, err := s.LessonSaveUpTo(ctx, o.Course.ID, lesson.ID, 5)
			return err
		},
	})
	within(t, w, other, func(ctx context.Context) error {
		saves, err := s.LessonSaves(ctx, o.Course.ID, lesson.ID, 10)
		if err != nil {
			return err
		}
		people, err := s.WritersSince(ctx, lesson.ID, uid.New(), w.Now.Now())
		if err != nil {
			return err
		}
		if len(saves)+len(people) != 0 {
			t.Errorf("reaches %v and %v", saves, people)
		}
		later := save
		later.Revision = 9
		if err = s.ThinLessonSaves(ctx, later, save.SavedAt); err != nil {
			return err
		}
		return s.TrimLessonSaves(ctx, o.Version.ID, lesson.ID, 0)
	})
	within(t, w, mine, func(ctx context.Context) error {
		got, err := s.LessonSaveUpTo(ctx, o.Course.ID, lesson.ID, 5)
		if err == nil && (got.Content.Body != lesson.Body || got.Revision != 1) {
			t.Errorf("read back: %+v", got)
		}
		people, err2 := s.WritersSince(ctx, lesson.ID, uid.New(), w.Now.Now())
		if len(people) != 1 || err2 != nil {
			t.Errorf("writers: %v, %v", people, err2)
		}
		return err
	})
}

func TestAFileThatAnEarlierStateOfALessonNamesIsUsed(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	o, s := small(t, w, mine), w.Store
	lesson := o.Lessons()[0]
	film, words, picture, loose := storetest.File(t, mine, w, content.FileVideo, "video/mp4", 9), storetest.File(t, mine, w, content.FileCaptions, "text/vtt", 0),
		storetest.File(t, mine, w, content.FilePicture, "image/png", 0), storetest.File(t, mine, w, content.FilePicture, "image/png", 0)
	said := lesson.Input()
	said.FileID, said.CaptionsFileID, said.Body = &film.ID, &words.ID, "![a ladder](file:"+picture.ID.String()+")"
	within(t, w, mine, func(ctx context.Context) error {
		return s.AddLessonSaves(ctx, catalog.Save{ID: uid.New(), VersionID: o.Version.ID, LessonID: lesson.ID, Revision: 1, Content: catalog.Content(said), SavedAt: w.Now.Now()})
	})
	ids := []uid.ID{film.ID, words.ID, picture.ID, loose.ID}
	within(t, w, other, func(ctx context.Context) error {
		uses, err := s.UsesOf(ctx, ids)
		if len(uses) != 0 {
			t.Errorf("another tenant reads %v", uses)
		}
		return err
	})
	within(t, w, mine, func(ctx context.Context) error {
		for i, id := range ids {
			_, removed, err := s.RemoveUnused(ctx, id)
			if err != nil {
				return err
			}
			if removed != (i == 3) {
				t.Errorf("file %d is removed: %v", i, removed)
			}
		}
		return nil
	})
}
