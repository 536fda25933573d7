// Package path is courses in an order: paths of sections that people take, what a course asks for first, and the shortest
// way to a course. It is not about writing courses (catalog) nor about being in one (enrolment): how far someone is in a
// path is worked out from their enrolments each time it is asked for.
package path

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
)

// Status is whether a path may be taken.
type Status string

const (
	// StatusDraft is a path that is being written.
	StatusDraft Status = "draft"
	// StatusPublished is a path that people take.
	StatusPublished Status = "published"
	// StatusArchived is a path nobody new may begin; those in it go on.
	StatusArchived Status = "archived"
)

// Path is a row of paths. A change of a published path holds at once, for those in it too.
type Path struct {
	ID          uid.ID
	Slug        string
	Title       string
	Summary     string
	CoverFileID *uid.ID
	Status      Status
	Ordered     bool // a section opens when those before it are done
	Revision    int  // counts changes; an edit names the one it was made on
	Sections    Sections
	CreatedBy   *uid.ID
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Section is a part of a path.
type Section struct {
	ID      uid.ID   `json:"id"`
	Title   string   `json:"title"`
	Ordered bool     `json:"ordered"` // a course opens when those before it are done
	Need    int      `json:"need"`    // how many of the courses must be completed; 0 is all
	Courses []uid.ID `json:"courses"`
}

// All tells whether every course of the section must be completed.
func (s Section) All() bool { return s.Need == 0 || s.Need >= len(s.Courses) }

// Sections is kept as one JSON value in its path.
type Sections []Section

// Courses lists every course of a path in order.
func (p Path) Courses() (ids []uid.ID) {
	for _, s := range p.Sections {
		ids = append(ids, s.Courses...)
	}
	return ids
}

// Value writes the JSON as a string: []byte fails in pgx's exec mode.
func (s Sections) Value() (driver.Value, error) {
	if s == nil {
		return "[]", nil
	}
	b, err := json.Marshal([]Section(s))
	return string(b), err
}

// Scan reads the JSON.
func (s *Sections) Scan(src any) error {
	switch v := src.(type) {
	case string:
		return json.Unmarshal([]byte(v), (*[]Section)(s))
	case []byte:
		return json.Unmarshal(v, (*[]Section)(s))
	case nil:
		*s = nil
		return nil
	}
	return fmt.Errorf("sections: cannot read %T", src)
}

// Holding is a JSON value that sections with these courses contain (jsonb @>): nothing but the courses.
func (s Sections) Holding() (string, error) {
	type only struct {
		Courses []uid.ID `json:"courses"`
	}
	list := make([]only, len(s))
	for i, x := range s {
		list[i] = only{x.Courses}
	}
	b, err := json.Marshal(list)
	return string(b), err
}

// Enrolment is one person in one path. It is a row of path_enrolments.
type Enrolment struct {
	PathID      uid.ID
	PersonID    uid.ID
	EnrolledBy  *uid.ID // nil: they began it themselves
	EnrolledAt  time.Time
	CompletedAt *time.Time // of the first time; it stays when the path grows

	RequirementID *uid.ID // that put them on it; nil: none
}

// Assigned tells whether they were put on it, by somebody or by a requirement.
func (e Enrolment) Assigned() bool { return e.EnrolledBy != nil || e.RequirementID != nil }

// TableName is path_enrolments.
func (Enrolment) TableName() string { return "path_enrolments" }

// Course is a course of a path as one person meets it.
type Course struct {
	ID          uid.ID
	Slug        string
	Title       string
	Minutes     int
	CoverFileID *uid.ID
	Status      catalog.Status
	SelfEnrol   bool
	Visibility  catalog.Visibility
	Capacity    int
	WaitingList bool
	Taken       int // of its places; 0 where the number does not matter

	Visible   bool             // the person finds it
	Unmet     int              // things it asks for first that the person lacks
	Asked     bool             // the person asked for a place and has no answer yet
	Enrolment enrolment.Status // "": not in it
	LeftIt    bool             // withdrawn by themselves
	Percent   int
	Done      bool // completed, on whichever version
}

// Failures of this package.
var (
	ErrNotFound         = fault.New(fault.KindNotFound, "path_not_found", "There is no such path here.")
	ErrSectionNotFound  = fault.New(fault.KindNotFound, "path_section_not_found", "There is no such section in this path.")
	ErrSlugTaken        = fault.New(fault.KindConflict, "path_slug_taken", "Another path already has this address.")
	ErrRevision         = fault.New(fault.KindConflict, "path_changed", "Someone else changed this path meanwhile. Look at it as it is now, then make your change again.")
	ErrNotPublished     = fault.New(fault.KindConflict, "path_not_published", "This path is not published.")
	ErrIncomplete       = fault.New(fault.KindInvalid, "path_incomplete", "This path cannot be published yet.")
	ErrFull             = fault.New(fault.KindConflict, "path_full", "This path has as many parts as a path may have. Split it into two paths.")
	ErrAlreadyIn        = fault.New(fault.KindConflict, "already_on_path", "This person is on the path already.")
	ErrEnrolmentMissing = fault.New(fault.KindNotFound, "path_enrolment_not_found", "This person is not on the path.")
	ErrAssigned         = fault.New(fault.KindForbidden, "path_assigned", "Someone put you on this path. Ask them to take you off it.")
	ErrRequired         = fault.New(fault.KindConflict, "path_required", "A requirement put this person on the path. Waive it for them, or take them out of it.")
	ErrCompleted        = fault.New(fault.KindConflict, "path_completed", "This person has completed the path. The record stays.")
	ErrNothingOpen      = fault.New(fault.KindConflict, "path_nothing_open", "There is nothing to go on with right now. The path's page says why.")
	ErrNeedNotFound     = fault.New(fault.KindNotFound, "prerequisite_not_found", "This course does not ask for that.")
	ErrNeedTwice        = fault.New(fault.KindConflict, "prerequisite_twice", "This course asks for that already.")
)
