// Package retention is how long a portal keeps what it keeps of people: a schedule by class, and by topic where it differs, in days after a
// stated clock; what it would delete; and the sweep that does, in small pieces. Who left longer ago than that is erased by auth/privacy, with
// its days to think again and its receipt. Legal holds pass before it.
package retention

import (
	"context"
	"fmt"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/privacy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Bounds.
const (
	maxDays = 36_500
	piece   = 500             // rows of a transaction
	few     = 50              // of those on which much hangs, and people that a run sends to be erased
	budget  = 5 * time.Minute // of a run, in the machine's time; the next one goes on
	every   = 20 * time.Hour  // between the beginnings of two runs
	runMost = 20
)

// Clock is from when days count.
type Clock string

// The clocks.
const (
	Left  Clock = "left"  // the person was deactivated
	Ended Clock = "ended" // the record was completed or closed
	Made  Clock = "made"  // it was written
)

// Line is one line of the schedule.
type Line struct {
	Name    string // class, and the topic after a dot
	Class   privacy.Class
	Topic   privacy.Topic
	Clock   Clock
	Tables  []string // whose rows go; the store knows the columns of their clocks
	Days    int      // 0: for ever
	Default int
	Floor   int // fewer days are refused
	Few     bool
}

// Lines is the schedule with its defaults. The floor of compliance is what employers are asked for by labour and safety law in the countries that we
// know: proof for three years.
func Lines() []Line {
	lines := []Line{
		{Class: privacy.Identity, Topic: privacy.TopicAccount, Clock: Left, Default: 1095, Floor: 30},
		{Class: privacy.Learning, Topic: privacy.TopicCourses, Clock: Ended, Tables: []string{"enrolment_rounds"}, Default: 3650, Floor: 365, Few: true},
		{Class: privacy.Compliance, Topic: privacy.TopicDuties, Clock: Ended, Tables: []string{"duty_history", "duties"}, Default: 3650, Floor: 1095},
		{Class: privacy.Compliance, Topic: privacy.TopicMessages, Clock: Made, Tables: []string{"reminder_messages", "nudges"}, Default: 1095, Floor: 365},
		{Class: privacy.Security, Topic: privacy.TopicSignIn, Clock: Made, Tables: []string{"sign_on_attempts"}, Default: 365, Floor: 30},
		{Class: privacy.Authored, Topic: privacy.TopicAuthored, Clock: Made, Tables: []string{"course_messages"}, Default: 0, Floor: 30},
		{Class: privacy.Technical, Topic: privacy.TopicMessages, Clock: Made, Tables: []string{"notifications"}, Default: 365, Floor: 30},
		{Class: privacy.Technical, Topic: privacy.TopicTraces, Clock: Made, Tables: []string{"report_deliveries", "directory_requests"}, Default: 180, Floor: 30},
		{Class: privacy.Technical, Topic: privacy.TopicLog, Clock: Made, Tables: []string{"events"}, Default: 400, Floor: 90},
	}
	for i := range lines {
		lines[i].Name, lines[i].Days = string(lines[i].Class)+"."+string(lines[i].Topic), lines[i].Default
	}
	return lines
}

// Count is what is older than a line of the schedule allows.
type Count struct {
	Line   string
	Rows   int64
	People int64 // whose rows these are
}

// Preview is what a sweep would delete now.
type Preview struct {
	Counts []Count
	Rows   int64
	People int64 // each once
}

// Run is one sweep. It is a row of retention_runs.
type Run struct {
	ID      uid.ID
	BeganAt time.Time
	EndedAt *time.Time
	Counts  map[string]int64 `gorm:"serializer:json"` // rows by line; of the line of accounts people sent to be erased
}

// TableName is retention_runs.
func (Run) TableName() string { return "retention_runs" }

// Rows sums up what went.
func (r Run) Rows() (n int64) {
	for _, one := range r.Counts {
		n += one
	}
	return n
}

// Schedule is what a portal chose.
type Schedule struct {
	On    bool
	Lines []Line
	Runs  []Run // the latest, the newest first
}

// ErrUnknown is a line that the schedule does not have.
var ErrUnknown = fault.New(fault.KindInvalid, "retention_line_unknown", "The schedule has no such line. Take one of those that it shows.")

// Keeper is what is kept; every method but InTenant joins the running transaction of the tenant.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error
	// RetentionDays are the days that a portal chose, by line.
	RetentionDays(ctx context.Context) (map[string]int, error)
	SaveRetentionDays(ctx context.Context, line string, days int, by uid.ID, at time.Time) error
	// RetentionOn tells whether sweeps are on: they are not until somebody switches them on.
	RetentionOn(ctx context.Context) (bool, error)
	SwitchRetention(ctx context.Context, on bool, at time.Time) error
	// CountOld counts what is older than lines allow, and whose it is; nothing of people under a legal hold.
	CountOld(ctx context.Context, lines []Line, now time.Time) (Preview, error)
	// DeleteOld deletes at most n rows of a line's table that are older than a moment; nothing of people under a legal hold.
	DeleteOld(ctx context.Context, table string, before time.Time, n int) (int64, error)
	// PeopleLeft are people who were deactivated before a moment, are under no hold, and whose erasure is neither open nor was taken back or
	// refused after another one, at most n.
	PeopleLeft(ctx context.Context, before, after time.Time, n int) ([]uid.ID, error)
	// LatestRetentionRun holds the latest run until the transaction ends; nil: there was none.
	LatestRetentionRun(ctx context.Context) (*Run, error)
	InsertRetentionRun(ctx context.Context, r Run) error
	SaveRetentionRun(ctx context.Context, r Run) error
	RetentionRuns(ctx context.Context, n int) ([]Run, error)
}

