package rest_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

// addressOf fills a route's parameters with ids of nothing.
func addressOf(r route.Route) string {
	parts := strings.Split(r.Path, "/")
	for i, p := range parts {
		if strings.HasPrefix(p, ":") {
			parts[i] = uid.New().String()
		}
	}
	return strings.Join(parts, "/")
}

// operations are the routes but the document, its page and its style.
func (s *site) operations() []route.Route {
	return slices.DeleteFunc(slices.Clone(s.routes), func(r route.Route) bool {
		return strings.HasSuffix(r.Path, "/openapi.json") || strings.Contains(r.Path, "/docs")
	})
}

// key makes an API key of a person.
func (s *site) key(t testing.TB, of auth.Person, days int, scopes ...string) string {
	t.Helper()
	secret, _, err := s.services.Auth.CreateKey(storetest.As(t, s.ctx, s.World, of), auth.KeyInput{Name: "Test", Scopes: scopes, Days: days})
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func TestEveryOperationLetsInWhoMeetsItsNeedAndNobodyElse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	learner, _ := s.person(t, policy.Learner)
	_, owner := s.person(t, policy.Owner)
	narrow := withKey(s.key(t, owner, 1, string(policy.CourseRead), string(policy.UsageRead)))
	learns := policy.Set{policy.CourseRead: {}, policy.EnrolmentSelf: {}, policy.CertificateRead: {}, policy.PersonSelf: {}}
	reads := policy.Set{policy.CourseRead: {}, policy.UsageRead: {}}
	if n := len(s.operations()); n < 50 {
		t.Fatalf("only %d operations", n)
	}
	for _, r := range s.operations() {
		permission, needsOne := r.Need.Permission()
		for name, c := range map[string]struct {
			as  who
			may policy.Set
		}{"a stranger": {stranger, nil}, "a learner": {learner, learns}, "an owner's narrow key": {narrow, reads}} {
			want := 0 // in
			switch {
			case r.Need == route.Public:
			case c.may == nil:
				want = http.StatusUnauthorized
			case needsOne && !c.may.Has(permission):
				want = http.StatusForbidden
			}
			got := s.call(t, c.as, r.Method, addressOf(r), nil)
			switch {
			case want == 0 && (got.StatusCode == http.StatusUnauthorized || got.StatusCode == http.StatusForbidden):
				t.Errorf("%s may not %s %s, which needs %s: %s", name, r.Method, r.Path, r.Need, got.body)
			case want != 0 && got.StatusCode != want:
				t.Errorf("%s: %s %s, which needs %s, answers %d, want %d: %s", name, r.Method, r.Path, r.Need, got.StatusCode, want, got.body)
			}
			if got.StatusCode >= 500 {
				t.Errorf("%s: %s %s answers %d: %s\n%s", name, r.Method, r.Path, got.StatusCode, got.body, s.log)
			}
			if got.StatusCode == http.StatusUnauthorized && !strings.HasPrefix(got.Header.Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("%s %s: 401 does not say how to sign in", r.Method, r.Path)
			}
			if got.Header.Get("RateLimit-Limit") != "100" || got.Header.Get("RateLimit-Remaining") == "" || got.Header.Get("RateLimit-Reset") == "" {
				t.Errorf("%s %s: the answer does not tell the rate: %v", r.Method, r.Path, got.Header)
			}
		}
	}
}

func TestAnOwnerMeetsNoOperationThatBreaks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	owner, _ := s.person(t, policy.Owner)
	for _, r := range s.operations() {
		for _, body := range []any{nil, "{}", "[]", `{"revision":1}`, `{"title":"x","name":"x","revision":0}`} {
			if got := s.call(t, owner, r.Method, addressOf(r), body); got.StatusCode >= 500 {
				t.Errorf("%s %s with %v: %d %s\n%s", r.Method, r.Path, body, got.StatusCode, got.body, s.log)
			}
		}
	}
}

