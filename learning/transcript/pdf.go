package transcript

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"lyceum/internal/colour"
	"lyceum/internal/paper"
	"lyceum/learning/certificate"
	"lyceum/learning/enrolment"
)

// Measures in millimetres: A4 upright.
const (
	pageWidth, pageHeight = 210.0, 297.0
	left, right           = 18.0, pageWidth - 18.0
	firstRow, nextRow     = 92.0, 28.0
	lowest                = pageHeight - 22 // of a row
	rowHeight             = 12.5
	proofHeight           = 42.0
)

// The columns behind the course, each by its right edge.
const (
	statusAt = 116.0 // by its left edge
	resultAt = 158.0
	timeAt   = right
)

type sheet struct {
	*paper.Sheet
	t     Transcript
	i     Issued
	look  certificate.Look
	words Words
	y     float64
	page  int
}

// PDF draws a transcript that was given out, in the look of certificates. The same transcript and look give the same bytes.
func PDF(t Transcript, i Issued, look certificate.Look) ([]byte, error) {
	if look.Location == nil {
		look.Location = time.UTC
	}
	if look.Words.Date == nil {
		look.Words = certificate.English()
	}
	w := wordsIn(look.Words.Language)
	base, err := paper.New("P", look.Brand.Colour, paper.Facts{
		Title: w.Title + " – " + t.PersonName, Author: look.Brand.Name, Subject: w.Title, Keywords: i.Spaced(), Language: look.Words.Language, At: i.IssuedAt,
	})
	if err != nil {
		return nil, fmt.Errorf("transcript %s: %w", i.ID, err)
	}
	p := &sheet{Sheet: base, t: t, i: i, look: look, words: w}
	p.begin()
	p.drawHead()
	p.y = firstRow
	p.drawColumns()
	for _, l := range t.Lines {
		p.drawLine(l)
	}
	if len(t.Lines) == 0 {
		p.At(w.Nothing, paper.Fit("I", 11, 8), pageWidth/2, p.y+10, right-left, paper.Faint)
	}
	if err := p.drawProof(); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := p.Output(&out); err != nil {
		return nil, fmt.Errorf("draw transcript %s: %w", i.ID, err)
	}
	return out.Bytes(), nil
}

// begin begins a sheet: the band above, the foot below.
func (p *sheet) begin() {
	p.page++
	p.AddPage()
	p.Fill(p.Brand)
	p.Rect(0, 0, pageWidth, 9, "F")
	p.ClipRect(0, 0, pageWidth, 9, false)
	p.Stroke(paper.Blend(p.Brand, colour.OnColour(p.Brand), 0.3), 0.12)
	for k := range 8 {
		at := float64(k)
		p.Curve(120, func(t float64) (x, y float64) { return t * pageWidth, 4.5 + 4*wave(t*7+at/8) })
	}
	p.ClipEnd()
	p.Stroke(paper.Pale, 0.25)
	p.Line(left, pageHeight-16, right, pageHeight-16)
	p.From(p.look.Brand.Name+" · "+p.words.Number+" "+p.i.Spaced(), paper.Fit("", 8, 6), left, pageHeight-11, 130, paper.Faint)
	p.Use("", 8, paper.Faint)
	foot := fmt.Sprintf("%s %d", p.words.Page, p.page)
	p.Text(right-p.GetStringWidth(foot), pageHeight-11, foot)
}

func (p *sheet) drawHead() {
	if !p.Logo(p.look.LogoPNG, pageWidth/2, 16, 60, 15) {
		p.At(p.look.Brand.Name, paper.Fit("B", 16, 10), pageWidth/2, 26, right-left, p.Brand)
	}
	p.Spaced(p.words.Title, paper.Fit("", 17, 11), pageWidth/2, 43, right-left, 1.1, paper.Ink)
	p.Fill(p.Brand)
	p.Rect(pageWidth/2-12, 47, 24, 0.8, "F")
	p.Block(p.t.PersonName, paper.Fit("B", 21, 12), paper.Lines(pageWidth/2, 58, right-left, 1, 1), p.Brand)
	p.At(p.period(), paper.Fit("I", 10, 8), pageWidth/2, 66, right-left, paper.Faint)
	type fact struct{ label, value string }
	facts := []fact{
		{p.words.Courses, strconv.Itoa(len(p.t.Lines))}, {p.words.Completed, strconv.Itoa(p.t.Completed())},
		{p.words.TimeSpent, p.duration(p.t.Seconds())}, {p.words.IssuedOn, p.date(p.i.IssuedAt)},
	}
	column := (right - left) / float64(len(facts))
	for n, f := range facts {
		x := left + column*(float64(n)+0.5)
		p.At(f.label, paper.Fit("", 8, 6), x, 75, column-4, paper.Faint)
		p.At(f.value, paper.Fit("B", 11, 8), x, 80.5, column-4, paper.Ink)
	}
}

