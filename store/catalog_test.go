package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/store/storetest"
)

// small publishes the small course in the tenant of ctx.
func small(t *testing.T, w *storetest.World, ctx context.Context) catalog.Outline {
	t.Helper()
	return storetest.PublishedCourse(t, ctx, w, storetest.SmallCourse("Small"))
}

// absent fails the test for each call that does not give its failure, in the tenant of ctx.
func absent(t *testing.T, w *storetest.World, ctx context.Context, want error, calls map[string]func(context.Context) error) {
	t.Helper()
	for name, call := range calls {
		if err := w.Store.InTenant(ctx, call); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}

func TestACourseIsKeptAsItWasWritten(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine := w.Tenant(t)
	o := small(t, w, mine)
	within(t, w, mine, func(ctx context.Context) error {
		c, err := w.Store.CourseByID(ctx, o.Course.ID)
		if err != nil {
			return err
		}
		bySlug, err := w.Store.CourseBySlug(ctx, "small")
		if err != nil {
			return err
		}
		v, err := w.Store.VersionByID(ctx, o.Version.ID)
		if err != nil {
			return err
		}
		modules, err := w.Store.ModulesOf(ctx, v.ID)
		if err != nil {
			return err
		}
		lessons, err := w.Store.LessonsOf(ctx, v.ID)
		for _, read := range []catalog.Course{c, bySlug} {
			if diff := cmp.Diff(o, catalog.Assemble(read, v, modules, lessons), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		}
		return err
	})
}

func TestACloneHasEverythingOfItsVersionButThePublishing(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine := w.Tenant(t)
	o, to := small(t, w, mine), uid.New()
	within(t, w, mine, func(ctx context.Context) error {
		for _, err := range []error{w.Store.CloneVersion(ctx, o.Version.ID, to, w.Now.Now()), w.Store.CloneModules(ctx, o.Version.ID, to), w.Store.CloneLessons(ctx, o.Version.ID, to)} {
			if err != nil {
				return err
			}
		}
		v, err := w.Store.VersionByID(ctx, to)
		if err != nil {
			return err
		}
		want := o.Version
		want.ID, want.Number, want.PublishedAt, want.PublishedBy, want.CreatedAt = to, 2, nil, nil, w.Now.Now()
		if diff := cmp.Diff(want, v); diff != "" {
			t.Error(diff)
		}
		lessons, err := w.Store.LessonsOf(ctx, to)
		for i, l := range lessons {
			want := o.Lessons()[i]
			want.VersionID = to
			if diff := cmp.Diff(want, l, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		}
		if len(lessons) != 2 {
			t.Errorf("%d lessons were copied", len(lessons))
		}
		return err
	})
	meets(t, w, mine, catalog.ErrVersionFixed, func(ctx context.Context) error { return w.Store.UpdateVersion(ctx, o.Version) })
}

func TestARevisionIsTakenOnce(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine := w.Tenant(t)
	o := small(t, w, mine)
	for _, want := range []bool{true, false} {
		within(t, w, mine, func(ctx context.Context) error {
			c, taken, err := w.Store.TakeRevision(ctx, o.Course.ID, o.Course.Revision, w.Now.Now())
			if taken != want || taken && (c.Revision != o.Course.Revision+1 || c.Slug != "small") {
				t.Errorf("taken is %v: %+v", taken, c)
			}
			return err
		})
	}
}

func TestATenantFindsAndChangesNoCourseOfAnother(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	o, s := small(t, w, mine), w.Store
	version, module, lesson := o.Version.ID, o.Modules[0].ID, o.Lessons()[0]
	absent(t, w, other, catalog.ErrCourseNotFound, map[string]func(context.Context) error{
		"CourseByID":      func(ctx context.Context) error { _, err := s.CourseByID(ctx, o.Course.ID); return err },
		"CourseBySlug":    func(ctx context.Context) error { _, err := s.CourseBySlug(ctx, "small"); return err },
		"LockCourse":      func(ctx context.Context) error { _, err := s.LockCourse(ctx, o.Course.ID); return err },
		"ShareCourse":     func(ctx context.Context) error { _, err := s.ShareCourse(ctx, o.Course.ID); return err },
		"VersionByID":     func(ctx context.Context) error { _, err := s.VersionByID(ctx, version); return err },
		"UpdateCourseRow": func(ctx context.Context) error { return s.UpdateCourseRow(ctx, o.Course) },
		"CloneVersion":    func(ctx context.Context) error { return s.CloneVersion(ctx, version, uid.New(), w.Now.Now()) },
	})
	absent(t, w, other, catalog.ErrVersionFixed, map[string]func(context.Context) error{
		"UpdateVersion": func(ctx context.Context) error { return s.UpdateVersion(ctx, o.Version) },
	})
	absent(t, w, other, catalog.ErrModuleNotFound, map[string]func(context.Context) error{
		"RenameModule": func(ctx context.Context) error { return s.RenameModule(ctx, version, module, "Theirs") },
		"ShiftModule":  func(ctx context.Context) error { return s.ShiftModule(ctx, version, module, 0, 1) },
		"RemoveModule": func(ctx context.Context) error { return s.RemoveModule(ctx, version, module) },
	})
	shift := catalog.LessonShift{Version: version, Lesson: lesson.ID, FromModule: module, ToModule: module, From: 0, To: 1}
	absent(t, w, other, catalog.ErrLessonNotFound, map[string]func(context.Context) error{
		"UpdateLesson":  func(ctx context.Context) error { return s.UpdateLesson(ctx, lesson) },
		"ShiftLesson":   func(ctx context.Context) error { return s.ShiftLesson(ctx, shift) },
		"RemoveLesson":  func(ctx context.Context) error { return s.RemoveLesson(ctx, version, lesson.ID) },
		"LessonToLearn": func(ctx context.Context) error { _, _, err := s.LessonToLearn(ctx, version, lesson.ID); return err },
	})
	within(t, w, other, func(ctx context.Context) error {
		modules, err := s.ModulesOf(ctx, version)
		if err != nil {
			return err
		}
		lessons, err := s.LessonsOf(ctx, version)
		if err != nil {
			return err
		}
		heads, err := s.LessonHeads(ctx, version)
		if err != nil {
			return err
		}
		moved, err := s.MoveUnstarted(ctx, o.Course.ID, version)
		if n := int64(len(modules)+len(lessons)+len(heads)) + moved; n != 0 {
			t.Errorf("reaches %d rows of another tenant", n)
		}
		return err
	})
}
