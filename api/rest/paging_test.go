package rest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/billing"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/store/storetest"
)

// walk follows a list by its Link headers and gives the ids met, in order. The links and next must agree.
func (s *site) walk(t testing.TB, as who, path string) (ids []string) {
	t.Helper()
	for pages := 0; path != ""; pages++ {
		if pages > 50 {
			t.Fatalf("no end after 50 pages: %s", path)
		}
		got := s.call(t, as, "GET", path, nil).want(t, 200)
		list := got.object(t)
		items, ok := list.at("items").([]any)
		if !ok {
			t.Fatalf("items is no list: %s", got.body)
		}
		for _, item := range items {
			ids = append(ids, item.(map[string]any)["id"].(string))
		}
		link, next := got.Header.Get("Link"), list.text("next")
		if next == "" {
			if link != "" || list.at("next") != nil {
				t.Errorf("the last page has the link %q and next %v", link, list.at("next"))
			}
			return ids
		}
		address, relation, _ := strings.Cut(link, ">; ")
		u, err := url.Parse(strings.TrimPrefix(address, "<"))
		if err != nil || relation != `rel="next"` || u.Query().Get("after") != next {
			t.Fatalf("link %q, next %q", link, next)
		}
		path = u.String()
	}
	return ids
}

func TestWalkingAListMeetsEverythingExactlyOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	owner, _ := s.person(t, policy.Owner)
	const n = 8
	var courses []catalog.Outline
	for i := range n {
		courses = append(courses, storetest.PublishedCourse(t, s.ctx, s.World, storetest.SmallCourse(fmt.Sprintf("Course %d", i))))
		s.Now.Advance(time.Second)
	}
	learner, person := s.person(t, policy.Learner)
	for _, c := range courses {
		s.call(t, learner, "POST", "/courses/"+c.Course.Slug+"/enrolments", nil).want(t, 201)
	}
	for range n {
		s.complete(t, courses[0])
	}
	for i := range n {
		at := s.Now.Now()
		entry := billing.UsageEvent{
			ID: uid.New(), TenantID: s.tenant().ID, Meter: billing.MeterActiveLearner, SubjectID: uid.New(), SubjectName: fmt.Sprintf("Person %d", i),
			Period: billing.PeriodOf(at).Start, Quantity: 1, EventID: uid.New(), EventType: "lesson.started", OccurredAt: at, RecordedAt: at,
		}
		if _, err := s.Store.RecordUsage(s.ctx, entry); err != nil {
			t.Fatal(err)
		}
	}
	for path, c := range map[string]struct {
		as   who
		want int
	}{
		"/people":                 {owner, 2 + 2*n}, // the owner, the learner, those who completed, an instructor for each course
		"/people?q=example.com":   {owner, 2 + 2*n},
		"/people?role=instructor": {owner, n},
		"/courses":                {learner, n},
		"/courses?authoring=true": {owner, n},
		"/me/enrolments":          {learner, n},
		"/courses/" + courses[0].Course.ID.String() + "/enrolments": {owner, n + 1},
		"/events?type=course.*": {owner, n},
		"/events?type=enrolment.created&actor=" + person.ID.String():      {owner, n},
		"/events?subject=" + courses[3].Course.ID.String():                {owner, 1},
		"/usage?period=" + s.Now.Now().UTC().Format("2006-01"):            {owner, n},
		"/usage?period=" + s.Now.Now().AddDate(0, 2, 0).Format("2006-01"): {owner, 0},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			and := "?"
			if strings.Contains(path, "?") {
				and = "&"
			}
			atOnce := s.walk(t, c.as, path+and+"limit=200")
			if len(atOnce) != c.want {
				t.Fatalf("%d items, want %d", len(atOnce), c.want)
			}
			seen := map[string]bool{}
			for _, id := range atOnce {
				if seen[id] {
					t.Errorf("%s comes twice", id)
				}
				seen[id] = true
			}
			for _, limit := range []string{"1", "3"} {
				if inSteps := s.walk(t, c.as, path+and+"limit="+limit); fmt.Sprint(inSteps) != fmt.Sprint(atOnce) {
					t.Errorf("by %s: %v, at once %v", limit, inSteps, atOnce)
				}
			}
		})
	}
}

func TestAPageMarkerThatNoListGaveIsRefusedByName(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	owner, _ := s.person(t, policy.Owner)
	course := storetest.PublishedCourse(t, s.ctx, s.World, storetest.SmallCourse("Markers"))
	for _, path := range []string{"/people", "/courses", "/me/enrolments", "/events", "/usage", "/courses/" + course.Course.ID.String() + "/enrolments"} {
		for _, after := range []string{"x", "%00", "WyJhIl0", "W10", "WyJhIiwiYiJd", strings.Repeat("A", 3000)} {
			got := s.call(t, owner, "GET", path+"?after="+after, nil)
			if got.StatusCode != http.StatusUnprocessableEntity {
				t.Errorf("GET %s?after=%.20s: %d %s\n%s", path, after, got.StatusCode, got.body, s.log)
			}
		}
	}
}

func TestPeopleAreFilteredByStatusAndWords(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	owner, _ := s.person(t, policy.Owner)
	anna := storetest.AddPerson(t, s.ctx, s.World, auth.Person{Name: "Anna Berg", Email: "anna@acme.example"}, policy.Learner)
	invited := s.call(t, owner, "POST", "/people", object{"email": "Ben@acme.example ", "name": "Ben", "role": "manager"}).want(t, 201)
	if l := invited.Header.Get("Location"); l != "/api/v1/people/"+invited.object(t).text("id") {
		t.Errorf("location %q", l)
	}
	if b := invited.object(t); b.text("email") != "ben@acme.example" || b.text("status") != "invited" || b.text("roles.0") != "manager" {
		t.Errorf("invited %v", b)
	}
	for query, want := range map[string]string{"q=anna": anna.ID.String(), "q=BERG&role=learner": anna.ID.String(), "status=invited": invited.object(t).text("id")} {
		if got := s.walk(t, owner, "/people?"+query); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v, want %s", query, got, want)
		}
	}
	s.call(t, owner, "GET", "/people?status=asleep", nil).failed(t, 422, "invalid_input")
}
