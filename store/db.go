// Package store keeps everything in PostgreSQL. There is one way into a tenant's data, InTenant, and one into the
// platform's, InControl; a query outside both cannot run. It holds no rules, permissions or events of its own.
package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/schema"

	"lyceum/auth"
	"lyceum/internal/event"
	"lyceum/internal/turn"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Options says how to reach the database.
type Options struct {
	URL string // the application's login (lyceum_app): no rights on tenant schemas but through their roles
	// Shards is into how many small pools the connections are divided; a tenant always works on the same one, so that
	// a backend meets few tenants and keeps its plans and its relation cache for them. Default 8.
	Shards int
	// ConnectionsPerShard is how many of each pool's connections one tenant may hold at once. Default 2: more would only
	// spread a tenant's plans over more backends. A pool has one more, so that there is always one for whoever comes while
	// one tenant wants all; who used the database least goes first (internal/turn).
	ConnectionsPerShard int
	// Pooled is set when a transaction pooler (PgBouncer) stands between: no prepared statements then.
	Pooled bool
	// Newest is the version of a tenant's schema that this release writes. What needs more than a tenant behind it has is
	// tenant.ErrSchemaVersion: the rest of the portal goes on in the shape before. 0: nothing is taken for that.
	Newest int
	// Tracer sees every statement; nil: nobody does. Tests count with it.
	Tracer pgx.QueryTracer
	Log    *slog.Logger
}

// Store is the database, in pools sharded by tenant.
type Store struct {
	shards  []shard
	control shard
	base    *gorm.DB
	refuse  *sql.DB // behind base: it never connects
	tagged  bool
	tracer  pgx.QueryTracer
	newest  int
	log     *slog.Logger
	changed func(tenantID uid.ID) // after a commit that appended events
	usage   usageMonths
}

type shard struct {
	line *turn.Line // whose turn it is to have one of the connections
	pool *pgxpool.Pool
	sql  *sql.DB // the same pool seen through database/sql; holds no connections of its own
}

// ErrNoTransaction is what a query outside InTenant and InControl gets.
var ErrNoTransaction = errors.New("store: query outside InTenant or InControl")

// ErrMixed is a transaction begun for one tenant within another's or within the control schema's: a transaction never
// touches two of them, which is what lets tenants live on several database nodes.
var ErrMixed = errors.New("store: a transaction for another schema is running")

// Open prepares the pools; connections are made when they are needed.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Shards <= 0 {
		o.Shards = 8
	}
	if o.ConnectionsPerShard <= 0 {
		o.ConnectionsPerShard = 2
	}
	refuse := sql.OpenDB(refusing{})
	base, err := gorm.Open(postgres.New(postgres.Config{Conn: refuse}), &gorm.Config{
		SkipDefaultTransaction: true, // InTenant is the transaction
		QueryFields:            true, // select * meets "cached plan must not change result type" during migrations
		TranslateError:         false,
		DisableAutomaticPing:   true,
		Logger:                 logger.Discard,
		NamingStrategy:         schema.NamingStrategy{},
	})
	if err != nil {
		return nil, fmt.Errorf("open gorm: %w", err)
	}
	s := &Store{base: base, refuse: refuse, tagged: !o.Pooled, tracer: o.Tracer, newest: o.Newest, log: o.Log}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	for i := range o.Shards + 1 {
		pool, err := openPool(ctx, o)
		if err != nil {
			s.Close()
			return nil, err
		}
		sh := shard{
			line: turn.New(turn.Options{Places: o.ConnectionsPerShard + 1, Each: o.ConnectionsPerShard}),
			pool: pool, sql: stdlib.OpenDBFromPool(pool),
		}
		if i < o.Shards {
			s.shards = append(s.shards, sh)
		} else {
			s.control = sh
		}
	}
	return s, nil
}

func openPool(ctx context.Context, o Options) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, fmt.Errorf("database URL: %w", err)
	}
	cfg.MaxConns = int32(o.ConnectionsPerShard + 1)
	cfg.MaxConnLifetime = 20 * time.Minute // a backend never gives back the memory of tenants it touched
	cfg.MaxConnLifetimeJitter = 10 * time.Minute
	cfg.MaxConnIdleTime = 5 * time.Minute
	cfg.ConnConfig.RuntimeParams["application_name"] = "lyceum"
	cfg.ConnConfig.Tracer = o.Tracer
	cfg.AfterConnect = knowIDs
	if o.Pooled {
		cfg.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	} else {
		// Plans are kept per tenant because the SQL is tagged with the schema (see tagConn); the cache must hold the
		// statements of the tenants a shard serves.
		cfg.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
		cfg.ConnConfig.StatementCacheCapacity = 1024
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open pool: %w", err)
	}
	return pool, nil
}

// OnEvents sets what is called after each commit that appended events, with the tenant's id. Set it before use.
func (s *Store) OnEvents(fn func(tenantID uid.ID)) { s.changed = fn }

