package api_test

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

var (
	tokenField = regexp.MustCompile(`name="token" value="([^"]+)"`)
	seedShown  = regexp.MustCompile(`seed-text"[^>]*>([A-Z2-7 ]+)<`)
	codeShown  = regexp.MustCompile(`<li class="code">([a-z2-7-]{19})</li>`)
)

// seedOn reads the token and the key of an app from a page that shows them.
func seedOn(t *testing.T, page answer) (token, seed string) {
	t.Helper()
	m, s := tokenField.FindStringSubmatch(page.body), seedShown.FindStringSubmatch(page.body)
	if m == nil || s == nil {
		t.Fatalf("no key is shown: %s", firstOf(page.body, 3000))
	}
	return html.UnescapeString(m[1]), strings.ReplaceAll(s[1], " ", "")
}

// seedIn is the key that a page shows.
func seedIn(t testing.TB, page answer) string {
	t.Helper()
	s := seedShown.FindStringSubmatch(page.body)
	if s == nil {
		t.Fatalf("no key is shown: %s", firstOf(page.body, 3000))
	}
	return strings.ReplaceAll(s[1], " ", "")
}

// code is what an app shows now.
func (h *house) code(seed string) string {
	h.t.Helper()
	code, err := totp.GenerateCode(seed, h.w.Now.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	return code
}

// withApp adds an app in the browser and gives its key and the recovery codes.
func (b *browser) withApp() (seed string, codes []string) {
	b.t.Helper()
	b.get("/account/security").is(200).says("No second factor yet")
	page := b.post("/account/security/totp", "name", "Phone").is(200).has("Cache-Control", "no-store").says(`class="qr"`)
	token, seed := seedOn(b.t.(*testing.T), page)
	page = b.post("/account/security/totp/confirm", "token", token, "code", "000000", "name", "Phone <1>").is(422).says("This code is not right", "Phone &lt;1&gt;")
	if again, same := seedOn(b.t.(*testing.T), page); same != seed {
		b.t.Fatalf("after a wrong code another key is shown (%s)", again)
	}
	b.post("/account/security/totp/confirm", "token", token, "code", b.code(seed), "name", "Phone").is(303).leads("/account/security/recovery")
	b.get("/account/security/recovery").is(200).says("now signs you in")
	page = b.post("/account/security/recovery").is(200).has("Cache-Control", "no-store").says(`download="recovery-codes.txt"`)
	for _, m := range codeShown.FindAllStringSubmatch(page.body, -1) {
		codes = append(codes, m[1])
	}
	if len(codes) != auth.RecoveryCodes {
		b.t.Fatalf("codes %v", codes)
	}
	b.get("/account/security").is(200).says("Phone", "10 recovery codes are left").saysNot(codes[0])
	b.w.Now.Advance(time.Minute)
	return seed, codes
}

func TestASecondFactorStandsBetweenThePasswordAndThePortal(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	seed, codes := h.as(p).withApp()

	s := h.stranger()
	s.get("/signin/factor").is(303).leads("/signin")
	s.get("/signin?next=%2Fcourses").is(200)
	s.post("/signin", "email", p.Email, "password", password, "next", "/courses").is(303).leads("/signin/factor?next=%2Fcourses")
	s.get("/courses").is(303) // no session yet
	if s.cookies["lyceum"] != "" || s.cookies["lyceum-challenge"] == "" {
		t.Fatalf("cookies %v", s.cookies)
	}
	s.get("/signin/factor?next=%2Fcourses").is(200).says(p.Email, "Six digits").has("Cache-Control", "no-store")
	s.get("/signin/factor/enrol").is(303).leads("/signin/factor")
	s.post("/signin/factor", "code", "000000", "next", "/courses").is(422).says("This code is not right", `value="/courses"`)
	s.post("/signin/factor", "next", "//evil.example", "code", h.code(seed)).is(303).leads("/")
	s.get("/courses").is(200)
	if s.cookies["lyceum-challenge"] != "" {
		t.Error("the challenge's cookie stays")
	}

	// The challenge belongs to the browser that typed the password.
	other := h.stranger()
	other.get("/signin").is(200)
	h.w.Now.Advance(time.Minute)
	other.post("/signin/factor", "code", h.code(seed)).is(303).leads("/signin")

	other.post("/signin", "email", p.Email, "password", password).is(303).leads("/signin/factor")
	other.get("/signin/factor").is(200).says("Use a recovery code")
	for range auth.ChallengeTries - 1 {
		other.post("/signin/factor", "code", "000000").is(422)
	}
	other.post("/signin/factor", "code", "000000").is(303).leads("/signin")
	other.get("/signin").is(200).says("Sign in again.")
	other.post("/signin", "email", p.Email, "password", password).is(303)
	other.get("/signin/factor").is(200)
	other.post("/signin/factor", "recovery", strings.ToUpper(codes[0])).is(303).leads("/")
	other.get("/").is(200)
}

func TestTheLastRecoveryCodesAreWarnedOf(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	_, codes := h.as(p).withApp()
	for i, code := range codes[:8] {
		s := h.stranger()
		s.signIn(p)
		s.get("/signin/factor").is(200)
		s.post("/signin/factor", "recovery", code).is(303).leads("/")
		page := s.get("/").is(200)
		if warned := strings.Contains(page.body, "Recovery codes left: 2"); warned != (i == 7) {
			t.Errorf("after %d codes: warned %v", i+1, warned)
		}
	}
	b := h.stranger()
	b.signIn(p)
	b.get("/signin/factor").is(200)
	b.post("/signin/factor", "recovery", codes[9]).is(303)
	b.get("/account/security").is(200).says("1 recovery code is left", "before they run out")
}

func TestWhereARoleNeedsAFactorItIsAddedAtTheSignIn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	owner := h.as(h.person(policy.Owner))
	p := h.person(policy.Instructor)
	day := h.w.Now.Now().AddDate(0, 0, -1).Format(time.DateOnly)
	rules := []string{"from.instructor", day, "grace_days", "0", "idle_minutes", "60", "lifetime_minutes", "1440", "sessions_max", "", "remember_days", "30", "step_up_minutes", "15"}
	owner.get("/settings/security").is(200).says("1 of 1 have no second factor today")
	owner.post("/settings/security/preview", append(rules, "revision", "0")...).is(200).says("Who would be asked", p.Email, `value="`+day+`"`)
	owner.post("/settings/security", append(rules, "revision", "0", "grace_days", "many")...).is(303)
	owner.get("/settings/security").is(200).says("The rules are saved", `value="`+day+`"`)
	owner.post("/settings/security", append(rules, "revision", "0")...).is(409).says("Someone else changed these rules")
	owner.post("/settings/security", append([]string{"grace_days", "many", "from.owner", "soon", "revision", "1"}, rules[4:]...)...).is(422).says("Enter a whole number.", "Choose a day from the calendar.", `value="many"`)
	h.as(h.person(policy.Instructor)) // the sign-in alone; the page follows
	h.as(h.person(policy.Learner)).get("/settings/security").is(403)

	s := h.stranger()
	s.get("/signin").is(200)
	s.post("/signin", "email", p.Email, "password", password, "next", "/studio").is(303).leads("/signin/factor/enrol?next=%2Fstudio")
	s.get("/studio").is(303)
	page := s.get("/signin/factor/enrol?next=%2Fstudio").is(200).saysNot("Not now")
	_, seed := seedOn(t, page)
	if _, same := seedOn(t, s.get("/signin/factor/enrol").is(200)); same != seed {
		t.Error("shown again it is another key")
	}
	s.post("/signin/factor/enrol", "skip", "1").is(303).leads("/signin")
	s.get("/signin").is(200)
	s.post("/signin", "email", p.Email, "password", password).is(303)
	page = s.get("/signin/factor/enrol").is(200)
	token, seed := seedOn(t, page)
	s.post("/signin/factor/enrol", "token", token, "code", "000000").is(422).says("This code is not right")
	s.post("/signin/factor/enrol", "token", token, "code", h.code(seed), "next", "/studio").is(303).leads("/account/security/recovery?next=%2Fstudio")
	s.get("/account/security/recovery?next=%2Fstudio").is(200).says(`value="/studio"`)
	s.post("/account/security/recovery", "next", "/studio").is(200).says(`href="/studio"`)

	// This browser is remembered where the rules and its person wish.
	s.post("/signout").is(303)
	s.get("/signin").is(200)
	h.w.Now.Advance(time.Minute)
	s.post("/signin", "email", p.Email, "password", password).is(303).leads("/signin/factor")
	s.get("/signin/factor").is(200).says("Do not ask on this browser for 30 days")
	s.post("/signin/factor", "code", h.code(seed), "remember", "1").is(303).leads("/")
	s.post("/signout").is(403) // the token is of before the sign-in
	s.get("/account/security").is(200).says("Remembered browsers")
	s.post("/signout").is(303)
	s.get("/signin").is(200)
	s.post("/signin", "email", p.Email, "password", password).is(303).leads("/")
}

