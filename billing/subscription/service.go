package subscription

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"lyceum/billing"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/recall"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Keeper is what the service needs kept. All but InControl and Announce run inside InControl.
type Keeper interface {
	InControl(ctx context.Context, fn func(context.Context) error) error
	Announce(ctx context.Context, tenantID uid.ID)
	// Aside gives a context outside a tenant's transaction, should one run.
	Aside(ctx context.Context) context.Context
	Audit(ctx context.Context, action string, tenantID uid.ID, data map[string]string, at time.Time) error
	TenantByID(ctx context.Context, id uid.ID) (tenant.Tenant, error)

	// InsertSubscription writes a new one; one that is there stays.
	InsertSubscription(ctx context.Context, s Subscription) error
	SubscriptionOf(ctx context.Context, tenantID uid.ID) (Subscription, error)
	// LockSubscription is SubscriptionOf, kept from others until the transaction ends.
	LockSubscription(ctx context.Context, tenantID uid.ID) (Subscription, error)
	SubscriptionByRef(ctx context.Context, providerRef string) (Subscription, error)
	// SubscriptionByCustomer finds the one whose payer a provider knows by a reference.
	SubscriptionByCustomer(ctx context.Context, customerRef string) (Subscription, error)
	// SaveSubscription writes over the revision before; ErrChanged when that one is gone.
	SaveSubscription(ctx context.Context, s Subscription) error
	Subscriptions(ctx context.Context, f Filter) (page.Of[Subscription], error)
	// SubscriptionNames are the names of tenants, by their ids.
	SubscriptionNames(ctx context.Context, ids []uid.ID) (map[uid.ID]string, error)
	SubscriptionsAfter(ctx context.Context, after uid.ID, n int) ([]Subscription, error)
	InsertStep(ctx context.Context, s Step) error
	StepsOf(ctx context.Context, tenantID uid.ID, n int) ([]Step, error)
	StepCounts(ctx context.Context, from, until time.Time) ([]StepCount, error)
	// InsertLetter writes a letter once for its kind and occasion; written is false when it was there.
	InsertLetter(ctx context.Context, l Letter) (written bool, err error)
	LettersToSend(ctx context.Context, n int) ([]Letter, error)
	MarkLetterSent(ctx context.Context, id uid.ID, at time.Time) error

	SaveInvoice(ctx context.Context, i Invoice) error
	InvoiceOf(ctx context.Context, tenantID uid.ID, ref string) (Invoice, error)
	InvoicesOf(ctx context.Context, tenantID uid.ID, n int) ([]Invoice, error)
	OverdueInvoices(ctx context.Context, tenantID uid.ID, now time.Time) (int, error)
	OwnInvoiceCount(ctx context.Context, year int) (int, error)
}

// Portals closes, opens and removes portals.
type Portals interface {
	Suspend(ctx context.Context, slug, reason string) (tenant.Tenant, error)
	Resume(ctx context.Context, slug string) (tenant.Tenant, error)
	Delete(ctx context.Context, slug, typed, reason string) error
}

// Plans are what is on offer. Versions never change once published, so they may be remembered.
type Plans interface {
	// Version finds one of any status; ErrNoPlan.
	Version(ctx context.Context, id uid.ID) (provider.Offer, error)
	// Offers lists published versions of public plans, as they are shown.
	Offers(ctx context.Context) ([]provider.Offer, error)
	// Trial is the version that a sign-up begins with; ok is false where there is none.
	Trial(ctx context.Context) (o provider.Offer, ok bool, err error)
}

// Rating works out sums and knows what was used.
type Rating interface {
	// Used is what a tenant used in a period, as far as it is rolled up.
	Used(ctx context.Context, tenantID uid.ID, p billing.Period) (plan.Quantities, error)
	// UsedFrom is Used from a moment of the period on.
	UsedFrom(ctx context.Context, tenantID uid.ID, p billing.Period, from time.Time) (plan.Quantities, error)
	// UsedByAll is Used for every organization that used anything; who is not in it used nothing.
	UsedByAll(ctx context.Context, p billing.Period) (map[uid.ID]plan.Quantities, error)
	// Bill prices a month's quantities; add-ons by their component. What is flat for a year counts a twelfth.
	Bill(v plan.Version, addOns []provider.AddOn, q plan.Quantities) (plan.Bill, error)
	// Forecast is the period's sum as it may become, charged from a moment of it on: low, likely, high, in the currency's
	// smallest unit.
	Forecast(ctx context.Context, tenantID uid.ID, v plan.Version, addOns []provider.AddOn, p billing.Period, from, now time.Time) (low, likely, high int64, err error)
}

