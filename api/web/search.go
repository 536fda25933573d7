package web

import (
	"github.com/gofiber/fiber/v2"

	"lyceum/internal/fault"
	"lyceum/learning/search"
	"lyceum/themes"
)

// Search finds.
type Search struct {
	*Site
	Search *search.Service
}

// question reads what someone looks for.
func (s Search) question(c *fiber.Ctx, limit int) search.Question {
	q := search.Question{Text: query(c, "q"), Limit: limit, Locale: s.view(c).Locale}
	if kind := query(c, "kind"); kind != "" {
		q.Kinds = []search.Kind{search.Kind(kind)}
	}
	return q
}

// Show shows what was found.
func (s Search) Show(c *fiber.Ctx) error {
	q := s.question(c, search.LimitPage)
	p := themes.SearchPage{Query: q.Text}
	if len(q.Kinds) > 0 {
		p.Kind = q.Kinds[0]
	}
	found, err := s.Search.Search(c.UserContext(), q)
	if err != nil {
		return s.refused(c, err, func(*fault.Fault) themes.Page { return themes.SearchPage{Query: q.Text} })
	}
	p.Results = found
	return s.show(c, p)
}

// suggested is one thing found, for the script of the bar's search box.
type suggested struct {
	Path    string      `json:"path"`
	About   string      `json:"about"`
	Title   []suggestee `json:"title"`
	Excerpt []suggestee `json:"excerpt"`
}

type suggestee struct {
	Text string `json:"text"`
	Hit  bool   `json:"hit"`
}

// Suggest gives what is found while someone types.
func (s Search) Suggest(c *fiber.Ctx) error {
	found, err := s.Search.Search(c.UserContext(), s.question(c, search.LimitTyping))
	if err != nil {
		return err
	}
	about, err := s.themes.FoundAs(s.view(c), found.Items)
	if err != nil {
		return err
	}
	items := make([]suggested, len(found.Items))
	for i, r := range found.Items {
		items[i] = suggested{Path: r.Path(), About: about[i], Title: piecesOf(r.Title), Excerpt: piecesOf(r.Excerpt)}
	}
	return c.JSON(fiber.Map{"items": items, "guessed": found.Guessed})
}

func piecesOf(list []search.Piece) []suggestee {
	out := make([]suggestee, len(list))
	for i, p := range list {
		out[i] = suggestee{p.Text, p.Hit}
	}
	return out
}
