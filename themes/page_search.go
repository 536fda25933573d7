package themes

import (
	"html/template"

	"lyceum/auth/policy"
	"lyceum/learning/search"
)

// SearchPage is GET /search?q=&kind=: what was found. Kind "" is all.
type SearchPage struct {
	Query   string
	Kind    search.Kind
	Results search.Results
}

func (p SearchPage) in(c *Chrome) (string, any) { return "search", framed[SearchPage]{c, p} }

// SearchKinds lists what who asks may look for.
func (c *Chrome) SearchKinds() (out []search.Kind) {
	for _, k := range search.Kinds() {
		need := policy.CourseRead
		if k == search.KindPerson || k == search.KindGroup {
			need = policy.PersonRead
		}
		if c.May(need) {
			out = append(out, k)
		}
	}
	return out
}

// Searches tells whether who asks may search at all.
func (c *Chrome) Searches() bool { return len(c.SearchKinds()) > 0 }

// FoundIcon draws the icon of a kind of result.
func (c *Chrome) FoundIcon(k search.Kind) (template.HTML, error) {
	switch k {
	case search.KindLesson:
		return c.Icon("text")
	case search.KindCaption:
		return c.Icon("play")
	case search.KindPerson:
		return c.Icon("user")
	case search.KindGroup:
		return c.Icon("people")
	case search.KindCourse:
	}
	return c.Icon("book")
}

// Moment writes a place in a film: 1:23.
func (c *Chrome) Moment(seconds int) string { return search.Moment(seconds) }

// FoundAs says of each result in a few words what it is, in the language of a view.
func (s *Set) FoundAs(v View, found []search.Result) ([]string, error) {
	c := s.chrome(v)
	out := make([]string, len(found))
	for i, r := range found {
		about, err := c.Named("search_one", r.Kind)
		if err != nil {
			return nil, err
		}
		if r.Kind != search.KindCourse && r.CourseTitle != "" {
			about += " · " + r.CourseTitle
		}
		if r.Kind == search.KindCaption {
			about += " · " + search.Moment(r.Seconds)
		}
		if r.Draft {
			draft, err := c.T("search.draft")
			if err != nil {
				return nil, err
			}
			about += " · " + draft
		}
		out[i] = about
	}
	return out, nil
}
