package web

import (
	"github.com/gofiber/fiber/v2"

	"lyceum/auth"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/path"
	"lyceum/themes"
)

// Paths is where paths are taken, written, and people put on them.
type Paths struct {
	*Site
	Paths   *path.Service
	Catalog *catalog.Service
	Content *content.Service
	Auth    *auth.Service
}

// List shows the paths there are.
func (p Paths) List(c *fiber.Ctx) error {
	f := path.Filter{Query: query(c, "q"), Mine: query(c, "mine") != "", Page: after(c)}
	list, err := p.Paths.List(c.UserContext(), f)
	if err != nil {
		return err
	}
	return p.show(c, themes.PathsPage{Query: f.Query, Mine: f.Mine, Paths: list})
}

func pathPage(s path.Shown) themes.PathPage {
	return themes.PathPage{Shown: s, Summary: prose(s.Path.Summary, "summary-")}
}

// Path shows a path as the reader meets it.
func (p Paths) Path(c *fiber.Ctx) error {
	s, err := p.Paths.BySlug(c.UserContext(), c.Params("slug"))
	if err != nil {
		return err
	}
	return p.show(c, pathPage(s))
}

// Take puts who asks on a path.
func (p Paths) Take(c *fiber.Ctx) error {
	s, err := p.Paths.BySlug(c.UserContext(), c.Params("slug"))
	if err != nil {
		return err
	}
	if _, err = p.Paths.Take(c.UserContext(), s.Path.ID); err != nil {
		return p.refused(c, err, func(wrong *fault.Fault) themes.Page { page := pathPage(s); page.Problem = wrong; return page })
	}
	return p.done(c, "/paths/"+s.Path.Slug, themes.FlashPathTaken, s.Path.Title)
}

// Leave takes who asks off a path.
func (p Paths) Leave(c *fiber.Ctx) error {
	s, err := p.Paths.BySlug(c.UserContext(), c.Params("slug"))
	if err != nil {
		return err
	}
	if err = p.Paths.Leave(c.UserContext(), s.Path.ID); err != nil {
		return p.refused(c, err, func(wrong *fault.Fault) themes.Page { page := pathPage(s); page.Problem = wrong; return page })
	}
	return p.done(c, "/paths/"+s.Path.Slug, themes.FlashPathLeft, s.Path.Title)
}

// GoOn leads into the next course of a path.
func (p Paths) GoOn(c *fiber.Ctx) error {
	s, err := p.Paths.BySlug(c.UserContext(), c.Params("slug"))
	if err != nil {
		return err
	}
	next, err := p.Paths.GoOn(c.UserContext(), s.Path.ID)
	if err != nil {
		return p.refused(c, err, func(wrong *fault.Fault) themes.Page { page := pathPage(s); page.Problem = wrong; return page })
	}
	return p.to(c, "/learn/"+next.Slug)
}

// withWay adds what comes before a course, for who has not started it.
func (l Learn) withWay(c *fiber.Ctx, p themes.CoursePage) (themes.CoursePage, error) {
	if p.Started() || p.Outline.Course.Status != catalog.StatusPublished {
		return p, nil
	}
	var err error
	p.Way, err = l.Paths.Way(c.UserContext(), p.Outline.Course.ID)
	return p, err
}

// ways are the ways to the courses of a list that ask for something first.
func (l Learn) ways(c *fiber.Ctx, cards []catalog.Card) (map[uid.ID]path.Way, error) {
	if len(cards) == 0 {
		return nil, nil
	}
	ids := make([]uid.ID, len(cards))
	for i, k := range cards {
		ids[i] = k.ID
	}
	return l.Paths.Ways(c.UserContext(), ids)
}
