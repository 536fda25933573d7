package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"lyceum/auth/policy"
	"lyceum/billing/subscription"
	"lyceum/internal/uid"
)

// worksHR brings in the run of an address, as the job does.
func (h *house) worksHR(at string) {
	h.t.Helper()
	id, ok := uid.Parse(at[strings.LastIndexByte(at, '/')+1:])
	if !ok {
		h.t.Fatalf("%s is no run", at)
	}
	if err := h.o.HR.Work(h.ctx, id); err != nil {
		h.t.Fatal(err)
	}
}

func TestAListOfHRIsReviewedBroughtInAndUndone(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Admin))
	b.get("/people/structure").is(200).says("/people/hr")
	b.get("/people/hr").is(200).says("No sources yet")
	b.post("/people/hr", "name", "Personnel", "code", "A B", "kind", "people").is(422).says("Use small letters, digits, - and _")
	at := b.post("/people/hr", "name", "Personnel", "kind", "people").is(303).Header.Get("Location")
	b.get(at).is(200).says("No list yet", "personnel", "/api/v1/hr-sources/personnel/runs", "Settings")
	b.post("/people/hr", "name", "personnel", "kind", "units").is(409).says("Another source has this code already.")
	b.post(at, "name", "Personnel", "leavers_max", "5", "changes_max", "many", "revision", "1").is(422).says("Enter a whole number.")
	b.post(at, "name", "Personnel", "leavers_max", "100", "changes_max", "100", "makes_units", "1", "columns.external_id", "Pers.-Nr.", "revision", "1").is(303).leads(at)
	b.multipart(at+"/lists", nil, "list", "x.csv", []byte("id,name\n1,A\n")).is(422).says("No column is called “Pers.-Nr.”.")
	b.post(at + "/lists").is(422).says("Choose a file.")
	list := "Pers.-Nr.;E-Mail;Name;Abteilung;Vorgesetzte\n1;ada@example.com;Ada Byron;Works;\n2;ben@example.com;Ben Cole;Works;1\n3;ada;Cy;;\n"
	run := b.multipart(at+"/lists", nil, "list", "=staff.csv", []byte(list)).is(303).Header.Get("Location")
	b.get(run).is(200).says("=staff.csv", "Make 3 changes", "Ada Byron", "This is no e-mail address.", "line 4", "<ins>Works</ins>")
	b.get(run + "?outcome=refused").is(200).says("Cy").saysNot("Ben Cole")
	b.get(run + "?q=ben").is(200).says("Ben Cole").saysNot("<ins>ada@example.com</ins>")
	b.get("/people/hr").is(200).says("Waits to be reviewed", run)
	b.post(run + "/undo").is(409).says("Only what was brought in can be undone.")
	b.post(run + "/apply").is(303).leads(run)
	b.get(run).is(200).says(`http-equiv="refresh"`)
	b.post(run + "/apply").is(409).says("does not wait for a review any more")
	h.worksHR(run)
	b.get(run).is(200).says("3 changes were made.", "See what would be put back")
	b.get("/people?q=ben@example.com").is(200).says("Ben Cole")
	undo := b.post(run + "/undo").is(303).Header.Get("Location")
	b.get(undo).is(200).says("Undoing a run", "This puts back what another run changed.", "Leaves")
	b.post(undo + "/discard").is(303).leads(at)
	b.get(at).is(200).says("The run is discarded.")
	undo = b.post(run + "/undo").is(303).Header.Get("Location")
	b.post(undo + "/apply").is(303)
	h.worksHR(undo)
	b.get(undo).is(200).says("3 changes were made.")
	b.get("/people?status=deactivated").is(200).says("Ben Cole", "Ada Byron")
	b.post(at + "/archive").is(303)
	b.get(at).is(200).says("Take into use again").saysNot("Send a list")
	b.post(at + "/restore").is(303)
	for _, path := range []string{"/people/hr/" + uid.New().String(), "/people/hr/runs/" + uid.New().String(), "/people/hr/nonsense"} {
		b.get(path).is(404)
	}
	learner := h.as(h.person(policy.Learner))
	for _, path := range []string{"/people/hr", at, run} {
		learner.get(path).is(403)
	}
}

