package themes

import (
	"strconv"
	"strings"

	"lyceum/internal/fault"
	diff "lyceum/internal/lines"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/exchange"
)

// The editor's script posts {"revision", "fields"} to /studio/:course/lessons/:lesson/autosave, where fields are those of
// the form, and gets {"revision", "saved_at", "notes"}; or a problem with status 409 whose current is
// {"revision", "name", "clean"}. It posts to …/here every half minute and gets {"revision", "others"}.

// Flash keys of writing.
const (
	FlashLessonRestored FlashKey = "lesson_restored" // Name: the lesson
	FlashCourseImported FlashKey = "course_imported" // Name: the course
)

// LessonHistoryPage is GET /studio/:course/lessons/:lesson/history?state=: what the lesson said before, and one state of
// it. It posts revision, state to its own address.
type LessonHistoryPage struct {
	Course  catalog.Course
	Version catalog.Version
	Lesson  catalog.Lesson
	Saves   []catalog.Save
	Shown   *catalog.Past // nil when nothing is kept
	Problem *fault.Fault
}

func (p LessonHistoryPage) in(c *Chrome) (string, any) {
	return "lesson_history", framed[LessonHistoryPage]{c, p}
}

// ImportPage is GET and POST /studio/import. It posts file (multipart, at most 8 MiB) or file_id, and do: look, or import.
// Report tells what would come of the package; nil before there is one.
type ImportPage struct {
	FileID  string
	File    *content.File
	Report  *exchange.Course
	Problem *fault.Fault
}

func (p ImportPage) in(c *Chrome) (string, any) { return "import", framed[ImportPage]{c, p} }

// Refused tells whether the package cannot be imported.
func (p ImportPage) Refused() bool { return p.Report != nil && len(p.Report.Stops()) > 0 }

// Package is the file control of the import page.
func (c *Chrome) Package(p ImportPage) (u Upload, err error) {
	u = Upload{Chrome: c, Name: "file", Kind: "package", Accept: ".imscc,.zip,application/zip", Limit: content.MaxPackage, FileID: p.FileID, File: p.File, Error: c.FieldText(p.Problem, "file")}
	if u.Label, err = c.T("field.file_package"); err != nil {
		return u, err
	}
	u.Hint, err = c.T("upload.hint_package", "Limit", c.Bytes(u.Limit))
	return u, err
}

// around is how many lines that stayed are shown beside one that changed.
const around = 2

// Changes are the lines that changed in the state shown, with those around them.
func (p LessonHistoryPage) Changes() []diff.Change { return diff.Near(p.Shown.Changes(), around) }

// Latest tells whether the state shown is what the lesson says now.
func (p LessonHistoryPage) Latest() bool { return p.Shown.Revision == p.Lesson.Revision }

// LessonField is the name of a field of a lesson.
func (c *Chrome) LessonField(name string) (string, error) {
	return c.Named("lesson_field", strings.ToLower(name))
}

// Key is under what the browser keeps what was not saved yet.
func (c *Chrome) Key(l catalog.Lesson) string {
	if c.View.Who == nil {
		return ""
	}
	return "lesson:" + c.View.Who.PersonID.String() + ":" + l.ID.String()
}

// Unsaved tells whether the form says something else than what is kept.
func (p LessonEditPage) Unsaved() bool {
	kept := NewLessonForm(p.Lesson)
	if len(kept.Questions) != len(p.Form.Questions) {
		return true
	}
	for i, q := range kept.Questions {
		other := p.Form.Questions[i]
		if q.ID != other.ID || q.Prompt != other.Prompt || q.Explanation != other.Explanation || len(q.Options) != len(other.Options) {
			return true
		}
		for j, o := range q.Options {
			if o != other.Options[j] {
				return true
			}
		}
	}
	return kept.Title != p.Form.Title || kept.Body != p.Form.Body || kept.Minutes != p.Form.Minutes || kept.PassPercent != p.Form.PassPercent ||
		kept.FileID != p.Form.FileID || kept.CaptionsFileID != p.Form.CaptionsFileID
}

// Beside is a stretch of both authors' texts side by side.
type Beside struct {
	diff.Part
	Cut bool // lines that neither changed were left out here
}

// Rows are both authors' texts side by side, without what neither changed but for a little around.
func (p LessonEditPage) Rows() (rows []Beside) {
	for i, part := range p.Merge.Body {
		if part.Origin != diff.Neither || len(part.Mine) <= 2*around {
			rows = append(rows, Beside{Part: part})
			continue
		}
		part := func(of []string) diff.Part { return diff.Part{Origin: diff.Neither, Base: of, Mine: of, Theirs: of} }
		all := p.Merge.Body[i].Mine
		if i > 0 {
			rows = append(rows, Beside{Part: part(all[:around])})
		}
		rows = append(rows, Beside{Cut: true})
		if i+1 < len(p.Merge.Body) {
			rows = append(rows, Beside{Part: part(all[len(all)-around:])})
		}
	}
	return rows
}

// Clashing is a field that both authors changed, each otherwise.
type Clashing struct{ Field, Mine, Theirs string }

// Clashing lists what both changed beside the text; where it is no short text, only its name is told.
func (p LessonEditPage) Clashing() (out []Clashing) {
	theirs := p.Merge.Lesson
	for _, field := range p.Merge.Clashes {
		c := Clashing{Field: field}
		switch field {
		case "Body":
			continue
		case "Title":
			c.Mine, c.Theirs = p.Merge.Mine.Title, theirs.Title
		case "Minutes":
			c.Mine, c.Theirs = strconv.Itoa(p.Merge.Mine.Minutes), strconv.Itoa(theirs.Minutes)
		case "PassPercent":
			c.Mine, c.Theirs = strconv.Itoa(p.Merge.Mine.PassPercent), strconv.Itoa(theirs.PassPercent)
		}
		out = append(out, c)
	}
	for _, q := range p.Merge.Mended {
		out = append(out, Clashing{"Questions", q.Mine.Prompt, q.Theirs.Prompt})
	}
	return out
}

// SavedWhen is when the other author saved.
func (c *Chrome) SavedWhen(p LessonEditPage) string {
	if p.Merge == nil || p.Merge.At == nil {
		return ""
	}
	return c.When(*p.Merge.At)
}
