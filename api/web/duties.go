package web

import (
	"slices"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/duty"
	"lyceum/themes"
)

// Duties is requirements with who must meet them, and each one's own duties.
type Duties struct {
	*Site
	Duties *duty.Service
	People *auth.Service
}

// List lists the requirements.
func (d Duties) List(c *fiber.Ctx) error {
	list, err := d.Duties.List(c.UserContext())
	if err != nil {
		return err
	}
	return d.show(c, themes.CompliancePage{Requirements: list})
}

// Own lists the asker's duties.
func (d Duties) Own(c *fiber.Ctx) error {
	list, err := d.Duties.Own(c.UserContext())
	if err != nil {
		return err
	}
	return d.show(c, themes.DutiesPage{Duties: list})
}

func (d Duties) page(c *fiber.Ctx) (p themes.RequirementPage, err error) {
	ctx := c.UserContext()
	r, err := id(c, "requirement")
	if err != nil {
		return p, err
	}
	if p.Requirement, err = d.Duties.Get(ctx, r); err != nil {
		return p, err
	}
	choices, err := d.Duties.Choices(ctx)
	if err != nil {
		return p, err
	}
	p.Groups = choices.Groups
	if p.State = duty.State(query(c, "state")); !p.State.Known() {
		p.State = ""
	}
	if p.Find = query(c, "find"); p.Find != "" && who(ctx).May.Has(policy.PersonRead) {
		found, err := d.People.People(ctx, auth.PeopleFilter{Query: p.Find, Status: auth.PersonActive, Page: page.Request{Limit: foundPeople}})
		if err != nil {
			return p, err
		}
		p.Found = found.Items
	}
	if p.Runs, err = d.Duties.Runs(ctx, r, page.Request{Limit: runsShown}); err != nil {
		return p, err
	}
	p.Duties, err = d.Duties.Duties(ctx, r, duty.Filter{State: p.State, Page: after(c)})
	return p, err
}

// runsShown is how many changes the page of a requirement shows.
const runsShown = 20

// Plan shows whom a change would change.
func (d Duties) Plan(c *fiber.Ctx) error {
	r, err := id(c, "requirement")
	if err != nil {
		return err
	}
	p := themes.RequirementPlanPage{}
	if p.Requirement, err = d.Duties.Get(c.UserContext(), r); err != nil {
		return err
	}
	group, _ := uid.Parse(query(c, "group"))
	if p.Plan, err = d.Duties.Plan(c.UserContext(), r, duty.Proposal{Do: duty.Do(query(c, "do")), Group: group}, after(c)); err != nil {
		return err
	}
	return d.show(c, p)
}

// Run shows what a change did to whom.
func (d Duties) Run(c *fiber.Ctx) error {
	r, err := id(c, "requirement")
	if err != nil {
		return err
	}
	run, err := id(c, "run")
	if err != nil {
		return err
	}
	p := themes.RequirementRunPage{}
	if p.Requirement, err = d.Duties.Get(c.UserContext(), r); err != nil {
		return err
	}
	if p.Run, p.Changes, err = d.Duties.Changes(c.UserContext(), r, run, after(c)); err != nil {
		return err
	}
	return d.show(c, p)
}

// Show shows a requirement, whom it catches and how they stand.
func (d Duties) Show(c *fiber.Ctx) error {
	p, err := d.page(c)
	if err != nil {
		return err
	}
	return d.show(c, p)
}

func (d Duties) form(c *fiber.Ctx) (p themes.RequirementEditPage, err error) {
	ctx := c.UserContext()
	if p.Choices, err = d.Duties.Choices(ctx); err != nil {
		return p, err
	}
	if p.Roles, err = d.Duties.GivableRoles(ctx); err != nil {
		return p, err
	}
	if c.Params("requirement") == "" {
		p.Form = themes.RequirementForm{Grace: "0", Renew: "30", Chosen: map[uid.ID]bool{}}
		return p, nil
	}
	r, err := id(c, "requirement")
	if err != nil {
		return p, err
	}
	if p.Requirement, err = d.Duties.Get(ctx, r); err != nil {
		return p, err
	}
	p.Form = themes.RequirementForm{Name: p.Requirement.Name, Framework: p.Requirement.Framework, Grace: strconv.Itoa(p.Requirement.GraceDays), Renew: strconv.Itoa(p.Requirement.RenewDays), KeepDay: p.Requirement.KeepDay, Leave: p.Requirement.LeaveCourse, Hired: p.Requirement.DueFromHired, Certificate: p.Requirement.UntilCertificate, Chosen: map[uid.ID]bool{}}
	if role := p.Requirement.Role; role != nil {
		p.Form.Role, p.Form.RoleWhile = *role, *p.Requirement.RoleWhile
		if !slices.Contains(p.Roles, *role) {
			p.Roles = append(p.Roles, *role)
		}
	}
	if at := p.Requirement.DueAt; at != nil {
		p.Form.DueOn = at.In(zoneOf(ctx)).Format(time.DateOnly)
	}
	if n := p.Requirement.ValidMonths; n != nil {
		p.Form.Valid = strconv.Itoa(*n)
	}
	if n := p.Requirement.DueDays; n != nil {
		p.Form.Due = strconv.Itoa(*n)
	}
	if path := p.Requirement.Path; path != nil {
		p.Form.Path = path.ID
		if !slices.Contains(p.Choices.Paths, *path) {
			p.Choices.Paths = append(p.Choices.Paths, *path)
		}
		return p, nil
	}
	for i, one := range p.Requirement.Courses {
		if i == 0 {
			p.Form.Course = one.ID
		}
		p.Form.Chosen[one.ID] = true
	}
	return p, nil
}

