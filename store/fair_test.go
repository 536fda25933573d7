package store_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"lyceum/store"
	"lyceum/store/storetest"
)

func TestAPortalThatHoldsAllItsConnectionsLeavesOneForItsNeighbour(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	s, err := store.Open(t.Context(), store.Options{URL: w.URL, Shards: 1, ConnectionsPerShard: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	noisy, quiet := w.Tenant(t), w.Tenant(t)
	goOn, held, ended := make(chan struct{}), make(chan struct{}), make(chan error)
	for range 3 {
		go func() {
			ended <- s.InTenant(noisy, func(context.Context) error {
				held <- struct{}{}
				<-goOn
				return nil
			})
		}()
	}
	<-held
	<-held
	for s.Waiting() == 0 {
		time.Sleep(time.Millisecond)
	}
	done := 0
	for range 3 { // while the noisy one's third waits
		err := s.InTenant(quiet, func(ctx context.Context) error {
			return store.Pgx(ctx).QueryRow(ctx, "select 1").Scan(&done)
		})
		if err != nil || done != 1 {
			t.Fatalf("%d, %v", done, err)
		}
	}
	close(goOn)
	<-held
	for range 3 {
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheDatabaseWorksOnAStatementNoLongerThanSomebodyWaits(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine := w.Tenant(t)
	shown := func(ctx context.Context) (d time.Duration) {
		t.Helper()
		var ms string
		err := w.Store.InTenant(ctx, func(ctx context.Context) error {
			return store.Pgx(ctx).QueryRow(ctx, "select setting from pg_settings where name = 'statement_timeout'").Scan(&ms)
		})
		n, bad := strconv.Atoi(ms)
		if err != nil || bad != nil {
			t.Fatalf("%q, %v", ms, err)
		}
		return time.Duration(n) * time.Millisecond
	}
	if d := shown(mine); d != 15*time.Minute {
		t.Errorf("without a deadline %s", d)
	}
	ctx, cancel := context.WithTimeout(mine, time.Hour)
	defer cancel()
	if d := shown(ctx); d <= 59*time.Minute || d > time.Hour+time.Second {
		t.Errorf("with an hour %s", d)
	}
	var after string
	if err := w.Store.InControl(t.Context(), func(ctx context.Context) error {
		return store.Pgx(ctx).QueryRow(ctx, "select current_setting('statement_timeout')").Scan(&after)
	}); err != nil || after != "15min" {
		t.Errorf("in the control schema %q, %v", after, err)
	}
}