func TestAFactorMayBePutOffWhileTheRulesAllow(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	h.rules(func(r *auth.SecurityRules) {
		r.GraceDays, r.FactorFrom = 7, map[policy.Role]time.Time{policy.Learner: h.w.Now.Now()}
	})
	s := h.stranger()
	s.get("/signin").is(200)
	s.post("/signin", "email", p.Email, "password", password, "next", "/courses").is(303)
	s.get("/signin/factor/enrol?next=%2Fcourses").is(200).says("Not now", "11 March 2026")
	s.post("/signin/factor/enrol", "skip", "1", "next", "/courses").is(303).leads("/courses")
	s.get("/courses").is(200)
}

// rules changes the tenant's rules.
func (h *house) rules(edit func(*auth.SecurityRules)) {
	h.t.Helper()
	ctx := h.acting(policy.Owner)
	r, err := h.o.Auth.SecurityRules(ctx)
	if err != nil {
		h.t.Fatal(err)
	}
	edit(&r)
	if _, err := h.o.Auth.SetSecurityRules(ctx, r); err != nil {
		h.t.Fatal(err)
	}
}

func TestWhatIsDangerousAsksForAFreshProofAndLosesNothing(t *testing.T) {
	t.Parallel()
	h := setup(t)
	admin, p := h.as(h.person(policy.Admin)), h.person(policy.Learner)
	at := "/people/" + p.ID.String()
	h.w.Now.Advance(16 * time.Minute)
	admin.get(at).is(200)
	kept := admin.post(at+"/roles", "roles", "instructor", "roles", "learner").is(303)
	stepUp := kept.Header.Get("Location")
	if !strings.HasPrefix(stepUp, "/step-up/") {
		t.Fatalf("leads to %s", stepUp)
	}
	admin.get(stepUp).is(200).says("Confirm that it is you", "What you filled in is kept", `action="`+stepUp+`"`).has("Cache-Control", "no-store")
	admin.post(stepUp, "password", "not the password").is(422).says("This is not your password.")
	other := h.as(h.person(policy.Admin))
	other.get(stepUp).is(404)
	other.post(stepUp, "password", password).is(404)
	admin.post(stepUp, "password", password).is(303).leads(at)
	admin.get(at).is(200).says("The roles of").saysNot("Confirm that it is you")
	people, err := h.o.Auth.Person(h.acting(policy.Owner), p.ID)
	if err != nil || len(people.Roles) != 2 {
		t.Errorf("roles %v, %v", people.Roles, err)
	}
	admin.post(stepUp, "password", password).is(404) // it was sent
	admin.post(at + "/deactivate").is(303).leads(at) // still fresh

	// A kept form is answered as it would have been: its refusal shows what was typed.
	h.w.Now.Advance(16 * time.Minute)
	admin.get("/settings/api-keys").is(200)
	stepUp = admin.post("/settings/api-keys", "name", "Payroll <1>", "days", "30").is(303).Header.Get("Location")
	admin.get(stepUp).is(200)
	admin.post(stepUp, "password", password).is(422).says("Payroll &lt;1&gt;", "Choose at least one permission.")
	// A form that nobody of this site sent is kept for nobody.
	h.w.Now.Advance(16 * time.Minute)
	admin.csrf = "nonsense"
	admin.post(at+"/roles", "roles", "owner").is(403)
}

