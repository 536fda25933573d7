package duty

import (
	"context"
	"errors"
	"slices"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
)

// Paths takes people along paths as a job does it; path.Service is one.
type Paths interface {
	// Assign puts people on a path in the name of a requirement, and into what is open there; who is on it already goes on. It gives the
	// enrolments that it made.
	Assign(ctx context.Context, path, requirement uid.ID, by *uid.ID, people []enrolment.Wanted) ([]enrolment.Added, error)
	// Release takes off it those whom the requirement put there, who have begun nothing and of whom nothing asks for it any more.
	Release(ctx context.Context, path, requirement uid.ID) error
}

// PathKeeper is what requirements that a path fulfils need kept.
type PathKeeper interface {
	// KnownPath tells whether a path is published and has courses.
	KnownPath(ctx context.Context, id uid.ID) (bool, error)
	// RequirementsOfPath lists those that a path fulfils.
	RequirementsOfPath(ctx context.Context, path uid.ID) ([]uid.ID, error)
	// DutiesOnPath looks at the next n people of a requirement, by id, and gives those who have something to do for it now, each with where they
	// are in the courses of its path; last is the last one that it looked at.
	DutiesOnPath(ctx context.Context, requirement, after uid.ID, now time.Time, n int) (people []Walker, last uid.ID, more bool, err error)
}

// Walker is someone who has to complete a path.
type Walker struct {
	PersonID uid.ID
	DueAt    *time.Time
	On       bool // the path
	Through  bool // they came to its end once, so that the path itself puts them into nothing any more
	Steps    []WalkerStep
}

// WalkerStep is a course of the path for one person.
type WalkerStep struct {
	CourseID uid.ID
	Section  int
	Need     int // how many of the section; 0: all
	Open     bool
	Done     bool             // completed, so that it counts for what is to be done now
	Standing enrolment.Status // "": not in it
}

// Turns are the courses that somebody has to take who comes to a path again: those completed so long ago that they count no more, and, where
// the path puts them into nothing any more, those they never were in; of a section with a choice no more than it still asks for.
func (w Walker) Turns() (again, fresh []uid.ID) {
	sections := map[int][]WalkerStep{}
	var order []int
	for _, s := range w.Steps {
		if sections[s.Section] == nil {
			order = append(order, s.Section)
		}
		sections[s.Section] = append(sections[s.Section], s)
	}
	slices.Sort(order)
	for _, n := range order {
		counted, have := 0, 0
		for _, s := range sections[n] {
			if s.Open || s.Done || s.Standing == enrolment.StatusActive {
				counted++
			}
			if s.Done || s.Standing == enrolment.StatusActive {
				have++
			}
		}
		need, all := counted, true
		if first := sections[n][0]; first.Need > 0 && first.Need < counted {
			need, all = first.Need, false
		}
		for _, s := range sections[n] {
			if have >= need {
				break
			}
			switch {
			case s.Done || !s.Open:
			case s.Standing == enrolment.StatusCompleted:
				again, have = append(again, s.CourseID), have+1
			case s.Standing == "" && w.Through && all:
				fresh, have = append(fresh, s.CourseID), have+1
			}
		}
	}
	return again, fresh
}

// PathChanged runs the requirements that a path fulfils, as a job does it.
func (s *Service) PathChanged(ctx context.Context, path uid.ID) error {
	var ids []uid.ID
	err := s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		ids, err = s.keep.RequirementsOfPath(ctx, path)
		return err
	})
	for _, id := range ids {
		err = errors.Join(err, s.Run(ctx, id))
	}
	return err
}

// pathBatch is how many people one transaction takes along a path.
const pathBatch = 1000

// walkSome puts the next people on the path of a requirement, and into what they have to take again there.
func (s *Service) walkSome(ctx context.Context, r Shown, after uid.ID) (last uid.ID, more bool, err error) {
	if s.paths == nil {
		return after, false, nil
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		var people []Walker
		if people, last, more, err = s.keep.DutiesOnPath(ctx, r.ID, after, s.now(), pathBatch); err != nil {
			return err
		}
		var new []enrolment.Wanted
		var done []RunChange
		fresh := map[uid.ID][]enrolment.Wanted{}
		note := func(person, id uid.ID) {
			done = append(done, RunChange{PersonID: person, EnrolmentID: &id, At: s.now()})
		}
		for _, p := range people {
			if !p.On {
				new = append(new, enrolment.Wanted{Person: p.PersonID, DueAt: p.DueAt})
			}
			again, never := p.Turns()
			for _, course := range never {
				fresh[course] = append(fresh[course], enrolment.Wanted{Person: p.PersonID, DueAt: p.DueAt})
			}
			for _, course := range again {
				e, added, err := s.enrol.Renew(ctx, enrolment.Assignment{Course: course, Person: p.PersonID, By: r.CreatedBy}, p.DueAt)
				if err != nil && fault.Of(err).Kind == fault.KindInternal {
					return err
				}
				if err == nil && added {
					note(p.PersonID, e.ID)
				}
			}
		}
		added, err := s.paths.Assign(ctx, r.Path.ID, r.ID, r.CreatedBy, new)
		if err != nil {
			return err
		}
		for _, course := range r.Courses {
			some, err := s.enrol.AssignMany(ctx, course.ID, r.CreatedBy, fresh[course.ID])
			if err != nil && fault.Of(err).Kind == fault.KindInternal {
				return err
			}
			added = append(added, some...)
		}
		for _, a := range added {
			note(a.PersonID, a.ID)
		}
		return s.keep.NoteEnrolled(ctx, r.ID, done)
	})
	return last, more, err
}
