package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onOnboarding is a portal's first steps, and inviting many.
func (s *Server) onOnboarding(t *table) {
	b := web.Branding{Site: s.site, Content: s.Content}
	o := web.Onboarding{Site: s.site, Branding: b, Steps: s.Onboarding, Starter: s.Starter}
	owner := route.For(policy.BrandEdit)
	t.get("/first-steps", owner, o.Show)
	t.postFiles("/first-steps/look", owner, o.Look)
	t.post("/first-steps/courses", route.For(policy.CoursePublish), o.AddCourse)
	t.post("/first-steps/skip", owner, o.Skip)
	t.post("/first-steps/dismiss", owner, o.Dismiss)

	m := web.InviteMany{Site: s.site, People: web.People{Site: s.site, Auth: s.Auth, Policy: s.Policy, SignOn: s.SignOn, Groups: s.Groups}}
	manage := route.For(policy.PersonManage)
	t.get("/people/invite-many", manage, m.Form)
	t.postFilesFresh("/people/invite-many", manage, m.Send)
}
