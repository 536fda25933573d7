package enrolment

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// Limits of what is handed in and of what is said of it, in characters.
const (
	MaxHandedText = 20_000
	MaxComment    = 4_000
)

// SubmissionStatus is what became of something handed in.
type SubmissionStatus string

const (
	// SubmissionOpen waits to be marked.
	SubmissionOpen SubmissionStatus = "submitted"
	// SubmissionAccepted is good.
	SubmissionAccepted SubmissionStatus = "accepted"
	// SubmissionReturned is to be done again.
	SubmissionReturned SubmissionStatus = "returned"
	// SubmissionFailed has its mark, and did not pass.
	SubmissionFailed SubmissionStatus = "failed"
)

// Submission is a text or a file that a learner handed in for a lesson, and what was said of it. The newest counts.
type Submission struct {
	ID          uid.ID
	EnrolmentID uid.ID
	LessonID    uid.ID
	Number      int
	Text        string
	FileID      *uid.ID
	Status      SubmissionStatus
	Comment     string // of who marked it
	Percent     *int   // how good it was found, nil for no number
	MarkedBy    *uid.ID
	SubmittedAt time.Time
	MarkedAt    *time.Time
}

// Handed is a submission as those who mark see it.
type Handed struct {
	Submission
	PersonID    uid.ID
	PersonName  string
	CourseID    uid.ID
	CourseTitle string
	LessonTitle string
	Task        string // what the lesson asks for, Markdown
	FileName    string
	MarkerName  string
}

// HandedFilter narrows the list of what was handed in. The zero value is what waits to be marked, in every course.
type HandedFilter struct {
	Status SubmissionStatus // "" is SubmissionOpen
	Course uid.ID           // uid.Nil: every course
	Page   page.Request
}

// Failures of handing in and marking.
var (
	ErrNotASubmission     = fault.New(fault.KindConflict, "lesson_not_submission", "This lesson asks for nothing to be handed in.")
	ErrSubmissionWaits    = fault.New(fault.KindConflict, "submission_waits", "What you handed in waits to be marked. You can hand in again when it was returned.")
	ErrSubmissionAccepted = fault.New(fault.KindConflict, "submission_accepted", "What you handed in was accepted. There is nothing more to do here.")
	ErrSubmissionNotFound = fault.New(fault.KindNotFound, "submission_not_found", "There is no such submission.")
	ErrMarked             = fault.New(fault.KindConflict, "submission_marked", "Someone marked this meanwhile. Look at it again.")
	ErrOwnSubmission      = fault.New(fault.KindForbidden, "own_submission", "You handed this in yourself. Someone else must mark it.")
)

// HandInInput is what a learner hands in: a text, a file of their own, or both.
type HandInInput struct {
	Enrolment uid.ID
	Lesson    uid.ID
	Text      string
	FileID    *uid.ID
	// Rule decides instead of this package whether it may be handed in: learning/assignment has rules of its own. It is
	// given the enrolment, held. It may set Text, FileID and Number.
	Rule   func(ctx context.Context, e Enrolment, in *HandInInput) error
	Number int // 0: one more than the last
}

// HandIn takes in what a submission lesson asks for and tells of it as submission.submitted. Where the lesson's rule is
// submitted it is completed by this. Without a rule of the caller's, no other is taken while one waits to be marked and
// after one was accepted, and the file must be one that the person uploaded themselves. It joins a running transaction.
// It needs enrolment:self. Fields: text, file_id.
func (s *Service) HandIn(ctx context.Context, in HandInInput) (out Submission, err error) {
	in.Text = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(in.Text, "\x00", ""), ""))
	_, err = s.act(ctx, in.Enrolment, in.Lesson, func(ctx context.Context, st *step) error {
		if st.rules.Kind != catalog.LessonSubmission {
			return ErrNotASubmission
		}
		before, err := s.keep.SubmissionsIn(ctx, in.Enrolment, in.Lesson, 1)
		if err != nil {
			return err
		}
		number, last := 1, (*Submission)(nil)
		if len(before) > 0 {
			number, last = before[0].Number+1, &before[0]
		}
		if in.Rule != nil {
			err = in.Rule(ctx, st.e, &in)
		} else {
			err = s.mayHandIn(ctx, st.who, last, in)
		}
		if err != nil {
			return err
		}
		if in.Number > 0 {
			number = in.Number
		}
		out = Submission{
			ID: uid.New(), EnrolmentID: in.Enrolment, LessonID: in.Lesson, Number: number, Text: in.Text, FileID: in.FileID,
			Status: SubmissionOpen, SubmittedAt: st.now().Truncate(time.Microsecond),
		}
		if err = s.keep.AddSubmission(ctx, out); err != nil {
			return err
		}
		st.tellLater("submission.submitted", func(t *told) { t.SubmissionID, t.Attempt = &out.ID, out.Number })
		st.note(FactSubmitted, FactData{Of: &out.ID})
		return nil
	})
	if err != nil {
		return Submission{}, err
	}
	return out, nil
}

// mayHandIn is the rule of hand-ins that have no other.
func (s *Service) mayHandIn(ctx context.Context, who auth.Principal, last *Submission, in HandInInput) error {
	if last != nil && last.Status == SubmissionOpen {
		return ErrSubmissionWaits
	}
	if last != nil && last.Status == SubmissionAccepted {
		return ErrSubmissionAccepted
	}
	return s.checkHanded(ctx, who, in)
}

