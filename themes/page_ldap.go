package themes

import (
	"strings"
	"time"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/ldapsync"
	"lyceum/auth/policy"
	"lyceum/auth/scim"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/page"
)

// Flash keys of LDAP directories.
const (
	FlashLDAPCreated FlashKey = "ldap_created" // Name: the directory
	FlashLDAPOff     FlashKey = "ldap_off"     // Name: the directory
	FlashLDAPDryRun  FlashKey = "ldap_dry_run" // Name: the directory
	FlashLDAPOn      FlashKey = "ldap_on"      // Name: the directory
	FlashLDAPAsked   FlashKey = "ldap_asked"   // Name: the directory; it will be read soon
	FlashLDAPTry     FlashKey = "ldap_try"     // Name: the directory; a dry run will come soon
)

// ldapAddress is where the pages of LDAP directories stand.
const ldapAddress = "/settings/directories/ldap"

// DirectoryRow is a directory on the list, of either kind.
type DirectoryRow struct {
	Address, Name string
	Mode          scim.Mode // of a SCIM directory
	Make          ldap.Kind // of an LDAP server
	Status        signon.Status
	At            *time.Time // the last request, or the end of the last run
	Problem       string     // of the last run, in English
}

// DirectoryRowOf is a SCIM directory's row.
func DirectoryRowOf(d scim.Directory) DirectoryRow {
	return DirectoryRow{Address: "/settings/directories/" + d.ID.String(), Name: d.Name, Mode: d.Mode, Status: d.Status, At: d.SyncedAt}
}

// LDAPRowOf is an LDAP directory's row.
func LDAPRowOf(d ldapsync.Directory) DirectoryRow {
	return DirectoryRow{Address: LDAPAddress(d), Name: d.Name, Make: d.Settings.V.WithDefaults().LDAP.Kind, Status: d.Status, At: d.SyncedAt, Problem: d.Problem}
}

// LDAPAddress is where the pages of an LDAP directory stand.
func LDAPAddress(d ldapsync.Directory) string { return ldapAddress + "/" + d.ID.String() }

// LDAPDirectoryForm is what was typed of an LDAP directory. The password is not kept.
type LDAPDirectoryForm struct {
	Name, Connection, Role            string // Role is the default one, of a new directory
	Every, Hold                       string // minutes; of a hundred
	SyncFilter, UserNameAttr, Manager string
	LDAP                              LDAPForm
}

// LDAPDirectoryFormOf is the form of a directory as it is.
func LDAPDirectoryFormOf(d ldapsync.Directory) LDAPDirectoryForm {
	s := d.Settings.V
	f := LDAPDirectoryForm{
		Name: d.Name, Every: numberOrNone(s.EveryMinutes), Hold: numberOrNone(s.HoldPercent), SyncFilter: s.LDAP.SyncFilter, UserNameAttr: s.UserNameAttribute,
		Manager: s.ManagerAttribute, LDAP: LDAPFormOf(s.LDAP), Role: string(d.RoleRules.V.Default),
	}
	if d.ConnectionID != nil {
		f.Connection = d.ConnectionID.String()
	}
	return f
}

// LDAPNewPage is GET and POST /settings/directories/ldap/new: name, role_default, password and the fields of
// LDAPSettingsPage; the same to …/new/check is answered by this page with Checked.
type LDAPNewPage struct {
	Form    LDAPDirectoryForm
	Roles   []policy.Role
	Checked *signon.CheckedDirectory
	Problem *fault.Fault
}

func (p LDAPNewPage) in(c *Chrome) (string, any) { return "ldap_new", framed[LDAPNewPage]{c, p} }

// CheckAddress is where the settings are tried.
func (p LDAPNewPage) CheckAddress() string { return ldapAddress + "/new/check" }

// Kept tells whether a password is kept.
func (p LDAPNewPage) Kept() bool { return false }

// Opened tells whether the further settings are shown at once.
func (p LDAPNewPage) Opened() bool { return p.Form.opened(p.Problem) }

// LDAPDirectoryPage is GET /settings/directories/ldap/:directory?after=: state, runs, and reading it now. It posts status to
// …/status, nothing to …/sync, …/try (a dry run) and …/confirm (deactivate however many it is).
type LDAPDirectoryPage struct {
	Directory ldapsync.Directory
	Runs      page.Of[ldapsync.Run]
	First     bool // this is the first piece of the list
	Problem   *fault.Fault
}

