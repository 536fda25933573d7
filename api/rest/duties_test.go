package rest_test

import (
	"testing"

	"lyceum/auth/group"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
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
	if got := s.call(t, ada, "GET", at+"/groups/"+g.ID.String()+"/preview", nil).want(t, 200).object(t); got.at("new") != 1.0 {
		t.Errorf("%v", got)
	}
	s.call(t, ada, "PUT", at+"/groups/"+g.ID.String(), nil).want(t, 200)
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
