package rest_test

import (
	"testing"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

func TestAPathIsWrittenTakenAndManagedByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := storetest.PublishedCourse(t, s.ctx, s.World, storetest.SmallCourse("Fire")).Course.ID.String()
	b := storetest.PublishedCourse(t, s.ctx, s.World, storetest.SmallCourse("Ladders")).Course.ID.String()
	author, _ := s.person(t, policy.Instructor)
	learner, _ := s.person(t, policy.Learner)
	other, person := s.person(t, policy.Learner)
	s.call(t, learner, "POST", "/paths", object{"title": "X"}).failed(t, 403, "forbidden")
	s.call(t, author, "POST", "/paths", object{"title": ""}).failed(t, 422, "invalid_input")
	made := s.call(t, author, "POST", "/paths", object{"title": "First weeks", "ordered": true}).want(t, 201)
	at := "/paths/" + made.object(t).text("id")
	s.call(t, learner, "GET", at, nil).failed(t, 404, "path_not_found")
	s.call(t, author, "POST", at+"/publish", nil, "If-Match", made.Header.Get("ETag")).failed(t, 422, "path_incomplete")
	change := object{"title": "First weeks", "slug": "first-weeks", "ordered": true, "sections": []object{
		{"title": "Safety", "ordered": true, "courses": []string{a, b}}, {"title": "One more", "courses": []string{}},
	}}
	s.call(t, author, "PUT", at, object{"title": "First weeks", "slug": "first-weeks", "sections": []object{{"title": "S", "need": 2, "courses": []string{a}}}}, "If-Match", `"1"`).failed(t, 422, "invalid_input")
	changed := s.call(t, author, "PUT", at, change, "If-Match", `"1"`).want(t, 200)
	s.call(t, author, "PUT", at, change, "If-Match", `"1"`).failed(t, 409, "path_changed")
	got := changed.object(t)
	section := got.text("sections.0.id")
	s.call(t, author, "POST", at+"/publish", nil, "If-Match", changed.Header.Get("ETag")).failed(t, 422, "path_incomplete") // the second section is empty
	change["sections"] = []object{{"id": section, "title": "Safety", "ordered": true, "courses": []string{a, b}}}
	changed = s.call(t, author, "PUT", at, change, "If-Match", changed.Header.Get("ETag")).want(t, 200)
	if changed.object(t).text("sections.0.id") != section {
		t.Error("a section lost its id")
	}
	s.call(t, author, "POST", at+"/publish", nil, "If-Match", changed.Header.Get("ETag")).want(t, 200)

	mine := s.call(t, learner, "POST", "/paths/first-weeks/enrolments", nil).want(t, 200).object(t)
	if mine.text("sections.0.courses.0.state") != "underway" || mine.text("sections.0.courses.1.reason") != "course" || mine.text("next_course") != "fire" || mine.at("mine.need") != 2.0 {
		t.Errorf("taken: %v", mine)
	}
	if list := s.call(t, learner, "GET", "/paths?mine=true", nil).want(t, 200).object(t); list.text("items.0.slug") != "first-weeks" || list.at("items.0.mine.percent") != 0.0 {
		t.Errorf("mine: %v", list)
	}
	s.call(t, learner, "GET", "/paths?authoring=true", nil).failed(t, 403, "forbidden")
	s.call(t, learner, "POST", "/paths/first-weeks/go-on", nil).want(t, 200)
	s.call(t, learner, "POST", "/paths/first-weeks/enrolments", object{"person_id": person.ID}).failed(t, 403, "forbidden")
	manager, _ := s.person(t, policy.Manager)
	s.call(t, manager, "POST", "/paths/first-weeks/enrolments", object{"person_id": person.ID}).want(t, 200)
	s.call(t, manager, "POST", "/paths/first-weeks/enrolments", object{"person_id": person.ID}).failed(t, 409, "already_on_path")
	s.call(t, manager, "POST", "/paths/first-weeks/enrolments", object{"person_id": uid.New()}).failed(t, 404, "person_not_found")
	if list := s.call(t, manager, "GET", at+"/enrolments?limit=1", nil).want(t, 200).object(t); len(list.at("items").([]any)) != 1 || list.text("next") == "" {
		t.Errorf("roster: %v", list)
	}
	s.call(t, other, "GET", at+"/enrolments", nil).failed(t, 403, "forbidden")
	s.call(t, manager, "DELETE", at+"/enrolments/"+person.ID.String(), nil).want(t, 204)
	s.call(t, manager, "DELETE", at+"/enrolments/"+person.ID.String(), nil).failed(t, 404, "path_enrolment_not_found")
	now := s.call(t, author, "GET", at, nil).want(t, 200)
	s.call(t, author, "POST", at+"/archive", object{"revision": now.object(t).at("revision")}).want(t, 200)
	s.call(t, other, "GET", "/paths/first-weeks", nil).failed(t, 409, "path_not_published")
	s.call(t, learner, "GET", "/paths/first-weeks", nil).want(t, 200)
}

func TestPrerequisitesAndTheWayByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := storetest.PublishedCourse(t, s.ctx, s.World, storetest.SmallCourse("Basics")).Course.ID
	b := storetest.PublishedCourse(t, s.ctx, s.World, storetest.SmallCourse("Advanced")).Course.ID
	author, _ := s.person(t, policy.Instructor)
	learner, person := s.person(t, policy.Learner)
	at := "/courses/" + b.String()
	s.call(t, learner, "POST", at+"/prerequisites", object{"kind": "course", "course_id": a}).failed(t, 403, "forbidden")
	s.call(t, author, "POST", at+"/prerequisites", object{"kind": "wish"}).failed(t, 422, "invalid_input")
	s.call(t, author, "POST", at+"/prerequisites", object{"kind": "skill"}).failed(t, 422, "invalid_input")
	list := s.call(t, author, "POST", at+"/prerequisites", object{"kind": "course", "course_id": a}).want(t, 200).object(t)
	s.call(t, author, "POST", at+"/prerequisites", object{"kind": "course", "course_id": a}).failed(t, 409, "prerequisite_twice")
	s.call(t, author, "POST", "/courses/"+a.String()+"/prerequisites", object{"kind": "certificate", "course_id": b}).failed(t, 422, "invalid_input")
	if got := s.call(t, learner, "GET", "/courses/advanced/prerequisites", nil).want(t, 200).object(t); got.text("items.0.slug") != "basics" || got.at("items.0.met") != false {
		t.Errorf("asks for %v", got)
	}
	if way := s.call(t, learner, "GET", "/courses/advanced/way", nil).want(t, 200).object(t); way.text("steps.0.slug") != "basics" || way.at("minutes") != 15.0 || way.at("shortest") != true {
		t.Errorf("the way: %v", way)
	}
	s.call(t, learner, "POST", "/courses/advanced/enrolments", nil).failed(t, 409, "course_needs_first")
	manager, _ := s.person(t, policy.Manager)
	s.call(t, learner, "PUT", at+"/waivers/"+person.ID.String(), nil).failed(t, 403, "forbidden")
	s.call(t, manager, "PUT", at+"/waivers/"+person.ID.String(), nil).want(t, 204)
	if got := s.call(t, manager, "GET", at+"/waivers", nil).want(t, 200).object(t); got.text("items.0.person_id") != person.ID.String() {
		t.Errorf("waivers %v", got)
	}
	s.call(t, learner, "POST", "/courses/advanced/enrolments", nil).want(t, 201)
	s.call(t, manager, "DELETE", at+"/waivers/"+person.ID.String(), nil).want(t, 204)
	s.call(t, author, "DELETE", at+"/prerequisites/"+list.text("items.0.id"), nil).want(t, 204)
	s.call(t, author, "DELETE", at+"/prerequisites/"+list.text("items.0.id"), nil).failed(t, 404, "prerequisite_not_found")
	s.call(t, learner, "GET", "/courses/nowhere/way", nil).failed(t, 404, "course_not_found")
}
