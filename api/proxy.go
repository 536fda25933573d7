package api

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// proxies are the networks whose word about the visitor is believed.
type proxies []netip.Prefix

func parseProxies(list []string) (proxies, error) {
	var out proxies
	for _, s := range list {
		if s = strings.TrimSpace(s); s == "" {
			continue // a setting that is passed through and left empty
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			a, failed := netip.ParseAddr(s)
			if failed != nil {
				return nil, fmt.Errorf("trusted proxy %q: write an address or a network, for example 10.0.0.0/8", s)
			}
			a = a.Unmap()
			p = netip.PrefixFrom(a, a.BitLen())
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

func (p proxies) trust(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, network := range p {
		if network.Contains(a) {
			return true
		}
	}
	return false
}

// peer is who is at the other end of the connection, and whether it is a trusted proxy.
func (p proxies) peer(c *fiber.Ctx) (a netip.Addr, trusted bool) {
	a, ok := netip.AddrFromSlice(c.Context().RemoteIP())
	if !ok {
		return netip.Addr{}, false
	}
	a = a.Unmap()
	return a, p.trust(a)
}

// client is the visitor's own address: the last one of X-Forwarded-For that no trusted proxy has. What stands before
// it was written by the visitor and may be anything.
func (p proxies) client(c *fiber.Ctx) string {
	peer, trusted := p.peer(c)
	if !trusted {
		return peer.String()
	}
	var hops []string
	for _, line := range c.Request().Header.PeekAll(fiber.HeaderXForwardedFor) {
		hops = append(hops, strings.Split(string(line), ",")...)
	}
	for i := len(hops) - 1; i >= 0; i-- {
		a, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break // what no proxy of ours writes ends what can be believed
		}
		if peer = a.Unmap(); !p.trust(peer) {
			break
		}
	}
	return peer.WithZone("").String()
}

// site is the scheme and host that the visitor asked for. A trusted proxy may tell the scheme. The host is that of the
// Host header alone: proxies pass X-Forwarded-Host on as the visitor wrote it, and the host decides the tenant.
func (p proxies) site(c *fiber.Ctx, secure bool) (scheme, host string) {
	scheme, host = "http", string(c.Request().Header.Host())
	if secure || c.Context().IsTLS() {
		scheme = "https"
	}
	if _, trusted := p.peer(c); !trusted {
		return scheme, strings.ToLower(host)
	}
	if told := c.Get(fiber.HeaderXForwardedProto); told == "https" || told == "http" {
		scheme = told
	}
	return scheme, strings.ToLower(host)
}
