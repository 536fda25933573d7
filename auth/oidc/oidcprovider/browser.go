package oidcprovider

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// Browser keeps cookies and fills in a provider's screens. It never leaves the provider: an address elsewhere is given
// back, for the test to go on with.
type Browser struct {
	t      testing.TB
	origin string
	client *http.Client
}

// Browser opens a browser that nobody is signed in with.
func (p *Provider) Browser(t testing.TB) *Browser {
	t.Helper()
	return NewBrowser(t, p.Issuer)
}

// NewBrowser opens a browser for another provider's screens; origin is its scheme, host and port.
func NewBrowser(t testing.TB, origin string) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &Browser{t: t, origin: origin, client: &http.Client{
		Jar: jar, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

var (
	formTag  = regexp.MustCompile(`(?s)<form[^>]*\baction="([^"]*)"`)
	inputTag = regexp.MustCompile(`<(?:input|button)\b[^>]*>`)
	nameOf   = regexp.MustCompile(`\bname="([^"]*)"`)
	valueOf  = regexp.MustCompile(`\bvalue="([^"]*)"`)
)

// SignIn opens an authorization request, types the person's name, consents where it is asked to, and gives the address at
// the client that the provider sends the browser to.
func (b *Browser) SignIn(authorize, name string) string {
	b.t.Helper()
	return b.Walk(authorize, func(form url.Values) {
		if form.Get("prompt") == "login" {
			form.Set("login", name)
			form.Set("password", "any will do")
		}
	})
}

// SignOut opens an end-session request, says yes to signing out, and gives the address that the browser is sent to; "" when
// the provider keeps the browser on a page of its own.
func (b *Browser) SignOut(endSession string) string {
	b.t.Helper()
	return b.Walk(endSession, func(form url.Values) { form.Set("logout", "yes") })
}

// Walk follows redirects and submits forms, filled in by fill, until the provider is left or a page has no form ("").
func (b *Browser) Walk(address string, fill func(url.Values)) string {
	b.t.Helper()
	at, err := url.Parse(address)
	if err != nil {
		b.t.Fatal(err)
	}
	var form url.Values
	for range 20 {
		if !strings.HasPrefix(at.String(), b.origin+"/") {
			return at.String()
		}
		status, body, location := b.send(at, form)
		if form = nil; location != nil {
			at = location
			continue
		}
		action := formTag.FindStringSubmatch(body)
		if status != http.StatusOK {
			b.t.Fatalf("%s answered %d: %.2000s", at, status, body)
		}
		if action == nil {
			return ""
		}
		form = url.Values{}
		for _, tag := range inputTag.FindAllString(body, -1) {
			if n, v := nameOf.FindStringSubmatch(tag), valueOf.FindStringSubmatch(tag); n != nil && v != nil {
				form.Set(html.UnescapeString(n[1]), html.UnescapeString(v[1]))
			}
		}
		fill(form)
		if at, err = at.Parse(html.UnescapeString(action[1])); err != nil {
			b.t.Fatal(err)
		}
	}
	b.t.Fatalf("the provider goes round and round at %s", at)
	return ""
}

func (b *Browser) send(at *url.URL, form url.Values) (status int, body string, location *url.URL) {
	b.t.Helper()
	var res *http.Response
	var err error
	if form == nil {
		res, err = b.client.Get(at.String())
	} else {
		res, err = b.client.PostForm(at.String(), form)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if location, err = res.Location(); err != nil {
		location = nil
	}
	return res.StatusCode, string(raw), location
}
