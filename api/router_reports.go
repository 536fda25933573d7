package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
	"lyceum/learning/report/export"
)

// onReports is what people put together of duties and enrolments, keep and share.
func (s *Server) onReports(t *table) {
	r, manage := web.Reports{Site: s.site, Reports: s.Built, Exports: s.Exports}, route.For(policy.EnrolmentManage)
	t.get("/reports", manage, r.List)
	t.post("/reports", manage, r.Save)
	t.get("/reports/run", manage, r.Show)
	for _, format := range export.Formats() {
		t.get("/reports/run."+string(format), manage, r.File(format))
	}
	e := web.Exports{Site: s.site, Exports: s.Exports}
	t.get("/reports/exports", manage, e.List)
	t.post("/reports/exports", manage, e.Ask)
	d := web.Schedules{Site: s.site, Schedules: s.Schedules}
	t.get("/reports/schedules", manage, d.List)
	t.get("/reports/schedules/new", manage, d.New)
	t.post("/reports/schedules/new", manage, d.Save)
	t.get("/reports/schedules/:schedule", manage, d.Show)
	t.post("/reports/schedules/:schedule", manage, d.Save)
	for _, what := range []string{"pause", "resume", "run", "delete"} {
		t.post("/reports/schedules/:schedule/"+what, manage, d.Do(what))
	}
	t.getOnce("/reports/exports/:export/file", manage, e.File)
	t.post("/reports/exports/:export/stop", manage, e.Stop)
	t.get("/reports/:report", manage, r.Saved)
	t.post("/reports/:report", manage, r.Save)
	t.post("/reports/:report/delete", manage, r.Delete)
}
