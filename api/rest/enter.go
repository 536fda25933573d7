package rest

import (
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"lyceum/api/problem"
	"lyceum/api/route"
	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/auth/hrsync"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Limits of a request's body, in bytes.
const (
	maxJSON  = 1 << 20
	maxBytes = 8 << 20
)

// most is how large the body of an operation that takes bytes may be.
func (o operation) most() int {
	if o.lists {
		return hrsync.MaxBytes
	}
	return maxBytes
}

// chunkType is what resumable uploads call their chunks (draft-ietf-httpbis-resumable-upload, and tus 1.0).
const chunkType = "application/offset+octet-stream"

// errTooMany is a client beyond its rate.
var errTooMany = fault.New(fault.KindTooMany, "rate_limited", "Too many requests. Wait as long as Retry-After says, then go on more slowly.")

// enter is around every request below base: it finds out whose API key this is, counts the request, and answers every
// failure, whoever met it.
func (a *api) enter(c *fiber.Ctx) error {
	q := &asked{c: c}
	c.Locals(askedKey{}, q)
	c.Set(fiber.HeaderCacheControl, "no-store")
	err := a.identify(c)
	if limited := a.count(c); limited != nil {
		err = limited
	}
	if err == nil {
		err = a.within(c)
	}
	if err == nil {
		err = c.Next()
	}
	if err == nil {
		err = q.failed
	}
	a.meter(c, err)
	if err != nil {
		return problem.Answer(c, err)
	}
	return nil
}

// meter counts a program's call, however it was answered; what we refused to answer or could not is none.
func (a *api) meter(c *fiber.Ctx, err error) {
	who, ok := auth.PrincipalFrom(c.UserContext())
	if kind := fault.Of(err).Kind; !ok || who.KeyID == uid.Nil || err != nil && (kind == fault.KindTooMany || kind == fault.KindInternal) {
		return
	}
	a.Billing.Called(c.UserContext())
}

// within fails when a program's calls are more than the plan has. What is about the plan itself can always be called.
func (a *api) within(c *fiber.Ctx) error {
	who, ok := auth.PrincipalFrom(c.UserContext())
	if a.Subscriptions == nil || !ok || who.KeyID == uid.Nil || strings.HasPrefix(c.Path(), base+"/billing") {
		return nil
	}
	reset, err := a.Subscriptions.MayCall(c.UserContext())
	if err != nil {
		return problem.After(err, reset)
	}
	return nil
}

// identify puts who an API key acts for into the context, unless the middleware before did. Without an Authorization
// header it is who the session says.
func (a *api) identify(c *fiber.Ctx) error {
	header := c.Get(fiber.HeaderAuthorization)
	if header == "" || a.console != nil { // the middleware before knows operators' keys
		return nil
	}
	if who, ok := auth.PrincipalFrom(c.UserContext()); ok && who.KeyID != uid.Nil {
		return nil
	}
	scheme, key, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return auth.ErrKeyInvalid
	}
	ctx := c.UserContext()
	who, err := a.Auth.KeyPrincipal(ctx, strings.TrimSpace(key))
	if err != nil {
		return err
	}
	c.SetUserContext(event.WithActor(auth.WithPrincipal(ctx, who), event.Actor{ID: who.PersonID, Kind: "api_key"}))
	return nil
}

// count takes a request from the allowance of the key, the person, or the stranger's address, and tells what is left
// (draft-ietf-httpapi-ratelimit-headers-06).
func (a *api) count(c *fiber.Ctx) error {
	ok, retry, remaining := a.Limit.Allow(allowance(c))
	reset := a.Rate.Window * time.Duration(a.Rate.Requests-remaining) / time.Duration(a.Rate.Requests) // until all is back
	c.Set("RateLimit-Limit", a.limit)
	c.Set("RateLimit-Remaining", strconv.Itoa(remaining))
	c.Set("RateLimit-Reset", strconv.Itoa(int(math.Ceil(reset.Seconds()))))
	if !ok {
		return problem.After(errTooMany, retry)
	}
	return nil
}

// allowance names whose allowance a request is taken from.
func allowance(c *fiber.Ctx) string {
	ctx := c.UserContext()
	if k, ok := route.OperatorKeyFrom(ctx); ok {
		return string(k.ID[:])
	}
	t, _ := tenant.From(ctx)
	who, ok := auth.PrincipalFrom(ctx)
	if !ok {
		return string(t.ID[:]) + " " + network(visit.Of(c).Client.IP)
	}
	by := who.PersonID
	if who.KeyID != uid.Nil {
		by = who.KeyID
	}
	return string(t.ID[:]) + string(by[:])
}

// network is the part of an address that one visitor holds: all of an IPv4 address, the /64 of an IPv6 one (RFC 6177).
func network(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil || a.Unmap().Is4() {
		return ip
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return ip
	}
	return p.String()
}

// admission makes what is checked before an operation's input is read: the portal, the need, and the request's form.
func (a *api) admission(o operation) func(huma.Context) error {
	permission, some := o.need.Permission() // once: it looks through all there are
	pattern := fiberPath(base + o.path)
	return func(h huma.Context) error {
		ctx := h.Context()
		c := behind(ctx).c
		visit.Of(c).Route = pattern
		if _, ok := tenant.From(ctx); !ok && a.console == nil {
			return tenant.ErrNotFound
		}
		var err error
		if some {
			err = auth.Require(ctx, permission)
		} else {
			err = o.need.Check(ctx)
		}
		if err != nil {
			return err
		}
		if o.fresh {
			if err := a.Auth.Fresh(ctx); err != nil {
				return err
			}
		}
		if err := admitBody(c, o); err != nil {
			return err
		}
		return admitQuery(c, h.Operation().Parameters)
	}
}

// admitBody refuses bodies that are too large, or not what the operation takes. Naming the type is asked for: a page
// of another site can send a body without one. An encoded body is refused unread: Fiber would unpack it without limit.
func admitBody(c *fiber.Ctx, o operation) error {
	size, limit := len(c.Request().Body()), maxJSON
	if o.bytes {
		limit = o.most()
	}
	switch {
	case size == 0:
		return nil
	case size > limit:
		return problem.ErrTooLarge
	}
	if coding := c.Get(fiber.HeaderContentEncoding); coding != "" && !strings.EqualFold(coding, "identity") {
		return fiber.ErrUnsupportedMediaType
	}
	sent, _, _ := strings.Cut(c.Get(fiber.HeaderContentType), ";")
	sent = strings.ToLower(strings.TrimSpace(sent))
	taken := sent == fiber.MIMEApplicationJSON
	if o.bytes {
		taken = sent == fiber.MIMEOctetStream || sent == chunkType || o.lists && (sent == "text/csv" || sent == "application/x-ndjson")
	}
	if !taken {
		return fiber.ErrUnsupportedMediaType
	}
	return nil
}

// admitQuery refuses parameters that the operation does not have: a filter that was mistyped would show everything.
func admitQuery(c *fiber.Ctx, known []*huma.Param) error {
	args := c.Context().QueryArgs()
	if args.Len() == 0 {
		return nil
	}
	f := fault.Fields{}
	for key := range args.All() {
		has := slices.ContainsFunc(known, func(p *huma.Param) bool { return p.In == "query" && p.Name == string(key) })
		f.Check(has, short(string(key)), "There is no such parameter here.")
	}
	return f.Err()
}

// short cuts a name that a client made up to what may be told back.
func short(name string) string {
	const limit = 60
	runes := []rune(strings.ToValidUTF8(name, "?"))
	if len(runes) > limit {
		return string(runes[:limit]) + "…"
	}
	return string(runes)
}
