package api_test

import (
	"net/http"
	"strings"
	"testing"

	"lyceum/api/web"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/migrations"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

// TestAPortalInTheShapeBeforeIsServed: while a rollout goes on, and where it failed, a portal has the former shape. Its pages are
// there; what needs the new shape says that the portal is being updated. Nothing breaks.
func TestAPortalInTheShapeBeforeIsServed(t *testing.T) {
	t.Parallel()
	h := setup(t)
	former := h.seeded(h.w.TenantAt(t, migrations.OldestReadable))
	h.tenant, h.host, h.ctx = former, h.hostOf(former), tenant.With(t.Context(), former)
	course := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Fire"))
	learner, owner := h.as(h.person(policy.Learner)), h.as(h.person(policy.Owner))
	learner.get("/courses/" + course.Course.Slug).is(200)
	learner.post("/courses/" + course.Course.Slug + "/enrol").is(303)
	learner.get(lessonPath(course)).is(200)
	for _, path := range []string{"/", "/courses", "/certificates", "/calendar", "/notifications", "/account", "/transcript"} {
		learner.get(path).is(200)
	}
	for _, path := range []string{"/", "/studio", "/people", "/groups", "/settings/brand", "/settings/sign-on", "/usage", "/audit"} {
		owner.get(path).is(200)
	}
	updating := 0
	for r, host := range hostsOf(h) {
		if r.Method != http.MethodGet || host != h.host || strings.Contains(r.Path, ":") || r.Path == web.LivePath {
			continue
		}
		got := owner.ask(r)
		if got.StatusCode >= 500 && got.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("GET %s: %d\n%s", r.Path, got.StatusCode, lastOf(h.log.String(), 1000))
		}
		if got.StatusCode == http.StatusServiceUnavailable {
			updating++
			if got.Header.Get("Retry-After") == "" {
				t.Errorf("GET %s does not say when to come again", r.Path)
			}
		}
	}
	if updating > 90 { // pages of what came since: question banks, support access, designs of certificates, requirements, reminders, teams, units, HR syncs, reports, privacy, holds and retention, and devices
		t.Errorf("%d pages of the shape before say that the portal is being updated", updating)
	}
}

func TestOperatorsWatchARollout(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.operator()
	b.get("/operator").is(200).says("/operator/migrations")
	b.get("/operator/migrations").is(200).says("Who goes first")
	b.post("/operator/migrations", "waves", "50, 20", "workers", "4", "max_failed", "2").is(422).says("Write rising shares in percent")
	b.post("/operator/migrations", "waves", "1, many", "workers", "x", "max_failed", "2").is(422).says("Enter a whole number.")
	b.post("/operator/migrations/canary", "slug", "no-such-portal").is(422).says("There is no portal at this address.")
	b.post("/operator/migrations/canary", "slug", h.tenant.Slug).is(303)
	b.post("/operator/migrations/canary", "slug", h.tenant.Slug).is(303) // a second click is no second act
	b.get("/operator/migrations").is(200).says("/operator/tenants/" + h.tenant.Slug)
	b.get("/operator/acts?action=rollout.canary_set&tenant=" + h.tenant.Slug).is(200).says("Portal chosen to go first")
	b.post("/operator/migrations/canary", "slug", h.tenant.Slug, "off", "1").is(303)
	b.get("/operator/migrations").is(200).saysNot("/operator/tenants/" + h.tenant.Slug)
	for _, act := range []string{"pause", "resume", "stop", "retry"} {
		b.post("/operator/migrations/" + uid.New().String() + "/" + act).is(404)
	}
	b.get("/operator/migrations/" + uid.New().String()).is(404)
	b.get("/operator/migrations/nonsense").is(404)
	h.as(h.person(policy.Owner)).get("/operator/migrations").is(404)
}

// Whoever chose a portal to go first, on the page or by program, stands in the log of acts, once for each change.
func TestWhoGoesFirstIsChosenByProgramTooAndWrittenDown(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.program(h.operatorAccount(auth.OperatorRunner), auth.OperatorMayManage)
	at := "/api/v1/fleet/canaries/" + h.tenant.Slug
	p.json("PUT", "/api/v1/fleet/canaries/no-such-portal", `{"first":true}`).is(404).says("tenant_not_found")
	p.json("PUT", at, `{"first":true}`).is(200).says(`"` + h.tenant.Slug + `"`)
	p.json("PUT", at, `{"first":true}`).is(200)
	p.json("PUT", at, `{"first":false}`).is(200).saysNot(`"` + h.tenant.Slug + `"`)
	var n int
	if err := h.w.Admin.QueryRow(t.Context(), "select count(*) from control.audit where action = 'rollout.canary_set' and tenant_id = $1 and actor_kind like 'operator%'", h.tenant.ID).Scan(&n); err != nil || n != 2 {
		t.Errorf("%d entries, want one for each change: %v", n, err)
	}
	lesser := h.program(h.operatorAccount(auth.OperatorRunner), auth.OperatorMayBill)
	lesser.json("PUT", at, `{"first":true}`).is(403)
}
