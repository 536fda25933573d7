package themes

import (
	"lyceum/auth"
	"lyceum/auth/org"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/page"
)

// PeoplePage is GET /people?q=&role=&status=&unit=&field=&value=&after=.
type PeoplePage struct {
	Query  string
	Role   policy.Role       // "" is all
	Status auth.PersonStatus // "" is all
	People page.Of[auth.Person]
	// What the list can be narrowed by beside, and is: an id, a field's code and its value.
	Units              []org.Branch
	Fields             []org.Field
	Unit, Field, Value string
}

// UnitKinds lists the kinds of units.
func (p PeoplePage) UnitKinds() []org.UnitKind { return org.UnitKinds() }

// UnitsOf gives the units of a kind.
func (p PeoplePage) UnitsOf(kind org.UnitKind) []org.Branch { return unitsOf(p.Units, kind) }

func (p PeoplePage) in(c *Chrome) (string, any) { return "people", framed[PeoplePage]{c, p} }

// InviteForm is what was typed.
type InviteForm struct{ Email, Name, Role string }

// InvitePage is GET and POST /people/invite: fields email, name, role.
type InvitePage struct {
	Form    InviteForm
	Roles   []policy.Role // those who asks may give
	Problem *fault.Fault
}

func (p InvitePage) in(c *Chrome) (string, any) { return "invite", framed[InvitePage]{c, p} }

// PersonPage is GET /people/:id. It posts roles (many) to /people/:id/roles; to …/deactivate, …/reactivate; and to
// …/invite to send the invitation again; to …/factors/reset; and to …/accounts/:identity/unlink.
type PersonPage struct {
	Person   auth.Person
	Roles    []policy.Role          // those who asks may give or take
	Chosen   []policy.Role          // what the boxes show: the person's roles, or what was chosen and refused
	Factors  []auth.Factor          // of a person whom who asks may manage
	Groups   []auth.Group           // those the person is in
	Accounts []signon.LinkedAccount // company accounts, for who keeps connections
	Place    org.Place              // whom they report to
	// Placement is where they stand today; zero in a portal in an older shape.
	Placement org.Placement
	Problem   *fault.Fault
}

func (p PersonPage) in(c *Chrome) (string, any) { return "person", framed[PersonPage]{c, p} }

// Proving lists the second factors that are asked at their sign-in.
func (p PersonPage) Proving() []auth.Factor { return SecurityPage{Factors: p.Factors}.Proving() }
