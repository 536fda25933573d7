// Package provider is what is asked of a company that takes payments and writes invoices. billing/stripe is one such,
// billing/books the one built in, which only keeps books. Prices, usage and the state of a subscription are ours; a
// provider is told of them and answers for money.
package provider

import (
	"context"
	"errors"
	"time"

	"lyceum/billing"
	"lyceum/billing/money"
	"lyceum/billing/plan"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Failures that callers tell apart. Any other failure may be transient and is tried again.
var (
	// ErrUnavailable is a provider that does not answer, or answers 429 or 5xx: try again later with the same key.
	ErrUnavailable = fault.New(fault.KindUnavailable, "payments_unavailable", "The payment service does not answer now. Nothing was charged. Please try again in a few minutes.")
	// ErrRefused is an answer that will be the same next time.
	ErrRefused = fault.New(fault.KindConflict, "payments_refused", "The payment service refused this.")
	// ErrTooLate is usage of a month that the provider has billed, or more than 35 days old; it goes on the next invoice as an
	// item of its own. Usage more than 5 minutes ahead is ErrUnavailable: its time will come.
	ErrTooLate = fault.New(fault.KindConflict, "usage_too_late", "This usage belongs to a period that is closed.")
	// ErrForged is an incoming message that the provider did not sign, or signed too long ago.
	ErrForged = fault.New(fault.KindInvalid, "bad_signature", "The signature does not match.")
	// ErrUnsupported is something this provider does not do.
	ErrUnsupported = fault.New(fault.KindConflict, "payments_unsupported", "This is not possible with the way this platform takes payments.")
)

// Provider takes payments. Every call that changes something carries a key: the same key twice has the effect of once.
type Provider interface {
	// Name is stripe or books.
	Name() string
	// Live tells whether real money moves.
	Live() bool

	// Publish makes products, prices and meters match the versions. With dry set it only tells what it would do. It is
	// idempotent; a published price is never changed, only replaced and archived.
	Publish(ctx context.Context, offers []Offer, dry bool) ([]Change, error)

	// EnsureCustomer makes or updates the tenant's customer and gives its reference.
	EnsureCustomer(ctx context.Context, c Customer) (ref string, err error)
	// Forget removes a customer's name, addresses, ways of paying and subscriptions; bills that were written stay, as the law wants
	// them kept. Forgetting one that is gone changes nothing.
	Forget(ctx context.Context, customer string) error
	// Checkout gives an address where the owner pays and the subscription begins.
	Checkout(ctx context.Context, in Checkout) (url string, err error)
	// Portal gives an address where payment methods, tax ids and invoices are managed.
	Portal(ctx context.Context, customer, returnURL string) (url string, err error)

	// Subscription reads one as it is now: an incoming event is only the reason to ask.
	Subscription(ctx context.Context, ref string) (Subscription, error)
	// Tend does for a subscription what nobody asks for by name: usage is billed beside the flat parts, what hung on it ends
	// with it. It may be called for any event, any number of times.
	Tend(ctx context.Context, ref string) error
	// Preview says what a change would cost now.
	Preview(ctx context.Context, in Move) (Preview, error)
	// Move changes the plan of a subscription, with proration.
	Move(ctx context.Context, key string, in Move) (Subscription, error)
	// Cancel ends a subscription at once, or with its period.
	Cancel(ctx context.Context, key, ref string, now bool) (Subscription, error)
	// Continue takes a cancellation with the period back.
	Continue(ctx context.Context, key, ref string) (Subscription, error)
	// Apply gives a coupon to a subscription; ErrRefused when there is none such.
	Apply(ctx context.Context, key, ref, coupon string) error

	// Invoices lists a customer's, the newest first; after is the last one's reference.
	Invoices(ctx context.Context, customer, after string, limit int) ([]Invoice, error)
	// AddItem puts a line on the customer's next invoice: late usage, a correction of a closed period.
	AddItem(ctx context.Context, key string, in Item) error

	// Report tells usage. Each has its identifier; one told twice counts once. It answers for each by its place; nil is done.
	Report(ctx context.Context, usage []Usage) []error
	// Reported is the sum that the provider has for a customer's meter within [from, until).
	Reported(ctx context.Context, customer string, m billing.Meter, from, until time.Time) (int64, error)

	// Read checks an incoming message's signature and reads it; ErrForged.
	Read(payload []byte, header string, now time.Time) (Event, error)
	// Undelivered lists events since a moment that the provider could not deliver, the oldest first.
	Undelivered(ctx context.Context, since time.Time) ([]Event, error)
}

// Offer is a plan's version to be sold.
type Offer struct {
	Plan    plan.Plan
	Version plan.Version
}

// Change is something that Publish did, or would do.
type Change struct {
	Verb string // create, replace, archive, update, keep
	Kind string // product, price, meter
	Name string // team v2 learners
	Ref  string // the provider's id, "" when only tried
}

// Customer is a tenant as a payer.
type Customer struct {
	TenantID uid.ID
	Ref      string // "" before the first
	Name     string
	Email    string
	Locale   string
	TaxIDs   []TaxID
	Address  Address
}

// TaxID is a number by which a tax office knows the payer; Kind is Stripe's (eu_vat).
type TaxID struct{ Kind, Value string }

// Address is a postal one; Country is ISO 3166 alpha-2.
type Address struct{ Line1, Line2, PostalCode, City, State, Country string }

// AddOn is a booked component of the plan.
type AddOn struct {
	Component string
	Quantity  int64
}

// Checkout is a wish to pay.
type Checkout struct {
	Key        string
	TenantID   uid.ID
	Customer   string
	Version    plan.Version
	AddOns     []AddOn
	Coupon     string
	TrialEnd   *time.Time // the rest of the trial is kept
	SuccessURL string
	CancelURL  string
}

// Move is a wish to change.
type Move struct {
	Subscription string
	Version      plan.Version
	AddOns       []AddOn
	At           time.Time // for the proration
}

// Preview is what a change costs.
type Preview struct {
	Due   money.Money // now; negative is a credit
	Lines []InvoiceLine
}

// State is a subscription's at the provider.
type State string

// The states that matter to us.
const (
	StateIncomplete State = "incomplete"
	StateTrialing   State = "trialing"
	StateActive     State = "active"
	StatePastDue    State = "past_due"
	StateUnpaid     State = "unpaid"
	StateCancelled  State = "cancelled"
)

// Subscription is one as the provider has it.
type Subscription struct {
	Ref         string
	Customer    string
	TenantID    uid.ID // from its metadata; uid.Nil when it is none of ours
	VersionID   uid.ID
	AddOns      []AddOn // nil: it does not say
	Coupon      string  // what its bills are lowered by; "" for nothing
	State       State
	PeriodStart time.Time
	PeriodEnd   time.Time
	TrialEnd    *time.Time
	CancelAt    *time.Time
	CancelledAt *time.Time
}

// Invoice is a bill that was written.
type Invoice struct {
	Ref         string
	Number      string
	Status      string // draft, open, paid, void, uncollectible
	Total       money.Money
	Tax         money.Money
	PeriodStart time.Time
	PeriodEnd   time.Time
	CreatedAt   time.Time
	DueAt       *time.Time
	PaidAt      *time.Time
	URL         string // where it is read and paid
	PDF         string
	Receipt     string
	Lines       []InvoiceLine
}

// InvoiceLine is a line of one. Component and Meter lead to the usage behind it; "" where there is none.
type InvoiceLine struct {
	Text      string
	Component string
	Meter     billing.Meter
	Quantity  int64
	Amount    money.Money
}

// Item is a line for the next invoice.
type Item struct {
	Customer string
	Text     string
	Amount   money.Money
	Period   billing.Period
}

// Usage is something used. Identifier is made from what it counts, so that telling it again changes nothing.
type Usage struct {
	Identifier string
	Customer   string
	Meter      billing.Meter
	Quantity   int64 // negative is a correction
	At         time.Time
}

// Event is an incoming message. What it carries is not believed: the object it names is read again.
type Event struct {
	ID       string
	Type     string
	At       time.Time
	Object   string // the kind: subscription, invoice
	Ref      string // the object's id
	Customer string
	Payload  []byte
}

// Later is why a provider is unavailable, with how long it wants to be left alone.
type Later struct {
	After time.Duration // 0: it did not say
	Cause error
}

// Error is the cause's.
func (l *Later) Error() string { return l.Cause.Error() }

// Unwrap gives the cause.
func (l *Later) Unwrap() error { return l.Cause }

// RetryAfter is how long a provider that failed wants to be left alone; 0 when it did not say.
func RetryAfter(err error) time.Duration {
	var l *Later
	if errors.As(err, &l) {
		return l.After
	}
	return 0
}
