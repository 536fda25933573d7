package flag_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
	"lyceum/tenant/flag"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func TestAShareIsStableGrowsAndIsAboutAsLargeAsItSays(t *testing.T) {
	t.Parallel()
	var in [101]int
	both := 0
	for range 4000 {
		id, before := uid.New(), false
		for p := range in {
			now := flag.Within("one", id, p)
			if before && !now {
				t.Fatalf("%s falls out at %d percent", id, p)
			}
			if before = now; now {
				in[p]++
			}
		}
		if flag.Within("one", id, 50) && flag.Within("two", id, 50) {
			both++
		}
	}
	if in[0] != 0 || in[100] != 4000 || in[25] < 800 || in[25] > 1200 || both < 800 || both > 1200 {
		t.Errorf("0 %%: %d, 25 %%: %d, 100 %%: %d of 4000; of two flags both %d", in[0], in[25], in[100], both)
	}
}

func TestEveryFlagSaysWhatItIsAndWhoseItIs(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, f := range flag.All() {
		if f.Name == "" || f.Description == "" || f.Owner == "" || f.Percent < 0 || f.Percent > 100 || seen[f.Name] {
			t.Errorf("%+v", f)
		}
		seen[f.Name] = true
	}
}

// One test for what is set for all portals: it is one row for every test of this database.
func TestAFlagIsSetByShareAndForSinglePortals(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx, mine, other := t.Context(), w.TenantRow(t), w.TenantRow(t)
	quiet := slog.New(slog.DiscardHandler)
	s, elsewhere := flag.New(w.Store, w.Now.Clock(), quiet), flag.New(w.Store, w.Now.Clock(), quiet)
	const name = flag.LiveNotices
	if !s.On(ctx, mine, name) || !elsewhere.On(ctx, mine, name) || s.On(ctx, mine, "no_such_flag") {
		t.Error("before anything is set, its declared share holds")
	}
	if err := s.Override(ctx, name, mine, false, "Olga"); err != nil {
		t.Fatal(err)
	}
	if s.On(ctx, mine, name) || !s.On(ctx, other, name) {
		t.Error("it is off for one portal")
	}
	w.Now.Advance(time.Minute)
	if elsewhere.On(ctx, mine, name) {
		t.Error("another process does not know")
	}
	if err := s.SetPercent(ctx, name, 0, 0, "Olga"); err != nil {
		t.Fatal(err)
	}
	if err := s.SetPercent(ctx, name, 50, 0, "Otto"); !errors.Is(err, flag.ErrChanged) {
		t.Errorf("set on an old state: %v", err)
	}
	if err := s.SetPercent(ctx, name, 101, 1, "Olga"); fault.Of(err).Fields["percent"] == "" {
		t.Errorf("%v", err)
	}
	if err := s.Override(ctx, name, mine, true, "Olga"); err != nil {
		t.Fatal(err)
	}
	if !s.On(ctx, mine, name) || s.On(ctx, other, name) {
		t.Error("it is on for one portal alone")
	}
	if err := s.Release(ctx, name, mine); err != nil {
		t.Fatal(err)
	}
	if states := s.Of(ctx, mine); s.On(ctx, mine, name) || states[0].Single {
		t.Error("it follows the share again")
	}
	if err := s.SetPercent(ctx, name, 100, 1, "Olga"); err != nil {
		t.Fatal(err)
	}
	list, err := s.List(ctx)
	if err != nil || list[0].Setting.Percent != 100 || list[0].Setting.Revision != 2 || list[0].Setting.ByName != "Olga" {
		t.Errorf("%+v, %v", list, err)
	}
	var acts int
	if err := w.Admin.QueryRow(ctx, "select count(*) from control.audit where action like 'flag.%' and (tenant_id = $1 or data->>'flag' = $2)", mine.ID, name).Scan(&acts); err != nil || acts != 5 {
		t.Errorf("%d acts, %v", acts, err)
	}
}
