package colour

import "math"

// LCH is a colour in OKLCH: lightness 0 to 1, chroma from 0 (grey) to about 0.32, hue in radians. Equal steps look
// equal, which sRGB does not offer.
type LCH struct{ L, C, H float64 }

// LCH gives the colour in OKLCH. The hue of a grey is 0.
func (c Colour) LCH() LCH {
	l, a, b := c.lab()
	chroma := math.Hypot(a, b)
	if chroma < 1e-4 { // eight-bit greys come out with noise for a hue
		return LCH{L: l}
	}
	return LCH{L: l, C: chroma, H: math.Atan2(b, a)}
}

// Colour gives the nearest sRGB colour of this lightness and hue: where sRGB cannot show the chroma, as much of it
// as it can.
func (p LCH) Colour() Colour {
	p.L = math.Min(1, math.Max(0, p.L))
	if c, ok := p.inGamut(); ok {
		return c
	}
	low, high := 0.0, p.C
	for range 18 { // 2⁻¹⁸ of the chroma is far below one step of eight bits
		mid := (low + high) / 2
		if _, ok := (LCH{p.L, mid, p.H}).inGamut(); ok {
			low = mid
		} else {
			high = mid
		}
	}
	c, _ := LCH{p.L, low, p.H}.inGamut()
	return c
}

// Tint makes the colour lighter by step of OKLCH lightness (0 to 1), keeping hue and, as far as sRGB can, chroma.
func (c Colour) Tint(step float64) Colour {
	p := c.LCH()
	p.L += step
	return p.Colour()
}

// Shade makes the colour darker by step of OKLCH lightness; see Tint.
func (c Colour) Shade(step float64) Colour { return c.Tint(-step) }

// Distance is how far two colours look apart (Euclidean in OKLab): 0 for equal, 1 for black and white; under about
// 0.02 people hardly see it.
func Distance(a, b Colour) float64 {
	l1, a1, b1 := a.lab()
	l2, a2, b2 := b.lab()
	return math.Sqrt((l1-l2)*(l1-l2) + (a1-a2)*(a1-a2) + (b1-b2)*(b1-b2))
}

// lab gives OKLab by the matrices of its definition (B. Ottosson, 2020; CSS Color 4 §9.2 for D65 sRGB).
func (c Colour) lab() (l, a, b float64) {
	r, g, bl := c.linear()
	x := math.Cbrt(0.4122214708*r + 0.5363325363*g + 0.0514459929*bl)
	y := math.Cbrt(0.2119034982*r + 0.6806995451*g + 0.1073969566*bl)
	z := math.Cbrt(0.0883024619*r + 0.2817188376*g + 0.6299787005*bl)
	l = 0.2104542553*x + 0.7936177850*y - 0.0040720468*z
	a = 1.9779984951*x - 2.4285922050*y + 0.4505937099*z
	b = 0.0259040371*x + 0.7827717662*y - 0.8086757660*z
	return l, a, b
}

// inGamut gives the sRGB colour, clipped, and whether nothing but rounding was clipped.
func (p LCH) inGamut() (Colour, bool) {
	a, b := p.C*math.Cos(p.H), p.C*math.Sin(p.H)
	x := p.L + 0.3963377774*a + 0.2158037573*b
	y := p.L - 0.1055613458*a - 0.0638541728*b
	z := p.L - 0.0894841775*a - 1.2914855480*b
	x, y, z = x*x*x, y*y*y, z*z*z
	red := 4.0767416621*x - 3.3077115913*y + 0.2309699292*z
	green := -1.2684380046*x + 2.6097574011*y - 0.3413193965*z
	blue := -0.0041960863*x - 0.7034186147*y + 1.7076147010*z
	const slack = 1e-4
	ok := true
	for _, v := range [3]float64{red, green, blue} {
		ok = ok && v >= -slack && v <= 1+slack
	}
	return RGB(fromLinear(red), fromLinear(green), fromLinear(blue)), ok
}
