package paper

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// picture is the page as SVG, written beside the PDF: for a preview that looks the same in every browser, with the letters as
// shapes. What is drawn through Sheet's own methods is in it.
type picture struct {
	body, defs    bytes.Buffer
	width, height float64
	fill, stroke  string
	ink           string
	line          float64
	cap           string
	style         string
	size          float64
	path          strings.Builder
	glyphs        map[string]string
	clips         int
}

// Record has the page that comes be drawn as SVG too.
func (p *Sheet) Record() {
	w, h := p.GetPageSize()
	p.svg = &picture{width: w, height: h, fill: "#000", stroke: "#000", ink: "#000", line: 0.2, cap: "butt", glyphs: map[string]string{}}
}

// SVG is what was recorded; the label says what it is to those who cannot see it.
func (p *Sheet) SVG() []byte {
	s := p.svg
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s"><defs>%s</defs><path fill="#fff" d="M0 0h%sv%sH0z"/>%s</svg>`,
		num(s.width), num(s.height), s.defs.String(), num(s.width), num(s.height), s.body.String())
	return out.Bytes()
}

func num(v float64) string {
	t := strconv.FormatFloat(v, 'f', 3, 64)
	return strings.TrimSuffix(strings.TrimRight(t, "0"), ".")
}

func (s *picture) paint(style string) string {
	switch strings.ToUpper(style) {
	case "F":
		return `fill="` + s.fill + `"`
	case "FD", "DF", "B":
		return `fill="` + s.fill + `" stroke="` + s.stroke + `" stroke-width="` + num(s.line) + `"`
	}
	return `fill="none" stroke="` + s.stroke + `" stroke-width="` + num(s.line) + `" stroke-linecap="` + s.cap + `" stroke-linejoin="round"`
}

// Rect is fpdf's.
func (p *Sheet) Rect(x, y, w, h float64, style string) {
	p.Fpdf.Rect(x, y, w, h, style)
	if s := p.svg; s != nil {
		fmt.Fprintf(&s.body, `<path %s d="M%s %sh%sv%sh-%sz"/>`, s.paint(style), num(x), num(y), num(w), num(h), num(w))
	}
}

// Line is fpdf's.
func (p *Sheet) Line(x1, y1, x2, y2 float64) {
	p.Fpdf.Line(x1, y1, x2, y2)
	if s := p.svg; s != nil {
		fmt.Fprintf(&s.body, `<path %s d="M%s %sL%s %s"/>`, s.paint("D"), num(x1), num(y1), num(x2), num(y2))
	}
}

// Circle is fpdf's.
func (p *Sheet) Circle(x, y, r float64, style string) {
	p.Fpdf.Circle(x, y, r, style)
	if s := p.svg; s != nil {
		fmt.Fprintf(&s.body, `<circle %s cx="%s" cy="%s" r="%s"/>`, s.paint(style), num(x), num(y), num(r))
	}
}

// Polygon is fpdf's.
func (p *Sheet) Polygon(points []fpdf.PointType, style string) {
	p.Fpdf.Polygon(points, style)
	if s := p.svg; s != nil {
		var d strings.Builder
		for i, q := range points {
			d.WriteString(map[bool]string{true: "M", false: "L"}[i == 0] + num(q.X) + " " + num(q.Y))
		}
		fmt.Fprintf(&s.body, `<path %s d="%sz"/>`, s.paint(style), d.String())
	}
}

// MoveTo is fpdf's.
func (p *Sheet) MoveTo(x, y float64) {
	p.Fpdf.MoveTo(x, y)
	if s := p.svg; s != nil {
		s.path.WriteString("M" + num(x) + " " + num(y))
	}
}

// LineTo is fpdf's.
func (p *Sheet) LineTo(x, y float64) {
	p.Fpdf.LineTo(x, y)
	if s := p.svg; s != nil {
		s.path.WriteString("L" + num(x) + " " + num(y))
	}
}

// DrawPath is fpdf's.
func (p *Sheet) DrawPath(style string) {
	p.Fpdf.DrawPath(style)
	if s := p.svg; s != nil {
		fmt.Fprintf(&s.body, `<path %s d="%s"/>`, s.paint(style), s.path.String())
		s.path.Reset()
	}
}

