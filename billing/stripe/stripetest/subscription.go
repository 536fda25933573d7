package stripetest

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// subscription is one, with its items.
type subscription struct {
	id, customer, status string
	items                []item
	metadata             map[string]string
	created, start       int64
	anchor               int64 // by which periods are counted
	periodStart          int64
	periodEnd            int64
	trialEnd             int64
	atPeriodEnd          bool
	cancelledAt, endedAt int64
	coupon               object
	couponEnd            int64
}

type item struct {
	id       string
	price    object
	quantity int64
}

func (i item) metered() bool {
	r, _ := i.price["recurring"].(object)
	return r["usage_type"] == "metered"
}

func (i item) cents(n int64) int64 { return i.price["terms"].(terms).cents(n) }

func (s *subscription) interval() int {
	if r, _ := s.items[0].price["recurring"].(object); r["interval"] == "year" {
		return 12
	}
	return 1
}

func (s *subscription) live() bool { return s.endedAt == 0 }

// months counts on from an anchor; a day that a month does not have is its last.
func months(anchor int64, n int) int64 {
	at := time.Unix(anchor, 0).UTC()
	first := time.Date(at.Year(), at.Month()+time.Month(n), 1, at.Hour(), at.Minute(), at.Second(), 0, time.UTC)
	return first.AddDate(0, 0, min(at.Day(), first.AddDate(0, 1, -1).Day())-1).Unix()
}

// after is the first end of a period beyond a moment.
func (s *subscription) after(at int64) int64 {
	if s.anchor > at {
		return s.anchor
	}
	for n := s.interval(); ; n += s.interval() {
		if end := months(s.anchor, n); end > at {
			return end
		}
	}
}

func (s *subscription) object() object {
	items := []object{}
	for _, i := range s.items {
		o := object{"id": i.id, "object": "subscription_item", "price": i.price, "subscription": s.id}
		if !i.metered() {
			o["quantity"] = i.quantity
		}
		items = append(items, o)
	}
	o := object{
		"id": s.id, "object": "subscription", "customer": s.customer, "status": s.status, "metadata": maps.Clone(s.metadata), "created": s.created, "start_date": s.start,
		"billing_cycle_anchor": s.anchor, "current_period_start": s.periodStart, "current_period_end": s.periodEnd, "cancel_at_period_end": s.atPeriodEnd,
		"items": object{"object": "list", "data": items, "has_more": false}, "cancel_at": nil, "trial_end": nil, "canceled_at": nil, "ended_at": nil, "discount": nil,
	}
	for name, at := range map[string]int64{"trial_end": s.trialEnd, "canceled_at": s.cancelledAt, "ended_at": s.endedAt} {
		if at != 0 {
			o[name] = at
		}
	}
	if s.atPeriodEnd {
		o["cancel_at"] = s.periodEnd
	}
	if s.coupon != nil {
		o["discount"] = object{"id": "di_" + s.id, "object": "discount", "coupon": s.coupon}
	}
	return o
}

func (f *Fake) subscriptions(method string, parts []string, form url.Values) (any, error) {
	if len(parts) == 1 {
		if method != "GET" {
			s, err := f.begin(form)
			if err != nil {
				return nil, err
			}
			return s.object(), nil
		}
		var found []object
		for _, id := range slices.Backward(f.order) {
			if s := f.subs[id]; s != nil && (form.Get("customer") == "" || s.customer == form.Get("customer")) && (form.Get("status") == "all" || s.live()) {
				found = append(found, s.object())
			}
		}
		return list(found, form), nil
	}
	s := f.subs[parts[1]]
	if s == nil {
		return nil, missing("subscription", parts[1])
	}
	switch method {
	case "GET":
		return s.object(), nil
	case "DELETE":
		if !s.live() {
			return nil, missing("subscription", parts[1])
		}
		f.end(s, form.Get("invoice_now") == "true")
		return s.object(), nil
	}
	if !s.live() {
		return nil, invalid("A canceled subscription can only update its cancellation_details and metadata.")
	}
	if err := f.change(s, form); err != nil {
		return nil, err
	}
	f.happened("customer.subscription.updated", s.object())
	return s.object(), nil
}

