package tenant_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/fleet"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestMain(m *testing.M) { storetest.Main(m) }

type everyone struct{}

func (everyone) Allow(string) (bool, time.Duration, int) { return true, 0, 1 }

type owners struct{ auth *auth.Service }

func (owners) HashPassword(_ context.Context, password string) (string, error) {
	return "hash of " + password, nil
}

func (o owners) MakeOwner(ctx context.Context, email, name, hash string) error {
	_, err := o.auth.CreateOwner(ctx, email, name, hash)
	return err
}

type noFiles struct{}

func (noFiles) RemoveTenantFiles(context.Context, tenant.Tenant) error { return nil }

// house is a tenant service on the real store. Its node is its own, so that no other test takes its spares.
type house struct {
	*tenant.Service
	w     *storetest.World
	admin *fleet.Admin
	node  string
}

// build makes the service; keep wraps the store when it is not nil.
func build(t *testing.T, wrap func(*store.Store) tenant.Keeper, wrapSchemas func(tenant.Schemas) tenant.Schemas) house {
	t.Helper()
	w := storetest.New(t)
	node := "n" + uid.Opaque(8)
	admin, err := fleet.Open(t.Context(), fleet.Options{URL: w.Admin.Config().ConnString(), Node: node})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	a := auth.New(auth.Options{Keep: w.Store, Policy: policy.NewEngine(w.Store, w.Now.Now), Now: w.Now.Now, Guess: everyone{}})
	var keep tenant.Keeper = w.Store
	if wrap != nil {
		keep = wrap(w.Store)
	}
	var schemas tenant.Schemas = admin
	if wrapSchemas != nil {
		schemas = wrapSchemas(admin)
	}
	s := tenant.New(tenant.Options{Keep: keep, Schemas: schemas, Owners: owners{a}, Files: noFiles{}, Node: node, Now: w.Now.Now})
	return house{s, w, admin, node}
}

func wish(slug string) tenant.SignUp {
	return tenant.SignUp{
		Organization: "Acme Tools", Slug: slug, OwnerName: "Ada Owner", Email: "Ada@Example.com", Password: "correct horse battery",
		CheckEmail: auth.NormaliseEmail, CheckPassword: auth.CheckPassword,
	}
}

func slug() string { return "p" + uid.Opaque(10) }

// inside counts what a finished tenant has.
func inside(t *testing.T, h house, tn tenant.Tenant) (people, owners, roles int, brand tenant.Brand) {
	t.Helper()
	err := h.w.Store.InTenant(tenant.With(t.Context(), tn), func(ctx context.Context) (err error) {
		err = store.Pgx(ctx).QueryRow(ctx, "select (select count(*) from people), (select count(*) from person_roles where role = 'owner'), (select count(*) from roles)").Scan(&people, &owners, &roles)
		if err != nil {
			return err
		}
		brand, err = h.w.Store.BrandOf(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return people, owners, roles, brand
}

func checkWhole(t *testing.T, h house, tn tenant.Tenant) {
	t.Helper()
	if tn.Status != tenant.StatusActive || tn.ActivatedAt == nil {
		t.Errorf("the tenant is %s", tn.Status)
	}
	people, owners, roles, brand := inside(t, h, tn)
	if people != 1 || owners != 1 || roles != len(policy.BuiltInRoles()) || brand.Name != "Acme Tools" {
		t.Errorf("%d people, %d owners, %d roles, brand %q", people, owners, roles, brand.Name)
	}
	var pending int
	if err := h.w.Admin.QueryRow(t.Context(), "select count(*) from control.tenants where id = $1 and pending_owner is not null", tn.ID).Scan(&pending); err != nil || pending != 0 {
		t.Errorf("the owner's password hash was left in control (%v)", err)
	}
}

func TestASignUpGivesAWholePortalWithAndWithoutASpareSchema(t *testing.T) {
	t.Parallel()
	h := build(t, nil, nil)
	bare, err := h.SignUp(t.Context(), wish(slug()))
	if err != nil {
		t.Fatal(err)
	}
	checkWhole(t, h, bare)

	if _, err := h.admin.FillSpares(t.Context(), 1, h.w.Now.Now()); err != nil {
		t.Fatal(err)
	}
	spared, err := h.SignUp(t.Context(), wish(slug()))
	if err != nil {
		t.Fatal(err)
	}
	checkWhole(t, h, spared)
	var left int
	if err := h.w.Admin.QueryRow(t.Context(), "select count(*) from control.spares where node = $1", h.node).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d spares left (%v)", left, err)
	}
}

func TestOfTwoSignUpsForOneNameOneWinsAndTheOtherIsTold(t *testing.T) {
	t.Parallel()
	h := build(t, nil, nil)
	name := slug()
	errs := make([]error, 6)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { _, errs[i] = h.SignUp(t.Context(), wish(name)) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, tenant.ErrSlugTaken):
			t.Errorf("told otherwise: %v", err)
		case fault.Of(err).Fields["slug"] == "":
			t.Error("the message names no field")
		}
	}
	if won != 1 {
		t.Fatalf("%d won", won)
	}
	if why, err := h.Available(t.Context(), name); err != nil || why == "" {
		t.Errorf("the taken name is offered (%v)", err)
	}
}

