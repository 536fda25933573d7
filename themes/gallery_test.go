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

// TestGallery writes every specimen as a file, with what it refers to, so that a person can look at all pages:
//
//	GALLERY=1 go test ./themes -run TestGallery && python3 -m http.server -d artifacts/gallery
//
// Without GALLERY it writes into a temporary folder, which shows that every reference of a page is answered.
func TestGallery(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if os.Getenv("GALLERY") != "" {
		dir = filepath.Join("..", "artifacts", "gallery")
	}
	s, w := newSet(t), newWorld(t)
	written := map[string]bool{}
	write := func(name string, data []byte) {
		written["/"+strings.TrimPrefix(name, "/")] = true
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range s.AssetNames() {
		url, err := s.AssetURL(name)
		if err != nil {
			t.Fatal(err)
		}
		a, _ := s.Asset(url)
		write(url, a.Data)
	}
	for i, f := range w.files {
		for _, name := range []string{f.name, "cover", "picture"} {
			write("files/"+i.String()+"/"+name, f.data)
		}
	}
	for _, b := range []tenant.Brand{w.brand, themes.PlatformBrand()} {
		css, hash := themes.BrandCSS(b)
		write("brand/"+hash+".css", css)
	}
	logo, ok := sample.Logo("acme")
	if !ok {
		t.Fatal("no logo")
	}
	write("brand/logo/acme", logo.Data)
	write("brand/favicon/acme", logo.Data)
	var index strings.Builder
	for _, sp := range specimens(t, w) {
		for _, theme := range tenant.Themes() {
			for _, locale := range themes.Locales() {
				v := sp.view
				v.Brand.Theme, v.Locale = theme, locale
				name := string(theme) + "-" + locale + "/" + sp.name + ".html"
				doc := render(t, s, v, sp.page)
				write(name, []byte(doc))
				for _, m := range reference.FindAllStringSubmatch(doc, -1) {
					if !written[m[1]] {
						t.Errorf("%s refers to %s", name, m[1])
					}
				}
				index.WriteString(`<p><a href="` + name + `">` + name + "</a></p>\n")
			}
		}
	}
	for _, letter := range letters() {
		for _, locale := range themes.Locales() {
			v := mailView(w)
			v.Locale = locale
			_, _, html, err := s.Mail(v, letter.mail)
			if err != nil {
				t.Fatal(err)
			}
			write("mails/"+locale+"-"+letter.name+".html", []byte(html))
		}
	}
	write("index.html", []byte(index.String()))
}
