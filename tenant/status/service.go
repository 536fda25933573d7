package status

import (
	"context"
	"time"

	"lyceum/internal/clock"
	"lyceum/internal/recall"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Keeper is what the service needs kept.
type Keeper interface {
	InControl(ctx context.Context, fn func(context.Context) error) error
	// StatusCounts are those of a portal (uid.Nil: of the platform) from a moment on.
	StatusCounts(ctx context.Context, tenantID uid.ID, since time.Time) ([]Count, error)
	// OldestJob is since when the oldest job waits whose time has come, of a portal or (uid.Nil) of any; zero: none waits.
	OldestJob(ctx context.Context, tenantID uid.ID) (time.Time, error)
	PruneStatus(ctx context.Context, portals, platform time.Time) error
}

// Service reports.
type Service struct {
	keep  Keeper
	now   clock.Clock
	known *recall.Cache[uid.ID, Report]
}

// atHand is how long a report is shown again: the page is open to strangers, and asked most when things go badly.
const atHand = 15 * time.Second

// How far reports look back.
const (
	portalEach, portalSpans     = time.Hour, 24
	platformEach, platformSpans = 24 * time.Hour, 90
)

// New makes the service.
func New(keep Keeper, now clock.Clock) *Service {
	return &Service{keep: keep, now: now, known: recall.New[uid.ID, Report](5000, atHand, now)}
}

// Portal reports how the portal of ctx works: now and by the hour for a day.
func (s *Service) Portal(ctx context.Context) (Report, error) {
	t, _ := tenant.From(ctx)
	return s.known.Get(ctx, t.ID, func(ctx context.Context) (Report, error) { return s.load(ctx, t.ID, portalEach, portalSpans) })
}

// Platform reports how the platform works: now and by the day for three months. When the database does not answer, that is the
// report.
func (s *Service) Platform(ctx context.Context) Report {
	r, err := s.known.Get(ctx, uid.Nil, func(ctx context.Context) (Report, error) { return s.load(ctx, uid.Nil, platformEach, platformSpans) })
	if err != nil {
		r = report(nil, s.now().UTC(), platformEach, platformSpans)
		r.Verdict, r.Parts[0].Verdict = Down, Down
	}
	return r
}

func (s *Service) load(ctx context.Context, of uid.ID, each time.Duration, spans int) (r Report, err error) {
	now := s.now().UTC()
	err = s.keep.InControl(ctx, func(ctx context.Context) error {
		counts, err := s.keep.StatusCounts(ctx, of, now.Add(-time.Duration(spans)*each))
		if err != nil {
			return err
		}
		oldest, err := s.keep.OldestJob(ctx, of)
		if err != nil {
			return err
		}
		if waits := now.Sub(oldest); !oldest.IsZero() && waits > 0 { // one that waits still is in no count
			counts = append(counts, Count{TenantID: of, Part: Jobs, Slot: now.Truncate(SlotLength), WorstMS: waits.Milliseconds()})
		}
		r = report(counts, now, each, spans)
		return nil
	})
	return r, err
}

// Prune drops counts that are too old.
func (s *Service) Prune(ctx context.Context) error {
	now := s.now()
	return s.keep.InControl(ctx, func(ctx context.Context) error {
		return s.keep.PruneStatus(ctx, now.Add(-PortalKept), now.Add(-PlatformKept))
	})
}
