// Package badge gives a certificate out as an Open Badges 3.0 credential (1EdTech, OB 3.0 §8.2: VC-JWT with EdDSA over
// Ed25519), issued by the portal's own did:web and with its place in a bitstring status list (W3C, Bitstring Status List
// v1.0), so that anyone can check it without asking us: online, or from files alone (Verify).
//
// A credential is made when it is fetched and kept nowhere: the same certificate, key and address give the same bytes.
package badge

import (
	"crypto/ed25519"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Key is a key that credentials are or were signed with. It is a row of badge_keys; one of a portal's keys is current. Those
// before it stay in the DID document for ever: what they signed stays true.
type Key struct {
	ID        uid.ID
	Public    []byte // Ed25519, 32 bytes
	Sealed    []byte // the seed, 32 bytes, sealed for the tenant
	CreatedAt time.Time
	RetiredAt *time.Time // nil for the current one
}

// Name is how a key is called in a DID document, after the #.
func (k Key) Name() string { return "key-" + k.ID.String() }

// Status is where a certificate stands in the lists of what was withdrawn. It is a row of badge_statuses.
type Status struct {
	CertificateID uid.ID
	List          int // counted from 1
	Place         int // of the bit, counted from 0
}

// ListSize is how many certificates one status list has room for: the least that the standard allows, so that a list says
// nothing about who is asked for (Bitstring Status List v1.0, §3.1).
const ListSize = 131072

// listFill is how many places of a list are given before the next list is begun: places are drawn at random, and a list
// with half its places free finds one in two tries.
const listFill = ListSize / 2

// Failures of credentials.
var (
	// ErrNoList is a status list that nothing was put on.
	ErrNoList = fault.New(fault.KindNotFound, "badge_list_not_found", "There is no such status list here.")
)

// Person is what a credential says of who earned it, beyond what the certificate says.
type Person struct {
	Email string // "" for somebody who is no longer known: the credential then names them only
}

// private is a key with its secret half.
type private struct {
	Key
	secret ed25519.PrivateKey
}
