package plan_test

import (
	"strings"
	"testing"

	"lyceum/billing"
	"lyceum/billing/plan"
	"lyceum/internal/fault"
)

func TestWhatCouldNotBeBilledIsRefusedAtItsField(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		spoil func(v *plan.Version)
		field string
	}{
		{"a price below zero", func(v *plan.Version) { v.Components[0].Price = -1 }, "components.0.price"},
		{"a price too large", func(v *plan.Version) { v.Components[0].Price = plan.MaxPrice + 1 }, "components.0.price"},
		{"included below zero", func(v *plan.Version) { v.Components[1].Included = -1 }, "components.1.included"},
		{"included too large", func(v *plan.Version) { v.Components[1].Included = plan.MaxUnits + 1 }, "components.1.included"},
		{"a tier's price below zero", func(v *plan.Version) { v.Components[1].Tiers[1].Price = -1 }, "components.1.tiers.1.price"},
		{"a tier's flat sum below zero", func(v *plan.Version) { v.Components[1].Tiers[2].Flat = -1 }, "components.1.tiers.2.flat"},
		{"tiers that overlap", func(v *plan.Version) { v.Components[1].Tiers[1].UpTo = 20 }, "components.1.tiers.1.up_to"},
		{"tiers out of order", func(v *plan.Version) { v.Components[1].Tiers[0].UpTo = 200 }, "components.1.tiers.1.up_to"},
		{"a tier below zero", func(v *plan.Version) { v.Components[1].Tiers[0].UpTo = -5 }, "components.1.tiers.0.up_to"},
		{"an open tier in the middle", func(v *plan.Version) { v.Components[1].Tiers[1].UpTo = 0 }, "components.1.tiers.1.up_to"},
		{"a last tier with an end", func(v *plan.Version) { v.Components[1].Tiers[2].UpTo = 1000 }, "components.1.tiers.2.up_to"},
		{"no tiers", func(v *plan.Version) { v.Components[1].Tiers = nil }, "components.1.tiers"},
		{"too many tiers", func(v *plan.Version) { v.Components[1].Tiers = make([]plan.Tier, plan.MaxTiers+1) }, "components.1.tiers"},
		{"tiers and a price", func(v *plan.Version) { v.Components[1].Price = 5 }, "components.1.price"},
		{"tiers on a plain price", func(v *plan.Version) { v.Components[2].Tiers = []plan.Tier{{Price: 1}} }, "components.2.tiers"},
		{"an unknown meter", func(v *plan.Version) { v.Components[2].Meter = "coffee" }, "components.2.meter"},
		{"no meter", func(v *plan.Version) { v.Components[2].Meter = "" }, "components.2.meter"},
		{"a fixed sum with a meter", func(v *plan.Version) { v.Components[0].Meter = learners }, "components.0.meter"},
		{"a fixed sum with something included", func(v *plan.Version) { v.Components[0].Included = 3 }, "components.0.included"},
		{"a unit below zero", func(v *plan.Version) { v.Components[2].Per = -1 }, "components.2.per"},
		{"an add-on by usage", func(v *plan.Version) { v.Components[2].AddOn = true }, "components.2.scheme"},
		{"an unknown scheme", func(v *plan.Version) { v.Components[2].Scheme = "lottery" }, "components.2.scheme"},
		{"a code twice", func(v *plan.Version) { v.Components[2].Code = "base" }, "components.2.code"},
		{"a code with a space", func(v *plan.Version) { v.Components[2].Code = "a b" }, "components.2.code"},
		{"no name", func(v *plan.Version) { v.Components[2].Name = " " }, "components.2.name"},
		{"a name of two lines", func(v *plan.Version) { v.Components[2].Name = "a\nb" }, "components.2.name"},
		{"no prices", func(v *plan.Version) { v.Components = nil }, "components"},
		{"too many prices", func(v *plan.Version) { v.Components = make([]plan.Component, plan.MaxComponents+1) }, "components"},
		{"no currency", func(v *plan.Version) { v.Currency = "Taler" }, "currency"},
		{"no interval", func(v *plan.Version) { v.Interval = "week" }, "interval"},
		{"a trial of minus a day", func(v *plan.Version) { v.TrialDays = -1 }, "trial_days"},
		{"a limit below none", func(v *plan.Version) { v.Limits.APICalls = -2 }, "limits.api_calls"},
		{"learning that stops", func(v *plan.Version) { v.Limits.Hard = []billing.Meter{learners} }, "limits.hard"},
		{"a stop without a limit", func(v *plan.Version) { v.Limits.Hard = []billing.Meter{billing.MeterAPICalls} }, "limits.hard"},
		{"a stop of nothing known", func(v *plan.Version) { v.Limits.Hard = []billing.Meter{"coffee"} }, "limits.hard"},
		{"videos that stop", func(v *plan.Version) { v.Limits.VideoMinutes, v.Limits.Hard = 5, []billing.Meter{billing.MeterVideo} }, "limits.hard"},
		{"tokens that stop", func(v *plan.Version) { v.Limits.AITokens, v.Limits.Hard = 5, []billing.Meter{billing.MeterAITokens} }, "limits.hard"},
		{"a stop twice", func(v *plan.Version) { v.Limits.Hard = []billing.Meter{billing.MeterStorage, billing.MeterStorage} }, "limits.hard"},
		{"days below zero", func(v *plan.Version) { v.Life.GraceDays = -1 }, "life.grace_days"},
		{"data erased without warning", func(v *plan.Version) { v.Life.RetainedDays = 7 }, "life.retained_days"},
	} {
		v := team("EUR")
		c.spoil(&v)
		if f := fault.Of(v.Validate()); f.Kind != fault.KindInvalid || f.Fields[c.field] == "" {
			t.Errorf("%s: %v, want %s", c.name, f.Fields, c.field)
		}
	}
	v := team("eur")
	if err := v.Validate(); err != nil || v.Currency != "EUR" {
		t.Errorf("a good plan in %q: %v", v.Currency, err)
	}
}

func TestAPlanHasACodeAndAName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		p     plan.Plan
		field string
	}{
		{plan.Plan{Code: "Team", Name: "Team"}, "code"},
		{plan.Plan{Code: "t", Name: "Team"}, "code"},
		{plan.Plan{Code: "team", Name: ""}, "name"},
		{plan.Plan{Code: "team", Name: strings.Repeat("x", 81)}, "name"},
		{plan.Plan{Code: "team", Name: "Team", Position: -1}, "position"},
	} {
		if f := fault.Of(c.p.Validate()); f.Fields[c.field] == "" {
			t.Errorf("%+v: %v", c.p, f.Fields)
		}
	}
	if p := (plan.Plan{Code: " team-2 ", Name: " Team "}); p.Validate() != nil || p.Code != "team-2" || p.Name != "Team" {
		t.Errorf("got %+v", p)
	}
}
