package web

import (
	"slices"

	"github.com/gofiber/fiber/v2"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// Roles is where roles are made and explained.
type Roles struct {
	*Site
	Auth *auth.Service
}

// List shows all roles.
func (r Roles) List(c *fiber.Ctx) error {
	roles, err := r.Auth.RoleList(c.UserContext())
	if err != nil {
		return err
	}
	return r.show(c, themes.RolesPage{Roles: roles})
}

// New shows an empty form, or one with what another role has (?like=).
func (r Roles) New(c *fiber.Ctx) error {
	form := themes.RoleForm{Inherits: []policy.Role{policy.Learner}}
	if like := query(c, "like"); like != "" {
		from, err := r.Auth.RoleByCode(c.UserContext(), policy.Role(like))
		if err != nil {
			return err
		}
		form = themes.NewRoleForm(from)
		form.Name = ""
		if from.BuiltIn && from.Code != policy.Owner {
			form.Inherits, form.Permissions = []policy.Role{from.Code}, nil
		}
	}
	return r.show(c, r.page(c, themes.RolePage{Form: form}))
}

// page fills in what is on offer: only what who asks may themselves.
func (r Roles) page(c *fiber.Ctx, p themes.RolePage) themes.RolePage {
	may := who(c.UserContext()).May
	for _, info := range policy.All() {
		if may.Has(info.Permission) || slices.Contains(p.Form.Permissions, info.Permission) {
			p.Permissions = append(p.Permissions, info.Permission)
		}
	}
	for _, role := range policy.BuiltInRoles() {
		if role != policy.Owner {
			p.Inheritable = append(p.Inheritable, role)
		}
	}
	return p
}

func roleTyped(f form) (themes.RoleForm, auth.RoleInput) {
	typed := themes.RoleForm{Name: f.get("name"), Description: f.get("description")}
	for _, role := range f.all("inherits") {
		typed.Inherits = append(typed.Inherits, policy.Role(role))
	}
	for _, p := range f.all("permissions") {
		typed.Permissions = append(typed.Permissions, policy.Permission(p))
	}
	return typed, auth.RoleInput{Name: typed.Name, Description: typed.Description, Inherits: typed.Inherits, Permissions: typed.Permissions}
}

// Create makes a role.
func (r Roles) Create(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	typed, in := roleTyped(f)
	role, err := r.Auth.CreateRole(c.UserContext(), in)
	if err != nil {
		return r.refused(c, err, func(wrong *fault.Fault) themes.Page { return r.page(c, themes.RolePage{Form: typed, Problem: wrong}) })
	}
	return r.done(c, "/settings/roles/"+string(role.Code), themes.FlashRoleCreated, role.Name)
}

func (r Roles) role(c *fiber.Ctx) (auth.Role, error) {
	return r.Auth.RoleByCode(c.UserContext(), policy.Role(c.Params("role")))
}

// Show shows one role; one of the portal's own can be changed.
func (r Roles) Show(c *fiber.Ctx) error {
	role, err := r.role(c)
	if err != nil {
		return err
	}
	return r.show(c, r.page(c, themes.RolePage{Role: role, Form: themes.NewRoleForm(role)}))
}

// Save changes a role, or shows what the change would do (do=preview).
func (r Roles) Save(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	role, err := r.role(c)
	if err != nil {
		return err
	}
	typed, in := roleTyped(f)
	again := func(wrong *fault.Fault) themes.Page {
		return r.page(c, themes.RolePage{Role: role, Form: typed, Problem: wrong})
	}
	if f.get("do") == "preview" {
		preview, err := r.Auth.PreviewRole(c.UserContext(), role.Code, in)
		if err != nil {
			return r.refused(c, err, again)
		}
		return r.show(c, r.page(c, themes.RolePage{Role: role, Form: typed, Preview: &preview}))
	}
	if err := r.Auth.ChangeRole(c.UserContext(), role.Code, in); err != nil {
		return r.refused(c, err, again)
	}
	return r.done(c, "/settings/roles/"+string(role.Code), themes.FlashRoleChanged, in.Name)
}

// Delete removes a role that nobody has.
func (r Roles) Delete(c *fiber.Ctx) error {
	role, err := r.role(c)
	if err != nil {
		return err
	}
	if err := r.Auth.DeleteRole(c.UserContext(), role.Code); err != nil {
		return r.refused(c, err, func(wrong *fault.Fault) themes.Page {
			return r.page(c, themes.RolePage{Role: role, Form: themes.NewRoleForm(role), Problem: wrong})
		})
	}
	return r.done(c, "/settings/roles", themes.FlashRoleDeleted, role.Name)
}

// Who answers "who can do this?".
func (r Roles) Who(c *fiber.Ctx) error {
	page := themes.WhoMayPage{Permission: policy.Permission(query(c, "permission"))}
	if page.Permission != "" {
		var err error
		if page.People, page.Rules, err = r.Auth.WhoMay(c.UserContext(), page.Permission, after(c)); err != nil {
			return r.refused(c, err, func(wrong *fault.Fault) themes.Page { page.Problem = wrong; return page })
		}
	}
	return r.show(c, page)
}

// Why answers "why can this person (not) do that?".
func (r Roles) Why(c *fiber.Ctx) error {
	page := themes.WhyPage{Person: query(c, "person"), Permission: policy.Permission(query(c, "permission"))}
	if page.Person == "" || page.Permission == "" {
		return r.show(c, page)
	}
	ctx := c.UserContext()
	person, ok := uid.Parse(page.Person)
	if !ok {
		found, err := r.Auth.People(ctx, auth.PeopleFilter{Query: page.Person})
		if err != nil {
			return err
		}
		if page.Found = found.Items; len(found.Items) != 1 {
			return r.show(c, page)
		}
		person = found.Items[0].ID
	}
	why, err := r.Auth.Why(ctx, person, page.Permission)
	if err != nil {
		return r.refused(c, err, func(wrong *fault.Fault) themes.Page { page.Problem = wrong; return page })
	}
	page.Reason, page.Found = &why, nil
	return r.show(c, page)
}
