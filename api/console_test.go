package api_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"lyceum/api"
	"lyceum/auth"
	"lyceum/internal/uid"
)

var shownCode = regexp.MustCompile(`<li class="code">([a-z2-7-]{19})</li>`)

func codesIn(t testing.TB, page answer) (codes []string) {
	t.Helper()
	for _, m := range shownCode.FindAllStringSubmatch(page.body, -1) {
		codes = append(codes, m[1])
	}
	if len(codes) != auth.RecoveryCodes {
		t.Fatalf("%d recovery codes are shown, want %d", len(codes), auth.RecoveryCodes)
	}
	return codes
}

func TestNoOperatorReachesTheConsoleByThePasswordAlone(t *testing.T) {
	t.Parallel()
	h := setup(t)
	email := uid.Opaque(8) + "@lyceum.example"
	if _, err := h.o.Operators.Create(t.Context(), email, "Olga Operator", password); err != nil {
		t.Fatal(err)
	}
	b := h.browser(platformHost)
	b.get("/operator/signin/app").is(303).leads("/operator/signin")
	b.get("/operator/signin").is(200)
	b.post("/operator/signin", "email", email, "password", password, "next", "/operator/security").is(303).leads("/operator/signin/app?next=%2Foperator%2Fsecurity")
	b.get("/operator").is(303).leads("/operator/signin?next=%2Foperator")
	page := b.get("/operator/signin/app?next=%2Foperator%2Fsecurity").is(200).has("Cache-Control", "no-store").says(`class="qr"`, `value="/operator/security"`)
	seed := seedIn(t, page)
	page = b.post("/operator/signin/app", "code", "000000", "next", "/operator/security").is(422).says("This code is not right", `value="/operator/security"`)
	if seedIn(t, page) != seed {
		t.Error("after a wrong code another key is shown")
	}
	b.get("/operator").is(303)
	page = b.post("/operator/signin/app", "code", h.code(seed), "next", "/operator/security").is(200).has("Cache-Control", "no-store").says(`href="/operator/security"`, `download="recovery-codes.txt"`)
	codes := codesIn(t, page)
	b.get("/operator/security").is(200).says("10 recovery codes are left").saysNot(codes[0])
	b.post("/operator/signout").is(303)

	// From now on the code of the app is asked for, and works once.
	b.get("/operator/signin/code").is(303).leads("/operator/signin")
	b.get("/operator/signin").is(200)
	b.post("/operator/signin", "email", email, "password", password).is(303).leads("/operator/signin/code")
	b.get("/operator/signin/app").is(303).leads("/operator/signin")
	b.get("/operator").is(303)
	b.get("/operator/signin").is(200)
	b.post("/operator/signin", "email", email, "password", password).is(303)
	b.post("/operator/signin/code", "code", h.code(seed)).is(422).says("This code is not right")
	h.w.Now.Advance(time.Minute)
	b.post("/operator/signin/code", "code", h.code(seed)).is(303).leads("/operator")
	b.get("/operator").is(200)
	b.post("/operator/signout").is(303)

	// Who lost the app has the codes, each once.
	for _, want := range []int{303, 422} {
		b.get("/operator/signin").is(200)
		b.post("/operator/signin", "email", email, "password", password).is(303)
		b.post("/operator/signin/code", "recovery", strings.ToUpper(codes[3])).is(want)
		if want == 303 {
			b.get("/operator/security").is(200).says("9 recovery codes are left")
			b.post("/operator/signout").is(303)
		}
	}
}

func TestAResetAppEndsSessionsAndIsAddedAnewAtTheNextSignIn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b, who, _ := h.operatorWith()
	b.get("/operator").is(200)
	if err := h.o.Operators.ResetApp(t.Context(), who.Email); err != nil {
		t.Fatal(err)
	}
	b.get("/operator").is(303)
	b.get("/operator/signin").is(200)
	b.post("/operator/signin", "email", who.Email, "password", password).is(303).leads("/operator/signin/app")
}

