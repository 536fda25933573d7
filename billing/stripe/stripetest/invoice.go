package stripetest

import (
	"fmt"
	"net/url"
	"slices"
	"time"
)

// line is one of a bill.
type line struct {
	text      string
	price     object
	quantity  int64
	amount    int64
	from, to  int64
	proration bool
	item      bool // was put there by hand
}

type invoice struct {
	id, customer, status string
	sub                  *subscription
	number               string
	lines                []line
	discount             int64
	coupon               object
	created, paidAt      int64
	finalizeAt           int64
	usageFrom, usageTo   int64 // of what meters counted, until it is finalized
}

func (i *invoice) total() (sum int64) {
	for _, l := range i.lines {
		sum += l.amount
	}
	return sum - i.discount
}

// draftFor is how long a bill stays a draft, in which usage is still taken.
const draftFor = int64(time.Hour / time.Second)

// ahead are the lines of the flat parts of the period that runs.
func (f *Fake) ahead(s *subscription) (out []line) {
	for _, i := range s.items {
		if !i.metered() {
			out = append(out, line{text: fmt.Sprintf("%d × %s", i.quantity, f.nameOf(i)), price: i.price, quantity: i.quantity, amount: i.cents(i.quantity), from: s.periodStart, to: s.periodEnd})
		}
	}
	return out
}

func (f *Fake) nameOf(i item) string { return f.objects[i.price.text("product")].text("name") }

// behind are the lines of what meters counted within [from, until). Less than nothing is nothing.
func (f *Fake) behind(s *subscription, from, until int64) (out []line) {
	for _, i := range s.items {
		if i.metered() {
			n := max(f.used(i.price["recurring"].(object)["meter"].(string), s.customer, from, until), 0)
			out = append(out, line{text: f.nameOf(i), price: i.price, quantity: n, amount: i.cents(n), from: from, to: until})
		}
	}
	return out
}

// prorate works out what a change of items costs from a moment on.
func (f *Fake) prorate(s *subscription, items []item, at int64) (out []line) {
	if s.status == "trialing" {
		return nil
	}
	left, whole := max(s.periodEnd-at, 0), s.periodEnd-s.periodStart
	share := func(amount int64) int64 { return wholeOf(amount, left, whole) }
	next := &subscription{items: items}
	anew := len(items) > 0 && next.interval() != s.interval()
	unchanged := func(i item, in []item) bool {
		return slices.ContainsFunc(in, func(o item) bool { return o.id == i.id && o.price["id"] == i.price["id"] && o.quantity == i.quantity })
	}
	for _, i := range s.items {
		if !i.metered() && (anew || !unchanged(i, items)) {
			out = append(out, line{text: "Unused time on " + f.nameOf(i), price: i.price, quantity: i.quantity, amount: -share(i.cents(i.quantity)), from: at, to: s.periodEnd, proration: true})
		}
	}
	for _, i := range items {
		switch {
		case i.metered():
		case anew:
			out = append(out, line{text: f.nameOf(i), price: i.price, quantity: i.quantity, amount: i.cents(i.quantity), from: at, to: months(at, next.interval())})
		case !unchanged(i, s.items):
			out = append(out, line{text: "Remaining time on " + f.nameOf(i), price: i.price, quantity: i.quantity, amount: share(i.cents(i.quantity)), from: at, to: s.periodEnd, proration: true})
		}
	}
	return out
}

func wholeOf(amount, part, all int64) int64 {
	r := rat(itoa(int(amount)))
	return whole(r.Quo(times(r, part), rat(itoa(int(all)))))
}

