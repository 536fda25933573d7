package assessment_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/assessment"
	"lyceum/learning/bank"
	"lyceum/learning/catalog"
	"lyceum/learning/question"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

// hall is a tenant with a test of a fixed question and two drawn from a pool of five.
type hall struct {
	w           *storetest.World
	ctx, author context.Context
	tests       *assessment.Service
	banks       *bank.Service
	fixed       uid.ID
	course      catalog.Outline
	lesson      uid.ID
	rules       assessment.Settings
	told        []assessment.Attempt
	fails       error // what the lesson says when it is told
	mu          sync.Mutex
}

// Begun takes everybody in.
func (h *hall) Begun(context.Context, uid.ID, uid.ID) error { return nil }

// Tested notes what the lesson is told.
func (h *hall) Tested(_ context.Context, a assessment.Attempt) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fails == nil {
		h.told = append(h.told, a)
	}
	return h.fails
}

func setup(t *testing.T, fixed question.Question, change func(*assessment.Settings)) *hall {
	t.Helper()
	w := storetest.New(t)
	h := &hall{w: w, ctx: w.Tenant(t)}
	h.author = storetest.Instructor(t, h.ctx, w)
	banks := bank.New(bank.Options{Keep: w.Store, Now: w.Now.Clock()})
	h.banks = banks
	h.tests = assessment.New(assessment.Options{Keep: w.Store, Questions: banks, Lessons: h, Now: w.Now.Clock()})
	courses := catalog.New(catalog.Options{Keep: w.Store, Now: w.Now.Clock()})
	h.course = storetest.PublishedCourse(t, h.ctx, w, storetest.SmallCourse("Safety"))
	b, err := banks.CreateBank(h.author, bank.BankInput{Name: "Safety"})
	if err != nil {
		t.Fatal(err)
	}
	list := []bank.Input{{Body: fixed}}
	for range 5 {
		list = append(list, bank.Input{Folder: "pool", Body: statement})
	}
	ids, err := banks.Bring(h.author, b.ID, list, true, "test")
	if err != nil {
		t.Fatal(err)
	}
	h.fixed = ids[0]
	h.rules = assessment.Settings{Pass: 60, Seconds: 600, Sections: []assessment.Section{{Marks: 2, Fixed: []bank.Ref{{Question: ids[0], Version: 1}}, Pools: []bank.Pool{{Bank: b.ID, Folder: "pool", Count: 2}}}}}
	change(&h.rules)
	o, err := courses.Edit(h.author, h.course.Course.ID)
	if err != nil {
		t.Fatal(err)
	}
	if o, h.lesson, err = courses.AddLesson(h.author, o.Course.ID, o.Course.Revision, o.Modules[0].ID, catalog.LessonInput{Kind: catalog.LessonTest, Title: "Show it"}); err != nil {
		t.Fatal(err)
	}
	_, err = courses.Publish(h.author, o.Course.ID, o.Course.Revision)
	if err == nil {
		t.Fatal("a course was published with a test that nobody has written")
	}
	h.set(t, 0, nil)
	if h.course, err = courses.Publish(h.author, o.Course.ID, o.Course.Revision); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *hall) set(t *testing.T, number int, wanted error) {
	t.Helper()
	_, err := h.tests.SetSettings(h.author, assessment.SetInput{Course: h.course.Course.ID, Lesson: h.lesson, Number: number, Settings: h.rules})
	want(t, err, wanted)
}

var (
	statement = question.Question{Kind: question.TrueFalse, Title: "Doors", Prompt: "Fire doors stay shut.", Options: []question.Option{{ID: "true", Text: "True", Share: question.Whole}, {ID: "false", Text: "False"}}}
	essay     = question.Question{Kind: question.Essay, Title: "Why", Prompt: "Say why."}
	yes, no   = question.Answer{Choices: []string{"true"}}, question.Answer{Choices: []string{"false"}}
)

func asItIs(*assessment.Settings) {}

