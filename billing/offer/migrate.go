package offer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"lyceum/billing"
	"lyceum/billing/money"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/billing/subscription"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Migration is the wish to move everybody on one version to another, and how far it is. It is a row of
// control.plan_migrations.
type Migration struct {
	ID          uid.ID
	FromVersion uid.ID
	ToVersion   uid.ID
	OperatorID  *uid.ID
	After       uid.ID            // the last organization looked at in this round
	Moved       int               // organizations, in all rounds
	Refused     map[string]string `gorm:"serializer:json"` // by address: why, a subscription.Refusal or a fault's code; of this round
	StartedAt   time.Time
	FinishedAt  *time.Time
}

// TableName is control.plan_migrations.
func (Migration) TableName() string { return "control.plan_migrations" }

// Subscriptions is what moves one.
type Subscriptions interface {
	Migrate(ctx context.Context, tenantID, from, to uid.ID) (moved bool, err error)
}

// Mover moves subscriptions from one version to another.
type Mover struct {
	*Service
	Subscriptions Subscriptions
	Rating        subscription.Rating
}

const (
	shown   = 200 // organizations that a preview lists
	atOnce  = 100 // organizations between two notes of how far it is
	history = 10  // migrations that a version shows
)

// Outlook is what a migration would do.
type Outlook struct {
	From, To provider.Offer
	Count    int    // organizations on From
	Rows     []Fate // of the first of them
	Now      money.Money
	Then     money.Money // sums over the rows that are priced
	Month    billing.Period
}

// Fate is what becomes of one organization: its bill for the last whole month, as it was and as it would have been. Now and
// Then are nil where they cannot be worked out.
type Fate struct {
	Subscription subscription.Subscription
	Now, Then    *money.Money
	Refused      subscription.Refusal // "": it moves
}

// pair reads both versions and says whether a migration between them is possible at all.
func (m *Mover) pair(ctx context.Context, from, to uid.ID) (a, b provider.Offer, err error) {
	if from == to {
		return a, b, ErrSameVersion.With("to", ErrSameVersion.Text)
	}
	if a, err = m.Version(ctx, from); err != nil {
		return a, b, err
	}
	if b, err = m.Version(ctx, to); err != nil {
		return a, b, err
	}
	o, err := m.Open(ctx, to) // its status may have changed since it was remembered
	if err != nil {
		return a, b, err
	}
	if a.Version.Status == plan.StatusDraft || o.Version.Status != plan.StatusPublished {
		return a, b, ErrNotPublished
	}
	return a, b, nil
}

// Preview says who would move and what each pays, on what was used in the last whole month.
func (m *Mover) Preview(ctx context.Context, from, to uid.ID) (o Outlook, err error) {
	if o.From, o.To, err = m.pair(ctx, from, to); err != nil {
		return o, err
	}
	o.Month = billing.Period{Start: billing.PeriodOf(m.Now()).Start.AddDate(0, -1, 0)}
	o.Now.Currency, o.Then.Currency = o.From.Version.Currency, o.To.Version.Currency
	var list []subscription.Subscription
	err = m.Keep.InControl(ctx, func(ctx context.Context) error {
		counts, err := m.Keep.SubscribersOf(ctx, []uid.ID{from})
		if err != nil {
			return err
		}
		o.Count = counts[from]
		list, err = m.Keep.SubscriptionsOn(ctx, from, uid.Nil, shown)
		return err
	})
	if err != nil {
		return o, err
	}
	for _, sub := range list {
		f, err := m.fate(ctx, o, sub)
		if err != nil {
			return o, err
		}
		if f.Now != nil && f.Then != nil && f.Refused == "" {
			if o.Now, err = o.Now.Plus(*f.Now); err == nil {
				o.Then, err = o.Then.Plus(*f.Then)
			}
			if err != nil {
				return o, plan.ErrTooLarge.Because(err)
			}
		}
		o.Rows = append(o.Rows, f)
	}
	return o, nil
}

func (m *Mover) fate(ctx context.Context, o Outlook, sub subscription.Subscription) (f Fate, err error) {
	f = Fate{Subscription: sub, Refused: sub.Refuses(o.From, o.To)}
	if m.Rating == nil {
		return f, nil
	}
	q, err := m.Rating.Used(ctx, sub.TenantID, o.Month)
	if err != nil {
		return f, fmt.Errorf("usage of %s: %w", sub.TenantSlug, err)
	}
	now, errNow := m.Rating.Bill(o.From.Version, sub.AddOns, q)
	then, errThen := m.Rating.Bill(o.To.Version, sub.AddOns, q)
	if errNow == nil && errThen == nil {
		f.Now, f.Then = &now.Total, &then.Total
	}
	return f, nil
}