// Options are what the service works with. Provider, Plans and Rating may be nil: then nothing is sold, and everybody
// is served.
type Options struct {
	Keep     Keeper
	Portals  Portals
	Plans    Plans
	Rating   Rating
	Provider provider.Provider
	// Flush tells the provider what was used until now, before a subscription ends there; nil: nothing is told.
	Flush func(ctx context.Context, tenantID uid.ID) error
	// Stored tells how many bytes a tenant keeps now; nil: nobody knows.
	Stored func(ctx context.Context, tenantID uid.ID) (int64, error)
	// Return is the address to which a payer comes back.
	Return func(t tenant.Tenant) string
	Now    clock.Clock
	Log    *slog.Logger
}

// Service keeps subscriptions.
type Service struct {
	Options
	standings *recall.Cache[uid.ID, Standing]
	used      *recall.Cache[uid.ID, plan.Quantities]
}

// How long a process believes what it read, should an announcement be missed.
const (
	standingFor = 5 * time.Minute
	usedFor     = time.Minute
)

// New makes the service.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	// The caches keep real time: a billing clock of a demo runs through them in no time.
	return &Service{Options: o, standings: recall.New[uid.ID, Standing](20_000, standingFor, clock.Real), used: recall.New[uid.ID, plan.Quantities](20_000, usedFor, clock.Real)}
}

// Live tells whether real money moves.
func (s *Service) Live() bool { return s.Provider != nil && s.Provider.Live() }

// Begin starts a tenant's trial at its sign-up, on the plan that is meant for it; without one the organization is served
// free of charge. One that has a subscription keeps it.
func (s *Service) Begin(ctx context.Context, t tenant.Tenant) error {
	now := s.Now()
	sub := Subscription{
		TenantID: t.ID, TenantSlug: t.Slug, TenantName: t.Name, State: StateActive, Collect: CollectNone, Since: now,
		AddOns: []provider.AddOn{}, TaxIDs: []provider.TaxID{}, BillingEmail: t.ContactEmail, Revision: 1, CreatedAt: now, UpdatedAt: now,
	}
	if s.Plans != nil {
		offer, ok, err := s.Plans.Trial(ctx)
		if err != nil {
			return fmt.Errorf("begin the subscription of %s: %w", t.Slug, err)
		}
		if ok {
			end := now.AddDate(0, 0, offer.Version.TrialDays)
			sub.VersionID, sub.State, sub.Collect, sub.TrialEnd = &offer.Version.ID, StateTrial, CollectProvider, &end
		}
	}
	err := s.Keep.InControl(ctx, func(ctx context.Context) error { return s.Keep.InsertSubscription(ctx, sub) })
	if err != nil {
		return fmt.Errorf("begin the subscription of %s: %w", t.Slug, err)
	}
	return nil
}

// offer reads the version that a subscription is on; nil without one, and for one that is not here.
func (s *Service) offer(ctx context.Context, id *uid.ID) (*provider.Offer, error) {
	if id == nil || s.Plans == nil {
		return nil, nil //nolint:nilnil // no plan is a state of its own
	}
	o, err := s.Plans.Version(ctx, *id)
	if err != nil && fault.Of(err).Kind == fault.KindNotFound { // a provider says so: it closes nothing, and is to be looked at
		s.Log.ErrorContext(ctx, "a subscription is on a version of a plan that is not here", "version", *id)
		return nil, nil //nolint:nilnil // no plan is a state of its own
	}
	if err != nil {
		return nil, err
	}
	return &o, nil
}

