package api_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

// sensitive are the permissions whose use asks for a fresh proof, but for what stands in proofless.
var sensitive = map[route.Need]bool{
	route.For(policy.ConnectionManage): true, route.For(policy.SecurityManage): true, route.For(policy.RoleManage): true,
	route.For(policy.AddressManage): true, route.For(policy.PersonManage): true, route.For(policy.APIKeyManage): true, route.For(policy.PersonSelf): true,
}

// proofless are the routes that use such a permission, are no reading, and ask for no fresh proof, each with the reason.
// Whoever adds a route decides: it asks for one, or it stands here.
var proofless = map[string]string{
	// Nothing is kept.
	"POST /settings/sign-on/:connection/look":                     "looks at an issuer",
	"POST /settings/sign-on/:connection/check":                    "tries a directory",
	"POST /settings/sign-on/:connection/metadata":                 "shows what metadata says; taking it over is another step",
	"POST /settings/directories/ldap/new/check":                   "tries settings",
	"POST /settings/directories/ldap/:directory/check":            "tries settings",
	"POST /settings/directories/ldap/:directory/try":              "a dry run",
	"POST /settings/directories/:directory/requests/:request/try": "a dry run",
	"POST /settings/security/preview":                             "shows whom rules would touch",
	"POST /api/v1/connections/:connection/mapping-preview":        "shows what a mapping makes",
	"POST /api/v1/ldap-directories/try":                           "tries settings",
	"POST /api/v1/ldap-directories/:directory/try":                "tries settings",
	"POST /api/v1/roles/:role/preview":                            "shows whom a role would touch",
	"POST /api/v1/sign-on/rules/preview":                          "shows whom rules would touch",
	"POST /people/imports":                                        "reads a list; bringing it in is another step",
	"POST /people/imports/:import/plan":                           "reads a list another way",
	"POST /people/imports/:import/discard":                        "forgets a list",
	"POST /people/fields/:field/move":                             "has a field stand elsewhere on pages",
	"PUT /api/v1/person-fields":                                   "has fields stand in another order on pages",
	"POST /people/hr/:source/lists":                               "reads a list; bringing it in is another step",
	"POST /people/hr/runs/:run/discard":                           "forgets a plan",
	"POST /people/hr/runs/:run/undo":                              "plans what would be put back; bringing it in is another step",
	"DELETE /api/v1/hr-runs/:run":                                 "forgets a plan",
	"POST /api/v1/hr-runs/:run/undo":                              "plans what would be put back; bringing it in is another step",
	"POST /api/v1/people/imports":                                 "reads a list; bringing it in is another step",
	"PUT /api/v1/people/imports/:import":                          "reads a list another way",
	"DELETE /api/v1/people/imports/:import":                       "forgets a list",
	// It happens anyway, sooner.
	"POST /settings/sign-on/:connection/refresh":      "what the polls fetch",
	"POST /api/v1/connections/:connection/refresh":    "what the polls fetch",
	"POST /settings/directories/ldap/:directory/sync": "what the schedule reads; what is held back is confirmed in another step",
	// The DNS is the proof, and a domain does nothing until its settings are saved.
	"POST /settings/sign-on/domains":                "no domain yet",
	"POST /settings/sign-on/domains/:domain/verify": "the DNS proves it",
	"POST /api/v1/sign-on/domains":                  "no domain yet",
	"POST /api/v1/sign-on/domains/:domain/verify":   "the DNS proves it",
	"POST /settings/address/domains":                "no domain yet",
	"POST /settings/address/domains/:domain/check":  "the DNS proves it, and nothing is shown there until it is made the primary one",
	"POST /api/v1/address/domains":                  "no domain yet",
	"POST /api/v1/address/domains/:domain/check":    "the DNS proves it, and nothing is shown there until it is made the primary one",
	// It takes power away: whoever sees a break-in must not be held up.
	"POST /settings/sign-on/rules/end-emergency":               "ends local sign-in",
	"POST /api/v1/sign-on/emergencies/end":                     "ends local sign-in",
	"POST /people/join-links/:link/revoke":                     "ends a link",
	"DELETE /api/v1/people/join-links/:link":                   "ends a link",
	"POST /settings/sign-on/links/:id/revoke":                  "ends a link",
	"POST /api/v1/sign-on/links/:link/revoke":                  "ends a link",
	"POST /settings/directories/:directory/tokens/:key/revoke": "ends a token",
	"DELETE /api/v1/directories/:directory/tokens/:key":        "ends a token",
	"POST /settings/api-keys/:id/revoke":                       "ends a key",
	"DELETE /api/v1/api-keys/:key":                             "ends a key",
	"POST /account/sessions/:id/end":                           "ends a session",
	"POST /account/sessions/end-others":                        "ends sessions",
	"POST /account/sessions/end-all":                           "ends sessions",
	"DELETE /api/v1/me/sessions/:session":                      "ends a session",
	"DELETE /api/v1/me/sessions":                               "ends sessions",
	// It opens nothing.
	"POST /team/away/:delegation/end":                    "ends a delegation",
	"DELETE /api/v1/delegations/:delegation":             "ends a delegation",
	"POST /team/nudge":                                   "reminds people",
	"POST /team/:person/nudge":                           "reminds somebody",
	"POST /team/:person/enrol":                           "gives somebody a course",
	"POST /team/requests/:request":                       "gives somebody a place they asked for, or does not",
	"POST /api/v1/team/nudges":                           "reminds people",
	"POST /api/v1/team/:person/nudges":                   "reminds somebody",
	"POST /api/v1/team/:person/enrolments":               "gives somebody a course",
	"PUT /api/v1/team/requests/:request":                 "gives somebody a place they asked for, or does not",
	"POST /people/:id/invite":                            "mails the invitation again, to the same address",
	"POST /account":                                      "name, language and time zone",
	"POST /notifications/read":                           "marks notices as read",
	"POST /announcements/:banner/dismiss":                "puts an announcement away",
	"POST /notifications/settings":                       "how one is told of things; security mails come anyway",
	"POST /notifications/devices":                        "a browser shows what the app shows who is signed in there",
	"POST /notifications/devices/seen":                   "tells a browser whether it is registered",
	"POST /notifications/devices/renew":                  "goes on with a device that its push service gave a new address",
	"POST /notifications/devices/:device/remove":         "takes a device away",
	"POST /notifications/devices/:device/try":            "sends oneself a message",
	"POST /api/v1/me/push-devices":                       "a browser shows what the app shows who is signed in there",
	"DELETE /api/v1/me/push-devices/:device":             "takes a device away",
	"POST /api/v1/me/push-devices/:device/trial":         "sends oneself a message",
	"POST /notifications/:notice/read":                   "marks a notice as read",
	"POST /calendar/address":                             "shows due dates of one's own",
	"POST /calendar/address/revoke":                      "ends an address",
	"POST /api/v1/me/notifications/read":                 "marks notices as read",
	"POST /api/v1/me/notifications/:notification/read":   "marks a notice as read",
	"PUT /api/v1/me/notification-preferences":            "how one is told of things; security mails come anyway",
	"PUT /api/v1/me/quiet-hours":                         "when one is reminded",
	"PUT /api/v1/reminder-rules":                         "when people are reminded; nobody gets a right",
	"POST /api/v1/me/calendar/address":                   "shows due dates of one's own",
	"DELETE /api/v1/me/calendar/address":                 "ends an address",
	"PUT /api/v1/me/profile":                             "name, language and time zone",
	"POST /account/security/passkeys/check":              "is how a fresh proof begins",
	"POST /settings/support-access/end":                  "ends visits",
	"POST /settings/support-access/:visit/end":           "ends a visit",
	"POST /settings/support-access/:visit/refuse":        "refuses a visit",
	"DELETE /api/v1/portal/support-access/visits/:visit": "ends a visit",
	"POST /step-up":                                      "is the fresh proof",
	"POST /step-up/:token":                               "is the fresh proof",
}

