// Package web is the HTML side of the product: each handler reads the request, calls one method of the domain and fills
// a page. It decides nothing, knows no SQL and writes no log; what holds for every request (who asks, CSRF, limits) is
// middleware of package api, where the routes stand too.
package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"html/template"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/problem"
	"lyceum/api/route"
	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/clock"
	"lyceum/internal/fault"
	"lyceum/internal/recall"
	"lyceum/internal/uid"
	"lyceum/learning/content"
	"lyceum/learning/notice"
	"lyceum/tenant"
	"lyceum/tenant/broadcast"
	"lyceum/tenant/flag"
	"lyceum/themes"
)

// Site is what every area shares: how pages are drawn.
type Site struct {
	policy  *policy.Engine
	themes  *themes.Set
	brands  *tenant.Brands
	hosts   tenant.Hosts
	now     clock.Clock
	log     *slog.Logger
	devMail bool
	notices func(ctx context.Context) ([]signon.Notice, error)
	news    func(ctx context.Context) (notice.Standing, error)
	paths   func(ctx context.Context) (bool, error)
	on      func(ctx context.Context, t tenant.Tenant, name string) bool
	told    func(ctx context.Context, t tenant.Tenant, who broadcast.Reader) broadcast.Said
	leads   func(ctx context.Context) (bool, error)
	looks   *recall.Cache[string, look]
	files   *content.Service

	summaries *recall.Cache[string, template.HTML] // by their text
}

// SiteOptions are what a Site works with.
type SiteOptions struct {
	Themes  *themes.Set
	Brands  *tenant.Brands
	Hosts   tenant.Hosts
	Now     clock.Clock
	Log     *slog.Logger
	DevMail bool // the developer's mailbox exists on the platform's site
	Policy  *policy.Engine
	// Notices gives what who asks is to be reminded of on every page of a portal; nil: nothing.
	Notices func(ctx context.Context) ([]signon.Notice, error)
	// Files tells which smaller pictures there are; nil: pages show pictures as they are.
	Files *content.Service
	// News gives how much who asks has not read; nil: there is no bell's count.
	News func(ctx context.Context) (notice.Standing, error)
	// Paths tells whether the portal has paths to take; nil: it has none.
	Paths func(ctx context.Context) (bool, error)
	// On tells whether a portal has what a flag is for; nil: every portal has everything.
	On func(ctx context.Context, t tenant.Tenant, name string) bool
	// Said gives what operators say to a portal; nil: nothing.
	Said func(ctx context.Context, t tenant.Tenant, who broadcast.Reader) broadcast.Said
	// Leads tells whether anybody reports to who asks; nil: nobody does.
	Leads func(ctx context.Context) (bool, error)
}

// NewSite makes the shared part.
func NewSite(o SiteOptions) *Site {
	return &Site{
		themes: o.Themes, brands: o.Brands, hosts: o.Hosts, now: o.Now, log: o.Log, devMail: o.DevMail, policy: o.Policy, notices: o.Notices, files: o.Files, news: o.News, paths: o.Paths, leads: o.Leads, told: o.Said, on: o.On,
		looks:     recall.New[string, look](2000, 24*time.Hour, o.Now),
		summaries: recall.New[string, template.HTML](summaries, 24*time.Hour, o.Now),
	}
}

// look is a brand's style sheet and where it lies.
type look struct {
	css  []byte
	hash string
}

// lookOf gives the style sheet of a brand, worked out once a colour.
func (s *Site) lookOf(b tenant.Brand) look {
	if l, ok := s.looks.Peek(b.Colour); ok {
		return l
	}
	css, hash := themes.BrandCSS(b)
	l := look{css, hash}
	s.looks.Put(b.Colour, l)
	return l
}

// brand is the look of the site asked for. Where it cannot be read, a plain one with the right name stands in: a page
// about a failure must not fail for it.
func (s *Site) brand(c *fiber.Ctx) tenant.Brand {
	v := visit.Of(c)
	if v.Place != tenant.PlaceTenant {
		return themes.PlatformBrand()
	}
	if v.Tenant.Status == tenant.StatusActive || v.Tenant.Status == tenant.StatusSuspended {
		b, err := s.brands.Get(tenant.With(c.UserContext(), v.Tenant))
		if err == nil {
			return b
		}
		s.log.WarnContext(c.UserContext(), "brand not read, a plain one stands in",
			slog.String("request_id", v.ID), slog.String("tenant", v.Tenant.Slug), slog.Any("err", err))
	}
	return tenant.DefaultBrand(v.Tenant.Name)
}

