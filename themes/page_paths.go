package themes

import (
	"html/template"
	"strings"

	"lyceum/auth"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/learning/path"
)

// PathsPage is GET /paths?q=&mine=&after=: published paths, and those the reader is on.
type PathsPage struct {
	Query string
	Mine  bool
	Paths page.Of[path.Listed]
}

func (p PathsPage) in(c *Chrome) (string, any) { return "paths", framed[PathsPage]{c, p} }

// PathPage is GET /paths/:slug. It posts to /paths/:slug/take and to /paths/:slug/go-on.
type PathPage struct {
	path.Shown
	Summary template.HTML // through the sanitiser
	Problem *fault.Fault
}

func (p PathPage) in(c *Chrome) (string, any) { return "path", framed[PathPage]{c, p} }

// Covers are the paths' covers.
func (p PathsPage) Covers() []uid.ID { return coversOf(p.Paths.Items, pathCover) }

// Covers is the path's cover.
func (p PathPage) Covers() []uid.ID { return covers(p.Path.CoverFileID) }

// Covers are the paths' covers.
func (p StudioPathsPage) Covers() []uid.ID { return coversOf(p.Paths.Items, pathCover) }

func pathCover(l path.Listed) *uid.ID { return l.CoverFileID }

// On tells whether the reader is on the path.
func (p PathPage) On() bool { return p.Mine != nil }

// Completed tells whether they have completed it.
func (p PathPage) Completed() bool { return p.Mine != nil && p.Mine.CompletedAt != nil }

// MayLeave tells whether they may leave it by themselves.
func (p PathPage) MayLeave() bool { return p.On() && !p.Completed() && !p.Mine.Assigned() }

// Next is the course to go on with, nil for none.
func (p PathPage) Next() *path.Course { return p.Standing.Next() }

// StudioPathsPage is GET /studio/paths?q=&status=&after=: paths as authors see them. It posts title to it.
type StudioPathsPage struct {
	Query   string
	Status  path.Status // "" is all
	Paths   page.Of[path.Listed]
	Title   string // typed
	Problem *fault.Fault
}

func (p StudioPathsPage) in(c *Chrome) (string, any) {
	return "studio_paths", framed[StudioPathsPage]{c, p}
}

// Fresh tells whether there is no path yet, so that the form for one stands open.
func (p StudioPathsPage) Fresh() bool {
	return len(p.Paths.Items) == 0 && p.Query == "" && p.Status == ""
}

// PathForm is what was typed about a path.
type PathForm struct {
	Title, Slug, Summary, CoverFileID string
	Ordered                           bool
}

// PathEditPage is GET /studio/paths/:path?section=&find=. Every form carries revision. It posts title, slug, summary,
// ordered, cover (a picture, multipart), cover_file_id, remove_cover to /studio/paths/:path; to …/sections (title);
// …/sections/:section (title, ordered, need), …/sections/:section/move (position), …/sections/:section/delete,
// …/sections/:section/courses (course), …/courses/:course/move (module: a section, position), …/courses/:course/delete; and
// to …/publish, …/archive.
type PathEditPage struct {
	path.Shown
	Form            PathForm
	Section         uid.ID // where a course is looked for
	Find            string
	Found           []catalog.Card
	Problem         *fault.Fault // of the details
	SectionsProblem *fault.Fault // of a change to sections, and of publishing
}

func (p PathEditPage) in(c *Chrome) (string, any) { return "path_edit", framed[PathEditPage]{c, p} }

// Has tells whether a course stands in the path.
func (p PathEditPage) Has(course uid.ID) bool {
	for _, id := range p.Path.Courses() {
		if id == course {
			return true
		}
	}
	return false
}

// Course is a course of the path.
func (p PathEditPage) Course(id uid.ID) path.Course { return p.Courses[id] }

// LastSection is the index of the last section.
func (p PathEditPage) LastSection() int { return len(p.Path.Sections) - 1 }

// Beside is the section before (−1) or after (1) that at index i, nil at the ends.
func (p PathEditPage) Beside(i, step int) *path.Section {
	if i+step < 0 || i+step >= len(p.Path.Sections) {
		return nil
	}
	return &p.Path.Sections[i+step]
}

