package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onGrades is the gradebook of courses, and each learner's own grades.
func (s *Server) onGrades(t *table) {
	g, mark := web.Gradebook{Site: s.site, Catalog: s.Catalog, Grades: s.Grades}, route.For(policy.EnrolmentMark)
	t.get("/studio/:course/grades", mark, g.Show)
	t.get("/studio/:course/grades.csv", mark, g.CSV)
	t.get("/studio/:course/grades.xlsx", mark, g.XLSX)
	t.get("/studio/:course/grades/settings", mark, g.Settings)
	t.post("/studio/:course/grades/settings", mark, g.SetSettings)
	t.get("/studio/:course/grades/versions", mark, g.Versions)
	t.get("/studio/:course/grades/import", mark, g.Import)
	t.postFiles("/studio/:course/grades/import", mark, g.Plan)
	t.postFiles("/studio/:course/grades/import/apply", mark, g.Apply)
	t.get("/studio/:course/grades/people/:enrolment", mark, g.Person)
	t.post("/studio/:course/grades/people/:enrolment", mark, g.Enter)
	t.get("/courses/:slug/grades", route.For(policy.EnrolmentSelf), g.Own)
}
