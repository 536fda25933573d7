package ldapsync

import (
	"time"

	"lyceum/auth"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
)

// Outcome is how a run ended.
type Outcome string

const (
	// OutcomeRunning has not ended.
	OutcomeRunning Outcome = "running"
	// OutcomeDone read everything and did what followed.
	OutcomeDone Outcome = "done"
	// OutcomeHeld did all but deactivate people: they were too many (Settings.HoldPercent). Order.Confirmed does it.
	OutcomeHeld Outcome = "held"
	// OutcomeIncomplete did not read everything: what was read was done, and nobody was taken for gone.
	OutcomeIncomplete Outcome = "incomplete"
	// OutcomeFailed read nothing, or could not go on.
	OutcomeFailed Outcome = "failed"
)

// Counts are people, and groups, by what a run did with them, or in a dry run would have done.
type Counts struct {
	Read        int `json:"read"` // people whom the directory gave
	Unchanged   int `json:"unchanged"`
	Created     int `json:"created"`
	Linked      int `json:"linked"` // accounts that were here already
	Updated     int `json:"updated"`
	Reactivated int `json:"reactivated"`
	Deactivated int `json:"deactivated"`
	Held        int `json:"held"`   // would be deactivated and are not: too many at once
	Passed      int `json:"passed"` // passed over: see Changes
	Groups      int `json:"groups"`
	GroupsMoved int `json:"groups_moved"` // made, renamed, removed, or with other members
}

func (c *Counts) add(o Counts) {
	c.Read += o.Read
	c.Unchanged += o.Unchanged
	c.Created += o.Created
	c.Linked += o.Linked
	c.Updated += o.Updated
	c.Reactivated += o.Reactivated
	c.Deactivated += o.Deactivated
	c.Held += o.Held
	c.Passed += o.Passed
	c.Groups += o.Groups
	c.GroupsMoved += o.GroupsMoved
}

// moved tells whether anything changed.
func (c Counts) moved() bool {
	return c.Created+c.Linked+c.Updated+c.Reactivated+c.Deactivated+c.GroupsMoved > 0
}

// What a run did with somebody: Change.What.
const (
	WhatCreated     = "created"
	WhatLinked      = "linked"
	WhatUpdated     = "updated"
	WhatReactivated = "reactivated"
	WhatDeactivated = "deactivated"
	WhatHeld        = "held"
	WhatPassed      = "passed" // passed over; Detail says why
	WhatNoted       = "noted"  // something of it was not taken over; Detail says what
	WhatGroup       = "group"
)

// Change is one thing that a run did, or in a dry run would have done.
type Change struct {
	Who    string `json:"who"` // the distinguished name, or a group's name
	What   string `json:"what"`
	Detail string `json:"detail,omitempty"` // in English
}

// ChangesKept is how many changes a run keeps; the counts are of all.
const ChangesKept = 500

// Run is one reading of a directory. It is a row of directory_runs; a directory has at most one that is running.
type Run struct {
	ID          uid.ID
	DirectoryID uid.ID
	DryRun      bool
	RequestedBy *uid.ID // nil: the schedule
	StartedAt   time.Time
	BeatAt      time.Time // the last sign of life
	EndedAt     *time.Time
	Outcome     Outcome
	Problem     string // why it is not done, in English
	Counts      signon.JSON[Counts]
	Changes     signon.JSON[[]Change]
	Report      signon.JSON[auth.Report] // what the directory answered
}

// RunsKept is how many runs of a directory are kept.
const RunsKept = 50

// silence is after how long without a sign of life a run is taken for dead: its process ended.
const silence = 5 * time.Minute

// Order is how a run is wished.
type Order struct {
	DryRun    bool    `json:"dry_run"`   // change nothing, whatever the directory's status
	Confirmed bool    `json:"confirmed"` // deactivate however many people it is
	By        *uid.ID `json:"by,omitempty"`
}
