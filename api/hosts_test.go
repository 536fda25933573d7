package api_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/themes"
)

func TestAHostLeadsToItsSite(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.browser(platformHost).get("/").is(200).says("Lyceum")
	for _, host := range []string{h.host, strings.ToUpper(h.host), h.tenant.Slug + ".localhost.", h.tenant.Slug + ".localhost:1"} {
		h.browser(host).get("/signin").is(200).says(h.tenant.Name)
	}
}

func TestAnUnknownHostGetsAFriendlyPageInThePlatformsLook(t *testing.T) {
	t.Parallel()
	h := setup(t)
	for _, host := range []string{"nobody-here.localhost:8080", "www.localhost", "a.b.localhost", "portal.elsewhere.example"} {
		b := h.browser(host)
		b.get("/courses").is(404).says("http://lyceum.localhost:8080", "Lyceum")
		b.header["Accept"] = "application/json"
		b.get("/courses").is(404).has("Content-Type", "application/problem+json").says("tenant_not_found")
	}
	got := raw(t, h.serve(), []byte("GET / HTTP/1.1\r\nHost: \"><script>alert(1)</script>.example\r\nConnection: close\r\n\r\n"))
	if strings.Contains(got, "<script>alert") || strings.HasPrefix(got, "HTTP/1.1 200") {
		t.Errorf("a hostile host is shown: %s", firstOf(got, 500))
	}
}

func TestASuspendedPortalSaysWhomToAsk(t *testing.T) {
	t.Parallel()
	h := setup(t)
	owner := h.as(h.person(policy.Owner))
	if _, err := h.o.Tenants.Suspend(t.Context(), h.tenant.Slug, "unpaid"); err != nil {
		t.Fatal(err)
	}
	h.o.Directory.Drop(h.tenant.ID)
	for _, path := range []string{"/", "/signin", "/nothing"} {
		page := owner.get(path).is(403).says(h.tenant.Name, "owner@example.com").saysNot("unpaid")
		css := sheetOf(t, page.body)
		owner.get(css).is(200).has("Content-Type", "text/css; charset=utf-8")
	}
	owner.json(http.MethodGet, "/api/v1/me", "").is(403).says("tenant_suspended")
	if _, err := h.o.Tenants.Resume(t.Context(), h.tenant.Slug); err != nil {
		t.Fatal(err)
	}
	h.o.Directory.Drop(h.tenant.ID)
	owner.get("/").is(200)
}

func sheetOf(t *testing.T, body string) string {
	t.Helper()
	_, rest, ok := strings.Cut(body, `href="/brand/`)
	hash, _, closed := strings.Cut(rest, `"`)
	if !ok || !closed {
		t.Fatalf("the page has no style sheet of the brand: %s", firstOf(body, 800))
	}
	return "/brand/" + hash
}

func TestAPortalBeingMadeOrUpdatedAsksToComeAgain(t *testing.T) {
	t.Parallel()
	h := setup(t)
	for _, change := range []string{"status = 'provisioning'", "schema_version = 0"} {
		tn := h.newTenant()
		if _, err := h.w.Admin.Exec(t.Context(), "update control.tenants set "+change+" where id = $1", tn.ID); err != nil {
			t.Fatal(err)
		}
		b := h.browser(h.hostOf(tn))
		page := b.get("/signin").is(503).has("Retry-After", "5").says(tn.Name)
		b.get(sheetOf(t, page.body)).is(200)
		b.json(http.MethodGet, "/api/v1/me", "").is(503).has("Retry-After", "5").says(`"status":503`)
	}
}

func TestHealthAnswersOnAnyHostAndReadinessSaysWhatIs(t *testing.T) {
	t.Parallel()
	failing := errors.New("database: password of db-7 is wrong")
	h := setup(t, func(h *house) {
		h.o.Ready = func(context.Context) error { return failing }
	})
	for _, host := range []string{platformHost, h.host, "10.0.0.7:8080", "nobody.example"} {
		b := h.browser(host)
		b.get("/healthz").is(200).says("ok")
		b.get("/readyz").is(503).saysNot("db-7")
	}
	if !strings.Contains(h.log.String(), "db-7") {
		t.Error("why it is not ready stands nowhere")
	}
}

func TestASessionOfOneTenantIsWorthNothingAtAnother(t *testing.T) {
	t.Parallel()
	h := setup(t)
	here := h.as(h.person(policy.Owner))
	here.get("/people").is(200)
	other := h.newTenant()
	there := h.browser(h.hostOf(other))
	there.cookies, there.csrf = here.cookies, here.csrf
	there.get("/people").is(303).leads("/signin?next=%2Fpeople")
	there.post("/people/invite", "email", "a@example.com", "role", "owner").is(401)
	there.json(http.MethodGet, "/api/v1/me", "").is(401)
	platform := h.browser(platformHost)
	platform.cookies = here.cookies
	platform.get("/operator").is(303).leads("/operator/signin?next=%2Foperator")
}