// bill writes a bill of a subscription with the items that wait; at once, or as a draft first.
func (f *Fake) bill(s *subscription, lines []line, atOnce bool) *invoice {
	now := f.now.Unix()
	i := &invoice{id: f.id("in"), customer: s.customer, sub: s, status: "draft", lines: lines, created: now, finalizeAt: now + draftFor}
	f.pending = slices.DeleteFunc(f.pending, func(o object) bool {
		if o["customer"] != s.customer {
			return false
		}
		i.lines = append(i.lines, line{text: o.text("description"), quantity: 1, amount: o["amount"].(int64), from: now, to: now, item: true})
		return true
	})
	if len(i.lines) == 0 {
		return nil
	}
	if s.coupon != nil && (s.couponEnd == 0 || now < s.couponEnd) {
		i.coupon = s.coupon
	}
	i.lower()
	f.invoices = append(f.invoices, i)
	f.happened("invoice.created", f.invoiceObject(i))
	if atOnce {
		f.finalize(i)
	}
	return i
}

// lower works out the discount.
func (i *invoice) lower() {
	i.discount = 0
	if i.coupon == nil {
		return
	}
	if t := i.total(); t > 0 {
		i.discount = wholeOf(t, int64(i.coupon["percent_off"].(int)), 100)
	}
}

// finalize ends a draft: meters are read a last time, and it is paid.
func (f *Fake) finalize(i *invoice) {
	if i.usageTo != 0 {
		rest := slices.DeleteFunc(slices.Clone(i.lines), func(l line) bool {
			return !l.item && !l.proration && l.price != nil && (item{price: l.price}).metered()
		})
		i.lines = append(f.behind(i.sub, i.usageFrom, i.usageTo), rest...)
		i.lower()
	}
	f.counted++
	i.status, i.number = "open", fmt.Sprintf("FAKE-%04d", f.counted)
	f.happened("invoice.finalized", f.invoiceObject(i))
	f.collect(i)
}

// collect takes the money: first from what the customer has to its credit, then from the card.
func (f *Fake) collect(i *invoice) {
	due := i.total() + f.balance[i.customer]
	if due > 0 && !f.cards[i.customer] {
		f.happened("invoice.payment_failed", f.invoiceObject(i))
		if i.sub.live() && i.sub.status != "past_due" {
			i.sub.status = "past_due"
			f.happened("customer.subscription.updated", i.sub.object())
		}
		return
	}
	f.balance[i.customer] = min(due, 0)
	i.status, i.paidAt = "paid", f.now.Unix()
	f.happened("invoice.paid", f.invoiceObject(i))
	open := slices.ContainsFunc(f.invoices, func(o *invoice) bool { return o.sub == i.sub && o.status == "open" })
	if i.sub.status == "past_due" && !open {
		i.sub.status = "active"
		f.happened("customer.subscription.updated", i.sub.object())
	}
}

// Card changes a customer's card; one that works pays what is open, as a payer does on the page of a bill.
func (f *Fake) Card(customer string, works bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cards[customer] = works; !works {
		return
	}
	for _, i := range f.invoices {
		if i.customer == customer && i.status == "open" {
			f.collect(i)
		}
	}
}

// Pass lets time pass: trials end, periods begin, drafts become bills, cancellations come true, each at its time.
func (f *Fake) Pass(until time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		at, do := until.Unix()+1, func() {}
		for _, i := range f.invoices {
			if i.status == "draft" && i.finalizeAt < at {
				at, do = i.finalizeAt, func() { f.finalize(i) }
			}
		}
		for _, id := range f.order {
			if s := f.subs[id]; s != nil && s.live() && s.periodEnd < at {
				at, do = s.periodEnd, func() { f.renew(s) }
			}
		}
		if at > until.Unix() {
			f.now = until
			return
		}
		f.now = time.Unix(at, 0).UTC()
		do()
	}
}

// renew begins a period, or ends the subscription that was to end with it.
func (f *Fake) renew(s *subscription) {
	from, until := s.periodStart, s.periodEnd
	if s.atPeriodEnd {
		f.end(s, true)
		return
	}
	trial := s.status == "trialing"
	if trial {
		s.status = "active"
	}
	s.periodStart, s.periodEnd = until, s.after(until)
	lines := f.ahead(s)
	if !trial {
		lines = append(f.behind(s, from, until), lines...)
	}
	if i := f.bill(s, lines, false); i != nil && !trial {
		i.usageFrom, i.usageTo = from, until
	}
	f.happened("customer.subscription.updated", s.object())
}

