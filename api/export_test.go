package api

import (
	"context"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
)

// Test answers a request without a network.
func (s *Server) Test(r *http.Request) (*http.Response, error) { return s.app.Test(r, -1) }

// Apps gives the apps: any host's, the platform's, the portals'.
func (s *Server) Apps() []*fiber.App { return s.apps }

// Streams tells whether any app streams request bodies.
func (s *Server) Streams() bool {
	for _, app := range s.apps {
		if app.Config().StreamRequestBody || app.Server().StreamRequestBody {
			return true
		}
	}
	return false
}

// Bounded tells whether the server holds no more connections than it should.
func (s *Server) Bounded() bool { return s.app.Server().Concurrency == atOnce }

// WaitForBodies waits until large bodies take n bytes together, or ctx ends.
func (s *Server) WaitForBodies(ctx context.Context, n int) {
	b := &s.bodies
	stop := context.AfterFunc(ctx, b.changed.Broadcast)
	defer stop()
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.total != n && ctx.Err() == nil {
		b.changed.Wait()
	}
}

// LoggedPath shows how a path is written to the log.
var LoggedPath = loggedPath

// Tame has the server leave no goroutine behind that goleak would find: fasthttp's clock for the Date header runs for
// ever, and its idle workers look only every ten seconds whether the server has stopped.
func (s *Server) Tame() {
	s.app.Server().MaxIdleWorkerDuration = 20 * time.Millisecond
	s.app.Server().NoDefaultDate = true
}

// Passed tells why a route is let through while a portal is read-only.
func Passed(r route.Route) (why string, ok bool) { return passed(r) }

// PassLine is one line of what is let through, or held back all the same.
type PassLine struct{ p pass }

// Fits tells whether the line means a route.
func (l PassLine) Fits(r route.Route) bool { return l.p.fits(r.Method, r.Path) }

// String is the line.
func (l PassLine) String() string { return l.p.method + " " + l.p.path }

// PassLines are all of them.
func PassLines() (list []PassLine) {
	for _, lines := range passes {
		for _, p := range lines {
			list = append(list, PassLine{p})
		}
	}
	for _, p := range heldBack {
		list = append(list, PassLine{p})
	}
	return list
}

// WhileMaintained tells whether a reason to be let through holds during maintenance too.
func WhileMaintained(why string) bool { return whileMaintained[why] }
