// Package books is a payment provider that moves no money: it keeps books as a real one would, so that a platform without
// keys, and the demo, go through the same life. Flat parts are billed ahead, each period of the plan; usage is billed when
// its calendar month in UTC is over. Everything happens on the clock that is handed in, which may run fast or stand still.
package books

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"lyceum/billing"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/internal/clock"
	"lyceum/internal/uid"
)

// Keeper is what the books need kept. All but InControl run inside it.
type Keeper interface {
	InControl(ctx context.Context, fn func(context.Context) error) error
	Audit(ctx context.Context, action string, tenantID uid.ID, data map[string]string, at time.Time) error

	// InsertBook opens a tenant's account; one that is there stays.
	InsertBook(ctx context.Context, a Account) error
	// LockBook finds a tenant's account and keeps it from others until the transaction ends; ErrNoAccount.
	LockBook(ctx context.Context, tenantID uid.ID) (Account, error)
	SaveBook(ctx context.Context, a Account) error
	// BooksDue lists accounts on which something was to happen by a moment.
	BooksDue(ctx context.Context, at time.Time, n int) ([]uid.ID, error)
	// BooksUntold lists accounts with events that nobody took, of those that changed since a moment.
	BooksUntold(ctx context.Context, since time.Time, n int) ([]Account, error)
	// NextBookNumber counts bills within a year, from 1, without gaps.
	NextBookNumber(ctx context.Context, year int) (int64, error)

	// InsertBookUsage writes usage unless its identifier is there.
	InsertBookUsage(ctx context.Context, tenantID uid.ID, u provider.Usage, at time.Time) error
	// SumBookUsage sums a meter within [from, until).
	SumBookUsage(ctx context.Context, tenantID uid.ID, m billing.Meter, from, until time.Time) (int64, error)

	// BookCoupon finds a coupon by its code; ErrNoCoupon.
	BookCoupon(ctx context.Context, code string) (Coupon, error)

	SaveBookOffer(ctx context.Context, o Offer) error
	// BookOffer finds one by its version; ErrNoOffer.
	BookOffer(ctx context.Context, version uid.ID) (Offer, error)
	BookOffers(ctx context.Context) ([]Offer, error)
}

// Options are what the books work with.
type Options struct {
	Keep Keeper
	// Page gives the address of a page of a tenant's portal: Path and below.
	Page func(ctx context.Context, tenantID uid.ID, path string) (string, error)
	// Told hears of what happened, after it is written; nil: nobody does, and Undelivered lists it. What it fails on is
	// listed there too.
	Told func(ctx context.Context, e provider.Event) error
	// Grace is how long after a month its usage is still taken before the bill is written; default an hour, as Stripe's.
	Grace time.Duration
	Now   clock.Clock // the bill's clock
	Log   *slog.Logger
}

// Books are a provider.Provider.
type Books struct{ Options }

var _ provider.Provider = (*Books)(nil)

