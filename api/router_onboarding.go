package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onOnboarding is a portal's first steps.
func (s *Server) onOnboarding(t *table) {
	b := web.Branding{Site: s.site, Content: s.Content}
	o := web.Onboarding{Site: s.site, Branding: b, Steps: s.Onboarding, Starter: s.Starter}
	owner := route.For(policy.BrandEdit)
	t.get("/first-steps", owner, o.Show)
	t.postFiles("/first-steps/look", owner, o.Look)
	t.post("/first-steps/courses", route.For(policy.CoursePublish), o.AddCourse)
	t.post("/first-steps/skip", owner, o.Skip)
	t.post("/first-steps/dismiss", owner, o.Dismiss)
}

// onBulk is people who come in numbers.
func (s *Server) onBulk(t *table) {
	b := web.Bulk{Site: s.site, Bulk: s.Bulk, Groups: s.Groups, People: web.People{Site: s.site, Auth: s.Auth, Policy: s.Policy, SignOn: s.SignOn, Groups: s.Groups}}
	manage := route.For(policy.PersonManage)
	t.get(web.PeopleImports, manage, b.Form)
	t.postFiles(web.PeopleImports, manage, b.Read)
	t.get(web.PeopleImports+"/:import", manage, b.Show)
	t.get(web.PeopleImports+"/:import/lines.csv", manage, b.CSV)
	t.post(web.PeopleImports+"/:import/plan", manage, b.Replan)
	t.postFresh(web.PeopleImports+"/:import/apply", manage, b.Apply)
	t.post(web.PeopleImports+"/:import/discard", manage, b.Discard)
	r := web.HR{Site: s.site, HR: s.HR}
	t.get(web.HRSyncs, manage, r.List)
	t.postFresh(web.HRSyncs, manage, r.Add)
	t.get(web.HRSyncs+"/runs/:run", manage, r.Run)
	t.postFresh(web.HRSyncs+"/runs/:run/apply", manage, r.Apply)
	t.post(web.HRSyncs+"/runs/:run/discard", manage, r.Discard)
	t.post(web.HRSyncs+"/runs/:run/undo", manage, r.Undo)
	t.get(web.HRSyncs+"/:source", manage, r.Source)
	t.postFresh(web.HRSyncs+"/:source", manage, r.Save)
	t.postFiles(web.HRSyncs+"/:source/lists", manage, r.Send)
	t.postFresh(web.HRSyncs+"/:source/archive", manage, r.Archive)
	t.postFresh(web.HRSyncs+"/:source/restore", manage, r.Restore)
	t.get("/people/join-links", manage, b.Links)
	t.postFresh("/people/join-links", manage, b.MakeLink)
	t.post("/people/join-links/:link/revoke", manage, b.RevokeLink)
	t.get("/join/:secret", route.Public, b.JoinForm)
	t.post("/join/:secret", route.Public, b.Join)
}
