package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"lyceum/auth/policy"
	"lyceum/store/storetest"
	"lyceum/tenant/leaving"
)

func TestAnOwnerWhoLeavesIsToldEverywhereAndCanStay(t *testing.T) {
	t.Parallel()
	h := setup(t)
	course := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Fire"))
	owner, learner := h.as(h.person(policy.Owner)), h.as(h.person(policy.Learner))
	learner.get("/courses/" + course.Course.Slug).is(200)
	learner.post("/courses/" + course.Course.Slug + "/enrol").is(303)

	owner.get("/settings/leaving").is(200).says("Type "+h.tenant.Slug+" to confirm", "14 days")
	owner.post("/settings/leaving", "confirm", "another").is(422).says("Type “" + h.tenant.Slug + "” to have this portal erased.")
	owner.post("/settings/leaving", "confirm", h.tenant.Slug).is(303).leads("/settings/leaving")
	h.o.Directory.Drop(h.tenant.ID) // what an announcement does in every process
	owner.get("/settings/leaving").is(200).says("Keep this portal").saysNot("danger-zone")
	owner.get("/studio").is(200).says("This portal is erased on")
	owner.post("/studio/courses", "title", "New").is(403).says("This portal is to be erased")
	owner.json(http.MethodPost, "/api/v1/courses", `{"title":"New"}`).is(403).says("portal_leaving")
	owner.json(http.MethodGet, "/api/v1/portal/leaving", "").is(200).says("export_ready")
	learner.get("/").is(200).says("This portal is erased on").saysNot("/settings/leaving")
	learner.get(lessonPath(course)).is(200)

	owner.post("/settings/leaving/takeouts").is(303)
	owner.post("/settings/leaving/takeouts").is(409).says("An archive is being made already")
	owner.post("/settings/leaving/keep").is(303)
	h.o.Directory.Drop(h.tenant.ID)
	owner.post("/studio/courses", "title", "New").is(303)
	owner.post("/settings/leaving/keep").is(409)
	owner.get("/studio").is(200).saysNot("This portal is erased on")
}

func TestNobodyButOwnersReachesTheWayOut(t *testing.T) {
	t.Parallel()
	h := setup(t)
	for _, role := range []policy.Role{policy.Admin, policy.Instructor, policy.Manager, policy.Learner} {
		b := h.as(h.person(role))
		b.get("/account").is(200)
		b.get("/settings/leaving").is(403)
		b.post("/settings/leaving", "confirm", h.tenant.Slug).is(403)
		b.post("/settings/leaving/takeouts").is(403)
		b.json(http.MethodPost, "/api/v1/portal/leaving", `{"confirm":"`+h.tenant.Slug+`"}`).is(403)
	}
}

func TestOperatorsSetADayAndKeepAPortal(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.operator()
	at := "/operator/tenants/" + h.tenant.Slug
	b.get(at).is(200).says("Erase it after 14 days")
	b.post(at+"/delete", "confirm", "wrong").is(422)
	b.post(at+"/delete", "confirm", h.tenant.Slug).is(303)
	b.get(at).is(200).says("Keep this portal").says("To be erased")
	b.post(at + "/keep").is(303)
	b.get(at).is(200).saysNot("Keep this portal")
	b.post(at + "/keep").is(409)
}

func TestAnOwnerLetsThePortalRestAndGoesOn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	owner, learner := h.as(h.person(policy.Owner)), h.as(h.person(policy.Learner))
	course := "/api/v1/courses"
	owner.get("/settings/leaving").is(200).says("Let the portal rest")
	learner.post("/settings/leaving/pause").is(403)
	learner.json(http.MethodPost, "/api/v1/portal/pause", "").is(403)
	owner.post("/settings/leaving/pause").is(303).leads("/settings/leaving")
	h.o.Directory.Drop(h.tenant.ID) // what an announcement does in every process
	owner.get("/settings/leaving").is(200).says("The portal has rested since", "Go on")
	learner.get("/").is(200).says("This portal rests").saysNot("/settings/leaving")
	owner.json(http.MethodPost, course, `{"title":"New"}`).is(403).says("portal_paused", "Settings, Leaving")
	owner.json(http.MethodGet, course, "").is(200)
	owner.json(http.MethodPost, "/api/v1/portal/pause", "").is(204) // again: nothing changes
	owner.json(http.MethodGet, "/api/v1/portal/leaving", "").is(200).says(`"state":"read_only"`, "paused_at")
	h.operator().get("/operator/tenants/" + h.tenant.Slug).is(200).says("Rests by its owner")
	owner.json(http.MethodDelete, "/api/v1/portal/pause", "").is(204)
	h.o.Directory.Drop(h.tenant.ID)
	owner.json(http.MethodPost, course, `{"title":"New"}`).is(201)
	owner.get("/audit").is(200).says("Portal let to rest", "Portal went on")
}

// It does what is due on the whole platform after the cooling-off days, so no other test may have a portal that leaves beside it.
func TestAReceiptIsReadByItsAddressOnThePlatform(t *testing.T) { //nolint:paralleltest // see above
	h := setup(t)
	stranger := h.browser(platformHost)
	stranger.get("/receipts/" + strings.Repeat("x", 40)).is(404)
	keys := stranger.get("/.well-known/lyceum-receipts.json").is(200).has("Content-Type", "application/jwk-set+json").body
	h.w.Now.Advance(time.Minute)
	owner := h.as(h.person(policy.Owner))
	owner.get("/settings/leaving").is(200)
	owner.post("/settings/leaving", "confirm", h.tenant.Slug).is(303)
	list, err := h.o.Leaving.Of(t.Context(), h.tenant.Slug)
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v (%v)", list, err)
	}
	stranger.get("/receipts/" + list[0].Token).is(404) // nothing is erased yet
	if err := h.w.Store.RemoveTenant(t.Context(), h.tenant.ID); err != nil {
		t.Fatal(err)
	}
	h.w.Now.Advance((leaving.CoolingOff + 1) * 24 * time.Hour)
	if err := h.o.Leaving.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	stranger.get("/receipts/"+list[0].Token).is(200).says("Everything that", "Name and addresses")
	file := stranger.get("/receipts/" + list[0].Token + "/receipt.jws").is(200).body
	if r, err := leaving.Verify(file, []byte(keys)); err != nil || r.Address != h.tenant.Slug {
		t.Errorf("the receipt says %+v (%v)", r, err)
	}
}
