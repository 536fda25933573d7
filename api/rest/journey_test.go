package rest_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

// author writes and publishes a course with a text and a quiz, and gives it as its authors see it.
func (s *site) author(t testing.TB, as who, title string) object {
	t.Helper()
	begun := s.call(t, as, "POST", "/courses", object{"title": title, "self_enrol": true}).want(t, 201)
	at := begun.Header.Get("Location")
	course := s.call(t, as, "GET", at, nil).want(t, 200)
	id := "/courses/" + course.object(t).text("id")
	added := s.call(t, as, "POST", id+"/modules", object{"title": "Basics"}, "If-Match", course.Header.Get("ETag")).want(t, 201)
	module := added.Header.Get("Location")
	text := s.call(t, as, "POST", module+"/lessons", object{"kind": "text", "title": "Read", "body": "Close the doors.", "minutes": 3}, "If-Match", added.Header.Get("ETag")).want(t, 201)
	quiz := s.call(t, as, "POST", module+"/lessons", object{
		"kind": "quiz", "title": "Check", "pass_percent": 100, "revision": text.object(t).at("revision"), "questions": []object{{
			"prompt": "What keeps smoke out?", "explanation": "A closed door holds smoke for minutes.",
			"options": []object{{"text": "A closed door", "correct": true}, {"text": "An open window"}},
		}},
	}).want(t, 201)
	published := s.call(t, as, "POST", id+"/publish", nil, "If-Match", quiz.Header.Get("ETag")).want(t, 200)
	return published.object(t)
}

func TestACourseIsWrittenTakenAndCertifiedOverTheAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	instructor, _ := s.person(t, policy.Instructor)
	course := s.author(t, instructor, "Fire safety")
	if course.text("status") != "published" || course.text("slug") != "fire-safety" || course.at("modules.0.lessons.1.questions.0.options.0.correct") != true {
		t.Fatalf("published %v", course)
	}
	text, quiz := course.text("modules.0.lessons.0.id"), course.text("modules.0.lessons.1.id")

	learner, person := s.person(t, policy.Learner)
	e := s.call(t, learner, "POST", "/courses/fire-safety/enrolments", nil).want(t, 201).object(t)
	if again := s.call(t, learner, "POST", "/courses/fire-safety/enrolments", object{}).want(t, 201).object(t); again.text("id") != e.text("id") {
		t.Errorf("enrolled twice: %v and %v", e, again)
	}
	in := "/enrolments/" + e.text("id") + "/lessons/"

	p := s.call(t, learner, "POST", "/courses/fire-safety/open", nil).want(t, 200).object(t)
	if p.text("lesson.id") != text || p.text("lesson.body") != "Close the doors." || p.at("by_continue") != true || p.text("next_lesson_id") != quiz || p.text("progress.0.status") != "started" {
		t.Errorf("opened %v", p)
	}
	if done := s.call(t, learner, "POST", in+text+"/complete", nil).want(t, 200).object(t); done.at("percent") != 50.0 {
		t.Errorf("after the text %v", done)
	}
	s.call(t, learner, "POST", in+quiz+"/complete", nil).failed(t, 409, "lesson_not_by_continue")
	s.call(t, learner, "POST", in+text+"/watch", object{"position": 1, "played": [][]int{{0, 1}}}).failed(t, 409, "lesson_not_video")

	shown := s.call(t, learner, "POST", "/courses/fire-safety/open", object{"lesson_id": quiz}).want(t, 200).object(t)
	question := shown.text("lesson.questions.0.id")
	right, wrong := shown.text("lesson.questions.0.options.0.id"), shown.text("lesson.questions.0.options.1.id")
	if fields := s.call(t, learner, "POST", in+quiz+"/attempts", object{"answers": object{}}).failed(t, 422, "invalid_input"); fields["answers."+question] == "" {
		t.Errorf("an unanswered question is told as %v", fields)
	}
	if failed := s.call(t, learner, "POST", in+quiz+"/attempts", object{"answers": object{question: []string{wrong}}}).want(t, 201).object(t); failed.at("passed") != false {
		t.Errorf("a wrong answer: %v", failed)
	}
	passed := s.call(t, learner, "POST", in+quiz+"/attempts", object{"answers": object{question: []string{right}}}).want(t, 201).object(t)
	if passed.at("passed") != true || passed.at("number") != 2.0 || passed.text("right.0") != question {
		t.Errorf("a right answer: %v", passed)
	}

	certificate, err := s.services.Certificates.Issue(s.ctx, parse(t, e.text("id")))
	if err != nil {
		t.Fatal(err)
	}
	mine := s.call(t, learner, "GET", "/me/enrolments", nil).want(t, 200).object(t)
	if mine.text("items.0.status") != "completed" || mine.at("items.0.percent") != 100.0 || mine.text("items.0.certificate_code") != certificate.Code || mine.text("items.0.title") != "Fire safety" {
		t.Errorf("my enrolments: %v", mine)
	}
	if got := s.call(t, learner, "GET", "/me/certificates", nil).want(t, 200).object(t); got.text("items.0.code") != certificate.Code || got.at("next") != nil {
		t.Errorf("my certificates: %v", got)
	}
	proof := s.call(t, stranger, "GET", "/certificates/"+strings.ToUpper(certificate.Spaced()), nil).want(t, 200).object(t)
	if proof.text("person_name") != person.Name || proof.text("verify_url") != "https://"+s.tenant().Slug+".example/verify/"+certificate.Code {
		t.Errorf("the proof: %v", proof)
	}
	pdf := s.call(t, learner, "GET", "/certificates/"+certificate.Code+"/pdf", nil).want(t, 200)
	if !bytes.HasPrefix(pdf.body, []byte("%PDF-")) || pdf.Header.Get("Content-Type") != "application/pdf" || !strings.Contains(pdf.Header.Get("Content-Disposition"), certificate.Code) {
		t.Errorf("the document: %v %.20q", pdf.Header, pdf.body)
	}
	nosy, _ := s.person(t, policy.Learner)
	s.call(t, nosy, "GET", "/certificates/"+certificate.Code+"/pdf", nil).failed(t, 404, "certificate_not_found")
	s.call(t, instructor, "GET", "/certificates/"+certificate.Code+"/pdf", nil).want(t, 200)
}

