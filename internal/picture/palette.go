package picture

import (
	"cmp"
	"image"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"lyceum/internal/colour"
)

// Palette gives the colours that stand out in a PNG or SVG, the strongest first and at most n: for a brand to be made of its
// logo. Greys, what is nearly white or black and what is see-through do not count; two colours that look alike count as one.
// A picture without colours, or that cannot be read, has none.
func Palette(data []byte, n int) []colour.Colour {
	weights := map[colour.Colour]int{}
	if r, err := open(data); err == nil {
		weighPixels(scale(r.Image, fit(r.Bounds().Size(), 64)), weights)
	} else if clean, err := SanitiseSVG(data); err == nil {
		for _, text := range svgColour.FindAllString(string(clean), 500) {
			if c, ok := svgColourOf(strings.ToLower(text)); ok && stands(c) {
				weights[c]++
			}
		}
	}
	all := make([]colour.Colour, 0, len(weights))
	for c := range weights {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b colour.Colour) int { return cmp.Or(cmp.Compare(weights[b], weights[a]), cmp.Compare(a, b)) })
	var out []colour.Colour
	for _, c := range all {
		if len(out) < n && !slices.ContainsFunc(out, func(o colour.Colour) bool { return near(c, o) }) {
			out = append(out, c)
		}
	}
	return out
}

// svgColour finds colours as SVG writes them (CSS Color 4 §5.1, §5.2): #rgb, #rrggbb and rgb(r, g, b).
var svgColour = regexp.MustCompile(`(?i)#(?:[0-9a-f]{6}|[0-9a-f]{3})\b|rgb\(\s*\d{1,3}\s*[, ]\s*\d{1,3}\s*[, ]\s*\d{1,3}\s*\)`)

func svgColourOf(text string) (colour.Colour, bool) {
	if !strings.HasPrefix(text, "rgb") {
		c, err := colour.Parse(text)
		return c, err == nil
	}
	var rgb [3]uint8
	for i, part := range strings.FieldsFunc(strings.Trim(text, "rgb()"), func(r rune) bool { return r == ',' || r == ' ' }) {
		n, err := strconv.ParseUint(part, 10, 8)
		if err != nil || i > 2 {
			return 0, false
		}
		rgb[i] = uint8(n)
	}
	return colour.RGB(rgb[0], rgb[1], rgb[2]), true
}

// weighPixels counts colours in steps of 16, each by the mean of what fell into its step.
func weighPixels(img *image.RGBA, weights map[colour.Colour]int) {
	type bin struct{ r, g, b, n int }
	bins := map[[3]uint8]bin{}
	for i := 0; i+3 < len(img.Pix); i += 4 {
		if img.Pix[i+3] < 200 {
			continue
		}
		r, g, b := img.Pix[i], img.Pix[i+1], img.Pix[i+2]
		k := [3]uint8{r >> 4, g >> 4, b >> 4}
		v := bins[k]
		bins[k] = bin{v.r + int(r), v.g + int(g), v.b + int(b), v.n + 1}
	}
	for _, v := range bins {
		c := colour.RGB(uint8(v.r/v.n), uint8(v.g/v.n), uint8(v.b/v.n))
		if stands(c) {
			weights[c] += v.n
		}
	}
}

func parts(c colour.Colour) (r, g, b int) { return int(c>>16) & 255, int(c>>8) & 255, int(c) & 255 }

// stands tells whether a colour is neither grey nor nearly black or white.
func stands(c colour.Colour) bool {
	r, g, b := parts(c)
	high, low := max(r, g, b), min(r, g, b)
	return high-low >= 40 && high >= 60 && low <= 225
}

func near(a, b colour.Colour) bool {
	r1, g1, b1 := parts(a)
	r2, g2, b2 := parts(b)
	abs := func(v int) int { return max(v, -v) }
	return abs(r1-r2)+abs(g1-g2)+abs(b1-b2) < 90
}
