package assignment

import (
	"context"
	"crypto/sha256"
	"fmt"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
)

// Work is a submission as those who mark see it.
type Work struct {
	Submission
	PersonID      uid.ID
	PersonName    string // "" while names are hidden
	CourseID      uid.ID
	CourseTitle   string
	VersionID     uid.ID
	LessonTitle   string
	Task          string // what the lesson asks for, Markdown; only where one is read
	GroupName     string
	ClaimedByName string
	MarkerName    string
	Anonymous     bool   // its rules hide names until release
	Appealed      bool   // an objection waits for an answer
	Alike         int    // the highest percent it has in common with another one of its cohort
	Alias         string `gorm:"-"`
}

// hide takes away whose it is while its rules hide names.
func (w *Work) hide() {
	if !w.Anonymous || w.Status == enrolment.SubmissionAccepted || w.Status == enrolment.SubmissionFailed {
		return
	}
	sum := sha256.Sum256([]byte(w.EnrolmentID.String() + w.LessonID.String()))
	w.Alias = fmt.Sprintf("%X", sum[:3])
	w.PersonName, w.GroupName = "", ""
	w.PersonID, w.EnrolmentID, w.GroupID = uid.Nil, uid.Nil, nil
}

// Hidden tells whether the name is not to be seen.
func (w Work) Hidden() bool { return w.Alias != "" }

// Filter narrows the list of what was handed in. The zero value is what waits to be marked, in every course.
type Filter struct {
	Status   enrolment.SubmissionStatus // "" is what waits
	Course   uid.ID                     // uid.Nil: every one
	Lesson   uid.ID
	Mine     bool // only what who asks has claimed
	Appealed bool // only where an objection waits, whatever the status
	By       uid.ID
	Page     page.Request
}

// Works lists what was handed in: what waits, the longest first; what was marked, the newest first. It needs
// enrolment:mark.
func (s *Service) Works(ctx context.Context, f Filter) (out page.Of[Work], err error) {
	if err = auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return out, err
	}
	if f.Status == "" {
		f.Status = enrolment.SubmissionOpen
	}
	if f.Mine {
		f.By = asker(ctx).PersonID
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		out, err = s.keep.Works(ctx, f)
		return err
	})
	for i := range out.Items {
		out.Items[i].hide()
	}
	return out, err
}

// Sheet is a submission with all that marking it needs.
type Sheet struct {
	Work
	Settings Settings
	Files    []File
	Feedback []File
	Members  []Member
	Marks    []Mark // those of others only once one has given one's own
	Others   int    // marks that are kept back until then
	Refused  error  // why who asks may not mark; nil: they may
	Appeal   *Appeal
	Off      int // percent taken off for being late
	Earlier  []Work
	Given    []Extension
	Similar  []Match
}

// Sheet shows a submission to who may mark (enrolment:mark), and to those whose it is, as far as they may see it
// (enrolment:self).
func (s *Service) Sheet(ctx context.Context, id uid.ID) (out Sheet, err error) {
	who, ok := auth.PrincipalFrom(ctx)
	if !ok {
		return Sheet{}, auth.ErrSignInFirst
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		w, err := s.keep.WorkByID(ctx, id)
		if err != nil {
			return err
		}
		theirs, err := s.isTheirs(ctx, w, who.PersonID)
		if err != nil {
			return err
		}
		switch {
		case theirs != uid.Nil && who.May.Has(policy.EnrolmentSelf):
			out, err = s.ownSheet(ctx, w)
			return err
		case who.May.Has(policy.EnrolmentMark):
			out, err = s.sheet(ctx, who, w)
			return err
		}
		return ErrNotFound
	})
	if err != nil {
		return Sheet{}, err
	}
	return out, nil
}

// ownSheet is a submission for those whose it is.
func (s *Service) ownSheet(ctx context.Context, w Work) (out Sheet, err error) {
	shown, err := s.shown(ctx, enrolment.Enrolment{ID: w.EnrolmentID}, []Submission{w.Submission})
	if err != nil {
		return out, err
	}
	one := shown[0]
	w.Submission, w.ClaimedByName, w.Alike = one.Submission, "", 0
	if !one.Released() {
		w.MarkerName = ""
	}
	out = Sheet{Work: w, Files: one.Files, Feedback: one.Feedback, Members: one.Members, Marks: one.Marks, Appeal: one.Appeal, Off: one.Off, Refused: enrolment.ErrOwnSubmission}
	out.Settings, err = s.rulesOf(ctx, w.Submission)
	return out, err
}

