package report

import (
	"context"
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/duty"
)

// Entry is what was known of a cycle of a duty from a moment on.
type Entry struct {
	Revision     int
	Number       int // of the cycle
	Spell        int // how often the duty was given
	RecordedAt   time.Time
	BeganAt      time.Time
	DueAt        *time.Time
	DueGrace     *time.Time
	CompletedAt  *time.Time
	CourseTitle  string // that was completed, "" none or gone
	CourseSlug   string
	Version      int // of its content, 0 none
	EnrolmentID  *uid.ID
	Certificate  string // its number, "" none
	RenewsAt     *time.Time
	ExpiresAt    *time.Time
	GraceUntil   *time.Time
	EndedAt      *time.Time
	GivenAt      time.Time
	WithdrawnAt  *time.Time
	WaivedAt     *time.Time
	WaivedUntil  *time.Time
	WaivedBy     string
	WaivedReason string
	Reasons      string // the names of the groups that made it a duty
}

// Record is a duty of a person: how it stands, and everything that was known of it, the newest first.
type Record struct {
	Requirement Column
	PersonID    uid.ID
	Name        string
	Email       string
	State       duty.State // "" where it is a duty no more, or was none at the moment
	Entries     []Entry
}

// Record gives the record of a duty, with its state at a moment. It needs enrolment:manage; ErrNoRecord.
func (s *Service) Record(ctx context.Context, requirement, person uid.ID, as Moment) (out Record, err error) {
	f, now, err := s.asked(Filter{Requirement: requirement, As: as})
	if err != nil {
		return out, err
	}
	err = s.in(ctx, func(ctx context.Context) error {
		if out, err = s.keep.DutyRecord(ctx, requirement, person); err != nil {
			return err
		}
		cells, err := s.keep.MatrixCells(ctx, []uid.ID{person}, f, now)
		for _, c := range cells {
			out.State = c.State
		}
		return err
	})
	return out, err
}
