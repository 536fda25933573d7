package web

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/problem"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/themes"
)

// within reads the course and the lesson of the path.
func within(c *fiber.Ctx) (course, lesson uid.ID, err error) {
	if course, err = id(c, "course"); err != nil {
		return course, lesson, err
	}
	lesson, err = id(c, "lesson")
	return course, lesson, err
}

// readMine takes up a conflict that the form carries along: what could not be saved stays at hand until something is.
func (s Studio) readMine(ctx context.Context, f form, p *themes.LessonEditPage) error {
	mine := f.get("mine")
	if mine == "" {
		return nil
	}
	var in catalog.LessonInput
	on, err := strconv.Atoi(f.get("mine_revision"))
	if err != nil || json.Unmarshal([]byte(mine), &in) != nil {
		return problem.ErrBadRequest
	}
	m, err := s.Catalog.MergeLesson(ctx, p.Outline.Course.ID, p.Lesson.ID, catalog.LessonSave{Revision: on, Lesson: in})
	if err != nil {
		return err
	}
	p.Merge, p.Mine, p.MineOn = &m, mine, on
	return nil
}

// clash fills the page with what another author saved meanwhile beside what this one wrote.
func (s Studio) clash(ctx context.Context, f form, p *themes.LessonEditPage, refused error) error {
	in, err := lessonInput(f, *p)
	if err != nil {
		return err
	}
	m, err := s.Catalog.MergeLesson(ctx, p.Outline.Course.ID, p.Lesson.ID, catalog.LessonSave{Revision: p.Revision, Lesson: in})
	if err != nil {
		return err
	}
	mine, err := json.Marshal(m.Mine)
	if err != nil {
		return err
	}
	p.Merge, p.Mine, p.MineOn = &m, string(mine), p.Revision
	take("take_merged", p)
	if p.Problem, _ = problem.Shown(refused); p.Problem == nil {
		return refused
	}
	*p, err = s.filled(ctx, *p)
	return err
}

// take fills the form with one of the three: mine, theirs, or the proposal.
func take(which string, p *themes.LessonEditPage) {
	if p.Merge == nil {
		return
	}
	from := p.Merge.Merged
	switch which {
	case "take_mine":
		from = p.Merge.Mine
	case "take_theirs":
		from = p.Merge.Lesson.Input()
	}
	p.Form, p.Revision = themes.NewLessonForm(from.Into(p.Lesson)), p.Merge.Lesson.Revision
}

// written is a save as the editor's script reads it.
type written struct {
	Revision int       `json:"revision"`
	SavedAt  time.Time `json:"saved_at"`
	Notes    []string  `json:"notes,omitempty"` // what keeps it from being published
}

// other is what the script is told of a save that came first.
type other struct {
	Revision int    `json:"revision"`
	Name     string `json:"name"`
	Clean    bool   `json:"clean"`
}

// Autosave keeps what the editor's script sends while somebody writes: {revision, fields}, the fields as the form has
// them.
func (s Studio) Autosave(c *fiber.Ctx) error {
	course, lesson, err := within(c)
	if err != nil {
		return err
	}
	var sent struct {
		Revision int               `json:"revision"`
		Fields   map[string]string `json:"fields"`
	}
	if err = json.Unmarshal(c.Request().Body(), &sent); err != nil {
		return problem.ErrBadRequest.Because(err)
	}
	f := form{values: map[string][]string{}}
	for name, value := range sent.Fields {
		f.values[clean(name)] = []string{clean(value)}
	}
	ctx := c.UserContext()
	w, err := s.Catalog.Lesson(ctx, course, lesson)
	if err != nil {
		return err
	}
	p := editing(w)
	p.Form = themes.ReadLessonForm(f.get).Tidy()
	in, err := lessonInput(f, p)
	if err != nil {
		return err
	}
	save := catalog.LessonSave{Revision: sent.Revision, Automatic: true, Lesson: in}
	if w, err = s.Catalog.SaveLesson(ctx, course, lesson, save); err != nil {
		return s.met(ctx, course, lesson, save, err)
	}
	out := written{Revision: w.Lesson.Revision, SavedAt: s.now().UTC()}
	wrong := fault.Fields{}
	if catalog.CheckAlternatives(wrong, w.Lesson.Body); len(wrong) > 0 {
		out.Notes = append(out.Notes, wrong["body"])
	}
	return c.JSON(out)
}

// met tells with a conflict whose save came first.
func (s Studio) met(ctx context.Context, course, lesson uid.ID, save catalog.LessonSave, refused error) error {
	if !errors.Is(refused, catalog.ErrLessonChanged) {
		return refused
	}
	m, err := s.Catalog.MergeLesson(ctx, course, lesson, save)
	if err != nil {
		return err
	}
	return problem.Carrying(refused, other{m.Lesson.Revision, m.Name, m.Clean()})
}

// Here notes that who asks has the lesson open, and tells the script who else has and what its revision is.
func (s Studio) Here(c *fiber.Ctx) error {
	course, lesson, err := within(c)
	if err != nil {
		return err
	}
	w, others, err := s.Catalog.Writing(c.UserContext(), course, lesson)
	if err != nil {
		return err
	}
	return c.JSON(struct {
		Revision int      `json:"revision"`
		Others   []string `json:"others"`
	}{w.Lesson.Revision, append([]string{}, others...)})
}

// History shows what a lesson said before: the list, and one state of it with what changed.
func (s Studio) History(c *fiber.Ctx) error {
	p, err := s.past(c)
	if err != nil {
		return err
	}
	return s.show(c, p)
}

func (s Studio) past(c *fiber.Ctx) (p themes.LessonHistoryPage, err error) {
	ctx := c.UserContext()
	course, lesson, err := within(c)
	if err != nil {
		return p, err
	}
	w, err := s.Catalog.Lesson(ctx, course, lesson)
	if err != nil {
		return p, err
	}
	p = themes.LessonHistoryPage{Course: w.Course, Version: w.Version, Lesson: w.Lesson}
	if p.Saves, err = s.Catalog.Saves(ctx, course, lesson); err != nil || len(p.Saves) == 0 {
		return p, err
	}
	wanted := p.Saves[0].Revision
	if text := query(c, "state"); text != "" {
		if wanted, err = strconv.Atoi(text); err != nil {
			return p, catalog.ErrSaveNotFound
		}
	}
	past, err := s.Catalog.SaveOf(ctx, course, lesson, wanted)
	p.Shown = &past
	return p, err
}

// RestoreLesson lets a lesson say again what it said.
func (s Studio) RestoreLesson(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := s.past(c)
	if err != nil {
		return err
	}
	wrong := fault.Fields{}
	state := f.number(wrong, "state")
	if err = wrong.Err(); err == nil {
		_, err = s.Catalog.RestoreLesson(c.UserContext(), p.Course.ID, p.Lesson.ID, f.revision(), state)
	}
	if err != nil {
		return s.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return s.done(c, studio(p.Course.ID)+"/lessons/"+p.Lesson.ID.String(), themes.FlashLessonRestored, strings.TrimSpace(p.Lesson.Title))
}
