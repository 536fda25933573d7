package web

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/internal/fault"
	paging "lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/assessment"
	"lyceum/learning/assignment"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
	"lyceum/learning/rubric"
	"lyceum/themes"
)

// Marking is what learners hand in, for those who mark it.
type Marking struct {
	*Site
	Assignments *assignment.Service
	Tests       *assessment.Service
	Content     *content.Service
	Catalog     *catalog.Service
}

// List shows what waits to be marked, or what was.
func (m Marking) List(c *fiber.Ctx) error {
	page := themes.MarkingPage{Show: "waits"}
	f := assignment.Filter{Status: enrolment.SubmissionOpen, Page: after(c)}
	switch show := query(c, "show"); show {
	case "mine":
		page.Show, f.Mine = show, true
	case "appeals":
		page.Show, f.Appealed = show, true
	case "accepted", "returned", "failed":
		page.Show, f.Status = show, enrolment.SubmissionStatus(show)
	}
	if lesson, ok := uid.Parse(query(c, "lesson")); ok {
		page.Lesson, f.Lesson = lesson, lesson
	}
	var err error
	if page.Works, err = m.Assignments.Works(c.UserContext(), f); err != nil {
		return err
	}
	if page.Show == "appeals" && page.Lesson == uid.Nil {
		open, err := m.Tests.Appeals(c.UserContext(), paging.Request{Limit: paging.MaxLimit})
		if err != nil {
			return err
		}
		page.Objections = open.Items
	}
	if page.Lesson == uid.Nil {
		if page.Tests, err = m.Tests.ToMark(c.UserContext()); err != nil {
			return err
		}
	}
	return m.show(c, page)
}

func (m Marking) page(c *fiber.Ctx) (page themes.SubmissionPage, err error) {
	wanted, err := id(c, "submission")
	if err != nil {
		return page, err
	}
	if page.Sheet, err = m.Assignments.Sheet(c.UserContext(), wanted); err != nil {
		return page, err
	}
	page.Task, page.Text = prose(page.Sheet.Task, "task-"), prose(page.Sheet.Text, "handed-")
	return page, nil
}

// Show shows one.
func (m Marking) Show(c *fiber.Ctx) error {
	page, err := m.page(c)
	if err != nil {
		return err
	}
	return m.show(c, page)
}

// act reads the form, does something with the submission of the path, and leads on; what is refused is shown with what was
// typed.
func (m Marking) act(c *fiber.Ctx, do func(ctx context.Context, page themes.SubmissionPage, f form) (to string, err error)) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	page, err := m.page(c)
	if err != nil {
		return err
	}
	page.Form = markForm(f)
	to, err := do(c.UserContext(), page, f)
	if err == nil {
		if to == "" {
			return m.done(c, page.At(), themes.FlashSaved, "")
		}
		return m.done(c, to, themes.FlashMarked, nameOf(page))
	}
	return m.refused(c, err, func(f2 *fault.Fault) themes.Page {
		page.Problem = f2
		return page
	})
}

// nameOf is what a message calls the work.
func nameOf(page themes.SubmissionPage) string {
	if page.Sheet.Hidden() {
		return page.Sheet.Alias
	}
	return page.Sheet.PersonName
}

// markForm is what was typed on the marking page.
func markForm(f form) themes.MarkForm {
	out := themes.MarkForm{
		Percent: f.get("percent"), Points: f.get("points"), Comment: f.get("comment"), FileID: f.get("file_id"), Until: f.get("until"), Reason: f.get("reason"), Answer: f.get("answer"),
		Picks: map[int]rubric.Pick{},
	}
	for i := range rubric.MaxCriteria {
		if level, err := strconv.Atoi(f.get(fmt.Sprintf("criteria.%d", i))); err == nil {
			out.Picks[i] = rubric.Pick{Criterion: i, Level: level, Comment: strings.TrimSpace(f.get(fmt.Sprintf("said.%d", i)))}
		}
	}
	return out
}

// givenBy reads the mark of a form by the scheme of the work.
func givenBy(page themes.SubmissionPage, pass bool) (g rubric.Given, err error) {
	wrong := fault.Fields{}
	g.Passed = pass
	switch {
	case page.ByPoints():
		ok := false
		g.Points, ok = rubric.ParsePoints(page.Form.Points)
		wrong.Check(ok, "points", fmt.Sprintf("Enter points from 0 to %s.", page.Scheme().Max))
	case page.ByRubric():
		for i := range rubric.MaxCriteria {
			if p, ok := page.Form.Picks[i]; ok {
				g.Picks = append(g.Picks, p)
			}
		}
	default:
		if text := strings.TrimSpace(page.Form.Percent); text != "" && pass {
			n, err := strconv.Atoi(text)
			wrong.Check(err == nil, "percent", "Enter a whole number.")
			g.Percent = &n
		}
	}
	return g, wrong.Err()
}

