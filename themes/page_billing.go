package themes

import (
	"strings"
	"time"

	"lyceum/billing"
	"lyceum/billing/money"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/billing/subscription"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// Messages of billing.
const (
	FlashPlanMoved      FlashKey = "plan_moved" // Name: the plan
	FlashCancelPlanned  FlashKey = "cancel_planned"
	FlashCancelled      FlashKey = "subscription_cancelled"
	FlashContinued      FlashKey = "subscription_continued"
	FlashCouponApplied  FlashKey = "coupon_applied" // Name: the coupon
	FlashDetailsSaved   FlashKey = "billing_details_saved"
	FlashBudgetSaved    FlashKey = "budget_saved"
	FlashHeld           FlashKey = "subscription_held"     // Name: the organization
	FlashReleased       FlashKey = "subscription_released" // Name: the organization
	FlashTrialExtended  FlashKey = "trial_extended"        // Name: the organization
	FlashAssigned       FlashKey = "plan_assigned"         // Name: the organization
	FlashInvoiceChanged FlashKey = "invoice_changed"       // Name: the bill
)

// BillingForm is what was typed.
type BillingForm struct {
	Email, Line1, Line2, PostalCode, City, State, Country, TaxKind, TaxID string
	Coupon, Budget                                                        string
}

// BillingPage is GET /settings/billing. It posts to …/cancel (when: period, now), …/continue, …/coupon (coupon), …/details
// (email, street, addition, postal_code, city, state, country, tax_kind, tax_id), …/budget (budget), …/portal.
type BillingPage struct {
	Account  subscription.Account
	Form     BillingForm
	Returned bool // from the payment page: what was paid may take a moment to be known
	Problem  *fault.Fault
}

func (p BillingPage) in(c *Chrome) (string, any) { return "billing", framed[BillingPage]{c, p} }

// PlansPage is GET /settings/billing/plans: what may be chosen.
type PlansPage struct{ Account subscription.Account }

func (p PlansPage) in(c *Chrome) (string, any) { return "billing_plans", framed[PlansPage]{c, p} }

// AddOnChoice is how often an add-on is booked.
type AddOnChoice struct {
	Component plan.Component
	Quantity  int64
}

// PlanPage is GET /settings/billing/plans/:version?add.<code>=: a plan, what it would have cost on real usage, and what a
// change to it costs now. It posts version, add.<code> and coupon to …/checkout or …/move.
type PlanPage struct {
	Account subscription.Account
	Offer   provider.Offer
	AddOns  []AddOnChoice
	Tried   []subscription.Tried
	Preview *provider.Preview
	Coupon  string
	Problem *fault.Fault
}

func (p PlanPage) in(c *Chrome) (string, any) { return "billing_plan", framed[PlanPage]{c, p} }

// Paying tells that the payment service collects already, so that a change is a move.
func (p PlanPage) Paying() bool {
	return p.Account.ProviderRef != "" && (p.Account.ProviderState == provider.StateActive || p.Account.ProviderState == provider.StateTrialing)
}

// Current tells whether this is the plan of today.
func (p PlanPage) Current() bool {
	return p.Account.VersionID != nil && *p.Account.VersionID == p.Offer.Version.ID
}

// InvoicePage is GET /settings/billing/invoices/:ref.
type InvoicePage struct {
	Invoice      subscription.Invoice
	Subscription subscription.Subscription
	Live         bool
}

func (p InvoicePage) in(c *Chrome) (string, any) { return "billing_invoice", framed[InvoicePage]{c, p} }

// OperatorBillingPage is GET /operator/billing.
type OperatorBillingPage struct {
	Overview subscription.Overview
	Live     bool
}

func (p OperatorBillingPage) in(c *Chrome) (string, any) {
	return "operator_billing", framed[OperatorBillingPage]{c, p}
}

// SubscriptionsPage is GET /operator/billing/subscriptions?q=&state=&after=.
type SubscriptionsPage struct {
	Query         string
	State         subscription.State
	Subscriptions page.Of[subscription.Subscription]
}

func (p SubscriptionsPage) in(c *Chrome) (string, any) {
	return "subscriptions", framed[SubscriptionsPage]{c, p}
}

// SubscriptionForm is what was typed.
type SubscriptionForm struct {
	Reason, Days, Version, Collect string
}

// SubscriptionPage is GET /operator/billing/subscriptions/:tenant. It posts reason to …/hold, nothing to …/release, days to
// …/trial, version and collect to …/assign, as (sent, paid, void) to …/invoices/:ref.
type SubscriptionPage struct {
	Account subscription.Account
	Form    SubscriptionForm
	Problem *fault.Fault
}

func (p SubscriptionPage) in(c *Chrome) (string, any) {
	return "subscription", framed[SubscriptionPage]{c, p}
}

// Sum writes an amount as the reader's language does.
func (t talk) Sum(m money.Money) string {
	whole, cents, some := strings.Cut(m.Decimal(), ".")
	negative := strings.HasPrefix(whole, "-")
	whole = strings.TrimPrefix(whole, "-")
	comma, dot := ",", "."
	if t.locale == "de" {
		comma, dot = ".", ","
	}
	var grouped strings.Builder
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			grouped.WriteString(comma)
		}
		grouped.WriteRune(digit)
	}
	out := grouped.String()
	if some {
		out += dot + cents
	}
	if negative {
		out = "−" + out
	}
	return out + "\u00a0" + string(m.Currency)
}

