package api_test

import (
	"strings"
	"testing"

	"lyceum/auth/policy"
)

func TestARoleIsMadePreviewedGivenAndExplainedInTheBrowser(t *testing.T) {
	t.Parallel()
	h := setup(t)
	admin, p := h.person(policy.Admin), h.person(policy.Learner)
	b := h.as(admin)
	b.get("/settings/roles").is(200).says("Administrator", "built in")
	b.get("/settings/roles/new?like=learner").is(200).says(`name="inherits" value="learner" checked`)
	b.post("/settings/roles", "name", "", "inherits", "learner").is(422).says("Enter a name.")
	made := b.post("/settings/roles", "name", "Translator", "description", "Brings courses into German", "inherits", "learner", "permissions", "course:edit").is(303)
	at := made.Header.Get("Location")
	b.get(at).is(200).says("The role Translator is made", "Translator")

	b.get("/people/" + p.ID.String()).is(200).says("Translator")
	code := strings.TrimPrefix(at, "/settings/roles/")
	b.post("/people/"+p.ID.String()+"/roles", "roles", code).is(303)
	b.get("/people?role="+code).is(200).says(p.Name, "Translator")
	b.get(at).is(200).says("1 active person has this role")
	b.post(at, "name", "Translator", "inherits", "learner", "permissions", "course:publish", "do", "preview").is(200).
		says("1 person gains, 1 person loses", "Publish and archive courses", "Nothing is saved yet")
	b.get("/settings/roles/why?person="+p.ID.String()+"&permission=course:edit").is(200).says(p.Name+" may", code+": p, "+code+", course, edit")
	b.post(at, "name", "Translator", "inherits", "learner", "permissions", "course:publish").is(303)
	b.get("/settings/roles/why?person="+p.ID.String()+"&permission=course:edit").is(200).says(p.Name+" may not", "Roles that would allow it", "Instructor")
	b.get("/settings/roles/why?person=" + p.Email + "&permission=course:edit").is(200).says(p.Name + " may not")
	b.get("/settings/roles/who?permission=course:publish").is(200).says(p.Name, "Translator", admin.Name)
	b.get("/settings/roles/who?permission=course:fly").is(404)
	b.post(at + "/delete").is(409).says("still give this role")
	b.get("/settings/roles/own-00000000").is(404)

	manager := h.as(h.person(policy.Manager))
	manager.get(at).is(200).saysNot(`name="permissions"`)
	manager.post(at, "name", "Mine", "inherits", "learner").is(403)
	h.as(h.person(policy.Learner)).get("/settings/roles").is(403)
}
