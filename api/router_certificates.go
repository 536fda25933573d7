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
	t.postFresh("/certificates/issued/:code/revoke", manage, b.Revoke)
	t.postFresh("/certificates/issued/:code/reissue", manage, b.Reissue)
	t.get("/certificates/:code.jwt", mine, b.Credential)
	t.get("/certificates/:code.svg", mine, b.Picture)
	t.get("/.well-known/did.json", route.Public, b.Issuer)
	t.get("/credentials/status/:list", route.Public, b.StatusList)
}
