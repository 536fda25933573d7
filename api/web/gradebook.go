package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/internal/fault"
	"lyceum/internal/page"
	table "lyceum/internal/sheet"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/gradebook"
	"lyceum/themes"
)

// Gradebook is the grades of a course, for those who mark, and for each learner their own.
type Gradebook struct {
	*Site
	Catalog *catalog.Service
	Grades  *gradebook.Service
}

func (g Gradebook) outline(c *fiber.Ctx) (o catalog.Outline, err error) {
	course, err := id(c, "course")
	if err != nil {
		return o, err
	}
	return g.Catalog.Head(c.UserContext(), course)
}

// Show shows a piece of the gradebook.
func (g Gradebook) Show(c *fiber.Ctx) error {
	o, err := g.outline(c)
	if err != nil {
		return err
	}
	b, err := g.Grades.Book(c.UserContext(), o.Course.ID, after(c))
	if err != nil {
		return err
	}
	return g.show(c, themes.GradebookPage{Outline: o, Book: b})
}

func (g Gradebook) sheet(c *fiber.Ctx) (p themes.GradeSheetPage, err error) {
	if p.Outline, err = g.outline(c); err != nil {
		return p, err
	}
	enrol, err := id(c, "enrolment")
	if err != nil {
		return p, err
	}
	p.Sheet, err = g.Grades.Sheet(c.UserContext(), p.Outline.Course.ID, enrol)
	return p, err
}

// Person shows a person's grades.
func (g Gradebook) Person(c *fiber.Ctx) error {
	p, err := g.sheet(c)
	if err != nil {
		return err
	}
	p.Column = query(c, "column")
	return g.show(c, p)
}

