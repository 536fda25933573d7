package store_test

import (
	"context"
	"testing"
	"time"

	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/storetest"
)

func TestAChangeIsAnnouncedToEveryProcessAndAReconnectionForgetsAll(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	other, err := store.Open(t.Context(), store.Options{URL: w.URL, Shards: 1, ConnectionsPerShard: 1}) // another process
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(other.Close)
	ctx, cancel := context.WithCancel(t.Context())
	changed, events, ended := make(chan uid.ID, 100), make(chan uid.ID, 100), make(chan struct{})
	go func() {
		defer close(ended)
		other.Listen(ctx, w.URL, store.Listener{Changed: func(id uid.ID) { changed <- id }, Events: func(id uid.ID) { events <- id }})
	}()
	await := func(from chan uid.ID, want uid.ID) {
		t.Helper()
		for {
			select {
			case got := <-from:
				if got == want {
					return
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("%s was never heard", want)
			}
		}
	}
	await(changed, uid.Nil) // the line stands
	await(events, uid.Nil)
	a, b := uid.New(), uid.New()
	w.Store.Announce(t.Context(), a)
	await(changed, a)
	if err := w.Store.Hint(t.Context(), []uid.ID{a, b}); err != nil {
		t.Fatal(err)
	}
	await(events, a)
	await(events, b)

	if _, err := w.Admin.Exec(t.Context(), "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen lyceum%' and pid <> pg_backend_pid()"); err != nil {
		t.Fatal(err)
	}
	await(changed, uid.Nil) // connected again: announcements may have been missed
	w.Store.Announce(t.Context(), b)
	await(changed, b)
	cancel()
	<-ended
}
