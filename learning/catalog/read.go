package catalog

import (
	"context"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

// Edit gives the course as its authors see it: the draft, or the published version when nothing was changed since.
// It needs course:edit.
func (s *Service) Edit(ctx context.Context, course uid.ID) (out Outline, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return Outline{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.keep.CourseByID(ctx, course)
		if err != nil {
			return err
		}
		out, err = s.outline(ctx, c, c.edited(), s.keep.LessonsOf)
		return err
	})
	return out, err
}

// EditHead is Edit with lessons without body and questions: what the studio's pages about the whole course show.
func (s *Service) EditHead(ctx context.Context, course uid.ID) (out Outline, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return Outline{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.keep.CourseByID(ctx, course)
		if err != nil {
			return err
		}
		out, err = s.outline(ctx, c, c.edited(), s.keep.LessonHeads)
		return err
	})
	return out, err
}

// edited is the version that authors see.
func (c Course) edited() uid.ID {
	if c.DraftID != nil {
		return *c.DraftID
	}
	if c.PublishedID != nil {
		return *c.PublishedID
	}
	return uid.Nil
}

// Head gives the course as those see it who look after its people: the version that people enrol in, or the draft of
// a course that was never published; lessons come without body and questions. It needs enrolment:manage or
// course:edit.
func (s *Service) Head(ctx context.Context, course uid.ID) (out Outline, err error) {
	if err = requireAny(ctx, policy.EnrolmentManage, policy.CourseEdit); err != nil {
		return Outline{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.keep.CourseByID(ctx, course)
		if err != nil {
			return err
		}
		version := c.edited()
		if c.PublishedID != nil {
			version = *c.PublishedID
		}
		out, err = s.outline(ctx, c, version, s.keep.LessonHeads)
		return err
	})
	return out, err
}

// requireAny is nil when who asks may do one of these.
func requireAny(ctx context.Context, permissions ...policy.Permission) (err error) {
	for _, p := range permissions {
		if err = auth.Require(ctx, p); err == nil {
			return nil
		}
	}
	return err
}

// Published gives the version that people enrol in, by the course's slug: what the course page shows, so lessons come
// without body and questions, in the language that who asks reads best. It needs course:read. A draft, a template and what
// who asks may not find are not found; an archived course is ErrNotPublished.
func (s *Service) Published(ctx context.Context, slug string) (Outline, error) {
	return s.published(ctx, uid.Nil, slug)
}

// PublishedByID is Published by the course's id.
func (s *Service) PublishedByID(ctx context.Context, course uid.ID) (Outline, error) {
	return s.published(ctx, course, "")
}

func (s *Service) published(ctx context.Context, id uid.ID, slug string) (out Outline, err error) {
	if err = auth.Require(ctx, policy.CourseRead); err != nil {
		return Outline{}, err
	}
	if id == uid.Nil && CheckSlug(slug) != "" {
		return Outline{}, ErrCourseNotFound
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		o, err := s.keep.PublishedHead(ctx, id, slug, ViewerFrom(ctx))
		switch {
		case err != nil:
			return err
		case o.Course.Status != StatusPublished:
			return ErrNotPublished
		}
		out, err = s.frozen.whole(ctx, s.keep, o)
		return err
	})
	return out, err
}

// BySlug gives the course itself. It needs course:read, enrolment:self or enrolment:manage; a course that was never
// published is found by its authors only, and what learners may not find by its authors and who looks after people.
func (s *Service) BySlug(ctx context.Context, slug string) (Course, error) {
	return s.known(ctx, uid.Nil, slug)
}

// ByID is BySlug by the course's id.
func (s *Service) ByID(ctx context.Context, course uid.ID) (Course, error) {
	return s.known(ctx, course, "")
}

func (s *Service) known(ctx context.Context, id uid.ID, slug string) (c Course, err error) {
	if err = requireAny(ctx, policy.CourseRead, policy.EnrolmentSelf, policy.EnrolmentManage); err != nil {
		return Course{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		switch {
		case requireAny(ctx, policy.CourseEdit, policy.EnrolmentManage) != nil:
			if id == uid.Nil && CheckSlug(slug) != "" {
				return ErrCourseNotFound
			}
			c, err = s.keep.VisibleCourse(ctx, id, slug, ViewerFrom(ctx))
		case id != uid.Nil:
			c, err = s.keep.CourseByID(ctx, id)
		default:
			c, err = s.bySlug(ctx, slug)
		}
		return err
	})
	if err == nil && c.PublishedID == nil && auth.Require(ctx, policy.CourseEdit) != nil {
		return Course{}, ErrCourseNotFound
	}
	return c, err
}

func (s *Service) bySlug(ctx context.Context, slug string) (Course, error) {
	if CheckSlug(slug) != "" {
		return Course{}, ErrCourseNotFound
	}
	return s.keep.CourseBySlug(ctx, slug)
}
