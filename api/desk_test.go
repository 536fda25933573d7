package api_test

import (
	"strings"
	"testing"
	"time"

	"lyceum/auth/policy"
	"lyceum/store/storetest"
)

func TestAnInstructorSeesAllCoursesAtOnce(t *testing.T) {
	t.Parallel()
	h := setup(t)
	teacher, learner := h.as(h.person(policy.Instructor)), h.as(h.person(policy.Learner))
	teacher.get("/studio/desk").is(200).says("Nobody is in a course yet")
	course := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Knots"))
	_, e := storetest.EnrolledLearner(t, h.ctx, h.w, course)
	h.w.Now.Advance(8 * 24 * time.Hour)
	page := teacher.get("/studio/desk").is(200).says("Knots", "not begun", "/studio/"+course.Course.ID.String()+"/desk", "1 of 1 stop here.").body
	if !strings.Contains(page, e.PersonID.String()) && strings.Contains(page, `href="/people/`) {
		t.Error("who is behind is not linked")
	}
	teacher.get("/studio/desk?whose=mine").is(200).says("Nobody is in a course yet")
	teacher.get("/studio/desk?who=quiet&whose=all").is(200).says("Nobody in these courses is in this group.")
	teacher.get("/studio/desk?people=x").is(422)
	learner.get("/studio/desk").is(403)
}

func TestAnInstructorSeesWhoIsBehindAndWritesToThem(t *testing.T) {
	t.Parallel()
	h := setup(t)
	course := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Knots"))
	_, e := storetest.EnrolledLearner(t, h.ctx, h.w, course)
	h.w.Now.Advance(8 * 24 * time.Hour)
	at := "/studio/" + course.Course.ID.String() + "/desk"
	teacher := h.as(h.person(policy.Instructor))
	page := teacher.get(at).is(200).says("Where people stop", "not begun", course.Lessons()[0].Title).body
	_, rest, ok := strings.Cut(page, `name="key" value="`)
	if !ok {
		t.Fatal("no form to write with")
	}
	key, _, _ := strings.Cut(rest, `"`)
	teacher.post(at+"/messages", "key", key, "who", "unbegun", "body", " ").is(422).says("Write a few words.")
	for range 2 { // a second click
		teacher.post(at+"/messages", "key", key, "who", "unbegun", "body", "Shall we begin?").is(303).leads(at)
	}
	teacher.get(at).is(200).says("Your message goes to 1 people.", "Shall we begin?", "written to on")
	n := 0
	for _, typ := range storetest.EventTypes(t, h.ctx, h.w, e.ID) {
		if typ == "learner.messaged" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("told %d times", n)
	}
	teacher.post(at+"/messages", "key", "x", "who", "unbegun", "body", "Hello").is(422)
	teacher.get(at + "?who=quiet").is(200).says("Nobody of the course is in this group.")
	h.as(h.person(policy.Learner)).get(at).is(403)
	teacher.get("/studio/" + e.ID.String() + "/desk").is(404)
}
