package rest

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
	"lyceum/internal/fault"
)

// Methods, short: they stand in every operation.
const (
	get   = http.MethodGet
	head  = http.MethodHead
	post  = http.MethodPost
	put   = http.MethodPut
	patch = http.MethodPatch
	del   = http.MethodDelete
)

// faults are failures of the domain.
type faults []*fault.Fault

// operation says what an operation is; the types of its function say what it takes and gives.
type operation struct {
	method  string
	path    string // below base, parameters as {name}
	id      string // unique, verb-noun: what generated clients call it
	tag     string
	need    route.Need // required
	fresh   bool       // in a session, its person must have proved themselves lately
	status  int        // of success; 0 is 200 with an answer in the body, 204 without
	summary string     // one line without a full stop
	about   string     // what else one should know
	fails   faults     // failures of the domain beside those that every operation may have
	bytes   bool       // the body is bytes, not JSON
	lists   bool       // with bytes: it may be CSV or a JSON object a line, and longer
	media   string     // of the answer when it is not JSON
}

// on registers an operation. Whatever its failure is, it is handed back to enter, which has api/problem answer it:
// huma would send a plain error's text to the client.
func on[In, Out any](a *api, o operation, do func(context.Context, *In) (*Out, error)) {
	if !o.need.Named() {
		a.wrong = append(a.wrong, fmt.Errorf("rest: %s %s names no need", o.method, o.path))
	}
	described, admit := a.described(o), a.admission(o)
	described.Middlewares = huma.Middlewares{func(h huma.Context, next func(huma.Context)) {
		if err := admit(h); err != nil {
			behind(h.Context()).failed = err
			return
		}
		next(h)
	}}
	huma.Register(a.huma, described, func(ctx context.Context, in *In) (*Out, error) {
		out, err := do(ctx, in)
		if err != nil {
			behind(ctx).failed = err
			return nil, nil // huma writes nothing then
		}
		return out, nil
	})
	a.order = append(a.order, o.id)
	line := route.Route{Method: o.method, Path: fiberPath(base + o.path), Need: o.need, Fresh: o.fresh}
	if o.bytes {
		line.Body = o.most()
	}
	a.routes = append(a.routes, line)
}

// fiberPath writes a path as Fiber does.
func fiberPath(path string) string { return strings.NewReplacer("{", ":", "}", "").Replace(path) }

// asked is the request behind the context of an operation, and how it failed. It lives as long as its fiber.Ctx.
type asked struct {
	c      *fiber.Ctx
	failed error
}

type askedKey struct{}

// behind gives the request behind the context of an operation.
func behind(ctx context.Context) *asked {
	q, _ := ctx.Value(askedKey{}).(*asked)
	return q
}
