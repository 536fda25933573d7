package broadcast

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"lyceum/internal/clock"
	"lyceum/internal/fault"
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

// Said is what a page of a portal says.
type Said struct {
	Banners []Banner
	Windows []Window // that are announced or running, the next first
}

// For gives what a page of a portal says to a reader. It asks the database only for what was forgotten, and for nothing where
// nothing is said.
func (s *Service) For(ctx context.Context, t tenant.Tenant, who Reader) (out Said) {
	st, now := s.now(ctx), s.Now()
	p := st.portal(t)
	asks := false
	for _, b := range st.banners {
		if b.State(now) == Running && b.Reaches(p) && b.Readers.Sees(who) {
			out.Banners = append(out.Banners, b)
			asks = asks || b.Dismissible
		}
	}
	if asks && who.Person != uid.Nil {
		away := s.dismissed(ctx, t.ID, who.Person)
		out.Banners = slices.DeleteFunc(out.Banners, func(b Banner) bool { return b.Dismissible && slices.Contains(away, b.ID) })
	}
	out.Windows = s.announced(st, p, now)
	return out
}

func (s *Service) announced(st standing, p Portal, now time.Time) (list []Window) {
	for _, w := range st.windows {
		if w.Announced(now) && w.Reaches(p) {
			list = append(list, w)
		}
	}
	return list
}

// WindowsOf lists the windows of a portal that are announced or running; of all portals where the tenant is none.
func (s *Service) WindowsOf(ctx context.Context, t tenant.Tenant) (list []Window) {
	st, now := s.now(ctx), s.Now()
	if t.ID != uid.Nil {
		return s.announced(st, st.portal(t), now)
	}
	for _, w := range st.windows {
		if w.All() && w.Announced(now) {
			list = append(list, w)
		}
	}
	return list
}

// Running gives the window that a portal is in, the strictest of several; ok is false outside.
func (s *Service) Running(ctx context.Context, t tenant.Tenant) (found Window, ok bool) {
	st, now := s.now(ctx), s.Now()
	p := st.portal(t)
	for _, w := range st.windows {
		if w.State(now) == Running && w.Reaches(p) && (!ok || w.Mode == Closed && found.Mode != Closed || w.Mode == found.Mode && w.UntilAt.After(found.UntilAt)) {
			found, ok = w, true
		}
	}
	return found, ok
}

// Holds is how long background work of a portal still waits; 0: it does not.
func (s *Service) Holds(ctx context.Context, t tenant.Tenant) (left time.Duration) {
	st, now := s.now(ctx), s.Now()
	p := st.portal(t)
	for _, w := range st.windows {
		if w.HoldsJobs && w.State(now) == Running && w.Reaches(p) {
			left = max(left, w.UntilAt.Sub(now))
		}
	}
	return left
}

func (s *Service) dismissed(ctx context.Context, tenantID, person uid.ID) []uid.ID {
	list, err := s.put.Get(ctx, whose{tenantID, person}, func(ctx context.Context) (list []uid.ID, err error) {
		err = s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
			list, err = s.Keep.Dismissed(ctx, tenantID, person)
			return err
		})
		return list, err
	})
	if err != nil { // a banner too many harms nobody
		s.Log.WarnContext(ctx, "what was put away was not read", "err", err)
	}
	return list
}

// Dismiss puts a banner away for the reader. ErrNotFound for one that they do not see, ErrStays for one that stays. Twice is once.
func (s *Service) Dismiss(ctx context.Context, t tenant.Tenant, who Reader, id uid.ID) error {
	st, now := s.now(ctx), s.Now()
	i := slices.IndexFunc(st.banners, func(b Banner) bool {
		return b.ID == id && b.State(now) == Running && b.Reaches(st.portal(t)) && b.Readers.Sees(who)
	})
	if i < 0 || who.Person == uid.Nil {
		return ErrNotFound
	}
	if !st.banners[i].Dismissible {
		return ErrStays
	}
	err := s.Keep.InControl(ctx, func(ctx context.Context) error { return s.Keep.Dismiss(ctx, id, t.ID, who.Person, now) })
	if err != nil {
		return err
	}
	s.ForgetReader(t.ID, who.Person)
	s.Keep.AnnounceNotices(ctx, t.ID, []uid.ID{who.Person})
	return nil
}

// Listed is what operators look at.
type Listed struct {
	Banners []Banner
	Windows []Window
	Slugs   map[uid.ID]string // of the chosen portals that are there
}