func (s *Service) checkHanded(ctx context.Context, who auth.Principal, in HandInInput) error {
	f := fault.Fields{}
	f.Check(in.Text != "" || in.FileID != nil, "text", "Write something or choose a file.")
	f.Check(utf8.RuneCountInString(in.Text) <= MaxHandedText, "text", fmt.Sprintf("Use at most %d characters, or hand in a file.", MaxHandedText))
	if in.FileID != nil {
		own, err := s.keep.FileIsOf(ctx, *in.FileID, who.PersonID)
		if err != nil {
			return err
		}
		f.Check(own, "file_id", "This file is not here any more. Upload it again.")
	}
	return f.Err()
}

// Submissions lists what was handed in, what waits longest first; what was marked, the newest first. It needs
// enrolment:mark.
func (s *Service) Submissions(ctx context.Context, f HandedFilter) (out page.Of[Handed], err error) {
	if err = auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return out, err
	}
	if f.Status == "" {
		f.Status = SubmissionOpen
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		out, err = s.keep.Submissions(ctx, f)
		return err
	})
	return out, err
}

// Submission shows something handed in: to its person (enrolment:self) and to who may mark (enrolment:mark).
func (s *Service) Submission(ctx context.Context, id uid.ID) (out Handed, err error) {
	who, ok := auth.PrincipalFrom(ctx)
	if !ok {
		return Handed{}, auth.ErrSignInFirst
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if out, err = s.keep.SubmissionByID(ctx, id); err != nil {
			return err
		}
		if who.May.Has(policy.EnrolmentMark) || out.PersonID == who.PersonID && who.May.Has(policy.EnrolmentSelf) {
			return nil
		}
		return ErrSubmissionNotFound
	})
	if err != nil {
		return Handed{}, err
	}
	return out, nil
}

// MarkInput is what an instructor says of something handed in.
type MarkInput struct {
	Submission uid.ID
	Accept     bool   // else it is returned
	Percent    *int   // with Accept: how good it is, 0 to 100; nil for no number
	Comment    string // to the learner; must be there when it is returned
}

func (in MarkInput) validate() error {
	f := fault.Fields{}
	f.Check(in.Percent == nil || *in.Percent >= 0 && *in.Percent <= 100, "percent", "Enter a number from 0 to 100, or nothing.")
	f.Check(utf8.RuneCountInString(in.Comment) <= MaxComment, "comment", fmt.Sprintf("Use at most %d characters.", MaxComment))
	f.Check(in.Accept || in.Comment != "", "comment", "Say what is missing, so that it can be done again.")
	return f.Err()
}

// Mark accepts something handed in, which completes its lesson, or returns it to be done again; told as
// submission.accepted and submission.returned. Only what waits can be marked (ErrMarked), and not by who handed it in
// (ErrOwnSubmission). It needs enrolment:mark. Fields: percent, comment.
func (s *Service) Mark(ctx context.Context, in MarkInput) (out Handed, err error) {
	if err = auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return Handed{}, err
	}
	in.Comment = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(in.Comment, "\x00", ""), ""))
	if err = in.validate(); err != nil {
		return Handed{}, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if out, err = s.keep.SubmissionByID(ctx, in.Submission); err != nil {
			return err
		}
		e, err := s.keep.LockEnrolment(ctx, out.EnrolmentID)
		if err != nil {
			return err
		}
		if e.PersonID == who.PersonID {
			return ErrOwnSubmission
		}
		return s.mark(ctx, who, e, in, &out)
	})
	if err != nil {
		return Handed{}, err
	}
	return out, nil
}

// mark writes the mark of a held enrolment's submission, and what follows from it.
func (s *Service) mark(ctx context.Context, who auth.Principal, e Enrolment, in MarkInput, out *Handed) error {
	now := s.now().Truncate(time.Microsecond)
	out.Status, out.Comment, out.MarkedBy, out.MarkedAt, out.MarkerName = SubmissionReturned, in.Comment, &who.PersonID, &now, who.Name
	kind, typ := FactReturned, "submission.returned"
	if in.Accept {
		out.Status, out.Percent, kind, typ = SubmissionAccepted, in.Percent, FactAccepted, "submission.accepted"
	}
	if err := s.keep.MarkSubmission(ctx, out.Submission); err != nil {
		return err
	}
	st, err := s.stepFor(ctx, who, e, out.LessonID)
	if err != nil {
		return err
	}
	data := FactData{Of: &out.ID}
	if out.Percent != nil {
		data.Percent = *out.Percent
	}
	st.tellLater(typ, func(t *told) { t.SubmissionID, t.Attempt, t.Percent = &out.ID, out.Number, out.Percent })
	st.note(kind, data)
	return st.save(ctx)
}

// stepFor is a step in someone else's learning: it begins nothing. A lesson that is not in the version any more has no
// rules, and completes nothing.
func (s *Service) stepFor(ctx context.Context, who auth.Principal, e Enrolment, lesson uid.ID) (*step, error) {
	st := &step{Service: s, who: who, e: e, rules: Rules{LessonID: lesson, VersionID: e.VersionID}}
	l, seconds, err := s.keep.LessonToLearn(ctx, e.VersionID, lesson)
	if err == nil {
		st.lesson, st.rules = l, rulesOf(l, seconds)
	} else if fault.Of(err).Kind != fault.KindNotFound {
		return nil, err
	}
	if st.p, _, err = s.keep.LockProgress(ctx, e.ID, lesson); err != nil {
		return nil, err
	}
	st.at = s.moment(st.p)
	return st, nil
}
