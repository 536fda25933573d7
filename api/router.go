package api

import (
	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
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

	o := s.console()
	t.proven = o.Fresh
	t.get("/operator/signin", route.Public, o.SignInForm)
	t.post("/operator/signin", route.Public, o.SignIn)
	t.get("/operator/signin/code", route.Public, o.CodeForm)
	t.post("/operator/signin/code", route.Public, o.Code)
	t.get("/operator/signin/app", route.Public, o.EnrolForm)
	t.post("/operator/signin/app", route.Public, o.Enrol)
	t.post("/operator/signout", route.Public, o.SignOut)
	t.get("/operator/security", route.Operator, o.Security)
	t.postFresh("/operator/security/app", route.Operator, o.ReplaceApp)
	t.postFresh("/operator/security/codes", route.Operator, o.RenewCodes)
	t.post("/operator/step-up", route.Operator, o.StepUp)
	t.get("/operator", route.Operator, o.List)
	t.get("/operator/new", route.Operator, o.NewForm)
	t.post("/operator/new", route.Operator, o.New)
	t.get("/operator/tenants/:slug", route.Operator, o.Show)
	t.post("/operator/tenants/:slug/suspend", route.Operator, o.Suspend)
	t.post("/operator/tenants/:slug/resume", route.Operator, o.Resume)
	t.postFresh("/operator/tenants/:slug/move", route.Operator, o.Move)
	t.postFresh("/operator/tenants/:slug/delete", route.OperatorAdmin, o.Delete)
	t.postFresh("/operator/tenants/:slug/erase", route.OperatorAdmin, o.Erase)
	t.post("/operator/tenants/:slug/keep", route.Operator, o.Keep)

	s.onOperators(t)
	s.onOperatorKeys(t)
	s.onActs(t)
	s.onOperatorBilling(t)
	s.onRollouts(t)
	s.onAnnouncements(t)
	s.onFlags(t)
	s.onReceipts(t)
	s.onPlatformStatus(t)
	s.onOperatorSupport(t)
	s.onPlans(t)
	s.onPayments(t)
	s.onWebhooks(t)
	if s.Mailbox != nil {
		m := web.Mailbox{Site: s.site, Mails: s.Mailbox}
		t.get("/dev/mail", route.Public, m.List)
		t.get("/dev/mail/:id", route.Public, m.Show)
		t.get("/dev/mail/:id/html", route.Public, m.HTML)
	}
	if s.Authenticator.Email != "" {
		t.get("/dev/authenticator", route.Public, web.Authenticator{Site: s.site, Operators: s.Operators, Of: s.Authenticator}.Show)
	}
	for path, provider := range s.Played {
		t.play(path, provider)
	}
}

func (s *Server) console() web.Console {
	return web.Console{Site: s.site, Operators: s.Operators, Tenants: s.Tenants, Addresses: s.Addresses, Content: s.Content, Leaving: s.Leaving, Health: s.Health, Flags: s.Flags, Broadcast: s.Broadcast, Newest: s.SchemaVersion}
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

	s.onFiles(t)
	s.onCertificates(t)
	s.onLearning(t)
	s.onEditor(t) // before the studio: /studio/import is no course's
	s.onHome(t)
	s.onQuestions(t) // before the studio: /studio/questions is no course
	s.onPaths(t)     // before the studio: /studio/paths is no course
	s.onStudio(t)
	s.onCatalogue(t)
	s.onOnboarding(t)
	s.onBulk(t) // before the people: /people/imports is nobody
	s.onSettings(t)
	s.onAddress(t)
	s.onLeaving(t)
	s.onStatus(t)
	s.onSignOn(t)
	s.onAccess(t) // before the connections: /settings/sign-on/rules is no connection's
	s.onConnections(t)
	s.onDirectories(t)
	s.onFactors(t)
	s.onRoles(t)
	s.onGroups(t)
	s.onSearch(t)
	s.onBilling(t)
	s.onBooks(t)
	s.onSupport(t)
	s.onSaid(t)
}

func (s *Server) onSettings(t *table) {
	p := web.People{Site: s.site, Auth: s.Auth, Policy: s.Policy, SignOn: s.SignOn, Groups: s.Groups, Org: s.Org}
	see, manage := route.For(policy.PersonRead), route.For(policy.PersonManage)
	t.get("/people", see, p.List)
	t.get("/people/invite", manage, p.InviteForm)
	t.postFresh("/people/invite", manage, p.Invite)
	w := web.Structure{Site: s.site, Org: s.Org}
	t.get("/people/structure", see, w.Show)
	t.get("/people/structure/units", see, w.Units)
	t.postFresh("/people/structure/units", manage, w.AddUnit)
	t.get("/people/structure/units/:unit", see, w.Unit)
	t.postFresh("/people/structure/units/:unit", manage, w.ChangeUnit)
	t.postFresh("/people/structure/units/:unit/close", manage, w.CloseUnit)
	t.postFresh("/people/structure/units/:unit/open", manage, w.OpenUnit)
	t.postFresh("/people/structure/units/:unit/merge", manage, w.MergeUnit)
	t.get("/people/fields", see, w.Fields)
	t.postFresh("/people/fields", manage, w.AddField)
	t.postFresh("/people/fields/managers", manage, w.SetManagers)
	t.get("/people/fields/:field", manage, w.Field)
	t.postFresh("/people/fields/:field", manage, w.ChangeField)
	t.post("/people/fields/:field/move", manage, w.MoveField)
	t.postFresh("/people/fields/:field/archive", manage, w.ArchiveField)
	t.postFresh("/people/fields/:field/restore", manage, w.RestoreField)
	t.get("/people/:id/placement", see, w.Placement)
	t.postFresh("/people/:id/placement", manage, w.SetPlacement)
	t.get("/people/:id/managers", see, w.Spans)
	t.postFresh("/people/:id/managers", manage, w.SetManager)
	t.get("/people/:id", see, p.Show)
	t.postFresh("/people/:id/roles", manage, p.SetRoles)
	t.postFresh("/people/:id/deactivate", manage, p.Deactivate)
	t.postFresh("/people/:id/reactivate", manage, p.Reactivate)
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
	t.postFresh("/settings/api-keys", route.For(policy.APIKeyManage), k.Create)
	t.post("/settings/api-keys/:id/revoke", route.For(policy.PersonSelf), k.Revoke)

	s.onUsage(t)

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
	t.postFresh("/account/password", self, a.ChangePassword)
}

// open puts the tables on their apps, each behind what holds for all of its routes.
func (s *Server) open() error {
	anywhere, platform, portal := &table{app: s.app}, &table{app: s.newApp()}, &table{app: s.newApp()}
	portal.proven = web.Factors{Site: s.site, Auth: s.Auth}.Fresh
	portal.paid, portal.acting = s.writing, acting
	s.anywhere(anywhere)
	s.app.Use(s.enter)
	for _, step := range []fiber.Handler{plain, s.resumedOperator, s.limited, legible, s.checked, looking} {
		platform.app.Use(step)
	}
	s.onPlatform(platform)
	if s.ConsoleREST != nil {
		operations, err := s.ConsoleREST(platform.app)
		if err != nil {
			return err
		}
		platform.adopt(operations)
	}
	for _, step := range []fiber.Handler{plain, s.resumed, s.limited, legible, s.checked, s.unpaid} {
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