func TestAKeyActsAsItsPersonWithinItsScopes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, owner := s.person(t, policy.Owner)
	key := withKey(s.key(t, owner, 1, string(policy.PersonRead), string(policy.CourseEdit)))
	me := s.call(t, key, "GET", "/me", nil).want(t, 200).object(t)
	if me.text("id") != owner.ID.String() || me.text("email") != owner.Email || me.text("api_key_id") == "" || me.at("session_id") != nil {
		t.Errorf("me: %v", me)
	}
	if got := me.at("permissions"); len(got.([]any)) != 2 || me.text("permissions.0") != "course:edit" || me.text("permissions.1") != "person:read" {
		t.Errorf("permissions %v", got)
	}
	s.call(t, key, "GET", "/people", nil).want(t, 200)
	s.call(t, key, "GET", "/usage", nil).failed(t, 403, "forbidden")

	s.call(t, key, "POST", "/courses", object{"title": "Keys"}).want(t, 201)
	all := withKey(s.key(t, owner, 1, auth.AllScopes))
	happened := s.call(t, all, "GET", "/events?type=course.*", nil).want(t, 200).object(t)
	if happened.text("items.0.type") != "course.created" || happened.text("items.0.actor.kind") != "api_key" || happened.text("items.0.actor.id") != owner.ID.String() {
		t.Errorf("the event says %v", happened.at("items.0"))
	}
	s.call(t, all, "POST", "/api-keys", object{"name": "Another", "scopes": []string{"*"}}).failed(t, 403, "api_key_makes_key")
}

func TestAKeyThatIsOverOpensNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	session, owner := s.person(t, policy.Owner)
	refused := func(name string, as who) {
		t.Helper()
		got := s.call(t, as, "GET", "/me", nil)
		got.failed(t, 401, "api_key_invalid")
		if h := got.Header.Get("WWW-Authenticate"); !strings.HasPrefix(h, "Bearer") {
			t.Errorf("%s: WWW-Authenticate %q", name, h)
		}
		s.call(t, as, "GET", "/certificates/"+strings.Repeat("a", 20), nil).failed(t, 401, "api_key_invalid") // a public operation, too
	}
	refused("unknown", withKey("lyc_"+strings.Repeat("x", 43)))
	refused("malformed", withKey("hello"))
	refused("empty", withKey(""))
	refused("another scheme", who{"Authorization", "Basic b3duZXI6cGFzc3dvcmQ="})

	expiring := withKey(s.key(t, owner, 1, auth.AllScopes))
	s.call(t, expiring, "GET", "/me", nil).want(t, 200)
	s.Now.Advance(24*time.Hour + time.Minute)
	refused("expired", expiring)

	made := s.call(t, session, "POST", "/api-keys", object{"name": "Payroll", "scopes": []string{"person:read"}, "days": 30}).want(t, 201).object(t)
	secret := made.text("secret")
	if !strings.HasPrefix(secret, "lyc_") || !strings.HasPrefix(secret, made.text("key.prefix")) {
		t.Fatalf("made %v", made)
	}
	s.call(t, withKey(secret), "GET", "/people", nil).want(t, 200)
	list := s.call(t, session, "GET", "/api-keys", nil).want(t, 200)
	if strings.Contains(string(list.body), secret) || !strings.Contains(string(list.body), made.text("key.prefix")) {
		t.Errorf("the list shows %s", list.body)
	}
	s.call(t, session, "DELETE", "/api-keys/"+made.text("key.id"), nil).want(t, 204)
	refused("revoked", withKey(secret))
	s.call(t, session, "DELETE", "/api-keys/"+made.text("key.id"), nil).failed(t, 404, "api_key_not_found")

	_, instructor := s.person(t, policy.Instructor)
	theirs := withKey(s.key(t, instructor, 1, auth.AllScopes))
	s.call(t, theirs, "GET", "/me", nil).want(t, 200)
	s.call(t, session, "POST", "/people/"+instructor.ID.String()+"/deactivate", nil).want(t, 204)
	refused("of someone deactivated", theirs)
}

