package rest

import (
	"bytes"
	"context"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/sheet"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/gradebook"
)

type (
	gradesFileIn struct {
		ID     uid.ID `path:"course" doc:"The course's id."`
		Format string `query:"format" enum:"csv,xlsx" default:"csv" doc:"The format of the file."`
	}
	gradeTableIn struct {
		ID   uid.ID `path:"course" doc:"The course's id."`
		Body struct {
			List     string `json:"list,omitempty" maxLength:"4000000" doc:"CSV with a heading: enrolment_id or email, and columns by their titles. Percentages, points of so many (33/40), or excused; empty cells are left alone." example:"email,Talk\nanna@example.com,82.5"`
			Workbook []byte `json:"workbook,omitempty" maxLength:"5600000" doc:"In the place of list: an XLSX workbook in base64, as get-grades-table gives it."`
		}
	}
	applyGradeTableIn struct {
		ID   uid.ID `path:"course" doc:"The course's id."`
		Body struct {
			List     string `json:"list,omitempty" maxLength:"4000000" doc:"As in plan-grades."`
			Workbook []byte `json:"workbook,omitempty" maxLength:"5600000" doc:"As in plan-grades."`
			Reason   string `json:"reason" maxLength:"2000" doc:"It stands in the history of each grade."`
		}
	}
	gradePlanOut  struct{ Body gradePlan }
	gradesEntered struct{ Body gradesEnteredBody }
)

// gradePlan is what a table would change.
type gradePlan struct {
	Rows    int           `json:"rows"`
	Same    int           `json:"same" doc:"Cells that stand as they are."`
	Unknown []string      `json:"unknown" doc:"Columns that the course does not have; they are left alone."`
	Changes []gradeChange `json:"changes"`
	Wrong   []gradeWrong  `json:"wrong" doc:"What cannot be taken, the first 200; applying leaves it out."`
}

type gradeChange struct {
	Line        int      `json:"line" doc:"From 2: the heading is 1."`
	EnrolmentID uid.ID   `json:"enrolment_id"`
	Name        string   `json:"name"`
	Column      uid.ID   `json:"column"`
	Before      *float64 `json:"before"`
	Grade       *float64 `json:"grade"`
	Excused     bool     `json:"excused"`
}

type gradeWrong struct {
	Line   int    `json:"line"`
	Column string `json:"column,omitempty" doc:"Its heading; left out: the whole line."`
	Why    string `json:"why"`
}

type gradesEnteredBody struct {
	Changed int `json:"changed"`
}

func showGradePlan(p gradebook.Plan) gradePlan {
	out := gradePlan{Rows: p.Rows, Same: p.Same, Unknown: append([]string{}, p.Unknown...), Changes: []gradeChange{}, Wrong: []gradeWrong{}}
	for _, c := range p.Changes {
		out.Changes = append(out.Changes, gradeChange{c.Line, c.Enrolment, c.Name, c.Column, percentOf(c.Before), percentOf(c.Grade), c.Excused})
	}
	for _, w := range p.Wrong {
		out.Wrong = append(out.Wrong, gradeWrong{w.Line, w.What, w.Why})
	}
	return out
}

// gradeRows reads a table from text or a workbook.
func gradeRows(list string, workbook []byte) ([][]string, error) {
	data := []byte(list)
	if len(workbook) > 0 {
		data = workbook
	}
	rows, err := sheet.Read(data)
	if err != nil {
		return nil, gradebook.ErrFile.Because(err)
	}
	return rows, nil
}

// gradesFile writes a course's gradebook as a file.
func (a *api) gradesFile(ctx context.Context, course uid.ID, format string) (*pdfOut, error) {
	var data bytes.Buffer
	if format != "xlsx" {
		w := sheet.NewCSV(&data)
		if err := a.Grades.Table(ctx, course, w.Row); err != nil {
			return nil, err
		}
		err := w.End()
		return &pdfOut{Type: "text/csv; charset=utf-8; header=present", Disposition: `attachment; filename="grades.csv"`, Body: data.Bytes()}, err
	}
	x, err := sheet.NewXLSX(38, 28, 32)
	if err == nil {
		err = a.Grades.Table(ctx, course, x.Row)
	}
	if err == nil {
		err = x.End(&data)
	}
	if err != nil {
		return nil, err
	}
	return &pdfOut{Type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Disposition: `attachment; filename="grades.xlsx"`, Body: data.Bytes()}, nil
}

func (a *api) gradeTableOperations() {
	mark := route.For(policy.EnrolmentMark)
	on(a, operation{
		method: get, path: "/courses/{course}/gradebook/table", id: "get-grades-table", tag: tagLearning, need: mark, media: "application/octet-stream",
		summary: "The gradebook of a course as CSV or XLSX", about: "Filled in, it comes back by plan-grades and apply-grades.", fails: faults{catalog.ErrCourseNotFound},
	}, func(ctx context.Context, in *gradesFileIn) (*pdfOut, error) {
		return a.gradesFile(ctx, in.ID, in.Format)
	})
	on(a, operation{
		method: post, path: "/courses/{course}/gradebook/plan", id: "plan-grades", tag: tagLearning, need: mark, status: 200,
		summary: "What a table of grades would change", about: "Nothing is kept; apply-grades enters it.",
		fails: faults{catalog.ErrCourseNotFound, gradebook.ErrFile},
	}, func(ctx context.Context, in *gradeTableIn) (*gradePlanOut, error) {
		rows, err := gradeRows(in.Body.List, in.Body.Workbook)
		if err != nil {
			return nil, err
		}
		p, err := a.Grades.Plan(ctx, in.ID, rows)
		if err != nil {
			return nil, err
		}
		return &gradePlanOut{showGradePlan(p)}, nil
	})
	on(a, operation{
		method: post, path: "/courses/{course}/gradebook/apply", id: "apply-grades", tag: tagLearning, need: mark, status: 200,
		summary: "Enter the grades of a table", about: "It is planned anew: what is wrong is left out, the rest is entered as a whole or not at all. The same again changes nothing.",
		fails: faults{catalog.ErrCourseNotFound, gradebook.ErrFile, gradebook.ErrOwn, gradebook.ErrMoved},
	}, func(ctx context.Context, in *applyGradeTableIn) (*gradesEntered, error) {
		rows, err := gradeRows(in.Body.List, in.Body.Workbook)
		if err != nil {
			return nil, err
		}
		n, err := a.Grades.Apply(ctx, in.ID, rows, in.Body.Reason)
		if err != nil {
			return nil, err
		}
		return &gradesEntered{gradesEnteredBody{n}}, nil
	})
}
