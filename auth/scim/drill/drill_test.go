package drill_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/scim"
	"lyceum/auth/scim/drill"
	"lyceum/auth/signon"
	"lyceum/internal/clock"
	"lyceum/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// freely is a limiter that is never asked.
type freely struct{ auth.Limiter }

func setup(t testing.TB, mode scim.Mode) (context.Context, *scim.Service, scim.Directory) {
	t.Helper()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	engine := policy.NewEngine(w.Store, clock.Real)
	service := auth.New(auth.Options{Keep: w.Store, Policy: engine, Guess: freely{}})
	s := scim.New(scim.Options{Keep: w.Store, Auth: service, Policy: engine})
	admin := storetest.As(t, ctx, w, storetest.Person(t, ctx, w, policy.Admin))
	d, err := s.CreateDirectory(admin, scim.DirectoryInput{Name: "Drill", Mode: mode, Status: signon.StatusOn, RoleRules: auth.RoleRules{Default: policy.Learner}})
	if err != nil {
		t.Fatal(err)
	}
	return ctx, s, d
}

func TestEverybodyIsThereAfterASync(t *testing.T) {
	t.Parallel()
	ctx, s, d := setup(t, scim.ModeEntra)
	for _, way := range []drill.Way{drill.OneByOne, drill.InBulk} {
		f, err := drill.Sync(ctx, s, d, clock.Real, string(way), 60, way)
		if err != nil || f.People != 60 || f.Requests == 0 || f.Each() <= 0 {
			t.Errorf("%s: %+v, %v", way, f, err)
		}
	}
	if _, err := drill.Sync(ctx, s, d, clock.Real, string(drill.OneByOne), 1, drill.OneByOne); err == nil {
		t.Error("the same people twice")
	}
}

// BenchmarkSync is the row of 10,000 people: go test ./auth/scim/drill -run xxx -bench Sync -benchtime 1x.
func BenchmarkSync(b *testing.B) {
	for _, way := range []drill.Way{drill.OneByOne, drill.InBulk} {
		b.Run(string(way), func(b *testing.B) {
			ctx, s, d := setup(b, scim.ModeEntra)
			for i := range b.N {
				f, err := drill.Sync(ctx, s, d, clock.Real, fmt.Sprint(way, i), 10_000, way)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(f.Created.Seconds(), "s/10,000-people")
				b.ReportMetric(float64(f.Each())/float64(time.Microsecond), "µs/person")
				b.ReportMetric(f.Group.Seconds(), "s/group")
			}
		})
	}
}
