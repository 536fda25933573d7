package api

import (
	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
	"lyceum/api/scim"
	"lyceum/api/web"
	"lyceum/auth/audit"
	"lyceum/auth/policy"
)

// The table of contents: every address, what answers it, and what it needs. Those under /api/v1 stand in package rest.

// anywhere answers on every host, before anybody asks whose it is.
func (s *Server) anywhere(t *table) {
	t.get("/healthz", route.Public, s.healthy)
	t.get("/readyz", route.Public, s.ready)
	t.get("/assets/:hash/:name", route.Public, s.site.Asset)
	t.get("/brand/:hash.css", route.Public, s.site.PlatformCSS)
}

// onPlatform is the product's own site.
func (s *Server) onPlatform(t *table) {
	p := web.Platform{Site: s.site, Tenants: s.Tenants, Auth: s.Auth, SignUps: s.Limits.SignUps, Lookups: s.Limits.Lookups}
	t.get("/", route.Public, p.Landing)
	t.get("/signup", route.Public, p.SignUpForm)
	t.post("/signup", route.Public, p.SignUp)
	t.get("/signup/available", route.Public, p.Available)
	t.get("/signup/wait/:slug", route.Public, p.Wait)
	t.post("/preferences/appearance", route.Public, s.site.SetAppearance)

	o := web.Console{Site: s.site, Operators: s.Operators, Tenants: s.Tenants, Newest: s.SchemaVersion}
	t.get("/operator/signin", route.Public, o.SignInForm)
	t.post("/operator/signin", route.Public, o.SignIn)
	t.get("/operator/signin/code", route.Public, o.CodeForm)
	t.post("/operator/signin/code", route.Public, o.Code)
	t.post("/operator/signout", route.Public, o.SignOut)
	t.get("/operator/security", route.Operator, o.Security)
	t.post("/operator/security/app", route.Operator, o.AddApp)
	t.post("/operator/security/app/remove", route.Operator, o.RemoveApp)
	t.get("/operator", route.Operator, o.List)
	t.get("/operator/tenants/:slug", route.Operator, o.Show)
	t.post("/operator/tenants/:slug/suspend", route.Operator, o.Suspend)
	t.post("/operator/tenants/:slug/resume", route.Operator, o.Resume)
	t.post("/operator/tenants/:slug/delete", route.Operator, o.Delete)

	if s.Mailbox != nil {
		m := web.Mailbox{Site: s.site, Mails: s.Mailbox}
		t.get("/dev/mail", route.Public, m.List)
		t.get("/dev/mail/:id", route.Public, m.Show)
		t.get("/dev/mail/:id/html", route.Public, m.HTML)
	}
	for path, provider := range s.Played {
		t.play(path, provider)
	}
}

// onPortal is every portal.
func (s *Server) onPortal(t *table) {
	e := web.Entry{Site: s.site, Auth: s.Auth, SignOn: s.SignOn}
	t.get("/signin", route.Public, e.SignInForm)
	t.post("/signin", route.Public, e.SignIn)
	t.get("/forgot", route.Public, e.Forgot)
	t.post("/forgot", route.Public, e.SendReset)
	t.get("/reset/:token", route.Public, e.ResetForm)
	t.post("/reset/:token", route.Public, e.Reset)
	t.get("/invitation/:token", route.Public, e.InvitationForm)
	t.post("/invitation/:token", route.Public, e.Join)
	t.getOnce("/welcome/:token", route.Public, e.Welcome)
	t.post("/preferences/appearance", route.Public, s.site.SetAppearance)

	f := web.Files{Site: s.site, Content: s.Content}
	t.get("/brand/:hash.css", route.Public, s.site.CSS)
	t.get("/brand/logo/:id", route.Public, f.Picture)
	t.get("/brand/favicon/:id", route.Public, f.Picture)

	upload := route.For(policy.FileUpload)
	t.postFiles("/files", upload, f.Put)
	t.post("/files/uploads", upload, f.Begin)
	t.head("/files/uploads/:id", upload, f.Status)
	t.patchFiles("/files/uploads/:id", upload, f.Append)
	t.get("/files/:id/:name", route.SignedIn, f.Show)

	s.onLearning(t)
	s.onStudio(t)
	s.onEditor(t)
	s.onSettings(t)
	s.onSignOn(t)
	s.onAccess(t) // before the connections: /settings/sign-on/rules is no connection's
	s.onConnections(t)
	s.onDirectories(t)
	s.onFactors(t)
	s.onRoles(t)
}

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