func TestAnAPIKeyOfOneTenantIsWorthNothingAtAnother(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Owner))
	key := keyFrom(t, b, "*")
	program := func(host string) answer {
		p := h.browser(host)
		p.header["Authorization"] = "Bearer " + key
		return p.get("/api/v1/me")
	}
	program(h.host).is(200)
	program(h.hostOf(h.newTenant())).is(401).has("WWW-Authenticate", `Bearer realm="Lyceum"`)
}

func TestThePagesOfEachSiteAreNotTheOthers(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.stranger().get("/signup").is(404)
	h.stranger().get("/operator").is(404)
	h.stranger().get("/dev/mail").is(404)
	platform := h.browser(platformHost)
	platform.get("/courses").is(404)
	platform.get("/api/v1/me").is(404)
	platform.get("/dev/mail").is(404) // no mailbox, no such page
}

func TestAssetsAreKeptForEver(t *testing.T) {
	t.Parallel()
	h := setup(t)
	set, err := allThemes()
	if err != nil {
		t.Fatal(err)
	}
	address, err := set.AssetURL("atrium.css")
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{platformHost, h.host, "nobody.example"} {
		b := h.browser(host)
		plain := b.get(address).is(200).has("Content-Type", "text/css; charset=utf-8").has("Cache-Control", "public, max-age=31536000, immutable").has("Content-Encoding", "")
		b.header["Accept-Encoding"] = "br, gzip"
		packed := b.get(address).is(200).has("Content-Encoding", "gzip").has("Vary", "Accept-Encoding")
		if len(packed.body) >= len(plain.body) {
			t.Errorf("%d bytes compressed, %d plain", len(packed.body), len(plain.body))
		}
		b.get("/assets/0000000000000000/atrium.css").is(404).has("Cache-Control", "no-store")
		b.get("/assets/../../go.mod").is(404)
	}
	_, hash := themes.BrandCSS(themes.PlatformBrand())
	h.stranger().get("/brand/"+hash+".css").is(200).has("Cache-Control", "public, max-age=31536000, immutable")
	h.stranger().get("/brand/0000000000000000.css").is(404)
}

func TestTheBrandShowsOnEveryPageAndItsPicturesAreForAnyone(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Owner))
	b.get("/settings/brand").is(200)
	b.multipart("/settings/brand", map[string]string{"name": "Acme Tools", "colour": "#0a5c36", "theme": "campus"}, "logo", "logo.png", onePixel).is(303).leads("/settings/brand")
	brand, err := h.o.Brands.Get(h.ctx)
	if err != nil || brand.LogoFileID == nil || brand.FaviconFileID == nil {
		t.Fatalf("saved %+v, %v", brand, err)
	}
	s := h.stranger()
	logo := "/brand/logo/" + brand.LogoFileID.String()
	page := s.get("/signin").is(200).says("Acme Tools", logo, "/brand/favicon/"+brand.FaviconFileID.String())
	s.get("/nothing").is(404).says("Acme Tools")
	s.get(sheetOf(t, page.body)).is(200)
	got := s.get(logo).is(200).has("Content-Type", "image/png").has("Cross-Origin-Resource-Policy", "cross-origin")
	s.header["If-None-Match"] = got.Header.Get("ETag")
	s.get(logo).is(304)
	delete(s.header, "If-None-Match")
	s.get("/brand/logo/" + uid.New().String()).is(404)
	s.get("/brand/logo/x").is(404)
	h.browser(h.hostOf(h.newTenant())).get(logo).is(404)
}

func TestAColourThatCannotBeReadIsToldWithTheNearestThatCan(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Owner))
	b.get("/settings/brand").is(200)
	b.post("/settings/brand", "name", "Acme & Söhne", "colour", "#ffee00", "theme", "atrium").is(422).says("#ffee00", "Acme &amp; Söhne", "nearest")
	b.post("/settings/brand/preview", "name", "Tried", "colour", "#0a5c36", "theme", "atrium").is(200).says("Tried")
	if brand, err := h.o.Brands.Get(h.ctx); err != nil || brand.Name != h.tenant.Name {
		t.Errorf("the preview was saved: %+v, %v", brand, err)
	}
	b.get("/settings/brand/preview?name=Tried&colour=%230a5c36").is(200).says("Tried").has("X-Frame-Options", "SAMEORIGIN").
		hasIn("Content-Security-Policy", "frame-ancestors 'self'")
	b.get("/settings/brand/preview.css?colour=%230a5c36").is(200).says("#0a5c36")
	b.json(http.MethodGet, "/settings/brand/check?colour=%23ffee00", "").is(200).says(`"ok":false`, `"nearest":"#`)
}

func TestAPageIsCompressedWhereTheBrowserTakesThat(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.stranger()
	b.header["Accept-Encoding"] = "gzip"
	page := b.get("/signin").is(200).has("Content-Encoding", "gzip").has("Vary", "Accept-Encoding")
	r, err := gzip.NewReader(strings.NewReader(page.body))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil || !strings.Contains(string(plain), h.tenant.Name) || !strings.HasSuffix(strings.TrimSpace(string(plain)), "</html>") {
		t.Errorf("%d bytes of %d, %v", len(plain), len(page.body), err)
	}
}
