package api_test

import (
	"net/http"
	"testing"

	"lyceum/auth/policy"
	"lyceum/learning/starter"
)

func TestTheFirstStepsAreTickedOffByWhatIsThere(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Owner))
	b.get("/").is(200).says("First steps", "0 of 4 steps")
	b.get("/first-steps").is(200).says("0 of 4 steps", "Workplace safety", "/settings/sign-on/links", "/people/imports")
	h.as(h.person(policy.Learner)).get("/first-steps").is(403)
	h.as(h.person(policy.Learner)).get("/").is(200).saysNot("First steps")

	svg := `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><path fill="#1a7f5a" d="M0 0h9v9z"/></svg>`
	b.get("/first-steps").is(200)
	b.multipart("/first-steps/look", map[string]string{"colour": "#3b4cc0", "from_logo": "1"}, "logo", "logo.svg", []byte(svg)).is(303).leads("/first-steps")
	b.get("/first-steps").is(200).says(`value="#1a7f5a"`)
	b.multipart("/first-steps/look", map[string]string{"colour": "yellow"}, "", "", nil).is(422).says("six hexadecimal digits")
	b.get("/first-steps").is(200)
	b.post("/first-steps/courses", "course", "no-such").is(404)
	b.get("/first-steps").is(200)
	b.post("/first-steps/courses", "course", "workplace-safety").is(303)
	b.get("/first-steps").is(200).says("is in your portal, published")
	b.get("/courses/workplace-safety").is(200)
	b.get("/people/imports").is(200)
	list := b.post("/people/imports", "list", "anna@example.com, Anna Berg\nnonsense", "role", "learner").is(303).Header.Get("Location")
	b.get(list).is(200).says("Bring in one person", "Enter an e-mail address")
	b.post(list+"/apply", "revision", "1").is(303)
	h.worksLists(list)
	b.post("/first-steps/skip", "step", "nonsense").is(404)
	b.get("/first-steps").is(200)
	b.post("/first-steps/skip", "step", "sign_on").is(303)
	b.get("/first-steps").is(200).says("Everything is set up", "Skipped")
	b.get("/").is(200).saysNot("of 4 steps")
	b.get("/first-steps").is(200)
	b.post("/first-steps/skip", "step", "sign_on", "back", "1").is(303)
	b.get("/").is(200).says("3 of 4 steps")
	b.get("/first-steps").is(200)
	b.post("/first-steps/dismiss").is(303).leads("/")
	b.get("/").is(200).saysNot("of 4 steps")

	there := h.abroad()
	there.as(there.person(policy.Owner)).get("/first-steps").is(200).says("0 of 4 steps")
}

func TestTheFirstStepsByREST(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Owner))
	b.get("/first-steps").is(200)
	b.json(http.MethodGet, "/api/v1/first-steps", "").is(200).says(`"step":"look","done":false`)
	b.json(http.MethodPut, "/api/v1/first-steps/sign_on", `{"skipped":true}`).is(200).says(`"step":"sign_on","done":false,"skipped":true`)
	b.json(http.MethodPut, "/api/v1/first-steps/nonsense", `{"skipped":true}`).is(422)
	b.json(http.MethodPut, "/api/v1/first-steps", `{"dismissed":true}`).is(200).says(`"dismissed":true`)
	list, err := starter.List()
	if err != nil {
		t.Fatal(err)
	}
	b.json(http.MethodGet, "/api/v1/starter-courses", "").is(200).says(list[0].Slug, list[1].Slug)
	for range 2 {
		b.json(http.MethodPost, "/api/v1/starter-courses/"+list[0].Slug, "").is(204)
	}
	b.json(http.MethodPost, "/api/v1/starter-courses/none", "").is(404)
}
