package api_test

import (
	"html"
	"regexp"
	"strings"
	"testing"

	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/store/storetest"
)

var anchorRE = regexp.MustCompile(`<a\s[^>]*href="(/[^"]*)"`)

// TestNoPageOffersALinkThatRefusesWhoSeesIt follows every link from the home page on, as each role.
func TestNoPageOffersALinkThatRefusesWhoSeesIt(t *testing.T) {
	t.Parallel()
	for _, role := range policy.BuiltInRoles() {
		t.Run(string(role), func(t *testing.T) {
			t.Parallel()
			h := setup(t)
			published := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Ladders"))
			archived := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Ropes"))
			learner, _ := storetest.EnrolledLearner(t, h.ctx, h.w, published)
			if _, err := h.o.Enrolment.Open(learner, published.Course.Slug, nil); err != nil {
				t.Fatal(err)
			}
			if err := h.o.Catalog.Archive(storetest.Instructor(t, h.ctx, h.w), archived.Course.ID); err != nil {
				t.Fatal(err)
			}
			admin := h.as(h.person(policy.Admin))
			newConnection(admin, "oidc:okta", "Not complete")
			h.attempted(completeConnection(admin, "IdP"), func(*signon.Attempt) {})
			b := h.as(h.person(role))
			b.get("/courses/ladders").is(200)
			b.post("/courses/ladders/enrol").is(303)

			from := map[string]string{"/": "the address bar"}
			for todo := []string{"/"}; len(todo) > 0 && len(from) < 400; todo = todo[1:] {
				a := b.get(todo[0])
				if a.StatusCode >= 400 {
					t.Errorf("%s, offered on %s, answers %d", todo[0], from[todo[0]], a.StatusCode)
					continue
				}
				for _, m := range anchorRE.FindAllStringSubmatch(a.body, -1) {
					link, _, _ := strings.Cut(html.UnescapeString(m[1]), "#")
					if _, seen := from[link]; seen || link == "" {
						continue
					}
					from[link] = todo[0]
					todo = append(todo, link)
				}
			}
			if len(from) < 8 {
				t.Errorf("only %d pages were found", len(from))
			}
		})
	}
}