func (p *sheet) period() string {
	w := p.words
	switch from, until := p.t.Period.From, p.t.Period.Until; {
	case from != nil && until != nil:
		return w.Between(p.date(*from), p.date(until.Add(-time.Second)))
	case from != nil:
		return w.Since(p.date(*from))
	case until != nil:
		return w.UpTo(p.date(until.Add(-time.Second)))
	}
	return w.Everything
}

func (p *sheet) drawColumns() {
	p.From(p.words.Course, paper.Fit("B", 8, 6), left, p.y-3, 90, paper.Faint)
	p.From(p.words.Status, paper.Fit("B", 8, 6), statusAt, p.y-3, 28, paper.Faint)
	p.ending(p.words.Result, "B", 8, resultAt, p.y-3, paper.Faint)
	p.ending(p.words.TimeSpent, "B", 8, timeAt, p.y-3, paper.Faint)
	p.Stroke(p.Brand, 0.4)
	p.Line(left, p.y-0.8, right, p.y-0.8)
}

// ending draws a line that ends at x.
func (p *sheet) ending(s, style string, size, x, y float64, c colour.Colour) {
	p.Use(style, size, c)
	p.Text(x-p.GetStringWidth(s), y, s)
}

func (p *sheet) drawLine(l Line) {
	if p.y+rowHeight > lowest {
		p.begin()
		p.y = nextRow
		p.drawColumns()
	}
	base := p.y + 4.8
	p.From(l.CourseTitle, paper.Fit("B", 10, 7), left, base, statusAt-left-4, paper.Ink)
	p.From(p.details(l), paper.Fit("", 7.5, 5.5), left, base+4.4, right-left-2, paper.Faint)
	p.From(p.words.Statuses(l.Status, l.StartedAt != nil), paper.Fit("", 9, 7), statusAt, base, 30, paper.Ink)
	result := strconv.Itoa(l.Percent) + " %"
	if l.Result != nil {
		result = strconv.Itoa(*l.Result) + " %"
	}
	p.ending(result, "", 9, resultAt, base, paper.Ink)
	p.ending(p.duration(l.Seconds), "", 9, timeAt, base, paper.Ink)
	p.y += rowHeight
	p.Stroke(paper.Pale, 0.15)
	p.Line(left, p.y-0.8, right, p.y-0.8)
}

// details is the second line of a row: version, dates, the certificate's number.
func (p *sheet) details(l Line) string {
	w := p.words
	parts := []string{w.Version + " " + strconv.Itoa(l.VersionNumber), w.Enrolled + " " + p.date(l.EnrolledAt)}
	if l.StartedAt != nil {
		parts = append(parts, w.Started+" "+p.date(*l.StartedAt))
	}
	if l.CompletedAt != nil && l.Status == enrolment.StatusCompleted {
		parts = append(parts, w.CompletedOn+" "+p.date(*l.CompletedAt))
	}
	if l.CertificateCode != "" {
		c := certificate.Certificate{Code: l.CertificateCode, ValidUntil: l.CertificateUntil}
		parts = append(parts, w.Certificate+" "+c.Spaced())
		if l.CertificateUntil != nil {
			parts = append(parts, w.ValidUntil+" "+p.look.Words.Date(c.LastDay()))
		}
	}
	return strings.Join(parts, " · ")
}

func (p *sheet) drawProof() error {
	if p.y+proofHeight > pageHeight-18 {
		p.begin()
		p.y = nextRow - 8
	}
	top := pageHeight - 18 - proofHeight + 6
	const side = 28.0
	if err := p.QR(p.look.VerifyURL, left-3, top, side); err != nil {
		return err
	}
	text := left + side + 2
	p.From(p.words.Verify, paper.Fit("B", 10, 7), text, top+7, 100, paper.Ink)
	p.WrapFrom(p.look.VerifyURL, paper.Fit("", 8, 5.5), text, top+12, 100, paper.Faint)
	p.From(p.words.Number+" "+p.i.Spaced(), paper.Fit("B", 10, 7), text, top+23, 100, paper.Ink)
	p.Seal(right-14, top+side/2, 13)
	return nil
}

func (p *sheet) date(at time.Time) string { return p.look.Words.Date(at.In(p.look.Location)) }

func (p *sheet) duration(seconds int64) string {
	w := p.look.Words
	minutes := (seconds + 30) / 60
	switch h, m := minutes/60, minutes%60; {
	case minutes == 0:
		return "–"
	case h == 0:
		return fmt.Sprintf("%d %s", m, w.Minutes)
	case m == 0:
		return fmt.Sprintf("%d %s", h, w.Hours)
	default:
		return fmt.Sprintf("%d %s %d %s", h, w.Hours, m, w.Minutes)
	}
}
