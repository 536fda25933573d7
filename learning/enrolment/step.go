package enrolment

import (
	"context"
	"slices"
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
	who    auth.Principal
	at     time.Time // of the next fact
	last   time.Time // when the lesson was heard of before
	e      Enrolment
	lesson catalog.Lesson
	rules  Rules
	p      Progress // of the lesson
	facts  []Fact

	enrolmentChanged, completed bool
	happened                    []happening
}

// happening is an event to be told when the step is saved.
type happening struct {
	typ  string
	data func(*told)
}

// act runs one act in a lesson of who asks: it holds the enrolment, begins enrolment and lesson when this is the first
// time, does what the act does, and writes what came of it.
func (s *Service) act(ctx context.Context, enrolment, lesson uid.ID, do func(context.Context, *step) error) (*step, error) {
	who, err := acts(ctx)
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

// moment is the time of the next fact about a lesson: now, but later than what happened in it before, so that the log
// can be read in order even where a clock was set back.
func (s *Service) moment(p Progress) time.Time {
	now := s.now().Truncate(time.Microsecond)
	if next := p.UpdatedAt.Add(time.Microsecond); now.Before(next) {
		return next
	}
	return now
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
	st := &step{Service: s, who: who, e: e}
	var err error
	var seconds float64
	if st.lesson, seconds, err = s.keep.LessonToLearn(ctx, e.VersionID, lesson); err != nil {
		return nil, err
	}
	st.rules = rulesOf(st.lesson, seconds)
	begun := false
	if st.p, begun, err = s.keep.LockProgress(ctx, e.ID, lesson); err != nil {
		return nil, err
	}
	st.at, st.last = s.moment(st.p), st.p.UpdatedAt
	switch {
	case !begun:
		st.tellLater("lesson.started", nil)
		st.note(FactOpened, FactData{})
		st.last = st.p.UpdatedAt
	case day(st.p.UpdatedAt) != day(st.at):
		st.tellLater("lesson.progressed", nil)
		st.note(FactReported, FactData{}) // so that it is told once a day
	}
	return st, nil
}

// enter notes that the person is in the lesson now, when they were in another one.
func (st *step) enter() {
	if st.e.Status == StatusActive && (st.e.LastLessonID == nil || *st.e.LastLessonID != st.lesson.ID) {
		st.note(FactOpened, FactData{})
		st.last = st.p.UpdatedAt
	}
}

func (st *step) tellLater(typ string, data func(*told)) {
	st.happened = append(st.happened, happening{typ, data})
}

// note adds a fact to the log and to what follows from it.
func (st *step) note(kind FactKind, data FactData) { st.noteAs(uid.New(), kind, data) }

// noteAs is note for a fact that has an id already.
func (st *step) noteAs(id uid.ID, kind FactKind, data FactData) {
	f := Fact{EnrolmentID: st.e.ID, LessonID: st.rules.LessonID, ID: id, VersionID: st.e.VersionID, Kind: kind, Data: data, At: st.at}
	if st.who.SessionID != uid.Nil && f.opens() || kind == FactReported && st.who.SessionID != uid.Nil {
		session := st.who.SessionID
		f.SessionID = &session
	}
	st.facts = append(st.facts, f)
	st.at = st.at.Add(time.Microsecond)
	started, changed := st.e.begin(f)
	if started {
		st.happened = slices.Insert(st.happened, 0, happening{typ: "enrolment.started"})
	}
	st.enrolmentChanged = st.enrolmentChanged || changed
	completed := false
	if st.p, completed = st.p.after(f, st.rules); completed {
		st.completed = true
		why := st.p.Evidence
		st.tellLater("lesson.completed", func(t *told) { t.Rule, t.Evidence = string(why.Rule), &why })
	}
}

// save writes the progress, counts it into the enrolment, completes that with its last lesson, and tells what
// happened.
func (st *step) save(ctx context.Context) error {
	if len(st.facts) > 0 {
		if err := st.keep.AddFacts(ctx, st.facts); err != nil {
			return err
		}
		if err := st.keep.PutProgress(ctx, st.p); err != nil {
			return err
		}
	}
	if st.completed && st.e.Status == StatusActive {
		all, done, err := st.keep.LessonCounts(ctx, st.e.ID, st.e.VersionID)
		if err != nil {
			return err
		}
		if st.enrolmentChanged = true; st.e.count(done, all, *st.p.CompletedAt) {
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
	learner := Learner{ID: st.who.PersonID, Name: st.who.Name}
	if learner.ID != st.e.PersonID { // an instructor's act
		var err error
		if learner, err = st.keep.LearnerByID(ctx, st.e.PersonID); err != nil {
			return err
		}
	}
	base, err := st.told(ctx, st.e, learner)
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
		e, err := event.New(ctx, st.now().Truncate(time.Microsecond), h.typ, "enrolment", st.e.ID, data)
		if err != nil {
			return err
		}
		events = append(events, e)
	}
	return st.keep.AppendEvents(ctx, events...)
}
