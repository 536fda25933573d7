package rest_test

import (
	"bytes"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/certificate"
	"lyceum/store/storetest"
)

func TestAnEnrolmentIsReadWithItsProgressByItsPersonAndByManagers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	course := storetest.PublishedCourse(t, s.ctx, s.World, storetest.SmallCourse("Fire safety"))
	text := course.Lessons()[0].ID.String()
	learner, person := s.person(t, policy.Learner)
	made := s.call(t, learner, "POST", "/courses/fire-safety/enrolments", nil).want(t, 201).object(t)
	at := "/enrolments/" + made.text("id")
	before := s.call(t, learner, "GET", at, nil).want(t, 200).object(t)
	if len(before.at("progress").([]any)) != 0 || before.at("enrolment.started_at") != nil || before.text("course.modules.0.lessons.0.id") != text || before.text("course.modules.0.lessons.0.body") != "" {
		t.Errorf("before the first lesson: %v", before)
	}
	s.call(t, learner, "POST", "/courses/fire-safety/open", nil).want(t, 200)
	s.call(t, learner, "POST", at+"/lessons/"+text+"/complete", nil).want(t, 200)

	manager, managing := s.person(t, policy.Manager)
	hr := withKey(s.key(t, managing, 1, string(policy.EnrolmentManage)))
	for name, as := range map[string]who{"the learner": learner, "a manager": manager, "a key to manage enrolments": hr} {
		got := s.call(t, as, "GET", at, nil).want(t, 200).object(t)
		if got.at("enrolment.percent") != 50.0 || got.text("progress.0.lesson_id") != text || got.text("progress.0.status") != "completed" || got.text("progress.0.evidence.rule") != "viewed" ||
			got.at("progress.1") != nil || got.text("person_email") != person.Email || got.text("course.title") != "Fire safety" {
			t.Errorf("%s reads %v", name, got)
		}
	}
	colleague, _ := s.person(t, policy.Learner)
	s.call(t, colleague, "GET", at, nil).failed(t, 404, "enrolment_not_found")
	s.call(t, manager, "GET", "/enrolments/"+uid.New().String(), nil).failed(t, 404, "enrolment_not_found")
	s.call(t, stranger, "GET", at, nil).failed(t, 401, "sign_in_first")
	theirs := s.call(t, manager, "POST", "/courses/fire-safety/enrolments", object{"person_id": managing.ID}).want(t, 201).object(t)
	reads := withKey(s.key(t, managing, 1, string(policy.CourseRead)))
	s.call(t, reads, "GET", "/enrolments/"+theirs.text("id"), nil).failed(t, 403, "forbidden") // their own, with a key that may not
	s.call(t, reads, "GET", at, nil).failed(t, 404, "enrolment_not_found")
}

func TestALearnerEntersACourseByItsId(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	instructor, _ := s.person(t, policy.Instructor)
	course := s.author(t, instructor, "By id")
	id := course.text("id")
	learner, _ := s.person(t, policy.Learner)
	enrolled := s.call(t, learner, "POST", "/courses/"+id+"/enrolments", nil).want(t, 201).object(t)
	if p := s.call(t, learner, "POST", "/courses/"+id+"/open", nil).want(t, 200).object(t); p.text("enrolment.id") != enrolled.text("id") || p.text("lesson.body") != "Close the doors." {
		t.Errorf("opened %v", p)
	}
	_, managing := s.person(t, policy.Manager)
	learns := withKey(s.key(t, managing, 1, string(policy.EnrolmentSelf)))
	s.call(t, learns, "POST", "/courses/"+id+"/enrolments", nil).want(t, 201)
	s.call(t, learns, "POST", "/courses/"+id+"/open", nil).want(t, 200)

	s.call(t, instructor, "POST", "/courses/"+id+"/archive", nil).want(t, 204)
	s.call(t, learner, "POST", "/courses/"+id+"/open", nil).want(t, 200) // who is in it goes on
	late, _ := s.person(t, policy.Learner)
	s.call(t, late, "POST", "/courses/"+id+"/enrolments", nil).failed(t, 409, "course_not_published")
	s.call(t, late, "GET", "/courses/"+id, nil).failed(t, 409, "course_not_published")

	sketch := s.call(t, instructor, "POST", "/courses", object{"title": "Sketch", "self_enrol": true}).want(t, 201).object(t).text("id")
	for _, c := range [][2]string{{"GET", ""}, {"POST", "/enrolments"}, {"POST", "/open"}} {
		s.call(t, late, c[0], "/courses/"+sketch+c[1], nil).failed(t, 404, "course_not_found")
	}
}

