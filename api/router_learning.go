package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

func (s *Server) onLearning(t *table) {
	l := web.Learn{Site: s.site, Catalog: s.Catalog, Enrolment: s.Enrolment, Assignments: s.Assignments, Tests: s.Tests, Paths: s.Paths, Content: s.Content, Certificates: s.Certificates, AtHome: s.Home, First: s.Onboarding}
	read, learn, mine := route.For(policy.CourseRead), route.For(policy.EnrolmentSelf), route.For(policy.CertificateRead)
	t.get("/", route.SignedIn, l.Home)
	t.get("/courses", read, l.Catalogue)
	t.get("/courses/:slug", read, l.Course)
	t.post("/courses/:slug/enrol", learn, l.Enrol)
	t.post("/courses/:slug/leave", learn, l.Leave)
	t.post("/courses/:slug/place", learn, l.AskPlace)
	t.post("/courses/:slug/place/take-back", learn, l.TakeBackPlace)
	t.getOnce("/learn/:slug", learn, begun(l.Resume))
	t.getOnce("/learn/:slug/:lesson", learn, begun(l.Lesson))
	t.post("/learn/:slug/:lesson/continue", learn, l.Continue)
	t.post("/learn/:slug/:lesson/reports", learn, l.Report)
	t.postFiles("/learn/:slug/:lesson/submit", learn, l.HandIn)
	t.post("/learn/:slug/:lesson/draft", learn, l.Draft)
	t.post("/learn/:slug/:lesson/appeal", learn, l.Appeal)
	t.post("/learn/:slug/:lesson/quiz", learn, l.Submit)
	t.post("/learn/:slug/:lesson/test", learn, l.StartTest)
	taken := web.Tests{Site: s.site, Tests: s.Tests, Enrolment: s.Enrolment, Content: s.Content}
	t.getOnce("/learn/:slug/:lesson/test/:attempt", learn, taken.Show)
	t.postFiles("/learn/:slug/:lesson/test/:attempt", learn, taken.Post)
	t.post("/learn/:slug/:lesson/test/:attempt/answers", learn, taken.Answer)
	t.get("/learn/:slug/:lesson/test/:attempt/pictures/:file", learn, taken.Picture)
	t.get("/certificates", mine, l.CertificateList)
	t.get("/certificates/:code.pdf", mine, l.PDF)
	t.get("/verify/:code", route.Public, l.Verify)
}

func (s *Server) onStudio(t *table) {
	w := web.Studio{Site: s.site, Catalog: s.Catalog, Content: s.Content, Enrolment: s.Enrolment, Auth: s.Auth, Groups: s.Groups}
	edit, publish, enrol := route.For(policy.CourseEdit), route.For(policy.CoursePublish), route.For(policy.EnrolmentManage)
	s.onMarking(t) // before the courses: /studio/marking is none
	s.onDesks(t)
	t.get("/studio", edit, w.List)
	t.post("/studio/courses", edit, w.Create)
	t.get("/studio/:course", edit, w.Edit)
	t.postFiles("/studio/:course", edit, w.Save)
	t.post("/studio/:course/modules", edit, w.AddModule)
	t.post("/studio/:course/modules/:module", edit, w.RenameModule)
	t.post("/studio/:course/modules/:module/move", edit, w.MoveModule)
	t.post("/studio/:course/modules/:module/delete", edit, w.DeleteModule)
	t.post("/studio/:course/modules/:module/lessons", edit, w.AddLesson)
	t.get("/studio/:course/lessons/:lesson", edit, w.EditLesson)
	t.postFiles("/studio/:course/lessons/:lesson", edit, w.SaveLesson)
	t.post("/studio/:course/lessons/:lesson/preview", edit, w.PreviewLesson)
	t.post("/studio/:course/lessons/:lesson/move", edit, w.MoveLesson)
	t.post("/studio/:course/lessons/:lesson/delete", edit, w.DeleteLesson)
	t.get("/studio/:course/publish", publish, w.PublishForm)
	t.post("/studio/:course/publish", publish, w.Publish)
	t.post("/studio/:course/archive", publish, w.Archive)
	t.post("/studio/:course/restore", publish, w.Restore)
	s.onDesk(t)
	s.onGrades(t)
	s.onReports(t)
	s.onMatrix(t) // before the requirements: /compliance/matrix is none
	s.onDuties(t)
	s.onReminders(t)
	s.onDashboard(t)
	s.onPrivacy(t)
	s.onTeam(t)
	t.get("/studio/:course/people", enrol, w.Roster)
	t.post("/studio/:course/people", enrol, w.EnrolPerson)
	t.post("/studio/:course/people/:enrolment/withdraw", enrol, w.Withdraw)
	t.post("/studio/:course/people/:enrolment/due", enrol, w.SetDue)
	t.post("/studio/:course/people/:enrolment/again", enrol, w.Again)
	t.get("/studio/:course/places", enrol, w.Places)
	t.post("/studio/:course/places/move", publish, w.MovePeople)
	t.post("/studio/:course/places/:request", enrol, w.DecidePlace)
}