// view is what every page of this request has.
func (s *Site) view(c *fiber.Ctx) themes.View {
	v, ctx := visit.Of(c), c.UserContext()
	b := s.brand(c)
	out := themes.View{
		Brand: b, BrandCSSURL: "/brand/" + s.lookOf(b).hash + ".css", Platform: v.Place != tenant.PlaceTenant,
		TenantSlug: v.Tenant.Slug, TenantName: v.Tenant.Name, Path: place(c), CSRF: visit.Token(c),
		Appearance: themes.ParseAppearance(visit.Appearance(c)), RequestID: v.ID, Now: s.now(),
		DevMail: s.devMail && v.Place != tenant.PlaceTenant, LeavesAt: v.Tenant.LeavesAt, PausedAt: v.Tenant.PausedAt,
	}
	out.LogoURL, out.FaviconURL = s.logoURL(ctx, b.LogoFileID), pictureURL("favicon", b.FaviconFileID)
	wish := visit.Locale(c)
	// Who works by a set-up link is a principal without a person: for the page's frame they are a stranger.
	if who, ok := auth.PrincipalFrom(ctx); ok && who.PersonID != uid.Nil {
		out.Who, out.TimeZone = &who, who.TimeZone
		if who.Locale != "" {
			wish = who.Locale
		}
		if names, err := s.policy.Names(ctx); err == nil { // without them a page shows codes
			out.RoleNames = names
		}
	}
	if o, ok := route.OperatorFrom(ctx); ok {
		out.Operator = &o
	}
	if out.Who != nil && s.notices != nil {
		var err error
		if out.Notices, err = s.notices(ctx); err != nil { // a page is worth more than its reminders
			s.log.WarnContext(ctx, "reminders not read", slog.String("request_id", v.ID), slog.String("tenant", v.Tenant.Slug), slog.Any("err", err))
		}
	}
	if out.Who != nil && s.news != nil && out.Who.May.Has(policy.PersonSelf) {
		var err error
		if out.News, err = s.news(ctx); err != nil {
			s.log.WarnContext(ctx, "unread notices not counted", slog.String("request_id", v.ID), slog.String("tenant", v.Tenant.Slug), slog.Any("err", err))
		}
	}
	if out.Who != nil && s.paths != nil {
		var err error
		if out.Paths, err = s.paths(ctx); err != nil { // without the answer the navigation leaves paths out
			s.log.WarnContext(ctx, "paths not looked for", slog.String("request_id", v.ID), slog.String("tenant", v.Tenant.Slug), slog.Any("err", err))
		}
	}
	if v.Place == tenant.PlaceTenant && s.told != nil {
		out.Quiet = !s.has(ctx, v.Tenant, flag.LiveNotices)
		out.Said = s.told(ctx, v.Tenant, Reader(ctx))
	}
	if out.Who != nil && s.leads != nil {
		var err error
		if out.Leads, err = s.leads(ctx); err != nil { // without the answer the navigation leaves the team out
			s.log.WarnContext(ctx, "reports not looked for", slog.String("request_id", v.ID), slog.String("tenant", v.Tenant.Slug), slog.Any("err", err))
		}
	}
	out.Locale = themes.PickLocale(wish, c.Get(fiber.HeaderAcceptLanguage))
	return out
}

// has tells whether a portal has what a flag is for.
func (s *Site) has(ctx context.Context, t tenant.Tenant, name string) bool {
	return s.on == nil || s.on(ctx, t, name)
}

// Reader is who asks, as announcements ask for it.
func Reader(ctx context.Context) broadcast.Reader {
	p := who(ctx)
	return broadcast.Reader{Person: p.PersonID, Admin: slices.Contains(p.Roles, policy.Owner) || slices.Contains(p.Roles, policy.Admin)}
}

func pictureURL(kind string, file *uid.ID) string {
	if file == nil {
		return ""
	}
	return "/brand/" + kind + "/" + file.String()
}

// place is where the visitor is, to come back to: the address asked for, or for a form that was posted the page that
// holds the form.
func place(c *fiber.Ctx) string {
	if !visit.Unsafe(c) {
		return c.OriginalURL()
	}
	if from, ok := strings.CutPrefix(c.Get(fiber.HeaderReferer), visit.Of(c).Origin()); ok && visit.Local(from) != "" {
		return from
	}
	return "/"
}

