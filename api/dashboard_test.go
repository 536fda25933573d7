package api_test

import (
	"testing"

	"lyceum/auth/policy"
)

func TestTheDashboardIsForThoseWhoEnrolOthers(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.as(h.person(policy.Learner)).get("/dashboard").is(403)
	boss := h.as(h.person(policy.Manager))
	boss.get("/dashboard").is(200).says("Nobody must have done anything yet", "March 2026", `href="/dashboard/completions?month=2026-03"`, "Days and months in UTC")
	boss.get("/dashboard/completions?month=2026-03").is(200).says("Completed in March 2026", "Nothing was completed in this month")
	boss.get("/dashboard/completions?month=nonsense").is(200).says("Completed in March 2026")
	boss.get("/dashboard/completions?after=nonsense").is(422)
}
