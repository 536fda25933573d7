package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"lyceum/api"
	"lyceum/auth"
	"lyceum/auth/audit"
	"lyceum/auth/policy"
	"lyceum/store/storetest"
)

// TestTheWalkOverAllRoutesFindsAVerdictForEach: each route of a portal lies in a place of the table, and what is the person's or the
// owner's alone is never reached, whatever the table says.
func TestTheWalkOverAllRoutesFindsAVerdictForEach(t *testing.T) {
	t.Parallel()
	h := setup(t)
	alone := []string{"password", "passkey", "totp", "factor", "recovery", "sessions", "step-up", "billing", "api-key", "tokens", "leave-portal", "support-access", "links", "secret", "/scim/", "/api/"}
	counted := map[api.Acting]int{}
	for r, host := range hostsOf(h) {
		if host != h.host || strings.HasPrefix(r.Path, "/assets") || r.Path == "/healthz" || r.Path == "/readyz" {
			continue
		}
		verdict, listed := api.ActingOn(r)
		counted[verdict]++
		if !listed {
			t.Errorf("%s %s lies in no place of the table in api/acting.go: support never reaches it, which is to be said there", r.Method, r.Path)
		}
		if r.Fresh && verdict != api.ActNever {
			t.Errorf("%s %s asks for a fresh proof and is %s", r.Method, r.Path, verdict)
		}
		if verdict == api.ActReads && r.Method != http.MethodGet && r.Method != http.MethodHead {
			t.Errorf("%s %s is for reading", r.Method, r.Path)
		}
		for _, word := range alone {
			if strings.Contains(r.Path, word) && verdict != api.ActNever {
				t.Errorf("%s %s is %s", r.Method, r.Path, verdict)
			}
		}
	}
	if counted[api.ActNever] < 100 || counted[api.ActReads] < 40 || counted[api.ActWrites] < 60 {
		t.Errorf("verdicts: %v", counted)
	}
}

// path is an address without its host.
func pathOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.RequestURI()
}

// visits asks for a visit as someone and enters it, through every door.
func (h *house) visits(o *browser, p auth.Person, pairs ...string) *browser {
	h.t.Helper()
	b := h.stranger()
	h.asks(o, p, pairs...)
	h.enters(o, b).is(303).leads("/")
	return b
}

func (h *house) asks(o *browser, p auth.Person, pairs ...string) {
	h.t.Helper()
	o.get("/operator/support").is(200)
	o.post("/operator/support", append([]string{"slug", h.tenant.Slug, "email", p.Email, "reason", "The course list stays empty", "ticket", "T-1", "minutes", "30"}, pairs...)...).is(303)
}

// enters follows the operator's newest way into the portal.
func (h *house) enters(o, b *browser) answer {
	h.t.Helper()
	page := o.get("/operator/support").is(200).body
	_, rest, ok := strings.Cut(page, h.host+"/support/begin/")
	if !ok {
		h.t.Fatal("there is no way in")
	}
	visit, _, _ := strings.Cut(rest, `"`)
	toConsole := b.get("/support/begin/" + visit).is(303).Header.Get("Location")
	toPortal := o.get(pathOf(h.t.(*testing.T), toConsole)).is(303).Header.Get("Location")
	way := pathOf(h.t.(*testing.T), toPortal)
	h.stranger().get(way).is(404) // another browser has no use for it
	b.get(way).is(200).says("You are about to look at")
	entered := b.post(way)
	b.get(way).is(404)
	return entered
}

func TestAnOperatorLooksAsAPersonAndChangesNothing(t *testing.T) {
	t.Parallel()
	h := setup(t)
	course := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Fire"))
	owner, o := h.person(policy.Owner), h.operator()
	own := h.as(owner)
	own.get("/courses/" + course.Course.Slug).is(200)
	own.post("/courses/" + course.Course.Slug + "/enrol").is(303)
	b := h.visits(o, owner)
	b.get("/").is(200).says("Read only.").says("T-1").says("/support/leave")
	b.get(lessonPath(course)).is(200).says("Read only.")
	for _, never := range []string{"/account", "/account/security", "/settings/billing", "/settings/api-keys", "/settings/security", "/settings/support-access", "/step-up", "/signin", "/audit/export.csv", "/api/v1/me", "/notifications/live"} {
		b.get(never).is(403)
	}
	for r, host := range hostsOf(h) {
		verdict, _ := api.ActingOn(r)
		if host != h.host || verdict == api.ActFree || strings.HasPrefix(r.Path, "/api/") || strings.HasPrefix(r.Path, "/scim/") || strings.HasPrefix(r.Path, "/brand/") || strings.HasPrefix(r.Path, "/assets") || r.Path == "/healthz" || r.Path == "/readyz" {
			continue
		}
		got := b.ask(r)
		changes := r.Method != http.MethodGet && r.Method != http.MethodHead
		switch {
		case got.StatusCode >= 500:
			t.Errorf("%s %s: %d\n%s", r.Method, r.Path, got.StatusCode, lastOf(h.log.String(), 800))
		case (verdict == api.ActNever || changes) && got.StatusCode != http.StatusForbidden:
			t.Errorf("%s %s (%s): %d", r.Method, r.Path, verdict, got.StatusCode)
		case verdict == api.ActReads && got.StatusCode == http.StatusForbidden:
			t.Errorf("%s %s may be read and is refused: %s", r.Method, r.Path, firstOf(got.body, 200))
		}
	}
	shown := own.get("/audit").is(200)
	shown.says("Support visit begun").saysNot("Lesson begun")
	own.get("/settings/support-access").is(200).says("The course list stays empty")
	own.post("/settings/support-access/end").is(303)
	b.get("/").is(403).says("This support visit is over")
	b.get("/").is(303).leads("/signin")
	own.get("/audit").is(200).says("Support visit ended")
}

