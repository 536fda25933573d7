package demoop

import (
	"bytes"
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

//go:embed style.css
var style []byte

//go:embed page.html
var markup string

var pages = template.Must(template.New("page").Parse(markup))

// page is what is shown: people to choose from, or a message.
type page struct {
	Title, Organization, Style string
	Text                       string
	Client                     string
	People                     []choice
	Cancel                     string
}

type choice struct {
	Name, Email, Department, Address string
	Initials                         string
	Hinted                           bool
}

func (p *Provider) show(w http.ResponseWriter, status int, v page) {
	v.Organization, v.Style = p.whose, p.base.Path+"/style.css"
	var out bytes.Buffer
	if err := pages.Execute(&out, v); err != nil {
		http.Error(w, "The page cannot be shown.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	// Nothing but the page's own stylesheet; the choices are links, so that no form-action has to name the application.
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Frame-Options", "DENY")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes()) // the other side may be gone
}

func (p *Provider) showPeople(w http.ResponseWriter, in request, ticket string) {
	address := func(person string) string {
		return p.base.Path + "/choose?" + url.Values{"ticket": {ticket}, "person": {person}}.Encode()
	}
	v := page{Title: "Who are you?", Client: in.name, Cancel: address("")}
	for _, person := range p.everybody() {
		v.People = append(v.People, choice{
			Name: person.Name, Email: person.Email, Department: person.Department, Address: address(person.Email),
			Initials: initials(person), Hinted: strings.EqualFold(person.Email, in.hint),
		})
	}
	// Who typed an address finds themselves on top.
	slices.SortStableFunc(v.People, func(a, b choice) int {
		switch {
		case a.Hinted == b.Hinted:
			return 0
		case a.Hinted:
			return -1
		}
		return 1
	})
	p.show(w, http.StatusOK, v)
}

func initials(person Person) string {
	var out []rune
	for _, word := range strings.Fields(person.Name) {
		if out = append(out, []rune(word)[0]); len(out) == 2 {
			break
		}
	}
	return strings.ToUpper(string(out))
}

func (p *Provider) showSignedOut(w http.ResponseWriter, told int) {
	text := "You are signed out here."
	if told > 0 {
		text = "You are signed out here, and the applications that you used were told."
	}
	p.show(w, http.StatusOK, page{Title: "Signed out", Text: text})
}

// front says what this is to who comes here without an application.
func (p *Provider) front(w http.ResponseWriter, _ *http.Request) {
	p.show(w, http.StatusOK, page{Title: "Demo identity provider", Text: "Applications send people here to sign in. Begin at the application's sign-in page. The issuer to paste there is " + p.issuer})
}

// fail tells a person what is wrong where no application can be told.
func (p *Provider) fail(w http.ResponseWriter, err error) {
	text := "The request cannot be answered."
	var why *refusal
	if errors.As(err, &why) {
		text = why.text
	}
	p.show(w, http.StatusBadRequest, page{Title: "This does not work", Text: text})
}

func stylesheet(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	_, _ = w.Write(style) // the other side may be gone
}
