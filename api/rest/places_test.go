package rest_test

import (
	"context"
	"testing"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/store/storetest"
)

func TestPlacesAreAskedForAndDecidedByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	course := storetest.PublishedCourse(t, s.ctx, s.World, storetest.SmallCourse("Fire"))
	set := func(change func(*catalog.Course)) {
		err := s.Store.InTenant(s.ctx, func(ctx context.Context) error {
			c, err := s.Store.LockCourse(ctx, course.Course.ID)
			if err != nil {
				return err
			}
			change(&c)
			return s.Store.UpdateCourseRow(ctx, c)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	set(func(c *catalog.Course) { c.Visibility = catalog.VisibleOnRequest })
	learner, person := s.person(t, policy.Learner)
	manager, _ := s.person(t, policy.Manager)
	at := "/courses/" + course.Course.ID.String()
	s.call(t, learner, "POST", "/courses/fire/enrolments", nil).failed(t, 403, "place_on_request")
	s.call(t, learner, "POST", "/courses/fire/place-requests", object{"note": 7}).failed(t, 422, "invalid_input")
	asked := s.call(t, learner, "POST", "/courses/fire/place-requests", object{"note": "Please."}).want(t, 201).object(t)
	if asked.text("kind") != "approval" || asked.text("status") != "open" {
		t.Errorf("asked %v", asked)
	}
	s.call(t, learner, "GET", at+"/place-requests", nil).failed(t, 403, "forbidden")
	if list := s.call(t, manager, "GET", at+"/place-requests?status=open", nil).want(t, 200).object(t); list.text("items.0.person_id") != person.ID.String() || list.text("items.0.note") != "Please." {
		t.Errorf("the manager reads %v", list)
	}
	s.call(t, manager, "GET", at+"/place-requests?status=maybe", nil).failed(t, 422, "invalid_input")
	decide := "/place-requests/" + asked.text("id") + "/decision"
	s.call(t, learner, "POST", decide, object{"decision": "grant"}).failed(t, 403, "forbidden")
	s.call(t, manager, "POST", decide, object{"decision": "perhaps"}).failed(t, 422, "invalid_input")
	if got := s.call(t, manager, "POST", decide, object{"decision": "refuse", "answer": "Later."}).want(t, 200).object(t); got.text("status") != "refused" {
		t.Errorf("decided %v", got)
	}
	s.call(t, manager, "POST", decide, object{"decision": "grant"}).failed(t, 409, "place_request_decided")
	s.call(t, manager, "POST", "/place-requests/"+uid.New().String()+"/decision", object{"decision": "grant"}).failed(t, 404, "place_request_not_found")

	set(func(c *catalog.Course) { c.Visibility, c.Capacity, c.WaitingList = catalog.VisibleToAll, 1, true })
	other, _ := s.person(t, policy.Learner)
	s.call(t, other, "POST", "/courses/fire/enrolments", nil).want(t, 201)
	s.call(t, learner, "POST", "/courses/fire/enrolments", nil).failed(t, 409, "course_places_taken")
	s.call(t, learner, "POST", "/courses/fire/place-requests", nil).want(t, 201)
	if p := s.call(t, learner, "GET", "/courses/fire/places", nil).want(t, 200).object(t); p.at("capacity") != 1.0 || p.at("taken") != 1.0 || p.at("waiting") != 1.0 || p.text("mine.kind") != "waiting" {
		t.Errorf("places %v", p)
	}
	s.call(t, learner, "DELETE", "/courses/fire/place-requests/mine", nil).want(t, 204)
	s.call(t, learner, "DELETE", "/courses/fire/place-requests/mine", nil).failed(t, 404, "place_request_not_found")
}

func TestPeopleAreMovedBetweenVersionsByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	course := storetest.PublishedCourse(t, s.ctx, s.World, storetest.SmallCourse("Fire"))
	learner, e := storetest.EnrolledLearner(t, s.ctx, s.World, course)
	_ = learner
	instructor, _ := s.person(t, policy.Instructor)
	at := "/courses/" + course.Course.ID.String()
	if got := s.call(t, instructor, "GET", at+"/standings", nil).want(t, 200).object(t); got.at("items.0.not_started") != 1.0 {
		t.Errorf("standings %v", got)
	}
	s.call(t, instructor, "POST", at+"/moves", object{"stages": []string{}}).failed(t, 422, "invalid_input")
	s.call(t, instructor, "POST", at+"/moves", object{"stages": []string{"asleep"}}).failed(t, 422, "invalid_input")
	s.call(t, instructor, "POST", at+"/moves", object{"stages": []string{"done"}}).failed(t, 409, "nobody_to_move")
	if got := s.call(t, instructor, "GET", "/enrolments/"+e.ID.String()+"/history", nil).want(t, 200).object(t); len(got.at("items").([]any)) != 0 {
		t.Errorf("history %v", got)
	}
	manager, _ := s.person(t, policy.Manager)
	s.call(t, manager, "POST", at+"/moves", object{"stages": []string{"done"}}).failed(t, 403, "forbidden")
}
