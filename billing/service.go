package billing

import (
	"context"
	"errors"
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
	event.Log
	// RecordUsage writes entries and adds them to the days in one step; one whose subject has an entry of this kind on the
	// meter in the period already is left out. written is how many were not.
	RecordUsage(ctx context.Context, entries ...UsageEvent) (written int, err error)
	// MakeUsageMonths makes room for months, unless it is there.
	MakeUsageMonths(ctx context.Context, months ...Period) error
	UsageMonthsKept(ctx context.Context) ([]Period, error)
	// RebuildUsage works a month's days out anew from its entries; wrong is how many were not right and are now.
	RebuildUsage(ctx context.Context, p Period) (wrong int, err error)

	UsageDays(ctx context.Context, tenantID uid.ID, p Period) (map[Meter][]DayCount, error)
	UsageMonths(ctx context.Context, tenantID uid.ID, m Meter, until Period, limit int) ([]MonthTotal, error)
	UsageRows(ctx context.Context, tenantID uid.ID, m Meter, p Period, r page.Request) (page.Of[UsageEvent], error)
	UsageEventOf(ctx context.Context, tenantID, id uid.ID) (UsageEvent, error)
	// UsageOf lists a subject's entries: at most one of each kind.
	UsageOf(ctx context.Context, tenantID uid.ID, m Meter, p Period, subject uid.ID) ([]UsageEvent, error)
	// LastUsage is a meter's newest entry since a moment; ErrUsageNotFound.
	LastUsage(ctx context.Context, tenantID uid.ID, m Meter, since time.Time) (UsageEvent, error)

	InTenant(ctx context.Context, fn func(context.Context) error) error
	EventByID(ctx context.Context, id uid.ID) (event.Event, error)
	// FirstEventOf gives the earliest event that is sought; event.ErrNotFound. It runs inside InTenant.
	FirstEventOf(ctx context.Context, q Sought) (event.Event, error)
}

// Sought is which events about a person's enrolments are looked for: of these types, within [From, Before).
type Sought struct {
	Person       uid.ID
	Types        []string
	From, Before time.Time
	Own          bool // only those that the person caused
}

// Service counts and shows usage.
type Service struct {
	keep   Keeper
	now    clock.Clock
	gather *gathering
}

// New makes the service. What is called and played is gathered in memory: run Gather, or call Flush.
func New(keep Keeper, now clock.Clock) *Service { return &Service{keep, now, newGathering(now)} }

// Failures of this package.
var (
	ErrUsageNotFound = fault.New(fault.KindNotFound, "usage_not_found", "There is no such entry in the ledger.")
	ErrPeriod        = fault.New(fault.KindInvalid, "bad_period", "Write the month as year and month, for example 2026-03.")
	ErrMeter         = fault.New(fault.KindInvalid, "bad_meter", "There is no such meter. The meters are active_learner, storage_byte_hours, video_minutes, api_calls and ai_tokens.")
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

// ParseMeter reads a meter's name; "" is MeterActiveLearner.
func ParseMeter(s string) (Meter, error) {
	if s == "" {
		return MeterActiveLearner, nil
	}
	for _, m := range Meters() {
		if string(m) == s {
			return m, nil
		}
	}
	return "", ErrMeter.With("meter", ErrMeter.Text)
}

// monthsShown is how many months Usage looks back, its own among them.
const monthsShown = 13

// Usage gives a period's figures day by day, and a page of one meter's entries. It needs usage:read.
func (s *Service) Usage(ctx context.Context, m Meter, p Period, r page.Request) (Usage, error) {
	if err := auth.Require(ctx, policy.UsageRead); err != nil {
		return Usage{}, err
	}
	t, _ := tenant.From(ctx)
	u := Usage{Period: p}
	days, err := s.keep.UsageDays(ctx, t.ID, p)
	if err != nil {
		return u, err
	}
	for _, meter := range Meters() {
		one := MeterUsage{Meter: meter, PerDay: make([]int64, p.Days())}
		for _, d := range days[meter] {
			one.PerDay[d.Day-1] = d.Count
			one.Total += d.Count
		}
		if meter == m {
			u.MeterUsage = one
		}
		u.Meters = append(u.Meters, one)
	}
	if u.Months, err = s.keep.UsageMonths(ctx, t.ID, m, p, monthsShown); err != nil {
		return u, err
	}
	rows, err := s.keep.UsageRows(ctx, t.ID, m, p, r)
	u.Rows, u.Next = rows.Items, rows.Next
	return u, err
}

// Entries gives a page of a meter's entries in a period. It needs usage:read.
func (s *Service) Entries(ctx context.Context, m Meter, p Period, r page.Request) (page.Of[UsageEvent], error) {
	if err := auth.Require(ctx, policy.UsageRead); err != nil {
		return page.Of[UsageEvent]{}, err
	}
	t, _ := tenant.From(ctx)
	return s.keep.UsageRows(ctx, t.ID, m, p, r)
}

// Proof is an entry of the ledger with the event that made it. Event is nil when its time in the log is over, or where
// there never was one; the entry itself still says what it was and when.
type Proof struct {
	Entry UsageEvent
	Event *event.Event
	// Others are what else is kept of the person in the period: a correction, and what it corrects.
	Others []UsageEvent
	// Strikable tells that who asks may strike the entry off now; Until is how long.
	Strikable bool
	Until     time.Time
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
	p := Proof{Entry: entry, Until: entry.OccurredAt.Add(Grace)}
	same, err := s.keep.UsageOf(ctx, t.ID, entry.Meter, PeriodOf(entry.Period), entry.SubjectID)
	if err != nil {
		return p, err
	}
	for _, e := range same {
		if e.ID != id {
			p.Others = append(p.Others, e)
		}
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if entry.EventID != uid.Nil {
			e, err := s.keep.EventByID(ctx, entry.EventID)
			switch {
			case err == nil:
				p.Event = &e
			case !errors.Is(err, event.ErrNotFound):
				return err
			}
		}
		if auth.Require(ctx, policy.BillingManage) != nil {
			return nil
		}
		why := s.strikable(ctx, entry, same)
		p.Strikable = why == nil
		if fault.Of(why).Kind == fault.KindInternal && why != nil {
			return why
		}
		return nil
	})
	return p, err
}
