package intake_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/learning/intake"
	"lyceum/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// world is a published course and a group of two, with a manager who asks.
type world struct {
	*storetest.World
	t       *testing.T
	intakes *intake.Service
	enrol   *enrolment.Service
	groups  *group.Service
	ctx     context.Context
	asking  context.Context
	course  catalog.Outline
	group   group.Group
	people  []auth.Person
}

func setup(t *testing.T) *world {
	t.Helper()
	s := storetest.New(t)
	w := &world{World: s, t: t, ctx: s.Tenant(t), enrol: enrolment.New(enrolment.Options{Keep: s.Store, Now: s.Now.Clock()}), groups: group.New(s.Store, s.Now.Clock())}
	w.intakes = intake.New(s.Store, w.enrol, s.Now.Clock())
	w.asking = storetest.As(t, w.ctx, s, storetest.Person(t, w.ctx, s, policy.Admin))
	w.course = storetest.PublishedCourse(t, w.ctx, s, storetest.SmallCourse("Ladders"))
	var err error
	if w.group, err = w.groups.Create(w.asking, group.Input{Name: "Roofers"}); err != nil {
		t.Fatal(err)
	}
	w.join(storetest.Person(t, w.ctx, s, policy.Learner), storetest.Person(t, w.ctx, s, policy.Learner))
	return w
}

func (w *world) join(people ...auth.Person) {
	w.t.Helper()
	for _, p := range people {
		if _, err := w.groups.Add(w.asking, w.group.ID, []uid.ID{p.ID}); err != nil {
			w.t.Fatal(err)
		}
		w.people = append(w.people, p)
	}
}

func (w *world) do(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) ask(later bool) {
	w.t.Helper()
	_, err := w.intakes.Enrol(w.asking, w.group.ID, w.course.Course.ID, later)
	w.do(err)
	w.do(w.intakes.Run(w.ctx, w.group.ID, w.course.Course.ID))
}

func (w *world) roster(of uid.ID) []enrolment.Roster {
	w.t.Helper()
	list, err := w.enrol.RosterIn(w.asking, w.course.Course.ID, of, page.Request{})
	w.do(err)
	return list.Items
}

func (w *world) listed() intake.Listed {
	w.t.Helper()
	list, err := w.intakes.OfGroup(w.asking, w.group.ID)
	w.do(err)
	if len(list) != 1 {
		w.t.Fatalf("the group is enrolled in %+v", list)
	}
	return list[0]
}

func TestAGroupIsEnrolledAndNobodyTwice(t *testing.T) {
	t.Parallel()
	w := setup(t)
	gone := storetest.AddPerson(t, w.ctx, w.World, auth.Person{Status: auth.PersonDeactivated}, policy.Learner)
	w.join(gone)
	outside, err := w.enrol.Enrol(w.asking, w.course.Course.ID, storetest.Person(t, w.ctx, w.World, policy.Learner).ID)
	w.do(err)
	w.ask(false)
	w.do(w.intakes.Run(w.ctx, w.group.ID, w.course.Course.ID))
	if got := len(w.roster(uid.Nil)); got != 3 {
		t.Errorf("%d are in the course, want the two of the group and the one before", got)
	}
	inGroup := w.roster(w.group.ID)
	if len(inGroup) != 2 || slices.ContainsFunc(inGroup, func(r enrolment.Roster) bool {
		return r.ID == outside.ID || r.Source != enrolment.SourceAssigned || r.EnrolledBy == nil
	}) {
		t.Errorf("the roster of the group: %+v", inGroup)
	}
	if i := w.listed(); i.Enrolled != 2 || i.FinishedAt == nil || i.Problem != "" || i.CourseTitle != "Ladders" || i.GroupName != "Roofers" {
		t.Errorf("the intake says %+v", i)
	}
	into, err := w.intakes.IntoCourse(w.asking, w.course.Course.ID)
	if err != nil || len(into) != 1 || into[0].GroupName != "Roofers" {
		t.Errorf("into the course: %+v, %v", into, err)
	}
	told := 0
	for _, e := range storetest.Events(t, w.ctx, w.World, inGroup[0].ID) {
		if e.Type == "enrolment.created" {
			told++
		}
	}
	if told != 1 {
		t.Errorf("told %d times that someone was enrolled", told)
	}
}

