package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"

	"lyceum/api/route"
	"lyceum/api/visit"
)

// table is the routes of one app.
type table struct {
	app     *fiber.App
	routes  []route.Route
	foreign []string                          // patterns of what other sites' pages and programs post to, without a form of ours
	proven  func(fiber.Handler) fiber.Handler // is around what asks for a fresh proof
	acting  func(route.Route) fiber.Handler   // asks whether an operator may who looks as a person; nil: nothing is asked
	paid    func(route.Route) fiber.Handler   // asks whether the bill allows it; nil, also where it gives nil: nothing is asked
}

// put is how a line comes into the table.
type put func(path string, n route.Need, h fiber.Handler)

func (t *table) add(method, path string, n route.Need, size int, h fiber.Handler) {
	t.line(route.Route{Method: method, Path: path, Need: n}, size, h)
}

func (t *table) line(r route.Route, size int, h fiber.Handler) {
	if size > formLimit {
		r.Body = size
	}
	t.routes = append(t.routes, r)
	t.app.Add(r.Method, r.Path, append(append([]fiber.Handler{reached, bounded(size), t.guarding(r), need(r.Need)}, t.paying(r)...), h)...)
}

// get answers HEAD too, with the same need (RFC 9110 §9.3.2).
func (t *table) get(path string, n route.Need, h fiber.Handler) {
	t.add(fiber.MethodHead, path, n, formLimit, h)
	t.add(fiber.MethodGet, path, n, formLimit, h)
}

// getOnce is get for an address that works once, or counts: asking for its header must not use it up.
func (t *table) getOnce(path string, n route.Need, h fiber.Handler) {
	t.add(fiber.MethodGet, path, n, formLimit, h)
}

func (t *table) head(path string, n route.Need, h fiber.Handler) {
	t.add(fiber.MethodHead, path, n, formLimit, h)
}

func (t *table) post(path string, n route.Need, h fiber.Handler) {
	t.add(fiber.MethodPost, path, n, formLimit, h)
}

// postFresh is post for what is dangerous: who asks must have proved themselves lately (the tenant's rules say how lately).
func (t *table) postFresh(path string, n route.Need, h fiber.Handler) {
	t.line(route.Route{Method: fiber.MethodPost, Path: path, Need: n, Fresh: true}, formLimit, t.proven(h))
}

// postForeign is post for what other sites send their visitors to (an identity provider's answer) and for programs that
// prove themselves otherwise: neither carries a form of ours, nor counts as a stranger's guess. The handler itself checks
// who speaks, and bounds how often.
func (t *table) postForeign(path string, n route.Need, h fiber.Handler) {
	t.foreign = append(t.foreign, path)
	t.add(fiber.MethodPost, path, n, formLimit, h)
}

// open is any method at an address for programs with rules of their own (SCIM): as postForeign.
func (t *table) open(method, path string, n route.Need, h fiber.Handler) {
	t.foreign = append(t.foreign, path)
	t.add(method, path, n, formLimit, h)
}

// play is a whole site of net/http's below a path, as the demo's identity providers are: it keeps its own rules of what may
// be posted, framed and stored.
func (t *table) play(path string, h http.Handler) {
	played := adaptor.HTTPHandler(keeping(h))
	handle := func(c *fiber.Ctx) error {
		for _, header := range held {
			c.Response().Header.Del(header.name)
		}
		return played(c)
	}
	for _, method := range []string{fiber.MethodGet, fiber.MethodPost} {
		t.open(method, path+"/*", route.Public, handle)
	}
}

// keeping gives a handler its request in memory of its own: the strings that the adaptor makes lie in the connection's
// buffer and turn into the next request's bytes, under a handler that remembers them.
func keeping(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		own := r.Clone(r.Context())
		own.RequestURI, own.Host, own.Method = strings.Clone(r.RequestURI), strings.Clone(r.Host), strings.Clone(r.Method)
		own.RemoteAddr = strings.Clone(r.RemoteAddr)
		var err error
		if own.URL, err = url.ParseRequestURI(own.RequestURI); err != nil {
			http.Error(w, "the address cannot be read", http.StatusBadRequest)
			return
		}
		own.Header = http.Header{}
		for name, values := range r.Header {
			for _, value := range values {
				own.Header.Add(strings.Clone(name), strings.Clone(value))
			}
		}
		h.ServeHTTP(w, own)
	})
}

// postFiles is post for a form that may bring a file along.
func (t *table) postFiles(path string, n route.Need, h fiber.Handler) {
	t.add(fiber.MethodPost, path, n, uploadLimit, h)
}

// postFilesFresh is postFiles for what is dangerous: see postFresh.
func (t *table) postFilesFresh(path string, n route.Need, h fiber.Handler) {
	t.line(route.Route{Method: fiber.MethodPost, Path: path, Need: n, Fresh: true}, uploadLimit, t.proven(h))
}

// patchFiles is for the parts of a large file.
func (t *table) patchFiles(path string, n route.Need, h fiber.Handler) {
	t.add(fiber.MethodPatch, path, n, chunkLimit, h)
}

// paying is what asks whether the bill allows a route.
func (t *table) paying(r route.Route) []fiber.Handler {
	if t.paid == nil {
		return nil
	}
	if ask := t.paid(r); ask != nil {
		return []fiber.Handler{ask}
	}
	return nil
}

// guarding is what asks whether an operator may who looks as a person.
func (t *table) guarding(r route.Route) fiber.Handler {
	if t.acting == nil {
		return func(c *fiber.Ctx) error { return c.Next() }
	}
	return t.acting(r)
}

// adopt takes up routes that another package has put on the app, and has each ask for what it says it needs.
func (t *table) adopt(declared []route.Route) {
	theirs := table{routes: declared}
	needs := theirs.needs()
	lines := map[string]route.Route{}
	for _, r := range declared {
		lines[r.Method+" "+r.Path] = r
	}
	t.routes = append(t.routes, declared...)
	for _, stack := range t.app.Stack() {
		for _, r := range stack {
			if n := needs.of(r.Method, r.Path); n != "" {
				r.Handlers = slices.Concat([]fiber.Handler{reached, t.guarding(lines[r.Method+" "+r.Path]), need(n)}, t.paying(lines[r.Method+" "+r.Path]), r.Handlers)
			}
		}
	}
}

// needs is what routes need, by method and path.
type needs map[string]route.Need

func (t *table) needs() needs {
	out := needs{}
	for _, r := range t.routes {
		out[r.Method+" "+r.Path] = r.Need
	}
	return out
}

// of gives what a route needs; HEAD needs what GET does.
func (n needs) of(method, path string) route.Need {
	if found, ok := n[method+" "+path]; ok || method != fiber.MethodHead {
		return found
	}
	return n[fiber.MethodGet+" "+path]
}

// complete fails when a route of the app names no need, or the table has a line that the app does not answer.
func (t *table) complete() error {
	needs, answered := t.needs(), map[string]bool{}
	var errs []error
	for _, r := range t.app.GetRoutes(true) {
		answered[r.Method+" "+r.Path] = true
		if n := needs.of(r.Method, r.Path); !n.Named() {
			errs = append(errs, fmt.Errorf("route %s %s names no need (%q)", r.Method, r.Path, n))
		}
	}
	for line := range needs {
		if !answered[line] {
			errs = append(errs, fmt.Errorf("route %s stands in the table and is not answered", line))
		}
	}
	return errors.Join(errs...)
}

// reached notes the pattern of the route that answers.
func reached(c *fiber.Ctx) error {
	visit.Of(c).Route = c.Route().Path
	return c.Next()
}