var errKilled = errors.New("killed here")

// mortal is a store that dies at its nth step of provisioning.
type mortal struct {
	*store.Store
	at, step int
}

func (m *mortal) die() error {
	m.step++
	if m.step == m.at {
		return errKilled
	}
	return nil
}

func (m *mortal) PendingOwnerOf(ctx context.Context, id uid.ID) (tenant.PendingOwner, error) {
	if err := m.die(); err != nil {
		return tenant.PendingOwner{}, err
	}
	return m.Store.PendingOwnerOf(ctx, id)
}

func (m *mortal) InTenant(ctx context.Context, fn func(context.Context) error) error {
	if err := m.die(); err != nil { // before the tenant's own rows
		return err
	}
	if err := m.Store.InTenant(ctx, fn); err != nil {
		return err
	}
	return m.die() // after them
}

func (m *mortal) ActivateTenant(ctx context.Context, id uid.ID, at time.Time) error {
	if err := m.die(); err != nil {
		return err
	}
	if err := m.Store.ActivateTenant(ctx, id, at); err != nil {
		return err
	}
	return m.die()
}

// lateSchemas die after the schema was made and before anyone heard of it, or before it was made.
type lateSchemas struct {
	tenant.Schemas
	before, after bool
}

func (s *lateSchemas) Make(ctx context.Context, t tenant.Tenant) error {
	if s.before {
		s.before = false
		return errKilled
	}
	if err := s.Schemas.Make(ctx, t); err != nil {
		return err
	}
	if s.after {
		s.after = false
		return errKilled
	}
	return nil
}

func TestProvisioningKilledAtAnyStepIsFinishedByTheNextRun(t *testing.T) {
	t.Parallel()
	type crash struct {
		name    string
		store   int
		schemas *lateSchemas
	}
	cases := []crash{{name: "before the schema", schemas: &lateSchemas{before: true}}, {name: "after the schema", schemas: &lateSchemas{after: true}}}
	for at := 1; at <= 5; at++ {
		cases = append(cases, crash{name: fmt.Sprintf("step %d", at), store: at})
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := build(t, func(s *store.Store) tenant.Keeper { return &mortal{Store: s, at: c.store} }, func(s tenant.Schemas) tenant.Schemas {
				if c.schemas == nil {
					return s
				}
				c.schemas.Schemas = s
				return c.schemas
			})
			name := slug()
			if _, err := h.SignUp(t.Context(), wish(name)); !errors.Is(err, errKilled) {
				t.Fatalf("not killed: %v", err)
			}
			left, err := h.Show(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			if left.Status == tenant.StatusProvisioning {
				if _, err := h.Finish(t.Context(), left); err != nil {
					t.Fatal(err)
				}
			}
			whole, err := h.Show(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			checkWhole(t, h, whole)
		})
	}
}

