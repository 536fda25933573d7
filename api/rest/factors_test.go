package rest_test

import (
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
)

// opened is someone with a session, and whether its proof is fresh.
func (s *site) opened(t *testing.T, p auth.Person) who {
	t.Helper()
	secret, err := s.services.Auth.OpenSession(s.ctx, p.ID, auth.Client{IP: "192.0.2.9"})
	if err != nil {
		t.Fatal(err)
	}
	principal, err := s.services.Auth.Resume(s.ctx, secret)
	if err != nil {
		t.Fatal(err)
	}
	return s.signedIn(event.WithActor(auth.WithPrincipal(s.ctx, principal), event.Actor{ID: p.ID, Kind: "person"}))
}

func TestSecondFactorsAreAddedListedAndRemoved(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, p := s.person(t, policy.Learner)
	me := s.opened(t, p)
	s.call(t, me, "POST", "/me/factors/recovery-codes", nil).failed(t, 409, "no_factor")
	seed := s.call(t, me, "POST", "/me/factors/totp", nil).want(t, 200).object(t)
	confirm := object{"token": seed.text("token"), "code": "000000", "name": "Phone"}
	if f := s.call(t, me, "POST", "/me/factors/totp/confirm", confirm).failed(t, 422, "invalid_input"); f["code"] == "" {
		t.Errorf("a wrong code: %v", f)
	}
	code, err := totp.GenerateCode(seed.text("secret"), s.Now.Now())
	if err != nil {
		t.Fatal(err)
	}
	confirm["code"] = code
	added := s.call(t, me, "POST", "/me/factors/totp/confirm", confirm).want(t, 201).object(t)
	if added.text("kind") != "totp" || added.text("name") != "Phone" {
		t.Errorf("added %v", added)
	}
	codes := s.call(t, me, "POST", "/me/factors/recovery-codes", nil).want(t, 201).object(t)
	if list, _ := codes.at("codes").([]any); len(list) != auth.RecoveryCodes {
		t.Errorf("codes %v", codes)
	}
	list := s.call(t, me, "GET", "/me/factors", nil).want(t, 200).object(t)
	if list.text("items.0.id") != added.text("id") || list.at("items.1.codes_left") != float64(auth.RecoveryCodes) || list.at("items.0.sealed") != nil {
		t.Errorf("listed %v", list)
	}
	s.call(t, me, "DELETE", "/me/factors/"+added.text("id"), nil).want(t, 204)
	s.call(t, me, "DELETE", "/me/factors/"+added.text("id"), nil).failed(t, 404, "factor_not_found")
	_, instructor := s.person(t, policy.Instructor)
	key := withKey(s.key(t, instructor, 1, "*"))
	s.call(t, key, "POST", "/me/factors/totp", nil).failed(t, 403, "api_key_changes_factors")

	_, err = s.services.Auth.ConfirmTOTP(s.ctx, "", "", "")
	if err == nil {
		t.Error("a stranger adds an app")
	}
	admin, _ := s.person(t, policy.Admin)
	s.call(t, admin, "DELETE", "/people/"+p.ID.String()+"/factors", nil).want(t, 204)
	s.call(t, me, "DELETE", "/people/"+p.ID.String()+"/factors", nil).failed(t, 403, "forbidden")
}

func TestTheRulesOfSecurityAreReadAndChangedOnTheirRevision(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, _ := s.person(t, policy.Admin)
	got := s.call(t, admin, "GET", "/settings/security", nil).want(t, 200)
	rules := got.object(t)
	if rules.at("idle_minutes") != float64(14*24*60) || rules.at("revision") != float64(0) {
		t.Errorf("the default: %v", rules)
	}
	delete(rules, "revision")
	rules["idle_minutes"], rules["factor_from"] = 30, object{"admin": "2027-01-01T00:00:00Z"}
	s.call(t, admin, "PUT", "/settings/security", rules).failed(t, 422, "invalid_input")
	saved := s.call(t, admin, "PUT", "/settings/security", rules, "If-Match", got.Header.Get("ETag")).want(t, 200).object(t)
	if saved.at("revision") != float64(1) || saved.text("factor_from.admin") != "2027-01-01T00:00:00Z" {
		t.Errorf("saved %v", saved)
	}
	s.call(t, admin, "PUT", "/settings/security", rules, "If-Match", got.Header.Get("ETag")).failed(t, 409, "security_changed")
	rules["idle_minutes"], rules["revision"] = 1, 1
	if f := s.call(t, admin, "PUT", "/settings/security", rules).failed(t, 422, "invalid_input"); f["idle_minutes"] == "" {
		t.Errorf("too short: %v", f)
	}
	learner, _ := s.person(t, policy.Learner)
	s.call(t, learner, "GET", "/settings/security", nil).failed(t, 403, "forbidden")
}

func TestASessionWhoseProofIsStaleIsAskedForAnother(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, p := s.person(t, policy.Owner)
	_, other := s.person(t, policy.Learner)
	me, key := s.opened(t, p), withKey(s.key(t, p, 1, "*"))
	at := "/people/" + other.ID.String()
	s.call(t, me, "PUT", at+"/roles", object{"roles": []string{"manager"}}).want(t, 204)
	s.Now.Advance(16 * time.Minute)
	for _, c := range [][2]string{{"PUT", at + "/roles"}, {"POST", at + "/deactivate"}, {"DELETE", at + "/factors"}, {"POST", "/api-keys"}, {"PUT", "/settings/security"}, {"POST", "/me/factors/totp"}} {
		s.call(t, me, c[0], c[1], object{}).failed(t, 403, "step_up_required")
	}
	s.call(t, me, "GET", at, nil).want(t, 200)
	s.call(t, key, "PUT", at+"/roles", object{"roles": []string{"learner"}}).want(t, 204)
}
