package subscription

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/billing/money"
	"lyceum/billing/provider"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// mine finds the subscription of the tenant of ctx for who may do this.
func (s *Service) mine(ctx context.Context, p policy.Permission) (sub Subscription, t tenant.Tenant, err error) {
	if err := auth.Require(ctx, p); err != nil {
		return sub, t, err
	}
	t, ok := tenant.From(ctx)
	if !ok {
		return sub, t, ErrNotFound
	}
	sub, err = s.read(ctx, t.ID)
	if errors.Is(err, ErrNotFound) { // signed up a moment ago: the chore has not come by yet
		if err = s.Begin(ctx, t); err == nil {
			sub, err = s.read(ctx, t.ID)
		}
	}
	return sub, t, err
}

// Choice is a plan's version with add-ons that somebody chose.
type Choice struct {
	VersionID uid.ID
	AddOns    []provider.AddOn
	Coupon    string
}

// check finds the version on offer and says what is wrong with the choice.
func (s *Service) check(ctx context.Context, sub Subscription, c *Choice) (provider.Offer, error) {
	if s.Plans == nil {
		return provider.Offer{}, ErrNoPlan
	}
	offers, err := s.Plans.Offers(ctx)
	if err != nil {
		return provider.Offer{}, err
	}
	at := slices.IndexFunc(offers, func(o provider.Offer) bool { return o.Version.ID == c.VersionID })
	var offer provider.Offer
	switch {
	case at >= 0:
		offer = offers[at]
	case sub.VersionID != nil && *sub.VersionID == c.VersionID: // who has it keeps it, on offer or not
		if offer, err = s.Plans.Version(ctx, c.VersionID); err != nil {
			return offer, err
		}
	default:
		return offer, ErrNoPlan
	}
	f := fault.Fields{}
	c.Coupon = strings.TrimSpace(c.Coupon)
	f.Check(len(c.Coupon) <= 60, "coupon", "A coupon has at most 60 characters.")
	c.AddOns = slices.DeleteFunc(slices.Clone(c.AddOns), func(a provider.AddOn) bool { return a.Quantity == 0 })
	for _, a := range c.AddOns {
		known := false
		for _, comp := range offer.Version.Components {
			known = known || comp.AddOn && comp.Code == a.Component
		}
		f.Check(known, "add_ons", "This plan has no add-on “"+a.Component+"”.")
		f.Check(a.Quantity > 0 && a.Quantity <= 10_000, "add_ons", "Book an add-on between 1 and 10,000 times, or not at all.")
	}
	return offer, f.Err()
}

// key makes a call to the provider count once however often it is sent: the same wish in the same revision.
func key(verb string, sub Subscription, what any) string {
	raw, _ := json.Marshal(what)
	h := fnv.New64a()
	_, _ = h.Write(raw)
	return fmt.Sprintf("%s:%s:%d:%x", verb, sub.TenantID, sub.Revision, h.Sum64())
}

// customer makes sure that the provider knows the payer, and keeps the reference.
func (s *Service) customer(ctx context.Context, sub Subscription, t tenant.Tenant) (Subscription, error) {
	locale := ""
	if who, ok := auth.PrincipalFrom(ctx); ok {
		locale = who.Locale
	}
	ref, err := s.Provider.EnsureCustomer(ctx, provider.Customer{
		TenantID: t.ID, Ref: sub.CustomerRef, Name: t.Name, Email: sub.BillingEmail, Locale: locale, TaxIDs: sub.TaxIDs, Address: sub.Address,
	})
	if err != nil || ref == sub.CustomerRef {
		return sub, err
	}
	return s.change(ctx, sub.TenantID, func(ctx context.Context, sub *Subscription) error {
		sub.CustomerRef = ref
		return s.save(ctx, sub)
	})
}

// Checkout gives an address where the subscription is paid for. It needs billing:manage. Paying brings a subscription back
// from any state but erased.
func (s *Service) Checkout(ctx context.Context, c Choice) (url string, err error) {
	sub, t, err := s.mine(ctx, policy.BillingManage)
	switch {
	case err != nil:
		return "", err
	case s.Provider == nil:
		return "", ErrNoPayments
	case sub.State == StateErased:
		return "", ErrErased
	case sub.ProviderRef != "" && alive(sub.ProviderState):
		return "", ErrWrongState.Saying("The subscription is paid for already. Change its plan instead.")
	}
	offer, err := s.check(ctx, sub, &c)
	if err != nil {
		return "", err
	}
	if sub, err = s.customer(ctx, sub, t); err != nil {
		return "", err
	}
	in := provider.Checkout{
		TenantID: t.ID, Customer: sub.CustomerRef, Version: offer.Version, AddOns: c.AddOns, Coupon: c.Coupon,
		SuccessURL: s.Return(t) + "?checkout=done", CancelURL: s.Return(t),
	}
	// Providers want a trial's rest to be a little longer than nothing.
	if sub.State == StateTrial && sub.TrialEnd != nil && sub.TrialEnd.Sub(s.Now()) > 49*time.Hour {
		in.TrialEnd = sub.TrialEnd
	}
	in.Key = key("checkout", sub, c)
	if url, err = s.Provider.Checkout(ctx, in); err != nil {
		return "", err
	}
	_, err = s.change(ctx, t.ID, func(ctx context.Context, sub *Subscription) error {
		// What is booked and redeemed holds once it is paid: then the provider says so.
		if err := s.note(ctx, "subscription.checkout_begun", sub, map[string]string{"version": c.VersionID.String()}); err != nil {
			return err
		}
		return s.save(ctx, sub)
	})
	return url, err
}

