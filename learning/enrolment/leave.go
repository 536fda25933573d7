package enrolment

import (
	"context"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// Leave takes who asks out of a course that they are in by their own wish; what they did so far is kept, and they may come
// back by themselves as far as the course lets people in. It tells of it as enrolment.withdrawn, so that their place goes to
// who waits, and needs enrolment:self. ErrNotYoursToLeave where someone else put them into it or set them a date,
// ErrCompleted for what is done; who has left already stays so.
func (s *Service) Leave(ctx context.Context, id uid.ID) error {
	who, err := learner(ctx)
	if err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		e, err := s.keep.LockEnrolment(ctx, id)
		switch {
		case err != nil:
			return err
		case e.PersonID != who.PersonID:
			return ErrEnrolmentNotFound
		case e.Left():
			return nil
		case e.Status == StatusWithdrawn:
			return ErrWithdrawn
		case e.Status == StatusCompleted:
			return ErrCompleted.Saying("You have completed this course. The record stays.")
		case !e.MayLeave():
			return ErrNotYoursToLeave
		}
		at := s.now()
		e.Status, e.LeftAt = StatusWithdrawn, &at
		if err = s.keep.UpdateEnrolment(ctx, e); err != nil {
			return err
		}
		return s.tell(ctx, "enrolment.withdrawn", e, Learner{ID: who.PersonID, Name: who.Name})
	})
}

// comeBack brings who left a course back into it; who is in it meanwhile, by another request of theirs, is so already.
func (s *Service) comeBack(ctx context.Context, c catalog.Course, wish Enrolment, l Learner) (Enrolment, error) {
	was, err := s.keep.EnrolmentIn(ctx, wish.PersonID, c.ID)
	if err != nil {
		return Enrolment{}, err
	}
	if was, err = s.keep.LockEnrolment(ctx, was.ID); err != nil {
		return Enrolment{}, err
	}
	if !was.Left() {
		return was, open(was)
	}
	back, err := s.reinstate(ctx, c, wish)
	if err != nil {
		return Enrolment{}, err
	}
	return back, s.tell(ctx, "enrolment.reinstated", back, l)
}
