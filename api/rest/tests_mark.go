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
	"lyceum/learning/rubric"
)

// Sitting is an attempt with whose it is.
type Sitting struct {
	TestAttempt
	EnrolmentID *uid.ID `json:"enrolment_id,omitempty" doc:"Left out where names are hidden."`
	PersonID    *uid.ID `json:"person_id,omitempty"`
	PersonName  string  `json:"person_name,omitempty"`
	Alias       string  `json:"alias,omitempty" doc:"Stands for the person while names are hidden."`
	Objections  int     `json:"objections,omitempty" doc:"To marks, that wait for an answer; in lists."`
	MarkedByMe  bool    `json:"marked_by_me,omitempty" doc:"Whoever asks gave a mark, and it waits for others; in lists."`
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
	Given  []givenMark `json:"marks_given" doc:"In the order in which they were given. Of one marker the last one counts."`

	Stage  assessment.Stage `json:"stage,omitempty" enum:",second,apart,ready" doc:"What marking by hand has come to. Second and apart: another person is needed."`
	Hidden int              `json:"marks_hidden,omitempty" doc:"Marks of others, kept back until whoever asks has given theirs."`
	Rubric *rubric.Rubric   `json:"rubric,omitempty" doc:"What it is marked by: its most points are all of the question's marks."`
}

type givenMark struct {
	Kind     assessment.MarkKind `json:"kind" enum:"mark,agreed,appeal"`
	Points   float64             `json:"points"`
	Criteria []testPick          `json:"criteria,omitempty"`
	Comment  string              `json:"comment,omitempty"`
	MarkerID uid.ID              `json:"marker_id"`
	At       time.Time           `json:"at"`
}

// testPick is a level that was chosen of a rubric, with what it said then.
type testPick struct {
	Criterion int     `json:"criterion"`
	Level     int     `json:"level"`
	Comment   string  `json:"comment,omitempty"`
	Title     string  `json:"title"`
	Chosen    string  `json:"chosen"`
	Points    float64 `json:"points"`
	Max       float64 `json:"max"`
}

// testPicks are the levels that one mark chose.
type testPicks struct {
	Levels []testPick `json:"levels"`
}

// testAppeal is an objection to how an answer was marked.
type testAppeal struct {
	Reason     string     `json:"reason"`
	AskedAt    time.Time  `json:"asked_at"`
	Answer     string     `json:"answer,omitempty" doc:"Left out: it waits."`
	Changed    *bool      `json:"changed,omitempty" doc:"Another mark was given."`
	Before     float64    `json:"before" doc:"Marks."`
	After      *float64   `json:"after,omitempty" doc:"Marks."`
	AnsweredAt *time.Time `json:"answered_at,omitempty"`
}

// openTestAppeal is an objection that waits for an answer.
type openTestAppeal struct {
	AttemptID   uid.ID    `json:"attempt_id"`
	Slot        int       `json:"slot"`
	CourseID    uid.ID    `json:"course_id"`
	CourseTitle string    `json:"course_title"`
	LessonID    uid.ID    `json:"lesson_id"`
	LessonTitle string    `json:"lesson_title"`
	PersonName  string    `json:"person_name"`
	Reason      string    `json:"reason"`
	AskedAt     time.Time `json:"asked_at"`
}

