package enrolment

import (
	"context"

	"lyceum/internal/uid"
)

// Tested is what an attempt at a test came to.
type Tested struct {
	Enrolment uid.ID
	Lesson    uid.ID
	Attempt   uid.ID
	Percent   int
	Passed    bool
}

// Tested notes in somebody's learning what an attempt at a test came to: passing completes its lesson, and what was
// completed stays completed. It joins a running transaction and asks for no permission: learning/assessment has.
func (s *Service) Tested(ctx context.Context, t Tested) error {
	return s.noteFor(ctx, t.Enrolment, t.Lesson, func(st *step) {
		st.note(FactAttempted, FactData{Of: &t.Attempt, Percent: t.Percent, Passed: t.Passed})
	})
}

// Enter notes that who asks is in a lesson of theirs now, as opening it does: the first time it begins enrolment and lesson.
// It fails where they may not be in it. It joins a running transaction and needs enrolment:self.
func (s *Service) Enter(ctx context.Context, enrolment, lesson uid.ID) error {
	_, err := s.act(ctx, enrolment, lesson, func(_ context.Context, st *step) error {
		st.enter()
		return nil
	})
	return err
}
