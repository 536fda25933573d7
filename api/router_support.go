package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onOperatorSupport is where operators ask to look at a portal as one of its people.
func (s *Server) onOperatorSupport(t *table) {
	o := web.OperatorSupport{Site: s.site, Support: s.Support, Tenants: s.Tenants}
	t.get("/operator/support", route.Operator, o.List)
	t.post("/operator/support", route.Operator, o.Ask)
	t.getOnce("/operator/support/:visit/code", route.Operator, o.Code)
	t.post("/operator/support/:visit/end", route.Operator, o.End)
}

// onSupport is their way into a portal and out again, and what the portal allows.
func (s *Server) onSupport(t *table) {
	w := web.SupportVisit{Site: s.site, Support: s.Support}
	t.getOnce("/support/begin/:visit", route.Public, w.Begin)
	t.getOnce("/support/enter/:code", route.Public, w.Confirm)
	t.post("/support/enter/:code", route.Public, w.Enter)
	t.post("/support/leave", route.Public, w.Leave)

	a := web.SupportAccess{Site: s.site, Support: s.Support}
	rule := route.For(policy.SecurityManage)
	t.get("/settings/support-access", rule, a.Show)
	t.postFresh("/settings/support-access", rule, a.Save)
	t.post("/settings/support-access/end", rule, a.EndEvery)
	t.postFresh("/settings/support-access/:visit/approve", rule, a.Approve)
	t.post("/settings/support-access/:visit/refuse", rule, a.Refuse)
	t.post("/settings/support-access/:visit/end", rule, a.End)
}