func changes(r route.Route) bool { return r.Method != http.MethodGet && r.Method != http.MethodHead }

func TestWhateverUsesASensitivePermissionAsksForAFreshProofOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	h := setup(t)
	lines := map[string]bool{}
	for _, r := range h.srv.Routes() {
		line := r.Method + " " + r.Path
		lines[line] = true
		if !sensitive[r.Need] || !changes(r) {
			continue
		}
		switch why := proofless[line]; {
		case !r.Fresh && why == "":
			t.Errorf("%s (%s) asks for no fresh proof, and no reason stands in the list", line, r.Need)
		case r.Fresh && why != "":
			t.Errorf("%s asks for a fresh proof and stands in the list of those that do not (%s)", line, why)
		}
	}
	for line := range proofless {
		if !lines[line] {
			t.Errorf("%s stands in the list and is no route", line)
		}
	}
}

// stale lets a session's proof grow old, by rules that keep the session itself.
func (h *house) stale() {
	h.t.Helper()
	h.w.Now.Advance(2 * time.Minute)
	h.o.Auth.Changed(h.ctx)
}

func (b *browser) sends(r route.Route) answer {
	b.t.Helper()
	if !strings.HasPrefix(r.Path, "/api/") {
		return b.post(at(r.Path))
	}
	req := httptest.NewRequest(r.Method, at(r.Path), strings.NewReader("{}"))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-CSRF-Token", b.csrf)
	return b.do(req)
}

