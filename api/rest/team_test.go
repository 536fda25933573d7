package rest_test

import (
	"testing"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

func TestTheTeamByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	course := storetest.PublishedCourse(t, s.ctx, s.World, storetest.SmallCourse("Knots"))
	key, admin := s.person(t, policy.Admin)
	bossKey, boss := s.person(t, policy.Learner)
	_, lee := s.person(t, policy.Learner)
	manager := "/people/" + lee.ID.String() + "/manager"
	s.call(t, key, "PUT", manager, object{"manager_id": boss.ID}).want(t, 204)
	s.call(t, key, "PUT", "/people/"+boss.ID.String()+"/manager", object{"manager_id": lee.ID}).failed(t, 409, "reporting_loop")
	if got := s.call(t, key, "GET", manager, nil).want(t, 200).object(t); got.at("manager_id") != boss.ID.String() {
		t.Errorf("%v", got)
	}
	list := s.call(t, bossKey, "GET", "/team", nil).want(t, 200).object(t).at("items").([]any)
	if len(list) != 1 || list[0].(map[string]any)["person_id"] != lee.ID.String() {
		t.Errorf("%v", list)
	}
	mine := "/team/" + lee.ID.String()
	s.call(t, bossKey, "POST", mine+"/enrolments", object{"course_id": course.Course.ID, "due_on": "2026-04-01"}).want(t, 204)
	s.call(t, bossKey, "POST", mine+"/enrolments", object{"course_id": course.Course.ID}).failed(t, 409, "not_enrolled")
	if got := s.call(t, bossKey, "GET", mine, nil).want(t, 200).object(t).at("things").([]any); len(got) != 1 {
		t.Errorf("%v", got)
	}
	s.call(t, bossKey, "POST", mine+"/nudges", object{"note": "Please"}).want(t, 201)
	s.call(t, bossKey, "POST", mine+"/nudges", object{}).failed(t, 409, "reminded_today")
	s.call(t, bossKey, "POST", "/team/nudges", object{}).want(t, 200)
	s.call(t, bossKey, "GET", "/team/counts?scope=everyone", nil).failed(t, 403, "forbidden")
	if got := s.call(t, bossKey, "GET", "/team/counts", nil).want(t, 200).object(t); got.at("people") != float64(1) || got.at("scope") != "line" {
		t.Errorf("%v", got)
	}
	if got := s.call(t, bossKey, "GET", "/team/requests", nil).want(t, 200).object(t).at("items").([]any); len(got) != 0 {
		t.Errorf("%v", got)
	}
	s.call(t, bossKey, "PUT", "/team/requests/"+uid.New().String(), object{"grant": true}).failed(t, 404, "place_request_not_found")
	s.call(t, bossKey, "GET", "/team/"+admin.ID.String(), nil).failed(t, 404, "not_in_your_line")
	s.call(t, key, "PUT", manager, object{}).want(t, 204)
	s.call(t, bossKey, "GET", mine, nil).failed(t, 404, "not_in_your_line")
}

func TestTheStructureAndDelegationsByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	key, _ := s.person(t, policy.Admin)
	_, boss := s.person(t, policy.Learner)
	_, lee := s.person(t, policy.Learner)
	manager := "/people/" + lee.ID.String() + "/manager"
	s.call(t, key, "PUT", manager, object{"manager_id": boss.ID, "since": "2026-01-15"}).want(t, 204)
	s.call(t, key, "PUT", manager, object{"manager_id": boss.ID, "since": "2030-01-15"}).failed(t, 422, "invalid_input")
	if got := s.call(t, key, "GET", manager+"s", nil).want(t, 200).object(t).at("items").([]any); len(got) != 1 || got[0].(map[string]any)["valid_from"] != "2026-01-15" {
		t.Errorf("%v", got)
	}
	if got := s.call(t, key, "GET", "/structure?on=2026-02-01", nil).want(t, 200).object(t).at("items").([]any); len(got) != 1 || got[0].(map[string]any)["person_id"] != boss.ID.String() {
		t.Errorf("%v", got)
	}
	if got := s.call(t, key, "GET", "/structure?on=2026-02-01&person="+boss.ID.String(), nil).want(t, 200).object(t).at("items").([]any); len(got) != 1 {
		t.Errorf("%v", got)
	}
	s.call(t, key, "GET", "/structure?person="+uid.New().String(), nil).failed(t, 404, "person_not_found")
	away := object{"giver_id": boss.ID, "to": lee.Email, "first_day": "2026-03-01", "last_day": "2026-03-20"}
	id := s.call(t, key, "POST", "/delegations", away).want(t, 201).object(t).text("id")
	if got := s.call(t, key, "GET", "/delegations?everybody=true", nil).want(t, 200).object(t).at("items").([]any); len(got) != 1 {
		t.Errorf("%v", got)
	}
	if got := s.call(t, key, "GET", "/delegations", nil).want(t, 200).object(t).at("items").([]any); len(got) != 0 {
		t.Errorf("%v", got)
	}
	s.call(t, key, "DELETE", "/delegations/"+id, nil).want(t, 204)
	s.call(t, key, "DELETE", "/delegations/"+id, nil).failed(t, 404, "delegation_not_found")
}
