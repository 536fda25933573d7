package report_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"lyceum/billing"
	"lyceum/billing/provider"
	"lyceum/billing/report"
	"lyceum/billing/subscription"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

var (
	march = billing.Period{Start: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	noon  = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
)

func TestUsageIsToldOnceADayAndOftenWhenTheMonthEnds(t *testing.T) {
	h := build(t, noon)
	for range 3 {
		h.learns(t, h.id, uid.New(), billing.KindCounted, noon.Add(-time.Hour))
	}
	h.run(t, h.Collect)
	h.run(t, h.Send)
	h.learns(t, h.id, uid.New(), billing.KindCounted, noon)
	h.go_(time.Hour)
	h.run(t, h.Collect)
	if got := show(h.rows(t)); got != "1:+3:sent " {
		t.Errorf("an hour later the outbox is %q", got)
	}
	h.go_(24 * time.Hour)
	h.run(t, h.Collect)
	h.run(t, h.Send)
	if got := show(h.rows(t)); got != "1:+3:sent 2:+1:sent " {
		t.Errorf("a day later the outbox is %q", got)
	}
	h.at = march.End().Add(-time.Hour)
	for range 2 {
		h.learns(t, h.id, uid.New(), billing.KindCounted, h.at)
		h.run(t, h.Collect)
		h.run(t, h.Send)
		h.go_(5 * time.Minute)
	}
	h.at = march.End().Add(10 * time.Minute)
	h.learns(t, h.id, uid.New(), billing.KindCounted, march.End().Add(-time.Millisecond)) // told after the month, used within it
	h.run(t, h.Collect)
	h.run(t, h.Send)
	rows := h.rows(t)
	if got := show(rows); got != "1:+3:sent 2:+1:sent 3:+1:sent 4:+1:sent 5:+1:sent " {
		t.Errorf("after the month the outbox is %q", got)
	}
	if last := rows[4]; !last.At.Equal(march.End().Add(-time.Second)) {
		t.Errorf("what was used in March is told of %s", last.At)
	}
	if got := h.till.sum(customerOf(h.id), billing.MeterActiveLearner, march); got != 7 {
		t.Errorf("the provider has %d of 7", got)
	}
}

func TestOnlyWhatTheProviderBillsIsTold(t *testing.T) {
	h := build(t, noon)
	other := func(change func(*subscription.Subscription)) uid.ID {
		id := h.customer(t, change)
		h.learns(t, id, uid.New(), billing.KindCounted, noon.Add(-time.Hour))
		return id
	}
	free := other(func(s *subscription.Subscription) { s.Collect = subscription.CollectNone })
	transfer := other(func(s *subscription.Subscription) { s.Collect = subscription.CollectInvoice })
	ended := other(func(s *subscription.Subscription) { s.ProviderState = provider.StateCancelled })
	trial := other(func(s *subscription.Subscription) { end := noon.AddDate(0, 0, 3); s.TrialEnd = &end })
	begun := other(func(s *subscription.Subscription) { end := noon.Add(-30 * time.Minute); s.TrialEnd = &end })
	h.learns(t, begun, uid.New(), billing.KindCounted, noon.Add(-time.Minute))
	h.run(t, h.Collect)
	h.run(t, h.Send)
	for name, id := range map[string]uid.ID{"free": free, "by bank transfer": transfer, "ended": ended, "in its trial": trial} {
		if got := h.till.sum(customerOf(id), billing.MeterActiveLearner, march); got != 0 {
			t.Errorf("one that is %s is billed for %d", name, got)
		}
	}
	if got := h.till.sum(customerOf(begun), billing.MeterActiveLearner, march); got != 1 {
		t.Errorf("one whose trial ended half an hour ago is billed for %d, want what came after", got)
	}
}

func TestACorrectionIsToldAsOne(t *testing.T) {
	h := build(t, noon)
	ada := uid.New()
	h.learns(t, h.id, ada, billing.KindCounted, noon)
	h.run(t, h.Collect)
	h.run(t, h.Send)
	h.learns(t, h.id, ada, billing.KindStruck, noon)
	h.go_(25 * time.Hour)
	h.run(t, h.Collect)
	h.run(t, h.Send)
	h.learns(t, h.id, ada, billing.KindAgain, noon.Add(26*time.Hour))
	h.run(t, func(ctx context.Context) error { return h.Flush(ctx, h.id) })
	if got := show(h.rows(t)); got != "1:+1:sent 2:-1:sent 3:+1:sent " {
		t.Errorf("the outbox is %q", got)
	}
}

func TestTwoAtOnceWriteOneRow(t *testing.T) {
	h := build(t, noon)
	for range 20 {
		h.learns(t, h.id, uid.New(), billing.KindCounted, noon)
	}
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if err := errors.Join(h.Collect(t.Context()), h.Send(t.Context())); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	h.run(t, h.Send)
	if got := show(h.rows(t)); got != "1:+20:sent " || len(h.till.seen) != 1 {
		t.Errorf("the outbox is %q, told %d times", got, len(h.till.seen))
	}
}

func TestWhatComesAfterTheMonthWasBilledGoesOnTheNextBillInItsOwnName(t *testing.T) {
	h := build(t, noon)
	for range 4 {
		h.learns(t, h.id, uid.New(), billing.KindCounted, noon)
	}
	h.run(t, h.Collect)
	h.run(t, h.Send)
	h.at = march.End().AddDate(0, 0, 3)
	for range 3 {
		h.learns(t, h.id, uid.New(), billing.KindCounted, noon)
	}
	h.run(t, h.Collect)
	h.till.away = provider.ErrUnavailable
	h.run(t, h.Send)
	h.till.away = nil
	h.go_(2 * time.Hour)
	h.run(t, h.Send)
	if got := show(h.rows(t)); got != "1:+4:sent 2:+3:billed_late " {
		t.Errorf("the outbox is %q", got)
	}
	if len(h.till.items) != 1 {
		t.Fatalf("%d lines on the next bill", len(h.till.items))
	}
	for _, i := range h.till.items { // the fifth costs 3, the sixth and seventh 2 each
		if i.Amount.String() != "7.00 EUR" || i.Period != march || !strings.Contains(i.Text, "Active learners in March 2026") {
			t.Errorf("the line is %+v", i)
		}
	}
	if h.billed(t, march) != h.owed(t, march) {
		t.Errorf("billed %s, owed %s", h.billed(t, march), h.owed(t, march))
	}
}

func TestARefusedReportIsParkedUntilAnOperatorRetries(t *testing.T) {
	h := build(t, noon)
	h.learns(t, h.id, uid.New(), billing.KindCounted, noon)
	h.till.away = provider.ErrRefused.Saying("No such customer.")
	h.run(t, h.Collect)
	h.run(t, h.Send)
	parked, err := h.Parked(t.Context(), page.Request{})
	if err != nil || len(parked.Items) != 1 || !strings.Contains(parked.Items[0].Error, "No such customer") {
		t.Fatalf("parked %+v (%v)", parked.Items, err)
	}
	st, err := h.Standing(t.Context())
	if err != nil || st.Parked != 1 || st.Waiting != 0 || st.OpenUntil != nil || st.Provider != "till" {
		t.Errorf("standing %+v (%v)", st, err)
	}
	h.till.away = nil
	h.go_(time.Hour)
	h.run(t, h.Send)
	if got := show(h.rows(t)); got != "1:+1:parked " {
		t.Errorf("it went by itself: %q", got)
	}
	if _, err := h.Retry(t.Context(), parked.Items[0].ID); err != nil {
		t.Fatal(err)
	}
	h.run(t, h.Send)
	if got := show(h.rows(t)); got != "1:+1:sent " {
		t.Errorf("retried, the outbox is %q", got)
	}
	if _, err := h.Retry(t.Context(), parked.Items[0].ID); !errors.Is(err, report.ErrNotParked) {
		t.Errorf("what was sent is sent again: %v", err)
	}
	if _, err := h.Retry(t.Context(), uid.New()); !errors.Is(err, report.ErrNotFound) {
		t.Errorf("another's: %v", err)
	}
}

func TestAProviderThatIsAwayIsLeftAloneForAWhile(t *testing.T) {
	h := build(t, noon)
	h.learns(t, h.id, uid.New(), billing.KindCounted, noon)
	h.till.away = provider.ErrUnavailable
	h.run(t, h.Collect)
	for range 200 {
		h.run(t, h.Send)
		h.go_(20 * time.Second)
	}
	if h.till.calls > 40 {
		t.Errorf("asked %d times in an hour and more", h.till.calls)
	}
	if st, err := h.Standing(t.Context()); err != nil || st.OpenUntil == nil || st.Waiting != 1 || st.Oldest == nil {
		t.Errorf("standing %+v (%v)", st, err)
	}
	h.till.away = nil
	h.go_(2 * time.Hour)
	h.run(t, h.Send)
	if st, err := h.Standing(t.Context()); err != nil || st.OpenUntil != nil || st.Waiting != 0 {
		t.Errorf("back again: %+v (%v)", st, err)
	}
}

func TestARowTriedLongAgoIsLookedUpNotToldAgain(t *testing.T) {
	h := build(t, noon)
	h.learns(t, h.id, uid.New(), billing.KindCounted, noon)
	h.run(t, h.Collect)
	dies(t, h, "told", h.Send) // it arrived, and nobody wrote that down
	forget := h.till.told
	h.go_(30 * time.Hour)
	h.till.seen = nil
	h.run(t, h.Send)
	if got := show(h.rows(t)); got != "1:+1:sent " || len(h.till.seen) != 0 || len(forget) != 1 {
		t.Errorf("the outbox is %q, told again %d times", got, len(h.till.seen))
	}
}

func TestTheNightlyComparisonFindsADifferenceAndNoneWhereThereIsNone(t *testing.T) {
	h := build(t, noon.Add(-10*time.Minute))
	for range 5 {
		h.learns(t, h.id, uid.New(), billing.KindCounted, h.at)
	}
	h.run(t, h.Collect)
	h.run(t, h.Send)
	mine := func(off bool) (out []report.Comparison) {
		t.Helper()
		list, err := h.Comparisons(t.Context(), off, page.Request{Limit: page.MaxLimit})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list.Items {
			if c.TenantID == h.id && c.Meter == billing.MeterActiveLearner && c.Period.Equal(march.Start) {
				out = append(out, c)
			}
		}
		return out
	}
	h.go_(10 * time.Minute)
	h.run(t, h.Reconcile)
	if got := mine(false); len(got) != 0 {
		t.Errorf("what was sent a moment ago is compared: %+v", got)
	}
	h.go_(2 * time.Hour)
	h.run(t, h.Reconcile)
	if got := mine(false); len(got) != 1 || got[0].Ledger != 5 || got[0].Sent != 5 || got[0].Provider != 5 || got[0].Difference != 0 || len(mine(true)) != 0 {
		t.Errorf("compared %+v", got)
	}
	h.till.told["by hand"] = provider.Usage{Customer: customerOf(h.id), Meter: billing.MeterActiveLearner, Quantity: 2, At: noon.Add(-time.Hour)}
	h.run(t, h.Reconcile)
	if got := mine(true); len(got) != 1 || got[0].Difference != 2 {
		t.Errorf("two too many are not found: %+v", got)
	}
	if st, err := h.Standing(t.Context()); err != nil || st.Off < 1 {
		t.Errorf("standing %+v (%v)", st, err)
	}
	delete(h.till.told, "by hand")
	h.run(t, h.Reconcile)
	if got := mine(true); len(got) != 0 {
		t.Errorf("mended, it is still off: %+v", got)
	}
}

// killed is a process that dies.
type killed struct{ step string }

// dies runs something in a process that dies at a step, and starts the next one; died tells whether it came so far.
func dies(t *testing.T, h *house, at string, do func(context.Context) error) (died bool) {
	t.Helper()
	defer h.restart()
	defer func() {
		if _, died = recover().(killed); !died {
			return
		}
	}()
	h.BreakAt(func(step string) {
		if step == at {
			panic(killed{step})
		}
	})
	_ = do(t.Context())
	return false
}

// A process killed at any step of collecting, sending or billing late loses nothing and doubles nothing. Dying is a panic
// that unwinds everything: transactions roll back as when the connection breaks, and a new service knows nothing.
func TestKilledAtAnyStepNothingIsLostOrDoubled(t *testing.T) {
	for _, late := range []bool{false, true} {
		for _, step := range []string{"collected", "kept", "claimed", "told", "settling", "settled"} {
			h := build(t, noon)
			for range 7 {
				h.learns(t, h.id, uid.New(), billing.KindCounted, noon)
			}
			if late {
				h.at = march.End().AddDate(0, 0, 2)
			}
			for range 3 {
				if !dies(t, h, step, func(ctx context.Context) error { return errors.Join(h.Collect(ctx), h.Send(ctx)) }) && step != "settling" && step != "settled" {
					break
				}
				h.go_(6 * time.Minute)
			}
			h.run(t, h.Collect)
			h.go_(6 * time.Minute)
			h.run(t, h.Send)
			if got, want := h.billed(t, march), h.owed(t, march); got != want || want.Minor != 5000+5*300+2*200 {
				t.Errorf("late %t, killed at %s: billed %s, owed %s; outbox %s", late, step, got, want, show(h.rows(t)))
			}
		}
	}
}

// Under any schedule of faults, deaths, corrections and late news, what is billed is what the ledger says: distinct
// learners, each once, at the price of the plan.
func TestWhateverHappensBilledIsWhatWasUsed(t *testing.T) {
	for seed := range uint64(12) {
		dice := rand.New(rand.NewPCG(seed, 7))
		h := build(t, noon)
		h.till.dice = rand.New(rand.NewPCG(seed, 8))
		var people, struck []uid.ID
		when := func() time.Time { // within March, not after now
			until := h.now()
			if !until.Before(march.End()) {
				until = march.End().Add(-time.Second)
			}
			return march.Start.Add(time.Duration(dice.Int64N(int64(until.Sub(march.Start)))))
		}
		for range 120 {
			switch dice.IntN(9) {
			case 0, 1:
				people = append(people, uid.New())
				h.learns(t, h.id, people[len(people)-1], billing.KindCounted, when())
			case 2: // told once more
				if len(people) > 0 {
					h.learns(t, h.id, people[dice.IntN(len(people))], billing.KindCounted, when())
				}
			case 3:
				if len(people) > 0 && len(struck) < len(people) {
					p := people[len(struck)]
					struck = append(struck, p)
					h.learns(t, h.id, p, billing.KindStruck, when())
					if dice.IntN(2) == 0 {
						h.learns(t, h.id, p, billing.KindAgain, when())
					}
				}
			case 4:
				_ = h.Collect(t.Context())
			case 5:
				_ = h.Send(t.Context())
			case 6:
				h.go_(time.Duration(dice.Int64N(int64(30 * time.Hour))))
			case 7:
				step := []string{"collected", "kept", "claimed", "told", "settling", "settled"}[dice.IntN(6)]
				dies(t, h, step, func(ctx context.Context) error { return errors.Join(h.Collect(ctx), h.Send(ctx)) })
			case 8:
				_ = h.Reconcile(t.Context())
			}
		}
		h.till.dice = nil
		h.restart()
		for range 4 {
			h.go_(25 * time.Hour)
			if h.now().After(march.End().AddDate(0, 2, 0)) {
				h.at = march.End().AddDate(0, 1, 20) // late, but not too late to be looked at
			}
			h.run(t, h.Collect)
			h.run(t, h.Send)
		}
		if got, want := h.billed(t, march), h.owed(t, march); got != want {
			t.Errorf("seed %d: billed %s, owed %s for %d; outbox %s", seed, got, want, h.ledger(t, march), show(h.rows(t)))
		}
		for id, u := range h.till.told {
			if u.Customer == customerOf(h.id) && (u.At.Before(march.Start) || !u.At.Before(march.End().AddDate(0, 3, 0))) {
				t.Errorf("seed %d: %s is told of %s", seed, id, u.At)
			}
		}
	}
}
