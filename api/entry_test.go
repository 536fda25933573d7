package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

func TestSigningInLeadsOnWithinTheSiteOnly(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	for next, want := range map[string]string{
		"": "/", "/courses?q=fire": "/courses?q=fire", "//evil.example": "/", `/\evil.example`: "/", "https:evil.example": "/",
		"https://evil.example/": "/", "/\t/evil.example": "/", "javascript:alert(1)": "/", "/a\r\nSet-Cookie: a=b": "/",
	} {
		s := h.stranger()
		s.get("/signin?next=" + url.QueryEscape(next)).is(200)
		s.post("/signin", "email", p.Email, "password", password, "next", next).is(303).leads(want)
		s.get("/signin?next=" + url.QueryEscape(next)).is(303).leads(want)
	}
}

func TestWhoWasSentToSignInComesBack(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	s := h.stranger()
	s.get("/courses?q=a%20b").is(303).leads("/signin?next=%2Fcourses%3Fq%3Da%2520b")
	s.get("/signin?next=%2Fcourses%3Fq%3Da%2520b").is(200).says(`value="/courses?q=a%20b"`)
	s.post("/signin", "email", p.Email, "password", password, "next", "/courses?q=a%20b").is(303).leads("/courses?q=a%20b")
	s.get("/courses?q=a%20b").is(200)
}

func TestAWrongPasswordKeepsTheEmailAndNothingElse(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	s := h.stranger()
	s.get("/signin").is(200)
	for _, email := range []string{p.Email, "nobody@example.com"} {
		s.post("/signin", "email", email, "password", "not the password").is(422).says(email, "E-mail or password is not right").saysNot("not the password")
	}
	s.get("/").is(303)
}

func TestSigningOutEndsTheSessionAndTellsOnce(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Learner))
	b.get("/").is(200)
	stolen := h.stranger()
	stolen.cookies["lyceum"] = b.cookies["lyceum"]
	b.post("/signout").is(303).leads("/signin")
	b.get("/signin").is(200).says("You are signed out.")
	b.get("/signin").is(200).saysNot("You are signed out.")
	stolen.get("/").is(303)
	// A page left open, whose session has ended elsewhere, signs out all the same.
	left := h.as(h.person(policy.Learner))
	left.get("/").is(200)
	h.w.Now.Advance(15 * 24 * time.Hour)
	left.post("/signout").is(303).leads("/signin")
}

func TestAFlashShowsKnownMessagesAsTextOnly(t *testing.T) {
	t.Parallel()
	h := setup(t)
	s := h.stranger()
	for value, shown := range map[string]string{
		"welcome|" + url.QueryEscape("<script>alert(1)</script>"): "&lt;script&gt;alert(1)",
		"nothing_known|x": "", "|": "", "%zz|x": "", "saved|%ff": "",
	} {
		s.cookies["lyceum-flash"] = value
		page := s.get("/signin").is(200).saysNot("<script>alert", "nothing_known")
		if shown != "" {
			page.says(shown)
		}
		if _, left := s.cookies["lyceum-flash"]; left {
			t.Errorf("%q stays", value)
		}
	}
}

