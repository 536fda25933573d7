package path

import (
	"context"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// Waiver lets a person start a course without what it asks for first.
type Waiver struct {
	CourseID uid.ID
	PersonID uid.ID
	WaivedBy *uid.ID
	WaivedAt time.Time
}

// TableName is prerequisite_waivers.
func (Waiver) TableName() string { return "prerequisite_waivers" }

// Waived is a waiver as the course's list shows it.
type Waived struct {
	Waiver
	PersonName  string
	PersonEmail string
}

// Waive lets a person start a course without what it asks for first, and tells of it as prerequisite.waived. Done again
// it changes nothing. It needs enrolment:manage.
func (s *Service) Waive(ctx context.Context, course, person uid.ID) error {
	if err := auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return err
	}
	who, _ := auth.PrincipalFrom(ctx)
	return s.waiver(ctx, course, person, "prerequisite.waived", func(ctx context.Context) (bool, error) {
		return s.keep.PutWaiver(ctx, Waiver{CourseID: course, PersonID: person, WaivedBy: &who.PersonID, WaivedAt: s.now()})
	})
}

// Unwaive takes a waiver back; who has started meanwhile goes on. It tells of it as prerequisite.unwaived and needs
// enrolment:manage.
func (s *Service) Unwaive(ctx context.Context, course, person uid.ID) error {
	if err := auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return err
	}
	return s.waiver(ctx, course, person, "prerequisite.unwaived", func(ctx context.Context) (bool, error) {
		return s.keep.RemoveWaiver(ctx, course, person)
	})
}

func (s *Service) waiver(ctx context.Context, course, person uid.ID, happened string, do func(context.Context) (bool, error)) error {
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.keep.CourseByID(ctx, course)
		if err != nil {
			return err
		}
		l, err := s.keep.LearnerByID(ctx, person)
		if err != nil {
			return err
		}
		changed, err := do(ctx)
		if err != nil || !changed {
			return err
		}
		return s.tellOf(ctx, happened, "course", course, map[string]any{"slug": c.Slug, "person_id": l.ID, "person_name": l.Name})
	})
}

// Waivers lists who may start a course without what it asks for first. It needs enrolment:manage.
func (s *Service) Waivers(ctx context.Context, course uid.ID, p page.Request) (out page.Of[Waived], err error) {
	if err = auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if _, err = s.keep.CourseByID(ctx, course); err != nil {
			return err
		}
		out, err = s.keep.WaiversOf(ctx, course, p)
		return err
	})
	return out, err
}
