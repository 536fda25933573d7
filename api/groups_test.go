package api_test

import (
	"testing"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

func TestAGroupIsMadeFilledAndEnrolledInTheBrowser(t *testing.T) {
	t.Parallel()
	h := setup(t)
	admin, ana := h.person(policy.Admin), h.person(policy.Learner)
	course := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Ladders"))
	b := h.as(admin)
	b.get("/groups").is(200).says("No groups here", "/groups/new?kind=rule")
	b.post("/groups/new", "kind", "static", "name", "", "do", "save").is(422).says("Enter a name.")
	at := b.post("/groups/new", "kind", "static", "name", "Roofers", "do", "save").is(303).Header.Get("Location")
	b.get(at).is(200).says("The group Roofers is made.", "0 members")
	b.get(at+"?find="+ana.Email).is(200).says(ana.Name, "Add")
	b.post(at+"/members", "person", ana.ID.String()).is(303)
	b.get(at+"?find="+ana.Email).is(200).says("1 member", "in the group")
	b.post(at+"/members", "person", uid.New().String()).is(404)
	b.get("/people/"+ana.ID.String()).is(200).says(at, "Roofers")

	b.post(at+"/courses", "course", "no-such-course").is(422).says("There is no such course. Choose one from the list.")
	b.post(at+"/courses", "course", "ladders", "later", "1").is(303)
	b.get(at).is(200).says("The people of Roofers are being enrolled.", "and who joins later")
	id, _ := uid.Parse(at[len("/groups/"):])
	if err := h.o.Intakes.Run(h.ctx, id, course.Course.ID); err != nil {
		t.Fatal(err)
	}
	b.get(at).is(200).says("1 person enrolled")
	roster := "/studio/" + course.Course.ID.String() + "/people"
	other := h.person(policy.Learner)
	if _, err := h.o.Enrolment.Enrol(storetest.As(t, h.ctx, h.w, admin), course.Course.ID, other.ID); err != nil {
		t.Fatal(err)
	}
	b.get(roster).is(200).says(ana.Email, other.Email)
	b.get(roster + "?group=" + id.String()).is(200).says(ana.Email).saysNot(other.Email)

	b.post(at + "/courses/" + course.Course.ID.String() + "/stop").is(303)
	b.post(at + "/members/" + ana.ID.String() + "/remove").is(303)
	b.get(at).is(200).says("0 members")
	b.post(at + "/delete").is(303)
	b.get(at).is(404)
}

func TestARuleIsWrittenPreviewedAndSavedInTheBrowser(t *testing.T) {
	t.Parallel()
	h := setup(t)
	admin, ana := h.person(policy.Admin), h.person(policy.Learner)
	b := h.as(admin)
	b.get("/groups/new?kind=rule").is(200).says("Who is in it", `name="field"`)
	row := []string{"kind", "rule", "name", "Learners", "match", "all", "field", "role", "op", "is", "values", "Learner"}
	b.post("/groups/new", append(row, "do", "preview")...).is(200).says("1 person would be in it", ana.Name, "Nothing is saved yet")
	b.post("/groups/new", append(row, "do", "add")...).is(200).says("field-1").saysNot("field-2")
	b.post("/groups/new", append(row, "field", "hire_date", "op", "is", "values", "x", "do", "save")...).is(422).says("This field cannot be compared like that.")
	b.post("/groups/new", append(row, "field", "hire_date", "op", "is", "values", "x", "do", "remove-1")...).is(200).saysNot("field-1")
	at := b.post("/groups/new", append(row, "do", "save")...).is(303).Header.Get("Location")
	b.get(at).is(200).says("1 member", ana.Name, "Role is", "Learner")
	b.post(at+"/members", "person", admin.ID.String()).is(409).says("A rule says who is in this group.")
	b.get(at + "/edit").is(200).says("learner")
	b.post(at+"/edit", append(row, "revision", "9", "do", "save")...).is(409).says("Someone else changed this group meanwhile")
	b.post(at+"/edit", "name", "Staff", "revision", "1", "match", "any", "field", "email", "op", "contains", "values", "@", "do", "save").is(303)
	b.get(at).is(200).says("2 members")

	manager := h.as(h.person(policy.Manager))
	manager.get(at).is(200).saysNot(at + "/edit")
	manager.get(at + "/edit").is(403)
	manager.post(at + "/delete").is(403)
	h.as(h.person(policy.Learner)).get("/groups").is(403)
}
