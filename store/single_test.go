package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"lyceum/store"
	"lyceum/store/storetest"
)

// one is a store with a single connection: every call meets what the one before left on it.
func one(t *testing.T, w *storetest.World, o store.Options) *store.Store {
	t.Helper()
	if o.URL == "" {
		o.URL = w.URL
	}
	o.Shards, o.ConnectionsPerShard = 1, 1
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// who reads the tenant's own mark.
func who(s *store.Store, ctx context.Context) (got string, err error) {
	n := 0
	err = s.Single(ctx, func(rows pgx.Rows) error {
		n = 0
		for rows.Next() {
			n++
			if err := rows.Scan(&got); err != nil {
				return err
			}
		}
		return nil
	}, "select value from settings where name = $1", "who")
	if err == nil && n != 1 {
		err = fmt.Errorf("%d rows", n)
	}
	return got, err
}

func mark(t *testing.T, w *storetest.World, ctx context.Context, who string) {
	t.Helper()
	err := w.Store.InTenant(ctx, func(ctx context.Context) error {
		_, err := store.Pgx(ctx).Exec(ctx, "insert into settings (name, value, updated_at) values ('who', to_jsonb($1::text), $2)", who, w.Now.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestASingleQueryReadsItsOwnTenantHoweverTheConnectionWasUsedBefore(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	stores := map[string]*store.Store{"cached": one(t, w, store.Options{}), "pooled": one(t, w, store.Options{URL: bouncer(t, w, 2), Pooled: true})}
	ctxs := []context.Context{w.Tenant(t), w.Tenant(t), w.Tenant(t)}
	for i, ctx := range ctxs {
		mark(t, w, ctx, fmt.Sprint("tenant ", i))
	}
	for name, s := range stores {
		var wg sync.WaitGroup
		for n := range 60 {
			wg.Go(func() {
				i := n % len(ctxs)
				if got, err := who(s, ctxs[i]); err != nil || got != fmt.Sprintf("%q", fmt.Sprint("tenant ", i)) && got != fmt.Sprint("tenant ", i) {
					t.Errorf("%s: tenant %d reads %q (%v)", name, i, got, err)
				}
			})
		}
		wg.Wait()
	}
}

func TestASingleQueryMeetsTheSameWallsAndLeavesTheConnectionUsable(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	s := one(t, w, store.Options{})
	mine, other := w.Tenant(t), w.Tenant(t)
	mark(t, w, mine, "me")
	nothing := func(rows pgx.Rows) error { return nil }
	for range 3 { // the first time in several messages, then in one
		if _, err := who(s, mine); err != nil {
			t.Fatal(err)
		}
		var pg *pgconn.PgError
		err := s.Single(mine, nothing, "select value from "+schemaOf(other)+".settings")
		if !errors.As(err, &pg) || pg.Code != "42501" {
			t.Fatalf("another tenant's table: %v", err)
		}
		if err := s.Single(mine, nothing, "select 1/(count(*) - count(*)) from settings where name = $1", "who"); !errors.As(err, &pg) || pg.Code != "22012" {
			t.Fatalf("a failing query: %v", err)
		}
		boom := errors.New("boom")
		if err := s.Single(mine, func(pgx.Rows) error { return boom }, "select value from settings where name = $1", "who"); !errors.Is(err, boom) {
			t.Fatalf("a scan that fails: %v", err)
		}
	}
	var role, path string
	err := s.InControl(t.Context(), func(ctx context.Context) error {
		return store.Pgx(ctx).QueryRow(ctx, "select current_user, current_setting('search_path')").Scan(&role, &path)
	})
	if err != nil || role != "lyceum_app" {
		t.Fatalf("the connection was left as %s (%v)", role, err)
	}
	if err := s.Single(t.Context(), nothing, "select 1"); !errors.Is(err, store.ErrNoTransaction) {
		t.Fatalf("without a tenant: %v", err)
	}
}

func TestASingleQueryJoinsTheRunningTransaction(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	s := one(t, w, store.Options{}) // with one connection a second transaction would wait for ever
	ctx := w.Tenant(t)
	err := s.InTenant(ctx, func(ctx context.Context) error {
		if _, err := store.Pgx(ctx).Exec(ctx, "insert into settings (name, value, updated_at) values ('who', '\"not yet\"', $1)", w.Now.Now()); err != nil {
			return err
		}
		got, err := who(s, ctx)
		if got != "not yet" && got != `"not yet"` {
			t.Errorf("reads %q", got)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAQueryWhoseTableWasMigratedMeanwhileIsAnswered(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	s := one(t, w, store.Options{})
	ctx := w.Tenant(t)
	mark(t, w, ctx, "me")
	inSeveral := func() error {
		return s.InTenant(ctx, func(ctx context.Context) error {
			var got string
			return store.Pgx(ctx).QueryRow(ctx, "/* again */ select value from settings where name = $1", "who").Scan(&got)
		})
	}
	for range 2 {
		if _, err := who(s, ctx); err != nil {
			t.Fatal(err)
		}
		if err := inSeveral(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Admin.Exec(t.Context(), "alter table "+schemaOf(ctx)+".settings alter column value type text using value::text"); err != nil {
		t.Fatal(err)
	}
	if got, err := who(s, ctx); err != nil || got != `"me"` {
		t.Errorf("in one message: %q (%v)", got, err)
	}
	if err := inSeveral(); err != nil {
		t.Errorf("in several: %v", err)
	}
}

func TestAConnectionKeepsABoundedNumberOfStatements(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	s := one(t, w, store.Options{})
	ctx := w.Tenant(t)
	for i := range 520 {
		var got int
		err := s.Single(ctx, func(rows pgx.Rows) error {
			for rows.Next() {
				if err := rows.Scan(&got); err != nil {
					return err
				}
			}
			return rows.Err()
		}, fmt.Sprintf("select $1::integer + %d", i), 1)
		if err != nil || got != i+1 {
			t.Fatalf("%d: %d, %v", i, got, err)
		}
	}
	var kept int
	err := s.InTenant(ctx, func(ctx context.Context) error {
		return store.Pgx(ctx).QueryRow(ctx, "select count(*) from pg_prepared_statements where name like 'lyceum\\_%'").Scan(&kept)
	})
	if err != nil || kept < 400 || kept > 502 {
		t.Errorf("%d statements are kept, %v", kept, err)
	}
}
