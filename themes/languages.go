package themes

import (
	"slices"
	"strings"

	"lyceum/internal/fault"
)

// languages are those on offer for a course, each by its own name.
var languages = [][2]string{
	{"en", "English"}, {"de", "Deutsch"}, {"fr", "Français"}, {"es", "Español"}, {"it", "Italiano"}, {"nl", "Nederlands"},
	{"pl", "Polski"}, {"pt", "Português"}, {"cs", "Čeština"}, {"da", "Dansk"}, {"sv", "Svenska"}, {"fi", "Suomi"},
	{"hu", "Magyar"}, {"ro", "Română"}, {"tr", "Türkçe"}, {"uk", "Українська"}, {"ja", "日本語"}, {"zh", "中文"},
}

// Language is a language's own name, with the region where a tag has one; a tag that is not on the list stays as it is.
func (c *Chrome) Language(tag string) string {
	base, region, _ := strings.Cut(tag, "-")
	for _, l := range languages {
		switch l[0] {
		case tag:
			return l[1]
		case base:
			return l[1] + " (" + region + ")"
		}
	}
	return tag
}

// Choice is a list to choose one from, drawn by parts/studio.html.
type Choice struct {
	Field
	Options []ChoiceOption
}

// ChoiceOption is an entry of a Choice.
type ChoiceOption struct {
	Value, Text string
	Chosen      bool
}

// Languages makes the choice of a course's language. One that is not on the list is put on it, so that it is kept.
func (c *Chrome) Languages(f *fault.Fault, chosen string) (Choice, error) {
	field, err := c.Field(f, "language", chosen, "")
	out := Choice{Field: field}
	for _, l := range languages {
		out.Options = append(out.Options, ChoiceOption{l[0], l[1], l[0] == chosen})
	}
	known := slices.ContainsFunc(out.Options, func(o ChoiceOption) bool { return o.Chosen })
	if chosen != "" && !known {
		out.Options = append(out.Options, ChoiceOption{chosen, c.Language(chosen), true})
	}
	return out, err
}
