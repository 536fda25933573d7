package api_test

import (
	"strings"
	"testing"

	"lyceum/auth/audit"
	"lyceum/auth/policy"
	"lyceum/tenant"
)

func TestTheAuditLogIsReadNarrowedCheckedAndTakenAway(t *testing.T) {
	t.Parallel()
	h := setup(t)
	owner, learner := h.person(policy.Owner), h.person(policy.Learner)
	guesser := h.stranger()
	guesser.get("/signin").is(200)
	guesser.post("/signin", "email", learner.Email, "password", "not the password").is(422)
	b := h.as(owner)
	b.get("/people/" + learner.ID.String()).is(200)
	b.post("/people/"+learner.ID.String()+"/roles", "roles", "manager").is(303)

	b.get("/audit").is(200).says("Roles changed", "Sign-in failed", owner.Name, learner.Name, "0.0.0.0")
	b.get("/audit?type=person.roles_changed").is(200).says("<strong>Roles changed").saysNot("<strong>Sign-in failed")
	b.get("/audit?subject="+learner.ID.String()+"&type=person.*").is(200).says("<strong>Roles changed", "Only what concerns one person")
	b.get("/audit?from=2030-01-01").is(200).saysNot("<strong>Roles changed")
	b.get("/audit?until=2026-03-04").is(200).says("<strong>Roles changed") // the clock stands at that day, which counts
	b.get("/audit?from=March").is(422)
	b.get("/audit?actor=nobody").is(422)
	b.get("/audit/check").is(200).says("holds together")

	csv := b.get("/audit/export.csv?type=person.*").is(200)
	if !strings.Contains(csv.Header.Get("Content-Disposition"), ".csv") || !strings.HasPrefix(csv.body, "seq,at,type,") || strings.Contains(csv.body, "audit.exported") {
		t.Errorf("as CSV: %s\n%s", csv.Header.Get("Content-Disposition"), csv.body)
	}
	lines := b.get("/audit/export.jsonl").is(200)
	if head, found, err := audit.Verify(strings.NewReader(lines.body)); err != nil || !head.Whole || head.Tenant != h.tenant.ID || found.Entries < 4 {
		t.Errorf("the export: %+v, %+v, %v", head, found, err)
	}

	other := h.newTenant()
	stranger := h.browser(h.hostOf(other))
	stranger.signIn(h.personIn(tenant.With(t.Context(), other), policy.Owner))
	stranger.get("/audit").is(200).saysNot(learner.Name, "Roles changed</strong>")
	for _, path := range []string{"/audit", "/audit/check", "/audit/export.csv", "/audit/export.jsonl"} {
		h.as(h.person(policy.Instructor)).get(path).is(403)
	}
}
