package web

import (
	"context"

	"errors"

	"github.com/gofiber/fiber/v2"

	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/themes"
)

// PublishForm shows what publishing would do, or what is missing before.
func (s Studio) PublishForm(c *fiber.Ctx) error {
	o, err := s.head(c)
	if err != nil {
		return err
	}
	p := themes.PublishPage{Outline: o}
	if p.Standings, err = s.Enrolment.Standings(c.UserContext(), o.Course.ID); err != nil {
		return err
	}
	err = s.Catalog.Check(c.UserContext(), o.Course.ID)
	switch {
	case errors.Is(err, catalog.ErrNothingToTeach):
		p.Missing = fault.Of(err)
	case errors.Is(err, catalog.ErrReviewNeeded):
		p.Unread = true
	case err != nil && !errors.Is(err, catalog.ErrNothingNew):
		return err
	}
	return s.show(c, p)
}

// Publish makes the draft the version that people enrol in, or says what is missing.
func (s Studio) Publish(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	o, err := s.head(c)
	if err != nil {
		return err
	}
	published, err := s.Catalog.Publish(c.UserContext(), o.Course.ID, f.revision())
	if err != nil {
		return s.refused(c, err, func(wrong *fault.Fault) themes.Page {
			if errors.Is(err, catalog.ErrNothingToTeach) {
				return themes.PublishPage{Outline: o, Missing: wrong}
			}
			return themes.PublishPage{Outline: o, Problem: wrong, Unread: errors.Is(err, catalog.ErrReviewNeeded)}
		})
	}
	if also := stages(f); len(also) > 0 {
		if err = s.Enrolment.RequestMove(c.UserContext(), o.Course.ID, also); err != nil && !errors.Is(err, enrolment.ErrNobodyToMove) {
			return err
		}
	}
	return s.done(c, studio(o.Course.ID), themes.FlashCoursePublished, published.Version.Title)
}

// roster fills the page of who is in the course.
func (s Studio) roster(c *fiber.Ctx) (themes.RosterPage, error) {
	ctx := c.UserContext()
	course, err := id(c, "course")
	if err != nil {
		return themes.RosterPage{}, err
	}
	o, err := s.Catalog.Head(ctx, course)
	if err != nil {
		return themes.RosterPage{}, err
	}
	p := themes.RosterPage{Outline: o, Find: query(c, "find"), Inside: map[uid.ID]enrolment.Status{}}
	p.Group, _ = uid.Parse(query(c, "group"))
	if p.People, err = s.Enrolment.RosterIn(ctx, o.Course.ID, p.Group, after(c)); err != nil {
		return p, err
	}
	if who(ctx).May.Has(policy.PersonRead) {
		groups, err := s.Groups.List(ctx, group.Filter{Page: page.Request{Limit: page.MaxLimit}})
		if err != nil {
			return p, err
		}
		p.Groups = groups.Items
	}
	for _, r := range p.People.Items {
		p.Inside[r.PersonID] = r.Status
	}
	if p.Find == "" {
		return p, nil
	}
	found, err := s.Auth.People(ctx, auth.PeopleFilter{Query: p.Find, Status: auth.PersonActive, Page: page.Request{Limit: foundPeople}})
	p.Found = found.Items
	return p, err
}

// foundPeople is how many people a search in the roster shows.
const foundPeople = 20

// Roster shows who is in the course.
func (s Studio) Roster(c *fiber.Ctx) error {
	p, err := s.roster(c)
	if err != nil {
		return err
	}
	return s.show(c, p)
}

// EnrolPerson puts a person into the course.
func (s Studio) EnrolPerson(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	course, err := id(c, "course")
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	person, ok := uid.Parse(f.get("person"))
	if !ok {
		return s.rosterAgain(c, fault.Invalid(map[string]string{"person": "Choose a person."}))
	}
	found, err := s.Auth.Person(ctx, person)
	if err == nil {
		var due *enrolment.Day
		if due, err = dueDay(f); err == nil {
			_, err = s.Enrolment.EnrolBy(ctx, course, person, due)
		}
	}
	if err != nil {
		return s.rosterAgain(c, err)
	}
	return s.done(c, studio(course)+"/people", themes.FlashPersonEnrolled, called(found))
}

// dueDay reads the day by which a course is to be completed; nil for none.
func dueDay(f form) (*enrolment.Day, error) {
	text := f.get("due_on")
	if text == "" {
		return nil, nil //nolint:nilnil // no day is a choice
	}
	day, ok := enrolment.ParseDay(text)
	if !ok {
		return nil, fault.Invalid(map[string]string{"due_on": "Write a day as year-month-day, for example 2026-03-31."})
	}
	return &day, nil
}

// SetDue says by when a person of the course is to be done.
func (s Studio) SetDue(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	return s.withOne(c, themes.FlashDueSet, func(ctx context.Context, e uid.ID) error {
		day, err := dueDay(f)
		if err == nil {
			_, err = s.Enrolment.SetDue(ctx, e, day)
		}
		return err
	})
}

// Withdraw takes a person out of the course.
func (s Studio) Withdraw(c *fiber.Ctx) error {
	return s.withOne(c, themes.FlashWithdrawn, s.Enrolment.Withdraw)
}

// Again has a person take the course again.
func (s Studio) Again(c *fiber.Ctx) error {
	return s.withOne(c, themes.FlashPersonEnrolled, func(ctx context.Context, e uid.ID) error {
		_, err := s.Enrolment.Again(ctx, e)
		return err
	})
}

// withOne does something with one enrolment of the course, and leads back to the roster.
func (s Studio) withOne(c *fiber.Ctx, key themes.FlashKey, do func(ctx context.Context, e uid.ID) error) error {
	course, err := id(c, "course")
	if err != nil {
		return err
	}
	e, err := id(c, "enrolment")
	if err != nil {
		return err
	}
	found, err := s.Enrolment.Show(c.UserContext(), e)
	if err == nil && found.CourseID != course {
		err = enrolment.ErrEnrolmentNotFound
	}
	if err == nil {
		err = do(c.UserContext(), e)
	}
	if err != nil {
		return s.rosterAgain(c, err)
	}
	return s.done(c, studio(course)+"/people", key, called(auth.Person{Name: found.PersonName, Email: found.PersonEmail}))
}

// rosterAgain shows the roster with what was refused.
func (s Studio) rosterAgain(c *fiber.Ctx, refused error) error {
	p, err := s.roster(c)
	if err != nil {
		return err
	}
	return s.refused(c, refused, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
}
