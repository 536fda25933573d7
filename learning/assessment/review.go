package assessment

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path"
	"slices"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/question"
	"lyceum/learning/rubric"
)

// Sitting is an attempt with whose it is and what it is for.
type Sitting struct {
	Attempt
	PersonName  string
	PersonEmail string
	CourseTitle string
	LessonTitle string
	Anonymous   bool   // its rules hide names until it is marked
	Alias       string `gorm:"-"`
	Objections  int    `gorm:"-"` // that wait for an answer
	Mine        bool   `gorm:"-"` // who asks gave a mark, while it waits for others
}

// hide keeps names back where the rules hide them from who marks, until it is marked: also while it runs, since the id of an attempt is
// the same before and after.
func (t *Sitting) hide() {
	if !t.Anonymous || t.Status == StatusGraded {
		return
	}
	t.Alias = aliasOf(t.ID)
	t.PersonID, t.PersonName, t.PersonEmail, t.EnrolmentID = uid.Nil, "", "", uid.Nil
}

// aliasOf stands for whose an attempt is while names are hidden.
func aliasOf(attempt uid.ID) string {
	sum := sha256.Sum256(attempt[:])
	return fmt.Sprintf("%X", sum[:3])
}

// Hidden tells whether names are kept back.
func (t Sitting) Hidden() bool { return t.Alias != "" }

// SittingFilter narrows attempts down. Zero fields do not.
type SittingFilter struct {
	Course uid.ID
	Lesson uid.ID
	Status Status
	Page   page.Request
}

// Sittings lists the attempts at a test: what waits for a mark, the longest first; everything else the newest first. It needs
// enrolment:mark.
func (s *Service) Sittings(ctx context.Context, f SittingFilter) (out page.Of[Sitting], t Titles, err error) {
	if err = auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return out, t, err
	}
	if f.Status != "" && !slices.Contains([]Status{StatusRunning, StatusToMark, StatusGraded}, f.Status) {
		return out, t, fault.Invalid(map[string]string{"status": "Choose running, to_mark or graded."})
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if t, err = s.named(ctx, f.Course, f.Lesson); err != nil {
			return err
		}
		if out, err = s.keep.Sittings(ctx, f); err != nil {
			return err
		}
		return s.standings(ctx, out.Items)
	})
	for i := range out.Items {
		out.Items[i].hide()
	}
	return out, t, err
}

// standings fills in which attempts wait for an answer to an objection, or for a mark of somebody else than who asks.
func (s *Service) standings(ctx context.Context, list []Sitting) error {
	who, _ := auth.PrincipalFrom(ctx)
	var graded, waiting []uid.ID
	for _, t := range list {
		switch t.Status {
		case StatusGraded:
			graded = append(graded, t.ID)
		case StatusToMark:
			waiting = append(waiting, t.ID)
		case StatusRunning:
		}
	}
	open, err := s.keep.AppealedTests(ctx, graded)
	if err != nil {
		return err
	}
	marks, err := s.keep.MarksOfTests(ctx, waiting)
	for i, t := range list {
		list[i].Objections, list[i].Mine = open[t.ID], gave(marks[t.ID], who.PersonID)
	}
	return err
}

// TestToMark is a test with attempts that wait for a mark.
type TestToMark struct {
	CourseID    uid.ID
	LessonID    uid.ID
	CourseTitle string
	LessonTitle string
	Waiting     int
}

// toMarkShown bounds the list of tests with something to mark.
const toMarkShown = 100

// ToMark lists tests with attempts that wait for a mark; what waits longest first. It needs enrolment:mark.
func (s *Service) ToMark(ctx context.Context) (list []TestToMark, err error) {
	if err = auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.keep.TestsToMark(ctx, toMarkShown)
		return err
	})
	return list, err
}

// Review is an attempt with all that marking it needs.
type Review struct {
	Sitting
	View    View                  // with everything told
	Notes   map[int]string        // of the author for who marks, by slot
	History map[int][]Mark        // by slot, in the order in which they were given; those of others once one has given one's own
	Others  map[int]int           // marks that are kept back until then
	Stages  map[int]Stage         // of the slots that a person marks
	MayNot  map[int]error         // why who asks may give no mark of their own to a slot
	Rubrics map[int]rubric.Rubric // of the slots that are marked by one, as they are graded
	Names   map[uid.ID]string     // of markers
	Changes []RegradeChange       // by regrades, in their order
	More    Allowance             // what the person was allowed
	Refused error                 // why who asks may not mark; nil: they may
	ByHand  map[int]question.Kind // the slots that a person marks
}

