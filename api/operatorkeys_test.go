package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/act"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/tenant"
	"lyceum/tenant/flag"
)

// program asks the platform's host with a key of operators.
type program struct {
	*browser
	by     auth.Operator
	key    auth.OperatorKey
	secret string
}

func (h *house) program(by auth.Operator, scopes ...auth.OperatorScope) program {
	h.t.Helper()
	secret, key, err := h.o.Operators.CreateKey(h.t.Context(), by, auth.OperatorKeyInput{Name: "Program " + uid.Opaque(6), Scopes: scopes})
	if err != nil {
		h.t.Fatal(err)
	}
	return program{h.asking(secret), by, key, secret}
}

func (h *house) asking(secret string) *browser {
	b := h.browser(platformHost)
	b.header["Authorization"] = "Bearer " + secret
	return b
}

func (h *house) operatorAccount(role auth.OperatorRole) auth.Operator {
	h.t.Helper()
	who, err := h.o.Operators.Create(h.t.Context(), uid.Opaque(8)+"@lyceum.example", "Olga Operator", password, role)
	if err != nil {
		h.t.Fatal(err)
	}
	return who
}

func read[T any](t testing.TB, a answer) (out T) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), &out); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	return out
}

func (h *house) sendsConsole(b *browser, method, path string) answer {
	return b.json(method, path, "")
}

func TestNoOperationOfTheConsoleIsForNobodyForAPortalsKeyOrForALesserKey(t *testing.T) {
	t.Parallel()
	h := setup(t)
	everything := h.program(h.operatorAccount(auth.OperatorAdmin), auth.OperatorScopes()...)
	foreign := h.asking(keyFrom(t, h.as(h.person(policy.Owner)), "*"))
	nobody, cookie := h.browser(platformHost), h.operator()
	cookie.get("/operator").is(200)
	lesser := map[auth.OperatorScope]program{
		auth.OperatorMayManage: h.program(everything.by, auth.OperatorMayBill, auth.OperatorMayDelete),
		auth.OperatorMayBill:   h.program(everything.by, auth.OperatorMayManage, auth.OperatorMayDelete),
		auth.OperatorMayDelete: h.program(everything.by, auth.OperatorMayManage, auth.OperatorMayBill),
	}
	asked := map[auth.OperatorScope]int{}
	for _, r := range h.srv.Routes() {
		scope, ok := r.Need.Scope()
		if !ok {
			continue
		}
		asked[scope]++
		path := at(r.Path)
		for who, b := range map[string]*browser{"nobody": nobody, "a portal's key": foreign, "an operator's session": cookie} {
			if got := h.sendsConsole(b, r.Method, path); got.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s: %s %s answers %d", who, r.Method, r.Path, got.StatusCode)
			}
		}
		if b, ok := lesser[scope]; ok {
			if got := h.sendsConsole(b.browser, r.Method, path); got.StatusCode != http.StatusForbidden || !strings.Contains(got.body, "operator_key_scope") {
				t.Errorf("a key without %s: %s %s answers %d %s", scope, r.Method, r.Path, got.StatusCode, got.body)
			}
		}
		if got := h.sendsConsole(everything.browser, r.Method, path); got.StatusCode == 401 || got.StatusCode == 403 || got.StatusCode >= 500 {
			t.Errorf("a key for everything: %s %s answers %d %s", r.Method, r.Path, got.StatusCode, got.body)
		}
	}
	if asked[auth.OperatorMayRead] < 10 || asked[auth.OperatorMayManage] < 15 || asked[auth.OperatorMayBill] < 5 || asked[auth.OperatorMayDelete] < 1 {
		t.Errorf("asked %v", asked)
	}
	// The other way round: a portal takes no key of operators.
	portal := h.browser(h.host)
	portal.header["Authorization"] = "Bearer " + everything.secret
	portal.json("GET", "/api/v1/me", "").is(401).says("api_key_invalid")
	everything.get("/operator").is(303)
	nobody.get("/api/v1/docs").is(200).says("Lyceum operators")
	nobody.get("/api/v1/openapi.json").is(200)
}

