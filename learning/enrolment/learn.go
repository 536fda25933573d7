package enrolment

import (
	"context"
	"errors"
	"fmt"

	"lyceum/auth"
	"lyceum/internal/fault"
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
	if err = st.save(ctx); err != nil {
		return Player{}, err
	}
	progress[lesson] = st.p
	out := Player{Enrolment: st.e, Outline: outline, Progress: progress, Seconds: st.seconds}
	if out.Lesson, err = catalog.LessonInTheirLanguage(ctx, s.keep, outline, st.lesson); err != nil {
		return Player{}, err
	}
	out.Previous, out.Next = neighbours(outline, lesson)
	if st.lesson.Kind != catalog.LessonQuiz {
		return out, nil
	}
	if out.Attempts, err = s.keep.Attempts(ctx, e.ID, lesson, MaxAttemptsShown); err != nil {
		return Player{}, err
	}
	for i, a := range out.Attempts {
		out.Attempts[i].Right = Grade(st.lesson.Questions, a.Answers)
	}
	if st.p.Status != ProgressCompleted {
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

// byContinue tells which lessons “continue” completes. A video's does only when its duration is unknown (0): then
// nobody can tell how much of it was watched.
func byContinue(kind catalog.LessonKind, seconds float64) bool {
	switch kind {
	case catalog.LessonText, catalog.LessonPDF:
		return true
	case catalog.LessonVideo:
		return seconds <= 0
	case catalog.LessonQuiz:
	}
	return false
}

// Continue completes a text, a PDF, or a video of unknown duration, by rule “viewed”; done again it changes nothing.
// Other lessons are ErrNotByContinue. It needs enrolment:self.
func (s *Service) Continue(ctx context.Context, enrolment, lesson uid.ID) (Enrolment, error) {
	st, err := s.act(ctx, enrolment, lesson, func(_ context.Context, st *step) error {
		if !byContinue(st.lesson.Kind, st.seconds) {
			if st.lesson.Kind == catalog.LessonVideo {
				return ErrNotByContinue.Saying("Watch at least 90 %% of the video to complete this lesson.")
			}
			return ErrNotByContinue.Saying("Answer the questions to complete this lesson.")
		}
		st.complete(Evidence{Rule: "viewed"})
		return nil
	})
	if err != nil {
		return Enrolment{}, err
	}
	return st.e, nil
}

// WatchInput is a report of the player: where it stands, and the seconds really played since the last report (earlier
// ones may be repeated). The video's duration is the file's own; what a player says of it would complete anything.
type WatchInput struct {
	Enrolment uid.ID
	Lesson    uid.ID
	Position  float64
	Played    Intervals
}

// validate notes what is wrong for a video of this duration: fields position and played.
func (in WatchInput) validate(seconds float64) error {
	f := fault.Fields{}
	ok := finite(in.Position) && in.Position >= 0 && in.Position <= videoEnd(seconds)
	f.Check(ok, "position", "Report a position in seconds within the video.")
	in.Played.check(f, "played", seconds)
	return f.Err()
}

// Watch adds played seconds to a video lesson and remembers where to resume. With 90 % of the file's seconds it is
// completed (rule watched_90_percent). A report may bring at most 2.2 times the seconds that passed since the last
// one, and 15 more; beyond that it is ErrWatchedTooFast and nothing is kept. When the file's duration is unknown the
// seconds are kept, and Continue completes the lesson. It needs enrolment:self.
func (s *Service) Watch(ctx context.Context, in WatchInput) (Progress, error) {
	st, err := s.act(ctx, in.Enrolment, in.Lesson, func(_ context.Context, st *step) error {
		if st.lesson.Kind != catalog.LessonVideo {
			return ErrNotAVideo
		}
		if err := in.validate(st.seconds); err != nil {
			return err
		}
		merged := st.p.Watched.Merge(in.Played)
		if len(merged) > 2*MaxIntervals {
			return fault.Fields{"played": fmt.Sprintf("More than %d separate stretches were played.", 2*MaxIntervals)}.Err()
		}
		passed := max(0, st.at.Sub(st.since).Seconds())
		if merged.Seconds()-st.p.Watched.Seconds() > passed*playbackSlack+playbackGrace {
			return ErrWatchedTooFast
		}
		st.p.Watched, st.p.Position, st.progressChanged = merged, in.Position, true
		if st.seconds > 0 && merged.Seconds() >= watchedShare*st.seconds {
			st.complete(Evidence{Rule: "watched_90_percent", Percent: merged.Percent(st.seconds)})
		}
		return nil
	})
	if err != nil {
		return Progress{}, err
	}
	return st.p, nil
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
		a = Attempt{ID: uid.New(), EnrolmentID: enrolment, LessonID: lesson, Number: before + 1, Answers: given, SubmittedAt: st.at, Right: right}
		a.Percent = score(len(right), len(st.lesson.Questions))
		a.Passed = a.Percent >= st.lesson.PassPercent
		if err = s.keep.AddAttempt(ctx, a); err != nil {
			return err
		}
		st.tellLater("quiz.submitted", func(t *told) {
			t.AttemptID, t.Attempt, t.Percent, t.Passed = &a.ID, a.Number, &a.Percent, &a.Passed
		})
		if a.Passed {
			st.complete(Evidence{Rule: "passed", AttemptID: &a.ID, Percent: a.Percent})
		}
		return nil
	})
	if err != nil {
		return Attempt{}, err
	}
	return a, nil
}
