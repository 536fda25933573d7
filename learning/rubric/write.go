package rubric

import (
	"fmt"
	"strings"

	"lyceum/internal/fault"
)

// A rubric is written as text, so that it can be typed without a mouse, pasted from a document and compared:
//
//	Argument | The thesis is stated and held
//	- 4 Convincing | Every claim has a ground
//	- 2 In part
//	- 0 Missing
//
// A line is a criterion, a line that begins with - is a level of it with its points; what stands behind | is about it.

// String writes a rubric as Read reads it.
func (r Rubric) String() string {
	var b strings.Builder
	for i, c := range r.Criteria {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(line(c.Title, c.About))
		for _, l := range c.Levels {
			b.WriteString("- " + l.Points.String() + " " + line(l.Title, l.About))
		}
	}
	return b.String()
}

func line(title, about string) string {
	if about == "" {
		return title + "\n"
	}
	return title + " | " + about + "\n"
}

// Read reads a rubric from text; what it cannot read is a fault of the field, with the number of the line.
func Read(text, field string) (r Rubric, err error) {
	f := fault.Fields{}
	for n, l := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		l = strings.TrimSpace(l)
		rest, level := strings.CutPrefix(l, "-")
		title, about, _ := strings.Cut(rest, "|")
		switch {
		case l == "":
		case !level:
			r.Criteria = append(r.Criteria, Criterion{Title: tidy(title), About: tidy(about)})
		case len(r.Criteria) == 0:
			f.Check(false, field, fmt.Sprintf("Line %d is a level, but no criterion stands before it.", n+1))
		default:
			number, name, _ := strings.Cut(tidy(title), " ")
			points, ok := ParsePoints(number)
			f.Check(ok, field, fmt.Sprintf("Line %d needs its points first, such as “- 4 Convincing”.", n+1))
			c := &r.Criteria[len(r.Criteria)-1]
			c.Levels = append(c.Levels, Level{Title: name, About: tidy(about), Points: points})
		}
	}
	if err = f.Err(); err != nil {
		return Rubric{}, err
	}
	return r.Clean(field)
}
