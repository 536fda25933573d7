package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/assessment"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	body "lyceum/learning/question"
)

// startOfTest is a test as its learner sees it before an attempt.
type startOfTest struct {
	Number       int                 `json:"number" doc:"The version of its rules; 0: nobody has written it yet."`
	Questions    int                 `json:"questions"`
	Most         int                 `json:"most" doc:"Marks that can be reached."`
	Settings     assessment.Settings `json:"settings" doc:"A code is * where one is asked for. Its questions are left out."`
	Seconds      int                 `json:"seconds" doc:"How long an attempt of this learner lasts; 0: as long as they wish."`
	AttemptsLeft *int                `json:"attempts_left,omitempty" doc:"Left out: any number."`
	Open         bool                `json:"open" doc:"An attempt may begin, or goes on."`
	Why          string              `json:"why,omitempty" doc:"The code of why not."`
	NextAt       *time.Time          `json:"next_at,omitempty" doc:"When the next one may begin."`
	Attempts     []TestAttempt       `json:"attempts" doc:"The newest first."`
}

// takenTest is an attempt with its questions, as its learner sees it.
type takenTest struct {
	TestAttempt
	Now           time.Time   `json:"now" doc:"The clock that counts."`
	Section       *int        `json:"section,omitempty" doc:"Where sections have times of their own: the one that is open, from 0."`
	SectionEndsAt *time.Time  `json:"section_ends_at,omitempty"`
	Told          bool        `json:"told" doc:"How answers were marked is told."`
	ToldAt        *time.Time  `json:"told_at,omitempty" doc:"When it will be."`
	AppealUntil   *time.Time  `json:"appeal_until,omitempty" doc:"Until when marks may be objected to; left out: not now."`
	Items         []TakenItem `json:"items" doc:"Of the open section alone, where sections have times of their own."`
}

// TakenItem is a question of an attempt.
type TakenItem struct {
	Slot     int         `json:"slot" doc:"Its place, from 0."`
	Section  int         `json:"section"`
	Marks    int         `json:"marks"`
	Question body.Asked  `json:"question"`
	Answer   body.Answer `json:"answer"`
	Answered bool        `json:"answered"`
	Sequence int64       `json:"sequence" doc:"Of the kept answer; 0: there is none."`
	Flagged  bool        `json:"flagged"`
	Open     bool        `json:"open" doc:"It may be answered now."`
	Told     *toldItem   `json:"told,omitempty"`

	Appeal    *testAppeal `json:"appeal,omitempty" doc:"The learner objected to how it was marked."`
	MayAppeal bool        `json:"may_appeal" doc:"The learner may object."`
}

// toldItem is how an answer was marked, as far as it is told.
type toldItem struct {
	Points   *float64          `json:"points,omitempty"`
	Waits    bool              `json:"waits" doc:"A person has not marked it yet."`
	Right    *bool             `json:"right,omitempty" doc:"All of it."`
	Parts    map[string]bool   `json:"parts,omitempty" doc:"What of it was right, by id."`
	Hints    []string          `json:"hints" doc:"Markdown."`
	Solution *body.Answer      `json:"solution,omitempty"`
	Comment  string            `json:"comment,omitempty" doc:"Of who marked it."`
	Criteria []testPicks       `json:"criteria,omitempty" doc:"Levels of the question's rubric, for each mark that counts."`
	Counts   assessment.Counts `json:"counts,omitempty" enum:",full,out" doc:"It was mended: full marks for everybody, or it counts for nobody."`
}

// keptTestAnswer is an answer as it is kept.
type keptTestAnswer struct {
	Sequence int64       `json:"sequence"`
	Stale    bool        `json:"stale" doc:"A later one was kept before, which is the one given here."`
	Answer   body.Answer `json:"answer"`
	Flagged  bool        `json:"flagged"`
	SavedAt  time.Time   `json:"saved_at"`
}

type (
	ownTestIn struct {
		Enrolment uid.ID `path:"enrolment" doc:"The enrolment's id."`
		Lesson    uid.ID `path:"lesson" doc:"The lesson's id."`
	}
	startTestIn struct {
		Enrolment uid.ID `path:"enrolment" doc:"The enrolment's id."`
		Lesson    uid.ID `path:"lesson" doc:"The lesson's id."`
		Body      struct {
			Code string `json:"code,omitempty" maxLength:"60" doc:"Where one is asked for."`
		}
	}
	testAttemptIn struct {
		ID uid.ID `path:"attempt" doc:"The attempt's id."`
	}
	saveAnswerIn struct {
		ID   uid.ID `path:"attempt" doc:"The attempt's id."`
		Slot int    `path:"slot" minimum:"0" doc:"The question's place, from 0."`
		Body struct {
			Sequence int64       `json:"sequence" minimum:"1" doc:"Counts up with each change; the later one wins. Milliseconds of a clock will do."`
			Answer   body.Answer `json:"answer" doc:"Of its kind's fields only; what is not among the options is left out."`
			Flagged  bool        `json:"flagged,omitempty"`
		}
	}
	lookAtIn struct {
		ID   uid.ID `path:"attempt" doc:"The attempt's id."`
		Slot int    `path:"slot" minimum:"0" doc:"The question's place, from 0."`
	}
	nextSectionIn struct {
		ID   uid.ID `path:"attempt" doc:"The attempt's id."`
		Body struct {
			From int `json:"from" minimum:"0" doc:"The section that is ended, from 0: sent twice ends one."`
		}
	}
	startOfTestOut    struct{ Body startOfTest }
	takenTestOut      struct{ Body takenTest }
	createdAttemptOut struct {
		Location string `header:"Location"`
		Body     takenTest
	}
	keptAnswerOut struct{ Body keptTestAnswer }
)

