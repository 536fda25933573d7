package leaving_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/internal/blob"
	"lyceum/internal/seal"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/fleet"
	"lyceum/store/storetest"
	"lyceum/tenant"
	"lyceum/tenant/leaving"
	"lyceum/tenant/rollout"
)

func TestMain(m *testing.M) {
	if text := os.Getenv(orders); text != "" {
		child(text)
	}
	storetest.Main(m)
}

// orders tell a child process what to do.
const orders = "LYCEUM_TEST_LEAVING"

// order is what a child does: what is due, with the real database, its administrator and a real folder of files.
type order struct {
	URL, Admin string
	Files      string // a folder; mails are noted beside it
	Slug       string
	Now        time.Time
	DieAt      int32 // kills itself before this transaction commits, the first is 1; below zero: after that one did; 0: never
}

// dying counts transactions and kills its own process.
type dying struct {
	*store.Store
	left atomic.Int32
	late bool // after the commit
}

func (d *dying) count(ctx context.Context, in func(context.Context, func(context.Context) error) error, fn func(context.Context) error) error {
	die := d.left.Add(-1) == 0
	err := in(ctx, func(ctx context.Context) error {
		err := fn(ctx)
		if die && !d.late {
			kill()
		}
		return err
	})
	if die {
		kill()
	}
	return err
}

func (d *dying) InControl(ctx context.Context, fn func(context.Context) error) error {
	return d.count(ctx, d.Store.InControl, fn)
}

func (d *dying) InTenant(ctx context.Context, fn func(context.Context) error) error {
	return d.count(ctx, d.Store.InTenant, fn)
}

func kill() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// folder are the files of tenants, and the letters that were sent.
type folder struct {
	*blob.Store
	dir string
}

func (f folder) RemoveTenantFiles(ctx context.Context, t tenant.Tenant) error {
	_, err := f.DeleteBelow(ctx, t.SchemaName)
	return err
}

