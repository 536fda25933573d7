package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onDuties is what people must have done: requirements for who may enrol others, and each one's own duties.
func (s *Server) onDuties(t *table) {
	d, manage := web.Duties{Site: s.site, Duties: s.Duties, People: s.Auth}, route.For(policy.EnrolmentManage)
	t.get("/compliance", manage, d.List)
	t.get("/compliance/new", manage, d.Edit)
	t.post("/compliance/new", manage, d.Save)
	t.get("/compliance/:requirement", manage, d.Show)
	t.get("/compliance/:requirement/edit", manage, d.Edit)
	t.post("/compliance/:requirement/edit", manage, d.Save)
	t.get("/compliance/:requirement/plan", manage, d.Plan)
	t.post("/compliance/:requirement/scope", manage, d.Scope)
	t.get("/compliance/:requirement/runs/:run", manage, d.Run)
	t.post("/compliance/:requirement/runs/:run/undo", manage, d.Undo)
	t.post("/compliance/:requirement/people", manage, d.Name)
	t.post("/compliance/:requirement/people/:person/unname", manage, d.Unname)
	t.post("/compliance/:requirement/people/:person/waive", manage, d.Waive)
	t.post("/compliance/:requirement/people/:person/unwaive", manage, d.Unwaive)
	t.get("/duties", route.For(policy.EnrolmentSelf), d.Own)
}
