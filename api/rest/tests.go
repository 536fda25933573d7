package rest

import (
	"context"
	"fmt"
	"math"
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

// testRules are the rules of a test as its author has them.
type testRules struct {
	Number    int                 `json:"number" doc:"Their version; 0: nobody has written the test yet."`
	Questions int                 `json:"questions" doc:"How many an attempt asks."`
	Most      int                 `json:"most" doc:"Marks that can be reached."`
	Settings  assessment.Settings `json:"settings"`
}

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

// TestAttempt is an attempt at a test.
type TestAttempt struct {
	ID        uid.ID            `json:"id"`
	LessonID  uid.ID            `json:"lesson_id"`
	CourseID  uid.ID            `json:"course_id"`
	Number    int               `json:"number"`
	Status    assessment.Status `json:"status" enum:"running,to_mark,graded"`
	StartedAt time.Time         `json:"started_at"`
	EndsAt    *time.Time        `json:"ends_at,omitempty" doc:"When its time is over; left out: never."`
	EndedAt   *time.Time        `json:"ended_at,omitempty"`
	EndedBy   *assessment.Ended `json:"ended_by,omitempty" enum:"hand,time"`
	Points    float64           `json:"points" doc:"Marks reached; they count once it is graded."`
	Most      float64           `json:"most" doc:"Marks that can be reached; 0 while it runs."`
	Percent   int               `json:"percent"`
	Passed    bool              `json:"passed"`
	Regrade   int               `json:"regrade" doc:"How often the test had been graded anew when this was graded."`
}

// takenTest is an attempt with its questions, as its learner sees it.
type takenTest struct {
	TestAttempt
	Now           time.Time   `json:"now" doc:"The clock that counts."`
	Section       *int        `json:"section,omitempty" doc:"Where sections have times of their own: the one that is open, from 0."`
	SectionEndsAt *time.Time  `json:"section_ends_at,omitempty"`
	Told          bool        `json:"told" doc:"How answers were marked is told."`
	ToldAt        *time.Time  `json:"told_at,omitempty" doc:"When it will be."`
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

// Sitting is an attempt with whose it is.
type Sitting struct {
	TestAttempt
	EnrolmentID *uid.ID `json:"enrolment_id,omitempty" doc:"Left out where names are hidden."`
	PersonID    *uid.ID `json:"person_id,omitempty"`
	PersonName  string  `json:"person_name,omitempty"`
	Alias       string  `json:"alias,omitempty" doc:"Stands for the person while names are hidden."`
}

// reviewedTest is an attempt for who marks it.
type reviewedTest struct {
	Sitting
	Items   []reviewedItem `json:"items"`
	Changes []regraded     `json:"changes" doc:"What grading anew did to it."`
}

type reviewedItem struct {
	TakenItem
	ByHand bool        `json:"by_hand" doc:"A person marks it."`
	Notes  string      `json:"notes,omitempty" doc:"Of the author, for who marks."`
	Given  []givenMark `json:"marks_given" doc:"In the order in which they were given; the last one counts."`
}

type givenMark struct {
	Points   float64   `json:"points"`
	Comment  string    `json:"comment,omitempty"`
	MarkerID uid.ID    `json:"marker_id"`
	At       time.Time `json:"at"`
}

type regraded struct {
	Regrade       int       `json:"regrade"`
	PercentBefore int       `json:"percent_before"`
	PassedBefore  bool      `json:"passed_before"`
	Percent       int       `json:"percent"`
	Passed        bool      `json:"passed"`
	Reason        string    `json:"reason"`
	At            time.Time `json:"at"`
}

// mendDraft says how a question counts.
type mendDraft struct {
	Question uid.ID            `json:"question"`
	Version  int               `json:"version,omitempty" minimum:"1" doc:"Answers count by this version of it."`
	Counts   assessment.Counts `json:"counts,omitempty" enum:",full,out" doc:"Full marks for everybody, or it counts for nobody; else as answered, by version."`
}

type regradeDraft struct {
	Number int         `json:"number" minimum:"0" doc:"How often the test was graded anew when this was wished; see get-test-regrades."`
	Mends  []mendDraft `json:"mends" maxItems:"500"`
	Reason string      `json:"reason,omitempty" maxLength:"2000" doc:"Kept with every attempt that changes."`
}

type testRegrades struct {
	Number  int             `json:"number" doc:"How often the test was graded anew."`
	Running bool            `json:"running" doc:"One has not reached every attempt yet."`
	Asked   []askedQuestion `json:"asked" doc:"What ended attempts asked."`
}

type askedQuestion struct {
	Question uid.ID           `json:"question"`
	Title    string           `json:"title"`
	Version  int              `json:"version" doc:"The newest that was asked."`
	Newest   int              `json:"newest" doc:"The newest that is published."`
	Attempts int              `json:"attempts"`
	Mend     *assessment.Mend `json:"mend,omitempty" doc:"How it is graded by now."`
}

type regradePreview struct {
	Attempts  int             `json:"attempts"`
	Changed   int             `json:"changed"`
	Up        int             `json:"up"`
	Down      int             `json:"down"`
	NowPassed int             `json:"now_passed"`
	NowFailed int             `json:"now_failed" doc:"What they completed and hold stays."`
	Changes   []regradeChange `json:"changes" doc:"At most 200."`
}

type regradeChange struct {
	Sitting
	PercentAfter int  `json:"percent_after"`
	PassedAfter  bool `json:"passed_after"`
}

type (
	testIn struct {
		Course uid.ID `path:"course" doc:"The course's id."`
		Lesson uid.ID `path:"lesson" doc:"The lesson's id."`
	}
	setTestIn struct {
		Course uid.ID `path:"course" doc:"The course's id."`
		Lesson uid.ID `path:"lesson" doc:"The lesson's id."`
		Body   struct {
			Number   int                 `json:"number" minimum:"0" doc:"The version that they were made from; 0: there was none."`
			Settings assessment.Settings `json:"settings"`
		}
	}
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
	sittingsIn struct {
		Paging
		Course uid.ID            `path:"course" doc:"The course's id."`
		Lesson uid.ID            `path:"lesson" doc:"The lesson's id."`
		Status assessment.Status `query:"status" enum:"running,to_mark,graded" doc:"Left out: every one."`
	}
	sittingIn struct {
		Course uid.ID `path:"course" doc:"The course's id."`
		ID     uid.ID `path:"attempt" doc:"The attempt's id."`
	}
	markTestIn struct {
		Course uid.ID `path:"course" doc:"The course's id."`
		ID     uid.ID `path:"attempt" doc:"The attempt's id."`
		Body   struct {
			Marks []struct {
				Slot    int     `json:"slot" minimum:"0"`
				Points  float64 `json:"points" minimum:"0" maximum:"100" doc:"None to all of the question's marks."`
				Comment string  `json:"comment,omitempty" maxLength:"5000" doc:"To the learner."`
			} `json:"marks" minItems:"1" maxItems:"500"`
		}
	}
	allowIn struct {
		Enrolment uid.ID `path:"enrolment" doc:"The enrolment's id."`
		Lesson    uid.ID `path:"lesson" doc:"The lesson's id."`
		Body      struct {
			MorePercent int    `json:"more_percent,omitempty" minimum:"0" maximum:"1000" doc:"Of the time."`
			MoreTries   int    `json:"more_attempts,omitempty" minimum:"0" maximum:"100"`
			Reason      string `json:"reason" maxLength:"2000" doc:"Kept with it."`
		}
	}
	regradeIn struct {
		Course uid.ID `path:"course" doc:"The course's id."`
		Lesson uid.ID `path:"lesson" doc:"The lesson's id."`
		Body   regradeDraft
	}
	analysisIn struct {
		Course uid.ID `path:"course" doc:"The course's id."`
		Lesson uid.ID `path:"lesson" doc:"The lesson's id."`
		All    bool   `query:"all" doc:"Every graded attempt, not only everybody's first one."`
	}
	testRulesOut      struct{ Body testRules }
	startOfTestOut    struct{ Body startOfTest }
	takenTestOut      struct{ Body takenTest }
	createdAttemptOut struct {
		Location string `header:"Location"`
		Body     takenTest
	}
	keptAnswerOut     struct{ Body keptTestAnswer }
	reviewedTestOut   struct{ Body reviewedTest }
	regradesOut       struct{ Body testRegrades }
	regradePreviewOut struct{ Body regradePreview }
	regradedOut       struct {
		Body struct {
			Number int `json:"number"`
		}
	}
	analysisOut struct{ Body testAnalysis }
)

// marksOf gives millionths as marks.
func marksOf(s body.Share) float64 { return float64(s) / float64(body.Whole) }

func showTestAttempt(a assessment.Attempt) TestAttempt {
	return TestAttempt{
		ID: a.ID, LessonID: a.LessonID, CourseID: a.CourseID, Number: a.Number, Status: a.Status, StartedAt: utc(a.StartedAt), EndsAt: utcOrNone(a.EndsAt), EndedAt: utcOrNone(a.EndedAt), EndedBy: a.EndedBy,
		Points: marksOf(a.Points), Most: marksOf(a.Most), Percent: a.Percent, Passed: a.Passed, Regrade: a.Regrade,
	}
}

func showItem(i assessment.Item) TakenItem {
	out := TakenItem{Slot: i.Slot, Section: i.Section, Marks: i.Marks, Question: i.Asked, Answer: i.Answer, Answered: i.Answered, Sequence: i.Sequence, Flagged: i.Flagged, Open: i.Open}
	if t := i.Told; t != nil {
		out.Told = &toldItem{Waits: t.Waits, Hints: listed(t.Hints), Solution: t.Solution, Comment: t.Comment, Counts: t.Counts}
		if t.Marks {
			points := marksOf(t.Share * body.Share(i.Marks))
			out.Told.Parts, out.Told.Points, out.Told.Right = t.Parts, &points, &t.Right
		}
	}
	return out
}

func showTaken(v assessment.View) takenTest {
	out := takenTest{TestAttempt: showTestAttempt(v.Attempt), Now: utc(v.Now), SectionEndsAt: utcOrNone(v.SectionEnds), Told: v.Tells, ToldAt: utcOrNone(v.TellsAt), Items: []TakenItem{}}
	if v.SectionNow >= 0 {
		out.Section = &v.SectionNow
	}
	for _, i := range v.Items {
		out.Items = append(out.Items, showItem(i))
	}
	return out
}

func showSitting(t assessment.Sitting) Sitting {
	return Sitting{TestAttempt: showTestAttempt(t.Attempt), EnrolmentID: unlessNil(t.EnrolmentID), PersonID: unlessNil(t.PersonID), PersonName: t.PersonName, Alias: t.Alias}
}

func showReview(r assessment.Review) reviewedTest {
	out := reviewedTest{Sitting: showSitting(r.Sitting), Items: []reviewedItem{}, Changes: []regraded{}}
	for _, i := range r.View.Items {
		_, hand := r.ByHand[i.Slot]
		one := reviewedItem{TakenItem: showItem(i), ByHand: hand, Notes: r.Notes[i.Slot], Given: []givenMark{}}
		for _, m := range r.History[i.Slot] {
			one.Given = append(one.Given, givenMark{Points: marksOf(m.Share * body.Share(i.Marks)), Comment: m.Comment, MarkerID: m.MarkerID, At: utc(m.At)})
		}
		out.Items = append(out.Items, one)
	}
	for _, c := range r.Changes {
		out.Changes = append(out.Changes, regraded{Regrade: c.Number, PercentBefore: c.PercentBefore, PassedBefore: c.PassedBefore, Percent: c.Percent, Passed: c.Passed, Reason: c.Reason, At: utc(c.At)})
	}
	return out
}

var (
	noTest    = faults{catalog.ErrCourseNotFound, catalog.ErrLessonNotFound, assessment.ErrNotATest}
	noAttempt = faults{assessment.ErrAttempt}
)

func (a *api) testOperations() {
	a.testRulesOperations()
	a.takeTestOperations()
	a.markTestOperations()
	a.regradeOperations()
}

func (a *api) testRulesOperations() {
	edit := route.For(policy.CourseEdit)
	on(a, operation{
		method: get, path: "/courses/{course}/lessons/{lesson}/test", id: "get-test", tag: tagAuthoring, need: edit,
		summary: "The rules of a test", fails: noTest,
	}, func(ctx context.Context, in *testIn) (*testRulesOut, error) {
		r, err := a.Tests.Rules(ctx, in.Course, in.Lesson)
		if err != nil {
			return nil, err
		}
		return &testRulesOut{testRules{r.Number, r.Questions(), r.Most(), r.Settings}}, nil
	})
	on(a, operation{
		method: put, path: "/courses/{course}/lessons/{lesson}/test", id: "set-test", tag: tagAuthoring, need: edit, status: 200,
		summary: "Write the rules of a test",
		about:   "They hold for attempts that begin from now on; one that runs stays by those it began under. Questions must be published and of banks that one may use. Times are in seconds.",
		fails:   append(faults{assessment.ErrMoved}, noTest...),
	}, func(ctx context.Context, in *setTestIn) (*testRulesOut, error) {
		if _, err := a.Tests.SetSettings(ctx, assessment.SetInput{Course: in.Course, Lesson: in.Lesson, Number: in.Body.Number, Settings: in.Body.Settings}); err != nil {
			return nil, err
		}
		r, err := a.Tests.Rules(ctx, in.Course, in.Lesson)
		if err != nil {
			return nil, err
		}
		return &testRulesOut{testRules{r.Number, r.Questions(), r.Most(), r.Settings}}, nil
	})
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
		fails:   faults{enrolment.ErrEnrolmentNotFound, catalog.ErrLessonNotFound, assessment.ErrNotATest, assessment.ErrNotFound, assessment.ErrNotOpen, assessment.ErrClosed, assessment.ErrNoTryLeft, assessment.ErrTooSoon, enrolment.ErrWithdrawn},
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

func (a *api) markTestOperations() {
	mark := route.For(policy.EnrolmentMark)
	on(a, operation{
		method: get, path: "/courses/{course}/lessons/{lesson}/test/attempts", id: "list-test-attempts", tag: tagLearning, need: mark,
		summary: "The attempts at a test",
		about:   "What waits for a mark, the longest first; everything else the newest first. Where the test hides names, they are left out until it is marked.", fails: noTest,
	}, func(ctx context.Context, in *sittingsIn) (*pageOut[Sitting], error) {
		list, _, err := a.Tests.Sittings(ctx, assessment.SittingFilter{Course: in.Course, Lesson: in.Lesson, Status: in.Status, Page: in.request()})
		if err != nil {
			return nil, err
		}
		return paged(ctx, list, func(t *assessment.Sitting) Sitting { return showSitting(*t) }), nil
	})
	review := func(ctx context.Context, course, id uid.ID) (*reviewedTestOut, error) {
		r, err := a.Tests.Review(ctx, course, id)
		if err != nil {
			return nil, err
		}
		return &reviewedTestOut{showReview(r)}, nil
	}
	on(a, operation{
		method: get, path: "/courses/{course}/test-attempts/{attempt}", id: "review-test-attempt", tag: tagLearning, need: mark,
		summary: "An attempt for who marks it", about: "With everything told, the author's notes, marks that were given, and what grading anew did.",
		fails: faults{assessment.ErrAttempt, assessment.ErrNotHanded},
	}, func(ctx context.Context, in *sittingIn) (*reviewedTestOut, error) {
		return review(ctx, in.Course, in.ID)
	})
	on(a, operation{
		method: post, path: "/courses/{course}/test-attempts/{attempt}/marks", id: "mark-test-attempt", tag: tagLearning, need: mark, status: 200,
		summary: "Mark answers by hand",
		about:   "All of them or none. Marking again replaces a mark and keeps the one before. Once nothing waits the attempt is graded, and passing completes the lesson.",
		fails:   faults{assessment.ErrAttempt, assessment.ErrNotHanded, assessment.ErrNotByHand, assessment.ErrNoSuchSlot, assessment.ErrOwnAttempt},
	}, func(ctx context.Context, in *markTestIn) (*reviewedTestOut, error) {
		r, err := a.Tests.Review(ctx, in.Course, in.ID)
		if err != nil {
			return nil, err
		}
		f := fault.Fields{}
		var list []assessment.MarkInput
		for n, m := range in.Body.Marks {
			if m.Slot >= len(r.Slots) {
				return nil, assessment.ErrNoSuchSlot
			}
			most := float64(r.Slots[m.Slot].Marks)
			f.Check(m.Points <= most, fmt.Sprintf("marks.%d.points", n), "Give none to all of the marks.")
			list = append(list, assessment.MarkInput{Attempt: in.ID, Slot: m.Slot, Share: body.Share(math.Round(m.Points / most * float64(body.Whole))), Comment: m.Comment})
		}
		if err = f.Err(); err == nil {
			err = a.Tests.MarkAll(ctx, list)
		}
		if err != nil {
			return nil, err
		}
		return review(ctx, in.Course, in.ID)
	})
	on(a, operation{
		method: post, path: "/enrolments/{enrolment}/lessons/{lesson}/test/allowances", id: "allow-more-of-test", tag: tagLearning, need: mark, status: 204,
		summary: "Give one person more time or attempts at a test", about: "From their next attempt on; it replaces what they were given before.",
		fails: faults{enrolment.ErrEnrolmentNotFound, catalog.ErrLessonNotFound, assessment.ErrNotATest, assessment.ErrOwnAttempt},
	}, func(ctx context.Context, in *allowIn) (*struct{}, error) {
		return nil, a.Tests.Allow(ctx, assessment.Allowance{EnrolmentID: in.Enrolment, LessonID: in.Lesson, MorePercent: in.Body.MorePercent, MoreTries: in.Body.MoreTries, Reason: in.Body.Reason})
	})
}

func (r regradeIn) wish() assessment.Regrading {
	out := assessment.Regrading{Course: r.Course, Lesson: r.Lesson, Number: r.Body.Number, Reason: r.Body.Reason}
	for _, m := range r.Body.Mends {
		out.Mends = append(out.Mends, assessment.Mend{Question: m.Question, Version: m.Version, Counts: m.Counts})
	}
	return out
}

func (a *api) regradeOperations() {
	mark := route.For(policy.EnrolmentMark)
	on(a, operation{
		method: get, path: "/courses/{course}/lessons/{lesson}/test/regrades", id: "get-test-regrades", tag: tagLearning, need: mark,
		summary: "What of a test was graded anew, and may be", fails: noTest,
	}, func(ctx context.Context, in *testIn) (*regradesOut, error) {
		m, err := a.Tests.Mendable(ctx, in.Course, in.Lesson)
		if err != nil {
			return nil, err
		}
		out := testRegrades{Number: m.Number, Running: m.Running, Asked: []askedQuestion{}}
		for _, q := range m.Asked {
			out.Asked = append(out.Asked, askedQuestion{q.Question, q.Title, q.Version, q.Newest, q.Attempts, q.Mend})
		}
		return &regradesOut{out}, nil
	})
	on(a, operation{
		method: post, path: "/courses/{course}/lessons/{lesson}/test/regrades/preview", id: "preview-test-regrade", tag: tagLearning, need: mark, status: 200,
		summary: "What grading a test anew would change; nothing is kept", fails: append(faults{assessment.ErrMoved, assessment.ErrNoMend}, noTest...),
	}, func(ctx context.Context, in *regradeIn) (*regradePreviewOut, error) {
		p, err := a.Tests.PreviewRegrade(ctx, in.wish())
		if err != nil {
			return nil, err
		}
		out := regradePreview{Attempts: p.Attempts, Changed: p.Changed, Up: p.Up, Down: p.Down, NowPassed: p.NowPassed, NowFailed: p.NowFailed, Changes: []regradeChange{}}
		for _, c := range p.List {
			out.Changes = append(out.Changes, regradeChange{showSitting(c.Sitting), c.PercentAfter, c.PassedAfter})
		}
		return &regradePreviewOut{out}, nil
	})
	on(a, operation{
		method: post, path: "/courses/{course}/lessons/{lesson}/test/regrades", id: "regrade-test", tag: tagLearning, need: mark, status: 202,
		summary: "Grade a test anew",
		about:   "Every attempt that ended, and those that run when they end. It goes on by itself after this is answered; each attempt that changes gives an event test.regraded.",
		fails:   append(faults{assessment.ErrMoved, assessment.ErrNoMend, assessment.ErrRegrading}, noTest...),
	}, func(ctx context.Context, in *regradeIn) (*regradedOut, error) {
		n, err := a.Tests.Regrade(ctx, in.wish())
		if err != nil {
			return nil, err
		}
		out := &regradedOut{}
		out.Body.Number = n
		return out, nil
	})
	on(a, operation{
		method: get, path: "/courses/{course}/lessons/{lesson}/test/analysis", id: "analyse-test", tag: tagLearning, need: mark,
		summary: "Item analysis of a test", about: "By the classical test theory, over graded attempts; see docs/TESTS.md for the formulas.", fails: noTest,
	}, func(ctx context.Context, in *analysisIn) (*analysisOut, error) {
		x, err := a.Tests.Analyse(ctx, in.Course, in.Lesson, !in.All)
		if err != nil {
			return nil, err
		}
		return &analysisOut{showAnalysis(x)}, nil
	})
}

// testAnalysis is the item analysis of a test.
type testAnalysis struct {
	Attempts  int            `json:"attempts"`
	Passed    int            `json:"passed"`
	Mean      float64        `json:"mean" doc:"Percent."`
	Median    float64        `json:"median" doc:"Percent."`
	Deviation float64        `json:"deviation" doc:"Percent."`
	Alpha     *float64       `json:"alpha,omitempty" doc:"Cronbach's alpha, KR-20 for right or wrong. Left out where attempts asked different questions, or there are too few."`
	Error     *float64       `json:"error,omitempty" doc:"Standard error of measurement, in percent."`
	Items     []analysedItem `json:"items"`
}

type analysedItem struct {
	Question       uid.ID            `json:"question"`
	Version        int               `json:"version"`
	Title          string            `json:"title"`
	Kind           body.Kind         `json:"kind"`
	Answers        int               `json:"answers"`
	Difficulty     float64           `json:"difficulty" doc:"Mean share of the marks; 1: everybody has them all."`
	Discrimination *float64          `json:"discrimination,omitempty" doc:"Correlation with the rest of the score."`
	Spread         *float64          `json:"spread,omitempty" doc:"Mean share of the best 27 % less that of the weakest 27 %."`
	Seconds        *float64          `json:"seconds,omitempty" doc:"Median, from the answer before to this one."`
	Flags          []assessment.Flag `json:"flags" enum:"key,drawing,weak,hard,easy,dead"`
	Choices        []analysedChoice  `json:"choices"`
}

type analysedChoice struct {
	Text  string  `json:"text" doc:"Markdown."`
	Right bool    `json:"right"`
	Count int     `json:"count"`
	Mean  float64 `json:"mean" doc:"Percent in the whole test of those who chose it."`
}

func showAnalysis(x assessment.Analysis) testAnalysis {
	out := testAnalysis{Attempts: x.Totals.Attempts, Passed: x.Totals.Passed, Mean: x.Totals.Mean, Median: x.Totals.Median, Deviation: x.Totals.Deviation, Alpha: x.Alpha, Error: x.Error, Items: []analysedItem{}}
	for _, i := range x.Items {
		one := analysedItem{Question: i.Question, Version: i.Version, Title: i.Title, Kind: i.Kind, Answers: i.Count, Difficulty: i.Mean, Discrimination: i.Rest, Spread: i.Spread, Seconds: i.Seconds, Flags: listed(i.Flags), Choices: []analysedChoice{}}
		for _, c := range i.Choices {
			one.Choices = append(one.Choices, analysedChoice{c.Text, c.Right, c.Count, c.Mean})
		}
		out.Items = append(out.Items, one)
	}
	return out
}
