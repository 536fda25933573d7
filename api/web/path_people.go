package web

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
	"lyceum/learning/path"
	"lyceum/themes"
)

// findPeople looks for active people to choose from.
func findPeople(ctx context.Context, people *auth.Service, find string) ([]auth.Person, error) {
	found, err := people.People(ctx, auth.PeopleFilter{Query: find, Status: auth.PersonActive, Page: page.Request{Limit: foundPeople}})
	return found.Items, err
}

func (p Paths) people(c *fiber.Ctx) (out themes.PathRosterPage, err error) {
	id, err := id(c, "path")
	if err != nil {
		return out, err
	}
	ctx := c.UserContext()
	if out.Shown, err = p.Paths.Edit(ctx, id); err != nil {
		return out, err
	}
	if out.People, err = p.Paths.Roster(ctx, id, after(c)); err != nil {
		return out, err
	}
	if out.Find = query(c, "find"); out.Find != "" {
		out.FoundIn, err = findPeople(ctx, p.Auth, out.Find)
	}
	return out, err
}

// People shows who is on a path.
func (p Paths) People(c *fiber.Ctx) error {
	page, err := p.people(c)
	if err != nil {
		return err
	}
	return p.show(c, page)
}

// PutOn puts a person on a path.
func (p Paths) PutOn(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	page, err := p.people(c)
	if err != nil {
		return err
	}
	found, err := chosenPerson(c, p.Auth, f)
	if err == nil {
		_, err = p.Paths.Enrol(c.UserContext(), page.Path.ID, found.ID)
	}
	if err != nil {
		return p.refused(c, err, func(wrong *fault.Fault) themes.Page { page.Problem = wrong; return page })
	}
	return p.done(c, studioPath(page.Path.ID)+"/people", themes.FlashOnPath, called(found))
}

// chosenPerson is the person whom a form names.
func chosenPerson(c *fiber.Ctx, people *auth.Service, f form) (auth.Person, error) {
	person, ok := uid.Parse(f.get("person"))
	if !ok {
		return auth.Person{}, fault.Invalid(map[string]string{"person": "Choose a person."})
	}
	return people.Person(c.UserContext(), person)
}

// TakeOff takes a person off a path.
func (p Paths) TakeOff(c *fiber.Ctx) error {
	page, err := p.people(c)
	if err != nil {
		return err
	}
	person, err := id(c, "person")
	if err != nil {
		return err
	}
	found, err := p.Auth.Person(c.UserContext(), person)
	if err == nil {
		err = p.Paths.Remove(c.UserContext(), page.Path.ID, person)
	}
	if err != nil {
		return p.refused(c, err, func(wrong *fault.Fault) themes.Page { page.Problem = wrong; return page })
	}
	return p.done(c, studioPath(page.Path.ID)+"/people", themes.FlashOffPath, called(found))
}

// prerequisites fills the page of what a course asks for first: for who edits it, and for who manages its people.
func (p Paths) prerequisites(c *fiber.Ctx) (out themes.PrerequisitesPage, err error) {
	course, err := id(c, "course")
	if err != nil {
		return out, err
	}
	ctx := c.UserContext()
	if out.Outline, err = p.Catalog.Head(ctx, course); err != nil {
		return out, err
	}
	if out.Needs, err = p.Paths.Needs(ctx, course); err != nil {
		return out, err
	}
	me := who(ctx)
	if me.May.Has(policy.CourseEdit) {
		if out.Skills, err = p.Paths.Skills(ctx); err != nil {
			return out, err
		}
		if out.Find = query(c, "find"); out.Find != "" {
			if out.Found, err = findCourses(ctx, p.Catalog, out.Find); err != nil {
				return out, err
			}
		}
	}
	if !me.May.Has(policy.EnrolmentManage) {
		return out, nil
	}
	if out.Waivers, err = p.Paths.Waivers(ctx, course, after(c)); err != nil {
		return out, err
	}
	if out.Person = query(c, "person"); out.Person != "" {
		out.FoundWho, err = findPeople(ctx, p.Auth, out.Person)
	}
	return out, err
}

// Prerequisites shows what a course asks for first.
func (p Paths) Prerequisites(c *fiber.Ctx) error {
	page, err := p.prerequisites(c)
	if err != nil {
		return err
	}
	return p.show(c, page)
}

// changeNeeds does something to what a course asks for, or for whom it does not.
func (p Paths) changeNeeds(c *fiber.Ctx, key themes.FlashKey, do func(ctx context.Context, course uid.ID, f form) (name string, err error)) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	course, err := id(c, "course")
	if err != nil {
		return err
	}
	name, err := do(c.UserContext(), course, f)
	if err != nil {
		page, failed := p.prerequisites(c)
		if failed != nil {
			return failed
		}
		return p.refused(c, err, func(wrong *fault.Fault) themes.Page { page.Problem = wrong; return page })
	}
	return p.done(c, studio(course)+"/prerequisites", key, name)
}

// AddNeed has a course ask for something first.
func (p Paths) AddNeed(c *fiber.Ctx) error {
	return p.changeNeeds(c, themes.FlashNeedAdded, func(ctx context.Context, course uid.ID, f form) (string, error) {
		in := path.NeedInput{Kind: enrolment.NeedKind(f.get("kind"))}
		in.Course, _ = uid.Parse(f.get("course"))
		in.Skill, _ = uid.Parse(f.get("skill"))
		_, err := p.Paths.AddNeed(ctx, course, in)
		return "", err
	})
}

// RemoveNeed has it no longer ask for that.
func (p Paths) RemoveNeed(c *fiber.Ctx) error {
	need, err := id(c, "need")
	if err != nil {
		return err
	}
	return p.changeNeeds(c, themes.FlashNeedRemoved, func(ctx context.Context, course uid.ID, _ form) (string, error) {
		return "", p.Paths.RemoveNeed(ctx, course, need)
	})
}

// Waive lets a person start a course without.
func (p Paths) Waive(c *fiber.Ctx) error {
	return p.changeNeeds(c, themes.FlashWaived, func(ctx context.Context, course uid.ID, f form) (string, error) {
		found, err := chosenPerson(c, p.Auth, f)
		if err != nil {
			return "", err
		}
		return called(found), p.Paths.Waive(ctx, course, found.ID)
	})
}

// Unwaive takes that back.
func (p Paths) Unwaive(c *fiber.Ctx) error {
	person, err := id(c, "person")
	if err != nil {
		return err
	}
	return p.changeNeeds(c, themes.FlashUnwaived, func(ctx context.Context, course uid.ID, _ form) (string, error) {
		found, err := p.Auth.Person(ctx, person)
		if err != nil {
			return "", err
		}
		return called(found), p.Paths.Unwaive(ctx, course, person)
	})
}