type (
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
				Slot    int      `json:"slot" minimum:"0"`
				Points  *float64 `json:"points,omitempty" minimum:"0" maximum:"100" doc:"None to all of the question's marks; not read where it has a rubric."`
				Comment string   `json:"comment,omitempty" maxLength:"5000" doc:"To the learner."`

				Criteria []workPick `json:"criteria,omitempty" maxItems:"30" doc:"A level for each criterion, where the question has a rubric."`
				Agreed   bool       `json:"agreed,omitempty" doc:"It is what the markers agreed on, where two people mark: it counts whatever they gave."`
			} `json:"marks" minItems:"1" maxItems:"500"`
		}
	}
	appealTestIn struct {
		ID   uid.ID `path:"attempt" doc:"The attempt's id."`
		Slot int    `path:"slot" minimum:"0" doc:"The question's place, from 0."`
		Body struct {
			Reason string `json:"reason" minLength:"1" maxLength:"2000"`
		}
	}
	answerTestAppealIn struct {
		Course uid.ID `path:"course" doc:"The course's id."`
		ID     uid.ID `path:"attempt" doc:"The attempt's id."`
		Slot   int    `path:"slot" minimum:"0" doc:"The question's place, from 0."`
		Body   struct {
			Change   bool       `json:"change,omitempty" doc:"Another mark is given; else it stays as it is."`
			Points   *float64   `json:"points,omitempty" minimum:"0" maximum:"100" doc:"None to all of the question's marks; not read where it has a rubric."`
			Criteria []workPick `json:"criteria,omitempty" maxItems:"30" doc:"A level for each criterion, where the question has a rubric."`
			Answer   string     `json:"answer" minLength:"1" maxLength:"2000" doc:"To the learner."`
		}
	}
	allowIn struct {
		Enrolment uid.ID `path:"enrolment" doc:"The enrolment's id."`
		Lesson    uid.ID `path:"lesson" doc:"The lesson's id."`
		Body      struct {
			MorePercent *int   `json:"more_percent,omitempty" minimum:"0" maximum:"1000" doc:"Of the time; left out: as it is now."`
			MoreTries   *int   `json:"more_attempts,omitempty" minimum:"0" maximum:"100" doc:"Left out: as it is now."`
			Reason      string `json:"reason" maxLength:"2000" doc:"Kept with it."`
		}
	}
	reviewedTestOut struct{ Body reviewedTest }
)

func showSitting(t assessment.Sitting) Sitting {
	return Sitting{TestAttempt: showTestAttempt(t.Attempt), EnrolmentID: unlessNil(t.EnrolmentID), PersonID: unlessNil(t.PersonID), PersonName: t.PersonName, Alias: t.Alias, Objections: t.Objections, MarkedByMe: t.Mine}
}

func showPicks(list []assessment.Picked) (out []testPick) {
	for _, p := range list {
		out = append(out, testPick{p.Criterion, p.Level, p.Comment, p.Title, p.Chosen, points(p.Points), points(p.Max)})
	}
	return out
}

// typedPart is marks of a question as a share of them; where it has a rubric they are not read.
func typedPart(f fault.Fields, field string, points *float64, r assessment.Review, slot int) body.Share {
	most := float64(r.Slots[slot].Marks)
	if _, rubric := r.Rubrics[slot]; rubric {
		return 0
	}
	f.Check(points != nil && *points <= most, field, "Give none to all of the marks.")
	if points == nil {
		return 0
	}
	return body.Share(math.Round(*points / most * float64(body.Whole)))
}

func points(p rubric.Points) float64 { return float64(p) / float64(rubric.One) }

func pickedOf(list []workPick) (out []rubric.Pick) {
	for _, p := range list {
		out = append(out, rubric.Pick{Criterion: p.Criterion, Level: p.Level, Comment: p.Comment})
	}
	return out
}

func showTestAppeal(a assessment.Appeal, marks int) testAppeal {
	out := testAppeal{Reason: a.Reason, AskedAt: utc(a.AskedAt), Answer: a.Answer, Changed: a.Changed, Before: marksOf(a.Before * body.Share(marks)), AnsweredAt: utcOrNone(a.AnsweredAt)}
	if a.After != nil {
		after := marksOf(*a.After * body.Share(marks))
		out.After = &after
	}
	return out
}

