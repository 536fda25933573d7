package api_test

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"lyceum/api"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/tenant/broadcast"
	"lyceum/themes"
)

// inForm is filled for the first form of a card.
func inForm(body string) []string {
	return filled(strings.Replace(body, `<form class="card pad form"`, `<form class="form loose"`, 1))
}

func TestAnOperatorWritesABannerLooksAtItAndPortalsShowIt(t *testing.T) {
	t.Parallel()
	h := setup(t)
	other := h.newTenant()
	o := h.operator()
	word := uid.Opaque(10)
	o.get("/operator/announcements").is(200).says("New banner", "Plan maintenance")
	page := o.get("/operator/banners/new").is(200).says("Text (English)", "Text (Deutsch)")
	o.post("/operator/banners/new", with(inForm(page.body), "do", "save")...).is(422).says("Write what is to be said")
	typed := with(inForm(page.body), "text_en", "Reports are new "+word, "text_de", "Berichte sind neu "+word, "link", "https://example.org/news", "tenants", "nowhere-"+word)
	page = o.post("/operator/banners/new", with(typed, "do", "save")...).is(422).says("There is no portal “nowhere-"+word+"”", "Reports are new")
	typed = with(inForm(page.body), "text_en", "Reports are new "+word, "text_de", "Berichte sind neu "+word, "tenants", h.tenant.Slug)
	learner := h.as(h.person(policy.Learner))
	o.post("/operator/banners/new", with(typed, "do", "preview")...).is(200).says("Preview", "Reports are new "+word, "Berichte sind neu "+word)
	learner.get("/").is(200).saysNot(word)
	o.post("/operator/banners/new", with(typed, "do", "save")...).is(303).leads("/operator/announcements")
	at := regexp.MustCompile(`/operator/banners/[0-9a-f-]{36}`).FindString(o.get("/operator/announcements").is(200).says("Running", h.tenant.Slug).body)

	h.browser(h.hostOf(other)).get("/signin").is(200).saysNot(word)
	h.browser(h.host).get("/signin").is(200).saysNot(word) // only who is signed in
	page = learner.get("/").is(200).says("Reports are new "+word, `href="https://example.org/news"`, "Put away")
	away := regexp.MustCompile(`/announcements/[0-9a-f-]{36}/dismiss`).FindString(page.body)
	learner.post(away, "back", "/certificates").is(303).leads("/certificates")
	learner.get("/certificates").is(200).saysNot(word)
	german := h.as(h.person(policy.Learner))
	german.header["Accept-Language"] = "de"
	german.get("/").is(200).says("Berichte sind neu " + word)

	// A reader looks, and changes nothing.
	reader := h.operator(auth.OperatorReader)
	reader.get(at).is(200).says("Reports are new").saysNot(`value="save"`)
	reader.post(at + "/end").is(403)
	page = o.get(at).is(200)
	typed = with(inForm(page.body), "readers", "admins", "text_en", "Reports are new "+word, "tenants", h.tenant.Slug, "do", "save")
	o.post(at, typed...).is(303)
	german.get("/").is(200).saysNot(word)
	h.as(h.person(policy.Admin)).get("/").is(200).says(word)
	o.post(at, typed...).is(409).says("Somebody else changed this meanwhile")
	o.get(at).is(200)
	o.post(at + "/end").is(303)
	h.as(h.person(policy.Admin)).get("/").is(200).saysNot(word)
	o.get(at).is(200).says("Its time is over")
	o.get("/operator/acts?action=banner.*").is(200).says("Banner written", "Banner taken down", word)
	o.get("/operator/banners/" + uid.New().String()).is(404)
}