// It runs alone: EndDue ends what is over everywhere, by this test's clock, and the visits of other tests lie in the same database.
func TestAVisitEndsByTheClockAndByTheOperatorAndBySuspension(t *testing.T) {
	h := setup(t)
	p, o := h.person(policy.Learner), h.operator()
	b := h.visits(o, p, "minutes", "30")
	h.w.Now.Advance(31 * 60 * 1e9)
	b.get("/").is(403)
	o.get("/operator/support").is(200)
	if err := h.o.Support.EndDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.get("/operator/support").is(200).says("its time was up")
	b = h.visits(o, p)
	b.get("/").is(200)
	b.post("/support/leave").is(303)
	b.get("/").is(303).leads("/signin")
	o.get("/operator/support").is(200).says("ended by the operator")
	h.visits(o, p)
	if _, err := h.o.Tenants.Suspend(t.Context(), h.tenant.Slug, "trouble"); err != nil {
		t.Fatal(err)
	}
	if err := h.o.Support.EndDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.get("/operator/support").is(200).says("the portal was suspended")
}

func TestAPortalRulesWhatSupportMay(t *testing.T) {
	t.Parallel()
	h := setup(t)
	owner, o := h.person(policy.Owner), h.operator()
	own := h.as(owner)
	own.get("/settings/support-access").is(200)
	own.post("/settings/support-access", "mode", "off").is(303)
	o.get("/operator/support").is(200)
	wish := []string{"slug", h.tenant.Slug, "email", owner.Email, "reason", "The course list stays empty", "ticket", "T-1", "minutes", "30", "writes", "1"}
	o.post("/operator/support", wish...).is(403).says("does not allow support access")
	o.post("/operator/support", "slug", "nobodys", "email", owner.Email, "reason", "The course list stays empty", "ticket", "T-1", "minutes", "30").is(422).says("There is no portal at this address.")
	o.post("/operator/support", "slug", h.tenant.Slug, "email", "nobody@example.com", "reason", "short", "ticket", "", "minutes", "500").is(422).says("Choose between 5 and 120 minutes.").says("Name the ticket")
	own.post("/settings/support-access", "mode", "write", "hours", "2", "approve", "1").is(303)
	o.get("/operator/support").is(200)
	o.post("/operator/support", wish...).is(303)
	o.get("/operator/support").is(200).says("Waiting").saysNot("/support/begin/")
	page := own.get("/settings/support-access").is(200).body
	_, rest, _ := strings.Cut(page, "/settings/support-access/")
	visit, _, _ := strings.Cut(rest, "/")
	own.post("/settings/support-access/" + visit + "/approve").is(303)
	b := h.stranger()
	h.enters(o, b).is(303)
	b.get("/studio").is(200).says("Changes are allowed and logged.")
	b.post("/studio/courses", "title", "Made by support").is(303)
	b.post("/account", "name", "Someone else").is(403)
	entries, err := h.o.Audit.Read(storetest.As(t, h.ctx, h.w, owner), audit.Filter{Type: "course.created"})
	if err != nil || len(entries.Items) == 0 {
		t.Fatalf("%v, %v", entries, err)
	}
	made := entries.Items[0]
	if made.ActorKind != "support" || made.ActorID == nil || *made.ActorID != owner.ID || !strings.Contains(made.Data, `"support":{"operator_id"`) {
		t.Errorf("the audit log has %s %v %s", made.ActorKind, made.ActorID, made.Data)
	}
	own.get("/settings/support-access").is(200)
	own.post("/settings/support-access", "mode", "read").is(303)
	b.get("/studio").is(200).says("Read only.")
	b.post("/studio/courses", "title", "No more").is(403)
}

func TestAVisitWorksAtAPortalsOwnDomain(t *testing.T) {
	t.Parallel()
	h := setup(t)
	owner, o := h.person(policy.Owner), h.operator()
	own := h.as(owner)
	own.get("/settings/address").is(200)
	host := "learn." + h.tenant.Slug + ".io"
	own.post("/settings/address/domains", "domain", host)
	d, err := h.o.Addresses.ForOperators().Domain(h.ctx, host)
	if err != nil {
		t.Fatal(err)
	}
	h.prove(d)
	own.post("/settings/address/domains/" + host + "/check")
	own.post("/settings/address/domains/" + host + "/primary").is(200)
	h.o.Directory.Drop(h.tenant.ID)
	h.asks(o, owner)
	if page := o.get("/operator/support").is(200).body; strings.Contains(page, h.host+"/support/begin/") || !strings.Contains(page, host+":8080/support/begin/") {
		t.Fatal("the way in does not lead to the portal's own domain")
	}
	h.host = host + ":8080"
	b := h.browser(h.host)
	h.enters(o, b).is(303).leads("/")
	b.get("/").is(200).says("Read only.").says("T-1")
	b.post("/support/leave").is(303)
	b.get("/").is(303).leads("/signin")
}
