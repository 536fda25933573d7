package subscription_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"lyceum/billing"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/billing/subscription"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// advance lets time do its part.
func (h *house) advance(t *testing.T, id uid.ID) {
	t.Helper()
	if err := h.s.Advance(t.Context(), id); err != nil {
		t.Fatal(err)
	}
}

func TestTimeTakesAnUnpaidSubscriptionDownStepByStepAndEachIsTold(t *testing.T) {
	t.Parallel()
	h := build(t)
	_, tn := h.begun(t)
	_, other := h.begun(t)
	h.pays(t, other, "sub_other_"+tn.Slug, provider.StateActive)
	l := plan.DefaultLife()
	steps := []struct {
		days   int // since the step before
		state  subscription.State
		portal tenant.Status
	}{
		{14, subscription.StatePastDue, tenant.StatusActive},
		{l.PastDueDays, subscription.StateGrace, tenant.StatusActive},
		{l.GraceDays, subscription.StateReadOnly, tenant.StatusActive},
		{l.ReadOnlyDays, subscription.StateSuspended, tenant.StatusSuspended},
		{l.SuspendedDays, subscription.StateRetained, tenant.StatusSuspended},
		{l.RetainedDays, subscription.StateErased, "gone"},
	}
	before := subscription.StateTrial
	for _, step := range steps {
		for day := range step.days {
			h.advance(t, tn.ID)
			if got := h.row(t, tn.ID).State; got != before {
				t.Fatalf("%s came after %d days of %d", got, day, step.days)
			}
			h.days(1)
		}
		for range 2 { // a second run changes nothing
			h.advance(t, tn.ID)
			if got := h.row(t, tn.ID).State; got != step.state {
				t.Fatalf("after %d days it is %s, want %s", step.days, got, step.state)
			}
		}
		if got := h.status(t, tn.ID); got != step.portal {
			t.Errorf("in %s the portal is %s, want %s", step.state, got, step.portal)
		}
		before = step.state
	}
	if sub := h.row(t, tn.ID); sub.ErasedAt == nil || h.portals.deleted[tn.Slug] != 1 {
		t.Errorf("erased at %v, deleted %d times", sub.ErasedAt, h.portals.deleted[tn.Slug])
	}
	want := []string{"trial_ending_7", "trial_ending_1", "trial_over", "reminder_3", "grace", "reminder_3", "read_only", "reminder_3", "suspended", "reminder_3", "cancelled", "erasing_30", "erasing_7", "erasing_1", "erased"}
	if got := h.letters(t, tn.ID); !slices.Equal(got, want) {
		t.Errorf("letters\n got %v\nwant %v", got, want)
	}
	if sub := h.row(t, other.ID); sub.State != subscription.StateActive || h.status(t, other.ID) != tenant.StatusActive {
		t.Errorf("the other organization is %s", sub.State)
	}
	if got := h.letters(t, other.ID); !slices.Equal(got, []string{"begun"}) {
		t.Errorf("the other organization was told %v", got)
	}
}

func TestPayingOpensAgainFromEveryStateButErased(t *testing.T) {
	t.Parallel()
	for _, days := range []int{0, 15, 22, 36, 50, 81, 150} {
		t.Run(fmt.Sprintf("after %d days", days), func(t *testing.T) {
			t.Parallel()
			h := build(t)
			_, tn := h.begun(t)
			for range days {
				h.days(1)
				h.advance(t, tn.ID)
			}
			was := h.row(t, tn.ID).State
			h.pays(t, tn, "sub_"+tn.Slug, provider.StateActive)
			if sub := h.row(t, tn.ID); sub.State != subscription.StateActive || sub.EraseAt != nil || sub.Cause != "" {
				t.Errorf("paid in %s: %s, erased at %v", was, sub.State, sub.EraseAt)
			}
			if got := h.status(t, tn.ID); got != tenant.StatusActive {
				t.Errorf("paid in %s: the portal is %s", was, got)
			}
			h.days(400)
			h.till.away = true
			h.advance(t, tn.ID)
			if sub := h.row(t, tn.ID); sub.State != subscription.StateActive {
				t.Errorf("a provider that is away made it %s", sub.State)
			}
		})
	}
}

