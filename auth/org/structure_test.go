package org_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/org"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

func day(t *testing.T, text string) org.Day {
	t.Helper()
	d, ok := org.ParseDay(text)
	if !ok {
		t.Fatal(text)
	}
	return d
}

// under gives the names of who reported to somebody on a day, as it was known at a moment.
func (h *house) under(manager uid.ID, on string, known time.Time) (names []string) {
	h.t.Helper()
	s, err := h.org.Structure(h.admin, manager, org.When{Day: day(h.t, on), Known: known})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, n := range s.Nodes {
		names = append(names, n.Name)
	}
	return names
}

// TestLastYearsReportUsesLastYearsLine: what was known is kept when something else is known later.
func TestLastYearsReportUsesLastYearsLine(t *testing.T) {
	t.Parallel()
	h := setup(t) // it is 4 March
	cleo, ben := h.person("Cleo", nil), h.person("Ben", nil)
	anna := h.person("Anna", &cleo)
	h.Now.Advance(6 * 24 * time.Hour) // 10 March
	if err := h.org.SetManager(h.admin, anna.ID, &ben.ID); err != nil {
		t.Fatal(err)
	}
	first := h.Now.Now()
	h.Now.Advance(10 * 24 * time.Hour) // 20 March: it was so from the 7th on already
	since := day(t, "2026-03-07")
	if err := h.org.SetManagerSince(h.admin, anna.ID, &ben.ID, &since); err != nil {
		t.Fatal(err)
	}
	now := h.Now.Now()
	for _, c := range []struct {
		manager uid.ID
		on      string
		known   time.Time
		want    []string
	}{
		{cleo.ID, "2026-03-05", now, []string{"Anna"}},
		{cleo.ID, "2026-03-08", first, []string{"Anna"}}, // as it was known then
		{cleo.ID, "2026-03-08", now, nil},
		{ben.ID, "2026-03-08", now, []string{"Anna"}},
		{ben.ID, "2026-03-09", first, nil},
		{ben.ID, "2026-03-10", first, []string{"Anna"}},
		{ben.ID, "2026-03-20", now, []string{"Anna"}},
		{cleo.ID, "2026-03-03", now, nil}, // before anything was known
		{uid.Nil, "2026-03-05", now, []string{"Cleo"}},
		{uid.Nil, "2026-03-20", now, []string{"Ben"}},
	} {
		if got := h.under(c.manager, c.on, c.known); !slices.Equal(got, c.want) {
			t.Errorf("on %s, known %s: %v, want %v", c.on, c.known, got, c.want)
		}
	}
	spans, err := h.org.SpansOf(h.admin, anna.ID)
	if err != nil || len(spans) != 2 || spans[0].ManagerID != ben.ID || spans[0].ValidTo != nil || spans[0].ValidFrom.Format(time.DateOnly) != "2026-03-07" ||
		spans[1].ManagerID != cleo.ID || spans[1].ValidTo == nil || spans[1].ValidTo.Format(time.DateOnly) != "2026-03-07" {
		t.Errorf("%+v, %v", spans, err)
	}
	s, err := h.org.Structure(h.admin, anna.ID, org.When{})
	if err != nil || len(s.Above) != 1 || s.Above[0].PersonID != ben.ID || len(s.Nodes) != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	tomorrow := day(t, "2026-03-21")
	if err := h.org.SetManagerSince(h.admin, anna.ID, nil, &tomorrow); fault.Of(err).Fields["since"] == "" {
		t.Errorf("a day to come: %v", err)
	}
	other := h.Tenant(t)
	elsewhere := storetest.As(t, other, h.World, storetest.Person(t, other, h.World, policy.Admin))
	if _, err := h.org.SpansOf(elsewhere, anna.ID); !errors.Is(err, auth.ErrPersonNotFound) {
		t.Errorf("another portal's administrator: %v", err)
	}
	if s, err := h.org.Structure(elsewhere, uid.Nil, org.When{}); err != nil || len(s.Nodes) != 0 {
		t.Errorf("another portal's structure: %v, %v", s.Nodes, err)
	}
}

func TestSomebodyStandsInWhileAManagerIsAway(t *testing.T) {
	t.Parallel()
	h := setup(t)
	boss := h.person("Boss", nil)
	h.person("Anna", &boss)
	deputy, other := h.person("Deputy", nil), h.person("Other", nil)
	as := func(p auth.Person) bool {
		t.Helper()
		leads, err := org.New(h.Store, h.Now.Clock()).Leads(storetest.As(t, h.ctx, h.World, p))
		if err != nil {
			t.Fatal(err)
		}
		return leads
	}
	away := org.Absence{To: deputy.Email, First: day(t, "2026-03-06"), Last: day(t, "2026-03-08")}
	asking := storetest.As(t, h.ctx, h.World, boss)
	d, err := h.org.Delegate(asking, away)
	if err != nil || d.Taker != "Deputy" {
		t.Fatalf("%+v, %v", d, err)
	}
	for _, want := range []bool{false, false, true, true, true, false} { // 4 to 9 March
		if got := as(deputy); got != want {
			t.Errorf("%s: stands in %v", h.Now.Now().Format(time.DateOnly), got)
		}
		h.Now.Advance(24 * time.Hour)
	}
	if !as(boss) || as(other) {
		t.Error("others' lines changed")
	}
	away.Giver, away.First, away.Last = boss.ID, day(t, "2026-03-09"), day(t, "2026-04-08")
	if _, err := h.org.Delegate(storetest.As(t, h.ctx, h.World, other), away); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("a colleague hands over: %v", err)
	}
	if d, err = h.org.Delegate(h.admin, away); err != nil || !as(deputy) {
		t.Errorf("an administrator hands over: %v", err)
	}
	if err := h.org.EndDelegation(storetest.As(t, h.ctx, h.World, other), d.ID); !errors.Is(err, org.ErrNoDelegation) {
		t.Errorf("a colleague ends it: %v", err)
	}
	elsewhere := h.Tenant(t)
	stranger := storetest.As(t, elsewhere, h.World, storetest.Person(t, elsewhere, h.World, policy.Admin))
	if err := h.org.EndDelegation(stranger, d.ID); !errors.Is(err, org.ErrNoDelegation) {
		t.Errorf("another portal's administrator ends it: %v", err)
	}
	if _, err := h.org.Delegate(stranger, away); err == nil {
		t.Error("another portal's administrator hands over")
	}
	if err := h.org.EndDelegation(storetest.As(t, h.ctx, h.World, deputy), d.ID); err != nil || as(deputy) {
		t.Errorf("the deputy ends it: %v", err)
	}
	for field, bad := range map[string]func(*org.Absence){
		"last_day": func(a *org.Absence) { a.Last = day(t, "2028-01-01") }, "first_day": func(a *org.Absence) { a.First = org.Day{} }, "to": func(a *org.Absence) { a.To = "nobody" },
	} {
		wish := away
		bad(&wish)
		if _, err := h.org.Delegate(asking, wish); fault.Of(err).Fields[field] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	away.To = "nobody@example.com"
	if _, err := h.org.Delegate(asking, away); !errors.Is(err, org.ErrNoDeputy) {
		t.Errorf("%v", err)
	}
	types := storetest.EventTypes(t, h.ctx, h.World, boss.ID)
	if !slices.Contains(types, "delegation.made") || !slices.Contains(types, "delegation.ended") {
		t.Errorf("told %v", types)
	}
}
