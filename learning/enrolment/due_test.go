package enrolment_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
)

func day(t *testing.T, text string) *enrolment.Day {
	t.Helper()
	d, ok := enrolment.ParseDay(text)
	if !ok {
		t.Fatalf("%q is no day", text)
	}
	return &d
}

func TestADueDayEndsWhereTheLearnerIs(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	o := storetest.PublishedCourse(t, ctx, w, storetest.SmallCourse("Fire"))
	s := enrolment.New(enrolment.Options{Keep: w.Store, Now: w.Now.Clock()})
	manager := storetest.As(t, ctx, w, storetest.Person(t, ctx, w, policy.Manager))
	for zone, want := range map[string]string{
		"": "2026-03-10T23:59:59Z", "Europe/Berlin": "2026-03-10T22:59:59Z", "Pacific/Auckland": "2026-03-10T10:59:59Z", "America/Los_Angeles": "2026-03-11T06:59:59Z",
	} {
		p := storetest.AddPerson(t, ctx, w, auth.Person{TimeZone: zone}, policy.Learner)
		e, err := s.EnrolBy(manager, o.Course.ID, p.ID, day(t, "2026-03-10"))
		if err != nil || e.DueAt == nil || e.DueAt.UTC().Format(time.RFC3339) != want {
			t.Errorf("in %q it ends at %v, %v; want %s", zone, e.DueAt, err, want)
		}
		roster, err := s.Roster(manager, o.Course.ID, page.Request{})
		if i := slices.IndexFunc(roster.Items, func(r enrolment.Roster) bool { return r.ID == e.ID }); err != nil || i < 0 || roster.Items[i].DueOn() != "2026-03-10" {
			t.Errorf("the roster shows %+v, %v", roster.Items, err)
		}
	}
}

func TestADueDateIsSetChangedTakenAwayAndToldOnce(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	o := storetest.PublishedCourse(t, ctx, w, storetest.SmallCourse("Fire"))
	s := enrolment.New(enrolment.Options{Keep: w.Store, Now: w.Now.Clock()})
	learner, e := storetest.EnrolledLearner(t, ctx, w, o)
	manager := storetest.As(t, ctx, w, storetest.Person(t, ctx, w, policy.Manager))
	if _, err := s.SetDue(learner, e.ID, day(t, "2026-03-10")); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("a learner chose their own date: %v", err)
	}
	for _, d := range []*enrolment.Day{day(t, "2026-03-10"), day(t, "2026-03-10"), day(t, "2026-03-12"), nil, nil} {
		if _, err := s.SetDue(manager, e.ID, d); err != nil {
			t.Fatal(err)
		}
	}
	var told int
	for _, typ := range storetest.EventTypes(t, ctx, w, e.ID) {
		if typ == "enrolment.due_changed" {
			told++
		}
	}
	if told != 3 {
		t.Errorf("told %d times, want once for each change", told)
	}
	for _, c := range []string{"2026-03-03", "2037-01-01"} {
		if _, err := s.SetDue(manager, e.ID, day(t, c)); fault.Of(err).Fields["due_on"] == "" {
			t.Errorf("%s: %v", c, err)
		}
	}
	if err := s.Withdraw(manager, e.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SetDue(manager, e.ID, day(t, "2026-03-10")); !errors.Is(err, enrolment.ErrNoDueDate) {
		t.Errorf("a date for who was taken out: %v", err)
	}
}

func TestAWrongDayEnrolsNobody(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	o := storetest.PublishedCourse(t, ctx, w, storetest.SmallCourse("Fire"))
	s := enrolment.New(enrolment.Options{Keep: w.Store, Now: w.Now.Clock()})
	manager := storetest.As(t, ctx, w, storetest.Person(t, ctx, w, policy.Manager))
	if _, err := s.EnrolBy(manager, o.Course.ID, storetest.Person(t, ctx, w, policy.Learner).ID, day(t, "2026-03-01")); fault.Of(err).Fields["due_on"] == "" {
		t.Fatal(err)
	}
	if roster, err := s.Roster(manager, o.Course.ID, page.Request{}); err != nil || len(roster.Items) != 0 {
		t.Errorf("%d people are enrolled, %v", len(roster.Items), err)
	}
}

func TestRemindersGoOutAWeekADayBeforeAndWhenItIsOver(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	o := storetest.PublishedCourse(t, ctx, w, storetest.SmallCourse("Fire"))
	s := enrolment.New(enrolment.Options{Keep: w.Store, Now: w.Now.Clock()})
	_, e := storetest.EnrolledLearner(t, ctx, w, o)
	manager := storetest.As(t, ctx, w, storetest.Person(t, ctx, w, policy.Manager))
	if _, err := s.SetDue(manager, e.ID, day(t, "2026-03-20")); err != nil { // it is the 4th
		t.Fatal(err)
	}
	reminders := func() (types []string) {
		t.Helper()
		for range 2 { // a chore may run twice
			if err := s.Remind(ctx); err != nil {
				t.Fatal(err)
			}
		}
		for _, h := range storetest.Events(t, ctx, w, e.ID) {
			switch h.Type {
			case "enrolment.due_soon":
				types = append(types, map[float64]string{7: "week", 1: "day"}[h.Data["days"].(float64)])
			case "enrolment.overdue":
				types = append(types, "over")
			}
		}
		return types
	}
	for _, c := range []struct {
		days int
		want []string
	}{{0, nil}, {9, nil}, {1, []string{"week"}}, {5, []string{"week"}}, {1, []string{"week", "day"}}, {1, []string{"week", "day", "over"}}, {30, []string{"week", "day", "over"}}} {
		w.Now.Advance(time.Duration(c.days) * 24 * time.Hour)
		if got := reminders(); !slices.Equal(got, c.want) {
			t.Fatalf("at %v: %v, want %v", w.Now.Now(), got, c.want)
		}
	}
	if _, err := s.SetDue(manager, e.ID, day(t, "2026-04-21")); err != nil { // it is the 20th of April: begins anew
		t.Fatal(err)
	}
	if got := reminders(); !slices.Equal(got, []string{"week", "day", "over", "week"}) && !slices.Equal(got, []string{"week", "day", "over", "day"}) {
		t.Errorf("after the date was moved: %v", got)
	}
	if _, err := s.SetDue(manager, e.ID, day(t, "2026-05-30")); err != nil {
		t.Fatal(err)
	}
	other := w.Tenant(t)
	if err := s.Remind(other); err != nil {
		t.Fatal(err)
	}
	n := len(reminders())
	if err := s.Withdraw(manager, e.ID); err != nil {
		t.Fatal(err)
	}
	w.Now.Advance(60 * 24 * time.Hour)
	if got := reminders(); len(got) != n {
		t.Errorf("reminded of a course the person was taken out of: %v", got)
	}
}
