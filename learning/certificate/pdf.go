package certificate

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"time"

	"lyceum/internal/colour"
	"lyceum/internal/fault"
	"lyceum/internal/paper"
	"lyceum/tenant"
)

// Look is what a certificate is drawn with: the tenant's brand and where it can be verified.
type Look struct {
	Brand      tenant.Brand
	LogoPNG    []byte         // empty or unreadable: the brand's name stands in its place
	VerifyURL  string         // printed, and drawn as a QR code (ISO/IEC 18004)
	Location   *time.Location // of the dates; nil is UTC
	Words      Words          // zero is English
	Layout     *Layout        // nil: the built-in one
	SecondLogo []byte         // PNG, of the layout
	Signature  []byte         // PNG, of the layout
	At         time.Time      // when it is drawn: it says whether it has expired by then; zero leaves that out
}

// For gives the look as a reader wants it: with the dates of a time zone (an IANA name; none and an unknown one leave
// what the look has) and the words of the first of the wishes that there are words for (WordsIn).
func (l Look) For(zone string, wishes ...string) Look {
	if at, err := time.LoadLocation(zone); err == nil && zone != "" {
		l.Location = at
	}
	l.Words = WordsIn(wishes...)
	return l
}

// ErrRevoked is a certificate that was withdrawn: it is not drawn any more.
var ErrRevoked = fault.New(fault.KindConflict, "certificate_revoked", "This certificate was withdrawn. Ask the organization that issued it.")

// Measures of the page in millimetres: A4 landscape, a band of the brand's colour at its left, a frame right of it.
const (
	pageWidth, pageHeight = 297.0, 210.0
	bandWidth             = 20.0
	frameLeft, frameTop   = 28.0, 8.0
	frameRight            = pageWidth - frameTop
	frameBottom           = pageHeight - frameTop
	centre                = (frameLeft + frameRight) / 2
	textWidth             = 226.0
)

// sheet is the page being drawn.
type sheet struct {
	*paper.Sheet
	c    Certificate
	look Look
}

// PDF draws the certificate on a landscape A4 page. Fonts are embedded (Go Regular, Bold, Italic: Latin, Greek,
// Cyrillic; a letter they lack is drawn without its marks, or as a box). The same certificate and look give the same
// bytes. ErrRevoked for one that was withdrawn.
func (s *Service) PDF(_ context.Context, c Certificate, look Look) ([]byte, error) {
	if look.At.IsZero() && s.now != nil {
		look.At = s.now()
	}
	_, pdf, err := draw(c, look, false)
	return pdf, err
}

// draw draws a certificate as PDF, and as SVG too where that is wanted.
func draw(c Certificate, look Look, also bool) (svg, pdf []byte, err error) {
	if c.RevokedAt != nil {
		return nil, nil, ErrRevoked
	}
	if look.Words.Date == nil {
		look.Words = English()
	}
	if look.Location == nil {
		look.Location = time.UTC
	}
	facts := paper.Facts{
		Title: look.Words.Title + ": " + c.CourseTitle + " – " + c.PersonName, Author: look.Brand.Name, Subject: c.CourseTitle,
		Keywords: c.Spaced(), Language: look.Words.Language, At: c.IssuedAt,
	}
	tint, lying := look.Brand.Colour, "L"
	if l := look.Layout; l != nil {
		if l.Colour != "" {
			tint = l.Colour
		}
		if l.Orientation == Portrait {
			lying = "P"
		}
		facts.Paper = map[Paper]string{PaperA4: "A4", PaperLetter: "Letter"}[l.Paper]
	}
	base, err := paper.New(lying, tint, facts)
	if err != nil {
		return nil, nil, fmt.Errorf("certificate %s: %w", c.ID, err)
	}
	p := &sheet{Sheet: base, c: c, look: look}
	p.AddPage()
	if also {
		p.Record()
	}
	if look.Layout != nil {
		err = p.drawLayout(*look.Layout)
	} else {
		err = p.drawBuiltIn()
	}
	if err != nil {
		return nil, nil, err
	}
	var out bytes.Buffer
	if err = p.Output(&out); err != nil {
		return nil, nil, fmt.Errorf("draw certificate %s: %w", c.ID, err)
	}
	if also {
		svg = p.SVG()
	}
	return svg, out.Bytes(), nil
}

func (p *sheet) drawBuiltIn() error {
	p.drawGround()
	p.drawHead()
	p.drawPerson()
	p.drawFacts()
	return p.drawProof()
}

// fitted draws a line in the middle of the page.
func (p *sheet) fitted(s string, f paper.Face, y float64, c colour.Colour) {
	p.At(s, f, centre, y, textWidth, c)
}

