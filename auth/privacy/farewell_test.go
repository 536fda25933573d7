package privacy_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/privacy"
)

func TestTheLastMailGoesWhileTheAddressIsThere(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.full()
	var told []string
	h.p.Last = func(ctx context.Context, p auth.Person, e privacy.Erasure) error {
		told = append(told, p.Email)
		if n := h.count("select count(*) from people where id = $1", p.ID.String()); n != 1 || e.Status != privacy.Working {
			t.Errorf("they are gone before they are told (%d, %s)", n, e.Status)
		}
		return nil
	}
	e := h.erase()
	h.ok(h.p.Run(h.ctx))
	if e.Status != privacy.Erased || len(told) != 1 || told[0] != h.who.Email {
		t.Errorf("%s, told %v", e.Status, told)
	}
}

func TestAMailThatCannotBeSentHoldsAnErasureUpForADay(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.full()
	h.p.Last = func(context.Context, auth.Person, privacy.Erasure) error {
		return errors.New("the mail server is away")
	}
	e, err := h.p.Schedule(h.admin, h.who.ID, h.who.Email)
	h.ok(err)
	h.Now.Advance(8 * 24 * time.Hour)
	for range 2 {
		if err := h.p.Run(h.ctx); err == nil {
			t.Fatal("it goes on without the mail at once")
		}
	}
	if now, _, err := h.p.Show(h.admin, e.ID); err != nil || now.Status != privacy.Working {
		t.Errorf("%v: %s", err, now.Status)
	}
	h.Now.Advance(privacy.LastFor)
	h.ok(h.p.Run(h.ctx))
	if now, _, err := h.p.Show(h.admin, e.ID); err != nil || now.Status != privacy.Erased {
		t.Errorf("%v: %s", err, now.Status)
	}
}

func TestTheReasonOfARefusalIsShownToWhoAsked(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.full()
	if e, err := h.p.OwnRefused(h.self); err != nil || e != nil {
		t.Errorf("%v %+v", err, e)
	}
	e, err := h.p.AskOwn(h.self)
	h.ok(err)
	h.ok(h.p.Refuse(h.admin, e.ID, "Another year."))
	if e, err := h.p.OwnRefused(h.self); err != nil || e == nil || e.Answer != "Another year." {
		t.Errorf("%v %+v", err, e)
	}
	_, err = h.p.AskOwn(h.self)
	h.ok(err)
	if e, err := h.p.OwnRefused(h.self); err != nil || e != nil {
		t.Errorf("an older wish is shown: %v %+v", err, e)
	}
}