// Enter enters a grade of a person, excuses them, or takes that back.
func (g Gradebook) Enter(c *fiber.Ctx) error {
	p, err := g.sheet(c)
	if err != nil {
		return err
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p.Column, p.Grade, p.Reason = f.get("column"), f.get("grade"), f.get("reason")
	in := gradebook.Entry{Course: p.Outline.Course.ID, Enrolment: p.Sheet.Person.EnrolmentID, Reason: p.Reason, Excused: f.get("do") == "excuse"}
	if p.Column != "total" {
		if in.Column, err = needed(p.Column); err != nil {
			return err
		}
	}
	if f.get("do") == "enter" {
		grade, ok := gradebook.Parse(p.Grade)
		if !ok {
			err = fault.Invalid(map[string]string{"grade": "Enter 0 to 200 percent."})
		}
		in.Grade = &grade
	}
	if err == nil {
		err = g.Grades.Enter(c.UserContext(), in)
	}
	if err == nil {
		return g.done(c, p.At(), themes.FlashSaved, "")
	}
	return g.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
}

// needed reads the id of a column.
func needed(text string) (uid.ID, error) {
	column, ok := uid.Parse(text)
	if !ok || column == uid.Nil {
		return uid.Nil, gradebook.ErrColumn
	}
	return column, nil
}

func (g Gradebook) settings(c *fiber.Ctx) (p themes.GradeSettingsPage, columns []gradebook.Column, err error) {
	if p.Outline, err = g.outline(c); err != nil {
		return p, nil, err
	}
	b, err := g.Grades.Book(c.UserContext(), p.Outline.Course.ID, page.Request{Limit: 1})
	p.Number, p.Form = b.Number, themes.NewGradingForm(b.Settings, b.Columns)
	return p, b.Columns, err
}

// Versions shows how a course was graded before.
func (g Gradebook) Versions(c *fiber.Ctx) error {
	o, err := g.outline(c)
	if err != nil {
		return err
	}
	p := themes.GradeVersionsPage{Outline: o}
	if p.Versions, p.Columns, err = g.Grades.Versions(c.UserContext(), o.Course.ID); err != nil {
		return err
	}
	return g.show(c, p)
}

// Settings shows how a course is graded, or with ?version= how it was, to be set anew.
func (g Gradebook) Settings(c *fiber.Ctx) error {
	p, columns, err := g.settings(c)
	if err != nil {
		return err
	}
	if wanted, err := strconv.Atoi(query(c, "version")); err == nil && wanted != p.Number {
		versions, _, err := g.Grades.Versions(c.UserContext(), p.Outline.Course.ID)
		if err != nil {
			return err
		}
		for _, v := range versions {
			if v.Number == wanted {
				p.From, p.Form = wanted, themes.NewGradingForm(v.Settings, gradebook.Placed(v.Settings, columns))
			}
		}
	}
	return g.show(c, p)
}

// SetSettings does what a button of the form says.
func (g Gradebook) SetSettings(c *fiber.Ctx) error {
	p, columns, err := g.settings(c)
	if err != nil {
		return err
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p.Form = themes.ReadGradingForm(f.get, columns)
	if p.Number, err = strconv.Atoi(f.get("number")); err != nil {
		p.Number = -1
	}
	if do := f.get("do"); do != "" && do != "save" {
		p.Form = p.Form.Apply(do)
		return g.showWith(c, fiber.StatusOK, p)
	}
	wrong := fault.Fields{}
	s := p.Form.Settings(wrong)
	if err = wrong.Err(); err == nil {
		_, err = g.Grades.SetSettings(c.UserContext(), gradebook.SetInput{Course: p.Outline.Course.ID, Number: p.Number, Settings: s})
	}
	if err == nil {
		return g.done(c, p.At(), themes.FlashSaved, "")
	}
	return g.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
}

// CSV gives the gradebook as CSV.
func (g Gradebook) CSV(c *fiber.Ctx) error {
	var out bytes.Buffer
	w := table.NewCSV(&out)
	o, err := g.table(c, w.Row)
	if err == nil {
		err = w.End()
	}
	return g.send(c, o, out.Bytes(), "csv", "text/csv; charset=utf-8; header=present", err)
}

// XLSX gives it as a workbook.
func (g Gradebook) XLSX(c *fiber.Ctx) error {
	x, err := table.NewXLSX(38, 28, 32)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	o, err := g.table(c, x.Row)
	if err == nil {
		err = x.End(&out)
	}
	return g.send(c, o, out.Bytes(), "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", err)
}

func (g Gradebook) table(c *fiber.Ctx, row func([]string) error) (catalog.Outline, error) {
	o, err := g.outline(c)
	if err != nil {
		return o, err
	}
	return o, g.Grades.Table(c.UserContext(), o.Course.ID, row)
}

func (g Gradebook) send(c *fiber.Ctx, o catalog.Outline, data []byte, ending, kind string, err error) error {
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, kind)
	c.Set(fiber.HeaderContentDisposition, dispose("attachment", fmt.Sprintf("%s-grades-%s.%s", o.Course.Slug, g.now().UTC().Format(time.DateOnly), ending)))
	noStore(c)
	return c.Send(data)
}

// Import shows where a table comes in.
func (g Gradebook) Import(c *fiber.Ctx) error {
	o, err := g.outline(c)
	if err != nil {
		return err
	}
	return g.show(c, themes.GradeImportPage{Outline: o})
}

// Plan shows what a table would change.
func (g Gradebook) Plan(c *fiber.Ctx) error {
	o, err := g.outline(c)
	if err != nil {
		return err
	}
	p := themes.GradeImportPage{Outline: o}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	_, data, _, err := f.file("file")
	if err != nil {
		return err
	}
	rows, err := table.Read(data)
	if err != nil {
		err = gradebook.ErrFile.Because(err)
	} else {
		p, err = g.planned(c, p, rows)
	}
	if err != nil {
		return g.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return g.showWith(c, fiber.StatusOK, p)
}

func (g Gradebook) planned(c *fiber.Ctx, p themes.GradeImportPage, rows [][]string) (themes.GradeImportPage, error) {
	plan, err := g.Grades.Plan(c.UserContext(), p.Outline.Course.ID, rows)
	if err != nil {
		return p, err
	}
	text, err := json.Marshal(rows)
	p.Plan, p.Text = &plan, string(text)
	return p, err
}

// Apply enters what a table changes.
func (g Gradebook) Apply(c *fiber.Ctx) error {
	o, err := g.outline(c)
	if err != nil {
		return err
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p := themes.GradeImportPage{Outline: o, Reason: f.get("reason")}
	var rows [][]string
	if err = json.Unmarshal([]byte(f.get("text")), &rows); err != nil {
		return gradebook.ErrFile.Because(err)
	}
	changed, err := g.Grades.Apply(c.UserContext(), o.Course.ID, rows, p.Reason)
	if err == nil {
		return g.done(c, p.At(), themes.FlashGraded, strconv.Itoa(changed))
	}
	shown, failed := g.planned(c, p, rows)
	if failed != nil {
		return errors.Join(err, failed)
	}
	return g.refused(c, err, func(wrong *fault.Fault) themes.Page { shown.Problem = wrong; return shown })
}

// Own shows a learner their own grades, and what they would be.
func (g Gradebook) Own(c *fiber.Ctx) error {
	p := themes.OwnGradesPage{Slug: c.Params("slug"), If: map[uid.ID]string{}}
	ifs := map[uid.ID]gradebook.Share{}
	for name, value := range c.Queries() {
		column, ok := uid.Parse(trimIf(name))
		if !ok || value == "" {
			continue
		}
		p.If[column] = value
		if grade, ok := gradebook.Parse(value); ok {
			ifs[column] = grade
		}
	}
	var err error
	if p.Sheet, p.Then, err = g.Grades.OwnIn(c.UserContext(), p.Slug, ifs); err != nil {
		return err
	}
	return g.show(c, p)
}

func trimIf(name string) string {
	if len(name) > 3 && name[:3] == "if." {
		return name[3:]
	}
	return ""
}
