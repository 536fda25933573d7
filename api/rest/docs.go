package rest

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page and its style
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"sync"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
	"lyceum/api/visit"
)

//go:embed docs.html
var docsHTML string

//go:embed docs.css
var docsCSS []byte

// docsPolicy lets the page load its style and nothing else (CSP level 3).
const docsPolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// documentRoutes serves the document, the page made of it, and the page's style. Each is made once, for who asks first: a process starts
// sooner without.
func (a *api) documentRoutes(router fiber.Router) error {
	doc := a.finished()
	t, err := template.New("docs").Parse(docsHTML)
	if err != nil {
		return fmt.Errorf("rest: read the page: %w", err)
	}
	a.serve(router, "/openapi.json", "application/json", func() ([]byte, error) {
		packed, err := json.Marshal(doc)
		if err != nil {
			return nil, fmt.Errorf("rest: write the document: %w", err)
		}
		var out bytes.Buffer
		if err := json.Indent(&out, packed, "", "  "); err != nil {
			return nil, fmt.Errorf("rest: write the document: %w", err)
		}
		return out.Bytes(), nil
	})
	a.serve(router, "/docs", "text/html; charset=utf-8", func() ([]byte, error) {
		var out bytes.Buffer
		if err := t.Execute(&out, viewOf(doc, a.order)); err != nil {
			return nil, fmt.Errorf("rest: write the page: %w", err)
		}
		return out.Bytes(), nil
	})
	a.serve(router, "/docs.css", "text/css; charset=utf-8", func() ([]byte, error) { return docsCSS, nil })
	return nil
}

// text is what serve answers, and its entity tag (RFC 9110, 8.8.3).
type text struct {
	body []byte
	tag  string
}

// serve answers a text that stays the same as long as the process runs.
func (a *api) serve(router fiber.Router, path, mediaType string, write func() ([]byte, error)) {
	written := sync.OnceValues(func() (text, error) {
		a.document.Lock()
		defer a.document.Unlock()
		body, err := write()
		sum := sha256.Sum256(body)
		return text{body, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}, err
	})
	router.Get(base+path, func(c *fiber.Ctx) error {
		visit.Of(c).Route = base + path
		t, err := written()
		if err != nil {
			return err
		}
		c.Set(fiber.HeaderCacheControl, "no-cache")
		c.Set(fiber.HeaderETag, t.tag)
		c.Set(fiber.HeaderContentSecurityPolicy, docsPolicy)
		if c.Get(fiber.HeaderIfNoneMatch) == t.tag {
			return c.SendStatus(fiber.StatusNotModified)
		}
		c.Set(fiber.HeaderContentType, mediaType)
		return c.Send(t.body)
	})
	a.routes = append(a.routes, route.Route{Method: fiber.MethodGet, Path: base + path, Need: route.Public})
}