func TestAnOperatorRenewsCodesAndMovesToAnotherPhone(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b, who, seed := h.operatorWith()
	elsewhere := h.browser(platformHost)
	elsewhere.get("/operator/signin").is(200)
	elsewhere.post("/operator/signin", "email", who.Email, "password", password).is(303)
	h.w.Now.Advance(time.Minute)
	elsewhere.post("/operator/signin/code", "code", h.code(seed)).is(303)
	b.get("/operator/security").is(200)
	codes := codesIn(t, b.post("/operator/security/codes").is(200).has("Cache-Control", "no-store"))
	token, other := seedOn(t, b.get("/operator/security").is(200))
	page := b.post("/operator/security/app", "token", token, "code", h.code(seed)).is(422).says("This code is not right")
	if _, same := seedOn(t, page); same != other {
		t.Error("after a wrong code another key is shown")
	}
	b.post("/operator/security/app", "token", token, "code", h.code(other)).is(303).leads("/operator/security")
	elsewhere.get("/operator").is(303)
	b.get("/operator").is(200)
	b.post("/operator/signout").is(303)
	h.w.Now.Advance(time.Minute)
	b.get("/operator/signin").is(200)
	b.post("/operator/signin", "email", who.Email, "password", password).is(303)
	b.post("/operator/signin/code", "code", h.code(seed)).is(422)
	b.post("/operator/signin/code", "recovery", codes[0]).is(303)
}

func TestWhatIsDangerousInTheConsoleAsksForAFreshProofAndThenGoesOn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b, _, seed := h.operatorWith()
	gone := h.seeded(h.w.TenantRow(t))
	at := "/operator/tenants/" + gone.Slug
	h.w.Now.Advance(16 * time.Minute)
	b.get(at).is(200)
	page := b.post(at+"/erase", "erase_confirm", gone.Slug, "erase_reason", "made by mistake").is(403).has("Cache-Control", "no-store").says("Confirm that it is you", "What you filled in is kept")
	kept := regexp.MustCompile(`name="kept" value="([^"]+)"`).FindStringSubmatch(page.body)[1]
	b.get(at).is(200)
	b.post("/operator/step-up", "kept", kept, "code", "000000").is(422).says("This code is not right", kept)
	b.post("/operator/step-up", "kept", kept+"x", "code", h.code(seed)).is(404)
	other, _, otherSeed := h.operatorWith()
	other.get("/operator").is(200)
	other.post("/operator/step-up", "kept", kept, "code", h.code(otherSeed)).is(404)
	b.get(at).is(200)
	b.post("/operator/step-up", "kept", kept, "code", h.code(seed)).is(303).leads("/operator")
	b.get(at).is(404)
	// It is fresh now.
	b.get("/operator/security").is(200)
	b.post("/operator/security/codes").is(200)
}

func TestEveryDangerousRouteOfTheConsoleIsHeldBack(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.operator()
	h.w.Now.Advance(16 * time.Minute)
	b.get("/operator").is(200)
	n := 0
	for _, r := range h.srv.Routes() {
		if !r.Fresh || !r.Need.Operators() {
			continue
		}
		n++
		b.post(at(r.Path)).is(403).says("Confirm that it is you")
	}
	if n < 3 {
		t.Errorf("%d routes", n)
	}
}