func TestEverythingThatAsksForAFreshProofIsHeldBackUntilThereIsOne(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.rules(func(r *auth.SecurityRules) { r.StepUpMinutes = 1 })
	b := h.as(h.person(policy.Owner))
	b.get("/account").is(200)
	pages, operations := 0, 0
	for _, r := range h.srv.Routes() {
		if !r.Fresh || strings.HasPrefix(r.Path, "/operator/") {
			continue
		}
		line := r.Method + " " + r.Path
		h.stale()
		held := b.sends(r)
		if strings.HasPrefix(r.Path, "/api/") {
			operations++
			held.is(403).says(`"code":"step_up_required"`)
			continue
		}
		pages++
		stepUp := held.Header.Get("Location")
		if held.StatusCode != http.StatusSeeOther || !strings.HasPrefix(stepUp, "/step-up/") {
			t.Errorf("%s: %d, leads to %q", line, held.StatusCode, stepUp)
			continue
		}
		b.get(stepUp).is(200).says("What you filled in is kept")
		sent := b.post(stepUp, "password", password)
		if to := sent.Header.Get("Location"); strings.HasPrefix(to, "/step-up") || strings.Contains(sent.body, "Confirm that it is you") || sent.StatusCode >= 500 {
			t.Errorf("%s, proven: %d, leads to %q", line, sent.StatusCode, to)
		}
		fresh := b.sends(r)
		if to := fresh.Header.Get("Location"); strings.HasPrefix(to, "/step-up") || fresh.StatusCode == http.StatusForbidden || fresh.StatusCode >= 500 {
			t.Errorf("%s, fresh: %d, leads to %q", line, fresh.StatusCode, to)
		}
	}
	if pages < 45 || operations < 30 {
		t.Errorf("only %d pages' forms and %d operations were sent", pages, operations)
	}
}

func TestAFreshSessionSendsEveryOperationAndAnAPIKeyAlways(t *testing.T) {
	t.Parallel()
	h := setup(t, func(h *house) { h.o.Limits.Strangers = freely{} })
	b := h.as(h.person(policy.Owner))
	key := keyFrom(t, b, "*")
	program := h.stranger()
	program.header["Authorization"] = "Bearer " + key
	asked := 0
	send := func(who *browser, name string, r route.Route) {
		if got := who.sends(r); strings.Contains(got.body, "step_up_required") || got.StatusCode == http.StatusUnauthorized || got.StatusCode >= 500 {
			t.Errorf("%s, %s %s: %d %s", name, r.Method, r.Path, got.StatusCode, firstOf(got.body, 200))
		}
	}
	for _, r := range h.srv.Routes() {
		if r.Fresh && strings.HasPrefix(r.Path, "/api/") {
			asked++
			send(b, "a fresh session", r)
		}
	}
	h.w.Now.Advance(16 * time.Minute)
	for _, r := range h.srv.Routes() {
		if r.Fresh && strings.HasPrefix(r.Path, "/api/") {
			send(program, "a key", r)
		}
	}
	if asked < 30 {
		t.Errorf("only %d operations were sent", asked)
	}
}