func TestACertificateIsDrawnInTheLanguageAndTimeZoneOfWhoAsks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	course := storetest.PublishedCourse(t, s.ctx, s.World, storetest.SmallCourse("Night shift"))
	s.Now.Advance(14*time.Hour + 30*time.Minute) // half past eleven at night: the next day in Vienna
	c, err := s.services.Certificates.Issue(s.ctx, s.complete(t, course))
	if err != nil {
		t.Fatal(err)
	}
	brand, err := s.services.Brands.Get(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	look := certificate.Look{Brand: brand, VerifyURL: "https://" + s.tenant().Slug + ".example/verify/" + c.Code}
	viennese := storetest.AddPerson(t, s.ctx, s.World, auth.Person{Locale: "de-AT", TimeZone: "Europe/Vienna"}, policy.Manager)
	plain, _ := s.person(t, policy.Manager)
	for name, want := range map[string]struct {
		as                   who
		accept, zone, locale string
	}{
		"one's own wish":          {s.signedIn(storetest.As(t, s.ctx, s.World, viennese)), "en", "Europe/Vienna", "de"},
		"no wish":                 {plain, "", "", "en"},
		"what the client prefers": {plain, "fr, de;q=0.5", "", "de"},
	} {
		drawn, err := s.services.Certificates.PDF(s.ctx, c, look.For(want.zone, want.locale))
		if err != nil {
			t.Fatal(err)
		}
		if got := s.call(t, want.as, "GET", "/certificates/"+c.Code+"/pdf", nil, "Accept-Language", want.accept).want(t, 200); !bytes.Equal(got.body, drawn) {
			t.Errorf("%s: not drawn in %q for %q", name, want.locale, want.zone)
		}
	}
}

// TestACourseIsTakenAgainByTheAPI: who manages enrolments says so, learners see their own rounds and nobody else's.
func TestACourseIsTakenAgainByTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	course := storetest.PublishedCourse(t, s.ctx, s.World, storetest.SmallCourse("Fire safety"))
	done := "/enrolments/" + s.complete(t, course).String()
	boss, _ := s.person(t, policy.Admin)
	other, _ := s.person(t, policy.Learner)
	for name, asks := range map[string]who{"a learner": other, "nobody": stranger} {
		for _, c := range [][2]string{{"POST", "/again"}, {"GET", "/reasons"}, {"GET", "/rounds"}} {
			if got := s.call(t, asks, c[0], done+c[1], nil); got.StatusCode < 400 {
				t.Errorf("%s: %s %s answers %d", name, c[0], c[1], got.StatusCode)
			}
		}
	}
	next := s.call(t, boss, "POST", done+"/again", nil).want(t, 201).object(t)
	if next.at("status") != "active" || next.at("percent") != 0.0 {
		t.Errorf("%v", next)
	}
	s.call(t, boss, "POST", "/enrolments/"+next.text("id")+"/again", nil).failed(t, 409, "enrolment_not_completed")
	s.call(t, boss, "POST", done+"/again", nil).failed(t, 404, "enrolment_not_found")
	rounds := s.call(t, boss, "GET", done+"/rounds", nil).want(t, 200).object(t).at("items").([]any)
	if len(rounds) != 2 || rounds[0].(map[string]any)["id"] != next.text("id") || rounds[1].(map[string]any)["status"] != "completed" {
		t.Errorf("%v", rounds)
	}
	if got := s.call(t, boss, "GET", "/enrolments/"+next.text("id")+"/reasons", nil).want(t, 200).object(t).at("items").([]any); len(got) != 0 {
		t.Errorf("%v", got)
	}
	s.call(t, boss, "GET", "/enrolments/"+uid.New().String()+"/reasons", nil).failed(t, 404, "enrolment_not_found")
}
