package assessment_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/assessment"
	"lyceum/learning/bank"
	"lyceum/learning/question"
	"lyceum/learning/rubric"
	"lyceum/store/storetest"
)

const half = question.Whole / 2

func marked(by uid.ID, kind assessment.MarkKind, share question.Share) assessment.Mark {
	return assessment.Mark{MarkerID: by, Kind: kind, Share: share}
}

func TestMarksOfTwoPeopleComeToOne(t *testing.T) {
	t.Parallel()
	ann, ben, cem := uid.New(), uid.New(), uid.New()
	given := func(by uid.ID, percent int) assessment.Mark {
		return marked(by, assessment.MarkGiven, question.Whole/100*question.Share(percent))
	}
	for name, c := range map[string]struct {
		two     bool
		apart   int
		given   []assessment.Mark
		stage   assessment.Stage
		percent int
	}{
		"nothing":                       {true, 10, nil, assessment.StageWaits, 0},
		"one of one":                    {false, 10, []assessment.Mark{given(ann, 40)}, assessment.StageReady, 40},
		"the newest of one":             {false, 0, []assessment.Mark{given(ann, 40), given(ben, 80)}, assessment.StageReady, 80},
		"one of two":                    {true, 10, []assessment.Mark{given(ann, 40)}, assessment.StageSecond, 0},
		"the same person twice":         {true, 10, []assessment.Mark{given(ann, 40), given(ann, 60)}, assessment.StageSecond, 0},
		"two that are near":             {true, 10, []assessment.Mark{given(ann, 40), given(ben, 50)}, assessment.StageReady, 45},
		"two that are too far apart":    {true, 10, []assessment.Mark{given(ann, 40), given(ben, 51)}, assessment.StageApart, 0},
		"a third":                       {true, 10, []assessment.Mark{given(ann, 0), given(ben, 60), given(cem, 80)}, assessment.StageReady, 70},
		"of pairs as near the higher":   {true, 0, []assessment.Mark{given(ann, 20), given(ben, 40), given(cem, 60)}, assessment.StageReady, 50},
		"what was agreed on":            {true, 0, []assessment.Mark{given(ann, 0), given(ben, 90), marked(ann, assessment.MarkAgreed, half)}, assessment.StageReady, 50},
		"after an objection":            {true, 0, []assessment.Mark{given(ann, 30), given(ben, 30), marked(cem, assessment.MarkAppeal, question.Whole)}, assessment.StageReady, 100},
		"an objection where one marked": {false, 0, []assessment.Mark{given(ann, 30), marked(cem, assessment.MarkAppeal, question.Whole)}, assessment.StageReady, 100},
	} {
		s := assessment.Settings{TwoMarkers: c.two, Apart: c.apart}
		d := s.Decide(c.given)
		if d.Stage != c.stage || d.Share != question.Whole/100*question.Share(c.percent) {
			t.Errorf("%s: %q, %d", name, d.Stage, d.Share)
		}
	}
	// Who marks first changes nothing, and what counts lies between the marks it comes from.
	dice := rand.New(rand.NewPCG(7, 7))
	for range 2000 {
		s := assessment.Settings{TwoMarkers: true, Apart: dice.IntN(101)}
		list := []assessment.Mark{}
		for _, by := range []uid.ID{ann, ben, cem}[:1+dice.IntN(3)] {
			list = append(list, marked(by, assessment.MarkGiven, question.Share(dice.Int64N(int64(question.Whole)+1))))
		}
		one := s.Decide(list)
		dice.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		if two := s.Decide(list); one.Stage != two.Stage || one.Share != two.Share {
			t.Fatalf("%v come to %+v and %+v", list, one, two)
		}
		if one.Stage == assessment.StageReady {
			a, b := one.Counts[0].Share, one.Counts[1].Share
			if one.Share < min(a, b) || one.Share > max(a, b) {
				t.Fatalf("%d is not between %d and %d", one.Share, a, b)
			}
		}
	}
}

var table = rubric.Rubric{Criteria: []rubric.Criterion{
	{Title: "Argument", Levels: []rubric.Level{{Title: "Held", Points: 4 * rubric.One}, {Title: "In part", Points: 2 * rubric.One}, {Title: "Missing"}}},
	{Title: "Language", Levels: []rubric.Level{{Title: "Clear", Points: rubric.One}, {Title: "Hard to read"}}},
}}

func picks(levels ...int) (out []rubric.Pick) {
	for i, l := range levels {
		out = append(out, rubric.Pick{Criterion: i, Level: l})
	}
	return out
}

