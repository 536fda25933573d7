// Package providertest is what every payment provider must do, as one suite that each runs: the books that are built in,
// and Stripe through a fake of it. What a platform tries with the one holds for the other.
package providertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"lyceum/billing"
	"lyceum/billing/money"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/internal/uid"
)

// World is a provider with what a test does to it from outside.
type World struct {
	Provider provider.Provider
	Now      func() time.Time
	// Pass lets time pass until a moment, with all that the provider does by itself meanwhile.
	Pass func(t *testing.T, until time.Time)
	// Tenant makes a tenant.
	Tenant func(t *testing.T) uid.ID
	// Pay answers a checkout with a card that works, or one that does not, and gives the subscription; "" for none.
	Pay func(t *testing.T, tenantID uid.ID, url string, works bool) (ref string)
	// Card changes a payer's card to one that works, or one that does not.
	Card func(t *testing.T, tenantID uid.ID, works bool)
	// Coupon is the code of a coupon of 20 % for three months.
	Coupon string
}

// Run runs the suite.
func Run(t *testing.T, open func(t *testing.T) World) {
	for name, test := range map[string]func(*testing.T, *house){
		"publishing is tried, done, and done once":                      publishes,
		"paying makes a subscription active, once for a key":            pays,
		"a declined card gives no subscription that is alive":           declined,
		"the rest of a trial is kept, and its usage is free":            trial,
		"usage told twice counts once and is billed by the month":       usage,
		"corrections take usage back, but never give money":             corrections,
		"usage of a month that is billed goes on the next bill":         late,
		"a change costs what its preview said, once for a key":          moves,
		"a declined change changes nothing":                             declinedMove,
		"a cancellation with the period can be taken back":              continues,
		"a cancellation comes true with the period, and bills the rest": cancels,
		"a cancellation at once bills what was used":                    cancelsNow,
		"a coupon lowers bills as long as it holds":                     coupons,
		"a card that fails makes it past due, one that works mends it":  dunning,
		"a yearly plan bills its flat part by the year, usage monthly":  yearly,
		"add-ons are billed as often as they are booked":                addOns,
		"what is not there is refused":                                  refuses,
		"a customer is one, and sees only its own":                      strangers,
		"a customer is forgotten, and the bills stay":                   forgets,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, &house{T: t, World: open(t)})
		})
	}
}

// Prices of the suite, in cents.
const (
	flatTeam, flatLarge, flatYear, sandbox = 5000, 20000, 54000, 2000
	learner                                = 200 // each above ten
	tenthousandCalls                       = 150
)

// offers are the plans of the suite: new ones for each, so that none meets another's.
type offers struct{ team, large, year provider.Offer }

func newOffers() offers {
	euros := func(cents int64) money.Micros { return money.Micros(cents * 10_000) }
	offer := func(code string, every plan.Interval, flat int64, more ...plan.Component) provider.Offer {
		p := plan.Plan{ID: uid.New(), Code: code + "-" + uid.Opaque(6), Name: code, Public: true}
		return provider.Offer{Plan: p, Version: plan.Version{
			ID: uid.New(), PlanID: p.ID, Number: 1, Status: plan.StatusPublished, Currency: "EUR", Interval: every, TrialDays: 14, Life: plan.DefaultLife(),
			Components: append([]plan.Component{
				{Code: "base", Name: "Base", Scheme: plan.Flat, Price: euros(flat)},
				{Code: "learners", Name: "Active learners", Scheme: plan.PerUnit, Meter: billing.MeterActiveLearner, Included: 10, Price: euros(learner)},
			}, more...),
		}}
	}
	box := plan.Component{Code: "sandbox", Name: "Sandbox", Scheme: plan.Flat, AddOn: true, Price: euros(sandbox)}
	calls := plan.Component{Code: "calls", Name: "API calls", Scheme: plan.PerUnit, Meter: billing.MeterAPICalls, Per: 10_000, Price: euros(tenthousandCalls)}
	return offers{offer("team", plan.Month, flatTeam, box, calls), offer("large", plan.Month, flatLarge, box), offer("year", plan.Year, flatYear, box)}
}

// house is a test's world, with offers that are published.
type house struct {
	*testing.T
	World
	offers offers
}

func (h *house) ok(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) refused(err error, want error) {
	h.Helper()
	if !errors.Is(err, want) {
		h.Errorf("%v instead of %v", err, want)
	}
}

