// Package ldapsync brings a tenant's people and groups to what its LDAP directory says: who is new there gets an account,
// who changed is changed, who is disabled or gone is deactivated. It keeps the directories and what each run did; the
// protocol is auth/ldap's, people are auth's, and directories that send their people themselves are auth/scim's.
package ldapsync

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Kind is what directories.kind says of those that are kept here.
const Kind = "ldap"

// Directory is an LDAP directory that is read on a schedule. It is a row of directories. Status off reads nothing; dry_run
// reads, and writes down what would change; on changes it.
type Directory struct {
	ID     uid.ID
	Kind   string
	Name   string
	Status signon.Status
	Mode   string // has no meaning here
	// ConnectionID is the connection by which the same people sign in; nil: none. Whoever it vouches for under a subject
	// that this directory knows is that person.
	ConnectionID *uid.ID
	Settings     signon.JSON[Settings]
	Secrets      []byte // the service account's password, sealed
	Mapping      signon.JSON[auth.Mapping]
	RoleRules    signon.JSON[auth.RoleRules]
	Revision     int        // counts changes: who saves names the one they saw
	SyncedAt     *time.Time // when the last run ended, however it ended; nil: never
	Problem      string     // why the last run did not do all, in English; empty when it did
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// Source is who acts when a run creates or changes a person.
func (d Directory) Source() auth.Source {
	return auth.Source{Kind: auth.SourceDirectory, ID: d.ID, Name: d.Name}
}

// HasSecret tells whether a password is kept.
func (d Directory) HasSecret() bool { return len(d.Secrets) > 0 }

// Settings are how a directory is read, and how often.
type Settings struct {
	LDAP ldap.Settings `json:"ldap"`
	// EveryMinutes is how long after the end of a run the next one begins; default 60, 5 to 1440.
	EveryMinutes int `json:"every_minutes"`
	// HoldPercent is how many of a directory's people one run may deactivate, of a hundred; default 20. Up to five people
	// may always be. Beyond it nobody is, until an administrator confirms: a filter with a typing error is likelier than
	// that they all left.
	HoldPercent int `json:"hold_percent"`
	// UserNameAttribute is what the directory calls a person beside the subject; default userPrincipalName for Active
	// Directory, else uid.
	UserNameAttribute string `json:"user_name_attribute"`
	// ManagerAttribute has the distinguished name of a person's manager; default manager.
	ManagerAttribute string `json:"manager_attribute"`
}

const (
	everyDefault, everyMin, everyMax = 60, 5, 1440
	holdDefault                      = 20
	holdNever                        = 5   // people who may be deactivated whatever the share
	nameMax                          = 100 // characters of a directory's name
	// DirectoriesMax is how many LDAP directories a tenant may have.
	DirectoriesMax = 20
)

// WithDefaults fills in what is empty.
func (s Settings) WithDefaults() Settings {
	s.LDAP = s.LDAP.WithDefaults()
	if s.EveryMinutes == 0 {
		s.EveryMinutes = everyDefault
	}
	if s.HoldPercent == 0 {
		s.HoldPercent = holdDefault
	}
	if s.UserNameAttribute == "" {
		s.UserNameAttribute = "uid"
		if s.LDAP.Kind == ldap.KindActiveDirectory {
			s.UserNameAttribute = "userPrincipalName"
		}
	}
	if s.ManagerAttribute == "" {
		s.ManagerAttribute = "manager"
	}
	return s
}

// every is how long after the end of a run the next one begins.
func (s Settings) every() time.Duration {
	return time.Duration(s.WithDefaults().EveryMinutes) * time.Minute
}

// reading are the settings with which the directory is read: with all attributes that a mapping names.
func (d Directory) reading() ldap.Settings {
	s := d.Settings.V.WithDefaults()
	return s.LDAP.Reading(append(d.mapping().Claims(), s.UserNameAttribute, s.ManagerAttribute)...)
}

// mapping is the directory's own, over the usual one.
func (d Directory) mapping() auth.Mapping {
	return d.Mapping.V.Over(DefaultMapping(d.Settings.V.LDAP.Kind))
}

// DefaultMapping says which attributes become which fields of a person (RFC 2798, and Active Directory's schema). A
// directory's own mapping is laid over it.
func DefaultMapping(kind ldap.Kind) auth.Mapping {
	from := func(field string, sources ...string) auth.FieldRule {
		return auth.FieldRule{Field: field, From: sources}
	}
	m := auth.Mapping{
		from(auth.FieldEmail, "mail"), from(auth.FieldName, "displayName", "{givenName} {sn}", "cn"),
		from(auth.FieldLocale, "preferredLanguage"), from(auth.FieldGroups, ldap.ClaimGroups),
		from("given_name", "givenName"), from("family_name", "sn"), from("title", "title"),
		from("department", "departmentNumber"), from("organization", "o"), from("employee_number", "employeeNumber"),
	}
	if kind != ldap.KindActiveDirectory {
		return m
	}
	return auth.Mapping{
		from(auth.FieldEmail, "mail", "userPrincipalName"), from("department", "department"), from("organization", "company"), from("employee_number", "employeeID"),
	}.Over(m)
}

// Input is what an administrator says of a directory.
type Input struct {
	Name         string
	Status       signon.Status
	ConnectionID *uid.ID
	Settings     Settings
	Password     *string // of the service account; nil leaves the one that is kept
	Mapping      auth.Mapping
	RoleRules    auth.RoleRules
}

// Validate gathers what is wrong, fields named as in JSON; known tells whether the tenant has a role.
func (in *Input) Validate(known func(policy.Role) bool) error {
	f := fault.Fields{}
	in.Name = strings.TrimSpace(in.Name)
	f.Check(in.Name != "", "name", "Enter a name.")
	f.Check(utf8.RuneCountInString(in.Name) <= nameMax, "name", "Use at most 100 characters.")
	f.Check(utf8.ValidString(in.Name) && !strings.ContainsFunc(in.Name, unicode.IsControl), "name", "Use only letters, digits and signs that can be printed.")
	f.Check(slices.Contains(signon.Statuses(), in.Status), "status", "Choose off, dry run or on.")
	f.Check(in.Password == nil || *in.Password != "" && len(*in.Password) <= 1024, "password", "Give the service account's password, at most 1024 bytes.")
	s := in.Settings.WithDefaults()
	f.Check(s.EveryMinutes >= everyMin && s.EveryMinutes <= everyMax, "every_minutes", "Choose 5 to 1440 minutes.")
	f.Check(s.HoldPercent >= 1 && s.HoldPercent <= 100, "hold_percent", "Choose 1 to 100 of a hundred.")
	for _, err := range []error{s.LDAP.Validate(), in.Mapping.Validate(), in.RoleRules.Validate(known)} {
		if err := gather(f, err); err != nil {
			return err
		}
	}
	for i, rule := range in.RoleRules.Rules {
		f.Check(rule.Role != policy.Owner, fmt.Sprintf("role_rules.%d", i+1), "No directory makes owners. Choose another role.")
	}
	f.Check(in.RoleRules.Default != policy.Owner, "role_default", "No directory makes owners. Choose another role.")
	return f.Err()
}

// gather adds the fields of a fault; any other error is given back.
func gather(f fault.Fields, err error) error {
	var wrong *fault.Fault
	if err == nil {
		return nil
	}
	if !errors.As(err, &wrong) || wrong.Kind != fault.KindInvalid {
		return err
	}
	for field, text := range wrong.Fields {
		f.Add(field, text)
	}
	return nil
}

// Failures of directories and runs.
var (
	ErrDirectoryNotFound = fault.New(fault.KindNotFound, "ldap_directory_not_found", "There is no such directory here.")
	ErrDirectoryChanged  = fault.New(fault.KindConflict, "ldap_directory_changed", "Someone else changed this directory meanwhile. Reload the page, look at their change, and make yours again.")
	ErrDirectoryOff      = fault.New(fault.KindConflict, "ldap_directory_off", "This directory is switched off. Switch it on, or try what it would change.")
	ErrTooManyDirs       = fault.New(fault.KindConflict, "too_many_ldap_directories", "There are as many directories as one portal may have. Delete one that is no longer used.")
	ErrNoPassword        = fault.New(fault.KindInvalid, "ldap_password_missing", "Give the service account's password: none is kept for this server and account.").With("password", "Give the service account's password: none is kept for this server and account.")
	ErrRunning           = fault.New(fault.KindConflict, "ldap_sync_running", "This directory is being read at the moment. Wait until that has ended.")
	ErrRunNotFound       = fault.New(fault.KindNotFound, "ldap_run_not_found", "This run is no longer kept: only the last 50 of each directory are.")
	ErrRunOver           = fault.New(fault.KindConflict, "ldap_sync_over", "This run was given up, since nothing had been heard of it for some minutes.")
)
