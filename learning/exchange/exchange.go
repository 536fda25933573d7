// Package exchange brings courses in from other systems and takes them out: folders of Markdown, and Common Cartridge 1.3
// (1EdTech, imscc_v1p3). A package is read whole and judged before anything of it is kept; what it says of itself is not
// believed. It teaches nobody and keeps nothing itself: courses are the catalog's, files are content's.
package exchange

import (
	"fmt"
	"strings"

	"lyceum/internal/fault"
	"lyceum/internal/media"
	"lyceum/learning/catalog"
)

// Format is how a course is packed.
type Format string

const (
	// FormatMarkdown is a ZIP of folders: a folder is a module, a .md file a lesson (see docs/EXCHANGE.md).
	FormatMarkdown Format = "markdown"
	// FormatCartridge is Common Cartridge 1.3; older versions of it are read too.
	FormatCartridge Format = "cartridge"
)

// Bounds of a package.
const (
	// MaxPackage is the size of a package, in bytes.
	MaxPackage = 1 << 30
	// maxText is the size of one text, page or XML file of it.
	maxText = 4 << 20
	// maxNotes bounds how much is told about one package.
	maxNotes = 200
)

// limits are what a package may unpack to.
var limits = media.Limits{Entries: 5000, Total: 2 << 30, File: 1 << 30, Ratio: 100}

// Failures of this package.
var (
	ErrPackage = fault.New(fault.KindInvalid, "package_refused", "This package cannot be imported. Nothing of it was kept.")
	ErrFormat  = fault.New(fault.KindInvalid, "package_unknown", "This is neither a Common Cartridge nor a ZIP file with Markdown lessons. A cartridge has imsmanifest.xml at its top; lessons end in .md.")
)

// Note is something to know about a package, and where in it.
type Note struct {
	File  string
	Line  int // 0 when it is about the whole file
	Text  string
	Stops bool // with it, nothing of the package is imported
}

// Place is the file with the line.
func (n Note) Place() string {
	if n.Line == 0 {
		return n.File
	}
	return fmt.Sprintf("%s:%d", n.File, n.Line)
}

// Course is what a package holds.
type Course struct {
	Format   Format
	Title    string
	Summary  string
	Language string
	Modules  []Module
	Notes    []Note
	dropped  int
}

// Module is a chapter of it.
type Module struct {
	Title   string
	Lessons []Lesson
}

// Lesson is a lesson of it. In place of files it names paths within the package: also as the pictures of its text.
type Lesson struct {
	catalog.LessonInput
	Source   string // where it stands in the package
	File     string // "" for none
	Captions string
}

// Lessons counts them.
func (c *Course) Lessons() (n int) {
	for _, m := range c.Modules {
		n += len(m.Lessons)
	}
	return n
}

// Stops lists the notes with which nothing is imported.
func (c *Course) Stops() (stops []Note) {
	for _, n := range c.Notes {
		if n.Stops {
			stops = append(stops, n)
		}
	}
	return stops
}

// Refusal is what keeps the package from being imported, as a fault whose fields are files with lines; nil for nothing.
func (c *Course) Refusal() error {
	stops := c.Stops()
	if len(stops) == 0 {
		return nil
	}
	out := ErrPackage.Saying("%s: %s Nothing of this package was kept.", stops[0].Place(), stops[0].Text)
	for _, n := range stops {
		if _, told := out.Fields[n.Place()]; !told {
			out = out.With(n.Place(), n.Text)
		}
	}
	return out
}

// note tells something that does no harm.
func (c *Course) note(file string, line int, format string, args ...any) {
	c.add(Note{File: file, Line: line, Text: fmt.Sprintf(format, args...)})
}

// stop tells something with which nothing is imported.
func (c *Course) stop(file string, line int, format string, args ...any) {
	c.add(Note{File: file, Line: line, Text: fmt.Sprintf(format, args...), Stops: true})
}

func (c *Course) add(n Note) {
	if len(c.Notes) >= maxNotes && !n.Stops || len(c.Notes) >= 2*maxNotes {
		c.dropped++
		return
	}
	n.File = printable(n.File)
	c.Notes = append(c.Notes, n)
}

// flaw is what makes a file unreadable.
type flaw struct {
	file string
	line int
	text string
}

func (f *flaw) Error() string { return fmt.Sprintf("%s:%d: %s", f.file, f.line, f.text) }

func flawed(file string, line int, format string, args ...any) error {
	return &flaw{file, line, fmt.Sprintf(format, args...)}
}

// printable makes a stranger's name fit to be shown.
func printable(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '·'
		}
		return r
	}, strings.ToValidUTF8(name, "·"))
	if r := []rune(name); len(r) > 200 {
		name = string(r[:200]) + "…"
	}
	return name
}

// cut shortens a title to what a course takes, in whole characters.
func cut(s string, most int) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > most {
		return strings.TrimSpace(string(r[:most-1])) + "…"
	}
	return s
}
