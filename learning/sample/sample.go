// Package sample holds two complete courses a new portal may start from, "Information security awareness" and
// "Workplace safety", with every picture, film, caption track and hand-out they need, and the logos of the two demo
// organizations. All of it is embedded in the binary and read on demand.
//
// It is plain material: it stores nothing, publishes nothing and knows no tenant. Whoever offers a sample course reads
// it here and authors it through the catalogue like any other course.
package sample

import (
	"bytes"
	"embed"
	"fmt"
	"maps"
	"slices"

	"lyceum/internal/fault"
)

//go:generate go run ./internal/handout -out .
//go:generate go run ./internal/film -out .

//go:embed information-security-awareness workplace-safety brand
var files embed.FS

// slugs is the order in which the courses are offered.
var slugs = []string{"information-security-awareness", "workplace-safety"}

// ErrCourseUnknown is returned by BySlug for a slug that names no sample course.
var ErrCourseUnknown = fault.New(fault.KindNotFound, "sample_course_unknown",
	"There is no sample course of that name. Choose information-security-awareness or workplace-safety.")

// The kinds of a lesson.
const (
	KindText  = "text"  // Body alone
	KindVideo = "video" // File is an MP4, Captions a WebVTT track, Body an introduction with what the film shows
	KindPDF   = "pdf"   // File is a PDF, Body an introduction
	KindQuiz  = "quiz"  // Questions and PassPercent, Body an introduction
)

// Course is one sample course, ready to be authored. Language is a BCP 47 tag; Summary is plain text.
type Course struct {
	Slug, Title, Summary, Language string
	EstimatedMinutes               int // the sum of its lessons' minutes
	Cover                          Asset
	Tags                           []string
	Modules                        []Module

	pictures map[string]Asset
}

// Module is a named group of lessons, in order.
type Module struct {
	Title   string
	Lessons []Lesson
}

// Lesson is one step of a course. Which fields are set depends on Kind; Slug is unique within the course.
type Lesson struct {
	Slug, Title, Kind string
	Minutes           int
	Body              string // Markdown with headings from ## down; a picture is written ![what it shows](asset:NAME)
	File, Captions    *Asset
	PassPercent       int
	Questions         []Question
}

// Question is a multiple-choice question: right when exactly its correct options are ticked. Several may be correct.
type Question struct {
	Prompt      string
	Options     []Option
	Explanation string // why, to be shown after an answer
}

// Option is one answer to choose.
type Option struct {
	Text    string
	Correct bool
}

// Asset is a file of a course. MediaType is what it is served as.
type Asset struct {
	Name, MediaType string
	Data            []byte
}

// Asset finds a picture that a lesson's Body refers to as asset:NAME. The bytes are the caller's own.
func (c Course) Asset(name string) (Asset, bool) {
	a, ok := c.pictures[name]
	a.Data = bytes.Clone(a.Data)
	return a, ok
}

// Pictures lists what the lessons' bodies refer to, by name; the cover is not among them.
func (c Course) Pictures() []Asset {
	all := make([]Asset, 0, len(c.pictures))
	for _, name := range slices.Sorted(maps.Keys(c.pictures)) {
		a, _ := c.Asset(name)
		all = append(all, a)
	}
	return all
}

// Courses reads both courses, in a fixed order. An error means that the embedded files contradict each other, which
// the tests of this package rule out.
func Courses() ([]Course, error) {
	all := make([]Course, 0, len(slugs))
	for _, slug := range slugs {
		c, err := load(files, slug)
		if err != nil {
			return nil, fmt.Errorf("read sample course %s: %w", slug, err)
		}
		all = append(all, c)
	}
	return all, nil
}

// BySlug reads one course, or answers ErrCourseUnknown.
func BySlug(slug string) (Course, error) {
	for _, known := range slugs {
		if known == slug {
			c, err := load(files, slug)
			if err != nil {
				return Course{}, fmt.Errorf("read sample course %s: %w", slug, err)
			}
			return c, nil
		}
	}
	return Course{}, ErrCourseUnknown
}

// Logo gives the SVG logo of a demo organization, "acme" or "globex". Its colours read on light and on dark ground.
func Logo(name string) (Asset, bool) {
	switch name {
	case "acme", "globex":
		a, err := read(files, "brand", name+".svg")
		return a, err == nil
	default:
		return Asset{}, false
	}
}