func (f folder) Leaving(_ context.Context, kind string, l leaving.Leaving, _ leaving.Recipient) error {
	w, err := os.OpenFile(f.dir+".mails", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer w.Close()
	_, err = fmt.Fprintln(w, kind, l.TenantSlug)
	return err
}

func must[T any](v T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	return v
}

func child(text string) {
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		panic(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	now := func() time.Time { return o.Now }
	keep := &dying{Store: must(store.Open(ctx, store.Options{URL: o.URL}))}
	admin := must(fleet.Open(ctx, fleet.Options{URL: o.Admin}))
	files := folder{must(blob.Open(ctx, "file://"+o.Files)), o.Files}
	tenants := tenant.New(tenant.Options{Keep: keep, Schemas: admin, Files: files, Now: now, Log: slog.New(slog.DiscardHandler)})
	s := leaving.New(leaving.Options{
		Keep: keep, Tenants: tenants, Schemas: admin, Files: files, Jobs: keep.Store, Mails: files, Seal: must(seal.New(make([]byte, seal.KeySize))), Now: now, Log: slog.New(slog.DiscardHandler),
		Hosts:  tenant.Hosts{Scheme: "https", Platform: "lyceum.example", Base: "example"},
		People: func(context.Context, uid.ID) (auth.Person, error) { return auth.Person{}, auth.ErrPersonNotFound },
	})
	tenants.Eraser = s
	keep.left.Store(max(o.DieAt, -o.DieAt))
	keep.late = o.DieAt < 0
	// What a worker does every minute, in its order.
	_, err := tenants.FinishAll(ctx)
	if err == nil {
		err = s.Run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	os.Exit(0)
}

var jobTables sync.Once

// scene is a tenant with rows and files whose day has come.
type scene struct {
	*house
	tn    tenant.Tenant
	files string
}

func (h *house) scene(t *testing.T) *scene {
	t.Helper()
	jobTables.Do(func() { // waiting jobs are removed too
		a, err := fleet.Open(t.Context(), fleet.Options{URL: h.Admin.Config().ConnString()})
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		if _, _, err := a.Migrate(t.Context(), "", rollout.Options{}, nil); err != nil {
			t.Fatal(err)
		}
	})
	tn, owner := h.owned(t)
	if _, err := h.s.Ask(owner, tn.Slug); err != nil {
		t.Fatal(err)
	}
	s := &scene{h, tn, filepath.Join(t.TempDir(), "files")}
	for i := range 20 {
		name := filepath.Join(s.files, tn.SchemaName, fmt.Sprintf("%02d", i))
		if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("handed in"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// run has a child do what is due; ended is false when it was killed.
func (s *scene) run(t *testing.T, dieAt int32, after time.Duration) (ended bool) {
	t.Helper()
	text, err := json.Marshal(order{URL: s.URL, Admin: s.Admin.Config().ConnString(), Files: s.files, Slug: s.tn.Slug, Now: s.Now.Now(), DieAt: dieAt})
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), orders+"="+string(text)), &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if after > 0 {
		defer time.AfterFunc(after, func() { _ = cmd.Process.Kill() }).Stop()
	}
	err = cmd.Wait()
	if err != nil && !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the child ended otherwise: %v\n%s", err, said.String())
	}
	return err == nil
}

// gone tells what is left of a tenant that is to be erased, and checks its receipt.
func (s *scene) gone(t *testing.T, other tenant.Tenant) {
	t.Helper()
	ctx := t.Context()
	count := func(what, sql string, args ...any) {
		t.Helper()
		var n int
		if err := s.Admin.QueryRow(ctx, sql, args...).Scan(&n); err != nil || n != 0 {
			t.Errorf("%s: %d are left (%v)", what, n, err)
		}
	}
	count("schemas", "select count(*) from pg_namespace where nspname = $1", s.tn.SchemaName)
	count("roles", "select count(*) from pg_roles where rolname = $1", s.tn.SchemaName)
	count("rows", "select count(*) from control.tenants where id = $1", s.tn.ID)
	if left, err := filepath.Glob(filepath.Join(s.files, s.tn.SchemaName, "*")); err != nil || len(left) != 0 {
		t.Errorf("files: %v (%v)", left, err)
	}
	list, err := s.s.Of(ctx, s.tn.Slug)
	if err != nil || len(list) != 1 || list[0].ErasedAt == nil || list[0].MailedAt == nil {
		t.Fatalf("%+v (%v)", list, err)
	}
	keys, err := s.s.Keys()
	if err != nil {
		t.Fatal(err)
	}
	receipt, err := leaving.Verify(list[0].Receipt, keys)
	if err != nil {
		t.Fatalf("the receipt does not hold: %v", err)
	}
	var steps []string
	for _, done := range receipt.Steps {
		steps = append(steps, done.Step)
	}
	want := leaving.Steps() // they were done at one moment of the test's clock
	slices.Sort(steps)
	slices.Sort(want)
	if !slices.Equal(steps, want) {
		t.Errorf("the receipt has the steps %v", steps)
	}
	var receipts int
	if err := s.Admin.QueryRow(ctx, "select count(*) from control.audit where action = 'tenant.erased' and tenant_id = $1", s.tn.ID).Scan(&receipts); err != nil || receipts != 1 {
		t.Errorf("%d receipts were written (%v)", receipts, err)
	}
	mails, err := os.ReadFile(s.files + ".mails")
	if err != nil || !strings.Contains(string(mails), leaving.MailErased+" "+s.tn.Slug) {
		t.Errorf("the receipt was not sent: %q (%v)", mails, err)
	}
	if s.row(t, other.ID).Status != tenant.StatusActive {
		t.Error("another portal was touched")
	}
	var there int
	if err := s.Admin.QueryRow(ctx, "select count(*) from pg_namespace where nspname = $1", other.SchemaName).Scan(&there); err != nil || there != 1 {
		t.Errorf("another portal's schema: %d (%v)", there, err)
	}
}

// A worker that is killed before or after any commit of an erasure, and started again each time, ends with everything gone and one receipt.
func TestAnErasureKilledAtEveryCommitEndsWithEverythingGoneAndOneReceipt(t *testing.T) {
	for _, side := range []int32{1, -1} {
		h := setup(t)
		other, _ := h.owned(t)
		s := h.scene(t)
		s.Now.Advance((leaving.CoolingOff + 1) * 24 * time.Hour)
		killed := 0
		// The child dies one transaction later each time, and where it does not reach as many it is done.
		for at := int32(1); !s.run(t, side*at, 0); at++ {
			if killed++; killed > 60 {
				t.Fatal("it is never done")
			}
		}
		if killed < 5 {
			t.Errorf("it was killed %d times only", killed)
		}
		s.run(t, 0, 0)
		s.gone(t, other)
	}
}

// The same with deaths at any moment, between and inside statements.
func TestAnErasureKilledAtRandomMomentsEndsWithEverythingGoneAndOneReceipt(t *testing.T) {
	h := setup(t)
	other, _ := h.owned(t)
	s := h.scene(t)
	h.Now.Advance((leaving.CoolingOff + 1) * 24 * time.Hour)
	for range 12 {
		if s.run(t, 0, time.Duration(1+rand.IntN(400))*time.Millisecond) {
			break
		}
	}
	if !s.run(t, 0, 0) {
		t.Fatal("nothing killed it, and it did not end")
	}
	s.gone(t, other)
}
