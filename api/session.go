package api

import (
	"errors"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/language"

	"lyceum/api/problem"
	"lyceum/api/route"
	"lyceum/api/visit"
	"lyceum/api/web"
	"lyceum/auth"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/tenant"
)

// resumed finds out who asks: by API key under /api, by the session's cookie everywhere. A session that is over makes a
// stranger; a key that is over is refused, for a program would not notice.
func (s *Server) resumed(c *fiber.Ctx) error {
	if key, ok := bearer(c); ok {
		p, err := s.Auth.KeyPrincipal(c.UserContext(), key)
		if err != nil {
			return s.guessed(c, err)
		}
		c.SetUserContext(event.WithActor(auth.WithPrincipal(c.UserContext(), p), event.Actor{ID: p.PersonID, Kind: "api_key"}))
		reads(c, p)
		return c.Next()
	}
	if done, err := s.resumedSupport(c); done {
		return err
	}
	secret := visit.Session(c)
	if secret == "" || strings.HasPrefix(c.Path(), "/brand/") {
		return c.Next()
	}
	visit.Anchor(c, secret)
	resume := s.Auth.Resume
	if strings.HasPrefix(c.Path(), web.LivePath) {
		resume = s.Auth.Peek // the page asks by itself
	}
	p, err := resume(c.UserContext(), secret)
	switch {
	case err == nil:
		c.SetUserContext(event.WithActor(auth.WithPrincipal(c.UserContext(), p), event.Actor{ID: p.PersonID, Kind: "person"}))
		reads(c, p)
	case !errors.Is(err, auth.ErrSignInFirst):
		return err
	}
	return c.Next()
}

// reads notes in which languages who asks reads courses best. A program says so for whom it asks by Accept-Language; on pages
// it is what was chosen there, then the account's, then the browser's.
func reads(c *fiber.Ctx, p auth.Principal) {
	var heard []string
	if tags, _, err := language.ParseAcceptLanguage(c.Get(fiber.HeaderAcceptLanguage)); err == nil {
		for _, t := range tags {
			heard = append(heard, t.String())
		}
	}
	wishes := append([]string{visit.Reading(c), p.Locale}, heard...)
	if visit.API(c) {
		wishes = append(heard, p.Locale)
	}
	c.SetUserContext(catalog.WithLanguages(c.UserContext(), wishes...))
}

// guessed counts a key that does not hold. They are counted apart from what strangers post: a program with an old key must
// not keep its network's people from signing in.
func (s *Server) guessed(c *fiber.Ctx, err error) error {
	if !errors.Is(err, auth.ErrKeyInvalid) {
		return err
	}
	v := visit.Of(c)
	if ok, retry, _ := s.Limits.Strangers.Allow("key " + v.Tenant.ID.String() + " " + v.Network()); !ok {
		return problem.After(errTooMany, retry)
	}
	return err
}

// guessedOperator is guessed for keys of operators.
func (s *Server) guessedOperator(c *fiber.Ctx, err error) error {
	if !errors.Is(err, auth.ErrOperatorKeyInvalid) {
		return err
	}
	if ok, retry, _ := s.Limits.Strangers.Allow("operator key " + visit.Of(c).Network()); !ok {
		return problem.After(errTooMany, retry)
	}
	return err
}

// bearer gives the API key that a request under /api carries (RFC 6750 §2.1).
func bearer(c *fiber.Ctx) (key string, ok bool) {
	if !visit.API(c) {
		return "", false
	}
	scheme, key, _ := strings.Cut(c.Get(fiber.HeaderAuthorization), " ")
	return strings.TrimSpace(key), strings.EqualFold(scheme, "Bearer")
}

// resumedOperator finds out which operator asks, or which of their keys under /api. Their cookie is another one, on the
// platform's host only, and opens pages only: programs have keys.
func (s *Server) resumedOperator(c *fiber.Ctx) error {
	if secret, ok := bearer(c); ok {
		k, err := s.Operators.KeyOf(c.UserContext(), secret, visit.Of(c).Client.IP)
		if err != nil {
			return s.guessedOperator(c, err)
		}
		c.SetUserContext(event.WithActor(route.WithOperatorKey(c.UserContext(), k), k.Actor()))
		return c.Next()
	}
	secret := visit.OperatorSession(c)
	if secret == "" {
		return c.Next()
	}
	visit.Anchor(c, secret)
	if c.Path() != "/operator" && !strings.HasPrefix(c.Path(), "/operator/") {
		return c.Next()
	}
	o, err := s.Operators.Resume(c.UserContext(), secret)
	switch {
	case err == nil:
		c.SetUserContext(event.WithActor(route.WithOperator(c.UserContext(), o), event.Actor{ID: o.ID, Kind: "operator"}))
	case !errors.Is(err, auth.ErrSignInFirst):
		return err
	}
	return c.Next()
}

