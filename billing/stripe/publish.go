package stripe

import (
	"context"
	"fmt"
	"hash/fnv"
	"strings"

	stripego "github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/form"

	"lyceum/billing"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
)

func eventName(m billing.Meter) string { return "lyceum_" + string(m) }

// Publish makes meters, products and prices match the offers. A price is never changed: one that differs is replaced, and the
// old one archived, as are prices of versions that are no longer on offer; subscriptions that have them keep them.
func (s *Stripe) Publish(ctx context.Context, offers []provider.Offer, dry bool) ([]provider.Change, error) {
	p := &publishing{Stripe: s, dry: dry, keep: map[string]bool{}}
	if err := p.meters(ctx, offers); err != nil {
		return p.done, err
	}
	for _, o := range offers {
		if err := p.offer(ctx, o); err != nil {
			return p.done, fmt.Errorf("publish %s v%d: %w", o.Plan.Code, o.Version.Number, err)
		}
	}
	return p.done, p.archive(ctx)
}

// publishing is one run.
type publishing struct {
	*Stripe
	dry  bool
	done []provider.Change
	keep map[string]bool // ids of prices that are on offer
	ids  map[billing.Meter]string
}

func (p *publishing) did(verb, kind, name, ref string) {
	p.done = append(p.done, provider.Change{Verb: verb, Kind: kind, Name: name, Ref: ref})
}

// fingerprint makes a key of what is asked for, so that a run that is cut short and repeated makes nothing twice.
func fingerprint(what string, params any) string {
	v := &form.Values{}
	form.AppendTo(v, params)
	h := fnv.New64a()
	_, _ = h.Write([]byte(v.Encode()))
	return fmt.Sprintf("publish:%s:%x", what, h.Sum64())
}

func (p *publishing) meters(ctx context.Context, offers []provider.Offer) error {
	there, err := p.listMeters(ctx)
	if err != nil {
		return err
	}
	p.ids = map[billing.Meter]string{}
	for _, m := range billing.Meters() {
		if !uses(offers, m) {
			continue
		}
		if have := there[m]; have != nil {
			p.ids[m] = have.ID
			if have.Status == stripego.BillingMeterStatusActive {
				p.did("keep", "meter", string(m), have.ID)
				continue
			}
			p.did("update", "meter", string(m), have.ID)
			if !p.dry {
				if _, err := p.api.BillingMeters.Reactivate(have.ID, &stripego.BillingMeterReactivateParams{Params: p.sets(ctx)}); err != nil {
					return p.failed(err, "reactivate meter %s", m)
				}
			}
			continue
		}
		params := &stripego.BillingMeterParams{
			DisplayName: stripego.String("Lyceum " + strings.ReplaceAll(string(m), "_", " ")), EventName: stripego.String(eventName(m)),
			DefaultAggregation: &stripego.BillingMeterDefaultAggregationParams{Formula: stripego.String("sum")},
			CustomerMapping:    &stripego.BillingMeterCustomerMappingParams{EventPayloadKey: stripego.String("stripe_customer_id"), Type: stripego.String("by_id")},
			ValueSettings:      &stripego.BillingMeterValueSettingsParams{EventPayloadKey: stripego.String("value")},
		}
		if p.dry {
			p.did("create", "meter", string(m), "")
			continue
		}
		params.Params = p.does(ctx, fingerprint(eventName(m), params))
		made, err := p.api.BillingMeters.New(params)
		if err != nil {
			return p.failed(err, "make meter %s", m)
		}
		p.ids[m] = made.ID
		p.did("create", "meter", string(m), made.ID)
	}
	return nil
}

func uses(offers []provider.Offer, m billing.Meter) bool {
	for _, o := range offers {
		for _, c := range o.Version.Components {
			if c.Meter == m {
				return true
			}
		}
	}
	return false
}

// listMeters lists ours by what they count.
func (s *Stripe) listMeters(ctx context.Context) (map[billing.Meter]*stripego.BillingMeter, error) {
	out := map[billing.Meter]*stripego.BillingMeter{}
	list := s.api.BillingMeters.List(&stripego.BillingMeterListParams{ListParams: s.lists(ctx, 100)})
	for list.Next() {
		m, ours := strings.CutPrefix(list.BillingMeter().EventName, "lyceum_")
		if ours {
			out[billing.Meter(m)] = list.BillingMeter()
		}
	}
	return out, s.failed(list.Err(), "list meters")
}

func (p *publishing) offer(ctx context.Context, o provider.Offer) error {
	there, err := p.pricesOf(ctx, o.Version)
	if err != nil {
		return err
	}
	for _, c := range parts(o.Version) {
		name := fmt.Sprintf("%s v%d %s", o.Plan.Code, o.Version.Number, c.Code)
		product := "lyceum_" + o.Plan.ID.String() + "_" + c.Code
		if err := p.product(ctx, product, o, c); err != nil {
			return err
		}
		if err := p.price(ctx, name, product, o, c, there[c.Code]); err != nil {
			return err
		}
	}
	return nil
}