// Close ends all connections.
func (s *Store) Close() {
	_ = s.refuse.Close()
	for _, sh := range append(s.shards, s.control) {
		if sh.pool != nil {
			_ = sh.sql.Close()
			sh.pool.Close()
		}
	}
}

// Pool is the control schema's pool, for what needs pgx itself (River, COPY).
func (s *Store) Pool() *pgxpool.Pool { return s.control.pool }

// shardFor gives the pool on which a tenant always works.
func (s *Store) shardFor(schema string) shard {
	h := fnv.New32a()
	_, _ = h.Write([]byte(schema))
	return s.shards[h.Sum32()%uint32(len(s.shards))]
}

// Neighbours tells whether two tenants work on the same pool.
func (s *Store) Neighbours(a, b tenant.Tenant) bool {
	return s.shardFor(a.SchemaName).pool == s.shardFor(b.SchemaName).pool
}

// running is the transaction of a context.
type running struct {
	schema string // the tenant's schema, or "control"
	db     *gorm.DB
	pgx    pgx.Tx
	events bool // events were appended
	months bool // room was made for months of usage

	audited []event.Event // those of them that go into the audit log at the commit
}

type runningKey struct{}

// rollbackTime is how long a rollback may take after the request is over.
const rollbackTime = 5 * time.Second

func current(ctx context.Context) *running {
	r, _ := ctx.Value(runningKey{}).(*running)
	return r
}

// tx gives GORM on the running transaction; outside one every query answers ErrNoTransaction.
func (s *Store) tx(ctx context.Context) *gorm.DB {
	r := current(ctx)
	if r == nil {
		return s.base.Session(&gorm.Session{NewDB: true, Context: ctx})
	}
	return r.db.Session(&gorm.Session{NewDB: true, Context: ctx})
}

// InTenant runs fn in a transaction of the tenant of ctx, under the tenant's role and search_path, both set LOCAL in
// the message that begins it. It joins a running transaction of the same tenant. fn may run a second time when a
// migration changed a plan meanwhile, so it changes nothing but rows.
func (s *Store) InTenant(ctx context.Context, fn func(context.Context) error) error {
	t, ok := tenant.From(ctx)
	if !ok {
		return fmt.Errorf("%w: no tenant in the context", ErrNoTransaction)
	}
	if !tenant.ValidSchemaName(t.SchemaName) {
		return fmt.Errorf("store: %q is no schema name", t.SchemaName)
	}
	if r := current(ctx); r != nil {
		if r.schema != t.SchemaName {
			return ErrMixed
		}
		return fn(ctx)
	}
	begin := "begin"
	g, guised := auth.GuiseFrom(ctx)
	if guised = guised && !g.Writes; guised {
		begin = "begin read only" // whatever forgot to ask whether support may change this
	}
	begin += "; set local role " + t.SchemaName + "; set local search_path = " + t.SchemaName + ", ext; set local statement_timeout = " + patience(ctx)
	events, err := s.run(ctx, s.shardFor(t.SchemaName), t.SchemaName, begin, fn)
	if stalePlan(err) || staleRole(err) {
		events, err = s.run(ctx, s.shardFor(t.SchemaName), t.SchemaName, begin, fn)
	}
	if err == nil && events && s.changed != nil {
		s.changed(t.ID)
	}
	if t.SchemaVersion < s.newest && lacking(err) {
		err = tenant.ErrSchemaVersion.Because(err)
	}
	if guised && readOnly(err) {
		err = auth.ErrGuiseReads.Because(err)
	}
	return err
}

// readOnly tells whether a statement would have changed something in a transaction that only reads (SQLSTATE 25006).
func readOnly(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "25006"
}

// lacking tells whether a statement asked for a table, column or function that is not there.
func lacking(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "42P01" || pg.Code == "42703" || pg.Code == "42883")
}

// InControl runs fn in a transaction on the control schema. It joins a running one.
func (s *Store) InControl(ctx context.Context, fn func(context.Context) error) error {
	if r := current(ctx); r != nil {
		if r.schema != "control" {
			return ErrMixed
		}
		return fn(ctx)
	}
	_, err := s.run(ctx, s.control, "control", "begin; set local statement_timeout = "+patience(ctx), fn)
	return err
}

// longest is what a statement may take where nobody set a deadline.
const longest = 15 * time.Minute

// patience is how long the database works on one statement, in milliseconds: a little longer than whoever asked waits, so that
// what they gave up, and what a killed process left behind, ends by itself.
func patience(ctx context.Context) string {
	d := longest
	if until, ok := ctx.Deadline(); ok {
		d = max(time.Until(until), 0) + time.Second
	}
	return strconv.FormatInt(d.Milliseconds(), 10)
}

