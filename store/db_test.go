package store_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// sqlstate runs one statement inside the tenant of ctx and gives the SQLSTATE it fails with, "" when it does not.
func sqlstate(t *testing.T, s *store.Store, ctx context.Context, sql string, args ...any) string {
	t.Helper()
	err := s.InTenant(ctx, func(ctx context.Context) error {
		_, err := store.Pgx(ctx).Exec(ctx, sql, args...)
		return err
	})
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return ""
}

func schemaOf(ctx context.Context) string {
	t, _ := tenant.From(ctx)
	return t.SchemaName
}

func TestRawSQLInATenantsTransactionCannotReachAnotherTenantNorTheControlSchema(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	o := schemaOf(other)
	if err := w.Store.InTenant(other, func(ctx context.Context) error {
		_, err := store.Pgx(ctx).Exec(ctx, "insert into settings (name, value, updated_at) values ('secret', '\"theirs\"', now())")
		return err
	}); err != nil {
		t.Fatal(err)
	}

	const denied = "42501"
	for _, sql := range []string{
		"select value from " + o + ".settings",
		"insert into " + o + ".settings (name, value, updated_at) values ('x', '1', now())",
		"update " + o + ".settings set value = '1'",
		"delete from " + o + ".settings",
		"truncate " + o + ".settings",
		"select slug from control.tenants",
		"select hash from control.operator_sessions",
		"insert into control.usage_events (id) values (gen_random_uuid())",
		"select * from river.river_job",
		"create table mine (id int)",
		"create table public.mine (id int)",
		"create temporary table mine (id int)",
		"drop table settings",
		"alter table settings add column x int",
		"update events set type = 'forged'",
		"delete from events",
		"truncate events",
		// The hop: becoming another tenant from within one statement, as injected SQL would try.
		"select set_config('role', '" + o + "', true)",
		"select set_config('search_path', '" + o + "', true)",
		"update pg_settings set setting = '" + o + "' where name = 'role'",
		"create role intruder",
		"grant " + o + " to current_user",
	} {
		got := sqlstate(t, w.Store, mine, sql)
		want := denied
		if strings.Contains(sql, "river_job") && got == "42P01" {
			want = "42P01" // the jobs' tables are made by the worker; without rights on the schema either answer hides them
		}
		if got != want {
			t.Errorf("%s: SQLSTATE %q, want %s", sql, got, want)
		}
	}
}

func TestATenantsOwnNamesNeverShowAnotherTenantsRows(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctxs := []context.Context{w.Tenant(t), w.Tenant(t), w.Tenant(t)}
	for i, ctx := range ctxs {
		err := w.Store.InTenant(ctx, func(ctx context.Context) error {
			_, err := store.Pgx(ctx).Exec(ctx, "insert into settings (name, value, updated_at) values ('who', to_jsonb($1::int), now())", i)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	for n := range 300 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			want := n % len(ctxs)
			err := w.Store.InTenant(ctxs[want], func(ctx context.Context) error {
				var rows, got int
				if err := store.Pgx(ctx).QueryRow(ctx, "select count(*), max(value::text::int) from settings").Scan(&rows, &got); err != nil {
					return err
				}
				if rows != 1 || got != want {
					t.Errorf("tenant %d sees %d rows, the value is %d", want, rows, got)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
}

func TestNoQueryRunsOutsideATransactionAndNoTwoSchemasShareOne(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	a, b := w.Tenant(t), w.Tenant(t)
	nothing := func(context.Context) error { return nil }

	if err := w.Store.InTenant(t.Context(), nothing); !errors.Is(err, store.ErrNoTransaction) {
		t.Errorf("no tenant in the context: %v", err)
	}
	if err := w.Store.AppendEvents(a, event.Event{ID: uid.New()}); !errors.Is(err, store.ErrNoTransaction) {
		t.Errorf("events outside a transaction: %v", err)
	}
	tb, _ := tenant.From(b)
	err := w.Store.InTenant(a, func(ctx context.Context) error { return w.Store.InTenant(tenant.With(ctx, tb), nothing) })
	if !errors.Is(err, store.ErrMixed) {
		t.Errorf("a tenant within a tenant: %v", err)
	}
	err = w.Store.InTenant(a, func(ctx context.Context) error { return w.Store.InControl(ctx, nothing) })
	if !errors.Is(err, store.ErrMixed) {
		t.Errorf("control within a tenant: %v", err)
	}
	evil := tenant.With(t.Context(), tenant.Tenant{SchemaName: "t_000000000000; drop schema control"})
	if err := w.Store.InTenant(evil, nothing); err == nil {
		t.Error("a schema name that is none was taken")
	}
}

func TestAFailedOrPanickingTransactionLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	write := func(ctx context.Context) error {
		_, err := store.Pgx(ctx).Exec(ctx, "insert into settings (name, value, updated_at) values ('half', '1', now())")
		return err
	}
	boom := errors.New("boom")
	if err := w.Store.InTenant(ctx, func(ctx context.Context) error { return errors.Join(write(ctx), boom) }); !errors.Is(err, boom) {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = w.Store.InTenant(ctx, func(ctx context.Context) error { _ = write(ctx); panic("boom") })
	}()
	cancelled, cancel := context.WithCancel(ctx)
	if err := w.Store.InTenant(cancelled, func(ctx context.Context) error { _ = write(ctx); cancel(); return nil }); err == nil {
		t.Error("committed under a cancelled context")
	}
	err := w.Store.InTenant(ctx, func(ctx context.Context) error {
		_ = write(ctx)
		_, _ = store.Pgx(ctx).Exec(ctx, "select 1/0") // swallowed: the commit must not pretend
		return nil
	})
	if err == nil {
		t.Error("a swallowed SQL error was committed")
	}
	var rows int
	err = w.Store.InTenant(ctx, func(ctx context.Context) error {
		return store.Pgx(ctx).QueryRow(ctx, "select count(*) from settings").Scan(&rows)
	})
	if err != nil || rows != 0 {
		t.Fatalf("%d rows left behind, %v", rows, err)
	}
}
