// Package browser is a browser without scripts, for tests: it keeps cookies, reads forms and presses their buttons. It goes to addresses
// of its own world only.
package browser

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// Browser goes from page to page. Redirects that lead to an address for which Stop is true are not followed: what they
// carry is for the test, which plays the service.
type Browser struct {
	t      testing.TB
	client *http.Client
	Stop   func(*url.URL) bool
}

// New opens a browser with an empty cookie jar.
func New(t testing.TB, stop func(*url.URL) bool) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &Browser{t: t, Stop: stop}
	b.client = &http.Client{Jar: jar, Timeout: time.Minute, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if b.Stop != nil && b.Stop(r.URL) || len(via) > 20 {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	t.Cleanup(b.client.CloseIdleConnections)
	return b
}

// Page is where the browser is.
type Page struct {
	Status int
	URL    *url.URL // of this page
	Onward *url.URL // where a redirect that was stopped leads
	Body   string
	Header http.Header
	Forms  []Form
}

// Form is one form with its hidden and filled-in fields.
type Form struct {
	Method string
	Action *url.URL
	Fields url.Values
	// Buttons are the submit buttons that have a name, by "name=value".
	Buttons []string
}

// Get opens an address.
func (b *Browser) Get(address string) Page {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(r)
}

// Post sends fields to an address.
func (b *Browser) Post(address string, fields url.Values) Page {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, address, strings.NewReader(fields.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

// Submit sends a form with some fields changed.
func (b *Browser) Submit(f Form, change map[string]string) Page {
	b.t.Helper()
	fields := url.Values{}
	for k, v := range f.Fields {
		fields[k] = v
	}
	for k, v := range change {
		fields.Set(k, v)
	}
	if strings.EqualFold(f.Method, http.MethodPost) {
		return b.Post(f.Action.String(), fields)
	}
	u := *f.Action
	u.RawQuery = fields.Encode()
	return b.Get(u.String())
}

func (b *Browser) do(r *http.Request) Page {
	b.t.Helper()
	res, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
	if err != nil {
		b.t.Fatal(err)
	}
	p := Page{Status: res.StatusCode, URL: res.Request.URL, Body: string(raw), Header: res.Header}
	if at := res.Header.Get("Location"); at != "" {
		if p.Onward, err = res.Request.URL.Parse(at); err != nil {
			b.t.Fatal(err)
		}
	}
	if strings.Contains(res.Header.Get("Content-Type"), "html") {
		if p.Forms, err = forms(p.URL, p.Body); err != nil {
			b.t.Fatal(err)
		}
	}
	return p
}

// Form gives the first form that has a field.
func (p Page) Form(field string) (Form, error) {
	for _, f := range p.Forms {
		if _, there := f.Fields[field]; there {
			return f, nil
		}
	}
	return Form{}, fmt.Errorf("no form with %s at %s (%d): %.600s", field, p.URL, p.Status, p.Body)
}

func forms(base *url.URL, body string) (list []Form, err error) {
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "form":
			action, err := base.Parse(attr(n, "action"))
			if err != nil {
				return nil, err
			}
			list = append(list, Form{Method: attr(n, "method"), Action: action, Fields: url.Values{}})
		case "input", "button":
			if len(list) == 0 || attr(n, "name") == "" {
				continue
			}
			f := &list[len(list)-1]
			if n.Data == "button" || attr(n, "type") == "submit" {
				f.Buttons = append(f.Buttons, attr(n, "name")+"="+attr(n, "value"))
				continue
			}
			f.Fields.Add(attr(n, "name"), attr(n, "value"))
		}
	}
	return list, nil
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
