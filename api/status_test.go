package api_test

import (
	"testing"

	"lyceum/auth/policy"
	"lyceum/tenant/status"
)

func TestAnyoneSeesHowWellAPortalWorksAndAuditorsTheFigures(t *testing.T) {
	t.Parallel()
	h := setup(t, func(h *house) { h.o.Meter = status.NewMeter(h.w.Now.Clock()) })
	other := h.newTenant()
	stranger := h.stranger()
	for range 12 {
		stranger.get("/signin").is(200)
		stranger.post("/signin", "email", "nobody@example.com", "password", "wrong")
	}
	if err := h.o.Meter.Flush(t.Context(), h.w.Store); err != nil {
		t.Fatal(err)
	}
	stranger.get("/status").is(200).says("Something does not work", "Signing in", "Down", "Background work").saysNot("Went well", "did not")
	got := stranger.get("/status.json").is(200).has("Access-Control-Allow-Origin", "*").says(`"status":"down"`, `{"part":"sign_in","status":"down"}`, `{"part":"pages","status":"working"}`)
	got.hasIn("Content-Type", "application/json")
	h.as(h.person(policy.Learner)).get("/status").is(200).saysNot("Went well")
	auditor := h.as(h.person(policy.Owner))
	auditor.get("/status").is(200).says("In the last half hour 0 went well and 12 did not", "Went well")
	h.browser(h.hostOf(other)).get("/status").is(200).says("Everything works")
	h.browser("lyceum.localhost:8080").get("/status").is(200).says("Status", "90 days").saysNot("Went well")
	h.browser("lyceum.localhost:8080").get("/status.json").is(200).says(`"part":"mail"`)
	h.browser("lyceum.localhost:8080").get("/operator/status").is(303).leads("/operator/signin?next=%2Foperator%2Fstatus")
	h.operator().get("/operator/status").is(200).says("Went well")
}
