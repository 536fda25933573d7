package stripe

import (
	"context"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	stripego "github.com/stripe/stripe-go/v76"

	"lyceum/billing/money"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/internal/uid"
)

// membership is the component that stands for a plan without a fixed price: a subscription needs one.
const membership = "membership"

// parts are the components of a version as they are priced there: a plan that costs nothing fixed has one that costs nothing.
func parts(v plan.Version) []plan.Component {
	for _, c := range v.Components {
		if c.Scheme == plan.Flat && !c.AddOn {
			return v.Components
		}
	}
	return append([]plan.Component{{Code: membership, Name: "Membership", Scheme: plan.Flat}}, v.Components...)
}

func lookup(version uid.ID, component string) string {
	return "lyceum:" + version.String() + ":" + component
}

// every is how often a component is billed: usage always by the month.
func every(v plan.Version, c plan.Component) string {
	if c.Meter != "" {
		return string(plan.Month)
	}
	return string(v.Interval)
}

// decimal is the price of one unit of the meter, in the currency's smallest unit. Stripe takes twelve decimals: what needs
// more cannot be sold there.
func decimal(p money.Micros, per int64, c money.Currency) (float64, error) {
	r := new(big.Rat).SetFrac(big.NewInt(int64(p)), big.NewInt(1_000_000))
	r.Mul(r, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(c.Digits())), nil)))
	r.Quo(r, new(big.Rat).SetInt64(per))
	text := r.FloatString(12)
	back, _ := new(big.Rat).SetString(text)
	if back.Cmp(r) != 0 {
		return 0, provider.ErrRefused.Saying("A price of %s for %d units has more decimals than the payment service takes.", p.Decimal(), per)
	}
	f, err := strconv.ParseFloat(strings.TrimRight(strings.TrimRight(text, "0"), "."), 64)
	return f, err
}

// scheme writes a component's price. A price by started packs of the meter is a package price; where units are included or
// tiered, the parts of a pack are priced as such, for there are no tiers of packs.
func scheme(p *stripego.PriceParams, v plan.Version, c plan.Component) error {
	per := max(c.Per, 1)
	if c.Scheme == plan.Flat || c.Scheme == plan.PerUnit && c.Included == 0 {
		if c.Meter != "" && per > 1 {
			p.TransformQuantity = &stripego.PriceTransformQuantityParams{DivideBy: &per, Round: stripego.String("up")}
		}
		amount, err := decimal(c.Price, 1, v.Currency)
		p.BillingScheme, p.UnitAmountDecimal = stripego.String("per_unit"), &amount
		return err
	}
	tiers, mode := c.Tiers, "graduated"
	switch c.Scheme {
	case plan.PerUnit:
		tiers = []plan.Tier{{Price: c.Price}}
	case plan.Volume:
		mode = "volume"
		if c.Included > 0 {
			return provider.ErrRefused.Saying("The payment service has no included units where all are priced by their volume.")
		}
	}
	p.BillingScheme, p.TiersMode = stripego.String("tiered"), &mode
	if c.Included > 0 {
		p.Tiers = append(p.Tiers, &stripego.PriceTierParams{UpTo: stripego.Int64(c.Included * per), UnitAmountDecimal: stripego.Float64(0)})
	}
	for _, t := range tiers {
		amount, err := decimal(t.Price, per, v.Currency)
		if err != nil {
			return err
		}
		tier := &stripego.PriceTierParams{UnitAmountDecimal: &amount}
		if t.UpTo > 0 {
			tier.UpTo = stripego.Int64((c.Included + t.UpTo) * per)
		} else {
			tier.UpToInf = stripego.Bool(true)
		}
		if t.Flat != 0 {
			flat, err := decimal(t.Flat, 1, v.Currency)
			if err != nil {
				return err
			}
			tier.FlatAmountDecimal = &flat
		}
		p.Tiers = append(p.Tiers, tier)
	}
	return nil
}

// priceIDs finds the prices of a version by component. They never change, so they are remembered.
func (s *Stripe) priceIDs(ctx context.Context, v plan.Version) (map[string]string, error) {
	s.mu.Lock()
	known := s.prices[v.ID]
	s.mu.Unlock()
	if known != nil {
		return known, nil
	}
	list, err := s.pricesOf(ctx, v)
	if err != nil {
		return nil, err
	}
	ids := map[string]string{}
	for _, c := range parts(v) {
		p := list[c.Code]
		if p == nil {
			return nil, provider.ErrRefused.Saying("This plan is not published at the payment service yet. Whoever runs this platform publishes it with “lyceum billing sync”.").
				Because(fmt.Errorf("no price %s", lookup(v.ID, c.Code)))
		}
		ids[c.Code] = p.ID
	}
	s.mu.Lock()
	s.prices[v.ID] = ids
	s.mu.Unlock()
	return ids, nil
}

// pricesOf lists the prices of a version by component.
func (s *Stripe) pricesOf(ctx context.Context, v plan.Version) (map[string]*stripego.Price, error) {
	out := map[string]*stripego.Price{}
	all := parts(v)
	for len(all) > 0 {
		n := min(len(all), 10) // so many keys are taken at once
		params := &stripego.PriceListParams{ListParams: s.lists(ctx, 100)}
		for _, c := range all[:n] {
			params.LookupKeys = append(params.LookupKeys, stripego.String(lookup(v.ID, c.Code)))
		}
		params.AddExpand("data.tiers")
		all = all[n:]
		list := s.api.Prices.List(params)
		for list.Next() {
			out[list.Price().Metadata[ofComponent]] = list.Price()
		}
		if err := list.Err(); err != nil {
			return nil, s.failed(err, "list prices")
		}
	}
	return out, nil
}

// booked is how often each flat component of a version is to be billed.
func booked(v plan.Version, addOns []provider.AddOn) map[string]int64 {
	n := map[string]int64{}
	for _, c := range parts(v) {
		if c.Meter == "" && !c.AddOn {
			n[c.Code] = 1
		}
	}
	for _, a := range addOns {
		for _, c := range v.Components {
			if c.Code == a.Component && c.AddOn && c.Meter == "" && a.Quantity > 0 {
				n[c.Code] = a.Quantity
			}
		}
	}
	return n
}

// metered are the components of a version that meters count. One that is an add-on is there for who booked it.
func metered(v plan.Version, addOns []provider.AddOn) map[string]int64 {
	n := map[string]int64{}
	for _, c := range v.Components {
		if c.Meter == "" {
			continue
		}
		there := !c.AddOn
		for _, a := range addOns {
			there = there || a.Component == c.Code && a.Quantity > 0
		}
		if there {
			n[c.Code] = 0 // of a meter there is no number
		}
	}
	return n
}
