package signon_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/store"
	"lyceum/store/storetest"
)

func (o *office) ring(ctx context.Context) signon.Ring {
	o.t.Helper()
	r, err := o.signon.SigningKeys(ctx)
	if err != nil {
		o.t.Fatal(err)
	}
	return r
}

func TestManyWhoAskAtOnceGetTheSameFirstKey(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	admin := o.admin(o.ctx)
	var wg sync.WaitGroup
	rings := make([]signon.Ring, 4)
	for i := range rings {
		wg.Go(func() {
			r, err := o.signon.SigningKeys(admin)
			if err != nil {
				t.Error(err)
			}
			rings[i] = r
		})
	}
	wg.Wait()
	for _, r := range rings[1:] {
		if r.Current.ID != rings[0].Current.ID {
			t.Errorf("%s and %s", r.Current.ID, rings[0].Current.ID)
		}
	}
	if n := o.happened("signing_key.published"); n != 1 {
		t.Errorf("%d keys were made", n)
	}
	if rings[0].Current.Sealed != nil {
		t.Error("the private half leaves the room")
	}
	if other := o.ring(o.admin(o.other)); other.Current.ID == rings[0].Current.ID || other.Current.Certificate == rings[0].Current.Certificate {
		t.Error("two portals have the same key")
	}
	err := o.w.Store.InTenant(o.ctx, func(ctx context.Context) error {
		second := rings[0].Current
		second.ID[15]++
		second.Sealed = []byte{1}
		return o.w.Store.InsertSigningKey(ctx, second)
	})
	if err == nil {
		t.Error("the database takes a second current key")
	}
}

func TestTheNextKeyIsPublishedBeforeItTakesOverAndTheOldOneGoes(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	admin := o.admin(o.ctx)
	if err := o.signon.TurnKeys(o.ctx); err != nil || o.happened("signing_key.published") != 0 {
		t.Fatalf("where there is no key the chore makes one: %v", err)
	}
	first := o.ring(admin).Current
	at := func(daysBefore int) signon.Ring { // the chore runs so many days before the first key ends
		t.Helper()
		o.w.Now.Advance(first.ExpiresAt.Sub(o.w.Now.Now()) - time.Duration(daysBefore)*day)
		for range 2 {
			if err := o.signon.TurnKeys(o.ctx); err != nil {
				t.Fatal(err)
			}
		}
		return o.ring(admin)
	}
	if r := at(91); r.Next != nil {
		t.Error("91 days before, the next key is published")
	}
	r := at(89)
	if r.Next == nil || r.Current.ID != first.ID {
		t.Fatalf("89 days before: %+v", r)
	}
	next := r.Next.ID
	if r = at(31); r.Current.ID != first.ID {
		t.Error("31 days before, the next key signs")
	}
	if r = at(29); r.Current.ID != next || r.Next != nil || len(r.Previous) != 1 || r.Previous[0].ID != first.ID {
		t.Fatalf("29 days before: %+v", r)
	}
	if r = at(0); len(r.Previous) != 1 {
		t.Error("29 days after the switch the old key no longer opens")
	}
	if r = at(-2); len(r.Previous) != 0 || o.happened("signing_key.retired") != 1 {
		t.Errorf("31 days after the switch: %+v", r)
	}
	if o.happened("signing_key.published") != 2 || o.happened("signing_key.switched") != 1 {
		t.Error("what happened was not told once")
	}
}

func TestAKeyThatWasPublishedLateIsShownForTwoWeeksFirst(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	admin := o.admin(o.ctx)
	first := o.ring(admin).Current
	turn := func() signon.Ring {
		if err := o.signon.TurnKeys(o.ctx); err != nil {
			t.Fatal(err)
		}
		return o.ring(admin)
	}
	o.w.Now.Advance(first.ExpiresAt.Sub(o.w.Now.Now()) - 10*day) // no chore ran for months
	if r := turn(); r.Next == nil || r.Current.ID != first.ID {
		t.Fatalf("%+v", r)
	}
	o.w.Now.Advance(13 * day)
	if r := turn(); r.Current.ID != first.ID {
		t.Error("identity providers had no time to read it")
	}
	o.w.Now.Advance(day)
	if r := turn(); r.Current.ID == first.ID {
		t.Error("it never takes over")
	}
}

func TestAnAdministratorTurnsTheKeyByHand(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	admin := o.admin(o.ctx)
	if err := o.signon.SwitchKey(admin); !errors.Is(err, signon.ErrNoNextKey) {
		t.Errorf("without a next key: %v", err)
	}
	first := o.ring(admin).Current
	o.w.Now.Advance(day)
	var wg sync.WaitGroup
	results := make([]error, 3)
	for i := range results {
		wg.Go(func() { results[i] = o.signon.PublishNextKey(admin) })
	}
	wg.Wait()
	won := 0
	for _, err := range results {
		if err == nil {
			won++
		} else if !errors.Is(err, signon.ErrNextKeyThere) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d of three published", won)
	}
	if err := o.signon.SwitchKey(admin); err != nil {
		t.Fatal(err)
	}
	if r := o.ring(admin); r.Current.ID == first.ID || len(r.Previous) != 1 {
		t.Errorf("%+v", r)
	}
	learner, _ := storetest.Learner(t, o.ctx, o.w)
	if err := o.signon.PublishNextKey(learner); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("a learner: %v", err)
	}
	o.in(o.ctx, func(ctx context.Context) error {
		var sealed []byte
		err := store.Pgx(ctx).QueryRow(ctx, "select sealed from signing_keys limit 1").Scan(&sealed)
		if err == nil && (len(sealed) < 1000 || string(sealed[:1]) == "{") {
			t.Errorf("the private key lies open: %d bytes", len(sealed))
		}
		return err
	})
}