// drawHead draws whose certificate it is and what it is.
func (p *sheet) drawHead() {
	if !p.Logo(p.look.LogoPNG, centre, 19, 80, 19) {
		p.fitted(p.look.Brand.Name, paper.Fit("B", 20, 12), 34, p.Brand)
	}
	p.Spaced(p.look.Words.Title, paper.Fit("", 23, 14), centre, 62, textWidth, 1.5, paper.Ink)
	p.Fill(p.Brand)
	p.Rect(centre-16, 67.5, 32, 0.9, "F")
}

// drawPerson draws who completed what.
func (p *sheet) drawPerson() {
	p.fitted(p.look.Words.Certifies, paper.Fit("I", 13, 9), 80.5, paper.Faint)
	p.Block(p.c.PersonName, paper.Fit("B", 34, 17), paper.Lines(centre, 95, textWidth, 1, 2), p.Brand)
	p.Stroke(paper.Pale, 0.25)
	p.Line(centre-75, 102.5, centre+75, 102.5)
	p.Fill(p.Brand)
	p.Diamond(centre, 102.5, 1.3)
	p.fitted(p.look.Words.Completed, paper.Fit("I", 13, 9), 111, paper.Faint)
	p.Block(p.c.CourseTitle, paper.Fit("B", 22, 13), paper.Lines(centre, 128, textWidth, 2, 3), paper.Ink)
}

// fact is a label with what it says.
type fact struct{ label, value string }

// facts are those wanted that the certificate has, in their order.
func (p *sheet) facts(wanted []Fact) (list []fact) {
	w := p.look.Words
	for _, f := range wanted {
		switch {
		case f == FactCompleted:
			list = append(list, fact{w.CompletedOn, w.Date(p.c.CompletedAt.In(p.look.Location))})
		case f == FactScore && p.c.Percent != nil:
			list = append(list, fact{w.Result, strconv.Itoa(*p.c.Percent) + " %"})
		case f == FactHours && p.c.Minutes > 0:
			list = append(list, fact{w.LearningTime, duration(p.c.Minutes, w)})
		case f == FactVersion:
			list = append(list, fact{w.CourseVersion, strconv.Itoa(p.c.VersionNumber)})
		case f == FactUntil && p.c.ValidUntil != nil:
			label := w.ValidUntil
			if !p.look.At.IsZero() && p.c.State(p.look.At) == StateExpired {
				label = w.Expired
			}
			list = append(list, fact{label, w.Date(p.c.LastDay())})
		}
	}
	return list
}

// drawFacts draws when, how well, how long, in columns.
func (p *sheet) drawFacts() {
	p.columns(p.facts(Facts()), centre, 150.5, textWidth)
}

// columns draws facts beside one another, the labels on a line at y.
func (p *sheet) columns(facts []fact, x, y, width float64) {
	column := min(52.0, width/float64(max(1, len(facts))))
	left := x - column*float64(len(facts))/2
	for i, f := range facts {
		at := left + column*(float64(i)+0.5)
		p.At(f.label, paper.Fit("", 9, 6), at, y, column-4, paper.Faint)
		p.At(f.value, paper.Fit("B", 13, 8), at, y+6.5, column-4, paper.Ink)
		if i > 0 {
			p.Stroke(paper.Pale, 0.25)
			p.Line(at-column/2, y-4, at-column/2, y+8)
		}
	}
}

// drawProof draws how the certificate is checked, the seal, and who issued it when.
func (p *sheet) drawProof() error {
	const left, top, side = 42.0, 167.0, 26.0
	if err := p.QR(p.look.VerifyURL, left, top, side); err != nil {
		return err
	}
	text := left + side + 5
	p.From(p.look.Words.Verify, paper.Fit("B", 10, 7), text, top+5, 66, paper.Ink)
	p.WrapFrom(p.look.VerifyURL, paper.Fit("", 8, 5.5), text, top+10, 66, paper.Faint)
	p.From(p.look.Words.Number, paper.Fit("", 8, 6), text, top+20, 66, paper.Faint)
	p.From(p.c.Spaced(), paper.Fit("B", 10, 7), text, top+25, 66, paper.Ink)

	p.Seal(centre+9, top+side/2, 14)

	const column = 82.0
	x := frameRight - 14 - column/2
	p.Block(p.look.Brand.Name, paper.Fit("I", 16, 10), paper.Lines(x, top+12, column, 1, 2), paper.Ink)
	p.Stroke(paper.Faint, 0.25)
	p.Line(x-column/2, top+16.5, x+column/2, top+16.5)
	p.At(p.look.Words.IssuedOn+" "+p.look.Words.Date(p.c.IssuedAt.In(p.look.Location)), paper.Fit("", 9, 6), x, top+21.5, column, paper.Faint)
	return nil
}

func duration(minutes int, w Words) string {
	h, m := minutes/60, minutes%60
	switch {
	case h == 0:
		return fmt.Sprintf("%d %s", m, w.Minutes)
	case m == 0:
		return fmt.Sprintf("%d %s", h, w.Hours)
	}
	return fmt.Sprintf("%d %s %d %s", h, w.Hours, m, w.Minutes)
}