func TestWhatIsCorrectIsShownToAuthorsAndToThoseWhoPassedOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	instructor, author := s.person(t, policy.Instructor)
	course := s.author(t, instructor, "Secrets")
	id, quiz := course.text("id"), course.text("modules.0.lessons.1.id")
	learner, _ := s.person(t, policy.Learner)
	e := s.call(t, learner, "POST", "/courses/secrets/enrolments", nil).want(t, 201).object(t)

	publisher := withKey(s.key(t, author, 1, string(policy.CoursePublish), string(policy.CourseRead)))
	renamed := s.call(t, instructor, "PUT", "/courses/"+id, object{"title": "Secrets II", "slug": "secrets", "self_enrol": true, "revision": course.at("revision")}).want(t, 200)
	for name, got := range map[string]answer{
		"the course, to a learner":         s.call(t, learner, "GET", "/courses/secrets", nil),
		"the course, to its author":        s.call(t, instructor, "GET", "/courses/"+id, nil),
		"the player before it is passed":   s.call(t, learner, "POST", "/courses/secrets/open", object{"lesson_id": quiz}),
		"publishing with a publishing key": s.call(t, publisher, "POST", "/courses/"+id+"/publish", nil, "If-Match", renamed.Header.Get("ETag")),
	} {
		got.want(t, 200)
		for _, secret := range []string{`"correct"`, "holds smoke"} {
			if strings.Contains(string(got.body), secret) {
				t.Errorf("%s shows %s: %s", name, secret, got.body)
			}
		}
	}
	s.call(t, learner, "GET", "/courses/"+id+"/draft", nil).failed(t, 403, "forbidden")
	s.call(t, publisher, "GET", "/courses/"+id+"/draft", nil).failed(t, 403, "forbidden")
	if draft := s.call(t, instructor, "GET", "/courses/"+id+"/draft", nil).want(t, 200).object(t); draft.at("modules.0.lessons.1.questions.0.options.1.correct") != false || draft.text("modules.0.lessons.1.questions.0.explanation") == "" {
		t.Errorf("its author sees %v", draft)
	}
	question, right := course.text("modules.0.lessons.1.questions.0.id"), course.text("modules.0.lessons.1.questions.0.options.0.id")
	s.call(t, learner, "POST", "/enrolments/"+e.text("id")+"/lessons/"+quiz+"/attempts", object{"answers": object{question: []string{right}}}).want(t, 201)
	if p := s.call(t, learner, "POST", "/courses/secrets/open", object{"lesson_id": quiz}).want(t, 200).object(t); p.at("lesson.questions.0.options.0.correct") != true || p.text("lesson.questions.0.explanation") == "" {
		t.Errorf("who passed sees %v", p)
	}
}

