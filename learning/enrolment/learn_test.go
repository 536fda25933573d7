package enrolment_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
)

func TestOpeningACourseBeginsItAndSaysWhereToGoOn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Begin")
	learner, e := h.enrolled(t, o)
	text, quiz := o.Lessons()[0].ID, o.Lessons()[1].ID

	p := h.open(t, learner, "begin", nil)
	if p.Lesson.ID != text || p.Lesson.Body == "" || p.Previous != nil || p.Next == nil || *p.Next != quiz || !p.ByContinue() {
		t.Errorf("first opened %+v", p)
	}
	if diff := cmp.Diff(h.read(t, e.ID), p.Enrolment); diff != "" || p.Enrolment.StartedAt == nil || *p.Enrolment.LastLessonID != text {
		t.Errorf("enrolment is %+v: %s", p.Enrolment, diff)
	}
	for _, l := range p.Outline.Lessons() {
		if l.Body != "" || l.Questions != nil {
			t.Errorf("the outline shows %+v", l)
		}
	}
	p = h.open(t, learner, "begin", &quiz)
	if p.Lesson.ID != quiz || p.Next != nil || *p.Previous != text || p.ByContinue() {
		t.Errorf("then opened %+v", p)
	}
	if p = h.open(t, learner, "begin", nil); p.Lesson.ID != quiz {
		t.Error("not where they were")
	}
	h.wantEvents(t, e.ID, "enrolment.created", "enrolment.started", "lesson.started", "lesson.started")
	data := storetest.Events(t, h.tenant, h.w, e.ID)[2].Data
	if data["lesson_id"] != text.String() || data["course_id"] != o.Course.ID.String() || data["person_id"] != e.PersonID.String() || data["person_name"] == "" || data["course_title"] != "Begin" {
		t.Errorf("told %v", data)
	}
	nowhere := uid.New()
	_, err := h.learn.Open(learner, "begin", &nowhere)
	wantFault(t, err, catalog.ErrLessonNotFound)
}

func TestGoingOnIsToldOnceADayPerLesson(t *testing.T) {
	t.Parallel()
	h := setup(t)
	learner, e := h.enrolled(t, h.course(t, "Daily"))
	for range 3 { // three days, twice a day
		h.open(t, learner, "daily", nil)
		h.w.Now.Advance(time.Hour)
		h.open(t, learner, "daily", nil)
		h.w.Now.Advance(23 * time.Hour)
	}
	h.wantEvents(t, e.ID, "enrolment.created", "enrolment.started", "lesson.started", "lesson.progressed", "lesson.progressed")
}