// written has somebody hand in an essay, and everything else right.
func (h *hall) written(t *testing.T) (context.Context, assessment.Attempt) {
	t.Helper()
	as, a := h.sit(t, question.Answer{Text: "Because doors jam."}, 2, true)
	if a.Status != assessment.StatusToMark {
		t.Fatalf("%+v", a)
	}
	return as, a
}

func (h *hall) events(t *testing.T, a assessment.Attempt, typ string) (n int) {
	t.Helper()
	for _, is := range storetest.EventTypes(t, h.ctx, h.w, a.EnrolmentID) {
		if is == typ {
			n++
		}
	}
	return n
}

func TestTwoPeopleMarkWithoutEachOther(t *testing.T) {
	t.Parallel()
	h := setup(t, essay, func(s *assessment.Settings) {
		s.TwoMarkers, s.Apart, s.Feedback = true, 20, assessment.Feedback{Marks: true}
	})
	as, a := h.written(t)
	second, third := storetest.Instructor(t, h.ctx, h.w), storetest.Instructor(t, h.ctx, h.w)
	mark := func(by context.Context, share question.Share, agreed bool, comment string) (assessment.Attempt, error) {
		return h.tests.Mark(by, assessment.MarkInput{Attempt: a.ID, Slot: 0, Share: share, Comment: comment, Agreed: agreed})
	}
	look := func(by context.Context) assessment.Review {
		r, err := h.tests.Review(by, h.course.Course.ID, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	_, err := mark(h.author, half, true, "")
	want(t, err, assessment.ErrNotApart)
	if got, err := mark(h.author, 0, false, "Nothing in it."); err != nil || got.Status != assessment.StatusToMark {
		t.Fatalf("%+v, %v", got, err)
	}
	if got, err := mark(h.author, half, false, "One reason."); err != nil || got.Status != assessment.StatusToMark {
		t.Fatalf("their own mark may be mended while nobody else gave one: %+v, %v", got, err)
	}
	if n := h.events(t, a, "test.second_needed"); n != 1 {
		t.Errorf("a second marker is asked for %d times", n)
	}
	if r := look(second); len(r.History[0]) != 0 || r.Others[0] != 1 || r.Stages[0] != assessment.StageSecond || r.View.Items[0].Told.Comment != "" {
		t.Errorf("the second one sees %+v", r.History[0])
	}
	if r := look(h.author); len(r.History[0]) != 2 || r.Others[0] != 0 {
		t.Errorf("the first one sees %+v", r.History[0])
	}
	if v, err := h.tests.Look(as, a.ID); err != nil || v.Items[0].Told.Comment != "" || !v.Items[0].Told.Waits {
		t.Errorf("the learner is told %+v, %v", v.Items[0].Told, err)
	}
	list, _, err := h.tests.Sittings(h.author, assessment.SittingFilter{Course: h.course.Course.ID, Lesson: h.lesson})
	if err != nil || !list.Items[0].Mine {
		t.Errorf("the list does not say that they marked it: %+v, %v", list.Items, err)
	}
	if list, _, err = h.tests.Sittings(second, assessment.SittingFilter{Course: h.course.Course.ID, Lesson: h.lesson}); err != nil || list.Items[0].Mine {
		t.Errorf("%+v, %v", list.Items, err)
	}
	if got, err := mark(second, question.Whole, false, "Two reasons."); err != nil || got.Status != assessment.StatusToMark {
		t.Fatalf("half and all are too far apart: %+v, %v", got, err)
	}
	if r := look(second); len(r.History[0]) != 3 || r.Stages[0] != assessment.StageApart {
		t.Errorf("once both gave one they see all: %+v", r)
	}
	_, err = mark(second, half, false, "")
	want(t, err, assessment.ErrMarkedOnce)
	if n := h.events(t, a, "test.second_needed"); n != 2 {
		t.Errorf("another marker is asked for %d times", n)
	}
	got, err := mark(third, question.Whole/10*9, false, "Good.")
	if err != nil || got.Status != assessment.StatusGraded || got.Points != 4*question.Whole+question.Whole/10*19 {
		t.Fatalf("the two closest count: %+v, %v", got, err)
	}
	if v, err := h.tests.Look(as, a.ID); err != nil || v.Items[0].Told.Comment != "Two reasons.\n\nGood." {
		t.Errorf("the learner is told %+v, %v", v.Items[0].Told, err)
	}
	_, err = mark(third, half, false, "")
	want(t, err, assessment.ErrSettled)
	if got, err = mark(h.author, question.Whole, true, "We talked about it."); err != nil || got.Percent != 100 {
		t.Errorf("what they agreed on counts: %+v, %v", got, err)
	}
	// Grading anew is grading the same.
	if out, err := h.tests.Review(h.author, h.course.Course.ID, a.ID); err != nil || out.Percent != 100 || len(out.History[0]) != 5 {
		t.Errorf("%+v, %v", out.History[0], err)
	}
}

func TestAnEssayIsMarkedByItsRubric(t *testing.T) {
	t.Parallel()
	by := essay
	by.Hand = &question.HandRule{Rubric: &table}
	h := setup(t, by, func(s *assessment.Settings) { s.Feedback = assessment.Feedback{Marks: true} })
	as, a := h.written(t)
	if r, err := h.tests.Review(h.author, h.course.Course.ID, a.ID); err != nil || len(r.Rubrics[0].Criteria) != 2 {
		t.Fatalf("%+v, %v", r.Rubrics, err)
	}
	err := h.tests.MarkAll(h.author, []assessment.MarkInput{{Attempt: a.ID, Slot: 0, Share: question.Whole, Picks: picks(1)}})
	if f := fault.Of(err); f.Fields["marks.0.criteria.1"] == "" {
		t.Errorf("half a rubric: %v", err)
	}
	in := assessment.MarkInput{Attempt: a.ID, Slot: 0, Picks: picks(1, 0)}
	in.Picks[0].Comment = "Only one ground."
	if a, err = h.tests.Mark(h.author, in); err != nil || a.Points != 4*question.Whole+2*question.Whole*3/5 {
		t.Fatalf("3 of 5 points: %+v, %v", a, err)
	}
	v, err := h.tests.Look(as, a.ID)
	if err != nil || len(v.Items[0].Told.Picks) != 1 || v.Items[0].Told.Picks[0][0].Chosen != "In part" || v.Items[0].Told.Picks[0][0].Comment != "Only one ground." {
		t.Errorf("the learner sees %+v, %v", v.Items[0].Told, err)
	}
	// A rubric that is mended later changes no mark that was given.
	q, err := h.banks.Question(h.author, h.fixed)
	if err != nil {
		t.Fatal(err)
	}
	other := by
	other.Hand = &question.HandRule{Rubric: &rubric.Rubric{Criteria: table.Criteria[:1]}}
	saved, err := h.banks.Save(h.author, h.fixed, q.Question.Revision, bank.Input{Body: other})
	if err == nil {
		_, err = h.banks.Publish(h.author, h.fixed, saved.Revision)
	}
	if err != nil {
		t.Fatal(err)
	}
	wish := assessment.Regrading{Course: h.course.Course.ID, Lesson: h.lesson, Reason: "Language does not count.", Mends: []assessment.Mend{{Question: h.fixed, Version: 2}}}
	if _, err = h.tests.Regrade(h.author, wish); err != nil {
		t.Fatal(err)
	}
	r, err := h.tests.Review(h.author, h.course.Course.ID, a.ID)
	if err != nil || r.Points != a.Points || len(r.Rubrics[0].Criteria) != 1 || len(r.History[0][0].Picks) != 2 {
		t.Errorf("%+v, %v", r.History[0], err)
	}
}

func TestALearnerObjectsToAMarkOnceAndIsAnswered(t *testing.T) {
	t.Parallel()
	h := setup(t, essay, func(s *assessment.Settings) {
		s.AppealDays, s.Feedback = 7, assessment.Feedback{Marks: true}
	})
	as, a := h.sit(t, question.Answer{Text: "Because doors jam."}, 1, true)
	ask := func(by context.Context, slot int) error {
		return h.tests.Appeal(by, a.ID, slot, "Look at the second line.")
	}
	want(t, ask(as, 0), assessment.ErrNoAppeal) // nothing is marked yet
	if _, err := h.tests.Mark(h.author, assessment.MarkInput{Attempt: a.ID, Slot: 0, Share: 0}); err != nil {
		t.Fatal(err)
	}
	stranger, _ := h.start(t)
	want(t, ask(stranger, 0), assessment.ErrAttempt)
	want(t, ask(as, 9), assessment.ErrNoSuchSlot)
	if err := h.tests.Appeal(as, a.ID, 0, "  "); fault.Of(err).Fields["reason"] == "" {
		t.Errorf("no reason: %v", err)
	}
	if v, err := h.tests.Look(as, a.ID); err != nil || !v.Items[0].MayAppeal || v.AppealUntil == nil {
		t.Errorf("they may not object: %+v, %v", v.AppealUntil, err)
	}
	want(t, ask(as, 0), nil)
	want(t, ask(as, 0), assessment.ErrAppealed)
	want(t, ask(as, 2), nil) // what marked itself may be objected to as well
	open, err := h.tests.Appeals(h.author, page.Request{Limit: 1})
	if err != nil || len(open.Items) != 1 || open.Next == "" || open.Items[0].Slot != 0 || !strings.Contains(open.Items[0].Reason, "second line") || open.Items[0].LessonTitle != "Show it" {
		t.Fatalf("%+v, %v", open, err)
	}
	if open, err = h.tests.Appeals(h.author, page.Request{Limit: 1, After: open.Next}); err != nil || len(open.Items) != 1 || open.Next != "" || open.Items[0].Slot != 2 {
		t.Errorf("%+v, %v", open, err)
	}
	if _, err = h.tests.Appeals(as, page.Request{}); err == nil {
		t.Error("learners read objections")
	}
	list, _, err := h.tests.Sittings(h.author, assessment.SittingFilter{Course: h.course.Course.ID, Lesson: h.lesson, Status: assessment.StatusGraded})
	if err != nil || list.Items[0].Objections != 2 {
		t.Errorf("%+v, %v", list.Items, err)
	}
	answer := func(by context.Context, slot int, change bool) error {
		return h.tests.AnswerAppeal(by, assessment.AnswerInput{Attempt: a.ID, Slot: slot, Change: change, Share: question.Whole, Answer: "You are right."})
	}
	if err = answer(as, 0, true); err == nil {
		t.Error("learners answer objections")
	}
	want(t, answer(h.author, 1, true), assessment.ErrNoneOpen)
	told := len(h.told)
	want(t, answer(h.author, 0, true), nil)
	if got := h.now(t, a); got.Percent != 66 || !got.Passed || len(h.told) != told+1 {
		t.Errorf("the mark was changed: %+v, told %d", got, len(h.told)-told)
	}
	want(t, answer(h.author, 0, true), assessment.ErrNoneOpen)
	want(t, answer(h.author, 2, false), nil)
	v, err := h.tests.Look(as, a.ID)
	if err != nil || v.Items[0].Appeal == nil || !*v.Items[0].Appeal.Changed || *v.Items[0].Appeal.After != question.Whole || *v.Items[2].Appeal.Changed || v.Items[2].Appeal.Answer == "" {
		t.Errorf("%+v, %v", v.Items, err)
	}
	if open, err = h.tests.Appeals(h.author, page.Request{}); err != nil || len(open.Items) != 0 {
		t.Errorf("%+v, %v", open, err)
	}
	h.w.Now.Advance(8 * 24 * time.Hour)
	want(t, ask(as, 1), assessment.ErrAppealOver)

	// Another tenant has no such objection.
	strange := h.w.Tenant(t)
	if err = answer(storetest.Instructor(t, strange, h.w), 1, true); !strings.Contains(err.Error(), assessment.ErrAttempt.Code) {
		t.Errorf("another tenant: %v", err)
	}
}

func TestAnObjectionCanChangeWhatMarkedItself(t *testing.T) {
	t.Parallel()
	h := setup(t, statement, func(s *assessment.Settings) {
		s.AppealDays, s.Feedback = 7, assessment.Feedback{Marks: true}
	})
	as, a := h.sit(t, no, 1, true) // 33 %
	want(t, h.tests.Appeal(as, a.ID, 0, "The sign was down."), nil)
	want(t, h.tests.AnswerAppeal(h.author, assessment.AnswerInput{Attempt: a.ID, Slot: 0, Change: true, Share: half, Answer: "It was."}), nil)
	if got := h.now(t, a); got.Percent != 50 {
		t.Errorf("%+v", got)
	}
	_, err := h.tests.Mark(h.author, assessment.MarkInput{Attempt: a.ID, Slot: 0, Share: 0})
	want(t, err, assessment.ErrNotByHand)
	// It stands when the test is graded anew; what counts for everybody stands above it.
	wish := assessment.Regrading{Course: h.course.Course.ID, Lesson: h.lesson, Reason: "Again.", Mends: []assessment.Mend{{Question: h.fixed, Version: 1}}}
	if _, err = h.tests.Regrade(h.author, wish); err != nil {
		t.Fatal(err)
	}
	if got := h.now(t, a); got.Percent != 50 {
		t.Errorf("%+v", got)
	}
	wish.Number, wish.Mends = 1, []assessment.Mend{{Question: h.fixed, Counts: assessment.CountsFull}}
	if _, err = h.tests.Regrade(h.author, wish); err != nil {
		t.Fatal(err)
	}
	if got := h.now(t, a); got.Percent != 66 {
		t.Errorf("%+v", got)
	}
}
