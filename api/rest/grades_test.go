package rest_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

func TestGradesAreSetEnteredAndSeenByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, _ := s.person(t, policy.Instructor)
	lee, _ := s.person(t, policy.Learner)
	eve, _ := s.person(t, policy.Learner)
	course := storetest.PublishedCourse(t, s.ctx, s.World, storetest.SmallCourse("Fire"))
	at := "/courses/" + course.Course.ID.String() + "/gradebook"
	enrolment := s.call(t, lee, "POST", "/courses/"+course.Course.ID.String()+"/enrolments", object{}).want(t, 201).object(t).text("id")
	s.call(t, lee, "GET", at, nil).want(t, 403)
	s.call(t, ada, "GET", "/courses/"+uid.New().String()+"/gradebook", nil).failed(t, 404, "course_not_found")
	s.call(t, ada, "PUT", at, object{"number": 0, "settings": object{"categories": []object{}}}).failed(t, 422, "invalid_input")
	set := object{"categories": []object{{"name": "Tests", "weight": 60}, {"name": "Work", "weight": 40}}, "items": []object{{"title": "Talk"}}, "scale": []object{{"name": "Passed", "from": 60}, {"name": "Failed", "from": 0}}}
	s.call(t, ada, "PUT", at, object{"number": 0, "settings": set}).want(t, 200)
	s.call(t, ada, "PUT", at, object{"number": 0, "settings": set}).failed(t, 409, "gradebook_changed")
	columns := s.call(t, ada, "GET", at, nil).want(t, 200).object(t).at("columns").([]any)
	talk := columns[len(columns)-1].(map[string]any)["id"].(string)
	person := at + "/people/" + enrolment
	s.call(t, ada, "POST", person+"/entries", object{"column": uid.New(), "grade": 1}).failed(t, 404, "grade_column_not_found")
	s.call(t, ada, "POST", person+"/entries", object{"column": talk, "grade": 201}).want(t, 422)
	s.call(t, lee, "POST", person+"/entries", object{"column": talk, "grade": 100}).want(t, 403)
	if got := s.call(t, ada, "POST", person+"/entries", object{"column": talk, "grade": 72.5}).want(t, 200).object(t); got.at("total") != 72.5 || got.at("step") != "Passed" {
		t.Errorf("%v", got)
	}
	s.call(t, ada, "POST", person+"/entries", object{"column": talk, "grade": 80}).failed(t, 422, "invalid_input") // changed without a reason
	s.call(t, ada, "POST", person+"/entries", object{"grade": 50, "reason": "Copied."}).want(t, 200)
	own := "/enrolments/" + enrolment + "/grades"
	if got := s.call(t, lee, "GET", own, nil).want(t, 200).object(t); got.at("total") != 50.0 || got.at("computed") != 72.5 || got.at("overridden") != true {
		t.Errorf("%v", got)
	}
	would := object{"grades": object{talk: 90}}
	if got := s.call(t, lee, "POST", own+"/what-if", would).want(t, 200).object(t); got.at("total") != 72.5 { // it was entered by hand
		t.Errorf("%v", got)
	}
	s.call(t, lee, "POST", own+"/what-if", object{"grades": object{"x": 1}}).failed(t, 404, "grade_column_not_found")
	s.call(t, eve, "POST", own+"/what-if", would).failed(t, 404, "enrolment_not_found")
	list := "enrolment_id,Talk,Else\n" + enrolment + ",33/40,1\n" + uid.New().String() + ",1,1\n"
	plan := s.call(t, ada, "POST", at+"/plan", object{"list": list}).want(t, 200).object(t)
	changes, wrong := plan.at("changes").([]any), plan.at("wrong").([]any)
	if len(changes) != 1 || changes[0].(map[string]any)["grade"] != 82.5 || changes[0].(map[string]any)["before"] != 72.5 || len(wrong) != 1 || wrong[0].(map[string]any)["line"] != 3.0 || len(plan.at("unknown").([]any)) != 1 {
		t.Errorf("%v", plan)
	}
	s.call(t, lee, "POST", at+"/plan", object{"list": list}).want(t, 403)
	s.call(t, ada, "POST", at+"/plan", object{"list": "x,y"}).failed(t, 422, "grades_file")
	s.call(t, ada, "POST", at+"/apply", object{"list": list, "reason": " "}).failed(t, 422, "invalid_input")
	for _, want := range []float64{1, 0} { // the same again changes nothing
		if got := s.call(t, ada, "POST", at+"/apply", object{"list": list, "reason": "The workshop."}).want(t, 200).object(t).at("changed"); got != want {
			t.Errorf("%v changed, not %v", got, want)
		}
	}
	csv := s.call(t, ada, "GET", at+"/table", nil).want(t, 200).body
	if !strings.Contains(string(csv), "82.5") {
		t.Errorf("%s", csv)
	}
	book := s.call(t, ada, "GET", at+"/table?format=xlsx", nil).want(t, 200).body
	back := object{"workbook": base64.StdEncoding.EncodeToString([]byte(book))}
	if got := s.call(t, ada, "POST", at+"/plan", back).want(t, 200).object(t); got.at("rows") != 1.0 || len(got.at("changes").([]any)) != 0 {
		t.Errorf("what went out came back as %v", got)
	}
	s.call(t, ada, "POST", at+"/plan", object{"workbook": base64.StdEncoding.EncodeToString([]byte("PK no"))}).failed(t, 422, "grades_file")
	s.call(t, ada, "POST", at+"/plan", object{}).failed(t, 422, "grades_file")
	s.call(t, lee, "GET", at+"/table", nil).want(t, 403)
	if got := s.call(t, ada, "GET", at+"/versions", nil).want(t, 200).object(t); got.at("items.0.number") != 1.0 || got.at("items.0.settings.categories.0.weight") != 60.0 {
		t.Errorf("%v", got)
	}
	s.call(t, lee, "GET", at+"/versions", nil).want(t, 403)
	if got := s.call(t, lee, "GET", own, nil).want(t, 200).object(t).at("computed"); got != 82.5 {
		t.Errorf("%v", got)
	}
	s.call(t, eve, "GET", own, nil).failed(t, 404, "enrolment_not_found")
	s.call(t, ada, "GET", at+"/people?limit=1", nil).want(t, 200)
	set["round"] = "thirds"
	s.call(t, ada, "PUT", at, object{"number": 1, "settings": set}).want(t, 422)
	set["hidden"], set["round"] = true, "whole"
	s.call(t, ada, "PUT", at, object{"number": 1, "settings": set}).want(t, 200)
	s.call(t, lee, "GET", own, nil).failed(t, 403, "grades_hidden")
}