func (p LDAPDirectoryPage) in(c *Chrome) (string, any) {
	return "ldap_directory", framed[LDAPDirectoryPage]{c, p}
}

// Held is the newest run that was for real, when it held people back; nil else.
func (p LDAPDirectoryPage) Held() *ldapsync.Run {
	if !p.First || p.Directory.Status != signon.StatusOn {
		return nil
	}
	for i := range p.Runs.Items {
		if r := &p.Runs.Items[i]; !r.DryRun {
			if r.Outcome == ldapsync.OutcomeHeld {
				return r
			}
			return nil
		}
	}
	return nil
}

// Next is when it is read again by itself; nil where it is not.
func (p LDAPDirectoryPage) Next() *time.Time {
	d := p.Directory
	if d.Status == signon.StatusOff || d.SyncedAt == nil {
		return nil
	}
	at := d.SyncedAt.Add(time.Duration(d.Settings.V.WithDefaults().EveryMinutes) * time.Minute)
	return &at
}

// LDAPRunPage is GET /settings/directories/ldap/:directory/runs/:run: the plan of a dry run, or what a run did.
type LDAPRunPage struct {
	Directory ldapsync.Directory
	Run       ldapsync.Run
	Latest    bool // it is the newest that was for real, so that it may be confirmed
}

func (p LDAPRunPage) in(c *Chrome) (string, any) { return "ldap_run", framed[LDAPRunPage]{c, p} }

// RunCount is a figure of a run.
type RunCount struct {
	Key   string // a message run_count.<key>
	Count int
}

// Counts are the figures of a run that are not zero, and always how many were read.
func (p LDAPRunPage) Counts() (list []RunCount) {
	c := p.Run.Counts.V
	for _, one := range []RunCount{
		{"read", c.Read}, {ldapsync.WhatCreated, c.Created}, {ldapsync.WhatLinked, c.Linked}, {ldapsync.WhatUpdated, c.Updated},
		{ldapsync.WhatReactivated, c.Reactivated}, {ldapsync.WhatDeactivated, c.Deactivated}, {ldapsync.WhatHeld, c.Held}, {ldapsync.WhatPassed, c.Passed},
		{"unchanged", c.Unchanged}, {"groups", c.Groups}, {"groups_moved", c.GroupsMoved},
	} {
		if one.Count > 0 || one.Key == "read" {
			list = append(list, one)
		}
	}
	return list
}

// Cut tells whether the run did more than is kept of it.
func (p LDAPRunPage) Cut() bool { return len(p.Run.Changes.V) >= ldapsync.ChangesKept }

// RunPart is one reading of a run with its checks.
type RunPart struct {
	Key    string // a message run_part.<key>
	Report auth.Report
}

// Parts are the readings of a run: its groups, then its people.
func (p LDAPRunPage) Parts() (list []RunPart) {
	for _, c := range p.Run.Report.V {
		key, name, ok := strings.Cut(c.Name, "_")
		if !ok {
			key, name = "people", c.Name
		}
		if n := len(list); n == 0 || list[n-1].Key != key {
			list = append(list, RunPart{Key: key})
		}
		c.Name = name
		part := &list[len(list)-1]
		part.Report = append(part.Report, c)
	}
	return list
}

// RunBadge names how a run ended.
func (c *Chrome) RunBadge(o ldapsync.Outcome) (Badge, error) {
	return c.StatusBadge("run_outcome", string(o))
}

// ChangeBadge names what a run did with somebody.
func (c *Chrome) ChangeBadge(what string) (Badge, error) { return c.StatusBadge("run_change", what) }

