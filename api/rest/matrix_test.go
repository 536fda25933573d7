package rest_test

import (
	"testing"
	"time"

	"lyceum/auth/group"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/duty"
	"lyceum/store/storetest"
)

func TestTheMatrixAndTheRecordOfADutyAreReadByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, _ := s.person(t, policy.Admin)
	lee, learner := s.person(t, policy.Learner)
	course := storetest.PublishedCourse(t, s.ctx, s.World, storetest.SmallCourse("Fire"))
	admin := storetest.As(t, s.ctx, s.World, storetest.Person(t, s.ctx, s.World, policy.Admin))
	g, err := s.services.Groups.Create(admin, group.Input{Name: "Cooks"})
	if err == nil {
		_, err = s.services.Groups.Add(admin, g.ID, []uid.ID{learner.ID})
	}
	var r duty.Shown
	soon := 10
	if err == nil {
		r, err = s.services.Duties.Save(admin, uid.Nil, duty.Input{Status: duty.StatusOn, Name: "Fire", Courses: []uid.ID{course.Course.ID}, Terms: duty.Terms{DueDays: &soon}})
	}
	if err == nil {
		_, err = s.services.Duties.Apply(admin, r.ID, duty.Proposal{Do: duty.DoAdd, Group: g.ID})
	}
	if err != nil {
		t.Fatal(err)
	}
	first := s.Now.Now()
	s.Now.Advance(20 * 24 * time.Hour)
	s.call(t, lee, "GET", "/compliance/matrix", nil).want(t, 403)
	state := func(query string) any {
		t.Helper()
		items := s.call(t, ada, "GET", "/compliance/matrix"+query, nil).want(t, 200).object(t).at("items").([]any)
		if len(items) != 1 {
			return len(items)
		}
		return items[0].(map[string]any)["cells"].([]any)[0].(map[string]any)["state"]
	}
	for query, want := range map[string]any{
		"": "non_compliant", "?as_of=" + first.Format(time.RFC3339): "not_started", "?known_on=" + first.Add(-time.Hour).Format(time.RFC3339): 0, "?state=compliant": 0, "?group=" + g.ID.String(): "non_compliant", "?group=" + uid.New().String(): 0,
	} {
		if got := state(query); got != want {
			t.Errorf("%q: %v, want %v", query, got, want)
		}
	}
	s.call(t, ada, "GET", "/compliance/matrix?requirement="+uid.New().String(), nil).failed(t, 404, "requirement_not_found")
	totals := s.call(t, ada, "GET", "/compliance/totals", nil).want(t, 200).object(t).at("items").([]any)
	if len(totals) != 1 || totals[0].(map[string]any)["people"] != 1.0 {
		t.Errorf("%v", totals)
	}
	at := "/requirements/" + r.ID.String() + "/duties/"
	if got := s.call(t, ada, "GET", at+learner.ID.String()+"/record", nil).want(t, 200).object(t); got.at("state") != "non_compliant" || len(got.at("entries").([]any)) != 1 {
		t.Errorf("%v", got)
	}
	s.call(t, ada, "GET", at+uid.New().String()+"/record", nil).failed(t, 404, "duty_record_not_found")
}
