package api_test

import (
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
)

func TestAnOperatorSwitchesAFeatureOffForOnePortal(t *testing.T) {
	t.Parallel()
	h := setup(t)
	other := h.newTenant()
	o, learner := h.operator(), h.as(h.person(policy.Learner))
	learner.get("/").is(200).says("notices.js")
	o.get("/operator/flags").is(200).says("live_notices", "Browsers hold a connection open")
	o.post("/operator/flags/live_notices/portals", "slug", "no-such-portal", "on", "0").is(422).says("There is no portal at this address", `value="no-such-portal"`)
	o.post("/operator/flags/live_notices/portals", "slug", h.tenant.Slug, "on", "0").is(303)
	o.get("/operator/flags").is(200).says(h.tenant.Slug)
	learner.get("/").is(200).saysNot("notices.js")
	learner.get("/notifications/live").is(204)
	if !h.o.Flags.On(t.Context(), other, "live_notices") {
		t.Error("another portal lost it too")
	}
	o.get("/operator/tenants/" + h.tenant.Slug).is(200).says("live_notices")
	o.post("/operator/flags/live_notices", "percent", "101", "revision", "0").is(422).says("between 0 and 100")
	o.get("/operator/flags").is(200)
	o.post("/operator/flags/no_such_flag", "percent", "1", "revision", "0").is(404)
	o.get("/operator/flags").is(200)
	o.post("/operator/flags/live_notices/portals", "slug", h.tenant.Slug).is(303)
	learner.get("/").is(200).says("notices.js")
	o.get("/operator/acts?action=flag.*&tenant="+h.tenant.Slug).is(200).says("Flag switched for a portal", "Flag follows its share again")
	reader := h.operator(auth.OperatorReader)
	reader.get("/operator/flags").is(200).saysNot(`name="percent"`)
	reader.post("/operator/flags/live_notices/portals", "slug", h.tenant.Slug, "on", "0").is(403)
}