func TestAProvidersSilenceOrItsFirstWordTakesNothingAway(t *testing.T) {
	t.Parallel()
	h := build(t)
	_, tn := h.begun(t)
	ref := "sub_" + tn.Slug
	h.pays(t, tn, ref, provider.StateActive)
	h.pays(t, tn, ref, provider.StatePastDue)
	h.days(8)
	h.advance(t, tn.ID)
	if got := h.row(t, tn.ID).State; got != subscription.StateGrace {
		t.Fatalf("after eight days unpaid: %s", got)
	}
	h.till.away = true
	h.days(60)
	if err := h.s.Advance(t.Context(), tn.ID); !errors.Is(err, provider.ErrUnavailable) {
		t.Errorf("want to hear that the provider is away, got %v", err)
	}
	if got := h.row(t, tn.ID).State; got != subscription.StateGrace {
		t.Errorf("with the provider away it went on to %s", got)
	}
	h.till.away = false
	paid := h.till.subs[ref]
	paid.State = provider.StateActive // paid, and the event was lost
	h.till.set(ref, paid)
	h.advance(t, tn.ID)
	if got := h.row(t, tn.ID).State; got != subscription.StateActive {
		t.Errorf("paid, its event lost: %s", got)
	}
	// A provider that gives up early takes no day from anybody.
	h.pays(t, tn, ref, provider.StatePastDue)
	h.pays(t, tn, ref, provider.StateCancelled)
	if got := h.row(t, tn.ID).State; got != subscription.StatePastDue {
		t.Errorf("the provider gave up on the first day: %s", got)
	}
	// An old subscription of the same organization says nothing any more.
	h.pays(t, tn, "sub_new_"+tn.Slug, provider.StateActive)
	h.pays(t, tn, ref, provider.StateCancelled)
	if sub := h.row(t, tn.ID); sub.State != subscription.StateActive || sub.ProviderRef != "sub_new_"+tn.Slug {
		t.Errorf("an old subscription's event: %s on %s", sub.State, sub.ProviderRef)
	}
}

func TestAHeldSubscriptionStandsStillAndAnotherReasonKeepsThePortalClosed(t *testing.T) {
	t.Parallel()
	h := build(t)
	_, tn := h.begun(t)
	if _, err := h.s.Hold(t.Context(), tn.ID, " "); err == nil {
		t.Error("held without a reason")
	}
	if _, err := h.s.Hold(t.Context(), tn.ID, "in talks"); err != nil {
		t.Fatal(err)
	}
	h.days(500)
	h.advance(t, tn.ID)
	if sub := h.row(t, tn.ID); sub.State != subscription.StateTrial || len(h.letters(t, tn.ID)) != 0 {
		t.Errorf("held, it is %s", sub.State)
	}
	if _, err := h.s.ExtendTrial(t.Context(), tn.ID, 10); err != nil {
		t.Fatal(err)
	}
	if _, err := h.s.Release(t.Context(), tn.ID); err != nil {
		t.Fatal(err)
	}
	h.days(9)
	h.advance(t, tn.ID)
	if sub := h.row(t, tn.ID); sub.State != subscription.StateTrial {
		t.Errorf("nine of ten more days: %s", sub.State)
	}
	if _, err := h.portals.Suspend(t.Context(), tn.Slug, "abuse"); err != nil {
		t.Fatal(err)
	}
	h.pays(t, tn, "sub_"+tn.Slug, provider.StateActive)
	if h.status(t, tn.ID) != tenant.StatusSuspended {
		t.Error("a payment opened what an operator closed for abuse")
	}
}

func TestAClockThatStoodStillLeavesOutNoWarning(t *testing.T) {
	t.Parallel()
	h := build(t)
	ctx, tn := h.begun(t)
	if _, err := h.s.Cancel(ctx, true); err != nil {
		t.Fatal(err)
	}
	h.advance(t, tn.ID)
	h.days(365) // nothing ran for a year
	began := h.Now.Now()
	for h.status(t, tn.ID) != "gone" {
		h.advance(t, tn.ID)
		h.days(1)
		if h.Now.Now().Sub(began) > 100*24*time.Hour {
			t.Fatal("it is never erased")
		}
	}
	if waited := h.Now.Now().Sub(began); waited < 30*24*time.Hour {
		t.Errorf("erased %s after the first warning", waited)
	}
	if got := h.letters(t, tn.ID); !slices.Equal(got[len(got)-4:], []string{"erasing_30", "erasing_7", "erasing_1", "erased"}) {
		t.Errorf("letters %v", got)
	}
}

