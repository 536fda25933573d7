package api_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"lyceum/auth/ldap/slapd"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/tenant"
)

// typed is the form of a directory on a server, with changes laid over it: pairs of field and value.
func typed(server *slapd.Server, changes ...string) []string {
	form := map[string]string{
		"name": "Head office", "kind": "openldap", "urls": server.URL, "ca_certificates": server.CA, "bind_dn": slapd.BindDN, "base_dn": slapd.BaseDN, "role_default": "learner",
	}
	for i := 0; i+1 < len(changes); i += 2 {
		form[changes[i]] = changes[i+1]
	}
	var pairs []string
	for _, field := range slices.Sorted(maps.Keys(form)) {
		pairs = append(pairs, field, form[field])
	}
	return pairs
}

// worked does what the worker would with the last wish for a run.
func (h *house) worked() {
	h.t.Helper()
	var last event.Event
	err := h.w.Store.InTenant(h.ctx, func(ctx context.Context) error {
		list, err := h.w.Store.Events(ctx, event.Filter{Type: "directory.sync_requested"})
		if err == nil && len(list.Items) > 0 {
			last = list.Items[0]
		}
		return err
	})
	if err != nil || last.Type == "" {
		h.t.Fatalf("no run was asked for: %v", err)
	}
	if err := h.o.LDAPSync.Do(h.ctx, last); err != nil {
		h.t.Fatal(err)
	}
}

// ldapDirectory sets one up in the browser, in dry run, and gives its address.
func (h *house) ldapDirectory(b *browser, server *slapd.Server) string {
	h.t.Helper()
	b.get("/settings/directories/ldap/new").is(200)
	return b.post("/settings/directories/ldap/new", typed(server, "password", slapd.BindPassword)...).is(303).Header.Get("Location")
}

// firstRun gives the address of the newest run on a directory's page.
func firstRun(t *testing.T, page answer, at string) string {
	t.Helper()
	_, rest, found := strings.Cut(page.body, at+"/runs/")
	if !found {
		t.Fatalf("no run on the page: %s", firstOf(page.body, 3000))
	}
	return at + "/runs/" + rest[:36]
}

func TestAnLDAPDirectoryIsSetUpTriedAndReadInTheBrowser(t *testing.T) {
	t.Parallel()
	server := slapd.Start(t, slapd.Options{People: 8})
	server.AddGroup("heads", slapd.Person(1))
	h := setup(t)
	b := h.as(h.person(policy.Admin))
	b.get("/settings/directories").is(200).says(`href="/settings/directories/ldap/new"`, "Read an LDAP server")
	b.get("/settings/directories/ldap/new").is(200).says("Set up an LDAP directory", "Microsoft Active Directory")

	// Before anything is kept, the settings are tried.
	const check = "/settings/directories/ldap/new/check"
	b.post(check, typed(server, "password", slapd.BindPassword)...).is(200).says("The directory answers as it should", "uid=person0001", `value="Head office"`).saysNot(slapd.BindPassword)
	b.post(check, typed(server, "password", "not it")...).is(200).says("Something is not right yet").saysNot("not it")
	b.post(check, typed(server)...).is(422).says("none is kept for this server and account")
	b.post(check, typed(server, "urls", "ldap://plain.example.org", "password", "x")...).is(422).says("Passwords are not sent in clear")
	b.post(check, typed(server, "timeout_seconds", "soon", "password", "x")...).is(422).says("Enter a whole number.")

	at := h.ldapDirectory(b, server)
	b.get(at).is(200).says("Head office is set up, in dry run", "Not read yet", "OpenLDAP").saysNot("Sync now")
	b.get("/settings/directories").is(200).says("Head office", "OpenLDAP")

	b.post(at + "/try").is(303).leads(at)
	h.worked()
	page := b.get(at).is(200).says("8 new", "Dry run", "Done")
	run := b.get(firstRun(t, page, at)).is(200).says("A dry run: nothing of this was done.", "person0001@example.org", "asked for by hand", "heads", "Reading groups", "Server reached")
	run.saysNot(slapd.BindPassword)
	h.nobody("person0001@example.org")

	b.post(at+"/mapping", "revision", "1", "role_default", "learner", "group", "x", "role", "learner", "group", "heads", "role", "manager", "do", "up.2").is(200).
		says(`value="heads" id="role_rules-1"`, `value="x" id="role_rules-2"`)
	b.post(at+"/mapping", "revision", "1", "role_default", "learner", "group", "heads", "role", "emperor").is(422).says("There is no such role")
	b.post(at+"/mapping", "revision", "1", "role_default", "owner").is(422).says("No directory makes owners")
	b.post(at+"/mapping", "revision", "1", "role_default", "learner", "group", "heads", "role", "manager", "map.title", "roomNumber | title").is(303).leads(at + "/mapping")
	b.get(at+"/mapping").is(200).says(`value="heads"`, `value="roomNumber | title"`, `placeholder="mail"`)

	b.post(at+"/status", "status", "loud").is(422).says("Choose off, dry run or on.")
	b.post(at+"/status", "status", "on").is(303)
	b.post(at + "/sync").is(303)
	h.worked()
	b.get(at).is(200).says("Sync now", "8 new")
	if p := h.who("person0001@example.org"); !slices.Equal(p.Roles, []policy.Role{policy.Manager}) || p.Attributes["title"] != "Engineer" {
		t.Errorf("%+v", p)
	}

	// Everybody leaves at once: nobody is deactivated until somebody confirms.
	for n := 1; n <= 7; n++ {
		server.RemovePerson(slapd.Person(n))
	}
	b.post(at + "/sync").is(303)
	h.worked()
	page = b.get(at).is(200).says("7 people would be deactivated at once, and nobody was", "Deactivate them", at+"/confirm")
	b.get(firstRun(t, page, at)).is(200).says("Held back", "uid=person0007", at+"/confirm")
	if p := h.who("person0007@example.org"); p.Status != "active" {
		t.Errorf("%+v", p)
	}
	b.post(at + "/confirm").is(303)
	h.worked()
	b.get(at).is(200).says("7 deactivated").saysNot(at + "/confirm")
	if p := h.who("person0007@example.org"); p.Status != "deactivated" {
		t.Errorf("%+v", p)
	}
	b.post(at+"/status", "status", "off").is(303)
	b.post(at + "/sync").is(409).says("This directory is switched off")
	b.post(at+"/delete", "confirm", "head office").is(422).says("Type the directory&#39;s name exactly")
	b.get(at+"/delete").is(200).says("Head office", "Its people stay")
	b.post(at+"/delete", "confirm", "Head office").is(303).leads("/settings/directories")
	b.get(at).is(404)
	h.who("person0008@example.org")
	if log := h.log.String(); strings.Contains(log, slapd.BindPassword) {
		t.Error("the log tells the password")
	}
}

