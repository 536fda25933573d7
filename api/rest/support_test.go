package rest_test

import (
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/support"
	"lyceum/internal/uid"
)

func TestAPortalRulesSupportAccessByProgram(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	owner, who := s.person(t, policy.Owner)
	learner, _ := s.person(t, policy.Learner)
	const at = "/portal/support-access"
	s.call(t, learner, "GET", at, nil).failed(t, 403, "forbidden")
	if got := s.call(t, owner, "GET", at, nil).want(t, 200).object(t); got.at("rules.off") != false || got.text("visits.0.id") != "" {
		t.Errorf("%v", got)
	}
	if wrong := s.call(t, owner, "PUT", at, object{"off": false, "approve": true, "hours": 73}).failed(t, 422, "invalid_input"); wrong["body.hours"] == "" && wrong["hours"] == "" {
		t.Errorf("%v", wrong)
	}
	s.call(t, owner, "PUT", at, object{"off": false, "approve": true, "hours": 2}).want(t, 200)
	operator := auth.Operator{ID: uid.New(), Name: "Olga Petrova"}
	wish := support.Wish{Email: who.Email, Reason: "The course list stays empty", Ticket: "T-7", Minutes: 30}
	v, err := s.services.Support.Ask(s.ctx, operator, wish)
	if err != nil {
		t.Fatal(err)
	}
	visit := at + "/visits/" + v.ID.String()
	got := s.call(t, owner, "POST", visit+"/answer", object{"approve": true}).want(t, 200).object(t)
	if got.text("visits.0.state") != "approved" || got.text("visits.0.operator") != "Olga Petrova" || got.text("rules.writes_until") == "" {
		t.Errorf("%v", got)
	}
	s.call(t, owner, "POST", visit+"/answer", object{"approve": false}).failed(t, 409, "support_decided")
	s.call(t, owner, "DELETE", visit, nil).want(t, 204)
	s.call(t, owner, "DELETE", visit, nil).want(t, 204)
	if got := s.call(t, owner, "GET", at, nil).want(t, 200).object(t); got.text("visits.0.state") != "ended" || got.text("visits.0.why") != "portal" {
		t.Errorf("%v", got)
	}
	other := newSiteIn(t, s.World)
	stranger, _ := other.person(t, policy.Owner)
	other.call(t, stranger, "DELETE", visit, nil).failed(t, 404, "support_visit_not_found")
	other.call(t, stranger, "POST", visit+"/answer", object{"approve": true}).failed(t, 404, "support_visit_not_found")
}
