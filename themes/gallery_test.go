package themes_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"lyceum/learning/sample"
	"lyceum/tenant"
	"lyceum/themes"
)

var reference = regexp.MustCompile(`(?:src|href)="(/(?:assets|files|brand)/[^"#?]+)`)

// gallery is a folder of everything that the pages and mails show.
type gallery struct {
	t       *testing.T
	dir     string
	written map[string]bool
}

func (g *gallery) write(name string, data []byte) {
	g.t.Helper()
	g.written["/"+strings.TrimPrefix(name, "/")] = true
	if g.dir == "" {
		return
	}
	path := filepath.Join(g.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		g.t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		g.t.Fatal(err)
	}
}

// TestGallery writes every specimen and mail as a file, with all that they refer to, and fails on a reference that
// leads nowhere. Without a folder it does so in one language and keeps nothing: every page is rendered in each by another test already. To look at
// the pages, name a folder and serve it: GALLERY=/some/folder go test ./themes -run Gallery
func TestGallery(t *testing.T) {
	t.Parallel()
	g := &gallery{t: t, dir: os.Getenv("GALLERY"), written: map[string]bool{}}
	locales := themes.Locales()
	if g.dir == "" {
		locales = locales[:1]
	}
	s, w := newSet(t), newWorld(t)
	g.files(s, w)
	var index strings.Builder
	for _, sp := range specimens(t, w) {
		for _, theme := range tenant.Themes() {
			for _, locale := range locales {
				v := sp.view
				v.Brand.Theme, v.Locale = theme, locale
				name := string(theme) + "-" + locale + "/" + sp.name + ".html"
				doc := render(t, s, v, sp.page)
				g.write(name, []byte(doc))
				for _, m := range reference.FindAllStringSubmatch(doc, -1) {
					if !g.written[m[1]] {
						t.Errorf("%s refers to %s", name, m[1])
					}
				}
				index.WriteString(`<p><a href="` + name + `">` + name + "</a></p>\n")
			}
		}
	}
	for _, l := range letters() {
		for _, locale := range locales {
			v := mailView(w)
			v.Locale = locale
			_, _, html, err := s.Mail(v, l.mail)
			if err != nil {
				t.Fatal(err)
			}
			g.write("mails/"+locale+"-"+l.name+".html", []byte(html))
		}
	}
	g.write("index.html", []byte(index.String()))
}

// files writes what pages refer to.
func (g *gallery) files(s *themes.Set, w *world) {
	for _, name := range s.AssetNames() {
		url, err := s.AssetURL(name)
		if err != nil {
			g.t.Fatal(err)
		}
		a, _ := s.Asset(url)
		g.write(url, a.Data)
	}
	for i, f := range w.files {
		for _, name := range []string{f.name, "cover", "picture"} {
			g.write("files/"+i.String()+"/"+name, f.data)
		}
	}
	for _, b := range []tenant.Brand{w.brand, themes.PlatformBrand()} {
		css, hash := themes.BrandCSS(b)
		g.write("brand/"+hash+".css", css)
	}
	logo, ok := sample.Logo("acme")
	if !ok {
		g.t.Fatal("no logo")
	}
	g.write("brand/logo/acme", logo.Data)
	g.write("brand/favicon/acme", logo.Data)
}
