package web

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/assignment"
	"lyceum/learning/catalog"
	"lyceum/learning/rubric"
	"lyceum/themes"
)

func (m Marking) rulesPage(c *fiber.Ctx) (page themes.AssignmentPage, err error) {
	course, err := id(c, "course")
	if err != nil {
		return page, err
	}
	lesson, err := id(c, "lesson")
	if err != nil {
		return page, err
	}
	ctx := c.UserContext()
	written, err := m.Catalog.Lesson(ctx, course, lesson)
	if err != nil {
		return page, err
	}
	page.Course, page.Lesson = written.Course, written.Lesson
	if page.Lesson.Kind != catalog.LessonSubmission {
		return page, assignment.ErrNoSettings
	}
	if page.Rules, err = m.Assignments.Rules(ctx, lesson); err != nil {
		return page, err
	}
	page.Form = themes.NewAssignmentForm(page.Rules.Settings, func(s assignment.Settings) (string, string) {
		return momentOf(ctx, s.DueAt), momentOf(ctx, s.AgainUntil)
	})
	return page, nil
}

// Rules shows the rules of an assignment.
func (m Marking) Rules(c *fiber.Ctx) error {
	page, err := m.rulesPage(c)
	if err != nil {
		return err
	}
	return m.show(c, page)
}

// SetRules keeps them.
func (m Marking) SetRules(c *fiber.Ctx) error {
	page, err := m.rulesPage(c)
	if err != nil {
		return err
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	page.Form = typedRules(f)
	settings, err := settingsOf(c, f, page.Form)
	if err == nil {
		wrong := fault.Fields{}
		number := f.number(wrong, "number")
		_, err = m.Assignments.SetRules(c.UserContext(), assignment.SetRulesInput{Course: page.Course.ID, Lesson: page.Lesson.ID, Number: number, Settings: settings})
	}
	if err == nil {
		return m.done(c, "/studio/"+page.Course.ID.String()+"/lessons/"+page.Lesson.ID.String()+"/assignment", themes.FlashSaved, "")
	}
	return m.refused(c, err, func(f2 *fault.Fault) themes.Page {
		page.Problem = f2
		return page
	})
}

func typedRules(f form) themes.AssignmentForm {
	out := themes.AssignmentForm{
		Text: f.get("text") != "", TakesFiles: f.get("takes_files") != "", Anonymous: f.get("anonymous") != "", TwoMarkers: f.get("two_markers") != "", Together: f.get("together") != "", Alike: f.get("alike") != "",
		Files: f.get("files"), Types: f.get("types"), FileMB: f.get("file_mb"), MinWords: f.get("min_words"), MaxWords: f.get("max_words"), Template: f.get("template"), Due: f.get("due"),
		DueAt: f.get("due_at"), DueDays: f.get("due_days"), LateDays: f.get("late_days"), LateOff: f.get("late_off"), Floor: f.get("floor"), Attempts: f.get("attempts"), AgainUntil: f.get("again_until"),
		Kind: f.get("kind"), Max: f.get("max"), Pass: f.get("pass"), Rubric: f.get("rubric"), Apart: f.get("apart"), AppealDays: f.get("appeal_days"),
	}
	for _, text := range f.all("groups") {
		if id, ok := uid.Parse(text); ok {
			out.Groups = append(out.Groups, id)
		}
	}
	return out
}

func settingsOf(c *fiber.Ctx, f form, typed themes.AssignmentForm) (assignment.Settings, error) {
	wrong, ctx := fault.Fields{}, c.UserContext()
	s := assignment.Settings{
		NoText: !typed.Text, NoFiles: !typed.TakesFiles, Files: f.number(wrong, "files"), FileMB: f.number(wrong, "file_mb"), MinWords: f.number(wrong, "min_words"), MaxWords: f.number(wrong, "max_words"),
		Types: strings.FieldsFunc(typed.Types, func(r rune) bool { return r == ',' || r == ' ' || r == ';' || r == '\n' }), Template: typed.Template,
		Due: assignment.DueBy(typed.Due), DueAt: f.moment(ctx, wrong, "due_at"), DueDays: f.number(wrong, "due_days"), LateDays: f.number(wrong, "late_days"), LateOff: f.number(wrong, "late_off"), Floor: f.number(wrong, "floor"),
		Attempts: f.number(wrong, "attempts"), AgainUntil: f.moment(ctx, wrong, "again_until"), Groups: typed.Groups,
		Scheme:    rubric.Scheme{Kind: rubric.Kind(typed.Kind), Pass: f.number(wrong, "pass")},
		Anonymous: typed.Anonymous, TwoMarkers: typed.TwoMarkers, Apart: f.number(wrong, "apart"), Together: typed.Together, AppealDays: f.number(wrong, "appeal_days"), Alike: typed.Alike,
	}
	switch s.Scheme.Kind {
	case rubric.ByPoints:
		most, ok := rubric.ParsePoints(typed.Max)
		wrong.Check(ok, "max", "Enter the most points, up to 1000.")
		s.Scheme.Max = most
	case rubric.ByRubric:
		r, err := rubric.Read(typed.Rubric, "rubric")
		for field, text := range fault.Of(err).Fields {
			wrong.Check(false, field, text)
		}
		s.Scheme.Rubric = r
	case rubric.ByPass:
	}
	return s, wrong.Err()
}