// Mark marks it or returns it, and leads to what waits next.
func (m Marking) Mark(c *fiber.Ctx) error {
	return m.act(c, func(ctx context.Context, page themes.SubmissionPage, f form) (string, error) {
		in := assignment.MarkInput{Submission: page.Sheet.ID, Return: f.get("do") == "return", Agreed: f.get("do") == "agree", Comment: f.get("comment")}
		var err error
		if !in.Return {
			if in.Given, err = givenBy(page, f.get("do") != "fail" && f.get("passed") != "no"); err != nil {
				return "", err
			}
		}
		file, err := brought(ctx, m.Content, f)
		if err != nil {
			return "", err
		}
		if file != uid.Nil {
			in.Files = []uid.ID{file}
		}
		if _, err = m.Assignments.Mark(ctx, in); err != nil {
			return "", renamed(err, func(field string) string {
				if field == "files" {
					return "file"
				}
				return field
			})
		}
		return "/studio/marking", nil
	})
}

// Claim takes it for who asks, or gives it back.
func (m Marking) Claim(c *fiber.Ctx) error {
	return m.act(c, func(ctx context.Context, page themes.SubmissionPage, f form) (string, error) {
		return "", m.Assignments.Claim(ctx, page.Sheet.ID, f.get("do") == "back")
	})
}

// Release gives the learner the mark.
func (m Marking) Release(c *fiber.Ctx) error {
	return m.act(c, func(ctx context.Context, page themes.SubmissionPage, _ form) (string, error) {
		return "", m.Assignments.Release(ctx, page.Sheet.ID)
	})
}

// ReleaseAll gives all learners of a lesson their marks.
func (m Marking) ReleaseAll(c *fiber.Ctx) error {
	lesson, err := id(c, "lesson")
	if err != nil {
		return err
	}
	n, err := m.Assignments.ReleaseAll(c.UserContext(), lesson)
	if err != nil {
		return err
	}
	return m.done(c, "/studio/marking", themes.FlashMarksReleased, strconv.Itoa(n))
}

// Extend gives whose work it is another due date.
func (m Marking) Extend(c *fiber.Ctx) error {
	return m.act(c, func(ctx context.Context, page themes.SubmissionPage, f form) (string, error) {
		wrong := fault.Fields{}
		until := f.moment(ctx, wrong, "until")
		wrong.Check(until != nil, "until", "Enter the date and time.")
		if err := wrong.Err(); err != nil {
			return "", err
		}
		_, err := m.Assignments.ExtendFor(ctx, page.Sheet.ID, *until, f.get("reason"))
		return "", err
	})
}

// Answer answers an objection.
func (m Marking) Answer(c *fiber.Ctx) error {
	return m.act(c, func(ctx context.Context, page themes.SubmissionPage, f form) (_ string, err error) {
		in := assignment.AnswerInput{Submission: page.Sheet.ID, Change: f.get("do") == "change", Answer: f.get("answer")}
		if in.Change {
			if in.Given, err = givenBy(page, f.get("passed") != "no"); err != nil {
				return "", err
			}
		}
		return "", m.Assignments.AnswerAppeal(ctx, in)
	})
}

// Compare shows two works side by side.
func (m Marking) Compare(c *fiber.Ctx) error {
	one, err := id(c, "submission")
	if err != nil {
		return err
	}
	other, err := id(c, "other")
	if err != nil {
		return err
	}
	out, err := m.Assignments.Compare(c.UserContext(), one, other)
	if err != nil {
		return err
	}
	return m.show(c, themes.ComparePage{Comparison: out})
}

// moments is how a field has a date and time.
const moments = "2006-01-02T15:04"

// moment reads a date and time in the time zone of who asks; nil for none.
func (f form) moment(ctx context.Context, wrong fault.Fields, name string) *time.Time {
	text := f.get(name)
	if text == "" {
		return nil
	}
	at, err := time.ParseInLocation(moments, text, zoneOf(ctx))
	if err != nil {
		at, err = time.ParseInLocation(moments+":05", text, zoneOf(ctx))
	}
	if err != nil {
		wrong.Add(name, "Enter the date and time.")
		return nil
	}
	at = at.UTC()
	return &at
}

// momentOf writes a moment as a field has it.
func momentOf(ctx context.Context, at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.In(zoneOf(ctx)).Format(moments)
}
