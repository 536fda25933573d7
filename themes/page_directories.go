package themes

import (
	"bytes"
	"encoding/json"
	"strings"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/scim"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/page"
)

// Flash keys of directories.
const (
	FlashDirectoryCreated FlashKey = "directory_created" // Name: the directory
	FlashDirectorySaved   FlashKey = "directory_saved"   // Name: the directory
	FlashDirectoryOff     FlashKey = "directory_off"     // Name: the directory
	FlashDirectoryDryRun  FlashKey = "directory_dry_run" // Name: the directory
	FlashDirectoryOn      FlashKey = "directory_on"      // Name: the directory
	FlashDirectoryDeleted FlashKey = "directory_deleted" // Name: the directory
	FlashTokenRevoked     FlashKey = "token_revoked"     // Name: the token
	FlashPersonLinked     FlashKey = "person_linked"     // Name: the userName
)

// Modes lists whose dialects a directory may speak.
func (c *Chrome) Modes() []scim.Mode { return scim.Modes }

// Statuses lists the states of a directory.
func (c *Chrome) Statuses() []signon.Status { return signon.Statuses() }

// DirectoryBadge names a directory's state.
func (c *Chrome) DirectoryBadge(s signon.Status) (Badge, error) {
	return c.StatusBadge("directory_status", string(s))
}

// NewDirectoryForm is what was typed for a new directory.
type NewDirectoryForm struct {
	Name string
	Mode scim.Mode
	Role string // what everyone in it gets
}

// DirectoriesPage is GET and POST /settings/directories: fields name, mode, role_default. ?add=scim shows the form.
type DirectoriesPage struct {
	Directories []DirectoryRow
	Add         bool // the form for a SCIM directory is shown
	Form        NewDirectoryForm
	Roles       []policy.Role // those on offer
	Problem     *fault.Fault
}

func (p DirectoriesPage) in(c *Chrome) (string, any) {
	return "directories", framed[DirectoriesPage]{c, p}
}

// TokenForm is what was typed for a new token.
type TokenForm struct{ Name, Days string }

// DirectoryPage is GET /settings/directories/:directory: what to paste at the other side, the tokens, the state. It posts
// status to …/status, name and days to …/tokens (answered by this page with Secret, once), nothing to
// …/tokens/:key/revoke.
type DirectoryPage struct {
	Directory scim.Directory
	BaseURL   string
	Tokens    []scim.Token
	Form      TokenForm
	Secret    string
	Problem   *fault.Fault
}

func (p DirectoryPage) in(c *Chrome) (string, any) { return "directory", framed[DirectoryPage]{c, p} }

// Lives are the lives of a token on offer, in days.
func (p DirectoryPage) Lives() []string { return []string{"90", "180", "365", "730"} }

// DirectoryRule is a row of the form: who is in the group gets the role.
type DirectoryRule struct{ Group, Role string }

// DirectoryField is a row of the form: where a field of a person comes from.
type DirectoryField struct {
	Field   string
	From    string // sources separated by " | "
	Default string // the same, of the mapping that holds without one
}

// DirectoryForm is what was typed.
type DirectoryForm struct {
	Name, Connection, Default string
	Mode                      scim.Mode
	Rules                     []DirectoryRule
	Mapping                   map[string]string
}

const sourceSeparator = " | "

// NewDirectoryFormOf is the form of a directory as it is.
func NewDirectoryFormOf(d scim.Directory) DirectoryForm {
	f := newRulesForm(d.Mapping.V, d.RoleRules.V)
	f.Name, f.Mode = d.Name, d.Mode
	if d.ConnectionID != nil {
		f.Connection = d.ConnectionID.String()
	}
	return f
}

// newRulesForm fills in what directories of both kinds have.
func newRulesForm(m auth.Mapping, rules auth.RoleRules) DirectoryForm {
	f := DirectoryForm{Default: string(rules.Default), Mapping: map[string]string{}}
	for _, r := range rules.Rules {
		f.Rules = append(f.Rules, DirectoryRule{r.Group, string(r.Role)})
	}
	for _, r := range m {
		f.Mapping[r.Field] = strings.Join(r.From, sourceSeparator)
	}
	return f
}

// RulesTyped reads the rules' rows.
func (f DirectoryForm) RulesTyped() auth.RoleRules {
	out := auth.RoleRules{Default: policy.Role(f.Default)}
	for _, r := range f.Rules {
		out.Rules = append(out.Rules, auth.RoleRule{Group: r.Group, Role: policy.Role(r.Role)})
	}
	return out
}

func (f DirectoryForm) rows() []DirectoryRule {
	return append(append([]DirectoryRule(nil), f.Rules...), DirectoryRule{}, DirectoryRule{}, DirectoryRule{})
}