func TestTheSettingsOfAnLDAPDirectoryKeepThePasswordForTheSameServerOnly(t *testing.T) {
	t.Parallel()
	server, thief := slapd.Start(t, slapd.Options{People: 1}), slapd.Start(t, slapd.Options{People: 1})
	h := setup(t)
	b := h.as(h.person(policy.Admin))
	at := h.ldapDirectory(b, server)
	b.get(at+"/settings").is(200).says(server.URL, `placeholder="Kept, never shown again"`).saysNot(slapd.BindPassword)
	elsewhere := typed(server, "revision", "1", "urls", thief.URL, "ca_certificates", thief.CA)
	b.post(at+"/check", elsewhere...).is(422).says(`id="password-error"`, thief.URL)
	b.post(at+"/settings", elsewhere...).is(422).says(`id="password-error"`)
	thief.Shutdown() // its log is written to the end
	if strings.Contains(thief.Log(), " BIND ") {
		t.Error("the password was sent")
	}
	b.post(at+"/check", typed(server, "revision", "1")...).is(200).says("The directory answers as it should")
	b.post(at+"/settings", typed(server, "revision", "1", "name", "")...).is(422).says("Enter a name.")
	b.post(at+"/settings", typed(server, "revision", "1", "connection", "01980000-0000-7000-8000-000000000000")...).is(404)
	b.post(at+"/settings", typed(server, "revision", "1", "name", "Branch", "every_minutes", "1")...).is(422).says("Choose 5 to 1440 minutes.", `value="Branch"`)
	b.post(at+"/settings", typed(server, "revision", "1", "name", "Branch", "every_minutes", "15", "sync_filter", "(uid=*)")...).is(303).leads(at + "/settings")
	b.get(at+"/settings").is(200).says("Branch is saved", `value="15"`, "(uid=*)")
	b.post(at+"/settings", typed(server, "revision", "1", "name", "Late")...).is(409).says("Someone else changed this directory")
	b.post(at+"/settings", typed(server, "revision", "2", "bind_dn", slapd.RootDN, "password", slapd.RootPassword)...).is(303)
}

