package api

import (
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/problem"
	"lyceum/api/route"
	"lyceum/api/visit"
	"lyceum/api/web"
	"lyceum/auth/policy"
	"lyceum/tenant"
	"lyceum/tenant/broadcast"
)

// onAnnouncements is where operators say something to many portals, and plan maintenance.
func (s *Server) onAnnouncements(t *table) {
	a := web.Announcements{Site: s.site, Broadcast: s.Broadcast, Health: s.Health}
	t.get(web.AnnouncementsPath, route.Operator, a.List)
	t.get(web.BannersPath+"/new", route.Operator, a.NewBanner)
	t.post(web.BannersPath+"/new", route.Operator, a.SaveBanner)
	t.get(web.BannersPath+"/:banner", route.Operator, a.Banner)
	t.post(web.BannersPath+"/:banner", route.Operator, a.SaveBanner)
	t.post(web.BannersPath+"/:banner/end", route.Operator, a.EndBanner)
	t.get(web.MaintenancePath+"/new", route.Operator, a.NewWindow)
	t.postFresh(web.MaintenancePath+"/new", route.Operator, a.SaveWindow)
	t.get(web.MaintenancePath+"/:window", route.Operator, a.Window)
	t.postFresh(web.MaintenancePath+"/:window", route.Operator, a.SaveWindow)
	t.post(web.MaintenancePath+"/:window/end", route.Operator, a.EndWindow)
}

// onSaid is what a portal's people do with what operators say.
func (s *Server) onSaid(t *table) {
	t.post("/announcements/:banner/dismiss", route.For(policy.PersonSelf), web.Said{Site: s.site, Broadcast: s.Broadcast}.Dismiss)
}

// opens tells what is answered while a portal is closed for maintenance: how it stands, and the look of the page that says so.
func opens(path string) bool {
	return path == "/status" || path == "/status.json" || len(path) > 7 && path[:7] == "/brand/"
}

// closed answers for a portal that is closed for maintenance; done is false when it is not.
func (s *Server) closed(c *fiber.Ctx, t tenant.Tenant) (done bool, err error) {
	w, ok := s.Broadcast.Running(c.UserContext(), t)
	if !ok || w.Mode != broadcast.Closed || opens(c.Path()) {
		return false, nil
	}
	c.SetUserContext(tenant.With(c.UserContext(), t))
	left := max(w.UntilAt.Sub(s.Now()), time.Second)
	if visit.WantsJSON(c) {
		return true, problem.After(broadcast.ErrClosed, left)
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int((left+time.Second-1)/time.Second)))
	return true, s.site.Closed(c, w)
}

// standsStill refuses what changes something while a portal is maintained.
func (s *Server) standsStill(c *fiber.Ctx) error {
	w, ok := s.Broadcast.Running(c.UserContext(), visit.Of(c).Tenant)
	if !ok {
		return nil
	}
	return problem.After(broadcast.ErrReadOnly, max(w.UntilAt.Sub(s.Now()), time.Second))
}

// whileMaintained are the reasons of passes (readonly.go) that hold during maintenance too: what else is let through there writes what
// people would miss.
var whileMaintained = map[string]bool{whySignIn: true, whyTrying: true}
