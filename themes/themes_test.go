package themes_test

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"testing"

	"lyceum/tenant"
	"lyceum/themes"
)

// parsed is read once for all tests: nothing changes it.
var parsed = sync.OnceValues(func() (*themes.Set, error) { return themes.New(themes.Options{Dev: true}) })

func newSet(t *testing.T) *themes.Set {
	t.Helper()
	s, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEveryPageFileHasAStruct(t *testing.T) {
	t.Parallel()
	s := newSet(t)
	for _, theme := range tenant.Themes() {
		for _, name := range s.PageFiles(theme) {
			if !slices.ContainsFunc(themes.Pages(), func(p themes.Page) bool { return themes.PageFile(p) == name }) {
				t.Errorf("%s: pages/%s.html belongs to no page", theme, name)
			}
		}
	}
}

func TestEveryPageRendersInEveryThemeAndLanguage(t *testing.T) {
	t.Parallel()
	s, w := newSet(t), newWorld(t)
	shown := map[string]bool{}
	for _, sp := range specimens(t, w) {
		shown[themes.PageFile(sp.page)] = true
		for _, theme := range tenant.Themes() {
			for _, locale := range themes.Locales() {
				v := sp.view
				v.Brand.Theme, v.Locale = theme, locale
				checkDocument(t, sp.name+" in "+string(theme)+", "+locale, render(t, s, v, sp.page))
			}
		}
	}
	for _, p := range themes.Pages() {
		if !shown[themes.PageFile(p)] {
			t.Errorf("%T has no specimen", p)
		}
	}
}

func render(t *testing.T, s *themes.Set, v themes.View, p themes.Page) string {
	t.Helper()
	var b bytes.Buffer
	if err := s.Render(&b, v, p); err != nil {
		t.Fatalf("%T: %v", p, err)
	}
	return b.String()
}

func TestCampusHoldsOnlyWhatDiffers(t *testing.T) {
	t.Parallel()
	atrium, err := themes.ThemeFolder(tenant.ThemeAtrium)
	if err != nil {
		t.Fatal(err)
	}
	campus, err := themes.ThemeFolder(tenant.ThemeCampus)
	if err != nil {
		t.Fatal(err)
	}
	own := 0
	for name, data := range campus {
		if !bytes.Equal(atrium[name], data) {
			own++
		}
	}
	if own == 0 || own > 5 {
		t.Fatalf("campus differs in %d files", own)
	}
	for name := range atrium {
		if _, ok := campus[name]; !ok {
			t.Errorf("campus lost %s", name)
		}
	}
}

func TestTheThemesLookDifferentAndThePlatformIsAlwaysAtrium(t *testing.T) {
	t.Parallel()
	s, w := newSet(t), newWorld(t)
	v := w.portal("/", may())
	v.Brand.Theme = tenant.ThemeCampus
	if html := render(t, s, v, themes.HomePage{}); !strings.Contains(html, `class="campus-side"`) || !strings.Contains(html, "/campus.css") {
		t.Error("campus has no side bar or not its own style sheet")
	}
	v.Brand.Theme = "no such theme"
	if html := render(t, s, v, themes.HomePage{}); !strings.Contains(html, "/atrium.css") {
		t.Error("an unknown theme is not drawn as atrium")
	}
	p := w.platform("/")
	p.Brand.Theme = tenant.ThemeCampus
	if html := render(t, s, p, themes.LandingPage{}); !strings.Contains(html, "/atrium.css") {
		t.Error("the platform is not drawn as atrium")
	}
}
