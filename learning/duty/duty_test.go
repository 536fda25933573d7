package duty_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/duty"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestMain(m *testing.M) { storetest.Main(m) }

type house struct {
	*storetest.World
	t           *testing.T
	ctx, asking context.Context
	duties      *duty.Service
	groups      *group.Service
	courses     []catalog.Outline
}

func setup(t *testing.T) *house {
	t.Helper()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	now := w.Now.Clock()
	h := &house{World: w, t: t, ctx: ctx, asking: storetest.As(t, ctx, w, storetest.Person(t, ctx, w, policy.Admin)), groups: group.New(w.Store, now), duties: duty.New(w.Store, enrolment.New(enrolment.Options{Keep: w.Store, Now: now}), nil, now)}
	for _, title := range []string{"Fire safety", "Fire safety again", "Fire safety once more", "Fire safety, the last"} {
		h.courses = append(h.courses, storetest.PublishedCourse(t, ctx, w, storetest.SmallCourse(title)))
	}
	return h
}

func (h *house) do(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) group(name string, people ...auth.Person) uid.ID {
	h.t.Helper()
	g, err := h.groups.Create(h.asking, group.Input{Name: name})
	h.do(err)
	for _, p := range people {
		_, err = h.groups.Add(h.asking, g.ID, []uid.ID{p.ID})
		h.do(err)
	}
	return g.ID
}

func (h *house) requirement(terms duty.Terms) duty.Shown {
	h.t.Helper()
	in := duty.Input{Name: "Fire " + uid.Opaque(6), Framework: "OSHA", Terms: terms, Status: duty.StatusOn}
	for _, c := range h.courses {
		in.Courses = append(in.Courses, c.Course.ID)
	}
	r, err := h.duties.Save(h.asking, uid.Nil, in)
	h.do(err)
	return r
}

func (h *house) exec(sql string, args ...any) {
	h.t.Helper()
	portal, _ := tenant.From(h.ctx)
	_, err := h.Admin.Exec(h.t.Context(), fmt.Sprintf(sql, portal.SchemaName), args...)
	h.do(err)
}

func (h *house) all(r uid.ID) map[uid.ID]duty.Duty {
	h.t.Helper()
	list, err := h.duties.Duties(h.asking, r, duty.Filter{})
	h.do(err)
	out := map[uid.ID]duty.Duty{}
	for _, d := range list.Items {
		out[d.PersonID] = d
	}
	return out
}

func TestTwoGroupsGiveOneDutyWithTwoReasonsAndItGoesWithTheLast(t *testing.T) {
	t.Parallel()
	h := setup(t)
	ada, lee := storetest.Person(t, h.ctx, h.World, policy.Learner), storetest.Person(t, h.ctx, h.World, policy.Learner)
	soon := 30
	r := h.requirement(duty.Terms{DueDays: &soon})
	cooks, smiths := h.group("Cooks", ada, lee), h.group("Smiths", ada)
	p, err := h.duties.Plan(h.asking, r.ID, duty.Proposal{Do: duty.DoAdd, Group: cooks}, page.Request{})
	h.do(err)
	if p.Given != 2 || p.Withdrawn != 0 || len(p.People.Items) != 2 || len(h.all(r.ID)) != 0 {
		t.Errorf("preview: %+v", p)
	}
	for _, g := range []uid.ID{cooks, smiths, cooks} {
		_, err = h.duties.Apply(h.asking, r.ID, duty.Proposal{Do: duty.DoAdd, Group: g})
		h.do(err)
	}
	for range 2 {
		h.do(h.duties.RunAll(h.ctx)) // again changes nothing
	}
	got := h.all(r.ID)
	if len(got) != 2 || got[ada.ID].Reasons != "Cooks, Smiths" || got[lee.ID].Reasons != "Cooks" || got[ada.ID].State != duty.StateNotStarted {
		t.Fatalf("%+v", got)
	}
	own, err := h.duties.Own(storetest.As(t, h.ctx, h.World, lee))
	h.do(err)
	if len(own) != 1 || own[0].CourseSlug != h.courses[0].Course.Slug || !own[0].DueAt.Equal(h.World.Now.Now().Add(30*24*time.Hour)) {
		t.Errorf("own: %+v", own)
	}
	count := func(sql string) (n int) {
		portal, _ := tenant.From(h.ctx)
		h.do(h.Admin.QueryRow(t.Context(), fmt.Sprintf(sql, portal.SchemaName)).Scan(&n))
		return n
	}
	if n := count("select count(*) from %s.enrolments where due_at is not null"); n != 2 {
		t.Errorf("%d enrolled with a due date", n)
	}
	_, err = h.duties.Apply(h.asking, r.ID, duty.Proposal{Do: duty.DoRemove, Group: cooks})
	h.do(err)
	if got = h.all(r.ID); len(got) != 1 || got[ada.ID].Reasons != "Smiths" {
		t.Errorf("%+v", got)
	}
	if n := count("select count(*) from %s.enrolments"); n != 2 {
		t.Errorf("%d enrolments left", n)
	}
	if n := count("select count(*) from %s.duty_reasons where ended_at is not null"); n != 2 {
		t.Errorf("%d reasons in the history", n)
	}
	if _, err = h.duties.Apply(h.asking, r.ID, duty.Proposal{Do: duty.DoRemove, Group: cooks}); !errors.Is(err, duty.ErrGroupNotCaught) {
		t.Error(err)
	}
	until := h.World.Now.Now().Add(24 * time.Hour)
	h.do(h.duties.Waive(h.asking, r.ID, ada.ID, &until, "On leave."))
	if got = h.all(r.ID); got[ada.ID].State != duty.StateWaived || got[ada.ID].WaivedReason != "On leave." {
		t.Errorf("%+v", got)
	}
	h.World.Now.Advance(25 * time.Hour)
	if got = h.all(r.ID); got[ada.ID].State != duty.StateNotStarted {
		t.Errorf("%+v", got)
	}
	// Another tenant sees nothing of it.
	other := h.World.Tenant(t)
	stranger := storetest.As(t, other, h.World, storetest.Person(t, other, h.World, policy.Admin))
	if _, err := h.duties.Get(stranger, r.ID); !errors.Is(err, duty.ErrNotFound) {
		t.Error(err)
	}
	if list, err := h.duties.List(stranger); err != nil || len(list) != 0 {
		t.Errorf("%v %v", list, err)
	}
	if _, err := h.duties.List(storetest.As(t, h.ctx, h.World, lee)); err == nil {
		t.Error("a learner sees the list")
	}
}

