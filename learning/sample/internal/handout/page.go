package main

import (
	"bytes"
	"fmt"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// Measures of the page, in millimetres.
const (
	pageWidth, pageHeight = 210.0, 297.0
	margin                = 16.0
	gutter                = 10.0
	column                = (pageWidth - 2*margin - gutter) / 2
	bandHeight            = 42.0
	box                   = 4.2
	lineHeight            = 4.7
)

var (
	ink   = colour{34, 56, 74}
	grey  = colour{104, 124, 138}
	cloud = colour{240, 244, 246}
	white = colour{255, 255, 255}
)

// drawn is the date the files carry, so that drawing them again gives the same bytes.
var drawn = time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)

// page is the sheet of paper while it is drawn on.
type page struct {
	*fpdf.Fpdf
	text func(string) string // UTF-8 to the encoding of the built-in fonts
}

// draw renders the sheet. Streams are left uncompressed: the files are small, and the same on every version of Go.
func (s sheet) draw() ([]byte, error) {
	f := fpdf.New("P", "mm", "A4", "")
	p := &page{Fpdf: f, text: f.UnicodeTranslatorFromDescriptor("")}
	f.SetCompression(false)
	f.SetCatalogSort(true)
	f.SetCreationDate(drawn)
	f.SetModificationDate(drawn)
	f.SetLang("en-GB")
	f.SetTitle(s.title, true)
	f.SetSubject(s.end, true)
	f.SetAutoPageBreak(false, 0)
	f.SetMargins(0, 0, 0)
	f.SetCellMargin(0)
	f.AddPage()
	p.band(s)
	left := p.blocks(margin, bandHeight+12, s.left, s.accent)
	right := p.blocks(margin+column+gutter, bandHeight+12, s.right, s.accent)
	y := max(left, right)
	if limit := pageHeight - 84; y > limit {
		return nil, fmt.Errorf("the boxes end at %.0f mm, beyond %.0f: shorten the lists", y, limit)
	}
	p.steps(s, pageHeight-80)
	p.fields(s, pageHeight-48)
	p.foot(s)
	var out bytes.Buffer
	if err := f.Output(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func (p *page) fill(c colour)  { p.SetFillColor(c[0], c[1], c[2]) }
func (p *page) ink(c colour)   { p.SetTextColor(c[0], c[1], c[2]) }
func (p *page) pen(c colour)   { p.SetDrawColor(c[0], c[1], c[2]) }
func (p *page) width() float64 { return pageWidth - 2*margin }

// band is the coloured head with title and emblem.
func (p *page) band(s sheet) {
	p.fill(s.band)
	p.Rect(0, 0, pageWidth, bandHeight, "F")
	p.fill(s.accent)
	p.Rect(0, bandHeight, pageWidth, 1.6, "F")
	p.ink(white)
	p.SetFont("Helvetica", "B", 27)
	p.Text(margin, 23, p.text(s.title))
	p.SetFont("Helvetica", "", 11.5)
	p.Text(margin, 32, p.text(s.subtitle))
	s.emblem(p, pageWidth-margin-13, bandHeight/2)
}

// blocks draws headings with their boxes from y downwards and returns where they end.
func (p *page) blocks(x, y float64, blocks []block, accent colour) float64 {
	for _, b := range blocks {
		p.ink(accent)
		p.SetFont("Helvetica", "B", 13)
		p.Text(x, y, p.text(b.heading))
		p.pen(accent)
		p.SetLineWidth(0.5)
		p.Line(x, y+2.2, x+column, y+2.2)
		y += 8.4
		p.ink(ink)
		p.SetFont("Helvetica", "", 10.5)
		for _, item := range b.items {
			p.pen(grey)
			p.SetLineWidth(0.35)
			p.RoundedRect(x, y-3.6, box, box, 0.8, "1234", "D")
			for _, line := range p.SplitText(p.text(item), column-box-3.5) {
				p.Text(x+box+3.2, y-0.3, line)
				y += lineHeight
			}
			y += 1.5
		}
		y += 4.6
	}
	return y
}

// steps is the panel with the five things to do, in order.
func (p *page) steps(s sheet, y float64) {
	p.fill(s.band)
	p.RoundedRect(margin, y, p.width(), 25, 3, "1234", "F")
	p.ink(white)
	p.SetFont("Helvetica", "B", 11.5)
	p.Text(margin+6, y+7.6, p.text(s.panel))
	p.SetFont("Helvetica", "", 9.5)
	const disc = 7.6 // from the left edge of a number's disc to its words
	free := p.width() - 12
	for _, step := range s.steps {
		free -= disc + p.GetStringWidth(p.text(step))
	}
	x, between := margin+6.0, free/float64(len(s.steps)-1)
	for i, step := range s.steps {
		p.fill(s.accent)
		p.Circle(x+3, y+16.4, 3, "F")
		p.SetFont("Helvetica", "B", 9.5)
		p.centre(x+3, y+17.6, fmt.Sprint(i+1))
		p.SetFont("Helvetica", "", 9.5)
		p.Text(x+disc, y+17.6, p.text(step))
		x += disc + p.GetStringWidth(p.text(step)) + between
	}
}

// fields are the lines to write on.
func (p *page) fields(s sheet, y float64) {
	p.fill(cloud)
	p.RoundedRect(margin, y, p.width(), 34, 3, "1234", "F")
	p.ink(ink)
	p.SetFont("Helvetica", "B", 11.5)
	p.Text(margin+6, y+7.6, p.text(s.fieldsTitle))
	p.pen(grey)
	p.SetLineWidth(0.3)
	half := (p.width() - 20) / 2
	for i, name := range s.fields {
		x, line := margin+6+float64(i%2)*(half+8), y+17.5+float64(i/2)*10.5
		p.SetFont("Helvetica", "", 9.5)
		p.ink(ink)
		p.Text(x, line, p.text(name))
		p.Line(x+32, line+0.8, x+half, line+0.8)
	}
}

func (p *page) foot(s sheet) {
	p.ink(grey)
	p.SetFont("Helvetica", "", 8.5)
	p.Text(margin, pageHeight-7, p.text(s.end))
	note := p.text("Yours to print, copy and pin up")
	p.Text(pageWidth-margin-p.GetStringWidth(note), pageHeight-7, note)
}

func (p *page) centre(x, y float64, s string) { p.Text(x-p.GetStringWidth(s)/2, y, s) }

// shield is the emblem of security: a shield with a tick, about x, y.
func (p *page) shield(x, y float64) {
	p.fill(colour{47, 143, 139})
	p.MoveTo(x, y-13.5)
	p.CurveBezierCubicTo(x+3.4, y-11.2, x+7, y-10, x+11, y-10)
	p.LineTo(x+11, y-0.5)
	p.CurveBezierCubicTo(x+11, y+6.5, x+6, y+11, x, y+14)
	p.CurveBezierCubicTo(x-6, y+11, x-11, y+6.5, x-11, y-0.5)
	p.LineTo(x-11, y-10)
	p.CurveBezierCubicTo(x-7, y-10, x-3.4, y-11.2, x, y-13.5)
	p.DrawPath("F")
	p.tick(x, y)
}

// helmet is the emblem of safety: a hard hat, about x, y.
func (p *page) helmet(x, y float64) {
	p.fill(colour{240, 168, 60})
	p.MoveTo(x-11, y+5)
	p.CurveBezierCubicTo(x-11, y-13.5, x+11, y-13.5, x+11, y+5)
	p.DrawPath("F")
	p.fill(colour{214, 143, 38})
	p.RoundedRect(x-2.6, y-10.5, 5.2, 15, 2, "12", "F")
	p.RoundedRect(x-13.5, y+4.4, 27, 3.4, 1.6, "1234", "F")
}

func (p *page) tick(x, y float64) {
	p.pen(white)
	p.SetLineWidth(2.4)
	p.SetLineCapStyle("round")
	p.SetLineJoinStyle("round")
	p.MoveTo(x-5, y+0.3)
	p.LineTo(x-1.3, y+4)
	p.LineTo(x+5.2, y-4.4)
	p.DrawPath("D")
	p.SetLineCapStyle("butt")
}
