package path

import (
	"context"
	"errors"
	"slices"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
)

// PeopleKeeper is what being on a path needs kept.
type PeopleKeeper interface {
	// SharePath reads a path and keeps it from being changed until the transaction ends; several may share it.
	SharePath(ctx context.Context, id uid.ID) (Path, error)
	// AddPathEnrolment is false when the person is on the path already.
	AddPathEnrolment(ctx context.Context, e Enrolment) (added bool, err error)
	// PathEnrolment reads who is on a path; ErrEnrolmentMissing.
	PathEnrolment(ctx context.Context, path, person uid.ID) (Enrolment, error)
	// LockPathEnrolment holds it until the transaction ends.
	LockPathEnrolment(ctx context.Context, path, person uid.ID) (Enrolment, error)
	CompletePathEnrolment(ctx context.Context, e Enrolment, at time.Time) error
	RemovePathEnrolment(ctx context.Context, path, person uid.ID) error
	// PathRoster lists who is on a path in the order they began.
	PathRoster(ctx context.Context, path uid.ID, p page.Request) (page.Of[Member], error)
	// PathSteps tells where people are in courses; who is not in a course is left out.
	PathSteps(ctx context.Context, people, courses []uid.ID) ([]PersonStep, error)
	// UncompletedPaths are the paths that a person is on and has not completed.
	UncompletedPaths(ctx context.Context, person uid.ID) ([]Enrolment, error)
	// UncompletedOn are those on a path who have not completed it, by id behind one.
	UncompletedOn(ctx context.Context, path, after uid.ID, limit int) ([]Enrolment, error)
	LearnerByID(ctx context.Context, id uid.ID) (enrolment.Learner, error)
	RequiredKeeper
}

// Member is a person on a path as its list shows them.
type Member struct {
	Enrolment
	PersonName  string
	PersonEmail string
	Standing    Standing `gorm:"-"`
}

// PersonStep is where one person is in one course.
type PersonStep struct {
	PersonID  uid.ID
	CourseID  uid.ID
	Enrolment enrolment.Status
	LeftIt    bool
	Percent   int
	Done      bool
}

// on is the enrolment of a person in a path, nil for none.
func (s *Service) on(ctx context.Context, path, person uid.ID) (*Enrolment, error) {
	e, err := s.keep.PathEnrolment(ctx, path, person)
	if errors.Is(err, ErrEnrolmentMissing) {
		return nil, nil
	}
	return &e, err
}

// Take puts who asks on a published path, and into its courses that are open now, as far as they could enrol themselves;
// what does not let them in is shown with its reason. Who is on it already goes on. It tells of it as path.enrolled and
// needs enrolment:self.
func (s *Service) Take(ctx context.Context, id uid.ID) (out Shown, err error) {
	if err = auth.Require(ctx, policy.EnrolmentSelf); err != nil {
		return out, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	return s.begin(ctx, id, enrolment.Learner{ID: who.PersonID, Name: who.Name}, nil)
}

// Enrol puts a person on a published path, and into its courses that are open now as one who is assigned: requests,
// visibility and closed self-enrolment do not stand in the way, full courses and missing prerequisites do. One who is on it
// is ErrAlreadyIn. It tells of it as path.enrolled and needs enrolment:manage.
func (s *Service) Enrol(ctx context.Context, id, person uid.ID) (out Shown, err error) {
	if err = auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return out, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		l, err := s.keep.LearnerByID(ctx, person)
		if err != nil {
			return err
		}
		if l.Deactivated {
			return enrolment.ErrDeactivated
		}
		if was, err := s.on(ctx, id, person); err != nil || was != nil {
			return errors.Join(err, alreadyIn(was))
		}
		out, err = s.begin(ctx, id, l, &who.PersonID)
		return err
	})
	return out, err
}

func alreadyIn(e *Enrolment) error {
	if e == nil {
		return nil
	}
	return ErrAlreadyIn
}

func (s *Service) begin(ctx context.Context, id uid.ID, l enrolment.Learner, by *uid.ID) (out Shown, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, err := s.keep.SharePath(ctx, id)
		if err != nil {
			return err
		}
		was, err := s.on(ctx, id, l.ID)
		if err != nil {
			return err
		}
		if was == nil {
			switch p.Status {
			case StatusDraft:
				return ErrNotFound
			case StatusArchived:
				return ErrNotPublished
			case StatusPublished:
			}
			added, err := s.keep.AddPathEnrolment(ctx, Enrolment{PathID: id, PersonID: l.ID, EnrolledBy: by, EnrolledAt: s.now()})
			if err != nil {
				return err
			}
			if added {
				if err = s.tell(ctx, "path.enrolled", p, map[string]any{"person_id": l.ID, "person_name": l.Name}); err != nil {
					return err
				}
			}
		}
		out, err = s.advance(ctx, p, l)
		return err
	})
	return out, err
}