// Preview says what a change would cost now. It needs billing:read.
func (s *Service) Preview(ctx context.Context, c Choice) (provider.Preview, error) {
	sub, _, err := s.mine(ctx, policy.BillingRead)
	if err != nil {
		return provider.Preview{}, err
	}
	offer, err := s.check(ctx, sub, &c)
	if err != nil {
		return provider.Preview{}, err
	}
	if sub.ProviderRef == "" || !alive(sub.ProviderState) || s.Provider == nil {
		p := provider.Preview{}
		p.Due.Currency = offer.Version.Currency
		return p, nil // nothing runs that would be prorated
	}
	return s.Provider.Preview(ctx, provider.Move{Subscription: sub.ProviderRef, Version: offer.Version, AddOns: c.AddOns, At: s.Now()})
}

// Move changes plan and add-ons. It needs billing:manage. In a trial, and for who pays by bank transfer, it holds at once;
// where the provider collects, with proration. Who pays nothing yet is to check out.
func (s *Service) Move(ctx context.Context, c Choice) (Subscription, error) {
	sub, t, err := s.mine(ctx, policy.BillingManage)
	if err != nil {
		return sub, err
	}
	offer, err := s.check(ctx, sub, &c)
	if err != nil {
		return sub, err
	}
	paying := sub.ProviderRef != "" && alive(sub.ProviderState)
	if !paying && sub.State != StateTrial && sub.Collect != CollectInvoice {
		return sub, ErrNotCheckedOut
	}
	var theirs *provider.Subscription
	if paying {
		if s.Provider == nil {
			return sub, ErrNoPayments
		}
		p, err := s.Provider.Move(ctx, key("move", sub, c), provider.Move{Subscription: sub.ProviderRef, Version: offer.Version, AddOns: c.AddOns, At: s.Now()})
		if err != nil {
			return sub, err
		}
		theirs = &p
	}
	return s.change(ctx, t.ID, func(ctx context.Context, sub *Subscription) error {
		sub.VersionID, sub.AddOns = &offer.Version.ID, c.AddOns
		if err := s.note(ctx, "subscription.moved", sub, map[string]string{"plan": offer.Plan.Code, "version": offer.Version.ID.String()}); err != nil {
			return err
		}
		if err := s.write(ctx, sub, "moved", fmt.Sprint(sub.Revision), false, LetterData{Plan: offer.Plan.Name}); err != nil {
			return err
		}
		if theirs != nil {
			return s.apply(ctx, sub, *theirs, lifeOf(&offer.Version))
		}
		return s.save(ctx, sub)
	})
}

// Cancel ends the subscription with its period, or at once. It needs billing:manage.
func (s *Service) Cancel(ctx context.Context, now bool) (Subscription, error) {
	sub, t, err := s.mine(ctx, policy.BillingManage)
	if err != nil {
		return sub, err
	}
	if sub.State.rank() >= StateCancelled.rank() {
		return sub, ErrWrongState.Saying("The subscription is cancelled already.")
	}
	var theirs *provider.Subscription
	if sub.ProviderRef != "" && sub.ProviderState != provider.StateCancelled {
		if s.Provider == nil {
			return sub, ErrNoPayments
		}
		if now && s.Flush != nil {
			if err := s.Flush(ctx, sub.TenantID); err != nil {
				s.Log.WarnContext(ctx, "usage could not be told before a cancellation", "tenant", sub.TenantSlug, "err", err)
			}
		}
		p, err := s.Provider.Cancel(ctx, key("cancel", sub, now), sub.ProviderRef, now)
		if err != nil {
			return sub, err
		}
		theirs = &p
	}
	l, err := s.life(ctx, sub)
	if err != nil {
		return sub, err
	}
	return s.change(ctx, t.ID, func(ctx context.Context, sub *Subscription) error {
		if theirs != nil {
			sub.ProviderState = theirs.State
		}
		if now && sub.State.rank() >= StateCancelled.rank() { // the provider's message was here before its answer
			return s.save(ctx, sub)
		}
		if now {
			sub.Cause = CauseAsked
			return s.move(ctx, sub, StateCancelled, "asked", l)
		}
		at := s.periodEnd(*sub)
		if theirs != nil && theirs.CancelAt != nil {
			at = *theirs.CancelAt
		}
		sub.CancelAt = &at
		if err := s.note(ctx, "subscription.cancel_planned", sub, map[string]string{"at": at.Format(time.RFC3339)}); err != nil {
			return err
		}
		if err := s.write(ctx, sub, "cancel_planned", fmt.Sprint(sub.Revision), false, LetterData{At: &at, Next: StateCancelled}); err != nil {
			return err
		}
		return s.save(ctx, sub)
	})
}