// Review shows an attempt to who may mark. It needs enrolment:mark. One that runs is ErrNotHanded.
func (s *Service) Review(ctx context.Context, course, attempt uid.ID) (r Review, err error) {
	if err = auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return r, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if r.Sitting, err = s.keep.SittingByID(ctx, attempt); err != nil {
			return err
		}
		switch {
		case r.CourseID != course:
			return ErrAttempt
		case r.Status == StatusRunning:
			return ErrNotHanded
		}
		if r.PersonID == who.PersonID {
			r.Refused = ErrOwnAttempt
		}
		if r.View, err = s.view(ctx, r.Attempt); err != nil {
			return err
		}
		if r.More, err = s.keep.TestAllowance(ctx, r.EnrolmentID, r.LessonID); err != nil {
			return err
		}
		if r.Changes, err = s.keep.RegradeChanges(ctx, attempt); err != nil {
			return err
		}
		return s.unfold(ctx, &r)
	})
	r.hide()
	return r, err
}

// hide keeps back everything that tells whose it is: also what they were allowed and why, and what they called their files.
func (r *Review) hide() {
	r.Sitting.hide()
	if !r.Hidden() {
		return
	}
	r.More, r.View.Attempt = Allowance{}, r.Attempt
	for i := range r.View.Items {
		names := map[uid.ID]string{}
		for n, id := range r.View.Items[i].Answer.Files {
			names[id] = fmt.Sprintf("%s-%d-%d%s", r.Alias, i+1, n+1, path.Ext(r.View.Items[i].Files[id]))
		}
		r.View.Items[i].Files = names
	}
}

// unfold fills in everything that a marker sees and a learner may not.
func (s *Service) unfold(ctx context.Context, r *Review) error {
	kept, err := s.keep.TestAnswers(ctx, r.ID)
	if err != nil {
		return err
	}
	given, err := s.keep.TestMarks(ctx, r.ID)
	if err != nil {
		return err
	}
	mends := Mends{}
	if r.Regrade > 0 {
		if mends, err = s.keep.TestMendsAt(ctx, r.LessonID, r.Regrade); err != nil {
			return err
		}
	}
	out, err := s.grade(ctx, r.Attempt, answersOf(kept), given, mends)
	if err != nil {
		return err
	}
	bodies, err := s.bodies(ctx, out.Graded)
	if err != nil {
		return err
	}
	r.Notes, r.History, r.ByHand, r.Others = map[int]string{}, map[int][]Mark{}, map[int]question.Kind{}, map[int]int{}
	r.Stages, r.MayNot, r.Rubrics = map[int]Stage{}, map[int]error{}, map[int]rubric.Rubric{}
	rules, who := r.View.Settings, asker(ctx)
	var people []uid.ID
	for slot, marks := range bySlot(given) {
		r.History[slot], r.Others[slot] = rules.seenBy(marks, who)
		for _, m := range r.History[slot] {
			people = append(people, m.MarkerID)
		}
	}
	_, said := rules.counting(given)
	for i := range r.View.Items {
		slot := r.View.Items[i].Slot
		body := bodies[out.Graded[slot].Ref]
		r.View.Items[i].Told = toldOf(Feedback{Marks: true, Right: true, Texts: true}, body, out.Slots[slot], said[slot])
		r.View.Items[i].Told.Counts = out.Graded[slot].Counts
		if out.Slots[slot].Result.ByHand && out.Graded[slot].Counts == CountsAsAnswered {
			r.ByHand[slot] = body.Kind
			marks := bySlot(given)[slot]
			r.Stages[slot] = rules.Decide(marks).Stage
			if err := rules.mayMark(marks, who); err != nil {
				r.MayNot[slot] = err
			}
		}
		if body.Hand != nil && body.Hand.Rubric != nil {
			r.Rubrics[slot] = *body.Hand.Rubric
		}
		if a := r.View.Items[i].Appeal; a != nil && a.AnsweredBy != nil {
			people = append(people, *a.AnsweredBy)
		}
		if body.Hand != nil {
			r.Notes[slot] = body.Hand.Notes
		}
	}
	r.View.Tells = true
	r.Names, err = s.keep.PersonNames(ctx, people)
	return err
}

func asker(ctx context.Context) uid.ID {
	who, _ := auth.PrincipalFrom(ctx)
	return who.PersonID
}
