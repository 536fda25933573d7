package web

import (
	"context"
	"slices"

	"github.com/gofiber/fiber/v2"

	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/auth/org"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// People is who is in the portal and what they are.
type People struct {
	*Site
	Auth   *auth.Service
	Policy *policy.Engine
	SignOn *signon.Service
	Groups *group.Service
	Org    *org.Service
}

// List shows who is here.
func (p People) List(c *fiber.Ctx) error {
	f := auth.PeopleFilter{
		Query: query(c, "q"), Role: policy.Role(query(c, "role")), Status: auth.PersonStatus(query(c, "status")), Page: after(c),
	}
	page := themes.PeoplePage{Query: f.Query, Role: f.Role, Status: f.Status}
	var err error
	if page.Units, page.Fields, err = p.Org.Choices(c.UserContext()); err != nil {
		return err
	}
	if unit, ok := uid.Parse(query(c, "unit")); ok {
		f.Unit, page.Unit = unit, unit.String()
	}
	for _, one := range page.Fields { // only what who asks may see
		if one.Code == query(c, "field") && query(c, "value") != "" {
			f.Field, f.Value = one.Code, query(c, "value")
			page.Field, page.Value = f.Field, f.Value
		}
	}
	if page.People, err = p.Auth.People(c.UserContext(), f); err != nil {
		return err
	}
	return p.show(c, page)
}

// offered lists the roles that who asks may give: those that may no more than they do; owner only by owners.
func (p People) offered(ctx context.Context) ([]policy.Role, error) {
	me := who(ctx)
	var roles []policy.Role
	all, err := p.Auth.RoleList(ctx)
	if err != nil {
		return nil, err
	}
	for _, one := range all {
		role := one.Code
		if role == policy.Owner && !slices.Contains(me.Roles, policy.Owner) {
			continue
		}
		if me.May.Covers(one.May) {
			roles = append(roles, role)
		}
	}
	return roles, nil
}

// InviteForm shows the form that asks someone to join.
func (p People) InviteForm(c *fiber.Ctx) error {
	roles, err := p.offered(c.UserContext())
	if err != nil {
		return err
	}
	return p.show(c, themes.InvitePage{Roles: roles, Form: themes.InviteForm{Role: string(policy.Learner)}})
}

// Invite asks someone to join.
func (p People) Invite(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	typed := themes.InviteForm{Email: f.get("email"), Name: f.get("name"), Role: f.get("role")}
	person, err := p.Auth.Invite(c.UserContext(), auth.InviteInput{Email: typed.Email, Name: typed.Name, Role: policy.Role(typed.Role)})
	if err != nil {
		roles, failed := p.offered(c.UserContext())
		if failed != nil {
			return failed
		}
		return p.refused(c, err, func(wrong *fault.Fault) themes.Page {
			return themes.InvitePage{Form: typed, Roles: roles, Problem: wrong}
		})
	}
	return p.done(c, "/people", themes.FlashInvited, person.Email)
}

// page fills a person's page.
func (p People) page(c *fiber.Ctx, person uid.ID) (themes.PersonPage, error) {
	ctx := c.UserContext()
	found, err := p.Auth.Person(ctx, person)
	if err != nil {
		return themes.PersonPage{}, err
	}
	page := themes.PersonPage{Person: found, Chosen: found.Roles}
	if page.Place, err = p.Org.Place(ctx, person); err != nil {
		return page, err
	}
	if page.Placement, err = p.Org.PlacementNow(ctx, person); err != nil {
		return page, err
	}
	if page.Groups, err = p.Groups.Of(ctx, person); err != nil {
		return page, err
	}
	if page.Roles, err = p.offered(ctx); err == nil && who(ctx).May.Has(policy.PersonManage) {
		page.Factors, err = p.Auth.FactorsOfPerson(ctx, person)
	}
	if err == nil && who(ctx).May.Has(policy.ConnectionManage) {
		page.Accounts, err = p.SignOn.LinkedAccounts(ctx, person)
	}
	return page, err
}

// Show shows one person.
func (p People) Show(c *fiber.Ctx) error {
	person, err := id(c, "id")
	if err != nil {
		return err
	}
	page, err := p.page(c, person)
	if err != nil {
		return err
	}
	return p.show(c, page)
}

// change does something to the person of the path, and shows their page again when it was refused.
func (p People) change(c *fiber.Ctx, key themes.FlashKey, do func(ctx context.Context, person uid.ID) error) error {
	person, err := id(c, "id")
	if err != nil {
		return err
	}
	page, err := p.page(c, person)
	if err != nil {
		return err
	}
	if err := do(c.UserContext(), person); err != nil {
		return p.refused(c, err, func(wrong *fault.Fault) themes.Page { page.Problem = wrong; return page })
	}
	name := called(page.Person)
	if key == themes.FlashInvited {
		name = page.Person.Email
	}
	return p.done(c, "/people/"+person.String(), key, name)
}

// called is what a message calls a person: by name, or by e-mail while there is none.
func called(p auth.Person) string {
	if p.Name != "" {
		return p.Name
	}
	return p.Email
}

// SetRoles gives a person other roles. Boxes show only the roles on offer: what the person has beyond them stays.
func (p People) SetRoles(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	person, err := id(c, "id")
	if err != nil {
		return err
	}
	page, err := p.page(c, person)
	if err != nil {
		return err
	}
	page.Chosen = nil
	for _, role := range f.all("roles") {
		page.Chosen = append(page.Chosen, policy.Role(role))
	}
	if err := p.Auth.SetRoles(c.UserContext(), person, wished(page)); err != nil {
		return p.refused(c, err, func(wrong *fault.Fault) themes.Page { page.Problem = wrong; return page })
	}
	return p.done(c, "/people/"+person.String(), themes.FlashRolesChanged, called(page.Person))
}

// wished is what was chosen, and the roles that a person has beyond those on offer.
func wished(p themes.PersonPage) []policy.Role {
	out := slices.Clone(p.Chosen)
	for _, role := range p.Person.Roles {
		if !slices.Contains(p.Roles, role) {
			out = append(out, role)
		}
	}
	return out
}

// Deactivate keeps a person from signing in.
func (p People) Deactivate(c *fiber.Ctx) error {
	return p.change(c, themes.FlashDeactivated, p.Auth.Deactivate)
}

// Reactivate lets a person in again.
func (p People) Reactivate(c *fiber.Ctx) error {
	return p.change(c, themes.FlashReactivated, p.Auth.Reactivate)
}

// ResetFactors takes a person's second factors away, who lost them.
func (p People) ResetFactors(c *fiber.Ctx) error {
	return p.change(c, themes.FlashFactorsReset, p.Auth.ResetFactors)
}

// InviteAgain sends a person's invitation again, with the roles they have.
func (p People) InviteAgain(c *fiber.Ctx) error {
	return p.change(c, themes.FlashInvited, func(ctx context.Context, person uid.ID) error {
		found, err := p.Auth.Person(ctx, person)
		if err != nil {
			return err
		}
		in := auth.InviteInput{Email: found.Email, Name: found.Name}
		if len(found.Roles) > 0 {
			in.Role = found.Roles[0]
		}
		if _, err := p.Auth.Invite(ctx, in); err != nil || len(found.Roles) < 2 {
			return err
		}
		return p.Auth.SetRoles(ctx, person, found.Roles) // inviting gives the one role it names
	})
}

// Unlink disconnects a company account from a person.
func (p People) Unlink(c *fiber.Ctx) error {
	identity, err := id(c, "identity")
	if err != nil {
		return err
	}
	return p.change(c, themes.FlashUnlinked, func(ctx context.Context, person uid.ID) error { return p.SignOn.Unlink(ctx, person, identity) })
}
