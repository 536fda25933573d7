// Package colour does the arithmetic of a brand's colours: contrast as WCAG 2.2 counts it, the nearest colour that
// passes, and a palette derived from one brand colour. It works in sRGB and OKLCH. It is not a theme: it knows no
// page and no CSS beyond the hexadecimal notation.
package colour

import (
	"fmt"
	"math"
	"strconv"

	"lyceum/internal/fault"
)

// Colour is an opaque sRGB colour, 0xRRGGBB.
type Colour uint32

const (
	// Black is the darkest colour.
	Black Colour = 0x000000
	// White is the lightest colour.
	White Colour = 0xffffff

	// AA is the least contrast of text to its ground (WCAG 2.2, SC 1.4.3).
	AA = 4.5
	// AAGraphic is the least contrast of large text, controls and focus rings to what they stand on (SC 1.4.3, 1.4.11).
	AAGraphic = 3.0
)

// ErrNotAColour is a text that Parse cannot read.
var ErrNotAColour = fault.New(fault.KindInvalid, "colour_unreadable", "Write the colour as # and six hexadecimal digits, such as #1d4ed8.")

// Parse reads "#rrggbb" or "#rgb", upper or lower case. Anything else, names and alpha included, is ErrNotAColour.
func Parse(s string) (Colour, error) {
	if len(s) == 4 && s[0] == '#' {
		s = string([]byte{'#', s[1], s[1], s[2], s[2], s[3], s[3]})
	}
	if len(s) != 7 || s[0] != '#' {
		return 0, ErrNotAColour
	}
	v, err := strconv.ParseUint(s[1:], 16, 32)
	if err != nil {
		return 0, ErrNotAColour
	}
	return Colour(v), nil
}

// RGB makes a colour of three channels.
func RGB(r, g, b uint8) Colour { return Colour(uint32(r)<<16 | uint32(g)<<8 | uint32(b)) }

// Channels gives red, green and blue.
func (c Colour) Channels() (r, g, b uint8) { return uint8(c >> 16), uint8(c >> 8), uint8(c) }

// String is the form "#rrggbb".
func (c Colour) String() string { return fmt.Sprintf("#%06x", uint32(c)&0xffffff) }

// MarshalText writes the form "#rrggbb", for JSON and forms.
func (c Colour) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads what Parse reads.
func (c *Colour) UnmarshalText(text []byte) error {
	v, err := Parse(string(text))
	if err == nil {
		*c = v
	}
	return err
}

// Luminance is the relative luminance, 0 for black and 1 for white (WCAG 2.2, "relative luminance").
func (c Colour) Luminance() float64 {
	r, g, b := c.linear()
	return 0.2126*r + 0.7152*g + 0.0722*b
}

// Contrast is the contrast ratio of two colours, 1 to 21, in either order (WCAG 2.2, "contrast ratio"). It is not
// rounded: 4.499 does not pass 4.5.
func Contrast(a, b Colour) float64 {
	la, lb := a.Luminance(), b.Luminance()
	return (math.Max(la, lb) + 0.05) / (math.Min(la, lb) + 0.05)
}

// OnColour chooses black or white for text on a ground, whichever has the more contrast. One of them always has at
// least 4.58, so the answer passes AA on any ground.
func OnColour(ground Colour) Colour {
	if Contrast(White, ground) >= Contrast(Black, ground) {
		return White
	}
	return Black
}

// linear gives the channels in linear light, 0 to 1.
func (c Colour) linear() (r, g, b float64) {
	r8, g8, b8 := c.Channels()
	return toLinear(r8), toLinear(g8), toLinear(b8)
}

func toLinear(v uint8) float64 {
	s := float64(v) / 255
	if s <= 0.04045 {
		return s / 12.92
	}
	return math.Pow((s+0.055)/1.055, 2.4)
}

// fromLinear rounds a channel of linear light to eight bits; what lies outside is clipped.
func fromLinear(v float64) uint8 {
	s := v * 12.92
	if v > 0.0031308 {
		s = 1.055*math.Pow(v, 1/2.4) - 0.055
	}
	return uint8(math.Round(math.Min(1, math.Max(0, s)) * 255))
}