func TestAForgottenPasswordIsChosenAnewByALinkThatWorksOnce(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	s := h.stranger()
	s.get("/forgot").is(200)
	known := s.post("/forgot", "email", p.Email).is(200)
	unknown := s.post("/forgot", "email", "nobody@example.com").is(200)
	if strip(known.body, p.Email) != strip(unknown.body, "nobody@example.com") {
		t.Error("the answer tells whether an e-mail is known")
	}
	s.post("/forgot", "email", "no mail").is(422).says("no mail")
	link, _, err := h.o.Auth.MintLink(h.ctx, auth.TokenPasswordReset, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	s.get("/reset/"+link).is(200).has("Cache-Control", "no-store")
	s.post("/reset/"+link, "password", "short").is(422).says("at least 10 characters")
	s.post("/reset/"+link, "password", "another good password").is(303).leads("/signin")
	s.get("/signin").is(200).says("Your new password works")
	s.get("/reset/" + link).is(404)
	s.post("/reset/"+link, "password", "another good password").is(404)
	s.post("/signin", "email", p.Email, "password", password).is(422)
	s.post("/signin", "email", p.Email, "password", "another good password").is(303)
}

// strip takes out what differs between two pages for other reasons.
func strip(body, email string) string {
	return csrfMeta.ReplaceAllString(strings.ReplaceAll(hidden.ReplaceAllString(body, ""), email, ""), "")
}

func TestAnInvitedPersonJoinsByTheirLink(t *testing.T) {
	t.Parallel()
	h := setup(t)
	admin := h.as(h.person(policy.Admin))
	admin.get("/people/invite").is(200).says("Learner").saysNot(`value="owner"`)
	admin.post("/people/invite", "email", "new@", "name", "Grace <Hopper>", "role", "learner").is(422).says("Grace &lt;Hopper&gt;", "new@")
	admin.post("/people/invite", "email", "grace@example.com", "name", "Grace Hopper", "role", "owner").is(403).says("Only an owner")
	admin.post("/people/invite", "email", "grace@example.com", "name", "Grace Hopper", "role", "instructor").is(303).leads("/people")
	admin.get("/people").is(200).says("grace@example.com", "An invitation to grace@example.com is on its way.")
	people, err := h.o.Auth.People(h.acting(policy.Admin), auth.PeopleFilter{Query: "grace@"})
	if err != nil || len(people.Items) != 1 {
		t.Fatalf("%+v, %v", people, err)
	}
	grace := people.Items[0]
	admin.get("/people/" + grace.ID.String()).is(200)
	admin.post("/people/" + grace.ID.String() + "/invite").is(303)
	admin.get("/people/" + grace.ID.String()).is(200).says("An invitation to grace@example.com is on its way.")
	link, _, err := h.o.Auth.MintLink(h.ctx, auth.TokenInvitation, grace.ID)
	if err != nil {
		t.Fatal(err)
	}
	s := h.stranger()
	s.get("/invitation/"+link).is(200).says("Grace Hopper").has("Cache-Control", "no-store")
	s.post("/invitation/"+link, "name", "Amazing Grace", "password", "short").is(422).says("Amazing Grace")
	s.post("/invitation/"+link, "name", "Amazing Grace", "password", password).is(303).leads("/")
	s.get("/").is(200).says("Amazing", "Welcome to "+h.tenant.Name)
	s.get("/studio").is(200)
	s.get("/invitation/" + link).is(404)
	h.stranger().get("/invitation/nonsense").is(404)
}

// acting is the context of someone with a role.
func (h *house) acting(role policy.Role) context.Context {
	h.t.Helper()
	ctx, err := h.o.Auth.As(h.ctx, h.person(role).ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return ctx
}

func TestASignUpLeadsIntoThePortalSignedIn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	slug := "a" + uid.Opaque(12)
	p := h.browser(platformHost)
	p.get("/signup").is(200).hasIn("Content-Security-Policy", "form-action 'self' http://*.localhost:8080;")
	p.json(http.MethodGet, "/signup/available?slug="+slug, "").is(200).says(`"available":true`)
	p.json(http.MethodGet, "/signup/available?slug=admin", "").is(200).says(`"available":false`, "reserved")
	typed := []string{"organization", "Acme & Co", "slug", slug, "email", "ada@acme.example", "name", "Ada Owner"}
	p.post("/signup", append(typed, "password", "short")...).is(422).says("Acme &amp; Co", "ada@acme.example", "at least 10 characters").saysNot("short\"")
	made := p.post("/signup", append(typed, "password", password)...).is(303)
	portal := "http://" + slug + ".localhost:8080"
	path, ok := strings.CutPrefix(made.Header.Get("Location"), portal)
	if !ok || !strings.HasPrefix(path, "/welcome/") {
		t.Fatalf("leads to %s", made.Header.Get("Location"))
	}
	owner := h.browser(slug + ".localhost:8080")
	owner.do(httptest.NewRequest(http.MethodHead, path, http.NoBody)).is(405)
	owner.get(path).is(303).leads("/first-steps")
	owner.get("/").is(200).says("Ada", "Welcome to Acme &amp; Co")
	owner.get("/settings/brand").is(200)
	owner.get("/people").is(200).says("ada@acme.example")

	again := h.browser(slug + ".localhost:8080")
	again.get(path).is(303).leads("/signin")
	again.get("/").is(303)
	again.get("/signin").is(200)
	again.post("/signin", "email", "ada@acme.example", "password", password).is(303).leads("/")

	p.get("/signup").is(200)
	p.post("/signup", append(typed, "password", password)...).is(409).says("already has this address")
	p.json(http.MethodGet, "/signup/available?slug="+slug, "").is(200).says(`"available":false`)
	p.get("/signup/wait/" + slug).is(200).says(portal + "/signin")
	p.get("/signup/wait/nobody-here").is(404)
}

func TestSigningUpIsBoundedByNetworkAndKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	asked := &counting{left: 1}
	h := setup(t, behindProxy, func(h *house) { h.o.Limits.SignUps = asked })
	p := h.browser(platformHost)
	p.header["X-Forwarded-For"] = "2001:db8:1:2::7"
	p.get("/signup").is(200)
	typed := []string{"organization", "Acme & Co", "slug", "a" + uid.Opaque(12), "email", "ada@acme.example", "name", "Ada Owner", "password"}
	p.post("/signup", append(typed, "short")...).is(422)
	p.header["X-Forwarded-For"] = "2001:db8:1:2::8"
	p.post("/signup", append(typed, password)...).is(429).has("Retry-After", "42").
		says("Too many organizations", "Acme &amp; Co", typed[3], "ada@acme.example", "Ada Owner").saysNot(password)
	p.get("/signup").is(200)
	if len(asked.keys) != 2 || asked.keys[0] != asked.keys[1] || !strings.Contains(asked.keys[0], "2001:db8:1:2::/64") {
		t.Errorf("counted by %q", asked.keys)
	}
	h.browser(platformHost).json(http.MethodGet, "/signup/available?slug=acme", "").is(200)
}

