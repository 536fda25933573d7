package broadcast_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
	"lyceum/tenant"
	"lyceum/tenant/broadcast"
	"lyceum/tenant/life"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func setup(t *testing.T) (*broadcast.Service, *storetest.World, tenant.Tenant, tenant.Tenant) {
	t.Helper()
	w := storetest.New(t)
	return again(w), w, w.TenantRow(t), w.TenantRow(t)
}

// again is what another process has, or this one after it was killed.
func again(w *storetest.World) *broadcast.Service {
	return broadcast.New(broadcast.Options{Keep: w.Store, Languages: []string{"en", "de"}, Now: w.Now.Clock()})
}

func banner(w *storetest.World, to tenant.Tenant) broadcast.Banner {
	return broadcast.Banner{
		Kind: broadcast.Info, Readers: broadcast.People, Dismissible: true, Texts: broadcast.Texts{"en": "New reports on Monday.", "de": ""}, UntilAt: w.Now.Now().Add(time.Hour),
		Audience: broadcast.Audience{Tenants: []uid.ID{to.ID}},
	}
}

func TestAnAudienceNarrowsByAllThatIsSaid(t *testing.T) {
	t.Parallel()
	mine := uid.New()
	p := broadcast.Portal{ID: mine, Life: life.Trial, Plan: "gold"}
	for name, c := range map[string]struct {
		a    broadcast.Audience
		want bool
	}{
		"all":               {broadcast.Audience{}, true},
		"chosen":            {broadcast.Audience{Tenants: []uid.ID{uid.New(), mine}}, true},
		"another":           {broadcast.Audience{Tenants: []uid.ID{uid.New()}}, false},
		"plan":              {broadcast.Audience{Plans: []string{"gold"}}, true},
		"another plan":      {broadcast.Audience{Plans: []string{"base"}}, false},
		"state":             {broadcast.Audience{States: []life.State{life.Active, life.Trial}}, true},
		"plan, wrong state": {broadcast.Audience{Plans: []string{"gold"}, States: []life.State{life.Active}}, false},
	} {
		if got := c.a.Reaches(p); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestATextFallsBackToEnglishAndThenToWhatThereIs(t *testing.T) {
	t.Parallel()
	both, german := broadcast.Texts{"en": "Hello", "de": "Hallo"}, broadcast.Texts{"de": "Hallo"}
	if both.In("de") != "Hallo" || both.In("fr") != "Hello" || german.In("en") != "Hallo" || (broadcast.Texts{}).In("en") != "" {
		t.Errorf("%q, %q, %q", both.In("de"), both.In("fr"), german.In("en"))
	}
}

func TestABannerIsSeenByThoseWhoAreMeantWhileItsTimeLasts(t *testing.T) {
	t.Parallel()
	s, w, mine, other := setup(t)
	ctx, person, admin := t.Context(), broadcast.Reader{Person: uid.New()}, broadcast.Reader{Person: uid.New(), Admin: true}
	b := banner(w, mine)
	b.FromAt = w.Now.Now().Add(time.Minute)
	b, err := s.AddBanner(ctx, b)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := again(w)
	seen := func(s *broadcast.Service, in tenant.Tenant, who broadcast.Reader) int {
		return len(s.For(ctx, in, who).Banners)
	}
	if seen(s, mine, person) != 0 {
		t.Error("it is seen before its time")
	}
	w.Now.Advance(time.Minute)
	if seen(s, mine, person) != 1 || seen(elsewhere, mine, admin) != 1 || seen(s, mine, broadcast.Reader{}) != 0 || seen(s, other, person) != 0 {
		t.Errorf("seen by a person %d, an admin %d, a stranger %d, in another portal %d", seen(s, mine, person), seen(elsewhere, mine, admin), seen(s, mine, broadcast.Reader{}), seen(s, other, person))
	}
	b.Readers = broadcast.Admins
	if b, err = s.ChangeBanner(ctx, b); err != nil {
		t.Fatal(err)
	}
	if seen(s, mine, person) != 0 || seen(s, mine, admin) != 1 {
		t.Error("only admins are meant")
	}
	// A process that missed the announcement knows it soon, too.
	w.Now.Advance(time.Minute)
	if seen(elsewhere, mine, person) != 0 {
		t.Error("another process shows the old one")
	}
	stale := b
	stale.Revision--
	if _, err := s.ChangeBanner(ctx, stale); !errors.Is(err, broadcast.ErrChanged) {
		t.Errorf("changed on an old revision: %v", err)
	}
	if err := s.EndBanner(ctx, b.ID); err != nil {
		t.Fatal(err)
	}
	if seen(s, mine, admin) != 0 {
		t.Error("it was taken down")
	}
	if err := s.EndBanner(ctx, b.ID); !errors.Is(err, broadcast.ErrOver) {
		t.Errorf("taken down twice: %v", err)
	}
}

func TestEachReaderPutsABannerAwayForThemselves(t *testing.T) {
	t.Parallel()
	s, w, mine, other := setup(t)
	ctx := t.Context()
	one, two := broadcast.Reader{Person: uid.New()}, broadcast.Reader{Person: uid.New()}
	b, err := s.AddBanner(ctx, banner(w, mine))
	if err != nil {
		t.Fatal(err)
	}
	warning := banner(w, mine)
	warning.Kind, warning.Dismissible = broadcast.Warning, false
	if warning, err = s.AddBanner(ctx, warning); err != nil {
		t.Fatal(err)
	}
	if got := s.For(ctx, mine, one).Banners; len(got) != 2 || got[0].Kind != broadcast.Warning {
		t.Fatalf("%+v: warnings go first", got)
	}
	for range 2 {
		if err := s.Dismiss(ctx, mine, one, b.ID); err != nil {
			t.Fatal(err)
		}
	}
	for name, err := range map[string]error{
		"a warning": s.Dismiss(ctx, mine, one, warning.ID), "from another portal": s.Dismiss(ctx, other, one, b.ID), "a stranger": s.Dismiss(ctx, mine, broadcast.Reader{}, b.ID),
	} {
		if err == nil {
			t.Errorf("%s: put away", name)
		}
	}
	if len(s.For(ctx, mine, one).Banners) != 1 || len(s.For(ctx, mine, two).Banners) != 2 || len(again(w).For(ctx, mine, one).Banners) != 1 {
		t.Error("it is put away for one reader, in every process")
	}
}

func TestWrittenDownWithFaults(t *testing.T) {
	t.Parallel()
	s, w, mine, _ := setup(t)
	_, err := s.AddBanner(t.Context(), broadcast.Banner{Kind: broadcast.Warning, Dismissible: true, Link: "javascript:alert(1)", Readers: "nobody", UntilAt: w.Now.Now().Add(-time.Hour)})
	f := fault.Of(err)
	for _, field := range []string{"text_en", "link", "readers", "dismissible", "until"} {
		if f.Fields[field] == "" {
			t.Errorf("nothing is wrong with %s: %v", field, f.Fields)
		}
	}
	_, err = s.AddWindow(t.Context(), broadcast.Window{Mode: "open", UntilAt: w.Now.Now().Add(72 * time.Hour)})
	if f := fault.Of(err); f.Fields["mode"] == "" || f.Fields["until"] == "" {
		t.Errorf("%v", f.Fields)
	}
	if _, err := s.Chosen(t.Context(), mine.Slug+", no-such-portal"); fault.Of(err).Fields["tenants"] == "" {
		t.Errorf("%v", err)
	}
	if ids, err := s.Chosen(t.Context(), " "+mine.Slug+"\n"); err != nil || len(ids) != 1 || ids[0] != mine.ID {
		t.Errorf("%v, %v", ids, err)
	}
}

func TestAWindowBeginsAndEndsByTheClockWhateverDies(t *testing.T) {
	t.Parallel()
	s, w, mine, other := setup(t)
	ctx, now := t.Context(), w.Now.Now()
	win, err := s.AddWindow(ctx, broadcast.Window{
		Mode: broadcast.ReadOnly, HoldsJobs: true, AnnounceAt: now.Add(time.Minute), FromAt: now.Add(time.Hour), UntilAt: now.Add(2 * time.Hour), Audience: broadcast.Audience{Tenants: []uid.ID{mine.ID}},
	})
	if err != nil {
		t.Fatal(err)
	}
	said := func(in tenant.Tenant) int { return len(s.For(ctx, in, broadcast.Reader{}).Windows) }
	if said(mine) != 0 {
		t.Error("it is announced too early")
	}
	w.Now.Advance(time.Minute)
	if said(mine) != 1 || said(other) != 0 || s.Holds(ctx, mine) != 0 {
		t.Error("it is announced, in this portal, and nothing stands still yet")
	}
	w.Now.Advance(time.Hour)
	s = again(w) // nothing is remembered of the process that planned it
	got, ok := s.Running(ctx, mine)
	if !ok || got.ID != win.ID || s.Holds(ctx, mine) != 59*time.Minute {
		t.Errorf("%v, held for %v", ok, s.Holds(ctx, mine))
	}
	if _, ok := s.Running(ctx, other); ok {
		t.Error("another portal stands still too")
	}
	// While it runs, its end moves and nothing else does.
	longer := win
	longer.Mode, longer.UntilAt, longer.Audience = broadcast.Closed, now.Add(3*time.Hour), broadcast.Audience{}
	if longer, err = s.ChangeWindow(ctx, longer); err != nil || longer.Mode != broadcast.ReadOnly || longer.All() {
		t.Fatalf("%+v, %v", longer, err)
	}
	w.Now.Advance(90 * time.Minute)
	if _, ok := s.Running(ctx, mine); !ok {
		t.Error("it was made longer")
	}
	w.Now.Advance(time.Hour)
	if _, ok := s.Running(ctx, mine); ok || s.Holds(ctx, mine) != 0 {
		t.Error("it is over")
	}
	if err := s.EndWindow(ctx, win.ID); !errors.Is(err, broadcast.ErrOver) {
		t.Errorf("ended after its end: %v", err)
	}
}

func TestOfSeveralWindowsTheStrictestHolds(t *testing.T) {
	t.Parallel()
	s, w, mine, _ := setup(t)
	ctx, now := t.Context(), w.Now.Now()
	for _, m := range []broadcast.Mode{broadcast.Closed, broadcast.ReadOnly} {
		if _, err := s.AddWindow(ctx, broadcast.Window{Mode: m, UntilAt: now.Add(time.Hour), Audience: broadcast.Audience{Tenants: []uid.ID{mine.ID}}}); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := s.Running(ctx, mine); got.Mode != broadcast.Closed {
		t.Errorf("%s", got.Mode)
	}
}

func TestAWindowThatWasCalledOffNeverBegins(t *testing.T) {
	t.Parallel()
	s, w, mine, _ := setup(t)
	ctx, now := t.Context(), w.Now.Now()
	win, err := s.AddWindow(ctx, broadcast.Window{Mode: broadcast.Closed, FromAt: now.Add(time.Hour), UntilAt: now.Add(2 * time.Hour), Audience: broadcast.Audience{Tenants: []uid.ID{mine.ID}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.EndWindow(ctx, win.ID); err != nil {
		t.Fatal(err)
	}
	w.Now.Advance(90 * time.Minute)
	if _, ok := s.Running(ctx, mine); ok {
		t.Error("it runs")
	}
	if got, _, err := s.Window(ctx, win.ID); err != nil || got.State(w.Now.Now()) != broadcast.Cancelled {
		t.Errorf("%s, %v", got.State(w.Now.Now()), err)
	}
	var acts int
	if err := w.Admin.QueryRow(ctx, "select count(*) from control.audit where action in ('maintenance.planned', 'maintenance.cancelled') and data->>'id' = $1", win.ID.String()).Scan(&acts); err != nil || acts != 2 {
		t.Errorf("%d acts, %v", acts, err)
	}
}

// broken is a database that does not answer.
type broken struct {
	broadcast.Keeper
	fails *bool
}

func (b broken) InControl(ctx context.Context, fn func(context.Context) error) error {
	if *b.fails {
		return errors.New("gone")
	}
	return b.Keeper.InControl(ctx, fn)
}

func TestWithoutTheDatabaseWhatWasKnownHolds(t *testing.T) {
	t.Parallel()
	s, w, mine, _ := setup(t)
	ctx, fails := t.Context(), false
	if _, err := s.AddWindow(ctx, broadcast.Window{Mode: broadcast.ReadOnly, UntilAt: w.Now.Now().Add(time.Hour), Audience: broadcast.Audience{Tenants: []uid.ID{mine.ID}}}); err != nil {
		t.Fatal(err)
	}
	frail := broadcast.New(broadcast.Options{Keep: broken{w.Store, &fails}, Languages: []string{"en"}, Now: w.Now.Clock()})
	if _, ok := frail.Running(ctx, mine); !ok {
		t.Fatal("it runs")
	}
	fails = true
	w.Now.Advance(5 * time.Minute)
	if _, ok := frail.Running(ctx, mine); !ok {
		t.Error("a database that is away opens nothing")
	}
}

// told counts how often a portal's log says that maintenance was announced.
func told(t *testing.T, w *storetest.World, in tenant.Tenant) int {
	t.Helper()
	n := 0
	err := w.Store.InTenant(tenant.With(t.Context(), in), func(ctx context.Context) error {
		list, err := w.Store.Events(ctx, event.Filter{Type: "maintenance.announced"})
		n = len(list.Items)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOwnersAreToldOfAWindowOnceWhenItIsAnnounced(t *testing.T) {
	t.Parallel()
	s, w, mine, other := setup(t)
	now := w.Now.Now()
	plan := broadcast.Window{
		Mode: broadcast.Closed, Audience: broadcast.Audience{Tenants: []uid.ID{mine.ID}}, AnnounceAt: now.Add(time.Hour), FromAt: now.Add(3 * time.Hour), UntilAt: now.Add(4 * time.Hour), TellsOwners: true,
	}
	window, err := s.AddWindow(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	quiet, off := plan, plan
	quiet.TellsOwners = false
	if _, err := s.AddWindow(t.Context(), quiet); err != nil {
		t.Fatal(err)
	}
	if off, err = s.AddWindow(t.Context(), off); err == nil {
		err = s.EndWindow(t.Context(), off.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	tell := func(want int) {
		t.Helper()
		if err := again(w).TellOwners(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := told(t, w, mine); n != want {
			t.Errorf("told %d times, want %d", n, want)
		}
		if n := told(t, w, other); n != 0 {
			t.Errorf("another portal was told %d times", n)
		}
	}
	tell(0) // not yet announced
	w.Now.Advance(time.Hour)
	// A run that was killed after the number of the event was written, and one after the event.
	id := uid.New()
	err = w.Store.InControl(t.Context(), func(ctx context.Context) error {
		_, _, err := w.Store.TellPortal(ctx, window.ID, mine.ID, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	tell(1)
	tell(1)
	got, _, err := again(w).Window(t.Context(), window.ID)
	if err != nil || !got.TellsOwners {
		t.Errorf("the window is %+v, %v", got, err)
	}
	got.Revision, got.UntilAt = window.Revision, now.Add(5*time.Hour)
	if _, err := s.ChangeWindow(t.Context(), got); err != nil {
		t.Fatal(err)
	}
	tell(1) // a change is shown, and not told again
}
