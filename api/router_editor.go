package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onEditor is writing a lesson, and looking at a course as learners will, and bringing courses in and out.
func (s *Server) onEditor(t *table) {
	w := web.Studio{Site: s.site, Catalog: s.Catalog, Content: s.Content, Enrolment: s.Enrolment, Auth: s.Auth}
	edit := route.For(policy.CourseEdit)
	const lesson = "/studio/:course/lessons/:lesson"
	t.post(lesson+"/autosave", edit, w.Autosave)
	t.post(lesson+"/here", edit, w.Here)
	t.get(lesson+"/history", edit, w.History)
	t.post(lesson+"/history", edit, w.RestoreLesson)
	x := web.Exchange{Site: s.site, Exchange: s.Exchange, Catalog: s.Catalog, Content: s.Content}
	t.get("/studio/import", edit, x.Form)
	t.postFiles("/studio/import", edit, x.Import)
	t.get("/studio/:course/export", edit, x.Export)
	t.get("/studio/:course/preview", edit, w.PreviewCourse)
	t.get("/studio/:course/preview/:lesson", edit, w.PreviewCourse)
	t.post("/studio/:course/preview/:lesson/:step", edit, w.PreviewStep)
}
