package assignment

import (
	"context"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/learning/rubric"
)

// Desk is everything that a learner sees of an assignment.
type Desk struct {
	Settings   Settings
	Enrolment  enrolment.Enrolment
	LessonID   uid.ID
	Due        *time.Time
	Closes     *time.Time
	LateDays   int  // were it handed in now
	Off        int  // percent taken off, were it handed in now
	Extended   bool // the date is an extension's
	Draft      Draft
	DraftFiles []File
	Works      []Shown // newest first
	Team       string  // the group that one hands in for; "" alone
	TeamMates  []Member
	Left       int   // attempts left; -1: as often as it is returned
	Refused    error // why nothing may be handed in now; nil: something may
}

// Shown is a submission as its learner sees it: the mark only once it is released.
type Shown struct {
	Submission
	Scheme    rubric.Scheme // by which it is marked
	Files     []File
	Feedback  []File
	Marks     []Mark // released; without who marked
	Members   []Member
	Appeal    *Appeal
	MayAppeal bool
	Before    int // percent before anything was taken off for being late
	Off       int
}

// Released tells whether the learner sees the mark.
func (s Shown) Released() bool { return s.Status != enrolment.SubmissionOpen }

// MaxShown is how many submissions are shown.
const MaxShown = 50

// ours reads an enrolment of who asks.
func (s *Service) ours(ctx context.Context, id uid.ID) (enrolment.Enrolment, error) {
	if err := auth.Require(ctx, policy.EnrolmentSelf); err != nil {
		return enrolment.Enrolment{}, err
	}
	r, err := s.keep.EnrolmentRecord(ctx, id)
	if err == nil && r.PersonID != asker(ctx).PersonID {
		err = enrolment.ErrEnrolmentNotFound
	}
	return r.Enrolment, err
}

// Desk shows a learner an assignment: its rules, the dates for them, what they wrote and handed in. It needs
// enrolment:self, of one's own enrolment.
func (s *Service) Desk(ctx context.Context, enrol, lesson uid.ID) (d Desk, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		e, err := s.ours(ctx, enrol)
		if err != nil {
			return err
		}
		if err = s.isTask(ctx, e.VersionID, lesson); err != nil {
			return err
		}
		st, err := s.standing(ctx, e, lesson)
		if err != nil {
			return err
		}
		now := s.moment()
		d = Desk{Settings: st.settings, Enrolment: e, LessonID: lesson, Due: st.due, Closes: st.settings.Closes(st.due), Extended: st.extended, Team: st.team, TeamMates: st.members, Left: st.left(), Refused: st.refuses(now)}
		d.LateDays = st.late(now)
		d.Off = st.settings.Off(d.LateDays)
		if d.Draft, _, err = s.keep.DraftIn(ctx, enrol, lesson); err != nil {
			return err
		}
		if d.DraftFiles, err = s.keep.FilesOf(ctx, d.Draft.Files, e.PersonID); err != nil {
			return err
		}
		d.Works, err = s.shown(ctx, e, st.works)
		return err
	})
	if err != nil {
		return Desk{}, err
	}
	return d, nil
}

func (s *Service) isTask(ctx context.Context, version, lesson uid.ID) error {
	l, _, err := s.keep.LessonToLearn(ctx, version, lesson)
	if err == nil && l.Kind != catalog.LessonSubmission {
		err = enrolment.ErrNotASubmission
	}
	return err
}

// shown fills submissions as their learner sees them.
func (s *Service) shown(ctx context.Context, e enrolment.Enrolment, works []Submission) (out []Shown, err error) {
	ids := make([]uid.ID, 0, len(works))
	for _, w := range works {
		ids = append(ids, w.ID)
	}
	files, err := s.keep.WorkFiles(ctx, ids)
	if err != nil {
		return nil, err
	}
	marks, err := s.keep.MarksOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, w := range works {
		one := Shown{Submission: w}
		settings := Settings{}
		if w.Rules != nil {
			if settings, _, err = s.keep.AssignmentRules(ctx, w.LessonID, *w.Rules); err != nil {
				return nil, err
			}
		}
		one.Scheme = settings.Scheme
		for _, f := range files {
			switch {
			case f.SubmissionID != w.ID:
			case f.Kind == FileHanded:
				one.Files = append(one.Files, f)
			case one.Released():
				one.Feedback = append(one.Feedback, f)
			}
		}
		if w.GroupID != nil {
			if one.Members, err = s.keep.WorkMembers(ctx, w.ID); err != nil {
				return nil, err
			}
		}
		if one.Released() {
			var own []Mark
			for _, m := range marks {
				if m.SubmissionID == w.ID {
					own = append(own, m)
					m.MarkerID, m.MarkerName = uid.Nil, ""
					one.Marks = append(one.Marks, m)
				}
			}
			one.Off = settings.Off(w.LateDays)
			_, verdict := settings.Decide(own)
			one.Before = verdict.Percent
			a, found, err := s.keep.AppealOf(ctx, w.ID)
			if err != nil {
				return nil, err
			}
			if found {
				one.Appeal = &a
			}
			one.MayAppeal = !found && s.appealable(settings, w) == nil
		} else {
			one.Verdict, one.Comment, one.Percent, one.Stage, one.ClaimedBy = nil, "", nil, StageWaits, nil
		}
		out = append(out, one)
	}
	return out, nil
}
