package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onMarking is what learners hand in, for those who mark it, and which sites lessons may show.
func (s *Server) onMarking(t *table) {
	m := web.Marking{Site: s.site, Assignments: s.Assignments, Tests: s.Tests, Content: s.Content, Catalog: s.Catalog}
	mark := route.For(policy.EnrolmentMark)
	t.get("/studio/marking", mark, m.List)
	t.get("/studio/marking/:submission", mark, m.Show)
	t.postFiles("/studio/marking/:submission", mark, m.Mark)
	t.post("/studio/marking/:submission/claim", mark, m.Claim)
	t.post("/studio/marking/:submission/release", mark, m.Release)
	t.post("/studio/marking/:submission/extend", mark, m.Extend)
	t.post("/studio/marking/:submission/appeal", mark, m.Answer)
	t.get("/studio/marking/:submission/compare/:other", mark, m.Compare)
	t.post("/studio/:course/lessons/:lesson/release", mark, m.ReleaseAll)
	edit := route.For(policy.CourseEdit)
	t.get("/studio/:course/lessons/:lesson/assignment", edit, m.Rules)
	t.post("/studio/:course/lessons/:lesson/assignment", edit, m.SetRules)
	d := web.TestDesk{Site: s.site, Tests: s.Tests, Banks: s.Banks, Catalog: s.Catalog, Content: s.Content}
	t.get("/studio/:course/lessons/:lesson/test", edit, d.Edit)
	t.post("/studio/:course/lessons/:lesson/test", edit, d.Save)
	t.get("/studio/:course/lessons/:lesson/test/try", edit, d.Try)
	t.postFiles("/studio/:course/lessons/:lesson/test/try", edit, d.Try)

	k := web.TestMarking{Site: s.site, Tests: s.Tests, Content: s.Content}
	t.get("/studio/:course/lessons/:lesson/test/attempts", mark, k.List)
	t.post("/studio/:course/lessons/:lesson/test/attempts", mark, k.Allow)
	t.get("/studio/:course/lessons/:lesson/test/attempts/:attempt", mark, k.Show)
	t.post("/studio/:course/lessons/:lesson/test/attempts/:attempt", mark, k.Post)
	t.get("/studio/:course/lessons/:lesson/test/analysis", mark, k.Analysis)
	t.get("/studio/:course/lessons/:lesson/test/regrade", mark, k.Regrading)
	t.post("/studio/:course/lessons/:lesson/test/regrade", mark, k.Regrade)

	e := web.Embeds{Site: s.site, Catalog: s.Catalog}
	secure := route.For(policy.SecurityManage)
	t.get("/settings/embeds", secure, e.Show)
	t.postFresh("/settings/embeds", secure, e.Save)
}
