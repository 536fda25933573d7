package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/assignment"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
)

// player is a lesson to learn from, in its course.
type player struct {
	Enrolment  enrolled   `json:"enrolment"`
	Course     outline    `json:"course" doc:"The version enrolled in; its lessons come without text and questions."`
	Progress   []progress `json:"progress" doc:"The lessons begun, in the order of the course."`
	Lesson     lesson     `json:"lesson" doc:"The lesson shown, whole. Its questions come with what is correct once it is passed."`
	Seconds    float64    `json:"seconds,omitempty" doc:"The duration of its recording, if known."`
	ByContinue bool       `json:"by_continue" doc:"It is completed by /complete, once it was looked at for as long as it asks."`
	Completes  completion `json:"completes" doc:"What completes the lesson shown, with nothing left to a default."`
	Reached    int        `json:"reached_percent" doc:"How far one is with that."`
	Left       int        `json:"seconds_left,omitempty" doc:"How long the lesson must still be looked at before /complete."`
	Handed     []handed   `json:"submissions,omitempty" doc:"What was handed in for the lesson shown, the newest first, 20 at most."`
	Attempts   []attempt  `json:"attempts" doc:"Of the quiz shown, the newest first, 20 at most."`
	PreviousID *uid.ID    `json:"previous_lesson_id,omitempty"`
	NextID     *uid.ID    `json:"next_lesson_id,omitempty"`
}

// progress is one person in one lesson.
type progress struct {
	LessonID    uid.ID                   `json:"lesson_id"`
	Status      enrolment.ProgressStatus `json:"status" enum:"started,completed"`
	Position    float64                  `json:"position" doc:"The second of the recording to go on at."`
	Watched     enrolment.Intervals      `json:"watched" doc:"The seconds of the recording that were played, as [from, to]."`
	Looked      float64                  `json:"seconds_seen" doc:"How long the lesson was in front of the person, or playing."`
	Evidence    *evidence                `json:"evidence,omitempty"`
	StartedAt   time.Time                `json:"started_at"`
	UpdatedAt   time.Time                `json:"updated_at"`
	CompletedAt *time.Time               `json:"completed_at,omitempty"`
}

// evidence is why a lesson counts as completed.
type evidence struct {
	Rule         catalog.Rule `json:"rule" enum:"viewed,watched,passed,submitted,marked"`
	EventID      *uid.ID      `json:"event_id,omitempty" doc:"The entry of the learning log that met the rule."`
	SessionID    *uid.ID      `json:"session_id,omitempty" doc:"The session it happened in."`
	AttemptID    *uid.ID      `json:"attempt_id,omitempty" doc:"The attempt that passed."`
	SubmissionID *uid.ID      `json:"submission_id,omitempty" doc:"What was handed in."`
	Percent      int          `json:"percent,omitempty" doc:"Watched or scored."`
	Seconds      int          `json:"seconds,omitempty" doc:"Looked at."`
	Needed       int          `json:"needed,omitempty" doc:"What the rule asked for: seconds looked at, percent watched or scored."`
}

// attempt is a quiz handed in.
type attempt struct {
	ID          uid.ID    `json:"id"`
	LessonID    uid.ID    `json:"lesson_id"`
	Number      int       `json:"number"`
	Percent     int       `json:"percent"`
	Passed      bool      `json:"passed"`
	Right       []uid.ID  `json:"right" doc:"The questions answered right."`
	SubmittedAt time.Time `json:"submitted_at"`
}

// openLesson says which lesson to open.
type openLesson struct {
	LessonID *uid.ID `json:"lesson_id,omitempty" doc:"Left out, it is where one was."`
}

// watchReport is what was played of a video since the last report.
type watchReport struct {
	Position float64             `json:"position" minimum:"0" doc:"The second the player stands at."`
	Played   enrolment.Intervals `json:"played" doc:"The seconds really played since the last report, as [from, to]; earlier ones may be repeated."`
}

// answerSheet is a quiz to hand in.
type answerSheet struct {
	Answers enrolment.Answers `json:"answers" doc:"For each question, by its id, the ids of the options chosen."`
}

type openIn struct {
	Course string `path:"course" doc:"The course's address or its id." example:"fire-safety"`
	Body   *openLesson
}

type stepIn struct {
	Enrolment uid.ID `path:"enrolment" doc:"The enrolment's id."`
	Lesson    uid.ID `path:"lesson" doc:"The lesson's id."`
}

type watchIn struct {
	Enrolment uid.ID `path:"enrolment" doc:"The enrolment's id."`
	Lesson    uid.ID `path:"lesson" doc:"The lesson's id."`
	Body      watchReport
}

type attemptIn struct {
	Enrolment uid.ID `path:"enrolment" doc:"The enrolment's id."`
	Lesson    uid.ID `path:"lesson" doc:"The lesson's id."`
	Body      answerSheet
}

type playerOut struct{ Body player }

type progressOut struct{ Body progress }

type attemptOut struct{ Body attempt }

