package plan

import (
	"fmt"
	"math/big"

	"lyceum/billing/money"
	"lyceum/internal/fault"
)

// ErrTooLarge is a bill beyond what can be counted.
var ErrTooLarge = fault.New(fault.KindConflict, "bill_too_large", "This quantity comes to a sum that is too large to be billed.")

// Bill prices one month's quantities: the flat parts of one interval, the add-ons as often as they are booked, and what the
// meters counted. Everything is exact until each line is rounded once to the currency's smallest unit. What is booked and
// is no add-on of the version costs nothing; a meter that corrections brought below zero counts as unused. ErrTooLarge.
func (v Version) Bill(addOns map[string]int64, q Quantities) (Bill, error) {
	b := Bill{Total: money.Money{Currency: v.Currency}}
	for _, c := range v.Components {
		line, ok, err := c.line(v.Currency, addOns[c.Code], q[c.Meter])
		if err == nil && ok {
			b.Lines = append(b.Lines, line)
			b.Total, err = b.Total.Plus(line.Amount)
		}
		if err != nil {
			return Bill{}, ErrTooLarge.Because(fmt.Errorf("component %s: %w", c.Code, err))
		}
	}
	return b, nil
}

// line prices one component; ok is false for an add-on that is not booked.
func (c Component) line(cur money.Currency, booked, used int64) (l Line, ok bool, err error) {
	l = Line{Component: c.Code, Name: c.Name, Meter: c.Meter, Included: c.Included, Units: 1}
	if c.AddOn {
		l.Units = booked
	}
	if l.Units <= 0 {
		return l, false, nil
	}
	if c.Scheme == Flat {
		l.Amount, err = money.Round(c.Price.Exactly(l.Units), cur)
		return l, true, err
	}
	l.Used = max(used, 0)
	l.Units = c.UnitsOf(l.Used)
	paid := max(l.Units-c.Included, 0)
	switch c.Scheme {
	case Graduated:
		l.Amount, l.Tiers, err = graduated(c.Tiers, paid, cur)
	case Volume:
		l.Amount, l.Tiers, err = volume(c.Tiers, paid, cur)
	default:
		l.Amount, err = money.Round(c.Price.Exactly(paid), cur)
	}
	return l, true, err
}

// UnitsOf is how many units of the price an amount of the meter is; a started unit counts whole.
func (c Component) UnitsOf(used int64) int64 {
	if used <= 0 {
		return 0
	}
	per := max(c.Per, 1)
	return (used-1)/per + 1
}

// graduated prices each unit by its own tier. Each tier's amount is what the sum grows by, so that the tiers add up to the
// line, which is rounded once.
func graduated(tiers []Tier, units int64, cur money.Currency) (sum money.Money, out []TierLine, err error) {
	sum = money.Money{Currency: cur}
	exact, from := new(big.Int), int64(0)
	for _, t := range tiers {
		if units <= from {
			break
		}
		n := units - from
		if t.UpTo > 0 {
			n = min(n, t.UpTo-from)
		}
		exact.Add(exact, t.Price.Exactly(n)).Add(exact, big.NewInt(int64(t.Flat)))
		grown, err := money.Round(exact, cur)
		if err != nil {
			return sum, nil, err
		}
		part := money.Money{Minor: grown.Minor - sum.Minor, Currency: cur}
		out = append(out, TierLine{From: from + 1, UpTo: t.UpTo, Units: n, Price: t.Price, Flat: t.Flat, Amount: part})
		sum, from = grown, t.UpTo
		if t.UpTo == 0 {
			break
		}
	}
	return sum, out, nil
}

// volume prices all units by the tier that the whole quantity falls in.
func volume(tiers []Tier, units int64, cur money.Currency) (sum money.Money, out []TierLine, err error) {
	sum = money.Money{Currency: cur}
	if units == 0 {
		return sum, nil, nil
	}
	from := int64(0)
	for _, t := range tiers {
		if t.UpTo == 0 || units <= t.UpTo {
			exact := t.Price.Exactly(units)
			sum, err = money.Round(exact.Add(exact, big.NewInt(int64(t.Flat))), cur)
			return sum, []TierLine{{From: from + 1, UpTo: t.UpTo, Units: units, Price: t.Price, Flat: t.Flat, Amount: sum}}, err
		}
		from = t.UpTo
	}
	return sum, nil, fmt.Errorf("no tier for %d units", units)
}

// PerMonth is a bill as it recurs each month: what is flat for a year counts a twelfth, rounded.
func (b Bill) PerMonth(v Version) Bill {
	if v.Interval != Year {
		return b
	}
	out := Bill{Total: money.Money{Currency: v.Currency}}
	for _, l := range b.Lines {
		if l.Meter == "" {
			l.Amount.Minor = (l.Amount.Minor + 6) / 12
		}
		out.Lines = append(out.Lines, l)
		out.Total = out.Total.Add(l.Amount)
	}
	return out
}
