package colour

import "math"

// The grounds that palettes are made for: each theme's page, and the surface of cards and forms upon it.
const (
	LightPage    Colour = 0xf6f7f9
	LightSurface Colour = 0xffffff
	DarkPage     Colour = 0x101318
	DarkSurface  Colour = 0x181b22
)

// Tokens are the colours that one theme takes from a brand.
type Tokens struct {
	Primary       Colour // ground of the main button, progress bars; ≥ 3 to page and surface
	OnPrimary     Colour // black or white text upon Primary and PrimaryHover; ≥ 4.5 to both
	PrimaryHover  Colour // Primary under the pointer
	PrimarySoft   Colour // quiet ground for badges and the chosen row
	OnPrimarySoft Colour // text upon PrimarySoft; ≥ 4.5
	Link          Colour // text upon page, surface and PrimarySoft; ≥ 4.5 to each
	Focus         Colour // focus ring; ≥ 3 to page and surface
}

// NearestPassing gives the colour nearest to fg (see Distance) that reaches the ratio on the ground; fg itself when
// it does. Hue stays, chroma as far as sRGB can show it; lightness moves. A ratio that no colour reaches on that
// ground gives black or white, whichever comes closer: every ratio up to 4.58 can be reached on any ground.
func NearestPassing(fg, ground Colour, ratio float64) Colour { return nearest(fg, ratio, ground) }

// Palette derives the tokens of a light and a dark theme from one brand colour. A brand colour that passes where it
// stands is kept as it is.
func Palette(brand Colour) (light, dark Tokens) {
	p := brand.LCH()
	light = tokens(brand, LCH{L: 0.95, C: math.Min(p.C, 0.045), H: p.H}, false, LightPage, LightSurface)
	dark = tokens(brand, LCH{L: 0.30, C: math.Min(p.C, 0.07), H: p.H}, true, DarkPage, DarkSurface)
	return light, dark
}

func tokens(brand Colour, soft LCH, dark bool, page, surface Colour) Tokens {
	t := Tokens{PrimarySoft: soft.Colour()}
	t.Primary = nearest(brand, AAGraphic, page, surface)
	t.OnPrimary = OnColour(t.Primary)
	t.PrimaryHover = hover(t.Primary, t.OnPrimary, dark, page, surface)
	t.OnPrimarySoft = nearest(t.Primary, AA, t.PrimarySoft)
	t.Link = nearest(brand, AA, page, surface, t.PrimarySoft)
	t.Focus = nearest(brand, AAGraphic, page, surface)
	return t
}

// hover takes the largest step of lightness that keeps text and outline readable, rather away from the theme's
// ground than towards it. Some step always exists: between what white text and what the dark surface allow lie 0.05
// of lightness.
func hover(primary, on Colour, dark bool, grounds ...Colour) Colour {
	away := -1.0
	if dark {
		away = 1
	}
	for step := 0.07; step > 0.015; step -= 0.005 {
		for _, way := range [2]float64{away, -away} {
			c := primary.Tint(way * step)
			if Distance(c, primary) > step/2 && Contrast(on, c) >= AA && passes(c, AAGraphic, grounds) {
				return c
			}
		}
	}
	return primary
}

func nearest(fg Colour, ratio float64, grounds ...Colour) Colour {
	if passes(fg, ratio, grounds) {
		return fg
	}
	p := fg.LCH()
	best, found := Black, false
	for _, way := range [2]float64{-1, 1} {
		c, ok := firstPassing(p, way, ratio, grounds)
		if ok && (!found || Distance(fg, c) < Distance(fg, best)) {
			best, found = c, true
		}
	}
	if found {
		return best
	}
	if worst(White, grounds) >= worst(Black, grounds) {
		return White
	}
	return Black
}

// firstPassing goes lighter (way 1) or darker (-1) until the ratio is reached: in strides, and from the last stride that
// failed in steps finer than one of eight bits.
func firstPassing(p LCH, way, ratio float64, grounds []Colour) (Colour, bool) {
	const stride, step = 1.0 / 32, 1.0 / 512
	at := func(l float64) (Colour, bool) {
		c := LCH{l, p.C, p.H}.Colour()
		return c, passes(c, ratio, grounds)
	}
	far := p.L
	for {
		far += way * stride
		if _, ok := at(far); ok {
			break
		}
		if far < 0 || far > 1 { // Colour took the end of the range for it, and even that fails
			return 0, false
		}
	}
	for l := far - way*stride + way*step; ; l += way * step {
		if c, ok := at(l); ok || way*(l-far) >= 0 {
			return c, ok
		}
	}
}

func passes(c Colour, ratio float64, grounds []Colour) bool { return worst(c, grounds) >= ratio }

// worst is the least contrast of a colour to any of its grounds.
func worst(c Colour, grounds []Colour) float64 {
	low := math.Inf(1)
	for _, g := range grounds {
		low = math.Min(low, Contrast(c, g))
	}
	return low
}
