package web

import (
	"context"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
	"lyceum/themes"
)

// Studio is where courses are written, published and people put into them.
type Studio struct {
	*Site
	Catalog   *catalog.Service
	Content   *content.Service
	Enrolment *enrolment.Service
	Auth      *auth.Service
	Groups    *group.Service
}

func studio(course uid.ID) string { return "/studio/" + course.String() }

func (s Studio) list(c *fiber.Ctx) (themes.StudioPage, error) {
	f := catalog.CardFilter{Status: catalog.Status(query(c, "status")), Review: catalog.Review(query(c, "review")), Query: query(c, "q"), Authoring: true, Page: after(c)}
	cards, err := s.Catalog.Cards(c.UserContext(), f)
	if err != nil {
		return themes.StudioPage{}, err
	}
	templates, err := s.Catalog.Cards(c.UserContext(), catalog.CardFilter{Authoring: true, Template: true, Page: page.Request{Limit: page.MaxLimit}})
	return themes.StudioPage{Query: f.Query, Status: f.Status, Review: f.Review, Cards: cards, Templates: templates.Items}, err
}

// List shows the courses as authors see them.
func (s Studio) List(c *fiber.Ctx) error {
	p, err := s.list(c)
	if err != nil {
		return err
	}
	p.Form.Language = s.view(c).Locale
	return s.show(c, p)
}

// Create begins a course and leads to it.
func (s Studio) Create(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	typed := themes.NewCourseForm{Title: f.get("title"), Language: f.get("language"), Template: f.get("template")}
	var o catalog.Outline
	if from := optionalID(typed.Template); from != nil {
		o, err = s.Catalog.Duplicate(c.UserContext(), *from, catalog.CopyInput{Title: typed.Title})
	} else {
		o, err = s.Catalog.Create(c.UserContext(), catalog.CourseInput{Title: typed.Title, Language: typed.Language, SelfEnrol: true})
	}
	if err != nil {
		p, failed := s.list(c)
		if failed != nil {
			return failed
		}
		p.Form = typed
		return s.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return s.done(c, studio(o.Course.ID), themes.FlashCourseCreated, o.Version.Title)
}

// outline reads the course of the path as its authors see it.
func (s Studio) outline(c *fiber.Ctx) (catalog.Outline, error) {
	course, err := id(c, "course")
	if err != nil {
		return catalog.Outline{}, err
	}
	return s.Catalog.Edit(c.UserContext(), course)
}

func courseForm(o catalog.Outline) themes.CourseForm {
	f := themes.CourseForm{
		Title: o.Version.Title, Slug: o.Course.Slug, Summary: o.Version.Summary, Language: o.Version.Language,
		Minutes: strconv.Itoa(o.Version.EstimatedMinutes),
	}
	if o.Version.CoverFileID != nil {
		f.CoverFileID = o.Version.CoverFileID.String()
	}
	return f
}

// Edit shows a course to its authors.
func (s Studio) Edit(c *fiber.Ctx) error {
	o, err := s.head(c)
	if err != nil {
		return err
	}
	return s.show(c, themes.CourseEditPage{Outline: o, Form: courseForm(o), Open: opened(c)})
}

// opened are the modules that the address wants shown with their lessons.
func opened(c *fiber.Ctx) (list []string) {
	for _, v := range c.Context().QueryArgs().PeekMulti("open") {
		list = append(list, clean(string(v)))
	}
	return list
}

// Save changes what a course says of itself.
func (s Studio) Save(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	o, err := s.head(c)
	if err != nil {
		return err
	}
	typed := themes.CourseForm{
		Title: f.get("title"), Slug: f.get("slug"), Summary: f.get("summary"), Language: f.get("language"),
		Minutes: f.get("estimated_minutes"), CoverFileID: f.get("cover_file_id"),
	}
	if f.get("remove_cover") != "" {
		typed.CoverFileID = ""
	}
	if err := s.save(c.UserContext(), o.Course, f, &typed); err != nil {
		return s.refused(c, err, func(wrong *fault.Fault) themes.Page {
			return themes.CourseEditPage{Outline: o, Form: typed, Problem: wrong}
		})
	}
	return s.done(c, studio(o.Course.ID), themes.FlashSaved, "")
}

// save keeps the cover that the form brought along, so that it stays when the rest is refused, and then the rest.
func (s Studio) save(ctx context.Context, course catalog.Course, f form, typed *themes.CourseForm) error {
	cover, err := keep(ctx, s.Content, f, "cover", content.FilePicture)
	if err != nil {
		return err
	}
	if cover != nil {
		typed.CoverFileID = cover.ID.String()
	}
	wrong := fault.Fields{}
	in := catalog.CourseInput{
		Title: typed.Title, Slug: typed.Slug, Summary: typed.Summary, Language: typed.Language, CoverFileID: optionalID(typed.CoverFileID),
		EstimatedMinutes: f.number(wrong, "estimated_minutes"), SelfEnrol: course.SelfEnrol,
	}
	if err := wrong.Err(); err != nil {
		return err
	}
	_, err = s.Catalog.UpdateCourse(ctx, course.ID, f.revision(), in)
	return err
}

// Archive closes a course for those who are not in it.
func (s Studio) Archive(c *fiber.Ctx) error {
	return s.shelve(c, s.Catalog.Archive, themes.FlashCourseArchived)
}

// Restore opens an archived course again.
func (s Studio) Restore(c *fiber.Ctx) error {
	return s.shelve(c, s.Catalog.Restore, themes.FlashCourseRestored)
}

func (s Studio) shelve(c *fiber.Ctx, do func(context.Context, uid.ID) error, key themes.FlashKey) error {
	o, err := s.head(c)
	if err != nil {
		return err
	}
	if err := do(c.UserContext(), o.Course.ID); err != nil {
		return err
	}
	return s.done(c, studio(o.Course.ID), key, o.Version.Title)
}

// change does something to modules or lessons. Scripts get 204; a form leads back to the course with a message, or
// shows the course again with what was refused.
func (s Studio) change(c *fiber.Ctx, key themes.FlashKey, do func(ctx context.Context, course uid.ID, f form) (name string, err error)) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	course, err := id(c, "course")
	if err != nil {
		return err
	}
	name, err := do(c.UserContext(), course, f)
	switch {
	case err != nil && visit.WantsJSON(c):
		return err
	case err != nil:
		o, failed := s.head(c)
		if failed != nil {
			return failed
		}
		return s.refused(c, err, func(wrong *fault.Fault) themes.Page {
			return themes.CourseEditPage{Outline: o, Form: courseForm(o), OutlineProblem: wrong}
		})
	case visit.WantsJSON(c):
		return c.SendStatus(fiber.StatusNoContent)
	}
	back := studio(course)
	if from := place(c); strings.HasPrefix(from, back+"?") { // with the modules open that were
		back = from
	}
	return s.done(c, back, key, name)
}
