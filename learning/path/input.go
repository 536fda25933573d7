package path

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// Limits of a path.
const (
	MaxTitle    = catalog.MaxTitle
	MaxSummary  = catalog.MaxSummary
	MaxSections = 30
	MaxCourses  = 100
)

// Input is what a path says of itself. An empty slug on creation is made from the title.
type Input struct {
	Title       string
	Slug        string
	Summary     string
	CoverFileID *uid.ID
	Ordered     bool
}

// Normalise trims what people type around values.
func (in *Input) Normalise() {
	in.Title, in.Slug = line(in.Title), strings.ToLower(line(in.Slug))
	in.Summary = strings.TrimSpace(printable(in.Summary))
	if in.CoverFileID != nil && *in.CoverFileID == uid.Nil {
		in.CoverFileID = nil
	}
}

// Validate gathers every fault: fields title, slug, summary.
func (in Input) Validate() error {
	f := fault.Fields{}
	checkTitle(f, "title", in.Title)
	if problem := catalog.CheckSlug(in.Slug); problem != "" {
		f.Add("slug", strings.Replace(problem, "for the course", "for the path", 1))
	}
	f.Check(length(in.Summary) <= MaxSummary, "summary", fmt.Sprintf("Use at most %d characters.", MaxSummary))
	return f.Err()
}

// SectionInput is what a section says of itself.
type SectionInput struct {
	Title   string
	Ordered bool
	Need    int // 0 is all
}

// Normalise trims the title.
func (in *SectionInput) Normalise() { in.Title = line(in.Title) }

func (in SectionInput) check(f fault.Fields, prefix string, courses int) {
	checkTitle(f, prefix+"title", in.Title)
	f.Check(in.Need >= 0 && (in.Need <= courses || courses == 0 && in.Need <= MaxCourses), prefix+"need",
		"Enter how many of the section's courses must be completed, or 0 for all.")
}

// checkSections notes what is wrong with sections that are set all at once, and gives those without one an id.
func checkSections(list Sections) (Sections, error) {
	f := fault.Fields{}
	f.Check(len(list) <= MaxSections, "sections", fmt.Sprintf("Use at most %d sections.", MaxSections))
	out, ids, seen, courses := make(Sections, len(list)), map[uid.ID]bool{uid.Nil: true}, map[uid.ID]bool{}, 0
	for i, s := range list {
		if ids[s.ID] {
			s.ID = uid.New()
		}
		ids[s.ID] = true
		in, at := SectionInput{s.Title, s.Ordered, s.Need}, fmt.Sprintf("sections.%d.", i)
		in.Normalise()
		in.check(f, at, len(s.Courses))
		for _, c := range s.Courses {
			f.Check(!seen[c], at+"courses", "A course can stand in a path once.")
			seen[c] = true
		}
		courses += len(s.Courses)
		s.Title, s.Courses = in.Title, append([]uid.ID{}, s.Courses...)
		out[i] = s
	}
	f.Check(courses <= MaxCourses, "sections", fmt.Sprintf("Use at most %d courses.", MaxCourses))
	return out, f.Err()
}

// copied is a copy that can be changed without changing the first.
func (s Sections) copied() Sections {
	out := slices.Clone(s)
	for i := range out {
		out[i].Courses = slices.Clone(out[i].Courses)
	}
	return out
}

func (s Sections) find(id uid.ID) (int, error) {
	i := slices.IndexFunc(s, func(x Section) bool { return x.ID == id })
	if i < 0 {
		return 0, ErrSectionNotFound
	}
	return i, nil
}

func checkTitle(f fault.Fields, field, title string) {
	f.Check(title != "", field, "Enter a title.")
	f.Check(length(title) <= MaxTitle, field, fmt.Sprintf("Use at most %d characters.", MaxTitle))
}

func length(s string) int { return utf8.RuneCountInString(s) }

func line(s string) string { return strings.Join(strings.Fields(printable(s)), " ") }

// printable drops what cannot be kept or shown.
func printable(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}

func within(position, places int) int { return max(0, min(position, places-1)) }