// Edit shows the form of a requirement.
func (d Duties) Edit(c *fiber.Ctx) error {
	p, err := d.form(c)
	if err != nil {
		return err
	}
	return d.show(c, p)
}

// Save writes a requirement.
func (d Duties) Save(c *fiber.Ctx) error {
	p, err := d.form(c)
	if err != nil {
		return err
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p.Form = themes.RequirementForm{Name: f.get("name"), Framework: f.get("framework"), Valid: f.get("valid_months"), Due: f.get("due_days"), Grace: f.get("grace_days"), Renew: f.get("renew_days"), KeepDay: f.get("keep_day") != "", DueOn: f.get("due_on"), Leave: f.get("leave_course") != "", Hired: f.get("due_from_hired") != "", Certificate: f.get("until_certificate") != "", Role: policy.Role(f.get("role")), RoleWhile: duty.RoleWhile(f.get("role_while")), Chosen: map[uid.ID]bool{}}
	in := duty.Input{Name: p.Form.Name, Framework: p.Form.Framework, Revision: max(f.revision(), 0)}
	wrong := fault.Fields{}
	maybe := func(name string) *int {
		if n := f.number(wrong, name); n != 0 {
			return &n
		}
		return nil
	}
	in.Terms = duty.Terms{ValidMonths: maybe("valid_months"), DueDays: maybe("due_days"), GraceDays: f.number(wrong, "grace_days"), RenewDays: f.number(wrong, "renew_days"), KeepDay: p.Form.KeepDay, FromHired: p.Form.Hired, Certificate: p.Form.Certificate}
	in.Role, in.RoleWhile = p.Form.Role, p.Form.RoleWhile
	if at := f.day(c.UserContext(), wrong, "due_on"); at != nil {
		end := at.In(zoneOf(c.UserContext())).AddDate(0, 0, 1).Add(-time.Second).UTC()
		in.Terms.DueAt = &end
	}
	in.LeaveCourse = p.Form.Leave
	in.Path, _ = uid.Parse(f.get("path"))
	p.Form.Path = in.Path
	for i, text := range append([]string{f.get("course")}, f.all("courses")...) {
		one, ok := uid.Parse(text)
		if !ok || in.Path != uid.Nil || // the list of courses has something chosen, path or not
			p.Form.Chosen[one] {
			continue
		}
		if i == 0 {
			p.Form.Course = one
		}
		p.Form.Chosen[one] = true
		in.Courses = append(in.Courses, one)
	}
	err = wrong.Err()
	var saved duty.Shown
	if err == nil {
		saved, err = d.Duties.Save(c.UserContext(), p.Requirement.ID, in)
	}
	if err != nil {
		return d.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return d.done(c, "/compliance/"+saved.ID.String(), themes.FlashSaved, "")
}

// change does something to a requirement and leads back to it.
func (d Duties) change(c *fiber.Ctx, do func(r uid.ID, f form) error) error {
	r, err := id(c, "requirement")
	if err != nil {
		return err
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	if err := do(r, f); err != nil {
		p, failed := d.page(c)
		if failed != nil {
			return failed
		}
		return d.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return d.done(c, "/compliance/"+r.String(), themes.FlashSaved, "")
}

// Scope changes whom a requirement catches.
func (d Duties) Scope(c *fiber.Ctx) error {
	return d.change(c, func(r uid.ID, f form) error {
		group, _ := uid.Parse(f.get("group"))
		_, err := d.Duties.Apply(c.UserContext(), r, duty.Proposal{Do: duty.Do(f.get("do")), Group: group})
		return err
	})
}

// Name names a person in a requirement.
func (d Duties) Name(c *fiber.Ctx) error {
	return d.change(c, func(r uid.ID, f form) error {
		person, ok := uid.Parse(f.get("person"))
		if !ok {
			return auth.ErrPersonNotFound
		}
		_, err := d.Duties.Name(c.UserContext(), r, person, f.get("excepted") != "", f.get("reason"))
		return err
	})
}

// Unname ends that.
func (d Duties) Unname(c *fiber.Ctx) error {
	return d.change(c, func(r uid.ID, _ form) error {
		person, err := id(c, "person")
		if err == nil {
			_, err = d.Duties.Unname(c.UserContext(), r, person)
		}
		return err
	})
}

// Undo takes back what a change did.
func (d Duties) Undo(c *fiber.Ctx) error {
	return d.change(c, func(r uid.ID, _ form) error {
		run, err := id(c, "run")
		if err == nil {
			_, err = d.Duties.Undo(c.UserContext(), r, run)
		}
		return err
	})
}

// Waive says that somebody need not.
func (d Duties) Waive(c *fiber.Ctx) error {
	return d.change(c, func(r uid.ID, f form) error {
		person, err := id(c, "person")
		if err != nil {
			return err
		}
		wrong := fault.Fields{}
		until := f.day(c.UserContext(), wrong, "until")
		if err := wrong.Err(); err != nil {
			return err
		}
		return d.Duties.Waive(c.UserContext(), r, person, until, f.get("reason"))
	})
}

// Unwaive ends a waiver.
func (d Duties) Unwaive(c *fiber.Ctx) error {
	return d.change(c, func(r uid.ID, _ form) error {
		person, err := id(c, "person")
		if err != nil {
			return err
		}
		return d.Duties.Unwaive(c.UserContext(), r, person)
	})
}