func TestAskingWhichNamesAreFreeIsBounded(t *testing.T) {
	t.Parallel()
	h := setup(t, func(h *house) { h.o.Limits.Lookups = never{} })
	h.browser(platformHost).json(http.MethodGet, "/signup/available?slug=acme", "").is(429).has("Retry-After", "42")
}

func TestAnOperatorLooksAfterTenants(t *testing.T) {
	t.Parallel()
	h := setup(t)
	stranger := h.browser(platformHost)
	stranger.get("/operator/signin").is(200)
	stranger.post("/operator/signin", "email", "nobody@lyceum.example", "password", password).is(422).says("nobody@lyceum.example")
	o := h.operator()
	o.get("/operator?q=" + h.tenant.Slug).is(200).says(h.tenant.Name)
	at := "/operator/tenants/" + h.tenant.Slug
	o.get(at).is(200).says(h.tenant.ContactEmail)
	o.post(at+"/suspend", "reason", "").is(422).says("Say why")
	o.post(at+"/suspend", "reason", "unpaid since May").is(303).leads(at)
	o.get(at).is(200).says("unpaid since May", "is suspended")
	if got, err := h.o.Tenants.Show(t.Context(), h.tenant.Slug); err != nil || got.Status != tenant.StatusSuspended {
		t.Errorf("%+v, %v", got, err)
	}
	o.post(at + "/resume").is(303).leads(at)
	o.post(at+"/delete", "confirm", "something else").is(422).says(h.tenant.Slug)
	o.post(at+"/erase", "erase_confirm", "something else", "erase_reason", "made by mistake").is(422).says(h.tenant.Slug)
	o.post(at+"/erase", "erase_confirm", h.tenant.Slug).is(422).says("Say why it is deleted at once")
	o.get("/operator/tenants/nobody").is(404)
	gone := h.newTenant()
	o.post("/operator/tenants/"+gone.Slug+"/erase", "erase_confirm", gone.Slug, "erase_reason", "made by mistake").is(303).leads("/operator")
	o.get("/operator/tenants/" + gone.Slug).is(404)
	o.get("/operator").is(200)
	o.post("/operator/signout").is(303).leads("/operator/signin")
	o.get("/operator").is(303).leads("/operator/signin?next=%2Foperator")
}