// shownPast bounds what is listed.
const shownPast = 100

// List gives banners and windows, the last to end first.
func (s *Service) List(ctx context.Context) (out Listed, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		if out.Banners, err = s.Keep.Banners(ctx, time.Time{}, shownPast); err != nil {
			return err
		}
		if out.Windows, err = s.Keep.Windows(ctx, time.Time{}, shownPast); err != nil {
			return err
		}
		var ids []uid.ID
		for _, b := range out.Banners {
			ids = append(ids, b.Tenants...)
		}
		for _, w := range out.Windows {
			ids = append(ids, w.Tenants...)
		}
		out.Slugs, err = s.Keep.TenantSlugs(ctx, ids)
		return err
	})
	return out, err
}

// Banner gives one with the slugs of its portals; ErrNotFound.
func (s *Service) Banner(ctx context.Context, id uid.ID) (b Banner, slugs []string, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		if b, err = s.Keep.BannerByID(ctx, id); err != nil {
			return err
		}
		slugs, err = s.slugs(ctx, b.Audience)
		return err
	})
	return b, slugs, err
}

// Window gives one with the slugs of its portals; ErrNotFound.
func (s *Service) Window(ctx context.Context, id uid.ID) (w Window, slugs []string, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		if w, err = s.Keep.WindowByID(ctx, id); err != nil {
			return err
		}
		slugs, err = s.slugs(ctx, w.Audience)
		return err
	})
	return w, slugs, err
}

func (s *Service) slugs(ctx context.Context, a Audience) (list []string, err error) {
	by, err := s.Keep.TenantSlugs(ctx, a.Tenants)
	for _, id := range a.Tenants {
		if by[id] != "" {
			list = append(list, by[id])
		}
	}
	slices.Sort(list)
	return list, err
}

// Chosen reads the slugs of portals as they are typed, apart by spaces, commas or lines. A fault at tenants names those that are not there.
func (s *Service) Chosen(ctx context.Context, typed string) (ids []uid.ID, err error) {
	slugs := strings.FieldsFunc(strings.ToLower(typed), func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\n' || r == '\r' || r == '\t' })
	slices.Sort(slugs)
	slugs = slices.Compact(slugs)
	if len(slugs) == 0 {
		return nil, nil
	}
	if len(slugs) > maxTenants {
		return nil, fault.Invalid(map[string]string{"tenants": "Choose at most 500 portals; by plan or state there may be more."})
	}
	var by map[string]uid.ID
	err = s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		by, err = s.Keep.TenantsBySlug(ctx, slugs)
		return err
	})
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, slug := range slugs {
		if id, ok := by[slug]; ok {
			ids = append(ids, id)
		} else {
			missing = append(missing, slug)
		}
	}
	if len(missing) > 0 {
		return nil, fault.Invalid(map[string]string{"tenants": "There is no portal “" + strings.Join(missing[:min(len(missing), 5)], "”, “") + "”."})
	}
	return ids, nil
}

// Check tells what is wrong with a banner and keeps nothing: for a preview.
func (s *Service) Check(b Banner) (Banner, error) { return b, b.check(s.Now(), s.Languages) }

// AddBanner says something from now on or from its time on. Field faults. Act banner.created.
func (s *Service) AddBanner(ctx context.Context, b Banner) (Banner, error) {
	if err := b.check(s.Now(), s.Languages); err != nil {
		return b, err
	}
	b.ID, b.Revision, b.CreatedAt, b.EndedAt = uid.New(), 1, s.Now(), nil
	return b, s.changed(ctx, "banner.created", bannerFacts(b), func(ctx context.Context) error { return s.Keep.InsertBanner(ctx, b) })
}

// ChangeBanner writes over the revision that b carries. Field faults, ErrChanged, ErrOver, ErrNotFound. Act banner.changed.
func (s *Service) ChangeBanner(ctx context.Context, b Banner) (Banner, error) {
	if err := b.check(s.Now(), s.Languages); err != nil {
		return b, err
	}
	err := s.changed(ctx, "banner.changed", bannerFacts(b), func(ctx context.Context) error {
		old, err := s.Keep.BannerByID(ctx, b.ID)
		if err != nil {
			return err
		}
		if st := old.State(s.Now()); st == Over || st == Cancelled {
			return ErrOver
		}
		b.Revision, b.CreatedAt, b.ByName, b.EndedAt = b.Revision+1, old.CreatedAt, old.ByName, nil
		return s.Keep.SaveBanner(ctx, b)
	})
	return b, err
}

