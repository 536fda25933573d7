package auth

import (
	"context"
	"net/netip"
	"time"

	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Limiter bounds how often something may be tried. internal/throttle has one.
type Limiter interface {
	// Allow takes one attempt from the key's allowance; when none is left, retry says how long until there is.
	Allow(key string) (ok bool, retry time.Duration, remaining int)
}

// What to do but wait, for the sentence of ErrTooManyAttempts.
const (
	adviceReset = ", or reset your password"
	adviceNone  = ""
)

// throttled takes an attempt for an address and for a person's e-mail ("" for none); it is ErrTooManyAttempts when either
// has none left. The address comes first: who is held back there cannot use up another's attempts.
func throttled(byAddress, byName Limiter, doing, ip, name, advice string) error {
	if ok, retry, _ := byAddress.Allow(doing + " from " + network(ip)); !ok {
		return tooMany(retry, advice)
	}
	if name == "" {
		return nil
	}
	if ok, retry, _ := byName.Allow(doing + " as " + name); !ok {
		return tooMany(retry, advice)
	}
	return nil
}

// allow is throttled in the tenant of ctx.
func (s *Service) allow(ctx context.Context, doing, ip, name, advice string) error {
	return throttled(s.guessFrom, s.guess, place(ctx)+" "+doing, ip, name, advice)
}

func tooMany(retry time.Duration, advice string) error {
	minutes := int((retry + time.Minute - 1) / time.Minute)
	if minutes <= 1 {
		return ErrTooManyAttempts.Saying("Too many attempts. Wait a minute%s.", advice)
	}
	return ErrTooManyAttempts.Saying("Too many attempts. Wait %d minutes%s.", minutes, advice)
}

// place names the tenant in a limiter's key: the same e-mail in two tenants is two people.
func place(ctx context.Context) string {
	t, _ := tenant.From(ctx)
	if t.ID == uid.Nil {
		return "platform"
	}
	return t.ID.String()
}

// network is the part of an address that one visitor holds: all of an IPv4 address, the /64 of an IPv6 one (RFC 6177).
func network(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	a = a.Unmap().WithZone("")
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
