package broadcast

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"lyceum/internal/clock"
	"lyceum/internal/recall"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Keeper is what the service needs kept, in the control schema. Everything but InControl and the announcements runs inside InControl.
type Keeper interface {
	InControl(ctx context.Context, fn func(ctx context.Context) error) error
	// Banners and Windows list them, the last to end first, at most n; with a moment only those that are not over then.
	Banners(ctx context.Context, notOver time.Time, n int) ([]Banner, error)
	Windows(ctx context.Context, notOver time.Time, n int) ([]Window, error)
	// BannerByID and WindowByID give one; ErrNotFound.
	BannerByID(ctx context.Context, id uid.ID) (Banner, error)
	WindowByID(ctx context.Context, id uid.ID) (Window, error)
	InsertBanner(ctx context.Context, b Banner) error
	InsertWindow(ctx context.Context, w Window) error
	// SaveBanner and SaveWindow write over the revision before; ErrChanged.
	SaveBanner(ctx context.Context, b Banner) error
	SaveWindow(ctx context.Context, w Window) error
	// PlanOfTenants gives the code of each tenant's plan.
	PlanOfTenants(ctx context.Context) (map[uid.ID]string, error)
	// TenantsBySlug gives the ids of these slugs, as far as they are there; TenantSlugs the other way round.
	TenantsBySlug(ctx context.Context, slugs []string) (map[string]uid.ID, error)
	TenantSlugs(ctx context.Context, ids []uid.ID) (map[uid.ID]string, error)
	// Dismissed lists what a person has put away; Dismiss puts one away, once.
	Dismissed(ctx context.Context, tenantID, person uid.ID) ([]uid.ID, error)
	Dismiss(ctx context.Context, banner, tenantID, person uid.ID, at time.Time) error
	// Audit notes an act in the log of acts.
	Audit(ctx context.Context, action string, tenantID uid.ID, data map[string]string, at time.Time) error
	// AnnouncePlatform tells every process that something changed for all portals; AnnounceNotices, that something did for people.
	AnnouncePlatform(ctx context.Context)
	AnnounceNotices(ctx context.Context, tenantID uid.ID, people []uid.ID)
	TellKeeper
}

// Options are what the service works with.
type Options struct {
	Keep      Keeper
	Languages []string // in which can be written, the first of them first
	Now       clock.Clock
	Log       *slog.Logger
}

// Service keeps what is said to portals, and has at hand what is on.
type Service struct {
	Options
	standing *recall.Cache[struct{}, standing]
	last     atomic.Pointer[standing] // when the database does not answer, what was known before holds
	put      *recall.Cache[whose, []uid.ID]
}

type whose struct{ tenant, person uid.ID }

// standing is all that is not over.
type standing struct {
	banners []Banner
	windows []Window
	plans   map[uid.ID]string // only where something asks for them
}

// How long is remembered what other processes may have changed, should their announcement get lost.
const (
	standingFor  = 30 * time.Second
	dismissedFor = time.Minute
	mostStanding = 500
)

// New makes the service.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{Options: o, standing: recall.New[struct{}, standing](1, standingFor, o.Now), put: recall.New[whose, []uid.ID](20_000, dismissedFor, o.Now)}
}

// Forget drops what is remembered of what is on.
func (s *Service) Forget() { s.standing.Drop(nil) }

// ForgetReader drops what is remembered of what a person has put away; uid.Nil: of anybody.
func (s *Service) ForgetReader(tenantID, person uid.ID) {
	if person == uid.Nil {
		s.put.Drop(nil)
		return
	}
	s.put.Forget(whose{tenantID, person})
}

func (s *Service) now(ctx context.Context) standing {
	st, err := s.standing.Get(ctx, struct{}{}, s.load)
	if err == nil {
		s.last.Store(&st)
		return st
	}
	s.Log.WarnContext(ctx, "announcements not read; those from before hold", "err", err)
	if last := s.last.Load(); last != nil {
		return *last
	}
	return standing{}
}

func (s *Service) load(ctx context.Context) (st standing, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		if st.banners, err = s.Keep.Banners(ctx, s.Now(), mostStanding); err != nil {
			return err
		}
		if st.windows, err = s.Keep.Windows(ctx, s.Now(), mostStanding); err != nil {
			return err
		}
		byPlan := slices.ContainsFunc(st.banners, func(b Banner) bool { return len(b.Plans) > 0 }) || slices.ContainsFunc(st.windows, func(w Window) bool { return len(w.Plans) > 0 })
		if byPlan {
			st.plans, err = s.Keep.PlanOfTenants(ctx)
		}
		return err
	})
	slices.SortFunc(st.windows, func(a, b Window) int { return a.FromAt.Compare(b.FromAt) })
	slices.SortFunc(st.banners, func(a, b Banner) int {
		return cmp.Or(-strings.Compare(string(a.Kind), string(b.Kind)), a.FromAt.Compare(b.FromAt)) // warnings first
	})
	return st, err
}

func (st standing) portal(t tenant.Tenant) Portal {
	return Portal{ID: t.ID, Life: t.Life, Plan: st.plans[t.ID]}
}

func (s *Service) changed(ctx context.Context, act string, facts map[string]string, do func(ctx context.Context) error) error {
	return s.end(ctx, act, func(ctx context.Context) (map[string]string, error) { return facts, do(ctx) })
}

// end does something in one transaction with its act, and tells every process.
func (s *Service) end(ctx context.Context, act string, do func(ctx context.Context) (map[string]string, error)) error {
	err := s.Keep.InControl(ctx, func(ctx context.Context) error {
		facts, err := do(ctx)
		if err != nil {
			return err
		}
		return s.Keep.Audit(ctx, act, uid.Nil, facts, s.Now())
	})
	if err != nil {
		return err
	}
	s.Forget()
	s.Keep.AnnouncePlatform(ctx)
	return nil
}
