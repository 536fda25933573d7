package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
	"lyceum/learning/report/export"
)

// onMatrix is how people stand with what they must have done, as a table, and the record behind each of its cells.
func (s *Server) onMatrix(t *table) {
	m, manage := web.Matrix{Site: s.site, Reports: s.Compliance, Exports: s.Exports}, route.For(policy.EnrolmentManage)
	t.get("/compliance/matrix", manage, m.Show)
	for _, format := range export.Formats() {
		t.get("/compliance/matrix."+string(format), manage, m.File(format))
	}
	t.get("/compliance/:requirement/people/:person", manage, m.Record)
	e := web.Evidence{Site: s.site, Evidence: s.Evidence}
	t.get("/compliance/:requirement/evidence", manage, e.Show)
	t.post("/compliance/:requirement/evidence", manage, e.Ask)
	t.getOnce("/compliance/:requirement/evidence/:pack", manage, e.File)
}
