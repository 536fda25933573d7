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
	ReissueOf     *uid.ID    // the certificate that was withdrawn for this one
	ReplacedAt    *time.Time // another one of the same enrolment holds instead; unless it was revoked, this one stays true
}

// Holds tells whether it certifies something.
func (c Certificate) Holds() bool { return c.RevokedAt == nil }

// ErrNotFound is a code or id that names no certificate here.
var ErrNotFound = fault.New(fault.KindNotFound, "certificate_not_found", "No certificate has this number. Check it for typing errors.")
