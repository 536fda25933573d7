package inbox_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"lyceum/billing/inbox"
	"lyceum/billing/provider"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

func TestAForgedMessageIsKeptNowhere(t *testing.T) {
	t.Parallel()
	r := setup(t)
	good := body("evt_1", "customer.subscription.updated", "subscription", "sub_1", "")
	if err := r.Accept(t.Context(), r.from.name, good, "bad"); !errors.Is(err, provider.ErrForged) {
		t.Errorf("a wrong signature gives %v", err)
	}
	if err := r.Accept(t.Context(), r.from.name, body("", "x", "", "", ""), "good"); !errors.Is(err, provider.ErrForged) {
		t.Errorf("a message without an id gives %v", err)
	}
	if err := r.Accept(t.Context(), "another", good, "good"); !errors.Is(err, inbox.ErrNoProvider) {
		t.Errorf("another provider gives %v", err)
	}
	r.handle(t)
	if counts, _ := r.mine(t); len(counts) != 0 || len(r.books.read) != 0 {
		t.Errorf("kept %v, read %v", counts, r.books.read)
	}
	if n := r.Tally().Forged.Load(); n != 2 {
		t.Errorf("%d counted as forged", n)
	}
}

func TestAFloodWithRepeatsAndDisorderIsHandledOnceEach(t *testing.T) {
	t.Parallel()
	r := setup(t)
	const distinct = 1200
	var sent [][]byte
	for i := range distinct {
		sent = append(sent, body(fmt.Sprintf("evt_%d", i), "customer.subscription.updated", "subscription", fmt.Sprintf("sub_%d", i), ""))
	}
	rnd := rand.New(rand.NewPCG(7, 11))
	for len(sent) < 2000 {
		sent = append(sent, sent[rnd.IntN(distinct)])
	}
	rnd.Shuffle(len(sent), func(i, j int) { sent[i], sent[j] = sent[j], sent[i] })
	var wg sync.WaitGroup
	for lane := range 4 {
		wg.Go(func() {
			for i := lane; i < len(sent); i += 4 {
				if err := r.Accept(t.Context(), r.from.name, sent[i], "good"); err != nil {
					t.Error(err)
				}
				if i%200 == lane { // workers of several processes, meanwhile
					if err := r.Handle(t.Context()); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	r.handle(t)
	if counts, _ := r.mine(t); counts[inbox.StateDone] != distinct || len(counts) != 1 {
		t.Errorf("kept %v", counts)
	}
	for i := range distinct {
		if n := r.books.read[fmt.Sprintf("sub_%d", i)]; n != 1 {
			t.Errorf("message %d was handled %d times", i, n)
		}
	}
	if a, again := r.Tally().Accepted.Load(), r.Tally().Repeated.Load(); a != distinct || again != 2000-distinct {
		t.Errorf("%d accepted, %d repeated", a, again)
	}
}

func TestWhatFailsIsTriedAgainThenParkedThenReplayed(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.send(t, body("evt_1", "customer.subscription.updated", "subscription", "sub_1", ""))
	r.books.fails(provider.ErrUnavailable)
	r.handle(t)
	r.handle(t)
	if r.books.read["sub_1"] != 1 {
		t.Errorf("tried %d times without waiting", r.books.read["sub_1"])
	}
	if counts, m := r.mine(t); counts[inbox.StateWaiting] != 1 || !strings.Contains(m.Error, "payments_unavailable") {
		t.Errorf("after a failure: %v, %q", counts, m.Error)
	}
	for range inbox.Tries - 1 {
		r.w.Now.Advance(8 * time.Hour)
		r.handle(t)
	}
	counts, m := r.mine(t)
	if counts[inbox.StateParked] != 1 || r.books.read["sub_1"] != inbox.Tries {
		t.Fatalf("after %d tries: %v", r.books.read["sub_1"], counts)
	}
	r.w.Now.Advance(8 * time.Hour)
	r.handle(t)
	if r.books.read["sub_1"] != inbox.Tries {
		t.Error("what is parked was tried")
	}
	r.books.fails(nil)
	if _, err := r.Replay(t.Context(), m.ID); err != nil {
		t.Fatal(err)
	}
	r.handle(t)
	if counts, m := r.mine(t); counts[inbox.StateDone] != 1 || m.Error != "" || m.DoneAt == nil {
		t.Errorf("after the replay: %v", counts)
	}
	if _, err := r.Replay(t.Context(), uid.New()); !errors.Is(err, inbox.ErrNotFound) {
		t.Errorf("replaying nothing gives %v", err)
	}
}

func TestUsageThatWasNotCountedIsForAnOperator(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.send(t, body("evt_1", "v1.billing.meter.no_meter_found", "", "", ""))
	r.handle(t)
	counts, m := r.mine(t)
	if counts[inbox.StateParked] != 1 || m.Error == "" {
		t.Fatalf("it is %v", counts)
	}
	if _, err := r.Settle(t.Context(), m.ID); err != nil {
		t.Fatal(err)
	}
	if counts, _ := r.mine(t); counts[inbox.StateDone] != 1 {
		t.Errorf("after it was settled: %v", counts)
	}
	if _, err := r.Settle(t.Context(), m.ID); !errors.Is(err, inbox.ErrNotSettable) {
		t.Errorf("settling it again gives %v", err)
	}
}

func TestWhatIsUnknownIsKeptAndIgnored(t *testing.T) {
	t.Parallel()
	r := setup(t)
	raw := body("evt_1", "something.new", "thing", "x", "")
	r.send(t, raw)
	r.handle(t)
	counts, m := r.mine(t)
	if counts[inbox.StateIgnored] != 1 || string(m.Payload) != string(raw) || len(r.books.read) != 0 {
		t.Errorf("it is %v, %s", counts, m.Payload)
	}
	list, err := r.List(t.Context(), inbox.Filter{State: inbox.StateIgnored, Type: "something.", Page: page.Request{Limit: 200}})
	if err != nil || len(list.Items) == 0 {
		t.Errorf("the list has %d (%v)", len(list.Items), err)
	}
}

func TestWhatDidNotArriveIsFetchedOnceAndTheMarkWaitsForIt(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.send(t, body("evt_1", "customer.subscription.updated", "subscription", "sub_1", ""))
	for _, id := range []string{"evt_1", "evt_2"} {
		r.from.missed = append(r.from.missed, provider.Event{ID: id, Type: "customer.subscription.updated", Object: "subscription", Ref: "sub_" + id, At: r.w.Now.Now()})
	}
	r.from.away = true
	if err := r.Gather(t.Context()); !errors.Is(err, provider.ErrUnavailable) {
		t.Fatalf("it gives %v", err)
	}
	r.w.Now.Advance(time.Hour)
	r.from.away = false
	for range 2 {
		if err := r.Gather(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.w.Now.Advance(time.Hour)
	}
	if counts, m := r.mine(t); counts[inbox.StateWaiting] != 2 || m.Source != inbox.SourceGap {
		t.Errorf("kept %v", counts)
	}
	if s := r.from.since; len(s) != 3 || s[1].Sub(s[0]) != time.Hour || !s[2].After(s[1].AddDate(0, 0, 20)) {
		t.Errorf("asked since %v", s)
	}
}

func TestAProcessKilledAtAnyStepLosesNoMessage(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"written", "kept", "claimed", "acted", "settled"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			r := setup(t)
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), childStep+"="+step, childURL+"="+r.w.URL, childName+"="+r.from.name)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(err.Error(), "killed") {
				t.Fatalf("the child ended otherwise: %v\n%s", err, out)
			}
			r.send(t, body("evt_killed", "customer.subscription.updated", "subscription", "sub_1", "")) // the provider got no answer, and sends it again
			r.w.Now.Advance(inbox.Lease)
			r.handle(t)
			want := 1
			if step == "settled" {
				want = 0 // the child did it
			}
			if counts, _ := r.mine(t); counts[inbox.StateDone] != 1 || len(counts) != 1 || r.books.read["sub_1"] != want {
				t.Errorf("kept %v, handled here %d times", counts, r.books.read["sub_1"])
			}
		})
	}
}

func TestManyAreHandledAgainByStateAndType(t *testing.T) {
	t.Parallel()
	r := setup(t)
	kind := "kind" + uid.Opaque(10) + "."
	r.send(t, body("evt_1", kind+"one", "subscription", "sub_1", ""))
	r.send(t, body("evt_2", kind+"two", "thing", "x", ""))
	r.send(t, body("evt_3", "another", "subscription", "sub_3", ""))
	r.handle(t)
	r.send(t, body("evt_4", kind+"waits", "subscription", "sub_4", ""))
	if n, err := r.ReplayAll(t.Context(), inbox.Filter{State: inbox.StateParked, Type: kind}); err != nil || n != 0 {
		t.Errorf("%d of those parked (%v)", n, err)
	}
	if n, err := r.ReplayAll(t.Context(), inbox.Filter{Type: kind}); err != nil || n != 2 {
		t.Errorf("%d of a type (%v)", n, err)
	}
	r.handle(t)
	if r.books.read["sub_1"] != 2 || r.books.read["sub_3"] != 1 || r.books.read["sub_4"] != 1 {
		t.Errorf("read %v", r.books.read)
	}
}

// dies has a child process killed right after it did what a message asks for, before it could write so.
func (r room) dies(t *testing.T) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childStep+"=acted", childURL+"="+r.w.URL, childName+"="+r.from.name)
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the child ended otherwise: %v\n%s", err, out)
	}
}