// show answers a page with status 200, with the message that the last form left.
func (s *Site) show(c *fiber.Ctx, p themes.Page) error {
	v := s.view(c)
	if shown, ok := p.(themes.Pictured); ok {
		v.Pictures = s.picturesOf(c.UserContext(), shown.Covers())
	}
	if key, name, ok := visit.TakeFlash(c); ok {
		v.Flash = &themes.Flash{Key: themes.FlashKey(key), Name: name}
	}
	return s.draw(c, fiber.StatusOK, v, p)
}

// showWith answers a page with another status and without the message.
func (s *Site) showWith(c *fiber.Ctx, status int, p themes.Page) error {
	return s.draw(c, status, s.view(c), p)
}

// compressFrom is the size from which compressing a page is worth it, in bytes.
const compressFrom = 1400

// draw renders a page, whole before a byte of it is sent.
func (s *Site) draw(c *fiber.Ctx, status int, v themes.View, p themes.Page) error {
	s.allowStore(c)
	body := c.Response().BodyWriter()
	if err := s.themes.Render(body, v, p); err != nil {
		return err
	}
	c.Status(status).Set(fiber.HeaderContentType, "text/html; charset=utf-8")
	c.Set(fiber.HeaderContentLanguage, v.Locale)
	c.Vary(fiber.HeaderAcceptEncoding)
	if len(c.Response().Header.Peek(fiber.HeaderCacheControl)) == 0 {
		// Not no-store: going back must find what was typed.
		c.Set(fiber.HeaderCacheControl, "private, no-cache")
	}
	if plain := c.Response().Body(); len(plain) >= compressFrom && c.Request().Header.HasAcceptEncoding("gzip") {
		packed, err := compressed(plain)
		if err != nil {
			return err
		}
		c.Set(fiber.HeaderContentEncoding, "gzip")
		c.Response().SetBodyRaw(packed)
	}
	return nil
}

// packers are kept: each is 800 KB to make.
var packers = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	if err != nil {
		panic(err) // unreachable: the level is one of gzip's own
	}
	return w
}}

func compressed(plain []byte) ([]byte, error) {
	var out bytes.Buffer
	w, _ := packers.Get().(*gzip.Writer)
	defer packers.Put(w)
	w.Reset(&out)
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// refused shows a form again with what was typed and what is wrong with it. Failures that no typing mends go on to
// the error page.
func (s *Site) refused(c *fiber.Ctx, err error, page func(*fault.Fault) themes.Page) error {
	f, ok := problem.Shown(err)
	if !ok {
		return err
	}
	status := problem.Status(f.Kind)
	if f.Kind == fault.KindUnauthenticated {
		status = fiber.StatusUnprocessableEntity // 401 asks the browser for HTTP authentication, which is not meant
	}
	return s.showWith(c, status, page(f))
}

// to leads on after a form was accepted.
func (s *Site) to(c *fiber.Ctx, address string) error {
	return c.Redirect(address, fiber.StatusSeeOther)
}

// done leads on and leaves a message for the next page.
func (s *Site) done(c *fiber.Ctx, address string, key themes.FlashKey, name string) error {
	visit.SetFlash(c, string(key), name)
	return s.to(c, address)
}

// client is where a sign-in comes from.
func client(c *fiber.Ctx) auth.Client {
	cl := visit.Of(c).Client
	cl.Known = visit.Known(c)
	return cl
}

// who is the person who asks; the zero Principal for a stranger.
func who(ctx context.Context) auth.Principal {
	p, _ := auth.PrincipalFrom(ctx)
	return p
}

// Problem shows a failure that has no page of its own.
func (s *Site) Problem(c *fiber.Ctx, f problem.Found) error {
	return s.showWith(c, f.Status, themes.ProblemPage{Status: f.Status, Fault: f.Fault, RetryAfter: f.Retry})
}

// Unknown answers a host that leads to no portal, in the platform's look.
func (s *Site) Unknown(c *fiber.Ctx) error {
	host := tenant.NormaliseHost(visit.Of(c).Host)
	return s.showWith(c, fiber.StatusNotFound, themes.UnknownPortalPage{Host: host, PlatformURL: s.hosts.PlatformURL()})
}

// Suspended answers every request to a suspended portal and says whom to ask.
func (s *Site) Suspended(c *fiber.Ctx) error {
	return s.showWith(c, fiber.StatusForbidden, themes.SuspendedPage{Contact: visit.Of(c).Tenant.ContactEmail})
}

// Provisioning answers requests to a portal that is being made or updated.
func (s *Site) Provisioning(c *fiber.Ctx, updating bool) error {
	c.Set(fiber.HeaderRetryAfter, "5")
	return s.showWith(c, fiber.StatusServiceUnavailable, themes.ProvisioningPage{Updating: updating})
}
