package rest_test

import (
	"strings"
	"testing"

	"lyceum/auth/policy"
)

func TestQuestionsAreKeptAndCarriedByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, _ := s.person(t, policy.Instructor)
	ben, _ := s.person(t, policy.Instructor)
	lee, _ := s.person(t, policy.Learner)
	s.call(t, lee, "GET", "/question-banks", nil).want(t, 403)
	s.call(t, ada, "POST", "/question-banks", object{"name": " "}).failed(t, 422, "invalid_input")
	made := s.call(t, ada, "POST", "/question-banks", object{"name": "Fire"}).want(t, 201)
	at := "/question-banks/" + made.object(t).text("id")
	s.call(t, ada, "PUT", at, object{"name": "Fire safety", "revision": 1}).want(t, 200)
	s.call(t, ada, "PUT", at, object{"name": "Lost", "revision": 1}).failed(t, 409, "question_revision")
	s.call(t, ben, "GET", at, nil).failed(t, 404, "bank_not_found")

	wrong := object{"kind": "single", "title": "Exit", "prompt": "Where?", "options": []object{{"text": "Left"}, {"text": ""}}}
	s.call(t, ada, "POST", at+"/questions", object{"question": wrong}).failed(t, 422, "invalid_input")
	right := object{"kind": "single", "title": "Exit", "prompt": "Where?", "options": []object{{"text": "Left", "share": 1_000_000}, {"text": "Right"}}}
	q := s.call(t, ada, "POST", at+"/questions", object{"folder": "Doors", "tags": []string{"a"}, "question": right}).want(t, 201).object(t)
	one := "/questions/" + q.text("id")
	s.call(t, ada, "GET", at+"/questions?folder=Doors&status=draft", nil).want(t, 200)
	s.call(t, ada, "POST", one+"/publish", nil, "If-Match", `"1"`).want(t, 200)
	s.call(t, ada, "POST", one+"/publish", nil, "If-Match", `"2"`).failed(t, 409, "question_nothing_new")
	right["title"] = "The exit"
	s.call(t, ada, "PUT", one, object{"question": right}, "If-Match", `"2"`).want(t, 200)
	was := s.call(t, ada, "GET", one+"/versions/1", nil).want(t, 200).object(t)
	if was.at("question.title") != "Exit" || was.at("version") != float64(1) {
		t.Errorf("the first version is %v", was)
	}
	if list := s.call(t, ada, "GET", one+"/versions", nil).want(t, 200).object(t); len(list.at("items").([]any)) != 1 {
		t.Errorf("the versions are %v", list)
	}
	s.call(t, ada, "GET", one+"/versions/2", nil).failed(t, 404, "question_version_not_found")
	s.call(t, ada, "GET", one+"/versions/9999999999", nil).failed(t, 404, "question_version_not_found")
	s.call(t, ada, "GET", one+"/versions/0", nil).failed(t, 422, "invalid_input")
	s.call(t, ben, "GET", one+"/versions/1", nil).failed(t, 404, "question_not_found")
	s.call(t, lee, "GET", one+"/versions", nil).want(t, 403)
	s.call(t, ada, "POST", one+"/archive", nil, "If-Match", `"3"`).want(t, 200)
	s.call(t, ada, "POST", one+"/restore", nil, "If-Match", `"4"`).want(t, 200)
	s.call(t, ben, "GET", one, nil).failed(t, 404, "question_not_found")

	zip := s.call(t, ada, "GET", at+"/export?format=qti", nil).want(t, 200)
	if zip.Header.Get("Content-Type") != "application/zip" {
		t.Errorf("%v", zip.Header)
	}
	s.call(t, ada, "GET", at+"/export?format=odt", nil).failed(t, 422, "invalid_input")
	s.call(t, ada, "GET", at+"/export/report?format=gift", nil).want(t, 200)
	plan := s.call(t, ada, "POST", at+"/import/check?format=qti", zip.body).want(t, 200).object(t)
	if plan.at("coming") != float64(1) || plan.at("refused") != float64(0) {
		t.Errorf("%v", plan)
	}
	if again := s.call(t, ada, "POST", at+"/import?format=qti&publish=true", zip.body).want(t, 200); !strings.Contains(string(again.body), `"id"`) {
		t.Errorf("%s", again.body)
	}
	s.call(t, ada, "POST", at+"/import/check?format=qti", []byte("PK no")).want(t, 422)
	s.call(t, ben, "POST", at+"/import?format=gift", []byte("::A::B?{T}")).failed(t, 404, "bank_not_found")
}
