package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onMatrix is how people stand with what they must have done, as a table, and the record behind each of its cells.
func (s *Server) onMatrix(t *table) {
	m, manage := web.Matrix{Site: s.site, Reports: s.Compliance}, route.For(policy.EnrolmentManage)
	t.get("/compliance/matrix", manage, m.Show)
	t.get("/compliance/matrix.csv", manage, m.CSV)
	t.get("/compliance/matrix.xlsx", manage, m.XLSX)
	t.get("/compliance/:requirement/people/:person", manage, m.Record)
	e := web.Evidence{Site: s.site, Evidence: s.Evidence}
	t.get("/compliance/:requirement/evidence", manage, e.Show)
	t.post("/compliance/:requirement/evidence", manage, e.Ask)
	t.getOnce("/compliance/:requirement/evidence/:pack", manage, e.File)
}