func TestTheDevelopersMailboxShowsMailInASandbox(t *testing.T) {
	t.Parallel()
	box := mailbox(t)
	h := setup(t, func(h *house) { h.o.Mailbox = box })
	if err := box.Send(t.Context(), letter); err != nil {
		t.Fatal(err)
	}
	sent := box.List()[0]
	p := h.browser(platformHost)
	p.get("/dev/mail").is(200).says("Welcome aboard", "/dev/mail/"+sent.ID)
	p.get("/dev/mail/"+sent.ID).is(200).says("Hello Ada in plain words", "ada@example.com")
	p.get("/dev/mail/"+sent.ID+"/html").is(200).says("<b>Hello Ada</b>").hasIn("Content-Security-Policy", "sandbox").hasIn("Content-Security-Policy", "default-src 'none'").
		has("X-Frame-Options", "SAMEORIGIN")
	p.get("/dev/mail/nothing").is(404)
	h.stranger().get("/dev/mail").is(404)
}

func TestPeopleSeeTheirOwnLanguage(t *testing.T) {
	t.Parallel()
	h := setup(t)
	s := h.stranger()
	s.get("/signin").is(200).has("Content-Language", "en")
	s.header["Accept-Language"] = "de-AT,de;q=0.9,en;q=0.5"
	s.get("/signin").is(200).has("Content-Language", "de").says(`lang="de"`)
	p := h.person(policy.Learner)
	b := h.as(p)
	b.get("/account").is(200).has("Content-Language", "en")
	b.post("/account", "name", "Ada", "locale", "de", "time_zone", "Europe/Berlin").is(303)
	b.get("/account").is(200).has("Content-Language", "de").says("Ada")
	b.post("/signout").is(303)
	b.get("/signin").is(200).has("Content-Language", "de")
	b.cookies["locale"] = "xx-nonsense%00"
	b.get("/signin").is(200).has("Content-Language", "en")
}

func TestTheAppearanceIsKeptOnTheBrowser(t *testing.T) {
	t.Parallel()
	h := setup(t)
	for _, b := range []*browser{h.stranger(), h.browser(platformHost)} {
		b.get("/signin")
		b.get("/").is(firstStatus(b))
		b.get("/brand/none.css")
		b.get("/nothing").is(404)
		b.post("/preferences/appearance", "appearance", "dark", "back", "/forgot").is(303).leads("/forgot")
		b.get("/nothing").is(404).says(`data-appearance="dark"`)
		b.post("/preferences/appearance", "appearance", "shiny", "back", "//evil.example").is(303).leads("/")
		b.get("/nothing").is(404).says(`data-appearance="auto"`)
	}
}

func firstStatus(b *browser) int {
	if b.host == platformHost {
		return 200
	}
	return 303
}

func TestPeopleLookAfterTheirAccount(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	b, other := h.as(p), h.as(p)
	b.get("/account").is(200).says(p.Email, "Europe/Berlin")
	b.post("/account", "name", "").is(422).says("Enter a name.")
	b.post("/account/password", "current", "wrong", "password", "another good password").is(422).says("This is not your password.", `id="current-error"`)
	b.post("/account/sessions/" + uid.New().String() + "/end").is(404)
	sessions, err := h.o.Auth.Sessions(auth.WithPrincipal(h.ctx, auth.Principal{PersonID: p.ID, May: policy.Set{policy.PersonSelf: {}}}))
	page := b.get("/account/security").is(200).says("Password")
	if err != nil || len(sessions) != 2 || strings.Count(page.body, "This browser<") != 1 {
		t.Fatalf("%d sessions, %v", len(sessions), err)
	}
	other.get("/").is(200)
	b.post("/account/sessions/end-others").is(303).leads("/account/security")
	b.get("/account/security").is(200).says("All other sessions are ended.")
	other.get("/").is(303)
	other.signIn(p)
	b.post("/account/password", "current", password, "password", "another good password").is(303)
	other.get("/").is(303)
	b.get("/").is(200)
}