// looking refuses changes by an operator who may only look. What is about their own sign-in they may.
func looking(c *fiber.Ctx) error {
	who, ok := route.OperatorFrom(c.UserContext())
	if !ok || who.Role != auth.OperatorReader || !visit.Unsafe(c) {
		return c.Next()
	}
	switch path := c.Path(); {
	case !strings.HasPrefix(path, "/operator/"), path == "/operator/signout", path == "/operator/step-up",
		strings.HasPrefix(path, "/operator/signin"), strings.HasPrefix(path, "/operator/security/"):
		return c.Next()
	}
	return auth.ErrOperatorReads
}

var errTooMany = fault.New(fault.KindTooMany, "too_many_requests", "Too many requests came from your network. Wait a moment and try again.")

// limited bounds what strangers post. Guessing at one person's password is bounded more tightly, by auth.
func (s *Server) limited(c *fiber.Ctx) error {
	if s.fromElsewhere(c) {
		return c.Next()
	}
	_, known := auth.PrincipalFrom(c.UserContext())
	_, operator := route.OperatorFrom(c.UserContext())
	_, program := route.OperatorKeyFrom(c.UserContext())
	if known || operator || program || !visit.Unsafe(c) {
		return c.Next()
	}
	v := visit.Of(c)
	if ok, retry, _ := s.Limits.Strangers.Allow(v.Tenant.ID.String() + " " + v.Network()); !ok {
		return problem.After(errTooMany, retry)
	}
	return c.Next()
}

// checked refuses what changes something and was not sent by a page of this site. A program with an API key carries no
// cookie that another site could use.
func (s *Server) checked(c *fiber.Ctx) error {
	if !visit.Unsafe(c) || s.fromElsewhere(c) {
		return c.Next()
	}
	if p, ok := auth.PrincipalFrom(c.UserContext()); ok && p.KeyID != uid.Nil {
		return c.Next()
	}
	if _, ok := route.OperatorKeyFrom(c.UserContext()); ok {
		return c.Next()
	}
	if visit.API(c) && visit.Session(c) == "" {
		return auth.ErrSignInFirst // no key and no cookie: there is nobody whose form this could be
	}
	if err := visit.CheckForm(c); err != nil {
		return err
	}
	return c.Next()
}

// fromElsewhere tells whether the address takes what other sites and programs send (table.postForeign).
func (s *Server) fromElsewhere(c *fiber.Ctx) bool {
	if !visit.Unsafe(c) {
		return false
	}
	patterns := s.foreign
	if visit.Of(c).Place == tenant.PlacePlatform {
		patterns = s.foreignPlatform
	}
	for _, pattern := range patterns {
		if rest, wild := strings.CutSuffix(pattern, "*"); wild && strings.HasPrefix(c.Path(), rest) || fits(c.Path(), pattern) {
			return true
		}
	}
	return false
}

// need asks whether who asks may, and sends strangers who look at a page to sign in first.
func need(n route.Need) fiber.Handler {
	return func(c *fiber.Ctx) error {
		err := n.Check(c.UserContext())
		if errors.Is(err, auth.ErrSignInFirst) && !visit.Unsafe(c) && !visit.WantsJSON(c) && looksAtPage(c) {
			address := "/signin"
			if n.Operators() {
				address = "/operator/signin"
			}
			if next := visit.Local(c.OriginalURL()); next != "" && next != "/" {
				address += "?next=" + url.QueryEscape(next)
			}
			return c.Redirect(address, fiber.StatusSeeOther)
		}
		if err != nil {
			return err
		}
		return c.Next()
	}
}

// looksAtPage tells whether a browser asks for a page, and not for a picture or another part of one.
func looksAtPage(c *fiber.Ctx) bool {
	dest := c.Get("Sec-Fetch-Dest")
	return dest == "" || dest == "document"
}

var errElsewhere = fault.New(fault.KindForbidden, "lesson_from_elsewhere", "A lesson opens from this portal only. Follow a link to it, or open it from your courses.")

// begun is around pages that begin something by being opened, and may be billed for it: a browser that fetches ahead of
// its person, and a part of another site's page, begin nothing. 204 makes browsers drop what they fetched ahead. Sibling
// sites, which uploaded content runs on, count as others.
func begun(h fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		for _, name := range []string{"Sec-Purpose", "Purpose"} {
			if strings.Contains(strings.ToLower(c.Get(name)), "prefetch") {
				c.Set(fiber.HeaderCacheControl, "no-store")
				return c.SendStatus(fiber.StatusNoContent)
			}
		}
		from := c.Get("Sec-Fetch-Site")
		if (from == "cross-site" || from == "same-site") && c.Get("Sec-Fetch-Mode") != "navigate" {
			return errElsewhere
		}
		return h(c)
	}
}
