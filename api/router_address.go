package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onAddress is where the portal's name and domains are kept.
func (s *Server) onAddress(t *table) {
	a, manage := web.Address{Site: s.site, Addresses: s.Addresses}, route.For(policy.AddressManage)
	t.get("/settings/address", manage, a.Show)
	t.postFresh("/settings/address/name", manage, a.Rename)
	t.post("/settings/address/domains", manage, a.Add)
	t.postFresh("/settings/address/subdomain", manage, a.UseSubdomain)
	t.get("/settings/address/domains/:domain", manage, a.Domain)
	t.post("/settings/address/domains/:domain/check", manage, a.Check)
	t.postFresh("/settings/address/domains/:domain/primary", manage, a.MakePrimary)
	t.postFresh("/settings/address/domains/:domain/remove", manage, a.Remove)
}
