package api_test

import (
	"strings"
	"testing"

	"lyceum/auth/policy"
	"lyceum/store/storetest"
)

func TestSearchingFindsWhatOneMaySeeWithAndWithoutAScript(t *testing.T) {
	t.Parallel()
	h := setup(t)
	storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Ladders & <i>ropes</i>"))
	named := h.person(policy.Learner)
	if err := h.o.Search.Sweep(h.ctx); err != nil {
		t.Fatal(err)
	}
	b := h.as(h.person(policy.Learner))
	b.get("/").is(200).says(`action="/search"`, `data-suggest="/search/suggest"`)
	b.get("/search").is(200).says("Find courses, lessons")
	b.get("/search?q=ladd").is(200).says("<mark>Ladders</mark>", "1 result", "/courses/ladders").saysNot("<i>ropes")
	b.get("/search?q=laddres").is(200).says("This is nearest to it", "<mark>Ladders</mark>")
	b.get("/search?q=%3Cscript%3E").is(200).says("Nothing found").saysNot("<script>”")
	b.get("/search?q=ladd&kind=person").is(200).says("Nothing found")
	b.get("/search?q=x&kind=secret").is(422)
	b.get("/search?q=%27%26%28%3A*").is(200)
	b.get("/search/suggest?q=ladd").is(200).says(`"path":"/courses/ladders`, `{"text":"Ladders","hit":true}`)
	word := strings.Fields(named.Name)[1]
	b.get("/search?q=" + word).is(200).saysNot("/people/" + named.ID.String())
	h.as(h.person(policy.Manager)).get("/search?q=" + word).is(200).says("/people/" + named.ID.String())
}
