package gradebook

import (
	"context"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
)

// Sheet is a person's grades with all that was entered.
type Sheet struct {
	Book
	Person  Person
	History []Mark // the newest first
}

// historyShown bounds a person's history.
const historyShown = 500

// Sheet gives a person's grades in a course. It needs enrolment:mark; enrolment.ErrEnrolmentNotFound.
func (s *Service) Sheet(ctx context.Context, course, enrol uid.ID) (out Sheet, err error) {
	if err = auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		out, err = s.sheet(ctx, course, enrol)
		return err
	})
	return out, err
}

func (s *Service) sheet(ctx context.Context, course, enrol uid.ID) (out Sheet, err error) {
	e, err := s.keep.EnrolmentRecord(ctx, enrol)
	if err != nil {
		return out, err
	}
	if e.CourseID != course {
		return out, enrolment.ErrEnrolmentNotFound
	}
	if out.Book, err = s.head(ctx, course); err != nil {
		return out, err
	}
	if out.Person, err = s.keep.GradedPerson(ctx, enrol); err != nil {
		return out, err
	}
	list := []Person{out.Person}
	if err = s.compute(ctx, out.Book, list); err != nil {
		return out, err
	}
	out.Person = list[0]
	out.History, err = s.keep.GradebookHistory(ctx, enrol, historyShown)
	return out, err
}

// Own gives a learner their own grades, and what they would be if things without a grade came to those of if, by column. It
// needs enrolment:self. Nothing is kept. ErrHidden.
func (s *Service) Own(ctx context.Context, enrol uid.ID, ifs map[uid.ID]Share) (out Sheet, then *Row, err error) {
	if err = auth.Require(ctx, policy.EnrolmentSelf); err != nil {
		return out, nil, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		e, err := s.keep.EnrolmentRecord(ctx, enrol)
		if err != nil {
			return err
		}
		if e.PersonID != who.PersonID {
			return enrolment.ErrEnrolmentNotFound
		}
		if out, err = s.sheet(ctx, e.CourseID, enrol); err != nil {
			return err
		}
		if out.Settings.Hidden {
			return ErrHidden
		}
		if len(ifs) == 0 {
			return nil
		}
		known, err := s.known(ctx, out.Settings, []Person{out.Person})
		if err != nil {
			return err
		}
		k := known[enrol]
		for column, g := range ifs {
			if m, entered := k.Marks[column]; !entered || m.Cleared() {
				k.Grades[column] = max(0, min(Most, g))
			}
		}
		delete(k.Marks, uid.Nil) // it says what the grades lead to
		row := Compute(out.Settings, out.Columns, k)
		then = &row
		return nil
	})
	if err != nil {
		return Sheet{}, nil, err
	}
	return out, then, nil
}

// OwnIn is Own for the course of an address.
func (s *Service) OwnIn(ctx context.Context, slug string, ifs map[uid.ID]Share) (out Sheet, then *Row, err error) {
	if err = auth.Require(ctx, policy.EnrolmentSelf); err != nil {
		return out, nil, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.keep.CourseBySlug(ctx, slug)
		if err != nil {
			return err
		}
		e, err := s.keep.EnrolmentIn(ctx, who.PersonID, c.ID)
		if err == nil {
			out, then, err = s.Own(ctx, e.ID, ifs)
		}
		return err
	})
	return out, then, err
}
