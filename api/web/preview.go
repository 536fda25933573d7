package web

import (
	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/themes"
)

// PreviewCourse shows a lesson of the draft in the learners' player, the first one when the path names none. Nothing of it
// is recorded.
func (s Studio) PreviewCourse(c *fiber.Ctx) error {
	p, err := s.preview(c)
	if err != nil {
		return err
	}
	if p.Player.Lesson.ID == uid.Nil {
		return s.to(c, studio(p.Player.Outline.Course.ID))
	}
	p.Player.Lesson.Questions = p.Player.Lesson.Questions.Hidden()
	return s.show(c, p)
}

// preview fills the player with the lesson of the path.
func (s Studio) preview(c *fiber.Ctx) (p themes.PlayerPage, err error) {
	p.Preview = true
	if p.Player.Outline, err = s.outline(c); err != nil {
		return p, err
	}
	all := p.Player.Outline.Lessons()
	at := 0
	if c.Params("lesson") != "" {
		wanted, err := id(c, "lesson")
		if err != nil {
			return p, err
		}
		for at < len(all) && all[at].ID != wanted {
			at++
		}
		if at == len(all) {
			return p, catalog.ErrLessonNotFound
		}
	}
	if at == len(all) {
		return p, nil // there are no lessons yet
	}
	p.Player.Lesson = all[at]
	if at > 0 {
		p.Player.Previous = &all[at-1].ID
	}
	if at+1 < len(all) {
		p.Player.Next = &all[at+1].ID
	}
	p.Body = prose(p.Player.Lesson.Body, "lesson-")
	ctx := c.UserContext()
	if p.File, err = fileOf(ctx, s.Content, p.Player.Lesson.FileID); err != nil {
		return p, err
	}
	if p.File != nil {
		p.Player.Seconds = p.File.Seconds
	}
	p.Captions, err = fileOf(ctx, s.Content, p.Player.Lesson.CaptionsFileID)
	return p, err
}

// PreviewStep answers what the player posts, as if it were recorded: a quiz is graded and shown, everything else leads on.
func (s Studio) PreviewStep(c *fiber.Ctx) error {
	p, err := s.preview(c)
	if err != nil {
		return err
	}
	if c.Params("step") == "quiz" {
		f, err := readForm(c)
		if err != nil {
			return err
		}
		l := p.Player.Lesson
		p.Result = &enrolment.Attempt{LessonID: l.ID, Number: 1, Answers: chosen(f, l.Questions), SubmittedAt: s.now()}
		p.Result.Right = enrolment.Grade(l.Questions, p.Result.Answers)
		if len(l.Questions) > 0 {
			p.Result.Percent = len(p.Result.Right) * 100 / len(l.Questions)
		}
		p.Result.Passed = p.Result.Percent >= l.PassPercent
		return s.show(c, p)
	}
	if visit.WantsJSON(c) {
		return c.JSON(struct {
			Percent   int     `json:"percent"`
			Completed bool    `json:"completed"`
			Position  float64 `json:"position"`
		}{})
	}
	if p.Player.Next == nil {
		return s.to(c, studio(p.Player.Outline.Course.ID))
	}
	return s.to(c, p.At(*p.Player.Next))
}