func showItem(i assessment.Item) TakenItem {
	out := TakenItem{Slot: i.Slot, Section: i.Section, Marks: i.Marks, Question: i.Asked, Answer: i.Answer, Answered: i.Answered, Sequence: i.Sequence, Flagged: i.Flagged, Open: i.Open}
	if t := i.Told; t != nil {
		out.Told = &toldItem{Waits: t.Waits, Hints: listed(t.Hints), Solution: t.Solution, Comment: t.Comment, Counts: t.Counts}
		if t.Marks {
			points := marksOf(t.Share * body.Share(i.Marks))
			out.Told.Parts, out.Told.Points, out.Told.Right = t.Parts, &points, &t.Right
			for _, list := range t.Picks {
				out.Told.Criteria = append(out.Told.Criteria, testPicks{showPicks(list)})
			}
		}
	}
	if i.Appeal != nil {
		one := showTestAppeal(*i.Appeal, i.Marks)
		out.Appeal = &one
	}
	out.MayAppeal = i.MayAppeal
	return out
}

func showTaken(v assessment.View) takenTest {
	out := takenTest{TestAttempt: showTestAttempt(v.Attempt), Now: utc(v.Now), SectionEndsAt: utcOrNone(v.SectionEnds), Told: v.Tells, ToldAt: utcOrNone(v.TellsAt), AppealUntil: utcOrNone(v.AppealUntil), Items: []TakenItem{}}
	if v.SectionNow >= 0 {
		out.Section = &v.SectionNow
	}
	for _, i := range v.Items {
		out.Items = append(out.Items, showItem(i))
	}
	return out
}

