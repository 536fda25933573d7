package themes_test

import (
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"lyceum/internal/colour"
	"lyceum/tenant"
	"lyceum/themes"
)

// palette is the custom properties of one appearance.
type palette map[string]colour.Colour

var token = regexp.MustCompile(`--([a-z-]+):\s*light-dark\((#[0-9a-f]{3,6}),\s*(#[0-9a-f]{3,6})\)`)

// palettes reads the colours of a style sheet for light and dark.
func palettes(t *testing.T, sheets ...string) (light, dark palette) {
	t.Helper()
	light, dark = palette{}, palette{}
	for _, m := range token.FindAllStringSubmatch(strings.Join(sheets, "\n"), -1) {
		light[m[1]], dark[m[1]] = parse(t, m[2]), parse(t, m[3])
	}
	return light, dark
}

func parse(t *testing.T, s string) colour.Colour {
	t.Helper()
	c, err := colour.Parse(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return c
}

func tokens(t *testing.T) string {
	t.Helper()
	data, err := themes.Files.ReadFile("atrium/css/00-tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// tint mixes two colours in OKLab as color-mix does.
func tint(a, b colour.Colour, share float64) colour.Colour {
	p, q := a.LCH(), b.LCH()
	x := share*p.C*math.Cos(p.H) + (1-share)*q.C*math.Cos(q.H)
	y := share*p.C*math.Sin(p.H) + (1-share)*q.C*math.Sin(q.H)
	return colour.LCH{L: share*p.L + (1-share)*q.L, C: math.Hypot(x, y), H: math.Atan2(y, x)}.Colour()
}

func TestTheThemesOwnColoursCanBeRead(t *testing.T) {
	t.Parallel()
	light, dark := palettes(t, tokens(t))
	for name, p := range map[string]palette{"light": light, "dark": dark} {
		for _, ground := range []string{"page", "surface", "sunken"} {
			for _, text := range []string{"text", "muted"} {
				atLeast(t, name, p, text, p[text], ground, p[ground], colour.AA)
			}
		}
		for _, control := range []string{"page", "surface"} {
			atLeast(t, name, p, "line-strong", p["line-strong"], control, p[control], colour.AAGraphic)
		}
		for _, state := range []string{"good", "warn", "bad"} {
			atLeast(t, name, p, state, p[state], state+"-soft", p[state+"-soft"], colour.AA)
			atLeast(t, name, p, state, p[state], "surface", p["surface"], colour.AA)
			atLeast(t, name, p, state, p[state], "page", p["page"], colour.AA)
		}
		atLeast(t, name, p, "white", colour.White, "bad-strong", p["bad-strong"], colour.AA)
		atLeast(t, name, p, "tick", p["surface"], "good", p["good"], colour.AA)
	}
}

// A brand's colours stand on grounds of the theme, which are not those the palette was made for, and on the tint that
// the style sheet mixes.
func TestEveryBrandCanBeReadInBothAppearances(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 11))
	brands := []string{"#000000", "#ffffff", "#ffff00", "#00ffff", "#ff00ff", "#808080", themes.PlatformBrand().Colour}
	for range 200 {
		brands = append(brands, colour.Colour(r.Uint32N(1<<24)).String())
	}
	for _, hex := range brands {
		css, _ := themes.BrandCSS(tenant.Brand{Colour: hex})
		light, dark := palettes(t, tokens(t), string(css))
		for name, p := range map[string]palette{hex + " light": light, hex + " dark": dark} {
			p["tint"] = tint(p["primary-soft"], p["surface"], .55)
			for _, ground := range []string{"page", "surface", "tint"} {
				if ground != "tint" {
					atLeast(t, name, p, "link", p["link"], ground, p[ground], colour.AA)
					atLeast(t, name, p, "focus", p["focus"], ground, p[ground], colour.AAGraphic)
					atLeast(t, name, p, "primary", p["primary"], ground, p[ground], colour.AAGraphic)
				}
			}
			atLeast(t, name, p, "on-primary", p["on-primary"], "primary", p["primary"], colour.AA)
			atLeast(t, name, p, "on-primary", p["on-primary"], "primary-hover", p["primary-hover"], colour.AA)
			atLeast(t, name, p, "on-primary-soft", p["on-primary-soft"], "tint", p["tint"], colour.AA)
			atLeast(t, name, p, "text", p["text"], "tint", p["tint"], colour.AA)
			atLeast(t, name, p, "muted", p["muted"], "tint", p["tint"], colour.AA)
		}
	}
}

func atLeast(t *testing.T, where string, p palette, fgName string, fg colour.Colour, bgName string, bg colour.Colour, least float64) {
	t.Helper()
	if len(p) < 20 {
		t.Fatalf("%s: only %d colours read", where, len(p))
	}
	if got := colour.Contrast(fg, bg); got < least {
		t.Errorf("%s: %s %v on %s %v has %.2f, needs %.1f", where, fgName, fg, bgName, bg, got, least)
	}
}

func TestBrandCSSIsAddressedByItsContent(t *testing.T) {
	t.Parallel()
	a, hashA := themes.BrandCSS(tenant.Brand{Colour: "#0b6e66", Name: "A"})
	b, hashB := themes.BrandCSS(tenant.Brand{Colour: "#0b6e66", Name: "B"})
	c, hashC := themes.BrandCSS(tenant.Brand{Colour: "#a01020"})
	if hashA != hashB || string(a) != string(b) {
		t.Error("the name changed the style sheet")
	}
	if hashA == hashC || string(a) == string(c) {
		t.Error("the colour did not change the style sheet or its hash")
	}
	hostile, _ := themes.BrandCSS(tenant.Brand{Colour: `red}body{display:none`})
	own, _ := themes.BrandCSS(themes.PlatformBrand())
	if string(hostile) != string(own) {
		t.Errorf("an unreadable colour gave %s", hostile)
	}
}

func TestAColourIsJudgedAsTheDomainJudgesIt(t *testing.T) {
	t.Parallel()
	if got := themes.CheckColour("#ffd400"); !got.Valid || got.OK || got.Ratio() != "1.4" || got.Nearest == "#ffd400" {
		t.Errorf("yellow: %+v", got)
	}
	if got := themes.CheckColour("#0b6e66"); !got.OK || got.Nearest != "#0b6e66" {
		t.Errorf("teal: %+v", got)
	}
	if nearest := themes.CheckColour(themes.CheckColour("#ffd400").Nearest); !nearest.OK {
		t.Errorf("the offered colour does not work: %+v", nearest)
	}
	if got := themes.CheckColour("teal"); got.Valid || got.OK {
		t.Errorf("a word: %+v", got)
	}
}
