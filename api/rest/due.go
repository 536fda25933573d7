package rest

import (
	"context"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
)

// dueDay is the day by which a course is to be completed.
type dueDay struct {
	DueOn *string `json:"due_on" format:"date" doc:"It ends where the learner is. null takes the date away." example:"2026-12-01"`
}

type dueIn struct {
	ID   uid.ID `path:"enrolment" doc:"The enrolment's id."`
	Body dueDay
}

func (a *api) dueOperations() {
	on(a, operation{
		method: put, path: "/enrolments/{enrolment}/due", id: "set-due-date", tag: tagEnrolments, need: route.For(policy.EnrolmentManage), status: 200,
		summary: "Say by which day a person is to complete a course",
		about:   "The learner is told, and reminded a week and a day before and when it is over.",
		fails:   faults{enrolment.ErrEnrolmentNotFound, enrolment.ErrNoDueDate},
	}, func(ctx context.Context, in *dueIn) (*enrolledOut, error) {
		day, err := readDay(in.Body.DueOn)
		if err != nil {
			return nil, err
		}
		e, err := a.Enrolment.SetDue(ctx, in.ID, day)
		if err != nil {
			return nil, err
		}
		return &enrolledOut{showEnrolment(&e)}, nil
	})
}

// readDay reads a day; nil for none.
func readDay(text *string) (*enrolment.Day, error) {
	if text == nil || *text == "" {
		return nil, nil //nolint:nilnil // no day is a choice
	}
	day, ok := enrolment.ParseDay(*text)
	if !ok {
		return nil, fault.Invalid(map[string]string{"due_on": "Write a day as year-month-day, for example 2026-03-31."})
	}
	return &day, nil
}