// TestWhateverHappensNobodyIsErasedOrClosedOutOfTurn plays random schedules of payments, failures, cancellations, holds, days
// and crashes.
func TestWhateverHappensNobodyIsErasedOrClosedOutOfTurn(t *testing.T) {
	t.Parallel()
	h := build(t)
	l := plan.DefaultLife()
	for seed := range uint64(25) {
		random := rand.New(rand.NewPCG(seed, 7))
		ctx, tn := h.begun(t)
		ref := "sub_" + tn.Slug
		began := h.Now.Now()
		unpaidFor := map[subscription.State]time.Time{}
		for range 120 {
			*h.left = -1
			h.till.away = random.IntN(6) == 0
			paid := false
			switch random.IntN(14) {
			case 0:
				h.till.away = false
				if h.row(t, tn.ID).State != subscription.StateErased {
					h.pays(t, tn, ref, provider.StateActive)
					paid = true
				}
			case 1, 2, 3:
				h.till.away = false
				if h.row(t, tn.ID).ProviderRef != "" {
					h.pays(t, tn, ref, []provider.State{provider.StatePastDue, provider.StateUnpaid, provider.StateCancelled}[random.IntN(3)])
				}
			case 4:
				_, _ = h.s.Cancel(ctx, random.IntN(3) == 0)
			case 5:
				_, _ = h.s.Continue(ctx)
			default:
				h.days(1 + random.IntN(12))
			}
			if paid {
				if sub := h.row(t, tn.ID); sub.State != subscription.StateActive || h.status(t, tn.ID) != tenant.StatusActive {
					t.Fatalf("seed %d: paid, and it is %s", seed, sub.State)
				}
			}
			if random.IntN(2) == 0 {
				*h.left = random.IntN(6) // killed there
			}
			before := h.row(t, tn.ID)
			_ = h.s.Advance(t.Context(), tn.ID)
			*h.left = -1
			_ = h.s.Advance(t.Context(), tn.ID)
			now := h.row(t, tn.ID)
			if now.State != before.State {
				unpaidFor[now.State] = h.Now.Now()
			}
			if h.till.subs[ref].State == provider.StateActive && before.State == subscription.StateActive && now.State != subscription.StateActive {
				t.Fatalf("seed %d: paid, and time made it %s", seed, now.State)
			}
			if now.State.Closed() != (h.status(t, tn.ID) != tenant.StatusActive) {
				t.Fatalf("seed %d: %s, and the portal is %s", seed, now.State, h.status(t, tn.ID))
			}
			if now.State == subscription.StateSuspended && before.State != subscription.StateSuspended && now.Since.Sub(began).Hours() < float64(24*(l.PastDueDays+l.GraceDays+l.ReadOnlyDays)) {
				t.Fatalf("seed %d: suspended %s after its beginning", seed, now.Since.Sub(began))
			}
			if now.State == subscription.StateErased {
				letters := h.letters(t, tn.ID)
				if i := slices.Index(letters, "erasing_30"); i < 0 || !slices.Contains(letters, "erasing_7") || !slices.Contains(letters, "erasing_1") {
					t.Fatalf("seed %d: erased after %v", seed, letters)
				}
				if s := h.till.subs[ref].State; s == provider.StateActive || s == provider.StateTrialing {
					t.Fatalf("seed %d: erased while paid", seed)
				}
				break
			}
		}
		if n := h.portals.deleted[tn.Slug]; n > 1 {
			t.Fatalf("seed %d: deleted %d times", seed, n)
		}
	}
}

func TestNobodyPaysForAPortalThatAnOperatorDeleted(t *testing.T) {
	t.Parallel()
	h := build(t)
	_, tn := h.begun(t)
	h.pays(t, tn, "sub_gone", provider.StateActive)
	if err := h.Store.RemoveTenant(t.Context(), tn.ID); err != nil {
		t.Fatal(err)
	}
	h.till.away = true
	if err := h.s.Advance(t.Context(), tn.ID); err == nil {
		t.Error("a payment service that is away was believed")
	}
	if s := h.row(t, tn.ID); s.State != subscription.StateActive {
		t.Errorf("it is %s before the payment service knows", s.State)
	}
	h.till.away = false
	for range 2 {
		if err := h.s.Advance(t.Context(), tn.ID); err != nil {
			t.Fatal(err)
		}
	}
	s := h.row(t, tn.ID)
	if h.till.subs["sub_gone"].State != provider.StateCancelled || s.State != subscription.StateErased || s.ErasedAt == nil || s.ProviderState != provider.StateCancelled {
		t.Errorf("there it is %s, here %+v", h.till.subs["sub_gone"].State, s)
	}
	if err := h.s.Refresh(t.Context(), "sub_gone"); err != nil || h.row(t, tn.ID).State != subscription.StateErased {
		t.Errorf("a late message: %v, %s", err, h.row(t, tn.ID).State)
	}
}

