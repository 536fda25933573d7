// Package signon is corporate sign-on: whom else an organization lets vouch for its people, and what follows when someone
// has. It keeps connections (identity providers by SAML and OpenID Connect, directories asked by LDAP), e-mail domains, the
// handshakes under way, who a person is at each connection, the trace of attempts, and the organization's rules. The
// protocols are auth/saml's, auth/oidc's and auth/ldap's; people and sessions are auth's.
package signon

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"time"

	"lyceum/auth"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Status is whether a connection lets people in.
type Status string

const (
	// StatusOff answers nobody.
	StatusOff Status = "off"
	// StatusDryRun checks real answers and shows whom they would sign in, and signs nobody in.
	StatusDryRun Status = "dry_run"
	// StatusOn signs people in.
	StatusOn Status = "on"
)

// Statuses lists them.
func Statuses() []Status { return []Status{StatusOff, StatusDryRun, StatusOn} }

// Connection is one identity provider, or one directory that checks passwords. It is a row of connections.
type Connection struct {
	ID       uid.ID
	Kind     auth.Protocol
	Product  Product // whose guide is followed in setting it up; empty: ProductOther
	Name     string  // on the button that leads there
	Status   Status
	Position int // order of the buttons
	// Settings are those of the protocol's room (saml.Settings, oidc.Settings, ldap.Settings) as JSON; no secret is in them.
	Settings Raw
	// Secrets are sealed: a client secret, a bind password.
	Secrets   []byte
	Mapping   JSON[auth.Mapping]
	RoleRules JSON[auth.RoleRules]
	Admission JSON[Admission]
	Revision  int        // counts changes: who saves names the one they saw
	CheckedAt *time.Time // when metadata or discovery was last fetched; nil: never, or there is none
	Problem   string     // why the last fetch failed, in English; empty when it went well
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Source is who acts when a sign-in over this connection creates or changes a person.
func (c Connection) Source() auth.Source {
	return auth.Source{Kind: auth.SourceConnection, ID: c.ID, Name: c.Name}
}

// Raw is a JSON document kept as it is; it is written as text, since a []byte fails as jsonb in pgx's exec mode.
type Raw json.RawMessage

// GormDataType names the column's type.
func (Raw) GormDataType() string { return "jsonb" }

// Value gives the document as text; none is an empty object.
func (r Raw) Value() (driver.Value, error) {
	if len(r) == 0 {
		return "{}", nil
	}
	return string(r), nil
}

// Scan reads the document.
func (r *Raw) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*r = nil
	case string:
		*r = Raw(v)
	case []byte:
		*r = append(Raw(nil), v...)
	default:
		return errors.New("signon: a JSON column gave neither text nor bytes")
	}
	return nil
}

// JSON keeps a value as a JSON document.
type JSON[T any] struct{ V T }

// GormDataType names the column's type.
func (JSON[T]) GormDataType() string { return "jsonb" }

// Value gives the document as text.
func (j JSON[T]) Value() (driver.Value, error) {
	raw, err := json.Marshal(j.V)
	return string(raw), err
}

// Scan reads the document.
func (j *JSON[T]) Scan(src any) error {
	var r Raw
	if err := r.Scan(src); err != nil {
		return err
	}
	return json.Unmarshal(r, &j.V)
}

// Failures of connections.
var (
	ErrConnectionNotFound = fault.New(fault.KindNotFound, "connection_not_found", "There is no such connection here.")
	ErrConnectionOff      = fault.New(fault.KindConflict, "connection_off", "This way to sign in is switched off. Choose another, or ask your administrator.")
	ErrStaleRevision      = fault.New(fault.KindConflict, "connection_changed", "Someone else changed this connection meanwhile. Reload the page, look at their change, and make yours again.")
)
