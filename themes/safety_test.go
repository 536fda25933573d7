package themes_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"reflect"
	"strings"
	"testing"

	"lyceum/internal/fault"
	"lyceum/tenant"
	"lyceum/themes"
)

const hostile = `"><script>alert('x')</script><img src=x onerror=alert(1)> javascript:alert(1)`

// Every string of every page and of the View is replaced by a hostile one; the page must show it as text.
func TestHostileValuesAreShownAsText(t *testing.T) {
	t.Parallel()
	s, w := newSet(t), newWorld(t)
	for _, sp := range specimens(t, w) {
		page := poison(reflect.ValueOf(sp.page)).Interface().(themes.Page) //nolint:forcetypeassert // the same type
		view := poison(reflect.ValueOf(sp.view)).Interface().(themes.View) //nolint:forcetypeassert // the same type
		view.CSRF, view.Locale, view.TimeZone, view.Flash = "csrf-value", "en", "", &themes.Flash{Key: themes.FlashWelcome, Name: hostile}
		for _, theme := range tenant.Themes() {
			view.Brand.Theme = theme
			var b bytes.Buffer
			if err := s.Render(&b, view, page); err != nil {
				t.Errorf("%s: %v", sp.name, err)
				continue
			}
			doc := b.String()
			for _, bad := range []string{"<script>alert", "<img src=x", `="javascript:`, `='javascript:`, `=javascript:`} {
				if strings.Contains(doc, bad) {
					t.Errorf("%s in %s holds %q", sp.name, theme, bad)
				}
			}
			wellFormed(t, sp.name, doc)
		}
	}
}

// poison copies a value with every plain string in it replaced, named types, sanitised HTML and codes left alone.
func poison(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() && v.Len() > 0 {
			out.SetString(hostile)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(poison(v.Field(i)))
			}
		}
	case reflect.Slice:
		if !v.IsNil() && v.Type().Elem().Kind() != reflect.Uint8 {
			out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
			for i := range v.Len() {
				out.Index(i).Set(poison(v.Index(i)))
			}
		}
	case reflect.Map:
		if !v.IsNil() {
			out.Set(reflect.MakeMap(v.Type()))
			for it := v.MapRange(); it.Next(); {
				out.SetMapIndex(it.Key(), poison(it.Value()))
			}
		}
	case reflect.Pointer:
		if !v.IsNil() && v.Elem().Kind() == reflect.Struct && v.Type() != reflect.TypeFor[*fault.Fault]() {
			out.Set(reflect.New(v.Type().Elem()))
			out.Elem().Set(poison(v.Elem()))
		} else if f, ok := v.Interface().(*fault.Fault); ok && f != nil {
			c := f.With(hostile, hostile)
			c.Text = hostile
			out.Set(reflect.ValueOf(c))
		}
	}
	return out
}

// The budget of the issue is 80 KB for everything a learner's home page loads but pictures.
func TestTheLearnersHomePageIsLight(t *testing.T) {
	t.Parallel()
	s, w := newSet(t), newWorld(t)
	for _, theme := range tenant.Themes() {
		v := w.portal("/", learnerMay())
		v.Brand.Theme = theme
		var home themes.Page
		for _, sp := range specimens(t, w) {
			if sp.name == "home" {
				home = sp.page
			}
		}
		doc := render(t, s, v, home)
		searchJS, err := s.AssetURL("search.js")
		if err != nil {
			t.Fatal(err)
		}
		css, _ := themes.BrandCSS(v.Brand)
		total := len(zipped(t, []byte(doc))) + len(zipped(t, css))
		for _, name := range []string{string(theme) + ".css", "icons.svg", "search.js", "http.js", "notices.js"} {
			url, err := s.AssetURL(name)
			if err != nil {
				t.Fatal(err)
			}
			a, _ := s.Asset(url)
			total += len(a.Gzip)
		}
		own := strings.Count(doc, "<script") - strings.Count(doc, `<script type="module" src="`+searchJS+`"></script>`)
		if own != 1 || !strings.Contains(doc, "/notices.js") {
			t.Errorf("%s: the home page has another script than the bell's and the search box's", theme)
		}
		if total > 30<<10 {
			t.Errorf("%s: the home page weighs %d bytes compressed, at most 30 KB are wanted", theme, total)
		}
		t.Logf("%s: %d bytes", theme, total)
	}
}

func zipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAssetsAreAddressedByContentAndCompressed(t *testing.T) {
	t.Parallel()
	s := newSet(t)
	for _, name := range s.AssetNames() {
		url, err := s.AssetURL(name)
		if err != nil {
			t.Fatal(err)
		}
		a, ok := s.Asset(url)
		if !ok || len(a.Data) == 0 || a.MediaType == "" {
			t.Errorf("%s: %+v", url, a.MediaType)
			continue
		}
		if a.Gzip != nil {
			r, err := gzip.NewReader(bytes.NewReader(a.Gzip))
			if err != nil {
				t.Fatal(err)
			}
			if plain, err := io.ReadAll(r); err != nil || !bytes.Equal(plain, a.Data) {
				t.Errorf("%s: the compressed form differs", name)
			}
		}
		if bytes.Contains(a.Data, []byte("http://")) && !bytes.Contains(a.Data, []byte("http://www.w3.org/2000/svg")) || bytes.Contains(a.Data, []byte("https://")) {
			t.Errorf("%s refers to another site", name)
		}
	}
	for _, bad := range []string{"/assets/0000000000000000/atrium.css", "/assets/atrium.css", "/assets/", "", "/assets/../view.go"} {
		if _, ok := s.Asset(bad); ok {
			t.Errorf("%q found something", bad)
		}
	}
	if _, err := s.AssetURL("nothing.js"); err == nil {
		t.Error("an unknown asset has an address")
	}
}

func TestNoScriptOfOursWritesTextAsHTMLButTheServersPreview(t *testing.T) {
	t.Parallel()
	s := newSet(t)
	for _, name := range s.AssetNames() {
		url, err := s.AssetURL(name)
		if err != nil {
			t.Fatal(err)
		}
		a, _ := s.Asset(url)
		for _, bad := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"} {
			if n := bytes.Count(a.Data, []byte(bad)); n > 0 && (name != "lesson.js" || bad != "innerHTML" || n > 1) {
				t.Errorf("%s uses %s", name, bad)
			}
		}
	}
}
