package duty_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/duty"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
)

func TestWhoMayNotGiveARoleDoesNotSayWhomARequirementGivesIt(t *testing.T) {
	t.Parallel()
	h := setup(t)
	now := h.World.Now.Clock()
	with := func(g given) *duty.Service {
		return duty.New(h.World.Store, enrolment.New(enrolment.Options{Keep: h.World.Store, Now: now}), g, now)
	}
	gives, not := with(given{policy.Instructor: {policy.CourseEdit}, policy.Admin: {policy.PrivacyManage}}), with(given{})
	ada := storetest.Person(t, h.ctx, h.World, policy.Learner)
	crew := h.group("Crew", ada)
	in := duty.Input{Name: "Teach", Courses: []uid.ID{h.courses[0].Course.ID}, Status: duty.StatusOn, Role: policy.Admin}
	if _, err := gives.Save(h.asking, uid.Nil, in); fault.Of(err).Fields["role"] == "" {
		t.Errorf("a role that has people erased comes by a requirement: %v", err)
	}
	in.Role = policy.Instructor
	r, err := gives.Save(h.asking, uid.Nil, in)
	h.do(err)
	in.Revision = r.Revision
	named, err := gives.Name(h.asking, r.ID, ada.ID, true, "Not her.")
	h.do(err)
	runs, err := gives.Runs(h.asking, named.ID, page.Request{})
	h.do(err)
	for what, do := range map[string]func() error{
		"naming":   func() error { _, err := not.Name(h.asking, r.ID, ada.ID, false, "Her."); return err },
		"unnaming": func() error { _, err := not.Unname(h.asking, r.ID, ada.ID); return err },
		"a group": func() error {
			_, err := not.Apply(h.asking, r.ID, duty.Proposal{Do: duty.DoAdd, Group: crew})
			return err
		},
		"undoing": func() error { _, err := not.Undo(h.asking, r.ID, runs.Items[0].ID); return err },
	} {
		if err := do(); !errors.Is(err, duty.ErrRole) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := not.Save(h.asking, r.ID, in); fault.Of(err).Fields["role"] == "" {
		t.Errorf("its courses: %v", err)
	}
	if _, err := not.Apply(h.asking, r.ID, duty.Proposal{Do: duty.DoOff}); err != nil {
		t.Errorf("switching it off gives nobody anything: %v", err)
	}
	if _, err := not.Apply(h.asking, r.ID, duty.Proposal{Do: duty.DoOn}); !errors.Is(err, duty.ErrRole) {
		t.Errorf("switching it on: %v", err)
	}
	in.Role = ""
	if _, err := not.Save(h.asking, r.ID, in); err != nil {
		t.Errorf("that it gives none: %v", err)
	}
}

func TestNobodyLetsThemselvesOffADuty(t *testing.T) {
	t.Parallel()
	h := setup(t)
	r := h.requirement(duty.Terms{})
	who, _ := auth.PrincipalFrom(h.asking)
	me := who.PersonID
	if _, err := h.duties.Name(h.asking, r.ID, me, true, "Busy."); !errors.Is(err, duty.ErrOwn) {
		t.Errorf("leaving oneself out: %v", err)
	}
	_, err := h.duties.Name(h.asking, r.ID, me, false, "Me too.")
	h.do(err)
	if _, err := h.duties.Unname(h.asking, r.ID, me); !errors.Is(err, duty.ErrOwn) {
		t.Errorf("taking oneself out: %v", err)
	}
	runs, err := h.duties.Runs(h.asking, r.ID, page.Request{})
	h.do(err)
	if _, err := h.duties.Undo(h.asking, r.ID, runs.Items[0].ID); !errors.Is(err, duty.ErrOwn) {
		t.Errorf("undoing that one was named: %v", err)
	}
	if len(h.all(r.ID)) != 1 {
		t.Error("the duty is gone")
	}
}

// A training that had lapsed by the day it became a duty again counts for nothing: there is a new date, and reminders before it.
func TestADutyThatComesBackBeginsAnewWhereTheTrainingLapsed(t *testing.T) {
	t.Parallel()
	h := setup(t)
	year, soon := 12, 30
	r := h.requirement(duty.Terms{ValidMonths: &year, DueDays: &soon, GraceDays: 5})
	lapsed, valid := storetest.Person(t, h.ctx, h.World, policy.Learner), storetest.Person(t, h.ctx, h.World, policy.Learner)
	crew := h.group("Crew", lapsed, valid)
	apply := func(do duty.Do) {
		_, err := h.duties.Apply(h.asking, r.ID, duty.Proposal{Do: do, Group: crew})
		h.do(err)
	}
	apply(duty.DoAdd)
	h.complete(lapsed.ID, 0)
	h.World.Now.Advance(200 * 24 * time.Hour)
	h.complete(valid.ID, 0)
	apply(duty.DoRemove)
	h.World.Now.Advance(300 * 24 * time.Hour)
	apply(duty.DoAdd)
	now := h.World.Now.Now()
	got := h.all(r.ID)
	if d := got[lapsed.ID]; d.State != duty.StateNotStarted || d.DueAt == nil || !d.DueAt.Equal(now.Add(30*24*time.Hour)) || d.CompletedAt != nil {
		t.Errorf("lapsed: %+v", d)
	}
	if d := got[valid.ID]; d.State != duty.StateCompliant || d.CompletedAt == nil {
		t.Errorf("still valid: %+v", d)
	}
	h.do(h.duties.Run(h.ctx, r.ID))
	if in := h.in(lapsed.ID); !same(in, []int{0}) {
		t.Errorf("who lapsed is to take it again: %v", in)
	}
	h.World.Now.Advance(24 * time.Hour)
	h.complete(lapsed.ID, 0)
	if d := h.all(r.ID)[lapsed.ID]; d.State != duty.StateCompliant || !d.ExpiresAt.Equal(duty.Months(h.World.Now.Now(), 12)) {
		t.Errorf("taken again: %+v", d)
	}
}

// What a plan says of newcomers is what applying it does, whatever the group was before.
func TestNewcomersOnlyIsWhatThePlanSaysWhateverTheGroupWas(t *testing.T) {
	t.Parallel()
	h := setup(t)
	r := h.requirement(duty.Terms{})
	ada, lee := storetest.Person(t, h.ctx, h.World, policy.Learner), storetest.Person(t, h.ctx, h.World, policy.Learner)
	crew := h.group("Crew", ada, lee)
	step := func(do duty.Do, given, withdrawn, have int) {
		t.Helper()
		p, err := h.duties.Plan(h.asking, r.ID, duty.Proposal{Do: do, Group: crew}, page.Request{})
		h.do(err)
		if p.Given != given || p.Withdrawn != withdrawn {
			t.Errorf("%s: the plan gives %d and withdraws %d, want %d and %d", do, p.Given, p.Withdrawn, given, withdrawn)
		}
		_, err = h.duties.Apply(h.asking, r.ID, duty.Proposal{Do: do, Group: crew})
		h.do(err)
		if n := len(h.all(r.ID)); n != have {
			t.Errorf("%s: %d have the duty, want %d", do, n, have)
		}
	}
	step(duty.DoExcept, 0, 0, 0)
	step(duty.DoNewcomers, 0, 0, 0)
	step(duty.DoAdd, 2, 0, 2)       // everybody after all
	step(duty.DoNewcomers, 0, 0, 2) // who has it keeps it
	step(duty.DoRemove, 0, 2, 0)
	step(duty.DoNewcomers, 0, 0, 0)
	step(duty.DoRemove, 0, 0, 0)
	runs, err := h.duties.Runs(h.asking, r.ID, page.Request{})
	h.do(err)
	if run := runs.Items[0]; run.Undoable() {
		t.Error("whom the group spared is not known any more, and it can be undone")
	} else if _, err := h.duties.Undo(h.asking, r.ID, run.ID); !errors.Is(err, duty.ErrNotUndone) || len(h.all(r.ID)) != 0 {
		t.Errorf("undone: %v, %d have it", err, len(h.all(r.ID)))
	}
}

// stuck is an enroller whom one course fails.
type stuck struct {
	duty.Enroller
	course uid.ID
}

func (s stuck) AssignMany(ctx context.Context, course uid.ID, by *uid.ID, people []enrolment.Wanted) ([]enrolment.Added, error) {
	if course == s.course {
		return nil, errors.New("out of order")
	}
	return s.Enroller.AssignMany(ctx, course, by, people)
}

func TestARequirementThatFailsKeepsNoOtherFromRunning(t *testing.T) {
	t.Parallel()
	h := setup(t)
	now := h.World.Now.Clock()
	ada := storetest.Person(t, h.ctx, h.World, policy.Learner)
	for n := range 2 {
		r, err := h.duties.Save(h.asking, uid.Nil, duty.Input{Name: h.courses[n].Version.Title, Courses: []uid.ID{h.courses[n].Course.ID}, Status: duty.StatusOn})
		h.do(err)
		_, err = h.duties.Name(h.asking, r.ID, ada.ID, false, "Her.")
		h.do(err)
	}
	enrol := enrolment.New(enrolment.Options{Keep: h.World.Store, Now: now})
	for n := range 2 { // whichever comes first
		_ = duty.New(h.World.Store, stuck{enrol, h.courses[n].Course.ID}, nil, now).RunAll(h.ctx)
		if err := duty.New(h.World.Store, stuck{enrol, h.courses[n].Course.ID}, nil, now).RunAll(h.ctx); err == nil && n == 0 {
			t.Error("the failure is not told")
		}
		if got := h.in(ada.ID); n == 0 && !same(got, []int{1}) {
			t.Errorf("in %v, want the second", got)
		}
	}
}
