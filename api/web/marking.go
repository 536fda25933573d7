package web

import (
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/internal/fault"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
	"lyceum/themes"
)

// Marking is what learners hand in, for those who mark it.
type Marking struct {
	*Site
	Enrolment *enrolment.Service
	Content   *content.Service
}

// List shows what waits to be marked, or what was.
func (m Marking) List(c *fiber.Ctx) error {
	f := enrolment.HandedFilter{Status: enrolment.SubmissionOpen, Page: after(c)}
	switch status := enrolment.SubmissionStatus(query(c, "status")); status {
	case enrolment.SubmissionAccepted, enrolment.SubmissionReturned:
		f.Status = status
	}
	list, err := m.Enrolment.Submissions(c.UserContext(), f)
	if err != nil {
		return err
	}
	return m.show(c, themes.MarkingPage{Status: f.Status, Handed: list})
}

func (m Marking) page(c *fiber.Ctx) (page themes.SubmissionPage, err error) {
	wanted, err := id(c, "submission")
	if err != nil {
		return page, err
	}
	if page.Handed, err = m.Enrolment.Submission(c.UserContext(), wanted); err != nil {
		return page, err
	}
	page.Task = prose(page.Handed.Task, "task-")
	page.File, err = fileOf(c.UserContext(), m.Content, page.Handed.FileID)
	return page, err
}

// Show shows one.
func (m Marking) Show(c *fiber.Ctx) error {
	page, err := m.page(c)
	if err != nil {
		return err
	}
	return m.show(c, page)
}

// Mark accepts or returns it, and leads to what waits next.
func (m Marking) Mark(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	page, err := m.page(c)
	if err != nil {
		return err
	}
	in := enrolment.MarkInput{Submission: page.Handed.ID, Accept: f.get("do") == "accept", Comment: f.get("comment")}
	wrong := fault.Fields{}
	if text := strings.TrimSpace(f.get("percent")); text != "" {
		n, err := strconv.Atoi(text)
		wrong.Check(err == nil, "percent", "Enter a whole number.")
		in.Percent = &n
	}
	if err = wrong.Err(); err == nil {
		_, err = m.Enrolment.Mark(c.UserContext(), in)
	}
	if err == nil {
		return m.done(c, "/studio/marking", themes.FlashMarked, page.Handed.PersonName)
	}
	return m.refused(c, err, func(f2 *fault.Fault) themes.Page {
		page.Form, page.Problem = themes.MarkForm{Percent: f.get("percent"), Comment: f.get("comment")}, f2
		return page
	})
}

// Embeds is which sites lessons may show.
type Embeds struct {
	*Site
	Catalog *catalog.Service
}

// Show shows them.
func (e Embeds) Show(c *fiber.Ctx) error {
	hosts, err := e.Catalog.EmbedHosts(c.UserContext())
	if err != nil {
		return err
	}
	return e.show(c, themes.EmbedsPage{Hosts: strings.Join(hosts, "\n")})
}

// Save keeps them, one a line.
func (e Embeds) Save(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	if _, err = e.Catalog.SetEmbedHosts(c.UserContext(), strings.Split(f.get("hosts"), "\n")); err == nil {
		return e.done(c, "/settings/embeds", themes.FlashSaved, "")
	}
	return e.refused(c, err, func(f2 *fault.Fault) themes.Page {
		return themes.EmbedsPage{Hosts: f.get("hosts"), Problem: f2}
	})
}
