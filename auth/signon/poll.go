package signon

import (
	"time"

	"lyceum/internal/uid"
)

// Poll is what the polls of a connection's metadata know beside its settings. It is a row of metadata_polls.
type Poll struct {
	ConnectionID uid.ID
	NextAt       time.Time
	Fingerprint  string // of the document last read
	// Leaving are certificates that the identity provider no longer names, by fingerprint, each with the instant at which it
	// is dropped.
	Leaving JSON[map[string]time.Time]
}

// Ending is something that stops working at an instant.
type Ending struct {
	ID   uid.ID
	Name string
	At   time.Time
}