func TestOnlyWhoManagesConnectionsSeesLDAPDirectoriesOfTheirPortal(t *testing.T) {
	t.Parallel()
	server := slapd.Start(t, slapd.Options{People: 1})
	h := setup(t)
	at := h.ldapDirectory(h.as(h.person(policy.Admin)), server)
	none := at[:len(at)-36] + "01980000-0000-7000-8000-000000000000"
	o := h.abroad()
	foreign, manager := o.as(o.person(policy.Owner)), h.as(h.person(policy.Manager))
	foreign.get("/").is(200)
	manager.get("/").is(200)
	for _, path := range []string{"", "/settings", "/mapping", "/delete", "/runs/01980000-0000-7000-8000-000000000000"} {
		manager.get(at + path).is(403)
		foreign.get(at + path).is(404)
		foreign.get(none + path).is(404)
		h.stranger().get(at + path).is(303)
	}
	for _, path := range []string{"/status", "/sync", "/try", "/confirm", "/settings", "/check", "/mapping", "/delete"} {
		manager.post(at + path).is(403).saysNot("form has expired")
		foreign.post(at + path).is(404)
	}
	for _, path := range []string{"/new", "/new/check"} {
		manager.post("/settings/directories/ldap"+path, typed(server)...).is(403).saysNot("form has expired")
	}
	foreign.get("/settings/directories").is(200).saysNot("Head office")
	foreign.get("/settings/directories/ldap/nothing").is(404)
}

func TestLDAPDirectoriesAreKeptByProgramsToo(t *testing.T) {
	t.Parallel()
	server := slapd.Start(t, slapd.Options{People: 2})
	h := setup(t)
	b := h.as(h.person(policy.Admin))
	b.get("/").is(200)
	const all = "/api/v1/ldap-directories"
	body := func(changes map[string]any) string {
		in := map[string]any{"name": "Head office", "status": "on", "kind": "openldap", "urls": []string{server.URL}, "ca_certificates": server.CA, "bind_dn": slapd.BindDN, "base_dn": slapd.BaseDN, "role_default": "learner"}
		maps.Copy(in, changes)
		raw, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	b.json("POST", all+"/try", body(map[string]any{"name": nil, "status": nil, "role_default": nil})).is(422)
	try := `{"kind":"openldap","urls":["` + server.URL + `"],"ca_certificates":` + quoted(t, server.CA) + `,"bind_dn":"` + slapd.BindDN + `","base_dn":"` + slapd.BaseDN + `"`
	b.json("POST", all+"/try", try+`}`).is(422).says("ldap_password_missing")
	b.json("POST", all+"/try", try+`,"password":`+quoted(t, slapd.BindPassword)+`}`).is(200).says(`"ok":true`, `"people":2`, `"sample":"uid=person0001`)
	b.json("POST", all, body(nil)).is(422).says("ldap_password_missing")
	b.json("POST", all, body(map[string]any{"password": slapd.BindPassword, "urls": []string{"ldap://plain.example"}})).is(422).says(`"urls"`)
	made := b.json("POST", all, body(map[string]any{"password": slapd.BindPassword, "role_rules": []any{map[string]any{"group": "heads", "role": "manager"}}})).is(201).
		says(`"kind":"openldap"`, `"revision":1`, `"heads"`).saysNot(slapd.BindPassword)
	at := made.Header.Get("Location")
	b.json("POST", at+"/try", try+`}`).is(200).says(`"ok":true`)
	b.json("POST", at+"/runs", `{"dry_run":true}`).is(204)
	h.worked()
	list := b.get(at+"/runs").is(200).says(`"dry_run":true`, `"outcome":"done"`, `"created":2`)
	var runs struct{ Items []struct{ ID string } }
	if err := json.Unmarshal([]byte(list.body), &runs); err != nil || len(runs.Items) != 1 {
		t.Fatalf("%v: %s", err, list.body)
	}
	b.get(at+"/runs/"+runs.Items[0].ID).is(200).says(`"what":"created"`, `"name":"people_bind"`)
	b.json("PUT", at+"?revision=7", body(nil)).is(409)
	b.json("PUT", at+"?revision=1", body(map[string]any{"bind_dn": slapd.RootDN})).is(422).says("ldap_password_missing")
	b.json("PUT", at+"?revision=1", body(map[string]any{"status": "off"})).is(200).says(`"status":"off"`)
	b.json("POST", at+"/runs", `{}`).is(409)
	b.get(all).is(200).says("Head office")

	manager := h.as(h.person(policy.Manager))
	manager.get("/").is(200)
	manager.get(all).is(403)
	manager.json("DELETE", at, "").is(403)
	o := h.abroad()
	foreign := o.as(o.person(policy.Owner))
	foreign.get("/").is(200)
	foreign.get(at).is(404)
	foreign.json("DELETE", at, "").is(404)
	foreign.get(at + "/runs/" + runs.Items[0].ID).is(404)
	b.json("DELETE", at, "").is(204)
	b.get(at).is(404)
}

// abroad is the same house seen from another tenant.
func (h *house) abroad() *house {
	o := *h
	o.tenant = h.newTenant()
	o.host, o.ctx = h.hostOf(o.tenant), tenant.With(h.t.Context(), o.tenant)
	return &o
}

func quoted(t *testing.T, text string) string {
	t.Helper()
	raw, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
