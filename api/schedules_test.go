package api_test

import (
	"testing"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

func TestAReportIsScheduledSentByHandPausedAndDeletedOnItsPages(t *testing.T) {
	t.Parallel()
	h := setup(t)
	who := h.person(policy.Manager)
	boss, friend, learner := h.as(who), h.as(h.person(policy.Manager)), h.as(h.person(policy.Learner))
	asking := storetest.As(t, h.ctx, h.w, who)
	learner.get("/reports/schedules").is(403)
	boss.get("/reports").is(200).says("/reports/schedules")
	boss.get("/reports/schedules").is(200).says("No schedules yet")
	boss.get("/reports/run?source=enrolments").is(200).says("Send regularly")
	at := "/reports/schedules/new?source=enrolments&columns=person"
	boss.get(at).is(200).says("Monday", "Time zone", who.Email)
	boss.post(at, "name", "Who is in", "format", "csv", "every", "daily", "weekday", "1", "day", "1", "hour", "7", "zone", "UTC").is(422).says("Choose 1 to 50 people.")
	one := boss.post(at, "name", "Who is in", "format", "csv", "every", "daily", "weekday", "1", "day", "1", "hour", "7", "zone", "UTC", "people", who.ID.String()).is(303).Header.Get("Location")
	boss.get(one).is(200).says("Who is in", "Every day at 07:00, UTC", "Nothing was sent yet.", "Send now")
	boss.get("/reports/schedules").is(200).says("Who is in", "to one person")
	friend.get(one).is(404)
	friend.post(one + "/run").is(404)
	friend.get("/reports/schedules").is(200).says("No schedules yet")
	boss.post(one + "/run").is(303).leads(one)
	boss.post(one + "/run").is(409)
	boss.get(one).is(200).says("Waiting", "Sent by hand", "data-live")
	id, _ := uid.Parse(one[len("/reports/schedules/"):])
	_, runs, err := h.o.Schedules.Get(asking, id)
	if err == nil {
		err = h.o.Schedules.Run(h.ctx, runs[0].ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	boss.get(one).is(200).says("Done", "by mail with the file")
	boss.get("/reports/exports").is(200).says("Who is in", "Ready")
	boss.post(one + "/pause").is(303)
	boss.get(one).is(200).says("Somebody paused it.", "Resume")
	boss.post(one + "/resume").is(303)
	boss.post(one, "name", "Who is in", "format", "pdf", "every", "monthly", "weekday", "1", "day", "31", "hour", "7", "zone", "UTC", "people", who.ID.String(), "revision", "1").is(303)
	boss.get(one).is(200).says("Every month on day 31 at 07:00, UTC")
	boss.post("/reports/schedules/new?kind=matrix&state=compliant", "name", "M", "format", "pdf", "every", "daily", "weekday", "1", "day", "1", "hour", "7", "zone", "UTC", "people", who.ID.String()).is(303)
	boss.post(one + "/delete").is(303).leads("/reports/schedules")
	boss.get(one).is(404)
}
