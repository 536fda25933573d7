package web

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/path"
	"lyceum/themes"
)

func studioPath(id uid.ID) string { return "/studio/paths/" + id.String() }

func (p Paths) authoring(c *fiber.Ctx) (themes.StudioPathsPage, error) {
	f := path.Filter{Status: path.Status(query(c, "status")), Query: query(c, "q"), Authoring: true, Page: after(c)}
	list, err := p.Paths.List(c.UserContext(), f)
	return themes.StudioPathsPage{Query: f.Query, Status: f.Status, Paths: list}, err
}

// Authoring shows paths as authors see them.
func (p Paths) Authoring(c *fiber.Ctx) error {
	page, err := p.authoring(c)
	if err != nil {
		return err
	}
	return p.show(c, page)
}

// Create begins a path and leads to it.
func (p Paths) Create(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	made, err := p.Paths.Create(c.UserContext(), path.Input{Title: f.get("title")})
	if err != nil {
		page, failed := p.authoring(c)
		if failed != nil {
			return failed
		}
		page.Title = f.get("title")
		return p.refused(c, err, func(wrong *fault.Fault) themes.Page { page.Problem = wrong; return page })
	}
	return p.done(c, studioPath(made.ID), themes.FlashPathCreated, made.Title)
}

// foundCourses is how many courses a search for one shows.
const foundCourses = 20

func (p Paths) edited(c *fiber.Ctx) (out themes.PathEditPage, err error) {
	id, err := id(c, "path")
	if err != nil {
		return out, err
	}
	ctx := c.UserContext()
	if out.Shown, err = p.Paths.Edit(ctx, id); err != nil {
		return out, err
	}
	x := out.Path
	out.Form = themes.PathForm{Title: x.Title, Slug: x.Slug, Summary: x.Summary, Ordered: x.Ordered}
	if x.CoverFileID != nil {
		out.Form.CoverFileID = x.CoverFileID.String()
	}
	if section, ok := uid.Parse(query(c, "section")); ok {
		out.Section, out.Find = section, query(c, "find")
	}
	if out.Find != "" {
		out.Found, err = findCourses(ctx, p.Catalog, out.Find)
	}
	return out, err
}

// findCourses looks for published courses to choose from.
func findCourses(ctx context.Context, courses *catalog.Service, find string) ([]catalog.Card, error) {
	list, err := courses.Cards(ctx, catalog.CardFilter{Query: find, Page: page.Request{Limit: foundCourses}})
	return list.Items, err
}

// Edit shows a path to its authors.
func (p Paths) Edit(c *fiber.Ctx) error {
	page, err := p.edited(c)
	if err != nil {
		return err
	}
	return p.show(c, page)
}

// Save changes what a path says of itself.
func (p Paths) Save(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	page, err := p.edited(c)
	if err != nil {
		return err
	}
	typed := themes.PathForm{Title: f.get("title"), Slug: f.get("slug"), Summary: f.get("summary"), CoverFileID: f.get("cover_file_id"), Ordered: f.get("ordered") != ""}
	if f.get("remove_cover") != "" {
		typed.CoverFileID = ""
	}
	ctx := c.UserContext()
	cover, err := keep(ctx, p.Content, f, "cover", content.FilePicture)
	if cover != nil {
		typed.CoverFileID = cover.ID.String()
	}
	if err == nil {
		in := path.Input{Title: typed.Title, Slug: typed.Slug, Summary: typed.Summary, CoverFileID: optionalID(typed.CoverFileID), Ordered: typed.Ordered}
		_, err = p.Paths.Update(ctx, page.Path.ID, f.revision(), in)
	}
	if err != nil {
		page.Form = typed
		return p.refused(c, err, func(wrong *fault.Fault) themes.Page { page.Problem = wrong; return page })
	}
	return p.done(c, studioPath(page.Path.ID), themes.FlashSaved, "")
}

// change does something to sections or courses of a path, or to its state. Scripts get 204; a form leads back to the path
// with a message, or shows it again with what was refused.
func (p Paths) change(c *fiber.Ctx, key themes.FlashKey, do func(ctx context.Context, path uid.ID, f form) (name string, err error)) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	id, err := id(c, "path")
	if err != nil {
		return err
	}
	name, err := do(c.UserContext(), id, f)
	switch {
	case err != nil && visit.WantsJSON(c):
		return err
	case err != nil:
		page, failed := p.edited(c)
		if failed != nil {
			return failed
		}
		return p.refused(c, err, func(wrong *fault.Fault) themes.Page { page.SectionsProblem = wrong; return page })
	case visit.WantsJSON(c):
		return c.SendStatus(fiber.StatusNoContent)
	}
	return p.done(c, studioPath(id), key, name)
}

