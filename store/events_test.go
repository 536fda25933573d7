package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"lyceum/internal/event"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

func TestEventsAreReadNewestFirstByTheirOwnTenantOnly(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	subject := uid.New()
	actor := event.WithActor(mine, event.Actor{ID: uid.New(), Kind: "person"})
	var want []uid.ID
	err := w.Store.InTenant(actor, func(ctx context.Context) error {
		for _, typ := range []string{"course.created", "course.published", "person.signed_in", "course_x.made"} {
			e, err := event.New(ctx, w.Now.Now(), typ, "course", subject, map[string]string{"title": "Ladders"})
			if err != nil {
				return err
			}
			want = append(want, e.ID)
			if err := w.Store.AppendEvents(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	read := func(ctx context.Context, f event.Filter) (out page.Of[event.Event]) {
		t.Helper()
		if err := w.Store.InTenant(ctx, func(ctx context.Context) (err error) { out, err = w.Store.Events(ctx, f); return err }); err != nil {
			t.Fatal(err)
		}
		return out
	}
	var got []uid.ID
	f := event.Filter{Page: page.Request{Limit: 3}}
	for {
		p := read(mine, f)
		for _, e := range p.Items {
			got = append([]uid.ID{e.ID}, got...)
		}
		if f.Page.After = p.Next; p.Next == "" {
			break
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d events, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("event %d is %s, want %s", i, got[i], want[i])
		}
	}
	if p := read(mine, event.Filter{Type: "course.*"}); len(p.Items) != 2 {
		t.Errorf("course.* gives %d events, want 2", len(p.Items))
	}
	e := read(mine, event.Filter{Type: "course.created", Subject: subject}).Items[0]
	var data map[string]string
	if err := json.Unmarshal(e.Data, &data); err != nil || data["title"] != "Ladders" || e.ActorKind != "person" || e.ActorID == nil || !e.At.Equal(w.Now.Now()) {
		t.Errorf("got %+v (%v)", e, err)
	}
	if p := read(other, event.Filter{}); len(p.Items) != 0 {
		t.Errorf("another tenant reads %d events", len(p.Items))
	}
	err = w.Store.InTenant(other, func(ctx context.Context) error { _, err := w.Store.EventByID(ctx, want[0]); return err })
	if !errors.Is(err, event.ErrNotFound) {
		t.Errorf("another tenant opens the event: %v", err)
	}
	err = w.Store.InTenant(mine, func(ctx context.Context) error {
		_, err := w.Store.Events(ctx, event.Filter{Page: page.Request{After: page.Cursor("not an id")}})
		return err
	})
	if !errors.Is(err, page.ErrCursor) {
		t.Errorf("a forged cursor: %v", err)
	}
}

func TestAnEventIsAskedForOnlyAfterItsCommit(t *testing.T) { //nolint:paralleltest // it sets what the shared store calls
	w := storetest.New(t)
	ctx := w.Tenant(t)
	told := 0
	w.Store.OnEvents(func(uid.ID) { told++ })
	defer w.Store.OnEvents(nil)
	boom := errors.New("boom")
	append1 := func(fail error) error {
		return w.Store.InTenant(ctx, func(ctx context.Context) error {
			e, err := event.New(ctx, time.Now(), "thing.done", "thing", uid.New(), nil)
			if err != nil {
				return err
			}
			return errors.Join(w.Store.AppendEvents(ctx, e), fail)
		})
	}
	if err := append1(boom); !errors.Is(err, boom) || told != 0 {
		t.Fatalf("told %d times of what was rolled back (%v)", told, err)
	}
	if err := append1(nil); err != nil || told != 1 {
		t.Fatalf("told %d times, want once (%v)", told, err)
	}
	if err := w.Store.InTenant(ctx, func(context.Context) error { return nil }); err != nil || told != 1 {
		t.Fatalf("a transaction without events was told (%v)", err)
	}
}
