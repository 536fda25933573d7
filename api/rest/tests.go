package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/assessment"
	"lyceum/learning/catalog"
	body "lyceum/learning/question"
)

// testRules are the rules of a test as its author has them.
type testRules struct {
	Number    int                 `json:"number" doc:"Their version; 0: nobody has written the test yet."`
	Questions int                 `json:"questions" doc:"How many an attempt asks."`
	Most      int                 `json:"most" doc:"Marks that can be reached."`
	Settings  assessment.Settings `json:"settings"`
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
	testRulesOut struct{ Body testRules }
)

// marksOf gives millionths as marks.
func marksOf(s body.Share) float64 { return float64(s) / float64(body.Whole) }

func showTestAttempt(a assessment.Attempt) TestAttempt {
	return TestAttempt{
		ID: a.ID, LessonID: a.LessonID, CourseID: a.CourseID, Number: a.Number, Status: a.Status, StartedAt: utc(a.StartedAt), EndsAt: utcOrNone(a.EndsAt), EndedAt: utcOrNone(a.EndedAt), EndedBy: a.EndedBy,
		Points: marksOf(a.Points), Most: marksOf(a.Most), Percent: a.Percent, Passed: a.Passed, Regrade: a.Regrade,
	}
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
