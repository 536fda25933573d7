package enrolment

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// Stage is how far a person is in a course, where an author chooses whom to move to a new version.
type Stage string

const (
	// StageNotStarted is enrolled and never opened a lesson. Publishing moves these by itself.
	StageNotStarted Stage = "not_started"
	// StageInProgress has opened a lesson and not completed the course.
	StageInProgress Stage = "in_progress"
	// StageDone has completed the course.
	StageDone Stage = "done"
)

// Stages lists every stage in order.
func Stages() []Stage { return []Stage{StageNotStarted, StageInProgress, StageDone} }

// VersionStages is how many people of each stage are on a version; who was withdrawn is not counted.
type VersionStages struct {
	VersionID   uid.ID
	Number      int
	PublishedAt *time.Time
	NotStarted  int
	InProgress  int
	Done        int
}

// Move is what an enrolment was before it was moved to another version: nothing of it is lost. It is a row of
// enrolment_moves.
type Move struct {
	ID            uid.ID
	EnrolmentID   uid.ID
	FromVersionID uid.ID
	ToVersionID   uid.ID
	Status        Status
	Percent       int
	CompletedAt   *time.Time
	Progress      Snapshot
	MovedBy       *uid.ID
	MovedAt       time.Time
}

// TableName is enrolment_moves.
func (Move) TableName() string { return "enrolment_moves" }

// Snapshot is which lessons were completed when, at the moment of a move.
type Snapshot []LessonDone

// LessonDone is a lesson completed.
type LessonDone struct {
	LessonID    uid.ID    `json:"lesson_id"`
	CompletedAt time.Time `json:"completed_at"`
}

// Value writes JSON as a string.
func (s Snapshot) Value() (driver.Value, error) {
	if s == nil {
		return "[]", nil
	}
	return text(s)
}

// Scan reads JSON.
func (s *Snapshot) Scan(src any) error { return scan(src, s) }

// MoveKeeper is what moving people between versions needs kept.
type MoveKeeper interface {
	// StagesOf counts the people of a course by version and stage, the newest version first.
	StagesOf(ctx context.Context, course uid.ID) ([]VersionStages, error)
	// EnrolmentsBehind are enrolments of the stages on another version than the one named, after an id, in order of id.
	EnrolmentsBehind(ctx context.Context, course, version uid.ID, stages []Stage, after uid.ID, n int) ([]uid.ID, error)
	AddMove(ctx context.Context, m Move) error
	// MovesOf are the moves of an enrolment, the newest first.
	MovesOf(ctx context.Context, enrolment uid.ID) ([]Move, error)
}

// Failures of moving.
var (
	ErrNobodyToMove = fault.New(fault.KindConflict, "nobody_to_move", "Nobody of those is on another version.")
)

// Standings tells how many people are on which version of a course. It needs enrolment:manage or course:publish.
func (s *Service) Standings(ctx context.Context, course uid.ID) (out []VersionStages, err error) {
	who, _ := auth.PrincipalFrom(ctx)
	need := policy.EnrolmentManage
	if who.May.Has(policy.CoursePublish) {
		need = policy.CoursePublish
	}
	if err = auth.Require(ctx, need); err != nil {
		return nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if _, err = s.keep.CourseByID(ctx, course); err != nil {
			return err
		}
		out, err = s.keep.StagesOf(ctx, course)
		return err
	})
	return out, err
}

// RequestMove asks for the people of the stages to be moved to the published version. A job moves them, however many they
// are: the event is enrolment.move_requested. It needs course:publish. Field: stages. ErrNobodyToMove.
func (s *Service) RequestMove(ctx context.Context, course uid.ID, stages []Stage) error {
	if err := auth.Require(ctx, policy.CoursePublish); err != nil {
		return err
	}
	stages = slices.Compact(slices.Sorted(slices.Values(stages)))
	f := fault.Fields{}
	f.Check(len(stages) > 0, "stages", "Choose whom to move: not_started, in_progress or done.")
	for _, st := range stages {
		f.Check(slices.Contains(Stages(), st), "stages", "Choose among not_started, in_progress and done.")
	}
	if err := f.Err(); err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.keep.ShareCourse(ctx, course)
		if err != nil {
			return err
		}
		if err = takes(c); err != nil {
			return err
		}
		behind, err := s.keep.EnrolmentsBehind(ctx, c.ID, *c.PublishedID, stages, uid.Nil, 1)
		if err != nil {
			return err
		}
		if len(behind) == 0 {
			return ErrNobodyToMove
		}
		v, err := s.keep.VersionByID(ctx, *c.PublishedID)
		if err != nil {
			return err
		}
		return s.tellOf(ctx, "enrolment.move_requested", "course", c.ID, moveRequest{Stages: stages, CourseTitle: v.Title, Version: v.Number})
	})
}

type moveRequest struct {
	Stages      []Stage `json:"stages"`
	CourseTitle string  `json:"course_title"`
	Version     int     `json:"version"`
}

// moveBatch is how many people are moved in one transaction.
const moveBatch = 50

// MoveAll moves everyone of the stages to the version of a course that is published now, some in each transaction; killed
// and run again it goes on. It is a job's: it asks for no permission.
func (s *Service) MoveAll(ctx context.Context, course uid.ID, stages []Stage, by *uid.ID) (moved int, err error) {
	for after := uid.Nil; ; {
		var n int
		n, after, err = s.moveSome(ctx, course, stages, by, after)
		if moved += n; err != nil || after == uid.Nil {
			return moved, err
		}
	}
}