func TestTheLastLessonCompletesTheCourseOnce(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Finish")
	learner, e := h.enrolled(t, o)
	text, quiz := o.Lessons()[0].ID, o.Lessons()[1].ID

	_, err := h.learn.Continue(learner, e.ID, quiz)
	wantFault(t, err, enrolment.ErrNotByContinue)
	for range 2 {
		got, err := h.learn.Continue(learner, e.ID, text)
		if err != nil || got.Percent != 50 || got.Status != enrolment.StatusActive {
			t.Errorf("after the text: %+v, %v", got, err)
		}
	}
	if p := h.open(t, learner, "finish", nil); p.Lesson.ID != quiz {
		t.Error("it does not go on with what is left")
	}
	answers := storetest.RightAnswers(o.Lessons()[1].Questions)
	if _, err = h.learn.Submit(learner, e.ID, quiz, answers); err != nil {
		t.Fatal(err)
	}
	done := h.read(t, e.ID)
	if done.Status != enrolment.StatusCompleted || done.Percent != 100 || done.CompletedAt == nil {
		t.Errorf("completed: %+v", done)
	}
	h.wantEvents(t, e.ID, "enrolment.created", "enrolment.started", "lesson.started", "lesson.completed",
		"lesson.started", "quiz.submitted", "lesson.completed", "enrolment.completed")
	events := storetest.Events(t, h.tenant, h.w, e.ID)
	if last := events[len(events)-1].Data; last["version"] != 1.0 || last["course_title"] != "Finish" || last["lesson_id"] != nil {
		t.Errorf("told %v", last)
	}

	// Review, months later: everything opens, nothing changes back.
	h.w.Now.Advance(90 * 24 * time.Hour)
	for _, lesson := range []*uid.ID{nil, &text, &quiz} {
		h.open(t, learner, "finish", lesson)
	}
	if _, err = h.learn.Submit(learner, e.ID, quiz, storetest.WrongAnswers(o.Lessons()[1].Questions)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(done, h.read(t, e.ID)); diff != "" {
		t.Errorf("review changed the record: %s", diff)
	}
	if p := h.open(t, learner, "finish", &quiz); p.Progress[quiz].Status != enrolment.ProgressCompleted || p.Progress[quiz].Evidence.Percent != 100 {
		t.Errorf("review changed the evidence: %+v", p.Progress[quiz])
	}
	wantFault(t, h.learn.Withdraw(h.manager, e.ID), enrolment.ErrCompleted)
}

func TestThePercentageIsRoundedDownAndHundredOnlyAtTheEnd(t *testing.T) {
	t.Parallel()
	h := setup(t)
	in := storetest.SmallCourse("Thirds")
	in.Modules[0].Lessons[1] = in.Modules[0].Lessons[0]
	in.Modules = append(in.Modules, catalog.ImportModule{Title: "End", Lessons: in.Modules[0].Lessons[:1]})
	o := storetest.PublishedCourse(t, h.tenant, h.w, in)
	learner, e := h.enrolled(t, o)
	for i, want := range []int{33, 66, 100} {
		got, err := h.learn.Continue(learner, e.ID, o.Lessons()[i].ID)
		if err != nil || got.Percent != want || (got.Status == enrolment.StatusCompleted) != (want == 100) {
			t.Errorf("after %d: %+v, %v", i+1, got, err)
		}
	}
}

func TestEvidenceSaysWhyALessonCounts(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Evidence")
	learner, _ := h.enrolled(t, o)
	who, _ := auth.PrincipalFrom(learner)
	who.SessionID = uid.New()
	learner = auth.WithPrincipal(learner, who)
	h.finish(t, learner, "evidence")
	p := h.open(t, learner, "evidence", &o.Lessons()[1].ID)
	viewed, passed := p.Progress[o.Lessons()[0].ID].Evidence, p.Progress[o.Lessons()[1].ID].Evidence
	if viewed.Rule != "viewed" || viewed.SessionID == nil || *viewed.SessionID != who.SessionID {
		t.Errorf("text: %+v", viewed)
	}
	if passed.Rule != "passed" || passed.Percent != 100 || *passed.AttemptID != p.Attempts[0].ID || *passed.SessionID != who.SessionID {
		t.Errorf("quiz: %+v", passed)
	}
}

func TestTheRuleFollowsTheVersionThePersonIsOn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Versions")
	old, e := h.enrolled(t, o)
	h.open(t, old, "versions", nil) // started: stays on version 1
	changed, err := h.catalog.DeleteLesson(h.manager, o.Course.ID, o.Course.Revision, o.Lessons()[1].ID)
	if err != nil {
		t.Fatal(err)
	}
	v2, err := h.catalog.Publish(h.manager, o.Course.ID, changed.Course.Revision)
	if err != nil {
		t.Fatal(err)
	}
	got, err := h.learn.Continue(old, e.ID, o.Lessons()[0].ID)
	if err != nil || got.Percent != 50 || got.Status != enrolment.StatusActive {
		t.Errorf("with the quiz still to do: %+v, %v", got, err)
	}
	h.open(t, old, "versions", &o.Lessons()[1].ID)

	fresh, e2 := h.enrolled(t, v2)
	got, err = h.learn.Continue(fresh, e2.ID, v2.Lessons()[0].ID)
	if err != nil || got.Status != enrolment.StatusCompleted {
		t.Errorf("without the quiz: %+v, %v", got, err)
	}
	_, err = h.learn.Open(fresh, "versions", &o.Lessons()[1].ID)
	wantFault(t, err, catalog.ErrLessonNotFound)
}

func TestALearnerSeesWhatIsCorrectOnlyAfterPassing(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Secrets")
	learner, e := h.enrolled(t, o)
	quiz := o.Lessons()[1]
	told := func() (n int) {
		for _, q := range h.open(t, learner, "secrets", &quiz.ID).Lesson.Questions {
			if q.Explanation != "" {
				n++
			}
			for _, option := range q.Options {
				if option.Correct {
					n++
				}
			}
		}
		return n
	}
	if told() != 0 {
		t.Error("told before the first attempt")
	}
	a, err := h.learn.Submit(learner, e.ID, quiz.ID, storetest.WrongAnswers(quiz.Questions))
	if err != nil || a.Passed || a.Percent != 0 || len(a.Right) != 0 || a.Number != 1 {
		t.Errorf("wrong answers: %+v, %v", a, err)
	}
	if told() != 0 {
		t.Error("told after a failed attempt")
	}
	h.w.Now.Advance(time.Minute)
	a, err = h.learn.Submit(learner, e.ID, quiz.ID, storetest.RightAnswers(quiz.Questions))
	if err != nil || !a.Passed || a.Percent != 100 || len(a.Right) != 1 || a.Number != 2 {
		t.Errorf("right answers: %+v, %v", a, err)
	}
	if told() != 2 {
		t.Error("not told after passing")
	}
	attempts := h.open(t, learner, "secrets", &quiz.ID).Attempts
	if len(attempts) != 2 || attempts[0].Number != 2 || len(attempts[0].Right) != 1 || len(attempts[1].Right) != 0 {
		t.Errorf("attempts are %+v", attempts)
	}
	if diff := cmp.Diff(a, attempts[0]); diff != "" {
		t.Error(diff)
	}
}