// onDirectories is SCIM, and where administrators keep directories.
func (s *Server) onDirectories(t *table) {
	d := web.Directories{Site: s.site, SCIM: s.SCIM, Sync: s.LDAPSync, Auth: s.Auth}
	manage := route.For(policy.ConnectionManage)
	t.get("/settings/directories", manage, d.List)
	t.post("/settings/directories", manage, d.Create)
	t.get("/settings/directories/:directory", manage, d.Show)
	t.post("/settings/directories/:directory/status", manage, d.SetStatus)
	t.post("/settings/directories/:directory/tokens", manage, d.CreateToken)
	t.post("/settings/directories/:directory/tokens/:key/revoke", manage, d.RevokeToken)
	t.get("/settings/directories/:directory/settings", manage, d.Settings)
	t.post("/settings/directories/:directory/settings", manage, d.Save)
	t.post("/settings/directories/:directory/delete", manage, d.Delete)
	t.get("/settings/directories/:directory/people", manage, d.People)
	t.post("/settings/directories/:directory/people", manage, d.Link)
	t.get("/settings/directories/:directory/groups", manage, d.Groups)
	t.get("/settings/directories/:directory/requests", manage, d.Requests)
	t.get("/settings/directories/:directory/requests.json", manage, d.Download)
	t.get("/settings/directories/:directory/requests/:request", manage, d.Request)
	t.post("/settings/directories/:directory/requests/:request/try", manage, d.Try)
	t.post("/settings/directories/:directory/requests/:request/replay", manage, d.Replay)

	ldapRoutes(t, web.LDAP{Directories: d}, manage)

	// The handler asks for a directory's token itself.
	h := scim.Handler{Service: s.SCIM, Auth: s.Auth, Guesses: s.Limits.SignOn}
	for _, kind := range []string{scim.Root + "/Users", scim.Root + "/Groups"} {
		t.open(fiber.MethodGet, kind, route.Public, h.Serve)
		t.open(fiber.MethodPost, kind, route.Public, h.Serve)
		t.open(fiber.MethodPost, kind+"/.search", route.Public, h.Serve)
		t.open(fiber.MethodGet, kind+"/:id", route.Public, h.Serve)
		t.open(fiber.MethodPut, kind+"/:id", route.Public, h.Serve)
		t.open(fiber.MethodPatch, kind+"/:id", route.Public, h.Serve)
		t.open(fiber.MethodDelete, kind+"/:id", route.Public, h.Serve)
	}
	t.open(fiber.MethodPost, scim.Root+"/Bulk", route.Public, h.Serve)
	t.open(fiber.MethodGet, scim.Root+"/Me", route.Public, h.Serve)
	t.open(fiber.MethodGet, scim.Root+"/ServiceProviderConfig", route.Public, h.Serve)
	t.open(fiber.MethodGet, scim.Root+"/ResourceTypes", route.Public, h.Serve)
	t.open(fiber.MethodGet, scim.Root+"/ResourceTypes/:id", route.Public, h.Serve)
	t.open(fiber.MethodGet, scim.Root+"/Schemas", route.Public, h.Serve)
	t.open(fiber.MethodGet, scim.Root+"/Schemas/:id", route.Public, h.Serve)
	for _, method := range []string{fiber.MethodGet, fiber.MethodPost, fiber.MethodPut, fiber.MethodPatch, fiber.MethodDelete} {
		t.open(method, scim.Root+"/*", route.Public, h.Serve) // what is not there, told as SCIM tells it; and old names of Entra's
	}
}

