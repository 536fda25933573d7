package themes

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"lyceum/billing"
	"lyceum/billing/money"
	"lyceum/billing/plan"
	"lyceum/internal/fault"
)

// TierForm is what was typed about a tier.
type TierForm struct{ UpTo, Price, Flat string }

// ComponentForm is what was typed about a price. Scheme is a plan.Scheme, or add_on. What the scheme does not use is kept
// as it was typed, should the scheme change back.
type ComponentForm struct {
	Code, Name, Scheme, Meter, Per, Included, Price string
	Tiers                                           []TierForm
}

// PlanForm is what was typed about a version of a plan.
type PlanForm struct {
	Currency, Interval, TrialDays string
	Components                    []ComponentForm
	Limits                        map[string]string // by the field's name: active_learners …; storage_gb in gigabytes; "" is no limit
	Hard                          map[string]bool   // by the meter
	SSO, Sandbox                  bool
	Life                          map[string]string // by the field's name: grace_days …
}

// addOnScheme stands among the schemes of the form for a fixed sum that is booked.
const addOnScheme = "add_on"

// gigabyte is how storage is written in plans.
const gigabyte = 1 << 30

// gigabyteMonth is one kept for a month, of 730 hours, in byte-hours.
const gigabyteMonth = 730 * gigabyte

var (
	limitNames = []string{"active_learners", "storage_gb", "api_calls", "video_minutes", "ai_tokens", "custom_domains"}
	lifeNames  = []string{"past_due_days", "grace_days", "read_only_days", "suspended_days", "retained_days"}
)

func limitsOf(l *plan.Limits) map[string]*int64 {
	return map[string]*int64{
		"active_learners": &l.ActiveLearners, "storage_gb": &l.StorageBytes, "api_calls": &l.APICalls, "video_minutes": &l.VideoMinutes,
		"ai_tokens": &l.AITokens, "custom_domains": &l.CustomDomains,
	}
}

func lifeOf(l *plan.Life) map[string]*int {
	return map[string]*int{
		"past_due_days": &l.PastDueDays, "grace_days": &l.GraceDays, "read_only_days": &l.ReadOnlyDays, "suspended_days": &l.SuspendedDays, "retained_days": &l.RetainedDays,
	}
}

// NewPlanForm fills the form from a version.
func NewPlanForm(v plan.Version) PlanForm {
	f := PlanForm{
		Currency: string(v.Currency), Interval: string(v.Interval), TrialDays: strconv.Itoa(v.TrialDays), SSO: v.Limits.SSO, Sandbox: v.Limits.Sandbox,
		Limits: map[string]string{}, Hard: map[string]bool{}, Life: map[string]string{},
	}
	for _, c := range v.Components {
		k := ComponentForm{Code: c.Code, Name: c.Name, Scheme: string(c.Scheme), Meter: string(c.Meter), Per: some(c.Per), Included: some(c.Included), Price: cents(c.Price)}
		if c.AddOn {
			k.Scheme = addOnScheme
		}
		for _, t := range c.Tiers {
			k.Tiers = append(k.Tiers, TierForm{some(t.UpTo), cents(t.Price), someCents(t.Flat)})
		}
		f.Components = append(f.Components, k)
	}
	for name, n := range limitsOf(&v.Limits) {
		switch {
		case *n == plan.Unlimited:
		case name == "storage_gb":
			f.Limits[name] = gigabytes(*n)
		default:
			f.Limits[name] = strconv.FormatInt(*n, 10)
		}
	}
	for _, m := range v.Limits.Hard {
		f.Hard[string(m)] = true
	}
	for name, n := range lifeOf(&v.Life) {
		f.Life[name] = strconv.Itoa(*n)
	}
	return f
}

