package rest

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page and its style
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"

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

// documentRoutes serves the document, the page made of it, and the page's style. They are made once, here.
func (a *api) documentRoutes(router fiber.Router) error {
	doc := a.finished()
	packed, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("rest: write the document: %w", err)
	}
	var document, page bytes.Buffer
	if err := json.Indent(&document, packed, "", "  "); err != nil {
		return fmt.Errorf("rest: write the document: %w", err)
	}
	t, err := template.New("docs").Parse(docsHTML)
	if err != nil {
		return fmt.Errorf("rest: read the page: %w", err)
	}
	if err := t.Execute(&page, viewOf(doc, a.order)); err != nil {
		return fmt.Errorf("rest: write the page: %w", err)
	}
	a.serve(router, "/openapi.json", "application/json", document.Bytes())
	a.serve(router, "/docs", "text/html; charset=utf-8", page.Bytes())
	a.serve(router, "/docs.css", "text/css; charset=utf-8", docsCSS)
	return nil
}

// serve answers a text that stays the same as long as the process runs.
func (a *api) serve(router fiber.Router, path, mediaType string, body []byte) {
	sum := sha256.Sum256(body)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	router.Get(base+path, func(c *fiber.Ctx) error {
		visit.Of(c).Route = base + path
		c.Set(fiber.HeaderCacheControl, "no-cache")
		c.Set(fiber.HeaderETag, tag)
		c.Set(fiber.HeaderContentSecurityPolicy, docsPolicy)
		if c.Get(fiber.HeaderIfNoneMatch) == tag {
			return c.SendStatus(fiber.StatusNotModified)
		}
		c.Set(fiber.HeaderContentType, mediaType)
		return c.Send(body)
	})
	a.routes = append(a.routes, route.Route{Method: fiber.MethodGet, Path: base + path, Need: route.Public})
}