func (h *house) ctx() context.Context { return h.Context() }

// payer is a tenant with its customer.
type payer struct {
	tenant   uid.ID
	customer string
	ref      string // its subscription
}

func (h *house) publish() {
	h.Helper()
	h.offers = newOffers()
	_, err := h.Provider.Publish(h.ctx(), []provider.Offer{h.offers.team, h.offers.large, h.offers.year}, false)
	h.ok(err)
}

func (h *house) customer() payer {
	h.Helper()
	if h.offers.team.Version.ID == uid.Nil {
		h.publish()
	}
	id := h.Tenant(h.T)
	ref, err := h.Provider.EnsureCustomer(h.ctx(), provider.Customer{TenantID: id, Name: "Acme", Email: "owner@acme.example", Locale: "de"})
	h.ok(err)
	return payer{tenant: id, customer: ref}
}

func (h *house) wish(p payer, v plan.Version) provider.Checkout {
	return provider.Checkout{
		Key: "checkout:" + p.tenant.String() + ":" + v.ID.String(), TenantID: p.tenant, Customer: p.customer, Version: v,
		SuccessURL: "https://acme.example/settings/billing?checkout=done", CancelURL: "https://acme.example/settings/billing",
	}
}

// subscribed is a payer whose subscription was paid for.
func (h *house) subscribed(v func(offers) provider.Offer, change ...func(*provider.Checkout)) payer {
	h.Helper()
	p := h.customer()
	in := h.wish(p, v(h.offers).Version)
	for _, c := range change {
		c(&in)
	}
	url, err := h.Provider.Checkout(h.ctx(), in)
	h.ok(err)
	p.ref = h.Pay(h.T, p.tenant, url, true)
	h.ok(h.Provider.Tend(h.ctx(), p.ref))
	return p
}

func team(o offers) provider.Offer  { return o.team }
func large(o offers) provider.Offer { return o.large }
func year(o offers) provider.Offer  { return o.year }

// until lets time pass, and does what the service does all along.
func (h *house) until(p payer, at time.Time) {
	h.Helper()
	h.Pass(h.T, at)
	h.ok(h.Provider.Tend(h.ctx(), p.ref))
}

// nextMonth is a day after the month's end: all of it is billed then.
func (h *house) nextMonth(p payer) {
	h.Helper()
	h.until(p, billing.PeriodOf(h.Now()).End().Add(24*time.Hour))
}

func (h *house) read(p payer) provider.Subscription {
	h.Helper()
	s, err := h.Provider.Subscription(h.ctx(), p.ref)
	h.ok(err)
	return s
}

func (h *house) state(p payer, want provider.State) {
	h.Helper()
	if got := h.read(p).State; got != want {
		h.Fatalf("the subscription is %s instead of %s", got, want)
	}
}

// used reports usage of now.
func (h *house) used(p payer, m billing.Meter, identifier string, n int64) {
	h.Helper()
	h.ok(h.report(p, m, identifier, n, h.Now()))
}

func (h *house) report(p payer, m billing.Meter, identifier string, n int64, at time.Time) error {
	h.Helper()
	errs := h.Provider.Report(h.ctx(), []provider.Usage{{Identifier: p.tenant.String() + ":" + identifier, Customer: p.customer, Meter: m, Quantity: n, At: at}})
	if len(errs) != 1 {
		h.Fatalf("%d answers to one report", len(errs))
	}
	return errs[0]
}

func (h *house) bills(p payer) []provider.Invoice {
	h.Helper()
	list, err := h.Provider.Invoices(h.ctx(), p.customer, "", 100)
	h.ok(err)
	for i := 1; i < len(list); i++ {
		if list[i].CreatedAt.After(list[i-1].CreatedAt) {
			h.Error("bills are not listed from the newest on")
		}
	}
	return list
}

// billed sums a component over all bills; "" sums everything.
func (h *house) billed(p payer, component string) (cents int64) {
	h.Helper()
	for _, i := range h.bills(p) {
		if component == "" {
			cents += i.Total.Minor
			continue
		}
		for _, l := range i.Lines {
			if l.Component == component {
				cents += l.Amount.Minor
			}
		}
	}
	return cents
}

func (h *house) is(what string, got, want int64) {
	h.Helper()
	if got != want {
		h.Errorf("%s: %d instead of %d", what, got, want)
	}
}