// ClipRect is fpdf's.
func (p *Sheet) ClipRect(x, y, w, h float64, outline bool) {
	p.Fpdf.ClipRect(x, y, w, h, outline)
	if s := p.svg; s != nil {
		s.clips++
		fmt.Fprintf(&s.defs, `<clipPath id="c%d"><path d="M%s %sh%sv%sh-%sz"/></clipPath>`, s.clips, num(x), num(y), num(w), num(h), num(w))
		fmt.Fprintf(&s.body, `<g clip-path="url(#c%d)">`, s.clips)
	}
}

// ClipEnd is fpdf's.
func (p *Sheet) ClipEnd() {
	p.Fpdf.ClipEnd()
	if s := p.svg; s != nil {
		s.body.WriteString("</g>")
	}
}

// SetLineCapStyle is fpdf's.
func (p *Sheet) SetLineCapStyle(style string) {
	p.Fpdf.SetLineCapStyle(style)
	if s := p.svg; s != nil {
		s.cap = style
	}
}

// Text is fpdf's. The text is in letters that the fonts have.
func (p *Sheet) Text(x, y float64, text string) {
	s := p.svg
	if s != nil {
		fmt.Fprintf(&s.body, `<g fill="%s">`, s.ink)
	}
	for _, run := range p.fonts.runs(text) {
		p.in(run.font, func() {
			p.Fpdf.Text(x, y, run.text)
			if s == nil {
				x += p.Fpdf.GetStringWidth(run.text)
				return
			}
			scale := s.size * PointToMM / float64(p.fonts.styled(run.font, s.style).UnitsPerEm())
			for _, r := range run.text {
				if id := s.glyph(p.fonts, run.font, r); id != "" {
					fmt.Fprintf(&s.body, `<use href="#%s" transform="translate(%s %s) scale(%s)"/>`, id, num(x), num(y), strconv.FormatFloat(scale, 'g', 5, 64))
				}
				x += p.Fpdf.GetStringWidth(string(r))
			}
		})
	}
	if s != nil {
		s.body.WriteString("</g>")
	}
}

// styled is the font of a run in a style.
func (f *faces) styled(font int, style string) *sfnt.Font {
	if font == builtIn {
		return f.byStyle[style]
	}
	return f.further[font].font
}

// glyph gives the name of a letter's shape, writing it down the first time; "" for one without a shape, as a space.
func (s *picture) glyph(fonts *faces, font int, r rune) string {
	key := s.style + string(r)
	if font != builtIn {
		key = strconv.Itoa(font) + string(r)
	}
	if id, ok := s.glyphs[key]; ok {
		return id
	}
	id := ""
	if d := outline(fonts.styled(font, s.style), r); d != "" {
		id = "g" + strconv.Itoa(len(s.glyphs))
		fmt.Fprintf(&s.defs, `<path id="%s" d="%s"/>`, id, d)
	}
	s.glyphs[key] = id
	return id
}

// outline is a letter's shape in units of the font, with y downwards.
func outline(font *sfnt.Font, r rune) string {
	var b sfnt.Buffer
	i, err := font.GlyphIndex(&b, r)
	if err != nil {
		return ""
	}
	segments, err := font.LoadGlyph(&b, i, fixed.I(int(font.UnitsPerEm())), nil)
	if err != nil {
		return ""
	}
	var d strings.Builder
	at := func(q fixed.Point26_6) string {
		return strconv.Itoa(q.X.Round()) + " " + strconv.Itoa(q.Y.Round())
	}
	for _, s := range segments {
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			d.WriteString("M" + at(s.Args[0]))
		case sfnt.SegmentOpLineTo:
			d.WriteString("L" + at(s.Args[0]))
		case sfnt.SegmentOpQuadTo:
			d.WriteString("Q" + at(s.Args[0]) + " " + at(s.Args[1]))
		case sfnt.SegmentOpCubeTo:
			d.WriteString("C" + at(s.Args[0]) + " " + at(s.Args[1]) + " " + at(s.Args[2]))
		}
	}
	return d.String()
}

func (s *picture) image(png []byte, x, y, w, h float64) {
	fmt.Fprintf(&s.body, `<image x="%s" y="%s" width="%s" height="%s" href="data:image/png;base64,%s"/>`, num(x), num(y), num(w), num(h), base64.StdEncoding.EncodeToString(png))
}