// Eraser erases people who left (auth/privacy).
type Eraser interface {
	// ScheduleLeft decides, within the caller's transaction, that somebody who left is erased after the days to think again.
	ScheduleLeft(ctx context.Context, person uid.ID) error
}

// Owner deletes from tables of which a portal's own role deletes nothing (store/fleet).
type Owner interface {
	// PruneOld deletes at most n rows of a table that are older than a moment, and than a floor of its own; nothing of people under a legal hold.
	PruneOld(ctx context.Context, t tenant.Tenant, table string, before time.Time, n int) (int64, error)
}

// owned are the tables of Owner: the event log and the history of duties prove something, and injected SQL must not take them away.
var owned = []string{"events", "duty_history"}

// Service keeps the schedule and sweeps by it.
type Service struct {
	keep  Keeper
	erase Eraser
	owner Owner
	now   clock.Clock
}

// New makes the service.
func New(keep Keeper, erase Eraser, owner Owner, now clock.Clock) *Service {
	return &Service{keep, erase, owner, now}
}

func (s *Service) tell(ctx context.Context, typ string, id uid.ID, data map[string]any) error {
	e, err := event.New(ctx, s.now(), typ, "retention", id, data)
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, e)
}

// Show gives the schedule. It needs privacy:read.
func (s *Service) Show(ctx context.Context) (out Schedule, err error) {
	if err := auth.Require(ctx, policy.PrivacyRead); err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if out, err = s.schedule(ctx); err != nil {
			return err
		}
		out.Runs, err = s.keep.RetentionRuns(ctx, runMost)
		return err
	})
	return out, err
}

func (s *Service) schedule(ctx context.Context) (out Schedule, err error) {
	if out.On, err = s.keep.RetentionOn(ctx); err != nil {
		return out, err
	}
	chosen, err := s.keep.RetentionDays(ctx)
	out.Lines = Lines()
	for i, l := range out.Lines {
		if days, ok := chosen[l.Name]; ok {
			out.Lines[i].Days = max(days, min(l.Floor, days*l.Floor)) // a floor that was raised since holds
		}
	}
	return out, err
}

// Save chooses days by line: 0 is for ever, lines left out stay. It needs privacy:manage; ErrUnknown, a fault at the line's name where there are fewer
// days than its floor. Event retention.saved.
func (s *Service) Save(ctx context.Context, days map[string]int) error {
	if err := auth.Require(ctx, policy.PrivacyManage); err != nil {
		return err
	}
	who, _ := auth.PrincipalFrom(ctx)
	wrong, known := fault.Fields{}, 0
	for _, l := range Lines() {
		n, given := days[l.Name]
		if !given {
			continue
		}
		known++
		wrong.Check(n == 0 || n >= l.Floor, l.Name, fmt.Sprintf("Keep it for at least %d days: the law or the product needs it that long.", l.Floor))
		wrong.Check(n >= 0 && n <= maxDays, l.Name, "Use 0 for ever, or up to 36,500 days.")
	}
	if known < len(days) {
		return ErrUnknown
	}
	if err := wrong.Err(); err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		before, err := s.schedule(ctx)
		if err != nil {
			return err
		}
		changed := map[string]any{}
		for _, l := range before.Lines {
			n, given := days[l.Name]
			if !given || n == l.Days {
				continue
			}
			if err := s.keep.SaveRetentionDays(ctx, l.Name, n, who.PersonID, s.now()); err != nil {
				return err
			}
			changed[l.Name] = map[string]int{"was": l.Days, "days": n}
		}
		if len(changed) == 0 {
			return nil
		}
		return s.tell(ctx, "retention.saved", uid.New(), map[string]any{"days": changed})
	})
}

// Switch has the sweep begin, or stop. It needs privacy:manage. Event retention.switched.
func (s *Service) Switch(ctx context.Context, on bool) error {
	if err := auth.Require(ctx, policy.PrivacyManage); err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		was, err := s.keep.RetentionOn(ctx)
		if err != nil || was == on {
			return err
		}
		if err := s.keep.SwitchRetention(ctx, on, s.now()); err != nil {
			return err
		}
		return s.tell(ctx, "retention.switched", uid.New(), map[string]any{"on": on})
	})
}

// Preview counts what a sweep would delete now, and deletes nothing. It needs privacy:read.
func (s *Service) Preview(ctx context.Context) (p Preview, err error) {
	if err := auth.Require(ctx, policy.PrivacyRead); err != nil {
		return p, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		sc, err := s.schedule(ctx)
		if err != nil {
			return err
		}
		p, err = s.keep.CountOld(ctx, sc.Lines, s.now())
		return err
	})
	return p, err
}

// Before is the moment before which a line lets go; false for one that is for ever.
func (l Line) Before(now time.Time) (time.Time, bool) { return now.AddDate(0, 0, -l.Days), l.Days > 0 }