// product makes what a bill names, or names it anew.
func (p *publishing) product(ctx context.Context, id string, o provider.Offer, c plan.Component) error {
	for _, done := range p.done {
		if done.Kind == "product" && done.Ref == id {
			return nil // another version of the plan has it
		}
	}
	title := c.Name
	if o.Plan.Name != "" {
		title = o.Plan.Name + ": " + c.Name
	}
	params := &stripego.ProductListParams{ListParams: p.lists(ctx, 1), IDs: []*string{&id}}
	list := p.api.Products.List(params)
	if !list.Next() {
		if err := list.Err(); err != nil {
			return p.failed(err, "find product %s", id)
		}
		p.did("create", "product", o.Plan.Code+" "+c.Code, id)
		if p.dry {
			return nil
		}
		params := &stripego.ProductParams{ID: &id, Name: &title, Metadata: map[string]string{ofPlan: o.Plan.ID.String(), ofComponent: c.Code}}
		params.Params = p.does(ctx, fingerprint(id, params))
		_, err := p.api.Products.New(params)
		return p.failed(err, "make product %s", id)
	}
	have := list.Product()
	if have.Name == title && have.Active {
		p.did("keep", "product", o.Plan.Code+" "+c.Code, id)
		return nil
	}
	p.did("update", "product", o.Plan.Code+" "+c.Code, id)
	if p.dry {
		return nil
	}
	_, err := p.api.Products.Update(id, &stripego.ProductParams{Params: p.sets(ctx), Name: &title, Active: stripego.Bool(true)})
	return p.failed(err, "name product %s", id)
}

func (p *publishing) price(ctx context.Context, name, product string, o provider.Offer, c plan.Component, have *stripego.Price) error {
	key := lookup(o.Version.ID, c.Code)
	params := &stripego.PriceParams{
		Currency: stripego.String(strings.ToLower(string(o.Version.Currency))), Product: &product, LookupKey: &key, Nickname: &name,
		Metadata:  map[string]string{ofPlan: o.Plan.ID.String(), ofVersion: o.Version.ID.String(), ofComponent: c.Code, ofMeter: string(c.Meter)},
		Recurring: &stripego.PriceRecurringParams{Interval: stripego.String(every(o.Version, c))},
	}
	if c.AddOn {
		params.Metadata["add_on"] = "yes"
	}
	if c.Meter != "" {
		params.Recurring.UsageType = stripego.String("metered")
		if id := p.ids[c.Meter]; id != "" {
			params.Recurring.Meter = &id
		}
	}
	if err := scheme(params, o.Version, c); err != nil {
		return err
	}
	wanted := fingerprint("price", &stripego.PriceParams{
		Currency: params.Currency, BillingScheme: params.BillingScheme, TiersMode: params.TiersMode, Tiers: params.Tiers,
		UnitAmountDecimal: params.UnitAmountDecimal, TransformQuantity: params.TransformQuantity, Recurring: &stripego.PriceRecurringParams{Interval: params.Recurring.Interval},
	})
	params.Metadata["terms"] = wanted
	if have != nil && have.Metadata["terms"] == wanted {
		return p.again(ctx, name, have)
	}
	verb := "create"
	if have != nil {
		verb = "replace"
	}
	if p.dry {
		p.did(verb, "price", name, "")
		return nil
	}
	params.TransferLookupKey = stripego.Bool(have != nil)
	params.Params = p.does(ctx, fingerprint(key, params))
	made, err := p.api.Prices.New(params)
	if err != nil {
		return p.failed(err, "make price %s", name)
	}
	p.keep[made.ID] = true
	p.did(verb, "price", name, made.ID)
	p.mu.Lock()
	delete(p.prices, o.Version.ID)
	delete(p.counts, o.Version.ID.String())
	p.mu.Unlock()
	return nil
}

// again keeps a price, and puts one that was archived back on offer.
func (p *publishing) again(ctx context.Context, name string, have *stripego.Price) error {
	p.keep[have.ID] = true
	if have.Active {
		p.did("keep", "price", name, have.ID)
		return nil
	}
	p.did("update", "price", name, have.ID)
	if p.dry {
		return nil
	}
	_, err := p.api.Prices.Update(have.ID, &stripego.PriceParams{Params: p.sets(ctx), Active: stripego.Bool(true)})
	return p.failed(err, "offer price %s again", name)
}

// archive takes prices of ours off that are on offer no longer: the flat ones, without which nothing is begun. Those of meters
// and add-ons stay, for who runs on the version may need them yet: a trial that ends has its usage booked only then.
func (p *publishing) archive(ctx context.Context) error {
	list := p.api.Prices.List(&stripego.PriceListParams{ListParams: p.lists(ctx, 100), Active: stripego.Bool(true)})
	var old []*stripego.Price
	for list.Next() {
		if have := list.Price(); ours(have) && !p.keep[have.ID] && (have.LookupKey == "" || !lasting(have)) {
			old = append(old, have)
		}
	}
	if err := list.Err(); err != nil {
		return p.failed(err, "list prices")
	}
	for _, have := range old {
		if p.dry && p.replaced(have) {
			continue
		}
		p.did("archive", "price", have.Nickname, have.ID)
		if p.dry {
			continue
		}
		if _, err := p.api.Prices.Update(have.ID, &stripego.PriceParams{Params: p.sets(ctx), Active: stripego.Bool(false)}); err != nil {
			return p.failed(err, "archive price %s", have.Nickname)
		}
	}
	return nil
}

func ours(p *stripego.Price) bool { return p.Metadata[ofVersion] != "" && p.Metadata[ofPlan] != "" }

func lasting(p *stripego.Price) bool { return p.Metadata[ofMeter] != "" || p.Metadata["add_on"] != "" }

// replaced tells whether a dry run said already that a price goes.
func (p *publishing) replaced(have *stripego.Price) bool {
	for _, d := range p.done {
		if d.Verb == "replace" && d.Name == have.Nickname {
			return true
		}
	}
	return false
}