// Cover is the picture that the form carries, nil for none.
func (p PathEditPage) Cover() *uid.ID {
	if id, ok := uid.Parse(p.Form.CoverFileID); ok {
		return &id
	}
	return nil
}

// PathRosterPage is GET /studio/paths/:path/people?find=&after=. It posts person (an id) to it and to
// …/people/:person/remove.
type PathRosterPage struct {
	path.Shown
	People  page.Of[path.Member]
	Find    string
	FoundIn []auth.Person
	Problem *fault.Fault
}

func (p PathRosterPage) in(c *Chrome) (string, any) {
	return "path_people", framed[PathRosterPage]{c, p}
}

// In tells whether a person found is among those shown.
func (p PathRosterPage) In(person uid.ID) bool {
	for _, m := range p.People.Items {
		if m.PersonID == person {
			return true
		}
	}
	return false
}

// PathHead is the head of a path's authoring pages with its tabs, drawn by parts/paths.html.
type PathHead struct {
	*Chrome
	Path path.Path
	Tab  string // content, people
}

// PathHead makes it.
func (c *Chrome) PathHead(p path.Path, tab string) PathHead { return PathHead{c, p, tab} }

// PrerequisitesPage is GET /studio/:course/prerequisites?find=&person=&after=: what a course asks for first, and who may
// start it without. It posts kind and course or skill to it, to …/prerequisites/:need/delete, and person to …/waivers and
// …/waivers/:person/delete.
type PrerequisitesPage struct {
	Outline  catalog.Outline
	Needs    []enrolment.Need
	Skills   []path.Skill
	Find     string
	Found    []catalog.Card // courses that match Find
	Waivers  page.Of[path.Waived]
	Person   string
	FoundWho []auth.Person // people that match Person
	Problem  *fault.Fault
}

func (p PrerequisitesPage) in(c *Chrome) (string, any) {
	return "prerequisites", framed[PrerequisitesPage]{c, p}
}

// Blocked tells whether something comes before the course for the reader, who has not started it.
func (p CoursePage) Blocked() bool { return !p.Way.Open() && !p.Started() }

// WayHead draws the way to a course, for parts/paths.html.
type WayHead struct {
	*Chrome
	Way path.Way
}

// WayHead makes it.
func (c *Chrome) WayHead(w path.Way) WayHead { return WayHead{c, w} }

// Before gives a tile the way to its course, where something comes first.
func (t Tile) Before(ways map[uid.ID]path.Way) Tile {
	if w, ok := ways[t.Course]; ok && (t.Mine == nil || t.Mine.StartedAt == nil) {
		t.Way = &w
	}
	return t
}

// Firsts names what comes before the course of a tile.
func (t Tile) Firsts() string {
	if t.Way == nil {
		return ""
	}
	return strings.Join(t.Way.MissingNames(), ", ")
}

// Rule says how many of a section's courses are to be completed: "3 of 5", or all.
func (c *Chrome) Rule(need, of int) (string, error) {
	if need == 0 || need >= of {
		return c.T("path.rule_all")
	}
	return c.T("path.rule_some", "Need", need, "Of", of)
}

// PathBadge names the state of a path.
func (c *Chrome) PathBadge(s path.Status) (Badge, error) {
	return c.StatusBadge("path_status", string(s))
}

// PathStatuses lists the states of paths to filter by.
func (c *Chrome) PathStatuses() []path.Status {
	return []path.Status{path.StatusDraft, path.StatusPublished, path.StatusArchived}
}

// Waits tells whether a locked course opens by itself later.
func (c *Chrome) Waits(r path.Reason) bool {
	return r == path.ReasonSection || r == path.ReasonCourse
}

// CourseHref is where a step of a path leads: into the course, to its page, or nowhere.
func (c *Chrome) CourseHref(s path.Step) string {
	if s.Reason == path.ReasonHidden || s.Course.Slug == "" || s.State == path.StepPassed {
		return ""
	}
	return "/courses/" + s.Course.Slug
}