// What is kept is what the pure functions say, whenever it is looked at.
func TestKeptDutiesAreWhatTheFactsSay(t *testing.T) {
	t.Parallel()
	h := setup(t)
	r := rand.New(rand.NewPCG(4, 2)) //nolint:gosec // a test
	people := make([]auth.Person, 12)
	for i := range people {
		people[i] = storetest.Person(t, h.ctx, h.World, policy.Learner)
	}
	months, soon := 6, 40
	terms := duty.Terms{ValidMonths: &months, DueDays: &soon, GraceDays: 20, RenewDays: 60, KeepDay: true}
	one := h.requirement(terms)
	began := h.World.Now.Now()
	_, err := h.duties.Apply(h.asking, one.ID, duty.Proposal{Do: duty.DoAdd, Group: h.group("All", people...)})
	h.do(err)
	h.do(h.duties.Run(h.ctx, one.ID))
	done := map[uid.ID][]time.Time{}
	for range 30 {
		h.World.Now.Advance(time.Duration(r.IntN(60*24)) * time.Hour)
		now := h.World.Now.Now()
		for _, p := range people {
			if n := len(done[p.ID]); n < len(h.courses) && r.IntN(4) == 0 {
				h.exec(`insert into %s.enrolment_rounds (id, course_id, version_id, person_id, status, source, percent, enrolled_at, started_at, completed_at) values ($1, $2, $3, $4, 'completed', 'assigned', 100, $5, $5, $5)
					on conflict (person_id, course_id) where superseded_at is null do update set status = 'completed', percent = 100, started_at = excluded.started_at, completed_at = excluded.completed_at`, uid.New(), h.courses[n].Course.ID, *h.courses[n].Course.PublishedID, p.ID, now)
				done[p.ID] = append(done[p.ID], now)
				for range r.IntN(2) + 1 {
					h.do(h.duties.Advance(h.ctx, p.ID))
				}
			}
		}
		if r.IntN(3) == 0 {
			h.do(h.duties.RunAll(h.ctx))
		}
		for id, d := range h.all(one.ID) {
			list := duty.Cycles(terms, duty.Facts{BeganAt: began, Done: duty.Done(done[id]...)})
			last := list[len(list)-1]
			same := func(a, b *time.Time) bool { return (a == nil) == (b == nil) && (a == nil || a.Equal(*b)) }
			if want := last.State(duty.Waiver{}, false, now); d.State != want || !same(d.CompletedAt, last.CompletedAt) || !same(d.ExpiresAt, last.ExpiresAt) || !same(d.GraceUntil, last.GraceUntil) {
				t.Fatalf("kept %+v, but the facts say %s, %+v of %v", d, want, last, done[id])
			}
		}
	}
}

