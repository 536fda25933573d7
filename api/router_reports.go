package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onReports is what people put together of duties and enrolments, keep and share.
func (s *Server) onReports(t *table) {
	r, manage := web.Reports{Site: s.site, Reports: s.Built}, route.For(policy.EnrolmentManage)
	t.get("/reports", manage, r.List)
	t.post("/reports", manage, r.Save)
	t.get("/reports/run", manage, r.Show)
	t.get("/reports/run.csv", manage, r.CSV)
	t.get("/reports/run.xlsx", manage, r.XLSX)
	t.get("/reports/:report", manage, r.Saved)
	t.post("/reports/:report", manage, r.Save)
	t.post("/reports/:report/delete", manage, r.Delete)
}
