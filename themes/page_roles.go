package themes

import (
	"slices"
	"strings"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
)

// Flash keys of roles.
const (
	FlashRoleCreated FlashKey = "role_created" // Name: the role
	FlashRoleChanged FlashKey = "role_changed" // Name: the role
	FlashRoleDeleted FlashKey = "role_deleted" // Name: the role
)

// RoleName is what a role is called: the product's word for a built-in one, the portal's for one of its own.
func (c *Chrome) RoleName(role policy.Role) (string, error) {
	if name, ok := c.View.RoleNames[role]; ok {
		return name, nil
	}
	return c.Named("role", role)
}

// RoleHint says in a line what a role is for, "" where nothing is known.
func (c *Chrome) RoleHint(role policy.Role) (string, error) {
	if !c.has("role_hint." + string(role)) {
		return "", nil
	}
	return c.T("role_hint." + string(role))
}

// RolesPage is GET /settings/roles.
type RolesPage struct{ Roles []auth.Role }

func (p RolesPage) in(c *Chrome) (string, any) { return "roles", framed[RolesPage]{c, p} }

// RoleForm is what was typed.
type RoleForm struct {
	Name, Description string
	Inherits          []policy.Role
	Permissions       []policy.Permission
}

// NewRoleForm is the form of a role as it is.
func NewRoleForm(r auth.Role) RoleForm {
	return RoleForm{Name: r.Name, Description: r.Description, Inherits: r.Inherits, Permissions: r.Own}
}

// RolePage is GET and POST /settings/roles/:role, and GET /settings/roles/new?like= with POST /settings/roles (Role is zero
// then): fields name, description, inherits (many), permissions (many); the button do=preview shows what a change would do.
// It posts nothing to /settings/roles/:role/delete.
type RolePage struct {
	Role        auth.Role
	Form        RoleForm
	Inheritable []policy.Role
	Permissions []policy.Permission // those on offer
	Preview     *auth.RolePreview
	Problem     *fault.Fault
}

func (p RolePage) in(c *Chrome) (string, any) { return "role", framed[RolePage]{c, p} }

// New tells whether the role is being made.
func (p RolePage) New() bool { return p.Role.Code == "" }

// Action is where the form goes.
func (p RolePage) Action() string {
	if p.New() {
		return "/settings/roles"
	}
	return "/settings/roles/" + string(p.Role.Code)
}

// Takes tells whether an inherited role's box is ticked.
func (p RolePage) Takes(role policy.Role) bool { return slices.Contains(p.Form.Inherits, role) }

// Allows tells whether a permission's box is ticked.
func (p RolePage) Allows(x policy.Permission) bool { return slices.Contains(p.Form.Permissions, x) }

// Effective lists what the role may, sorted.
func (p RolePage) Effective() []policy.Permission { return p.Role.May.List() }

// PermissionsNow lists every permission, for choosing one to ask about.
func (c *Chrome) PermissionsNow() (out []policy.Permission) {
	for _, info := range policy.All() {
		out = append(out, info.Permission)
	}
	return out
}

// WhoMayPage is GET /settings/roles/who?permission=&after=: who can do this.
type WhoMayPage struct {
	Permission policy.Permission
	People     page.Of[auth.Person]
	Rules      map[policy.Role]string
	Problem    *fault.Fault
}

func (p WhoMayPage) in(c *Chrome) (string, any) { return "who_may", framed[WhoMayPage]{c, p} }

// Deciding is a role that allows, and the line of the policy that says so.
type Deciding struct {
	Role policy.Role
	Rule string
}

// Roles lists the deciding roles by code.
func (p WhoMayPage) Roles() (out []Deciding) {
	for role, rule := range p.Rules {
		out = append(out, Deciding{role, rule})
	}
	slices.SortFunc(out, func(a, b Deciding) int { return strings.Compare(string(a.Role), string(b.Role)) })
	return out
}

// By lists those of a person's roles that allow it.
func (p WhoMayPage) By(person auth.Person) (out []policy.Role) {
	for _, role := range person.Roles {
		if p.Rules[role] != "" {
			out = append(out, role)
		}
	}
	return out
}

// WhyPage is GET /settings/roles/why?person=&permission=: why someone may (not). Person is an id, or part of a name or
// e-mail; Found are those whom it fits when they are not exactly one.
type WhyPage struct {
	Person     string
	Permission policy.Permission
	Found      []auth.Person
	Reason     *auth.Reason
	Problem    *fault.Fault
}

func (p WhyPage) in(c *Chrome) (string, any) { return "why", framed[WhyPage]{c, p} }

// Asked tells whether a question was put.
func (p WhyPage) Asked() bool { return p.Person != "" && p.Permission != "" }
