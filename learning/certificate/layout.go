package certificate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"lyceum/internal/colour"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Layout is how a certificate looks, beyond the brand's name, colour and logo.
type Layout struct {
	Paper       Paper       `json:"paper"`
	Orientation Orientation `json:"orientation"`
	Background  Background  `json:"background"`
	Colour      string      `json:"colour,omitempty"` // #rrggbb; "" is the brand's
	Logo        bool        `json:"logo"`             // the brand's, or its name
	SecondLogo  *uid.ID     `json:"second_logo,omitempty"`
	Signature   *uid.ID     `json:"signature,omitempty"`
	SignedBy    string      `json:"signed_by,omitempty"`
	SignedAs    string      `json:"signed_as,omitempty"`
	Title       string      `json:"title,omitempty"` // "" is that of the reader's language
	Body        string      `json:"body,omitempty"`  // lines; "" is that of the reader's language
	Facts       []Fact      `json:"facts"`
	Seal        bool        `json:"seal"`
	QR          bool        `json:"qr"`
}

// Paper is a size of paper (ISO 216, ANSI/ASME Y14.1).
type Paper string

// The papers.
const (
	PaperA4     Paper = "a4"
	PaperLetter Paper = "letter"
)

// Orientation is how a sheet lies.
type Orientation string

// The orientations.
const (
	Landscape Orientation = "landscape"
	Portrait  Orientation = "portrait"
)

// Background is what is drawn behind the text, in the design's colour.
type Background string

// The backgrounds.
const (
	BackgroundBand    Background = "band"
	BackgroundFrame   Background = "frame"
	BackgroundCorners Background = "corners"
	BackgroundWaves   Background = "waves"
	BackgroundPlain   Background = "plain"
)

// Fact is something that stands in a column of its own.
type Fact string

// The facts, in the order in which they are drawn.
const (
	FactCompleted Fact = "completed"
	FactScore     Fact = "score"
	FactHours     Fact = "hours"
	FactVersion   Fact = "version"
	FactUntil     Fact = "valid_until"
)

// Papers, Orientations, Backgrounds and Facts are all there are.
func Papers() []Paper             { return []Paper{PaperA4, PaperLetter} }
func Orientations() []Orientation { return []Orientation{Landscape, Portrait} }
func Backgrounds() []Background {
	return []Background{BackgroundBand, BackgroundFrame, BackgroundCorners, BackgroundWaves, BackgroundPlain}
}
func Facts() []Fact { return []Fact{FactCompleted, FactScore, FactHours, FactVersion, FactUntil} }

// Variables are the names that title and body may have in {{two braces}}.
func Variables() []string {
	return []string{"name", "course", "version", "score", "hours", "completed", "issued", "valid_until", "number", "organization"}
}

// How long the texts of a layout may be, in characters, and how many lines a body may have.
const (
	MaxTitle  = 120
	MaxBody   = 1500
	MaxLines  = 14
	MaxSigned = 120
)

// StartLayout is what a new design begins with.
func StartLayout() Layout {
	return Layout{Paper: PaperA4, Orientation: Landscape, Background: BackgroundBand, Logo: true, Facts: Facts(), Seal: true, QR: true}
}

var (
	variable = regexp.MustCompile(`\{\{\s*([a-z_]+)\s*\}\}`)
	braces   = regexp.MustCompile(`\{\{|\}\}`)
)

// wrongText tells what is wrong with the variables of a text, "" for nothing.
func wrongText(s string) string {
	for _, m := range variable.FindAllStringSubmatch(s, -1) {
		if !slices.Contains(Variables(), m[1]) {
			return fmt.Sprintf("There is no name “%s”. Choose one of those listed below the field.", m[1])
		}
	}
	if braces.MatchString(variable.ReplaceAllString(s, "")) {
		return "A name stands between two braces on each side, like {{name}}. One of them is not closed or not a name."
	}
	return ""
}

func length(s string) int { return len([]rune(s)) }

// Normalise trims what people type around values.
func (l *Layout) Normalise() {
	l.Title, l.SignedBy, l.SignedAs, l.Colour = strings.TrimSpace(l.Title), strings.TrimSpace(l.SignedBy), strings.TrimSpace(l.SignedAs), strings.TrimSpace(l.Colour)
	l.Body = strings.TrimSpace(strings.ReplaceAll(l.Body, "\r\n", "\n"))
	var facts []Fact
	for _, f := range Facts() {
		if slices.Contains(l.Facts, f) {
			facts = append(facts, f)
		}
	}
	l.Facts = facts
	if c, err := colour.Parse(l.Colour); err == nil {
		l.Colour = c.String()
	}
}

// Validate gathers every fault: fields paper, orientation, background, colour, title, body, signed_by, signed_as.
func (l Layout) Validate() error {
	f := fault.Fields{}
	f.Check(slices.Contains(Papers(), l.Paper), "paper", "Choose A4 or Letter.")
	f.Check(slices.Contains(Orientations(), l.Orientation), "orientation", "Choose landscape or portrait.")
	f.Check(slices.Contains(Backgrounds(), l.Background), "background", "Choose one of the backgrounds.")
	_, err := colour.Parse(l.Colour)
	f.Check(l.Colour == "" || err == nil, "colour", "Write a colour as #rrggbb, or leave it empty for the brand’s.")
	f.Check(length(l.Title) <= MaxTitle, "title", "Use at most 120 characters.")
	f.Check(length(l.Body) <= MaxBody, "body", "Use at most 1,500 characters.")
	f.Check(strings.Count(l.Body, "\n") < MaxLines, "body", "Use at most 14 lines.")
	f.Check(length(l.SignedBy) <= MaxSigned, "signed_by", "Use at most 120 characters.")
	f.Check(length(l.SignedAs) <= MaxSigned, "signed_as", "Use at most 120 characters.")
	for field, text := range map[string]string{"title": l.Title, "body": l.Body} {
		if wrong := wrongText(text); wrong != "" {
			f.Add(field, wrong)
		}
	}
	return f.Err()
}

// filled puts values for the variables of a line; ok is false where one of them has none, and then the line is left out.
func filled(line string, values map[string]string) (text string, ok bool) {
	ok = true
	text = variable.ReplaceAllStringFunc(line, func(v string) string {
		name := variable.FindStringSubmatch(v)[1]
		ok = ok && values[name] != ""
		return values[name]
	})
	return text, ok
}
