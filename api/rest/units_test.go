package rest_test

import (
	"testing"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

func TestTheStructureByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	key, _ := s.person(t, policy.Admin)
	_, lee := s.person(t, policy.Learner)
	own, mia := s.person(t, policy.Learner)
	made := func(body object) string {
		t.Helper()
		return s.call(t, key, "POST", "/structure/units", body).want(t, 201).object(t).text("id")
	}
	company := made(object{"kind": "department", "name": "Company", "code": "C"})
	sales := made(object{"kind": "department", "name": "Sales", "parent_id": company})
	plant := made(object{"kind": "department", "name": "Plant", "parent_id": company})
	s.call(t, key, "POST", "/structure/units", object{"kind": "department", "name": "Other", "code": "c"}).failed(t, 409, "org_unit_code_taken")
	s.call(t, key, "PUT", "/structure/units/"+company, object{"name": "Company", "parent_id": sales}).failed(t, 409, "org_unit_loop")
	at := "/people/" + lee.ID.String() + "/placement"
	s.call(t, key, "PUT", at, object{"department_id": sales, "mentor_id": mia.ID, "since": "2026-01-15"}).want(t, 204)
	if got := s.call(t, key, "GET", at+"?on=2026-02-01", nil).want(t, 200).object(t).at("facts").([]any); len(got) != 2 || got[0].(map[string]any)["name"] != "Sales" {
		t.Errorf("%v", got)
	}
	s.call(t, key, "GET", at+"?on=soon", nil).failed(t, 422, "invalid_input")
	if got := s.call(t, key, "GET", "/people?unit="+company, nil).want(t, 200).object(t).at("items").([]any); len(got) != 1 {
		t.Errorf("%v", got)
	}
	if got := s.call(t, key, "POST", "/structure/units/"+sales+"/merge", object{"into": plant}).want(t, 200).object(t).at("people"); got != float64(1) {
		t.Errorf("%v", got)
	}
	s.call(t, key, "POST", "/structure/units/"+plant+"/close", nil).failed(t, 409, "org_unit_held")
	s.call(t, key, "POST", "/structure/units/"+sales+"/open", nil).want(t, 204)
	s.call(t, key, "GET", "/structure/units/"+uid.New().String(), nil).failed(t, 404, "org_unit_not_found")
	if got := s.call(t, key, "GET", "/structure/units?kind=department&on=2026-02-01", nil).want(t, 200).object(t).at("items").([]any); len(got) != 0 {
		t.Errorf("before they were made: %v", got)
	}
	if got := s.call(t, key, "GET", "/structure/units?kind=department", nil).want(t, 200).object(t).at("items").([]any); len(got) != 3 {
		t.Errorf("%v", got)
	}

	field := s.call(t, key, "POST", "/person-fields", object{"name": "Shoe size", "kind": "number", "seen_by": "self", "edited_by": "self"}).want(t, 201).object(t)
	if field.text("code") != "shoe_size" {
		t.Errorf("%v", field)
	}
	s.call(t, key, "POST", "/person-fields", object{"name": "Secret", "kind": "text", "seen_by": "manage", "edited_by": "manage"}).want(t, 201)
	s.call(t, own, "PUT", "/me/fields", object{"fields": object{"shoe_size": "41,5"}}).failed(t, 422, "invalid_input")
	s.call(t, own, "PUT", "/me/fields", object{"fields": object{"secret": "x"}}).failed(t, 422, "invalid_input")
	s.call(t, own, "PUT", "/me/fields", object{"fields": object{"shoe_size": "41.5"}}).want(t, 204)
	if got := s.call(t, own, "GET", "/me/placement", nil).want(t, 200).object(t).at("facts").([]any); len(got) != 1 || got[0].(map[string]any)["value"] != "41.5" {
		t.Errorf("%v", got)
	}
	s.call(t, own, "GET", at, nil).failed(t, 403, "forbidden")
	reader, _ := s.person(t, policy.Manager)
	s.call(t, reader, "GET", "/people?field=secret&value=x", nil).failed(t, 422, "invalid_input")
	s.call(t, key, "GET", "/people?field=secret&value=x", nil).want(t, 200)
	s.call(t, key, "POST", "/person-fields/"+field.text("id")+"/archive", nil).want(t, 204)
	if got := s.call(t, key, "GET", "/person-fields", nil).want(t, 200).object(t).at("items").([]any); len(got) != 1 {
		t.Errorf("%v", got)
	}
	s.call(t, key, "PUT", "/structure/team-kinds", object{"kinds": []string{"mentor"}}).want(t, 204)
	if got := s.call(t, key, "GET", "/structure/team-kinds", nil).want(t, 200).object(t).at("kinds").([]any); len(got) != 1 {
		t.Errorf("%v", got)
	}
	s.call(t, key, "PUT", "/structure/team-kinds", object{"kinds": []string{"line"}}).failed(t, 422, "invalid_input")
}