// ldapRoutes are the pages of LDAP directories.
func ldapRoutes(t *table, h web.LDAP, manage route.Need) {
	const base = "/settings/directories/ldap"
	t.get(base+"/new", manage, h.New)
	t.post(base+"/new", manage, h.Create)
	t.post(base+"/new/check", manage, h.CheckNew)
	t.get(base+"/:directory", manage, h.Show)
	t.post(base+"/:directory/status", manage, h.SetStatus)
	t.post(base+"/:directory/sync", manage, h.Read)
	t.post(base+"/:directory/try", manage, h.Try)
	t.post(base+"/:directory/confirm", manage, h.Confirm)
	t.get(base+"/:directory/runs/:run", manage, h.Run)
	t.get(base+"/:directory/settings", manage, h.Settings)
	t.post(base+"/:directory/settings", manage, h.Save)
	t.post(base+"/:directory/check", manage, h.Check)
	t.get(base+"/:directory/mapping", manage, h.Mapping)
	t.post(base+"/:directory/mapping", manage, h.SaveMapping)
	t.get(base+"/:directory/delete", manage, h.AskDelete)
	t.post(base+"/:directory/delete", manage, h.Delete)
}

// onFactors is second factors, passkeys, step-up, and the rules for sessions.
func (s *Server) onFactors(t *table) {
	f := web.Factors{Site: s.site, Auth: s.Auth, SignOn: s.SignOn}
	t.get("/signin/passkey", route.Public, f.SignInOptions)
	t.post("/signin/passkey", route.Public, f.SignInByPasskey)
	t.get("/signin/factor", route.Public, f.FactorForm)
	t.post("/signin/factor", route.Public, f.Factor)
	t.post("/signin/factor/passkey", route.Public, f.ChallengeOptions)
	t.get("/signin/factor/enrol", route.Public, f.EnrolForm)
	t.post("/signin/factor/enrol", route.Public, f.Enrol)

	self := route.For(policy.PersonSelf)
	t.get("/step-up", self, f.StepUpForm)
	t.post("/step-up", self, f.StepUp)
	t.get("/step-up/:token", self, f.KeptForm)
	t.post("/step-up/:token", self, f.Kept)

	t.get("/account/security", self, f.Show)
	t.post("/account/security/totp", self, s.fresh(f.BeginApp))
	t.post("/account/security/totp/confirm", self, s.fresh(f.ConfirmApp))
	t.post("/account/security/passkeys", self, s.fresh(f.AddPasskey))
	t.post("/account/security/passkeys/options", self, s.fresh(f.PasskeyOptions))
	t.post("/account/security/passkeys/check", self, f.CheckOptions)
	t.post("/account/security/factors/:id/remove", self, s.fresh(f.Remove))
	t.get("/account/security/recovery", self, f.Recovery)
	t.post("/account/security/recovery", self, s.fresh(f.MakeRecovery))
	t.post("/account/sessions/:id/end", self, f.EndSession)
	t.post("/account/sessions/end-others", self, f.EndOthers)
	t.post("/account/sessions/end-all", self, f.EndAll)

	p := web.People{Site: s.site, Auth: s.Auth, Policy: s.Policy, SignOn: s.SignOn}
	t.post("/people/:id/factors/reset", route.For(policy.PersonManage), s.fresh(p.ResetFactors))

	r := web.Rules{Site: s.site, Auth: s.Auth}
	rule := route.For(policy.SecurityManage)
	t.get("/settings/security", rule, r.Show)
	t.post("/settings/security", rule, s.fresh(r.Save))
	t.post("/settings/security/preview", rule, r.Preview)
}

