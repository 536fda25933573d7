package privacy_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/privacy"
	"lyceum/auth/privacy/hold"
	"lyceum/auth/privacy/retention"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func (h *house) retention() *retention.Service {
	return retention.New(h.Store, h.p, pruner{h.Admin}, h.Now.Clock())
}

// aged gives a person what is older than every line allows, and the same anew.
func (h *house) aged(p auth.Person, rows int) {
	h.t.Helper()
	id := p.ID.String()
	for _, at := range []time.Time{h.Now.Now().AddDate(-20, 0, 0), h.Now.Now()} {
		for range rows {
			h.exec("insert into notifications (id, person_id, source, kind, data, path, at) values ($1, $2, $3, 'nudge', '{}', '/aged', $4)", uid.New().String(), id, uid.New().String(), at)
		}
		h.exec("insert into events (id, type, version, actor_id, actor_kind, subject_type, subject_id, data, at) values ($1, 'aged.thing', 1, $2, 'person', 'person', $2, '{}', $3)", uid.New().String(), id, at)
		h.exec("insert into reminder_messages (id, person_id, day, sent_at, app, mail, items, more) values ($1, $2, $3, $4, true, 'none', '[]', 0)", uid.New().String(), id, at.Format(time.DateOnly), at)
		h.exec("insert into duty_history (requirement_id, duty_id, number, revision, person_id, spell, recorded_at, began_at, given_at, ended_at, reasons) values ($1, $2, 1, 1, $3, 1, $4, $4, $4, $4, '[]')", uid.New().String(), uid.New().String(), id, at)
	}
}

// left counts what aged gave a person.
func (h *house) left(p auth.Person) map[string]int {
	h.t.Helper()
	out := map[string]int{}
	for name, where := range map[string]string{"notifications": "path = '/aged' and person_id", "events": "type = 'aged.thing' and actor_id", "reminder_messages": "person_id", "duty_history": "person_id"} {
		out[name] = h.count("select count(*) from "+name+" where "+where+" = $1", p.ID.String())
	}
	return out
}

func TestTheScheduleRefusesLessThanTheLawAsks(t *testing.T) {
	t.Parallel()
	h := setup(t)
	s := h.retention()
	learner := storetest.As(t, h.ctx, h.World, storetest.Person(t, h.ctx, h.World, policy.Learner))
	if err := s.Save(h.admin, map[string]int{"compliance.duties": 100}); err == nil {
		t.Error("proof of trainings goes after 100 days")
	}
	h.wants(s.Save(h.admin, map[string]int{"compliance.nothing": 1000}), retention.ErrUnknown)
	h.wants(s.Save(learner, map[string]int{"technical.messages": 40}), policy.ErrForbidden)
	h.wants(s.Switch(learner, true), policy.ErrForbidden)
	_, err := s.Preview(learner)
	h.wants(err, policy.ErrForbidden)
	h.ok(s.Save(h.admin, map[string]int{"technical.messages": 40, "compliance.duties": 0}))
	h.ok(s.Save(h.admin, map[string]int{"technical.messages": 40})) // nothing changes, nothing is told
	got, err := s.Show(h.admin)
	h.ok(err)
	for _, l := range got.Lines {
		want := l.Default
		switch l.Name {
		case "technical.messages":
			want = 40
		case "compliance.duties":
			want = 0
		}
		if l.Days != want || l.Days > 0 && l.Days < l.Floor {
			t.Errorf("%+v", l)
		}
	}
	if n := h.count("select count(*) from audit where type = 'retention.saved'"); n != 1 || got.On {
		t.Errorf("%d entries, on %v", n, got.On)
	}
}

