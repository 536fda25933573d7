package scim_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/scim"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func schemaOf(ctx context.Context) string {
	t, _ := tenant.From(ctx)
	return t.SchemaName
}

const bertha = `"name":{"givenName":"Bertha","familyName":"Benz"},"displayName":"Bertha Benz","title":"Driver","preferredLanguage":"de-DE","timezone":"Europe/Berlin","active":true,
"emails":[{"value":"bertha@home.example","type":"home"},{"value":"Bertha@Acme.example","type":"work"}],"phoneNumbers":[{"value":"+49 621 1","type":"work"}],
"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Road tests","employeeNumber":"1888"}`

func TestANewUserIsAPersonWhoMaySignIn(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	a := s.ask("POST", "/Users", userJSON("bertha@acme.example", bertha, `"externalId":"x-1"`)).is(201)
	if a.Location != base+"/Users/"+a.id() || !strings.HasPrefix(a.ETag, `W/"`) || a.at("meta", "version") != a.ETag || a.at("meta", "location") != a.Location {
		t.Errorf("location %q, version %q in %s", a.Location, a.ETag, a.Body)
	}
	p := s.person(a.id())
	if p.Email != "bertha@acme.example" || p.Name != "Bertha Benz" || p.Status != auth.PersonActive || p.Locale != "de-DE" || p.TimeZone != "Europe/Berlin" ||
		p.Attributes["department"] != "Road tests" || p.Attributes["employee_number"] != "1888" || p.Attributes["phone"] != "+49 621 1" || p.Attributes["title"] != "Driver" {
		t.Errorf("the person is %+v", p)
	}
	if len(p.Roles) != 1 || p.Roles[0] != policy.Learner {
		t.Errorf("roles %v, want the directory's default", p.Roles)
	}
	again := s.ask("GET", "/Users/"+a.id(), "").is(200)
	if string(again.Body) != string(a.Body) {
		t.Errorf("created as\n%s\nread as\n%s", a.Body, again.Body)
	}
	s.ask("POST", "/Users", userJSON("BERTHA@acme.example")).is(409, "uniqueness")
	if n := s.ask("GET", filtered("/Users", `userName eq "Bertha@ACME.example"`), "").is(200).at("totalResults"); n != 1.0 {
		t.Errorf("found %v by userName", n)
	}
}

func TestAUserWhoLeavesIsSwitchedOffAndComesBack(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	id := s.user("bertha@acme.example", bertha, `"externalId":"x-1"`)
	group := s.group("Drivers", id)
	person, _ := uid.Parse(id)
	secret, err := s.auth.OpenSession(s.ctx, person, auth.Client{})
	if err != nil {
		t.Fatal(err)
	}
	s.ask("PATCH", "/Users/"+id, patchJSON(`{"op":"replace","path":"active","value":false}`)).is(200)
	if p := s.person(id); p.Status != auth.PersonDeactivated || p.Name != "Bertha Benz" {
		t.Errorf("deactivated: %+v", p)
	}
	if _, err := s.auth.Resume(s.ctx, secret); !errors.Is(err, auth.ErrSignInFirst) {
		t.Errorf("the session goes on: %v", err)
	}
	if got := s.ask("GET", "/Users/"+id, "").is(200); got.at("active") != false {
		t.Errorf("still active: %s", got.Body)
	}
	s.ask("PATCH", "/Users/"+id, patchJSON(`{"op":"replace","value":{"active":true}}`)).is(200)
	if p := s.person(id); p.Status != auth.PersonActive {
		t.Errorf("reactivated: %+v", p)
	}

	s.ask("DELETE", "/Users/"+id, "").is(204)
	s.ask("GET", "/Users/"+id, "").is(404)
	s.ask("DELETE", "/Users/"+id, "").is(404)
	if p := s.person(id); p.Status != auth.PersonDeactivated || len(p.Roles) != 0 {
		t.Errorf("after DELETE: %+v", p)
	}
	if got := s.ask("GET", "/Groups/"+group, "").is(200); got.at("members") != nil {
		t.Errorf("still a member: %s", got.Body)
	}
	n := s.people()
	if back := s.user("bertha.benz@acme.example", `"externalId":"x-1"`, `"emails":[{"value":"bertha@acme.example"}]`); back != id {
		t.Errorf("came back as %s, was %s", back, id)
	}
	if p := s.person(id); p.Status != auth.PersonActive || len(p.Roles) != 1 || s.people() != n {
		t.Errorf("linked again: %+v among %d, were %d", p, s.people(), n)
	}
}