// turn waits until it is the turn of a schema, or of the tenant of ctx in the control schema, to have a connection of a pool.
func (sh shard) turn(ctx context.Context, schema string) (release func(), err error) {
	if schema == "control" {
		t, _ := tenant.From(ctx)
		schema = t.SchemaName
	}
	if release, err = sh.line.Take(ctx, schema); err != nil {
		return nil, fmt.Errorf("database connection: %w", err)
	}
	return release, nil
}

func (s *Store) run(ctx context.Context, sh shard, schema, begin string, fn func(context.Context) error) (events bool, err error) {
	release, err := sh.turn(ctx, schema)
	if err != nil {
		return false, err
	}
	defer release()
	conn, err := sh.sql.Conn(ctx)
	if err != nil {
		return false, fmt.Errorf("database connection: %w", err)
	}
	defer conn.Close() //nolint:errcheck // gives the connection back
	r := &running{schema: schema}
	err = conn.Raw(func(dc any) (err error) {
		r.pgx, err = dc.(*stdlib.Conn).Conn().BeginTx(ctx, pgx.TxOptions{BeginQuery: begin})
		return err
	})
	if err != nil {
		return false, fmt.Errorf("begin in %s: %w", schema, err)
	}
	done := false
	defer func() {
		if !done { // an error, a panic or a cancelled ctx: the rollback has a deadline of its own
			c, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTime)
			defer cancel()
			_ = r.pgx.Rollback(c)
		}
	}()
	r.db = s.base.Session(&gorm.Session{NewDB: true, Context: ctx})
	r.db.Statement.ConnPool = &tagConn{conn: conn, tag: s.tagOf(schema)}
	if err = fn(context.WithValue(ctx, runningKey{}, r)); err != nil {
		return false, err
	}
	if len(r.audited) > 0 {
		t, _ := tenant.From(ctx)
		if err = s.chain(ctx, r, t.ID); err != nil {
			return false, err
		}
	}
	if err = r.pgx.Commit(ctx); err != nil {
		return false, fmt.Errorf("commit in %s: %w", schema, err)
	}
	done = true
	return r.events, nil
}

// tagOf is what stands before each statement of a schema.
func (s *Store) tagOf(schema string) string {
	if !s.tagged || schema == "control" {
		return ""
	}
	return "/* " + schema + " */ "
}

// tagConn is what GORM sees in a transaction. It writes the tenant's schema before each statement, so that the
// statement cache keeps one plan per tenant: with the same text for all tenants PostgreSQL plans anew at each change
// of search_path. Commit and Rollback tell GORM that a transaction runs (its own Transaction becomes a savepoint) and
// do nothing: InTenant ends it. BeginTx is missing on purpose: it would open a second transaction and wait for ever.
type tagConn struct {
	conn *sql.Conn
	tag  string
}

var errManaged = errors.New("store: the transaction is ended by InTenant")

func (c *tagConn) PrepareContext(ctx context.Context, q string) (*sql.Stmt, error) {
	return c.conn.PrepareContext(ctx, c.tag+q)
}

func (c *tagConn) ExecContext(ctx context.Context, q string, args ...any) (sql.Result, error) {
	return c.conn.ExecContext(ctx, c.tag+q, args...)
}

func (c *tagConn) QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	return c.conn.QueryContext(ctx, c.tag+q, args...)
}

func (c *tagConn) QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row {
	return c.conn.QueryRowContext(ctx, c.tag+q, args...)
}

// Commit refuses.
func (c *tagConn) Commit() error { return errManaged }

// Rollback refuses.
func (c *tagConn) Rollback() error { return errManaged }

// refusing is a connector that never connects: GORM's base has no way to the database.
type refusing struct{}

func (refusing) Connect(context.Context) (driver.Conn, error) { return nil, ErrNoTransaction }
func (refusing) Driver() driver.Driver                        { return stdlib.GetDefaultDriver() }

// stalePlan tells whether a statement met a table that a migration changed after it was planned (SQLSTATE 0A000).
func stalePlan(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "0A000" && strings.Contains(pg.Message, "cached plan")
}

// staleRole tells whether a backend did not know yet that it may become a tenant's role (SQLSTATE 42501 at SET ROLE):
// PostgreSQL 15 may keep the memberships it was just computing while another was granted. pgx has closed that connection.
func staleRole(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "42501" && strings.HasPrefix(pg.Message, "permission denied to set role")
}

// Pgx gives the running transaction to what needs pgx itself: COPY, batches, tests. It is nil outside one.
func Pgx(ctx context.Context) pgx.Tx {
	if r := current(ctx); r != nil {
		return r.pgx
	}
	return nil
}

// Waiting is how many wait for a connection of this process now.
func (s *Store) Waiting() int {
	n := s.control.line.Waiting()
	for _, sh := range s.shards {
		n += sh.line.Waiting()
	}
	return n
}

// Connections is how many connections this process has open.
func (s *Store) Connections() int {
	n := int(s.control.pool.Stat().TotalConns())
	for _, sh := range s.shards {
		n += int(sh.pool.Stat().TotalConns())
	}
	return n
}
