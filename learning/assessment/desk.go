package assessment

import (
	"context"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
	"lyceum/learning/question"
)

// Desk is what a learner sees of a test before they begin: its rules and their attempts.
type Desk struct {
	Rules     Settings
	Number    int // 0: its author has not written it yet
	Attempts  []Attempt
	Running   *Attempt
	Left      int        // attempts left; -1: any number
	Lasts     int        // seconds that they have, with what they were allowed; 0: as long as they wish
	More      Allowance  // what they were allowed more of
	NextAt    *time.Time // when the next attempt may begin, where there is one and it may not yet
	Refused   error      // why none may begin now; nil: one may
	CourseID  uid.ID
	LessonID  uid.ID
	Enrolment uid.ID
}

// own reads an enrolment of who asks.
func (s *Service) own(ctx context.Context, id uid.ID) (enrolment.Enrolment, error) {
	if err := auth.Require(ctx, policy.EnrolmentSelf); err != nil {
		return enrolment.Enrolment{}, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	r, err := s.keep.EnrolmentRecord(ctx, id)
	if err == nil && r.PersonID != who.PersonID {
		err = enrolment.ErrEnrolmentNotFound
	}
	return r.Enrolment, err
}

// Desk shows a learner a test. It needs enrolment:self, of one's own enrolment. An attempt whose time is over is shown as
// it will be once it is ended.
func (s *Service) Desk(ctx context.Context, enrol, lesson uid.ID) (d Desk, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		e, err := s.own(ctx, enrol)
		if err != nil {
			return err
		}
		if err = s.isTest(ctx, e.VersionID, lesson); err != nil {
			return err
		}
		d = Desk{CourseID: e.CourseID, LessonID: lesson, Enrolment: enrol}
		if d.Rules, d.Number, err = s.keep.TestSettings(ctx, lesson, 0); err != nil {
			return err
		}
		if d.Attempts, err = s.keep.TestAttempts(ctx, enrol, lesson); err != nil {
			return err
		}
		if d.More, err = s.keep.TestAllowance(ctx, enrol, lesson); err != nil {
			return err
		}
		d.Rules.Code = hidden(d.Rules.Code)
		now := s.moment()
		if len(d.Attempts) > 0 && d.Attempts[0].Status == StatusRunning {
			d.Running = &d.Attempts[0]
		}
		d.Left, d.Lasts = d.Rules.left(d.Attempts, d.More), d.Rules.Lasts(d.More.MorePercent)
		switch {
		case d.Number == 0:
			d.Refused = ErrNotFound
		case e.Status == enrolment.StatusWithdrawn:
			d.Refused = enrolment.ErrWithdrawn
		case d.Running == nil:
			d.Refused = d.Rules.refuses(now, d.Attempts, d.More)
		}
		if d.Refused == error(ErrTooSoon) {
			next := d.Attempts[0].EndedAt.Add(time.Duration(d.Rules.CoolDown) * time.Second)
			d.NextAt = &next
		}
		return nil
	})
	if err != nil {
		return Desk{}, err
	}
	return d, nil
}

// hidden keeps that there is a code, and not which.
func hidden(code string) string {
	if code == "" {
		return ""
	}
	return "*"
}

// LookAt tells the learner how an answer was marked, where the test does so before the end; it stays as it is then. It needs
// enrolment:self, of one's own attempt.
func (s *Service) LookAt(ctx context.Context, id uid.ID, slot int) error {
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		a, err := s.ours(ctx, id, false)
		if err != nil {
			return err
		}
		rules, err := s.rulesOf(ctx, a)
		if err != nil {
			return err
		}
		now := s.moment()
		switch {
		case a.Status != StatusRunning:
			return ErrEnded
		case a.over(now):
			return ErrTimeUp
		case slot < 0 || slot >= len(a.Slots):
			return ErrNoSuchSlot
		case rules.Feedback.When != WhenAnswered:
			return ErrNoLook
		case !a.takes(rules, a.Slots[slot].Section, now):
			return ErrSection
		}
		kept, err := s.keep.TestAnswers(ctx, id)
		if err != nil {
			return err
		}
		body, err := s.body(ctx, a.Slots[slot].Ref)
		if err != nil {
			return err
		}
		if question.Grade(body, answersOf(kept)[slot]).Empty {
			return ErrNoAnswer
		}
		return s.keep.LookAtTestAnswer(ctx, id, slot)
	})
}

// Picture fails unless a file is a picture of a question of an attempt of who asks. It needs enrolment:self.
func (s *Service) Picture(ctx context.Context, attempt, file uid.ID) error {
	v, err := s.Look(ctx, attempt)
	if err != nil {
		return err
	}
	for _, item := range v.Items {
		if item.Asked.Picture != nil && *item.Asked.Picture == file {
			return nil
		}
	}
	return ErrNoSuchSlot
}

// Try is a test as its author tries it: drawn as for a learner, and nothing is kept. The same seed draws the same. With
// answers it shows what they come to. It needs course:edit.
func (s *Service) Try(ctx context.Context, course, lesson uid.ID, seed uint64, answers map[int]question.Answer) (v View, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return View{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		title, err := s.inCourse(ctx, course, lesson)
		if err != nil {
			return err
		}
		rules, number, err := s.keep.TestSettings(ctx, lesson, 0)
		if err != nil {
			return err
		}
		if number == 0 {
			return ErrNotFound
		}
		slots, err := s.draw(ctx, rules, seed)
		if err != nil {
			return err
		}
		bodies, err := s.bodies(ctx, slots)
		if err != nil {
			return err
		}
		v = View{Attempt: Attempt{LessonID: lesson, CourseID: course, Number: 1, Rules: number, Slots: slots, Status: StatusRunning, StartedAt: s.moment()}, Settings: rules, Now: s.moment(), SectionNow: -1, Outline: Titles{Course: title.course, Lesson: title.lesson}}
		clean := map[int]question.Answer{}
		for i, slot := range slots {
			if clean[i], err = question.Clean(bodies[slot.Ref], answers[i]); err != nil {
				return err
			}
		}
		out := Score(rules, slots, bodies, clean, nil)
		if answers != nil {
			v.Points, v.Most, v.Percent, v.Passed, v.Status, v.Tells = out.Points, out.Most, out.Percent, out.Passed, StatusGraded, true
			if out.Waiting > 0 {
				v.Status = StatusToMark
			}
		}
		for i, slot := range slots {
			item := Item{Slot: i, Number: i + 1, Section: slot.Section, Marks: slot.Marks, Asked: question.Ask(bodies[slot.Ref], slot.Seed), Answer: clean[i], Answered: !out.Slots[i].Result.Empty, Open: answers == nil}
			if answers != nil {
				item.Told = toldOf(Feedback{Marks: true, Right: true, Texts: true}, bodies[slot.Ref], out.Slots[i], nil)
			}
			v.Items = append(v.Items, item)
		}
		return nil
	})
	if err != nil {
		return View{}, err
	}
	return v, nil
}
