package scim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Kind is how a directory brings its people.
type Kind string

const (
	// KindSCIM sends them: it is a client of this service.
	KindSCIM Kind = "scim"
	// KindLDAP is read by us; auth/ldap's.
	KindLDAP Kind = "ldap"
)

// Directory is a company's directory that creates, changes and deactivates people here. It is a row of directories.
// Status off refuses its requests, dry_run checks them and changes nothing, on takes them.
type Directory struct {
	ID           uid.ID
	Kind         Kind
	Name         string
	Status       signon.Status
	Mode         Mode
	ConnectionID *uid.ID // the identity provider that signs the same people in; nil: none is named
	// Settings are those of a kind's own room; SCIM has none.
	Settings  signon.Raw
	Mapping   signon.JSON[auth.Mapping] // laid over DefaultMapping
	RoleRules signon.JSON[auth.RoleRules]
	Revision  int        // counts changes: who saves names the one they saw
	SyncedAt  *time.Time // when its last request came, to the minute
	Problem   string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Source is who acts when the directory creates or changes a person.
func (d Directory) Source() auth.Source {
	return auth.Source{Kind: auth.SourceDirectory, ID: d.ID, Name: d.Name}
}

// Token is a bearer token of a directory. Only the secret's SHA-256 is kept; the secret is shown once.
type Token struct {
	ID          uid.ID
	DirectoryID uid.ID
	Name        string
	Prefix      string // the first characters of the secret, to tell tokens apart
	Hash        []byte
	CreatedBy   *uid.ID
	CreatedAt   time.Time
	ExpiresAt   time.Time
	LastUsedAt  *time.Time // to the minute
	RevokedAt   *time.Time
}

// Shape and life of a token, and how many there may be.
const (
	TokenPrefix      = "lyd_" // before the secret, so that scanners find a token that leaked
	TokenDaysDefault = 365
	TokenDaysMax     = 1095
	tokenPrefixShown = len(TokenPrefix) + 6
	secretLength     = 43 // of what uid.Secret makes: 32 bytes in base64url
	TokensMax        = 10 // of one directory, not counting those that are over
	DirectoriesMax   = 20 // of one tenant
)

// Record is who a person is in a directory. It is a row of directory_people.
type Record struct {
	DirectoryID uid.ID
	PersonID    uid.ID
	ExternalID  *string
	UserName    string // without regard to case: fold
	Active      bool
	Emails      Texts // without regard to case, to be found by; not read back
	Resource    signon.Raw
	Revision    int
	CreatedAt   time.Time
	UpdatedAt   time.Time
	UnlinkedAt  *time.Time // when the directory deleted them; nil: they are in it
}

// read gives what the directory said of the person.
func (r Record) read() (Resource, error) {
	var out Resource
	if err := json.Unmarshal(r.Resource, &out); err != nil {
		return nil, fmt.Errorf("resource of person %s: %w", r.PersonID, err)
	}
	return out, nil
}

// Member is one membership of a group.
type Member struct {
	GroupID  uid.ID
	PersonID uid.ID
	Display  string // what the directory calls the member; empty: nothing of its own
}

// Membership is a group as one of its members sees it.
type Membership struct {
	PersonID uid.ID
	GroupID  uid.ID
	Name     string
}

// Outcome is what a request did, or in a dry run would have done.
type Outcome struct {
	Notes   []string `json:"notes,omitempty"`   // what was passed over, in English
	Changes []Change `json:"changes,omitempty"` // in the order in which they were made
	Cut     bool     `json:"cut,omitempty"`     // the body was longer than what is kept: it cannot be replayed
}

// Change is one thing that a request changed.
type Change struct {
	Subject string `json:"subject"` // whom: a userName or a group's name
	Field   string `json:"field"`   // an attribute's path, or created, deactivated, reactivated, deleted, linked, roles
	Before  string `json:"before,omitempty"`
	After   string `json:"after,omitempty"`
}

// Logged is one request of a directory, redacted. It is a row of directory_requests.
type Logged struct {
	ID          uid.ID
	DirectoryID uid.ID
	Method      string
	Path        string // below /scim/v2, with its query
	Status      int
	Request     string
	Response    string
	Outcome     signon.JSON[Outcome]
	DryRun      bool
	Millis      int
	At          time.Time
}

// RequestsKept is how many requests of a directory are kept.
const RequestsKept = 200

// DirectoryInput is what an administrator says of a directory.
type DirectoryInput struct {
	Name         string
	Mode         Mode
	Status       signon.Status
	ConnectionID *uid.ID
	Mapping      auth.Mapping
	RoleRules    auth.RoleRules
}

const nameMax = 100 // characters of a directory's or token's name

// Validate gathers what is wrong with the input; known tells whether the tenant has a role.
func (in *DirectoryInput) Validate(known func(policy.Role) bool) error {
	f := fault.Fields{}
	in.Name = checkName(f, in.Name)
	f.Check(in.Mode.Known(), "mode", "Choose who will send the requests: Entra ID, Okta, or a client that keeps to the standard.")
	f.Check(slices.Contains(signon.Statuses(), in.Status), "status", "Choose off, dry run or on.")
	for _, err := range []error{in.Mapping.Validate(), in.RoleRules.Validate(known)} {
		if err == nil {
			continue
		}
		wrong := fault.Of(err)
		if wrong.Kind != fault.KindInvalid {
			return err
		}
		for _, field := range sortedKeys(wrong.Fields) {
			f.Add(field, wrong.Fields[field])
		}
	}
	for i, rule := range in.RoleRules.Rules {
		f.Check(rule.Role != policy.Owner, fmt.Sprintf("role_rules.%d", i+1), "No directory makes owners. Choose another role.")
	}
	f.Check(in.RoleRules.Default != policy.Owner, "role_default", "No directory makes owners. Choose another role.")
	return f.Err()
}

func checkName(f fault.Fields, name string) string {
	name = strings.TrimSpace(name)
	f.Check(name != "", "name", "Enter a name.")
	f.Check(utf8.RuneCountInString(name) <= nameMax, "name", "Use at most 100 characters.")
	f.Check(utf8.ValidString(name) && !strings.ContainsFunc(name, unicode.IsControl), "name", "Use only letters, digits and signs that can be printed.")
	return name
}

// TokenInput is what a token is called and how long it lasts: 1 to TokenDaysMax days, 0 is TokenDaysDefault.
type TokenInput struct {
	Name string
	Days int
}

// Validate gathers what is wrong with the input.
func (in *TokenInput) Validate() error {
	f := fault.Fields{}
	in.Name = checkName(f, in.Name)
	if in.Days == 0 {
		in.Days = TokenDaysDefault
	}
	f.Check(in.Days > 0 && in.Days <= TokenDaysMax, "days", fmt.Sprintf("Choose 1 to %d days.", TokenDaysMax))
	return f.Err()
}

// Failures of directories.
var (
	ErrDirectoryNotFound = fault.New(fault.KindNotFound, "directory_not_found", "There is no such directory here.")
	ErrDirectoryChanged  = fault.New(fault.KindConflict, "directory_changed", "Someone else changed this directory meanwhile. Reload the page, look at their change, and make yours again.")
	ErrDirectoryOff      = fault.New(fault.KindForbidden, "directory_off", "This directory is switched off in the portal. Switch it on, or to dry run, under Directories.")
	ErrTokenNotFound     = fault.New(fault.KindNotFound, "directory_token_not_found", "There is no such token, or it is over already.")
	ErrRequestNotFound   = fault.New(fault.KindNotFound, "directory_request_not_found", "This request is not in the log any more: it keeps the last 200.")
	ErrRequestCut        = fault.New(fault.KindConflict, "directory_request_cut", "Only the beginning of this request was kept, so it cannot be sent again.")
	ErrTooManyTokens     = fault.New(fault.KindConflict, "too_many_directory_tokens", "This directory has as many tokens as one may have. Revoke one that is no longer used.")
	ErrTooManyDirs       = fault.New(fault.KindConflict, "too_many_directories", "There are as many directories as one portal may have. Delete one that is no longer used.")
	ErrLinkedAlready     = fault.New(fault.KindConflict, "directory_person_linked", "This person, or this userName, is in the directory already.")
	ErrTooManyRequests   = fault.New(fault.KindTooMany, "directory_rate_limited", "This directory sends more requests than it may. Wait as long as Retry-After says, then go on more slowly.")
)
