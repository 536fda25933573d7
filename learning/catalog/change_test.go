package catalog_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/store/storetest"
)

func TestACourseIsWrittenModuleByModule(t *testing.T) {
	t.Parallel()
	h, ok := setup(t), must(t)
	o, err := h.catalog.Create(h.instructor, catalog.CourseInput{Title: "Fire safety", SelfEnrol: true})
	if err != nil {
		t.Fatal(err)
	}
	if o.Course.Slug != "fire-safety" || o.Course.Status != catalog.StatusDraft || o.Version.Language != "en" || o.Course.CreatedBy == nil {
		t.Errorf("created %+v", o)
	}
	id := o.Course.ID
	o = ok(h.catalog.AddModule(h.instructor, id, o.Course.Revision, " First\nthings "))
	o = ok(h.catalog.AddModule(h.instructor, id, o.Course.Revision, "Then"))
	o, _, err = h.catalog.AddLesson(h.instructor, id, o.Course.Revision, o.Modules[0].ID, text("Exits"))
	o, lesson, err2 := h.catalog.AddLesson(h.instructor, id, o.Course.Revision, o.Modules[0].ID, text("Alarms"))
	if err = errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	h.save(t, id, lesson, catalog.LessonInput{Title: "Alarms and drills", Body: "Other words.", Minutes: 7})
	o = ok(h.catalog.RenameModule(h.instructor, id, o.Course.Revision, o.Modules[1].ID, "Afterwards"))
	want := []string{"First things", "  Exits", "  Alarms and drills", "Afterwards"}
	if diff := cmp.Diff(want, titles(t, o)); diff != "" {
		t.Error(diff)
	}
	read := ok(h.catalog.Edit(h.instructor, id))
	if diff := cmp.Diff(o, read); diff != "" {
		t.Errorf("read back: %s", diff)
	}
	if l, _ := read.Lesson(lesson); l.Minutes != 7 || l.Body != "Other words." || l.Kind != catalog.LessonText {
		t.Errorf("lesson is %+v", l)
	}
	o = ok(h.catalog.DeleteLesson(h.instructor, id, o.Course.Revision, lessonID(o, "Exits")))
	o = ok(h.catalog.DeleteModule(h.instructor, id, o.Course.Revision, moduleID(o, "Afterwards")))
	if diff := cmp.Diff([]string{"First things", "  Alarms and drills"}, titles(t, o)); diff != "" {
		t.Error(diff)
	}
	o = ok(h.catalog.DeleteModule(h.instructor, id, o.Course.Revision, moduleID(o, "First things")))
	if len(o.Modules) != 0 {
		t.Errorf("left: %v", titles(t, o))
	}
	if diff := cmp.Diff([]string{"course.created"}, storetest.EventTypes(t, h.tenant, h.w, id)); diff != "" {
		t.Error(diff)
	}
}

func TestATakenAddressIsRefusedWhenChosenAndNumberedWhenMadeOfTheTitle(t *testing.T) {
	t.Parallel()
	h := setup(t)
	first, second := h.create(t, "First aid"), h.create(t, "First aid")
	if first.Course.Slug != "first-aid" || second.Course.Slug != "first-aid-2" {
		t.Errorf("slugs %s and %s", first.Course.Slug, second.Course.Slug)
	}
	_, err := h.catalog.Create(h.instructor, catalog.CourseInput{Title: "Other", Slug: "first-aid"})
	wantFault(t, err, catalog.ErrSlugTaken)
	wantFields(t, err, "slug")
	_, err = h.catalog.UpdateCourse(h.instructor, second.Course.ID, second.Course.Revision, catalog.CourseInput{Title: "Other", Slug: "first-aid"})
	wantFault(t, err, catalog.ErrSlugTaken)
	wantFields(t, err, "slug")
}