func TestAProgramSendsListsOfHREveryNight(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Admin))
	b.get("/people/hr").is(200)
	b.json(http.MethodPost, "/api/v1/hr-sources", `{"name":"Nightly","whole":true,"auto":true,"leavers_max":40,"changes_max":60}`).is(201).says(`"code":"nightly"`, `"kind":"people"`)
	b.json(http.MethodPost, "/api/v1/hr-sources", `{"name":"Nightly","leavers_max":101}`).is(422)
	to := "/api/v1/hr-sources/nightly/runs"
	send := func(list, kind string, header ...string) answer {
		t.Helper()
		return b.json(http.MethodPost, to, list, append(header, "Content-Type", kind)...)
	}
	list := `{"external_id":1,"email":"ada@example.com","name":"Ada"}` + "\n" + `{"external_id":2,"email":"ben@example.com","name":"Ben","manager":"ada@example.com"}`
	first := send(list, "application/x-ndjson", "Idempotency-Key", "mon").is(201).says(`"status":"planned"`, `"held":"changes"`, `"create":2`)
	var r struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal([]byte(first.body), &r); err != nil {
		t.Fatal(err)
	}
	at := "/api/v1/hr-runs/" + r.ID
	send(list, "application/x-ndjson", "Idempotency-Key", "mon").is(201).says(r.ID)
	send(list+"\n", "application/x-ndjson", "Idempotency-Key", "mon").is(409).says("hr_run_key_reused")
	send(list, "text/plain").is(415)
	b.json(http.MethodPost, to, list).is(415)
	b.json(http.MethodGet, at+"/rows?outcome=create&q=BEN", "").is(200).says(`"external_id":"2"`, `"field":"manager","old":"","new":"Ada"`).saysNot(`"external_id":"1"`)
	b.json(http.MethodPost, at+"/apply", "").is(200).says(`"status":"running"`)
	b.json(http.MethodDelete, at, "").is(409)
	send(list, "text/csv").is(409).says("hr_run_running")
	h.worksHR(at)
	b.json(http.MethodGet, at, "").is(200).says(`"status":"done"`, `"done":2`, `"failed":0`)
	send(list, "application/x-ndjson").is(201).says(`"status":"done"`, `"same":2`, `"work":0`)
	next := send("external_id;email;name\n1;ada@example.com;Ada\n2;ben@example.com;Benedict\n", "text/csv").is(201).says(`"status":"running"`, `"update":1`)
	if err := json.Unmarshal([]byte(next.body), &r); err != nil {
		t.Fatal(err)
	}
	h.worksHR("/" + r.ID)
	b.json(http.MethodGet, to, "").is(200).says(r.ID)
	b.json(http.MethodPost, "/api/v1/hr-runs/"+r.ID+"/undo", "").is(201).says(`"held":"undo"`)
	send("nonsense\n1\n", "text/csv").is(422).says("No column is called")
	b.json(http.MethodGet, to+"?limit=1", "").is(200).says(`"status":"failed"`)
	// Beyond a form's size: the body is a list.
	long := "external_id,email,name,cost_center\n" + strings.Repeat(strings.Repeat("x", 90)+",a@example.com,Ada,1\n", 28_000)
	send(long, "text/csv").is(201)
	b.json(http.MethodPut, "/api/v1/hr-sources/nightly", `{"name":"Nightly","revision":7}`).is(409)
	b.json(http.MethodPost, "/api/v1/hr-sources/nightly/archive", "").is(204)
	send(list, "application/x-ndjson").is(409).says("hr_source_archived")
	b.json(http.MethodPost, "/api/v1/hr-sources/nightly/restore", "").is(204)
	b.json(http.MethodGet, "/api/v1/hr-sources/nobody", "").is(404)
	b.json(http.MethodGet, "/api/v1/hr-sources", "").is(200).says(`"Nightly"`)
	m := h.as(h.person(policy.Manager))
	m.get("/account").is(200)
	m.json(http.MethodPost, to, list, "Content-Type", "application/x-ndjson").is(403)

	h.stands(subscription.StateReadOnly, false)
	send(list, "application/x-ndjson").is(403)
	b.json(http.MethodPost, at+"/apply", "").is(403)
}