// fresh is around what is dangerous: who asks must have proved themselves lately (the tenant's rules say how lately).
func (s *Server) fresh(h fiber.Handler) fiber.Handler {
	return web.Factors{Site: s.site, Auth: s.Auth}.Fresh(h)
}

// onRoles is where roles are made and explained.
func (s *Server) onRoles(t *table) {
	r := web.Roles{Site: s.site, Auth: s.Auth}
	see, manage := route.For(policy.PersonRead), route.For(policy.RoleManage)
	t.get("/settings/roles", see, r.List)
	t.get("/settings/roles/new", manage, r.New)
	t.post("/settings/roles", manage, r.Create)
	t.get("/settings/roles/who", see, r.Who)
	t.get("/settings/roles/why", see, r.Why)
	t.get("/settings/roles/:role", see, r.Show)
	t.post("/settings/roles/:role", manage, r.Save)
	t.post("/settings/roles/:role/delete", manage, r.Delete)
}

func (s *Server) onLearning(t *table) {
	l := web.Learn{Site: s.site, Catalog: s.Catalog, Enrolment: s.Enrolment, Content: s.Content, Certificates: s.Certificates}
	read, learn, mine := route.For(policy.CourseRead), route.For(policy.EnrolmentSelf), route.For(policy.CertificateRead)
	t.get("/", route.SignedIn, l.Home)
	t.get("/courses", read, l.Catalogue)
	t.get("/courses/:slug", read, l.Course)
	t.post("/courses/:slug/enrol", learn, l.Enrol)
	t.getOnce("/learn/:slug", learn, begun(l.Resume))
	t.getOnce("/learn/:slug/:lesson", learn, begun(l.Lesson))
	t.post("/learn/:slug/:lesson/continue", learn, l.Continue)
	t.post("/learn/:slug/:lesson/watch", learn, l.Watch)
	t.post("/learn/:slug/:lesson/quiz", learn, l.Submit)
	t.get("/certificates", mine, l.CertificateList)
	t.get("/certificates/:code.pdf", mine, l.PDF)
	t.get("/verify/:code", route.Public, l.Verify)
}

func (s *Server) onStudio(t *table) {
	w := web.Studio{Site: s.site, Catalog: s.Catalog, Content: s.Content, Enrolment: s.Enrolment, Auth: s.Auth}
	edit, publish, enrol := route.For(policy.CourseEdit), route.For(policy.CoursePublish), route.For(policy.EnrolmentManage)
	t.get("/studio", edit, w.List)
	t.post("/studio/courses", edit, w.Create)
	t.get("/studio/:course", edit, w.Edit)
	t.postFiles("/studio/:course", edit, w.Save)
	t.post("/studio/:course/modules", edit, w.AddModule)
	t.post("/studio/:course/modules/:module", edit, w.RenameModule)
	t.post("/studio/:course/modules/:module/move", edit, w.MoveModule)
	t.post("/studio/:course/modules/:module/delete", edit, w.DeleteModule)
	t.post("/studio/:course/modules/:module/lessons", edit, w.AddLesson)
	t.get("/studio/:course/lessons/:lesson", edit, w.EditLesson)
	t.postFiles("/studio/:course/lessons/:lesson", edit, w.SaveLesson)
	t.post("/studio/:course/lessons/:lesson/preview", edit, w.PreviewLesson)
	t.post("/studio/:course/lessons/:lesson/move", edit, w.MoveLesson)
	t.post("/studio/:course/lessons/:lesson/delete", edit, w.DeleteLesson)
	t.get("/studio/:course/publish", publish, w.PublishForm)
	t.post("/studio/:course/publish", publish, w.Publish)
	t.post("/studio/:course/archive", publish, w.Archive)
	t.post("/studio/:course/restore", publish, w.Restore)
	t.get("/studio/:course/people", enrol, w.Roster)
	t.post("/studio/:course/people", enrol, w.EnrolPerson)
	t.post("/studio/:course/people/:enrolment/withdraw", enrol, w.Withdraw)
}

