package gradebook

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
)

// Entry is what an instructor enters for a column of a person, or for the total (uid.Nil).
type Entry struct {
	Course    uid.ID
	Enrolment uid.ID
	Column    uid.ID
	Grade     *Share
	Excused   bool // nil Grade and not excused: what was computed counts again
	Reason    string
}

// Enter enters a grade, excuses somebody, or takes that back. A reason is needed wherever something was computed or entered
// before. The same again changes nothing. It needs enrolment:mark, and not for oneself. Fields: grade, reason; ErrColumn.
func (s *Service) Enter(ctx context.Context, in Entry) error {
	if err := auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return err
	}
	f := fault.Fields{}
	f.Check(in.Grade == nil || *in.Grade >= 0 && *in.Grade <= Most, "grade", "Enter 0 to 200 percent.")
	f.Check(in.Grade == nil || !in.Excused, "grade", "Enter a grade, or excuse the person.")
	f.Check(in.Column != uid.Nil || !in.Excused, "grade", "Nobody can be excused from the total.")
	in.Reason = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(in.Reason, "\x00", ""), ""))
	f.Check(utf8.RuneCountInString(in.Reason) <= MaxReason, "reason", fmt.Sprintf("Use at most %d characters.", MaxReason))
	if err := f.Err(); err != nil {
		return err
	}
	who, _ := auth.PrincipalFrom(ctx)
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		e, err := s.keep.LockEnrolment(ctx, in.Enrolment) // one entry at a time
		switch {
		case err != nil:
			return err
		case e.CourseID != in.Course:
			return enrolment.ErrEnrolmentNotFound
		case e.PersonID == who.PersonID:
			return ErrOwn
		}
		sheet, err := s.sheet(ctx, in.Course, in.Enrolment)
		if err != nil {
			return err
		}
		title, cell, err := sheet.at(in.Column)
		if err != nil {
			return err
		}
		same := func(a, b *Share) bool { return a == b || a != nil && b != nil && *a == *b }
		switch {
		case in.Excused && cell.Source == SourceExcused, in.Grade != nil && cell.Source == SourceEntered && same(cell.Grade, in.Grade) && (in.Reason == "" || in.Reason == cell.Reason),
			in.Grade == nil && !in.Excused && cell.Source != SourceEntered && cell.Source != SourceExcused:
			return nil
		case in.Reason == "" && (cell.Computed != nil && cell.Source != SourceMissing || cell.Source == SourceEntered || cell.Source == SourceExcused || in.Excused):
			return fault.Invalid(map[string]string{"reason": "Say why: it stands in the history of this grade."})
		}
		newest, err := s.keep.GradebookMarksOf(ctx, []uid.ID{in.Enrolment}) // the history of the sheet is not all of it
		if err != nil {
			return err
		}
		last := 0
		for _, m := range newest {
			if m.ColumnID == in.Column {
				last = m.Number
			}
		}
		m := Mark{EnrolmentID: in.Enrolment, ColumnID: in.Column, Number: last + 1, Grade: in.Grade, Excused: in.Excused, Reason: in.Reason, Before: cell.Grade, ByID: who.PersonID, At: s.now()}
		if err = s.keep.AddGradebookMarks(ctx, []Mark{m}); err != nil {
			return err
		}
		ev, err := entered(ctx, in.Course, sheet.Title, e.PersonID, title, m)
		if err != nil {
			return err
		}
		return s.keep.AppendEvents(ctx, ev)
	})
}

// entered is the event of a mark.
func entered(ctx context.Context, course uid.ID, courseTitle string, person uid.ID, title string, m Mark) (event.Event, error) {
	return event.New(ctx, m.At, "grade.entered", "enrolment", m.EnrolmentID, map[string]any{
		"course_id": course, "course_title": courseTitle, "person_id": person, "column_id": m.ColumnID, "title": title, "before": percent(m.Before), "grade": percent(m.Grade), "excused": m.Excused, "reason": m.Reason,
	})
}

// percent is a grade for events; nil: none.
func percent(g *Share) *float64 {
	if g == nil {
		return nil
	}
	p := float64(*g) / float64(Whole/100)
	return &p
}

// at finds a column of a sheet with what stands there; uid.Nil is the total.
func (s Sheet) at(column uid.ID) (title string, cell Cell, err error) {
	if column == uid.Nil {
		cell = Cell{Grade: s.Person.Row.Total.Grade, Computed: s.Person.Row.Computed, Source: SourceComputed, Reason: s.Person.Row.Reason}
		if s.Person.Row.Overridden {
			cell.Source = SourceEntered
		}
		return "", cell, nil
	}
	for i, c := range s.Columns {
		if c.ID == column {
			return c.Title, s.Person.Row.Cells[i], nil
		}
	}
	return "", cell, ErrColumn
}
