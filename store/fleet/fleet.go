// Package fleet is the database's administrator: it migrates the control schema and every tenant's, makes and drops
// schemas, and keeps a few prepared ones on the shelf for sign-ups. It never reads what is inside a tenant.
package fleet

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"lyceum/migrations"
	"lyceum/tenant"
	"lyceum/tenant/rollout"
)

// Admin works with the administrator's rights on a pool of its own.
type Admin struct {
	pool    *pgxpool.Pool
	control migrations.Script
	tenant  migrations.Script
	node    string
	log     *slog.Logger
}

// Options says how to reach the database.
type Options struct {
	URL  string // an administrator: owner of the database with CREATEROLE, or a superuser
	Node string // default "main"
	Log  *slog.Logger
	// Tenant replaces the tenant script; for benchmarks and tests of migrations.
	Tenant migrations.Script
}

// poolSize is the holder of a rollout, the most schemas at a time, and two to note and to look.
const poolSize = 20

// Open prepares the pool; it connects when it is used.
func Open(ctx context.Context, o Options) (*Admin, error) {
	cfg, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, fmt.Errorf("database URL: %w", err)
	}
	cfg.MaxConns, cfg.MaxConnIdleTime = poolSize, time.Minute
	cfg.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	cfg.ConnConfig.RuntimeParams["application_name"] = "lyceum-admin"
	a := &Admin{node: o.Node, log: o.Log, tenant: o.Tenant}
	if a.node == "" {
		a.node = "main"
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.control, err = migrations.Control(); err != nil {
		return nil, err
	}
	if a.tenant == nil {
		if a.tenant, err = migrations.Tenant(); err != nil {
			return nil, err
		}
	}
	if a.pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return nil, fmt.Errorf("open pool: %w", err)
	}
	return a, nil
}

// Close ends the connections.
func (a *Admin) Close() { a.pool.Close() }

// Pool is the administrator's pool, for the benchmark.
func (a *Admin) Pool() *pgxpool.Pool { return a.pool }

// AppURL derives the application's address from the administrator's: the same database as lyceum_app, with a password
// made from the administrator's, so that one address configures everything and each process derives the same one.
func AppURL(adminURL string) (appURL, password string, err error) {
	u, err := url.Parse(adminURL)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return "", "", fmt.Errorf("database URL: write it as postgres://user:password@host:5432/database")
	}
	q := u.Query()
	q.Del("user")
	q.Del("password")
	secret, ok := "", false
	if u.User != nil {
		secret, ok = u.User.Password()
	}
	if !ok {
		u.User = url.User(migrations.AppRole)
		u.RawQuery = q.Encode()
		return u.String(), "", nil
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("lyceum application login"))
	password = base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	u.User = url.UserPassword(migrations.AppRole, password)
	u.RawQuery = q.Encode()
	return u.String(), password, nil
}

// Prepare prepares roles and schemas, then migrates the control schema and the jobs' tables, but no tenant. It may be run by
// several processes at once and again at any time. hardened is false where the database does not let us close the way from one
// tenant's role to another's (see migrations.Prepare).
func (a *Admin) Prepare(ctx context.Context, appPassword string) (hardened bool, err error) {
	conn, err := a.pool.Acquire(ctx)
	if err != nil {
		return false, fmt.Errorf("connect as administrator: %w", err)
	}
	hardened, err = migrations.Prepare(ctx, conn.Conn(), appPassword)
	if err == nil {
		_, err = migrations.UpControl(ctx, conn.Conn(), a.control)
	}
	conn.Release()
	if err != nil {
		return hardened, err
	}
	return hardened, a.migrateJobs(ctx)
}

// Migrate is Prepare, and then rolls the newest shape out to every tenant that is behind. Tenants that could not be migrated
// are ErrTenantsBehind: the platform and the other tenants can be served, these answer that they are being updated. So it is
// where the rollout is paused, or another process works on it.
func (a *Admin) Migrate(ctx context.Context, appPassword string, o rollout.Options, told func(rollout.Rollout)) (r rollout.Rollout, hardened bool, err error) {
	if hardened, err = a.Prepare(ctx, appPassword); err != nil {
		return r, hardened, err
	}
	r, err = a.Begin(ctx, o)
	if errors.Is(err, rollout.ErrNothing) {
		return r, hardened, nil
	}
	if err == nil && r.State == rollout.Running {
		r, err = a.Work(ctx, told)
	}
	if err == nil && r.State != rollout.Done {
		err = a.behind(ctx, r)
	}
	if errors.Is(err, rollout.ErrHeld) {
		err = fmt.Errorf("%w: %w", ErrTenantsBehind, err)
	}
	return r, hardened, err
}

// behind says which schemas a rollout did not reach, and why.
func (a *Admin) behind(ctx context.Context, r rollout.Rollout) error {
	failed, err := a.Failed(ctx, r.ID, 3)
	if err != nil {
		return err
	}
	errs := []error{ErrTenantsBehind}
	if r.State == rollout.Paused {
		errs = append(errs, fmt.Errorf("the rollout is paused (%s) with %d schemas to go", r.Why, r.Sum().Waiting))
	}
	for _, s := range failed {
		errs = append(errs, errors.New(s.Error))
	}
	return errors.Join(errs...)
}

// ErrTenantsBehind is a migration that did not reach every tenant.
var ErrTenantsBehind = errors.New("not every tenant could be migrated")

