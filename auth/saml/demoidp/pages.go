package demoidp

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"lyceum/auth/saml"
	"lyceum/internal/uid"
)

//go:embed page/*.html page/style.css
var files embed.FS

// pages are the pages, parsed once. Each is a struct and a method.
type pages struct{ all *template.Template }

func parsePages() (*pages, error) {
	all, err := template.ParseFS(files, "page/*.html")
	if err != nil {
		return nil, fmt.Errorf("demoidp: %w", err)
	}
	return &pages{all}, nil
}

// choosePage asks who one wants to be.
type choosePage struct {
	Base    string
	Service string
	Hint    string
	People  []Person
	Carried carried
}

// postPage sends a form to a service, by itself where scripts run, else by its button.
type postPage struct {
	Base   string
	Action string
	Fields []saml.Field
	Nonce  string
}

// Host is where the form goes, for people.
func (p postPage) Host() string { return host(p.Action) }

// homePage lists who is signed in, and lets one begin here.
type homePage struct {
	Base     string
	Metadata string
	People   []Person
	Services []string
	Sessions []homeSession
}

type homeSession struct{ Index, Person, Service string }

// noticePage is a sentence.
type noticePage struct{ Base, Title, Text string }

func host(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Host
	}
	return ""
}

// origin is what form-action of a policy names.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func (p *pages) choose(w http.ResponseWriter, page choosePage) error {
	return p.write(w, http.StatusOK, "choose", page, "", "'self'")
}

func (p *pages) post(w http.ResponseWriter, page postPage) error {
	page.Nonce = uid.Opaque(32)
	return p.write(w, http.StatusOK, "post", page, page.Nonce, origin(page.Action))
}

func (p *pages) home(w http.ResponseWriter, page homePage) error {
	targets := []string{"'self'"}
	for _, s := range page.Services {
		targets = append(targets, origin(s)) // Chromium holds the redirect after a form to form-action too
	}
	return p.write(w, http.StatusOK, "home", page, "", targets...)
}

func (p *pages) notice(w http.ResponseWriter, status int, page noticePage) error {
	return p.write(w, status, "notice", page, "", "'none'")
}

// write renders into a buffer first, with a policy of its own: nothing but the style sheet, the one script by its nonce,
// and forms to where they must go.
func (p *pages) write(w http.ResponseWriter, status int, name string, page any, nonce string, formAction ...string) error {
	var out bytes.Buffer
	if err := p.all.ExecuteTemplate(&out, name+".html", page); err != nil {
		return fmt.Errorf("demoidp: page %s: %w", name, err)
	}
	slices.Sort(formAction)
	policy := "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action " + strings.TrimSpace(strings.Join(slices.Compact(formAction), " "))
	if nonce != "" {
		policy += "; script-src 'nonce-" + nonce + "'"
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes()) // whoever hung up needs no page
	return nil
}

func (i *IdP) home(w http.ResponseWriter, _ *http.Request) error {
	page := homePage{Base: i.options.BaseURL, Metadata: i.MetadataURL(), People: i.options.People}
	i.mu.Lock()
	for name := range i.providers {
		page.Services = append(page.Services, name)
	}
	for _, s := range slices.Backward(i.sessions) {
		page.Sessions = append(page.Sessions, homeSession{s.index, s.person.Name, s.service})
		page.Services = append(page.Services, s.service)
	}
	i.mu.Unlock()
	slices.Sort(page.Services)
	page.Services = slices.Compact(page.Services)
	return i.pages.home(w, page)
}

// failed says what was wrong with a request: this is a tool for people who try things out, so it says it all.
func (i *IdP) failed(w http.ResponseWriter, err error) {
	if again := i.pages.notice(w, http.StatusBadRequest, noticePage{Base: i.options.BaseURL, Title: "That did not work", Text: err.Error()}); again != nil {
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
	}
}

func (i *IdP) style(w http.ResponseWriter, _ *http.Request) error {
	raw, err := files.ReadFile("page/style.css")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "max-age=300")
	_, _ = w.Write(raw)
	return nil
}