func TestWhoIsGivenUpIsNotCollectedFromAnyMore(t *testing.T) {
	t.Parallel()
	h := build(t)
	_, tn := h.begun(t)
	h.pays(t, tn, "sub_lost", provider.StateActive)
	h.pays(t, tn, "sub_lost", provider.StatePastDue)
	for range 200 {
		if h.row(t, tn.ID).State == subscription.StateRetained {
			break
		}
		if s := h.till.subs["sub_lost"].State; s == provider.StateCancelled {
			t.Fatalf("it ended there while it is %s here", h.row(t, tn.ID).State)
		}
		h.days(1)
		if err := h.s.Advance(t.Context(), tn.ID); err != nil {
			t.Fatal(err)
		}
	}
	if s := h.row(t, tn.ID); s.State != subscription.StateRetained || s.ProviderState != provider.StateCancelled || h.till.subs["sub_lost"].State != provider.StateCancelled {
		t.Errorf("here %s, there %s", s.State, h.till.subs["sub_lost"].State)
	}
}

func TestWhoWasServedFreePaysFromTheDayOfTheirAgreement(t *testing.T) {
	t.Parallel()
	for name, agree := range map[string]func(h *house, tn tenant.Tenant){
		"by card": func(h *house, tn tenant.Tenant) { h.pays(t, tn, "sub_"+tn.Slug, provider.StateActive) },
		"by bank transfer": func(h *house, tn tenant.Tenant) {
			if _, err := h.s.Assign(t.Context(), tn.ID, &h.shelf.trial.Version.ID, subscription.CollectInvoice); err != nil {
				t.Fatal(err)
			}
		},
	} {
		h := build(t)
		_, tn := h.begun(t)
		err := h.Store.InControl(t.Context(), func(ctx context.Context) error {
			sub, err := h.Store.LockSubscription(ctx, tn.ID)
			if err != nil {
				return err
			}
			sub.State, sub.Collect, sub.TrialEnd, sub.VersionID = subscription.StateActive, subscription.CollectNone, nil, nil
			sub.Revision++
			return h.Store.SaveSubscription(ctx, sub)
		})
		if err != nil {
			t.Fatal(err)
		}
		h.days(10)
		agreed := h.Now.Now()
		agree(h, tn)
		month := billing.PeriodOf(agreed)
		if from := h.row(t, tn.ID).From(month); !from.Equal(agreed) {
			t.Errorf("%s: charged from %s, agreed on %s", name, from, agreed)
		}
		h.days(31)
		h.pays(t, tn, "sub_"+tn.Slug, provider.StateActive)
		if next := billing.PeriodOf(h.Now.Now()); !h.row(t, tn.ID).From(next).Equal(next.Start) {
			t.Errorf("%s: the month after is not charged whole", name)
		}
	}
}

func TestOfTwoCheckoutsThatWerePaidAtOnceOneIsEnded(t *testing.T) {
	t.Parallel()
	h := build(t)
	_, tn := h.begun(t)
	h.pays(t, tn, "sub_first", provider.StateActive)
	h.pays(t, tn, "sub_second", provider.StateActive)
	if s := h.row(t, tn.ID); s.ProviderRef != "sub_first" || h.till.subs["sub_first"].State != provider.StateActive || h.till.subs["sub_second"].State != provider.StateCancelled {
		t.Errorf("the one that counts is %s; the first %s, the second %s", s.ProviderRef, h.till.subs["sub_first"].State, h.till.subs["sub_second"].State)
	}
	// One that begins after the first is over takes its place.
	h.pays(t, tn, "sub_first", provider.StateCancelled)
	h.pays(t, tn, "sub_third", provider.StateActive)
	if s := h.row(t, tn.ID); s.ProviderRef != "sub_third" || s.State != subscription.StateActive {
		t.Errorf("%s of %s", s.State, s.ProviderRef)
	}
}
