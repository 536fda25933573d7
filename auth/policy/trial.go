package policy

import "time"

// Trial answers what roles would be allowed under lines that are not in force: to show a change before it is made.
type Trial struct{ c *compiled }

// NewTrial compiles lines; an error for a line that no engine of ours understands.
func NewTrial(lines []Line) (*Trial, error) {
	c, err := compile(lines, time.Time{})
	if err != nil {
		return nil, err
	}
	return &Trial{c}, nil
}

// For gives what these roles together might do.
func (t *Trial) For(roles []Role) (Set, error) { return t.c.setOf(roles) }

// LinesOf gives the lines that make a role: what it inherits, and what it may itself.
func LinesOf(role Role, inherits []Role, own []Permission) []Line {
	lines := make([]Line, 0, len(inherits)+len(own))
	for _, from := range inherits {
		lines = append(lines, Line{LineInherits, string(role), string(from), ""})
	}
	for _, p := range own {
		lines = append(lines, Line{LineAllows, string(role), p.Object(), p.Action()})
	}
	return lines
}

// Of tells whether a line is about a role (and not one that only inherits it).
func (l Line) Of(role Role) bool { return l.V0 == string(role) }
