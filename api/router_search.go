package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onSearch is searching. Who finds what is the service's to say.
func (s *Server) onSearch(t *table) {
	h := web.Search{Site: s.site, Search: s.Search}
	t.get("/search", route.SignedIn, h.Show)
	t.get("/search/suggest", route.SignedIn, h.Suggest)
}

// onGroups is where groups are made and used.
func (s *Server) onGroups(t *table) {
	g := web.Groups{Site: s.site, Groups: s.Groups, Intakes: s.Intakes, Auth: s.Auth, Catalog: s.Catalog, Org: s.Org}
	see, manage, enrol := route.For(policy.PersonRead), route.For(policy.GroupManage), route.For(policy.EnrolmentManage)
	t.get("/groups", see, g.List)
	t.get("/groups/new", manage, g.New)
	t.post("/groups/new", manage, g.Create)
	t.get("/groups/:group", see, g.Show)
	t.get("/groups/:group/edit", manage, g.Edit)
	t.post("/groups/:group/edit", manage, g.Save)
	t.post("/groups/:group/delete", manage, g.Delete)
	t.post("/groups/:group/members", manage, g.Add)
	t.post("/groups/:group/members/:person/remove", manage, g.Remove)
	t.post("/groups/:group/courses", enrol, g.Enrol)
	t.post("/groups/:group/courses/:course/stop", enrol, g.Stop)
}
