package enrolment

import (
	"context"
	"time"

	"lyceum/auth"
	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// step is one act of learning in one lesson. It holds the enrolment, so that acts of one person in one course happen
// one after the other and a completion happens once. Nothing is written before save.
type step struct {
	*Service
	who     auth.Principal
	at      time.Time
	e       Enrolment
	lesson  catalog.Lesson
	seconds float64  // of the lesson's video, 0 when unknown
	p       Progress // of the lesson
	since   time.Time

	enrolmentChanged, progressChanged, completed bool
	happened                                     []happening
}

// happening is an event to be told when the step is saved.
type happening struct {
	typ  string
	data func(*told)
}

// act runs one act in a lesson of who asks: it holds the enrolment, begins enrolment and lesson when this is the first
// time, does what the act does, and writes what came of it.
func (s *Service) act(ctx context.Context, enrolment, lesson uid.ID, do func(context.Context, *step) error) (*step, error) {
	who, err := learner(ctx)
	if err != nil {
		return nil, err
	}
	var st *step
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		e, err := s.keep.LockEnrolment(ctx, enrolment)
		if err != nil {
			return err
		}
		if e.PersonID != who.PersonID {
			return ErrEnrolmentNotFound
		}
		if st, err = s.step(ctx, who, e, lesson); err != nil {
			return err
		}
		if err = do(ctx, st); err != nil {
			return err
		}
		return st.save(ctx)
	})
	return st, err
}

// step reads what a step in a lesson of a held enrolment needs, and begins enrolment and lesson when this is the first
// time.
func (s *Service) step(ctx context.Context, who auth.Principal, e Enrolment, lesson uid.ID) (*step, error) {
	if err := open(e); err != nil {
		return nil, err
	}
	if err := s.startable(ctx, e); err != nil {
		return nil, err
	}
	st := &step{Service: s, who: who, at: s.now(), e: e}
	var err error
	if st.lesson, st.seconds, err = s.keep.LessonToLearn(ctx, e.VersionID, lesson); err != nil {
		return nil, err
	}
	p, begun, err := s.keep.ProgressIn(ctx, e.ID, lesson)
	if err != nil {
		return nil, err
	}
	if st.e.StartedAt == nil {
		st.e.StartedAt, st.enrolmentChanged = &st.at, true
		st.tellLater("enrolment.started", nil)
	}
	if st.e.Status == StatusActive && (st.e.LastLessonID == nil || *st.e.LastLessonID != lesson) {
		st.e.LastLessonID, st.enrolmentChanged = &lesson, true
	}
	switch {
	case !begun:
		p = Progress{EnrolmentID: e.ID, LessonID: lesson, Status: ProgressStarted, StartedAt: st.at, UpdatedAt: st.at}
		st.progressChanged = true
		st.tellLater("lesson.started", nil)
	case day(p.UpdatedAt) != day(st.at):
		st.progressChanged = true
		st.tellLater("lesson.progressed", nil)
	}
	st.p, st.since = p, p.UpdatedAt
	return st, nil
}

func (st *step) tellLater(typ string, data func(*told)) {
	st.happened = append(st.happened, happening{typ, data})
}

// complete marks the lesson as completed, once.
func (st *step) complete(why Evidence) {
	if st.p.Status == ProgressCompleted {
		return
	}
	if st.who.SessionID != uid.Nil {
		why.SessionID = &st.who.SessionID
	}
	st.p.Status, st.p.CompletedAt, st.p.Evidence = ProgressCompleted, &st.at, why
	st.progressChanged, st.completed = true, true
	st.tellLater("lesson.completed", func(t *told) { t.Rule = why.Rule })
}

// save writes the progress, counts it into the enrolment, completes that with its last lesson, and tells what
// happened.
func (st *step) save(ctx context.Context) error {
	if st.progressChanged {
		st.p.UpdatedAt = st.at
		if err := st.keep.PutProgress(ctx, st.p); err != nil {
			return err
		}
	}
	if st.completed && st.e.Status == StatusActive {
		all, done, err := st.keep.LessonCounts(ctx, st.e.ID, st.e.VersionID)
		if err != nil {
			return err
		}
		st.e.Percent, st.enrolmentChanged = 100*done/all, true
		if done == all {
			st.e.Status, st.e.CompletedAt = StatusCompleted, &st.at
			st.tellLater("enrolment.completed", nil)
		}
	}
	if st.enrolmentChanged {
		if err := st.keep.UpdateEnrolment(ctx, st.e); err != nil {
			return err
		}
	}
	return st.tellAll(ctx)
}

func (st *step) tellAll(ctx context.Context) error {
	if len(st.happened) == 0 {
		return nil
	}
	base, err := st.told(ctx, st.e, Learner{ID: st.who.PersonID, Name: st.who.Name})
	if err != nil {
		return err
	}
	var events []event.Event
	for _, h := range st.happened {
		data := base
		if h.typ != "enrolment.started" && h.typ != "enrolment.completed" {
			data.LessonID, data.LessonTitle = &st.lesson.ID, st.lesson.Title
		}
		if h.data != nil {
			h.data(&data)
		}
		e, err := event.New(ctx, st.at, h.typ, "enrolment", st.e.ID, data)
		if err != nil {
			return err
		}
		events = append(events, e)
	}
	return st.keep.AppendEvents(ctx, events...)
}