func (f *Fake) invoiceItem(form url.Values) (any, error) {
	if f.objects[form.Get("customer")] == nil {
		return nil, missing("customer", form.Get("customer"))
	}
	o := f.keep(f.id("ii"), "invoiceitem", form)
	o["amount"] = number(form.Get("amount"))
	f.pending = append(f.pending, o)
	return o, nil
}

func (l line) object(n int) object {
	o := object{
		"id": "il_" + itoa(n), "object": "line_item", "description": l.text, "amount": l.amount, "currency": "eur", "quantity": l.quantity, "proration": l.proration,
		"period": object{"start": l.from, "end": l.to}, "type": "subscription", "discount_amounts": []object{}, "tax_amounts": []object{},
	}
	if l.price != nil {
		o["price"] = l.price
	}
	if l.item || l.proration {
		o["type"] = "invoiceitem"
	}
	return o
}

// shown is how many lines a bill carries itself.
const shown = 10

func (f *Fake) invoiceObject(i *invoice) object {
	lines := []object{}
	for n, l := range i.lines {
		lines = append(lines, l.object(n))
	}
	more := len(lines) > shown
	if more {
		lines = lines[:shown]
	}
	o := object{
		"id": i.id, "object": "invoice", "customer": i.customer, "subscription": i.sub.id, "status": i.status, "number": i.number, "currency": "eur", "created": i.created,
		"period_start": i.created, "period_end": i.created, "total": i.total(), "tax": 0, "paid": i.status == "paid",
		"lines": object{"object": "list", "data": lines, "has_more": more, "url": "/v1/invoices/" + i.id + "/lines"}, "status_transitions": object{},
		"hosted_invoice_url": "https://invoice.stripe.test/" + i.id, "invoice_pdf": "https://invoice.stripe.test/" + i.id + "/pdf",
	}
	if i.paidAt != 0 {
		o["status_transitions"] = object{"paid_at": i.paidAt}
	}
	if i.discount > 0 {
		o["total_discount_amounts"] = []object{{"amount": i.discount}}
		o["discount"] = object{"object": "discount", "coupon": i.coupon}
	}
	return o
}

func (f *Fake) listInvoices(form url.Values) (any, error) {
	var out []object
	for _, i := range slices.Backward(f.invoices) {
		if i.customer == form.Get("customer") {
			out = append(out, f.invoiceObject(i))
		}
	}
	return list(out, form), nil
}

func (f *Fake) listLines(id string, form url.Values) (any, error) {
	for _, i := range f.invoices {
		if i.id == id {
			var out []object
			for n, l := range i.lines {
				out = append(out, l.object(n))
			}
			return list(out, form), nil
		}
	}
	return nil, missing("invoice", id)
}

// upcoming shows the bill of a change that is not made: prorations, and the next period's flat parts beside them.
func (f *Fake) upcoming(form url.Values) (any, error) {
	s := f.subs[form.Get("subscription")]
	if s == nil {
		return nil, missing("subscription", form.Get("subscription"))
	}
	items, err := f.changed(s.items, indexed(form, "subscription_items"))
	if err != nil {
		return nil, err
	}
	i := &invoice{customer: s.customer, sub: s, status: "draft", created: f.now.Unix(), lines: f.prorate(s, items, number(form.Get("subscription_proration_date")))}
	if next := (&subscription{items: items}); next.interval() == s.interval() {
		next.periodStart, next.periodEnd = s.periodEnd, s.after(s.periodEnd)
		i.lines = append(i.lines, f.ahead(next)...)
	}
	o := f.invoiceObject(i)
	delete(o, "id")
	return o, nil
}
