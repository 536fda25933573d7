package plan_test

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"lyceum/billing"
	"lyceum/billing/money"
	"lyceum/billing/plan"
)

var learners = billing.MeterActiveLearner

// team is a graduated plan: 49.00 a month, the first 5 learners included, then 4.00 for each to 20, 3.00 to 100 and 2.50
// beyond, 100.00 once with the hundred-and-first; storage 0.05 for each started 1,000; a sandbox for 19.00.
func team(cur money.Currency) plan.Version {
	return plan.Version{
		Currency: cur, Interval: plan.Month, Life: plan.DefaultLife(),
		Limits: plan.Limits{ActiveLearners: 500, StorageBytes: 1 << 40, APICalls: plan.Unlimited, VideoMinutes: plan.Unlimited, AITokens: plan.Unlimited, CustomDomains: 1},
		Components: []plan.Component{
			{Code: "base", Name: "Base fee", Scheme: plan.Flat, Price: 49_000_000},
			{Code: "learners", Name: "Active learners", Scheme: plan.Graduated, Meter: learners, Included: 5, Tiers: []plan.Tier{{UpTo: 20, Price: 4_000_000}, {UpTo: 100, Price: 3_000_000}, {Price: 2_500_000, Flat: 100_000_000}}},
			{Code: "storage", Name: "Storage", Scheme: plan.PerUnit, Meter: billing.MeterStorage, Per: 1000, Included: 2, Price: 50_000},
			{Code: "sandbox", Name: "Sandbox", Scheme: plan.Flat, AddOn: true, Price: 19_000_000},
		},
	}
}

// TestBillsComeOutAsWorkedOutByHand: every figure was computed on paper.
func TestBillsComeOutAsWorkedOutByHand(t *testing.T) {
	t.Parallel()
	volume := plan.Version{Currency: "EUR", Components: []plan.Component{
		{Code: "learners", Name: "Active learners", Scheme: plan.Volume, Meter: learners, Tiers: []plan.Tier{{UpTo: 100, Price: 5_000_000, Flat: 10_000_000}, {Price: 4_000_000}}},
	}}
	one := func(cur money.Currency, p money.Micros) plan.Version {
		return plan.Version{Currency: cur, Components: []plan.Component{{Code: "calls", Name: "API calls", Scheme: plan.PerUnit, Meter: billing.MeterAPICalls, Price: p}}}
	}
	tenth := plan.Version{Currency: "EUR", Components: []plan.Component{
		{Code: "calls", Name: "API calls", Scheme: plan.Graduated, Meter: billing.MeterAPICalls, Tiers: []plan.Tier{{UpTo: 1, Price: 4_000}, {UpTo: 2, Price: 4_000}, {Price: 4_000}}},
	}}
	for _, c := range []struct {
		name   string
		v      plan.Version
		addOns map[string]int64
		q      plan.Quantities
		lines  []int64
	}{
		{"nothing used: the flat sum", team("EUR"), nil, nil, []int64{4900, 0, 0}},
		{"what is included costs nothing", team("EUR"), nil, plan.Quantities{learners: 5, billing.MeterStorage: 2000}, []int64{4900, 0, 0}},
		{"one above: 4.00; a started unit of storage: 0.05", team("EUR"), nil, plan.Quantities{learners: 6, billing.MeterStorage: 2001}, []int64{4900, 400, 5}},
		{"25 learners fill the first tier: 20 × 4", team("EUR"), nil, plan.Quantities{learners: 25}, []int64{4900, 8000, 0}},
		{"105: 20 × 4 + 80 × 3 = 320", team("EUR"), nil, plan.Quantities{learners: 105}, []int64{4900, 32000, 0}},
		{"107: 320 + 2 × 2.50 + 100 once = 425", team("EUR"), nil, plan.Quantities{learners: 107}, []int64{4900, 42500, 0}},
		{"two sandboxes: 38.00", team("EUR"), map[string]int64{"sandbox": 2}, nil, []int64{4900, 0, 0, 3800}},
		{"an add-on that the plan does not have", team("EUR"), map[string]int64{"robot": 2}, nil, []int64{4900, 0, 0}},
		{"corrections below zero count as unused", team("EUR"), nil, plan.Quantities{learners: -3}, []int64{4900, 0, 0}},
		{"yen have no decimals: 0.05 rounds to 0, 49 stays 49", team("JPY"), nil, plan.Quantities{learners: 6, billing.MeterStorage: 2001}, []int64{49, 4, 0}},
		{"dinars have three: 49.000 and 0.050", team("KWD"), nil, plan.Quantities{learners: 6, billing.MeterStorage: 2001}, []int64{49000, 4000, 50}},
		{"volume: 100 × 5 + 10 once", volume, nil, plan.Quantities{learners: 100}, []int64{51000}},
		{"volume: all 101 at 4: less than 100 cost", volume, nil, plan.Quantities{learners: 101}, []int64{40400}},
		{"volume: nothing used, nothing due", volume, nil, nil, []int64{0}},
		{"rounded once: 333 × 0.0015 = 0.4995", one("EUR", 1_500), nil, plan.Quantities{billing.MeterAPICalls: 333}, []int64{50}},
		{"half a cent rounds up: 0.005", one("EUR", 5_000), nil, plan.Quantities{billing.MeterAPICalls: 1}, []int64{1}},
		{"just below rounds down: 0.004999", one("EUR", 4_999), nil, plan.Quantities{billing.MeterAPICalls: 1}, []int64{0}},
		{"half a yen: 5 × 0.1", one("JPY", 100_000), nil, plan.Quantities{billing.MeterAPICalls: 5}, []int64{1}},
		{"half a fils: 0.0005", one("KWD", 500), nil, plan.Quantities{billing.MeterAPICalls: 1}, []int64{1}},
		{"three tiers of 0.004 come to 0.012, not to three times nothing", tenth, nil, plan.Quantities{billing.MeterAPICalls: 3}, []int64{1}},
		{"a million million calls at 0.000001", one("EUR", 1), nil, plan.Quantities{billing.MeterAPICalls: 1e12}, []int64{100_000_000}},
	} {
		b, err := c.v.Bill(c.addOns, c.q)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var got []int64
		sum := int64(0)
		for _, l := range b.Lines {
			got = append(got, l.Amount.Minor)
			sum += l.Amount.Minor
		}
		if !slices.Equal(got, c.lines) || b.Total.Minor != sum || b.Total.Currency != c.v.Currency {
			t.Errorf("%s: lines %v of %s, want %v", c.name, got, b.Total, c.lines)
		}
	}
}

