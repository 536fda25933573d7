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
	t.get("/sso/oidc/:connection/jwks", route.Public, h.ClientKeys)
	t.get("/sso/signed-out", route.Public, h.SignedOut)

	p := web.People{Site: s.site, Auth: s.Auth, Policy: s.Policy, SignOn: s.SignOn, Groups: s.Groups, Org: s.Org}
	t.postFresh("/people/:id/accounts/:identity/unlink", route.For(policy.ConnectionManage), p.Unlink)
}

// onConnections is where administrators keep identity providers.
func (s *Server) onConnections(t *table) {
	h := web.Connections{Site: s.site, SignOn: s.SignOn, Base: "/settings/sign-on"}
	t.get(h.Base, route.For(policy.ConnectionManage), h.List)
	connectionRoutes(t, h, route.For(policy.ConnectionManage), func(h fiber.Handler) fiber.Handler { return h }, t.postFresh, t.postFilesFresh)
}

// connectionRoutes are the pages of connections below a base, which are the administrators' and, by set-up links, of those
// who have no account. as wraps each handler; change and changeByFile put up those that change something.
func connectionRoutes(t *table, h web.Connections, n route.Need, as func(fiber.Handler) fiber.Handler, change, changeByFile put) {
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
		put  put
		path string
		do   fiber.Handler
	}{
		{change, h.Base + "/new", h.Create}, {change, one + "/move", h.Move}, {change, one + "/status", h.SetStatus}, {change, one + "/delete", h.Delete},
		{change, one + "/guide", h.ChooseGuide}, {change, one + "/settings", h.SaveSettings}, {change, one + "/metadata/take", h.TakeMetadata},
		{change, one + "/certificates/remove", h.RemoveCertificate}, {changeByFile, one + "/certificates", h.AddCertificate},
		{change, one + "/mapping", h.SaveMapping}, {change, one + "/access", h.SaveAdmission}, {change, one + "/roles", h.SaveRoles},
		{t.post, one + "/refresh", h.Refresh}, {t.post, one + "/look", h.Look}, {t.post, one + "/check", h.Check}, {t.postFiles, one + "/metadata", h.LookAtMetadata},
	} {
		form.put(form.path, n, as(form.do))
	}
}

// onAccess is e-mail domains, rules of sign-on, set-up links and break-glass.
func (s *Server) onAccess(t *table) {
	const base = "/settings/sign-on"
	a := web.Access{Site: s.site, SignOn: s.SignOn}
	manage, secure := route.For(policy.ConnectionManage), route.For(policy.SecurityManage)
	t.get(base+"/domains", manage, a.Domains)
	t.post(base+"/domains", manage, a.AddDomain)
	t.get(base+"/domains/:domain", manage, a.Domain)
	t.postFresh(base+"/domains/:domain", manage, a.SaveDomain)
	t.post(base+"/domains/:domain/verify", manage, a.VerifyDomain)
	t.postFresh(base+"/domains/:domain/remove", manage, a.RemoveDomain)
	t.get(base+"/rules", secure, a.Rules)
	t.postFresh(base+"/rules", secure, a.SaveRules)
	t.post(base+"/rules/end-emergency", secure, a.EndEmergency)
	t.get(base+"/links", manage, a.Links)
	t.postFresh(base+"/links", manage, a.CreateLink)
	t.post(base+"/links/:id/revoke", manage, a.RevokeLink)
	t.get(base+"/keys", manage, a.Keys)
	t.postFresh(base+"/keys/next", manage, a.PublishKey)
	t.postFresh(base+"/keys/switch", manage, a.SwitchKey)

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
	connectionRoutes(t, h, route.Public, u.As, t.post, t.postFiles) // whoever made the link has proved themselves
}
