// Package report tells the payment provider what was used, so that what is billed is what the ledger says, whatever
// happens on the way. The outbox is worked out from sums: for each tenant, meter and month a row is written for the
// difference between the ledger and what the outbox holds already. Rows are sent with an identifier of their own, again and
// again until the provider took them; one that is told twice counts once. What comes after a month is closed goes on the next
// bill as a line of its own. At night both sides are compared.
package report

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"lyceum/billing"
	"lyceum/billing/provider"
	"lyceum/billing/subscription"
	"lyceum/internal/clock"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// State is what became of a row of the outbox.
type State string

// The states.
const (
	StateWaiting State = "waiting"     // to be sent, or sent and not known to have arrived
	StateSent    State = "sent"        // the provider has it
	StateLate    State = "billed_late" // its month was closed: a line on the next bill
	StateParked  State = "parked"      // the provider refuses it; an operator is to look
)

// Row is one thing that the provider is told: a quantity of a meter in a month. It is a row of control.usage_reports.
type Row struct {
	ID          uid.ID
	TenantID    uid.ID
	Meter       billing.Meter
	Period      time.Time
	Seq         int
	Quantity    int64 // negative is a correction
	CustomerRef string
	VersionID   uid.ID    // the plan's version that held when it was written
	At          time.Time // the moment that the provider is given: within the month
	State       State
	Attempts    int
	FirstTryAt  *time.Time
	NextTryAt   time.Time
	Error       string
	CreatedAt   time.Time
	DoneAt      *time.Time
}

// TableName is control.usage_reports.
func (Row) TableName() string { return "control.usage_reports" }

// Identifier is what the provider knows the row by.
func (r Row) Identifier() string {
	return fmt.Sprintf("lyceum:%s:%s:%s:%d", r.TenantID, r.Meter, r.Period.Format("2006-01"), r.Seq)
}

// Sums are what the outbox holds of a tenant's meter in a month.
type Sums struct {
	All  int64 // every row
	Sent int64 // what the provider is known to have of it
	Open bool  // rows that it may have, or not
}

// Comparison is what the provider has beside what it was told. It is a row of control.usage_reconciliations.
type Comparison struct {
	TenantID   uid.ID        `gorm:"primaryKey"`
	Meter      billing.Meter `gorm:"primaryKey"`
	Period     time.Time     `gorm:"primaryKey"`
	Ledger     int64         // what was used
	Outbox     int64         // what is to be told of it
	Sent       int64         // what was told
	Provider   int64         // what the provider has
	Difference int64         // provider less sent: zero is the goal
	At         time.Time
}

// TableName is control.usage_reconciliations.
func (Comparison) TableName() string { return "control.usage_reconciliations" }

// Due is a tenant's month to be looked at.
type Due struct {
	TenantID uid.ID
	Customer string
	Version  uid.ID
	Meters   []billing.Meter
	Period   billing.Period
	From     time.Time // what was used before is free: the trial
	Every    time.Duration
	At       time.Time // the moment that a new row carries
	Now      time.Time
}

// Keeper is what is needed kept. All but InControl run inside it.
type Keeper interface {
	InControl(ctx context.Context, fn func(context.Context) error) error
	Audit(ctx context.Context, action string, tenantID uid.ID, data map[string]string, at time.Time) error
	SubscriptionsAfter(ctx context.Context, after uid.ID, n int) ([]subscription.Subscription, error)
	SubscriptionOf(ctx context.Context, tenantID uid.ID) (subscription.Subscription, error)

	// CollectReports writes a row for each meter whose outbox is not the ledger's sum, unless a row of the meter waits or is younger
	// than Every. It is one statement: two at once write one row.
	CollectReports(ctx context.Context, d Due) (written int, err error)
	// ClaimReports takes up to n rows that are due, the oldest month first, and keeps them from others until a moment.
	ClaimReports(ctx context.Context, now, until time.Time, n int) ([]Row, error)
	// SettleReport writes what became of a row: State, NextTryAt, Error, DoneAt.
	SettleReport(ctx context.Context, r Row) error
	ReportByID(ctx context.Context, id uid.ID) (Row, error)
	// ReportSums sums the outbox of a tenant's month by meter: Sent are rows whose At is before a moment, Open tells of such
	// rows that were tried and are not known to have arrived, or arrived after settled.
	ReportSums(ctx context.Context, tenantID uid.ID, p billing.Period, before, settled time.Time) (map[billing.Meter]Sums, error)
	// ReportedBefore sums the rows of the same meter and month that come before one.
	ReportedBefore(ctx context.Context, r Row) (int64, error)
	// ParkedReports lists rows that are parked.
	ParkedReports(ctx context.Context, r page.Request) (page.Of[Row], error)
	ReportDepth(ctx context.Context) (Depth, error)
	// UsageFrom sums every meter of a tenant over a month from a moment on.
	UsageFrom(ctx context.Context, tenantID uid.ID, p billing.Period, from time.Time) (map[billing.Meter]int64, error)
	SaveComparison(ctx context.Context, c Comparison) error
	// Comparisons lists those that found a difference, or all, the newest month first.
	Comparisons(ctx context.Context, off bool, r page.Request) (page.Of[Comparison], error)
	// ComparisonSummary counts what was found since a moment.
	ComparisonSummary(ctx context.Context, since time.Time) (Summary, error)
}

// Depth is how much waits.
type Depth struct {
	Waiting int
	Parked  int
	Oldest  *time.Time
}

// Summary is what the last comparisons found.
type Summary struct {
	Compared int
	Off      int // that found a difference
	At       *time.Time
}

// Plans finds a version of any status.
type Plans interface {
	Version(ctx context.Context, id uid.ID) (provider.Offer, error)
}

// Options are what the service works with.
type Options struct {
	Keep  Keeper
	Plans Plans
	// Provider is who is told; nil, or giving nil: nobody is.
	Provider func() provider.Provider
	Now      clock.Clock // the bill's clock
	Wall     clock.Clock // for waiting; default clock.Real: a bill's clock may run fast
	Log      *slog.Logger
}

// Service tells a provider what was used.
type Service struct {
	Options
	breaker *Breaker
	step    func(name string) // what tests break off at
}

// New makes the service.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Wall == nil {
		o.Wall = clock.Real
	}
	return &Service{Options: o, breaker: NewBreaker(o.Wall), step: func(string) {}}
}

// Failures of this package.
var (
	ErrNotFound  = fault.New(fault.KindNotFound, "usage_report_not_found", "There is no such report of usage.")
	ErrNotParked = fault.New(fault.KindConflict, "usage_report_not_parked", "This report of usage is not parked: it is sent by itself.")
)

// Breaker gives the circuit breaker, to be shown.
func (s *Service) Breaker() *Breaker { return s.breaker }

func (s *Service) provider() provider.Provider {
	if s.Provider == nil {
		return nil
	}
	return s.Provider()
}
