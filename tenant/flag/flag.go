// Package flag is which portals have a feature that is being brought in, or that operators must be able to switch off: by a share of
// all portals, and for single ones. Flags are declared here, in code; what is set stands in the control schema. It says nothing about
// what a plan allows (billing) or a person may (auth/policy).
package flag

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Flag is one that the code asks for.
type Flag struct {
	Name        string // snake_case; it never means something else later
	Description string // what is on where it is on, for operators
	Owner       string // the room of the code that asks, and goes when the flag does
	Percent     int    // of portals that have it before anybody sets anything: 100 for a switch to turn off, 0 for what is brought in
}

// The flags. docs/CONSOLE.md says how to add one, and when to remove it.
const (
	// LiveNotices holds a connection open for each browser, so that notices are shown as they come.
	LiveNotices = "live_notices"
)

// All lists them by name.
func All() []Flag {
	return []Flag{
		{Name: LiveNotices, Owner: "learning/notice", Percent: 100, Description: "Browsers hold a connection open, and notices are shown as they come. Off: they are counted when a page is loaded."},
	}
}

// Find gives a flag by its name; ErrNotFound.
func Find(name string) (Flag, error) {
	if i := slices.IndexFunc(All(), func(f Flag) bool { return f.Name == name }); i >= 0 {
		return All()[i], nil
	}
	return Flag{}, ErrNotFound
}

// Setting is the share that operators gave a flag. It is a row of control.flags.
type Setting struct {
	Name      string
	Percent   int
	Revision  int // counts changes, from 1; 0: nobody set anything
	ByName    string
	ChangedAt time.Time
}

// TableName is where it is kept.
func (Setting) TableName() string { return "control.flags" }

// Override is a portal for which a flag is on or off whatever its share. It is a row of control.flag_overrides.
type Override struct {
	Name      string
	TenantID  uid.ID
	IsOn      bool
	ByName    string
	ChangedAt time.Time
}

// TableName is where it is kept.
func (Override) TableName() string { return "control.flag_overrides" }

// Within tells whether a portal is among a share of all: always the same one for a flag, so a growing share takes nobody out, and other
// portals for another flag.
func Within(name string, tenantID uid.ID, percent int) bool {
	sum := sha256.Sum256(append([]byte(name+" "), tenantID[:]...))
	return binary.BigEndian.Uint64(sum[:8])%100 < uint64(min(max(percent, 0), 100)) //nolint:gosec // between 0 and 100
}

// Failures of this package.
var (
	ErrNotFound = fault.New(fault.KindNotFound, "flag_not_found", "There is no such flag.")
	ErrChanged  = fault.New(fault.KindConflict, "flag_changed", "Somebody else changed this flag meanwhile. Load the page again.")
)
