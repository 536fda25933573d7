package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/billing/subscription"
	"lyceum/internal/uid"
)

// worksLists does the job of a list whose page is at an address.
func (h *house) worksLists(at string) {
	h.t.Helper()
	id, ok := uid.Parse(at[strings.LastIndexByte(at, '/')+1:])
	if !ok {
		h.t.Fatalf("%s is no list", at)
	}
	if err := h.o.Bulk.Run(h.ctx, id); err != nil {
		h.t.Fatal(err)
	}
}

func TestAListIsReviewedReadAnotherWayAndBroughtIn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Admin))
	b.get("/people").is(200).says("/people/imports")
	b.get("/people/imports").is(200).says("/people/join-links")
	b.post("/people/imports", "list", "", "role", "learner").is(422).says("Enter at least one e-mail address.")
	file := []byte("Mitarbeiter;Mail;Gruppe\nAnna Berg;anna@example.com;Roofers\nBen;=ben@example.com;\n")
	at := b.multipart("/people/imports", map[string]string{"role": "learner"}, "file", "=people.csv", file).is(303).Header.Get("Location")
	b.get(at).is(200).says("=people.csv", "There is no group of this name.", "For example: Roofers")
	b.get("/people/imports").is(200).says(at)
	b.post(at+"/plan", "role", "learner", "column-0", "email", "column-1", "email", "column-2", "").is(422).says("Two columns cannot be the same.")
	b.post(at+"/plan", "role", "learner", "groups", "1", "column-0", "name", "column-1", "email", "column-2", "groups").is(303)
	b.get(at).is(200).says("Bring in 2 people")
	b.post(at+"/apply", "revision", "1").is(409).says("This list was read anew meanwhile.")
	b.post(at+"/apply", "revision", "2").is(303)
	b.get(at).is(200).says("It is being brought in.", `http-equiv="refresh"`)
	h.worksLists(at)
	b.get(at).is(200).says("2 people were brought in.").saysNot(`http-equiv="refresh"`)
	b.get(at + "?outcome=refused").is(200).saysNot("anna@example.com")
	b.get(at+"/lines.csv").is(200).says("anna@example.com,Anna Berg,learner,Roofers,invite,done", "'=ben@example.com")
	b.post(at + "/discard").is(303)
	b.get(at).is(404)
	other := h.as(h.person(policy.Manager))
	other.get("/people/imports").is(403)
	other.get("/people/join-links").is(403)
}

func TestALinkToJoinIsShownUsedAndRevoked(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Admin))
	b.get("/people/join-links").is(200)
	b.post("/people/join-links", "name", "", "role", "learner", "days", "30", "max_uses", "many").is(422).says("Enter a whole number.")
	b.post("/people/join-links", "name", "Summer school", "role", "learner", "days", "30", "domains", "example.com\n").is(303)
	page := b.get("/people/join-links").is(200).says("Summer school", "<svg class=\"qr\"")
	_, rest, _ := strings.Cut(page.body, "/join/")
	secret, _, _ := strings.Cut(rest, `"`)
	s := h.stranger()
	s.get("/join/" + secret).is(200).says("Addresses that may join: @example.com")
	s.post("/join/"+secret, "name", "Anna", "email", "anna@elsewhere.example").is(422).says("Use your address")
	s.post("/join/"+secret, "name", "Anna", "email", "anna@example.com").is(200).says("Look into your mailbox")
	known := s.post("/join/"+secret, "name", "Anna", "email", "anna@example.com").is(200)
	if !strings.Contains(known.body, "If anna@example.com is not here yet") {
		t.Error("the answer tells who is here")
	}
	if p := h.who("anna@example.com"); p.Status != auth.PersonInvited {
		t.Errorf("Anna is %s", p.Status)
	}
	_, rest, _ = strings.Cut(b.get("/people/join-links").is(200).says("one person joined").body, "/people/join-links/")
	id, _, _ := strings.Cut(rest, "/")
	b.post("/people/join-links/" + id + "/revoke").is(303)
	s.get("/join/" + secret).is(404)
	s.post("/join/"+secret, "name", "Ben", "email", "ben@example.com").is(404)
}