// begin makes a subscription, and bills what is due ahead.
func (f *Fake) begin(form url.Values) (*subscription, error) {
	now := f.now.Unix()
	s := &subscription{id: f.id("sub"), customer: form.Get("customer"), status: "active", metadata: metadataOf(form), created: now, start: now, anchor: now}
	if c := f.objects[s.customer]; c == nil {
		return nil, missing("customer", s.customer)
	}
	var err error
	if s.items, err = f.changed(nil, indexed(form, "items")); err != nil {
		return nil, err
	}
	if len(s.items) == 0 {
		return nil, invalid("Missing required param: items.")
	}
	for _, i := range s.items {
		if a, b := i.price["recurring"].(object)["interval"], s.items[0].price["recurring"].(object)["interval"]; a != b {
			return nil, invalid("All prices on a subscription must have the same `recurring.interval`.")
		}
	}
	if back := number(form.Get("backdate_start_date")); back != 0 {
		if back > now {
			return nil, invalid("backdate_start_date lies in the future.")
		}
		s.start = back
	}
	s.periodStart = s.start
	anchor, trial := number(form.Get("billing_cycle_anchor")), number(form.Get("trial_end"))
	switch {
	case anchor != 0 && (anchor <= now || anchor > months(s.start, s.interval())):
		return nil, invalid("billing_cycle_anchor cannot be later than next natural billing date.")
	case anchor != 0:
		s.anchor = anchor
	case trial > now:
		s.status, s.trialEnd, s.anchor = "trialing", trial, trial
	}
	s.periodEnd = s.after(s.start)
	if err := f.redeem(s, form); err != nil {
		return nil, err
	}
	f.subs[s.id] = s
	f.order = append(f.order, s.id)
	f.happened("customer.subscription.created", s.object())
	if s.status == "active" && form.Get("proration_behavior") != "none" {
		f.bill(s, f.ahead(s), true)
	}
	return s, nil
}

func metadataOf(form url.Values) map[string]string {
	o := object{}
	(&Fake{}).set(o, form)
	return o.meta()
}

// redeem takes over a coupon, or a promotion code.
func (f *Fake) redeem(s *subscription, form url.Values) error {
	id := or(form.Get("coupon"), form.Get("discounts[0][coupon]"))
	if code := or(form.Get("promotion_code"), form.Get("discounts[0][promotion_code]")); code != "" {
		if f.objects[code] == nil {
			return missing("promotion code", code)
		}
		id = f.objects[code]["coupon"].(object).text("id")
	}
	if id == "" {
		return nil
	}
	c := f.objects[id]
	if c == nil || c["object"] != "coupon" {
		return missing("coupon", id)
	}
	s.coupon, s.couponEnd = c, 0
	if n, ok := c["duration_in_months"].(int); ok {
		s.couponEnd = months(f.now.Unix(), n)
	}
	return nil
}

// changed gives the items after what is asked for.
func (f *Fake) changed(items []item, asked []map[string]string) ([]item, error) {
	out := slices.Clone(items)
	for _, a := range asked {
		at := slices.IndexFunc(out, func(i item) bool { return i.id == a["id"] && a["id"] != "" })
		if a["id"] != "" && at < 0 {
			return nil, missing("subscription_item", a["id"])
		}
		if a["deleted"] == "true" {
			out = slices.Delete(out, at, at+1)
			continue
		}
		if at < 0 {
			out = append(out, item{id: f.id("si"), quantity: 1})
			at = len(out) - 1
		}
		if id := a["price"]; id != "" {
			p := f.objects[id]
			if p == nil || p["object"] != "price" {
				return nil, missing("price", id)
			}
			if p["active"] != true && (at >= len(items) || items[at].price["id"] != id) {
				return nil, invalid("The price specified is inactive.")
			}
			out[at].price = p
		}
		if q, there := a["quantity"]; there {
			if out[at].metered() {
				return nil, invalid("You cannot set the quantity for metered plans.")
			}
			out[at].quantity = number(q)
		}
	}
	return out, nil
}

