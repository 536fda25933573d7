package enrolment

import (
	"context"
	"errors"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/page"
	"lyceum/internal/recall"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// Keeper is what enrolments need kept; every method joins the running transaction of the tenant.
type Keeper interface {
	event.Log
	DueKeeper
	catalog.TextKeeper
	// VisibleCourse reads a course that someone may find.
	VisibleCourse(ctx context.Context, id uid.ID, slug string, v catalog.Viewer) (catalog.Course, error)
	// OutlineHead reads a course with one of its versions, its languages and modules, without lessons.
	OutlineHead(ctx context.Context, course, version uid.ID) (catalog.Outline, error)
	PlaceKeeper
	MoveKeeper
	RoundKeeper
	NeedKeeper
	InTenant(ctx context.Context, fn func(context.Context) error) error

	// ShareCourse reads a course and keeps it from being published or archived until the transaction ends; several may
	// share it.
	ShareCourse(ctx context.Context, id uid.ID) (catalog.Course, error)
	CourseByID(ctx context.Context, id uid.ID) (catalog.Course, error)
	CourseBySlug(ctx context.Context, slug string) (catalog.Course, error)
	VersionByID(ctx context.Context, id uid.ID) (catalog.Version, error)
	ModulesOf(ctx context.Context, version uid.ID) ([]catalog.Module, error)
	LessonHeads(ctx context.Context, version uid.ID) ([]catalog.Lesson, error)
	// LessonToLearn reads a lesson whole and the seconds of its video.
	LessonToLearn(ctx context.Context, version, lesson uid.ID) (l catalog.Lesson, seconds float64, err error)
	LearnerByID(ctx context.Context, id uid.ID) (Learner, error)

	// AddEnrolment is false when the person is in the course already.
	AddEnrolment(ctx context.Context, e Enrolment) (added bool, err error)
	EnrolmentIn(ctx context.Context, person, course uid.ID) (Enrolment, error)
	EnrolmentRecord(ctx context.Context, id uid.ID) (Record, error)
	// ShownIn finds by the course's address, and none that the person was taken out of. The outline is in the version's own
	// language. It joins a running transaction or, alone, is two by itself.
	ShownIn(ctx context.Context, person uid.ID, slug string) (Shown, error)
	// LockEnrolment and its sisters hold the enrolment until the transaction ends.
	LockEnrolment(ctx context.Context, id uid.ID) (Enrolment, error)
	LockEnrolmentIn(ctx context.Context, person uid.ID, slug string) (Enrolment, error)
	UpdateEnrolment(ctx context.Context, e Enrolment) error
	// EnrolmentsOf joins a running transaction or, alone, is one by itself.
	EnrolmentsOf(ctx context.Context, person uid.ID, p page.Request) (page.Of[Mine], error)
	RosterOf(ctx context.Context, course uid.ID, p page.Request) (page.Of[Roster], error)
	// RosterIn is RosterOf narrowed to the people of a group; uid.Nil does not narrow.
	RosterIn(ctx context.Context, course, group uid.ID, p page.Request) (page.Of[Roster], error)

	// LockProgress reads the progress in a lesson and holds it until the transaction ends; begun is false before the first
	// time it is opened.
	LockProgress(ctx context.Context, enrolment, lesson uid.ID) (p Progress, begun bool, err error)
	ProgressOf(ctx context.Context, enrolment uid.ID) ([]Progress, error)
	PutProgress(ctx context.Context, p Progress) error
	// LessonCounts tells how many lessons a version has, and how many of them an enrolment has completed.
	LessonCounts(ctx context.Context, enrolment, version uid.ID) (all, done int, err error)

	// Sit takes reports in one transaction of its own: it holds the lesson's progress, asks decide what comes of them, and
	// writes that. found is false when the lesson was never opened: then decide is not asked. A failure of decide leaves
	// everything as it was. decide may be asked a second time.
	Sit(ctx context.Context, in ReportInput, decide func(Sitting) ([]Fact, Progress, error)) (found bool, err error)
	AddFacts(ctx context.Context, facts []Fact) error
	// KnownFacts tells which of the ids a lesson's log has already.
	KnownFacts(ctx context.Context, enrolment, lesson uid.ID, ids []uid.ID) ([]uid.ID, error)
	FactsOf(ctx context.Context, enrolment uid.ID) ([]Fact, error)
	// RulesOf are those of every version of a course.
	RulesOf(ctx context.Context, course uid.ID) ([]Rules, error)
	// EnrolmentsAfter lists enrolments in order of their ids, to go through them all.
	EnrolmentsAfter(ctx context.Context, after uid.ID, limit int) ([]Enrolment, error)

	AddSubmission(ctx context.Context, sub Submission) error
	// SubmissionsIn are the newest ones of a lesson, newest first.
	SubmissionsIn(ctx context.Context, enrolment, lesson uid.ID, limit int) ([]Submission, error)
	Submissions(ctx context.Context, f HandedFilter) (page.Of[Handed], error)
	SubmissionByID(ctx context.Context, id uid.ID) (Handed, error)
	// MarkSubmission writes what was said of one that waits; ErrMarked when it waits no longer.
	MarkSubmission(ctx context.Context, sub Submission) error
	// FileIsOf tells whether a file is here that the person uploaded.
	FileIsOf(ctx context.Context, file, person uid.ID) (bool, error)

	AddAttempt(ctx context.Context, a Attempt) error
	AttemptCount(ctx context.Context, enrolment, lesson uid.ID) (int, error)
	// Attempts are the newest ones, newest first.
	Attempts(ctx context.Context, enrolment, lesson uid.ID, limit int) ([]Attempt, error)
}

// Options is what the service works with.
type Options struct {
	Keep Keeper
	Now  clock.Clock
	// Played is told what was played of a recording, after it was kept; nil: nobody is. It must not wait.
	Played func(ctx context.Context, p Playback)
}

// Service enrols people and keeps their progress.
type Service struct {
	keep  Keeper
	now   clock.Clock
	rules *recall.Cache[ruleKey, Rules]

	playedTo func(ctx context.Context, p Playback)
}

// New makes the service.
func New(o Options) *Service {
	return &Service{keep: o.Keep, now: o.Now, rules: recall.New[ruleKey, Rules](rulesKept, rulesFor, o.Now), playedTo: o.Played}
}

// SelfEnrol puts who asks into a published course that takes self-enrolment, on the version of today, and tells of it
// as enrolment.created. Who is in it already gets that enrolment; who left it by themselves comes back with their progress
// (enrolment.reinstated), who was taken out of it is ErrWithdrawn. ErrAskFirst where places are given on request, ErrFull
// where all are taken (see AskPlace), ErrNeedsFirst where something comes before it. It needs enrolment:self.
func (s *Service) SelfEnrol(ctx context.Context, slug string) (e Enrolment, err error) {
	who, err := acts(ctx)
	if err != nil {
		return Enrolment{}, err
	}
	if catalog.CheckSlug(slug) != "" {
		return Enrolment{}, catalog.ErrCourseNotFound
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.room(ctx, slug)
		if err != nil {
			return err
		}
		e, err = s.keep.EnrolmentIn(ctx, who.PersonID, c.ID)
		if err == nil && !e.Left() {
			return open(e)
		}
		if err != nil && !errors.Is(err, ErrEnrolmentNotFound) {
			return err
		}
		if _, err = s.keep.VisibleCourse(ctx, c.ID, "", catalog.ViewerFrom(ctx)); err != nil {
			return err
		}
		if err = takes(c); err != nil {
			return err
		}
		if e.StartedAt == nil { // who has begun and left goes on, whatever the course asks for since
			if err = s.ready(ctx, who.PersonID, c.ID); err != nil {
				return err
			}
		}
		if c.Visibility == catalog.VisibleOnRequest {
			return ErrAskFirst
		}
		if !c.SelfEnrol {
			return ErrSelfEnrolClosed
		}
		if err = s.free(ctx, c); err != nil {
			return err
		}
		e = s.fresh(c, who.PersonID, SourceSelf)
		added, err := s.keep.AddEnrolment(ctx, e)
		if err != nil {
			return err
		}
		l := Learner{ID: who.PersonID, Name: who.Name}
		if added {
			return s.tell(ctx, "enrolment.created", e, l)
		}
		e, err = s.comeBack(ctx, c, e, l)
		return err
	})
	if err != nil {
		return Enrolment{}, err
	}
	return e, nil
}