func TestListsAndLinksByREST(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Admin))
	b.get("/people/imports").is(200)
	made := b.json(http.MethodPost, "/api/v1/people/imports", `{"list":"anna@example.com\nx","role":"learner"}`).is(201).says(`"status":"planned"`, `"invite":1`, `"refused":1`, `"revision":1`)
	var i struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal([]byte(made.body), &i); err != nil {
		t.Fatal(err)
	}
	at := "/api/v1/people/imports/" + i.ID
	b.json(http.MethodGet, at+"/lines?outcome=refused", "").is(200).says(`"line":2`, "Enter an e-mail address").saysNot(`"line":1`)
	b.json(http.MethodPut, at, `{"role":"learner","quiet":true}`).is(200).says(`"create":1`, `"revision":2`)
	b.json(http.MethodPut, at, `{"role":"learner","columns":["hat"]}`).is(422)
	b.json(http.MethodPost, at+"/apply", `{"revision":1}`).is(409)
	b.json(http.MethodPost, at+"/apply", `{"revision":2}`).is(200).says(`"status":"running"`)
	b.json(http.MethodDelete, at, "").is(409)
	h.worksLists(at)
	b.json(http.MethodGet, at, "").is(200).says(`"status":"done"`, `"done":1`)
	b.json(http.MethodDelete, at, "").is(204)
	b.json(http.MethodGet, at, "").is(404)
	b.json(http.MethodPost, "/api/v1/people/imports", `{"list":"","role":"learner"}`).is(422)
	link := b.json(http.MethodPost, "/api/v1/people/join-links", `{"name":"Summer","role":"learner","days":3}`).is(201).says(`/join/`)
	if err := json.Unmarshal([]byte(link.body), &i); err != nil {
		t.Fatal(err)
	}
	b.json(http.MethodPost, "/api/v1/people/join-links", `{"name":"Summer","role":"owner","days":3}`).is(422)
	b.json(http.MethodDelete, "/api/v1/people/join-links/"+i.ID, "").is(204)
	b.json(http.MethodGet, "/api/v1/people/join-links", "").is(200).says(`"open":false`)
	m := h.as(h.person(policy.Manager))
	m.get("/account").is(200)
	m.json(http.MethodPost, "/api/v1/people/imports", `{"list":"anna@example.com","role":"learner"}`).is(403)
}

func TestAReadOnlyPortalReadsListsAndBringsNobodyIn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Owner))
	b.get("/people/join-links").is(200)
	b.post("/people/join-links", "name", "Summer", "role", "learner", "days", "30").is(303)
	_, rest, _ := strings.Cut(b.get("/people/join-links").is(200).body, "/join/")
	secret, _, _ := strings.Cut(rest, `"`)
	h.stands(subscription.StateReadOnly, false)
	at := b.post("/people/imports", "list", "anna@example.com", "role", "learner").is(303).Header.Get("Location")
	b.get(at).is(200)
	b.post(at+"/apply", "revision", "1").is(403)
	b.post("/people/join-links", "name", "Winter", "role", "learner", "days", "30").is(403)
	b.post("/people/invite", "name", "Anna", "email", "anna@example.com", "role", "learner").is(403)
	s := h.stranger()
	s.get("/join/" + secret).is(200)
	s.post("/join/"+secret, "name", "Anna", "email", "anna@example.com").is(403)
	b.json(http.MethodPost, "/api/v1/people/join-links", `{"name":"Summer","role":"learner","days":3}`).is(403)
	b.post("/first-steps/skip", "step", "sign_on").is(303)
	b.post("/first-steps/dismiss").is(303)
	h.nobody("anna@example.com")
}