func TestAKeyIsOverWhenItIsRevokedOrExpiredAndNarrowsWithItsOperator(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b, admin, _ := h.operatorWith()
	other := h.operatorAccount(auth.OperatorAdmin)
	p := h.program(other, auth.OperatorScopes()...)
	p.get("/api/v1/key").is(200).says(`"read","manage","billing","delete"`, p.key.Name, "Olga Operator").has("RateLimit-Limit", "100")
	if err := h.o.Operators.SetRole(t.Context(), other.ID, auth.OperatorRunner); err != nil {
		t.Fatal(err)
	}
	p.get("/api/v1/key").is(200).says(`"read","manage","billing"`).saysNot(`"delete"`)
	p.json("POST", "/api/v1/tenants/"+h.tenant.Slug+"/leaving", `{"confirm":"`+h.tenant.Slug+`"}`).is(403)
	if err := h.o.Operators.SetRole(t.Context(), other.ID, auth.OperatorReader); err != nil {
		t.Fatal(err)
	}
	p.get("/api/v1/tenants").is(200)
	p.json("POST", "/api/v1/tenants/"+h.tenant.Slug+"/suspend", `{"reason":"trying"}`).is(403)
	if err := h.o.Operators.Deactivate(t.Context(), other.ID, "left us"); err != nil {
		t.Fatal(err)
	}
	p.get("/api/v1/key").is(401).says("operator_key_invalid")

	// Made and ended on the page.
	page := b.get("/operator/keys").is(200).says("Its operator is deactivated", p.key.Name)
	b.post("/operator/keys", "name", "", "days", "400", "scopes", "everything").is(422).says("There is no such scope")
	page = b.post("/operator/keys", "name", "Order system", "days", "30", "scopes", "manage").is(200).has("Cache-Control", "no-store").says("shown only this once")
	secret := regexp.MustCompile(`lyo_[A-Za-z0-9_-]{20,}`).FindString(page.body)
	made := h.asking(secret)
	made.get("/api/v1/key").is(200).says(`"read","manage"`).saysNot("billing")
	page = b.get("/operator/keys").is(200).says("Order system").saysNot(secret)
	var id string
	keys, err := h.o.Operators.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if k.OperatorID == admin.ID {
			id = k.ID.String()
			if k.LastUsedAt == nil || k.Hash != nil {
				t.Errorf("the key that was used is %+v", k)
			}
		}
	}
	b.get("/operator/keys").is(200)
	b.post("/operator/keys/" + id + "/revoke").is(303).leads("/operator/keys")
	made.get("/api/v1/key").is(401)
	b.get("/operator/keys").is(200)
	b.post("/operator/keys/" + id + "/revoke").is(404)
	b.get("/operator/acts?who="+admin.ID.String()).is(200).says("Key made", "Key revoked", "Order system")

	late := h.program(admin, auth.OperatorMayRead)
	h.w.Now.Advance(91 * 24 * time.Hour)
	late.get("/api/v1/key").is(401)

	// Only admins look after keys.
	runner := h.operator(auth.OperatorRunner)
	runner.get("/operator").is(200).saysNot(`href="/operator/keys"`)
	runner.get("/operator/keys").is(403)
	runner.post("/operator/keys", "name", "Mine", "days", "30").is(403)
	if _, _, err := h.o.Operators.CreateKey(t.Context(), h.operatorAccount(auth.OperatorRunner), auth.OperatorKeyInput{Name: "Mine", Scopes: []auth.OperatorScope{auth.OperatorMayDelete}}); err == nil {
		t.Error("an operator gave more than they may")
	}
}

// shownTenant is what of a portal's JSON is looked at.
type shownTenant struct {
	Slug, Name, Status, State string
	Former                    []string
	LeavesAt                  *time.Time `json:"leaves_at"`
}