func TestWhoReturnsWithAFreshProofOnlySendsTheKeptFormOn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	person := h.person(policy.Admin)
	b := h.stranger()
	secret, err := h.o.Auth.OpenVouchedSession(h.ctx, person.ID, auth.Client{}, auth.Proof{Method: auth.MethodSAML})
	if err != nil {
		t.Fatal(err)
	}
	b.cookies["lyceum"] = secret
	p := h.person(policy.Learner)
	at := "/people/" + p.ID.String()
	h.w.Now.Advance(time.Hour)
	b.get(at).is(200)
	stepUp := b.post(at + "/deactivate").is(303).Header.Get("Location")
	b.get(stepUp).is(200).saysNot(`name="password"`)
	b.post(stepUp, "password", password).is(422)
	who, err := h.o.Auth.Resume(h.ctx, secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.o.Auth.StepUpVouched(auth.WithPrincipal(h.ctx, who), person.ID, auth.Proof{}); err != nil {
		t.Fatal(err)
	}
	h.o.Auth.Changed(h.ctx)
	b.get(stepUp).is(200).says("Continue")
	b.post(stepUp).is(303).leads(at)
	b.get(at).is(200).says("Deactivated")
}

func TestAScriptAndAProgramAreToldToStepUp(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Admin))
	key := keyFrom(t, b, "*")
	p := h.person(policy.Learner)
	h.w.Now.Advance(16 * time.Minute)
	b.get("/account/security").is(200)
	b.json(http.MethodPost, "/account/security/passkeys/options", "").is(403).says(`"code":"step_up_required"`, "/step-up")
	b.json(http.MethodPut, "/api/v1/people/"+p.ID.String()+"/roles", `{"roles":["manager"]}`).is(403).says(`"code":"step_up_required"`)
	b.json(http.MethodPut, "/api/v1/people/"+p.ID.String()+"/roles", `{"roles":["manager"]}`, "Authorization", "Bearer "+key).is(204)
	b.get("/step-up?next=%2Faccount%2Fsecurity").is(200)
	b.post("/step-up", "password", password, "next", "/account/security").is(303).leads("/account/security")
	b.get("/step-up?next=%2Faccount%2Fsecurity").is(303).leads("/account/security")
	b.get("/step-up?next=%2F%2Fevil.example").is(303).leads("/")
	b.get("/account/security").is(200).says("You have confirmed")
	b.json(http.MethodPost, "/account/security/passkeys/options", "").is(200).has("Cache-Control", "no-store").
		says(`"rp":{`, `"id":"`+h.tenant.Slug+`.localhost"`, `"attestation":"none"`, `"user":{`)
	if b.cookies["lyceum-passkey"] == "" {
		t.Error("the challenge is in no cookie")
	}
	b.csrf = ""
	b.json(http.MethodPost, "/account/security/passkeys/options", "").is(403)
}