// fields are the rows of a mapping over the one that holds without it.
func (f DirectoryForm) fields(usual auth.Mapping, groups bool) (rows []DirectoryField) {
	defaults := map[string]string{}
	for _, r := range usual {
		defaults[r.Field] = strings.Join(r.From, sourceSeparator)
	}
	for _, field := range auth.MappedFields() {
		if field != auth.FieldGroups || groups {
			rows = append(rows, DirectoryField{Field: field, From: f.Mapping[field], Default: defaults[field]})
		}
	}
	return rows
}

// Raised is the form with a rule one place further up: earlier rules decide first.
func (f DirectoryForm) Raised(i int) DirectoryForm {
	rules := append([]DirectoryRule(nil), f.Rules...)
	if i > 0 && i < len(rules) {
		rules[i-1], rules[i] = rules[i], rules[i-1]
	}
	f.Rules = rules
	return f
}

// MappingTyped reads the mapping's rows.
func (f DirectoryForm) MappingTyped() auth.Mapping {
	var m auth.Mapping
	for _, field := range auth.MappedFields() {
		var from []string
		for _, one := range strings.Split(f.Mapping[field], strings.TrimSpace(sourceSeparator)) {
			if one = strings.TrimSpace(one); one != "" {
				from = append(from, one)
			}
		}
		if len(from) > 0 {
			m = append(m, auth.FieldRule{Field: field, From: from})
		}
	}
	return m
}

// DirectorySettingsPage is GET and POST /settings/directories/:directory/settings: revision, name, mode, connection,
// role_default, group and role (as many of each: the rules in their order), map.<field>; the button do=up.<n> raises rule
// n (from 1) and saves nothing. It posts nothing to …/delete.
type DirectorySettingsPage struct {
	Directory   scim.Directory
	Form        DirectoryForm
	Roles       []policy.Role
	Connections []signon.Connection
	Problem     *fault.Fault
}

func (p DirectorySettingsPage) in(c *Chrome) (string, any) {
	return "directory_settings", framed[DirectorySettingsPage]{c, p}
}

// Rows are the rules and some empty rows behind them.
func (p DirectorySettingsPage) Rows() []DirectoryRule { return p.Form.rows() }

// Fields are the rows of the mapping. Groups are not among them: a SCIM directory sends them as they are.
func (p DirectorySettingsPage) Fields() []DirectoryField {
	return p.Form.fields(scim.DefaultMapping(), false)
}

// LinkForm is what was typed.
type LinkForm struct{ Email, UserName string }

// DirectoryPeoplePage is GET /settings/directories/:directory/people?after=; it posts email and user_name there, to link an
// account that is here already.
type DirectoryPeoplePage struct {
	Directory scim.Directory
	People    page.Of[scim.Listed]
	Form      LinkForm
	Problem   *fault.Fault
}

func (p DirectoryPeoplePage) in(c *Chrome) (string, any) {
	return "directory_people", framed[DirectoryPeoplePage]{c, p}
}

// DirectoryGroupsPage is GET /settings/directories/:directory/groups?after=.
type DirectoryGroupsPage struct {
	Directory scim.Directory
	Groups    page.Of[scim.ListedGroup]
}

func (p DirectoryGroupsPage) in(c *Chrome) (string, any) {
	return "directory_groups", framed[DirectoryGroupsPage]{c, p}
}

// DirectoryRequestsPage is GET /settings/directories/:directory/requests?after=; …/requests.json is all of them to keep.
type DirectoryRequestsPage struct {
	Directory scim.Directory
	Requests  page.Of[scim.Logged]
}

func (p DirectoryRequestsPage) in(c *Chrome) (string, any) {
	return "directory_requests", framed[DirectoryRequestsPage]{c, p}
}

// DirectoryRequestPage is GET /settings/directories/:directory/requests/:request. It posts nothing to …/try (a dry run) and
// to …/replay (for real), both answered by this page with Replayed.
type DirectoryRequestPage struct {
	Directory scim.Directory
	Request   scim.Logged
	Replayed  *scim.Response
	Problem   *fault.Fault
}

func (p DirectoryRequestPage) in(c *Chrome) (string, any) {
	return "directory_request", framed[DirectoryRequestPage]{c, p}
}

// Pretty sets JSON out in lines; what is none stays as it is.
func (p DirectoryRequestPage) Pretty(text string) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(text), "", "  ") != nil {
		return text
	}
	return b.String()
}

// ReplayedBody is what the replay was answered with.
func (p DirectoryRequestPage) ReplayedBody() string { return p.Pretty(string(p.Replayed.Body)) }

// Good tells whether a status means success.
func (c *Chrome) Good(status int) bool { return status < 400 }

// Effects is what a request did, or in a dry run would have done, drawn by parts/directory.html.
type Effects struct {
	*Chrome
	scim.Outcome
	Dry bool
}

// Effects makes the effects of a request drawable.
func (c *Chrome) Effects(o scim.Outcome, dry bool) Effects { return Effects{c, o, dry} }
