package flag

import (
	"context"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"lyceum/internal/clock"
	"lyceum/internal/fault"
	"lyceum/internal/recall"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Keeper is what the service needs kept, in the control schema. Everything but InControl and AnnouncePlatform runs inside InControl.
type Keeper interface {
	InControl(ctx context.Context, fn func(ctx context.Context) error) error
	FlagSettings(ctx context.Context) ([]Setting, error)
	FlagOverrides(ctx context.Context) ([]Override, error)
	// SaveFlag writes a share over the revision before; ErrChanged.
	SaveFlag(ctx context.Context, s Setting) error
	// SaveFlagOverride writes one over what stood there; RemoveFlagOverride takes it away, also where there is none.
	SaveFlagOverride(ctx context.Context, o Override) error
	RemoveFlagOverride(ctx context.Context, name string, tenantID uid.ID) error
	TenantSlugs(ctx context.Context, ids []uid.ID) (map[uid.ID]string, error)
	Audit(ctx context.Context, action string, tenantID uid.ID, data map[string]string, at time.Time) error
	AnnouncePlatform(ctx context.Context)
}

// Service answers whether a flag is on, without a query where what is set is at hand.
type Service struct {
	keep Keeper
	now  clock.Clock
	log  *slog.Logger
	set  *recall.Cache[struct{}, set]
	last atomic.Pointer[set] // when the database does not answer, what was known before holds
}

type set struct {
	settings  map[string]Setting
	overrides map[string]map[uid.ID]bool
}

// setFor is how long is remembered what another process may have changed, should its announcement get lost.
const setFor = 30 * time.Second

// New makes the service.
func New(keep Keeper, now clock.Clock, log *slog.Logger) *Service {
	return &Service{keep: keep, now: now, log: log, set: recall.New[struct{}, set](1, setFor, now)}
}

// Forget drops what is remembered.
func (s *Service) Forget() { s.set.Drop(nil) }

func (s *Service) known(ctx context.Context) set {
	got, err := s.set.Get(ctx, struct{}{}, s.load)
	if err == nil {
		s.last.Store(&got)
		return got
	}
	s.log.WarnContext(ctx, "flags not read; what was set before holds", "err", err)
	if last := s.last.Load(); last != nil {
		return *last
	}
	return set{}
}

func (s *Service) load(ctx context.Context) (out set, err error) {
	out = set{settings: map[string]Setting{}, overrides: map[string]map[uid.ID]bool{}}
	err = s.keep.InControl(ctx, func(ctx context.Context) error {
		settings, err := s.keep.FlagSettings(ctx)
		if err != nil {
			return err
		}
		for _, one := range settings {
			out.settings[one.Name] = one
		}
		overrides, err := s.keep.FlagOverrides(ctx)
		for _, o := range overrides {
			if out.overrides[o.Name] == nil {
				out.overrides[o.Name] = map[uid.ID]bool{}
			}
			out.overrides[o.Name][o.TenantID] = o.IsOn
		}
		return err
	})
	return out, err
}

func (s set) percent(f Flag) int {
	if set, ok := s.settings[f.Name]; ok {
		return set.Percent
	}
	return f.Percent
}

func (s set) on(f Flag, id uid.ID) (on, single bool) {
	if on, single = s.overrides[f.Name][id]; single {
		return on, true
	}
	return Within(f.Name, id, s.percent(f)), false
}

// On tells whether a portal has what a flag is for. A flag that is not declared is off.
func (s *Service) On(ctx context.Context, t tenant.Tenant, name string) bool {
	f, err := Find(name)
	if err != nil {
		return false
	}
	on, _ := s.known(ctx).on(f, t.ID)
	return on
}

// State is how a flag stands for a portal.
type State struct {
	Flag   Flag
	On     bool
	Single bool // by an override, not by the share
}

// Of gives every flag for a portal.
func (s *Service) Of(ctx context.Context, t tenant.Tenant) (list []State) {
	known := s.known(ctx)
	for _, f := range All() {
		on, single := known.on(f, t.ID)
		list = append(list, State{f, on, single})
	}
	return list
}

// Listed is a flag as operators see it.
type Listed struct {
	Flag
	Setting   Setting // Revision 0: nobody set anything, and Percent is the declared one
	Overrides []ListedOverride
}

// ListedOverride is an override with the portal's name in addresses.
type ListedOverride struct {
	Override
	Slug string
}

// List gives every flag with what is set.
func (s *Service) List(ctx context.Context) (list []Listed, err error) {
	err = s.keep.InControl(ctx, func(ctx context.Context) error {
		settings, err := s.keep.FlagSettings(ctx)
		if err != nil {
			return err
		}
		overrides, err := s.keep.FlagOverrides(ctx)
		if err != nil {
			return err
		}
		var ids []uid.ID
		for _, o := range overrides {
			ids = append(ids, o.TenantID)
		}
		slugs, err := s.keep.TenantSlugs(ctx, ids)
		if err != nil {
			return err
		}
		for _, f := range All() {
			one := Listed{Flag: f, Setting: Setting{Name: f.Name, Percent: f.Percent}}
			for _, set := range settings {
				if set.Name == f.Name {
					one.Setting = set
				}
			}
			for _, o := range overrides {
				if o.Name == f.Name {
					one.Overrides = append(one.Overrides, ListedOverride{o, slugs[o.TenantID]})
				}
			}
			list = append(list, one)
		}
		return nil
	})
	return list, err
}

// SetPercent gives a flag to a share of all portals, over the revision that was seen. A fault at percent; ErrNotFound, ErrChanged. Act flag.set.
func (s *Service) SetPercent(ctx context.Context, name string, percent, revision int, by string) error {
	f, err := Find(name)
	if err != nil {
		return err
	}
	if percent < 0 || percent > 100 {
		return fault.Invalid(map[string]string{"percent": "Write a share between 0 and 100 percent."})
	}
	before := s.known(ctx).percent(f)
	return s.change(ctx, "flag.set", uid.Nil, map[string]string{"flag": name, "percent": strconv.Itoa(percent), "was": strconv.Itoa(before)}, func(ctx context.Context) error {
		return s.keep.SaveFlag(ctx, Setting{Name: name, Percent: percent, Revision: revision + 1, ByName: by, ChangedAt: s.now()})
	})
}

// Override switches a flag on or off for one portal. ErrNotFound. Act flag.overridden.
func (s *Service) Override(ctx context.Context, name string, t tenant.Tenant, on bool, by string) error {
	if _, err := Find(name); err != nil {
		return err
	}
	return s.change(ctx, "flag.overridden", t.ID, map[string]string{"flag": name, "slug": t.Slug, "on": strconv.FormatBool(on)}, func(ctx context.Context) error {
		return s.keep.SaveFlagOverride(ctx, Override{Name: name, TenantID: t.ID, IsOn: on, ByName: by, ChangedAt: s.now()})
	})
}

// Release has a portal follow the share again. ErrNotFound. Act flag.released.
func (s *Service) Release(ctx context.Context, name string, t tenant.Tenant) error {
	if _, err := Find(name); err != nil {
		return err
	}
	return s.change(ctx, "flag.released", t.ID, map[string]string{"flag": name, "slug": t.Slug}, func(ctx context.Context) error {
		return s.keep.RemoveFlagOverride(ctx, name, t.ID)
	})
}

func (s *Service) change(ctx context.Context, act string, about uid.ID, facts map[string]string, do func(ctx context.Context) error) error {
	err := s.keep.InControl(ctx, func(ctx context.Context) error {
		if err := do(ctx); err != nil {
			return err
		}
		return s.keep.Audit(ctx, act, about, facts, s.now())
	})
	if err != nil {
		return err
	}
	s.Forget()
	s.keep.AnnouncePlatform(ctx)
	return nil
}