// Who takes the same course every half year has a new round each time that renewal opens, and never two that run.
func TestTheSameCourseIsTakenAgain(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.courses = h.courses[:1]
	course := h.courses[0].Course
	r := rand.New(rand.NewPCG(7, 1)) //nolint:gosec // a test
	months := 6
	terms := duty.Terms{ValidMonths: &months, GraceDays: 20, RenewDays: 60, KeepDay: true}
	one := h.requirement(terms)
	people := make([]auth.Person, 6)
	for i := range people {
		people[i] = storetest.Person(t, h.ctx, h.World, policy.Learner)
	}
	began := h.World.Now.Now()
	_, err := h.duties.Apply(h.asking, one.ID, duty.Proposal{Do: duty.DoAdd, Group: h.group("All", people...)})
	h.do(err)
	h.do(h.duties.Run(h.ctx, one.ID))
	portal, _ := tenant.From(h.ctx)
	done := map[uid.ID][]time.Time{}
	for range 60 {
		now := h.World.Now.Now()
		for _, p := range people {
			if r.IntN(2) == 0 {
				continue
			}
			res, err := h.Admin.Exec(t.Context(), fmt.Sprintf("update %s.enrolments set status = 'completed', percent = 100, started_at = $1, completed_at = $1 where person_id = $2 and course_id = $3 and status = 'active'", portal.SchemaName), now, p.ID, course.ID)
			h.do(err)
			if res.RowsAffected() == 1 {
				done[p.ID] = append(done[p.ID], now)
				h.do(h.duties.Advance(h.ctx, p.ID))
			}
		}
		h.do(h.duties.Run(h.ctx, one.ID))
		h.do(h.duties.Run(h.ctx, one.ID)) // again changes nothing
		for id, d := range h.all(one.ID) {
			list := duty.Cycles(terms, duty.Facts{BeganAt: began, Done: duty.Done(done[id]...)})
			last := list[len(list)-1]
			if want := last.State(duty.Waiver{}, false, now); d.State != want {
				t.Fatalf("kept %+v, but the facts say %s, %+v of %v", d, want, last, done[id])
			}
			var all, running int
			h.do(h.Admin.QueryRow(t.Context(), fmt.Sprintf("select count(*), count(*) filter (where superseded_at is null) from %s.enrolment_rounds where person_id = $1", portal.SchemaName), id).Scan(&all, &running))
			rounds := len(done[id])
			if last.CompletedAt == nil || last.RenewsAt != nil && !now.Before(*last.RenewsAt) {
				rounds++ // the one that is due
			}
			if running != 1 || all != rounds {
				t.Fatalf("%d rounds of %d, %d of them run; completed %v", all, rounds, running, done[id])
			}
		}
		h.World.Now.Advance(time.Duration(1+r.IntN(40*24)) * time.Hour)
	}
	most := 0
	for _, list := range done {
		most = max(most, len(list))
	}
	if most < 4 {
		t.Errorf("nobody came to four rounds: %v", done)
	}
}

