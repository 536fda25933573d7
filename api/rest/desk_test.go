package rest_test

import (
	"testing"
	"time"

	"lyceum/auth/policy"
	"lyceum/store/storetest"
)

func TestHowAllCoursesStandIsSeenByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, _ := s.person(t, policy.Instructor)
	lee, _ := s.person(t, policy.Learner)
	if got := s.call(t, ada, "GET", "/desk", nil).want(t, 200).object(t); got.at("courses") != 0.0 {
		t.Errorf("%v", got)
	}
	course := storetest.PublishedCourse(t, s.ctx, s.World, storetest.SmallCourse("Fire"))
	s.call(t, lee, "POST", "/courses/"+course.Course.ID.String()+"/enrolments", object{}).want(t, 201)
	s.Now.Advance(8 * 24 * time.Hour)
	if got := s.call(t, ada, "GET", "/desk", nil).want(t, 200).object(t); got.at("courses") != 1.0 || got.at("unbegun") != 1.0 || got.at("behind") != 1.0 {
		t.Errorf("%v", got)
	}
	if got := s.call(t, ada, "GET", "/desk?whose=mine", nil).want(t, 200).object(t); got.at("courses") != 0.0 {
		t.Errorf("%v", got)
	}
	if got := s.call(t, ada, "GET", "/desk/courses", nil).want(t, 200).object(t); got.at("items.0.title") != "Fire" || got.at("items.0.drop.lost") != 1.0 || got.at("items.0.stuck") != nil {
		t.Errorf("%v", got)
	}
	if got := s.call(t, ada, "GET", "/desk/people?who=unbegun", nil).want(t, 200).object(t); got.at("items.0.course_title") != "Fire" || got.at("items.0.unbegun") != true {
		t.Errorf("%v", got)
	}
	if got := s.call(t, ada, "GET", "/desk/people?who=quiet", nil).want(t, 200).object(t); len(got.at("items").([]any)) != 0 {
		t.Errorf("%v", got)
	}
	s.call(t, ada, "GET", "/desk/people?who=late", nil).want(t, 422)
	for _, path := range []string{"/desk", "/desk/courses", "/desk/people"} {
		s.call(t, lee, "GET", path, nil).want(t, 403)
	}
}
