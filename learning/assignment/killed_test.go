package assignment_test

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
	"lyceum/learning/assignment"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
	"lyceum/learning/rubric"
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
const orders = "LYCEUM_TEST_ASSIGNMENT"

// order is what a child does: save a draft until it is killed, or hand in or mark and be killed in the middle of it.
type order struct {
	Do         string // draft, hand_in, mark
	URL        string
	Tenant     tenant.Tenant
	Who        auth.Principal
	Enrolment  uid.ID
	Lesson     uid.ID
	Submission uid.ID
	File       uid.ID
	Now        time.Time
}

// killer kills its own process where a submission has been written, or a mark has been given and told: nothing is committed
// yet.
type killer struct {
	*store.Store
	do string
}

func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// DropDraft is the last thing that handing in does.
func (k killer) DropDraft(ctx context.Context, enrolment, lesson uid.ID) error {
	if err := k.Store.DropDraft(ctx, enrolment, lesson); err != nil {
		return err
	}
	die()
	return nil
}

// AppendEvents tells of a mark once it is written.
func (k killer) AppendEvents(ctx context.Context, list ...event.Event) error {
	err := k.Store.AppendEvents(ctx, list...)
	if k.do == "mark" && err == nil {
		die()
	}
	return err
}

// nothing has no files.
type nothing struct{}

func (nothing) Raw(context.Context, uid.ID, int64) ([]byte, content.File, error) {
	return nil, content.File{}, nil
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
	tasks := assignment.New(assignment.Options{Keep: killer{s, o.Do}, Enrolment: enrolment.New(enrolment.Options{Keep: s, Now: now}), Files: nothing{}, Now: now})
	switch o.Do {
	case "draft":
		for n := 0; ; n++ { // what is printed was acknowledged
			d, err := tasks.SaveDraft(ctx, assignment.DraftInput{Enrolment: o.Enrolment, Lesson: o.Lesson, Revision: n, Text: fmt.Sprintf("Line %d.", n+1)})
			if err != nil {
				panic(err)
			}
			fmt.Println(d.Revision)
		}
	case "hand_in":
		_, err = tasks.HandIn(ctx, assignment.HandInput{Enrolment: o.Enrolment, Lesson: o.Lesson, Text: "Through the yard.", Files: []uid.ID{o.File}})
	case "mark":
		_, err = tasks.Mark(ctx, assignment.MarkInput{Submission: o.Submission, Given: rubric.Given{Points: 8 * rubric.One}, Comment: "Good."})
	}
	fmt.Fprintln(os.Stderr, "nothing killed us", err)
	os.Exit(3)
}

// sends starts a child.
func (h house) sends(t *testing.T, as context.Context, o order) *exec.Cmd {
	t.Helper()
	o.Who, _ = auth.PrincipalFrom(as)
	o.Tenant, _ = tenant.From(as)
	o.URL, o.Lesson, o.Now = h.w.URL, h.lesson, h.w.Now.Now()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), orders+"="+string(text))
	return cmd
}

func killed(t *testing.T, err error, out []byte) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the child ended otherwise: %v\n%s", err, out)
	}
}

// A server that is really killed while a draft is written has kept what it acknowledged last, or something later.
func TestAServerThatIsKilledWhileSavingADraftLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	h := setup(t, assignment.Settings{})
	for _, after := range []int{1, 12} {
		as, e := h.learner(t)
		cmd := h.sends(t, as, order{Do: "draft", Enrolment: e.ID})
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err = cmd.Start(); err != nil {
			t.Fatal(err)
		}
		acknowledged := 0
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			if _, err = fmt.Sscan(lines.Text(), &acknowledged); err != nil {
				t.Fatalf("%q: %v", lines.Text(), err)
			}
			if n == after {
				_ = cmd.Process.Kill()
			}
		}
		killed(t, cmd.Wait(), nil)
		if d := h.desk(t, as, e).Draft; d.Revision < acknowledged || d.Text != fmt.Sprintf("Line %d.", d.Revision) {
			t.Errorf("killed after %d: %d was acknowledged, and %d is kept: %q", after, acknowledged, d.Revision, d.Text)
		}
	}
}

// A server that is really killed in the middle of handing in has taken nothing and lost nothing; handing in again takes it once.
func TestAServerThatIsKilledWhileHandingInTakesItOnce(t *testing.T) {
	t.Parallel()
	h := setup(t, assignment.Settings{})
	as, e := h.learner(t)
	file := h.upload(t, as, "map.docx", 10)
	if _, err := h.tasks.SaveDraft(as, assignment.DraftInput{Enrolment: e.ID, Lesson: h.lesson, Text: "Through the yard.", Files: []uid.ID{file}}); err != nil {
		t.Fatal(err)
	}
	out, err := h.sends(t, as, order{Do: "hand_in", Enrolment: e.ID, File: file}).CombinedOutput()
	killed(t, err, out)
	if d := h.desk(t, as, e); len(d.Works) != 0 || d.Draft.Text != "Through the yard." || len(d.DraftFiles) != 1 || d.Refused != nil {
		t.Fatalf("half done: %+v", d)
	}
	for range 2 {
		if _, err = h.tasks.HandIn(as, assignment.HandInput{Enrolment: e.ID, Lesson: h.lesson, Text: "Through the yard.", Files: []uid.ID{file}}); err != nil {
			t.Fatal(err)
		}
	}
	if d := h.desk(t, as, e); len(d.Works) != 1 || len(d.Works[0].Files) != 1 || d.Draft.Text != "" {
		t.Errorf("taken: %+v", d)
	}
}

// A server that is really killed in the middle of marking has given no mark; marking again gives one, and completes the lesson
// once.
func TestAServerThatIsKilledWhileMarkingGivesOneMark(t *testing.T) {
	t.Parallel()
	h := setup(t, assignment.Settings{Scheme: points(10, 50)})
	as, e := h.learner(t)
	w := h.handIn(t, as, e, "Through the yard.")
	out, err := h.sends(t, h.author, order{Do: "mark", Submission: w.ID}).CombinedOutput()
	killed(t, err, out)
	if d := h.desk(t, as, e); d.Works[0].Released() || len(d.Works[0].Marks) != 0 || h.status(t, e).Status != enrolment.StatusActive {
		t.Fatalf("half done: %+v", d.Works[0])
	}
	h.mark(t, h.author, w.ID, 8*rubric.One)
	if d := h.desk(t, as, e); !d.Works[0].Released() || len(d.Works[0].Marks) != 1 || h.status(t, e).Status != enrolment.StatusCompleted {
		t.Errorf("marked: %+v", d.Works[0])
	}
}
