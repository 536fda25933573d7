package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
	"lyceum/learning/path"
	"lyceum/store/storetest"
)

func TestAPathIsKeptAsItWasWritten(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	o, s, at := small(t, w, mine), w.Store, w.Now.Now()
	person := storetest.Person(t, mine, w, policy.Learner)
	p := path.Path{
		ID: uid.New(), Slug: "first-weeks", Title: "First 100 % weeks", Summary: "Begin here.", Status: path.StatusDraft, Ordered: true, Revision: 1, CreatedBy: &person.ID, CreatedAt: at, UpdatedAt: at,
		Sections: path.Sections{{ID: uid.New(), Title: "One", Ordered: true, Need: 1, Courses: []uid.ID{o.Course.ID}}, {ID: uid.New(), Title: "Two", Courses: []uid.ID{}}},
	}
	e := path.Enrolment{PathID: p.ID, PersonID: person.ID, EnrolledBy: &person.ID, EnrolledAt: at}
	within(t, w, mine, func(ctx context.Context) error {
		if added, err := s.AddPath(ctx, p); err != nil || !added {
			t.Errorf("added %v, %v", added, err)
		}
		twin := p
		twin.ID = uid.New()
		if added, err := s.AddPath(ctx, twin); err != nil || added {
			t.Errorf("the same slug was added: %v, %v", added, err)
		}
		got, err := s.PathBySlug(ctx, "first-weeks")
		if diff := cmp.Diff(p, got); diff != "" || err != nil {
			t.Errorf("%s %v", diff, err)
		}
		if with, err := s.PathsWith(ctx, o.Course.ID); err != nil || len(with) != 0 {
			t.Errorf("a draft was found: %v, %v", with, err)
		}
		later := at.Add(time.Hour)
		p, _, err = s.TakePathRevision(ctx, p.ID, 1, later)
		if err != nil || p.Revision != 2 || !p.UpdatedAt.Equal(later) {
			t.Errorf("%+v, %v", p, err)
		}
		if _, taken, err := s.TakePathRevision(ctx, p.ID, 1, later); err != nil || taken {
			t.Errorf("a stale revision was taken, %v", err)
		}
		p.Status, p.Title = path.StatusPublished, "Weeks"
		if err = s.UpdatePath(ctx, p); err != nil {
			return err
		}
		for _, want := range []bool{true, false} {
			if added, err := s.AddPathEnrolment(ctx, e); err != nil || added != want {
				t.Errorf("enrolled %v, %v", added, err)
			}
		}
		if with, err := s.PathsWith(ctx, o.Course.ID); err != nil || len(with) != 1 {
			t.Errorf("with the course: %v, %v", with, err)
		}
		if open, err := s.UncompletedOn(ctx, p.ID, uid.Nil, 10); err != nil || len(open) != 1 {
			t.Errorf("not completed: %v, %v", open, err)
		}
		if err = s.CompletePathEnrolment(ctx, e, later); err != nil {
			return err
		}
		if open, err := s.UncompletedPaths(ctx, person.ID); err != nil || len(open) != 0 {
			t.Errorf("not completed: %v, %v", open, err)
		}
		list, err := s.Paths(ctx, person.ID, path.Filter{Query: "%", Mine: true})
		if err != nil || len(list.Items) != 0 {
			t.Errorf("%% is every title: %v, %v", list, err)
		}
		list, err = s.Paths(ctx, person.ID, path.Filter{Query: "week"})
		if err != nil || len(list.Items) != 1 || list.Items[0].Mine == nil || list.Items[0].Mine.CompletedAt == nil {
			t.Errorf("%+v, %v", list, err)
		}
		return nil
	})
	absent(t, w, other, path.ErrNotFound, map[string]func(context.Context) error{
		"PathByID":   func(ctx context.Context) error { _, err := s.PathByID(ctx, p.ID); return err },
		"PathBySlug": func(ctx context.Context) error { _, err := s.PathBySlug(ctx, p.Slug); return err },
		"SharePath":  func(ctx context.Context) error { _, err := s.SharePath(ctx, p.ID); return err },
		"UpdatePath": func(ctx context.Context) error { return s.UpdatePath(ctx, p) },
	})
	absent(t, w, other, path.ErrEnrolmentMissing, map[string]func(context.Context) error{
		"PathEnrolment":         func(ctx context.Context) error { _, err := s.PathEnrolment(ctx, p.ID, person.ID); return err },
		"LockPathEnrolment":     func(ctx context.Context) error { _, err := s.LockPathEnrolment(ctx, p.ID, person.ID); return err },
		"CompletePathEnrolment": func(ctx context.Context) error { return s.CompletePathEnrolment(ctx, e, at) },
		"RemovePathEnrolment":   func(ctx context.Context) error { return s.RemovePathEnrolment(ctx, p.ID, person.ID) },
	})
	within(t, w, other, func(ctx context.Context) error {
		list, err := s.Paths(ctx, person.ID, path.Filter{Authoring: true})
		with, err2 := s.PathsWith(ctx, o.Course.ID)
		courses, err3 := s.PathCourses(ctx, person.ID, []uid.ID{o.Course.ID})
		roster, err4 := s.PathRoster(ctx, p.ID, page.Request{})
		steps, err5 := s.PathSteps(ctx, []uid.ID{person.ID}, []uid.ID{o.Course.ID})
		if n := len(list.Items) + len(with) + len(courses) + len(roster.Items) + len(steps); n != 0 {
			t.Errorf("the other tenant sees %d rows", n)
		}
		for _, e := range []error{err2, err3, err4, err5} {
			if err == nil {
				err = e
			}
		}
		return err
	})
}