// some writes a number, "" for none.
func some(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// cents writes a price with two decimals at least.
func cents(p money.Micros) string {
	d := p.Decimal()
	switch whole, rest, ok := strings.Cut(d, "."); {
	case !ok:
		return d + ".00"
	case len(rest) == 1:
		return whole + "." + rest + "0"
	}
	return d
}

// gigabytes writes bytes exactly.
func gigabytes(n int64) string {
	return strings.TrimRight(strings.TrimRight(new(big.Rat).SetFrac64(n, gigabyte).FloatString(30), "0"), ".")
}

func someCents(p money.Micros) string {
	if p == 0 {
		return ""
	}
	return cents(p)
}

// ReadPlanForm reads what the editor posts; get gives a field's value, "" for none. At most one component and one tier more
// than allowed are read, so that the domain's message about too many is given.
func ReadPlanForm(get func(name string) string) PlanForm {
	f := PlanForm{
		Currency: get("currency"), Interval: get("interval"), TrialDays: get("trial_days"), SSO: get("limits.sso") != "", Sandbox: get("limits.sandbox") != "",
		Limits: map[string]string{}, Hard: map[string]bool{}, Life: map[string]string{},
	}
	for i := 0; i <= plan.MaxComponents; i++ {
		at := fmt.Sprintf("components.%d.", i)
		if get(at+"here") == "" {
			break
		}
		k := ComponentForm{
			Code: get(at + "code"), Name: get(at + "name"), Scheme: get(at + "scheme"), Meter: get(at + "meter"), Per: get(at + "per"), Included: get(at + "included"), Price: get(at + "price"),
		}
		for j := 0; j <= plan.MaxTiers; j++ {
			tier := fmt.Sprintf("%stiers.%d.", at, j)
			if get(tier+"here") == "" {
				break
			}
			k.Tiers = append(k.Tiers, TierForm{get(tier + "up_to"), get(tier + "price"), get(tier + "flat")})
		}
		f.Components = append(f.Components, k)
	}
	for _, name := range limitNames {
		f.Limits[name] = get("limits." + name)
	}
	for _, m := range billing.Meters() {
		if get("hard."+string(m)) != "" {
			f.Hard[string(m)] = true
		}
	}
	for _, name := range lifeNames {
		f.Life[name] = get("life." + name)
	}
	return f
}

// Apply does what a button of the editor asks: add_component, add_tier.<i>, remove_component.<i>, remove_tier.<i>.<j>,
// up.<i>, down.<i>. Anything else changes nothing.
func (f PlanForm) Apply(do string) PlanForm {
	f.Components = slices.Clone(f.Components)
	word, rest, _ := strings.Cut(do, ".")
	if word == "add_component" {
		f.Components = append(f.Components, ComponentForm{Scheme: string(plan.PerUnit), Meter: string(billing.MeterActiveLearner)})
		return f
	}
	first, second, _ := strings.Cut(rest, ".")
	i, err := strconv.Atoi(first)
	if err != nil || i < 0 || i >= len(f.Components) {
		return f
	}
	k := &f.Components[i]
	switch word {
	case "remove_component":
		f.Components = slices.Delete(f.Components, i, i+1)
	case "add_tier":
		k.Tiers = slices.Insert(slices.Clone(k.Tiers), max(len(k.Tiers)-1, 0), TierForm{}) // before the last, which has no end
	case "remove_tier":
		if j, err := strconv.Atoi(second); err == nil && j >= 0 && j < len(k.Tiers) {
			k.Tiers = slices.Delete(slices.Clone(k.Tiers), j, j+1)
		}
	case "up":
		if i > 0 {
			f.Components[i-1], f.Components[i] = f.Components[i], f.Components[i-1]
		}
	case "down":
		if i+1 < len(f.Components) {
			f.Components[i+1], f.Components[i] = f.Components[i], f.Components[i+1]
		}
	}
	return f
}

// reading gathers what cannot be read while a form becomes a version.
type reading struct{ wrong fault.Fields }

func (r reading) whole(at, text string, none int64) int64 {
	if text = strings.TrimSpace(text); text == "" {
		return none
	}
	n, err := strconv.ParseInt(text, 10, 64)
	r.wrong.Check(err == nil, at, "Enter a whole number.")
	return n
}

func (r reading) price(at, text string) money.Micros {
	if text = strings.ReplaceAll(strings.TrimSpace(text), ",", "."); text == "" {
		return 0
	}
	p, err := money.ParseMicros(text)
	r.wrong.Check(err == nil, at, "Write a price such as 4.50, with at most six decimals.")
	return p
}

func (r reading) gigabytes(at, text string) int64 {
	text = strings.ReplaceAll(strings.TrimSpace(text), ",", ".")
	n, ok := new(big.Rat).SetString(text)
	if ok = ok && decimal.MatchString(text); !ok {
		r.wrong.Add(at, "Enter a number of gigabytes, for example 50 or 0.5.")
		return 0
	}
	n.Mul(n, new(big.Rat).SetInt64(gigabyte))
	whole := new(big.Int).Quo(n.Num(), n.Denom())
	if !whole.IsInt64() {
		r.wrong.Add(at, "Enter a number of gigabytes, for example 50 or 0.5.")
	}
	return whole.Int64()
}

var decimal = regexp.MustCompile(`^[0-9]{1,12}(\.[0-9]{1,30})?$`)

// Into writes what was typed over a version and says what cannot be read or is not allowed, by field.
func (f PlanForm) Into(v plan.Version) (plan.Version, error) {
	r := reading{fault.Fields{}}
	v.Currency, v.Interval = money.Currency(strings.TrimSpace(f.Currency)), plan.Interval(f.Interval)
	v.TrialDays = int(r.whole("trial_days", f.TrialDays, 0))
	v.Components = nil
	for i, k := range f.Components {
		v.Components = append(v.Components, k.component(r, fmt.Sprintf("components.%d.", i)))
	}
	v.Limits = plan.Limits{SSO: f.SSO, Sandbox: f.Sandbox}
	for name, n := range limitsOf(&v.Limits) {
		if name == "storage_gb" {
			*n = plan.Unlimited
			if strings.TrimSpace(f.Limits[name]) != "" {
				*n = r.gigabytes("limits."+name, f.Limits[name])
			}
			continue
		}
		*n = r.whole("limits."+name, f.Limits[name], plan.Unlimited)
	}
	for _, m := range billing.Meters() {
		if f.Hard[string(m)] {
			v.Limits.Hard = append(v.Limits.Hard, m)
		}
	}
	for name, n := range lifeOf(&v.Life) {
		*n = int(r.whole("life."+name, f.Life[name], 0))
	}
	if found := fault.Of(v.Validate()); found.Kind == fault.KindInvalid {
		for field, text := range found.Fields {
			if field == "limits.storage_bytes" {
				field = "limits.storage_gb"
			}
			r.wrong.Add(field, text)
		}
	}
	return v, r.wrong.Err()
}

func (k ComponentForm) component(r reading, at string) plan.Component {
	c := plan.Component{Code: k.Code, Name: k.Name, Scheme: plan.Scheme(k.Scheme)}
	switch c.Scheme {
	case addOnScheme:
		c.Scheme, c.AddOn = plan.Flat, true
		c.Price = r.price(at+"price", k.Price)
	case plan.Flat:
		c.Price = r.price(at+"price", k.Price)
	default:
		c.Meter, c.Per, c.Included = billing.Meter(k.Meter), r.whole(at+"per", k.Per, 0), r.whole(at+"included", k.Included, 0)
		if c.Scheme == plan.PerUnit {
			c.Price = r.price(at+"price", k.Price)
			break
		}
		for j, t := range k.Tiers {
			tier := fmt.Sprintf("%stiers.%d.", at, j)
			c.Tiers = append(c.Tiers, plan.Tier{UpTo: r.whole(tier+"up_to", t.UpTo, 0), Price: r.price(tier+"price", t.Price), Flat: r.price(tier+"flat", t.Flat)})
		}
	}
	return c
}