// New opens the books.
func New(o Options) *Books {
	if o.Grace == 0 {
		o.Grace = time.Hour
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Books{o}
}

// Path is where the pages of the books stand on a portal.
const Path = "/settings/billing/books"

// Failures of this package. They are provider.ErrRefused to whoever asks the provider.
var (
	ErrNoAccount = provider.ErrRefused.Saying("The books know no such customer.")
	ErrNoCoupon  = provider.ErrRefused.Saying("The books know no such coupon.")
	ErrNoOffer   = provider.ErrRefused.Saying("The books know no such price.")
	errNoSuch    = provider.ErrRefused.Saying("The books know no such subscription.")
	errEnded     = provider.ErrRefused.Saying("This subscription has ended.")
	errDeclined  = provider.ErrRefused.Saying("The payment was declined. Nothing was changed.")
	errCurrency  = provider.ErrRefused.Saying("A subscription keeps its currency.")
)

// Name is books.
func (b *Books) Name() string { return "books" }

// Live is false: no real money moves.
func (b *Books) Live() bool { return false }

// References are made from the tenant's id, so that each leads to its account.
const (
	customerRef     = "books_cus_"
	subscriptionRef = "books_sub_"
	invoiceRef      = "books_in_"
	eventRef        = "books_evt_"
)

func numbered(prefix string, tenantID uid.ID, n int) string {
	return fmt.Sprintf("%s%s_%d", prefix, tenantID, n)
}

// owner reads the tenant out of a reference.
func owner(ref string) (id uid.ID, ok bool) {
	parts := strings.Split(ref, "_")
	if len(parts) < 3 || parts[0] != "books" {
		return id, false
	}
	return uid.Parse(parts[2])
}

// EnsureCustomer opens the tenant's account, or writes down what changed.
func (b *Books) EnsureCustomer(ctx context.Context, c provider.Customer) (string, error) {
	ref, now := customerRef+c.TenantID.String(), b.Now()
	err := b.Keep.InControl(ctx, func(ctx context.Context) error {
		return b.Keep.InsertBook(ctx, Account{TenantID: c.TenantID, CreatedAt: now, UpdatedAt: now})
	})
	if err != nil {
		return "", fmt.Errorf("open an account: %w", err)
	}
	c.Ref = ref
	return ref, b.change(ctx, c.TenantID, func(_ context.Context, a *Account) error {
		a.Ledger.Payer = c
		return nil
	})
}

// Forget strikes out who the payer was; the bills stay.
func (b *Books) Forget(ctx context.Context, customer string) error {
	id, ok := uid.Parse(strings.TrimPrefix(customer, customerRef))
	if !ok {
		return nil
	}
	err := b.change(ctx, id, func(_ context.Context, a *Account) error {
		a.Ledger.Payer = provider.Customer{TenantID: id, Ref: customer}
		return nil
	})
	if errors.Is(err, ErrNoAccount) {
		return nil
	}
	return err
}

// change does something to an account in one transaction, then tells what happened.
func (b *Books) change(ctx context.Context, tenantID uid.ID, do func(ctx context.Context, a *Account) error) error {
	var told []provider.Event
	err := b.Keep.InControl(ctx, func(ctx context.Context) error {
		a, err := b.Keep.LockBook(ctx, tenantID)
		if err != nil {
			return err
		}
		before := len(a.Ledger.Events)
		if err := do(ctx, &a); err != nil {
			return err
		}
		told = a.Ledger.Events[before:]
		return b.save(ctx, &a)
	})
	if err == nil {
		b.tell(ctx, tenantID, told)
	}
	return err
}

func (b *Books) save(ctx context.Context, a *Account) error {
	a.UpdatedAt = b.Now()
	a.tidy(a.UpdatedAt)
	a.NextAt = nil
	for i := range a.Ledger.Subscriptions {
		if at, ok := a.Ledger.Subscriptions[i].due(b.Grace); ok && (a.NextAt == nil || at.Before(*a.NextAt)) {
			a.NextAt = &at
		}
	}
	a.Untold = len(a.Ledger.Events) > 0
	return b.Keep.SaveBook(ctx, *a)
}

// byRef is change for the account that a reference leads to.
func (b *Books) byRef(ctx context.Context, ref string, do func(ctx context.Context, a *Account) error) error {
	id, ok := owner(ref)
	if !ok {
		return ErrNoAccount
	}
	return b.change(ctx, id, do)
}

// look reads the account that a reference leads to.
func (b *Books) look(ctx context.Context, ref string) (a Account, err error) {
	id, ok := owner(ref)
	if !ok {
		return a, ErrNoAccount
	}
	err = b.Keep.InControl(ctx, func(ctx context.Context) error {
		a, err = b.Keep.LockBook(ctx, id)
		return err
	})
	return a, err
}

// tell hands events on; what is taken is struck from the account, what is not is told again by Undelivered.
func (b *Books) tell(ctx context.Context, tenantID uid.ID, events []provider.Event) {
	if b.Told == nil || len(events) == 0 {
		return
	}
	taken := map[string]bool{}
	for _, e := range events {
		if err := b.Told(ctx, e); err != nil {
			b.Log.WarnContext(ctx, "an event of the books was not taken; it is told again", "event", e.Type, "ref", e.Ref, "err", err)
			continue
		}
		taken[e.ID] = true
	}
	err := b.Keep.InControl(ctx, func(ctx context.Context) error {
		a, err := b.Keep.LockBook(ctx, tenantID)
		if err != nil {
			return err
		}
		a.forget(taken)
		return b.save(ctx, &a)
	})
	if err != nil {
		b.Log.WarnContext(ctx, "events of the books could not be struck; they are told again", "err", err)
	}
}

// Subscription reads one.
func (b *Books) Subscription(ctx context.Context, ref string) (provider.Subscription, error) {
	a, err := b.look(ctx, ref)
	if err != nil {
		return provider.Subscription{}, err
	}
	s, err := a.find(ref)
	if err != nil {
		return provider.Subscription{}, err
	}
	return s.told(), nil
}

// Tend has nothing to do: these books bill usage themselves.
func (b *Books) Tend(context.Context, string) error { return nil }

// Invoices lists a customer's, the newest first.
func (b *Books) Invoices(ctx context.Context, customer, after string, limit int) ([]provider.Invoice, error) {
	a, err := b.look(ctx, customer)
	if err != nil {
		return nil, err
	}
	var out []provider.Invoice
	skip := after != ""
	for i := len(a.Ledger.Invoices) - 1; i >= 0 && len(out) < limit; i-- {
		if !skip {
			out = append(out, a.Ledger.Invoices[i])
		}
		skip = skip && a.Ledger.Invoices[i].Ref != after
	}
	return out, nil
}

// AddItem puts a line on the customer's next bill.
func (b *Books) AddItem(ctx context.Context, key string, in provider.Item) error {
	return b.byRef(ctx, in.Customer, func(_ context.Context, a *Account) error {
		if a.once(key, b.Now()) {
			a.Ledger.Items = append(a.Ledger.Items, in)
		}
		return nil
	})
}

// farthest is how far back, and ahead, usage may lie: Stripe's rule, kept here so that both do the same.
const (
	farthestBack  = 35 * 24 * time.Hour
	farthestAhead = 5 * time.Minute
)

// Report takes usage.
func (b *Books) Report(ctx context.Context, usage []provider.Usage) []error {
	out := make([]error, len(usage))
	for i, u := range usage {
		out[i] = b.report(ctx, u)
	}
	return out
}

func (b *Books) report(ctx context.Context, u provider.Usage) error {
	id, ok := owner(u.Customer)
	if !ok {
		return ErrNoAccount
	}
	return b.Keep.InControl(ctx, func(ctx context.Context) error {
		a, err := b.Keep.LockBook(ctx, id)
		if err != nil {
			return err
		}
		now := b.Now()
		switch {
		case u.At.After(now.Add(farthestAhead)):
			return provider.ErrUnavailable.Because(errors.New("usage of the future: its time will come"))
		case u.At.Before(a.Ledger.Closed), u.At.Before(now.Add(-farthestBack)):
			return provider.ErrTooLate
		}
		return b.Keep.InsertBookUsage(ctx, id, u, now)
	})
}

// Reported is the sum of a meter within [from, until).
func (b *Books) Reported(ctx context.Context, customer string, m billing.Meter, from, until time.Time) (sum int64, err error) {
	id, ok := owner(customer)
	if !ok {
		return 0, ErrNoAccount
	}
	err = b.Keep.InControl(ctx, func(ctx context.Context) error {
		sum, err = b.Keep.SumBookUsage(ctx, id, m, from, until)
		return err
	})
	return sum, err
}

// Read refuses: nobody signs anything here.
func (b *Books) Read([]byte, string, time.Time) (provider.Event, error) {
	return provider.Event{}, provider.ErrForged
}

// Undelivered lists events since a moment that nobody took, the oldest first.
func (b *Books) Undelivered(ctx context.Context, since time.Time) (out []provider.Event, err error) {
	err = b.Keep.InControl(ctx, func(ctx context.Context) error {
		list, err := b.Keep.BooksUntold(ctx, since, 500)
		for _, a := range list {
			for _, e := range a.Ledger.Events {
				if !e.At.Before(since) {
					out = append(out, e)
				}
			}
		}
		return err
	})
	sortEvents(out)
	return out, err
}

// Publish notes the versions, so that a bill can be written as long as a subscription runs.
func (b *Books) Publish(ctx context.Context, offers []provider.Offer, dry bool) (out []provider.Change, err error) {
	err = b.Keep.InControl(ctx, func(ctx context.Context) error {
		list, err := b.Keep.BookOffers(ctx)
		if err != nil {
			return err
		}
		there := map[uid.ID]Offer{}
		for _, o := range list {
			there[o.VersionID] = o
		}
		for _, o := range offers {
			known, ok := there[o.Version.ID]
			delete(there, o.Version.ID)
			verb := "keep"
			switch {
			case !ok:
				verb = "create"
			case known.Archived:
				verb = "update"
			}
			out = append(out, provider.Change{Verb: verb, Kind: "price", Name: nameOf(o), Ref: o.Version.ID.String()})
			if verb != "keep" && !dry {
				if err := b.Keep.SaveBookOffer(ctx, Offer{VersionID: o.Version.ID, Offer: o}); err != nil {
					return err
				}
			}
		}
		for _, o := range list {
			if _, gone := there[o.VersionID]; !gone || o.Archived {
				continue
			}
			out = append(out, provider.Change{Verb: "archive", Kind: "price", Name: nameOf(o.Offer), Ref: o.VersionID.String()})
			if o.Archived = true; !dry {
				if err := b.Keep.SaveBookOffer(ctx, o); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return out, err
}

func nameOf(o provider.Offer) string { return o.Plan.Code + " v" + strconv.Itoa(o.Version.Number) }

// version finds the prices of a subscription. They need not be on offer any more.
func (b *Books) version(ctx context.Context, id uid.ID) (plan.Version, error) {
	o, err := b.Keep.BookOffer(ctx, id)
	return o.Offer.Version, err
}

// note keeps a version that a wish carries: the books are asked to bill it later.
func (b *Books) note(ctx context.Context, v plan.Version) error {
	_, err := b.Keep.BookOffer(ctx, v.ID)
	if errors.Is(err, ErrNoOffer) {
		return b.Keep.SaveBookOffer(ctx, Offer{VersionID: v.ID, Offer: provider.Offer{Version: v}})
	}
	return err
}