// Whom a requirement catches is tried before it is on, is changed more closely than by groups, and every change is undone.
func TestWhomARequirementCatchesIsPlannedAppliedAndUndone(t *testing.T) {
	t.Parallel()
	h := setup(t)
	ada, lee, max, zoe := storetest.Person(t, h.ctx, h.World, policy.Learner), storetest.Person(t, h.ctx, h.World, policy.Learner), storetest.Person(t, h.ctx, h.World, policy.Learner), storetest.Person(t, h.ctx, h.World, policy.Learner)
	soon := 30
	r, err := h.duties.Save(h.asking, uid.Nil, duty.Input{Name: "Ladders", Courses: []uid.ID{h.courses[0].Course.ID}, Terms: duty.Terms{DueDays: &soon}})
	h.do(err)
	apply := func(do duty.Do, group uid.ID) {
		t.Helper()
		_, err := h.duties.Apply(h.asking, r.ID, duty.Proposal{Do: do, Group: group})
		h.do(err)
		h.do(h.duties.Run(h.ctx, r.ID))
	}
	plan := func(do duty.Do, group uid.ID, given, withdrawn, kept int) {
		t.Helper()
		p, err := h.duties.Plan(h.asking, r.ID, duty.Proposal{Do: do, Group: group}, page.Request{Limit: 1})
		h.do(err)
		if p.Given != given || p.Withdrawn != withdrawn || p.Kept != kept {
			t.Errorf("%s would give %d, withdraw %d, keep %d", do, p.Given, p.Withdrawn, p.Kept)
		}
		people := len(p.People.Items)
		for next := p.People.Next; next != ""; {
			p, err = h.duties.Plan(h.asking, r.ID, duty.Proposal{Do: do, Group: group}, page.Request{Limit: 1, After: next})
			h.do(err)
			people, next = people+len(p.People.Items), p.People.Next
		}
		if people != given+withdrawn {
			t.Errorf("%s lists %d people", do, people)
		}
	}
	count := func(sql string, want int) {
		t.Helper()
		portal, _ := tenant.From(h.ctx)
		var n int
		h.do(h.Admin.QueryRow(t.Context(), fmt.Sprintf(sql, portal.SchemaName)).Scan(&n))
		if n != want {
			t.Errorf("%d, not %d: %s", n, want, sql)
		}
	}
	undo := func() {
		t.Helper()
		runs, err := h.duties.Runs(h.asking, r.ID, page.Request{})
		h.do(err)
		for _, run := range runs.Items {
			if run.Undoable() {
				_, err = h.duties.Undo(h.asking, r.ID, run.ID)
				h.do(err)
				if _, err = h.duties.Undo(h.asking, r.ID, run.ID); !errors.Is(err, duty.ErrNotUndone) {
					t.Errorf("undone twice: %v", err)
				}
				h.do(h.duties.Run(h.ctx, r.ID))
				return
			}
		}
		t.Error("nothing to undo")
	}
	all, cooks := h.group("All", ada, lee, max), h.group("Cooks", lee)
	apply(duty.DoAdd, all)
	if len(h.all(r.ID)) != 0 {
		t.Error("a draft catches people")
	}
	plan(duty.DoOn, uid.Nil, 3, 0, 0)
	apply(duty.DoOn, uid.Nil)
	count("select count(*) from %s.enrolments where status = 'active'", 3)
	plan(duty.DoExcept, cooks, 0, 1, 2)
	apply(duty.DoExcept, cooks)
	if got := h.all(r.ID); len(got) != 2 || got[lee.ID].ID != uid.Nil {
		t.Errorf("%+v", got)
	}
	count("select count(*) from %s.enrolments where status = 'active'", 3) // leaving the course is not asked for
	began := h.all(r.ID)[ada.ID].BeganAt
	h.World.Now.Advance(48 * time.Hour)
	_, err = h.duties.Name(h.asking, r.ID, zoe.ID, false, "Works on the roof.")
	h.do(err)
	h.do(h.duties.Run(h.ctx, r.ID))
	if got := h.all(r.ID); len(got) != 3 || !got[zoe.ID].ByName {
		t.Errorf("%+v", got)
	}
	count("select count(*) from %s.enrolments where status = 'active'", 4)
	undo() // naming Zoe: the course that she has not begun goes with it
	count("select count(*) from %s.enrolments where status = 'active'", 3)
	undo() // excepting the cooks
	if got := h.all(r.ID); len(got) != 3 || !got[lee.ID].BeganAt.Equal(began) {
		t.Errorf("Lee has it again as it was: %+v", got[lee.ID])
	}
	plan(duty.DoOff, uid.Nil, 0, 3, 0)
	apply(duty.DoOff, uid.Nil)
	undo()
	if got := h.all(r.ID); len(got) != 3 || !got[ada.ID].BeganAt.Equal(began) {
		t.Errorf("switched on again: %+v", got)
	}
	apply(duty.DoRemove, all)
	apply(duty.DoNewcomers, all)
	if got := h.all(r.ID); len(got) != 0 {
		t.Errorf("newcomers only, but %+v", got)
	}
	_, err = h.groups.Add(h.asking, all, []uid.ID{zoe.ID})
	h.do(err)
	h.do(h.duties.Joined(h.ctx, all))
	if got := h.all(r.ID); len(got) != 1 || got[zoe.ID].ID == uid.Nil {
		t.Errorf("who joined: %+v", got)
	}
	count("select count(*) from %s.enrolments where status = 'active'", 4) // Zoe is back in the course that a rule took her out of
	list, err := h.duties.Runs(h.asking, r.ID, page.Request{Limit: 3})
	h.do(err)
	if len(list.Items) != 3 || list.Items[0].Cause != duty.CauseSettled || list.Items[0].Given != 1 || list.Items[0].Enrolled != 1 || list.Items[0].Undoable() {
		t.Errorf("%+v", list.Items)
	}
	_, changes, err := h.duties.Changes(h.asking, r.ID, list.Items[0].ID, page.Request{})
	h.do(err)
	if len(changes.Items) != 2 || changes.Items[0].PersonID != zoe.ID || changes.Items[0].EnrolmentID == nil {
		t.Errorf("%+v", changes.Items)
	}
	because, err := h.duties.Because(h.asking, *changes.Items[0].EnrolmentID)
	h.do(err)
	if len(because) == 0 || because[len(because)-1].RequirementID != r.ID || because[0].Reasons != "All" {
		t.Errorf("%+v", because)
	}
	// Another tenant sees nothing of it.
	other := h.World.Tenant(t)
	stranger := storetest.As(t, other, h.World, storetest.Person(t, other, h.World, policy.Admin))
	if _, err := h.duties.Undo(stranger, r.ID, list.Items[0].ID); !errors.Is(err, duty.ErrNoRun) {
		t.Error(err)
	}
	if _, err := h.duties.Plan(stranger, r.ID, duty.Proposal{Do: duty.DoOn}, page.Request{}); !errors.Is(err, duty.ErrNotFound) {
		t.Error(err)
	}
}

