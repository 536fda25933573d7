package certificate

import (
	"math"

	"lyceum/internal/colour"
	"lyceum/internal/paper"
)

// drawGround draws the band with its waves, and the frame.
func (p *sheet) drawGround() {
	p.Fill(p.Brand)
	p.Rect(0, 0, bandWidth, pageHeight, "F")
	p.ClipRect(0, 0, bandWidth, pageHeight, false)
	p.Stroke(paper.Blend(p.Brand, colour.OnColour(p.Brand), 0.3), 0.12)
	const waves = 12
	for i := range waves {
		phase := 2 * math.Pi * float64(i) / waves
		p.Curve(150, func(t float64) (x, y float64) {
			swing := 0.62 + 0.38*math.Cos(2*math.Pi*t*6)
			return bandWidth/2 + (bandWidth/2-2)*swing*math.Sin(2*math.Pi*t*3+phase), t * pageHeight
		})
	}
	p.ClipEnd()
	p.Fill(paper.Blend(p.Brand, colour.White, 0.55))
	p.Rect(bandWidth, 0, 0.8, pageHeight, "F")

	p.Stroke(paper.Blend(p.Brand, colour.White, 0.35), 0.5)
	p.Rect(frameLeft, frameTop, frameRight-frameLeft, frameBottom-frameTop, "D")
	p.Stroke(paper.Blend(p.Brand, colour.White, 0.55), 0.15)
	const inner = 1.8
	p.Rect(frameLeft+inner, frameTop+inner, frameRight-frameLeft-2*inner, frameBottom-frameTop-2*inner, "D")
}