// RunNotes are a run's figures in few words, for a row of the list.
func (c *Chrome) RunNotes(r ldapsync.Run) (string, error) {
	var parts []string
	n := r.Counts.V
	for _, one := range []RunCount{
		{"created", n.Created + n.Linked}, {"updated", n.Updated}, {"reactivated", n.Reactivated}, {"deactivated", n.Deactivated}, {"held", n.Held}, {"passed", n.Passed},
	} {
		if one.Count == 0 {
			continue
		}
		text, err := c.N("run_note."+one.Key, one.Count)
		if err != nil {
			return "", err
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", "), nil
}

// LDAPSettingsPage is GET and POST /settings/directories/ldap/:directory/settings: revision, name, connection, password
// (empty keeps it), kind, urls, start_tls, ca_certificates, bind_dn, base_dn, sync_filter, group_base_dn, group_filter,
// member_attribute, subject_attribute, server_name, attributes, timeout_seconds, every_minutes, hold_percent,
// user_name_attribute, manager_attribute. The same to …/check is answered by this page with Checked, and keeps nothing.
type LDAPSettingsPage struct {
	Directory   ldapsync.Directory
	Form        LDAPDirectoryForm
	Connections []signon.Connection
	Checked     *signon.CheckedDirectory
	Problem     *fault.Fault
}

func (p LDAPSettingsPage) in(c *Chrome) (string, any) {
	return "ldap_edit", framed[LDAPSettingsPage]{c, p}
}

// CheckAddress is where the settings are tried.
func (p LDAPSettingsPage) CheckAddress() string { return LDAPAddress(p.Directory) + "/check" }

// Kept tells whether a password is kept.
func (p LDAPSettingsPage) Kept() bool { return p.Directory.HasSecret() }

// Opened tells whether the further settings are shown at once.
func (p LDAPSettingsPage) Opened() bool { return p.Form.opened(p.Problem) }

// furtherLDAP are the fields that stand under the further settings.
var furtherLDAP = []string{"sync_filter", "group_base_dn", "group_filter", "member_attribute", "subject_attribute", "server_name", "attributes", "timeout_seconds", "user_name_attribute", "manager_attribute"}

func (f LDAPDirectoryForm) opened(problem *fault.Fault) bool {
	if problem != nil {
		for _, field := range furtherLDAP {
			if problem.Fields[field] != "" {
				return true
			}
		}
	}
	l := f.LDAP
	return f.SyncFilter+f.UserNameAttr+f.Manager+l.GroupBaseDN+l.GroupFilter+l.MemberAttribute+l.SubjectAttribute+l.ServerName+l.Attributes != ""
}

// LDAPMappingPage is GET and POST /settings/directories/ldap/:directory/mapping: revision, role_default, group and role (as
// many of each: the rules in their order), map.<field>; the button do=up.<n> raises rule n (from 1) and saves nothing.
type LDAPMappingPage struct {
	Directory ldapsync.Directory
	Form      DirectoryForm
	Roles     []policy.Role
	Problem   *fault.Fault
}

func (p LDAPMappingPage) in(c *Chrome) (string, any) {
	return "ldap_mapping", framed[LDAPMappingPage]{c, p}
}

// LDAPMappingFormOf is the mapping and the rules of a directory as they are.
func LDAPMappingFormOf(d ldapsync.Directory) DirectoryForm {
	return newRulesForm(d.Mapping.V, d.RoleRules.V)
}

// Rows are the rules and some empty rows behind them.
func (p LDAPMappingPage) Rows() []DirectoryRule { return p.Form.rows() }

// Fields are the rows of the mapping.
func (p LDAPMappingPage) Fields() []DirectoryField {
	return p.Form.fields(ldapsync.DefaultMapping(p.Directory.Settings.V.LDAP.Kind), true)
}

// LDAPDeletePage is GET and POST /settings/directories/ldap/:directory/delete: confirm (the directory's name).
type LDAPDeletePage struct {
	Directory ldapsync.Directory
	Confirm   string
	Problem   *fault.Fault
}

func (p LDAPDeletePage) in(c *Chrome) (string, any) {
	return "ldap_delete", framed[LDAPDeletePage]{c, p}
}

// LDAPTabs is the head of an LDAP directory's pages with its tabs, drawn by parts/ldap.html.
type LDAPTabs struct {
	*Chrome
	Directory ldapsync.Directory
	Tab       string // runs, settings, mapping
}

// LDAPTabs makes the head of an LDAP directory's pages.
func (c *Chrome) LDAPTabs(d ldapsync.Directory, tab string) LDAPTabs { return LDAPTabs{c, d, tab} }

// LDAPHeld is people who would be deactivated all at once, with what lets it happen, drawn by parts/ldap.html.
type LDAPHeld struct {
	*Chrome
	Directory ldapsync.Directory
	Run       ldapsync.Run
	Link      bool // leads to the run
}

// LDAPHeld makes the notice of a run that held people back.
func (c *Chrome) LDAPHeld(d ldapsync.Directory, r ldapsync.Run, link bool) LDAPHeld {
	return LDAPHeld{c, d, r, link}
}

// LDAPAt is where the pages of an LDAP directory stand.
func (c *Chrome) LDAPAt(d ldapsync.Directory) string { return LDAPAddress(d) }
