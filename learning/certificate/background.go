package certificate

import (
	"math"

	"lyceum/internal/colour"
	"lyceum/internal/paper"
)

// drawBackground draws what is behind the text and gives the room that it leaves.
func (p *sheet) drawBackground(b Background, w, h float64) area {
	soft, pale := paper.Blend(p.Brand, colour.White, 0.35), paper.Blend(p.Brand, colour.White, 0.6)
	switch b {
	case BackgroundBand:
		return p.drawBand(w, h)
	case BackgroundFrame:
		p.frame(9, w, h, 1.1, p.Brand)
		p.frame(11.2, w, h, 0.2, soft)
		p.frame(13.4, w, h, 0.45, pale)
		for _, x := range []float64{13.4, w - 13.4} {
			for _, y := range []float64{13.4, h - 13.4} {
				p.Fill(p.Brand)
				p.Diamond(x, y, 2.1)
				p.Fill(colour.White)
				p.Diamond(x, y, 1)
			}
		}
		return area{26, 23, w - 26, h - 21}
	case BackgroundCorners:
		p.drawCorners(w, h)
		return area{24, 22, w - 24, h - 20}
	case BackgroundWaves:
		p.drawWaves(w, h)
		return area{22, 27, w - 22, h - 25}
	case BackgroundPlain:
	}
	return area{20, 18, w - 20, h - 17}
}

func (p *sheet) frame(inset, w, h, line float64, c colour.Colour) {
	p.Stroke(c, line)
	p.Rect(inset, inset, w-2*inset, h-2*inset, "D")
}

// drawBand draws a band of the colour with waves on it, at the left of a lying sheet and at the top of a standing one, and a
// frame beside it.
func (p *sheet) drawBand(w, h float64) area {
	lying, across := w > h, bandWidth
	if !lying {
		across = 13
	}
	long := max(w, h)
	at := func(along, over float64) (x, y float64) { return over, along }
	if !lying {
		long = w
		at = func(along, over float64) (x, y float64) { return along, over }
	}
	x, y := at(long, across)
	p.Fill(p.Brand)
	p.Rect(0, 0, x, y, "F")
	p.ClipRect(0, 0, x, y, false)
	p.Stroke(paper.Blend(p.Brand, colour.OnColour(p.Brand), 0.3), 0.12)
	const waves = 12
	for i := range waves {
		phase := 2 * math.Pi * float64(i) / waves
		p.Curve(150, func(t float64) (x, y float64) {
			swing := 0.62 + 0.38*math.Cos(2*math.Pi*t*6)
			return at(t*long, across/2+(across/2-1.5)*swing*math.Sin(2*math.Pi*t*3+phase))
		})
	}
	p.ClipEnd()
	left, top := 8.0, 8.0
	if lying {
		left += bandWidth
	} else {
		top += across
	}
	p.Stroke(paper.Blend(p.Brand, colour.White, 0.35), 0.5)
	p.Rect(left, top, w-8-left, h-8-top, "D")
	p.Stroke(paper.Blend(p.Brand, colour.White, 0.55), 0.15)
	p.Rect(left+1.8, top+1.8, w-8-left-3.6, h-8-top-3.6, "D")
	return area{left + 13, top + 10, w - 21, h - 17}
}

// drawCorners draws a fan of arcs in each corner.
func (p *sheet) drawCorners(w, h float64) {
	const arcs = 9
	for _, c := range []struct{ x, y, from float64 }{{0, 0, 0}, {w, 0, math.Pi / 2}, {w, h, math.Pi}, {0, h, 3 * math.Pi / 2}} {
		for i := range arcs {
			r := 8 + 3.4*float64(i)
			share := float64(i) / arcs
			p.Stroke(paper.Blend(p.Brand, colour.White, 0.1+0.75*share), 1.1-0.9*share)
			p.Curve(40, func(t float64) (x, y float64) {
				a := c.from + t*math.Pi/2
				return c.x + r*math.Cos(a), c.y + r*math.Sin(a)
			})
		}
	}
	p.Stroke(paper.Blend(p.Brand, colour.White, 0.5), 0.3)
	const inset, free = 11.0, 40.0
	p.Line(free, inset, w-free, inset)
	p.Line(free, h-inset, w-free, h-inset)
	p.Line(inset, free, inset, h-free)
	p.Line(w-inset, free, w-inset, h-free)
}

// drawWaves draws a guilloche along the upper and the lower edge, as on securities.
func (p *sheet) drawWaves(w, h float64) {
	const lines, height = 14, 8.0
	for _, middle := range []float64{11, h - 11} {
		for i := range lines {
			share := float64(i) / lines
			phase := 2 * math.Pi * share
			p.Stroke(paper.Blend(p.Brand, colour.White, 0.15+0.5*math.Abs(share-0.5)), 0.16)
			p.Curve(220, func(t float64) (x, y float64) {
				swing := 0.55 + 0.45*math.Cos(2*math.Pi*t*5+phase/2)
				return 10 + t*(w-20), middle + height*0.85*swing*math.Sin(2*math.Pi*t*9+phase)
			})
		}
	}
	p.Stroke(paper.Blend(p.Brand, colour.White, 0.5), 0.3)
	p.Line(10, 20.5, 10, h-20.5)
	p.Line(w-10, 20.5, w-10, h-20.5)
}
