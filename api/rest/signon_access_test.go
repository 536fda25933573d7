package rest_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
)

// txt is a DNS with these records.
type txt map[string][]string

func (z txt) LookupTXT(_ context.Context, name string) ([]string, error) {
	if list, ok := z[name]; ok {
		return list, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// resolving gives the site a DNS of the test's own.
func (s *site) resolving(t testing.TB) txt {
	t.Helper()
	z, o := txt{}, s.services.SignOn.Options
	o.Resolver = z
	s.services.SignOn = signon.New(o)
	s.mount(t)
	return z
}

func TestEmailDomainsAreLookedAfterByPrograms(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	dns := s.resolving(t)
	admin, _ := s.person(t, policy.Admin)
	name := "d" + uid.Opaque(14) + ".example"
	made := s.call(t, admin, "POST", "/sign-on/domains", object{"domain": strings.ToUpper(name)}).want(t, 201).object(t)
	if made.text("domain") != name || made.text("record_name") != "_lyceum-challenge."+name || !strings.HasPrefix(made.text("record_value"), "lyceum-verification=") {
		t.Errorf("%v", made)
	}
	at := "/sign-on/domains/" + name
	s.call(t, admin, "POST", "/sign-on/domains", object{"domain": name}).failed(t, 409, "domain_here")
	if wrong := s.call(t, admin, "POST", "/sign-on/domains", object{"domain": "gmail.com"}).failed(t, 422, "invalid_input"); wrong["domain"] == "" {
		t.Errorf("%v", wrong)
	}
	s.call(t, admin, "POST", at+"/verify", nil).failed(t, 409, "domain_unproven")
	dns[made.text("record_name")+"."] = []string{made.text("record_value")}
	if got := s.call(t, admin, "POST", at+"/verify", nil).want(t, 200).object(t); got.text("verified_at") == "" {
		t.Errorf("%v", got)
	}
	c := s.call(t, admin, "POST", "/connections", object{"kind": "saml", "name": "Acme"}).want(t, 201).object(t)
	if got := s.call(t, admin, "PUT", at, object{"connection_id": c.text("id")}).want(t, 200).object(t); got.text("connection_id") != c.text("id") {
		t.Errorf("%v", got)
	}
	s.call(t, admin, "PUT", at, object{"require": "required"}).failed(t, 409, "rule_no_proven_way")
	if list := s.call(t, admin, "GET", "/sign-on/domains", nil).want(t, 200).object(t); list.text("items.0.domain") != name {
		t.Errorf("%v", list)
	}
	s.call(t, admin, "DELETE", at, nil).want(t, 204)
	s.call(t, admin, "GET", at, nil).failed(t, 404, "domain_not_found")
}

func TestRulesOfSignOnAreSetByPrograms(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	owner, _ := s.person(t, policy.Owner)
	empty := s.call(t, owner, "GET", "/sign-on/rules", nil).want(t, 200)
	if empty.Header.Get("ETag") != `"0"` || empty.object(t).at("portal.require") != nil {
		t.Errorf("%s", empty.body)
	}
	required := object{"portal": object{"require": "required", "from": s.Now.Now().Add(48 * time.Hour)}, "groups": []object{}, "break_glass": []string{}}
	s.call(t, owner, "PUT", "/sign-on/rules", required).failed(t, 422, "invalid_input")
	s.call(t, owner, "PUT", "/sign-on/rules", required, "If-Match", `"3"`).failed(t, 409, "sign_on_rules_changed")
	s.call(t, owner, "PUT", "/sign-on/rules", required, "If-Match", `"0"`).failed(t, 409, "rule_locks_you_out")
	if look := s.call(t, owner, "POST", "/sign-on/rules/preview", required).want(t, 200).object(t); look.at("you") != true || look.at("requires") != true {
		t.Errorf("%v", look)
	}
	optional := object{"portal": object{"require": "optional"}, "groups": []object{}, "break_glass": []string{}, "revision": 0}
	if saved := s.call(t, owner, "PUT", "/sign-on/rules", optional).want(t, 200); saved.Header.Get("ETag") != `"1"` {
		t.Errorf("%s", saved.body)
	}
	if list := s.call(t, owner, "GET", "/sign-on/emergencies", nil).want(t, 200).object(t); len(list.at("items").([]any)) != 0 {
		t.Errorf("%v", list)
	}
	s.call(t, owner, "POST", "/sign-on/emergencies/end", nil).failed(t, 409, "break_glass_over")
}

func TestSetUpLinksAndKeysAreLookedAfterByPrograms(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, _ := s.person(t, policy.Admin)
	made := s.call(t, admin, "POST", "/sign-on/links", object{"kind": "any", "name": "Lena", "hours": 24}).want(t, 201).object(t)
	if !strings.Contains(made.text("url"), "/setup/") || made.text("link.state") != "waiting" {
		t.Errorf("%v", made)
	}
	mailed := s.call(t, admin, "POST", "/sign-on/links", object{"kind": "domains", "name": "Lena", "email": "lena@example.com", "mail": true}).want(t, 201).object(t)
	if mailed.at("url") != nil {
		t.Errorf("%v", mailed)
	}
	if revoked := s.call(t, admin, "POST", "/sign-on/links/"+made.text("link.id")+"/revoke", nil).want(t, 200).object(t); revoked.text("state") != "revoked" {
		t.Errorf("%v", revoked)
	}
	if list := s.call(t, admin, "GET", "/sign-on/links", nil).want(t, 200); strings.Contains(string(list.body), strings.Split(made.text("url"), "/setup/")[1]) {
		t.Error("the list shows a link's secret")
	}
	keys := s.call(t, admin, "GET", "/sign-on/keys", nil).want(t, 200)
	if keys.object(t).text("items.0.state") != "current" || strings.Contains(string(keys.body), "PRIVATE") {
		t.Errorf("%s", keys.body)
	}
	s.call(t, admin, "POST", "/sign-on/keys/switch", nil).failed(t, 409, "signing_key_no_next")
	if two := s.call(t, admin, "POST", "/sign-on/keys/publish", nil).want(t, 200).object(t); two.text("items.1.state") != "next" {
		t.Errorf("%v", two)
	}
	if turned := s.call(t, admin, "POST", "/sign-on/keys/switch", nil).want(t, 200).object(t); turned.text("items.1.state") != "previous" || turned.text("items.1.removed_at") == "" {
		t.Errorf("%v", turned)
	}
	s.call(t, admin, "GET", "/sign-on/expiring", nil).want(t, 200)
}

func TestSignOnIsNoBusinessOfOthers(t *testing.T) {
	t.Parallel()
	mine := newSite(t)
	theirs := newSiteIn(t, mine.World)
	instructor, _ := mine.person(t, policy.Instructor)
	admin, _ := mine.person(t, policy.Admin)
	other, _ := theirs.person(t, policy.Admin)
	link := theirs.call(t, other, "POST", "/sign-on/links", object{"kind": "any", "name": "Lena"}).want(t, 201).object(t)
	name := "d" + uid.Opaque(14) + ".example"
	theirs.call(t, other, "POST", "/sign-on/domains", object{"domain": name}).want(t, 201)
	mine.call(t, admin, "POST", "/sign-on/links/"+link.text("link.id")+"/revoke", nil).failed(t, 404, "setup_link_not_found")
	mine.call(t, admin, "GET", "/sign-on/domains/"+name, nil).failed(t, 404, "domain_not_found")
	for _, path := range []string{"/sign-on/domains", "/sign-on/rules", "/sign-on/links", "/sign-on/keys", "/sign-on/emergencies", "/sign-on/expiring"} {
		mine.call(t, instructor, "GET", path, nil).failed(t, 403, "forbidden")
		mine.call(t, stranger, "GET", path, nil).want(t, 401)
		if list := mine.call(t, admin, "GET", path, nil).want(t, 200); strings.Contains(string(list.body), name) {
			t.Errorf("%s shows another portal's: %s", path, list.body)
		}
	}
}
