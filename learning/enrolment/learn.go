package enrolment

import (
	"context"
	"errors"
	"time"

	"lyceum/auth"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// Open shows a lesson of a course to who is enrolled in it: the one named, or with nil where they were. The first time
// it begins the enrolment and the lesson (enrolment.started, lesson.started); a lesson gone on with on another day is
// told once that day (lesson.progressed). A completed course can be opened for review. It needs enrolment:self; who is
// not enrolled gets ErrEnrolmentNotFound.
func (s *Service) Open(ctx context.Context, slug string, lesson *uid.ID) (out Player, err error) {
	who, err := learner(ctx)
	if err != nil {
		return Player{}, err
	}
	if catalog.CheckSlug(slug) != "" {
		return Player{}, catalog.ErrCourseNotFound
	}
	if who.Guise != nil {
		return s.look(ctx, who, slug, lesson)
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		e, err := s.keep.LockEnrolmentIn(ctx, who.PersonID, slug)
		if errors.Is(err, ErrEnrolmentNotFound) {
			if _, missing := s.keep.CourseBySlug(ctx, slug); missing != nil {
				return missing
			}
		}
		if err != nil {
			return err
		}
		out, err = s.player(ctx, who, e, lesson)
		return err
	})
	if err != nil {
		return Player{}, err
	}
	return out, nil
}

func (s *Service) player(ctx context.Context, who auth.Principal, e Enrolment, wish *uid.ID) (Player, error) {
	outline, err := s.outline(ctx, e)
	if err != nil {
		return Player{}, err
	}
	progress, err := s.progress(ctx, e.ID)
	if err != nil {
		return Player{}, err
	}
	lesson := whereTheyWere(outline, e, progress)
	if wish != nil {
		lesson = *wish
	}
	st, err := s.step(ctx, who, e, lesson)
	if err != nil {
		return Player{}, err
	}
	st.enter()
	if err = st.save(ctx); err != nil {
		return Player{}, err
	}
	progress[lesson] = st.p
	return s.play(ctx, Player{Enrolment: st.e, Outline: outline, Progress: progress, Seconds: st.rules.Seconds}, st.lesson)
}

// look is Open for an operator who looks as a person: they see the lesson as it stands, and nothing is held, begun or noted.
func (s *Service) look(ctx context.Context, who auth.Principal, slug string, wish *uid.ID) (out Player, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.keep.CourseBySlug(ctx, slug)
		if err != nil {
			return err
		}
		e, err := s.keep.EnrolmentIn(ctx, who.PersonID, c.ID)
		if err != nil {
			return err
		}
		if err = open(e); err != nil {
			return err
		}
		outline, err := s.outline(ctx, e)
		if err != nil {
			return err
		}
		progress, err := s.progress(ctx, e.ID)
		if err != nil {
			return err
		}
		at := whereTheyWere(outline, e, progress)
		if wish != nil {
			at = *wish
		}
		lesson, seconds, err := s.keep.LessonToLearn(ctx, e.VersionID, at)
		if err != nil {
			return err
		}
		out, err = s.play(ctx, Player{Enrolment: e, Outline: outline, Progress: progress, Seconds: seconds}, lesson)
		return err
	})
	return out, err
}

// play fills in what is shown of a lesson.
func (s *Service) play(ctx context.Context, out Player, lesson catalog.Lesson) (Player, error) {
	var err error
	if out.Lesson, err = catalog.LessonInTheirLanguage(ctx, s.keep, out.Outline, lesson); err != nil {
		return Player{}, err
	}
	out.Previous, out.Next = neighbours(out.Outline, lesson.ID)
	if lesson.Kind == catalog.LessonSubmission {
		out.Handed, err = s.keep.SubmissionsIn(ctx, out.Enrolment.ID, lesson.ID, MaxAttemptsShown)
		return out, err
	}
	if lesson.Kind != catalog.LessonQuiz {
		return out, nil
	}
	if out.Attempts, err = s.keep.Attempts(ctx, out.Enrolment.ID, lesson.ID, MaxAttemptsShown); err != nil {
		return Player{}, err
	}
	for i, a := range out.Attempts {
		out.Attempts[i].Right = Grade(lesson.Questions, a.Answers)
	}
	if out.Progress[lesson.ID].Status != ProgressCompleted {
		out.Lesson.Questions = out.Lesson.Questions.Hidden()
	}
	return out, nil
}

// outline is the course as the enrolment's own version has it, in the language that who asks reads best.
func (s *Service) outline(ctx context.Context, e Enrolment) (catalog.Outline, error) {
	o, err := s.keep.OutlineHead(ctx, e.CourseID, e.VersionID)
	if err != nil {
		return catalog.Outline{}, err
	}
	heads, err := s.keep.LessonHeads(ctx, e.VersionID)
	if err != nil {
		return catalog.Outline{}, err
	}
	return catalog.InTheirLanguage(ctx, s.keep, o.With(heads))
}