// Enrol puts a person into a published course, on the version of today, and tells of it as enrolment.created. One who
// was withdrawn comes back with their progress (enrolment.reinstated); one who is in it is ErrAlreadyEnrolled. It needs
// enrolment:manage.
func (s *Service) Enrol(ctx context.Context, course, person uid.ID) (e Enrolment, err error) {
	if err = auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return Enrolment{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.keep.ShareCourse(ctx, course)
		if err != nil {
			return err
		}
		if err = takes(c); err != nil {
			return err
		}
		l, err := s.keep.LearnerByID(ctx, person)
		if err != nil {
			return err
		}
		if l.Deactivated {
			return ErrDeactivated
		}
		e = s.fresh(c, person, SourceAssigned)
		if who, ok := auth.PrincipalFrom(ctx); ok {
			e.EnrolledBy = &who.PersonID
		}
		added, err := s.keep.AddEnrolment(ctx, e)
		if err != nil {
			return err
		}
		if added {
			return s.tell(ctx, "enrolment.created", e, l)
		}
		e, err = s.reinstate(ctx, c, e)
		if err != nil {
			return err
		}
		return s.tell(ctx, "enrolment.reinstated", e, l)
	})
	if err != nil {
		return Enrolment{}, err
	}
	return e, nil
}

// reinstate brings a withdrawn enrolment back: with its version when it was started, else with the version of today.
func (s *Service) reinstate(ctx context.Context, c catalog.Course, wish Enrolment) (Enrolment, error) {
	e, err := s.keep.EnrolmentIn(ctx, wish.PersonID, c.ID)
	if err != nil {
		return Enrolment{}, err
	}
	if e, err = s.keep.LockEnrolment(ctx, e.ID); err != nil {
		return Enrolment{}, err
	}
	if e.Status != StatusWithdrawn {
		return Enrolment{}, ErrAlreadyEnrolled
	}
	e.Status, e.Source, e.EnrolledBy, e.EnrolledAt = StatusActive, wish.Source, wish.EnrolledBy, wish.EnrolledAt
	e.LeftAt, e.DueAt = nil, nil // the date of the time before binds nobody
	if e.StartedAt == nil {
		e.VersionID = wish.VersionID
	}
	return e, s.keep.UpdateEnrolment(ctx, e)
}

