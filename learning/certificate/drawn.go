package certificate

import (
	"strconv"
	"strings"

	"lyceum/internal/colour"
	"lyceum/internal/paper"
)

// area is where on a sheet something may be drawn, in millimetres.
type area struct{ left, top, right, bottom float64 }

func (a area) width() float64  { return a.right - a.left }
func (a area) centre() float64 { return (a.left + a.right) / 2 }

// drawLayout draws a certificate as a design has it: the background, the logos, the title, the text in the room that is left,
// the facts, and at the foot how it is checked and who signed it.
func (p *sheet) drawLayout(l Layout) error {
	w, h := p.GetPageSize()
	in := p.drawBackground(l.Background, w, h)
	y := p.drawLogos(l, in)
	title, _ := filled(l.Title, p.values())
	if title == "" {
		title = p.look.Words.Title
	}
	if face := paper.Fit("", 22, 12); p.SpacedFits(title, face, in.width(), 1.3) {
		p.Spaced(title, face, in.centre(), y+9, in.width(), 1.3, paper.Ink)
	} else {
		p.Flow([]paper.Para{{Text: title, Face: paper.Fit("", 17, 7), Colour: paper.Ink}}, in.centre(), y-1, in.width(), 13)
	}
	p.Fill(p.Brand)
	p.Rect(in.centre()-16, y+13, 32, 0.9, "F")
	y += 20

	const foot, row = 33.0, 16.0
	bottom := in.bottom - foot
	if err := p.drawFoot(l, area{in.left, bottom, in.right, in.bottom}); err != nil {
		return err
	}
	perRow := 5
	if in.width() < 190 {
		perRow = 3
	}
	facts := p.facts(l.Facts)
	rows := (len(facts) + perRow - 1) / perRow
	perRow = (len(facts) + rows - 1) / max(1, rows)
	for i := range rows {
		p.columns(facts[i*perRow:min(len(facts), (i+1)*perRow)], in.centre(), bottom-row*float64(rows-i)+4, in.width())
	}
	p.Flow(p.paras(l), in.centre(), y, in.width(), bottom-row*float64(rows)-y-3)
	return nil
}

// values are what the variables of title and body stand for; one without a value is "".
func (p *sheet) values() map[string]string {
	c, w := p.c, p.look.Words
	v := map[string]string{
		"name": c.PersonName, "course": c.CourseTitle, "version": strconv.Itoa(c.VersionNumber), "number": c.Spaced(), "organization": p.look.Brand.Name,
		"completed": w.Date(c.CompletedAt.In(p.look.Location)), "issued": w.Date(c.IssuedAt.In(p.look.Location)),
	}
	if c.Percent != nil {
		v["score"] = strconv.Itoa(*c.Percent) + " %"
	}
	if c.Minutes > 0 {
		v["hours"] = duration(c.Minutes, w)
	}
	if c.ValidUntil != nil {
		v["valid_until"] = w.Date(c.LastDay())
	}
	return v
}

// paras are the lines of the body: # makes one large in the design's colour, ## large; a line that names something the
// certificate does not have is left out.
func (p *sheet) paras(l Layout) (list []paper.Para) {
	body := l.Body
	if body == "" {
		w := p.look.Words
		body = w.Certifies + "\n# {{name}}\n" + w.Completed + "\n## {{course}}"
	}
	above := 0.0
	for line := range strings.SplitSeq(body, "\n") {
		text, ok := filled(strings.TrimSpace(line), p.values())
		if !ok {
			continue
		}
		if text == "" {
			above += 0.8
			continue
		}
		q := paper.Para{Face: paper.Fit("", 12.5, 7), Colour: paper.Faint, Above: above + 0.45}
		switch {
		case strings.HasPrefix(text, "## "):
			q = paper.Para{Face: paper.Fit("B", 20, 9), Colour: paper.Ink, Above: above + 0.3}
		case strings.HasPrefix(text, "# "):
			q = paper.Para{Face: paper.Fit("B", 33, 12), Colour: p.Brand, Above: above + 0.25}
		}
		q.Text, above = strings.TrimSpace(strings.TrimLeft(text, "#")), 0
		list = append(list, q)
	}
	return list
}

// drawLogos draws the brand's logo or name, and the second logo beside it, and gives where it ends.
func (p *sheet) drawLogos(l Layout, in area) float64 {
	const height = 18.0
	both := l.Logo && len(p.look.SecondLogo) > 0
	width := min(80.0, in.width()/2-8)
	first, second := paper.Box{X: in.centre() - width/2, Y: in.top, Width: width, Height: height, Across: 0.5, Down: 0.5}, paper.Box{}
	second = first
	if both {
		first.X, second.X = in.left, in.right-width
		first.Across, second.Across = 0, 1
	}
	if l.Logo && !p.Picture(p.look.LogoPNG, first) {
		if both {
			p.From(p.look.Brand.Name, paper.Fit("B", 18, 9), in.left, in.top+11, width, p.Brand)
		} else {
			p.At(p.look.Brand.Name, paper.Fit("B", 19, 10), in.centre(), in.top+11, in.width(), p.Brand)
		}
	}
	drawn := p.Picture(p.look.SecondLogo, second)
	if !l.Logo && !drawn {
		return in.top
	}
	return in.top + height + 4
}

// drawFoot draws how the certificate is checked at the left, who signed it at the right, and the seal between them.
func (p *sheet) drawFoot(l Layout, in area) error {
	side, gap := 27.0, 4.0
	text, w := in.left, p.look.Words
	if l.QR {
		if err := p.QR(p.look.VerifyURL, in.left-2, in.bottom-side, side); err != nil {
			return err
		}
		text += side - 2 + gap/2
	}
	right := min(78.0, in.width()*0.36)
	room := in.right - right - gap - text
	seal := l.Seal && room > 44+32
	if seal {
		room -= 32
		p.Seal(in.right-right-gap-14, in.bottom-side/2, 12.5)
	}
	room = min(room, 70)
	y := in.bottom - side
	p.From(w.Verify, paper.Fit("B", 9.5, 6), text, y+6, room, paper.Ink)
	p.WrapFrom(p.look.VerifyURL, paper.Fit("", 7.5, 5), text, y+10.5, room, paper.Faint)
	p.From(w.Number, paper.Fit("", 7.5, 5), text, y+20, room, paper.Faint)
	p.From(p.c.Spaced(), paper.Fit("B", 9.5, 6), text, y+24.5, room, paper.Ink)

	x := in.right - right/2
	drawn := p.Picture(p.look.Signature, paper.Box{X: in.right - right, Y: in.bottom - 31, Width: right, Height: 15, Across: 0.5, Down: 1})
	by, as := l.SignedBy, l.SignedAs
	if by == "" {
		by = p.look.Brand.Name
	}
	line := in.bottom - 15.0
	if !drawn && l.SignedBy == "" {
		p.Block(by, paper.Fit("I", 15, 9), paper.Lines(x, line-4, right, 1, 2), paper.Ink)
		by = ""
	}
	p.Stroke(paper.Faint, 0.25)
	p.Line(in.right-right, line, in.right, line)
	y = line
	for _, one := range []struct {
		text string
		face paper.Face
		ink  colour.Colour
	}{{by, paper.Fit("B", 9.5, 6), paper.Ink}, {as, paper.Fit("", 8.5, 5.5), paper.Faint}, {w.IssuedOn + " " + w.Date(p.c.IssuedAt.In(p.look.Location)), paper.Fit("", 8.5, 5.5), paper.Faint}} {
		if one.text != "" {
			y += 4.4
			p.At(one.text, one.face, x, y, right, one.ink)
		}
	}
	return nil
}
