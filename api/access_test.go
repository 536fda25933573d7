package api_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
)

// txt is a DNS with these records.
type txt map[string][]string

func (z txt) LookupTXT(_ context.Context, name string) ([]string, error) {
	if list, ok := z[name]; ok {
		return list, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// resolving gives the house a DNS of the test's own.
func resolving(z txt) func(*house) {
	return func(h *house) {
		o := h.o.SignOn.Options
		o.Resolver = z
		h.o.SignOn = signon.New(o)
	}
}

// connected adds a connection in a state.
func (h *house) connected(name string, status signon.Status) signon.Connection {
	h.t.Helper()
	now := h.w.Now.Now()
	c := signon.Connection{ID: uid.New(), Kind: auth.ProtocolOIDC, Product: signon.ProductOther, Name: name, Status: status, Revision: 1, CreatedAt: now, UpdatedAt: now}
	h.ruled(func(ctx context.Context) error { return h.w.Store.InsertConnection(ctx, c) })
	return c
}

// ruled changes what decides how people get in, behind the back of the service.
func (h *house) ruled(fn func(ctx context.Context) error) {
	h.t.Helper()
	if err := h.w.Store.InTenant(h.ctx, fn); err != nil {
		h.t.Fatal(err)
	}
	h.o.SignOn.Gate.Drop(uid.Nil)
}

// requires has a rule require a company account of everyone, with owners named for emergencies.
func (h *house) requires(named ...auth.Person) {
	h.t.Helper()
	h.ruled(func(ctx context.Context) error {
		r, err := h.w.Store.LockSignOnRules(ctx)
		if err != nil {
			return err
		}
		r.Portal.Require = signon.RequirementRequired
		for _, p := range named {
			r.BreakGlass = append(r.BreakGlass, p.ID)
		}
		return h.w.Store.SaveSignOnRules(ctx, r, h.w.Now.Now())
	})
}

func TestTheSignInPageAsksForTheEmailFirstWhereThereAreOtherWays(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	s := h.stranger()
	s.get("/signin").is(200).says(`name="password"`).saysNot("/sso/start/")
	c := h.connected("Acme Login", signon.StatusOn)
	h.connected("Switched off", signon.StatusOff)
	s.get("/signin?next=/courses").is(200).saysNot(`name="password"`, "Switched off").
		says("Acme Login", `autocomplete="username webauthn"`, "/sso/start/"+c.ID.String()+"?next=%2Fcourses", "/signin?next=%2Fcourses&amp;step=password")
	s.get("/signin?step=password").is(200).says(`name="password"`, `autocomplete="current-password"`)
	s.post("/signin", "email", p.Email, "next", "/courses").is(200).says(`name="password"`, p.Email, `value="/courses"`)
	s.post("/signin", "email", p.Email, "password", "wrong", "next", "/courses").is(422).says(`name="password"`, p.Email)
	s.post("/signin", "email", p.Email, "password", password, "next", "/courses").is(303).leads("/courses")

	// A password manager fills in both at once.
	both := h.stranger()
	both.get("/signin").is(200)
	both.post("/signin", "email", p.Email, "password", password).is(303).leads("/")
}

func TestAnAddressLeadsToItsDomainsConnectionAndTellsNothingOfAccounts(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	c := h.connected("Acme Login", signon.StatusOn)
	now := h.w.Now.Now()
	h.ruled(func(ctx context.Context) error {
		d := signon.Domain{Domain: "led.example", Token: "t", VerifiedAt: &now, CreatedAt: now}
		if err := h.w.Store.InsertEmailDomain(ctx, d); err != nil {
			return err
		}
		d.ConnectionID = &c.ID
		return h.w.Store.SetEmailDomain(ctx, d)
	})
	s := h.stranger()
	s.get("/signin").is(200)
	to := "/sso/start/" + c.ID.String()
	s.post("/signin", "email", "Someone@LED.example", "next", "/courses").is(303).leads(to + "?hint=someone%40led.example&next=%2Fcourses")
	s.post("/signin", "email", "someone@led.example", "next", "//evil.example").is(303).leads(to + "?hint=someone%40led.example")
	known, unknown := s.post("/signin", "email", p.Email).is(200), s.post("/signin", "email", "nobody@example.com").is(200)
	shown := func(body, email string) string {
		return strip(strings.ReplaceAll(body, url.QueryEscape(email), ""), email)
	}
	if shown(known.body, p.Email) != shown(unknown.body, "nobody@example.com") {
		t.Error("the page tells whether there is such an account")
	}
	for _, odd := range []string{"", "no mail", "<script>@led", strings.Repeat("a", 5000) + "@led.example"} {
		s.post("/signin", "email", odd).saysNot("<script>@")
	}
}

func TestAnAdministratorProvesADomainInTheBrowser(t *testing.T) {
	t.Parallel()
	dns := txt{}
	h := setup(t, resolving(dns))
	c := h.connected("Acme Login", signon.StatusOn)
	b := h.as(h.person(policy.Admin))
	name := "d" + uid.Opaque(14) + ".example"
	at := "/settings/sign-on/domains/" + name
	b.get("/settings/sign-on/domains").is(200).says("No domain yet")
	b.post("/settings/sign-on/domains", "domain", "web.de").is(422).says("web.de", "mail provider")
	b.post("/settings/sign-on/domains", "domain", "@"+strings.ToUpper(name)).is(303).leads(at)
	page := b.get(at).is(200).says("_lyceum-challenge."+name, "lyceum-verification=")
	b.post(at + "/verify").is(409).says("not in the DNS yet")
	dns["_lyceum-challenge."+name+"."] = []string{regexp.MustCompile(`lyceum-verification=[a-z0-9]+`).FindString(page.body)}
	b.post(at + "/verify").is(303).leads(at)
	b.get(at).is(200).says(name+" is proven.", "The domain is proven")
	b.post(at, "connection", c.ID.String(), "policy", "", "policy_from", "").is(303).leads(at)
	b.get("/settings/sign-on/domains").is(200).says("Acme Login")
	b.post(at, "connection", c.ID.String(), "policy", "required", "policy_from", "2026-02-31").is(422).says("Choose a day")
	b.post(at, "connection", c.ID.String(), "policy", "required", "policy_from", "2026-05-01").is(409).says("No owner or administrator has signed in", `value="2026-05-01"`)
	b.post(at + "/remove").is(303).leads("/settings/sign-on/domains")
	b.get(at).is(404)
	h.as(h.person(policy.Instructor)).get("/settings/sign-on/domains").is(403)
}

func TestARuleIsPreviewedBeforeItIsSet(t *testing.T) {
	t.Parallel()
	h := setup(t)
	owner, second := h.person(policy.Owner), h.person(policy.Owner)
	c := h.connected("Acme Login", signon.StatusOn)
	b := h.as(owner)
	const at = "/settings/sign-on/rules"
	b.get(at).is(200).says("Who must use a company account")
	wish := []string{"revision", "0", "require", "required", "from", "2026-03-20"}
	b.post(at, append(wish, "do", "preview")...).is(200).says("It would lock you out", `value="2026-03-20"`)
	b.post(at, append(wish, "do", "save")...).is(409).says("lock you out")
	h.ruled(func(ctx context.Context) error {
		return h.w.Store.InsertIdentity(ctx, signon.Identity{ID: uid.New(), PersonID: owner.ID, ConnectionID: c.ID, Issuer: "i", Subject: "s", LinkedBy: "test", LinkedAt: h.w.Now.Now(), SeenAt: h.w.Now.Now()})
	})
	b.post(at, append(wish, "do", "save")...).is(409).says(second.Email, `name="confirmed"`).saysNot(owner.Email + "</small></span></li>")
	b.post(at, append(wish, "do", "save", "confirmed", "1")...).is(303).leads(at)
	b.get(at).is(200).says("The rules are saved.", `value="2026-03-20"`, "From 20 March 2026")
	h.stranger().get("/signin").is(200).says("From 20 March 2026 you sign in here with your company account.")
	b.post(at, append(wish, "do", "save", "confirmed", "1")...).is(409).says("Someone else changed these rules")
	h.as(h.person(policy.Learner)).get("/").is(200).saysNot("From 20 March 2026")
}

func TestTwoOwnersOpenAnEmergencyFromTwoBrowsers(t *testing.T) {
	t.Parallel()
	h := setup(t)
	a, b, admin := h.person(policy.Owner), h.person(policy.Owner), h.person(policy.Admin)
	c := h.connected("Acme Login", signon.StatusOn)
	signedIn := h.vouched(admin, c)
	h.requires(a, b)
	outside := h.stranger()
	outside.get("/signin").is(200).says("/break-glass")
	outside.get("/signin?step=password").is(200)
	outside.post("/signin", "email", admin.Email, "password", password).is(403).says("company account")

	first, second := h.stranger(), h.stranger()
	first.get("/break-glass").is(200).has("Cache-Control", "no-store")
	first.post("/break-glass", "email", a.Email, "password", "wrong").is(422).says(a.Email)
	first.post("/break-glass", "email", admin.Email, "password", password).is(403).says("not one of the owners")
	proven := first.post("/break-glass", "email", a.Email, "password", password).is(200)
	first.post("/break-glass/ask", "ticket", ticketIn(t, proven.body), "reason", "", "minutes", "60").is(422).says("Say what has happened")
	first.post("/break-glass/ask", "ticket", ticketIn(t, proven.body), "reason", "Entra <is> down", "minutes", "60").is(200).says("Your request waits")
	signedIn.get("/").is(200).says("A second owner may do so until")

	second.get("/break-glass").is(200).saysNot("Entra", a.Name)
	theirs := second.post("/break-glass", "email", b.Email, "password", password).is(200).says(a.Name, "Entra &lt;is&gt; down")
	first.post("/break-glass/open", "ticket", ticketIn(t, proven.body)).is(403).says("Someone else must open")
	second.post("/break-glass/open", "ticket", "forged").is(422).says("Do it again")
	second.post("/break-glass/open", "ticket", ticketIn(t, theirs.body)).is(303).leads("/signin?step=password")
	outside.get("/signin?step=password").is(200).says("sign-in with a password is open until")
	outside.post("/signin", "email", admin.Email, "password", password).is(303)
	outside.get("/").is(200).says("Break-glass: local sign-in is open until")
	outside.post("/settings/sign-on/rules/end-emergency").is(403)

	owner := h.stranger()
	owner.get("/signin?step=password")
	owner.post("/signin", "email", a.Email, "password", password).is(303)
	owner.get("/settings/sign-on/rules").is(200).says("Entra &lt;is&gt; down", "End it now")
	owner.post("/settings/sign-on/rules/end-emergency").is(303)
	outside.get("/").is(303) // its session ended with the emergency
	owner.get("/").is(303)
	signedIn.get("/").is(200).saysNot("Break-glass")
}

// vouched is a browser of someone whom a connection's identity provider signed in.
func (h *house) vouched(p auth.Person, c signon.Connection) *browser {
	h.t.Helper()
	secret, err := h.o.Auth.OpenVouchedSession(h.ctx, p.ID, auth.Client{}, auth.Proof{Method: auth.MethodSAML, ConnectionID: &c.ID})
	if err != nil {
		h.t.Fatal(err)
	}
	b := h.stranger()
	b.cookies[visit.SessionCookie(false)] = secret
	b.get("/").is(200)
	return b
}

var ticketField = regexp.MustCompile(`name="ticket" value="([^"]+)"`)

func ticketIn(t *testing.T, body string) string {
	t.Helper()
	m := ticketField.FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("no ticket in %s", firstOf(body, 1500))
	}
	return m[1]
}

var setupAddress = regexp.MustCompile(`/setup/[A-Za-z0-9_-]{43}`)

func TestASetUpLinkIsUsedByOneBrowserAndOpensNothingElse(t *testing.T) {
	t.Parallel()
	h := setup(t)
	admin := h.as(h.person(policy.Admin))
	existing := h.connected("Existing", signon.StatusOn)
	admin.get("/settings/sign-on/links").is(200)
	admin.post("/settings/sign-on/links", "kind", "saml", "name", "", "hours", "72").is(422).says("Enter the name")
	made := admin.post("/settings/sign-on/links", "kind", "saml", "name", "Lena <IT>", "hours", "72").is(200).has("Cache-Control", "no-store").says("Lena &lt;IT&gt;")
	link := setupAddress.FindString(made.body)
	if link == "" {
		t.Fatalf("no link is shown: %s", firstOf(made.body, 2000))
	}
	scanner := h.stranger()
	scanner.get(link).is(200).says("Begin here")
	scanner.do(httptest.NewRequest(http.MethodHead, link, http.NoBody)).is(200)

	b := h.stranger()
	b.get(link).is(200).says("Begin here").has("Cache-Control", "no-store")
	b.post(link).is(303).leads(link)
	b.get(link).is(200).says("Set up the connection").saysNot("Begin here")
	scanner.get(link).is(409).says("another browser")
	scanner.post(link).is(409)
	scanner.get(link + "/connection/new").is(409)

	b.get(link + "/connection/new").is(200)
	guide := b.post(link+"/connection/new", "choice", "saml:okta", "name", "Acme SAML").is(303).Header.Get("Location")
	if !strings.HasPrefix(guide, link+"/connection/") {
		t.Fatalf("leads to %s", guide)
	}
	b.get(guide).is(200).says("Acme SAML").saysNot(`href="/settings`)
	one := strings.TrimSuffix(guide, "/guide")
	b.get(one).is(200)
	b.get(link).is(200).says("Acme SAML", "Hand it over")
	b.get(link + "/connection/" + existing.ID.String()).is(404)
	b.get(one + "/access").is(403)
	b.post(one+"/status", "revision", "1", "status", "on").is(403)
	b.post(link+"/connection/new", "choice", "saml:okta", "name", "Another").is(403)
	b.post(link+"/domains", "domain", "acme.com").is(403)
	for _, path := range []string{"/", "/people", "/settings/sign-on", "/settings/sign-on/links", "/settings/sign-on/" + existing.ID.String()} {
		b.get(path).is(303)
	}
	admin.get("/settings/sign-on/links").is(200).says("Opened", "Acme SAML")

	b.post(link + "/finish").is(200).says("Thank you")
	b.get(link).is(404)
	b.get(one).is(404)
	if token := strings.TrimPrefix(link, "/setup/"); strings.Contains(h.log.String(), token) {
		t.Error("the log shows the link's secret")
	}
	h.stranger().get("/setup/nonsense").is(404)
}

func TestARevokedSetUpLinkIsShutAtOnceAndOneForDomainsProvesThem(t *testing.T) {
	t.Parallel()
	dns := txt{}
	h := setup(t, resolving(dns))
	admin := h.as(h.person(policy.Admin))
	admin.get("/settings/sign-on/links").is(200)
	link := setupAddress.FindString(admin.post("/settings/sign-on/links", "kind", "domains", "name", "Lena", "hours", "1").is(200).body)
	b := h.stranger()
	b.get(link).is(200)
	b.post(link).is(303)
	name := "d" + uid.Opaque(14) + ".example"
	b.post(link+"/domains", "domain", "gmail.com").is(422).says("mail provider")
	b.post(link+"/domains", "domain", name).is(303).leads(link)
	page := b.get(link).is(200).says(name)
	b.post(link + "/domains/" + name + "/verify").is(409).says("not in the DNS yet")
	dns["_lyceum-challenge."+name+"."] = []string{regexp.MustCompile(`lyceum-verification=[a-z0-9]+`).FindString(page.body)}
	b.post(link + "/domains/" + name + "/verify").is(303).leads(link)
	b.get(link + "/connection/new").is(200)
	b.post(link+"/connection/new", "choice", "saml:okta", "name", "Mine").is(403)

	links, err := h.o.SignOn.SetupLinks(h.acting(policy.Admin))
	if err != nil || len(links) != 1 {
		t.Fatalf("%+v, %v", links, err)
	}
	admin.post("/settings/sign-on/links/" + links[0].ID.String() + "/revoke").is(303)
	b.get(link).is(404).says("over")
	b.post(link+"/domains", "domain", "acme.com").is(404)
}

func TestTheKeysPageTurnsTheKey(t *testing.T) {
	t.Parallel()
	h := setup(t)
	admin := h.as(h.person(policy.Admin))
	const at = "/settings/sign-on/keys"
	admin.get(at).is(200).says("The current key", "/sso/saml/metadata", "Nothing expires")
	admin.post(at + "/switch").is(409).says("no next key")
	h.w.Now.Advance(time.Minute)
	admin.post(at + "/next").is(303).leads(at)
	admin.get(at).is(200).says("The next key")
	admin.post(at + "/next").is(409).says("published already")
	admin.post(at + "/switch").is(303)
	admin.get(at).is(200).says("A previous key", "The new key signs from now on.")
}
