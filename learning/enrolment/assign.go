package enrolment

import (
	"context"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// Assignment is someone to be put into a course on somebody's behalf.
type Assignment struct {
	Course uid.ID
	Person uid.ID
	By     *uid.ID // who wished it; nil: a rule of the portal's
	On     *Day    // by when it is to be completed, where the person is; nil: no date
}

// Assign is Enrol as a job does it, whatever the permissions of who wished it: the person is put into a published course on
// the version of today, event enrolment.created. Who is in it, or was withdrawn from it, stays as they are: added is false.
// Nor is a deactivated person added. Field: due_on.
func (s *Service) Assign(ctx context.Context, in Assignment) (added bool, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.keep.ShareCourse(ctx, in.Course)
		if err != nil {
			return err
		}
		if err = takes(c); err != nil {
			return err
		}
		l, err := s.keep.LearnerByID(ctx, in.Person)
		if err != nil || l.Deactivated {
			return err
		}
		e := s.fresh(c, in.Person, SourceAssigned)
		e.EnrolledBy = in.By
		if added, err = s.keep.AddEnrolment(ctx, e); err != nil || !added {
			return err
		}
		if err = s.tell(ctx, "enrolment.created", e, l); err != nil || in.On == nil {
			return err
		}
		_, err = s.setDue(ctx, e, in.On, true)
		return err
	})
	return added && err == nil, err
}

// RosterIn is Roster narrowed to the people of a group; uid.Nil does not narrow. It needs enrolment:manage.
func (s *Service) RosterIn(ctx context.Context, course, group uid.ID, p page.Request) (out page.Of[Roster], err error) {
	if err = auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if _, err = s.keep.CourseByID(ctx, course); err != nil {
			return err
		}
		out, err = s.keep.RosterIn(ctx, course, group, p)
		return err
	})
	return out, err
}
