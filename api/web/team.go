package web

import (
	"strconv"

	"github.com/gofiber/fiber/v2"

	"lyceum/auth/org"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
	"lyceum/learning/team"
	"lyceum/themes"
)

// Team is a manager's view of their people.
type Team struct {
	*Site
	Team *team.Service
	Org  *org.Service
}

func (t Team) list(c *fiber.Ctx, scope team.Scope) (p themes.TeamPage, err error) {
	ctx := c.UserContext()
	f := team.Filter{Scope: scope, Show: team.Show(query(c, "show")), Query: query(c, "q"), Page: after(c)}
	if !f.Show.Known() {
		f.Show = ""
	}
	p.Show, p.Query = f.Show, f.Query
	if p.Look, err = t.Team.List(ctx, f); err == nil {
		p.Requests, err = t.Team.Requests(ctx, p.Look.Scope)
	}
	return p, err
}

// List lists one's people, the most pressing first.
func (t Team) List(c *fiber.Ctx) error {
	p, err := t.list(c, team.Scope(query(c, "scope")))
	if err != nil {
		return err
	}
	return t.show(c, p)
}

// NudgeOverdue reminds all who are overdue.
func (t Team) NudgeOverdue(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	scope := team.Scope(f.get("scope"))
	sent, err := t.Team.NudgeOverdue(c.UserContext(), scope, f.get("note"))
	if err != nil {
		p, failed := t.list(c, scope)
		if failed != nil {
			return failed
		}
		return t.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem, p.Note = wrong, f.get("note"); return p })
	}
	return t.done(c, "/team?scope="+string(scope), themes.FlashNudged, strconv.Itoa(sent))
}

// Decide answers a request for a place.
func (t Team) Decide(c *fiber.Ctx) error {
	request, err := id(c, "request")
	if err != nil {
		return err
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	asked, r, err := t.Team.Decide(c.UserContext(), enrolment.Decision{Request: request, Grant: f.get("decision") == "grant", Answer: f.get("answer")})
	if err != nil {
		p, failed := t.list(c, team.Scope(f.get("scope")))
		if failed != nil {
			return failed
		}
		return t.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	flash := themes.FlashPlaceRefused
	switch r.Status {
	case enrolment.RequestGranted:
		flash = themes.FlashPlaceGranted
	case enrolment.RequestOpen:
		flash = themes.FlashPlaceWaits
	case enrolment.RequestRefused, enrolment.RequestTakenBack:
	}
	name := asked.Name
	if name == "" {
		name = asked.Email
	}
	return t.done(c, "/team", flash, name)
}

func (t Team) sheet(c *fiber.Ctx) (p themes.TeamPersonPage, err error) {
	person, err := id(c, "person")
	if err != nil {
		return p, err
	}
	if p.Sheet, err = t.Team.Sheet(c.UserContext(), person); err == nil {
		p.Courses, err = t.Team.Courses(c.UserContext())
	}
	return p, err
}

// Show shows one of one's people.
func (t Team) Show(c *fiber.Ctx) error {
	p, err := t.sheet(c)
	if err != nil {
		return err
	}
	return t.show(c, p)
}

// act does something for the person of the path and leads back to them.
func (t Team) act(c *fiber.Ctx, do func(person uid.ID, f form) (themes.FlashKey, string, error)) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := t.sheet(c)
	if err != nil {
		return err
	}
	flash, name, err := do(p.Sheet.Member.PersonID, f)
	if err != nil {
		p.Note, p.Due = f.get("note"), f.get("due_on")
		if course := optionalID(f.get("course")); course != nil {
			p.Course = *course
		}
		return t.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return t.done(c, "/team/"+p.Sheet.Member.PersonID.String(), flash, name)
}

// Nudge reminds a person.
func (t Team) Nudge(c *fiber.Ctx) error {
	return t.act(c, func(person uid.ID, f form) (themes.FlashKey, string, error) {
		_, err := t.Team.Nudge(c.UserContext(), person, f.get("note"))
		return themes.FlashNudged, "1", err
	})
}

// Enrol puts a person into a course.
func (t Team) Enrol(c *fiber.Ctx) error {
	return t.act(c, func(person uid.ID, f form) (themes.FlashKey, string, error) {
		course, ok := uid.Parse(f.get("course"))
		if !ok {
			return "", "", fault.Invalid(map[string]string{"course": "Choose a course."})
		}
		on, err := dueDay(f)
		if err != nil {
			return "", "", err
		}
		given, err := t.Team.Enrol(c.UserContext(), person, course, on)
		return themes.FlashGiven, given.Title, err
	})
}
