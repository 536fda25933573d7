package assessment_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/learning/assessment"
	"lyceum/learning/bank"
	"lyceum/store"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestMain(m *testing.M) {
	if text := os.Getenv(orders); text != "" {
		child(text)
	}
	storetest.Main(m)
}

// orders tell a child process what to do.
const orders = "LYCEUM_TEST_ASSESSMENT"

// order is what a child does: save answers until it is killed, or hand in or end an attempt and be killed in the middle of it.
type order struct {
	Do      string // save, hand_in, overdue
	URL     string
	Tenant  tenant.Tenant
	Who     auth.Principal
	Attempt uid.ID
	Now     time.Time
}

// killer kills its own process where a lesson is told: everything is written by then, and nothing committed.
type killer struct{}

func (killer) Begun(context.Context, uid.ID, uid.ID) error { return nil }

func (killer) Tested(context.Context, assessment.Attempt) error {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

func child(text string) {
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		panic(err)
	}
	ctx := event.WithActor(auth.WithPrincipal(tenant.With(context.Background(), o.Tenant), o.Who), event.Actor{ID: o.Who.PersonID, Kind: "person"})
	s, err := store.Open(ctx, store.Options{URL: o.URL})
	if err != nil {
		panic(err)
	}
	now := func() time.Time { return o.Now }
	tests := assessment.New(assessment.Options{Keep: s, Questions: bank.New(bank.Options{Keep: s, Now: now}), Lessons: killer{}, Now: now})
	switch o.Do {
	case "save":
		for n := int64(1); ; n++ { // what is printed was acknowledged
			k, err := tests.Save(ctx, assessment.Saving{Attempt: o.Attempt, Slot: int(n % 3), Sequence: n, Answer: yes})
			if err != nil {
				panic(err)
			}
			fmt.Println(k.Slot, k.Sequence)
		}
	case "hand_in":
		_, err = tests.HandIn(ctx, o.Attempt)
	case "overdue":
		_, err = tests.EndOverdue(ctx, 10)
	}
	fmt.Fprintln(os.Stderr, "nothing killed us", err)
	os.Exit(3)
}

// sends starts a child.
func (h *hall) sends(t *testing.T, as context.Context, do string, a assessment.Attempt) *exec.Cmd {
	t.Helper()
	who, _ := auth.PrincipalFrom(as)
	in, _ := tenant.From(as)
	text, err := json.Marshal(order{Do: do, URL: h.w.URL, Tenant: in, Who: who, Attempt: a.ID, Now: h.w.Now.Now()})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), orders+"="+string(text))
	return cmd
}

// A server that is really killed while answers come in has kept every one that it acknowledged.
func TestAServerThatIsKilledWhileSavingLosesNoAcknowledgedAnswer(t *testing.T) {
	t.Parallel()
	h := setup(t, statement, asItIs)
	for _, after := range []int{1, 7, 40} {
		as, a := h.start(t)
		cmd := h.sends(t, as, "save", a)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err = cmd.Start(); err != nil {
			t.Fatal(err)
		}
		acknowledged := map[int]int64{}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			var slot int
			var sequence int64
			if _, err = fmt.Sscan(lines.Text(), &slot, &sequence); err != nil {
				t.Fatalf("%q: %v", lines.Text(), err)
			}
			acknowledged[slot] = max(acknowledged[slot], sequence)
			if n == after {
				_ = cmd.Process.Kill()
			}
		}
		if err = cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("the child ended otherwise: %v", err)
		}
		v, err := h.tests.Look(as, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range v.Items {
			if item.Sequence < acknowledged[item.Slot] {
				t.Errorf("killed after %d: answer %d of slot %d was acknowledged, and %d is kept", after, acknowledged[item.Slot], item.Slot, item.Sequence)
			}
		}
	}
}

// A server that is really killed in the middle of grading, by hand or by time, has graded nothing; the next one does, once.
func TestAServerThatIsKilledWhileGradingGradesOnce(t *testing.T) {
	t.Parallel()
	h := setup(t, statement, asItIs)
	for _, do := range []string{"hand_in", "overdue"} {
		as, a := h.start(t)
		h.save(t, as, a, 0, 1, yes)
		h.save(t, as, a, 1, 1, yes)
		if do == "overdue" {
			h.w.Now.Advance(time.Hour)
		}
		out, err := h.sends(t, as, do, a).CombinedOutput()
		if err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("%s: the child ended otherwise: %v\n%s", do, err, out)
		}
		if got := h.now(t, a); got.Status != assessment.StatusRunning || got.EndedAt != nil {
			t.Fatalf("%s: half done: %+v", do, got)
		}
		told := len(h.told)
		for range 2 {
			if do == "hand_in" {
				_, err = h.tests.HandIn(as, a.ID)
			} else {
				_, err = h.tests.EndOverdue(h.ctx, 10)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if got := h.now(t, a); got.Status != assessment.StatusGraded || got.Percent != 66 || len(h.told) != told+1 {
			t.Errorf("%s: %+v, told %d times", do, got, len(h.told)-told)
		}
	}
}
