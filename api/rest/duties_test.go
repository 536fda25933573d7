package rest_test

import (
	"testing"

	"lyceum/auth/group"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/path"
	"lyceum/store/storetest"
)

func TestRequirementsAreMadeAppliedAndWaivedByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, _ := s.person(t, policy.Admin)
	lee, learner := s.person(t, policy.Learner)
	course := storetest.PublishedCourse(t, s.ctx, s.World, storetest.SmallCourse("Fire"))
	admin := storetest.As(t, s.ctx, s.World, storetest.Person(t, s.ctx, s.World, policy.Admin))
	groups := group.New(s.Store, s.Now.Clock())
	g, err := groups.Create(admin, group.Input{Name: "Cooks"})
	if err == nil {
		_, err = groups.Add(admin, g.ID, []uid.ID{learner.ID})
	}
	if err != nil {
		t.Fatal(err)
	}
	in := object{"name": "Fire safety", "framework": "OSHA", "courses": []uid.ID{course.Course.ID}, "due_days": 30, "valid_months": 12, "renew_days": 60}
	s.call(t, lee, "POST", "/requirements", in).want(t, 403)
	s.call(t, ada, "POST", "/requirements", object{"name": "X", "courses": []uid.ID{uid.New()}}).failed(t, 422, "invalid_input")
	at := "/requirements/" + s.call(t, ada, "POST", "/requirements", in).want(t, 201).object(t).text("id")
	s.call(t, ada, "POST", "/requirements", in).failed(t, 409, "requirement_name_taken")
	s.call(t, ada, "GET", "/requirements/"+uid.New().String(), nil).failed(t, 404, "requirement_not_found")
	if got := s.call(t, ada, "GET", at, nil).want(t, 200).object(t); got.at("status") != "draft" {
		t.Errorf("%v", got)
	}
	s.call(t, ada, "PUT", at+"/groups/"+g.ID.String(), nil).want(t, 200)
	s.call(t, ada, "GET", at+"/plan?do=add", nil).failed(t, 422, "invalid_input")
	s.call(t, ada, "GET", at+"/plan?do=add&group="+uid.New().String(), nil).failed(t, 404, "group_not_found")
	if got := s.call(t, ada, "GET", at+"/plan?do=on", nil).want(t, 200).object(t); got.at("given") != 1.0 || got.at("withdrawn") != 0.0 || len(got.at("items").([]any)) != 1 {
		t.Errorf("%v", got)
	}
	s.call(t, ada, "POST", at+"/switch", object{"on": true}).want(t, 200)
	named := at + "/people/" + learner.ID.String()
	s.call(t, ada, "PUT", named, object{"reason": "Has it from the brigade.", "excepted": true}).want(t, 200)
	s.call(t, lee, "POST", at+"/switch", object{"on": false}).want(t, 403)
	runs := s.call(t, ada, "GET", at+"/runs", nil).want(t, 200).object(t).at("items").([]any)
	newest, _ := runs[0].(map[string]any)
	if len(runs) != 3 || newest["cause"] != "person_excepted" || newest["withdrawn"] != 1.0 || newest["undoable"] != true {
		t.Fatalf("%v", runs)
	}
	run := at + "/runs/" + newest["id"].(string)
	if got := s.call(t, ada, "GET", run+"/changes", nil).want(t, 200).object(t).at("items").([]any); len(got) != 1 || got[0].(map[string]any)["change"] != "withdrawn" {
		t.Errorf("%v", got)
	}
	s.call(t, ada, "POST", run+"/undo", nil).want(t, 200)
	s.call(t, ada, "POST", run+"/undo", nil).failed(t, 409, "requirement_run_not_undoable")
	s.call(t, ada, "DELETE", named, nil).failed(t, 404, "requirement_person_not_found")
	s.call(t, ada, "POST", at+"/runs/"+uid.New().String()+"/undo", nil).failed(t, 404, "requirement_run_not_found")
	own := s.call(t, lee, "GET", "/me/duties", nil).want(t, 200).object(t).at("items").([]any)
	if len(own) != 1 || own[0].(map[string]any)["state"] != "not_started" || own[0].(map[string]any)["reasons"] != "Cooks" {
		t.Errorf("%v", own)
	}
	person := at + "/duties/" + learner.ID.String() + "/waiver"
	s.call(t, ada, "PUT", person, object{"reason": "On leave."}).want(t, 204)
	if got := s.call(t, ada, "GET", at+"/duties?state=waived", nil).want(t, 200).object(t).at("items").([]any); len(got) != 1 {
		t.Errorf("%v", got)
	}
	s.call(t, ada, "DELETE", person, nil).want(t, 204)
	in["revision"] = 0
	s.call(t, ada, "PUT", at, in).failed(t, 409, "requirement_changed")
	in["revision"] = 1
	s.call(t, ada, "PUT", at, in).want(t, 200)
	s.call(t, ada, "DELETE", at+"/groups/"+g.ID.String(), nil).want(t, 204)
	s.call(t, ada, "DELETE", at+"/groups/"+g.ID.String(), nil).failed(t, 404, "requirement_group_not_found")
	s.call(t, ada, "PUT", person, object{"reason": "On leave."}).failed(t, 404, "duty_not_found")
	s.call(t, ada, "GET", "/requirements", nil).want(t, 200)
}

func TestAPathFulfilsARequirementByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, _ := s.person(t, policy.Admin)
	lee, learner := s.person(t, policy.Learner)
	admin := storetest.As(t, s.ctx, s.World, storetest.Person(t, s.ctx, s.World, policy.Admin))
	course := storetest.PublishedCourse(t, s.ctx, s.World, storetest.SmallCourse("Ropes"))
	in := path.Input{Title: "Up the mast"}
	p, err := s.services.Paths.Create(admin, in)
	if err == nil {
		in.Slug = p.Slug
		p, err = s.services.Paths.Set(admin, p.ID, p.Revision, in, []path.Section{{Title: "All", Courses: []uid.ID{course.Course.ID}}})
	}
	if err != nil {
		t.Fatal(err)
	}
	body := object{"name": "Rigging", "path": p.ID, "status": "on", "due_days": 30}
	s.call(t, ada, "POST", "/requirements", body).failed(t, 422, "invalid_input") // a draft
	if p, err = s.services.Paths.Publish(admin, p.ID, p.Revision); err != nil {
		t.Fatal(err)
	}
	for _, more := range []object{{"courses": []uid.ID{course.Course.ID}}, {"until_certificate": true}, {"path": uid.New()}, {"path": nil}} {
		wrong := object{}
		for _, o := range []object{body, more} {
			for k, v := range o {
				wrong[k] = v
			}
		}
		s.call(t, ada, "POST", "/requirements", wrong).failed(t, 422, "invalid_input")
	}
	made := s.call(t, ada, "POST", "/requirements", body).want(t, 201).object(t)
	if made.at("path") != p.ID.String() || len(made.at("courses").([]any)) != 1 {
		t.Errorf("%v", made)
	}
	s.call(t, ada, "PUT", "/requirements/"+made.text("id")+"/people/"+learner.ID.String(), object{"reason": "Goes up."}).want(t, 200)
	id, _ := uid.Parse(made.text("id"))
	if err = s.services.Duties.Run(s.ctx, id); err != nil {
		t.Fatal(err)
	}
	if got := s.call(t, lee, "GET", "/paths/"+p.ID.String(), nil).want(t, 200).object(t).at("mine"); got == nil || got.(map[string]any)["assigned"] != true {
		t.Errorf("on the path: %v", got)
	}
}