func TestAnotherTenantsIdsAndKeysOpenNothing(t *testing.T) {
	t.Parallel()
	mine := newSite(t)
	theirs := newSiteIn(t, mine.World)
	owner, _ := mine.person(t, policy.Owner)
	other, otherPerson := theirs.person(t, policy.Owner)

	course := storetest.PublishedCourse(t, theirs.ctx, theirs.World, storetest.SmallCourse("Theirs alone"))
	_, enrolment := storetest.EnrolledLearner(t, theirs.ctx, theirs.World, course)
	file := theirs.call(t, other, "POST", "/files?name=logo.png", png(t)).want(t, 201).object(t)
	upload := theirs.call(t, other, "POST", "/uploads", object{"name": "a.png", "size": 100}).want(t, 201).object(t)
	key := theirs.call(t, other, "POST", "/api-keys", object{"name": "Theirs", "scopes": []string{"*"}}).want(t, 201).object(t)
	certificate, err := theirs.services.Certificates.Issue(theirs.ctx, theirs.complete(t, course))
	if err != nil {
		t.Fatal(err)
	}
	event := theirs.call(t, other, "GET", "/events?limit=1", nil).want(t, 200).object(t)

	id, lesson, module := course.Course.ID.String(), course.Modules[0].Lessons[0].ID.String(), course.Modules[0].ID.String()
	for _, c := range []struct {
		method, path string
		body         any
	}{
		{"GET", "/people/" + otherPerson.ID.String(), nil},
		{"PUT", "/people/" + otherPerson.ID.String() + "/roles", object{"roles": []string{"learner"}}},
		{"POST", "/people/" + otherPerson.ID.String() + "/deactivate", nil},
		{"POST", "/people/" + otherPerson.ID.String() + "/reactivate", nil},
		{"GET", "/courses/" + course.Course.Slug, nil},
		{"GET", "/courses/" + id, nil},
		{"GET", "/courses/" + id + "/draft", nil},
		{"PUT", "/courses/" + id, object{"title": "Mine now", "slug": "mine", "revision": course.Course.Revision}},
		{"POST", "/courses/" + id + "/publish", object{"revision": course.Course.Revision}},
		{"POST", "/courses/" + id + "/archive", nil},
		{"POST", "/courses/" + id + "/restore", nil},
		{"POST", "/courses/" + id + "/modules", object{"title": "x", "revision": course.Course.Revision}},
		{"PUT", "/courses/" + id + "/modules/" + module, object{"title": "x", "revision": course.Course.Revision}},
		{"DELETE", "/courses/" + id + "/lessons/" + lesson, nil},
		{"GET", "/courses/" + id + "/enrolments", nil},
		{"POST", "/courses/" + course.Course.Slug + "/enrolments", nil},
		{"POST", "/courses/" + id + "/enrolments", object{"person_id": otherPerson.ID}},
		{"POST", "/courses/" + course.Course.Slug + "/open", nil},
		{"POST", "/courses/" + id + "/enrolments", nil},
		{"POST", "/courses/" + id + "/open", nil},
		{"GET", "/enrolments/" + enrolment.ID.String(), nil},
		{"DELETE", "/enrolments/" + enrolment.ID.String(), nil},
		{"POST", "/enrolments/" + enrolment.ID.String() + "/lessons/" + lesson + "/complete", nil},
		{"GET", "/files/" + file.text("id"), nil},
		{"GET", "/uploads/" + upload.text("id"), nil},
		{"PATCH", "/uploads/" + upload.text("id"), []byte("x")},
		{"DELETE", "/api-keys/" + key.text("key.id"), nil},
		{"GET", "/certificates/" + certificate.Code, nil},
		{"GET", "/certificates/" + certificate.Code + "/pdf", nil},
	} {
		got := mine.call(t, owner, c.method, c.path, c.body, "Upload-Offset", "0", "If-Match", `"`+itoa(course.Course.Revision)+`"`)
		if got.StatusCode != http.StatusNotFound {
			t.Errorf("%s %s with their id: %d %s", c.method, c.path, got.StatusCode, got.body)
		}
	}
	mine.call(t, withKey(key.text("secret")), "GET", "/me", nil).failed(t, 401, "api_key_invalid")
	mine.call(t, owner, "PUT", "/brand", object{"name": "x", "colour": "#3b4cc0", "theme": "atrium", "logo_file_id": file.text("id"), "revision": 0}).failed(t, 422, "invalid_input")
	for _, path := range []string{"/people?limit=200", "/courses?authoring=true", "/events?limit=200", "/events?subject=" + event.text("items.0.subject.id"), "/usage"} {
		got := mine.call(t, owner, "GET", path, nil).want(t, 200)
		for _, theirs := range []string{otherPerson.ID.String(), id, otherPerson.Email, enrolment.ID.String()} {
			if strings.Contains(string(got.body), theirs) {
				t.Errorf("GET %s shows another tenant's %s: %s", path, theirs, got.body)
			}
		}
	}
}