func TestAProgramLeadsAPortalThroughItsLife(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.program(h.operatorAccount(auth.OperatorAdmin), auth.OperatorScopes()...)
	slug := "p" + uid.Opaque(10)
	wish := `{"organization":"Parcel Post","slug":"` + slug + `","owner_name":"Paula Post","owner_email":"paula@` + slug + `.example"}`
	p.json("POST", "/api/v1/tenants", `{"organization":"","slug":"a","owner_name":"","owner_email":"paula"}`).is(422).says("owner_email", "owner_name", "organization", "slug")
	p.json("POST", "/api/v1/tenants", wish).is(201)
	p.json("POST", "/api/v1/tenants", wish).is(409).says("slug_taken")
	at := "/api/v1/tenants/" + slug
	got := read[shownTenant](t, p.get(at).is(200).says(`"schema_version"`, `"failures":[]`))
	if got.Status != string(tenant.StatusActive) || got.Name != "Parcel Post" {
		t.Errorf("made: %+v", got)
	}
	// Its owner is invited, and nobody else can sign in.
	made, err := h.o.Tenants.Show(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	inside := tenant.With(t.Context(), made)
	owner, err := h.o.Auth.CreateOwner(inside, "paula@"+slug+".example", "Paula Post", "")
	if err != nil || owner.Status != auth.PersonInvited {
		t.Fatalf("the owner is %+v, %v", owner, err)
	}
	secret, _, err := h.o.Auth.MintLink(inside, auth.TokenInvitation, owner.ID)
	if err != nil {
		t.Fatal(err)
	}
	first := h.browser(h.hostOf(made))
	first.get("/invitation/" + secret).is(200)
	first.post("/invitation/"+secret, "name", "Paula Post", "password", password).is(303)
	first.get("/settings/leaving").is(200)

	p.get("/api/v1/tenants?q="+slug).is(200).says(`"slug":"`+slug+`"`, `"next":null`)
	p.get("/api/v1/tenants?q=" + slug + "&state=suspended").is(200).saysNot(slug + `",`)
	p.get("/api/v1/tenants?limit=1&sort=created").is(200).saysNot(`"next":null`)
	p.get("/api/v1/tenants?state=happy").is(422)
	p.get("/api/v1/tenants/" + slug + "-gone").is(404).says("tenant_not_found")

	p.json("POST", at+"/suspend", `{"reason":""}`).is(422).says("reason")
	if got = read[shownTenant](t, p.json("POST", at+"/suspend", `{"reason":"Asked for by phone"}`).is(200)); got.Status != "suspended" {
		t.Errorf("suspended: %+v", got)
	}
	h.o.Directory.Drop(made.ID)
	h.browser(h.hostOf(made)).get("/signin").is(403)
	if got = read[shownTenant](t, p.json("POST", at+"/resume", "").is(200)); got.Status != "active" {
		t.Errorf("resumed: %+v", got)
	}
	p.json("PUT", at+"/address", `{"slug":"admin","confirm":"`+slug+`","reason":"Another name"}`).is(422).says("slug")
	p.json("PUT", at+"/address", `{"slug":"`+slug+`","confirm":"other","reason":""}`).is(422).says(`"confirm"`, `"reason"`, `"slug"`)
	moved := "q" + slug[1:]
	if got = read[shownTenant](t, p.json("PUT", at+"/address", `{"slug":"`+moved+`","confirm":"`+slug+`","reason":"Another name"}`).is(200)); got.Slug != moved || len(got.Former) != 1 {
		t.Errorf("moved: %+v", got)
	}
	h.o.Directory.Drop(made.ID)
	h.browser(h.hostOf(made)).get("/signin").is(308)
	at = "/api/v1/tenants/" + moved

	p.json("POST", at+"/leaving", `{"confirm":"something"}`).is(422).says("confirm")
	if got = read[shownTenant](t, p.json("POST", at+"/leaving", `{"confirm":"`+moved+`"}`).is(200)); got.LeavesAt == nil || got.State != "export_ready" {
		t.Errorf("leaving: %+v", got)
	}
	p.json("DELETE", at+"/leaving", "").is(204)
	p.json("DELETE", at+"/leaving", "").is(409)

	// The log of acts says that it was the key.
	var acts []string
	list, err := h.o.Acts.Read(t.Context(), act.Filter{Actor: p.key.ID})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list.Items {
		acts = append(acts, a.Action)
		if a.ActorKind != "operator_key" || a.ActorName != p.key.Name {
			t.Errorf("the act %+v", a)
		}
	}
	if got, want := strings.Join(acts, " "), "tenant.kept tenant.leaving tenant.renamed tenant.resumed tenant.suspended tenant.created"; got != want {
		t.Errorf("acts %q, want %q", got, want)
	}
	p.get("/api/v1/acts?actor="+p.key.ID.String()+"&action=tenant.*").is(200).says("tenant.suspended", "Asked for by phone", p.key.Name)
	h.operator().get("/operator/acts?who="+p.key.ID.String()).is(200).says("Portal made", p.key.Name)
}

func TestAnOperatorMakesAPortalOnAPage(t *testing.T) {
	t.Parallel()
	h := setup(t)
	slug := "n" + uid.Opaque(10)
	o := h.operator(auth.OperatorRunner)
	o.get("/operator").is(200).says("/operator/new")
	o.get("/operator/new").is(200).says("The owner’s e-mail")
	o.post("/operator/new", "organization", "New House", "slug", "x", "name", "Nora", "email", "nora").is(422).says("Use at least 3 characters", "New House")
	o.post("/operator/new", "organization", "New House", "slug", slug, "name", "Nora", "email", "nora@new.example").is(303).leads("/operator/tenants/" + slug)
	o.get("/operator/tenants/"+slug).is(200).says("New House is made", "nora@new.example")
	reader := h.operator(auth.OperatorReader)
	reader.get("/operator").is(200).saysNot("/operator/new")
	reader.post("/operator/new", "organization", "New House", "slug", slug+"b", "name", "Nora", "email", "nora@new.example").is(403)
}

func TestAnOperatorMovesAPortalToAnotherAddressAndOldLinksLeadThere(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o, other := h.operator(auth.OperatorRunner), h.newTenant()
	at, moved := "/operator/tenants/"+h.tenant.Slug, "m"+uid.Opaque(10)
	o.get(at).is(200).says("Move to another address")
	o.post(at+"/move", "move_slug", other.Slug, "move_reason", "Another name", "move_confirm", h.tenant.Slug).is(409).says("already has this address", "Another name")
	o.get(at).is(200)
	o.post(at+"/move", "move_slug", h.tenant.Slug, "move_reason", "x", "move_confirm", "nothing").is(422).says("has this address already", "the owners will read it", "to move this portal")
	o.get(at).is(200)
	o.post(at+"/move", "move_slug", moved, "move_reason", "The company has another name", "move_confirm", h.tenant.Slug).is(303).leads("/operator/tenants/" + moved)
	h.o.Directory.Drop(h.tenant.ID)
	o.get("/operator/tenants/"+moved).is(200).says("has its new address", h.tenant.Slug)
	o.get("/operator/acts?tenant="+moved).is(200).says("Portal given another name", "The company has another name")
	h.browser(h.host).get("/courses/some-course?from=mail").is(308).leads("http://" + moved + ".localhost:8080/courses/some-course?from=mail")
	h.browser(moved + ".localhost:8080").get("/signin").is(200)
	// It is in the portal's own log, with the reason for the mail.
	events := h.eventsOf("address.renamed")
	if len(events) != 1 || !strings.Contains(string(events[0].Data), "The company has another name") || events[0].ActorKind != "operator" {
		t.Errorf("events %+v", events)
	}
	reader := h.operator(auth.OperatorReader)
	reader.get("/operator/tenants/" + moved).is(200).saysNot("Move to another address")
	reader.post("/operator/tenants/"+moved+"/move", "move_slug", moved+"b").is(403)
}

func (h *house) eventsOf(typ string) (list []event.Event) {
	h.t.Helper()
	err := h.w.Store.InTenant(h.ctx, func(ctx context.Context) error {
		found, err := h.w.Store.Events(ctx, event.Filter{Type: typ})
		list = found.Items
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

func TestAProgramSaysThingsPlansMaintenanceAndSetsFlags(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.program(h.operatorAccount(auth.OperatorRunner), auth.OperatorMayManage)
	word, until := uid.Opaque(10), h.w.Now.Now().Add(2*time.Hour).UTC().Format(time.RFC3339)
	type written struct {
		ID, State string
		Revision  int
	}
	banner := `{"kind":"info","texts":{"en":"News ` + word + `"},"readers":"everyone","to":{"tenants":["` + h.tenant.Slug + `"]},"until":"` + until + `"`
	p.json("POST", "/api/v1/banners", strings.Replace(banner, h.tenant.Slug, "nowhere-at-all", 1)+`}`).is(422).says("to.tenants")
	b := read[written](t, p.json("POST", "/api/v1/banners", banner+`}`).is(201).says(h.tenant.Slug, p.key.Name).has("ETag", `"1"`))
	h.browser(h.host).get("/signin").is(200).says("News " + word)
	p.json("PUT", "/api/v1/banners/"+b.ID, strings.Replace(banner, "News", "Newer", 1)+`}`).is(422).says("revision")
	p.json("PUT", "/api/v1/banners/"+b.ID, strings.Replace(banner, "News", "Newer", 1)+`}`, "If-Match", `"1"`).is(200).says(`"revision":2`)
	p.json("PUT", "/api/v1/banners/"+b.ID, banner+`,"revision":1}`).is(409).says("broadcast_changed")
	h.browser(h.host).get("/signin").is(200).says("Newer " + word)
	p.get("/api/v1/banners").is(200).says(b.ID)
	h.w.Now.Advance(time.Minute)
	p.json("POST", "/api/v1/banners/"+b.ID+"/end", "").is(200).says(`"state":"over"`)
	p.json("POST", "/api/v1/banners/"+b.ID+"/end", "").is(409)
	h.browser(h.host).get("/signin").is(200).saysNot(word)
	p.get("/api/v1/banners/" + uid.New().String()).is(404)

	window := `{"mode":"closed","texts":{"en":"Moving ` + word + `"},"hold_jobs":true,"to":{"tenants":["` + h.tenant.Slug + `"]},"until":"` + until + `"}`
	p.json("POST", "/api/v1/maintenance-windows", strings.Replace(window, "closed", "ajar", 1)).is(422).says("mode")
	w := read[written](t, p.json("POST", "/api/v1/maintenance-windows", window).is(201).says(`"state":"running"`))
	h.browser(h.host).get("/signin").is(503).says(word)
	p.json("PUT", "/api/v1/maintenance-windows/"+w.ID, strings.Replace(window, "Moving", "Still moving", 1), "If-Match", `"1"`).is(200).says("Still moving")
	p.get("/api/v1/maintenance-windows").is(200).says(w.ID)
	h.w.Now.Advance(time.Minute)
	p.json("POST", "/api/v1/maintenance-windows/"+w.ID+"/end", "").is(200).says(`"state":"over"`)
	h.browser(h.host).get("/signin").is(200)

	at := "/api/v1/tenants/" + h.tenant.Slug + "/flags"
	p.get("/api/v1/flags/" + flag.LiveNotices).is(200).says(`"declared":100`)
	p.json("PUT", at+"/"+flag.LiveNotices, `{"on":false}`).is(204)
	p.get(at).is(200).says(`"on":false,"single":true`)
	p.get("/api/v1/flags").is(200).says(h.tenant.Slug)
	p.json("DELETE", at+"/"+flag.LiveNotices, "").is(204)
	p.get(at).is(200).says(`"single":false`)
	p.json("PUT", at+"/no_such_flag", `{"on":true}`).is(404).says("flag_not_found")
	p.json("PUT", "/api/v1/flags/"+flag.LiveNotices, `{"percent":101,"revision":0}`).is(422)
	p.json("PUT", "/api/v1/flags/"+flag.LiveNotices, `{"percent":100,"revision":4711}`).is(409)

	p.get("/api/v1/fleet").is(200).says(`"newest"`, `"canaries"`)
	p.get("/api/v1/rollouts").is(200)
	p.json("POST", "/api/v1/rollouts/"+uid.New().String()+"/pause", "").is(404).says("rollout_not_found")
}

func TestAProgramLooksAfterBills(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.program(h.operatorAccount(auth.OperatorRunner), auth.OperatorMayBill)
	at := "/api/v1/tenants/" + h.tenant.Slug + "/subscription"
	p.get(at).is(404).says("subscription_not_found")
	if err := h.o.Subscriptions.Begin(t.Context(), h.tenant); err != nil {
		t.Fatal(err)
	}
	p.get(at).is(200).says(`"state"`)
	p.get("/api/v1/plans").is(200).says(`"items"`)
	p.json("POST", at+"/hold", `{"reason":""}`).is(422)
	p.json("POST", at+"/hold", `{"reason":"They pay next week"}`).is(200)
	p.json("POST", at+"/release", "").is(200)
	p.json("PUT", at, `{"collect":"none"}`).is(200).says(`"collect":"none"`)
	p.json("PUT", at, `{"collect":"gold"}`).is(422)
	p.json("POST", at+"/extend-trial", `{"days":0}`).is(422)
	h.operator().get("/operator/acts?who="+p.key.ID.String()).is(200).says("Bill put on hold", "They pay next week")
}
