package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onFiles is uploaded files: fetched, uploaded, looked after.
func (s *Server) onFiles(t *table) {
	f := web.Files{Site: s.site, Content: s.Content}
	t.get("/brand/:hash.css", route.Public, s.site.CSS)
	t.get("/brand/logo/:id", route.Public, f.Picture)
	t.get("/brand/logo/:id/:hash", route.Public, f.Picture)
	t.get("/brand/favicon/:id", route.Public, f.Picture)

	upload := route.For(policy.FileUpload)
	t.get("/files", upload, f.List)
	t.postFiles("/files", upload, f.Put)
	t.post("/files/uploads", upload, f.Begin)
	t.head("/files/uploads/:id", upload, f.Status)
	t.patchFiles("/files/uploads/:id", upload, f.Append)
	learn := route.For(policy.EnrolmentSelf)
	t.post("/hand-ins", learn, f.BeginHandIn)
	t.head("/hand-ins/:id", learn, f.Status)
	t.patchFiles("/hand-ins/:id", learn, f.Append)
	t.post("/files/:id/remove", upload, f.Remove)
	t.get("/files/:id/:name", route.SignedIn, f.Show)
	t.get("/files/:id/v/:hash", route.SignedIn, f.Variant)
	// The signature in the address is what lets in.
	t.get("/files/:id/link/:expires/:signature/:name", route.Public, f.Linked)
}
