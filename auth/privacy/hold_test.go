package privacy_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/auth/policy"
	"lyceum/auth/privacy"
	"lyceum/auth/privacy/hold"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/notice"
	"lyceum/store/storetest"
)

func (h *house) holds() *hold.Service { return hold.New(h.Store, h.Now.Clock()) }

func (h *house) held(in hold.Input) hold.Hold {
	h.t.Helper()
	if in.Name == "" {
		in.Name = "Dispute " + uid.Opaque(4)
	}
	in.Reason = "The court asked."
	made, err := h.holds().Make(h.admin, in)
	h.ok(err)
	return made
}

func TestNobodyUnderAHoldIsErasedUntilItIsReleased(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.full()
	order := h.held(hold.Input{Who: hold.Who{People: []uid.ID{h.who.ID}}})
	_, err := h.p.Schedule(h.admin, h.who.ID, h.who.Email)
	h.wants(err, hold.ErrHeld)
	if p, err := h.p.Preview(h.admin, h.who.ID); err != nil || len(p.Holds) != 1 || p.Holds[0].ID != order.ID {
		t.Errorf("%v: %+v", err, p.Holds)
	}
	// The person may wish for it, and learns nothing of the hold.
	_, err = h.p.AskOwn(h.self)
	h.ok(err)
	_, err = h.holds().Over(h.self, h.who.ID)
	h.wants(err, policy.ErrForbidden)
	// Others are not held.
	_, err = h.p.Schedule(h.admin, h.mate.ID, h.mate.Name)
	h.ok(err)
	h.ok(h.holds().Release(h.admin, order.ID, "Settled."))
	_, err = h.p.Schedule(h.admin, h.who.ID, h.who.Email)
	h.ok(err)
}

func TestAnErasureUnderWayWaitsForTheReleaseOfAHold(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.full()
	e, err := h.p.Schedule(h.admin, h.who.ID, h.who.Email)
	h.ok(err)
	h.Now.Advance((privacy.CoolingOff + 1) * 24 * time.Hour)
	if h.run(-2) { // killed when access is ended, before what they learned goes
		t.Fatal("it was not killed")
	}
	rows := "select count(*) from lesson_progress p join enrolment_rounds r on r.id = p.enrolment_id where r.person_id = $1"
	before := h.count(rows, h.who.ID.String())
	order := h.held(hold.Input{Whole: true})
	for range 2 {
		h.ok(h.p.Run(h.ctx))
	}
	now, steps, err := h.p.Show(h.admin, e.ID)
	h.ok(err)
	if n := h.count(rows, h.who.ID.String()); now.Status != privacy.Working || len(steps) == 0 || before == 0 || n != before {
		t.Errorf("%s with %d steps; %d rows of %d are there", now.Status, len(steps), n, before)
	}
	h.ok(h.holds().Release(h.admin, order.ID, "Over."))
	h.ok(h.p.Run(h.ctx))
	if now, _, err = h.p.Show(h.admin, e.ID); err != nil || now.Status != privacy.Erased {
		t.Errorf("%v: %s", err, now.Status)
	}
}

func TestWhatIsOldOfPeopleUnderAHoldStays(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.full()
	old := uid.Floor(h.Now.Now().AddDate(-2, 0, 0))
	for i, p := range []auth.Person{h.who, h.mate} {
		id := old
		id[15] = byte(i)
		h.exec("insert into notifications (id, person_id, source, kind, data, path, at) values ($1, $2, $3, 'nudge', '{}', '/old', $4)", id.String(), p.ID.String(), uid.New().String(), h.Now.Now().AddDate(-2, 0, 0))
		h.exec("insert into reminder_messages (id, person_id, day, sent_at, app, mail, items, more) values ($1, $2, '2020-01-01', $3, true, 'none', '[]', 0)", uid.New().String(), p.ID.String(), h.Now.Now().AddDate(-9, 0, 0))
	}
	h.held(hold.Input{Who: hold.Who{People: []uid.ID{h.who.ID}}})
	notices := notice.New(notice.Options{Keep: h.Store, Announce: h.Store, Now: h.Now.Clock()})
	h.ok(notices.Sweep(h.ctx))
	h.ok(h.Store.InTenant(h.ctx, func(ctx context.Context) error { return h.Store.ForgetReminders(ctx, h.Now.Now().AddDate(-3, 0, 0)) }))
	for p, want := range map[uid.ID]int{h.who.ID: 1, h.mate.ID: 0} {
		if n := h.count("select count(*) from notifications where path = '/old' and person_id = $1", p.String()); n != want {
			t.Errorf("%d old notices, want %d", n, want)
		}
		if n := h.count("select count(*) from reminder_messages where day = '2020-01-01' and person_id = $1", p.String()); n != want {
			t.Errorf("%d old reminders, want %d", n, want)
		}
	}
}