func showReview(r assessment.Review) reviewedTest {
	out := reviewedTest{Sitting: showSitting(r.Sitting), Items: []reviewedItem{}, Changes: []regraded{}}
	for _, i := range r.View.Items {
		_, hand := r.ByHand[i.Slot]
		one := reviewedItem{TakenItem: showItem(i), ByHand: hand, Notes: r.Notes[i.Slot], Given: []givenMark{}, Stage: r.Stages[i.Slot], Hidden: r.Others[i.Slot]}
		if by, ok := r.Rubrics[i.Slot]; ok {
			one.Rubric = &by
		}
		for _, m := range r.History[i.Slot] {
			one.Given = append(one.Given, givenMark{Kind: m.Kind, Criteria: showPicks(m.Picks), Points: marksOf(m.Share * body.Share(i.Marks)), Comment: m.Comment, MarkerID: m.MarkerID, At: utc(m.At)})
		}
		out.Items = append(out.Items, one)
	}
	for _, c := range r.Changes {
		out.Changes = append(out.Changes, regraded{Regrade: c.Number, PercentBefore: c.PercentBefore, PassedBefore: c.PassedBefore, Percent: c.Percent, Passed: c.Passed, Reason: c.Reason, At: utc(c.At)})
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
		about:   "All of them or none. Marking again replaces a mark and keeps the one before. Once nothing waits the attempt is graded, and passing completes the lesson. Where two people mark, the mean of their marks counts when they are near enough; else the two closest of three, or what they agreed on.",
		fails:   faults{assessment.ErrAttempt, assessment.ErrNotHanded, assessment.ErrNotByHand, assessment.ErrNoSuchSlot, assessment.ErrOwnAttempt, assessment.ErrMarkedOnce, assessment.ErrSettled, assessment.ErrNotApart},
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
			share := typedPart(f, fmt.Sprintf("marks.%d.points", n), m.Points, r, m.Slot)
			list = append(list, assessment.MarkInput{Attempt: in.ID, Slot: m.Slot, Share: share, Picks: pickedOf(m.Criteria), Comment: m.Comment, Agreed: m.Agreed})
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
		method: get, path: "/test-appeals", id: "list-test-appeals", tag: tagLearning, need: mark,
		summary: "Objections to marks of tests that wait for an answer, the longest first",
	}, func(ctx context.Context, in *struct{ Paging }) (*pageOut[openTestAppeal], error) {
		list, err := a.Tests.Appeals(ctx, in.request())
		if err != nil {
			return nil, err
		}
		return paged(ctx, list, func(o *assessment.Objection) openTestAppeal {
			return openTestAppeal{o.AttemptID, o.Slot, o.CourseID, o.CourseTitle, o.LessonID, o.LessonTitle, o.PersonName, o.Reason, utc(o.AskedAt)}
		}), nil
	})
	on(a, operation{
		method: post, path: "/courses/{course}/test-attempts/{attempt}/answers/{slot}/appeal/answer", id: "answer-test-appeal", tag: tagLearning, need: mark, status: 200,
		summary: "Answer an objection to how an answer was marked",
		about:   "By another mark, also where the question marked itself, or by leaving it as it is. What was completed stays completed.",
		fails:   faults{assessment.ErrAttempt, assessment.ErrNotHanded, assessment.ErrNoSuchSlot, assessment.ErrOwnAttempt, assessment.ErrNoneOpen},
	}, func(ctx context.Context, in *answerTestAppealIn) (*reviewedTestOut, error) {
		r, err := a.Tests.Review(ctx, in.Course, in.ID)
		if err != nil {
			return nil, err
		}
		if in.Slot >= len(r.Slots) {
			return nil, assessment.ErrNoSuchSlot
		}
		f, share := fault.Fields{}, body.Share(0)
		if in.Body.Change {
			share = typedPart(f, "points", in.Body.Points, r, in.Slot)
		}
		if err = f.Err(); err != nil {
			return nil, err
		}
		if err = a.Tests.AnswerAppeal(ctx, assessment.AnswerInput{
			Attempt: in.ID, Slot: in.Slot, Change: in.Body.Change, Share: share, Picks: pickedOf(in.Body.Criteria), Answer: in.Body.Answer,
		}); err != nil {
			return nil, err
		}
		return review(ctx, in.Course, in.ID)
	})
	on(a, operation{
		method: post, path: "/enrolments/{enrolment}/lessons/{lesson}/test/allowances", id: "allow-more-of-test", tag: tagLearning, need: mark, status: 204,
		summary: "Give one person more time or attempts at a test", about: "From their next attempt on, also before the first. What is left out stays as they were given it before.",
		fails: faults{enrolment.ErrEnrolmentNotFound, catalog.ErrLessonNotFound, assessment.ErrNotATest, assessment.ErrOwnAttempt},
	}, func(ctx context.Context, in *allowIn) (*struct{}, error) {
		return nil, a.Tests.Allow(ctx, assessment.AllowInput{Enrolment: in.Enrolment, Lesson: in.Lesson, MorePercent: in.Body.MorePercent, MoreTries: in.Body.MoreTries, Reason: in.Body.Reason})
	})
}
