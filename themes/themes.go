// Package themes is how the product looks: pages as html/template files with one typed struct each, base themes as
// folders of html, css and scripts, messages in two languages, mails, and the tokens that a brand may change. It holds
// no service and decides nothing: a page shows the values it was given.
package themes

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"reflect"
	"sync"
	texttemplate "text/template"
	"time"

	"lyceum/tenant"
)

//go:embed all:atrium all:campus all:messages
var files embed.FS

// Options of a Set.
type Options struct {
	// Dev makes a missing message an error of the page. Without it the key is shown and the page works.
	Dev bool
}

// Set is every theme, page, mail, message and asset, read and parsed once. It is safe for concurrent use.
type Set struct {
	dev    bool
	pages  map[edition]map[string]*sheet
	mails  letters
	readme *template.Template // of a copy of somebody's data
	speech *speech
	assets *assets
	zones  sync.Map // IANA name → *time.Location
}

// New parses everything. Any fault in a file is an error here, not at the first visitor.
func New(o Options) (*Set, error) {
	s := &Set{dev: o.Dev, pages: map[edition]map[string]*sheet{}}
	var err error
	if s.speech, err = newSpeech(files); err != nil {
		return nil, err
	}
	folders := map[tenant.Theme]folder{}
	for _, theme := range tenant.Themes() {
		if folders[theme], err = themeFiles(files, theme); err != nil {
			return nil, err
		}
	}
	if s.assets, err = newAssets(folders); err != nil {
		return nil, err
	}
	for _, theme := range tenant.Themes() {
		for _, locale := range Locales() {
			at := edition{theme, locale}
			if s.pages[at], err = parsePages(s.filled(folders[theme], locale)); err != nil {
				return nil, fmt.Errorf("theme %s in %s: %w", theme, locale, err)
			}
		}
	}
	if s.mails, err = parseLetters(folders[tenant.ThemeAtrium]); err != nil {
		return nil, err
	}
	if s.readme, err = parseReadme(folders[tenant.ThemeAtrium]); err != nil {
		return nil, err
	}
	return s, nil
}

// Render writes a page in the theme of its View's brand (atrium for the platform and for a theme we do not know).
// Nothing is written when the page fails.
func (s *Set) Render(w io.Writer, v View, p Page) error {
	c := s.chrome(v)
	file, dot := p.in(c)
	in := s.pages[edition{c.Theme(), c.locale}][file]
	if in == nil {
		return fmt.Errorf("render %s: no such page in theme %s", file, c.Theme())
	}
	t, err := in.template()
	if err != nil {
		return fmt.Errorf("render %s: %w", file, err)
	}
	buf, _ := buffers.Get().(*bytes.Buffer)
	buf.Reset()
	defer buffers.Put(buf)
	if err := t.Execute(buf, pointed(dot)); err != nil {
		return fmt.Errorf("render %s: %w", file, err)
	}
	_, err = w.Write(buf.Bytes())
	return err
}

// pointed gives a frame whose page is behind a pointer: a template that calls a page's method would else copy the page each
// time.
func pointed(dot any) any {
	f, ok := dot.(frame)
	if !ok {
		return dot
	}
	page := reflect.New(reflect.TypeOf(f.Page))
	page.Elem().Set(reflect.ValueOf(f.Page))
	f.Page = page.Interface()
	return f
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// zone gives the location of an IANA name, UTC for none and for one we do not know.
func (s *Set) zone(name string) *time.Location {
	if name == "" {
		return time.UTC
	}
	if l, ok := s.zones.Load(name); ok {
		return l.(*time.Location) //nolint:forcetypeassert // only locations are stored
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC // not kept: the names come from people and have no end
	}
	s.zones.Store(name, l)
	return l
}

// letters are the templates of mails: HTML over one layout, and plain text over another.
type letters struct {
	html map[string]*template.Template
	text map[string]*texttemplate.Template
}

func parseLetters(f folder) (letters, error) {
	l := letters{map[string]*template.Template{}, map[string]*texttemplate.Template{}}
	for _, name := range f.in("mails", ".html") {
		t, err := template.New("layout").Parse(string(f["mails/layout/mail.html"]))
		if err != nil {
			return l, err
		}
		if l.html[stem(name)], err = t.New(name).Parse(string(f[name])); err != nil {
			return l, err
		}
	}
	for _, name := range f.in("mails", ".txt") {
		t, err := texttemplate.New("layout").Parse(string(f["mails/layout/mail.txt"]))
		if err != nil {
			return l, err
		}
		if l.text[stem(name)], err = t.New(name).Parse(string(f[name])); err != nil {
			return l, err
		}
	}
	return l, nil
}