func TestALineSaysHowTheTiersCameToIt(t *testing.T) {
	t.Parallel()
	b, err := team("EUR").Bill(nil, plan.Quantities{learners: 107})
	if err != nil {
		t.Fatal(err)
	}
	eur := func(minor int64) money.Money { return money.Money{Minor: minor, Currency: "EUR"} }
	want := []plan.TierLine{
		{From: 1, UpTo: 20, Units: 20, Price: 4_000_000, Amount: eur(8000)},
		{From: 21, UpTo: 100, Units: 80, Price: 3_000_000, Amount: eur(24000)},
		{From: 101, Units: 2, Price: 2_500_000, Flat: 100_000_000, Amount: eur(10500)},
	}
	l := b.Lines[1]
	if !slices.Equal(l.Tiers, want) || l.Used != 107 || l.Units != 107 || l.Included != 5 {
		t.Errorf("got %+v", l)
	}
}

func TestASumThatCannotBeCountedIsAnError(t *testing.T) {
	t.Parallel()
	v := plan.Version{Currency: "EUR", Components: []plan.Component{{Code: "a", Scheme: plan.PerUnit, Meter: learners, Price: plan.MaxPrice}}}
	if _, err := v.Bill(nil, plan.Quantities{learners: math.MaxInt64}); !errors.Is(err, plan.ErrTooLarge) {
		t.Errorf("one line: %v", err)
	}
	half := plan.Component{Code: "a", Scheme: plan.PerUnit, Meter: learners, Price: 1_000_000}
	v.Components = []plan.Component{half, half, half} // each fits, the sum does not
	if _, err := v.Bill(nil, plan.Quantities{learners: 5e16}); !errors.Is(err, plan.ErrTooLarge) {
		t.Errorf("the total: %v", err)
	}
}

// anyVersion makes up a valid version.
func anyVersion(r *rand.Rand) plan.Version {
	v := team([]money.Currency{"EUR", "JPY", "KWD"}[r.IntN(3)])
	v.Components = nil
	anyPrice := func() money.Micros { return money.Micros(r.Int64N(1 << r.IntN(30))) }
	for i := range 1 + r.IntN(4) {
		c := plan.Component{Code: string(rune('a' + i)), Name: "x", Scheme: []plan.Scheme{plan.Flat, plan.PerUnit, plan.Graduated, plan.Volume}[r.IntN(4)]}
		switch c.Scheme {
		case plan.Flat:
			c.Price, c.AddOn = anyPrice(), r.IntN(2) == 0
		case plan.PerUnit:
			c.Price = anyPrice()
		default:
			up := int64(0)
			for range r.IntN(5) {
				up += 1 + r.Int64N(40)
				c.Tiers = append(c.Tiers, plan.Tier{UpTo: up, Price: anyPrice(), Flat: anyPrice()})
			}
			c.Tiers = append(c.Tiers, plan.Tier{Price: anyPrice()})
		}
		if c.Scheme != plan.Flat {
			c.Meter, c.Per, c.Included = billing.Meters()[r.IntN(5)], r.Int64N(5), r.Int64N(9)
		}
		v.Components = append(v.Components, c)
	}
	return v
}

