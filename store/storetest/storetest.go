// Package storetest gives a test a real, migrated PostgreSQL and as many tenants as it wants, each fresh. It is for
// tests only. The cluster is started once for a package's tests (or LYCEUM_TEST_DATABASE_URL names another); a test
// never empties anything: it takes new tenants.
package storetest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/goleak"

	"lyceum/internal/clock"
	"lyceum/internal/uid"
	"lyceum/migrations"
	"lyceum/store"
	"lyceum/store/embedded"
	"lyceum/tenant"
)

// world is what all tests of a package share.
type world struct {
	admin  *pgxpool.Pool
	url    string
	store  *store.Store
	script migrations.Script
}

var (
	shared  world
	started error
	once    sync.Once
	stop    = func() {}
)

// Main runs a package's tests, then stops the cluster and fails when a goroutine was left behind. Call it in TestMain:
// func TestMain(m *testing.M) { storetest.Main(m) }. Known are goroutines of libraries that no call of theirs ends.
func Main(m *testing.M, known ...goleak.Option) {
	code := m.Run()
	stop()
	if code == 0 {
		if err := goleak.Find(known...); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// World is a test's view of the shared database.
type World struct {
	Store *store.Store
	Admin *pgxpool.Pool // the database's administrator, for what a test must do from outside
	URL   string        // the application's login
	Now   *Clock
}

// New gives the shared database, started and migrated at the first call, with a clock of the test's own.
func New(t testing.TB) *World {
	t.Helper()
	once.Do(func() { started = start() })
	if started != nil {
		t.Fatalf("no PostgreSQL for the test: %v", started)
	}
	return &World{Store: shared.store, Admin: shared.admin, URL: shared.url, Now: NewClock()}
}

// Tenant makes an active tenant with a fresh schema, the built-in roles' rows left to the caller, and gives a context
// inside it.
func (w *World) Tenant(t testing.TB) context.Context {
	t.Helper()
	return tenant.With(t.Context(), w.TenantRow(t))
}

// TenantRow makes an active tenant with a fresh schema.
func (w *World) TenantRow(t testing.TB) tenant.Tenant {
	t.Helper()
	return w.TenantAt(t, shared.script.Latest())
}

// TenantAt is TenantRow with the schema of a former version.
func (w *World) TenantAt(t testing.TB, version int) tenant.Tenant {
	t.Helper()
	now := w.Now.Now()
	id := uid.New()
	tn := tenant.Tenant{
		ID: id, Slug: "t" + uid.Opaque(14), Name: "Test " + id.String()[:8], Status: tenant.StatusActive, SchemaName: tenant.NewSchemaName(),
		Node: "main", SchemaVersion: version, ContactEmail: "owner@example.com", CreatedAt: now, UpdatedAt: now, ActivatedAt: &now,
	}
	ctx := t.Context()
	conn, err := shared.admin.Acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	err = migrations.CreateSchema(ctx, conn.Conn(), shared.script[:version], []string{tn.SchemaName}, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `insert into control.tenants (id, slug, name, status, schema_name, node, schema_version, contact_email, suspended_reason, created_at, updated_at, activated_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, '', $9, $9, $9)`,
			tn.ID, tn.Slug, tn.Name, tn.Status, tn.SchemaName, tn.Node, tn.SchemaVersion, tn.ContactEmail, now)
		return err
	})
	if err != nil {
		t.Fatalf("make a tenant: %v", err)
	}
	return tn
}

// Clock is a clock that a test moves. It begins at a fixed Wednesday so that dates in failures are the same each run.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock begins at 2026-03-04 09:00 UTC.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)} }

// Now tells the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Clock gives the clock.Clock to hand in.
func (c *Clock) Clock() clock.Clock { return c.Now }

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func start() (err error) {
	ctx := context.Background()
	adminURL, appURL := os.Getenv("LYCEUM_TEST_DATABASE_URL"), os.Getenv("LYCEUM_TEST_APP_DATABASE_URL")
	if adminURL == "" {
		dir, err := os.MkdirTemp("", "lyceum-test-")
		if err != nil {
			return err
		}
		if err := os.Chmod(dir, 0o755); err != nil {
			return err
		}
		srv, err := embedded.Start(ctx, embedded.Options{Root: filepath.Join(dir, "pg"), MaxConnections: 60, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			_ = os.RemoveAll(dir)
			return err
		}
		stop = func() { _ = srv.Stop(); _ = os.RemoveAll(dir) }
		adminURL, appURL = srv.AdminURL("postgres"), srv.URL(migrations.AppRole, "postgres")
	}
	shared.url = appURL
	cfg, err := pgxpool.ParseConfig(adminURL)
	if err != nil {
		return err
	}
	cfg.MaxConns = 8
	if shared.admin, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return err
	}
	stopServer := stop
	stop = func() { shared.admin.Close(); stopServer() }
	if err = migrate(ctx); err != nil {
		return err
	}
	if shared.store, err = store.Open(ctx, store.Options{URL: appURL, Shards: 2, ConnectionsPerShard: 6, Newest: shared.script.Latest(), Tracer: counted}); err != nil {
		return err
	}
	stop = func() { shared.store.Close(); shared.admin.Close(); stopServer() }
	return nil
}

func migrate(ctx context.Context) error {
	conn, err := shared.admin.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err = migrations.Prepare(ctx, conn.Conn(), ""); err != nil {
		return err
	}
	control, err := migrations.Control()
	if err != nil {
		return err
	}
	if _, err = migrations.UpControl(ctx, conn.Conn(), control); err != nil {
		return err
	}
	shared.script, err = migrations.Tenant()
	return err
}