func (s *Service) life(ctx context.Context, sub Subscription) (plan.Life, error) {
	o, err := s.offer(ctx, sub.VersionID)
	if err != nil || o == nil {
		return plan.DefaultLife(), err
	}
	return lifeOf(&o.Version), nil
}

// change does something to a subscription in one transaction, and tells every process.
func (s *Service) change(ctx context.Context, tenantID uid.ID, do func(ctx context.Context, sub *Subscription) error) (Subscription, error) {
	var out Subscription
	err := s.Keep.InControl(ctx, func(ctx context.Context) error {
		sub, err := s.Keep.LockSubscription(ctx, tenantID)
		if err != nil {
			return err
		}
		err = do(ctx, &sub)
		out = sub
		return err
	})
	if errors.Is(err, errUnchanged) {
		return out, nil
	}
	if err == nil {
		s.Drop(tenantID)
		s.Keep.Announce(ctx, tenantID)
	}
	return out, err
}

// errUnchanged ends a change that changes nothing.
var errUnchanged = errors.New("unchanged")

func (s *Service) save(ctx context.Context, sub *Subscription) error {
	sub.Revision++
	sub.UpdatedAt = s.Now()
	if sub.AddOns == nil {
		sub.AddOns = []provider.AddOn{} // kept as [], not as null
	}
	if sub.TaxIDs == nil {
		sub.TaxIDs = []provider.TaxID{}
	}
	return s.Keep.SaveSubscription(ctx, *sub)
}

// note writes an act into the platform's audit log.
func (s *Service) note(ctx context.Context, action string, sub *Subscription, data map[string]string) error {
	if data == nil {
		data = map[string]string{}
	}
	data["slug"] = sub.TenantSlug
	return s.Keep.Audit(ctx, action, sub.TenantID, data, s.Now())
}

// move takes a subscription into a state: the row, the step, the audit entry, the letter and the portal's door in the
// transaction that runs.
func (s *Service) move(ctx context.Context, sub *Subscription, to State, why string, l plan.Life) error {
	from, now := sub.State, s.Now()
	sub.enter(to, l, now)
	actor := event.ActorFrom(ctx)
	step := Step{ID: uid.New(), TenantID: sub.TenantID, FromState: from, ToState: to, Why: why, ActorKind: actor.Kind, At: now}
	if actor.ID != uid.Nil {
		step.ActorID = &actor.ID
	}
	if err := s.Keep.InsertStep(ctx, step); err != nil {
		return err
	}
	if err := s.note(ctx, "subscription."+string(to), sub, map[string]string{"from": string(from), "why": why}); err != nil {
		return err
	}
	if kind, admins := told(from, to, sub.Cause); kind != "" {
		data := LetterData{}
		if next, ok := sub.Next(l); ok {
			data.Next, data.At = next.To, &next.At
		}
		if to == StateCancelled {
			at := now.AddDate(0, 0, max(l.RetainedDays, 1))
			data.Next, data.At = StateErased, &at
		}
		if err := s.write(ctx, sub, kind, step.ID.String(), admins, data); err != nil {
			return err
		}
	}
	if err := s.door(ctx, sub); err != nil {
		return err
	}
	return s.save(ctx, sub)
}

// write puts a letter into the outbox.
func (s *Service) write(ctx context.Context, sub *Subscription, kind, occasion string, admins bool, data LetterData) error {
	_, err := s.Keep.InsertLetter(ctx, Letter{ID: uid.New(), TenantID: sub.TenantID, Kind: kind, Occasion: occasion, Admins: admins, Data: data, CreatedAt: s.Now()})
	return err
}

// door closes or opens the portal as the state wants. What an operator closed for another reason stays closed.
func (s *Service) door(ctx context.Context, sub *Subscription) error {
	t, err := s.Keep.TenantByID(ctx, sub.TenantID)
	if errors.Is(err, tenant.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	switch {
	case sub.State.Closed() && t.Status == tenant.StatusActive:
		_, err = s.Portals.Suspend(ctx, t.Slug, SuspendReason)
	case !sub.State.Closed() && t.Status == tenant.StatusSuspended && t.SuspendedReason == SuspendReason:
		_, err = s.Portals.Resume(ctx, t.Slug)
	}
	return err
}