func TestTheDemosAuthenticatorShowsACodeThatWorks(t *testing.T) {
	t.Parallel()
	const key = "NR4WGZLVNUWWIZLNN4WW64DFOJQXI33S"
	email := uid.Opaque(8) + "@lyceum.example"
	h := setup(t, func(h *house) { h.o.Authenticator = api.DemoOperator{Email: email, Key: key} })
	if _, err := h.o.Operators.Create(t.Context(), email, "Olivia Operator", password); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := h.o.Operators.GiveApp(t.Context(), email, key); err != nil {
			t.Fatal(err)
		}
	}
	shown := regexp.MustCompile(`app-code">(\d{6})<`)
	b := h.browser(platformHost)
	for range 2 { // the second time the next code is shown, for the present one was used
		m := shown.FindStringSubmatch(b.get("/dev/authenticator").is(200).has("Cache-Control", "no-store").says(email, key).body)
		if m == nil {
			t.Fatal("no code is shown")
		}
		b.get("/operator/signin").is(200)
		b.post("/operator/signin", "email", email, "password", password).is(303).leads("/operator/signin/code")
		b.post("/operator/signin/code", "code", m[1]).is(303).leads("/operator")
		b.get("/operator").is(200)
		b.post("/operator/signout").is(303)
	}
	b.get("/dev/authenticator").is(200).says("The present code was used")
	setup(t).browser(platformHost).get("/dev/authenticator").is(404)
}

func TestOperatorsReadWhatWasDoneAndExportIt(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b, who, _ := h.operatorWith()
	at := "/operator/tenants/" + h.tenant.Slug
	b.get(at).is(200)
	b.post(at+"/suspend", "reason", "Unpaid since March").is(303)
	b.get("/operator/acts?tenant="+h.tenant.Slug).is(200).says("Portal suspended", "Unpaid since March", "Olga Operator", "/operator/acts/check")
	b.get("/operator/acts?who="+who.ID.String()).is(200).says("Operator signed in", "Authenticator app added", h.tenant.Slug)
	b.get("/operator/acts?who=nonsense").is(422)
	b.get("/operator/acts?from=yesterday").is(422)
	b.get("/operator/acts?action=domain.*&tenant=" + h.tenant.Slug).is(200).says("Nothing here")
	b.get("/operator/acts/check").is(200).says("lyceum audit verify")
	b.get("/operator/acts/export.jsonl?tenant="+h.tenant.Slug).is(200).has("Content-Type", "application/jsonl").says(`"log":"lyceum-acts-1"`, `"action":"tenant.suspended"`, "Unpaid since March")
	b.get("/operator/acts/export.csv?tenant="+h.tenant.Slug).is(200).says("tenant.suspended", "Olga Operator")
	h.browser(platformHost).get("/operator/acts").is(303)
}

func TestAnAdminInvitesAnOperatorWhoJoinsByTheLinkOnce(t *testing.T) {
	t.Parallel()
	h := setup(t)
	admin := h.operator()
	admin.get("/operator/operators").is(200).says("Olga Operator")
	email := uid.Opaque(8) + "@lyceum.example"
	admin.post("/operator/operators", "email", "nobody", "name", "", "role", "king").is(422).says("Enter an e-mail address", "Choose a role.")
	page := admin.post("/operator/operators", "email", email, "name", "Nina New", "role", "operator").is(200).has("Cache-Control", "no-store").says(email)
	link := regexp.MustCompile(`/operator/join/([A-Za-z0-9_-]{43})`).FindStringSubmatch(page.body)
	if link == nil {
		t.Fatal("no link is shown")
	}
	admin.get("/operator/operators").is(200).says("Nina New", "Open invitations").saysNot(link[1])
	s := h.browser(platformHost)
	s.get("/operator/join/" + strings.Repeat("x", 43)).is(404).says("Ask for another one")
	s.get(link[0]).is(200).says(email, "Olga Operator")
	s.post(link[0], "password", "short").is(422)
	s.get(link[0]).is(200)
	s.post(link[0], "password", password).is(303).leads("/operator/signin")
	s.get(link[0]).is(404)
	s.get("/operator/signin").is(200)
	s.post("/operator/signin", "email", email, "password", password).is(303).leads("/operator/signin/app")
	seed := seedIn(t, s.get("/operator/signin/app").is(200))
	s.post("/operator/signin/app", "code", h.code(seed)).is(200)
	s.get("/operator").is(200).saysNot("/operator/operators")
	s.get("/operator/operators").is(403).says("Only an admin")

	// One that was taken back, or has expired, opens nothing.
	admin.get("/operator/operators").is(200)
	page = admin.post("/operator/operators", "email", uid.Opaque(8)+"@lyceum.example", "name", "Vera Void", "role", "reader").is(200)
	link = regexp.MustCompile(`/operator/join/([A-Za-z0-9_-]{43})`).FindStringSubmatch(page.body)
	h.w.Now.Advance(auth.OperatorInvitationLifetime)
	s.get(link[0]).is(404)
}

