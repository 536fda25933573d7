package api_test

import (
	"strings"
	"testing"
	"time"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

func TestAManagerLooksAfterTheirPeople(t *testing.T) {
	t.Parallel()
	h := setup(t)
	course := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Knots"))
	boss, lee, other := h.person(policy.Learner), h.person(policy.Learner), h.person(policy.Learner)
	admin := h.as(h.person(policy.Admin))
	at := "/people/" + lee.ID.String()
	admin.get(at).is(200).says("Manager", "Nobody")
	h.as(boss).get("/").is(200).saysNot("My team")
	managers := at + "/managers"
	admin.get(managers).is(200).says("No manager is known")
	admin.post(managers, "manager", boss.Email, "since", "2027-01-01").is(422).says("Choose today or a day that is over.")
	admin.post(managers, "manager", "nobody@example.com").is(422).says("Nobody in this portal has this e-mail address.")
	admin.post(managers, "manager", boss.Email, "since", "2026-01-15").is(303).leads(managers)
	admin.get(managers).is(200).says("Since 15 January 2026", boss.Name)
	admin.get("/people/structure").is(200).says(boss.Name, "1 direct report")
	admin.get("/people/structure?person=" + boss.ID.String() + "&on=2026-01-20").is(200).says(lee.Name)
	admin.get("/people/structure?on=2026-01-10").is(200).says("Nobody here on this day")
	admin.post("/people/"+boss.ID.String()+"/managers", "manager", lee.Email).is(409).says("that makes a loop, because")
	admin.get(at).is(200).says(boss.Name)
	admin.get("/people/" + boss.ID.String()).is(200).says("1 person reports to them.")
	h.w.Now.Advance(2 * time.Minute) // who leads somebody is remembered for a minute
	manager := h.as(boss)
	manager.get("/").is(200).says("My team")
	manager.get("/team").is(200).says(lee.Name, "Nothing to do").saysNot(other.Name)
	mine := "/team/" + lee.ID.String()
	manager.get(mine).is(200).says("Every duty is met")
	manager.post(mine+"/enrol", "course", course.Course.ID.String(), "due_on", "2020-01-01").is(422).says("This day is over where the learner is.")
	manager.post(mine+"/enrol", "course", course.Course.ID.String(), "due_on", "2026-03-05").is(303).leads(mine)
	manager.get("/team").is(200).says("1 due soon")
	h.w.Now.Advance(3 * 24 * time.Hour)
	manager.get("/team?show=overdue").is(200).says("1 overdue", lee.Name)
	manager.post("/team/nudge", "scope", "line", "note", "Please").is(303)
	manager.post(mine + "/nudge").is(409).says("This person was reminded today already.")
	manager.get(mine).is(200).says("Please", "Knots", "Overdue")
	manager.get("/team?scope=everyone").is(403)
	stranger := h.as(other)
	stranger.get("/team").is(200).says("Nobody reports to you")
	stranger.get(mine).is(404)
	stranger.post(mine + "/nudge").is(404)
	admin.get("/team").is(200).says(lee.Name, other.Name)
	manager.get("/team/" + uid.New().String()).is(404)
	// While the manager is away somebody else looks after their people.
	standIn := h.person(policy.Learner)
	deputy := h.as(standIn)
	manager = h.as(boss) // giving away what one may asks for a fresh proof
	manager.get("/team/away").is(200)
	deputy.get(mine).is(404)
	manager.post("/team/away", "to", standIn.Email, "first_day", "2026-03-01", "last_day", "2026-02-01").is(422).says("Choose a day that is not over")
	manager.post("/team/away", "to", boss.Email, "first_day", "2026-03-01", "last_day", "2026-03-20").is(409).says("Nobody stands in for themselves")
	manager.post("/team/away", "to", standIn.Email, "first_day", "2026-03-01", "last_day", "2026-03-20").is(303).leads("/team/away")
	page := manager.get("/team/away").is(200).says("looks after your people", "20 March 2026").body
	deputy.get(mine).is(200)
	deputy.get("/team").is(200).says(lee.Name)
	_, rest, _ := strings.Cut(page, "/team/away/")
	end, _, _ := strings.Cut(rest, "/end")
	stranger.post("/team/away/" + end + "/end").is(404)
	manager.post("/team/away/" + end + "/end").is(303)
	deputy.get(mine).is(404)
}