// advance puts a person who is on a path into what is open, and completes the path when they are through: once. ctx is of
// who acts: the person, or one who manages enrolments where they were put on the path.
func (s *Service) advance(ctx context.Context, p Path, l enrolment.Learner) (Shown, error) {
	e, err := s.keep.LockPathEnrolment(ctx, p.ID, l.ID)
	if err != nil {
		return Shown{}, err
	}
	out, err := s.meet(ctx, p, l.ID)
	if err != nil {
		return out, err
	}
	if entered, err := s.enter(ctx, e, out.Standing.ToEnrol()); err != nil {
		return out, err
	} else if entered {
		if out, err = s.meet(ctx, p, l.ID); err != nil {
			return out, err
		}
	}
	if e.CompletedAt != nil || !out.Standing.Complete {
		return out, nil
	}
	at := s.now()
	if err = s.keep.CompletePathEnrolment(ctx, e, at); err != nil {
		return out, err
	}
	out.Mine.CompletedAt = &at
	return out, s.tell(ctx, "path.completed", p, map[string]any{"person_id": l.ID, "person_name": l.Name})
}

// enter puts a person into courses, in the order of their ids so that two who enter the same ones never wait for each
// other. What refuses them is no failure: it was open a moment ago and is shown with its reason the next time.
func (s *Service) enter(ctx context.Context, e Enrolment, courses []Course) (entered bool, err error) {
	slices.SortFunc(courses, func(a, b Course) int { return slices.Compare(a.ID[:], b.ID[:]) })
	if e.RequirementID != nil {
		return s.enterFor(ctx, e, courses)
	}
	for _, c := range courses {
		if e.EnrolledBy != nil && auth.Require(ctx, policy.EnrolmentManage) == nil {
			_, err = s.enrol.Enrol(ctx, c.ID, e.PersonID)
		} else {
			_, err = s.enrol.SelfEnrol(ctx, c.Slug)
		}
		switch {
		case err == nil:
			entered = true
		case fault.Of(err).Kind == fault.KindInternal:
			return entered, err
		}
	}
	return entered, nil
}

// GoOn brings who asks to the next course of a path they are on, entering it where it is open and not entered yet. It
// needs enrolment:self; ErrNothingOpen where nothing is.
func (s *Service) GoOn(ctx context.Context, id uid.ID) (next Course, err error) {
	out, err := s.Take(ctx, id)
	if err != nil {
		return next, err
	}
	c := out.Standing.Next()
	if c == nil {
		return next, ErrNothingOpen
	}
	if c.Enrolment == "" { // one of several to choose from: the first
		if _, err = s.enrol.SelfEnrol(ctx, c.Slug); err != nil {
			return next, err
		}
	}
	return *c, nil
}

// Remove takes a person off a path; their courses stay. Who has completed it is ErrCompleted. It tells of it as
// path.withdrawn and needs enrolment:manage.
func (s *Service) Remove(ctx context.Context, id, person uid.ID) error {
	if err := auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return err
	}
	return s.remove(ctx, id, person, false)
}

// Leave takes who asks off a path that they took by themselves; their courses stay, and they may take it again. ErrAssigned
// for a path that someone put them on, ErrCompleted for one that is done. It tells of it as path.withdrawn and needs
// enrolment:self.
func (s *Service) Leave(ctx context.Context, id uid.ID) error {
	if err := auth.Require(ctx, policy.EnrolmentSelf); err != nil {
		return err
	}
	who, _ := auth.PrincipalFrom(ctx)
	return s.remove(ctx, id, who.PersonID, true)
}

func (s *Service) remove(ctx context.Context, id, person uid.ID, own bool) error {
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, err := s.keep.PathByID(ctx, id)
		if err != nil {
			return err
		}
		e, err := s.keep.LockPathEnrolment(ctx, id, person)
		if err != nil {
			return err
		}
		if e.CompletedAt != nil {
			return ErrCompleted
		}
		switch {
		case own && e.Assigned():
			return ErrAssigned
		case e.RequirementID != nil:
			return ErrRequired
		}
		l, err := s.keep.LearnerByID(ctx, person)
		if err != nil {
			return err
		}
		if err = s.keep.RemovePathEnrolment(ctx, id, person); err != nil {
			return err
		}
		return s.tell(ctx, "path.withdrawn", p, map[string]any{"person_id": l.ID, "person_name": l.Name})
	})
}

