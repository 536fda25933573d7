package api

import (
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

// LoggedPath shows how a path is written to the log.
var LoggedPath = loggedPath

// Hurry has the server's idle workers end soon after it stopped: by default they look every ten seconds, and goleak
// would find them.
func (s *Server) Hurry() { s.app.Server().MaxIdleWorkerDuration = 20 * time.Millisecond }
