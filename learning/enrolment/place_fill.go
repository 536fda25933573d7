package enrolment

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// FillPlaces gives the free places of a course to who waits longest and could begin, and says how many; who still lacks
// what the course asks for first keeps their turn. It is a job's: it asks for no permission, and run twice it gives no place
// twice.
func (s *Service) FillPlaces(ctx context.Context, course uid.ID) (given int, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		given = 0
		c, err := s.keep.LockCourse(ctx, course)
		if err != nil {
			return err
		}
		if takes(c) != nil {
			return nil // archived: who waits goes on waiting
		}
		n := maxFilled
		if c.Capacity > 0 {
			taken, err := s.keep.PlacesTaken(ctx, course)
			if err != nil {
				return err
			}
			n = min(n, c.Capacity-taken)
		}
		if n <= 0 {
			return nil
		}
		next, err := s.keep.NextWaiting(ctx, course, n)
		if err != nil {
			return err
		}
		for _, r := range next {
			at := s.now()
			r.DecidedAt = &at
			if err = s.grant(ctx, c, &r); err != nil {
				return fmt.Errorf("grant request %s: %w", r.ID, err)
			}
			given++
		}
		return nil
	})
	return given, err
}

// maxFilled bounds how many places one job gives in one transaction; the sweep gives the rest.
const maxFilled = 200

// FillAllPlaces does FillPlaces for every course that someone waits for: the sweep for what no event told of.
func (s *Service) FillAllPlaces(ctx context.Context) (given int, err error) {
	var courses []uid.ID
	if err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		courses, err = s.keep.CoursesWaitedFor(ctx)
		return err
	}); err != nil {
		return 0, err
	}
	for _, id := range courses {
		n, err := s.FillPlaces(ctx, id)
		if given += n; err != nil {
			return given, err
		}
	}
	return given, nil
}

// PlaceRequests lists who asked for a place in a course, in the order they asked. It needs enrolment:manage.
func (s *Service) PlaceRequests(ctx context.Context, f PlaceFilter) (out page.Of[PlaceAsked], err error) {
	if err = auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return out, err
	}
	switch f.Status {
	case "", RequestOpen, RequestGranted, RequestRefused, RequestTakenBack:
	default:
		return out, fault.Fields{"status": "Choose open, granted, refused or taken_back."}.Err()
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if _, err = s.keep.CourseByID(ctx, f.Course); err != nil {
			return err
		}
		out, err = s.keep.PlaceRequestsOf(ctx, f)
		return err
	})
	return out, err
}

// PlaceRequest gives one request with whose it is. It needs enrolment:manage; ErrRequestNotFound.
func (s *Service) PlaceRequest(ctx context.Context, id uid.ID) (r PlaceAsked, err error) {
	if err = auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return r, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		r, err = s.keep.PlaceRequestByID(ctx, id)
		return err
	})
	return r, err
}

// PlacesIn tells how the places of a course stand, for who asks. It needs course:read.
func (s *Service) PlacesIn(ctx context.Context, c catalog.Course) (p Places, err error) {
	if err = auth.Require(ctx, policy.CourseRead); err != nil {
		return p, err
	}
	if c.Capacity <= 0 && c.Visibility != catalog.VisibleOnRequest {
		return p, nil
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, err = s.keep.PlacesOf(ctx, who.PersonID, c.ID)
		return err
	})
	p.Capacity = c.Capacity
	if p.Mine != nil && p.Mine.Status != RequestOpen && p.Mine.Status != RequestRefused {
		p.Mine = nil
	}
	return p, err
}

// placeNote is a text with a request or an answer, bounded.
func placeNote(field, text string) (string, error) {
	text = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), ""))
	f := fault.Fields{}
	f.Check(utf8.RuneCountInString(text) <= MaxPlaceNote, field, fmt.Sprintf("Use at most %d characters.", MaxPlaceNote))
	return text, f.Err()
}

// tellPlace appends an event about a request; its subject is the course.
func (s *Service) tellPlace(ctx context.Context, typ string, c catalog.Course, r PlaceRequest, l Learner) error {
	title := c.Slug
	if c.PublishedID != nil {
		v, err := s.keep.VersionByID(ctx, *c.PublishedID)
		if err != nil {
			return err
		}
		title = v.Title
	}
	return s.tellOf(ctx, typ, "course", c.ID, map[string]any{
		"request_id": r.ID, "kind": r.Kind, "person_id": l.ID, "person_name": l.Name, "course_id": c.ID, "course_title": title, "course_slug": c.Slug, "answer": r.Answer,
	})
}