func TestAPublishedVersionNeverChangesAndItsPartsKeepTheirIDs(t *testing.T) {
	t.Parallel()
	h, ok := setup(t), must(t)
	v1 := h.published(t, "Ladders")
	id := v1.Course.ID
	before := h.rows(t, v1.Version.ID)

	if o := ok(h.catalog.Edit(h.instructor, id)); o.Version.ID != v1.Version.ID {
		t.Error("reading began a draft")
	}
	// The slug and self-enrolment belong to the course: they begin no draft.
	in := catalog.CourseInput{Title: v1.Version.Title, Slug: "ladders-2", Language: "en", EstimatedMinutes: 15}
	o := ok(h.catalog.UpdateCourse(h.instructor, id, v1.Course.Revision, in))
	if o.Course.DraftID != nil || o.Course.Slug != "ladders-2" || o.Course.SelfEnrol {
		t.Errorf("after a change of the address: %+v", o.Course)
	}
	in.Title = "Ladders and scaffolds"
	o = ok(h.catalog.UpdateCourse(h.instructor, id, o.Course.Revision, in))
	if o.Course.DraftID == nil || o.Version.Number != 2 || o.Version.PublishedAt != nil {
		t.Fatalf("no draft began: %+v", o)
	}
	draft := *o.Course.DraftID
	if diff := cmp.Diff(ids(v1), ids(o)); diff != "" {
		t.Errorf("ids changed: %s", diff)
	}
	lesson := o.Modules[0].Lessons[0].ID
	h.save(t, id, lesson, text("Changed"))
	o = ok(h.catalog.AddModule(h.instructor, id, o.Course.Revision, "More"))
	o = ok(h.catalog.MoveModule(h.instructor, id, o.Course.Revision, moduleID(o, "More"), 0))
	o = ok(h.catalog.DeleteLesson(h.instructor, id, o.Course.Revision, lessonID(o, "Check yourself")))
	if o.Version.ID != draft {
		t.Error("a second draft began")
	}
	if diff := cmp.Diff(before, h.rows(t, v1.Version.ID)); diff != "" {
		t.Errorf("the published version changed: %s", diff)
	}
	shown := ok(h.catalog.Published(h.instructor, "ladders-2"))
	if shown.Version.Title != "Ladders" || len(shown.Lessons()) != 2 {
		t.Errorf("learners see %v", titles(t, shown))
	}
	err := h.w.Store.InTenant(h.instructor, func(ctx context.Context) error { return h.w.Store.UpdateVersion(ctx, v1.Version) })
	wantFault(t, err, catalog.ErrVersionFixed)
}