// Roster lists who is on a path, in the order they began, with how far they are. It needs enrolment:manage.
func (s *Service) Roster(ctx context.Context, id uid.ID, p page.Request) (out page.Of[Member], err error) {
	if err = auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		path, err := s.keep.PathByID(ctx, id)
		if err != nil {
			return err
		}
		if out, err = s.keep.PathRoster(ctx, id, p); err != nil || len(out.Items) == 0 {
			return err
		}
		courses, err := s.courses(ctx, uid.Nil, path.Courses())
		if err != nil {
			return err
		}
		people := make([]uid.ID, len(out.Items))
		for i, m := range out.Items {
			people[i] = m.PersonID
		}
		steps, err := s.keep.PathSteps(ctx, people, path.Courses())
		if err != nil {
			return err
		}
		of := map[uid.ID][]PersonStep{}
		for _, x := range steps {
			of[x.PersonID] = append(of[x.PersonID], x)
		}
		for i := range out.Items {
			m := &out.Items[i]
			m.Standing = Stand(path, walked(courses, of[m.PersonID]), m.Assigned())
		}
		return nil
	})
	return out, err
}

// walked are courses with where one person is in them.
func walked(courses map[uid.ID]Course, steps []PersonStep) map[uid.ID]Course {
	out := make(map[uid.ID]Course, len(courses))
	for id, c := range courses {
		out[id] = c
	}
	for _, x := range steps {
		c := out[x.CourseID]
		c.Enrolment, c.LeftIt, c.Percent, c.Done = x.Enrolment, x.LeftIt, x.Percent, x.Done
		out[x.CourseID] = c
	}
	return out
}

// AdvancePerson moves a person on in every path they are on: what opened is entered, what is complete is told. It is a job's:
// it asks for no permission, and run twice it changes nothing more. It acts in the name of who takes the path, or of who put
// them on it.
func (s *Service) AdvancePerson(ctx context.Context, person uid.ID) error {
	var list []Enrolment
	err := s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		list, err = s.keep.UncompletedPaths(ctx, person)
		return err
	})
	for _, e := range list {
		if err == nil {
			err = s.advanceOne(ctx, e)
		}
	}
	return err
}

// advancedAtOnce is how many people of a path are read at once.
const advancedAtOnce = 200

// AdvanceAll is AdvancePerson for everyone on a path who has not completed it.
func (s *Service) AdvanceAll(ctx context.Context, id uid.ID) error {
	for after := uid.Nil; ; {
		var list []Enrolment
		if err := s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
			list, err = s.keep.UncompletedOn(ctx, id, after, advancedAtOnce)
			return err
		}); err != nil {
			return err
		}
		for _, e := range list {
			if err := s.advanceOne(ctx, e); err != nil {
				return err
			}
			after = e.PersonID
		}
		if len(list) < advancedAtOnce {
			return nil
		}
	}
}

// AdvanceWith is AdvanceAll for every path that has a course.
func (s *Service) AdvanceWith(ctx context.Context, course uid.ID) error {
	var ids []uid.ID
	err := s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		ids, err = s.keep.PathsWith(ctx, course)
		return err
	})
	for _, id := range ids {
		if err == nil {
			err = s.AdvanceAll(ctx, id)
		}
	}
	return err
}

// advanceOne moves one person on in one path, in a transaction of its own. Whoever is not active is left where they are.
func (s *Service) advanceOne(ctx context.Context, e Enrolment) error {
	person, err := s.as(ctx, e.PersonID)
	if errors.Is(err, auth.ErrPersonNotFound) {
		return nil
	}
	acts := person
	if err == nil && e.EnrolledBy != nil {
		if manager, gone := s.as(ctx, *e.EnrolledBy); gone == nil && auth.Require(manager, policy.EnrolmentManage) == nil {
			acts = manager
		}
	}
	if err != nil {
		return err
	}
	return s.keep.InTenant(acts, func(ctx context.Context) error {
		p, err := s.keep.SharePath(ctx, e.PathID)
		if err != nil {
			return err
		}
		l, err := s.keep.LearnerByID(ctx, e.PersonID)
		if err != nil {
			return err
		}
		_, err = s.advance(ctx, p, l)
		if errors.Is(err, ErrEnrolmentMissing) || errors.Is(err, catalog.ErrCourseNotFound) {
			return nil // taken off meanwhile
		}
		return err
	})
}
