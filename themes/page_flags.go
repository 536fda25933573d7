package themes

import (
	"lyceum/internal/fault"
	"lyceum/tenant/flag"
)

// FlagsPage is GET /operator/flags: every flag with its share and the portals for which it is on or off by itself. It posts percent and revision to
// …/:flag, slug and on (1, 0, or empty to follow the share) to …/:flag/portals.
type FlagsPage struct {
	Flags   []flag.Listed
	At      string // the flag that the problem and what was typed are about
	Slug    string
	Problem *fault.Fault
}

func (p FlagsPage) in(c *Chrome) (string, any) { return "flags", framed[FlagsPage]{c, p} }

// Wrong is the problem of a flag's own form.
func (p FlagsPage) Wrong(name string) *fault.Fault {
	if p.At == name {
		return p.Problem
	}
	return nil
}

// TypedSlug is what was typed for a flag.
func (p FlagsPage) TypedSlug(name string) string {
	if p.At == name {
		return p.Slug
	}
	return ""
}
