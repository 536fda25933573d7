package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

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
	t.postFresh("/account/security/totp", self, f.BeginApp)
	t.postFresh("/account/security/totp/confirm", self, f.ConfirmApp)
	t.postFresh("/account/security/passkeys", self, f.AddPasskey)
	t.postFresh("/account/security/passkeys/options", self, f.PasskeyOptions)
	t.post("/account/security/passkeys/check", self, f.CheckOptions)
	t.postFresh("/account/security/factors/:id/remove", self, f.Remove)
	t.get("/account/security/recovery", self, f.Recovery)
	t.postFresh("/account/security/recovery", self, f.MakeRecovery)
	t.post("/account/sessions/:id/end", self, f.EndSession)
	t.post("/account/sessions/end-others", self, f.EndOthers)
	t.post("/account/sessions/end-all", self, f.EndAll)

	p := web.People{Site: s.site, Auth: s.Auth, Policy: s.Policy, SignOn: s.SignOn, Groups: s.Groups, Org: s.Org}
	t.postFresh("/people/:id/factors/reset", route.For(policy.PersonManage), p.ResetFactors)

	r := web.Rules{Site: s.site, Auth: s.Auth}
	rule := route.For(policy.SecurityManage)
	t.get("/settings/security", rule, r.Show)
	t.postFresh("/settings/security", rule, r.Save)
	t.post("/settings/security/preview", rule, r.Preview)
}

// onRoles is where roles are made and explained.
func (s *Server) onRoles(t *table) {
	r := web.Roles{Site: s.site, Auth: s.Auth}
	see, manage := route.For(policy.PersonRead), route.For(policy.RoleManage)
	t.get("/settings/roles", see, r.List)
	t.get("/settings/roles/new", manage, r.New)
	t.postFresh("/settings/roles", manage, r.Create)
	t.get("/settings/roles/who", see, r.Who)
	t.get("/settings/roles/why", see, r.Why)
	t.get("/settings/roles/:role", see, r.Show)
	t.postFresh("/settings/roles/:role", manage, r.Save)
	t.postFresh("/settings/roles/:role/delete", manage, r.Delete)
}
