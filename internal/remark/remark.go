// Package remark reads comments that are about passages of a text, and finds the passages there. Whoever comments writes it as people
// quote in mails: lines that begin with > repeat the passage, and what follows up to an empty line is about it. So a comment stays plain
// text wherever it goes. It is pure.
package remark

import (
	"html/template"
	"strings"
)

// Note is what is said to one passage.
type Note struct {
	Number  int    // as it is shown, from 1
	Passage string // as the comment repeats it, white space as one space
	Text    string
	Found   bool // the passage stands in the text
}

// Said is a comment: what it says to the whole, and to passages.
type Said struct {
	Text  string
	Notes []Note
}

// Read takes a comment apart; its first note has the number first.
func Read(comment string, first int) (out Said) {
	var general []string
	var now *Note
	quoting := false
	flush := func() {
		if now != nil {
			now.Text = strings.TrimSpace(now.Text)
			out.Notes = append(out.Notes, *now)
		}
		now, quoting = nil, false
	}
	for line := range strings.Lines(strings.ReplaceAll(comment, "\r\n", "\n")) {
		line = strings.TrimRight(line, "\n")
		quoted, isQuote := strings.CutPrefix(strings.TrimLeft(line, " \t"), ">")
		switch {
		case isQuote && strings.TrimSpace(quoted) == "":
			continue
		case isQuote && quoting:
			now.Passage += " " + plain(quoted)
		case isQuote:
			flush()
			now, quoting = &Note{Number: first + len(out.Notes), Passage: plain(quoted)}, true
		case now != nil && strings.TrimSpace(line) == "":
			flush()
		case now != nil:
			quoting = false
			now.Text += line + "\n"
		default:
			general = append(general, line)
		}
	}
	flush()
	out.Text = strings.TrimSpace(strings.Join(general, "\n"))
	return out
}

// plain writes white space as one space.
func plain(s string) string { return strings.Join(strings.Fields(s), " ") }

// Anchored is a text with its passages marked, and what is said.
type Anchored struct {
	HTML template.HTML
	Said []Said // comment by comment
	ID   string
}

// Anchor finds what comments are about in a text that is safe already. Each passage is marked where it first stands, with the number of
// its note, which is the mark's id behind id and a hyphen. Where two passages overlap the first one keeps the place.
func Anchor(text template.HTML, id string, comments ...string) Anchored {
	out := Anchored{HTML: text, ID: id}
	next := 1
	for _, c := range comments {
		said := Read(c, next)
		next += len(said.Notes)
		out.Said = append(out.Said, said)
	}
	if next > 1 {
		out.HTML = mark(text, id, out.Said)
	}
	return out
}

// Notes are all of them.
func (a Anchored) Notes() (list []Note) {
	for _, s := range a.Said {
		list = append(list, s.Notes...)
	}
	return list
}
