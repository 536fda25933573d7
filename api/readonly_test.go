package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"lyceum/api"
	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/billing/subscription"
)

// unsafeRoutes are the portal's routes that may write.
func unsafeRoutes(h *house) (list []route.Route) {
	for r, host := range hostsOf(h) {
		if host == h.host && r.Method != http.MethodGet && r.Method != http.MethodHead {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b route.Route) int { return strings.Compare(a.Path+a.Method, b.Path+b.Method) })
	return list
}

func TestEveryWriteOfAReadOnlyPortalIsRefusedButWhatIsLetThroughByName(t *testing.T) {
	t.Parallel()
	h := setup(t)
	owner := h.as(h.person(policy.Owner))
	owner.get("/").is(200)
	h.stands(subscription.StateReadOnly, false)
	let, refused := 0, 0
	for _, r := range unsafeRoutes(h) {
		if strings.HasPrefix(r.Path, "/signout") || strings.Contains(r.Path, "/sessions/end") || r.Path == "/api/v1/me/sessions" {
			continue // the walk goes on signed in
		}
		got := owner.ask(r)
		readOnly := got.StatusCode == http.StatusForbidden && (strings.Contains(got.body, "portal_read_only") || strings.Contains(got.body, "Nothing new can be made here"))
		why, passes := api.Passed(r)
		switch {
		case passes && readOnly:
			t.Errorf("%s %s is refused, though %s", r.Method, r.Path, why)
		case !passes && !readOnly:
			t.Errorf("%s %s is not refused: %d\n%s", r.Method, r.Path, got.StatusCode, firstOf(got.body, 300))
		}
		if passes {
			let++
		} else {
			refused++
		}
	}
	if refused < 150 || let < 100 {
		t.Errorf("%d let through, %d refused: the walk saw too little", let, refused)
	}
}

func TestNoExceptionToReadOnlyIsWithoutARoute(t *testing.T) {
	t.Parallel()
	h := setup(t)
	routes := unsafeRoutes(h)
	for _, line := range api.PassLines() {
		if !slices.ContainsFunc(routes, line.Fits) {
			t.Errorf("%s lets nothing through: it can go", line)
		}
	}
}

func TestAReadOnlyPortalTakesRightsAwayAndGivesNone(t *testing.T) {
	t.Parallel()
	h := setup(t)
	owner, who := h.as(h.person(policy.Owner)), h.person(policy.Instructor, policy.Manager)
	at := "/people/" + who.ID.String()
	h.stands(subscription.StateReadOnly, false)
	owner.get(at).is(200)
	owner.post(at+"/roles", "roles", "instructor", "roles", "admin").is(403).says("Nothing new can be made here")
	owner.get(at).is(200)
	owner.post(at+"/roles", "roles", "instructor").is(303)
	owner.get(at).is(200)
	owner.post(at+"/roles", "roles", "instructor", "roles", "manager").is(403)
}
