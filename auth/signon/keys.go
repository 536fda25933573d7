package signon

import (
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// SigningKey is one of our keys towards identity providers. It is a row of signing_keys.
type SigningKey struct {
	ID          uid.ID
	Certificate string // base64 DER
	Sealed      []byte // the key with its private half
	CreatedAt   time.Time
	CurrentAt   *time.Time // when it began to sign; nil: it is published and does not sign yet
	RetiredAt   *time.Time // when it stopped signing; for a while it still opens what is encrypted for it
	ExpiresAt   time.Time
}

// Ending is something that stops working at an instant.
type Ending struct {
	ID   uid.ID
	Name string
	At   time.Time
}

// Poll is what the polls of a connection's metadata know beside its settings. It is a row of metadata_polls.
type Poll struct {
	ConnectionID uid.ID
	NextAt       time.Time
	Fingerprint  string // of the document last read
	// Leaving are certificates that the identity provider no longer names, each with the instant at which it is dropped.
	Leaving JSON[map[string]time.Time]
}

// ErrKeyNotFound is a key of ours that is not there, or not in the state for what is wished.
var ErrKeyNotFound = fault.New(fault.KindNotFound, "signing_key_not_found", "There is no such signing key here. Reload the page.")
