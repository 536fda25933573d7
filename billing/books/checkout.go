package books

import (
	"context"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/billing"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// ErrNoWish is a page of a checkout that is not there.
var ErrNoWish = fault.New(fault.KindNotFound, "books_checkout_not_found", "This payment is not there, or was answered already. Choose the plan again under Billing.")

// Checkout gives the address of a page where the owner pays as if. The same key gives the same address.
func (b *Books) Checkout(ctx context.Context, in provider.Checkout) (string, error) {
	var id uid.ID
	err := b.byRef(ctx, in.Customer, func(ctx context.Context, a *Account) error {
		for _, w := range a.Ledger.Wishes {
			if w.Key == in.Key {
				id = w.ID
				return nil
			}
		}
		if in.Coupon != "" {
			if _, err := b.coupon(ctx, in.Coupon, in.Version); err != nil {
				return err
			}
		}
		id = uid.New()
		a.Ledger.Wishes = append(a.Ledger.Wishes, Wish{ID: id, Checkout: in, CreatedAt: b.Now()})
		return b.note(ctx, in.Version)
	})
	if err != nil {
		return "", err
	}
	return b.Page(ctx, in.TenantID, Path+"/checkout/"+id.String())
}

// Portal gives the address of a page where the pretend card is changed; it leads back by itself.
func (b *Books) Portal(ctx context.Context, customer, _ string) (string, error) {
	id, ok := owner(customer)
	if !ok {
		return "", ErrNoAccount
	}
	return b.Page(ctx, id, Path+"/card")
}

// coupon finds one that may be redeemed for a version.
func (b *Books) coupon(ctx context.Context, code string, v plan.Version) (Coupon, error) {
	c, err := b.Keep.BookCoupon(ctx, code)
	switch {
	case err != nil:
		return c, err
	case c.ExpiresAt != nil && !b.Now().Before(*c.ExpiresAt), c.Percent == 0 && c.Currency != v.Currency:
		return c, ErrNoCoupon
	}
	return c, nil
}

func (s *Subscription) redeem(c Coupon, at time.Time) {
	s.Coupon, s.CouponUntil = c.Code, nil
	if c.Months > 0 {
		until := add(at.UTC(), c.Months)
		s.CouponUntil = &until
	}
}

// mine reads the account of the tenant of ctx. It needs billing:manage.
func (b *Books) mine(ctx context.Context) (id uid.ID, a Account, err error) {
	if err := auth.Require(ctx, policy.BillingManage); err != nil {
		return id, a, err
	}
	t, ok := tenant.From(ctx)
	if !ok {
		return id, a, ErrNoWish
	}
	a, err = b.look(ctx, customerRef+t.ID.String())
	return t.ID, a, err
}

// Till is what the page of a checkout shows.
type Till struct {
	Wish  Wish
	Offer provider.Offer
	Due   provider.Preview // what is paid now
}

// Open gives a checkout that waits for an answer. It needs billing:manage; ErrNoWish.
func (b *Books) Open(ctx context.Context, id uid.ID) (t Till, err error) {
	_, a, err := b.mine(ctx)
	if err != nil {
		return t, err
	}
	w := a.wish(id)
	if w == nil || w.Subscription != "" {
		return t, ErrNoWish
	}
	t.Wish = *w
	err = b.Keep.InControl(ctx, func(ctx context.Context) error {
		o, err := b.Keep.BookOffer(ctx, w.Version.ID)
		if err != nil {
			return err
		}
		t.Offer = o.Offer
		t.Due.Due.Currency = w.Version.Currency
		if w.TrialEnd != nil && w.TrialEnd.After(b.Now()) {
			return nil
		}
		t.Due.Lines, err = flat(w.Version, w.AddOns)
		if err != nil || w.Coupon == "" {
			t.Due.Due = sum(w.Version.Currency, t.Due.Lines)
			return err
		}
		c, err := b.coupon(ctx, w.Coupon, w.Version)
		if err != nil {
			return err
		}
		t.Due.Lines = append(t.Due.Lines, c.off(t.Due.Lines, w.Version.Currency)...)
		t.Due.Due = sum(w.Version.Currency, t.Due.Lines)
		return nil
	})
	return t, err
}

func (a *Account) wish(id uid.ID) *Wish {
	for i := range a.Ledger.Wishes {
		if a.Ledger.Wishes[i].ID == id {
			return &a.Ledger.Wishes[i]
		}
	}
	return nil
}

// Answer pays a checkout as if, or declines it as if: the subscription begins, active or past due. It gives the address
// to which the payer comes back. It needs billing:manage; ErrNoWish.
func (b *Books) Answer(ctx context.Context, id uid.ID, pay bool) (url string, err error) {
	tenantID, _, err := b.mine(ctx)
	if err != nil {
		return "", err
	}
	err = b.change(ctx, tenantID, func(ctx context.Context, a *Account) error {
		w := a.wish(id)
		if w == nil {
			return ErrNoWish
		}
		url = w.SuccessURL
		if !pay {
			url = w.CancelURL
		}
		if w.Subscription != "" {
			return nil // the button was pressed twice
		}
		a.CardFails = !pay
		if err := b.start(ctx, a, w); err != nil {
			return err
		}
		return b.Keep.Audit(ctx, "books.checkout_answered", tenantID, map[string]string{"paid": yes(pay)}, b.Now())
	})
	return url, err
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

// start begins the subscription of a wish. Others of the account that were not paid end with it.
func (b *Books) start(ctx context.Context, a *Account, w *Wish) error {
	now := b.Now()
	for i := range a.Ledger.Subscriptions {
		if old := &a.Ledger.Subscriptions[i]; old.State != provider.StateCancelled {
			if err := b.end(ctx, a, old, now); err != nil {
				return err
			}
		}
	}
	if !a.CardFails {
		a.settle(now)
	}
	s := Subscription{AddOns: w.AddOns, Interval: w.Version.Interval, UsageFrom: now, Subscription: provider.Subscription{
		Ref: numbered(subscriptionRef, a.TenantID, a.count()), Customer: a.Ledger.Payer.Ref, TenantID: a.TenantID, VersionID: w.Version.ID, State: provider.StateActive,
	}}
	if w.Coupon != "" {
		c, err := b.coupon(ctx, w.Coupon, w.Version)
		if err != nil {
			return err
		}
		s.redeem(c, now)
	}
	if month := billing.PeriodOf(now).Start; a.Ledger.Closed.Before(month) {
		a.Ledger.Closed = month // no bill of this subscription has the months before
	}
	w.Subscription = s.Ref
	a.Ledger.Subscriptions = append(a.Ledger.Subscriptions, s)
	on := &a.Ledger.Subscriptions[len(a.Ledger.Subscriptions)-1]
	if w.TrialEnd != nil && w.TrialEnd.After(now) && !a.CardFails {
		on.State, on.TrialEnd, on.PeriodStart, on.PeriodEnd = provider.StateTrialing, w.TrialEnd, now, *w.TrialEnd
		a.moved(on, now)
		return nil
	}
	on.begin(now)
	return b.billFlat(ctx, a, on, now)
}

// Card tells whether the pretend card of the tenant of ctx is declined, and which bills are open. It needs billing:manage.
func (b *Books) Card(ctx context.Context) (fails bool, open []provider.Invoice, err error) {
	_, a, err := b.mine(ctx)
	for _, i := range a.Ledger.Invoices {
		if i.Status == "open" {
			open = append(open, i)
		}
	}
	return a.CardFails, open, err
}

// SetCard has the pretend card declined, or accepted: then what is open is paid. It needs billing:manage.
func (b *Books) SetCard(ctx context.Context, fails bool) error {
	tenantID, _, err := b.mine(ctx)
	if err != nil {
		return err
	}
	return b.change(ctx, tenantID, func(ctx context.Context, a *Account) error {
		a.CardFails = fails
		if !fails {
			a.settle(b.Now())
		}
		return b.Keep.Audit(ctx, "books.card_changed", tenantID, map[string]string{"fails": yes(fails)}, b.Now())
	})
}