func TestWhatAnOperatorMayFollowsTheRole(t *testing.T) {
	t.Parallel()
	h := setup(t)
	at := "/operator/tenants/" + h.tenant.Slug
	runner := h.operator(auth.OperatorRunner)
	runner.get(at).is(200).saysNot(at + "/delete")
	runner.post(at+"/delete", "confirm", h.tenant.Slug).is(403).says("Only an admin")
	runner.post(at+"/erase", "erase_confirm", h.tenant.Slug, "erase_reason", "made by mistake").is(403).says("Only an admin")
	runner.get(at).is(200)
	runner.post(at+"/suspend", "reason", "Unpaid since March").is(303)
	runner.get(at).is(200)
	runner.post(at + "/resume").is(303)
	reader := h.operator(auth.OperatorReader)
	reader.get(at).is(200).says("You may look and change nothing")
	reader.post(at+"/suspend", "reason", "Because").is(403).says("Ask an admin for another role")
	reader.get("/operator/security").is(200)
	reader.post("/operator/security/codes").is(200)
	reader.get("/operator/acts/export.csv").is(200)
	reader.post("/operator/signout").is(303)
}

func TestAnAdminChangesRolesDeactivatesAndResetsWithAReason(t *testing.T) {
	t.Parallel()
	h := setup(t)
	admin, self, _ := h.operatorWith()
	other, who, seed := h.operatorWith(auth.OperatorRunner)
	at := "/operator/operators/" + who.ID.String()
	admin.get(at).is(200).says(who.Email, "Reset the app")
	admin.post(at+"/role", "role", "king").is(422).says("Choose a role.")
	admin.post(at+"/role", "role", "reader").is(303)
	other.get("/operator").is(200).says("You may look and change nothing")
	admin.get(at).is(200)
	admin.post(at+"/reset-app", "reason", " ").is(422).says("Say why")
	admin.post(at+"/reset-app", "reason", "Lost the phone on a train").is(303)
	other.get("/operator").is(303)
	admin.get("/operator/acts?who="+self.ID.String()).is(200).says("Authenticator app reset", "Lost the phone on a train", "Operator given another role")
	other.get("/operator/signin").is(200)
	other.post("/operator/signin", "email", who.Email, "password", password).is(303).leads("/operator/signin/app")
	seed = seedIn(t, other.get("/operator/signin/app").is(200))
	other.post("/operator/signin/app", "code", h.code(seed)).is(200)
	admin.get(at).is(200)
	admin.post(at+"/deactivate", "reason", "Left the company").is(303)
	other.get("/operator").is(303)
	other.get("/operator/signin").is(200)
	other.post("/operator/signin", "email", who.Email, "password", password).is(422)
	admin.get(at).is(200).says("Deactivated")
	admin.post(at + "/reactivate").is(303)
	h.w.Now.Advance(time.Minute)
	other.get("/operator/signin").is(200)
	other.post("/operator/signin", "email", who.Email, "password", password).is(303).leads("/operator/signin/code")
	other.post("/operator/signin/code", "code", h.code(seed)).is(303)

	own := "/operator/operators/" + self.ID.String()
	admin.get(own).is(200).saysNot("Reset the app")
	admin.post(own+"/reset-app", "reason", "My own").is(409).says("Only another admin can reset it")
	admin.get("/operator/operators/" + uid.New().String()).is(404)
}