// Everybody is due on the day that is said; who gets the duty later has their own days.
func TestADayOnWhichEverybodyIsDue(t *testing.T) {
	t.Parallel()
	h := setup(t)
	soon := 10
	day := h.World.Now.Now().AddDate(0, 0, 90).Truncate(time.Microsecond)
	r := h.requirement(duty.Terms{DueDays: &soon, DueAt: &day, GraceDays: 5})
	early, late := storetest.Person(t, h.ctx, h.World, policy.Learner), storetest.Person(t, h.ctx, h.World, policy.Learner)
	_, err := h.duties.Name(h.asking, r.ID, early.ID, false, "Now.")
	h.do(err)
	h.World.Now.Advance(100 * 24 * time.Hour)
	_, err = h.duties.Name(h.asking, r.ID, late.ID, false, "Later.")
	h.do(err)
	for id, d := range h.all(r.ID) {
		last := duty.Cycles(r.Terms(), duty.Facts{BeganAt: d.BeganAt})[0]
		if !d.DueAt.Equal(*last.DueAt) || !d.GraceUntil.Equal(*last.GraceUntil) || (id == early.ID) != d.DueAt.Equal(day) || (d.State == duty.StateNonCompliant) != (id == early.ID) {
			t.Errorf("%+v", d)
		}
	}
}

// A group by a rule asks what people completed, by the course's address, and which certificates they hold.
func TestRulesAskWhatPeopleCompleted(t *testing.T) {
	t.Parallel()
	h := setup(t)
	ada, lee := storetest.Person(t, h.ctx, h.World, policy.Learner), storetest.Person(t, h.ctx, h.World, policy.Learner)
	course := h.courses[1].Course
	rule := func(field group.Field, op group.Op, value string) *group.Rule {
		return &group.Rule{Match: group.MatchAll, Conditions: []group.Condition{{Field: field, Op: op, Values: []string{value}}, {Field: group.FieldRole, Op: group.Is, Values: []string{"learner"}}}}
	}
	if _, err := h.groups.Create(h.asking, group.Input{Name: "Nobody", Rule: rule(group.FieldCompleted, group.Is, "no-such-course")}); err == nil {
		t.Error("a rule about no course")
	}
	trained, err := h.groups.Create(h.asking, group.Input{Name: "Trained", Rule: rule(group.FieldCompleted, group.Is, course.Slug)})
	h.do(err)
	certified, err := h.groups.Create(h.asking, group.Input{Name: "Certified", Rule: rule(group.FieldCertificate, group.IsNot, course.ID.String())})
	h.do(err)
	h.exec("insert into %s.enrolments (id, course_id, version_id, person_id, status, source, percent, enrolled_at, started_at, completed_at) values ($1, $2, $3, $4, 'completed', 'assigned', 100, $5, $5, $5)", uid.New(), course.ID, *course.PublishedID, ada.ID, h.World.Now.Now())
	h.do(h.groups.SettleLearner(h.ctx, ada.ID))
	h.do(h.groups.SettleAll(h.ctx))
	members := func(id uid.ID) (out []uid.ID) {
		list, err := h.groups.Members(h.asking, id, group.MemberFilter{})
		h.do(err)
		for _, m := range list.Items {
			out = append(out, m.ID)
		}
		return out
	}
	if got := members(trained.ID); len(got) != 1 || got[0] != ada.ID {
		t.Errorf("trained: %v", got)
	}
	if got := members(certified.ID); len(got) != 2 {
		t.Errorf("without a certificate: %v of %v, %v", got, ada.ID, lee.ID)
	}
}