func TestAChangeNamesTheRevisionItWasMadeOn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	instructor, _ := s.person(t, policy.Instructor)
	begun := s.call(t, instructor, "POST", "/courses", object{"title": "Drafts"}).want(t, 201)
	if begun.Header.Get("ETag") != `"1"` {
		t.Fatalf("ETag %q", begun.Header.Get("ETag"))
	}
	modules := "/courses/" + begun.object(t).text("id") + "/modules"
	if f := s.call(t, instructor, "POST", modules, object{"title": "A"}).failed(t, 422, "invalid_input"); f["revision"] == "" {
		t.Errorf("no revision: %v", f)
	}
	if f := s.call(t, instructor, "POST", modules, object{"title": "A", "revision": 2}, "If-Match", `"1"`).failed(t, 422, "invalid_input"); f["revision"] == "" {
		t.Errorf("two revisions: %v", f)
	}
	for _, tag := range []string{"*", `W/"1"`, `"1", "2"`, "one"} {
		if f := s.call(t, instructor, "POST", modules, object{"title": "A"}, "If-Match", tag).failed(t, 422, "invalid_input"); f["If-Match"] == "" {
			t.Errorf("If-Match %s: %v", tag, f)
		}
	}
	first := s.call(t, instructor, "POST", modules, object{"title": "A"}, "If-Match", `"1"`).want(t, 201)
	s.call(t, instructor, "POST", modules, object{"title": "B"}, "If-Match", `"1"`).failed(t, 409, "course_changed")
	s.call(t, instructor, "POST", modules, object{"title": "B", "revision": 1}).failed(t, 409, "course_changed")
	second := s.call(t, instructor, "POST", modules, object{"title": "B"}, "If-Match", first.Header.Get("ETag")).want(t, 201)

	a, b := second.object(t).text("modules.0.id"), second.object(t).text("modules.1.id")
	moved := s.call(t, instructor, "POST", modules+"/"+b+"/move", object{"position": 0, "revision": second.object(t).at("revision")}).want(t, 200)
	if moved.object(t).text("modules.0.id") != b {
		t.Errorf("moved: %s", moved.body)
	}
	left := s.call(t, instructor, "DELETE", modules+"/"+a, nil, "If-Match", moved.Header.Get("ETag")).want(t, 200).object(t)
	if left.text("modules.0.id") != b || left.at("modules.1") != nil {
		t.Errorf("left: %v", left)
	}
	renamed := s.call(t, instructor, "PUT", modules+"/"+b, object{"title": "Bee", "revision": left.at("revision")}).want(t, 200).object(t)
	lessons := s.call(t, instructor, "POST", modules+"/"+b+"/lessons", object{"kind": "text", "title": "L", "body": "x", "revision": renamed.at("revision")}).want(t, 201)
	lesson := lessons.Header.Get("Location")
	changed := s.call(t, instructor, "PUT", lesson, object{"title": "L2", "body": "y", "revision": lessons.object(t).at("modules.0.lessons.0.revision")}).want(t, 200).object(t)
	if changed.text("lesson.title") != "L2" || changed.at("lesson.revision") != float64(1) {
		t.Errorf("changed: %v", changed)
	}
	still := s.call(t, instructor, "POST", lesson+"/move", object{"module_id": b, "position": 5, "revision": lessons.object(t).at("revision")}).want(t, 200)
	empty := s.call(t, instructor, "DELETE", lesson, nil, "If-Match", still.Header.Get("ETag")).want(t, 200)
	if f := s.call(t, instructor, "POST", "/courses/"+empty.object(t).text("id")+"/publish", object{"revision": empty.object(t).at("revision")}).failed(t, 422, "course_incomplete"); f["lessons"] == "" {
		t.Errorf("publishing nothing: %v", f)
	}
}