func (h *hall) start(t *testing.T) (context.Context, assessment.Attempt) {
	t.Helper()
	as, e := storetest.EnrolledLearner(t, h.ctx, h.w, h.course)
	a, err := h.tests.Start(as, e.ID, h.lesson, "")
	if err != nil {
		t.Fatal(err)
	}
	return as, a
}

func (h *hall) save(t *testing.T, as context.Context, a assessment.Attempt, slot int, seq int64, answer question.Answer) assessment.Kept {
	t.Helper()
	k, err := h.tests.Save(as, assessment.Saving{Attempt: a.ID, Slot: slot, Sequence: seq, Answer: answer})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func want(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

func TestAnswersAreKeptAndGradedOnce(t *testing.T) {
	t.Parallel()
	h := setup(t, statement, asItIs)
	as, a := h.start(t)
	if len(a.Slots) != 3 || a.Slots[1].Ref == a.Slots[2].Ref {
		t.Fatalf("asked %v", a.Slots)
	}
	if again, err := h.tests.Start(as, a.EnrolmentID, h.lesson, ""); err != nil || !reflect.DeepEqual(again.Slots, a.Slots) || again.ID != a.ID {
		t.Errorf("a second tab came to %v, %v", again, err)
	}
	h.save(t, as, a, 0, 1, no)
	h.save(t, as, a, 0, 3, yes)
	if k := h.save(t, as, a, 0, 2, no); !k.Stale || k.Sequence != 3 || k.Answer.Answer.Choices[0] != "true" {
		t.Errorf("an older answer gave %+v", k)
	}
	if k := h.save(t, as, a, 0, 3, yes); k.Stale {
		t.Error("the same answer again is called stale")
	}
	h.save(t, as, a, 1, 4, yes)
	h.save(t, as, a, 2, 5, no)
	stranger, _ := h.start(t)
	_, err := h.tests.HandIn(stranger, a.ID)
	want(t, err, assessment.ErrAttempt)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			got, err := h.tests.HandIn(as, a.ID)
			if err != nil || got.Percent != 66 || !got.Passed || got.Points != 4*question.Whole {
				t.Errorf("handed in: %+v, %v", got, err)
			}
		})
	}
	all.Wait()
	if len(h.told) != 1 {
		t.Errorf("the lesson was told %d times", len(h.told))
	}
	_, err = h.tests.Save(as, assessment.Saving{Attempt: a.ID, Sequence: 9, Answer: no})
	want(t, err, assessment.ErrEnded)
	if got := storetest.EventTypes(t, h.ctx, h.w, a.EnrolmentID); !reflect.DeepEqual(got[len(got)-3:], []string{"test.started", "test.handed_in", "test.graded"}) {
		t.Errorf("told %v", got)
	}
}

