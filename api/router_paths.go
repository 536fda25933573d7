package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onPaths stands before onStudio: /studio/paths is no course.
func (s *Server) onPaths(t *table) {
	p := web.Paths{Site: s.site, Paths: s.Paths, Catalog: s.Catalog, Content: s.Content, Auth: s.Auth}
	read, learn, edit := route.For(policy.CourseRead), route.For(policy.EnrolmentSelf), route.For(policy.PathEdit)
	t.get("/paths", read, p.List)
	t.get("/paths/:slug", read, p.Path)
	t.post("/paths/:slug/take", learn, p.Take)
	t.post("/paths/:slug/go-on", learn, p.GoOn)
	t.post("/paths/:slug/leave", learn, p.Leave)
	t.get("/studio/paths", edit, p.Authoring)
	t.post("/studio/paths", edit, p.Create)
	t.get("/studio/paths/:path", edit, p.Edit)
	t.postFiles("/studio/paths/:path", edit, p.Save)
	t.post("/studio/paths/:path/sections", edit, p.AddSection)
	t.post("/studio/paths/:path/sections/:section", edit, p.UpdateSection)
	t.post("/studio/paths/:path/sections/:section/move", edit, p.MoveSection)
	t.post("/studio/paths/:path/sections/:section/delete", edit, p.RemoveSection)
	t.post("/studio/paths/:path/sections/:section/courses", edit, p.AddCourse)
	t.post("/studio/paths/:path/courses/:course/move", edit, p.MoveCourse)
	t.post("/studio/paths/:path/courses/:course/delete", edit, p.RemoveCourse)
	t.post("/studio/paths/:path/publish", edit, p.Publish)
	t.post("/studio/paths/:path/archive", edit, p.Archive)

	enrol, course := route.For(policy.EnrolmentManage), route.For(policy.CourseEdit)
	t.get("/studio/paths/:path/people", enrol, p.People)
	t.post("/studio/paths/:path/people", enrol, p.PutOn)
	t.post("/studio/paths/:path/people/:person/remove", enrol, p.TakeOff)
	t.get("/studio/:course/prerequisites", route.SignedIn, p.Prerequisites) // who edits the course, and who manages its people
	t.post("/studio/:course/prerequisites", course, p.AddNeed)
	t.post("/studio/:course/prerequisites/:need/delete", course, p.RemoveNeed)
	t.post("/studio/:course/waivers", enrol, p.Waive)
	t.post("/studio/:course/waivers/:person/delete", enrol, p.Unwaive)
}