// Withdraw takes a person out of a course; the record stays. A completed enrolment is ErrCompleted; one taken out already
// stays as it is; one who left by themselves can from now on not come back by themselves. It tells of it as enrolment.withdrawn and needs enrolment:manage.
func (s *Service) Withdraw(ctx context.Context, id uid.ID) error {
	if err := auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		e, err := s.keep.LockEnrolment(ctx, id)
		if err != nil {
			return err
		}
		switch e.Status {
		case StatusCompleted:
			return ErrCompleted
		case StatusWithdrawn:
			if e.LeftAt == nil {
				return nil
			}
		case StatusActive:
		}
		return s.withdraw(ctx, e)
	})
}

// withdraw takes who is held out of the course.
func (s *Service) withdraw(ctx context.Context, e Enrolment) error {
	l, err := s.keep.LearnerByID(ctx, e.PersonID)
	if err != nil {
		return err
	}
	e.Status, e.LeftAt = StatusWithdrawn, nil
	if err = s.keep.UpdateEnrolment(ctx, e); err != nil {
		return err
	}
	return s.tell(ctx, "enrolment.withdrawn", e, l)
}

// Mine lists the courses of who asks, the newest enrolment first, without those they were taken out of. It is one
// query. It needs enrolment:self.
func (s *Service) Mine(ctx context.Context, p page.Request) (out page.Of[Mine], err error) {
	who, err := learner(ctx)
	if err != nil {
		return out, err
	}
	return s.keep.EnrolmentsOf(ctx, who.PersonID, p)
}