// TestFormsOfSignOnDirectoriesAndRolesOutliveTheProof sends real forms in a stale session, one after the other: each is
// done after the proof, with what was typed.
func TestFormsOfSignOnDirectoriesAndRolesOutliveTheProof(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.rules(func(r *auth.SecurityRules) { r.StepUpMinutes = 1 })
	b := h.as(h.person(policy.Owner))
	proven := func(held answer) answer {
		t.Helper()
		stepUp := held.is(303).Header.Get("Location")
		if !strings.HasPrefix(stepUp, "/step-up/") {
			t.Fatalf("leads to %q", stepUp)
		}
		b.get(stepUp).is(200).says("What you filled in is kept")
		return b.post(stepUp, "password", password)
	}

	b.get("/settings/sign-on/new").is(200)
	h.stale()
	made := proven(b.post("/settings/sign-on/new", "choice", "saml:other", "name", "Acme Login")).is(303)
	connection := strings.TrimSuffix(made.Header.Get("Location"), "/guide")
	b.get(connection + "/settings").is(200)
	h.stale()
	proven(b.post(connection+"/settings", "revision", "1", "name", "Acme Login 2", "entity_id", "https://idp.example/entity", "clock_skew", "soon")).
		is(422).says(`value="Acme Login 2"`, `value="https://idp.example/entity"`, "Enter a whole number.")
	h.stale()
	file := []byte("-----BEGIN CERTIFICATE-----\n" + madeCertificate(t, h, "idp") + "\n-----END CERTIFICATE-----\n")
	proven(b.multipart(connection+"/certificates", map[string]string{"revision": "1"}, "certificate_file", "idp.pem", file)).is(303).leads(connection + "/settings#certificates")
	b.get(connection + "/settings").is(200).says("CN=idp")
	h.stale()
	b.header["Referer"] = "http://" + h.host + connection + "/settings"
	big := append([]byte(strings.Repeat("\n", 70<<10)), file...)
	b.multipart(connection+"/certificates", map[string]string{"revision": "2"}, "certificate_file", "idp.pem", big).is(303).leads("/step-up?next=" + url.QueryEscape(connection+"/settings"))
	delete(b.header, "Referer")

	h.stale()
	made = proven(b.post("/settings/directories", "name", "Entra", "mode", "entra", "role_default", "learner")).is(303)
	directory := made.Header.Get("Location")
	b.get(directory).is(200).says("Entra")
	h.stale()
	proven(b.post(directory+"/tokens", "name", "Sync <1>", "days", "90")).is(200).says("Sync &lt;1&gt;").has("Cache-Control", "no-store")

	h.stale()
	made = proven(b.post("/settings/roles", "name", "Translator", "inherits", "learner", "permissions", "course:edit")).is(303)
	role := made.Header.Get("Location")
	b.get(role).is(200).says("Translator")
	h.stale()
	proven(b.post(role + "/delete")).is(303).leads("/settings/roles")
}

func TestAnInvitationThatGivesARoleAsksForAFreshProof(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Owner))
	b.get("/people/invite").is(200)
	h.w.Now.Advance(16 * time.Minute)
	email := uid.Opaque(8) + "@example.com"
	stepUp := b.post("/people/invite", "email", email, "name", "Ines", "role", "admin").is(303).Header.Get("Location")
	b.get(stepUp).is(200)
	b.get("/people?q=" + email).is(200).saysNot("Ines")
	b.post(stepUp, "password", password).is(303)
	b.get("/people?q=" + email).is(200).says("Ines")
}
