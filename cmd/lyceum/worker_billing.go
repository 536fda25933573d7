package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/billing/subscription"
	"lyceum/internal/event"
	"lyceum/internal/mail"
	"lyceum/internal/uid"
	"lyceum/learning/notice"
	"lyceum/store/queue"
	"lyceum/tenant"
	"lyceum/themes"
)

// newSubscriptions puts the service of subscriptions together.
func (a *app) newSubscriptions() *subscription.Service {
	return subscription.New(subscription.Options{
		Keep: a.store, Portals: a.tenants, Plans: a.offers, Rating: a.rating, Provider: a.provider, Flush: a.flushUsage, Now: a.billingNow, Log: a.log,
		Stored: a.storedBy,
		Return: func(t tenant.Tenant) string { return a.hosts.PortalURL(t) + "/settings/billing" },
	})
}

// storedBy is how many bytes a tenant's files take.
func (a *app) storedBy(ctx context.Context, tenantID uid.ID) (int64, error) {
	t, err := a.store.TenantByID(ctx, tenantID)
	if err != nil {
		return 0, err
	}
	return a.storageBytes(tenant.With(ctx, t))
}

// beginSubscription begins a new tenant's trial. A sign-up does not fail for it: the chore catches up.
func (a *app) beginSubscription(ctx context.Context, t tenant.Tenant) {
	if err := a.subscriptions.Begin(ctx, t); err != nil {
		a.log.ErrorContext(ctx, "a new tenant's subscription has not begun; it is tried again", slog.String("tenant", t.Slug), slog.Any("err", err))
	}
}

// planStorage is how much a tenant's plan lets it keep.
func (a *app) planStorage(ctx context.Context) (bytes int64, ok bool) {
	return a.subscriptions.StorageLimit(ctx)
}

// planChosen tells whether plans are sold to the tenant of ctx, and whether one was chosen.
func (a *app) planChosen(ctx context.Context) (sold, chosen bool) {
	t, _ := tenant.From(ctx)
	st := a.subscriptions.Standing(ctx, t.ID)
	return st.State != "", st.State != subscription.StateTrial
}

// billingChores look each time only for what is due, so that a run that was cut short is caught up with by the next.
func (a *app) billingChores() []queue.Chore {
	return []queue.Chore{
		{Name: "advance_subscriptions", Every: time.Minute, Timeout: 10 * time.Minute, Do: a.subscriptions.AdvanceAll},
		{Name: "begin_subscriptions", Every: time.Hour, Timeout: 10 * time.Minute, Do: func(ctx context.Context) error {
			return a.everywhere(ctx, "subscription", func(ctx context.Context) error {
				t, _ := tenant.From(ctx)
				return a.subscriptions.Begin(ctx, t)
			})
		}},
		{Name: "watch_limits", Every: 15 * time.Minute, Timeout: 10 * time.Minute, Do: a.subscriptions.WatchAll},
		{Name: "write_invoices", Every: time.Hour, Timeout: 10 * time.Minute, Do: a.subscriptions.WriteInvoices},
		{Name: "copy_invoices", Every: 6 * time.Hour, Timeout: 30 * time.Minute, Do: a.subscriptions.CopyAllInvoices},
		{Name: "send_billing_letters", Every: 20 * time.Second, Timeout: 5 * time.Minute, Do: a.sendBillingLetters},
	}
}

// lettersAtOnce is how many letters one turn sends.
const lettersAtOnce = 100

// sendBillingLetters sends what is in the outbox. One that is cut short goes out again under the same message id, which mail
// programs show once.
func (a *app) sendBillingLetters(ctx context.Context) error {
	list, err := a.subscriptions.Pending(ctx, lettersAtOnce)
	if err != nil {
		return err
	}
	var errs []error
	for _, l := range list {
		if err := a.sendBillingLetter(ctx, l); err != nil {
			errs = append(errs, fmt.Errorf("letter %s: %w", l.ID, err))
			continue
		}
		errs = append(errs, a.subscriptions.Sent(ctx, l.ID))
	}
	return errors.Join(errs...)
}

func (a *app) sendBillingLetter(ctx context.Context, l subscription.Letter) error {
	t, err := a.store.TenantByID(ctx, l.TenantID)
	if errors.Is(err, tenant.ErrNotFound) {
		return nil // erased, and with it whom to tell
	}
	if err != nil {
		return err
	}
	ctx = tenant.With(ctx, t)
	roles := []policy.Role{policy.Owner}
	if l.Admins {
		roles = append(roles, policy.Admin)
	}
	var people []signon.Holder
	err = a.store.InTenant(ctx, func(ctx context.Context) (err error) {
		people, err = a.store.PeopleInRoles(ctx, roles, 200)
		return err
	})
	if err != nil {
		return err
	}
	to := make([]auth.Person, 0, len(people))
	for _, p := range people {
		if !mail.Nowhere(p.Email) {
			to = append(to, p.Person)
		}
	}
	if len(to) == 0 && t.ContactEmail != "" {
		to = append(to, auth.Person{ID: t.ID, Email: t.ContactEmail})
	}
	if err := a.billingNotice(ctx, t, l, people); err != nil {
		return err
	}
	link := a.hosts.PortalURL(t) + "/settings/billing"
	return a.letterToAll(ctx, event.Event{ID: l.ID, Type: "billing." + l.Kind}, to, func(p auth.Person) themes.Mail {
		return themes.BillingMail{Name: p.Name, Kind: l.Kind, Portal: t.Name, Data: l.Data, Link: link, Live: a.subscriptions.Live()}
	})
}

// billingNotice says the letter's subject in the app too.
func (a *app) billingNotice(ctx context.Context, t tenant.Tenant, l subscription.Letter, people []signon.Holder) error {
	ids := make([]uid.ID, len(people))
	for i, p := range people {
		ids[i] = p.ID
	}
	data := notice.Data{"as": l.Kind, "course": t.Name, "number": l.Data.Number, "meter": l.Data.Meter}
	if l.Data.Percent > 0 {
		data["percent"] = strconv.Itoa(l.Data.Percent)
	}
	_, err := a.tell(ctx, notice.Telling{Source: l.ID, Kind: notice.KindBilling, People: ids, Data: data, Path: "/settings/billing"})
	return err
}