func TestThoseWhoJoinLaterAreEnrolledOnlyWhereThatWasChosen(t *testing.T) {
	t.Parallel()
	for _, later := range []bool{false, true} {
		w := setup(t)
		w.ask(later)
		w.join(storetest.Person(t, w.ctx, w.World, policy.Learner))
		w.do(w.intakes.Joined(w.ctx, w.group.ID))
		want := 2
		if later {
			want = 3
		}
		if got := len(w.roster(w.group.ID)); got != want {
			t.Errorf("later %v: %d are enrolled, want %d", later, got, want)
		}
		w.do(w.intakes.Stop(w.asking, w.group.ID, w.course.Course.ID))
		w.join(storetest.Person(t, w.ctx, w.World, policy.Learner))
		w.do(w.intakes.RunAll(w.ctx))
		if got := len(w.roster(w.group.ID)); got != want {
			t.Errorf("later %v, stopped: %d are enrolled, want %d", later, got, want)
		}
		if err := w.intakes.Stop(w.asking, w.group.ID, w.course.Course.ID); !errors.Is(err, intake.ErrNotFound) {
			t.Errorf("stopped twice: %v", err)
		}
	}
}

func TestWhoWasWithdrawnIsNotEnrolledAgain(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.ask(true)
	one := w.roster(w.group.ID)[0]
	w.do(w.enrol.Withdraw(w.asking, one.ID))
	w.do(w.intakes.RunAll(w.ctx))
	for _, r := range w.roster(w.group.ID) {
		if r.ID == one.ID && r.Status != enrolment.StatusWithdrawn {
			t.Errorf("the withdrawn person is %s again", r.Status)
		}
	}
}

func TestAnIntakeNeedsItsPermissionAndAPublishedCourseOfItsTenant(t *testing.T) {
	t.Parallel()
	w := setup(t)
	course := w.course.Course.ID
	learner := storetest.As(t, w.ctx, w.World, w.people[0])
	if _, err := w.intakes.Enrol(learner, w.group.ID, course, true); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("a learner: %v", err)
	}
	if _, err := w.intakes.Enrol(w.asking, uid.New(), course, true); !errors.Is(err, auth.ErrGroupNotFound) {
		t.Errorf("no group: %v", err)
	}
	if _, err := w.intakes.Enrol(w.asking, w.group.ID, uid.New(), true); !errors.Is(err, catalog.ErrCourseNotFound) {
		t.Errorf("no course: %v", err)
	}
	w.ask(true)
	other := w.Tenant(t)
	stranger := storetest.As(t, other, w.World, storetest.Person(t, other, w.World, policy.Admin))
	if list, err := w.intakes.OfGroup(stranger, w.group.ID); !errors.Is(err, auth.ErrGroupNotFound) {
		t.Errorf("another tenant sees %+v, %v", list, err)
	}
	w.do(catalog.New(catalog.Options{Keep: w.Store, Now: w.Now.Clock()}).Archive(storetest.Instructor(t, w.ctx, w.World), course))
	if _, err := w.intakes.Enrol(w.asking, w.group.ID, course, true); !errors.Is(err, catalog.ErrNotPublished) {
		t.Errorf("an archived course: %v", err)
	}
	w.join(storetest.Person(t, w.ctx, w.World, policy.Learner))
	w.do(w.intakes.RunAll(w.ctx))                  // passes an archived course over
	w.do(w.intakes.Run(w.ctx, w.group.ID, course)) // and a job that was waiting says why
	if i := w.listed(); i.Problem != catalog.ErrNotPublished.Text || len(w.roster(w.group.ID)) != 2 {
		t.Errorf("the intake says %+v", i)
	}
}
