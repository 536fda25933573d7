package health

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"lyceum/internal/clock"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Backlog is what waits to be done for a tenant.
type Backlog struct {
	Waiting, Failing int
	Oldest           time.Time // when the oldest job was made
}

// Tally is what failed at a tenant.
type Tally struct {
	Requests, Mails int // within Window
	Last            time.Time
}

// Inside is what only a tenant's own schema knows.
type Inside struct {
	OldestEvent    *uid.ID // of the outbox; nil: it is empty
	SignOns        int
	SignOnsRefused int
	Owners         string
}

// Keeper is what the service needs kept.
type Keeper interface {
	InTenant(ctx context.Context, fn func(context.Context) error) error
	TenantsAfter(ctx context.Context, after uid.ID, n int) ([]tenant.Tenant, error)
	// JobBacklogs gives what waits, by tenant.
	JobBacklogs(ctx context.Context) (map[uid.ID]Backlog, error)
	// FailureTallies gives what failed since a moment, by tenant.
	FailureTallies(ctx context.Context, since time.Time) (map[uid.ID]Tally, error)
	// ActiveLearners gives how many counted since a day, by tenant.
	ActiveLearners(ctx context.Context, since time.Time) (map[uid.ID]int64, error)
	HealthInside(ctx context.Context, since time.Time) (Inside, error)
	SaveHealth(ctx context.Context, list []Health) error
	AddFailures(ctx context.Context, list []Failure) error
	SweepFailures(ctx context.Context, before time.Time) error
	FailuresOf(ctx context.Context, tenantID uid.ID, n int) ([]Failure, error)
	// HealthOf gives nil for a tenant that was not looked at.
	HealthOf(ctx context.Context, tenantID uid.ID) (*Health, error)
	TenantRows(ctx context.Context, f Filter) (page.Of[Row], error)
	PlansInUse(ctx context.Context) ([]Plan, error)
}

// Options are what the service works with.
type Options struct {
	Keep     Keeper
	Versions Versions
	// Storage gives what the tenant of ctx stores and may store, in bytes (limit 0: all it likes); nil: it is not looked at.
	Storage func(ctx context.Context) (used, limit int64, err error)
	// Holds tells that nothing is to be done in a portal now, because it is maintained; nil: there always is.
	Holds func(ctx context.Context, t tenant.Tenant) bool
	Now   clock.Clock
	Log   *slog.Logger
}

// Service gathers and shows how tenants do.
type Service struct {
	Options
	failures ledger
}

// New makes the service.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{Options: o, failures: ledger{counts: map[spot]count{}}}
}

// List gives tenants, a page at a time.
func (s *Service) List(ctx context.Context, f Filter) (page.Of[Row], error) {
	return s.Keep.TenantRows(ctx, f)
}

// Plans lists the plans that tenants have.
func (s *Service) Plans(ctx context.Context) ([]Plan, error) { return s.Keep.PlansInUse(ctx) }

// shownFailures bounds the history that is shown of one tenant.
const shownFailures = 30

// Of gives how a tenant did when it was looked at (nil: it was not yet), and what failed last, the newest first.
func (s *Service) Of(ctx context.Context, tenantID uid.ID) (*Health, []Failure, error) {
	h, err := s.Keep.HealthOf(ctx, tenantID)
	if err != nil {
		return nil, nil, err
	}
	list, err := s.Keep.FailuresOf(ctx, tenantID, shownFailures)
	return h, list, err
}

// kept is how long failures are kept.
const kept = 14 * 24 * time.Hour

// batch is how many tenants are looked at between two writes.
const batch = 200

// Gather looks at every active tenant and keeps what it finds. A tenant that cannot be looked at keeps what was known; the others
// are looked at all the same.
func (s *Service) Gather(ctx context.Context) error {
	errs := []error{s.Flush(ctx)}
	now := s.Now()
	if err := s.Keep.SweepFailures(ctx, now.Add(-kept)); err != nil {
		errs = append(errs, err)
	}
	jobs, err := s.Keep.JobBacklogs(ctx)
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	failed, err := s.Keep.FailureTallies(ctx, now.Add(-Window))
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	utc := now.UTC()
	learners, err := s.Keep.ActiveLearners(ctx, time.Date(utc.Year(), utc.Month(), 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	for after := uid.Nil; ; {
		list, err := s.Keep.TenantsAfter(ctx, after, batch)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		found := make([]Health, 0, len(list))
		for _, t := range list {
			after = t.ID
			if s.Holds != nil && s.Holds(ctx, t) {
				continue // what was known holds
			}
			h := Health{TenantID: t.ID, CheckedAt: now, ActiveLearners: learners[t.ID]}
			h.know(jobs[t.ID], failed[t.ID], now)
			if err := s.inside(tenant.With(ctx, t), &h); err != nil {
				errs = append(errs, fmt.Errorf("health of %s: %w", t.Slug, err))
				continue
			}
			h.Judge(t.SchemaVersion, s.Versions)
			found = append(found, h)
		}
		if err := s.Keep.SaveHealth(ctx, found); err != nil {
			errs = append(errs, err)
		}
		if len(list) < batch || ctx.Err() != nil {
			return errors.Join(errs...)
		}
	}
}

// know takes over what is known without the tenant's schema.
func (h *Health) know(b Backlog, t Tally, now time.Time) {
	h.JobsWaiting, h.JobsFailing = b.Waiting, b.Failing
	if b.Waiting > 0 {
		h.JobLag = max(0, int(now.Sub(b.Oldest).Seconds()))
	}
	h.RequestsFailed, h.MailsFailed = t.Requests, t.Mails
	if !t.Last.IsZero() {
		last := t.Last
		h.LastErrorAt = &last
	}
}

func (s *Service) inside(ctx context.Context, h *Health) error {
	err := s.Keep.InTenant(ctx, func(ctx context.Context) error {
		in, err := s.Keep.HealthInside(ctx, h.CheckedAt.Add(-Window))
		if err != nil {
			return err
		}
		h.SignOns, h.SignOnsRefused, h.Owners = in.SignOns, in.SignOnsRefused, in.Owners
		if in.OldestEvent != nil {
			h.EventLag = max(0, int(h.CheckedAt.Sub(uid.Time(*in.OldestEvent)).Seconds()))
		}
		return nil
	})
	if err != nil || s.Storage == nil {
		return err
	}
	h.StorageUsed, h.StorageLimit, err = s.Storage(ctx)
	return err
}
