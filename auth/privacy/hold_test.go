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

// What somebody removes in everyday life, or others of theirs, is set aside while a hold covers them; nothing of others is.
func TestWhatIsRemovedOfPeopleUnderAHoldIsSetAsideUntilItIsReleased(t *testing.T) {
	t.Parallel()
	h, other := setup(t), setup(t)
	h.full()
	s := h.holds()
	at := h.Now.Now()
	for _, p := range []auth.Person{h.who, h.mate} {
		h.exec("insert into sessions (id, hash, person_id, created_at, seen_at, expires_at, ip, user_agent) values ($1, $2, $3, $4, $4, $5, '192.0.2.8', 'Opera')", uid.New().String(), []byte(p.ID.String()), p.ID.String(), at, at.Add(time.Hour))
	}
	groups := group.New(h.Store, h.Now.Clock())
	g, err := groups.Create(h.admin, group.Input{Name: "Welders"})
	h.ok(err)
	_, err = groups.Add(h.admin, g.ID, []uid.ID{h.who.ID, h.mate.ID})
	h.ok(err)
	order := h.held(hold.Input{Who: hold.Who{People: []uid.ID{h.who.ID}}})
	h.ok(h.Store.InTenant(h.ctx, func(ctx context.Context) error {
		for _, p := range []auth.Person{h.who, h.mate} {
			if _, err := h.Store.DeleteSessionsBut(ctx, p.ID, uid.Nil); err != nil {
				return err
			}
		}
		return nil
	}))
	h.ok(groups.Delete(h.admin, g.ID))
	shown, rows, err := s.Rows(h.admin, order.ID, page.Request{})
	h.ok(err)
	places := map[string]int{}
	for _, r := range rows.Items {
		places[r.Place]++
		if r.PersonID != h.who.ID || r.Name != h.who.Name || r.RemovedAt.IsZero() {
			t.Errorf("%+v", r)
		}
		text := string(r.Data)
		if r.Place == "sessions" && (!strings.Contains(text, "user_agent") || strings.Contains(text, "hash") || strings.Contains(text, "idp_sealed")) {
			t.Errorf("a session: %s", text)
		}
	}
	if shown.ID != order.ID || places["sessions"] != 2 || places["group_members"] != 1 || len(places) != 2 {
		t.Errorf("%v", places)
	}
	if n, err := s.Aside(h.admin, order.ID); err != nil || n != int64(len(rows.Items)) {
		t.Errorf("%d rows, %v", n, err)
	}
	// It is read page by page, by those who may, and in this portal alone.
	if _, first, err := s.Rows(h.admin, order.ID, page.Request{Limit: 2}); err != nil || len(first.Items) != 2 || first.Next == "" {
		t.Errorf("%v: %+v", err, first)
	} else if _, rest, err := s.Rows(h.admin, order.ID, page.Request{Limit: 2, After: first.Next}); err != nil || len(rest.Items) != 1 || rest.Items[0].ID == first.Items[1].ID {
		t.Errorf("%v: %+v", err, rest)
	}
	_, _, err = s.Rows(h.self, order.ID, page.Request{})
	h.wants(err, policy.ErrForbidden)
	_, _, err = other.holds().Rows(other.admin, order.ID, page.Request{})
	h.wants(err, hold.ErrNotFound)
	// A second hold keeps it when the first is released; with the last it goes.
	second := h.held(hold.Input{Whole: true})
	h.ok(s.Release(h.admin, order.ID, "Settled."))
	if _, rows, err := s.Rows(h.admin, order.ID, page.Request{}); err != nil || len(rows.Items) != 0 {
		t.Errorf("%v: a released hold shows %d rows", err, len(rows.Items))
	}
	if n, err := s.Aside(h.admin, second.ID); err != nil || n != 3 {
		t.Errorf("%d rows, %v", n, err)
	}
	h.ok(s.Release(h.admin, second.ID, "Settled too."))
	if n := h.count("select count(*) from held_rows"); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	if n := h.count("select count(*) from audit where type = 'hold.released' and (data like '%\"rows\":0%' or data like '%\"rows\":3%')"); n != 2 {
		t.Errorf("%d releases say how many rows went", n)
	}
	// Without a hold nothing is kept.
	h.exec("insert into sessions (id, hash, person_id, created_at, seen_at, expires_at, ip, user_agent) values ($1, '\\x77', $2, $3, $3, $4, '192.0.2.8', 'Opera')", uid.New().String(), h.who.ID.String(), at, at.Add(time.Hour))
	h.ok(h.Store.InTenant(h.ctx, func(ctx context.Context) error {
		_, err := h.Store.DeleteSessionsBut(ctx, h.who.ID, uid.Nil)
		return err
	}))
	if n := h.count("select count(*) from held_rows"); n != 0 {
		t.Errorf("%d rows are set aside without a hold", n)
	}
}

// What goes with a manager who is erased is of their reports too.
func TestErasingSomebodyKeepsWhatIsOfOthersUnderAHold(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.full()
	h.exec("insert into delegations (id, giver_id, taker_id, first_day, last_day, made_by, made_at) values ($1, $2, $3, '2026-03-01', '2026-03-09', $2, $4)", uid.New().String(), h.who.ID.String(), h.mate.ID.String(), h.Now.Now())
	spans := h.count("select count(*) from manager_spans where person_id = $1 and manager_id = $2", h.mate.ID.String(), h.who.ID.String())
	order := h.held(hold.Input{Who: hold.Who{People: []uid.ID{h.mate.ID}}})
	if e := h.erase(); e.Status != privacy.Erased {
		t.Fatalf("it is %s", e.Status)
	}
	_, rows, err := h.holds().Rows(h.admin, order.ID, page.Request{})
	h.ok(err)
	places := map[string]int{}
	for _, r := range rows.Items {
		places[r.Place]++
		if r.PersonID != h.mate.ID {
			t.Errorf("%+v", r)
		}
	}
	if places["manager_spans"] < max(spans, 1) || places["delegations"] != 1 {
		t.Errorf("%d spans were there; %v", spans, places)
	}
}
