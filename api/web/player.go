package web

import (
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/themes"
)

// Resume leads to the lesson where the person was; when every lesson is done it shows that.
func (l Learn) Resume(c *fiber.Ctx) error {
	ctx, slug := c.UserContext(), c.Params("slug")
	p, err := l.Enrolment.Open(ctx, slug, nil)
	if err != nil {
		return l.notIn(c, err)
	}
	if p.Enrolment.Status != enrolment.StatusCompleted {
		return l.to(c, "/learn/"+slug+"/"+p.Lesson.ID.String())
	}
	certificates, err := l.certificates(ctx)
	if err != nil {
		return err
	}
	page := themes.CompletedPage{Enrolment: p.Enrolment, Outline: p.Outline}
	page.Certificate, page.Withdrawn = heldFor(certificates, p.Enrolment.ID)
	return l.show(c, page)
}

// notIn leads who is not in the course, or may not start it yet, to its page, where they may get in.
func (l Learn) notIn(c *fiber.Ctx, err error) error {
	if (errors.Is(err, enrolment.ErrEnrolmentNotFound) || errors.Is(err, enrolment.ErrNeedsFirst)) && !visit.WantsJSON(c) {
		return l.to(c, "/courses/"+c.Params("slug"))
	}
	return err
}

// open opens the lesson of the path.
func (l Learn) open(c *fiber.Ctx) (enrolment.Player, error) {
	lesson, err := id(c, "lesson")
	if err != nil {
		return enrolment.Player{}, err
	}
	return l.Enrolment.Open(c.UserContext(), c.Params("slug"), &lesson)
}

// playerPage fills the page of an opened lesson.
func (l Learn) playerPage(c *fiber.Ctx, p enrolment.Player) (themes.PlayerPage, error) {
	ctx := c.UserContext()
	page := themes.PlayerPage{Player: p, Body: l.illustrated(ctx, p.Lesson.Body, "lesson-")}
	var err error
	if page.Embed, err = l.embed(c, p.Lesson); err != nil {
		return page, err
	}
	if err = l.desk(ctx, p, &page); err != nil {
		return page, err
	}
	if err = l.testDesk(ctx, p, &page); err != nil {
		return page, err
	}
	if page.File, err = fileOf(ctx, l.Content, p.Lesson.FileID); err != nil {
		return page, err
	}
	if page.Captions, err = fileOf(ctx, l.Content, p.Lesson.CaptionsFileID); err != nil || p.Enrolment.Status != enrolment.StatusCompleted {
		return page, err
	}
	certificates, err := l.certificates(ctx)
	if held, _ := heldFor(certificates, p.Enrolment.ID); held != nil {
		page.CertificateCode = held.Code
	}
	return page, err
}

// Lesson shows a lesson. A quiz that was handed in shows its last result, and its form again with ?retry=1.
func (l Learn) Lesson(c *fiber.Ctx) error {
	p, err := l.open(c)
	if err != nil {
		return l.notIn(c, err)
	}
	page, err := l.playerPage(c, p)
	if err != nil {
		return err
	}
	if len(p.Attempts) > 0 && query(c, "retry") == "" {
		page.Result = &p.Attempts[0]
	}
	return l.show(c, page)
}

// here is the address of the lesson in the path.
func here(c *fiber.Ctx) string { return "/learn/" + c.Params("slug") + "/" + c.Params("lesson") }

// again shows the lesson with what was refused.
func (l Learn) again(c *fiber.Ctx, p enrolment.Player, refused error, answers enrolment.Answers) error {
	page, err := l.playerPage(c, p)
	if err != nil {
		return err
	}
	return l.refused(c, refused, func(f *fault.Fault) themes.Page {
		page.Answers, page.Problem = answers, f
		return page
	})
}

// Continue completes a lesson that is completed by going on, and leads to the next one.
func (l Learn) Continue(c *fiber.Ctx) error {
	p, err := l.open(c)
	if err != nil {
		return l.notIn(c, err)
	}
	e, err := l.Enrolment.Continue(c.UserContext(), p.Enrolment.ID, p.Lesson.ID)
	if err != nil {
		return l.again(c, p, err, nil)
	}
	if p.Next == nil || e.Status == enrolment.StatusCompleted && p.Enrolment.Status != enrolment.StatusCompleted {
		return l.to(c, "/learn/"+c.Params("slug"))
	}
	return l.to(c, "/learn/"+c.Params("slug")+"/"+p.Next.String())
}

// Submit hands a quiz in and leads to its result. Handing in again takes another form, so reloading does not.
func (l Learn) Submit(c *fiber.Ctx) error {
	p, err := l.open(c)
	if err != nil {
		return l.notIn(c, err)
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	answers := chosen(f, p.Lesson.Questions)
	if _, err = l.Enrolment.Submit(c.UserContext(), p.Enrolment.ID, p.Lesson.ID, answers); err != nil {
		err = renamed(err, func(field string) string { return strings.TrimPrefix(field, "answers.") })
		return l.again(c, p, err, answers)
	}
	return l.to(c, here(c)+"#result")
}

// chosen reads the fields q.<question id>; what is no id is none of the options.
func chosen(f form, questions catalog.Questions) enrolment.Answers {
	answers := enrolment.Answers{}
	for _, q := range questions {
		for _, text := range f.all("q." + q.ID.String()) {
			if option, ok := uid.Parse(text); ok {
				answers[q.ID] = append(answers[q.ID], option)
			}
		}
	}
	return answers
}
