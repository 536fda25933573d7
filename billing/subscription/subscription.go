// Package subscription is what an organization has agreed to pay and where it stands: from trial to erasure, what it may
// use meanwhile, its bills, and what it is told. It keeps no usage (billing), works out no price (billing/plan) and moves
// no money (billing/provider). Learning never waits for it: what it cannot find out, it allows.
package subscription

import (
	"time"

	"lyceum/billing"
	"lyceum/billing/money"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// State is where a subscription stands.
type State string

// The states, in the order in which an unpaid subscription goes through them. Paying leads back to active from any but
// the last.
const (
	StateTrial     State = "trial"
	StateActive    State = "active"
	StatePastDue   State = "past_due"  // reminders, nothing else changes
	StateGrace     State = "grace"     // every administrator is told
	StateReadOnly  State = "read_only" // nothing new is made; people go on learning
	StateSuspended State = "suspended" // the portal is closed, but for assigned courses and the bill
	StateCancelled State = "cancelled" // over; a moment on the way to retained
	StateRetained  State = "retained"  // the portal is closed, its data are kept
	StateErased    State = "erased"    // its data are gone, or going
)

// States lists them in order.
func States() []State {
	return []State{StateTrial, StateActive, StatePastDue, StateGrace, StateReadOnly, StateSuspended, StateCancelled, StateRetained, StateErased}
}

// rank is a state's place on the way down.
func (s State) rank() int {
	for i, other := range States() {
		if s == other {
			return i
		}
	}
	return 0
}

// Dunning tells whether money is waited for.
func (s State) Dunning() bool {
	return s == StatePastDue || s == StateGrace || s == StateReadOnly || s == StateSuspended
}

// Closed tells whether the portal is closed.
func (s State) Closed() bool { return s.rank() >= StateSuspended.rank() }

// Collect is how the money comes in.
type Collect string

const (
	// CollectNone is free of charge: organizations that were there before billing, and those whom an operator favours.
	CollectNone Collect = "none"
	// CollectProvider is through the provider: cards, direct debit.
	CollectProvider Collect = "provider"
	// CollectInvoice is bills of our own, paid by bank transfer; operators note what came in.
	CollectInvoice Collect = "invoice"
)

// Cause is why a subscription is on its way down.
type Cause string

// The causes; "" on the way nowhere.
const (
	CauseTrialOver Cause = "trial_over"
	CauseNotPaid   Cause = "not_paid"
	CauseAsked     Cause = "asked"
)

// SuspendReason is the reason by which tenants are suspended here. A portal that an operator suspended has another one
// and is neither opened by a payment nor reachable for anybody.
const SuspendReason = "billing: not paid"

// Subscription is an organization's. It is a row of control.subscriptions and outlives its tenant.
type Subscription struct {
	TenantID      uid.ID `gorm:"primaryKey"`
	TenantSlug    string
	TenantName    string
	VersionID     *uid.ID // nil: no plan, without limits and prices
	State         State
	Collect       Collect
	Cause         Cause
	Since         time.Time  // when it came into its state
	TrialEnd      *time.Time // until when use is free: the trial's end, or when who was served free of charge agreed to pay
	PeriodStart   *time.Time
	PeriodEnd     *time.Time
	CancelAt      *time.Time
	CancelledAt   *time.Time
	ErasedAt      *time.Time // when the data were gone
	CustomerRef   string
	ProviderRef   string // "" before the first checkout
	ProviderState provider.State
	CheckedAt     *time.Time       // when the provider was last asked
	AddOns        []provider.AddOn `gorm:"serializer:json"`
	Coupon        string
	TaxIDs        []provider.TaxID `gorm:"serializer:json"`
	Address       provider.Address `gorm:"serializer:json"`
	BillingEmail  string
	Held          bool // an operator stopped the clock: nothing gets worse
	HeldReason    string
	BudgetMinor   *int64 // told when a month's sum, or its forecast, passes it
	EraseWarned   int    // the last warning given: 30, 7 or 1 days before
	EraseAt       *time.Time
	Revision      int64
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// TableName is control.subscriptions.
func (Subscription) TableName() string { return "control.subscriptions" }

// From is the moment from which usage of a month is charged: its first, or the end of the trial within it. What is used in a
// trial costs nothing.
func (s Subscription) From(p billing.Period) time.Time {
	if s.TrialEnd != nil && s.TrialEnd.After(p.Start) {
		return *s.TrialEnd
	}
	return p.Start
}

// paysFrom begins to charge who was served free of charge and never paid before.
func (s *Subscription) paysFrom(now time.Time) {
	if s.Collect == CollectNone && s.ProviderRef == "" && (s.TrialEnd == nil || s.TrialEnd.Before(now)) {
		s.TrialEnd = &now
	}
}

// Free tells that nothing is charged.
func (s Subscription) Free() bool { return s.Collect == CollectNone }

// Step is one move of a subscription, done or to come.
type Step struct {
	ID        uid.ID
	TenantID  uid.ID
	FromState State
	ToState   State
	Why       string // trial_over, not_paid, time, paid, asked, operator, provider
	ActorKind string
	ActorID   *uid.ID
	At        time.Time
}

// Letter is a mail to be sent to the owners, and to administrators where Admins is set: written in the transaction of what
// it tells, once for its occasion.
type Letter struct {
	ID        uid.ID
	TenantID  uid.ID
	Kind      string
	Occasion  string
	Admins    bool
	Data      LetterData `gorm:"serializer:json"`
	CreatedAt time.Time
	SentAt    *time.Time
}

// TableName is control.billing_letters.
func (Letter) TableName() string { return "control.billing_letters" }

// LetterData is what a letter says beside its kind.
type LetterData struct {
	Next    State      `json:"next,omitempty"` // what happens unless it is paid
	At      *time.Time `json:"at,omitempty"`   // when
	Days    int        `json:"days,omitempty"`
	Plan    string     `json:"plan,omitempty"`
	Number  string     `json:"number,omitempty"`
	Amount  string     `json:"amount,omitempty"`
	Meter   string     `json:"meter,omitempty"`
	Percent int        `json:"percent,omitempty"`
	Used    int64      `json:"used,omitempty"`
	Limit   int64      `json:"limit,omitempty"`
	Hard    bool       `json:"hard,omitempty"`
}

// Invoice is a bill: a copy of the provider's, or our own.
type Invoice struct {
	TenantID    uid.ID `gorm:"primaryKey"`
	Ref         string `gorm:"primaryKey"`
	Number      string
	Source      Source
	Status      string // draft, open, paid, void, uncollectible
	Currency    money.Currency
	TotalMinor  int64
	TaxMinor    int64
	PeriodStart time.Time
	PeriodEnd   time.Time
	CreatedAt   time.Time
	SentAt      *time.Time
	DueAt       *time.Time
	PaidAt      *time.Time
	URL         string
	PDF         string
	Receipt     string
	Lines       []provider.InvoiceLine `gorm:"serializer:json"`
}

// Source is who wrote a bill.
type Source string

// The sources.
const (
	SourceProvider Source = "provider"
	SourceOwn      Source = "own"
)

// TableName is control.invoices.
func (Invoice) TableName() string { return "control.invoices" }

// Total is the sum with tax.
func (i Invoice) Total() money.Money { return money.Money{Minor: i.TotalMinor, Currency: i.Currency} }

// Overdue tells whether it is open beyond its date.
func (i Invoice) Overdue(now time.Time) bool {
	return i.Status == "open" && i.DueAt != nil && !now.Before(*i.DueAt)
}

// Failures of this package.
var (
	ErrNotFound        = fault.New(fault.KindNotFound, "subscription_not_found", "This organization has no subscription.")
	ErrInvoiceNotFound = fault.New(fault.KindNotFound, "invoice_not_found", "There is no such bill.")
	ErrNoPlan          = fault.New(fault.KindNotFound, "plan_version_not_found", "This plan is not on offer. Choose one of those that are shown.")
	ErrNoPayments      = fault.New(fault.KindConflict, "payments_not_set_up", "This platform takes no payments yet. Ask whoever runs it.")
	ErrWrongState      = fault.New(fault.KindConflict, "subscription_wrong_state", "The subscription's state does not allow this.")
	ErrNotCheckedOut   = fault.New(fault.KindConflict, "subscription_not_paid_yet", "Nothing is paid yet. Choose a plan and pay first.")
	ErrChanged         = fault.New(fault.KindConflict, "subscription_changed", "The subscription was changed at the same moment. Look at it again and repeat what you wanted.")
	ErrErased          = fault.New(fault.KindConflict, "subscription_erased", "This organization's data are erased. It cannot be brought back.")
	ErrReadOnly        = fault.New(fault.KindForbidden, "portal_read_only", "Nothing new can be made here until the bill is paid. Learning goes on. An owner finds the bill under Billing.")
	ErrAPILimit        = fault.New(fault.KindTooMany, "api_limit_reached", "The plan's API calls of this month are used up. They begin anew next month; an owner can choose a larger plan under Billing.")
	ErrStorageLimit    = fault.New(fault.KindConflict, "plan_storage_full", "The plan's storage is full. Remove files that nobody needs, or ask an owner to choose a larger plan under Billing.")
	ErrNotInPlan       = fault.New(fault.KindForbidden, "not_in_plan", "Your plan does not include this. An owner can choose another plan under Billing.")
	ErrPlanUnknown     = fault.New(fault.KindUnavailable, "plan_not_read", "Your plan cannot be looked up right now. Please try again in a moment.")
)

// lifeOf is the timing that holds without a plan's own.
func lifeOf(v *plan.Version) plan.Life {
	if v == nil {
		return plan.DefaultLife()
	}
	return v.Life
}
