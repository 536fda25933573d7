package rest_test

import (
	"testing"
	"time"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
	"lyceum/learning/notice"
	"lyceum/learning/reminder"
	"lyceum/store/storetest"
)

func TestReminderRulesAndWhatWasToldAreReadAndWrittenByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ada, admin := s.person(t, policy.Admin)
	boss, _ := s.person(t, policy.Manager)
	lee, learner := s.person(t, policy.Learner)
	course := storetest.PublishedCourse(t, s.ctx, s.World, storetest.SmallCourse("Fire"))
	enrolments := enrolment.New(enrolment.Options{Keep: s.Store, Now: s.Now.Clock()})
	at := s.Now.Now().AddDate(0, 0, 8)
	if _, err := enrolments.EnrolBy(storetest.As(t, s.ctx, s.World, admin), course.Course.ID, learner.ID, &enrolment.Day{Year: at.Year(), Month: at.Month(), Day: at.Day()}); err != nil {
		t.Fatal(err)
	}
	s.call(t, lee, "GET", "/reminder-rules", nil).want(t, 403)
	rules := s.call(t, boss, "GET", "/reminder-rules", nil).want(t, 200).object(t).at("items").([]any)[0].(map[string]any)
	if rules["scope"] != "portal" || rules["revision"] != 0.0 {
		t.Errorf("%v", rules)
	}
	in := object{"rules": object{"on": true, "app": true, "mail": true, "on_day": false, "before_due": []int{8}, "before_expiry": []int{}, "overdue_every": 7, "overdue_times": 0, "escalate_after": 0}}
	s.call(t, boss, "PUT", "/reminder-rules", in).want(t, 403)
	s.call(t, ada, "PUT", "/reminder-rules", in).want(t, 200)
	s.call(t, ada, "PUT", "/reminder-rules", in).failed(t, 409, "reminder_rules_changed")
	own := "/courses/" + course.Course.ID.String() + "/reminder-rules"
	s.call(t, boss, "PUT", own, in).want(t, 200)
	s.call(t, boss, "GET", own, nil).want(t, 200)
	s.call(t, boss, "DELETE", own, nil).want(t, 204)
	s.call(t, boss, "DELETE", own, nil).failed(t, 404, "reminder_not_found")
	s.call(t, boss, "GET", "/requirements/"+uid.New().String()+"/reminder-rules", nil).failed(t, 404, "reminder_scope_not_found")
	if days := s.call(t, boss, "GET", "/reminders/preview", nil).want(t, 200).object(t).at("days").([]any); len(days) != 7 {
		t.Errorf("%v", days)
	}
	s.call(t, lee, "PUT", "/me/quiet-hours", object{"from": 22}).failed(t, 422, "invalid_input")
	if got := s.call(t, lee, "PUT", "/me/quiet-hours", object{"from": 22, "to": 22}).want(t, 200).object(t); got.at("from") != 22.0 || got.at("portal_to") != 0.0 {
		t.Errorf("%v", got)
	}
	s.Now.Advance(24 * time.Hour)
	now := s.Now.Clock()
	if _, err := reminder.New(s.Store, notice.New(notice.Options{Keep: s.Store, Announce: s.Store, Now: now}), now).Sweep(s.ctx); err != nil {
		t.Fatal(err)
	}
	sent := s.call(t, boss, "GET", "/reminders?person="+learner.ID.String(), nil).want(t, 200).object(t).at("items").([]any)
	if len(sent) != 1 || sent[0].(map[string]any)["mail"] != "waiting" {
		t.Errorf("%v", sent)
	}
}

func TestTheDashboardIsReadByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	boss, _ := s.person(t, policy.Manager)
	lee, _ := s.person(t, policy.Learner)
	s.call(t, lee, "GET", "/dashboard", nil).want(t, 403)
	s.call(t, boss, "GET", "/dashboard?time_zone=Nowhere", nil).failed(t, 422, "invalid_input")
	if got := s.call(t, boss, "GET", "/dashboard?time_zone=Europe/Berlin", nil).want(t, 200).object(t); len(got.at("completions").([]any)) != 12 || got.at("time_zone") != "Europe/Berlin" {
		t.Errorf("%v", got)
	}
	s.call(t, boss, "GET", "/completions?month=2026-03", nil).want(t, 200)
}
