package themes

import (
	"fmt"

	"lyceum/internal/page"
	"lyceum/learning/content"
)

// FilesPage is GET /files?kind=&unused=&order=&after=: the portal's files, where each is used, and how much room they take.
// POST /files/<id>/remove removes one that nothing uses.
type FilesPage struct {
	Filter  content.Filter
	Files   page.Of[content.Listed]
	Storage content.Storage
}

func (p FilesPage) in(c *Chrome) (string, any) { return "files", framed[FilesPage]{c, p} }

// Playing writes the length of a recording as players do: 1:05, 1:02:03.
func (c *Chrome) Playing(seconds float64) string {
	s := int(seconds + 0.5)
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// Kinds lists the kinds to choose from.
func (p FilesPage) Kinds() []content.FileKind { return content.FileKinds }

// Narrowed tells whether the list is not all files.
func (p FilesPage) Narrowed() bool { return p.Filter.Kind != "" || p.Filter.Unused }

// Order is how the list is sorted, as the address has it: "size", or "" for the newest first.
func (p FilesPage) Order() string {
	if p.Filter.Largest {
		return "size"
	}
	return ""
}

// Unused is the filter as the address has it.
func (p FilesPage) Unused() string {
	if p.Filter.Unused {
		return "1"
	}
	return ""
}

// Full tells whether storage is nearly gone: from nine tenths on.
func (p FilesPage) Full() bool { return p.Storage.Limit > 0 && p.Storage.Percent() >= 90 }
