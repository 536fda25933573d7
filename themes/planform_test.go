package themes_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"lyceum/billing/plan"
	"lyceum/internal/fault"
	"lyceum/themes"
)

// posted gives a form's fields as its page posts them.
func posted(f themes.PlanForm) map[string]string {
	out := map[string]string{"currency": f.Currency, "interval": f.Interval, "trial_days": f.TrialDays}
	for i, k := range f.Components {
		at := fmt.Sprintf("components.%d.", i)
		for name, v := range map[string]string{"here": "1", "code": k.Code, "name": k.Name, "scheme": k.Scheme, "meter": k.Meter, "per": k.Per, "included": k.Included, "price": k.Price} {
			out[at+name] = v
		}
		for j, t := range k.Tiers {
			tier := fmt.Sprintf("%stiers.%d.", at, j)
			out[tier+"here"], out[tier+"up_to"], out[tier+"price"], out[tier+"flat"] = "1", t.UpTo, t.Price, t.Flat
		}
	}
	for name, v := range f.Limits {
		out["limits."+name] = v
	}
	for m := range f.Hard {
		out["hard."+m] = "1"
	}
	if f.SSO {
		out["limits.sso"] = "1"
	}
	for name, v := range f.Life {
		out["life."+name] = v
	}
	return out
}

func TestAPlanComesOutOfItsFormAsItWentIn(t *testing.T) {
	t.Parallel()
	v := sold().Version
	v.Limits.SSO, v.Limits.StorageBytes = true, 3<<29+1 // one and a half gigabytes and a byte
	fields := posted(themes.NewPlanForm(v))
	back, err := themes.ReadPlanForm(func(name string) string { return fields[name] }).Into(v)
	if err != nil {
		t.Fatal(err)
	}
	was, _ := json.Marshal(v)
	is, _ := json.Marshal(back)
	if string(was) != string(is) {
		t.Errorf("was\n%s\nis\n%s", was, is)
	}
}

func TestTheButtonsOfThePlanEditorLoseNothing(t *testing.T) {
	t.Parallel()
	f := themes.NewPlanForm(sold().Version)
	f.Components[0].Price = "typed"
	codes := func(f themes.PlanForm) (out []string) {
		for _, k := range f.Components {
			out = append(out, fmt.Sprintf("%s:%d", k.Code, len(k.Tiers)))
		}
		return out
	}
	for do, want := range map[string]string{
		"":                    "base:0 learners:3 storage:0 support:0",
		"add_component":       "base:0 learners:3 storage:0 support:0 :0",
		"add_tier.1":          "base:0 learners:4 storage:0 support:0",
		"add_tier.0":          "base:1 learners:3 storage:0 support:0",
		"remove_tier.1.0":     "base:0 learners:2 storage:0 support:0",
		"remove_tier.1.9":     "base:0 learners:3 storage:0 support:0",
		"remove_component.2":  "base:0 learners:3 support:0",
		"remove_component.-1": "base:0 learners:3 storage:0 support:0",
		"up.1":                "learners:3 base:0 storage:0 support:0",
		"up.0":                "base:0 learners:3 storage:0 support:0",
		"down.3":              "base:0 learners:3 storage:0 support:0",
		"down.0":              "learners:3 base:0 storage:0 support:0",
		"explode.1":           "base:0 learners:3 storage:0 support:0",
	} {
		if got := strings.Join(codes(f.Apply(do)), " "); got != want {
			t.Errorf("%s gives %s, want %s", do, got, want)
		}
	}
	if g := f.Apply("add_tier.1"); g.Components[1].Tiers[3].Price != "2.50" || g.Components[1].Tiers[2].Price != "" || f.Components[0].Price != "typed" {
		t.Errorf("the new tier is not before the open one: %+v", g.Components[1].Tiers)
	}
}

func TestWhatTheSchemeDoesNotUseIsKeptInTheFormAndOutOfThePlan(t *testing.T) {
	t.Parallel()
	v := sold().Version
	f := themes.NewPlanForm(v)
	f.Components[1].Scheme, f.Components[1].Price = string(plan.Flat), "7,5"
	out, err := f.Into(v)
	if err != nil {
		t.Fatal(err)
	}
	if c := out.Components[1]; c.Meter != "" || c.Included != 0 || len(c.Tiers) != 0 || c.Price != 7_500_000 {
		t.Errorf("a fixed sum came out as %+v", c)
	}
	if len(f.Components[1].Tiers) != 3 {
		t.Error("the tiers are lost")
	}
}

func TestWhatCannotBeReadIsSaidAtItsField(t *testing.T) {
	t.Parallel()
	v := sold().Version
	f := themes.NewPlanForm(v)
	f.TrialDays, f.Limits["storage_gb"], f.Limits["api_calls"], f.Life["grace_days"] = "two", "much", "-7", "x"
	f.Components[1].Included, f.Components[1].Tiers[0].Price, f.Components[2].Per = "ten", "cheap", "1e3"
	_, err := f.Into(v)
	got := fault.Of(err).Fields
	for _, field := range []string{"trial_days", "limits.storage_gb", "limits.api_calls", "life.grace_days", "components.1.included", "components.1.tiers.0.price", "components.2.per"} {
		if got[field] == "" {
			t.Errorf("nothing is said of %s: %v", field, got)
		}
	}
}
