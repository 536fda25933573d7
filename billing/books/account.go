package books

import (
	"maps"
	"slices"
	"time"

	"lyceum/billing/money"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/internal/uid"
)

// Account is a tenant as a customer of the books. It is a row of control.books.
type Account struct {
	TenantID  uid.ID     `gorm:"primaryKey"`
	CardFails bool       // the pretend card is declined
	NextAt    *time.Time // when something is to happen on it; nil: never
	Untold    bool       // the ledger has events that nobody took
	Ledger    Ledger     `gorm:"serializer:json"`
	CreatedAt time.Time
	UpdatedAt time.Time
}

// TableName is control.books.
func (Account) TableName() string { return "control.books" }

// Ledger is what stands in an account. All lists have the oldest first.
type Ledger struct {
	Payer         provider.Customer
	Wishes        []Wish
	Subscriptions []Subscription
	Items         []provider.Item // for the next bill
	Invoices      []provider.Invoice
	Events        []provider.Event     // that nobody took yet
	Keys          map[string]time.Time // of calls that had their effect
	Closed        time.Time            // usage before it is billed
	Counted       int                  // references given so far
}

// Wish is a checkout that waits for an answer, or had one.
type Wish struct {
	ID uid.ID
	provider.Checkout
	CreatedAt    time.Time
	Subscription string // what it became; "" while it waits
}

// Subscription is one with what the books need to bill it.
type Subscription struct {
	provider.Subscription
	AddOns      []provider.AddOn
	Interval    plan.Interval
	Anchor      time.Time // by which its periods are counted
	Coupon      string
	CouponUntil *time.Time // nil: as long as it runs
	UsageFrom   time.Time  // usage before it is billed, or was free
}

// Coupon takes something off bills. It is a row of control.book_coupons.
type Coupon struct {
	Code      string `gorm:"primaryKey"`
	Percent   int    // of what a bill comes to, without items; 0: AmountOff counts
	AmountOff int64  // in the smallest unit of Currency
	Currency  money.Currency
	Months    int        // how long from its redemption; 0: as long as the subscription runs
	ExpiresAt *time.Time // not redeemed from then on
}

// TableName is control.book_coupons.
func (Coupon) TableName() string { return "control.book_coupons" }

// Offer is a version that was published, or that a subscription runs on. It is a row of control.book_offers.
type Offer struct {
	VersionID uid.ID         `gorm:"primaryKey"`
	Archived  bool           // no longer on offer
	Offer     provider.Offer `gorm:"serializer:json"`
}

// TableName is control.book_offers.
func (Offer) TableName() string { return "control.book_offers" }

// keptFor is how long the key of a call, an answered wish and an event are remembered.
const keptFor = 400 * 24 * time.Hour

// tidy drops what is too old to be asked for again.
func (a *Account) tidy(now time.Time) {
	old := now.Add(-keptFor)
	maps.DeleteFunc(a.Ledger.Keys, func(_ string, at time.Time) bool { return at.Before(old) })
	a.Ledger.Wishes = slices.DeleteFunc(a.Ledger.Wishes, func(w Wish) bool { return w.CreatedAt.Before(old) })
	a.Ledger.Events = slices.DeleteFunc(a.Ledger.Events, func(e provider.Event) bool { return e.At.Before(old) })
}

// once tells whether a key is new, and notes it.
func (a *Account) once(key string, now time.Time) bool {
	if _, there := a.Ledger.Keys[key]; there {
		return false
	}
	if a.Ledger.Keys == nil {
		a.Ledger.Keys = map[string]time.Time{}
	}
	a.Ledger.Keys[key] = now
	return true
}

// find gives the subscription of a reference.
func (a *Account) find(ref string) (*Subscription, error) {
	for i := range a.Ledger.Subscriptions {
		if a.Ledger.Subscriptions[i].Ref == ref {
			return &a.Ledger.Subscriptions[i], nil
		}
	}
	return nil, errNoSuch
}

// running is find for what has not ended.
func (a *Account) running(ref string) (*Subscription, error) {
	s, err := a.find(ref)
	if err == nil && s.State == provider.StateCancelled {
		return nil, errEnded
	}
	return s, err
}

func (a *Account) count() int {
	a.Ledger.Counted++
	return a.Ledger.Counted
}

// happened notes an event.
func (a *Account) happened(typ, object, ref string, at time.Time) {
	a.Ledger.Events = append(a.Ledger.Events, provider.Event{
		ID: numbered(eventRef, a.TenantID, a.count()), Type: typ, At: at, Object: object, Ref: ref, Customer: a.Ledger.Payer.Ref, Payload: []byte("{}"),
	})
}

// moved notes that a subscription changed.
func (a *Account) moved(s *Subscription, at time.Time) {
	typ := "customer.subscription.updated"
	if s.State == provider.StateCancelled {
		typ = "customer.subscription.deleted"
	}
	a.happened(typ, "subscription", s.Ref, at)
}

// forget strikes events that were taken.
func (a *Account) forget(taken map[string]bool) {
	a.Ledger.Events = slices.DeleteFunc(a.Ledger.Events, func(e provider.Event) bool { return taken[e.ID] })
}

func sortEvents(list []provider.Event) {
	slices.SortStableFunc(list, func(a, b provider.Event) int { return a.At.Compare(b.At) })
}

// told is a subscription as others see it.
func (s *Subscription) told() provider.Subscription {
	out := s.Subscription
	out.AddOns, out.Coupon = append([]provider.AddOn{}, s.AddOns...), s.Coupon
	return out
}