func (s *Service) sheet(ctx context.Context, who auth.Principal, w Work) (out Sheet, err error) {
	out.Work = w
	if out.Settings, err = s.rulesOf(ctx, w.Submission); err != nil {
		return out, err
	}
	files, err := s.keep.WorkFiles(ctx, []uid.ID{w.ID})
	if err != nil {
		return out, err
	}
	for _, f := range files {
		if f.Kind == FileHanded {
			out.Files = append(out.Files, f)
		} else {
			out.Feedback = append(out.Feedback, f)
		}
	}
	marks, err := s.keep.MarksOf(ctx, []uid.ID{w.ID})
	if err != nil {
		return out, err
	}
	out.Refused = s.mayMark(ctx, w, out.Settings, marks)
	out.Marks, out.Others = seenBy(who.PersonID, out.Settings, w, marks)
	out.Off = out.Settings.Off(w.LateDays)
	if a, found, err := s.keep.AppealOf(ctx, w.ID); err != nil {
		return out, err
	} else if found {
		out.Appeal = &a
	}
	if out.Given, err = s.keep.ExtensionsOf(ctx, w.EnrolmentID, w.LessonID); err != nil {
		return out, err
	}
	earlier, err := s.keep.WorksIn(ctx, w.EnrolmentID, w.LessonID, MaxShown)
	if err != nil {
		return out, err
	}
	for _, e := range earlier {
		if e.ID != w.ID {
			out.Earlier = append(out.Earlier, Work{Submission: e})
		}
	}
	if out.Similar, err = s.keep.MatchesOf(ctx, w.ID, MaxShown); err != nil {
		return out, err
	}
	out.Work.hide()
	if out.Hidden() {
		out.Given = nil
		for i := range out.Similar {
			out.Similar[i].PersonName = ""
		}
	} else if w.GroupID != nil {
		out.Members, err = s.keep.WorkMembers(ctx, w.ID)
	}
	return out, err
}

// seenBy keeps the marks of others back from who is still to give their own: two markers judge without each other.
func seenBy(person uid.ID, settings Settings, w Work, marks []Mark) (seen []Mark, others int) {
	stage, _ := settings.Decide(marks)
	if !settings.TwoMarkers || stage != StageSecond || w.Status != enrolment.SubmissionOpen {
		return marks, 0
	}
	for _, m := range marks {
		if m.MarkerID == person || m.Kind != MarkGiven {
			seen = append(seen, m)
		} else {
			others++
		}
	}
	return seen, others
}

// mayMark says why who asks may not mark a submission; nil when they may.
func (s *Service) mayMark(ctx context.Context, w Work, settings Settings, marks []Mark) error {
	who := asker(ctx)
	theirs, err := s.isTheirs(ctx, w, who.PersonID)
	switch {
	case err != nil:
		return err
	case theirs != uid.Nil:
		return enrolment.ErrOwnSubmission
	case w.Status != enrolment.SubmissionOpen:
		return enrolment.ErrMarked
	case w.ClaimedBy != nil && *w.ClaimedBy != who.PersonID:
		return ErrClaimed
	}
	return settings.MayMark(marks, who.PersonID.String())
}

// Claim takes a submission that waits for oneself, so that nobody else marks it, or gives it back. One that another
// person has claimed is ErrClaimed; who takes it from them by force gives it back for them first, with back. Told as
// submission.claimed and submission.unclaimed. It needs enrolment:mark.
func (s *Service) Claim(ctx context.Context, id uid.ID, back bool) error {
	return s.onWork(ctx, id, func(ctx context.Context, w Work, settings Settings, marks []Mark) error {
		who, typ := asker(ctx), "submission.claimed"
		if back {
			if w.ClaimedBy == nil {
				return nil
			}
			w.ClaimedBy, w.ClaimedAt, typ = nil, nil, "submission.unclaimed"
		} else {
			if err := s.mayMark(ctx, w, settings, marks); err != nil {
				return err
			}
			if w.ClaimedBy != nil {
				return nil
			}
			now := s.moment()
			w.ClaimedBy, w.ClaimedAt = &who.PersonID, &now
		}
		if err := s.keep.UpdateWork(ctx, w.Submission); err != nil {
			return err
		}
		return s.tell(ctx, typ, w.EnrolmentID, aboutWork(w))
	})
}

// onWork does something with a submission that is held, in one transaction. It needs enrolment:mark.
func (s *Service) onWork(ctx context.Context, id uid.ID, do func(context.Context, Work, Settings, []Mark) error) error {
	if err := auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		first, err := s.keep.WorkByID(ctx, id)
		if err != nil {
			return err
		}
		if _, err = s.keep.LockEnrolment(ctx, first.EnrolmentID); err != nil { // before the submission, as handing in does
			return err
		}
		held, err := s.keep.LockWork(ctx, id)
		if err != nil {
			return err
		}
		first.Submission = held
		settings, err := s.rulesOf(ctx, held)
		if err != nil {
			return err
		}
		marks, err := s.keep.MarksOf(ctx, []uid.ID{id})
		if err != nil {
			return err
		}
		return do(ctx, first, settings, marks)
	})
}
