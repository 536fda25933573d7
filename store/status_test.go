package store_test

import (
	"context"
	"testing"
	"time"

	"lyceum/internal/uid"
	"lyceum/store/storetest"
	"lyceum/tenant"
	"lyceum/tenant/status"
)

func TestCountsOfStatusAddUpByPortalAndGoWithIt(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.TenantRow(t), w.TenantRow(t)
	slot := time.Date(2031, 3, 4, 9, 15, 0, 0, time.UTC) // tests share the platform's counts: this year is ours
	count := func(of uid.ID, good, bad, worst int64) status.Count {
		return status.Count{TenantID: of, Part: status.Mails, Slot: slot, Good: good, Bad: bad, WorstMS: worst}
	}
	in := func(fn func(context.Context) error) {
		t.Helper()
		if err := w.Store.InControl(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		in(func(ctx context.Context) error {
			return w.Store.AddStatus(ctx, []status.Count{count(mine.ID, 3, 1, 40), count(other.ID, 5, 0, 9), count(uid.New(), 7, 7, 7)}, []status.Count{count(uid.Nil, 15, 8, 40)})
		})
	}
	read := func(of uid.ID) (list []status.Count) {
		in(func(ctx context.Context) (err error) { list, err = w.Store.StatusCounts(ctx, of, slot); return err })
		return list
	}
	for of, want := range map[uid.ID]status.Count{mine.ID: count(mine.ID, 6, 2, 40), other.ID: count(other.ID, 10, 0, 9), uid.Nil: count(uid.Nil, 30, 16, 40)} {
		got := read(of)
		if len(got) != 1 || got[0].Good != want.Good || got[0].Bad != want.Bad || got[0].WorstMS != want.WorstMS || !got[0].Slot.Equal(slot) {
			t.Errorf("%s: %+v, want %+v", of, got, want)
		}
	}
	var none time.Time
	in(func(ctx context.Context) (err error) {
		none, err = w.Store.OldestJob(tenant.With(ctx, mine), mine.ID)
		return err
	})
	if !none.IsZero() {
		t.Errorf("a job waits since %s", none)
	}
	in(func(ctx context.Context) error { return w.Store.PruneStatus(ctx, slot.Add(time.Minute), slot) })
	if len(read(mine.ID)) != 0 || len(read(uid.Nil)) != 1 {
		t.Error("pruned by the wrong moments")
	}
}