// whereTheyWere is the lesson to go on with: the last one opened, or when that is completed the next one after it that
// is not, going round; the last one opened again when all are completed.
func whereTheyWere(o catalog.Outline, e Enrolment, progress map[uid.ID]Progress) uid.ID {
	lessons := o.Lessons()
	if len(lessons) == 0 {
		return uid.Nil
	}
	at := 0
	for i, l := range lessons {
		if e.LastLessonID != nil && l.ID == *e.LastLessonID {
			at = i
		}
	}
	for i := range lessons {
		l := lessons[(at+i)%len(lessons)]
		if progress[l.ID].Status != ProgressCompleted {
			return l.ID
		}
	}
	return lessons[at].ID
}

func neighbours(o catalog.Outline, lesson uid.ID) (previous, next *uid.ID) {
	lessons := o.Lessons()
	for i, l := range lessons {
		if l.ID != lesson {
			continue
		}
		if i > 0 {
			previous = &lessons[i-1].ID
		}
		if i+1 < len(lessons) {
			next = &lessons[i+1].ID
		}
	}
	return previous, next
}

// Continue completes a lesson by rule “viewed”: one that was in front of the person for as long as the rule asks, else it
// is ErrTooSoon. Done again it changes nothing. Lessons with another rule are ErrNotByContinue. It needs enrolment:self.
func (s *Service) Continue(ctx context.Context, enrolment, lesson uid.ID) (Enrolment, error) {
	st, err := s.act(ctx, enrolment, lesson, func(_ context.Context, st *step) error {
		c := st.rules.Completes()
		switch {
		case st.p.Status == ProgressCompleted:
			return st.byContinue(c)
		case c.Rule != catalog.RuleViewed:
			return st.byContinue(c)
		case !st.p.seenEnough(c):
			return ErrTooSoon.Saying("This lesson asks to be looked at for %d seconds; so far it was %d. Only the time in which it is in front of you counts.", c.Seconds, int(st.p.Seen.Seconds()))
		}
		st.note(FactConfirmed, FactData{})
		return nil
	})
	if err != nil {
		return Enrolment{}, err
	}
	return st.e, nil
}

// byContinue fails for a lesson that something else completes.
func (st *step) byContinue(c catalog.Completion) error {
	switch c.Rule {
	case catalog.RuleWatched:
		return ErrNotByContinue.Saying("Watch at least %d %% of the video to complete this lesson.", c.Percent)
	case catalog.RulePassed:
		return ErrNotByContinue.Saying("Answer the questions to complete this lesson.")
	case catalog.RuleSubmitted, catalog.RuleMarked:
		return ErrNotByContinue.Saying("Hand in what is asked for to complete this lesson.")
	case catalog.RuleViewed:
	}
	return nil
}

// Submit hands a quiz in: it is graded once and kept as the next attempt, told as quiz.submitted, and completes the
// lesson when it reaches the pass mark (rule passed). Attempts are not limited. A question without an answer is a
// fault of the field answers.<question id>. It needs enrolment:self.
func (s *Service) Submit(ctx context.Context, enrolment, lesson uid.ID, answers Answers) (a Attempt, err error) {
	_, err = s.act(ctx, enrolment, lesson, func(ctx context.Context, st *step) error {
		if st.lesson.Kind != catalog.LessonQuiz {
			return ErrNotAQuiz
		}
		given, err := checked(st.lesson.Questions, answers)
		if err != nil {
			return err
		}
		before, err := s.keep.AttemptCount(ctx, enrolment, lesson)
		if err != nil {
			return err
		}
		right := Grade(st.lesson.Questions, given)
		a = Attempt{ID: uid.New(), EnrolmentID: enrolment, LessonID: lesson, Number: before + 1, Answers: given, SubmittedAt: st.now().Truncate(time.Microsecond), Right: right}
		a.Percent = score(len(right), len(st.lesson.Questions))
		a.Passed = a.Percent >= st.lesson.PassPercent
		if err = s.keep.AddAttempt(ctx, a); err != nil {
			return err
		}
		st.tellLater("quiz.submitted", func(t *told) {
			t.AttemptID, t.Attempt, t.Percent, t.Passed = &a.ID, a.Number, &a.Percent, &a.Passed
		})
		st.note(FactAttempted, FactData{Of: &a.ID, Percent: a.Percent, Passed: a.Passed})
		return nil
	})
	if err != nil {
		return Attempt{}, err
	}
	return a, nil
}
