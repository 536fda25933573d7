package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onDesk is where instructors see who is stuck where, and write to them.
func (s *Server) onDesk(t *table) {
	d, look := web.Desk{Site: s.site, Catalog: s.Catalog, Desk: s.Desk}, route.For(policy.EnrolmentManage)
	t.get("/studio/:course/desk", look, d.Show)
	t.post("/studio/:course/desk/messages", look, d.Write)
}

// onDesks is all desks at once; before the courses: /studio/desk is none.
func (s *Server) onDesks(t *table) {
	t.get("/studio/desk", route.For(policy.EnrolmentManage), web.Desk{Site: s.site, Catalog: s.Catalog, Desk: s.Desk}.All)
}