func TestTimeRunsOutOnce(t *testing.T) {
	t.Parallel()
	h := setup(t, statement, func(s *assessment.Settings) { s.Attempts, s.CoolDown = 2, 60 })
	as, a := h.start(t)
	h.w.Now.Advance(10*time.Minute + assessment.Grace)
	for i := range 3 {
		h.save(t, as, a, i, 1, yes) // on its way when the time was over
	}
	h.w.Now.Advance(time.Second)
	_, err := h.tests.Save(as, assessment.Saving{Attempt: a.ID, Sequence: 2, Answer: no})
	want(t, err, assessment.ErrTimeUp)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if _, err := h.tests.EndOverdue(h.ctx, 10); err != nil {
				t.Error(err)
			}
		})
		all.Go(func() {
			if _, err := h.tests.HandIn(as, a.ID); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(h.told) != 1 || h.told[0].Percent != 100 || *h.told[0].EndedBy != assessment.EndedByTime || !h.told[0].EndedAt.Equal(*a.EndsAt) {
		t.Errorf("told %+v", h.told)
	}
	_, err = h.tests.Start(as, a.EnrolmentID, h.lesson, "")
	want(t, err, assessment.ErrTooSoon)
	h.w.Now.Advance(time.Minute)
	second, err := h.tests.Start(as, a.EnrolmentID, h.lesson, "")
	if err != nil || second.Number != 2 {
		t.Fatalf("%+v, %v", second, err)
	}
	if _, err = h.tests.HandIn(as, second.ID); err != nil {
		t.Fatal(err)
	}
	h.w.Now.Advance(time.Hour)
	_, err = h.tests.Start(as, a.EnrolmentID, h.lesson, "")
	want(t, err, assessment.ErrNoTryLeft)
	for _, in := range []assessment.AllowInput{{MorePercent: new(50), Reason: "Dyslexia."}, {MoreTries: new(1), Reason: "The fire alarm went."}} {
		in.Enrolment, in.Lesson = a.EnrolmentID, h.lesson
		if err = h.tests.Allow(h.author, in); err != nil {
			t.Fatal(err)
		}
	}
	third, err := h.tests.Start(as, a.EnrolmentID, h.lesson, "")
	if err != nil || third.EndsAt.Sub(third.StartedAt) != 15*time.Minute {
		t.Errorf("with more time: %+v, %v", third, err)
	}
}

func TestWhatALessonRefusesIsNotGraded(t *testing.T) {
	t.Parallel()
	h := setup(t, statement, asItIs)
	as, a := h.start(t)
	h.fails = errors.New("no")
	_, err := h.tests.HandIn(as, a.ID)
	want(t, err, h.fails)
	h.fails = nil
	h.save(t, as, a, 0, 1, yes) // it still runs
	if got, err := h.tests.HandIn(as, a.ID); err != nil || got.Percent != 33 || got.Passed {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAnEssayWaitsForItsMarkAndRulesOfTodayDoNotReachIt(t *testing.T) {
	t.Parallel()
	h := setup(t, essay, asItIs)
	as, a := h.start(t)
	h.rules.Pass = 100
	h.set(t, 1, nil)
	h.set(t, 1, assessment.ErrMoved)
	h.save(t, as, a, 0, 1, question.Answer{Text: "Because."})
	h.save(t, as, a, 1, 2, yes)
	_, err := h.tests.Mark(h.author, assessment.MarkInput{Attempt: a.ID, Share: question.Whole})
	want(t, err, assessment.ErrNotHanded)
	if got, err := h.tests.HandIn(as, a.ID); err != nil || got.Status != assessment.StatusToMark || got.Passed || len(h.told) != 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	_, err = h.tests.Mark(h.author, assessment.MarkInput{Attempt: a.ID, Slot: 1, Share: question.Whole})
	want(t, err, assessment.ErrNotByHand)
	if _, err = h.tests.Mark(as, assessment.MarkInput{Attempt: a.ID}); err == nil {
		t.Error("a learner marked")
	}
	got, err := h.tests.Mark(h.author, assessment.MarkInput{Attempt: a.ID, Share: 900_000, Comment: "Good."})
	if err != nil || got.Status != assessment.StatusGraded || got.Percent != 63 || !got.Passed || len(h.told) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err = h.tests.Mark(h.author, assessment.MarkInput{Attempt: a.ID}); err != nil || got.Percent != 33 || got.Passed || len(h.told) != 2 {
		t.Errorf("marked again: %+v, %v", got, err)
	}
}

func TestAnotherTenantSeesNoAttempt(t *testing.T) {
	t.Parallel()
	h := setup(t, statement, asItIs)
	as, a := h.start(t)
	h.save(t, as, a, 0, 1, yes)
	h.w.Now.Advance(time.Hour)
	other := h.w.Tenant(t)
	err := h.w.Store.InTenant(other, func(ctx context.Context) error {
		_, err := h.w.Store.LockTestAttempt(ctx, a.ID, true)
		want(t, err, assessment.ErrAttempt)
		want(t, h.w.Store.EndTestAttempt(ctx, a, assessment.Outcome{}), assessment.ErrAttempt)
		answers, err1 := h.w.Store.TestAnswers(ctx, a.ID)
		list, err2 := h.w.Store.TestAttempts(ctx, a.EnrolmentID, h.lesson)
		late, err3 := h.w.Store.OverdueTestAttempts(ctx, h.w.Now.Now(), 10)
		_, number, err4 := h.w.Store.TestSettings(ctx, h.lesson, 0)
		if n := len(answers) + len(list) + len(late) + number; n != 0 {
			t.Errorf("the other tenant sees %d rows", n)
		}
		return errors.Join(err1, err2, err3, err4)
	})
	if err != nil {
		t.Error(err)
	}
}

func TestScoresStayWithinTheirBoundsAndComeOutTheSameAgain(t *testing.T) {
	t.Parallel()
	weighted := question.Question{Kind: question.Multiple, Scoring: question.Weighted, Options: []question.Option{{ID: "a", Share: question.Whole}, {ID: "b", Share: 500_000}, {ID: "c", Share: -750_000}}}
	kinds := []question.Question{statement, essay, weighted}
	r := rand.New(rand.NewPCG(7, 7))
	for range 2000 {
		s := assessment.Settings{Pass: r.IntN(101), Whole: r.IntN(2) == 0, Negative: r.IntN(2) == 0}
		bodies, answers, marks := map[bank.Ref]question.Question{}, map[int]question.Answer{}, map[int]question.Share{}
		var slots []assessment.Slot
		for i := range 1 + r.IntN(6) {
			ref := bank.Ref{Question: uid.New(), Version: 1}
			bodies[ref] = kinds[r.IntN(len(kinds))]
			slots = append(slots, assessment.Slot{Ref: ref, Marks: 1 + r.IntN(5)})
			answers[i] = question.Answer{Text: []string{"", "x"}[r.IntN(2)], Choices: [][]string{nil, {"true"}, {"a"}, {"a", "c"}, {"b"}, {"c"}}[r.IntN(6)]}
			if r.IntN(2) == 0 {
				marks[i] = question.Share(r.IntN(int(question.Whole) + 1))
			}
		}
		out := assessment.Score(s, slots, bodies, answers, marks)
		if out.Points < 0 || out.Points > out.Most || out.Percent < 0 || out.Percent > 100 || out.Passed && (out.Waiting > 0 || out.Percent < s.Pass) {
			t.Fatalf("%+v of %+v", out, s)
		}
		for _, one := range out.Slots {
			if !s.Negative && one.Share < 0 {
				t.Fatalf("marks were taken away: %+v", one)
			}
		}
		if again := assessment.Score(s, slots, bodies, answers, marks); !reflect.DeepEqual(out, again) {
			t.Fatalf("graded again: %+v, then %+v", out, again)
		}
	}
}

// An access code cannot be found by trying: who has used up their tries is not let in by the right one either, and others are.
func TestAccessCodesAreTriedTenTimesAQuarterOfAnHour(t *testing.T) {
	t.Parallel()
	h := setup(t, statement, func(s *assessment.Settings) { s.Code = "owl" })
	as, e := storetest.EnrolledLearner(t, h.ctx, h.w, h.course)
	for n := range 10 {
		if _, err := h.tests.Start(as, e.ID, h.lesson, "cat"); fault.Of(err).Kind != fault.KindInvalid {
			t.Fatalf("try %d: %v", n+1, err)
		}
	}
	for _, code := range []string{"cat", "owl"} {
		if _, err := h.tests.Start(as, e.ID, h.lesson, code); fault.Of(err).Code != assessment.ErrCodeTries.Code {
			t.Errorf("%s after ten tries: %v", code, err)
		}
	}
	other, theirs := storetest.EnrolledLearner(t, h.ctx, h.w, h.course)
	if _, err := h.tests.Start(other, theirs.ID, h.lesson, "owl"); err != nil {
		t.Errorf("somebody else pays for it: %v", err)
	}
	h.w.Now.Advance(15 * time.Minute)
	if _, err := h.tests.Start(as, e.ID, h.lesson, "owl"); err != nil {
		t.Errorf("a quarter of an hour later: %v", err)
	}
}

// A completed round with an attempt that was left, and has no end, is closed a day after its last answer; one with a time is waited for.
func TestAnAttemptThatWasLeftKeepsNoRoundOpen(t *testing.T) {
	t.Parallel()
	h := setup(t, statement, func(s *assessment.Settings) { s.Seconds = 0 })
	other := h.w.Tenant(t)
	closes := func(ctx context.Context, id uid.ID) (closed bool) {
		t.Helper()
		if err := h.w.Store.InTenant(ctx, func(ctx context.Context) (err error) {
			closed, err = h.w.Store.Supersede(ctx, id, h.w.Now.Now())
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return closed
	}
	complete := func(id uid.ID) {
		t.Helper()
		portal, _ := tenant.From(h.ctx)
		if _, err := h.w.Admin.Exec(t.Context(), "update "+portal.SchemaName+".enrolments set status = 'completed', percent = 100, completed_at = enrolled_at where id = $1", id); err != nil {
			t.Fatal(err)
		}
	}
	as, a := h.start(t)
	complete(a.EnrolmentID)
	h.w.Now.Advance(23 * time.Hour)
	h.save(t, as, a, 0, 1, yes)
	h.w.Now.Advance(23 * time.Hour)
	if closes(h.ctx, a.EnrolmentID) {
		t.Error("a round is closed although somebody answered a day ago")
	}
	h.w.Now.Advance(2 * time.Hour)
	if closes(other, a.EnrolmentID) {
		t.Error("another tenant closes it")
	}
	if !closes(h.ctx, a.EnrolmentID) {
		t.Error("an attempt that was left keeps the round open")
	}

	h.rules.Seconds = 7 * 24 * 3600
	h.set(t, 1, nil)
	_, timed := h.start(t)
	complete(timed.EnrolmentID)
	h.w.Now.Advance(48 * time.Hour)
	if closes(h.ctx, timed.EnrolmentID) {
		t.Error("a round is closed while the time of a test runs")
	}
}

// A test whose time would run while nothing can be answered does not begin; one without a time does.
func TestNoTimedTestRunsIntoMaintenance(t *testing.T) {
	t.Parallel()
	h := setup(t, statement, asItIs)
	var halts []assessment.Halt
	h.tests = assessment.New(assessment.Options{Keep: h.w.Store, Questions: h.banks, Lessons: h, Now: h.w.Now.Clock(), Halts: func(context.Context) []assessment.Halt { return halts }})
	at := func(minutes int) time.Time { return h.w.Now.Now().Add(time.Duration(minutes) * time.Minute) }
	begins := func(want error) {
		t.Helper()
		as, e := storetest.EnrolledLearner(t, h.ctx, h.w, h.course)
		if _, err := h.tests.Start(as, e.ID, h.lesson, ""); !errors.Is(err, want) {
			t.Errorf("with %v: %v, want %v", halts, err, want)
		}
	}
	as, running := h.start(t) // of ten minutes
	halts = []assessment.Halt{{From: at(5), Until: at(30)}}
	begins(assessment.ErrHalted)
	if again, err := h.tests.Start(as, running.EnrolmentID, h.lesson, ""); err != nil || again.ID != running.ID {
		t.Errorf("who sits in a test already is sent away: %v", err)
	}
	halts = []assessment.Halt{{From: at(10), Until: at(30)}, {From: at(-10), Until: at(0)}}
	begins(nil)
	h.w.Now.Advance(time.Second)
	begins(assessment.ErrHalted)
	h.rules.Seconds = 0
	h.set(t, 1, nil)
	begins(nil)
}