func TestWhoIsUnderAHoldAndWhoReleasesIt(t *testing.T) {
	t.Parallel()
	h, other := setup(t), setup(t)
	s := h.holds()
	ada := storetest.Person(t, h.ctx, h.World, policy.Admin)
	admin := storetest.As(t, h.ctx, h.World, ada)
	groups := group.New(h.Store, h.Now.Clock())
	g, err := groups.Create(h.admin, group.Input{Name: "Welders"})
	h.ok(err)
	first, later := storetest.Person(t, h.ctx, h.World, policy.Learner), storetest.Person(t, h.ctx, h.World, policy.Learner)
	_, err = groups.Add(h.admin, g.ID, []uid.ID{first.ID})
	h.ok(err)
	order := h.held(hold.Input{Name: "Dispute", CaseNumber: "4 Ca 812/26", Who: hold.Who{Groups: []uid.ID{g.ID}, Emails: []string{" " + strings.ToUpper(ada.Email)}}})
	_, err = groups.Add(h.admin, g.ID, []uid.ID{later.ID})
	h.ok(err)
	for p, want := range map[uid.ID]int{first.ID: 1, ada.ID: 1, later.ID: 0} { // the group as it was
		if list, err := s.Over(h.admin, p); err != nil || len(list) != want {
			t.Errorf("%v: %d holds, want %d", err, len(list), want)
		}
	}
	_, err = s.Make(h.admin, hold.Input{Name: "dispute", Reason: "x", Whole: true})
	h.wants(err, hold.ErrNameUsed)
	for _, in := range []hold.Input{{Name: "x", Reason: "y"}, {Name: "x", Whole: true}, {Reason: "y", Whole: true}, {Name: "x", Reason: "y", Whole: true, Who: hold.Who{Groups: []uid.ID{g.ID}}}, {Name: "x", Reason: "y", Who: hold.Who{Emails: []string{"nobody@example.com"}}}} {
		if _, err := s.Make(h.admin, in); err == nil {
			t.Errorf("%+v is made", in)
		}
	}
	_, err = s.Make(storetest.As(t, h.ctx, h.World, later), hold.Input{Name: "x", Reason: "y", Whole: true})
	h.wants(err, policy.ErrForbidden)
	// Who is under it neither takes themselves out nor releases it.
	h.wants(s.Take(admin, order.ID, ada.ID), hold.ErrSelf)
	h.wants(s.Release(admin, order.ID, "Over."), hold.ErrSelf)
	if err := s.Release(h.admin, order.ID, " "); err == nil {
		t.Error("released without a reason")
	}
	if n, err := s.Add(admin, order.ID, hold.Who{People: []uid.ID{first.ID, later.ID}}); err != nil || n != 1 {
		t.Errorf("%d added, %v", n, err)
	}
	h.ok(s.Take(admin, order.ID, first.ID))
	h.wants(s.Take(admin, order.ID, first.ID), hold.ErrNotUnder)
	shown, people, err := s.Show(admin, order.ID, page.Request{Limit: 1})
	if err != nil || shown.People != 2 || len(people.Items) != 1 || people.Next == "" || shown.CaseNumber == "" {
		t.Errorf("%v: %+v %+v", err, shown, people)
	}
	h.ok(s.Release(h.admin, order.ID, "Settled."))
	h.wants(s.Release(h.admin, order.ID, "Again."), hold.ErrReleased)
	_, err = s.Add(admin, order.ID, hold.Who{People: []uid.ID{first.ID}})
	h.wants(err, hold.ErrReleased)
	h.held(hold.Input{Name: "Dispute", Whole: true}) // the name is free again
	if list, err := s.List(admin, page.Request{Limit: 1}); err != nil || len(list.Items) != 1 || !list.Items[0].Open() || list.Next == "" {
		t.Errorf("%v: %+v", err, list)
	} else if list, err = s.List(admin, page.Request{After: list.Next}); err != nil || len(list.Items) != 1 || list.Items[0].Open() {
		t.Errorf("%v: %+v", err, list)
	}
	// Nobody else's portal.
	if list, err := other.holds().List(other.admin, page.Request{}); err != nil || len(list.Items) != 0 {
		t.Errorf("%v: %+v", err, list)
	}
	_, _, err = other.holds().Show(other.admin, order.ID, page.Request{})
	h.wants(err, hold.ErrNotFound)
	h.wants(other.holds().Release(other.admin, order.ID, "x"), hold.ErrNotFound)
	if n := h.count("select count(*) from audit where type like 'hold.%'"); n != 5 {
		t.Errorf("%d entries of the audit log, want 5", n)
	}
}
