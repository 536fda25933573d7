package rest_test

import (
	"testing"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

func TestSchedulesOfReportsAreKeptRunPausedAndDeleted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	boss, who := s.person(t, policy.Manager)
	other, _ := s.person(t, policy.Manager)
	lee, learner := s.person(t, policy.Learner)
	in := object{"name": "Who is in", "wish": object{"kind": "built", "definition": object{"source": "enrolments"}}, "format": "xlsx", "every": "weekly", "weekday": 1, "hour": 7, "zone": "Europe/Berlin", "people": []string{who.ID.String()}}
	s.call(t, lee, "POST", "/report-schedules", in).want(t, 403)
	in["people"] = []string{learner.ID.String()}
	s.call(t, boss, "POST", "/report-schedules", in).failed(t, 422, "report_schedule_people")
	in["people"], in["zone"] = []string{who.ID.String()}, "Europe/Atlantis"
	s.call(t, boss, "POST", "/report-schedules", in).failed(t, 422, "invalid_input")
	in["zone"] = "Europe/Berlin"
	id := s.call(t, boss, "POST", "/report-schedules", in).want(t, 201).object(t).text("id")
	at := "/report-schedules/" + id
	s.call(t, other, "GET", at, nil).failed(t, 404, "report_schedule_not_found")
	s.call(t, boss, "POST", at+"/run", nil).want(t, 202)
	s.call(t, boss, "POST", at+"/run", nil).failed(t, 409, "report_schedule_running")
	got := s.call(t, boss, "GET", at, nil).want(t, 200).object(t)
	runs := got.at("runs").([]any)
	if len(runs) != 1 || runs[0].(map[string]any)["by_hand"] != true {
		t.Fatalf("%v", got)
	}
	run, _ := uid.Parse(runs[0].(map[string]any)["id"].(string))
	if err := s.services.Schedules.Run(s.ctx, run); err != nil {
		t.Fatal(err)
	}
	in["revision"], in["name"] = 1, "Who is in now"
	s.call(t, boss, "PUT", at, in).want(t, 200)
	s.call(t, boss, "PUT", at, in).failed(t, 409, "report_schedule_changed")
	s.call(t, boss, "PUT", at+"/paused", object{"paused": true}).want(t, 204)
	list := s.call(t, boss, "GET", "/report-schedules", nil).want(t, 200).object(t).at("items").([]any)
	if len(list) != 1 || list[0].(map[string]any)["paused"] != "by_hand" || list[0].(map[string]any)["name"] != "Who is in now" {
		t.Errorf("%v", list)
	}
	s.call(t, boss, "PUT", at+"/paused", object{"paused": false}).want(t, 204)
	s.call(t, other, "DELETE", at, nil).failed(t, 404, "report_schedule_not_found")
	s.call(t, boss, "DELETE", at, nil).want(t, 204)
	s.call(t, boss, "GET", at, nil).failed(t, 404, "report_schedule_not_found")
}
