package rest_test

import (
	"testing"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

func TestReportsAreKeptAndRunByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	boss, _ := s.person(t, policy.Manager)
	other, _ := s.person(t, policy.Manager)
	lee, _ := s.person(t, policy.Learner)
	course := storetest.PublishedCourse(t, s.ctx, s.World, storetest.SmallCourse("Fire"))
	storetest.EnrolledLearner(t, s.ctx, s.World, course)
	in := object{"name": "Who is in", "definition": object{"source": "enrolments", "group": "subject", "subject": course.Course.ID}}
	s.call(t, lee, "POST", "/reports", in).want(t, 403)
	s.call(t, boss, "POST", "/reports", object{"name": "X", "definition": object{"source": "enrolments", "states": []string{"expiring"}}}).failed(t, 422, "invalid_input")
	id := s.call(t, boss, "POST", "/reports", in).want(t, 201).object(t).text("id")
	s.call(t, boss, "POST", "/reports", in).failed(t, 409, "report_name_taken")
	at := "/reports/" + id
	s.call(t, other, "GET", at, nil).failed(t, 404, "report_not_found")
	got := s.call(t, boss, "GET", at+"/lines", nil).want(t, 200).object(t)
	if items, counts := got.at("items").([]any), got.at("counts").([]any); len(items) != 1 || len(counts) != 1 || counts[0].(map[string]any)["lines"] != 1.0 {
		t.Errorf("%v", got)
	}
	in["name"], in["definition"] = "Over time", object{"source": "enrolments", "chart": "line", "moment": "given", "step": "week", "split": "state"}
	drawn := "/reports/" + s.call(t, boss, "POST", "/reports", in).want(t, 201).object(t).text("id") + "/lines"
	s.call(t, boss, "GET", drawn+"?time_zone=Nowhere", nil).failed(t, 422, "invalid_input")
	chart := s.call(t, boss, "GET", drawn+"?time_zone=Europe/Berlin", nil).want(t, 200).object(t).at("chart").(map[string]any)
	if rows := chart["rows"].([]any); len(rows) != 1 || rows[0].(map[string]any)["from"] != "2026-03-01T23:00:00Z" || rows[0].(map[string]any)["lines"] != 1.0 || len(chart["parts"].([]any)) != 1 {
		t.Errorf("%v", chart)
	}
	in = object{"name": "Who is in", "definition": object{"source": "enrolments", "group": "subject", "subject": course.Course.ID}}
	in["shared"], in["revision"] = true, 1
	s.call(t, boss, "PUT", at, in).want(t, 200)
	s.call(t, boss, "PUT", at, in).failed(t, 409, "report_changed")
	s.call(t, other, "PUT", at, in).failed(t, 403, "report_not_own")
	if list := s.call(t, other, "GET", "/reports", nil).want(t, 200).object(t).at("items").([]any); len(list) != 1 {
		t.Errorf("%v", list)
	}
	s.call(t, other, "DELETE", at, nil).failed(t, 403, "report_not_own")
	s.call(t, boss, "DELETE", at, nil).want(t, 204)
	s.call(t, boss, "GET", "/reports/"+uid.New().String(), nil).failed(t, 404, "report_not_found")
}