func (a *api) takeTestOperations() {
	learn := route.For(policy.EnrolmentSelf)
	on(a, operation{
		method: get, path: "/enrolments/{enrolment}/lessons/{lesson}/test", id: "get-own-test", tag: tagLearning, need: learn,
		summary: "A test before it is taken: its rules, and one's attempts", fails: faults{enrolment.ErrEnrolmentNotFound, catalog.ErrLessonNotFound, assessment.ErrNotATest},
	}, func(ctx context.Context, in *ownTestIn) (*startOfTestOut, error) {
		d, err := a.Tests.Desk(ctx, in.Enrolment, in.Lesson)
		if err != nil {
			return nil, err
		}
		return &startOfTestOut{showStart(d)}, nil
	})
	on(a, operation{
		method: post, path: "/enrolments/{enrolment}/lessons/{lesson}/test/attempts", id: "start-test", tag: tagLearning, need: learn, status: 201,
		summary: "Begin an attempt at a test",
		about:   "Where one runs it is given again: sent twice begins one.",
		fails:   faults{enrolment.ErrEnrolmentNotFound, catalog.ErrLessonNotFound, assessment.ErrNotATest, assessment.ErrNotFound, assessment.ErrNotOpen, assessment.ErrClosed, assessment.ErrNoTryLeft, assessment.ErrTooSoon, assessment.ErrHalted, assessment.ErrCodeTries, enrolment.ErrWithdrawn},
	}, func(ctx context.Context, in *startTestIn) (*createdAttemptOut, error) {
		begun, err := a.Tests.Start(ctx, in.Enrolment, in.Lesson, in.Body.Code)
		if err != nil {
			return nil, err
		}
		v, err := a.Tests.Look(ctx, begun.ID)
		if err != nil {
			return nil, err
		}
		return &createdAttemptOut{Location: base + "/test-attempts/" + begun.ID.String(), Body: showTaken(v)}, nil
	})
	look := func(ctx context.Context, id uid.ID) (*takenTestOut, error) {
		v, err := a.Tests.Look(ctx, id)
		if err != nil {
			return nil, err
		}
		return &takenTestOut{showTaken(v)}, nil
	}
	on(a, operation{
		method: get, path: "/test-attempts/{attempt}", id: "get-test-attempt", tag: tagLearning, need: learn,
		summary: "One's own attempt at a test, with its questions and answers",
		about:   "One whose time is over is ended by it. How answers were marked is told as far as the test tells it.", fails: noAttempt,
	}, func(ctx context.Context, in *testAttemptIn) (*takenTestOut, error) { return look(ctx, in.ID) })
	on(a, operation{
		method: put, path: "/test-attempts/{attempt}/answers/{slot}", id: "save-test-answer", tag: tagLearning, need: learn, status: 200,
		summary: "Save an answer",
		about:   "It is kept when this is answered, through any crash. The same again changes nothing; an older one than the kept one is put aside and the kept one given.",
		fails:   faults{assessment.ErrAttempt, assessment.ErrNoSuchSlot, assessment.ErrEnded, assessment.ErrTimeUp, assessment.ErrSection, assessment.ErrLooked},
	}, func(ctx context.Context, in *saveAnswerIn) (*keptAnswerOut, error) {
		k, err := a.Tests.Save(ctx, assessment.Saving{Attempt: in.ID, Slot: in.Slot, Sequence: in.Body.Sequence, Answer: in.Body.Answer, Flagged: in.Body.Flagged})
		if err != nil {
			return nil, err
		}
		return &keptAnswerOut{keptTestAnswer{k.Sequence, k.Stale, k.Answer.Answer, k.Flagged, utc(k.SavedAt)}}, nil
	})
	on(a, operation{
		method: post, path: "/test-attempts/{attempt}/answers/{slot}/look", id: "look-at-test-answer", tag: tagLearning, need: learn, status: 200,
		summary: "Be told how an answer was marked, before the end", about: "Where the test does so. The answer stays as it is then.",
		fails: faults{assessment.ErrAttempt, assessment.ErrNoSuchSlot, assessment.ErrEnded, assessment.ErrTimeUp, assessment.ErrSection, assessment.ErrNoLook, assessment.ErrNoAnswer},
	}, func(ctx context.Context, in *lookAtIn) (*takenTestOut, error) {
		if err := a.Tests.LookAt(ctx, in.ID, in.Slot); err != nil {
			return nil, err
		}
		return look(ctx, in.ID)
	})
	on(a, operation{
		method: post, path: "/test-attempts/{attempt}/next-section", id: "next-test-section", tag: tagLearning, need: learn, status: 200,
		summary: "End the open section of a test early, and begin the next one", fails: faults{assessment.ErrAttempt, assessment.ErrEnded, assessment.ErrTimeUp},
	}, func(ctx context.Context, in *nextSectionIn) (*takenTestOut, error) {
		if err := a.Tests.NextSection(ctx, in.ID, in.Body.From); err != nil {
			return nil, err
		}
		return look(ctx, in.ID)
	})
	on(a, operation{
		method: post, path: "/test-attempts/{attempt}/hand-in", id: "hand-in-test", tag: tagLearning, need: learn, status: 200,
		summary: "Hand an attempt in", about: "It is graded once: sent again gives what it came to.", fails: noAttempt,
	}, func(ctx context.Context, in *testAttemptIn) (*takenTestOut, error) {
		if _, err := a.Tests.HandIn(ctx, in.ID); err != nil {
			return nil, err
		}
		return look(ctx, in.ID)
	})
	on(a, operation{
		method: post, path: "/test-attempts/{attempt}/answers/{slot}/appeal", id: "appeal-test-answer", tag: tagLearning, need: learn, status: 204,
		summary: "Object to how an answer was marked", about: "Once for each question, within the days that the test gives.",
		fails: faults{assessment.ErrAttempt, assessment.ErrNoSuchSlot, assessment.ErrNoAppeal, assessment.ErrAppealed, assessment.ErrAppealOver},
	}, func(ctx context.Context, in *appealTestIn) (*struct{}, error) {
		return nil, a.Tests.Appeal(ctx, in.ID, in.Slot, in.Body.Reason)
	})
}

func showStart(d assessment.Desk) startOfTest {
	out := startOfTest{Number: d.Number, Questions: d.Rules.Questions(), Most: d.Rules.Most(), Settings: d.Rules, Seconds: d.Lasts, Open: d.Refused == nil, NextAt: utcOrNone(d.NextAt), Attempts: []TestAttempt{}}
	out.Settings.Sections = nil
	for _, sec := range d.Rules.Sections {
		sec.Fixed, sec.Pools = nil, nil // what is asked is seen once it is
		out.Settings.Sections = append(out.Settings.Sections, sec)
	}
	if d.Left >= 0 {
		out.AttemptsLeft = &d.Left
	}
	if d.Refused != nil {
		out.Why = fault.Of(d.Refused).Code
	}
	for _, t := range d.Attempts {
		out.Attempts = append(out.Attempts, showTestAttempt(t))
	}
	return out
}
