package enrolment_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

// TestACourseIsTakenAgain: a new round has its own progress; what was done before stays, counts for what asks for the course, and is
// done no more.
func TestACourseIsTakenAgain(t *testing.T) {
	t.Parallel()
	h := setup(t)
	course := h.course(t, "Fire safety")
	learner, e := h.enrolled(t, course)
	who, _ := auth.PrincipalFrom(learner)
	manager := storetest.As(t, h.tenant, h.w, storetest.Person(t, h.tenant, h.w, policy.Admin))
	if _, err := h.learn.Again(manager, e.ID); !errors.Is(err, enrolment.ErrNotCompleted) {
		t.Fatalf("taken again before it was completed: %v", err)
	}
	h.open(t, learner, course.Course.Slug, nil)
	portal, _ := tenant.From(h.tenant)
	if _, err := h.w.Admin.Exec(t.Context(), fmt.Sprintf("update %s.enrolments set status = 'completed', percent = 100, completed_at = enrolled_at where id = $1", portal.SchemaName), e.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.learn.Again(learner, e.ID); !errors.Is(err, policy.ErrForbidden) {
		t.Fatalf("a learner begins a round: %v", err)
	}
	next, err := h.learn.Again(manager, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	if next.ID == e.ID || next.Status != enrolment.StatusActive || next.Percent != 0 || next.StartedAt != nil {
		t.Errorf("%+v", next)
	}
	if _, err = h.learn.Again(manager, e.ID); !errors.Is(err, enrolment.ErrEnrolmentNotFound) {
		t.Errorf("a closed round is closed again: %v", err)
	}
	if p := h.open(t, learner, course.Course.Slug, nil); p.Enrolment.ID != next.ID || len(p.Progress) != 1 {
		t.Errorf("the player shows %+v", p.Enrolment)
	}
	rounds, err := h.learn.Rounds(learner, e.ID)
	if err != nil || len(rounds) != 2 || rounds[0].ID != next.ID || rounds[0].SupersededAt != nil || rounds[1].SupersededAt == nil || rounds[1].Status != enrolment.StatusCompleted {
		t.Fatalf("%+v %v", rounds, err)
	}
	if r, err := h.learn.Show(learner, e.ID); err != nil || r.Status != enrolment.StatusCompleted {
		t.Errorf("the round before: %+v %v", r.Enrolment, err)
	}
	err = h.w.Store.InTenant(h.tenant, func(ctx context.Context) error {
		steps, err := h.w.Store.PathSteps(ctx, []uid.ID{who.PersonID}, []uid.ID{course.Course.ID})
		if err == nil && (len(steps) != 1 || !steps[0].Done) {
			t.Errorf("what asks for the course does not see that it was completed: %+v", steps)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	// Another tenant sees nothing of it.
	other := h.w.Tenant(t)
	stranger := storetest.As(t, other, h.w, storetest.Person(t, other, h.w, policy.Admin))
	if _, err := h.learn.Again(stranger, next.ID); !errors.Is(err, enrolment.ErrEnrolmentNotFound) {
		t.Error(err)
	}
}

// TestManyAreEnrolledAtOnce: who is in it, was taken out of it or is deactivated is left as they are.
func TestManyAreEnrolledAtOnce(t *testing.T) {
	t.Parallel()
	h := setup(t)
	course := h.course(t, "Fire safety")
	var wanted []enrolment.Wanted
	due := h.w.Now.Now().AddDate(0, 0, 30)
	for i := range 5 {
		p := storetest.Person(t, h.tenant, h.w, policy.Learner)
		one := enrolment.Wanted{Person: p.ID}
		if i%2 == 0 {
			one.DueAt = &due
		}
		wanted = append(wanted, one)
	}
	wanted = append(wanted, wanted[0], enrolment.Wanted{Person: uid.New()})
	for turn, want := range []int{5, 0} {
		if n, err := h.learn.AssignMany(h.tenant, course.Course.ID, nil, wanted); err != nil || len(n) != want {
			t.Fatalf("turn %d: %d added, %v", turn, len(n), err)
		}
	}
	portal, _ := tenant.From(h.tenant)
	var dated, told int
	if err := h.w.Admin.QueryRow(t.Context(), fmt.Sprintf("select (select count(*) from %[1]s.enrolments where due_at = $1), (select count(*) from %[1]s.events where type = 'enrolment.created')", portal.SchemaName), due).Scan(&dated, &told); err != nil || dated != 3 || told != 5 {
		t.Errorf("%d with a date, %d told, %v", dated, told, err)
	}
}

// TestRunningRoundsHaveEveryColumn: a view keeps the columns that its table had when it was made.
func TestRunningRoundsHaveEveryColumn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	portal, _ := tenant.From(h.tenant)
	var missing []string
	if err := h.w.Admin.QueryRow(t.Context(), `select coalesce(array_agg(column_name::text), '{}') from information_schema.columns a where table_schema = $1 and table_name = 'enrolment_rounds' and column_name <> 'superseded_at'
		and not exists (select 1 from information_schema.columns b where b.table_schema = $1 and b.table_name = 'enrolments' and b.column_name = a.column_name)`, portal.SchemaName).Scan(&missing); err != nil || len(missing) != 0 {
		t.Errorf("the view enrolments lacks %v: make it anew in the migration that adds them (%v)", missing, err)
	}
}
