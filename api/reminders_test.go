package api_test

import (
	"testing"

	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
)

func TestReminderRulesArePreviewedAndWhatWasToldIsSeen(t *testing.T) {
	t.Parallel()
	h := setup(t)
	course := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Knots"))
	lee := h.person(policy.Learner)
	manager := storetest.As(t, h.ctx, h.w, storetest.Person(t, h.ctx, h.w, policy.Manager))
	at := h.w.Now.Now().AddDate(0, 0, 8)
	if _, err := h.o.Enrolment.EnrolBy(manager, course.Course.ID, lee.ID, &enrolment.Day{Year: at.Year(), Month: at.Month(), Day: at.Day()}); err != nil {
		t.Fatal(err)
	}
	admin, boss, learner := h.as(h.person(policy.Admin)), h.as(h.person(policy.Manager)), h.as(lee)
	learner.get("/reminders").is(403)
	boss.get("/reminders").is(200).says("7, 1 days before", "1 person", "Knots", "due on 12 March 2026", "after 7 days overdue")
	boss.get("/reminders/sent").is(200).says("Nothing was sent yet")
	boss.get("/reminders/rules?of=course." + uid.New().String()).is(404)
	boss.get("/reminders/rules?of=nonsense").is(404)
	boss.get("/reminders/rules?of=course."+course.Course.ID.String()).is(200).says("Knots", "The portal’s rules hold.")
	portal := []string{"of", "portal", "revision", "0", "on", "1", "app", "1", "mail", "1", "before_due", "20, 8", "before_expiry", "", "overdue_times", "0", "overdue_every", "7", "escalate_after", "0", "quiet_from", "0", "quiet_to", "0"}
	boss.post("/reminders/rules", portal...).is(403).says("Your role does not allow this.")
	admin.get("/reminders/rules?of=portal").is(200).says("Quiet hours", "30, 7")
	admin.post("/reminders/rules", append(portal[:11:11], append([]string{"often"}, portal[12:]...)...)...).is(422).says("Use numbers from 1 to 365, such as 14, 7, 1.")
	admin.post("/reminders/rules", portal...).is(303).leads("/reminders")
	admin.post("/reminders/rules", portal...).is(409).says("Somebody else changed these rules meanwhile.")
	h.w.Now.Advance(24 * 60 * 60 * 1e9)
	if _, err := h.o.Reminders.Sweep(h.ctx); err != nil {
		t.Fatal(err)
	}
	boss.get("/reminders/sent").is(200).says("Knots", "due on 12 March 2026", "In the app", "Mail waits")
	boss.get("/reminders/sent?person=" + uid.New().String()).is(200).says("Nothing was sent yet")
	learner.get("/notifications").is(200).says("“Knots” is due on 12 March 2026")
	list, err := h.o.Reminders.Sent(manager, lee.ID, page.Request{})
	if err != nil || len(list.Items) != 1 {
		t.Fatal(list, err)
	}
	mine := "/reminders/" + list.Items[0].ID.String()
	learner.get(mine).is(200).says("Knots", "due on 12 March 2026")
	boss.get(mine).is(404)
	learner.get("/notifications/settings").is(200).says("Quiet hours", "never quiet")
	learner.post("/notifications/settings", "quiet_from", "22", "quiet_to", "").is(422).says("Choose both hours, or neither.")
	learner.post("/notifications/settings", "quiet_from", "22", "quiet_to", "7").is(303)
	learner.get("/notifications/settings").is(200).says(`<option value="22" selected>22:00</option>`)
}
