package api_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"lyceum/api"
	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

func TestEveryRouteNamesWhatItNeeds(t *testing.T) {
	t.Parallel()
	h := setup(t, func(h *house) { h.o.Mailbox = mailbox(h.t) })
	needs := map[string]route.Need{}
	for _, r := range h.srv.Routes() {
		if !r.Need.Named() {
			t.Errorf("%s %s needs %q", r.Method, r.Path, r.Need)
		}
		needs[r.Method+" "+r.Path] = r.Need
	}
	answered := 0
	for _, app := range h.srv.Apps() {
		for _, r := range app.GetRoutes(true) {
			answered++
			_, named := needs[r.Method+" "+r.Path]
			if _, twin := needs[http.MethodGet+" "+r.Path]; !named && (r.Method != http.MethodHead || !twin) {
				t.Errorf("%s %s stands in no table", r.Method, r.Path)
			}
		}
	}
	rest := 0
	for line := range needs {
		if strings.Contains(line, " /api/v1/") {
			rest++
		}
	}
	if answered < 150 || rest < 30 {
		t.Errorf("%d routes, %d of them REST: the walk did not see them all", answered, rest)
	}
}

func TestARouteWithoutANeedDoesNotStart(t *testing.T) {
	t.Parallel()
	h := setup(t)
	quiet := func(*fiber.Ctx) error { return nil }
	for name, mount := range map[string]func(fiber.Router) []route.Route{
		"undeclared": func(r fiber.Router) []route.Route { r.Get("/api/v1/left", quiet); return nil },
		"empty": func(r fiber.Router) []route.Route {
			r.Get("/api/v1/left", quiet)
			return []route.Route{{Method: http.MethodGet, Path: "/api/v1/left"}}
		},
		"unknown": func(r fiber.Router) []route.Route {
			r.Get("/api/v1/left", quiet)
			return []route.Route{{Method: http.MethodGet, Path: "/api/v1/left", Need: "course:fly"}}
		},
		"unanswered": func(fiber.Router) []route.Route {
			return []route.Route{{Method: http.MethodGet, Path: "/api/v1/left", Need: route.Public}}
		},
	} {
		h.o.REST = func(r fiber.Router) ([]route.Route, error) { return mount(r), nil }
		if _, err := api.New(h.o); err == nil || !strings.Contains(err.Error(), "/api/v1/left") {
			t.Errorf("%s: started, %v", name, err)
		}
	}
}

func TestAMissingOptionDoesNotStart(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.o.Policy, h.o.Limits.Lookups, h.o.Limits.SignUps = nil, nil, nil
	_, err := api.New(h.o)
	if err == nil || !strings.Contains(err.Error(), "Policy") || !strings.Contains(err.Error(), "Limits.Lookups") || !strings.Contains(err.Error(), "Limits.SignUps") {
		t.Errorf("got %v", err)
	}
}

var parameter = regexp.MustCompile(`:[a-z]+`)

// at fills a pattern's parameters in.
func at(path string) string { return parameter.ReplaceAllLiteralString(path, uid.New().String()) }

// sites gives the host on which a route is found: the platform's own routes come first in the table.
func hostsOf(h *house) map[route.Route]string {
	portal := h.srv.Apps()[2]
	out := map[route.Route]string{}
	onPortal := map[string]bool{}
	for _, r := range portal.GetRoutes(true) {
		onPortal[r.Method+" "+r.Path] = true
	}
	for _, r := range h.srv.Routes() {
		out[r] = platformHost
		if !r.Need.Operators() && onPortal[r.Method+" "+r.Path] {
			out[r] = h.host
		}
	}
	return out
}

// ask sends a request of the route's method, with the form's token where it may change something.
func (b *browser) ask(r route.Route) answer {
	b.t.Helper()
	req := httptest.NewRequest(r.Method, at(r.Path), http.NoBody)
	req.Header.Set("X-CSRF-Token", b.csrf)
	return b.do(req)
}

func TestEveryRouteThatNeedsSomebodyRefusesAStranger(t *testing.T) {
	t.Parallel()
	h := setup(t)
	asked := 0
	strangers := map[string]*browser{h.host: h.stranger(), platformHost: h.browser(platformHost)}
	strangers[h.host].get("/signin").is(200)
	strangers[platformHost].get("/").is(200)
	for r, host := range hostsOf(h) {
		if r.Need == route.Public {
			continue
		}
		asked++
		got := strangers[host].ask(r)
		switch api := strings.HasPrefix(r.Path, "/api/"); {
		case api && got.StatusCode == http.StatusUnauthorized:
		case !api && r.Method == http.MethodGet && got.StatusCode == http.StatusSeeOther && strings.Contains(got.Header.Get("Location"), "/signin"):
		case !api && r.Method == http.MethodHead && got.StatusCode == http.StatusSeeOther:
		case !api && got.StatusCode == http.StatusUnauthorized:
		default:
			t.Errorf("a stranger got %d from %s %s (%s)", got.StatusCode, r.Method, r.Path, r.Need)
		}
	}
	if asked < 80 {
		t.Errorf("only %d routes were asked", asked)
	}
}

func TestEveryRouteThatNeedsAPermissionRefusesWhoLacksIt(t *testing.T) {
	t.Parallel()
	h := setup(t)
	learner := h.as(h.person(policy.Learner))
	learner.get("/").is(200)
	may, err := h.o.Policy.For(h.ctx, []policy.Role{policy.Learner})
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for r, host := range hostsOf(h) {
		p, ok := r.Need.Permission()
		if !ok || may.Has(p) || host != h.host {
			continue
		}
		refused++
		if got := learner.ask(r); got.StatusCode != http.StatusForbidden {
			t.Errorf("a learner got %d from %s %s (%s)", got.StatusCode, r.Method, r.Path, r.Need)
		} else if !strings.Contains(got.body, "role") && r.Method != http.MethodHead {
			t.Errorf("%s %s does not say why: %s", r.Method, r.Path, firstOf(got.body, 300))
		}
	}
	if refused < 60 {
		t.Errorf("only %d routes were asked", refused)
	}
}

func TestASessionIsNoOperatorsAndTheOtherWayRound(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.operator()
	o.get("/operator").is(200)
	portal := h.stranger()
	portal.cookies = o.cookies
	portal.get("/people").is(303)
}
