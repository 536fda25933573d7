package api

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"lyceum/api/problem"
	"lyceum/api/route"
	"lyceum/api/visit"
	"lyceum/api/web"
	"lyceum/tenant/health"
)

// How long a connection may take; a request's own time is Options.RequestTimeout.
const (
	readFor  = 60 * time.Second // a request whole: a chunk of 8 MiB at 1.1 Mbit/s
	writeFor = 10 * time.Minute // an answer whole: a document of 200 MB at 2.7 Mbit/s
	idleFor  = 75 * time.Second // between two requests
	readyFor = 3 * time.Second  // asking whether all is ready
	// headerBuffer is the most that a request's line and headers may take, in bytes: long cookies and addresses pass.
	headerBuffer = 16 << 10
	// atOnce is how many connections are held at once, resting ones too; further ones are closed with 503. It is not
	// counted by address: behind a proxy all of them come from one.
	atOnce = 4096
)

// Server answers for the platform's site and every portal.
type Server struct {
	Options
	app      *fiber.App              // every request: finds the site
	apps     []*fiber.App            // all three
	platform fasthttp.RequestHandler // the platform's own site
	portal   fasthttp.RequestHandler // every portal
	site     *web.Site
	desk     problem.Desk
	proxies  proxies
	routes   []route.Route
	room     room
	bodies   bodies
	silent   silent
	shares   shares
	stopping atomic.Bool

	foreign, foreignPlatform []string // patterns of table.postForeign, on portals and on the platform's own site
}

// New puts the server together. It fails when an option is missing or a route names no need.
func New(o Options) (*Server, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	s := &Server{Options: o, shares: shares{most: o.PortalAtOnce}}
	var err error
	if s.proxies, err = parseProxies(o.TrustedProxies); err != nil {
		return nil, err
	}
	s.site = web.NewSite(web.SiteOptions{
		Themes: o.Themes, Brands: o.Brands, Hosts: o.Directory.Hosts(), Now: o.Now, Log: o.Log, DevMail: o.Mailbox != nil, Policy: o.Policy,
		Notices: o.SignOn.Notices, Files: o.Content, News: o.Notices.Standing, Paths: o.Paths.Any, Leads: o.Org.Leads, Said: o.Broadcast.For, On: o.Flags.On,
	})
	s.desk = problem.Desk{Page: s.site.Problem, Log: o.Log, Failed: s.noted}
	s.app = s.newApp()
	for _, step := range []fiber.Handler{s.released, s.recovered, s.welcome, s.observed, s.guarded, s.deadline} {
		s.app.Use(step)
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	s.room = newRoom(s.Secure, s.routes)
	s.bodies.open(o.BodyMemory)
	s.app.Server().HeaderReceived = s.received
	return s, nil
}

func (s *Server) newApp() *fiber.App {
	app := fiber.New(fiber.Config{
		Immutable: true, CaseSensitive: true, DisableStartupMessage: true, DisablePreParseMultipartForm: true,
		// StreamRequestBody stays off: what a handler leaves unread would be taken for the next request.
		BodyLimit: uploadLimit, ReadBufferSize: headerBuffer, ReadTimeout: readFor, WriteTimeout: writeFor, IdleTimeout: idleFor,
		Concurrency:  atOnce,
		ErrorHandler: s.failed,
	})
	return app
}

// noted counts a failure of ours at the tenant that met it.
func (s *Server) noted(c *fiber.Ctx, err error) {
	if v := visit.Of(c); s.Health != nil {
		s.Health.Failed(v.Tenant.ID, health.KindRequest, v.Route, v.ID, err)
	}
}

// Routes is the table of all routes, by site: those of any host, the platform's, the portals'.
func (s *Server) Routes() []route.Route { return slices.Clone(s.routes) }

// Listener serves on ln until Shutdown, or fails.
func (s *Server) Listener(ln net.Listener) error {
	if err := s.app.Listener(lingering{ln, &s.silent}); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// Shutdown takes no more requests, says so at /readyz, and waits until those that run are answered or ctx ends.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stopping.Store(true)
	s.Notices.Hang()
	s.silent.hang()
	return s.app.ShutdownWithContext(ctx)
}