// EndBanner takes a banner down at once. One that is over stays so. Act banner.ended.
func (s *Service) EndBanner(ctx context.Context, id uid.ID) error {
	return s.end(ctx, "banner.ended", func(ctx context.Context) (map[string]string, error) {
		b, err := s.Keep.BannerByID(ctx, id)
		if err != nil {
			return nil, err
		}
		if st := b.State(s.Now()); st == Over || st == Cancelled {
			return nil, ErrOver
		}
		at := s.Now()
		b.EndedAt, b.Revision = &at, b.Revision+1
		return bannerFacts(b), s.Keep.SaveBanner(ctx, b)
	})
}

// AddWindow plans maintenance. Field faults. Act maintenance.planned.
func (s *Service) AddWindow(ctx context.Context, w Window) (Window, error) {
	if err := w.check(s.Now(), s.Languages); err != nil {
		return w, err
	}
	w.ID, w.Revision, w.CreatedAt, w.EndedAt = uid.New(), 1, s.Now(), nil
	return w, s.changed(ctx, "maintenance.planned", windowFacts(w), func(ctx context.Context) error { return s.Keep.InsertWindow(ctx, w) })
}

// ChangeWindow writes over the revision that w carries. Of one that runs only the end and what is said change: nobody is closed
// out unannounced. Field faults, ErrChanged, ErrOver, ErrNotFound. Act maintenance.changed.
func (s *Service) ChangeWindow(ctx context.Context, w Window) (Window, error) {
	var old Window
	err := s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		old, err = s.Keep.WindowByID(ctx, w.ID)
		return err
	})
	if err != nil {
		return w, err
	}
	switch old.State(s.Now()) {
	case Over, Cancelled:
		return w, ErrOver
	case Running:
		w.Mode, w.Audience, w.FromAt, w.AnnounceAt, w.HoldsJobs = old.Mode, old.Audience, old.FromAt, old.AnnounceAt, old.HoldsJobs
	}
	if err := w.check(s.Now(), s.Languages); err != nil {
		return w, err
	}
	w.Revision, w.CreatedAt, w.ByName, w.EndedAt = w.Revision+1, old.CreatedAt, old.ByName, nil
	return w, s.changed(ctx, "maintenance.changed", windowFacts(w), func(ctx context.Context) error { return s.Keep.SaveWindow(ctx, w) })
}

// EndWindow ends a window that runs, and cancels one that comes. ErrOver, ErrNotFound. Act maintenance.ended or maintenance.cancelled.
func (s *Service) EndWindow(ctx context.Context, id uid.ID) error {
	at, act := s.Now(), "maintenance.ended"
	var w Window
	err := s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		w, err = s.Keep.WindowByID(ctx, id)
		return err
	})
	if err != nil {
		return err
	}
	switch w.State(at) {
	case Over, Cancelled:
		return ErrOver
	case Planned:
		act = "maintenance.cancelled"
	}
	w.EndedAt, w.Revision = &at, w.Revision+1
	return s.changed(ctx, act, windowFacts(w), func(ctx context.Context) error { return s.Keep.SaveWindow(ctx, w) })
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

func bannerFacts(b Banner) map[string]string {
	return map[string]string{
		"id": b.ID.String(), "kind": string(b.Kind), "text": b.Texts.In(""), "readers": string(b.Readers), "from": b.FromAt.UTC().Format(time.RFC3339), "until": b.UntilAt.UTC().Format(time.RFC3339), "to": b.Audience.facts(),
	}
}

func windowFacts(w Window) map[string]string {
	return map[string]string{
		"id": w.ID.String(), "mode": string(w.Mode), "text": w.Texts.In(""), "from": w.FromAt.UTC().Format(time.RFC3339), "until": w.UntilAt.UTC().Format(time.RFC3339), "to": w.Audience.facts(),
	}
}

// facts says in a few words who is meant.
func (a Audience) facts() string {
	if a.All() {
		return "all"
	}
	var parts []string
	if n := len(a.Tenants); n > 0 {
		parts = append(parts, strconv.Itoa(n)+" portals")
	}
	if len(a.Plans) > 0 {
		parts = append(parts, "plans "+strings.Join(a.Plans, ", "))
	}
	if len(a.States) > 0 {
		var states []string
		for _, s := range a.States {
			states = append(states, string(s))
		}
		parts = append(parts, "states "+strings.Join(states, ", "))
	}
	return strings.Join(parts, "; ")
}
