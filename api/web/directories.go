package web

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	binding "lyceum/api/scim"
	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/auth/ldapsync"
	"lyceum/auth/policy"
	"lyceum/auth/scim"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/themes"
)

// Directories is where administrators keep the directories that bring people.
type Directories struct {
	*Site
	SCIM *scim.Service
	Sync *ldapsync.Service
	Auth *auth.Service
}

// offered lists the roles that a directory may be told to give: those that may no more than who asks, and never owner.
func (d Directories) offered(ctx context.Context) ([]policy.Role, error) {
	roles, err := People{Site: d.Site, Auth: d.Auth}.offered(ctx)
	return slices.DeleteFunc(roles, func(r policy.Role) bool { return r == policy.Owner }), err
}

func (d Directories) list(ctx context.Context) (p themes.DirectoriesPage, err error) {
	pushed, err := d.SCIM.Directories(ctx)
	if err != nil {
		return p, err
	}
	read, err := d.Sync.Directories(ctx)
	if err != nil {
		return p, err
	}
	for _, one := range pushed {
		p.Directories = append(p.Directories, themes.DirectoryRowOf(one))
	}
	for _, one := range read {
		p.Directories = append(p.Directories, themes.LDAPRowOf(one))
	}
	slices.SortStableFunc(p.Directories, func(a, b themes.DirectoryRow) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	p.Form = themes.NewDirectoryForm{Mode: scim.ModeEntra, Role: string(policy.Learner)}
	p.Roles, err = d.offered(ctx)
	return p, err
}

// List shows the directories of both kinds, and the ways to add one; with ?add=scim also the form for a SCIM directory.
func (d Directories) List(c *fiber.Ctx) error {
	p, err := d.list(c.UserContext())
	if err != nil {
		return err
	}
	p.Add = query(c, "add") == "scim"
	return d.show(c, p)
}

// Create sets a directory up, in dry run.
func (d Directories) Create(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	typed := themes.NewDirectoryForm{Name: f.get("name"), Mode: scim.Mode(f.get("mode")), Role: f.get("role_default")}
	made, err := d.SCIM.CreateDirectory(c.UserContext(), scim.DirectoryInput{
		Name: typed.Name, Mode: typed.Mode, Status: signon.StatusDryRun, RoleRules: auth.RoleRules{Default: policy.Role(typed.Role)},
	})
	if err != nil {
		p, failed := d.list(c.UserContext())
		if failed != nil {
			return failed
		}
		p.Form, p.Add = typed, true
		return d.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return d.done(c, at(made), themes.FlashDirectoryCreated, made.Name)
}

// at is a directory's address.
func at(d scim.Directory) string { return "/settings/directories/" + d.ID.String() }

// asked finds the directory of the path.
func (d Directories) asked(c *fiber.Ctx) (scim.Directory, error) {
	one, err := id(c, "directory")
	if err != nil {
		return scim.Directory{}, err
	}
	return d.SCIM.Directory(c.UserContext(), one)
}

func (d Directories) connect(c *fiber.Ctx) (p themes.DirectoryPage, err error) {
	if p.Directory, err = d.asked(c); err != nil {
		return p, err
	}
	p.BaseURL, p.Form = visit.Of(c).Origin()+binding.Root, themes.TokenForm{Days: strconv.Itoa(scim.TokenDaysDefault)}
	p.Tokens, err = d.SCIM.Tokens(c.UserContext(), p.Directory.ID)
	return p, err
}

// Show shows what to enter at the other side, the tokens and the state.
func (d Directories) Show(c *fiber.Ctx) error {
	p, err := d.connect(c)
	if err != nil {
		return err
	}
	return d.show(c, p)
}

// SetStatus switches a directory off, to dry run or on.
func (d Directories) SetStatus(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := d.connect(c)
	if err != nil {
		return err
	}
	status := signon.Status(f.get("status"))
	if err := d.SCIM.SetStatus(c.UserContext(), p.Directory.ID, status); err != nil {
		return d.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	key := map[signon.Status]themes.FlashKey{
		signon.StatusOff: themes.FlashDirectoryOff, signon.StatusDryRun: themes.FlashDirectoryDryRun, signon.StatusOn: themes.FlashDirectoryOn,
	}[status]
	return d.done(c, at(p.Directory), key, p.Directory.Name)
}

// CreateToken makes a token and shows its secret, this once: there is no redirect, and the answer is kept nowhere.
func (d Directories) CreateToken(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	one, err := id(c, "directory")
	if err != nil {
		return err
	}
	typed, wrong, made := themes.TokenForm{Name: f.get("name"), Days: f.get("days")}, fault.Fields{}, ""
	days := f.number(wrong, "days")
	if err = wrong.Err(); err == nil {
		made, _, err = d.SCIM.CreateToken(c.UserContext(), one, scim.TokenInput{Name: typed.Name, Days: days})
	}
	p, failed := d.connect(c)
	if failed != nil {
		return failed
	}
	noStore(c)
	if err != nil {
		p.Form = typed
		return d.refused(c, err, func(f *fault.Fault) themes.Page { p.Problem = f; return p })
	}
	p.Secret = made
	return d.show(c, p)
}

// RevokeToken ends a token.
func (d Directories) RevokeToken(c *fiber.Ctx) error {
	p, err := d.connect(c)
	if err != nil {
		return err
	}
	one, err := id(c, "key")
	if err != nil {
		return err
	}
	if err := d.SCIM.RevokeToken(c.UserContext(), p.Directory.ID, one); err != nil {
		return d.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	name := ""
	for _, t := range p.Tokens {
		if t.ID == one {
			name = t.Name
		}
	}
	return d.done(c, at(p.Directory), themes.FlashTokenRevoked, name)
}

func (d Directories) settings(c *fiber.Ctx) (p themes.DirectorySettingsPage, err error) {
	if p.Directory, err = d.asked(c); err != nil {
		return p, err
	}
	p.Form = themes.NewDirectoryFormOf(p.Directory)
	if p.Roles, err = d.offered(c.UserContext()); err != nil {
		return p, err
	}
	p.Connections, err = d.SCIM.Connections(c.UserContext())
	return p, err
}

// Settings shows what a directory is called and which groups give which role.
func (d Directories) Settings(c *fiber.Ctx) error {
	p, err := d.settings(c)
	if err != nil {
		return err
	}
	return d.show(c, p)
}

// Save changes a directory; the button do=up.<n> raises a rule and saves nothing yet.
func (d Directories) Save(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := d.settings(c)
	if err != nil {
		return err
	}
	p.Form = typedDirectory(f)
	if raised(f, &p.Form) {
		return d.show(c, p)
	}
	in := scim.DirectoryInput{
		Name: p.Form.Name, Mode: p.Form.Mode, Status: p.Directory.Status, ConnectionID: optionalID(p.Form.Connection), Mapping: p.Form.MappingTyped(),
		RoleRules: p.Form.RulesTyped(),
	}
	saved, err := d.SCIM.UpdateDirectory(c.UserContext(), p.Directory.ID, f.revision(), in)
	if err != nil {
		return d.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return d.done(c, at(saved)+"/settings", themes.FlashDirectorySaved, saved.Name)
}

// typedDirectory reads the form. Rows without a group are left out.
func typedDirectory(f form) themes.DirectoryForm {
	typed := themes.DirectoryForm{
		Name: f.get("name"), Mode: scim.Mode(f.get("mode")), Connection: f.get("connection"), Default: f.get("role_default"), Mapping: map[string]string{},
	}
	roles := f.all("role")
	for i, group := range f.all("group") {
		if group = strings.TrimSpace(group); group != "" && i < len(roles) {
			typed.Rules = append(typed.Rules, themes.DirectoryRule{Group: group, Role: roles[i]})
		}
	}
	for _, field := range auth.MappedFields() {
		if from := strings.TrimSpace(f.get("map." + field)); from != "" {
			typed.Mapping[field] = from
		}
	}
	return typed
}

// raised tells whether the button do=up.<n> was pressed, and raises that rule.
func raised(f form, typed *themes.DirectoryForm) bool {
	place, ok := strings.CutPrefix(f.get("do"), "up.")
	if n, err := strconv.Atoi(place); ok && err == nil {
		*typed = typed.Raised(n - 1)
	}
	return ok
}

// Delete removes a directory; its people stay.
func (d Directories) Delete(c *fiber.Ctx) error {
	one, err := d.asked(c)
	if err != nil {
		return err
	}
	if err := d.SCIM.DeleteDirectory(c.UserContext(), one.ID); err != nil {
		return err
	}
	return d.done(c, "/settings/directories", themes.FlashDirectoryDeleted, one.Name)
}

// People shows who is in a directory.
func (d Directories) People(c *fiber.Ctx) error {
	p, err := d.people(c)
	if err != nil {
		return err
	}
	return d.show(c, p)
}

func (d Directories) people(c *fiber.Ctx) (p themes.DirectoryPeoplePage, err error) {
	if p.Directory, err = d.asked(c); err != nil {
		return p, err
	}
	p.People, err = d.SCIM.People(c.UserContext(), p.Directory.ID, after(c))
	return p, err
}

// Link says whom of the portal the directory means.
func (d Directories) Link(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := d.people(c)
	if err != nil {
		return err
	}
	p.Form = themes.LinkForm{Email: f.get("email"), UserName: strings.TrimSpace(f.get("user_name"))}
	if err := d.SCIM.Link(c.UserContext(), p.Directory.ID, p.Form.Email, p.Form.UserName); err != nil {
		return d.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return d.done(c, at(p.Directory)+"/people", themes.FlashPersonLinked, p.Form.UserName)
}

// Groups shows a directory's groups.
func (d Directories) Groups(c *fiber.Ctx) error {
	one, err := d.asked(c)
	if err != nil {
		return err
	}
	groups, err := d.SCIM.GroupsOf(c.UserContext(), one.ID, after(c))
	if err != nil {
		return err
	}
	return d.show(c, themes.DirectoryGroupsPage{Directory: one, Groups: groups})
}
