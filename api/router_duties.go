package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onDuties is what people must have done: requirements for who may enrol others, and each one's own duties.
func (s *Server) onDuties(t *table) {
	d, manage := web.Duties{Site: s.site, Duties: s.Duties}, route.For(policy.EnrolmentManage)
	t.get("/compliance", manage, d.List)
	t.get("/compliance/new", manage, d.Edit)
	t.post("/compliance/new", manage, d.Save)
	t.get("/compliance/:requirement", manage, d.Show)
	t.get("/compliance/:requirement/edit", manage, d.Edit)
	t.post("/compliance/:requirement/edit", manage, d.Save)
	t.post("/compliance/:requirement/groups", manage, d.AddGroup)
	t.post("/compliance/:requirement/groups/:group/remove", manage, d.RemoveGroup)
	t.post("/compliance/:requirement/people/:person/waive", manage, d.Waive)
	t.post("/compliance/:requirement/people/:person/unwaive", manage, d.Unwaive)
	t.get("/duties", route.For(policy.EnrolmentSelf), d.Own)
}
