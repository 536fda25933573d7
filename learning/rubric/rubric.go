// Package rubric is how a person's judgement of somebody's work becomes a mark: by a rubric of criteria and levels, by
// points, or by passed and not passed. It is pure: it knows no store, no person and no lesson. Which version of a scheme
// holds for a piece of work is kept by who uses it (learning/assignment for hand-ins, learning/assessment for essays).
package rubric

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"lyceum/internal/fault"
)

// Limits of a rubric.
const (
	MaxCriteria = 30
	MaxLevels   = 12
	MaxTitle    = 200   // characters
	MaxAbout    = 1_000 // characters
	MaxComment  = 2_000 // characters of what is said of one criterion
)

// Rubric is criteria, each with the levels at which it can be met.
type Rubric struct {
	Criteria []Criterion `json:"criteria"`
}

// Criterion is one thing that is looked at.
type Criterion struct {
	Title  string  `json:"title"`
	About  string  `json:"about,omitempty"` // what is looked for, plain text
	Levels []Level `json:"levels"`
}

// Level is how well a criterion can be met, and what that is worth.
type Level struct {
	Title  string `json:"title"`
	About  string `json:"about,omitempty"`
	Points Points `json:"points"`
}

// Pick is the level chosen for a criterion, both by their places from 0. Places are enough: a rubric that is changed is
// another version, and what was picked belongs to the version it was picked from.
type Pick struct {
	Criterion int    `json:"criterion"`
	Level     int    `json:"level"`
	Comment   string `json:"comment,omitempty"`
}

// Max is the most points that the rubric gives.
func (r Rubric) Max() (sum Points) {
	for _, c := range r.Criteria {
		sum += c.Max()
	}
	return sum
}

// Max is the most points that the criterion gives.
func (c Criterion) Max() (most Points) {
	for _, l := range c.Levels {
		most = max(most, l.Points)
	}
	return most
}

// Clean trims a rubric's texts and says what is wrong with it; field is the name it has in the form.
func (r Rubric) Clean(field string) (Rubric, error) {
	out, f := Rubric{}, fault.Fields{}
	f.Check(len(r.Criteria) > 0, field, "Write at least one criterion.")
	f.Check(len(r.Criteria) <= MaxCriteria, field, fmt.Sprintf("Use at most %d criteria.", MaxCriteria))
	for i, c := range r.Criteria {
		c.Title, c.About = tidy(c.Title), tidy(c.About)
		f.Check(c.Title != "" && fits(c.Title, MaxTitle) && fits(c.About, MaxAbout), field, fmt.Sprintf("Criterion %d needs a title of at most %d characters, and at most %d characters about it.", i+1, MaxTitle, MaxAbout))
		f.Check(len(c.Levels) >= 2 && len(c.Levels) <= MaxLevels, field, fmt.Sprintf("Criterion %d needs 2 to %d levels.", i+1, MaxLevels))
		levels := make([]Level, 0, len(c.Levels))
		for n, l := range c.Levels {
			l.Title, l.About = tidy(l.Title), tidy(l.About)
			f.Check(l.Title != "" && fits(l.Title, MaxTitle) && fits(l.About, MaxAbout), field, fmt.Sprintf("Level %d of criterion %d needs a title of at most %d characters, and at most %d characters about it.", n+1, i+1, MaxTitle, MaxAbout))
			f.Check(l.Points >= 0 && l.Points <= MaxPoints, field, fmt.Sprintf("Level %d of criterion %d needs points from 0 to %s.", n+1, i+1, MaxPoints))
			levels = append(levels, l)
		}
		c.Levels = levels
		out.Criteria = append(out.Criteria, c)
	}
	f.Check(len(r.Criteria) == 0 || out.Max() > 0, field, "At least one level must be worth points.")
	return out, f.Err()
}

// Add sums up the levels picked, in whatever order they come. Every criterion needs one pick; what is missing, twice
// there or not in the rubric is a fault of the field criteria.<place>.
func (r Rubric) Add(picks []Pick) (sum Points, err error) {
	f, seen := fault.Fields{}, map[int]bool{}
	for _, p := range picks {
		field := fmt.Sprintf("criteria.%d", p.Criterion)
		if p.Criterion < 0 || p.Criterion >= len(r.Criteria) {
			f.Check(false, field, "The rubric has no such criterion.")
			continue
		}
		f.Check(!seen[p.Criterion], field, "Choose one level.")
		f.Check(fits(p.Comment, MaxComment), field, fmt.Sprintf("Use at most %d characters.", MaxComment))
		seen[p.Criterion] = true
		levels := r.Criteria[p.Criterion].Levels
		if p.Level < 0 || p.Level >= len(levels) {
			f.Check(false, field, "Choose a level.")
			continue
		}
		sum += levels[p.Level].Points
	}
	for i := range r.Criteria {
		f.Check(seen[i], fmt.Sprintf("criteria.%d", i), "Choose a level.")
	}
	return sum, f.Err()
}

func fits(s string, most int) bool { return utf8.RuneCountInString(s) <= most }

// tidy makes one line of clean text.
func tidy(s string) string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")), " ")
}
