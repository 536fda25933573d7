package assessment

import (
	"context"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/question"
)

// Item is a question of an attempt as its learner sees it.
type Item struct {
	Slot     int
	Number   int // from 1
	Section  int
	Marks    int
	Asked    question.Asked
	Answer   question.Answer
	Answered bool
	Sequence int64
	Flagged  bool
	Looked   bool
	Open     bool // it may be answered now
	Told     *Told
	Files    map[uid.ID]string // names of the answer's files

	Appeal    *Appeal // the learner objected to how it was marked
	MayAppeal bool
}

// Told is what the learner is told of how an answer was marked, as far as the test tells it.
type Told struct {
	Marks    bool // Share, Waits and Right count
	Share    question.Share
	Waits    bool // a person has not marked it yet
	Right    bool // all of it
	Parts    map[string]bool
	Hints    []string         // the author's words, Markdown
	Solution *question.Answer // nil: not told, or there is none
	Comment  string           // of who marked it
	Picks    [][]Picked       // levels of the rubric, by each mark that counts
	Counts   Counts           // how the question was mended, where it does not count as answered
}

// View is an attempt as its learner sees it.
type View struct {
	Attempt
	Settings    Settings // without the code
	Items       []Item   // of the open section alone where sections have times and it runs
	Now         time.Time
	SectionNow  int        // -1: all are open
	SectionEnds *time.Time // nil: with the attempt
	Tells       bool       // answers are told of
	TellsAt     *time.Time // when they will be
	Outline     Titles
	AppealUntil *time.Time // marks may be objected to until then; nil: not now
}

// Titles say what a test is called and where it is.
type Titles struct {
	Course, Lesson, Slug string
}

// Look shows an attempt to its learner. One whose time is over is ended by it. It needs enrolment:self, of one's own
// attempt.
func (s *Service) Look(ctx context.Context, id uid.ID) (v View, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if err := auth.Require(ctx, policy.EnrolmentSelf); err != nil {
			return err
		}
		who, _ := auth.PrincipalFrom(ctx)
		a, err := s.keep.TestAttempt(ctx, id)
		if err != nil {
			return err
		}
		if a.PersonID != who.PersonID {
			return ErrAttempt
		}
		if a.Status == StatusRunning && a.over(s.moment()) && who.Guise == nil {
			if a, err = s.end(ctx, id, EndedByTime); err != nil {
				return err
			}
		}
		v, err = s.view(ctx, a)
		return err
	})
	if err != nil {
		return View{}, err
	}
	return v, nil
}

