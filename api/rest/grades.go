package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/learning/gradebook"
)

func (a *api) gradeOperations() {
	a.gradeTableOperations()
	a.gradeVersionOperations()
	mark, learn := route.For(policy.EnrolmentMark), route.For(policy.EnrolmentSelf)
	shown := func(ctx context.Context, course uid.ID) (*gradingOut, error) {
		b, err := a.Grades.Book(ctx, course, (&Paging{Limit: 1}).request())
		if err != nil {
			return nil, err
		}
		return &gradingOut{gradingShown{b.Number, showGrading(b.Settings), showColumns(b.Columns)}}, nil
	}
	on(a, operation{
		method: get, path: "/courses/{course}/gradebook", id: "get-gradebook", tag: tagLearning, need: mark,
		summary: "How a course is graded: categories, columns, scale", fails: faults{catalog.ErrCourseNotFound},
	}, func(ctx context.Context, in *gradebookIn) (*gradingOut, error) { return shown(ctx, in.ID) })
	on(a, operation{
		method: put, path: "/courses/{course}/gradebook", id: "set-gradebook", tag: tagLearning, need: mark, status: 200,
		summary: "Set how a course is graded", about: "Every total follows at once; versions of before are kept. Columns of lessons are there by themselves; places say where they count.",
		fails: faults{catalog.ErrCourseNotFound, gradebook.ErrMoved},
	}, func(ctx context.Context, in *setGradingIn) (*gradingOut, error) {
		if _, err := a.Grades.SetSettings(ctx, gradebook.SetInput{Course: in.ID, Number: in.Body.Number, Settings: in.Body.Settings.read()}); err != nil {
			return nil, err
		}
		return shown(ctx, in.ID)
	})
	on(a, operation{
		method: get, path: "/courses/{course}/gradebook/people", id: "list-grades", tag: tagLearning, need: mark,
		summary: "Everybody's grades in a course, by name", fails: faults{catalog.ErrCourseNotFound},
	}, func(ctx context.Context, in *gradedIn) (*pageOut[GradedPerson], error) {
		b, err := a.Grades.Book(ctx, in.ID, in.request())
		if err != nil {
			return nil, err
		}
		return paged(ctx, b.People, showGraded), nil
	})
	on(a, operation{
		method: get, path: "/courses/{course}/gradebook/people/{enrolment}", id: "get-grades", tag: tagLearning, need: mark,
		summary: "A person's grades in a course, with the history of what was entered", fails: faults{enrolment.ErrEnrolmentNotFound},
	}, func(ctx context.Context, in *gradeSheetIn) (*gradeSheetOut, error) {
		s, err := a.Grades.Sheet(ctx, in.Course, in.Enrolment)
		if err != nil {
			return nil, err
		}
		return &gradeSheetOut{showGradeSheet(s)}, nil
	})
	on(a, operation{
		method: post, path: "/courses/{course}/gradebook/people/{enrolment}/entries", id: "enter-grade", tag: tagLearning, need: mark, status: 200,
		summary: "Enter a grade, excuse somebody, or take that back",
		about:   "The same again changes nothing. What stood there before stays in the history; an event grade.entered tells of it.",
		fails:   faults{enrolment.ErrEnrolmentNotFound, gradebook.ErrColumn, gradebook.ErrOwn, gradebook.ErrMoved},
	}, func(ctx context.Context, in *enterGradeIn) (*gradeSheetOut, error) {
		e := gradebook.Entry{Course: in.Course, Enrolment: in.Enrolment, Excused: in.Body.Excused, Reason: in.Body.Reason}
		if in.Body.Column != nil {
			if e.Column = *in.Body.Column; e.Column == uid.Nil {
				return nil, gradebook.ErrColumn
			}
		}
		if in.Body.Grade != nil {
			g := shareOf(*in.Body.Grade)
			e.Grade = &g
		}
		if err := a.Grades.Enter(ctx, e); err != nil {
			return nil, err
		}
		s, err := a.Grades.Sheet(ctx, in.Course, in.Enrolment)
		if err != nil {
			return nil, err
		}
		return &gradeSheetOut{showGradeSheet(s)}, nil
	})
	on(a, operation{
		method: get, path: "/enrolments/{enrolment}/grades", id: "get-own-grades", tag: tagLearning, need: learn,
		summary: "One's own grades in a course", fails: faults{enrolment.ErrEnrolmentNotFound, gradebook.ErrHidden},
	}, func(ctx context.Context, in *ownGradesIn) (*ownGradesOut, error) {
		s, _, err := a.Grades.Own(ctx, in.Enrolment, nil)
		if err != nil {
			return nil, err
		}
		return &ownGradesOut{ownGrades{showGraded(&s.Person), showColumns(s.Columns)}}, nil
	})
	on(a, operation{
		method: post, path: "/enrolments/{enrolment}/grades/what-if", id: "what-if-grades", tag: tagLearning, need: learn, status: 200,
		summary: "What one's own total would be with other grades", about: "Nothing is kept.",
		fails: faults{enrolment.ErrEnrolmentNotFound, gradebook.ErrHidden, gradebook.ErrColumn},
	}, func(ctx context.Context, in *whatIfIn) (*whatIfOut, error) {
		ifs := map[uid.ID]gradebook.Share{}
		for text, percent := range in.Body.Grades {
			column, ok := uid.Parse(text)
			if !ok {
				return nil, gradebook.ErrColumn
			}
			ifs[column] = shareOf(max(0, percent))
		}
		own, then, err := a.Grades.Own(ctx, in.Enrolment, ifs)
		if err != nil {
			return nil, err
		}
		if then == nil {
			then = &own.Person.Row
		}
		return &whatIfOut{whatIfShown{percentOf(then.Total.Grade), then.Step}}, nil
	})
}

// gradingVersion is how a course was graded from a moment on.
type gradingVersion struct {
	Number   int       `json:"number"`
	Settings grading   `json:"settings"`
	SetBy    string    `json:"set_by,omitempty"`
	At       time.Time `json:"at"`
}

type gradingVersionsOut struct {
	Body struct {
		Items []gradingVersion `json:"items" doc:"The newest first, at most 100."`
	}
}

func (a *api) gradeVersionOperations() {
	on(a, operation{
		method: get, path: "/courses/{course}/gradebook/versions", id: "list-gradebook-versions", tag: tagLearning, need: route.For(policy.EnrolmentMark),
		summary: "How a course was graded before", about: "set-gradebook sets one of them anew.", fails: faults{catalog.ErrCourseNotFound},
	}, func(ctx context.Context, in *gradebookIn) (*gradingVersionsOut, error) {
		list, _, err := a.Grades.Versions(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		out := &gradingVersionsOut{}
		out.Body.Items = []gradingVersion{}
		for _, v := range list {
			out.Body.Items = append(out.Body.Items, gradingVersion{v.Number, showGrading(v.Settings), v.By, utc(v.At)})
		}
		return out, nil
	})
}
