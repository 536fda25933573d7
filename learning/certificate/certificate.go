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
	ReplacedAt    *time.Time // the course was completed again, on a later version; this one stays true
}

// ErrNotFound is a code or id that names no certificate here.
var ErrNotFound = fault.New(fault.KindNotFound, "certificate_not_found", "No certificate has this number. Check it for typing errors.")
