package themes

import (
	"strings"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/learning/path"
)

// Tile is a course as a card, drawn by parts/tile.html. What templates draw is handed to them by pointer: they would copy a
// value at each call of a method.
type Tile struct {
	*Chrome
	Course           uid.ID
	Href             string
	Title, Summary   string
	CoverFileID      *uid.ID
	EstimatedMinutes int
	Lessons          int                  // 0 when not shown
	Why              []string             // reasons to recommend it
	Mine             *enrolment.Enrolment // nil when the reader is not in the course
	Languages        []string             // that it can be read in; none when not shown
	Reading          string               // the language of title and summary, "" when not known
	OnRequest        bool                 // a place must be asked for
	Way              *path.Way            // what comes before the course; nil for nothing
}

// MineTile is the card of a course the reader is in.
func (c *Chrome) MineTile(m enrolment.Mine) *Tile {
	return &Tile{
		Chrome: c, Course: m.CourseID, Href: "/courses/" + m.CourseSlug, Title: m.Title, Summary: m.Summary,
		CoverFileID: m.CoverFileID, EstimatedMinutes: m.EstimatedMinutes, Mine: &m.Enrolment,
	}
}

// Speaks names the languages that the course can be read in, "" when they are not shown.
func (t Tile) Speaks() string {
	names := make([]string, len(t.Languages))
	for i, l := range t.Languages {
		names[i] = t.Language(l)
	}
	return strings.Join(names, ", ")
}

// CardTile is the card of a course on offer; mine holds the courses the reader is in.
func (c *Chrome) CardTile(k catalog.Card, mine map[uid.ID]enrolment.Mine) *Tile {
	t := &Tile{
		Chrome: c, Course: k.ID, Href: "/courses/" + k.Slug, Title: k.Title, Summary: k.Summary,
		CoverFileID: k.CoverFileID, EstimatedMinutes: k.EstimatedMinutes, Lessons: k.Lessons,
	}
	t.Languages, t.Reading, t.OnRequest = k.Languages, k.Reading, k.Visibility == catalog.VisibleOnRequest
	if m, ok := mine[k.ID]; ok {
		t.Mine = &m.Enrolment
	} else if k.Mine != nil {
		t.Mine = &enrolment.Enrolment{CourseID: k.ID, Status: enrolment.Status(k.Mine.Status), Percent: k.Mine.Percent}
	}
	return t
}

// Picture is a course's cover, or the drawing that stands in for one; drawn by parts/cover.html.
type Picture struct {
	*Chrome
	Course uid.ID
	FileID *uid.ID
}

// Picture makes the cover of a course.
func (c *Chrome) Picture(course uid.ID, file *uid.ID) *Picture {
	return &Picture{Chrome: c, Course: course, FileID: file}
}
