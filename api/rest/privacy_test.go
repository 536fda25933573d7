package rest_test

import (
	"testing"
	"time"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

func TestAPersonIsErasedByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, _ := s.person(t, policy.Admin)
	lee, who := s.person(t, policy.Learner)
	at := "/people/" + who.ID.String()
	s.call(t, lee, "GET", "/privacy/register", nil).want(t, 403)
	if got := s.call(t, ada, "GET", "/privacy/register", nil).want(t, 200).object(t).at("items").([]any); len(got) < 20 {
		t.Errorf("%d lines", len(got))
	}
	if got := s.call(t, ada, "GET", at+"/data", nil).want(t, 200).object(t); got.at("goes").(float64) < 2 {
		t.Errorf("%v", got)
	}
	s.call(t, ada, "GET", "/people/"+uid.New().String()+"/data", nil).failed(t, 404, "person_not_found")
	s.call(t, lee, "GET", "/me/erasure", nil).failed(t, 404, "erasure_not_found")
	id := s.call(t, lee, "POST", "/me/erasure", object{}).want(t, 202).object(t).text("id")
	s.call(t, lee, "POST", "/me/erasure", object{}).failed(t, 409, "erasure_open")
	s.call(t, ada, "POST", "/erasures/"+id+"/refuse", object{"answer": ""}).failed(t, 422, "invalid_input")
	s.call(t, ada, "POST", at+"/erasure", object{"confirm": "x"}).failed(t, 422, "invalid_input")
	if got := s.call(t, ada, "POST", at+"/erasure", object{"confirm": who.Email}).want(t, 202).object(t); got.text("id") != id || got.text("status") != "scheduled" {
		t.Errorf("%v", got)
	}
	if got := s.call(t, lee, "GET", "/me/erasure", nil).want(t, 200).object(t); got.text("status") != "scheduled" {
		t.Errorf("%v", got)
	}
	s.Now.Advance(8 * 24 * time.Hour)
	if err := s.services.Privacy.Run(s.ctx); err != nil {
		t.Fatal(err)
	}
	if got := s.call(t, ada, "GET", "/erasures/"+id, nil).want(t, 200).object(t); got.text("status") != "erased" || len(got.text("receipt")) < 100 {
		t.Errorf("%v", got)
	}
	if got := s.call(t, ada, "GET", "/erasures", nil).want(t, 200).object(t).at("items").([]any); len(got) != 1 {
		t.Errorf("%v", got)
	}
	s.call(t, ada, "GET", "/people/"+who.ID.String(), nil).failed(t, 404, "person_not_found")
	s.call(t, ada, "DELETE", "/erasures/"+id, nil).failed(t, 409, "erasure_decided")
	s.call(t, ada, "GET", "/erasures/"+uid.New().String(), nil).failed(t, 404, "erasure_not_found")
	s.call(t, ada, "POST", "/erasures/returns", object{"email": who.Email}).want(t, 204)
}

func TestACopyOfDataIsAskedForAndFetchedByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, _ := s.person(t, policy.Admin)
	lee, person := s.person(t, policy.Learner)
	made := func(by who, ask string) string {
		id := s.call(t, by, "POST", ask, object{}).want(t, 202).object(t).text("id")
		one, _ := uid.Parse(id)
		if err := s.services.Access.Make(s.ctx, one); err != nil {
			t.Fatal(err)
		}
		return id
	}
	own := made(lee, "/me/data-requests")
	s.call(t, lee, "POST", "/me/data-requests", object{}).failed(t, 409, "data_request_too_soon")
	if got := s.call(t, lee, "GET", "/me/data-requests/"+own, nil).want(t, 200).object(t); got.text("status") != "ready" || got.at("percent").(float64) != 100 || len(got.text("sha256")) != 64 {
		t.Errorf("%v", got)
	}
	if got := s.call(t, lee, "GET", "/me/data-requests/"+own+"/file", nil).want(t, 200); string(got.body[:2]) != "PK" {
		t.Errorf("%q", got.body[:20])
	}
	if got := s.call(t, lee, "GET", "/me/data-requests", nil).want(t, 200).object(t).at("items").([]any); len(got) != 1 {
		t.Errorf("%v", got)
	}
	s.call(t, ada, "GET", "/data-requests/"+own, nil).failed(t, 404, "data_request_not_found")
	s.call(t, lee, "POST", "/people/"+person.ID.String()+"/data-requests", object{}).want(t, 403)
	s.call(t, ada, "POST", "/people/"+uid.New().String()+"/data-requests", object{}).failed(t, 404, "person_not_found")
	given := made(ada, "/people/"+person.ID.String()+"/data-requests")
	s.call(t, lee, "GET", "/me/data-requests/"+given+"/file", nil).failed(t, 404, "data_request_not_found")
	s.call(t, ada, "GET", "/data-requests/"+given+"/file", nil).want(t, 200)
	if got := s.call(t, ada, "GET", "/data-requests", nil).want(t, 200).object(t).at("items").([]any); len(got) != 2 {
		t.Errorf("%v", got)
	}
}

func TestALegalHoldByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, _ := s.person(t, policy.Admin)
	lee, person := s.person(t, policy.Learner)
	s.call(t, lee, "GET", "/holds", nil).want(t, 403)
	s.call(t, ada, "POST", "/holds", object{"name": "Dispute", "reason": "Court"}).failed(t, 422, "invalid_input")
	id := s.call(t, ada, "POST", "/holds", object{"name": "Dispute", "reason": "Court", "people": []string{person.ID.String()}}).want(t, 201).object(t).text("id")
	s.call(t, ada, "POST", "/holds", object{"name": "Dispute", "reason": "Court", "whole": true}).failed(t, 409, "hold_name_used")
	if got := s.call(t, ada, "GET", "/holds/"+id, nil).want(t, 200).object(t); got.at("people").(float64) != 1 || got.text("name") != "Dispute" {
		t.Errorf("%v", got)
	}
	if got := s.call(t, ada, "GET", "/holds/"+id+"/people", nil).want(t, 200).object(t).at("items").([]any); len(got) != 1 {
		t.Errorf("%v", got)
	}
	if got := s.call(t, ada, "GET", "/people/"+person.ID.String()+"/data", nil).want(t, 200).object(t).at("hold_ids").([]any); len(got) != 1 || got[0] != id {
		t.Errorf("%v", got)
	}
	s.call(t, ada, "POST", "/people/"+person.ID.String()+"/erasure", object{"confirm": person.Email}).failed(t, 409, "person_held")
	s.call(t, ada, "POST", "/holds/"+id+"/people", object{"groups": []string{uid.New().String()}}).failed(t, 404, "group_not_found")
	// What is taken from who is under it is set aside: a place in a group.
	group := s.call(t, ada, "POST", "/groups", object{"name": "Welders"}).want(t, 201).object(t).text("id")
	s.call(t, ada, "POST", "/groups/"+group+"/members", object{"people": []string{person.ID.String()}}).want(t, 200)
	s.call(t, ada, "DELETE", "/groups/"+group, nil).want(t, 204)
	s.call(t, lee, "GET", "/holds/"+id+"/rows", nil).want(t, 403)
	if got := s.call(t, ada, "GET", "/holds/"+id+"/rows?limit=1", nil).want(t, 200).object(t).at("items").([]any); len(got) != 1 || got[0].(map[string]any)["place"] != "group_members" || got[0].(map[string]any)["topic"] != "access" || got[0].(map[string]any)["data"].(map[string]any)["group_id"] != group {
		t.Errorf("%v", got)
	}
	s.call(t, ada, "GET", "/holds/"+uid.New().String()+"/rows", nil).failed(t, 404, "hold_not_found")
	s.call(t, ada, "DELETE", "/holds/"+id+"/people/"+person.ID.String(), nil).want(t, 204)
	s.call(t, ada, "DELETE", "/holds/"+id+"/people/"+person.ID.String(), nil).failed(t, 404, "hold_person_not_found")
	s.call(t, ada, "POST", "/holds/"+id+"/release", object{"reason": ""}).failed(t, 422, "invalid_input")
	s.call(t, ada, "POST", "/holds/"+id+"/release", object{"reason": "Settled"}).want(t, 204)
	s.call(t, ada, "POST", "/holds/"+id+"/release", object{"reason": "Settled"}).failed(t, 409, "hold_released")
	if got := s.call(t, ada, "GET", "/holds/"+id+"/rows", nil).want(t, 200).object(t).at("items").([]any); len(got) != 0 {
		t.Errorf("%v", got)
	}
	s.call(t, ada, "GET", "/holds/"+uid.New().String(), nil).failed(t, 404, "hold_not_found")
}

func TestRetentionByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, _ := s.person(t, policy.Admin)
	lee, _ := s.person(t, policy.Learner)
	s.call(t, lee, "GET", "/retention", nil).want(t, 403)
	if got := s.call(t, ada, "GET", "/retention", nil).want(t, 200).object(t); got.at("on") != false || len(got.at("lines").([]any)) < 8 {
		t.Errorf("%v", got)
	}
	line := func(name string, days int) object {
		return object{"lines": []object{{"line": name, "days": days}}}
	}
	s.call(t, ada, "PUT", "/retention", line("compliance.duties", 30)).failed(t, 422, "invalid_input")
	s.call(t, ada, "PUT", "/retention", line("nonsense", 300)).failed(t, 422, "retention_line_unknown")
	s.call(t, ada, "PUT", "/retention", line("compliance.duties", 2000)).want(t, 200)
	if got := s.call(t, ada, "GET", "/retention/preview", nil).want(t, 200).object(t); got.at("rows").(float64) != 0 {
		t.Errorf("%v", got)
	}
	s.call(t, ada, "POST", "/retention/switch", object{"on": true}).want(t, 204)
	if got := s.call(t, ada, "GET", "/retention", nil).want(t, 200).object(t); got.at("on") != true {
		t.Errorf("%v", got)
	}
}
