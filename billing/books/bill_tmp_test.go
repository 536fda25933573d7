package books_test

import (
	"lyceum/billing/money"
	"lyceum/billing/plan"
)

func bill(v plan.Version, addOns map[string]int64, q plan.Quantities) (b plan.Bill, err error) {
	b.Total.Currency = v.Currency
	for _, c := range v.Components {
		l := plan.Line{Component: c.Code, Name: c.Name, Meter: c.Meter, Units: 1}
		if c.AddOn {
			l.Units = addOns[c.Code]
		}
		if l.Units == 0 {
			continue
		}
		n := l.Units
		if c.Scheme != plan.Flat {
			per := max(c.Per, 1)
			l.Units = (max(q[c.Meter], 0) + per - 1) / per
			n = max(l.Units-c.Included, 0)
		}
		l.Amount = c.Price.Of(n, v.Currency)
		b.Total = b.Total.Add(l.Amount)
		b.Lines = append(b.Lines, l)
	}
	return b, nil
}

var _ = money.Money{}
