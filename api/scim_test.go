package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/scim"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
)

// told is an answer of /scim/v2.
type told struct {
	t      testing.TB
	status int
	header http.Header
	body   string
}

func (a told) is(status int) told {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

// failure checks that an answer is an error as SCIM tells it.
func (a told) failure(status int, scimType string) told {
	a.t.Helper()
	a.is(status)
	var f scim.Failure
	err := json.Unmarshal([]byte(a.body), &f)
	if err != nil || f.Status != fmt.Sprint(status) || f.ScimType != scimType || f.Detail == "" || len(f.Schemas) != 1 || f.Schemas[0] != scim.MessageError || a.header.Get("Content-Type") != "application/scim+json" {
		a.t.Errorf("%s %s: %v", a.header.Get("Content-Type"), a.body, err)
	}
	return a
}

// provision sends a request to a host's /scim/v2 without a socket.
func (h *house) provision(host, token, method, path, body string, header ...string) told {
	h.t.Helper()
	r := httptest.NewRequest(method, "/scim/v2"+path, strings.NewReader(body))
	r.Host = host
	if body != "" {
		r.Header.Set("Content-Type", "application/scim+json; charset=utf-8")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := h.srv.Test(r)
	if err != nil {
		h.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return told{h.t, res.StatusCode, res.Header, string(text)}
}

const userBody = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"bertha@acme.example","displayName":"Bertha"}`

func TestSCIMSpeaksItsOwnWordsOnTheWire(t *testing.T) {
	t.Parallel()
	h := setup(t)
	d, token := h.directory(scim.ModeStandard)
	made := h.provision(h.host, token, "POST", "/Users", userBody).is(201)
	place := made.header.Get("Location")
	if !strings.HasPrefix(place, "http://"+h.host+"/scim/v2/Users/") || made.header.Get("Content-Type") != "application/scim+json" || made.header.Get("ETag") == "" || made.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", made.header)
	}
	id := place[strings.LastIndexByte(place, '/')+1:]
	h.provision(h.host, token, "GET", "/Users/"+id, "", "If-None-Match", made.header.Get("ETag")).is(304)
	h.provision(h.host, token, "PATCH", "/Users/"+id, `{"schemas":["`+scim.MessagePatch+`"],"Operations":[{"op":"add","path":"title","value":"x"}]}`, "If-Match", `W/"old"`).failure(412, "")
	h.provision(h.host, token, "GET", "/Users?filter=userName%20eq%20%22bertha@acme.example%22", "").is(200)
	h.provision(h.host, token, "GET", "/Users?filter=x", "").failure(400, "invalidFilter")
	h.provision(h.host, token, "POST", "/Users", userBody).failure(409, "uniqueness")
	h.provision(h.host, token, "POST", "/Users", `{`).failure(400, "invalidSyntax")
	h.provision(h.host, token, "POST", "/Users", userBody, "Content-Type", "text/plain").failure(415, "")
	h.provision(h.host, token, "GET", "/Nothing", "").failure(404, "")
	h.provision(h.host, token, "DELETE", "/Users", "").failure(405, "")
	h.provision(h.host, token, "POST", "/Schemas", "{}").failure(405, "")
	h.provision(h.host, token, "GET", "/Schemas?filter=x", "").failure(403, "")
	h.provision(h.host, token, "GET", "/Schemas/"+scim.SchemaEnterprise, "").is(200)
	h.provision(h.host, token, "GET", "/ResourceTypes/User", "").is(200)
	h.provision(h.host, token, "GET", "/serviceConfiguration", "").failure(404, "")
	h.provision(h.host, token, "GET", "/Me", "").failure(501, "")
	h.provision(h.host, token, "POST", "/Bulk", `{"schemas":["`+scim.MessageBulkRequest+`"],"Operations":[{"method":"DELETE","path":"/Users/`+id+`"}]}`).is(200)

	for _, bad := range []string{"", "lyd_x", token + "x", "lyc_" + token[4:]} {
		refused := h.provision(h.host, bad, "GET", "/Users", "").failure(401, "")
		if !strings.HasPrefix(refused.header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%q: %v", bad, refused.header)
		}
	}
	other := h.newTenant()
	h.provision(h.hostOf(other), token, "GET", "/Users", "").failure(401, "")
	h.provision("nobody.example", token, "GET", "/Users", "").failure(404, "")
	if err := h.o.SCIM.SetStatus(h.acting(policy.Admin), d.ID, signon.StatusOff); err != nil {
		t.Fatal(err)
	}
	h.provision(h.host, token, "GET", "/Users", "").failure(403, "")
	if log := h.log.String(); strings.Contains(log, token) {
		t.Error("the log tells the token")
	}
}

func TestABodyOfMoreThanAMebibyteIsRefusedInSCIMsWords(t *testing.T) {
	t.Parallel()
	h := setup(t)
	_, token := h.directory(scim.ModeStandard)
	got := raw(t, h.serve(), fmt.Appendf(nil, "POST /scim/v2/Bulk HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/scim+json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", h.host, token, 1<<20+1, strings.Repeat(" ", 1<<20+1)))
	if !strings.HasPrefix(got, "HTTP/1.1 413") || !strings.Contains(got, scim.MessageError) || !strings.Contains(got, "application/scim+json") {
		t.Error(firstOf(got, 900))
	}
}

func TestAPersonsOwnKeyReadsMeAndNothingElse(t *testing.T) {
	t.Parallel()
	h := setup(t)
	_, token := h.directory(scim.ModeStandard)
	place := h.provision(h.host, token, "POST", "/Users", userBody).is(201).header.Get("Location")
	id, _ := uid.Parse(place[strings.LastIndexByte(place, '/')+1:])
	err := h.w.Store.InTenant(h.ctx, func(ctx context.Context) error { return h.w.Store.GiveRoles(ctx, id, []policy.Role{policy.Manager}) })
	if err != nil {
		t.Fatal(err)
	}
	as, err := h.o.Auth.As(h.ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	key, _, err := h.o.Auth.CreateKey(as, auth.KeyInput{Name: "Mine", Scopes: []string{auth.AllScopes}})
	if err != nil {
		t.Fatal(err)
	}
	if me := h.provision(h.host, key, "GET", "/Me", "").is(200); !strings.Contains(me.body, `"userName":"bertha@acme.example"`) || me.header.Get("Location") != place {
		t.Errorf("%s %v", me.body, me.header)
	}
	h.provision(h.host, key, "GET", "/Users", "").failure(401, "")
	h.provision(h.host, key, "DELETE", "/Me", "").failure(401, "")
}

func TestADirectoryIsBoundedAndSoAreGuesses(t *testing.T) {
	t.Parallel()
	h := setup(t, func(h *house) { h.o.Limits.SignOn = never{} })
	_, token := h.directory(scim.ModeStandard)
	h.provision(h.host, token, "GET", "/Users", "").is(200)
	if refused := h.provision(h.host, "lyd_"+strings.Repeat("x", 43), "GET", "/Users", "").failure(429, ""); refused.header.Get("Retry-After") != "42" {
		t.Errorf("%v", refused.header)
	}
}

func TestADirectoryIsSetUpWatchedAndReplayedInTheBrowser(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Admin))
	b.get("/settings/directories").is(200).says("Let a directory send by SCIM").saysNot(`name="mode"`)
	b.get("/settings/directories?add=scim").is(200).says("Microsoft Entra ID", "Okta")
	b.post("/settings/directories", "name", "", "mode", "entra").is(422).says("Enter a name.")
	b.post("/settings/directories", "name", "Entra", "mode", "entra", "role_default", "owner").is(422).says("No directory makes owners")
	at := b.post("/settings/directories", "name", "Entra", "mode", "entra", "role_default", "learner").is(303).Header.Get("Location")
	b.get(at).is(200).says("Entra is set up, in dry run", "http://"+h.host+"/scim/v2")
	b.post(at+"/tokens", "name", "").is(422).says("Enter a name.")
	page := b.post(at+"/tokens", "name", "First", "days", "90").is(200).says("The token is made")
	_, rest, _ := strings.Cut(page.body, `value="lyd_`)
	secret, _, _ := strings.Cut(rest, `"`)
	secret = "lyd_" + secret
	b.get(at).is(200).says("First", secret[:10]).saysNot(secret)

	h.provision(h.host, secret, "POST", "/Users", userBody).is(201)
	b.get(at + "/people").is(200).says("Nobody yet")
	b.post(at+"/status", "status", "on").is(303)
	h.provision(h.host, secret, "POST", "/Users", userBody).is(201)
	h.provision(h.host, secret, "POST", "/Groups", `{"displayName":"Trainers"}`).is(201)
	b.get(at+"/people").is(200).says("bertha@acme.example", "Bertha", "Learner")
	b.get(at + "/groups").is(200).says("Trainers")

	b.post(at+"/settings", "revision", "2", "name", "Entra ID", "mode", "entra", "group", "A", "role", "learner", "group", "Trainers", "role", "instructor", "do", "up.2").is(200).
		says(`value="Trainers" id="role_rules-1"`, `value="A" id="role_rules-2"`)
	b.post(at+"/settings", "revision", "1", "name", "Entra ID", "mode", "entra").is(409).says("Someone else changed this directory")
	b.post(at+"/settings", "revision", "2", "name", "Entra ID", "mode", "entra", "group", "Trainers", "role", "emperor").is(422).says("There is no such role")
	b.post(at+"/settings", "revision", "2", "name", "Entra ID", "mode", "entra", "role_default", "learner", "group", "Trainers", "role", "instructor", "group", "", "role", "", "map.title", "nickName | title").is(303)
	b.get(at+"/settings").is(200).says("Entra ID is saved", `value="Trainers"`, `value="nickName | title"`)
	b.get(at + "/groups").is(200).says("Instructor")

	requests := b.get(at+"/requests").is(200).says("/Users", "201", "Dry run")
	_, rest, _ = strings.Cut(requests.body, at+"/requests/")
	for !strings.Contains(rest[:60], "/Groups") && !strings.Contains(rest[:80], "POST /Users") {
		_, rest, _ = strings.Cut(rest, at+"/requests/")
	}
	one := at + "/requests/" + rest[:36]
	b.get(one).is(200).says("Send again")
	b.post(one + "/try").is(200).says("Dry run: this would happen")
	b.post(one + "/replay").is(200).says("Sent again")
	b.get(at+"/requests.json").is(200).says(`"method":"POST"`).hasIn("Content-Disposition", "scim-requests.json")
	b.post(at+"/people", "email", "nobody@acme.example", "user_name", "nobody").is(404)

	learner := h.as(h.person(policy.Learner))
	learner.get(at).is(403)
	learner.post(at + "/delete").is(403)
	b.post(at + "/delete").is(303).leads("/settings/directories")
	b.get(at).is(404)
	h.provision(h.host, secret, "GET", "/Users", "").failure(401, "")
}
