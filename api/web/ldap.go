package web

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/ldapsync"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// LDAP is where administrators keep the LDAP directories that are read for people.
type LDAP struct {
	Directories
}

// atLDAP is a directory's address.
func atLDAP(d ldapsync.Directory) string { return themes.LDAPAddress(d) }

// asked finds the directory of the path.
func (h LDAP) asked(c *fiber.Ctx) (ldapsync.Directory, error) {
	one, err := id(c, "directory")
	if err != nil {
		return ldapsync.Directory{}, err
	}
	return h.Sync.Directory(c.UserContext(), one)
}

func (h LDAP) blank(c *fiber.Ctx) (p themes.LDAPNewPage, err error) {
	p.Form = themes.LDAPDirectoryForm{Role: string(policy.Learner), LDAP: themes.LDAPForm{Kind: string(ldap.KindActiveDirectory)}}
	p.Roles, err = h.offered(c.UserContext())
	return p, err
}

// New shows the form for another directory.
func (h LDAP) New(c *fiber.Ctx) error {
	p, err := h.blank(c)
	if err != nil {
		return err
	}
	return h.show(c, p)
}

// Create sets a directory up, in dry run.
func (h LDAP) Create(c *fiber.Ctx) error {
	f, p, in, err := h.typedNew(c)
	if err != nil {
		return err
	}
	made := ldapsync.Directory{}
	if err = in.wrong.Err(); err == nil {
		made, err = h.Sync.Create(c.UserContext(), ldapsync.Input{
			Name: f.get("name"), Status: signon.StatusDryRun, Settings: in.settings, Password: in.password, RoleRules: auth.RoleRules{Default: policy.Role(f.get("role_default"))},
		})
	}
	if err != nil {
		return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return h.done(c, atLDAP(made), themes.FlashLDAPCreated, made.Name)
}

// CheckNew tries the settings of a directory that is to be.
func (h LDAP) CheckNew(c *fiber.Ctx) error {
	_, p, in, err := h.typedNew(c)
	if err != nil {
		return err
	}
	p.Checked, err = h.tried(c, uid.Nil, in)
	if err != nil {
		return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return h.show(c, p)
}

// typedSettings are settings as they were typed.
type typedSettings struct {
	settings ldapsync.Settings
	password *string
	wrong    fault.Fields // what is no number
}

func (h LDAP) typedNew(c *fiber.Ctx) (f form, p themes.LDAPNewPage, in typedSettings, err error) {
	if f, err = readForm(c); err != nil {
		return f, p, in, err
	}
	if p, err = h.blank(c); err != nil {
		return f, p, in, err
	}
	p.Form, in = readLDAPDirectory(f, ldapsync.Settings{})
	return f, p, in, nil
}

// readLDAPDirectory reads the form, and what is meant by it; kept are settings that the form does not show.
func readLDAPDirectory(f form, kept ldapsync.Settings) (typed themes.LDAPDirectoryForm, in typedSettings) {
	typed = themes.LDAPDirectoryForm{
		Name: f.get("name"), Connection: f.get("connection"), Role: f.get("role_default"), Every: f.get("every_minutes"), Hold: f.get("hold_percent"),
		SyncFilter: f.get("sync_filter"), UserNameAttr: f.get("user_name_attribute"), Manager: f.get("manager_attribute"), LDAP: readLDAP(f),
	}
	in.wrong, in.settings = fault.Fields{}, kept
	s := &in.settings
	s.LDAP = ldapOf(f, typed.LDAP, s.LDAP, in.wrong)
	s.LDAP.SyncFilter, s.UserNameAttribute, s.ManagerAttribute = strings.TrimSpace(typed.SyncFilter), strings.TrimSpace(typed.UserNameAttr), strings.TrimSpace(typed.Manager)
	s.EveryMinutes, s.HoldPercent = f.number(in.wrong, "every_minutes"), f.number(in.wrong, "hold_percent")
	if password := f.get("password"); password != "" {
		in.password = &password
	}
	return typed, in
}

// tried tries settings.
func (h LDAP) tried(c *fiber.Ctx, directory uid.ID, in typedSettings) (*signon.CheckedDirectory, error) {
	if err := in.wrong.Err(); err != nil {
		return nil, err
	}
	report, sample, err := h.Sync.Check(c.UserContext(), directory, in.settings.LDAP, in.password)
	if err != nil {
		return nil, err
	}
	return &signon.CheckedDirectory{Report: report, Sample: sample, OK: report.OK()}, nil
}

func (h LDAP) overview(c *fiber.Ctx) (p themes.LDAPDirectoryPage, err error) {
	if p.Directory, err = h.asked(c); err != nil {
		return p, err
	}
	wish := after(c)
	p.First = wish.After == ""
	p.Runs, err = h.Sync.Runs(c.UserContext(), p.Directory.ID, wish, false)
	return p, err
}

// Show shows the state and the last runs.
func (h LDAP) Show(c *fiber.Ctx) error {
	p, err := h.overview(c)
	if err != nil {
		return err
	}
	return h.show(c, p)
}

// SetStatus switches a directory off, to dry run or on.
func (h LDAP) SetStatus(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	status := signon.Status(f.get("status"))
	key := map[signon.Status]themes.FlashKey{signon.StatusOff: themes.FlashLDAPOff, signon.StatusDryRun: themes.FlashLDAPDryRun, signon.StatusOn: themes.FlashLDAPOn}[status]
	return h.act(c, key, func(one uid.ID) error { return h.Sync.SetStatus(c.UserContext(), one, status) })
}

// act does something with a directory and leads back to it.
func (h LDAP) act(c *fiber.Ctx, key themes.FlashKey, do func(one uid.ID) error) error {
	p, err := h.overview(c)
	if err != nil {
		return err
	}
	if err := do(p.Directory.ID); err != nil {
		return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return h.done(c, atLDAP(p.Directory), key, p.Directory.Name)
}

// Read asks for the directory to be read now.
func (h LDAP) Read(c *fiber.Ctx) error {
	return h.act(c, themes.FlashLDAPAsked, func(one uid.ID) error { return h.Sync.RequestSync(c.UserContext(), one, ldapsync.Order{}) })
}

// Try asks for a dry run.
func (h LDAP) Try(c *fiber.Ctx) error {
	return h.act(c, themes.FlashLDAPTry, func(one uid.ID) error {
		return h.Sync.RequestSync(c.UserContext(), one, ldapsync.Order{DryRun: true})
	})
}

// Confirm asks for a run that deactivates however many it is.
func (h LDAP) Confirm(c *fiber.Ctx) error {
	return h.act(c, themes.FlashLDAPAsked, func(one uid.ID) error {
		return h.Sync.RequestSync(c.UserContext(), one, ldapsync.Order{Confirmed: true})
	})
}

// Run shows what a run did, or would do.
func (h LDAP) Run(c *fiber.Ctx) error {
	d, err := h.asked(c)
	if err != nil {
		return err
	}
	one, err := id(c, "run")
	if err != nil {
		return err
	}
	r, err := h.Sync.Run(c.UserContext(), d.ID, one)
	if err != nil {
		return err
	}
	first, err := h.Sync.Runs(c.UserContext(), d.ID, after(c), false)
	if err != nil {
		return err
	}
	held := themes.LDAPDirectoryPage{Directory: d, Runs: first, First: true}.Held()
	return h.show(c, themes.LDAPRunPage{Directory: d, Run: r, Latest: held != nil && held.ID == r.ID})
}

func (h LDAP) settings(c *fiber.Ctx) (p themes.LDAPSettingsPage, err error) {
	if p.Directory, err = h.asked(c); err != nil {
		return p, err
	}
	p.Form = themes.LDAPDirectoryFormOf(p.Directory)
	p.Connections, err = h.SCIM.Connections(c.UserContext())
	return p, err
}

// Settings shows how a directory is read.
func (h LDAP) Settings(c *fiber.Ctx) error {
	p, err := h.settings(c)
	if err != nil {
		return err
	}
	return h.show(c, p)
}

func (h LDAP) typedChange(c *fiber.Ctx) (f form, p themes.LDAPSettingsPage, in typedSettings, err error) {
	if f, err = readForm(c); err != nil {
		return f, p, in, err
	}
	if p, err = h.settings(c); err != nil {
		return f, p, in, err
	}
	p.Form, in = readLDAPDirectory(f, p.Directory.Settings.V)
	return f, p, in, nil
}

// Check tries the settings that were typed, and keeps nothing.
func (h LDAP) Check(c *fiber.Ctx) error {
	_, p, in, err := h.typedChange(c)
	if err != nil {
		return err
	}
	if p.Checked, err = h.tried(c, p.Directory.ID, in); err != nil {
		return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return h.show(c, p)
}

// asIs is a directory as an input that changes nothing.
func asIs(d ldapsync.Directory) ldapsync.Input {
	return ldapsync.Input{Name: d.Name, Status: d.Status, ConnectionID: d.ConnectionID, Settings: d.Settings.V, Mapping: d.Mapping.V, RoleRules: d.RoleRules.V}
}

// Save changes how a directory is read.
func (h LDAP) Save(c *fiber.Ctx) error {
	f, p, typed, err := h.typedChange(c)
	if err != nil {
		return err
	}
	in := asIs(p.Directory)
	in.Name, in.ConnectionID, in.Settings, in.Password = p.Form.Name, optionalID(p.Form.Connection), typed.settings, typed.password
	if err = typed.wrong.Err(); err == nil {
		_, err = h.Sync.Update(c.UserContext(), p.Directory.ID, f.revision(), in)
	}
	if err != nil {
		return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return h.done(c, atLDAP(p.Directory)+"/settings", themes.FlashDirectorySaved, in.Name)
}

func (h LDAP) mapping(c *fiber.Ctx) (p themes.LDAPMappingPage, err error) {
	if p.Directory, err = h.asked(c); err != nil {
		return p, err
	}
	p.Form = themes.LDAPMappingFormOf(p.Directory)
	p.Roles, err = h.offered(c.UserContext())
	return p, err
}

// Mapping shows what becomes of entries: fields of people, and roles by groups.
func (h LDAP) Mapping(c *fiber.Ctx) error {
	p, err := h.mapping(c)
	if err != nil {
		return err
	}
	return h.show(c, p)
}

// SaveMapping changes it; the button do=up.<n> raises a rule and saves nothing yet.
func (h LDAP) SaveMapping(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := h.mapping(c)
	if err != nil {
		return err
	}
	p.Form = typedDirectory(f)
	if raised(f, &p.Form) {
		return h.show(c, p)
	}
	in := asIs(p.Directory)
	in.Mapping, in.RoleRules = p.Form.MappingTyped(), p.Form.RulesTyped()
	if _, err := h.Sync.Update(c.UserContext(), p.Directory.ID, f.revision(), in); err != nil {
		return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return h.done(c, atLDAP(p.Directory)+"/mapping", themes.FlashDirectorySaved, p.Directory.Name)
}

// AskDelete asks for the name before a directory is removed.
func (h LDAP) AskDelete(c *fiber.Ctx) error {
	d, err := h.asked(c)
	if err != nil {
		return err
	}
	return h.show(c, themes.LDAPDeletePage{Directory: d})
}

// Delete removes a directory; its people stay.
func (h LDAP) Delete(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	d, err := h.asked(c)
	if err != nil {
		return err
	}
	p := themes.LDAPDeletePage{Directory: d, Confirm: f.get("confirm")}
	if err := h.Sync.Delete(c.UserContext(), d.ID, &p.Confirm); err != nil {
		return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return h.done(c, "/settings/directories", themes.FlashDirectoryDeleted, d.Name)
}
