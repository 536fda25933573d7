package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onDashboard is how the portal does, in figures that open their rows.
func (s *Server) onDashboard(t *table) {
	d, manage := web.Dashboards{Site: s.site, Dashboards: s.Dashboards}, route.For(policy.EnrolmentManage)
	t.get("/dashboard", manage, d.Show)
	t.get("/dashboard/completions", manage, d.Completions)
}
