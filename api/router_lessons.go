package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onMarking is what learners hand in, for those who mark it, and which sites lessons may show.
func (s *Server) onMarking(t *table) {
	m := web.Marking{Site: s.site, Enrolment: s.Enrolment, Content: s.Content}
	mark := route.For(policy.EnrolmentMark)
	t.get("/studio/marking", mark, m.List)
	t.get("/studio/marking/:submission", mark, m.Show)
	t.post("/studio/marking/:submission", mark, m.Mark)

	e := web.Embeds{Site: s.site, Catalog: s.Catalog}
	secure := route.For(policy.SecurityManage)
	t.get("/settings/embeds", secure, e.Show)
	t.postFresh("/settings/embeds", secure, e.Save)
}
