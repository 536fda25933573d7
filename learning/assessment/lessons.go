package assessment

import (
	"context"

	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
)

// enrolled tells the lessons of enrolments what tests came to.
type enrolled struct{ enrol *enrolment.Service }

// LessonsOf gives what tells lessons of enrolments: passing completes the lesson.
func LessonsOf(e *enrolment.Service) Lessons { return enrolled{e} }

// Begun notes that somebody is in a lesson.
func (l enrolled) Begun(ctx context.Context, enrol, lesson uid.ID) error {
	return l.enrol.Enter(ctx, enrol, lesson)
}

// Tested notes an attempt in its lesson.
func (l enrolled) Tested(ctx context.Context, a Attempt) error {
	return l.enrol.Tested(ctx, enrolment.Tested{Enrolment: a.EnrolmentID, Lesson: a.LessonID, Attempt: a.ID, Percent: a.Percent, Passed: a.Passed})
}
