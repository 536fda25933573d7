package paper

import (
	"strings"

	"lyceum/internal/colour"
)

// Para is a paragraph of a flow: its face at full size, its colour, and the space above it in lines of its own.
type Para struct {
	Text   string
	Face   Face
	Colour colour.Colour
	Above  float64
}

// leading is the height of a line, as a share of the size of its letters.
const leading = 1.22

// Flow draws paragraphs centred on x, in the middle of a height, all made smaller together until they fit; lines that do
// not fit then are left out, and the last one that does ends in an ellipsis.
func (p *Sheet) Flow(paras []Para, x, top, width, height float64) {
	type line struct {
		text, style string
		size        float64
		colour      colour.Colour
		above       float64
	}
	var lines []line
	total := 0.0
	for scale := 1.0; ; scale -= 0.04 {
		lines, total = lines[:0], 0
		for _, q := range paras {
			size := max(q.Face.AtLeast, q.Face.Size*scale)
			text := p.fonts.drawable(q.Text)
			broken := p.wrap(text, q.Face.Style, size, width)
			if len(broken) > 1 {
				broken = p.balanced(text, q.Face.Style, size, width, broken)
			}
			for i, t := range broken {
				l := line{text: t, style: q.Face.Style, size: size, colour: q.Colour}
				if i == 0 && len(lines) > 0 {
					l.above = q.Above * size * PointToMM * leading
				}
				lines = append(lines, l)
				total += l.above + size*PointToMM*leading
			}
		}
		if total <= height || scale < 0.4 {
			break
		}
	}
	y := top + max(0, (height-total)/2)
	for i, l := range lines {
		y += l.above + l.size*PointToMM*leading
		last := i+1 < len(lines) && y+lines[i+1].above+lines[i+1].size*PointToMM*leading > top+height+0.01
		if last {
			l.text = p.Cut(strings.TrimRight(l.text, " ")+"…", l.style, l.size, width)
		}
		p.Use(l.style, l.size, l.colour)
		p.Text(x-p.GetStringWidth(l.text)/2, y-l.size*PointToMM*(leading-0.98), l.text)
		if last {
			return
		}
	}
}
