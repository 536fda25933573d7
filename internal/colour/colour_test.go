package colour_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"lyceum/internal/colour"
)

func TestParseReadsSixAndThreeDigitsInEitherCase(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"#1d4ed8": "#1d4ed8", "#1D4ED8": "#1d4ed8", "#abc": "#aabbcc", "#000": "#000000", "#FFF": "#ffffff",
	} {
		got, err := colour.Parse(in)
		if err != nil || got.String() != want {
			t.Errorf("Parse(%q) = %v, %v; want %s", in, got, err, want)
		}
	}
}

func TestParseRefusesWhatIsNotHexadecimal(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"", "#", "red", "1d4ed8", "#1d4ed", "#1d4ed8ff", "#12", "#ggg", "#+12345", "#-12345", "#0x1234", "#12_345", " #123456", "#é34", "rgb(1,2,3)", "#123456;}"} {
		if _, err := colour.Parse(in); !errors.Is(err, colour.ErrNotAColour) {
			t.Errorf("Parse(%q) gave %v, want ErrNotAColour", in, err)
		}
	}
}

func TestAColourTravelsThroughJSONAsItsHexadecimalForm(t *testing.T) {
	t.Parallel()
	var v struct{ C colour.Colour }
	if err := json.Unmarshal([]byte(`{"C":"#1d4ed8"}`), &v); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(v)
	if err != nil || string(out) != `{"C":"#1d4ed8"}` {
		t.Fatalf("got %s, %v", out, err)
	}
	if err := json.Unmarshal([]byte(`{"C":"blue"}`), &v); !errors.Is(err, colour.ErrNotAColour) {
		t.Fatalf("a colour name gave %v", err)
	}
}

// The figures are those of the WCAG working group's own examples and of well-known checkers.
func TestContrastAgreesWithPublishedFigures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want float64
	}{
		{"#000000", "#ffffff", 21}, {"#ffffff", "#ffffff", 1}, {"#777777", "#ffffff", 4.48}, {"#767676", "#ffffff", 4.54},
		{"#949494", "#ffffff", 3.03}, {"#ff0000", "#ffffff", 4.00}, {"#0000ff", "#ffffff", 8.59}, {"#00ff00", "#ffffff", 1.37}, {"#595959", "#ffffff", 7.00},
	} {
		a, b := must(t, c.a), must(t, c.b)
		if got := colour.Contrast(a, b); math.Abs(got-c.want) > 0.005 {
			t.Errorf("Contrast(%s, %s) = %.4f, want %.2f", c.a, c.b, got, c.want)
		}
		if colour.Contrast(a, b) != colour.Contrast(b, a) {
			t.Errorf("Contrast(%s, %s) depends on the order", c.a, c.b)
		}
	}
}

// Reference values of CSS Color 4 (sRGB red, green and blue in OKLCH).
func TestOKLCHAgreesWithPublishedFigures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		hex     string
		l, c, h float64 // hue in degrees
	}{
		{"#ff0000", 0.6280, 0.2577, 29.23}, {"#00ff00", 0.8664, 0.2948, 142.50}, {"#0000ff", 0.4520, 0.3132, 264.05}, {"#ffffff", 1, 0, 0}, {"#000000", 0, 0, 0},
	} {
		got := must(t, c.hex).LCH()
		if math.Abs(got.L-c.l) > 5e-4 || math.Abs(got.C-c.c) > 5e-4 || math.Abs(degrees(got.H)-c.h) > 0.05 {
			t.Errorf("%s is L %.4f C %.4f H %.2f, want %.4f %.4f %.2f", c.hex, got.L, got.C, degrees(got.H), c.l, c.c, c.h)
		}
	}
}

func TestOKLCHThereAndBackIsTheSameColour(t *testing.T) {
	t.Parallel()
	for c := range randomColours(2000) {
		if back := c.LCH().Colour(); back != c {
			t.Fatalf("%v came back as %v", c, back)
		}
	}
}

func TestOnColourIsReadableOnEveryGround(t *testing.T) {
	t.Parallel()
	for c := range randomColours(2000) {
		on := colour.OnColour(c)
		if got := colour.Contrast(on, c); got < colour.AA {
			t.Fatalf("%v on %v has %.2f", on, c, got)
		}
	}
	if colour.OnColour(must(t, "#1d4ed8")) != colour.White || colour.OnColour(must(t, "#ffd400")) != colour.Black {
		t.Fatal("white belongs on blue, black on yellow")
	}
}

func TestNearestPassingLeavesAPassingColourAlone(t *testing.T) {
	t.Parallel()
	c := must(t, "#1d4ed8")
	if got := colour.NearestPassing(c, colour.White, colour.AA); got != c {
		t.Fatalf("%v became %v", c, got)
	}
}

func TestNearestPassingOfGreyIsTheNextGreyThatPasses(t *testing.T) {
	t.Parallel()
	if got := colour.NearestPassing(must(t, "#777777"), colour.White, colour.AA); got != must(t, "#767676") {
		t.Fatalf("got %v, want #767676", got)
	}
}

func TestNearestPassingPassesAndKeepsTheHue(t *testing.T) {
	t.Parallel()
	grounds := []colour.Colour{colour.White, colour.Black, colour.LightPage, colour.DarkSurface, must(t, "#7f7f7f"), must(t, "#ffd400")}
	for fg := range randomColours(300) {
		for _, bg := range grounds {
			got := colour.NearestPassing(fg, bg, colour.AA)
			if ratio := colour.Contrast(got, bg); ratio < colour.AA {
				t.Fatalf("%v for %v on %v has %.2f", got, fg, bg, ratio)
			}
			a, b := fg.LCH(), got.LCH()
			if a.C > 0.05 && b.C > 0.05 && hueApart(a.H, b.H) > 8 {
				t.Fatalf("%v became %v on %v: hue moved by %.1f°", fg, got, bg, hueApart(a.H, b.H))
			}
		}
	}
}

