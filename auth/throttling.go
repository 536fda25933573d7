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

// guesses bound the tries at passwords. A stranger's wrong ones must not keep the right person out: what is tight counts
// their network too, and what counts an e-mail from everywhere is so loose that it takes many networks to use it up.
type guesses struct {
	of   Limiter // at an e-mail from one network, tight
	from Limiter // from one network, at whomever
	at   Limiter // at an e-mail from everywhere, loose
}

// allow takes a try at a person's e-mail ("" for none) from an address; it is ErrTooManyAttempts when the network, the
// network at this e-mail, or the e-mail has none left. In this order: who is held back at one takes nothing of the next.
func (g guesses) allow(doing, ip, name, advice string) error {
	from := network(ip)
	if err := take(g.from, doing+" from "+from, advice); err != nil || name == "" {
		return err
	}
	if err := take(g.of, doing+" as "+name+" from "+from, advice); err != nil {
		return err
	}
	return take(g.at, doing+" as "+name, advice)
}

// take takes one of a key's allowance; ErrTooManyAttempts when none is left.
func take(l Limiter, key, advice string) error {
	if ok, retry, _ := l.Allow(key); !ok {
		return tooMany(retry, advice)
	}
	return nil
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