// unitByUnit sums a graduated component one unit at a time, in millionths.
func unitByUnit(c plan.Component, units int64) *big.Int {
	sum := new(big.Int)
	for n := int64(1); n <= units; n++ {
		for j, t := range c.Tiers {
			if t.UpTo != 0 && n > t.UpTo {
				continue
			}
			sum.Add(sum, big.NewInt(int64(t.Price)))
			if j == 0 && n == 1 || j > 0 && n == c.Tiers[j-1].UpTo+1 {
				sum.Add(sum, big.NewInt(int64(t.Flat)))
			}
			break
		}
	}
	return sum
}

// checkBill says what must hold for every valid version and any quantities.
func checkBill(t *testing.T, v plan.Version, r *rand.Rand, q, more plan.Quantities) {
	t.Helper()
	if err := v.Validate(); err != nil {
		t.Fatalf("%+v: %v", v, err)
	}
	booked := map[string]int64{"a": r.Int64N(3), "b": r.Int64N(3)}
	b, err := v.Bill(booked, q)
	b2, err2 := v.Bill(booked, more)
	if errors.Is(err, plan.ErrTooLarge) || errors.Is(err2, plan.ErrTooLarge) {
		return
	}
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	sum := int64(0)
	for i, l := range b.Lines {
		sum += l.Amount.Minor
		c := v.Components[slices.IndexFunc(v.Components, func(c plan.Component) bool { return c.Code == l.Component })]
		tiers := int64(0)
		for _, part := range l.Tiers {
			tiers += part.Amount.Minor
			if part.Amount.Minor < 0 {
				t.Errorf("a tier below nothing: %+v", part)
			}
		}
		if len(l.Tiers) > 0 && tiers != l.Amount.Minor {
			t.Errorf("tiers come to %d, the line to %d", tiers, l.Amount.Minor)
		}
		if l.Amount.Minor < 0 {
			t.Errorf("%+v bills %s for %v", c, l.Amount, q)
		}
		if c.Scheme != plan.Volume && b2.Lines[i].Amount.Minor < l.Amount.Minor {
			t.Errorf("%+v bills %s for %v and %s for %v", c, l.Amount, q, b2.Lines[i].Amount, more)
		}
		if paid := max(l.Units-c.Included, 0); c.Scheme == plan.Graduated && paid < 400 {
			if want, _ := money.Round(unitByUnit(c, paid), v.Currency); want != l.Amount {
				t.Errorf("%+v: %d units one by one come to %s, the line to %s", c, paid, want, l.Amount)
			}
		}
	}
	if b.Total.Minor != sum || sum < 0 {
		t.Errorf("the total is %d, the lines come to %d", b.Total.Minor, sum)
	}
}

func TestNoValidPlanBillsLessThanNothing(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		v := anyVersion(r)
		q, more := plan.Quantities{}, plan.Quantities{}
		for _, m := range billing.Meters() {
			q[m] = r.Int64N(300) - 20
			more[m] = q[m] + r.Int64N(100)
		}
		checkBill(t, v, r, q, more)
	}
}

func FuzzBill(f *testing.F) {
	f.Add(uint64(1), int64(0), int64(1))
	f.Add(uint64(7), int64(math.MaxInt64), int64(math.MaxInt64))
	f.Add(uint64(9), int64(math.MinInt64), int64(5))
	f.Fuzz(func(t *testing.T, seed uint64, a, b int64) {
		r := rand.New(rand.NewPCG(seed, 3))
		v := anyVersion(r)
		q, more := plan.Quantities{}, plan.Quantities{}
		for _, m := range billing.Meters() {
			q[m], more[m] = min(a, b), max(a, b)
		}
		checkBill(t, v, r, q, more)
	})
}

func TestAStartedUnitCountsWhole(t *testing.T) {
	t.Parallel()
	c := plan.Component{Per: 1000}
	for used, want := range map[int64]int64{-5: 0, 0: 0, 1: 1, 999: 1, 1000: 1, 1001: 2, math.MaxInt64: math.MaxInt64/1000 + 1} {
		if got := c.UnitsOf(used); got != want {
			t.Errorf("%d is %d units, want %d", used, got, want)
		}
	}
	if got := (plan.Component{}).UnitsOf(7); got != 7 {
		t.Errorf("without a size of the unit 7 is %d", got)
	}
}
