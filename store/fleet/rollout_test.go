package fleet_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/store/fleet"
	"lyceum/store/storetest"
	"lyceum/tenant"
	"lyceum/tenant/rollout"
)

// These tests migrate every tenant of the shared database, one after the other.

// rolled rolls out to the end.
func rolled(t *testing.T, a *fleet.Admin) rollout.Rollout {
	t.Helper()
	if _, err := a.Begin(t.Context(), rollout.Options{By: "a test"}); err != nil && !errors.Is(err, rollout.ErrNothing) {
		t.Fatal(err)
	}
	r := worked(t, a)
	if r.State != rollout.Done {
		t.Fatalf("the rollout is %s for %q: %+v", r.State, r.Why, r.Waves)
	}
	return r
}

func worked(t *testing.T, a *fleet.Admin) rollout.Rollout {
	t.Helper()
	r, err := a.Work(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func begun(t *testing.T, a *fleet.Admin, o rollout.Options) rollout.Rollout {
	t.Helper()
	o.By = "a test"
	r, err := a.Begin(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// many are tenants at this release's shape; those before are brought out of the way.
func many(t *testing.T, w *storetest.World, a *fleet.Admin, n int) []tenant.Tenant {
	t.Helper()
	before, err := a.Rollouts(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range before {
		if r.State.Open() {
			if err := a.Discard(t.Context(), r.ID, "a test"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if behind, _, err := a.Behind(t.Context()); err != nil || behind > 0 {
		if err != nil {
			t.Fatal(err)
		}
		rolled(t, a)
	}
	list := make([]tenant.Tenant, n)
	for i := range list {
		list[i] = w.TenantRow(t)
	}
	return list
}

func versionOf(t *testing.T, w *storetest.World, tn tenant.Tenant) (v int) {
	t.Helper()
	if err := w.Admin.QueryRow(t.Context(), "select schema_version from control.tenants where id = $1", tn.ID).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// breaks has the next migration fail in a tenant until the function it gives is called.
func breaks(t *testing.T, w *storetest.World, list ...tenant.Tenant) (mend func()) {
	t.Helper()
	for _, tn := range list {
		if _, err := w.Admin.Exec(t.Context(), "alter table "+tn.SchemaName+".people add column nickname int"); err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		for _, tn := range list {
			if _, err := w.Admin.Exec(t.Context(), "alter table "+tn.SchemaName+".people drop column nickname"); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestTheFirstAreMigratedFirstAndStopTheOthers(t *testing.T) { //nolint:paralleltest // see above
	w := storetest.New(t)
	a := open(t, w, withOneMore(t))
	list := many(t, w, a, 12)
	first := list[:2]
	if _, err := w.Admin.Exec(t.Context(), "update control.tenants set canary = true where id in ($1, $2)", first[0].ID, first[1].ID); err != nil {
		t.Fatal(err)
	}
	mend := breaks(t, w, first[1])
	r := begun(t, a, rollout.Options{Plan: []int{5, 50, 100}})
	if got := []int{r.Waves[0].Total(), r.Waves[1].Total(), r.Waves[2].Total()}; got[0] != 2 || got[1] != 4 || got[2] != 6 {
		t.Errorf("the waves have %v schemas, want those that were chosen, then half, then the rest", got)
	}
	if again := begun(t, a, rollout.Options{}); again.ID != r.ID {
		t.Error("a second rollout began beside the first")
	}
	if r = worked(t, a); r.State != rollout.Paused || r.Why != rollout.WhyCanary || r.Waves[0].Done != 1 || r.Waves[0].Failed != 1 || r.Waves[1].Done != 0 {
		t.Fatalf("it is %s for %q: %+v", r.State, r.Why, r.Waves)
	}
	if versionOf(t, w, first[0]) != a.Version() || versionOf(t, w, first[1]) != first[1].SchemaVersion || versionOf(t, w, list[5]) != list[5].SchemaVersion {
		t.Error("others than the first were touched, or the first were not")
	}
	failed, err := a.Failed(t.Context(), r.ID, 10)
	if err != nil || len(failed) != 1 || failed[0].Slug != first[1].Slug || !strings.Contains(failed[0].Error, "nickname") {
		t.Errorf("the failure is %+v (%v)", failed, err)
	}
	if _, err := a.Work(t.Context(), nil); !errors.Is(err, rollout.ErrNothing) {
		t.Errorf("a paused rollout is worked on: %v", err)
	}
	mend()
	ctx := event.WithActor(t.Context(), event.Actor{ID: uid.New(), Kind: "operator"})
	if err := a.Retry(ctx, r.ID, failed[0].SchemaName, "Olga"); err != nil {
		t.Fatal(err)
	}
	if r = worked(t, a); r.State != rollout.Done || r.Sum().Done != 12 || r.Sum().Failed != 0 {
		t.Fatalf("mended, it is %s for %q: %+v", r.State, r.Why, r.Waves)
	}
	for _, tn := range list {
		if versionOf(t, w, tn) != a.Version() {
			t.Errorf("%s was not reached", tn.Slug)
		}
	}
	if err := a.Pause(ctx, r.ID, "Olga"); !errors.Is(err, rollout.ErrOver) {
		t.Errorf("pausing what is over: %v", err)
	}
	if err := a.Pause(ctx, uid.New(), "Olga"); !errors.Is(err, rollout.ErrNotFound) {
		t.Errorf("pausing what is not: %v", err)
	}
	var acts int
	if err := w.Admin.QueryRow(t.Context(), "select count(*) from control.audit where data->>'rollout_id' = $1::text", r.ID.String()).Scan(&acts); err != nil || acts != 2 {
		t.Errorf("%d acts are in the audit (%v), want beginning and trying again", acts, err)
	}
}

func TestARolloutPausesWhenTooManyFailAndGoesOnWhenToldTo(t *testing.T) { //nolint:paralleltest // see above
	w := storetest.New(t)
	a := open(t, w, withOneMore(t))
	list := many(t, w, a, 30)
	if _, err := w.Admin.Exec(t.Context(), "update control.tenants set created_at = created_at + interval '1 hour' where id = $1", list[29].ID); err != nil {
		t.Fatal(err) // all were made at the same moment of the test's clock
	}
	mend := breaks(t, w, list[:6]...)
	r := begun(t, a, rollout.Options{Plan: []int{1, 100}, Workers: 1, MaxFailed: 5})
	// The youngest goes first and is good; in the second wave three of those that fail are enough.
	if r = worked(t, a); r.State != rollout.Paused || r.Why != rollout.WhyFailures || r.Sum().Failed != 3 || r.Sum().Waiting == 0 {
		t.Fatalf("it is %s for %q: %+v", r.State, r.Why, r.Waves)
	}
	if err := a.Resume(t.Context(), r.ID, "Olga"); err != nil {
		t.Fatal(err)
	}
	if r = worked(t, a); r.State != rollout.Done || r.Sum().Failed != 6 || r.Sum().Done != 24 {
		t.Fatalf("told to go on, it is %s for %q: %+v", r.State, r.Why, r.Waves)
	}
	mend()
	if err := a.Retry(t.Context(), r.ID, "", "Olga"); err != nil {
		t.Fatal(err)
	}
	if r = worked(t, a); r.State != rollout.Done || r.Sum().Failed != 0 {
		t.Fatalf("mended, it is %s for %q: %+v", r.State, r.Why, r.Waves)
	}
}

func TestARolloutIsPausedAndResumedWhereItWas(t *testing.T) { //nolint:paralleltest // see above
	w := storetest.New(t)
	a, other := open(t, w, withOneMore(t)), open(t, w, withOneMore(t))
	many(t, w, a, 10)
	r := begun(t, a, rollout.Options{Plan: []int{20, 60, 100}, Workers: 1})
	paused := false
	r, err := a.Work(t.Context(), func(now rollout.Rollout) {
		if _, err := other.Work(t.Context(), nil); !errors.Is(err, rollout.ErrHeld) {
			t.Errorf("two work on one rollout: %v", err)
		}
		if now.Sum().Done == 2 && !paused {
			paused = true
			if err := other.Pause(t.Context(), r.ID, "Olga"); err != nil {
				t.Error(err)
			}
		}
	})
	if err != nil || r.State != rollout.Paused || r.Why != rollout.WhyOperator || r.Sum().Done < 2 || r.Sum().Done > 6 {
		t.Fatalf("it is %s for %q: %+v (%v)", r.State, r.Why, r.Waves, err)
	}
	if err := other.Resume(t.Context(), r.ID, "Olga"); err != nil {
		t.Fatal(err)
	}
	if r = worked(t, other); r.State != rollout.Done || r.Sum().Done != 10 {
		t.Fatalf("resumed, it is %s: %+v", r.State, r.Waves)
	}
}

// TestAProcessThatDiesIsFollowedByAnother cuts every connection of the working process, as a kill does.
func TestAProcessThatDiesIsFollowedByAnother(t *testing.T) { //nolint:paralleltest // see above
	w := storetest.New(t)
	a, other := open(t, w, withOneMore(t)), open(t, w, withOneMore(t))
	list := many(t, w, a, 10)
	begun(t, a, rollout.Options{Plan: []int{20, 100}, Workers: 2})
	killed := false
	_, err := a.Work(t.Context(), func(r rollout.Rollout) {
		if r.Sum().Done < 3 || killed {
			return
		}
		killed = true
		if _, err := w.Admin.Exec(t.Context(), "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'lyceum-admin' and pid <> pg_backend_pid()"); err != nil {
			t.Error(err)
		}
	})
	if err == nil {
		t.Fatal("nothing was cut")
	}
	r, err := other.Work(t.Context(), nil)
	for errors.Is(err, rollout.ErrHeld) || err != nil && strings.Contains(err.Error(), "57P01") { // its own were cut, too; or the lock goes in a moment
		r, err = other.Work(t.Context(), nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	if r.State == rollout.Paused { // what the kill cut short counts as failed
		if err := other.Retry(t.Context(), r.ID, "", "Olga"); err != nil {
			t.Fatal(err)
		}
		r = worked(t, other)
	}
	if r.State != rollout.Done || r.Sum().Done != 10 {
		t.Fatalf("followed, it is %s for %q: %+v", r.State, r.Why, r.Waves)
	}
	for _, tn := range list {
		if versionOf(t, w, tn) != a.Version() {
			t.Errorf("%s was not reached", tn.Slug)
		}
	}
}

func TestANewerReleaseEndsAnOlderOnesRollout(t *testing.T) { //nolint:paralleltest // see above
	w := storetest.New(t)
	script := withOneMore(t)
	a := open(t, w, script)
	many(t, w, a, 2)
	r := begun(t, a, rollout.Options{})
	more := append(script[:len(script):len(script)], script[len(script)-1])
	more[len(more)-1].Number, more[len(more)-1].Statements = len(more), []string{"alter table people add column petname text"}
	newer := open(t, w, more)
	theirs := begun(t, newer, rollout.Options{})
	if was, err := a.Rollout(t.Context(), r.ID); err != nil || was.State != rollout.Stopped || was.Why != rollout.WhyNewer || theirs.ID == r.ID {
		t.Errorf("the older one is %+v (%v)", was, err)
	}
	if _, err := a.Begin(t.Context(), rollout.Options{}); !errors.Is(err, rollout.ErrHeld) {
		t.Errorf("the older release begins beside it: %v", err)
	}
	if _, err := a.Work(t.Context(), nil); !errors.Is(err, rollout.ErrNothing) {
		t.Errorf("the older release works on it: %v", err)
	}
	if err := newer.Discard(t.Context(), theirs.ID, "Olga"); err != nil {
		t.Fatal(err)
	}
	if _, err := newer.Work(t.Context(), nil); !errors.Is(err, rollout.ErrNothing) {
		t.Errorf("what was given up is worked on: %v", err)
	}
	rolled(t, newer)
	for _, o := range []rollout.Options{{Plan: []int{50}}, {Plan: []int{50, 20, 100}}, {Workers: 17}, {MaxFailed: 101}} {
		if _, err := newer.Begin(context.WithoutCancel(t.Context()), o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}
