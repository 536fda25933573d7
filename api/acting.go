package api

import (
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/auth/support"
	"lyceum/internal/event"
)

// What an operator may reach who looks at the portal as one of its people (auth/support) stands in this table, place by place:
// the longest place that a route lies in rules. What lies in none is never reached, and neither is what asks for a fresh proof: an
// operator can never prove to be the person. That a visit without the portal's grant changes nothing is kept once more by
// the database, whose transactions only read then.

// Acting is the verdict about a route.
type Acting string

const (
	ActNever  Acting = "never"              // the person's or the owner's alone
	ActReads  Acting = "read"               // looking only; whatever changes something is never reached
	ActWrites Acting = "write if granted"   // looking, and changing while the portal grants it
	ActFree   Acting = "about this browser" // changes nothing of the person or the portal
)

var actingPlaces = map[string]Acting{
	"/": ActReads,
	// One's own account, and every way to sign in: by password, factor, passkey, provider, link or key.
	"/account": ActNever, "/step-up": ActNever, "/signin": ActNever, "/signout": ActNever, "/forgot": ActNever, "/reset": ActNever, "/invitation": ActNever, "/welcome": ActNever,
	"/join": ActNever, "/sso": ActNever, "/setup": ActNever, "/break-glass": ActNever, "/people/join-links": ActNever, "/calendar/feed": ActNever, "/calendar/address": ActNever,
	"/settings/api-keys": ActNever, "/settings/security": ActNever, "/settings/embeds": ActNever, "/settings/sign-on/keys": ActNever, "/settings/sign-on/links": ActNever,
	"/settings/sign-on/rules": ActNever, "/settings/sign-on/new": ActNever, "/settings/sign-on/:connection/settings": ActNever, "/settings/directories/:directory/tokens": ActNever,
	// The owner's: the bill, leaving, and what support may.
	"/settings/billing": ActNever, "/billing": ActNever, "/settings/leave": ActNever, "/settings/leaving": ActNever, "/privacy": ActNever, "/settings/support-access": ActNever,
	// Programs', with keys of their own: a visit makes none and uses none.
	"/api": ActNever, "/scim": ActNever, "/webhooks": ActNever,
	// Learning is the person's: a visit looks at lessons and is in none.
	"/courses": ActReads, "/learn": ActReads, "/paths": ActReads, "/hand-ins": ActNever, "/certificates": ActReads, "/certificates/:code.jwt": ActNever, "/transcript": ActReads, "/duties": ActReads, "/team": ActReads, "/team/away": ActReads, "/transcript.pdf": ActNever,
	"/calendar": ActReads, "/notifications": ActReads, "/notifications/:notice": ActNever, "/notifications/live": ActNever, "/notifications/live/standing": ActReads, "/notifications/settings": ActReads, "/notifications/devices": ActNever, "/push-worker.js": ActReads, "/manifest.webmanifest": ActReads, "/app-icon.png": ActReads, "/announcements": ActNever,
	"/search": ActReads, "/verify": ActReads, "/credentials": ActReads, "/.well-known": ActNever, "/brand": ActReads, "/status": ActReads, "/status.json": ActReads,
	// What a portal's people build and look after.
	"/studio": ActWrites, "/files": ActWrites, "/groups": ActWrites, "/compliance": ActWrites, "/reports": ActReads, "/reports/run.csv": ActNever, "/reports/run.xlsx": ActNever, "/reports/run.pdf": ActNever, "/reports/exports": ActNever, "/reports/schedules": ActReads, "/compliance/:requirement/evidence": ActNever, "/compliance/matrix.csv": ActNever, "/compliance/matrix.xlsx": ActNever, "/compliance/matrix.pdf": ActNever, "/reminders": ActWrites, "/dashboard": ActReads, "/people": ActWrites, "/first-steps": ActWrites, "/settings/brand": ActWrites, "/settings/certificates": ActWrites, "/settings/catalogue": ActWrites,
	"/settings/address": ActReads, "/settings/roles": ActReads, "/settings/sign-on": ActReads, "/settings/directories": ActReads, "/usage": ActReads, "/usage.csv": ActReads,
	"/audit": ActReads, "/audit/export.csv": ActNever, "/audit/export.jsonl": ActNever,
	// The way in and out, and how pages look.
	"/support": ActFree, "/preferences": ActFree,
}

// ActingOn is the verdict about a route; listed is false where no place of the table holds it.
func ActingOn(r route.Route) (verdict Acting, listed bool) {
	for at := r.Path; ; {
		if verdict, listed = actingPlaces[at]; listed {
			break
		}
		cut := strings.LastIndexByte(at, '/')
		if cut <= 0 {
			return ActNever, false
		}
		at = at[:cut]
	}
	if r.Fresh {
		return ActNever, true
	}
	if verdict == ActReads && r.Method != fiber.MethodGet && r.Method != fiber.MethodHead {
		return ActNever, true
	}
	return verdict, true
}

// acting asks the table before a route of a portal is answered.
func acting(r route.Route) fiber.Handler {
	verdict, _ := ActingOn(r)
	return func(c *fiber.Ctx) error {
		g, guised := auth.GuiseFrom(c.UserContext())
		switch {
		case !guised || verdict == ActFree:
			return c.Next()
		case verdict == ActNever:
			return auth.ErrGuiseNever
		case visit.Unsafe(c) && !g.Writes:
			return auth.ErrGuiseReads
		}
		return c.Next()
	}
}

// resumedSupport finds out whether an operator asks as a person; done is true when the request was answered. Their cookie goes
// before that of a session of one's own, which is found again when the visit is over.
func (s *Server) resumedSupport(c *fiber.Ctx) (done bool, err error) {
	secret := visit.Support(c)
	if secret == "" || strings.HasPrefix(c.Path(), "/brand/") {
		return false, nil
	}
	p, err := s.Support.Resume(c.UserContext(), secret)
	if visit.Of(c).Unpaid || errors.Is(err, support.ErrOver) {
		visit.ClearSupport(c)
		if strings.HasPrefix(c.Path(), "/support/") {
			return false, nil
		}
		return true, support.ErrOver
	}
	if err != nil {
		return true, err
	}
	visit.Anchor(c, secret)
	behind := &event.Behind{OperatorID: p.Guise.Operator, Operator: p.Guise.Name, VisitID: p.Guise.Visit}
	c.SetUserContext(event.WithActor(auth.WithPrincipal(c.UserContext(), p), event.Actor{ID: p.PersonID, Kind: "support", Behind: behind}))
	c.Set(fiber.HeaderCacheControl, "no-store")
	reads(c, p)
	return true, c.Next()
}