func TestASweepDeletesWhatThePreviewCountedAndPassesOverHolds(t *testing.T) {
	t.Parallel()
	h, other := setup(t), setup(t)
	s := h.retention()
	var people []auth.Person
	for range 3 {
		people = append(people, storetest.Person(t, h.ctx, h.World, policy.Learner))
	}
	for _, p := range people {
		h.aged(p, 3)
	}
	stranger := storetest.Person(t, other.ctx, other.World, policy.Learner)
	other.aged(stranger, 1)
	h.held(hold.Input{Who: hold.Who{People: []uid.ID{people[0].ID}}})
	waiting := uid.New().String() // an event whose jobs are not made yet
	h.exec("insert into events (id, type, version, actor_kind, subject_type, subject_id, data, at) values ($1, 'aged.thing', 1, 'system', 'x', $1, '{}', $2)", waiting, h.Now.Now().AddDate(-20, 0, 0))
	h.exec("insert into outbox (event_id) values ($1)", waiting)

	h.ok(s.Sweep(h.ctx)) // it is off
	before := h.left(people[1])
	p, err := s.Preview(h.admin)
	h.ok(err)
	counts := map[string]retention.Count{}
	for _, c := range p.Counts {
		counts[c.Line] = c
	}
	if p.People != 2 || counts["technical.messages"].Rows != 6 || counts["technical.messages"].People != 2 || counts["compliance.duties"].Rows != 2 || counts["technical.log"].Rows != 2 || before["notifications"] != 6 {
		t.Fatalf("%+v, %v", p, before)
	}
	h.ok(s.Switch(h.admin, true))
	for range 2 { // the second one on the same day does nothing
		h.ok(s.Sweep(h.ctx))
	}
	for i, person := range people {
		want := map[string]int{"notifications": 3, "events": 1, "reminder_messages": 1, "duty_history": 1}
		if i == 0 {
			want = map[string]int{"notifications": 6, "events": 2, "reminder_messages": 2, "duty_history": 2}
		}
		for table, n := range h.left(person) {
			if n != want[table] {
				t.Errorf("person %d has %d %s, want %d", i, n, table, want[table])
			}
		}
	}
	if n := h.count("select count(*) from events where id = $1", waiting); n != 1 {
		t.Error("an event went before its jobs were made")
	}
	if n := other.left(stranger)["notifications"]; n != 2 {
		t.Errorf("another portal has %d", n)
	}
	got, err := s.Show(h.admin)
	if err != nil || len(got.Runs) != 1 || got.Runs[0].EndedAt == nil || got.Runs[0].Rows() != p.Rows {
		t.Errorf("%v: %+v, the preview counted %d", err, got.Runs, p.Rows)
	}
	if n := h.count("select count(*) from audit where type = 'retention.swept'"); n != 1 {
		t.Errorf("%d entries of the audit log", n)
	}
	h.Now.Advance(24 * time.Hour)
	h.ok(s.Sweep(h.ctx))
	if got, err = s.Show(h.admin); err != nil || len(got.Runs) != 2 || got.Runs[0].Rows() != 0 {
		t.Errorf("%v: %+v", err, got.Runs)
	}
}

func TestWhoLeftLongAgoIsErasedWithDaysToThinkAgain(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.full()
	s := h.retention()
	h.ok(h.auth.Deactivate(h.admin, h.who.ID))
	h.ok(s.Switch(h.admin, true))
	h.Now.Advance(1000 * 24 * time.Hour)
	h.exec("update people set updated_at = $2 where id = $1", h.mate.ID.String(), h.Now.Now().AddDate(-9, 0, 0)) // active: however long ago
	h.ok(s.Sweep(h.ctx))
	if e, err := h.p.Preview(h.admin, h.who.ID); err != nil || e.Open != nil {
		t.Fatalf("too early: %v %+v", err, e.Open)
	}
	h.Now.Advance(100 * 24 * time.Hour)
	h.ok(s.Sweep(h.ctx))
	e, err := h.p.Preview(h.admin, h.who.ID)
	if err != nil || e.Open == nil || e.Open.Status != privacy.Scheduled || e.Open.BySelf {
		t.Fatalf("%v %+v", err, e.Open)
	}
	// Taken back, they are let be for a year.
	h.ok(h.p.Cancel(h.admin, e.Open.ID))
	h.Now.Advance(24 * time.Hour)
	h.ok(s.Sweep(h.ctx))
	if e, err := h.p.Preview(h.admin, h.who.ID); err != nil || e.Open != nil {
		t.Fatalf("scheduled again at once: %v %+v", err, e.Open)
	}
	h.Now.Advance(366 * 24 * time.Hour)
	h.ok(s.Sweep(h.ctx))
	h.Now.Advance(8 * 24 * time.Hour)
	h.ok(h.p.Run(h.ctx))
	if _, err := h.p.Preview(h.admin, h.who.ID); err == nil {
		t.Error("they are there")
	}
	if n := h.count("select count(*) from erasures where status = 'erased' and receipt <> ''"); n != 1 {
		t.Errorf("%d receipts", n)
	}
	if _, err := h.p.Preview(h.admin, h.mate.ID); err != nil {
		t.Error(err)
	}
}