// periodEnd is when what runs is over: the provider's period, the trial, or the calendar month.
func (s *Service) periodEnd(sub Subscription) time.Time {
	now := s.Now().UTC()
	for _, at := range []*time.Time{sub.PeriodEnd, sub.TrialEnd} {
		if at != nil && at.After(now) {
			return *at
		}
	}
	return time.Date(now.Year(), now.Month()+1, 1, 0, 0, 0, 0, time.UTC)
}

// Continue takes a planned cancellation back. It needs billing:manage.
func (s *Service) Continue(ctx context.Context) (Subscription, error) {
	sub, t, err := s.mine(ctx, policy.BillingManage)
	if err != nil {
		return sub, err
	}
	if sub.CancelAt == nil || sub.State.rank() >= StateCancelled.rank() {
		return sub, ErrWrongState.Saying("No cancellation is planned that could be taken back.")
	}
	if sub.ProviderRef != "" && sub.ProviderState != provider.StateCancelled && s.Provider != nil {
		if _, err := s.Provider.Continue(ctx, key("continue", sub, nil), sub.ProviderRef); err != nil {
			return sub, err
		}
	}
	return s.change(ctx, t.ID, func(ctx context.Context, sub *Subscription) error {
		sub.CancelAt = nil
		if err := s.note(ctx, "subscription.cancel_undone", sub, nil); err != nil {
			return err
		}
		return s.save(ctx, sub)
	})
}

// Redeem applies a coupon to a running subscription. It needs billing:manage.
func (s *Service) Redeem(ctx context.Context, coupon string) (Subscription, error) {
	sub, t, err := s.mine(ctx, policy.BillingManage)
	if err != nil {
		return sub, err
	}
	if coupon = strings.TrimSpace(coupon); coupon == "" || len(coupon) > 60 {
		return sub, fault.Invalid(map[string]string{"coupon": "Enter the coupon's code, at most 60 characters."})
	}
	if sub.ProviderRef == "" || s.Provider == nil || !alive(sub.ProviderState) && !sub.State.Dunning() {
		return sub, ErrNotCheckedOut
	}
	if err := s.Provider.Apply(ctx, key("coupon", sub, coupon), sub.ProviderRef, coupon); err != nil {
		if fault.Of(err).Code == provider.ErrRefused.Code {
			return sub, fault.Invalid(map[string]string{"coupon": "There is no such coupon, or it is no longer valid."})
		}
		return sub, err
	}
	return s.change(ctx, t.ID, func(ctx context.Context, sub *Subscription) error {
		sub.Coupon = coupon
		if err := s.note(ctx, "subscription.coupon_applied", sub, map[string]string{"coupon": coupon}); err != nil {
			return err
		}
		return s.save(ctx, sub)
	})
}

// Portal gives the address where payment methods are kept. It needs billing:manage.
func (s *Service) Portal(ctx context.Context) (string, error) {
	sub, t, err := s.mine(ctx, policy.BillingManage)
	switch {
	case err != nil:
		return "", err
	case s.Provider == nil:
		return "", ErrNoPayments
	case sub.CustomerRef == "":
		return "", ErrNotCheckedOut
	}
	return s.Provider.Portal(ctx, sub.CustomerRef, s.Return(t))
}

// ParseBudget reads an amount; an empty one is none.
func ParseBudget(text string, c money.Currency) (*int64, error) {
	text = strings.ReplaceAll(strings.TrimSpace(text), ",", ".")
	if text == "" {
		return nil, nil //nolint:nilnil // no budget
	}
	price, err := money.ParseMicros(text)
	if err != nil {
		return nil, fault.Invalid(map[string]string{"budget": "Write an amount above zero, for example 250.00, or leave it empty."})
	}
	minor := price.Of(1, c).Minor
	return &minor, nil
}
