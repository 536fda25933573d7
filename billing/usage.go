package billing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Keeper is what the service needs kept.
type Keeper interface {
	// RecordUsage writes an entry unless its subject counts on the meter in the period already; counted tells which.
	RecordUsage(ctx context.Context, e UsageEvent) (counted bool, err error)
	UsagePerDay(ctx context.Context, tenantID uid.ID, m Meter, p Period) ([]DayCount, error)
	UsageRows(ctx context.Context, tenantID uid.ID, m Meter, p Period, r page.Request) (page.Of[UsageEvent], error)
	UsageEventOf(ctx context.Context, tenantID, id uid.ID) (UsageEvent, error)
	InTenant(ctx context.Context, fn func(context.Context) error) error
	EventByID(ctx context.Context, id uid.ID) (event.Event, error)
	// FirstEventOf gives the earliest event of these types, from a moment on and before another, about a person's
	// enrolments; event.ErrNotFound. It runs inside InTenant.
	FirstEventOf(ctx context.Context, person uid.ID, types []string, from, before time.Time) (event.Event, error)
}

// DayCount is how many entries a day has; Day counts from 1.
type DayCount struct {
	Day   int
	Count int64
}

// Service counts and shows usage.
type Service struct {
	keep Keeper
	now  clock.Clock
}

// New makes the service.
func New(keep Keeper, now clock.Clock) *Service { return &Service{keep, now} }

// Failures of this package.
var (
	ErrUsageNotFound = fault.New(fault.KindNotFound, "usage_not_found", "There is no such entry in the ledger.")
	ErrPeriod        = fault.New(fault.KindInvalid, "bad_period", "Write the month as year and month, for example 2026-03.")
)

// ParsePeriod reads "2026-03"; "" is the period of now.
func ParsePeriod(s string, now time.Time) (Period, error) {
	if s == "" {
		return PeriodOf(now), nil
	}
	t, err := time.Parse("2006-01", s)
	if err != nil {
		return Period{}, ErrPeriod.With("period", ErrPeriod.Text)
	}
	return Period{Start: t}, nil
}

// learningData is what the events of learning say about the person.
type learningData struct {
	PersonID   uid.ID `json:"person_id"`
	PersonName string `json:"person_name"`
}

// Count takes an event of the tenant of ctx into the ledger when it makes a person an active learner of the period in
// which it happened (not in which it is told). However often and in whatever order events are told, a person counts
// once a period, by the first of them in the log.
func (s *Service) Count(ctx context.Context, e event.Event) error {
	if !slices.Contains(LearningEvents(), e.Type) {
		return nil
	}
	t, ok := tenant.From(ctx)
	if !ok {
		return errors.New("count usage: no tenant in the context")
	}
	var d learningData
	if err := json.Unmarshal(e.Data, &d); err != nil || d.PersonID == uid.Nil {
		return fmt.Errorf("count usage of event %s: it names no person (%w)", e.ID, err)
	}
	period := PeriodOf(e.At)
	err := s.keep.InTenant(ctx, func(ctx context.Context) error {
		first, err := s.keep.FirstEventOf(ctx, d.PersonID, LearningEvents(), period.Start, period.End())
		if err == nil {
			e = first
		}
		if errors.Is(err, event.ErrNotFound) {
			return nil // about no enrolment that is still there: the event itself is the first we know of
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("count usage of event %s: %w", e.ID, err)
	}
	_, err = s.keep.RecordUsage(ctx, UsageEvent{
		ID: uid.New(), TenantID: t.ID, Meter: MeterActiveLearner, SubjectID: d.PersonID, SubjectName: d.PersonName,
		Period: period.Start, Quantity: 1, EventID: e.ID, EventType: e.Type, OccurredAt: e.At, RecordedAt: s.now(),
	})
	if err != nil {
		return fmt.Errorf("count usage of event %s: %w", e.ID, err)
	}
	return nil
}

// Usage gives a period's figure, its days and a page of its entries. It needs usage:read.
func (s *Service) Usage(ctx context.Context, p Period, r page.Request) (Usage, error) {
	if err := auth.Require(ctx, policy.UsageRead); err != nil {
		return Usage{}, err
	}
	t, _ := tenant.From(ctx)
	u := Usage{Period: p, PerDay: make([]int64, p.Days())}
	days, err := s.keep.UsagePerDay(ctx, t.ID, MeterActiveLearner, p)
	if err != nil {
		return u, err
	}
	for _, d := range days {
		if d.Day >= 1 && d.Day <= len(u.PerDay) {
			u.PerDay[d.Day-1] = d.Count
			u.Total += d.Count
		}
	}
	rows, err := s.keep.UsageRows(ctx, t.ID, MeterActiveLearner, p, r)
	u.Rows, u.Next = rows.Items, rows.Next
	return u, err
}

// Proof is an entry of the ledger with the event that made it. Event is nil when its time in the log is over; the
// entry itself still says what it was and when.
type Proof struct {
	Entry UsageEvent
	Event *event.Event
}

// Proof opens an entry. It needs usage:read.
func (s *Service) Proof(ctx context.Context, id uid.ID) (Proof, error) {
	if err := auth.Require(ctx, policy.UsageRead); err != nil {
		return Proof{}, err
	}
	t, _ := tenant.From(ctx)
	entry, err := s.keep.UsageEventOf(ctx, t.ID, id)
	if err != nil {
		return Proof{}, err
	}
	p := Proof{Entry: entry}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		e, err := s.keep.EventByID(ctx, entry.EventID)
		if errors.Is(err, event.ErrNotFound) {
			return nil
		}
		p.Event = &e
		return err
	})
	return p, err
}