func TestCoursesAreNamedByAddressOrId(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	instructor, _ := s.person(t, policy.Instructor)
	learner, person := s.person(t, policy.Learner)
	manager, _ := s.person(t, policy.Manager)
	course := s.author(t, instructor, "Names")
	id := course.text("id")
	s.call(t, instructor, "GET", "/courses/"+id, nil).want(t, 200)
	s.call(t, learner, "GET", "/courses/names", nil).want(t, 200)
	s.call(t, learner, "GET", "/courses/"+id, nil).want(t, 200)
	s.call(t, learner, "GET", "/courses/"+uid.New().String(), nil).failed(t, 404, "course_not_found")
	s.call(t, learner, "GET", "/courses/Names%20and%20more", nil).failed(t, 404, "course_not_found")

	s.call(t, learner, "POST", "/courses/names/enrolments", object{"person_id": person.ID}).failed(t, 403, "forbidden")
	e := s.call(t, manager, "POST", "/courses/names/enrolments", object{"person_id": person.ID}).want(t, 201).object(t)
	if e.text("source") != "assigned" || e.text("person_id") != person.ID.String() {
		t.Errorf("enrolled %v", e)
	}
	s.call(t, manager, "POST", "/courses/"+id+"/enrolments", object{"person_id": person.ID}).failed(t, 409, "already_enrolled")
	s.call(t, manager, "DELETE", "/enrolments/"+e.text("id"), nil).want(t, 204)
	s.call(t, learner, "POST", "/courses/names/enrolments", nil).failed(t, 409, "enrolment_withdrawn")
	if r := s.call(t, manager, "GET", "/courses/"+id+"/enrolments", nil).want(t, 200).object(t); r.text("items.0.status") != "withdrawn" || r.text("items.0.person_email") != person.Email {
		t.Errorf("roster %v", r)
	}
	other, _ := s.person(t, policy.Learner)
	own := s.call(t, other, "POST", "/courses/names/enrolments", nil).want(t, 201).object(t)
	s.call(t, learner, "DELETE", "/enrolments/"+own.text("id"), nil).failed(t, 404, "enrolment_not_found")
	s.call(t, other, "DELETE", "/enrolments/"+own.text("id"), nil).want(t, 204) // leaves
	if left := s.call(t, manager, "GET", "/enrolments/"+own.text("id"), nil).want(t, 200).object(t); left.text("enrolment.left_at") == "" {
		t.Errorf("left %v", left)
	}
	if back := s.call(t, other, "POST", "/courses/names/enrolments", nil).want(t, 201).object(t); back.text("id") != own.text("id") || back.text("status") != "active" {
		t.Errorf("came back as %v", back)
	}
	s.call(t, instructor, "POST", "/courses/"+id+"/archive", nil).want(t, 204)
	s.call(t, learner, "GET", "/courses/names", nil).failed(t, 409, "course_not_published")
	s.call(t, instructor, "POST", "/courses/"+id+"/restore", nil).want(t, 204)
	s.call(t, learner, "GET", "/courses/names", nil).want(t, 200)
}