// view fills in what the learner sees of an attempt.
func (s *Service) view(ctx context.Context, a Attempt) (v View, err error) {
	v = View{Attempt: a, Now: s.moment()}
	if v.Settings, err = s.rulesOf(ctx, a); err != nil {
		return v, err
	}
	rules := v.Settings
	v.Settings.Code = hidden(rules.Code)
	if v.Outline, err = s.titlesOf(ctx, a); err != nil {
		return v, err
	}
	bodies, err := s.bodies(ctx, a.Slots)
	if err != nil {
		return v, err
	}
	kept, err := s.keep.TestAnswers(ctx, a.ID)
	if err != nil {
		return v, err
	}
	given, err := s.keep.TestMarks(ctx, a.ID)
	if err != nil {
		return v, err
	}
	v.Tells, v.TellsAt = tells(rules, a, v.Now)
	running := a.Status == StatusRunning
	if v.SectionNow, _, v.SectionEnds = a.at(rules, v.Now); !running {
		v.SectionNow, v.SectionEnds = -1, nil
	}
	answers, by := answersOf(kept), map[int]Answer{}
	for _, k := range kept {
		by[k.Slot] = k
	}
	_, said := rules.counting(given)
	mends, err := s.keep.TestMends(ctx, a.LessonID)
	if err != nil {
		return v, err
	}
	if mends.Number > a.Regrade && !running { // not graded by it yet
		mends = Mends{}
		if a.Regrade > 0 {
			if mends, err = s.keep.TestMendsAt(ctx, a.LessonID, a.Regrade); err != nil {
				return v, err
			}
		}
	}
	out, err := s.grade(ctx, a, answers, given, mends)
	if err != nil {
		return v, err
	}
	graded, err := s.bodies(ctx, out.Graded)
	if err != nil {
		return v, err
	}
	appeals, err := s.appealsFor(ctx, rules, &v, given)
	if err != nil {
		return v, err
	}
	var files []uid.ID
	for i, slot := range a.Slots {
		if v.SectionNow >= 0 && slot.Section != v.SectionNow {
			continue
		}
		k := by[i]
		item := Item{Slot: i, Number: i + 1, Section: slot.Section, Marks: slot.Marks, Asked: question.Ask(bodies[slot.Ref], slot.Seed), Answer: k.Answer, Answered: !out.Slots[i].Result.Empty, Sequence: k.Sequence, Flagged: k.Flagged, Looked: k.Looked, Open: running && !k.Looked}
		if v.Tells || k.Looked {
			item.Told = toldOf(rules.Feedback, graded[out.Graded[i].Ref], out.Slots[i], said[i])
			item.Told.Counts = out.Graded[i].Counts
		}
		if a, there := appeals[i]; there {
			item.Appeal = &a
		} else {
			item.MayAppeal = v.AppealUntil != nil && !v.Now.After(*v.AppealUntil) && !out.Slots[i].Out
		}
		files = append(files, k.Answer.Files...)
		v.Items = append(v.Items, item)
	}
	if len(files) > 0 {
		names, err := s.keep.FileNames(ctx, files)
		if err != nil {
			return v, err
		}
		for i := range v.Items {
			v.Items[i].Files = names
		}
	}
	return v, nil
}

func answersOf(kept []Answer) map[int]question.Answer {
	out := map[int]question.Answer{}
	for _, k := range kept {
		out[k.Slot] = k.Answer
	}
	return out
}

// tells is whether answers of an attempt are told of at a moment, and when they will be.
func tells(s Settings, a Attempt, now time.Time) (bool, *time.Time) {
	switch s.Feedback.When {
	case WhenNever:
		return false, nil
	case WhenClosed:
		if s.ClosesAt != nil && now.Before(*s.ClosesAt) {
			return false, s.ClosesAt
		}
	case WhenEnded, WhenAnswered:
	}
	return a.Status != StatusRunning, nil
}

// toldOf is what a learner is told of one answer.
func toldOf(f Feedback, body question.Question, one Scored, said []Mark) *Told {
	t := &Told{Comment: commentsOf(said)}
	if f.Marks {
		for _, m := range said {
			if len(m.Picks) > 0 {
				t.Picks = append(t.Picks, m.Picks)
			}
		}
		t.Marks, t.Share, t.Waits, t.Right, t.Parts = true, one.Share, one.Waits, one.Share == question.Whole, one.Result.Parts
	}
	if f.Texts {
		t.Hints = one.Result.Hints
	}
	if right := question.Solution(body); f.Right && !body.Kind.ByHand() {
		t.Solution = &right
	}
	return t
}

func (s *Service) titlesOf(ctx context.Context, a Attempt) (out Titles, err error) {
	e, err := s.keep.EnrolmentRecord(ctx, a.EnrolmentID)
	if err != nil {
		return out, err
	}
	c, err := s.keep.CourseByID(ctx, a.CourseID)
	if err != nil {
		return out, err
	}
	v, err := s.keep.VersionByID(ctx, e.VersionID)
	if err != nil {
		return out, err
	}
	out = Titles{Course: v.Title, Slug: c.Slug}
	l, _, err := s.keep.LessonToLearn(ctx, e.VersionID, a.LessonID)
	if err == nil {
		out.Lesson = l.Title
	} else if fault.Of(err).Kind == fault.KindNotFound {
		err = nil // the lesson is in the version no more; the attempt stays
	}
	return out, err
}
