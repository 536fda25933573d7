package desk

import (
	"context"
	"slices"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// Whose courses an overview is about.
type Whose string

const (
	// Mine are the courses that whoever asks made.
	Mine Whose = "mine"
	// All are all courses that somebody is in.
	All Whose = "all"
)

// Standing is a course among others.
type Standing struct {
	CourseID uid.ID
	Title    string
	Counts
	StuckID    *uid.ID // the lesson in which most quiet people were last seen; nil: nobody is quiet
	StuckTitle string
	Stuck      int
	Drop       *Drop `gorm:"-"` // where most people stop; nil: nowhere
}

// Drop is where most people of a course stop: they completed the lesson before (or are in the course, where it is the
// first), and not this one.
type Drop struct {
	CourseID uid.ID
	LessonID uid.ID
	Title    string
	Before   int // who got there
	Lost     int // who did not complete it
}

// Straggler is somebody who is behind in one of several courses.
type Straggler struct {
	CourseID    uid.ID
	CourseTitle string
	EnrolmentID uid.ID
	PersonID    uid.ID
	Name        string
	Email       string
	Percent     int
	EnrolledAt  time.Time
	DueAt       *time.Time
	SeenAt      *time.Time
	LastTitle   string // of the lesson they were in last; "": none, or it is in the course no more
	MessagedAt  *time.Time
	Quiet       bool
	Unbegun     bool
	Overdue     bool
}

// Totals is how all of the courses stand together. People who are in several count in each.
type Totals struct {
	Courses int
	Counts
}

// OverviewFilter narrows an overview.
type OverviewFilter struct {
	Whose Whose // "" is All
	Who   Who   // of the people; "" is Behind
	Page  page.Request
}

// by is who made the courses; uid.Nil for anybody.
func (f OverviewFilter) by(ctx context.Context) (uid.ID, error) {
	switch f.Whose {
	case Mine:
		who, _ := auth.PrincipalFrom(ctx)
		return who.PersonID, nil
	case All, "":
		return uid.Nil, nil
	}
	return uid.Nil, fault.Invalid(map[string]string{"whose": "Choose mine or all."})
}

// Totals counts how the courses stand together. It needs enrolment:manage.
func (s *Service) Totals(ctx context.Context, f OverviewFilter) (t Totals, err error) {
	if err = auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return t, err
	}
	by, err := f.by(ctx)
	if err != nil {
		return t, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		t, err = s.keep.DeskTotals(ctx, by, cutAt(s.now()))
		return err
	})
	return t, err
}

// Courses lists the courses that somebody is in, the one with most people behind first. It needs enrolment:manage.
func (s *Service) Courses(ctx context.Context, f OverviewFilter) (out page.Of[Standing], err error) {
	if err = auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return out, err
	}
	by, err := f.by(ctx)
	if err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if out, err = s.keep.DeskCourses(ctx, by, cutAt(s.now()), f.Page); err != nil {
			return err
		}
		ids := make([]uid.ID, len(out.Items))
		for i, c := range out.Items {
			ids[i] = c.CourseID
		}
		drops, err := s.keep.DeskDrops(ctx, ids)
		for i, c := range out.Items {
			if n := slices.IndexFunc(drops, func(d Drop) bool { return d.CourseID == c.CourseID }); n >= 0 {
				out.Items[i].Drop = &drops[n]
			}
		}
		return err
	})
	return out, err
}

// Stragglers lists who is behind in any of the courses; who was not seen for longest first. It needs enrolment:manage.
func (s *Service) Stragglers(ctx context.Context, f OverviewFilter) (out page.Of[Straggler], err error) {
	if err = auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return out, err
	}
	by, err := f.by(ctx)
	if err != nil {
		return out, err
	}
	if f.Who == Everyone {
		f.Who = Behind
	}
	if !f.Who.Known() {
		return out, fault.Invalid(map[string]string{"who": "Choose behind, quiet, unbegun or overdue, or leave it out."})
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		out, err = s.keep.DeskStragglers(ctx, by, f.Who, cutAt(s.now()), f.Page)
		return err
	})
	return out, err
}
