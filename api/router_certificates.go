package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onCertificates is proof for others: badges, what anyone needs to check them, and what was issued to everyone.
func (s *Server) onCertificates(t *table) {
	b := web.Badges{Site: s.site, Certificates: s.Certificates, Badges: s.Badges}
	mine, everyones, manage := route.For(policy.CertificateRead), route.For(policy.CertificateAll), route.For(policy.CertificateManage)
	t.get("/certificates/issued", everyones, b.Issued)
	t.get("/certificates/issued/:code", everyones, b.History)
	t.postFresh("/certificates/issued/:code/revoke", manage, b.Revoke)
	t.postFresh("/certificates/issued/:code/reissue", manage, b.Reissue)
	t.get("/certificates/:code.jwt", mine, b.Credential)
	t.get("/certificates/:code.svg", mine, b.Picture)
	d := web.CertificateDesk{Site: s.site, Content: s.Content, Catalog: s.Catalog, Certificates: s.Certificates}
	edit := route.For(policy.CourseEdit)
	t.get("/studio/:course/certificate", edit, d.Rule)
	t.post("/studio/:course/certificate", edit, d.SaveRule)
	t.get("/settings/certificates", manage, d.Designs)
	t.get("/settings/certificates/new", manage, d.NewDesign)
	t.postFiles("/settings/certificates/new", manage, d.AddDesign)
	t.postFiles("/settings/certificates/preview", manage, d.TryDesign)
	t.postFiles("/settings/certificates/preview.pdf", manage, d.TryPDF)
	t.get("/settings/certificates/:design", manage, d.EditDesign)
	t.postFiles("/settings/certificates/:design", manage, d.ChangeDesign)
	t.post("/settings/certificates/:design/delete", manage, d.RemoveDesign)
	t.get("/.well-known/did.json", route.Public, b.Issuer)
	t.get("/credentials/status/:list", route.Public, b.StatusList)
}
