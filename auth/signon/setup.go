package signon

import (
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// SetupKind is what a set-up link lets an IT person do.
type SetupKind string

// The kinds. A link for a connection of its own (SetupLink.ConnectionID at its making) is of SetupExisting.
const (
	SetupAny      SetupKind = "any" // one new connection of whatever kind
	SetupSAML     SetupKind = "saml"
	SetupOIDC     SetupKind = "oidc"
	SetupLDAP     SetupKind = "ldap"
	SetupExisting SetupKind = "connection"
	SetupDomains  SetupKind = "domains"
)

// SetupKinds lists them.
func SetupKinds() []SetupKind {
	return []SetupKind{SetupAny, SetupSAML, SetupOIDC, SetupLDAP, SetupExisting, SetupDomains}
}

// SetupLink lets an IT person without an account set something up. The first browser that opens it, and no other, may
// finish within its life. It is a row of setup_links.
type SetupLink struct {
	ID           uid.ID
	Hash         []byte // of its secret
	Name         string // whom it is for
	Email        string
	Kind         SetupKind
	Mailed       bool    // the mail's job makes the secret; nobody else has seen it
	ConnectionID *uid.ID // that it is about: given, or made through the link
	CreatedBy    uid.ID
	CreatedAt    time.Time
	ExpiresAt    time.Time
	OpenedAt     *time.Time
	Browser      []byte // hash of the cookie of the browser that opened it
	FinishedAt   *time.Time
	RevokedAt    *time.Time
}

// SetupState is where a link stands.
type SetupState string

// The states.
const (
	SetupWaiting  SetupState = "waiting"
	SetupOpened   SetupState = "opened"
	SetupFinished SetupState = "finished"
	SetupRevoked  SetupState = "revoked"
	SetupExpired  SetupState = "expired"
)

// State tells where the link stands at an instant.
func (l SetupLink) State(now time.Time) SetupState {
	switch {
	case l.RevokedAt != nil:
		return SetupRevoked
	case l.FinishedAt != nil:
		return SetupFinished
	case !now.Before(l.ExpiresAt):
		return SetupExpired
	case l.OpenedAt != nil:
		return SetupOpened
	}
	return SetupWaiting
}

// Bounds of a link's life, in hours.
const (
	SetupHoursMin     = 1
	SetupHoursMax     = 14 * 24
	SetupHoursDefault = 72
)

// Failures of set-up links.
var (
	ErrSetupLinkNotFound = fault.New(fault.KindNotFound, "setup_link_not_found", "There is no such set-up link here.")
	ErrSetupLinkOver     = fault.New(fault.KindNotFound, "setup_link_over", "This set-up link is over: it has expired, was revoked, or its work is done. Ask who sent it for a new one.")
	ErrSetupLinkUsed     = fault.New(fault.KindConflict, "setup_link_used", "This set-up link was opened in another browser. Go on there, or ask who sent it for a new one.")
)
