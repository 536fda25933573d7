package life_test

import (
	"slices"
	"testing"

	"lyceum/tenant/life"
)

func TestEveryStateIsReachedAndLeftButTheLast(t *testing.T) {
	t.Parallel()
	for _, s := range life.States() {
		in := slices.ContainsFunc(life.Table, func(l life.Transition) bool { return l.To == s })
		out := slices.ContainsFunc(life.Table, func(l life.Transition) bool { return l.From == s })
		if in == (s == life.Provisioning) {
			t.Errorf("%s is reached: %v", s, in)
		}
		if out == (s == life.Erased) {
			t.Errorf("%s is left: %v", s, out)
		}
	}
}

func TestAStateIsWorkedOutFromPortalBillAndWish(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		f    life.Facts
		want life.State
	}{
		{life.Facts{Status: "provisioning", Billing: "trial"}, life.Provisioning},
		{life.Facts{Status: "active"}, life.Active},
		{life.Facts{Status: "active", Billing: "active"}, life.Active},
		{life.Facts{Status: "active", Billing: "trial"}, life.Trial},
		{life.Facts{Status: "active", Billing: "past_due"}, life.PastDue},
		{life.Facts{Status: "active", Billing: "grace"}, life.PastDue},
		{life.Facts{Status: "active", Billing: "read_only"}, life.ReadOnly},
		{life.Facts{Status: "active", Billing: "suspended"}, life.Suspended},
		{life.Facts{Status: "suspended", Billing: "active"}, life.Suspended},
		{life.Facts{Status: "suspended", Billing: "retained"}, life.ExportReady},
		{life.Facts{Status: "active", Billing: "active", Leaving: true}, life.ExportReady},
		{life.Facts{Status: "suspended", Leaving: true}, life.ExportReady},
		{life.Facts{Status: "active", Paused: true}, life.ReadOnly},
		{life.Facts{Status: "active", Billing: "trial", Paused: true}, life.ReadOnly},
		{life.Facts{Status: "active", Billing: "suspended", Paused: true}, life.Suspended},
		{life.Facts{Status: "active", Leaving: true, Paused: true}, life.ExportReady},
		{life.Facts{Status: "deleting", Billing: "active"}, life.Erased},
	} {
		if got := life.Of(c.f); got != c.want {
			t.Errorf("%+v is %s, want %s", c.f, got, c.want)
		}
	}
}

// Any single change of a fact, in any order, leads along the table: no transaction of billing, of an operator or of an owner is
// refused because nobody thought of it.
func TestEveryChangeOfAFactIsInTheTable(t *testing.T) {
	t.Parallel()
	bills := []string{"", "trial", "active", "past_due", "grace", "read_only", "suspended", "cancelled", "retained"}
	next := map[string][]string{ // how a subscription moves (docs/BILLING.md)
		"": {"trial", "active"}, "trial": {"active", "past_due", "cancelled"}, "active": {"trial", "past_due", "cancelled"},
		"past_due": {"trial", "active", "grace", "cancelled"}, "grace": {"trial", "active", "read_only", "cancelled"},
		"read_only": {"trial", "active", "suspended", "cancelled"}, "suspended": {"trial", "active", "cancelled"}, "cancelled": {"active", "retained"}, "retained": {"active"},
	}
	doors := map[string][]string{"active": {"suspended", "deleting"}, "suspended": {"active", "deleting"}}
	check := func(a, b life.Facts) {
		if from, to := life.Of(a), life.Of(b); from != to && !life.May(from, to) {
			t.Errorf("%+v to %+v: %s to %s is not in the table", a, b, from, to)
		}
	}
	for door, others := range doors {
		for _, bill := range bills {
			for _, wish := range []life.Facts{{}, {Leaving: true}, {Paused: true}, {Leaving: true, Paused: true}} {
				facts := func(door, bill string) life.Facts {
					return life.Facts{Status: door, Billing: bill, Leaving: wish.Leaving, Paused: wish.Paused}
				}
				now := facts(door, bill)
				for _, to := range others {
					check(now, facts(to, bill))
				}
				for _, to := range next[bill] {
					check(now, facts(door, to))
				}
				goes, rests := now, now
				goes.Leaving, rests.Paused = !now.Leaving, !now.Paused
				check(now, goes)
				check(now, rests)
			}
		}
	}
	for _, bill := range bills {
		check(life.Facts{Status: "provisioning", Billing: bill}, life.Facts{Status: "active", Billing: bill})
	}
}
