package fleet_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"lyceum/internal/uid"
	"lyceum/migrations"
	"lyceum/store"
	"lyceum/store/fleet"
	"lyceum/store/storetest"
	"lyceum/tenant"
	"lyceum/tenant/rollout"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func open(t *testing.T, w *storetest.World, script migrations.Script) *fleet.Admin {
	t.Helper()
	a, err := fleet.Open(t.Context(), fleet.Options{URL: w.Admin.Config().ConnString(), Node: "node" + uid.Opaque(6), Tenant: script})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// withOneMore is the tenant script with a column and an index added.
func withOneMore(t *testing.T) migrations.Script {
	t.Helper()
	script, err := migrations.Tenant()
	if err != nil {
		t.Fatal(err)
	}
	more := migrations.Split("alter table people add column nickname text;\ncreate index people_nickname_ix on people (nickname);\n")
	return append(script, migrations.Migration{Number: len(script) + 1, Name: "one_more", Statements: more})
}

func TestTheFleetIsMigratedWhileAReaderHoldsOneTenant(t *testing.T) { //nolint:paralleltest // it migrates every tenant of the shared database
	w := storetest.New(t)
	script := withOneMore(t)
	a := open(t, w, script)
	tenants := []tenant.Tenant{w.TenantRow(t), w.TenantRow(t), w.TenantRow(t)}

	// A reader holds the first tenant's table while the fleet runs; it lets go when the migration has waited once.
	reading, release := make(chan struct{}), make(chan struct{})
	var reader sync.WaitGroup
	reader.Go(func() {
		err := w.Store.InTenant(tenant.With(t.Context(), tenants[0]), func(ctx context.Context) error {
			var n int
			err := store.Pgx(ctx).QueryRow(ctx, "select count(*) from people").Scan(&n)
			close(reading)
			<-release
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-reading
	time.AfterFunc(2*migrations.LockTimeout, func() { close(release) })

	rolled(t, a)
	reader.Wait()
	for _, tn := range tenants {
		var version int
		if err := w.Admin.QueryRow(t.Context(), "select schema_version from control.tenants where id = $1", tn.ID).Scan(&version); err != nil {
			t.Fatal(err)
		}
		if version != script.Latest() {
			t.Errorf("%s is at %d, want %d", tn.SchemaName, version, script.Latest())
		}
		err := w.Store.InTenant(tenant.With(t.Context(), tn), func(ctx context.Context) error {
			_, err := store.Pgx(ctx).Exec(ctx, "select nickname from people")
			return err
		})
		if err != nil {
			t.Errorf("the new column of %s: %v", tn.SchemaName, err)
		}
	}
	again, err := migrations.Behind(t.Context(), w.Admin, script.Latest())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range again {
		for _, tn := range tenants {
			if s.Name == tn.SchemaName {
				t.Errorf("%s is still behind", s.Name)
			}
		}
	}
	if a.Version() != script.Latest() {
		t.Errorf("a new schema gets %d, want %d", a.Version(), script.Latest())
	}
}

// TestATenantWhoseSchemaWasNeverMadeIsLeftToProvisioning: a sign-up killed before its schema must not stop a start.
func TestATenantWhoseSchemaWasNeverMadeIsLeftToProvisioning(t *testing.T) { //nolint:paralleltest // it migrates every tenant of the shared database
	w := storetest.New(t)
	a := open(t, w, nil)
	half := w.TenantRow(t)
	if err := a.Drop(t.Context(), half); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Admin.Exec(t.Context(), "update control.tenants set status = 'provisioning', schema_version = 0 where id = $1", half.ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.Migrate(t.Context(), "", rollout.Options{}, nil); err != nil {
		t.Errorf("the start fails: %v", err)
	}
	if err := a.Make(t.Context(), half); err != nil {
		t.Errorf("provisioning cannot finish it: %v", err)
	}
}

// TestATenantWhoseSchemaIsGoneHoldsUpNoOtherAndWritesNowhere: search_path would lead to the next schema in it.
func TestATenantWhoseSchemaIsGoneHoldsUpNoOtherAndWritesNowhere(t *testing.T) { //nolint:paralleltest // see above
	w := storetest.New(t)
	script := withOneMore(t)
	a := open(t, w, script)
	lost, good := w.TenantRow(t), w.TenantRow(t)
	if err := a.Drop(t.Context(), lost); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Store.RemoveTenant(context.Background(), lost.ID); err != nil {
			t.Error(err)
		}
	})
	_, _, err := a.Migrate(t.Context(), "", rollout.Options{}, nil)
	if !errors.Is(err, fleet.ErrTenantsBehind) || !strings.Contains(err.Error(), lost.SchemaName) {
		t.Fatalf("got %v, want the tenant named as left behind", err)
	}
	var version, strays int
	err = w.Admin.QueryRow(t.Context(), "select (select schema_version from control.tenants where id = $1), (select count(*) from pg_class where relnamespace = 'ext'::regnamespace)", good.ID).Scan(&version, &strays)
	if err != nil || version != script.Latest() || strays != 0 {
		t.Errorf("the other tenant is at %d, %d tables strayed (%v)", version, strays, err)
	}
}

func TestSparesAreFilledOnceByTwoFillersAndTakenOnceByTwoTakers(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	node := "shelf" + uid.Opaque(6)
	b, err := fleet.Open(t.Context(), fleet.Options{URL: w.Admin.Config().ConnString(), Node: node})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	var wg sync.WaitGroup
	made := make([]int, 2)
	for i := range made {
		wg.Go(func() {
			n, err := b.FillSpares(t.Context(), 3, w.Now.Now())
			if err != nil {
				t.Error(err)
			}
			made[i] = n
		})
	}
	wg.Wait()
	if made[0]+made[1] != 3 {
		t.Fatalf("two fillers made %d and %d, want 3 together", made[0], made[1])
	}
	taken := make([]string, 4)
	for i := range taken {
		wg.Go(func() {
			err := w.Store.InControl(t.Context(), func(ctx context.Context) error {
				name, ok, err := w.Store.TakeSpare(ctx, node, b.Version())
				if ok {
					taken[i] = name
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, name := range taken {
		if name != "" && seen[name] {
			t.Fatalf("%s was taken twice", name)
		}
		seen[name] = true
	}
	if len(seen)-boolToInt(seen[""]) != 3 {
		t.Fatalf("taken: %v, want three different ones", taken)
	}
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestDroppingATenantLeavesNoSchemaAndNoRoleAndMayBeRepeated(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	a := open(t, w, nil)
	tn, other := w.TenantRow(t), w.TenantRow(t)
	for range 2 {
		if err := a.Drop(t.Context(), tn); err != nil {
			t.Fatal(err)
		}
	}
	var left int
	err := w.Admin.QueryRow(t.Context(), "select (select count(*) from pg_namespace where nspname = $1) + (select count(*) from pg_roles where rolname = $1)", tn.SchemaName).Scan(&left)
	if err != nil || left != 0 {
		t.Fatalf("%d left, %v", left, err)
	}
	if err := w.Store.InTenant(tenant.With(t.Context(), other), func(context.Context) error { return nil }); err != nil {
		t.Fatalf("the other tenant suffered: %v", err)
	}
	if err := w.Store.InTenant(tenant.With(t.Context(), tn), func(context.Context) error { return nil }); err == nil {
		t.Fatal("the dropped tenant can still be entered")
	}
	if err := a.Drop(t.Context(), tenant.Tenant{SchemaName: "control"}); err == nil {
		t.Fatal("control was accepted as a tenant's schema")
	}
}

func TestTheApplicationsAddressIsDerivedFromTheAdministrators(t *testing.T) {
	t.Parallel()
	app, password, err := fleet.AppURL("postgres://boss:secret@db.example:5433/lyceum?sslmode=require")
	if err != nil {
		t.Fatal(err)
	}
	if password == "" || strings.Contains(app, "secret") || !strings.HasPrefix(app, "postgres://lyceum_app:"+password+"@db.example:5433/lyceum") || !strings.Contains(app, "sslmode=require") {
		t.Fatalf("got %s", app)
	}
	if again, _, _ := fleet.AppURL("postgres://boss:secret@db.example:5433/lyceum?sslmode=require"); again != app {
		t.Fatal("two processes derive different addresses")
	}
	if _, _, err := fleet.AppURL("db.example:5432"); err == nil || !strings.Contains(err.Error(), "postgres://") {
		t.Fatalf("a bad address is not explained: %v", err)
	}
}

func TestMigrationFilesMustBeNumberedWithoutAGap(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]fstest.MapFS{
		"gap":      {"m/0001_a.sql": {}, "m/0003_c.sql": {}},
		"bad name": {"m/0001-a.sql": {}},
		"twice":    {"m/0001_a.sql": {}, "m/0001_b.sql": {}},
	} {
		if _, err := migrations.Load(files, "m"); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := migrations.Load(fstest.MapFS{}, "none"); err == nil || errors.Is(err, context.Canceled) {
		t.Error("an absent folder was accepted")
	}
}