// rows is everything a version consists of, as it is kept.
func (h house) rows(t *testing.T, version uid.ID) (all []any) {
	t.Helper()
	err := h.w.Store.InTenant(h.tenant, func(ctx context.Context) error {
		v, err := h.w.Store.VersionByID(ctx, version)
		if err != nil {
			return err
		}
		m, err := h.w.Store.ModulesOf(ctx, version)
		if err != nil {
			return err
		}
		l, err := h.w.Store.LessonsOf(ctx, version)
		all = append(all, v, m, l)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func ids(o catalog.Outline) (list []uid.ID) {
	for _, m := range o.Modules {
		list = append(list, m.ID)
		for _, l := range m.Lessons {
			list = append(list, l.ID)
		}
	}
	return list
}

func TestAChangeMadeOnAnOlderRevisionIsRefused(t *testing.T) {
	t.Parallel()
	h, ok := setup(t), must(t)
	o := h.create(t, "Knives")
	id, old := o.Course.ID, o.Course.Revision
	ok(h.catalog.AddModule(h.instructor, id, old, "Theirs"))
	_, err := h.catalog.AddModule(h.instructor, id, old, "Mine")
	wantFault(t, err, catalog.ErrRevision)
	_, err = h.catalog.UpdateCourse(h.instructor, id, old, catalog.CourseInput{Title: "Knives", Slug: "knives"})
	wantFault(t, err, catalog.ErrRevision)
	_, err = h.catalog.Publish(h.instructor, id, old)
	wantFault(t, err, catalog.ErrRevision)
	_, err = h.catalog.AddModule(h.instructor, uid.New(), 1, "Nowhere")
	wantFault(t, err, catalog.ErrCourseNotFound)
}

func TestOfManyChangesOnOneRevisionExactlyOneIsMade(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.published(t, "Presses")
	const authors = 8
	made, wait := make([]error, authors), sync.WaitGroup{}
	for i := range authors {
		wait.Go(func() {
			_, made[i] = h.catalog.AddModule(h.instructor, o.Course.ID, o.Course.Revision, fmt.Sprint("Module ", i))
		})
	}
	wait.Wait()
	won := 0
	for _, err := range made {
		if err == nil {
			won++
		} else {
			wantFault(t, err, catalog.ErrRevision)
		}
	}
	after := must(t)(h.catalog.Edit(h.instructor, o.Course.ID))
	if won != 1 || len(after.Modules) != 2 || after.Version.Number != 2 || after.Course.Revision != o.Course.Revision+1 {
		t.Errorf("%d won; version %d has %v", won, after.Version.Number, titles(t, after))
	}
}

func TestMovesKeepEveryLessonInADenseOrder(t *testing.T) {
	t.Parallel()
	h, ok := setup(t), must(t)
	o := h.create(t, "Order")
	id := o.Course.ID
	for _, m := range []string{"A", "B", "C", "D"} {
		o = ok(h.catalog.AddModule(h.instructor, id, o.Course.Revision, m))
		for i := range 3 {
			var err error
			if o, _, err = h.catalog.AddLesson(h.instructor, id, o.Course.Revision, moduleID(o, m), text(fmt.Sprint(m, i))); err != nil {
				t.Fatal(err)
			}
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		model := flat(o)
		if r.IntN(3) == 0 {
			from, to := r.IntN(4), r.IntN(5)-1+r.IntN(2)*3
			o = ok(h.catalog.MoveModule(h.instructor, id, o.Course.Revision, o.Modules[from].ID, to))
			moved := model[from]
			model = slices.Insert(slices.Delete(model, from, from+1), max(0, min(to, 3)), moved)
		} else {
			m, into := r.IntN(4), r.IntN(4)
			if len(model[m].lessons) == 0 {
				continue
			}
			from, to := r.IntN(len(model[m].lessons)), r.IntN(6)
			o = ok(h.catalog.MoveLesson(h.instructor, id, o.Course.Revision, o.Modules[m].Lessons[from].ID, o.Modules[into].ID, to))
			moved := model[m].lessons[from]
			model[m].lessons = slices.Delete(model[m].lessons, from, from+1)
			model[into].lessons = slices.Insert(model[into].lessons, min(to, len(model[into].lessons)), moved)
		}
		titles(t, o)
		if diff := cmp.Diff(model, flat(o), cmp.AllowUnexported(flatModule{})); diff != "" {
			t.Fatal(diff)
		}
	}
}

type flatModule struct {
	title   string
	lessons []string
}

func flat(o catalog.Outline) (list []flatModule) {
	for _, m := range o.Modules {
		f := flatModule{title: m.Title, lessons: []string{}}
		for _, l := range m.Lessons {
			f.lessons = append(f.lessons, l.Title)
		}
		list = append(list, f)
	}
	return list
}

func TestMovesAtTheSameTimeLoseNothingAndLeaveNoGap(t *testing.T) {
	t.Parallel()
	h, ok := setup(t), must(t)
	o := h.create(t, "Crowd")
	id := o.Course.ID
	for i := range 5 {
		o = ok(h.catalog.AddModule(h.instructor, id, o.Course.Revision, fmt.Sprint(i)))
	}
	var wait sync.WaitGroup
	for author := range 4 {
		wait.Go(func() {
			for i := range 5 {
				for { // an author who is told that the course changed looks again and does it again
					seen, err := h.catalog.Edit(h.instructor, id)
					if err == nil {
						_, err = h.catalog.MoveModule(h.instructor, id, seen.Course.Revision, seen.Modules[(author+i)%5].ID, (author*3+i)%5)
					}
					if err == nil {
						break
					}
					if !errors.Is(err, catalog.ErrRevision) {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	wait.Wait()
	got := titles(t, ok(h.catalog.Edit(h.instructor, id)))
	slices.Sort(got)
	if diff := cmp.Diff([]string{"0", "1", "2", "3", "4"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAFileMustBeHereAndOfTheRightKind(t *testing.T) {
	t.Parallel()
	h, ok := setup(t), must(t)
	video := storetest.File(t, h.tenant, h.w, content.FileVideo, "video/mp4", 60).ID
	pdf := storetest.File(t, h.tenant, h.w, content.FileDocument, "application/pdf", 0).ID
	vtt := storetest.File(t, h.tenant, h.w, content.FileCaptions, "text/vtt", 0).ID
	foreign := storetest.File(t, h.neighbour(t), h.w, content.FileVideo, "video/mp4", 60).ID

	_, err := h.catalog.Create(h.instructor, catalog.CourseInput{Title: "Cover", CoverFileID: &video})
	wantFields(t, err, "cover_file_id")
	o := h.create(t, "Files")
	id := o.Course.ID
	o = ok(h.catalog.AddModule(h.instructor, id, o.Course.Revision, "M"))
	for name, c := range map[string]struct {
		in     catalog.LessonInput
		fields []string
	}{
		"a document as video":          {catalog.LessonInput{Kind: catalog.LessonVideo, Title: "V", FileID: &pdf}, []string{"file_id"}},
		"a video as document":          {catalog.LessonInput{Kind: catalog.LessonPDF, Title: "P", FileID: &video}, []string{"file_id"}},
		"another tenant's file":        {catalog.LessonInput{Kind: catalog.LessonVideo, Title: "V", FileID: &foreign}, []string{"file_id"}},
		"a document as captions":       {catalog.LessonInput{Kind: catalog.LessonVideo, Title: "V", FileID: &video, CaptionsFileID: &pdf}, []string{"captions_file_id"}},
		"both wrong, told at once":     {catalog.LessonInput{Kind: catalog.LessonVideo, Title: "V", FileID: &vtt, CaptionsFileID: &pdf}, []string{"file_id", "captions_file_id"}},
		"no title, told before a file": {catalog.LessonInput{Kind: catalog.LessonVideo, FileID: &pdf}, []string{"title"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := h.catalog.AddLesson(h.instructor, id, o.Course.Revision, o.Modules[0].ID, c.in)
			wantFields(t, err, c.fields...)
		})
	}
	o, lesson, err := h.catalog.AddLesson(h.instructor, id, o.Course.Revision, o.Modules[0].ID,
		catalog.LessonInput{Kind: catalog.LessonVideo, Title: "V", FileID: &video, CaptionsFileID: &vtt})
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.catalog.SaveLesson(h.instructor, id, lesson, catalog.LessonSave{Lesson: catalog.LessonInput{Kind: catalog.LessonPDF, Title: "V", FileID: &pdf}})
	wantFields(t, err, "kind")
	_, err = h.catalog.SaveLesson(h.instructor, id, uid.New(), catalog.LessonSave{Lesson: text("X")})
	wantFault(t, err, catalog.ErrLessonNotFound)
	_, err = h.catalog.MoveLesson(h.instructor, id, o.Course.Revision, lesson, uid.New(), 0)
	wantFault(t, err, catalog.ErrModuleNotFound)
	if after := ok(h.catalog.Edit(h.instructor, id)); after.Course.Revision != o.Course.Revision {
		t.Error("refused changes counted up the revision")
	}
}
