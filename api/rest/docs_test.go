package rest

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/net/html"

	"lyceum/api/route"
)

// served mounts all operations without services, which the page does not need, and gives one text.
func served(t *testing.T, path string) (text string, routes []route.Route, header func(string) string) {
	t.Helper()
	app := fiber.New(fiber.Config{DisableStartupMessage: true, DisableDefaultDate: true})
	routes, err := Mount(app, Services{Limit: allowing{ok: true}, Rate: Rate{Requests: 1}})
	if err != nil {
		t.Fatal(err)
	}
	res, err := app.Test(httptest.NewRequest(http.MethodGet, base+path, nil), -1)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v", res.StatusCode, err)
	}
	return string(body), routes, res.Header.Get
}

var void = map[string]bool{"meta": true, "link": true, "br": true, "hr": true, "img": true, "input": true}

func TestTheDocumentationPageIsWellFormedAndShowsEveryOperation(t *testing.T) {
	t.Parallel()
	text, routes, header := served(t, "/docs")
	ids, links, open := map[string]bool{}, []string{}, []string{}
	z := html.NewTokenizer(strings.NewReader(text))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		tok := z.Token()
		switch kind {
		case html.StartTagToken:
			for _, a := range tok.Attr {
				switch {
				case a.Key == "id" && ids[a.Val]:
					t.Errorf("the id %q stands twice", a.Val)
				case a.Key == "id":
					ids[a.Val] = true
				case a.Key == "href" && strings.HasPrefix(a.Val, "#"):
					links = append(links, a.Val[1:])
				case a.Key == "style", strings.HasPrefix(a.Key, "on"):
					t.Errorf("<%s> has an inline %s", tok.Data, a.Key)
				}
			}
			if tok.Data == "script" || tok.Data == "style" {
				t.Errorf("there is a <%s>", tok.Data)
			}
			if !void[tok.Data] {
				open = append(open, tok.Data)
			}
		case html.EndTagToken:
			if len(open) == 0 || open[len(open)-1] != tok.Data {
				t.Fatalf("</%s> closes %v", tok.Data, open)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("left open: %v", open)
	}
	for _, l := range links {
		if !ids[l] {
			t.Errorf("#%s leads nowhere", l)
		}
	}
	articles := strings.Count(text, `<p class="address">`)
	if articles != len(routes)-3 {
		t.Errorf("%d operations on the page, %d mounted", articles, len(routes)-3)
	}
	for _, r := range routes {
		path := regexp.MustCompile(`:(\w+)`).ReplaceAllString(r.Path, "{$1}")
		if r.Need != route.Public && !strings.Contains(text, `<span class="method `+r.Method+`">`+r.Method+`</span> <code>`+path+`</code>`) {
			t.Errorf("%s %s is not on the page", r.Method, path)
		}
	}
	if n := strings.Count(text, "$PORTAL/api/v1"); n != articles {
		t.Errorf("%d examples for %d operations", n, articles)
	}
	if got := header("Content-Security-Policy"); !strings.Contains(got, "default-src 'none'") || strings.Contains(got, "unsafe") || strings.Contains(got, "script-src") {
		t.Errorf("policy %q", got)
	}
	if strings.Contains(text, "http://") || strings.Contains(strings.ReplaceAll(text, "https://your-portal.example", ""), "https://") || strings.Contains(text, "cdn") {
		t.Error("the page names another site")
	}
}

func TestTheStyleOfTheDocumentationIsServedBesideIt(t *testing.T) {
	t.Parallel()
	text, _, header := served(t, "/docs.css")
	if !strings.HasPrefix(header("Content-Type"), "text/css") || !strings.Contains(text, "prefers-color-scheme: dark") || strings.Contains(text, "url(") || strings.Contains(text, "@import") {
		t.Errorf("%s: %.100s", header("Content-Type"), text)
	}
}

func TestWhatADescriptionSaysIsTextOnThePage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const evil = `</p><script>alert("1")</script>`
	on(b.api, operation{method: get, path: "/x", id: "evil", tag: tagMe, need: route.Public, summary: evil, about: evil + " `" + evil + "` **" + evil + "**"},
		func(context.Context, *vaultIn) (*vaultOut, error) { return &vaultOut{}, nil })
	if err := b.documentRoutes(b.app); err != nil {
		t.Fatal(err)
	}
	res, body := b.send(t, "GET", "/docs", "", "")
	if res.StatusCode != http.StatusOK || strings.Contains(body, "<script") || !strings.Contains(body, "&lt;script&gt;") {
		t.Errorf("status %d: %s", res.StatusCode, body)
	}
}

func TestTheExamplesOfThePageAreWhatOneMayType(t *testing.T) {
	t.Parallel()
	text, _, _ := served(t, "/docs")
	for _, want := range []string{
		`curl -X POST &#34;$PORTAL/api/v1/people&#34; \` + "\n" + `  -H &#34;Authorization: Bearer $KEY&#34; \` + "\n" + `  -H &#34;Content-Type: application/json&#34; \` + "\n" + `  -d &#39;{` + "\n" + `  &#34;email&#34;: &#34;anna@example.com&#34;,`,
		`curl --head &#34;$PORTAL/api/v1/uploads/` + exampleID + `&#34;`,
		`-H &#34;Upload-Offset: 0&#34;`,
		`--data-binary @file`,
		`-H &#39;If-Match: &#34;7&#34;&#39;`,
		`curl &#34;$PORTAL/api/v1/courses/fire-safety&#34;`,
		`curl &#34;$PORTAL/api/v1/certificates/3k9d2m5q8r1t4v7w0x6z&#34;</code>`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no example has %s", want)
		}
	}
}