func TestRolesAreGivenAndTheLastOwnerStays(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	owner, ownerPerson := s.person(t, policy.Owner)
	admin, _ := s.person(t, policy.Admin)
	_, learner := s.person(t, policy.Learner)
	at := "/people/" + learner.ID.String()
	s.call(t, admin, "PUT", at+"/roles", object{"roles": []string{"instructor", "manager"}}).want(t, 204)
	if got := s.call(t, admin, "GET", at, nil).want(t, 200).object(t); got.text("roles.0") != "instructor" || got.text("roles.1") != "manager" {
		t.Errorf("roles %v", got)
	}
	s.call(t, admin, "PUT", at+"/roles", object{"roles": []string{"owner"}}).failed(t, 403, "owners_only")
	s.call(t, owner, "PUT", "/people/"+ownerPerson.ID.String()+"/roles", object{"roles": []string{"learner"}}).failed(t, 409, "last_owner")
	if f := s.call(t, admin, "PUT", at+"/roles", object{"roles": []string{"wizard"}}).failed(t, 422, "invalid_input"); f["roles"] == "" {
		t.Errorf("an unknown role: %v", f)
	}
	s.call(t, admin, "POST", at+"/deactivate", nil).want(t, 204)
	s.call(t, admin, "POST", at+"/reactivate", nil).want(t, 204)
	f := s.call(t, admin, "POST", "/people", object{"email": "nobody", "name": "", "role": "learner"}).failed(t, 422, "invalid_input")
	if f["email"] == "" || f["name"] == "" {
		t.Errorf("an invitation without name and e-mail: %v", f)
	}
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := storetest.Person(t, s.ctx, s.World, policy.Learner)
	var sessions []who
	for range 3 {
		secret, err := s.services.Auth.OpenSession(s.ctx, p.ID, auth.Client{IP: "192.0.2.9", UserAgent: "Test browser"})
		if err != nil {
			t.Fatal(err)
		}
		principal, err := s.services.Auth.Resume(s.ctx, secret)
		if err != nil {
			t.Fatal(err)
		}
		ctx := event.WithActor(auth.WithPrincipal(s.ctx, principal), event.Actor{ID: p.ID, Kind: "person"})
		s.mu.Lock()
		s.people[secret] = ctx
		s.mu.Unlock()
		sessions = append(sessions, who{asHeader, secret})
	}
	list := s.call(t, sessions[0], "GET", "/me/sessions", nil).want(t, 200).object(t)
	current, other := "", ""
	for _, item := range list.at("items").([]any) {
		if one := object(item.(map[string]any)); one.at("current") == true {
			current = one.text("id")
		} else {
			other = one.text("id")
		}
	}
	if me := s.call(t, sessions[0], "GET", "/me", nil).want(t, 200).object(t); me.text("session_id") != current || current == "" {
		t.Errorf("me %v, the current session is %s", me, current)
	}
	s.call(t, sessions[0], "DELETE", "/me/sessions/"+other, nil).want(t, 204)
	s.call(t, sessions[0], "DELETE", "/me/sessions/"+other, nil).failed(t, 404, "session_not_found")
	if got := s.call(t, sessions[0], "DELETE", "/me/sessions", nil).want(t, 200).object(t); got.at("ended") != 1.0 {
		t.Errorf("ended %v", got)
	}
	s.call(t, sessions[0], "PUT", "/me/profile", object{"name": "New Name", "locale": "de", "time_zone": "Europe/Berlin"}).want(t, 204)
	if f := s.call(t, sessions[0], "PUT", "/me/profile", object{"name": "", "time_zone": "Mars/Base"}).failed(t, 422, "invalid_input"); f["name"] == "" || f["time_zone"] == "" {
		t.Errorf("a bad profile: %v", f)
	}
}

func TestUsageIsShownWithItsProof(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	owner, _ := s.person(t, policy.Owner)
	course := storetest.PublishedCourse(t, s.ctx, s.World, storetest.SmallCourse("Counted"))
	s.complete(t, course)
	log, err := eventLog{s.World}.Read(storetest.As(t, s.ctx, s.World, storetest.Person(t, s.ctx, s.World, policy.Owner)), event.Filter{Type: "lesson.started"})
	if err != nil {
		t.Fatal(err)
	}
	last, first := log.Items[0], log.Items[len(log.Items)-1]
	if err := s.services.Billing.Count(s.ctx, last); err != nil {
		t.Fatal(err)
	}
	u := s.call(t, owner, "GET", "/usage", nil).want(t, 200).object(t)
	day := s.Now.Now().UTC().Day()
	if u.at("total") != 1.0 || u.at("per_day").([]any)[day-1] != 1.0 || u.text("period") != s.Now.Now().UTC().Format("2006-01") || u.text("items.0.event_type") != "lesson.started" {
		t.Errorf("usage %v", u)
	}
	p := s.call(t, owner, "GET", "/usage/"+u.text("items.0.id"), nil).want(t, 200).object(t)
	if p.text("event.id") != first.ID.String() || p.text("entry.event_id") != p.text("event.id") || p.text("event.type") != "lesson.started" || p.text("event.data.course_title") != "Counted" || p.text("entry.person_id") != p.text("event.data.person_id") {
		t.Errorf("proof %v", p)
	}
	if at, err := time.Parse(time.RFC3339, p.text("event.at")); err != nil || !strings.HasSuffix(p.text("event.at"), "Z") || at.IsZero() {
		t.Errorf("the time %q is not RFC 3339 in UTC", p.text("event.at"))
	}
	if f := s.call(t, owner, "GET", "/usage?period=March", nil).failed(t, 422, "bad_period"); f["period"] == "" {
		t.Errorf("a bad period: %v", f)
	}
}