// moveSome moves the next people and tells how far it came; uid.Nil is the end.
func (s *Service) moveSome(ctx context.Context, course uid.ID, stages []Stage, by *uid.ID, after uid.ID) (moved int, last uid.ID, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		moved, last = 0, uid.Nil
		c, err := s.keep.ShareCourse(ctx, course)
		if err != nil {
			return err
		}
		if takes(c) != nil {
			return nil
		}
		ids, err := s.keep.EnrolmentsBehind(ctx, course, *c.PublishedID, stages, after, moveBatch)
		if err != nil || len(ids) == 0 {
			return err
		}
		heads, err := s.keep.LessonHeads(ctx, *c.PublishedID)
		if err != nil {
			return err
		}
		for _, id := range ids {
			did, err := s.move(ctx, id, *c.PublishedID, heads, stages, by)
			if err != nil {
				return fmt.Errorf("move enrolment %s: %w", id, err)
			}
			if did {
				moved++
			}
		}
		last = ids[len(ids)-1]
		return nil
	})
	return moved, last, err
}

// stage is how far an enrolment is; false for one that was withdrawn.
func (e Enrolment) stage() (Stage, bool) {
	switch {
	case e.Status == StatusWithdrawn:
		return "", false
	case e.Status == StatusCompleted:
		return StageDone, true
	case e.StartedAt != nil:
		return StageInProgress, true
	}
	return StageNotStarted, true
}

// move puts one enrolment onto a version. Lessons that are in it and were completed stay completed; the enrolment is
// completed where nothing is left to do, and under way again where something is. What it was is kept as a Move.
func (s *Service) move(ctx context.Context, id, version uid.ID, lessons []catalog.Lesson, stages []Stage, by *uid.ID) (bool, error) {
	e, err := s.keep.LockEnrolment(ctx, id)
	if err != nil {
		return false, err
	}
	st, in := e.stage()
	if !in || !slices.Contains(stages, st) || e.VersionID == version {
		return false, nil // it changed since it was found
	}
	done, kept, err := s.doneOf(ctx, e.ID, lessons)
	if err != nil {
		return false, err
	}
	at := s.now().Truncate(time.Microsecond)
	m := Move{ID: uid.New(), EnrolmentID: e.ID, FromVersionID: e.VersionID, ToVersionID: version, Status: e.Status, Percent: e.Percent, CompletedAt: e.CompletedAt, Progress: done, MovedBy: by, MovedAt: at}
	if err = s.keep.AddMove(ctx, m); err != nil {
		return false, err
	}
	was := e.Status
	e.VersionID = version
	e.moved(kept, len(lessons), at)
	moved := Fact{EnrolmentID: e.ID, ID: m.ID, VersionID: version, Kind: FactMoved, At: at}
	if err = s.keep.AddFacts(ctx, []Fact{moved}); err != nil {
		return false, err
	}
	if err = s.keep.UpdateEnrolment(ctx, e); err != nil {
		return false, err
	}
	return true, s.tellMoved(ctx, e, was, m)
}

func (s *Service) tellMoved(ctx context.Context, e Enrolment, was Status, m Move) error {
	l, err := s.keep.LearnerByID(ctx, e.PersonID)
	if err != nil {
		return err
	}
	base, err := s.told(ctx, e, l)
	if err != nil {
		return err
	}
	happened := []string{"enrolment.moved"}
	if was != StatusCompleted && e.Status == StatusCompleted {
		happened = append(happened, "enrolment.completed")
	}
	var list []event.Event
	for _, typ := range happened {
		ev, err := event.New(ctx, m.MovedAt, typ, "enrolment", e.ID, movedData{told: base, From: m.FromVersionID, To: m.ToVersionID, Was: was, Percent: e.Percent})
		if err != nil {
			return err
		}
		list = append(list, ev)
	}
	return s.keep.AppendEvents(ctx, list...)
}

// movedData is what is told of a move; Percent is that on the new version.
type movedData struct {
	told
	From    uid.ID `json:"from_version_id"`
	To      uid.ID `json:"to_version_id"`
	Was     Status `json:"was"`
	Percent int    `json:"percent"`
}

// doneOf is which lessons an enrolment has completed, and how many of them a version has.
func (s *Service) doneOf(ctx context.Context, enrolment uid.ID, lessons []catalog.Lesson) (done Snapshot, kept int, err error) {
	progress, err := s.progress(ctx, enrolment)
	if err != nil {
		return nil, 0, err
	}
	for id, p := range progress {
		if p.Status == ProgressCompleted && p.CompletedAt != nil {
			done = append(done, LessonDone{LessonID: id, CompletedAt: *p.CompletedAt})
		}
	}
	slices.SortFunc(done, func(a, b LessonDone) int { return a.CompletedAt.Compare(b.CompletedAt) })
	for _, l := range lessons {
		if progress[l.ID].Status == ProgressCompleted {
			kept++
		}
	}
	return done, kept, nil
}

// History lists the moves of an enrolment, the newest first: what it was on earlier versions. One's own needs
// enrolment:self, anyone's enrolment:manage; to everyone else there is none.
func (s *Service) History(ctx context.Context, enrolment uid.ID) (moves []Move, err error) {
	shown, err := s.Show(ctx, enrolment)
	if err != nil {
		return nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		moves, err = s.keep.MovesOf(ctx, shown.ID)
		return err
	})
	return moves, err
}

// tellOf appends an event about something else than one enrolment.
func (s *Service) tellOf(ctx context.Context, typ, subjectType string, subject uid.ID, data any) error {
	ev, err := event.New(ctx, s.now(), typ, subjectType, subject, data)
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, ev)
}