// TestWhoLeavesKeepsWhatTheyLearned: the record is evidence, and is there again when the person is.
func TestWhoLeavesKeepsWhatTheyLearned(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	_, e := storetest.EnrolledLearner(t, s.ctx, s.w, storetest.PublishedCourse(t, s.ctx, s.w, storetest.SmallCourse("Ladders")))
	learner := s.person(e.PersonID.String())
	fails(t, s.scim.Link(s.admin, s.dir.ID, learner.Email, "learner"), nil)
	enrolments := func() (n int) {
		row := s.w.Admin.QueryRow(t.Context(), "select count(*) from "+schemaOf(s.ctx)+".enrolments where id = $1 and person_id = $2", e.ID, learner.ID)
		if err := row.Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	s.ask("PATCH", "/Users/"+learner.ID.String(), patchJSON(`{"op":"replace","path":"active","value":false}`)).is(200)
	if enrolments() != 1 {
		t.Error("deactivation took the record")
	}
	s.ask("DELETE", "/Users/"+learner.ID.String(), "").is(204)
	if enrolments() != 1 {
		t.Error("deletion took the record")
	}
	if id := s.user("learner"); id != learner.ID.String() || enrolments() != 1 {
		t.Errorf("came back as %s, with %d enrolments", id, enrolments())
	}
}

func TestAUserNameThatComesBackWithAnotherExternalIDIsSomeoneElse(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	first := s.user("j.smith", `"externalId":"x-1"`, `"emails":[{"value":"j.smith@acme.example"}]`)
	s.ask("DELETE", "/Users/"+first, "").is(204)
	if second := s.user("j.smith", `"externalId":"x-2"`); second == first {
		t.Error("the second Smith has the first one's learning record")
	}
	third := s.user("k.smith")
	s.ask("DELETE", "/Users/"+third, "").is(204)
	if back := s.user("k.smith", `"externalId":"x-9"`); back != third {
		t.Error("without an externalId before, the userName is who they are")
	}
}

func TestAnAccountIsTakenOverOnlyWithinAProvenDomain(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	known := storetest.AddPerson(t, s.ctx, s.w, auth.Person{Email: "anna@acme.example", Name: "Anna"}, policy.Manager)
	body := userJSON("anna@acme.example", `"displayName":"Anna A"`)
	refused := s.ask("POST", "/Users", body).is(409, "uniqueness")
	if detail, _ := refused.body["detail"].(string); !strings.Contains(detail, "anna@acme.example") || !strings.Contains(detail, "acme.example under Sign-on") {
		t.Errorf("the reason does not help: %s", refused.Body)
	}
	_, err := s.w.Admin.Exec(t.Context(), "insert into "+schemaOf(s.ctx)+".email_domains (domain, token, policy, verified_at, created_at) values ('acme.example', 'x', '', now(), now())")
	if err != nil {
		t.Fatal(err)
	}
	if id := s.ask("POST", "/Users", body).is(201).id(); id != known.ID.String() {
		t.Errorf("linked %s, want %s", id, known.ID)
	}
	if p := s.person(known.ID.String()); p.Name != "Anna A" || len(p.Roles) != 2 {
		t.Errorf("linked: %+v", p)
	}
}

func TestAnAdministratorLinksAnAccountByHand(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	known := storetest.AddPerson(t, s.ctx, s.w, auth.Person{Email: "anna@acme.example", Name: "Anna"}, policy.Manager)
	owner := storetest.AddPerson(t, s.ctx, s.w, auth.Person{Email: "owner@acme.example"}, policy.Owner)
	fails(t, s.scim.Link(s.admin, s.dir.ID, owner.Email, "owner"), auth.ErrOwnersOnly)
	fails(t, s.scim.Link(s.admin, s.dir.ID, "nobody@acme.example", "x"), auth.ErrPersonNotFound)
	fails(t, s.scim.Link(s.ctx, s.dir.ID, known.Email, "x"), auth.ErrSignInFirst)
	fails(t, s.scim.Link(s.admin, s.dir.ID, known.Email, "Anna.A"), nil)
	fails(t, s.scim.Link(s.admin, s.dir.ID, known.Email, "other"), scim.ErrLinkedAlready)
	found := s.ask("GET", filtered("/Users", `userName eq "anna.a"`), "").is(200)
	if found.at("Resources", 0, "id") != known.ID.String() || found.at("Resources", 0, "userName") != "Anna.A" {
		t.Errorf("not found: %s", found.Body)
	}
}

func TestPeopleMayShareAnAddressOrHaveNone(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	shared := `"emails":[{"value":"desk@acme.example"}]`
	first, second, third := s.user("one", shared), s.user("two", shared), s.user("three")
	if p := s.person(first); p.Email != "desk@acme.example" {
		t.Errorf("the first has %s", p.Email)
	}
	for _, id := range []string{second, third} {
		if p := s.person(id); !strings.HasSuffix(p.Email, ".invalid") {
			t.Errorf("%s has %s", id, p.Email)
		}
	}
	// The address that was taken stays in what the directory said, and is theirs when it becomes free.
	if got := s.ask("GET", "/Users/"+second, "").is(200); got.at("emails", 0, "value") != "desk@acme.example" {
		t.Errorf("the address is lost: %s", got.Body)
	}
	s.ask("PATCH", "/Users/"+first, patchJSON(`{"op":"replace","path":"emails","value":[{"value":"one@acme.example"}]}`)).is(200)
	s.ask("PATCH", "/Users/"+second, patchJSON(`{"op":"add","path":"title","value":"Second"}`)).is(200)
	if p := s.person(second); p.Email != "desk@acme.example" {
		t.Errorf("the second has %s now", p.Email)
	}
}

func TestPutReplacesAndKeepsWhatPeopleChose(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	id := s.user("bertha@acme.example", bertha)
	one, _ := uid.Parse(id)
	as, err := s.auth.As(s.ctx, one)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.auth.UpdateProfile(as, auth.ProfileInput{Name: "Bertha Benz", Locale: "en", TimeZone: "Europe/Berlin"}); err != nil {
		t.Fatal(err)
	}
	a := s.ask("PUT", "/Users/"+id, userJSON("bertha@acme.example", `"displayName":"B. Benz"`, `"preferredLanguage":"de-DE"`, `"id":"something else"`)).is(200)
	if a.at("title") != nil || a.at("emails") != nil || a.at("active") != true || a.id() != id {
		t.Errorf("replaced: %s", a.Body)
	}
	if p := s.person(id); p.Name != "B. Benz" || p.Attributes["title"] != "" || p.Attributes["department"] != "" || p.Locale != "en" {
		t.Errorf("the person is %+v", p)
	}
	if again := s.ask("PUT", "/Users/"+id, userJSON("bertha@acme.example", `"displayName":"B. Benz"`, `"preferredLanguage":"de-DE"`)).is(200); again.ETag != a.ETag {
		t.Errorf("the same again moves the version from %s to %s", a.ETag, again.ETag)
	}
	s.ask("PUT", "/Users/"+id, `{"schemas":["`+scim.SchemaUser+`"],"displayName":"x"}`).is(400, "invalidValue")
	s.ask("PUT", "/Users/"+id, userJSON("x", `"shoeSize":"4"`)).is(400, "invalidSyntax")
	s.ask("PUT", "/Users/"+id, userJSON("x", `"password":"secret"`)).is(400, "invalidValue")
	s.user("carl")
	s.ask("PUT", "/Users/"+id, userJSON("CARL")).is(409, "uniqueness")
	s.ask("PATCH", "/Users/"+id, patchJSON(`{"op":"replace","path":"userName","value":"Carl"}`)).is(409, "uniqueness")
}

func TestVersionsGuardChanges(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	id := s.user("carl")
	seen := s.ask("GET", "/Users/"+id, "").is(200).ETag
	match := func(tag string) func(*scim.Request) { return func(r *scim.Request) { r.IfMatch = tag } }
	none := func(tag string) func(*scim.Request) { return func(r *scim.Request) { r.IfNoneMatch = tag } }
	if a := s.ask("GET", "/Users/"+id, "", none(`"other", `+seen)).is(304); len(a.Body) != 0 || a.ETag != seen {
		t.Errorf("304 with %q and %q", a.Body, a.ETag)
	}
	s.ask("GET", "/Users/"+id, "", none(`W/"other"`)).is(200)
	changed := s.ask("PATCH", "/Users/"+id, patchJSON(`{"op":"add","path":"title","value":"x"}`), match(seen)).is(200)
	if changed.ETag == seen {
		t.Error("the version stays")
	}
	for _, method := range []string{"PUT", "PATCH", "DELETE"} {
		body := userJSON("carl")
		if method == "PATCH" {
			body = patchJSON(`{"op":"add","path":"title","value":"y"}`)
		}
		s.ask(method, "/Users/"+id, body, match(seen)).is(412)
	}
	s.ask("DELETE", "/Users/"+id, "", match("*")).is(204)
	group := s.group("Staff")
	tag := s.ask("GET", "/Groups/"+group, "").is(200).ETag
	s.ask("PATCH", "/Groups/"+group, patchJSON(`{"op":"add","path":"members","value":[{"value":"`+s.user("d")+`"}]}`), match(tag)).is(200)
	s.ask("PUT", "/Groups/"+group, `{"schemas":["`+scim.SchemaGroup+`"],"displayName":"x"}`, match(tag)).is(412)
	s.ask("DELETE", "/Groups/"+group, "", match(tag)).is(412)
}

func TestAManagerIsSomeoneOfTheSameDirectory(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	boss := s.user("boss", `"displayName":"The Boss"`)
	ext := `"` + scim.SchemaEnterprise + `":{"manager":{"value":"` + boss + `"}}`
	a := s.ask("POST", "/Users", userJSON("clerk", ext)).is(201)
	if got := a.at(scim.SchemaEnterprise, "manager", "displayName"); got != "The Boss" {
		t.Errorf("the manager is called %v: %s", got, a.Body)
	}
	if p := s.person(a.id()); p.ManagerID == nil || p.ManagerID.String() != boss {
		t.Errorf("manager %v", p.ManagerID)
	}
	stranger := storetest.Person(t, s.ctx, s.w)
	s.ask("POST", "/Users", userJSON("other", strings.ReplaceAll(ext, boss, stranger.ID.String()))).is(400, "invalidValue")
	s.ask("PATCH", "/Users/"+a.id(), patchJSON(`{"op":"remove","path":"`+scim.SchemaEnterprise+`:manager"}`)).is(200)
	if p := s.person(a.id()); p.ManagerID != nil {
		t.Errorf("still managed by %v", p.ManagerID)
	}
}

func TestTheLastOwnerIsNotSwitchedOff(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	id := s.user("owner@acme.example")
	one, _ := uid.Parse(id)
	err := s.w.Store.InTenant(s.ctx, func(ctx context.Context) error { return s.w.Store.GiveRoles(ctx, one, []policy.Role{policy.Owner}) })
	if err != nil {
		t.Fatal(err)
	}
	s.ask("PATCH", "/Users/"+id, patchJSON(`{"op":"replace","path":"active","value":false}`)).is(409)
	s.ask("DELETE", "/Users/"+id, "").is(409)
	if got := s.ask("GET", "/Users/"+id, "").is(200); got.at("active") != true {
		t.Errorf("half done: %s", got.Body)
	}
}

// TestADirectorySeesItsOwnPeopleOnly: neither those of the portal nor those of another directory.
func TestADirectorySeesItsOwnPeopleOnly(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	other := open(t, s.w, s.ctx, scim.ModeStandard)
	mine, theirs := s.user("mine"), other.user("theirs")
	group := other.group("Theirs", theirs)
	if a := s.ask("GET", "/Users", "").is(200); a.at("totalResults") != 1.0 || a.at("Resources", 0, "id") != mine {
		t.Errorf("sees %s", a.Body)
	}
	for _, path := range []string{"/Users/" + theirs, "/Groups/" + group, "/Users/" + uid.New().String(), "/Users/x"} {
		s.ask("GET", path, "").is(404)
		s.ask("DELETE", path, "").is(404)
	}
	s.ask("PATCH", "/Users/"+theirs, patchJSON(`{"op":"add","path":"title","value":"x"}`)).is(404)
	s.ask("POST", "/Groups", `{"schemas":["`+scim.SchemaGroup+`"],"displayName":"x","members":[{"value":"`+theirs+`"}]}`).is(400, "invalidValue")
}

func TestATokenOfATenantOpensNothingAtAnother(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	other := open(t, s.w, s.w.Tenant(t), scim.ModeStandard)
	id := s.user("mine")
	if _, _, err := other.scim.Authenticate(other.ctx, s.token); !errors.Is(err, scim.ErrUnauthorised) {
		t.Errorf("the other tenant lets it in: %v", err)
	}
	other.ask("GET", "/Users/"+id, "").is(404)
	if a := other.ask("GET", "/Users", "").is(200); a.at("totalResults") != 0.0 {
		t.Errorf("sees %s", a.Body)
	}
	if _, err := other.scim.Directory(other.admin, s.dir.ID); !errors.Is(err, scim.ErrDirectoryNotFound) {
		t.Errorf("the other tenant's administrator sees the directory: %v", err)
	}
}

func TestMeIsWhomTheKeySpeaksFor(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	id := s.user("bertha@acme.example", bertha)
	s.ask("GET", "/Me", "").is(501)
	one, _ := uid.Parse(id)
	as, err := s.auth.As(s.ctx, one)
	if err != nil {
		t.Fatal(err)
	}
	me, err := s.scim.Me(as, base)
	if err != nil || me.Status != 200 || !strings.Contains(string(me.Body), id) || me.Location != base+"/Users/"+id {
		t.Errorf("%d %s: %v", me.Status, me.Body, err)
	}
	_, err = s.scim.Me(s.admin, base)
	fails(t, err, scim.ErrNotFound)
}
