package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
)

// onFlags is where operators bring features in and switch them off.
func (s *Server) onFlags(t *table) {
	f := web.Flags{Site: s.site, Flags: s.Flags, Tenants: s.Tenants}
	t.get(web.FlagsPath, route.Operator, f.List)
	t.post(web.FlagsPath+"/:flag", route.Operator, f.SetPercent)
	t.post(web.FlagsPath+"/:flag/portals", route.Operator, f.SetPortal)
}
