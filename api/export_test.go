package api

import (
	"context"
	"github.com/valyala/fasthttp"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"
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

func (s *Server) Handle() fasthttp.RequestHandler { return s.app.Handler() }