func TestAMessageThatEndsItsWorkerHoldsUpNoOtherAndIsParked(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.send(t, body("evt_killed", "customer.subscription.updated", "subscription", "sub_1", ""))
	r.send(t, body("evt_behind", "customer.subscription.updated", "subscription", "sub_2", ""))
	if _, err := r.w.Admin.Exec(t.Context(), "update control.provider_events set attempts = $1 where provider = $2 and event_id = 'evt_killed'", inbox.Tries-1, r.from.name); err != nil {
		t.Fatal(err)
	}
	r.dies(t)
	r.handle(t) // the lease of the first still runs
	if r.books.read["sub_2"] != 1 {
		t.Errorf("what stands behind was handled %d times", r.books.read["sub_2"])
	}
	r.w.Now.Advance(inbox.Lease)
	r.handle(t)
	if counts, _ := r.mine(t); counts[inbox.StateParked] != 1 || counts[inbox.StateDone] != 1 || r.books.read["sub_1"] != 0 {
		t.Errorf("kept %v, the one that ends workers was tried %d times more", counts, r.books.read["sub_1"])
	}
}

func TestABillIsReadAgainForItsPayer(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.send(t, body("evt_1", "invoice.paid", "invoice", "in_1", "cus_1"))
	r.handle(t)
	if counts, _ := r.mine(t); counts[inbox.StateDone] != 1 || r.books.copied["cus_1"] != 1 {
		t.Errorf("it is %v, bills were read for %v", counts, r.books.copied)
	}
}