// Among all colours of the same hue line none that passes may be clearly nearer than the answer.
func TestNearestPassingTakesTheNearerOfLighterAndDarker(t *testing.T) {
	t.Parallel()
	ground := must(t, "#808080") // black and white both have room here for a ratio of 3
	for fg := range randomColours(60) {
		got := colour.NearestPassing(fg, ground, colour.AAGraphic)
		p := fg.LCH()
		for l := 0.0; l <= 1; l += 1.0 / 256 {
			c := colour.LCH{L: l, C: p.C, H: p.H}.Colour()
			if colour.Contrast(c, ground) >= colour.AAGraphic && colour.Distance(fg, c) < colour.Distance(fg, got)-0.01 {
				t.Fatalf("for %v on %v %v was given, yet %v passes and is nearer", fg, ground, got, c)
			}
		}
	}
}

func TestARatioOutOfReachGivesTheBestThereIs(t *testing.T) {
	t.Parallel()
	if got := colour.NearestPassing(must(t, "#336699"), must(t, "#808080"), 15); got != colour.Black {
		t.Fatalf("got %v, want black: it has 5.3 on #808080, white has 3.9", got)
	}
}

func TestTintIsLighterAndShadeIsDarker(t *testing.T) {
	t.Parallel()
	for c := range randomColours(500) {
		if l := c.LCH().L; l > 0.1 && l < 0.9 {
			if c.Tint(0.05).Luminance() <= c.Luminance() || c.Shade(0.05).Luminance() >= c.Luminance() {
				t.Fatalf("%v: tint %v, shade %v", c, c.Tint(0.05), c.Shade(0.05))
			}
		}
	}
	if colour.White.Tint(0.5) != colour.White || colour.Black.Shade(0.5) != colour.Black {
		t.Fatal("a step beyond white or black left the range")
	}
}

func TestEveryPairOfBothPalettesPassesAA(t *testing.T) {
	t.Parallel()
	check := func(brand colour.Colour, theme string, tk colour.Tokens, page, surface colour.Colour) {
		for _, p := range []struct {
			what   string
			fg, bg colour.Colour
			least  float64
		}{
			{"on primary", tk.OnPrimary, tk.Primary, colour.AA}, {"on hovered primary", tk.OnPrimary, tk.PrimaryHover, colour.AA},
			{"on soft", tk.OnPrimarySoft, tk.PrimarySoft, colour.AA},
			{"link on page", tk.Link, page, colour.AA}, {"link on surface", tk.Link, surface, colour.AA}, {"link on soft", tk.Link, tk.PrimarySoft, colour.AA},
			{"focus on page", tk.Focus, page, colour.AAGraphic}, {"focus on surface", tk.Focus, surface, colour.AAGraphic},
			{"primary on page", tk.Primary, page, colour.AAGraphic}, {"primary on surface", tk.Primary, surface, colour.AAGraphic},
			{"hover on surface", tk.PrimaryHover, surface, colour.AAGraphic}, {"hover on page", tk.PrimaryHover, page, colour.AAGraphic},
		} {
			if got := colour.Contrast(p.fg, p.bg); got < p.least {
				t.Errorf("brand %v, %s theme, %s: %v on %v has %.2f, needs %.1f", brand, theme, p.what, p.fg, p.bg, got, p.least)
			}
		}
		if tk.PrimaryHover == tk.Primary {
			t.Errorf("brand %v, %s theme: hovering changes nothing", brand, theme)
		}
	}
	each := func(brand colour.Colour) {
		light, dark := colour.Palette(brand)
		check(brand, "light", light, colour.LightPage, colour.LightSurface)
		check(brand, "dark", dark, colour.DarkPage, colour.DarkSurface)
	}
	for c := range randomColours(500) {
		each(c)
	}
	for _, hex := range []string{"#000000", "#ffffff", "#ffff00", "#00ffff", "#ff00ff", "#808080", "#767676", "#0000ff", "#ff0000", "#00ff00", "#101318", "#f6f7f9"} {
		each(must(t, hex))
	}
}

func TestABrandColourThatPassesIsKeptToTheDigit(t *testing.T) {
	t.Parallel()
	brand := must(t, "#1d4ed8")
	light, _ := colour.Palette(brand)
	if light.Primary != brand || light.Link != brand || light.Focus != brand || light.OnPrimary != colour.White {
		t.Fatalf("got %+v", light)
	}
}

func must(t *testing.T, s string) colour.Colour {
	t.Helper()
	c, err := colour.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// randomColours gives the same n colours at every run.
func randomColours(n int) func(yield func(colour.Colour) bool) {
	return func(yield func(colour.Colour) bool) {
		r := rand.New(rand.NewPCG(1, 2))
		for range n {
			if !yield(colour.Colour(r.Uint32N(1 << 24))) {
				return
			}
		}
	}
}

func degrees(rad float64) float64 {
	d := rad * 180 / math.Pi
	if d < 0 {
		d += 360
	}
	return d
}

func hueApart(a, b float64) float64 {
	d := math.Abs(degrees(a) - degrees(b))
	return math.Min(d, 360-d)
}