func TestAnswersThatCannotBeGradedAreRefusedByQuestion(t *testing.T) {
	t.Parallel()
	h := setup(t)
	in := storetest.SmallCourse("Answers")
	questions := in.Modules[0].Lessons[1].Questions
	in.Modules[0].Lessons[1].Questions = append(questions, questions[0], questions[0])
	o := storetest.PublishedCourse(t, h.tenant, h.w, in)
	learner, e := h.enrolled(t, o)
	quiz := o.Lessons()[1]
	q, stray := quiz.Questions, uid.New()
	field := func(id uid.ID) string { return "answers." + id.String() }

	_, err := h.learn.Submit(learner, e.ID, quiz.ID, nil)
	wantFields(t, err, field(q[0].ID), field(q[1].ID), field(q[2].ID))
	answers := storetest.RightAnswers(q)
	answers[q[1].ID] = nil
	answers[q[2].ID] = append(answers[q[2].ID], q[1].Options[0].ID) // an option of another question
	answers[stray] = []uid.ID{stray}
	_, err = h.learn.Submit(learner, e.ID, quiz.ID, answers)
	wantFields(t, err, field(q[1].ID), field(q[2].ID), field(stray))
	if p := h.open(t, learner, "answers", &quiz.ID); len(p.Attempts) != 0 {
		t.Errorf("kept %+v", p.Attempts)
	}
	answers = storetest.RightAnswers(q)
	right := answers[q[0].ID][0]
	answers[q[0].ID] = []uid.ID{right, right}
	answers[q[2].ID] = storetest.WrongAnswers(q)[q[2].ID]
	a, err := h.learn.Submit(learner, e.ID, quiz.ID, answers)
	if err != nil || a.Percent != 66 || a.Passed || !cmp.Equal(a.Right, []uid.ID{q[0].ID, q[1].ID}) || len(a.Answers[q[0].ID]) != 1 {
		t.Errorf("two of three: %+v, %v", a, err)
	}
	_, err = h.learn.Submit(learner, e.ID, o.Lessons()[0].ID, nil)
	wantFault(t, err, enrolment.ErrNotAQuiz)
	_, err = h.learn.Submit(learner, e.ID, stray, nil)
	wantFault(t, err, catalog.ErrLessonNotFound)
}

func TestTheSameFormSentManyTimesAtOnceCompletesOnce(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Parallel")
	learner, e := h.enrolled(t, o)
	quiz := o.Lessons()[1]
	const times = 6
	numbers, wait := make([]int, times), sync.WaitGroup{}
	for i := range times {
		wait.Go(func() {
			if _, err := h.learn.Continue(learner, e.ID, o.Lessons()[0].ID); err != nil {
				t.Error(err)
			}
			a, err := h.learn.Submit(learner, e.ID, quiz.ID, storetest.RightAnswers(quiz.Questions))
			if err != nil {
				t.Error(err)
			}
			numbers[i] = a.Number
			if _, err = h.learn.Open(learner, "parallel", nil); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for n := 1; n <= times; n++ {
		if count(numbers, n) != 1 {
			t.Errorf("attempt %d was given %d times: %v", n, count(numbers, n), numbers)
		}
	}
	types := storetest.EventTypes(t, h.tenant, h.w, e.ID)
	for typ, want := range map[string]int{"enrolment.started": 1, "lesson.started": 2, "lesson.completed": 2, "quiz.submitted": times, "enrolment.completed": 1} {
		if got := count(types, typ); got != want {
			t.Errorf("%s was told %d times, want %d", typ, got, want)
		}
	}
	if got := h.read(t, e.ID); got.Percent != 100 || got.Status != enrolment.StatusCompleted {
		t.Errorf("it is %+v", got)
	}
}

func TestAnAPIKeyWithoutASessionLeavesNoSessionInTheEvidence(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Key")
	_, e := h.enrolled(t, o)
	key := auth.WithPrincipal(h.tenant, auth.Principal{PersonID: e.PersonID, KeyID: uid.New(), May: policy.Set{policy.EnrolmentSelf: {}}})
	if _, err := h.learn.Continue(key, e.ID, o.Lessons()[0].ID); err != nil {
		t.Fatal(err)
	}
	p := h.open(t, key, "key", nil)
	if got := p.Progress[o.Lessons()[0].ID].Evidence; got.SessionID != nil || got.Rule != "viewed" {
		t.Errorf("evidence %+v", got)
	}
}