func TestASignInPageAsksForPasskeysWithoutWritingAnything(t *testing.T) {
	t.Parallel()
	h := setup(t)
	s := h.stranger()
	s.get("/signin").is(200).says(`autocomplete="username webauthn"`, "passkey.js")
	s.json(http.MethodGet, "/signin/passkey", "").is(200).says(`"userVerification":"required"`, `"rpId":"`+h.tenant.Slug+`.localhost"`)
	s.get("/signin").is(200)
	s.post("/signin/passkey", "credential", "{}").is(422).says("This passkey was not accepted")
	s.post("/signin/passkey").is(422)
}

func TestAnAdministratorResetsTheFactorsOfAPerson(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	h.as(p).withApp()
	admin := h.as(h.person(policy.Admin))
	at := "/people/" + p.ID.String()
	admin.get(at).is(200).says("Phone", "Reset second factors")
	admin.post(at + "/factors/reset").is(303).leads(at)
	admin.get(at).is(200).says("are reset", "No second factor.")
	manager := h.as(h.person(policy.Manager))
	manager.get(at).is(200).saysNot("Reset second factors")
	manager.post(at + "/factors/reset").is(403)
	h.as(p).get("/").is(200)
}

func TestOnesOwnFactorsAndSessionsAreTakenAway(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	b := h.as(p)
	b.withApp()
	factors, err := h.o.Auth.Factors(auth.WithPrincipal(h.ctx, auth.Principal{PersonID: p.ID, May: policy.Set{policy.PersonSelf: {}}}))
	if err != nil {
		t.Fatal(err)
	}
	b.get("/account/security").is(200)
	b.post("/account/security/factors/" + uid.New().String() + "/remove").is(404)
	b.post("/account/security/factors/" + factors[0].ID.String() + "/remove").is(303).leads("/account/security")
	b.get("/account/security").is(200).says("is removed", "No second factor yet")
	b.post("/account/security/recovery").is(409).says("Add an authenticator app or a passkey first")
	b.get("/account/security").is(200)
	other := h.as(p)
	b.post("/account/sessions/end-all").is(303).leads("/signin")
	other.get("/").is(303)
	b.get("/").is(303)
}
