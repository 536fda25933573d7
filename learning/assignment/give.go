package assignment

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
	"lyceum/learning/rubric"
)

// MarkInput is what a marker says of work.
type MarkInput struct {
	Submission uid.ID
	Return     bool // back to be revised; then the comment must say what is missing
	Agreed     bool // what markers who were apart agreed on
	Given      rubric.Given
	Comment    string   // to the learner
	Files      []uid.ID // given back with it; uploaded by who marks
}

// Mark gives a mark, or returns work to be revised. When the rules ask for nothing more and marks are not kept to be
// released together, the learner has it at once, and passing completes the lesson. Told as submission.marked; what the
// learner gets is told as submission.accepted, .failed or .returned. It needs enrolment:mark. Fields: points, percent,
// criteria.<place>, comment, files.
func (s *Service) Mark(ctx context.Context, in MarkInput) (out Sheet, err error) {
	in.Comment = tidyText(in.Comment)
	f := fault.Fields{}
	f.Check(utf8.RuneCountInString(in.Comment) <= MaxComment, "comment", fmt.Sprintf("Use at most %d characters.", MaxComment))
	f.Check(!in.Return || in.Comment != "", "comment", "Say what is missing, so that it can be done again.")
	f.Check(len(in.Files) <= MaxFiles, "files", fmt.Sprintf("Give back at most %d files.", MaxFiles))
	if err = f.Err(); err != nil {
		return Sheet{}, err
	}
	err = s.onWork(ctx, in.Submission, func(ctx context.Context, w Work, settings Settings, marks []Mark) error {
		if err := s.give(ctx, w, settings, marks, in); err != nil {
			return err
		}
		after, err := s.keep.WorkByID(ctx, w.ID)
		if err != nil {
			return err
		}
		out, err = s.sheet(ctx, asker(ctx), after)
		return err
	})
	if err != nil {
		return Sheet{}, err
	}
	return out, nil
}

func (s *Service) give(ctx context.Context, w Work, settings Settings, marks []Mark, in MarkInput) error {
	m, err := s.markOf(ctx, w, settings, marks, in)
	if err != nil {
		return err
	}
	if err = s.giveFiles(ctx, w, in.Files); err != nil {
		return err
	}
	if err = s.keep.AddMark(ctx, m); err != nil {
		return err
	}
	t := aboutWork(w)
	if w.ClaimedBy, w.ClaimedAt = nil, nil; in.Return {
		t.Stage = StageWaits
		if err = s.tell(ctx, "submission.mark_given", w.EnrolmentID, t); err != nil {
			return err
		}
		return s.release(ctx, w, settings, append(marks, m), true)
	}
	marks = append(marks, m)
	w.Stage, _ = settings.Decide(marks)
	t.Stage = w.Stage
	if err = s.tell(ctx, "submission.mark_given", w.EnrolmentID, t); err != nil {
		return err
	}
	if w.Stage == StageReady {
		v := settings.verdict(w.Submission, marks)
		if w.Verdict = &v; !settings.Together {
			return s.release(ctx, w, settings, marks, false)
		}
	}
	return s.keep.UpdateWork(ctx, w.Submission)
}

// markOf is the mark that is given, when it may be.
func (s *Service) markOf(ctx context.Context, w Work, settings Settings, marks []Mark, in MarkInput) (m Mark, err error) {
	who := asker(ctx)
	m = Mark{SubmissionID: w.ID, Number: 1, Kind: MarkGiven, MarkerID: who.PersonID, Given: in.Given, Comment: in.Comment, At: s.moment()}
	if len(marks) > 0 {
		m.Number = marks[len(marks)-1].Number + 1
	}
	err = s.mayMark(ctx, w, settings, marks)
	switch {
	case in.Return:
		m.Kind, m.Given = MarkReturned, rubric.Given{}
		if err == ErrMarkedOnce { //nolint:errorlint // it is made here
			err = nil // who marked may return it all the same
		}
		return m, err
	case in.Agreed:
		if stage, _ := settings.Decide(marks); stage != StageApart {
			return m, ErrNotApart
		}
		m.Kind = MarkAgreed
		if err == ErrMarkedOnce { //nolint:errorlint // it is made here
			err = nil
		}
	}
	if err != nil {
		return m, err
	}
	m.Verdict, err = settings.Scheme.Judge(in.Given)
	return m, err
}

func (s *Service) giveFiles(ctx context.Context, w Work, ids []uid.ID) error {
	if len(ids) == 0 {
		return nil
	}
	files, err := s.keep.FilesOf(ctx, ids, asker(ctx).PersonID)
	if err != nil {
		return err
	}
	if len(files) != len(ids) {
		return fault.Invalid(map[string]string{"files": "A file is not here any more. Upload it again."})
	}
	for i := range files {
		files[i].SubmissionID, files[i].Kind, files[i].Position = w.ID, FileFeedback, i
	}
	return s.keep.AddWorkFiles(ctx, files)
}

// verdict is what marks come to for a submission, with what being late takes off.
func (s Settings) verdict(w Submission, marks []Mark) rubric.Verdict {
	_, v := s.Decide(marks)
	return s.Scheme.Less(v, s.Off(w.LateDays), s.Floor)
}

// release gives the learner, and all others whose work it is, what marking came to.
func (s *Service) release(ctx context.Context, w Work, settings Settings, marks []Mark, back bool) error {
	now, who := s.moment(), asker(ctx)
	w.MarkedAt, w.MarkedBy, w.Comment, w.Percent = &now, &who.PersonID, comments(marks), nil
	w.Status, w.Stage, w.ClaimedBy, w.ClaimedAt = enrolment.SubmissionFailed, StageWaits, nil, nil
	if back {
		w.Status, w.Verdict, w.Comment = enrolment.SubmissionReturned, nil, marks[len(marks)-1].Comment
	} else {
		v := settings.verdict(w.Submission, marks)
		if w.Verdict = &v; v.Passed {
			w.Status = enrolment.SubmissionAccepted
		}
		if w.Percent = marks[len(marks)-1].Given.Percent; settings.Scheme.Kind == rubric.ByPoints || settings.Scheme.Kind == rubric.ByRubric {
			w.Percent = &v.Percent
		}
	}
	if err := s.keep.UpdateWork(ctx, w.Submission); err != nil {
		return err
	}
	return s.judgeAll(ctx, w)
}

// judgeAll notes what became of work in the learning of everybody whose work it is.
func (s *Service) judgeAll(ctx context.Context, w Work) error {
	ids := []uid.ID{w.EnrolmentID}
	if w.GroupID != nil {
		members, err := s.keep.WorkMembers(ctx, w.ID)
		if err != nil {
			return err
		}
		for _, m := range members {
			if m.EnrolmentID != w.EnrolmentID {
				ids = append(ids, m.EnrolmentID)
			}
		}
	}
	for _, id := range ids {
		if err := s.enrol.Judge(ctx, enrolment.Judged{Enrolment: id, Lesson: w.LessonID, Submission: w.ID, Number: w.Number, Status: w.Status, Percent: w.Percent}); err != nil {
			return err
		}
	}
	return nil
}

// comments joins what markers said, each marker's newest.
func comments(marks []Mark) string {
	var parts []string
	last := map[uid.ID]int{}
	for i, m := range marks {
		last[m.MarkerID] = i
	}
	for i, m := range marks {
		if last[m.MarkerID] == i && m.Comment != "" && m.Kind != MarkReturned {
			parts = append(parts, m.Comment)
		}
	}
	return strings.Join(parts, "\n\n")
}