func TestTwoFinishersOfOneTenantDoNoHarm(t *testing.T) {
	t.Parallel()
	h := build(t, func(s *store.Store) tenant.Keeper { return &mortal{Store: s, at: 1} }, nil)
	name := slug()
	if _, err := h.SignUp(t.Context(), wish(name)); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	left, err := h.Show(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	other := build(t, nil, nil)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := other.Finish(t.Context(), left); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	whole, _ := h.Show(t.Context(), name)
	checkWhole(t, h, whole)
}

func TestASuspendedPortalIsRefusedAtTheDoorAndOpensAgain(t *testing.T) {
	t.Parallel()
	h := build(t, nil, nil)
	tn, err := h.SignUp(t.Context(), wish(slug()))
	if err != nil {
		t.Fatal(err)
	}
	d := tenant.NewDirectory(tenant.Hosts{Base: "localhost", Platform: "lyceum.localhost"}, h.w.Store, 1, h.w.Now.Now)
	enter := func() error {
		d.Drop(tn.ID)
		_, got, err := d.ByHost(t.Context(), tn.Slug+".localhost:8080")
		if got.ID != tn.ID {
			t.Errorf("the host leads to %s", got.Slug)
		}
		return err
	}
	if err := enter(); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Suspend(t.Context(), tn.Slug, " "); fault.Of(err).Fields["reason"] == "" {
		t.Errorf("suspended without a reason: %v", err)
	}
	if _, err := h.Suspend(t.Context(), tn.Slug, "unpaid"); err != nil {
		t.Fatal(err)
	}
	if err := enter(); !errors.Is(err, tenant.ErrSuspended) {
		t.Errorf("a suspended portal: %v", err)
	}
	if _, err := h.Resume(t.Context(), tn.Slug); err != nil {
		t.Fatal(err)
	}
	if err := enter(); err != nil {
		t.Errorf("after resuming: %v", err)
	}
	strict := tenant.NewDirectory(d.Hosts(), h.w.Store, tn.SchemaVersion+1, h.w.Now.Now)
	if _, _, err := strict.ByHost(t.Context(), tn.Slug+".localhost"); !errors.Is(err, tenant.ErrSchemaVersion) {
		t.Errorf("a tenant too old to be read: %v", err)
	}
	if _, _, err := d.ByHost(t.Context(), "nobody-"+uid.Opaque(5)+".localhost"); !errors.Is(err, tenant.ErrNotFound) {
		t.Errorf("an unknown host: %v", err)
	}
}

func TestDeletingAPortalWantsItsNameTypedAndLeavesNothing(t *testing.T) {
	t.Parallel()
	h := build(t, nil, nil)
	tn, err := h.SignUp(t.Context(), wish(slug()))
	if err != nil {
		t.Fatal(err)
	}
	neighbour, err := h.SignUp(t.Context(), wish(slug()))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Delete(t.Context(), tn.Slug, "yes", "made by mistake"); fault.Of(err).Fields["typed"] == "" {
		t.Fatalf("deleted without its name: %v", err)
	}
	if err := h.Delete(t.Context(), tn.Slug, tn.Slug, " "); fault.Of(err).Fields["reason"] == "" {
		t.Fatalf("deleted without a reason: %v", err)
	}
	if err := h.Delete(t.Context(), tn.Slug, tn.Slug, "made by mistake"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Show(t.Context(), tn.Slug); !errors.Is(err, tenant.ErrNotFound) {
		t.Errorf("still there: %v", err)
	}
	var schemas int
	if err := h.w.Admin.QueryRow(t.Context(), "select count(*) from pg_namespace where nspname = $1", tn.SchemaName).Scan(&schemas); err != nil || schemas != 0 {
		t.Errorf("%d schemas left (%v)", schemas, err)
	}
	checkWhole(t, h, neighbour)
	if again, err := h.SignUp(t.Context(), wish(tn.Slug)); err != nil || again.SchemaName == tn.SchemaName {
		t.Errorf("the name cannot be taken again: %v", err)
	}
}