// AddSection adds a section at the end.
func (p Paths) AddSection(c *fiber.Ctx) error {
	return p.change(c, themes.FlashSectionAdded, func(ctx context.Context, id uid.ID, f form) (string, error) {
		_, err := p.Paths.AddSection(ctx, id, f.revision(), path.SectionInput{Title: f.get("title")})
		return f.get("title"), err
	})
}

// changeSection is change for the section of the address.
func (p Paths) changeSection(c *fiber.Ctx, key themes.FlashKey, do func(ctx context.Context, path, section uid.ID, f form) error) error {
	section, err := id(c, "section")
	if err != nil {
		return err
	}
	return p.change(c, key, func(ctx context.Context, id uid.ID, f form) (string, error) { return "", do(ctx, id, section, f) })
}

// UpdateSection changes what a section says of itself.
func (p Paths) UpdateSection(c *fiber.Ctx) error {
	return p.changeSection(c, themes.FlashSaved, func(ctx context.Context, id, section uid.ID, f form) error {
		wrong := fault.Fields{}
		in := path.SectionInput{Title: f.get("title"), Ordered: f.get("ordered") != "", Need: f.number(wrong, "need")}
		if err := wrong.Err(); err != nil {
			return err
		}
		_, err := p.Paths.UpdateSection(ctx, id, f.revision(), section, in)
		return err
	})
}

// MoveSection puts a section elsewhere.
func (p Paths) MoveSection(c *fiber.Ctx) error {
	return p.changeSection(c, themes.FlashMoved, func(ctx context.Context, id, section uid.ID, f form) error {
		wrong := fault.Fields{}
		position := f.number(wrong, "position")
		if err := wrong.Err(); err != nil {
			return err
		}
		_, err := p.Paths.MoveSection(ctx, id, f.revision(), section, position)
		return err
	})
}

// RemoveSection takes a section out of the path.
func (p Paths) RemoveSection(c *fiber.Ctx) error {
	return p.changeSection(c, themes.FlashSectionDeleted, func(ctx context.Context, id, section uid.ID, f form) error {
		_, err := p.Paths.RemoveSection(ctx, id, f.revision(), section)
		return err
	})
}

// AddCourse puts a course at the end of a section.
func (p Paths) AddCourse(c *fiber.Ctx) error {
	return p.changeSection(c, themes.FlashCourseAdded, func(ctx context.Context, id, section uid.ID, f form) error {
		course, ok := uid.Parse(f.get("course"))
		if !ok {
			return fault.Invalid(map[string]string{"course": "Choose a course."})
		}
		_, err := p.Paths.AddCourse(ctx, id, f.revision(), section, course)
		return err
	})
}

// changeCourse is change for the course of the address.
func (p Paths) changeCourse(c *fiber.Ctx, key themes.FlashKey, do func(ctx context.Context, path, course uid.ID, f form) error) error {
	course, err := id(c, "course")
	if err != nil {
		return err
	}
	return p.change(c, key, func(ctx context.Context, id uid.ID, f form) (string, error) { return "", do(ctx, id, course, f) })
}

// MoveCourse puts a course elsewhere, in its section or another.
func (p Paths) MoveCourse(c *fiber.Ctx) error {
	return p.changeCourse(c, themes.FlashMoved, func(ctx context.Context, id, course uid.ID, f form) error {
		wrong := fault.Fields{}
		section, ok := uid.Parse(f.get("module")) // as order.js names it
		wrong.Check(ok, "module", "Choose a section of this path.")
		position := f.number(wrong, "position")
		if err := wrong.Err(); err != nil {
			return err
		}
		_, err := p.Paths.MoveCourse(ctx, id, f.revision(), course, section, position)
		return err
	})
}

// RemoveCourse takes a course out of the path.
func (p Paths) RemoveCourse(c *fiber.Ctx) error {
	return p.changeCourse(c, themes.FlashCourseRemoved, func(ctx context.Context, id, course uid.ID, f form) error {
		_, err := p.Paths.RemoveCourse(ctx, id, f.revision(), course)
		return err
	})
}

// Publish lets people take the path.
func (p Paths) Publish(c *fiber.Ctx) error {
	return p.change(c, themes.FlashPathPublished, func(ctx context.Context, id uid.ID, f form) (string, error) {
		x, err := p.Paths.Publish(ctx, id, f.revision())
		return x.Title, err
	})
}

// Archive takes it from those who are not on it.
func (p Paths) Archive(c *fiber.Ctx) error {
	return p.change(c, themes.FlashPathArchived, func(ctx context.Context, id uid.ID, f form) (string, error) {
		x, err := p.Paths.Archive(ctx, id, f.revision())
		return x.Title, err
	})
}
