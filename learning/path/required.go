package path

import (
	"context"
	"slices"
	"time"

	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
)

// Whom a requirement puts on a path is taken along it by jobs, in nobody's name: neither the person's rights nor those of who wrote the
// requirement open or close a course.

// RequiredKeeper is what that needs kept.
type RequiredKeeper interface {
	// PutOnPath puts people on a path for a requirement and gives those who were not on it; who was there already is there for the requirement
	// from now on, where nothing else put them there.
	PutOnPath(ctx context.Context, like Enrolment, people []uid.ID) ([]enrolment.Learner, error)
	// IdleOnPath gives those whom a requirement put on a path, who have begun none of its courses and of whom no requirement asks for it any more.
	IdleOnPath(ctx context.Context, path, requirement uid.ID, limit int) ([]enrolment.Learner, error)
	// DutyDue is when somebody's duty is due, or its renewal; nil never.
	DutyDue(ctx context.Context, requirement, person uid.ID) (*time.Time, error)
	// NotePathEntered writes into the ledger of a requirement what a person was put into for it.
	NotePathEntered(ctx context.Context, requirement uid.ID, added []enrolment.Added, at time.Time) error
}

// enterFor puts a person into courses for a requirement.
func (s *Service) enterFor(ctx context.Context, e Enrolment, courses []Course) (entered bool, err error) {
	due, err := s.keep.DutyDue(ctx, *e.RequirementID, e.PersonID)
	if err != nil {
		return false, err
	}
	for _, c := range courses {
		added, err := s.assign(ctx, c.ID, e.EnrolledBy, []enrolment.Wanted{{Person: e.PersonID, DueAt: due}})
		if err != nil {
			return entered, err
		}
		entered = entered || len(added) > 0
		if err = s.keep.NotePathEntered(ctx, *e.RequirementID, added, s.now()); err != nil {
			return entered, err
		}
	}
	return entered, nil
}

// assign puts people into a course; what refuses them is no failure, the chore tries again.
func (s *Service) assign(ctx context.Context, course uid.ID, by *uid.ID, people []enrolment.Wanted) ([]enrolment.Added, error) {
	added, err := s.enrol.AssignMany(ctx, course, by, people)
	if err != nil && fault.Of(err).Kind != fault.KindInternal {
		return nil, nil
	}
	return added, err
}

// Assign puts people on a path for a requirement, and into what is open there for each, with their due dates: a few statements for all of
// them, but for who comes to a course that asks for something first. Who is on it already goes on. It is a job's and asks for no permission;
// a path that is not published takes nobody. Event path.enrolled of each.
func (s *Service) Assign(ctx context.Context, id, requirement uid.ID, by *uid.ID, people []enrolment.Wanted) (added []enrolment.Added, err error) {
	if len(people) == 0 {
		return nil, nil
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, err := s.keep.SharePath(ctx, id)
		if err != nil || p.Status != StatusPublished {
			return err
		}
		due, ids := map[uid.ID]*time.Time{}, make([]uid.ID, len(people))
		for i, w := range people {
			ids[i], due[w.Person] = w.Person, w.DueAt
		}
		put, err := s.keep.PutOnPath(ctx, Enrolment{PathID: id, RequirementID: &requirement, EnrolledBy: by, EnrolledAt: s.now()}, ids)
		if err != nil {
			return err
		}
		if err = s.tellMany(ctx, "path.enrolled", p, put); err != nil {
			return err
		}
		into, err := s.opening(ctx, p, ids)
		if err != nil {
			return err
		}
		for _, course := range p.Courses() {
			wanted := make([]enrolment.Wanted, len(into[course]))
			for i, person := range into[course] {
				wanted[i] = enrolment.Wanted{Person: person, DueAt: due[person]}
			}
			some, err := s.assign(ctx, course, by, wanted)
			if err != nil {
				return err
			}
			added = append(added, some...)
		}
		return nil
	})
	return added, err
}

// opening is who is to enter which course of a path.
func (s *Service) opening(ctx context.Context, p Path, people []uid.ID) (map[uid.ID][]uid.ID, error) {
	courses, err := s.courses(ctx, uid.Nil, p.Courses())
	if err != nil {
		return nil, err
	}
	asks := map[uid.ID]bool{} // for something first, as far as nobody in particular goes
	for id, c := range courses {
		if c.Unmet > 0 {
			asks[id], c.Unmet = true, 0
			courses[id] = c
		}
	}
	steps, err := s.keep.PathSteps(ctx, people, p.Courses())
	if err != nil {
		return nil, err
	}
	of, into := map[uid.ID][]PersonStep{}, map[uid.ID][]uid.ID{}
	for _, x := range steps {
		of[x.PersonID] = append(of[x.PersonID], x)
	}
	for _, person := range people {
		open := Stand(p, walked(courses, of[person]), true).ToEnrol()
		if slices.ContainsFunc(open, func(c Course) bool { return asks[c.ID] }) {
			met, err := s.courses(ctx, person, p.Courses())
			if err != nil {
				return nil, err
			}
			open = Stand(p, met, true).ToEnrol()
		}
		for _, c := range open {
			into[c.ID] = append(into[c.ID], person)
		}
	}
	return into, nil
}

// releasedAtOnce is how many one transaction takes off a path.
const releasedAtOnce = 500

// Release takes off a path those whom a requirement put there, who have begun nothing and of whom no requirement asks for it any more. It is a
// job's and asks for no permission. Event path.withdrawn of each.
func (s *Service) Release(ctx context.Context, id, requirement uid.ID) error {
	for {
		var list []enrolment.Learner
		err := s.keep.InTenant(ctx, func(ctx context.Context) error {
			p, err := s.keep.PathByID(ctx, id)
			if err != nil {
				return err
			}
			if list, err = s.keep.IdleOnPath(ctx, id, requirement, releasedAtOnce); err != nil {
				return err
			}
			for _, l := range list {
				if err = s.keep.RemovePathEnrolment(ctx, id, l.ID); err != nil {
					return err
				}
			}
			return s.tellMany(ctx, "path.withdrawn", p, list)
		})
		if err != nil || len(list) < releasedAtOnce {
			return err
		}
	}
}

func (s *Service) tellMany(ctx context.Context, typ string, p Path, people []enrolment.Learner) (err error) {
	list := make([]event.Event, len(people))
	for i, l := range people {
		if list[i], err = event.New(ctx, s.now(), typ, "path", p.ID, map[string]any{"slug": p.Slug, "title": p.Title, "person_id": l.ID, "person_name": l.Name}); err != nil {
			return err
		}
	}
	return s.keep.AppendEvents(ctx, list...)
}