func TestPrerequisitesAreKeptInTheirTenant(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	a, b, s := small(t, w, mine), storetest.PublishedCourse(t, mine, w, storetest.SmallCourse("Before")), w.Store
	person := storetest.Person(t, mine, w, policy.Learner)
	need := path.Prerequisite{ID: uid.New(), CourseID: a.Course.ID, Kind: enrolment.NeedCourse, NeededCourse: &b.Course.ID}
	waiver := path.Waiver{CourseID: a.Course.ID, PersonID: person.ID, WaivedBy: &person.ID, WaivedAt: w.Now.Now()}
	within(t, w, mine, func(ctx context.Context) error {
		if err := s.LockNeeds(ctx); err != nil {
			return err
		}
		for _, want := range []bool{true, false} {
			if added, err := s.AddNeed(ctx, need); err != nil || added != want {
				t.Errorf("added %v, %v", added, err)
			}
		}
		got, err := s.NeedsOf(ctx, person.ID, nil)
		want := []enrolment.Need{{ID: need.ID, CourseID: a.Course.ID, Kind: enrolment.NeedCourse, NeededCourse: &b.Course.ID, Name: "Before", Slug: "before"}}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s %v", diff, err)
		}
		for _, want := range []bool{true, false} {
			if added, err := s.PutWaiver(ctx, waiver); err != nil || added != want {
				t.Errorf("waived %v, %v", added, err)
			}
		}
		if got, err = s.NeedsOf(ctx, person.ID, []uid.ID{a.Course.ID}); err != nil || len(got) != 1 || !got[0].Met {
			t.Errorf("waived, and not met: %+v, %v", got, err)
		}
		if got, err = s.NeedsOf(ctx, person.ID, []uid.ID{b.Course.ID}); err != nil || len(got) != 0 {
			t.Errorf("of another course: %+v, %v", got, err)
		}
		return nil
	})
	within(t, w, other, func(ctx context.Context) error {
		needs, err := s.NeedsOf(ctx, person.ID, nil)
		waivers, err2 := s.WaiversOf(ctx, a.Course.ID, page.Request{})
		removed, err3 := s.RemoveWaiver(ctx, a.Course.ID, person.ID)
		if len(needs)+len(waivers.Items) != 0 || removed || err != nil || err2 != nil {
			t.Errorf("the other tenant sees %v and %v, removed %v: %v %v", needs, waivers, removed, err, err2)
		}
		return err3
	})
	absent(t, w, other, path.ErrNeedNotFound, map[string]func(context.Context) error{
		"RemoveNeed": func(ctx context.Context) error { return s.RemoveNeed(ctx, a.Course.ID, need.ID) },
	})
	within(t, w, mine, func(ctx context.Context) error {
		if removed, err := s.RemoveWaiver(ctx, a.Course.ID, person.ID); err != nil || !removed {
			t.Errorf("removed %v, %v", removed, err)
		}
		return s.RemoveNeed(ctx, a.Course.ID, need.ID)
	})
}
