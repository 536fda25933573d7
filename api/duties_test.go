package api_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"lyceum/auth/group"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/path"
	"lyceum/store/storetest"
)

func TestAManagerMakesARequirementAndALearnerSeesTheirDuty(t *testing.T) {
	t.Parallel()
	h := setup(t)
	course := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Knots"))
	lee := h.person(policy.Learner)
	admin := storetest.As(t, h.ctx, h.w, storetest.Person(t, h.ctx, h.w, policy.Admin))
	g, err := h.o.Groups.Create(admin, group.Input{Name: "Riggers"})
	if err == nil {
		_, err = h.o.Groups.Add(admin, g.ID, []uid.ID{lee.ID})
	}
	if err != nil {
		t.Fatal(err)
	}
	boss, learner := h.as(h.person(policy.Manager)), h.as(lee)
	learner.get("/duties").is(200).says("Nothing is asked of you")
	learner.get("/compliance").is(403)
	boss.get("/compliance").is(200).says("No requirements yet")
	boss.get("/compliance/new").is(200).says("Knots")
	boss.post("/compliance/new", "name", " ", "course", course.Course.ID.String(), "grace_days", "0", "renew_days", "0").is(422).says("Use a name of 1 to 120 characters.")
	boss.post("/compliance/new", "name", "Rigging", "course", course.Course.ID.String(), "due_days", "30", "valid_months", "12", "grace_days", "7", "renew_days", "60", "revision", "0").is(303)
	_, rest, _ := strings.Cut(boss.get("/compliance").is(200).says("Rigging").body, `href="/compliance/`)
	_, rest, _ = strings.Cut(rest, `href="/compliance/`) // the first one is the matrix
	_, rest, _ = strings.Cut(rest, `href="/compliance/`) // the next one makes a new one
	id, _, _ := strings.Cut(rest, `"`)
	if strings.HasPrefix(rest, "new") {
		t.Fatal("no requirement is listed")
	}
	at := "/compliance/" + id
	plan := at + "/plan?group=" + g.ID.String() + "&do="
	boss.get(plan + "nonsense").is(422)
	boss.get(plan+"add").is(200).says("Apply to everyone in “Riggers”", "Get the duty")
	boss.post(at+"/scope", "do", "add").is(422).says("Choose a group.")
	boss.post(at+"/scope", "do", "add", "group", g.ID.String()).is(303).leads(at)
	boss.get(at+"/plan?do=on").is(200).says("Gets the duty", lee.Name)
	learner.get("/duties").is(200).says("Nothing is asked of you") // a draft catches nobody
	boss.post(at+"/scope", "do", "on").is(303).leads(at)
	boss.get(at).is(200).says("Not started", "Riggers", "Valid for 12 months.")
	learner.get("/duties").is(200).says("Rigging", "Not started", "because of Riggers", "Due on")
	boss.post(at+"/people/"+lee.ID.String()+"/waive", "reason", " ").is(422).says("Say why, in at most 1,000 characters.")
	boss.post(at+"/people/"+lee.ID.String()+"/waive", "reason", "On leave.").is(303)
	learner.get("/duties").is(200).says("Waived", "On leave.")
	boss.post(at + "/people/" + lee.ID.String() + "/unwaive").is(303)
	boss.post(at+"/scope", "do", "remove", "group", g.ID.String()).is(303)
	learner.get("/duties").is(200).says("Nothing is asked of you")
	run := regexp.MustCompile(at + `/runs/[0-9a-f-]{36}`).FindString(boss.get(at).is(200).says("“Riggers” taken out").body)
	boss.get(run).is(200).says("Has it no more", lee.Name)
	learner.post(run + "/undo").is(403)
	boss.post(run + "/undo").is(303).leads(at)
	boss.post(run + "/undo").is(409).says("This change cannot be undone")
	learner.get("/duties").is(200).says("Rigging")
	boss.get(at+"?find="+url.QueryEscape(lee.Email)).is(200).says("Leave this person out", lee.Email)
	boss.post(at+"/people", "person", lee.ID.String(), "reason", " ", "excepted", "1").is(422).says("Say why, in at most 1,000 characters.")
	boss.post(at+"/people", "person", lee.ID.String(), "reason", "Has it from the brigade.", "excepted", "1").is(303)
	boss.get(at).is(200).says("Has it from the brigade.", "Left out")
	learner.get("/duties").is(200).says("Nothing is asked of you")
	boss.post(at + "/people/" + lee.ID.String() + "/unname").is(303)
	learner.get("/duties").is(200).says("Rigging")
	boss.post(at+"/edit", "name", "Rigging", "course", course.Course.ID.String(), "due_on", "2031-03-31", "grace_days", "0", "renew_days", "0", "leave_course", "1", "revision", "1").is(303)
	boss.get(at + "/edit").is(200).says(`value="2031-03-31"`)
	learner.get("/duties").is(200).says("31 March 2031")
	boss.get("/compliance/" + uid.New().String()).is(404)
}

func TestAManagerHasAPathFulfilARequirement(t *testing.T) {
	t.Parallel()
	h := setup(t)
	admin := storetest.As(t, h.ctx, h.w, storetest.Person(t, h.ctx, h.w, policy.Admin))
	ropes, knots := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Ropes")), storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Knots"))
	in := path.Input{Title: "Up the mast"}
	p, err := h.o.Paths.Create(admin, in)
	if err == nil {
		in.Slug = p.Slug
		p, err = h.o.Paths.Set(admin, p.ID, p.Revision, in, []path.Section{{Title: "All", Ordered: true, Courses: []uid.ID{ropes.Course.ID, knots.Course.ID}}})
	}
	if err != nil {
		t.Fatal(err)
	}
	boss, lee := h.as(h.person(policy.Manager)), h.person(policy.Learner)
	if strings.Contains(boss.get("/compliance/new").is(200).body, "Up the mast") {
		t.Error("a draft is there to choose from")
	}
	if p, err = h.o.Paths.Publish(admin, p.ID, p.Revision); err != nil {
		t.Fatal(err)
	}
	boss.get("/compliance/new").is(200).says("The path Up the mast")
	// The list of courses has something chosen whatever fulfils it: a path goes before it.
	boss.post("/compliance/new", "name", "Rigging", "path", uid.New().String(), "course", ropes.Course.ID.String(), "grace_days", "0", "renew_days", "0").is(422).says("Choose a path that is published and has courses.")
	to := boss.post("/compliance/new", "name", "Rigging", "path", p.ID.String(), "course", ropes.Course.ID.String(), "due_days", "30", "grace_days", "0", "renew_days", "0", "revision", "0").is(303).Header.Get("Location")
	boss.get(to).is(200).says("Path that fulfils it", "Up the mast", "Ropes", "Knots")
	boss.get(to + "/edit").is(200).says(`value="` + p.ID.String() + `" selected`)
	boss.post(to+"/people", "person", lee.ID.String(), "reason", "Goes up.").is(303)
	boss.post(to+"/scope", "do", "on").is(303)
	h.as(lee).get("/duties").is(200).says("Rigging", "To the path", `href="/paths/`+p.Slug+`"`)
}