// change does an update: items with proration, a cancellation with the period, a coupon, metadata.
func (f *Fake) change(s *subscription, form url.Values) error {
	before := *s
	if err := f.redeem(s, form); err != nil {
		return err
	}
	if asked := indexed(form, "items"); len(asked) > 0 {
		items, err := f.changed(s.items, asked)
		if err != nil {
			return err
		}
		lines := f.prorate(s, items, f.now.Unix())
		s.items = items
		if form.Get("proration_behavior") == "always_invoice" && len(lines) > 0 {
			due := int64(0)
			for _, l := range lines {
				due += l.amount
			}
			if due > 0 && !f.cards[s.customer] && form.Get("payment_behavior") == "error_if_incomplete" {
				*s = before
				return &problem{status: 402, kind: "card_error", code: "card_declined", declineReason: "generic_decline", message: "Your card was declined."}
			}
			if before.interval() != s.interval() {
				s.anchor, s.periodStart = f.now.Unix(), f.now.Unix()
				s.periodEnd = s.after(s.periodStart)
			}
			f.bill(s, lines, true)
		}
	}
	if v := form.Get("cancel_at_period_end"); v != "" {
		if s.atPeriodEnd = v == "true"; s.atPeriodEnd {
			s.cancelledAt = f.now.Unix()
		} else {
			s.cancelledAt = 0
		}
	}
	for k, v := range metadataOf(form) {
		s.metadata[k] = v
	}
	return nil
}

// end cancels a subscription; what meters counted is billed when that is asked for.
func (f *Fake) end(s *subscription, invoice bool) {
	trial := s.status == "trialing"
	s.status, s.endedAt = "canceled", f.now.Unix()
	if s.cancelledAt == 0 {
		s.cancelledAt = s.endedAt
	}
	if invoice && !trial {
		f.bill(s, f.behind(s, s.periodStart, s.endedAt+1), true)
	}
	f.happened("customer.subscription.deleted", s.object())
}

// checkout begins a session.
func (f *Fake) checkout(form url.Values) (any, error) {
	if f.objects[form.Get("customer")] == nil {
		return nil, missing("customer", form.Get("customer"))
	}
	if form.Get("subscription_data[trial_end]") != "" && form.Get("subscription_data[billing_cycle_anchor]") != "" {
		return nil, invalid("You may only specify one of these parameters: billing_cycle_anchor, trial_end.")
	}
	if at := number(form.Get("subscription_data[trial_end]")); at != 0 && at < f.now.Add(48*time.Hour).Unix() {
		return nil, invalid("The `trial_end` date has to be at least 2 days in the future.")
	}
	if form.Get("allow_promotion_codes") != "" && form.Has("discounts[0][coupon]") {
		return nil, invalid("You may only specify one of these parameters: allow_promotion_codes, discounts.")
	}
	if form.Get("tax_id_collection[enabled]") == "true" && form.Get("customer_update[name]") != "auto" {
		return nil, invalid("Tax ID collection requires updating business name on the customer.")
	}
	o := f.keep(f.id("cs"), "checkout.session", form)
	o["status"], o["url"], o["subscription"] = "open", "https://checkout.stripe.test/c/"+o.text("id"), nil
	asked := url.Values{"customer": {form.Get("customer")}}
	for k, v := range form {
		for from, to := range map[string]string{"line_items[": "items[", "subscription_data[metadata][": "metadata[", "discounts[": "discounts["} {
			if rest, ok := strings.CutPrefix(k, from); ok {
				asked[to+rest] = v
			}
		}
	}
	if at := form.Get("subscription_data[trial_end]"); at != "" {
		asked.Set("trial_end", at)
	}
	o["asked"] = asked
	return o, nil
}

// Pay answers a session as its payer does; a card that is declined leaves it open. It gives the subscription, "" for none.
func (f *Fake) Pay(address string, works bool) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	o := f.objects[address[strings.LastIndex(address, "/")+1:]]
	if o == nil || o["status"] != "open" {
		return "", invalid("no open session at %s", address)
	}
	if f.cards[o.text("customer")] = works; !works {
		return "", nil
	}
	s, err := f.begin(o["asked"].(url.Values))
	if err != nil {
		return "", err
	}
	o["status"], o["subscription"] = "complete", s.id
	f.happened("checkout.session.completed", o)
	return s.id, nil
}