// Roster lists everyone who is or was in a course, in order of enrolling. It needs enrolment:manage.
func (s *Service) Roster(ctx context.Context, course uid.ID, p page.Request) (out page.Of[Roster], err error) {
	if err = auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if _, err = s.keep.CourseByID(ctx, course); err != nil {
			return err
		}
		out, err = s.keep.RosterOf(ctx, course, p)
		return err
	})
	return out, err
}

// learner is who asks, when they may learn.
func learner(ctx context.Context) (auth.Principal, error) {
	if err := auth.Require(ctx, policy.EnrolmentSelf); err != nil {
		return auth.Principal{}, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	return who, nil
}

// acts is learner for who learns: an operator who looks as a person does not.
func acts(ctx context.Context) (auth.Principal, error) {
	if _, guised := auth.GuiseFrom(ctx); guised {
		return auth.Principal{}, auth.ErrGuiseNever
	}
	return learner(ctx)
}

// open fails for an enrolment that its person left or was taken out of.
func open(e Enrolment) error {
	switch {
	case e.Left():
		return ErrLeft
	case e.Status == StatusWithdrawn:
		return ErrWithdrawn
	}
	return nil
}

// takes fails for a course that nobody new may start.
func takes(c catalog.Course) error {
	switch {
	case c.PublishedID == nil:
		return catalog.ErrCourseNotFound
	case c.Template:
		return ErrTemplate
	case c.Status != catalog.StatusPublished:
		return catalog.ErrNotPublished
	}
	return nil
}

func (s *Service) fresh(c catalog.Course, person uid.ID, source Source) Enrolment {
	return Enrolment{ID: uid.New(), CourseID: c.ID, VersionID: *c.PublishedID, PersonID: person, Status: StatusActive, Source: source, EnrolledAt: s.now()}
}

// told is what events about an enrolment carry: enough for metering and for a log to be read without look-ups.
type told struct {
	PersonID    uid.ID  `json:"person_id"`
	PersonName  string  `json:"person_name"`
	CourseID    uid.ID  `json:"course_id"`
	CourseTitle string  `json:"course_title"`
	Version     int     `json:"version"`
	Source      Source  `json:"source,omitempty"`
	Left        bool    `json:"left,omitempty"` // of enrolment.withdrawn: by themselves
	LessonID    *uid.ID `json:"lesson_id,omitempty"`
	LessonTitle string  `json:"lesson_title,omitempty"`
	Rule        string  `json:"rule,omitempty"`
	AttemptID   *uid.ID `json:"attempt_id,omitempty"`
	Attempt     int     `json:"attempt,omitempty"`
	Percent     *int    `json:"percent,omitempty"`
	Passed      *bool   `json:"passed,omitempty"`

	Evidence     *Evidence `json:"evidence,omitempty"` // of a lesson completed
	SubmissionID *uid.ID   `json:"submission_id,omitempty"`
}

func (s *Service) told(ctx context.Context, e Enrolment, l Learner) (told, error) {
	v, err := s.keep.VersionByID(ctx, e.VersionID)
	return told{PersonID: l.ID, PersonName: l.Name, CourseID: e.CourseID, CourseTitle: v.Title, Version: v.Number}, err
}

// tell appends an event about being enrolled.
func (s *Service) tell(ctx context.Context, typ string, e Enrolment, l Learner) error {
	data, err := s.told(ctx, e, l)
	if err != nil {
		return err
	}
	data.Source, data.Left = e.Source, e.Left()
	ev, err := event.New(ctx, s.now(), typ, "enrolment", e.ID, data)
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, ev)
}

// day is the calendar day of a moment in UTC, in which the once-a-day of lesson.progressed is counted.
func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
