package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onUsage is what a portal used, and why.
func (s *Server) onUsage(t *table) {
	u := web.Usage{Site: s.site, Billing: s.Billing}
	see := route.For(policy.UsageRead)
	t.get("/usage", see, u.Show)
	t.getOnce("/usage.csv", see, u.CSV)
	t.get("/usage/:entry", see, u.Proof)
	t.post("/usage/:entry/strike", route.For(policy.BillingManage), u.Strike)
}