func (s *Server) onSettings(t *table) {
	p := web.People{Site: s.site, Auth: s.Auth, Policy: s.Policy, SignOn: s.SignOn}
	see, manage := route.For(policy.PersonRead), route.For(policy.PersonManage)
	t.get("/people", see, p.List)
	t.get("/people/invite", manage, p.InviteForm)
	t.post("/people/invite", manage, p.Invite)
	t.get("/people/:id", see, p.Show)
	t.post("/people/:id/roles", manage, s.fresh(p.SetRoles))
	t.post("/people/:id/deactivate", manage, s.fresh(p.Deactivate))
	t.post("/people/:id/reactivate", manage, p.Reactivate)
	t.post("/people/:id/invite", manage, p.InviteAgain)

	b := web.Branding{Site: s.site, Content: s.Content}
	brand := route.For(policy.BrandEdit)
	t.get("/settings/brand", brand, b.Edit)
	t.postFiles("/settings/brand", brand, b.Save)
	t.postFiles("/settings/brand/preview", brand, b.Try)
	t.get("/settings/brand/preview", brand, b.Preview)
	t.get("/settings/brand/preview.css", brand, b.PreviewCSS)
	t.get("/settings/brand/check", brand, b.Check)

	k := web.Keys{Site: s.site, Auth: s.Auth}
	// Who may no longer make keys can still see and end their own.
	t.get("/settings/api-keys", route.For(policy.PersonSelf), k.List)
	t.post("/settings/api-keys", route.For(policy.APIKeyManage), s.fresh(k.Create))
	t.post("/settings/api-keys/:id/revoke", route.For(policy.PersonSelf), k.Revoke)

	l := web.Ledger{Site: s.site, Billing: s.Billing}
	t.get("/usage", route.For(policy.UsageRead), l.Usage)
	t.get("/usage/:entry", route.For(policy.UsageRead), l.Proof)

	d := web.Audit{Site: s.site, Log: s.Audit}
	auditor := route.For(policy.AuditRead)
	t.get("/audit", auditor, d.List)
	t.get("/audit/check", auditor, d.Check)
	t.getOnce("/audit/export.csv", auditor, d.Export(audit.CSV))
	t.getOnce("/audit/export.jsonl", auditor, d.Export(audit.JSONLines))

	a := web.Account{Site: s.site, Auth: s.Auth}
	self := route.For(policy.PersonSelf)
	t.get("/account", self, a.Show)
	t.post("/account", self, a.Save)
	t.post("/account/password", self, s.fresh(a.ChangePassword))
}

// open puts the tables on their apps, each behind what holds for all of its routes.
func (s *Server) open() error {
	anywhere, platform, portal := &table{app: s.app}, &table{app: s.newApp()}, &table{app: s.newApp()}
	s.anywhere(anywhere)
	s.app.Use(s.enter)
	for _, step := range []fiber.Handler{plain, s.resumedOperator, s.limited, legible, s.checked} {
		platform.app.Use(step)
	}
	s.onPlatform(platform)
	for _, step := range []fiber.Handler{plain, s.resumed, s.limited, legible, s.checked} {
		portal.app.Use(step)
	}
	s.onPortal(portal)
	if s.REST != nil {
		operations, err := s.REST(portal.app)
		if err != nil {
			return err
		}
		portal.adopt(operations)
	}
	for _, t := range []*table{anywhere, platform, portal} {
		if err := t.complete(); err != nil {
			return err
		}
		s.routes = append(s.routes, t.routes...)
	}
	s.foreign, s.foreignPlatform = portal.foreign, platform.foreign
	s.platform, s.portal = platform.app.Handler(), portal.app.Handler()
	s.apps = []*fiber.App{s.app, platform.app, portal.app}
	return nil
}
