package rest_test

import (
	"testing"
	"time"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/duty"
	"lyceum/store/storetest"
)

func TestEvidenceIsMadeAndFetchedByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, _ := s.person(t, policy.Admin)
	lee, _ := s.person(t, policy.Learner)
	course := storetest.PublishedCourse(t, s.ctx, s.World, storetest.SmallCourse("Fire"))
	admin := storetest.As(t, s.ctx, s.World, storetest.Person(t, s.ctx, s.World, policy.Admin))
	r, err := s.services.Duties.Save(admin, uid.Nil, duty.Input{Status: duty.StatusOn, Name: "Fire", Courses: []uid.ID{course.Course.ID}})
	if err != nil {
		t.Fatal(err)
	}
	now := s.Now.Now()
	in := object{"from": now.AddDate(0, -1, 0).Format(time.RFC3339), "until": now.Format(time.RFC3339)}
	at := "/requirements/" + r.ID.String() + "/evidence"
	s.call(t, lee, "POST", at, in).want(t, 403)
	s.call(t, ada, "POST", "/requirements/"+uid.New().String()+"/evidence", in).failed(t, 404, "requirement_not_found")
	s.call(t, ada, "POST", at, object{"from": in["until"], "until": in["from"]}).failed(t, 422, "invalid_input")
	id := s.call(t, ada, "POST", at, in).want(t, 202).object(t).text("id")
	s.call(t, ada, "POST", at, in).failed(t, 409, "evidence_running")
	s.call(t, ada, "GET", "/evidence/"+id+"/file", nil).failed(t, 409, "evidence_not_ready")
	pack, _ := uid.Parse(id)
	if err := s.services.Evidence.Run(s.ctx, pack); err != nil {
		t.Fatal(err)
	}
	if got := s.call(t, ada, "GET", "/evidence/"+id, nil).want(t, 200).object(t); got.at("status") != "ready" {
		t.Errorf("%v", got)
	}
	if got := s.call(t, ada, "GET", at, nil).want(t, 200).object(t).at("items").([]any); len(got) != 1 {
		t.Errorf("%v", got)
	}
	if file := s.call(t, ada, "GET", "/evidence/"+id+"/file", nil).want(t, 200); string(file.body[:2]) != "PK" {
		t.Errorf("%.20q", file.body)
	}
	s.call(t, ada, "GET", "/evidence/"+uid.New().String(), nil).failed(t, 404, "evidence_not_found")
}
