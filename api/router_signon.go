package api

import (
	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onSignOn is signing in through someone else: starts, answers, logouts.
func (s *Server) onSignOn(t *table) {
	h := web.SSO{Site: s.site, Auth: s.Auth, SignOn: s.SignOn, Limit: s.Limits.SignOn}
	t.post("/signout", route.Public, h.SignOut)
	t.getOnce("/sso/start/:connection", route.Public, h.Start)
	t.getOnce("/sso/finish/:token", route.Public, h.Finish)
	t.post("/sso/finish/:token", route.Public, h.Continue)
	t.get("/sso/confirm/:token", route.Public, h.ConfirmForm)
	t.post("/sso/confirm/:token", route.Public, h.Confirm)
	t.post("/sso/confirm/:token/mail", route.Public, h.MailLink)
	t.get("/sso/ldap/:connection", route.Public, h.LDAPForm)
	t.post("/sso/ldap/:connection", route.Public, h.SignInByLDAP)
	t.get("/sso/saml/metadata", route.Public, h.SAMLMetadata)
	t.get("/sso/saml/:connection/metadata", route.Public, h.OwnSAMLMetadata)
	t.postForeign("/sso/saml/:connection/acs", route.Public, h.AcceptSAML)
	t.getOnce("/sso/saml/:connection/slo", route.Public, h.SAMLLogout)
	t.postForeign("/sso/saml/:connection/slo", route.Public, h.SAMLLogout)
	t.getOnce("/sso/oidc/callback", route.Public, h.AnswerOIDC)
	t.postForeign("/sso/oidc/:connection/backchannel", route.Public, h.BackChannelLogout)
	t.getOnce("/sso/oidc/:connection/frontchannel", route.Public, h.FrontChannelLogout)
	t.get("/sso/signed-out", route.Public, h.SignedOut)

	p := web.People{Site: s.site, Auth: s.Auth, Policy: s.Policy, SignOn: s.SignOn}
	t.post("/people/:id/accounts/:identity/unlink", route.For(policy.ConnectionManage), s.fresh(p.Unlink))
}

// onConnections is where administrators keep identity providers.
func (s *Server) onConnections(t *table) {
	h := web.Connections{Site: s.site, SignOn: s.SignOn, Base: "/settings/sign-on"}
	t.get(h.Base, route.For(policy.ConnectionManage), h.List)
	connectionRoutes(t, h, route.For(policy.ConnectionManage), func(h fiber.Handler) fiber.Handler { return h })
}

// connectionRoutes are the pages of connections below a base, which are the administrators' and, by set-up links, of those
// who have no account. as wraps each handler.
func connectionRoutes(t *table, h web.Connections, n route.Need, as func(fiber.Handler) fiber.Handler) {
	one := h.Base + "/:connection"
	for _, page := range []struct {
		path string
		show fiber.Handler
	}{
		{h.Base + "/new", h.NewForm}, {one, h.Show}, {one + "/guide", h.Guide}, {one + "/settings", h.Settings}, {one + "/mapping", h.Mapping}, {one + "/access", h.Access},
		{one + "/attempts", h.Attempts}, {one + "/attempts/:attempt.json", h.ExportAttempt}, {one + "/attempts/:attempt", h.Attempt},
		{one + "/outlook", h.Outlook}, {one + "/delete", h.DeleteForm},
	} {
		t.get(page.path, n, as(page.show))
	}
	for _, form := range []struct {
		path string
		do   fiber.Handler
	}{
		{h.Base + "/new", h.Create}, {one + "/move", h.Move}, {one + "/status", h.SetStatus}, {one + "/refresh", h.Refresh}, {one + "/delete", h.Delete}, {one + "/guide", h.ChooseGuide},
		{one + "/settings", h.SaveSettings}, {one + "/look", h.Look}, {one + "/check", h.Check}, {one + "/metadata/take", h.TakeMetadata},
		{one + "/certificates/remove", h.RemoveCertificate}, {one + "/mapping", h.SaveMapping}, {one + "/access", h.SaveAdmission}, {one + "/roles", h.SaveRoles},
	} {
		t.post(form.path, n, as(form.do))
	}
	t.postFiles(one+"/metadata", n, as(h.LookAtMetadata))
	t.postFiles(one+"/certificates", n, as(h.AddCertificate))
}

// onAccess is e-mail domains, rules of sign-on, set-up links and break-glass.
func (s *Server) onAccess(t *table) {
	const base = "/settings/sign-on"
	a := web.Access{Site: s.site, SignOn: s.SignOn}
	manage, secure := route.For(policy.ConnectionManage), route.For(policy.SecurityManage)
	t.get(base+"/domains", manage, a.Domains)
	t.post(base+"/domains", manage, a.AddDomain)
	t.get(base+"/domains/:domain", manage, a.Domain)
	t.post(base+"/domains/:domain", manage, s.fresh(a.SaveDomain))
	t.post(base+"/domains/:domain/verify", manage, a.VerifyDomain)
	t.post(base+"/domains/:domain/remove", manage, s.fresh(a.RemoveDomain))
	t.get(base+"/rules", secure, a.Rules)
	t.post(base+"/rules", secure, s.fresh(a.SaveRules))
	t.post(base+"/rules/end-emergency", secure, a.EndEmergency)
	t.get(base+"/links", manage, a.Links)
	t.post(base+"/links", manage, s.fresh(a.CreateLink))
	t.post(base+"/links/:id/revoke", manage, a.RevokeLink)
	t.get(base+"/keys", manage, a.Keys)
	t.post(base+"/keys/next", manage, a.PublishKey)
	t.post(base+"/keys/switch", manage, s.fresh(a.SwitchKey))

	t.get("/break-glass", route.Public, a.EmergencyForm)
	t.post("/break-glass", route.Public, a.ProveForEmergency)
	t.post("/break-glass/ask", route.Public, a.AskEmergency)
	t.post("/break-glass/open", route.Public, a.OpenEmergency)

	u := web.Setup{Site: s.site, SignOn: s.SignOn}
	t.get("/setup/:token", route.Public, u.Show)
	t.post("/setup/:token", route.Public, u.Open)
	t.post("/setup/:token/domains", route.Public, u.As(u.AddDomain))
	t.post("/setup/:token/domains/:domain/verify", route.Public, u.As(u.VerifyDomain))
	t.post("/setup/:token/finish", route.Public, u.As(u.Finish))
	t.get("/setup/:token/connection", route.Public, u.Back)
	h := web.Connections{Site: s.site, SignOn: s.SignOn, Base: "/setup/:token/connection", Made: u.Made}
	sso := web.SSO{Site: s.site, Auth: s.Auth, SignOn: s.SignOn, Limit: s.Limits.SignOn}
	t.getOnce(h.Base+"/:connection/try", route.Public, u.As(u.Try(sso.Start)))
	connectionRoutes(t, h, route.Public, u.As)
}
