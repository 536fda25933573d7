package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onQuestions stands before onStudio: /studio/questions is no course.
func (s *Server) onQuestions(t *table) {
	q := web.Questions{Site: s.site, Banks: s.Banks, Content: s.Content, Auth: s.Auth, Groups: s.Groups}
	edit := route.For(policy.CourseEdit) // what somebody may do with a bank is asked of the bank
	t.get("/studio/questions", edit, q.List)
	t.post("/studio/questions", edit, q.CreateBank)
	t.get("/studio/questions/:bank", edit, q.Bank)
	t.post("/studio/questions/:bank", edit, q.UpdateBank)
	t.post("/studio/questions/:bank/archive", edit, q.ArchiveBank)
	t.post("/studio/questions/:bank/delete", edit, q.DeleteBank)
	t.postFiles("/studio/questions/:bank/import", edit, q.Import)
	t.postFiles("/studio/questions/:bank/import/apply", edit, q.Apply)
	t.post("/studio/questions/:bank/export", edit, q.Export)
	t.get("/studio/questions/:bank/new", edit, q.New)
	t.postFiles("/studio/questions/:bank/new", edit, q.Create)
	t.get("/studio/questions/:bank/:question", edit, q.Edit)
	t.postFiles("/studio/questions/:bank/:question", edit, q.Save)
	t.post("/studio/questions/:bank/:question/try", edit, q.Try)
	t.post("/studio/questions/:bank/:question/copy", edit, q.Copy)
	t.post("/studio/questions/:bank/:question/archive", edit, q.Archive)
	t.post("/studio/questions/:bank/:question/delete", edit, q.Delete)
}