func (a *api) learningOperations() {
	inStep := faults{enrolment.ErrEnrolmentNotFound, enrolment.ErrWithdrawn, catalog.ErrLessonNotFound}
	on(a, operation{
		method: post, path: "/courses/{course}/open", id: "open-lesson", tag: tagLearning, need: route.For(policy.EnrolmentSelf), status: 200,
		summary: "Open a lesson of a course one is enrolled in",
		about:   "The lesson named, or the one to go on with. The first time it begins the course and the lesson: this counts as learning.",
		fails:   append(faults{catalog.ErrCourseNotFound}, inStep...),
	}, func(ctx context.Context, in *openIn) (*playerOut, error) {
		slug, err := a.addressOf(ctx, in.Course)
		if err != nil {
			return nil, err
		}
		var wish *uid.ID
		if in.Body != nil {
			wish = in.Body.LessonID
		}
		p, err := a.Enrolment.Open(ctx, slug, wish)
		if err != nil {
			return nil, err
		}
		return &playerOut{showPlayer(p)}, nil
	})
	on(a, operation{
		method: post, path: "/enrolments/{enrolment}/lessons/{lesson}/complete", id: "complete-lesson", tag: tagLearning, need: route.For(policy.EnrolmentSelf), status: 200,
		summary: "Complete a lesson that was looked at",
		about:   "Done again it changes nothing. With the last lesson the course is completed.",
		fails:   append(faults{enrolment.ErrNotByContinue, enrolment.ErrTooSoon}, inStep...),
	}, func(ctx context.Context, in *stepIn) (*enrolledOut, error) {
		e, err := a.Enrolment.Continue(ctx, in.Enrolment, in.Lesson)
		if err != nil {
			return nil, err
		}
		return &enrolledOut{showEnrolment(&e)}, nil
	})
	on(a, operation{
		method: post, path: "/enrolments/{enrolment}/lessons/{lesson}/watch", id: "watch-lesson", tag: tagLearning, need: route.For(policy.EnrolmentSelf), status: 200,
		summary: "Report what was played of a recording since the last report",
		about:   "For players that keep no time: the lesson is taken to have been in front of the person since the last report. /reports says more and may come late.",
		fails:   append(faults{enrolment.ErrNotAVideo, enrolment.ErrWatchedTooFast}, inStep...),
	}, func(ctx context.Context, in *watchIn) (*progressOut, error) {
		p, err := a.Enrolment.Watch(ctx, enrolment.WatchInput{Enrolment: in.Enrolment, Lesson: in.Lesson, Position: in.Body.Position, Played: in.Body.Played})
		if err != nil {
			return nil, err
		}
		return &progressOut{showProgress(p)}, nil
	})
	on(a, operation{
		method: post, path: "/enrolments/{enrolment}/lessons/{lesson}/attempts", id: "submit-attempt", tag: tagLearning, need: route.For(policy.EnrolmentSelf), status: 201,
		summary: "Hand a quiz in",
		about:   "It is graded once. A question without an answer is told as answers.<question id>.",
		fails:   append(faults{enrolment.ErrNotAQuiz}, inStep...),
	}, func(ctx context.Context, in *attemptIn) (*attemptOut, error) {
		handed, err := a.Enrolment.Submit(ctx, in.Enrolment, in.Lesson, in.Body.Answers)
		if err != nil {
			return nil, err
		}
		return &attemptOut{showAttempt(handed)}, nil
	})
}

func showPlayer(p enrolment.Player) player {
	show := answers(p.Progress[p.Lesson.ID].Status == enrolment.ProgressCompleted)
	out := player{
		Enrolment: showEnrolment(&p.Enrolment), Course: showOutline(p.Outline, hidden), Lesson: showLesson(&p.Lesson, show),
		Progress: showProgresses(p.Outline, p.Progress), Seconds: p.Seconds, ByContinue: p.ByContinue(), Completes: completion(p.Completes()), Reached: p.Reached(), Left: p.Left(), Attempts: make([]attempt, len(p.Attempts)),
		PreviousID: p.Previous, NextID: p.Next,
	}
	for i := range p.Attempts {
		out.Attempts[i] = showAttempt(p.Attempts[i])
	}
	for i := range p.Handed {
		out.Handed = append(out.Handed, showWork(assignment.Work{Submission: assignment.Submission{Submission: p.Handed[i]}, PersonID: p.Enrolment.PersonID, CourseID: p.Enrolment.CourseID}))
	}
	return out
}

// showProgresses lists the lessons begun in the order of the course.
func showProgresses(o catalog.Outline, of map[uid.ID]enrolment.Progress) []progress {
	out := []progress{}
	for _, l := range o.Lessons() {
		if begun, ok := of[l.ID]; ok {
			out = append(out, showProgress(begun))
		}
	}
	return out
}

func showProgress(p enrolment.Progress) progress {
	out := progress{
		LessonID: p.LessonID, Status: p.Status, Position: p.Position, Watched: listed(p.Watched), Looked: p.Seen.Seconds(),
		StartedAt: utc(p.StartedAt), UpdatedAt: utc(p.UpdatedAt), CompletedAt: utcOrNone(p.CompletedAt),
	}
	if p.Evidence.Rule != "" {
		e := evidence(p.Evidence)
		out.Evidence = &e
	}
	return out
}

func showAttempt(t enrolment.Attempt) attempt {
	return attempt{
		ID: t.ID, LessonID: t.LessonID, Number: t.Number, Percent: t.Percent, Passed: t.Passed,
		Right: listed(t.Right), SubmittedAt: utc(t.SubmittedAt),
	}
}
