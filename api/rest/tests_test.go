package rest_test

import (
	"testing"
	"time"

	"lyceum/auth/policy"
	"lyceum/learning/catalog"
	"lyceum/store/storetest"
)

func TestATestIsWrittenTakenMarkedAndGradedAnewByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, by := s.person(t, policy.Instructor)
	lee, _ := s.person(t, policy.Learner)
	eve, _ := s.person(t, policy.Learner)
	bank := s.call(t, ada, "POST", "/question-banks", object{"name": "Fire"}).want(t, 201).object(t).text("id")
	ask := func(body object) string {
		t.Helper()
		q := s.call(t, ada, "POST", "/question-banks/"+bank+"/questions", object{"question": body}).want(t, 201).object(t).text("id")
		s.call(t, ada, "POST", "/questions/"+q+"/publish", nil, "If-Match", `"1"`).want(t, 200)
		return q
	}
	exit := ask(object{"kind": "short_text", "title": "Exit", "prompt": "Where is the exit?", "texts": object{"patterns": []object{{"text": "left", "match": "exact", "share": 1_000_000}}}})
	why := ask(object{"kind": "essay", "title": "Why", "prompt": "Why do we drill?", "hand": object{"notes": "Look for reasons."}})

	ctx := storetest.As(t, s.ctx, s.World, by)
	courses := catalog.New(catalog.Options{Keep: s.Store, Now: s.Now.Clock()})
	course := storetest.PublishedCourse(t, s.ctx, s.World, storetest.SmallCourse("Fire"))
	o, err := courses.Edit(ctx, course.Course.ID)
	if err != nil {
		t.Fatal(err)
	}
	o, lesson, err := courses.AddLesson(ctx, o.Course.ID, o.Course.Revision, o.Modules[0].ID, catalog.LessonInput{Kind: catalog.LessonTest, Title: "Show it"})
	if err != nil {
		t.Fatal(err)
	}
	at := "/courses/" + o.Course.ID.String() + "/lessons/" + lesson.String() + "/test"
	fixed := []object{{"question": exit, "version": 1}, {"question": why, "version": 1}}
	rules := object{"sections": []object{{"marks": 2, "fixed": fixed}}, "seconds": 600, "pass": 60, "feedback": object{"marks": true, "right": true}}
	s.call(t, lee, "PUT", at, object{"number": 0, "settings": rules}).want(t, 403)
	s.call(t, ada, "PUT", at, object{"number": 0, "settings": object{"sections": []object{}, "pass": 101, "feedback": object{}}}).failed(t, 422, "invalid_input")
	s.call(t, ada, "PUT", at, object{"number": 0, "settings": object{"half": true}}).want(t, 422)
	s.call(t, ada, "PUT", at, object{"number": 0, "settings": rules}).want(t, 200)
	s.call(t, ada, "PUT", at, object{"number": 0, "settings": rules}).failed(t, 409, "test_changed")
	if got := s.call(t, ada, "GET", at, nil).want(t, 200).object(t); got.at("questions") != float64(2) || got.at("most") != float64(4) {
		t.Errorf("%v", got)
	}
	if _, err = courses.Publish(ctx, o.Course.ID, o.Course.Revision); err != nil {
		t.Fatal(err)
	}

	enrolment := s.call(t, lee, "POST", "/courses/"+o.Course.ID.String()+"/enrolments", object{}).want(t, 201).object(t).text("id")
	own := "/enrolments/" + enrolment + "/lessons/" + lesson.String() + "/test"
	if got := s.call(t, lee, "GET", own, nil).want(t, 200).object(t); got.at("open") != true || got.at("seconds") != float64(600) || got.at("questions") != float64(2) {
		t.Errorf("%v", got)
	}
	s.call(t, eve, "GET", own, nil).failed(t, 404, "enrolment_not_found")
	begun := s.call(t, lee, "POST", own+"/attempts", object{}).want(t, 201).object(t)
	again := s.call(t, lee, "POST", own+"/attempts", object{}).want(t, 201).object(t)
	if begun.text("id") != again.text("id") {
		t.Error("sent twice begins two")
	}
	attempt := "/test-attempts/" + begun.text("id")
	s.call(t, eve, "GET", attempt, nil).failed(t, 404, "test_attempt_not_found")
	s.call(t, lee, "PUT", attempt+"/answers/0", object{"sequence": 2, "answer": object{"text": "right"}}).want(t, 200)
	if got := s.call(t, lee, "PUT", attempt+"/answers/0", object{"sequence": 1, "answer": object{"text": "left"}}).want(t, 200).object(t); got.at("stale") != true {
		t.Errorf("%v", got)
	}
	s.call(t, lee, "PUT", attempt+"/answers/0", object{"sequence": 0, "answer": object{}}).want(t, 422)
	s.call(t, lee, "PUT", attempt+"/answers/9", object{"sequence": 1, "answer": object{}}).failed(t, 404, "test_question_not_found")
	s.call(t, lee, "PUT", attempt+"/answers/1", object{"sequence": 1, "answer": object{"text": "So that nobody has to think."}}).want(t, 200)
	s.call(t, lee, "POST", attempt+"/answers/0/look", nil).failed(t, 409, "test_no_look")
	review := "/courses/" + o.Course.ID.String() + "/test-attempts/" + begun.text("id")
	s.call(t, ada, "GET", review, nil).failed(t, 409, "test_still_runs")
	if got := s.call(t, lee, "POST", attempt+"/hand-in", nil).want(t, 200).object(t); got.at("status") != "to_mark" {
		t.Errorf("%v", got)
	}
	s.call(t, lee, "PUT", attempt+"/answers/1", object{"sequence": 9, "answer": object{}}).failed(t, 409, "test_ended")

	s.call(t, lee, "GET", at+"/attempts", nil).want(t, 403)
	s.call(t, ada, "GET", at+"/attempts?status=to_mark", nil).want(t, 200)
	s.call(t, ada, "GET", at+"/attempts?status=lost", nil).want(t, 422)
	s.call(t, ada, "POST", review+"/marks", object{"marks": []object{{"slot": 1, "points": 3}}}).failed(t, 422, "invalid_input")
	s.call(t, ada, "POST", review+"/marks", object{"marks": []object{{"slot": 0, "points": 1}}}).failed(t, 409, "test_marked_itself")
	if got := s.call(t, ada, "POST", review+"/marks", object{"marks": []object{{"slot": 1, "points": 1.5, "comment": "Good."}}}).want(t, 200).object(t); got.at("percent") != float64(37) || got.at("status") != "graded" {
		t.Errorf("%v", got)
	}
	s.call(t, ada, "POST", own+"/allowances", object{"more_percent": 25, "reason": " "}).failed(t, 422, "invalid_input")
	s.call(t, ada, "POST", own+"/allowances", object{"more_percent": 25, "reason": "Reads slowly."}).want(t, 204)

	wish := object{"number": 0, "mends": []object{{"question": exit, "counts": "full"}}}
	if got := s.call(t, ada, "POST", at+"/regrades/preview", wish).want(t, 200).object(t); got.at("changed") != float64(1) || got.at("now_passed") != float64(1) {
		t.Errorf("%v", got)
	}
	s.call(t, ada, "POST", at+"/regrades", wish).failed(t, 422, "invalid_input")
	wish["reason"] = "Both are exits."
	s.call(t, ada, "POST", at+"/regrades", wish).want(t, 202)
	s.call(t, ada, "POST", at+"/regrades", wish).failed(t, 409, "test_changed")
	if got := s.call(t, lee, "GET", attempt, nil).want(t, 200).object(t); got.at("percent") != float64(87) || got.at("passed") != true {
		t.Errorf("%v", got)
	}
	if got := s.call(t, ada, "GET", at+"/regrades", nil).want(t, 200).object(t); got.at("number") != float64(1) {
		t.Errorf("%v", got)
	}
	s.Now.Advance(time.Second)
	if got := s.call(t, ada, "GET", at+"/analysis?all=true", nil).want(t, 200).object(t); got.at("attempts") != float64(1) {
		t.Errorf("%v", got)
	}
	s.call(t, lee, "GET", at+"/analysis", nil).want(t, 403)

	// Two people mark an essay by its rubric, the learner objects, and is answered.
	ben, _ := s.person(t, policy.Instructor)
	criteria := []object{{"title": "Reasons", "levels": []object{{"title": "Two", "points": 2.5}, {"title": "One", "points": 1}, {"title": "None", "points": 0}}}}
	how := ask(object{"kind": "essay", "title": "How", "prompt": "How do we drill?", "hand": object{"rubric": object{"criteria": criteria}}})
	rules["sections"], rules["two_markers"], rules["apart"], rules["appeal_days"] = []object{{"marks": 5, "fixed": []object{{"question": how, "version": 1}}}}, true, 10, 7
	s.call(t, ada, "PUT", at, object{"number": 1, "settings": rules}).want(t, 200)
	begun = s.call(t, lee, "POST", own+"/attempts", object{}).want(t, 201).object(t)
	attempt, review = "/test-attempts/"+begun.text("id"), "/courses/"+o.Course.ID.String()+"/test-attempts/"+begun.text("id")
	s.call(t, lee, "PUT", attempt+"/answers/0", object{"sequence": 1, "answer": object{"text": "Twice a year."}}).want(t, 200)
	s.call(t, lee, "POST", attempt+"/hand-in", nil).want(t, 200)
	mark := func(level int, agreed bool) object {
		return object{"marks": []object{{"slot": 0, "criteria": []object{{"criterion": 0, "level": level}}, "agreed": agreed}}}
	}
	s.call(t, ada, "POST", review+"/marks", object{"marks": []object{{"slot": 0, "points": 5}}}).failed(t, 422, "invalid_input")
	s.call(t, ada, "POST", review+"/marks", mark(0, false)).want(t, 200)
	if got := s.call(t, ben, "GET", review, nil).want(t, 200).object(t); got.at("items.0.marks_hidden") != float64(1) || got.at("items.0.stage") != "second" || got.at("items.0.rubric.criteria.0.levels.0.points") != 2.5 {
		t.Errorf("%v", got)
	}
	if got := s.call(t, ben, "POST", review+"/marks", mark(1, false)).want(t, 200).object(t); got.at("items.0.stage") != "apart" || got.at("status") != "to_mark" {
		t.Errorf("%v", got)
	}
	s.call(t, ben, "POST", review+"/marks", mark(0, false)).failed(t, 409, "test_marked_by_you")
	s.call(t, lee, "POST", attempt+"/answers/0/appeal", object{"reason": "Look again."}).failed(t, 409, "test_appeal_not_now")
	if got := s.call(t, ben, "POST", review+"/marks", mark(1, true)).want(t, 200).object(t); got.at("status") != "graded" || got.at("percent") != float64(40) {
		t.Errorf("%v", got)
	}
	s.call(t, ben, "POST", review+"/marks", mark(0, false)).failed(t, 409, "test_mark_settled")
	s.call(t, eve, "POST", attempt+"/answers/0/appeal", object{"reason": "Look again."}).failed(t, 404, "test_attempt_not_found")
	s.call(t, lee, "POST", attempt+"/answers/7/appeal", object{"reason": "Look again."}).failed(t, 404, "test_question_not_found")
	s.call(t, lee, "POST", attempt+"/answers/0/appeal", object{"reason": "Look again."}).want(t, 204)
	s.call(t, lee, "POST", attempt+"/answers/0/appeal", object{"reason": "Look again."}).failed(t, 409, "test_appeal_once")
	if got := s.call(t, ada, "GET", "/test-appeals", nil).want(t, 200).object(t); got.at("items.0.reason") != "Look again." || got.at("items.0.attempt_id") != begun.text("id") {
		t.Errorf("%v", got)
	}
	s.call(t, lee, "GET", "/test-appeals", nil).want(t, 403)
	answer := review + "/answers/0/appeal/answer"
	s.call(t, lee, "POST", answer, object{"answer": "Yes."}).want(t, 403)
	s.call(t, ada, "POST", answer, object{"answer": "Yes.", "change": true}).failed(t, 422, "invalid_input")
	if got := s.call(t, ada, "POST", answer, object{"answer": "Two reasons, yes.", "change": true, "criteria": []object{{"criterion": 0, "level": 0}}}).want(t, 200).object(t); got.at("percent") != float64(100) || got.at("items.0.appeal.after") != float64(5) {
		t.Errorf("%v", got)
	}
	s.call(t, ada, "POST", answer, object{"answer": "Again."}).failed(t, 409, "test_appeal_not_open")
	if got := s.call(t, lee, "GET", attempt, nil).want(t, 200).object(t); got.at("items.0.appeal.changed") != true || got.at("items.0.told.criteria.0.levels.0.chosen") != "Two" {
		t.Errorf("%v", got)
	}
}
