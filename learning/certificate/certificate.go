// Package certificate is the proof of a completion: issued once per enrolment, drawn as a PDF in the tenant's brand,
// verifiable by anyone who has its code.
package certificate

import (
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Certificate names everything it certifies, so that it stays readable when person or course is gone.
type Certificate struct {
	ID            uid.ID
	Code          string // public, 20 characters of [0-9a-z]: about 103 bits, not to be guessed
	EnrolmentID   uid.ID
	PersonID      uid.ID
	CourseID      uid.ID
	PersonName    string
	CourseTitle   string
	VersionNumber int
	Percent       *int // the last passed quiz, nil without one
	Minutes       int  // the course's estimated time
	CompletedAt   time.Time
	IssuedAt      time.Time
	RevokedAt     *time.Time
	RevokedBy     *uid.ID    // who withdrew it; nil where nobody did
	RevokeReason  string     // for those who may see everyone's; the public page does not say it
	RevokeClass   Class      // what anyone may know of why; "" for one withdrawn before there were classes
	ReissueOf     *uid.ID    // the certificate that was withdrawn for this one
	ReplacedAt    *time.Time // another one of the same enrolment holds instead; unless it was revoked, this one stays true
	Print         []byte     // the hash of what it was issued with (Print); nil: before there were prints
	ValidUntil    *time.Time // the last second of its last day, in UTC; nil: for ever
}

// State is where a certificate stands at a moment. A replaced one is valid: what it says stays true.
type State string

// The states.
const (
	StateValid   State = "valid"
	StateExpired State = "expired"
	StateRevoked State = "revoked"
)

// State is revoked before it is expired.
func (c Certificate) State(at time.Time) State {
	switch {
	case c.RevokedAt != nil:
		return StateRevoked
	case c.ValidUntil != nil && at.After(*c.ValidUntil):
		return StateExpired
	}
	return StateValid
}

// Holds tells whether it certifies something at a moment.
func (c Certificate) Holds(at time.Time) bool { return c.State(at) == StateValid }

// LastDay is noon of the last day on which it is valid, in UTC: written as a date it is the same day for nearly every reader.
// The zero time for one that is valid for ever.
func (c Certificate) LastDay() time.Time {
	if c.ValidUntil == nil {
		return time.Time{}
	}
	return noon(*c.ValidUntil)
}

func noon(t time.Time) time.Time {
	t = t.UTC()
	return time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, time.UTC)
}

// ErrNotFound is a code or id that names no certificate here.
var ErrNotFound = fault.New(fault.KindNotFound, "certificate_not_found", "No certificate has this number. Check it for typing errors.")