// The wall stands: the portal's own role deletes no event and no history itself, and what it has pruned is old, whoever asks.
func TestNothingYoungIsPrunedWhateverIsAsked(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := storetest.Person(t, h.ctx, h.World, policy.Learner)
	id, at := p.ID.String(), time.Now().AddDate(0, 0, -80)
	h.exec("insert into events (id, type, version, actor_id, actor_kind, subject_type, subject_id, data, at) values ($1, 'aged.thing', 1, $2, 'person', 'person', $2, '{}', $3)", uid.New().String(), id, at)
	h.exec("insert into duty_history (requirement_id, duty_id, number, revision, person_id, spell, recorded_at, began_at, given_at, ended_at, reasons) values ($1, $2, 1, 1, $3, 1, $4, $4, $4, $4, '[]')", uid.New().String(), uid.New().String(), id, at)
	tn, _ := tenant.From(h.ctx)
	for _, table := range []string{"events", "duty_history"} {
		if n, err := (pruner{h.Admin}).PruneOld(h.ctx, tn, table, h.Now.Now().AddDate(50, 0, 0), 100); err != nil || n != 0 {
			t.Errorf("%d of %s went that are young (%v)", n, table, err)
		}
		err := h.Store.InTenant(h.ctx, func(ctx context.Context) error {
			_, err := store.Pgx(ctx).Exec(ctx, "delete from "+table)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "42501") {
			t.Errorf("%s can be deleted: %v", table, err)
		}
	}
}

// A run that is really killed, before a commit and after one, is gone on with: what went is counted once.
func TestASweepThatIsKilledIsGoneOnWith(t *testing.T) {
	t.Parallel()
	for _, at := range []int32{2, -3, 5, -6, 9} {
		h := setup(t)
		s := h.retention()
		p := storetest.Person(t, h.ctx, h.World, policy.Learner)
		h.aged(p, 5)
		h.ok(s.Switch(h.admin, true))
		counted, err := s.Preview(h.admin)
		h.ok(err)
		h.sweeping = true
		if h.run(at) {
			t.Fatalf("%d: it was not killed", at)
		}
		if !h.run(0) {
			t.Fatalf("%d: an undisturbed run was killed", at)
		}
		got, err := s.Show(h.admin)
		if err != nil || len(got.Runs) != 1 || got.Runs[0].EndedAt == nil || got.Runs[0].Rows() != counted.Rows {
			t.Errorf("killed %d: %v %+v, counted %d", at, err, got.Runs, counted.Rows)
		}
		if n := h.left(p)["notifications"]; n != 5 {
			t.Errorf("killed %d: %d are left", at, n)
		}
	}
}

func TestAGroupsHandInKeepsItsRound(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.full()
	mine, mate := h.round.ID.String(), uid.New().String()
	old := h.Now.Now().AddDate(-20, 0, 0)
	h.exec("insert into enrolment_rounds (id, course_id, version_id, person_id, status, source, percent, enrolled_at, completed_at) select $1, course_id, version_id, $2, 'completed', 'self', 100, $3, $3 from enrolment_rounds where id = $4", mate, h.mate.ID.String(), old, mine)
	h.exec("update enrolment_rounds set status = 'completed', completed_at = $2 where id = $1", mine, old)
	lesson, work := uid.New().String(), uid.New().String()
	h.exec("insert into submissions (id, enrolment_id, lesson_id, number, text, status, comment, submitted_at, rules, late_days, stage, group_id) values ($1, $2, $3, 1, 'ours', 'accepted', '', $4, 1, 0, '', $5)", work, mine, lesson, old, uid.New().String())
	h.exec("insert into submission_members (submission_id, enrolment_id) values ($1, $2), ($1, $3)", work, mine, mate)
	h.ok(h.Store.InTenant(h.ctx, func(ctx context.Context) error {
		_, err := h.Store.DeleteOld(ctx, "enrolment_rounds", h.Now.Now().AddDate(-10, 0, 0), 50)
		return err
	}))
	if n := h.count("select count(*) from enrolment_rounds where id = $1", mine); n != 1 {
		t.Error("the round went with what its group handed in")
	}
	if n := h.count("select count(*) from enrolment_rounds where id = $1", mate); n != 0 {
		t.Error("the old round is there")
	}
}