// Start notes the wish; the next turn of Run begins with it. ErrMigrating when those on the version are moving already.
func (m *Mover) Start(ctx context.Context, from, to uid.ID) (Migration, error) {
	a, b, err := m.pair(ctx, from, to)
	if err != nil {
		return Migration{}, err
	}
	g := Migration{ID: uid.New(), FromVersion: from, ToVersion: to, Refused: map[string]string{}, StartedAt: m.Now()}
	if who := event.ActorFrom(ctx); who.ID != uid.Nil {
		g.OperatorID = &who.ID
	}
	return g, m.Keep.InControl(ctx, func(ctx context.Context) error {
		if err := m.Keep.InsertMigration(ctx, g); err != nil {
			return err
		}
		return m.note(ctx, "plan.migration_started", b.Plan, map[string]string{"from_plan": a.Plan.Code, "from": from.String(), "to": to.String()})
	})
}

// Stop ends a migration where it is: who was moved stays moved.
func (m *Mover) Stop(ctx context.Context, from uid.ID) error {
	list, err := m.History(ctx, from)
	if err != nil {
		return err
	}
	for _, g := range list {
		if g.FinishedAt == nil {
			return m.finish(ctx, g, "plan.migration_stopped")
		}
	}
	return nil
}

func (m *Mover) finish(ctx context.Context, g Migration, action string) error {
	now := m.Now()
	g.FinishedAt = &now
	to, err := m.Version(ctx, g.ToVersion)
	if err != nil {
		return err
	}
	return m.Keep.InControl(ctx, func(ctx context.Context) error {
		if err := m.Keep.SaveMigration(ctx, g); err != nil {
			return err
		}
		data := map[string]string{"from": g.FromVersion.String(), "to": g.ToVersion.String(), "moved": fmt.Sprint(g.Moved), "refused": fmt.Sprint(len(g.Refused))}
		return m.note(ctx, action, to.Plan, data)
	})
}

// History lists the newest migrations away from a version.
func (m *Mover) History(ctx context.Context, from uid.ID) (list []Migration, err error) {
	err = m.Keep.InControl(ctx, func(ctx context.Context) error {
		list, err = m.Keep.MigrationsFrom(ctx, from, history)
		return err
	})
	return list, err
}

// Run goes on with what was started. It may be cut short at any moment: the next turn goes on behind the last organization
// noted, and one that was moved already is left alone.
func (m *Mover) Run(ctx context.Context) error {
	var running []Migration
	err := m.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		running, err = m.Keep.RunningMigrations(ctx)
		return err
	})
	errs := []error{err}
	for _, g := range running {
		if g.OperatorID != nil {
			ctx = event.WithActor(ctx, event.Actor{ID: *g.OperatorID, Kind: "operator"})
		}
		if err := m.run(ctx, g); !errors.Is(err, ErrChanged) { // stopped meanwhile
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// run takes one migration as far as it goes. Who failed for a reason that may pass is tried again in the next round.
func (m *Mover) run(ctx context.Context, g Migration) error {
	var later []error
	for {
		var list []subscription.Subscription
		err := m.Keep.InControl(ctx, func(ctx context.Context) (err error) {
			list, err = m.Keep.SubscriptionsOn(ctx, g.FromVersion, g.After, atOnce)
			return err
		})
		if err != nil {
			return err
		}
		for _, sub := range list {
			if err := m.moveOne(ctx, &g, sub); err != nil {
				later = append(later, fmt.Errorf("move %s: %w", sub.TenantSlug, err))
			}
			g.After = sub.TenantID
		}
		if len(list) < atOnce {
			break
		}
		if err := m.Keep.InControl(ctx, func(ctx context.Context) error { return m.Keep.SaveMigration(ctx, g) }); err != nil {
			return err
		}
	}
	if len(later) == 0 {
		return m.finish(ctx, g, "plan.migration_finished")
	}
	g.After = uid.Nil // another round, for those who could not be moved now
	err := m.Keep.InControl(ctx, func(ctx context.Context) error { return m.Keep.SaveMigration(ctx, g) })
	return errors.Join(append(later, err)...)
}

func (m *Mover) moveOne(ctx context.Context, g *Migration, sub subscription.Subscription) error {
	delete(g.Refused, sub.TenantSlug)
	from, err := m.Version(ctx, g.FromVersion)
	if err != nil {
		return err
	}
	to, err := m.Version(ctx, g.ToVersion)
	if err != nil {
		return err
	}
	why := string(sub.Refuses(from, to))
	if why == "" {
		moved, err := m.Subscriptions.Migrate(ctx, sub.TenantID, g.FromVersion, g.ToVersion)
		if f := fault.Of(err); err != nil {
			if f.Kind == fault.KindUnavailable || f.Kind == fault.KindInternal {
				return err
			}
			why = f.Code
		} else if moved {
			g.Moved++
		}
	}
	if why != "" {
		g.Refused = maps.Clone(g.Refused)
		g.Refused[sub.TenantSlug] = why
	}
	return nil
}