// migrateJobs makes or migrates River's tables, as the owner, so that default privileges open them to the application.
// Each of its migrations commits by itself (a new enum value cannot be used in the transaction that made it), so the
// role is set for the connections of a pool of its own.
func (a *Admin) migrateJobs(ctx context.Context) error {
	lock, err := a.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect as administrator: %w", err)
	}
	defer lock.Release()
	// Two processes starting at once: one migrates, the other finds it done.
	if _, err = lock.Exec(ctx, "select pg_advisory_lock(7206210002)"); err != nil {
		return fmt.Errorf("lock the jobs' tables: %w", err)
	}
	defer lock.Exec(context.WithoutCancel(ctx), "select pg_advisory_unlock(7206210002)") //nolint:errcheck // ends with the connection

	cfg := a.pool.Config()
	cfg.MaxConns = 2
	cfg.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "set role "+migrations.OwnerRole)
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return fmt.Errorf("open pool: %w", err)
	}
	defer pool.Close()
	m, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: "river", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("jobs' migrations: %w", err)
	}
	if _, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate the jobs' tables: %w", err)
	}
	return nil
}

// Version is the version a new schema gets.
func (a *Admin) Version() int { return a.tenant.Latest() }

// Make makes a tenant's schema, fully migrated, and notes its version in the same transaction. It is done when the
// version is noted already.
func (a *Admin) Make(ctx context.Context, t tenant.Tenant) error {
	conn, err := a.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect as administrator: %w", err)
	}
	defer conn.Release()
	var version int
	if err := conn.QueryRow(ctx, "select schema_version from control.tenants where id = $1", t.ID).Scan(&version); err != nil {
		return fmt.Errorf("version of %s: %w", t.Slug, err)
	}
	if version > 0 {
		return nil
	}
	return migrations.CreateSchema(ctx, conn.Conn(), a.tenant, []string{t.SchemaName}, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "update control.tenants set schema_version = $1 where id = $2", a.Version(), t.ID)
		return err
	})
}

// Drop removes a tenant's schema and role. It is done when they are gone.
func (a *Admin) Drop(ctx context.Context, t tenant.Tenant) error {
	if !tenant.ValidSchemaName(t.SchemaName) {
		return fmt.Errorf("%q is no schema name", t.SchemaName)
	}
	conn, err := a.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect as administrator: %w", err)
	}
	defer conn.Release()
	return migrations.DropSchema(ctx, conn.Conn(), t.SchemaName)
}

// FillSpares makes prepared schemas until want are on the shelf, and gives how many it made. Two fillers do not
// overfill: they take turns.
func (a *Admin) FillSpares(ctx context.Context, want int, now time.Time) (made int, err error) {
	conn, err := a.pool.Acquire(ctx)
	if err != nil {
		return 0, fmt.Errorf("connect as administrator: %w", err)
	}
	defer conn.Release()
	if _, err = conn.Exec(ctx, "select pg_advisory_lock(7206210003)"); err != nil {
		return 0, fmt.Errorf("lock the shelf: %w", err)
	}
	defer conn.Exec(context.WithoutCancel(ctx), "select pg_advisory_unlock(7206210003)") //nolint:errcheck // ends with the connection

	var have int
	if err = conn.QueryRow(ctx, "select count(*) from control.spares where node = $1 and schema_version = $2", a.node, a.Version()).Scan(&have); err != nil {
		return 0, fmt.Errorf("count spare schemas: %w", err)
	}
	for have+made < want {
		batch := make([]string, min(want-have-made, 10))
		for i := range batch {
			batch[i] = tenant.NewSchemaName()
		}
		err = migrations.CreateSchema(ctx, conn.Conn(), a.tenant, batch, func(tx pgx.Tx) error {
			for _, name := range batch {
				if _, err := tx.Exec(ctx, "insert into control.spares (schema_name, node, schema_version, created_at) values ($1, $2, $3, $4)", name, a.node, a.Version(), now); err != nil {
					return fmt.Errorf("note spare %s: %w", name, err)
				}
			}
			return nil
		})
		if err != nil {
			return made, err
		}
		made += len(batch)
	}
	return made, nil
}

// Status is how far the fleet is migrated.
type Status struct {
	ControlVersion, ControlLatest int
	TenantLatest                  int
	Versions                      []VersionCount // tenants by version
	Spares                        int
}

// VersionCount is how many tenants have a version.
type VersionCount struct{ Version, Tenants int }

// Status reads the state of the fleet.
func (a *Admin) Status(ctx context.Context) (s Status, err error) {
	s.ControlLatest, s.TenantLatest = a.control.Latest(), a.tenant.Latest()
	var exists bool
	if err = a.pool.QueryRow(ctx, "select to_regclass('control.migrations') is not null").Scan(&exists); err != nil {
		return s, fmt.Errorf("look for the control schema: %w", err)
	}
	if !exists {
		return s, nil
	}
	conn, err := a.pool.Acquire(ctx)
	if err != nil {
		return s, fmt.Errorf("connect as administrator: %w", err)
	}
	defer conn.Release()
	if s.ControlVersion, err = migrations.ControlVersion(ctx, conn.Conn()); err != nil || s.ControlVersion == 0 {
		return s, err
	}
	rows, err := conn.Query(ctx, "select schema_version, count(*) from control.tenants group by 1 order by 1")
	if err != nil {
		return s, fmt.Errorf("versions of the fleet: %w", err)
	}
	if s.Versions, err = pgx.CollectRows(rows, pgx.RowToStructByPos[VersionCount]); err != nil {
		return s, fmt.Errorf("versions of the fleet: %w", err)
	}
	err = conn.QueryRow(ctx, "select count(*) from control.spares where schema_version = $1", s.TenantLatest).Scan(&s.Spares)
	return s, err
}

// Hardened tells whether the way from one tenant's role to another's is closed (see migrations.Prepare).
func (a *Admin) Hardened(ctx context.Context) (bool, error) {
	var open bool
	err := a.pool.QueryRow(ctx, "select has_function_privilege('public', 'pg_catalog.set_config(text, text, boolean)', 'execute')").Scan(&open)
	return !open, err
}