// maintained puts the house's portal into maintenance for an hour.
func (h *house) maintained(m broadcast.Mode) broadcast.Window {
	h.t.Helper()
	w, err := h.o.Broadcast.AddWindow(h.t.Context(), broadcast.Window{
		Mode: m, Texts: broadcast.Texts{"en": "The disks are changed."}, UntilAt: h.w.Now.Now().Add(time.Hour), Audience: broadcast.Audience{Tenants: []uid.ID{h.tenant.ID}},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return w
}

func TestAPortalThatIsClosedForMaintenanceSaysWhenToComeBack(t *testing.T) {
	t.Parallel()
	h := setup(t)
	other := h.newTenant()
	learner := h.as(h.person(policy.Learner))
	learner.get("/").is(200)
	w := h.maintained(broadcast.Closed)
	learner.get("/").is(503).has("Retry-After", "3600").has("Cache-Control", "no-store").says("Closed for maintenance", "The disks are changed.")
	api := h.browser(h.host)
	api.get("/api/v1/me").is(503).has("Retry-After", "3600").says("portal_maintenance")
	api.get("/scim/v2/Users").is(503)
	api.get("/healthz").is(200)
	api.get("/status").is(200).says("is being maintained until")
	api.get("/status.json").is(200).says(`"maintenance":[{"mode":"closed","state":"running"`)
	h.browser(h.hostOf(other)).get("/signin").is(200)
	h.w.Now.Advance(30 * time.Minute)
	learner.get("/").is(503).has("Retry-After", strconv.Itoa(30*60))
	if err := h.o.Broadcast.EndWindow(t.Context(), w.ID); err != nil {
		t.Fatal(err)
	}
	learner.get("/").is(200)
}

func TestWhileAPortalIsMaintainedReadOnlyOnlySigningInAndTryingIsWritten(t *testing.T) {
	t.Parallel()
	h := setup(t)
	owner := h.as(h.person(policy.Owner))
	owner.get("/").is(200)
	w := h.maintained(broadcast.ReadOnly)
	page := owner.get("/").is(200).says("nothing can be changed now", "The disks are changed.")
	if strings.Contains(page.body, "Closed for maintenance") {
		t.Error("it is closed")
	}
	let, refused := 0, 0
	for _, r := range unsafeRoutes(h) {
		if strings.HasPrefix(r.Path, "/signout") || strings.HasPrefix(r.Path, "/sso/") || strings.HasPrefix(r.Path, "/signin") {
			continue // the walk goes on signed in
		}
		got := owner.ask(r)
		still := got.StatusCode == http.StatusServiceUnavailable && (strings.Contains(got.body, "portal_maintenance_read_only") || strings.Contains(got.body, "being maintained"))
		why, passes := api.Passed(r)
		lets := passes && api.WhileMaintained(why)
		switch {
		case lets && still:
			t.Errorf("%s %s is refused, though %s", r.Method, r.Path, why)
		case !lets && !still:
			t.Errorf("%s %s is not refused: %d\n%s", r.Method, r.Path, got.StatusCode, firstOf(got.body, 300))
		}
		if lets {
			let++
		} else {
			refused++
		}
	}
	if refused < 300 || let < 20 {
		t.Errorf("%d let through, %d refused: the walk saw too little", let, refused)
	}
	if err := h.o.Broadcast.EndWindow(t.Context(), w.ID); err != nil {
		t.Fatal(err)
	}
	b := h.as(h.person(policy.Learner))
	b.get("/account").is(200).saysNot("nothing can be changed now")
	b.post("/account", "name", "Nora", "locale", "en", "time_zone", "UTC").is(303)
}

func TestAnOperatorPlansMaintenanceAnnouncesItAndEndsItEarlier(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.operator()
	now := h.w.Now.Now()
	page := o.get("/operator/maintenance/new").is(200).says("Background work waits too", "Tell the owners by mail")
	typed := with(inForm(page.body), "mode", "closed", "announce", themes.TypedTime(now), "from", themes.TypedTime(now.Add(2*time.Hour)), "until", themes.TypedTime(now.Add(3*time.Hour)), "tenants", h.tenant.Slug, "text_en", "", "tells_owners", "1")
	o.post("/operator/maintenance/new", with(typed, "until", "soon")...).is(422).says("Write a day and a time")
	o.post("/operator/maintenance/new", with(typed, "until", themes.TypedTime(now.Add(99*time.Hour)))...).is(422).says("48 hours at most")
	o.post("/operator/maintenance/new", typed...).is(303).leads("/operator/announcements")
	at := regexp.MustCompile(`/operator/maintenance/[0-9a-f]{8}-[0-9a-f-]{27}`).FindString(o.get("/operator/announcements").is(200).says("Planned").body)
	o.get(at).is(200).says(`name="tells_owners" value="1" checked`)
	o.get("/operator/tenants/"+h.tenant.Slug).is(200).says("A support visit sees what everyone sees", at)
	learner := h.as(h.person(policy.Learner))
	learner.get("/").is(200).says("meanwhile this portal is closed")
	h.w.Now.Advance(2*time.Hour + time.Minute)
	h.o.Broadcast.Forget()
	learner.get("/").is(503)
	page = o.get(at).is(200).says("It runs.").saysNot(`name="tenants"`)
	o.post(at + "/end").is(303)
	learner.get("/").is(200).saysNot("this portal is closed")
	o.get("/operator/acts?action=maintenance.*").is(200).says("Maintenance planned", "Maintenance ended")
}

func TestASupportVisitStandsBeforeAPortalThatIsMaintainedAsEveryoneDoes(t *testing.T) {
	t.Parallel()
	h := setup(t)
	owner, o := h.person(policy.Owner), h.operator()
	o.get("/operator/support").is(200).says("A support visit sees what everyone sees")
	b := h.visits(o, owner)
	b.get("/").is(200).says("Read only.")
	w := h.maintained(broadcast.Closed)
	b.get("/").is(503).says("Closed for maintenance")
	if err := h.o.Broadcast.EndWindow(t.Context(), w.ID); err != nil {
		t.Fatal(err)
	}
	b.get("/").is(200).says("Read only.")
	h.maintained(broadcast.ReadOnly)
	b.get("/").is(200).says("Read only.", "nothing can be changed now")
	b.get("/courses").is(200)
}
