package main

import (
	"strings"
	"testing"
	"time"

	"lyceum/billing/offer"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/internal/uid"
)

func TestADryRunFailsOnlyWhenThereIsSomethingToDo(t *testing.T) {
	t.Parallel()
	keep := provider.Change{Verb: "keep", Kind: "price", Name: "team v1 base", Ref: "price_1"}
	create := provider.Change{Verb: "create", Kind: "price", Name: "team v2 base"}
	for _, c := range []struct {
		name, provider string
		changes        []provider.Change
		dry            bool
		says           string
		fails          bool
	}{
		{"no payment service", "", nil, true, "No payment service is configured", false},
		{"all there", "stripe", []provider.Change{keep}, true, "stripe matches the plans", false},
		{"something to do", "stripe", []provider.Change{keep, create}, true, "team v2 base", true},
		{"something done", "stripe", []provider.Change{keep, create}, false, "team v2 base", false},
	} {
		var out strings.Builder
		err := tellChanges(&out, c.provider, c.changes, c.dry)
		if (err != nil) != c.fails || !strings.Contains(out.String(), c.says) {
			t.Errorf("%s: %q (%v)", c.name, out.String(), err)
		}
	}
}

func TestTheListShowsWhatIsSoldAndOnRequestWhatIsNot(t *testing.T) {
	t.Parallel()
	now := time.Now()
	sold, old := plan.Version{ID: uid.New(), Number: 2, Status: plan.StatusPublished, Currency: "EUR", Interval: plan.Month}, plan.Version{ID: uid.New(), Number: 1, Status: plan.StatusRetired, Currency: "EUR", Interval: plan.Month}
	plans := []offer.Listed{
		{Plan: plan.Plan{Code: "team", Name: "Team", Public: true, SignUp: true}, Versions: []plan.Version{sold, old}, Subscribers: map[uid.ID]int{sold.ID: 31}},
		{Plan: plan.Plan{Code: "pilot", Name: "Pilot", ArchivedAt: &now}, Versions: []plan.Version{old}},
	}
	for _, all := range []bool{false, true} {
		var out strings.Builder
		if err := listPlans(&out, plans, all); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		if !strings.Contains(text, "31") || !strings.Contains(text, "everybody, sign-ups") || strings.Contains(text, "retired") != all || strings.Contains(text, "pilot") != all {
			t.Errorf("all %v: %s", all, text)
		}
	}
	var none strings.Builder
	if err := listPlans(&none, nil, false); err != nil || !strings.Contains(none.String(), "lyceum billing seed") {
		t.Errorf("without plans: %q (%v)", none.String(), err)
	}
}
