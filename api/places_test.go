package api_test

import (
	"context"
	"regexp"
	"testing"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/store/storetest"
)

// setting changes what a course's settings say.
func (h *house) setting(t *testing.T, course uid.ID, change func(*catalog.Course)) {
	t.Helper()
	err := h.w.Store.InTenant(h.ctx, func(ctx context.Context) error {
		c, err := h.w.Store.LockCourse(ctx, course)
		if err != nil {
			return err
		}
		change(&c)
		return h.w.Store.UpdateCourseRow(ctx, c)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAPlaceIsAskedForDecidedAndSeen(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Fire"))
	h.setting(t, o.Course.ID, func(c *catalog.Course) { c.Visibility = catalog.VisibleOnRequest })
	learner := h.person(policy.Learner)
	b, at := h.as(learner), "/studio/"+o.Course.ID.String()+"/places"
	b.get("/courses/fire").is(200).says("Ask for a place").saysNot("/courses/fire/enrol")
	b.post("/courses/fire/enrol").is(403).says("Ask for one")
	b.post("/courses/fire/place", "note", "It is <my> job.").is(303).leads("/courses/fire")
	b.get("/courses/fire").is(200).says("has not been decided yet", "Take the request back")
	b.get(at).is(403)

	m := h.as(h.person(policy.Manager))
	page := m.get(at).is(200).says(learner.Name, "It is &lt;my&gt; job.")
	request := regexp.MustCompile(`/places/([0-9a-f-]{36})"`).FindStringSubmatch(page.body)[1]
	other := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Other"))
	m.post("/studio/"+other.Course.ID.String()+"/places/"+request, "decision", "grant").is(404) // the request is of another course
	m.post(at+"/"+request, "decision", "refuse", "answer", "Next spring.").is(303).leads(at)
	m.post(at+"/"+request, "decision", "grant").is(409).says("decided or taken back")
	b.get("/courses/fire").is(200).says("Next spring.", "Ask for a place")

	b.post("/courses/fire/place").is(303)
	request = regexp.MustCompile(`/places/([0-9a-f-]{36})"`).FindStringSubmatch(m.get(at).is(200).body)[1]
	m.post(at+"/"+request, "decision", "grant").is(303)
	m.get(at).is(200).says(learner.Name + " has a place.")
	b.get("/courses/fire").is(200).says("/learn/fire").saysNot("Ask for a place")
}

func TestAFullCourseOffersItsWaitingList(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Small"))
	h.setting(t, o.Course.ID, func(c *catalog.Course) { c.Capacity = 1 })
	taker := h.as(h.person(policy.Learner))
	taker.get("/courses/small").is(200).says("1 of 1 places are free")
	taker.post("/courses/small/enrol").is(303)
	b := h.as(h.person(policy.Learner))
	b.get("/courses/small").is(200).says("All 1 places are taken.").saysNot("Join the waiting list")
	b.post("/courses/small/enrol").is(409).says("All places in this course are taken")
	h.setting(t, o.Course.ID, func(c *catalog.Course) { c.WaitingList = true })
	b.get("/courses/small").is(200).says("Join the waiting list", "You would be the first.")
	b.post("/courses/small/place").is(303)
	b.get("/courses/small").is(200).says("You are the next on the waiting list.", "Leave the waiting list")
	b.post("/courses/small/place/take-back").is(303)
	b.post("/courses/small/place/take-back").is(404)
	b.get("/courses/small").is(200).says("Join the waiting list")
}

func TestALearnerLeavesACourseAndComesBack(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Optional"))
	b := h.as(h.person(policy.Learner))
	b.get("/courses/optional").is(200).saysNot("Leave this course")
	b.post("/courses/optional/leave").is(404)
	b.post("/courses/optional/enrol").is(303)
	b.get("/courses/optional").is(200).says("Leave this course", "What you did so far is kept")
	b.post("/courses/optional/leave").is(303).leads("/courses")
	b.get("/courses").is(200).says("You left “Optional”")
	b.get("/learn/optional").is(409).says("You left this course")
	b.get("/courses/optional").is(200).says("/courses/optional/enrol").saysNot("Leave this course")
	m := h.as(h.person(policy.Manager))
	m.get("/studio/" + o.Course.ID.String() + "/people").is(200).says("Left by themselves")
	b.post("/courses/optional/enrol").is(303)
	b.get("/learn/optional").is(303)

	assigned := h.person(policy.Learner)
	if _, err := h.o.Enrolment.Enrol(storetest.Instructor(t, h.ctx, h.w), o.Course.ID, assigned.ID); err != nil {
		t.Fatal(err)
	}
	a := h.as(assigned)
	a.get("/courses/optional").is(200).saysNot("Leave this course")
	a.post("/courses/optional/leave").is(403).says("Someone asked you to take this course")
}

func TestAnAuthorTakesPeopleAlongToANewVersion(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Moving"))
	l := h.as(h.person(policy.Learner))
	l.get("/courses/moving").is(200)
	l.post("/courses/moving/enrol").is(303)
	l.get("/learn/moving/" + o.Lessons()[0].ID.String()).is(200)
	b, at := h.as(h.person(policy.Instructor)), "/studio/"+o.Course.ID.String()
	b.post(at+"/modules", "revision", b.get(at).is(200).revision(), "title", "More").is(303)
	edit := b.get(at).is(200)
	module := regexp.MustCompile(`id="module-([0-9a-f-]{36})"`).FindAllStringSubmatch(edit.body, -1)[1][1]
	b.post(at+"/modules/"+module+"/delete", "revision", edit.revision()).is(303)
	publish := b.get(at+"/publish").is(200).says("Who comes along", "Under way")
	b.post(at+"/publish", "revision", publish.revision()).is(303)
	b.get(at+"/places").is(200).says("Move them", "Under way")
	b.post(at + "/places/move").is(422).says("Choose whom to move")
	b.post(at+"/places/move", "move", "in_progress").is(303).leads(at + "/places")
	b.get(at + "/places").is(200).says("being moved")
	b.post(at+"/places/move", "move", "done").is(409).says("Nobody of those")
	m := h.as(h.person(policy.Manager))
	m.get(at + "/places").is(200).saysNot("Move them")
	m.post(at+"/places/move", "move", "in_progress").is(403)
}
