package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onCatalogue is where the catalogue is put in order, and what a course's authors do beside writing it.
func (s *Server) onCatalogue(t *table) {
	h := web.CatalogueSettings{Site: s.site, Catalog: s.Catalog}
	manage := route.For(policy.CatalogueManage)
	t.get("/settings/catalogue", manage, h.Show)
	t.post("/settings/catalogue", manage, h.SetRules)
	t.post("/settings/catalogue/categories", manage, h.AddCategory)
	t.post("/settings/catalogue/categories/:category", manage, h.RenameCategory)
	t.post("/settings/catalogue/categories/:category/move", manage, h.MoveCategory)
	t.post("/settings/catalogue/categories/:category/delete", manage, h.DeleteCategory)
	t.post("/settings/catalogue/skills", manage, h.AddSkill)
	t.post("/settings/catalogue/skills/:skill", manage, h.ChangeSkill)
	t.post("/settings/catalogue/skills/:skill/delete", manage, h.DeleteSkill)

	w := web.Studio{Site: s.site, Catalog: s.Catalog, Content: s.Content, Enrolment: s.Enrolment, Auth: s.Auth}
	edit, review := route.For(policy.CourseEdit), route.For(policy.CourseReview)
	t.get("/studio/:course/settings", edit, w.Settings)
	t.post("/studio/:course/settings", edit, w.SaveSettings)
	t.post("/studio/:course/copy", edit, w.Copy)
	t.get("/studio/:course/review", review, w.Review)
	t.post("/studio/:course/review/request", edit, w.AskReview)
	t.post("/studio/:course/review/approve", review, w.Approve)
	t.post("/studio/:course/review/return", review, w.Return)
	t.get("/studio/:course/versions", edit, w.Versions)
	t.get("/studio/:course/versions/:version", review, w.Version)
	t.post("/studio/:course/versions/:version/draft", edit, w.BeginFrom)
	t.post("/studio/:course/draft/discard", edit, w.Discard)
	t.get("/studio/:course/languages", edit, w.Languages)
	t.post("/studio/:course/languages", edit, w.AddLanguage)
	t.get("/studio/:course/languages/:language", edit, w.Translation)
	t.post("/studio/:course/languages/:language/remove", edit, w.RemoveLanguage)
	t.get("/studio/:course/languages/:language/:part", edit, w.Piece)
	t.postFiles("/studio/:course/languages/:language/:part", edit, w.SavePiece)

	t.post("/preferences/reading", route.SignedIn, s.site.SetReading)
}