// Price writes a price of small things.
func (t talk) Price(p money.Micros, c money.Currency) string {
	d := p.Decimal()
	whole, cents, _ := strings.Cut(d, ".")
	if missing := c.Digits() - len(cents); missing > 0 {
		d = whole + "." + cents + strings.Repeat("0", missing)
	}
	if t.locale == "de" {
		d = strings.ReplaceAll(d, ".", ",")
	}
	return d + "\u00a0" + string(c)
}

// SubscriptionBadge names a state.
func (c *Chrome) SubscriptionBadge(s subscription.State) (Badge, error) {
	b, err := c.StatusBadge("subscription", string(s))
	switch s {
	case subscription.StateActive:
		b.Tone = "good"
	case subscription.StateTrial:
		b.Tone = "brandly"
	case subscription.StatePastDue, subscription.StateGrace:
		b.Tone = "warn"
	default:
		b.Tone = "bad"
	}
	return b, err
}

// InvoiceBadge names what became of a bill.
func (c *Chrome) InvoiceBadge(i subscription.Invoice) (Badge, error) {
	code := i.Status
	if i.Overdue(c.now) {
		code = "overdue"
	}
	b, err := c.StatusBadge("invoice", code)
	b.Tone = map[string]string{"paid": "good", "open": "brandly", "overdue": "bad", "uncollectible": "bad"}[code]
	return b, err
}

// WhatNext says what time will do and when; "" when nothing is to come.
func (c *Chrome) WhatNext(a subscription.Account) (string, error) {
	switch {
	case a.Held:
		return c.T("billing.next_held")
	case a.Next == nil && a.Free() && a.State == subscription.StateActive:
		return c.T("billing.next_free")
	case a.Next == nil:
		return "", nil
	}
	return c.T("subscription_next."+string(a.Next.To), "Date", c.LongDate(a.Next.At))
}

// MeterName names a meter.
func (c *Chrome) MeterName(m billing.Meter) (string, error) {
	return c.Named("billing_meter", string(m))
}

// UsageURL leads to the entries behind a line of a bill.
func (c *Chrome) UsageURL(m billing.Meter, at time.Time) string {
	return usageURL(m, at)
}

// LimitText writes a limit of a plan; storage in bytes.
func (c *Chrome) LimitText(m billing.Meter, n int64) (string, error) {
	switch {
	case n == plan.Unlimited:
		return c.T("billing.unlimited")
	case m == billing.MeterStorage:
		return c.Bytes(n), nil
	}
	return c.Number(n), nil
}

// PriceLine says what a component costs.
func (c *Chrome) PriceLine(v plan.Version, k plan.Component) (string, error) {
	price := c.Price(k.Price, v.Currency)
	switch {
	case k.Scheme == plan.Flat:
		return c.T("billing.price_flat_"+string(v.Interval), "Price", price)
	case k.Scheme == plan.PerUnit && k.Included > 0:
		return c.T("billing.price_after", "Price", price, "Included", c.Number(k.Included))
	case k.Scheme == plan.PerUnit:
		return c.T("billing.price_each", "Price", price)
	case len(k.Tiers) > 0:
		return c.T("billing.price_tiers", "Price", c.Price(k.Tiers[0].Price, v.Currency))
	}
	return price, nil
}

// SubscriptionStates lists them, for a choice.
func (c *Chrome) SubscriptionStates() []subscription.State { return subscription.States() }

// Collects lists how money may come in, for a choice.
func (c *Chrome) Collects() []subscription.Collect {
	return []subscription.Collect{subscription.CollectNone, subscription.CollectInvoice, subscription.CollectProvider}
}

// IsVersion tells whether a subscription is on a version.
func (c *Chrome) IsVersion(a subscription.Account, id uid.ID) bool {
	return a.VersionID != nil && *a.VersionID == id
}

// Tenth writes a number of a hundred with one decimal.
func (t talk) Tenth(x float64) string {
	n := int64(x*10 + 0.5)
	dot := "."
	if t.locale == "de" {
		dot = ","
	}
	return t.Number(n/10) + dot + t.Number(n%10) + "\u00a0%"
}

// BillingMail tells owners what becomes of the subscription.
type BillingMail struct {
	Name   string
	Kind   string // as subscription.Letter's
	Portal string
	Data   subscription.LetterData
	Link   string
	Live   bool // real money moves
}

func (m BillingMail) letter(c *MailChrome) (string, any) {
	return "billing", enveloped[BillingMail]{c, m}
}

// Billing says a sentence of the mail: "subject", or "text".
func (c *MailChrome) Billing(m BillingMail, part string) (string, error) {
	at := ""
	if m.Data.At != nil {
		at = c.LongDate(*m.Data.At)
	}
	meter := ""
	if m.Data.Meter != "" {
		var err error
		if meter, err = c.Named("billing_meter", m.Data.Meter); err != nil {
			return "", err
		}
	}
	count := func(n int64) string { return c.Number(n) }
	if m.Data.Meter == string(billing.MeterStorage) {
		count = c.Bytes
	}
	return c.T("billing_mail."+m.Kind+"_"+part, "Portal", m.Portal, "Date", at, "Days", m.Data.Days, "Plan", m.Data.Plan, "Number", m.Data.Number,
		"Amount", m.Data.Amount, "Meter", meter, "Percent", m.Data.Percent, "Used", count(m.Data.Used), "Limit", count(m.Data.Limit))
}

// BillingNext says what happens unless it is paid; "" where nothing does.
func (c *MailChrome) BillingNext(m BillingMail) (string, error) {
	if m.Data.Next == "" || m.Data.At == nil {
		return "", nil
	}
	return c.T("subscription_next."+string(m.Data.Next), "Date", c.LongDate(*m.Data.At))
}
