package api_test

import (
	"strings"
	"testing"

	"lyceum/auth/policy"
	"lyceum/auth/signon"
)

func TestSwitchingAConnectionOffSaysWhomItSignsOutAndDoesSo(t *testing.T) {
	t.Parallel()
	c := bySAML(t, nil)
	anna, ben := c.stranger(), c.stranger()
	c.signsIn(anna, "anna@acme.example").is(303)
	c.signsIn(ben, "ben@acme.example").is(303)
	admin := c.as(c.person(policy.Admin))
	at := "/settings/sign-on/" + c.connection.ID.String()
	admin.get(at).is(200).says("2 people are signed in through this connection", "Sign them out when it is switched off")
	admin.get(at + "/delete").is(200).says("2 people are signed in through it now and are signed out")
	admin.post(at+"/status", "revision", "1", "status", "off").is(422).says("Tick that this is meant", `value="off" checked`)
	anna.get("/").is(200)
	admin.post(at+"/status", "revision", "1", "status", "off", "end_sessions", "1").is(303)
	anna.get("/").is(303)
	ben.get("/").is(303)
	admin.get(at).is(200).saysNot("Sign them out")
	if c.happened("person.session_ended") != 2 {
		t.Error("it is not in the log")
	}
}

func TestAnAdministratorDoesNotSayWhomAnOwnersConnectionTrusts(t *testing.T) {
	t.Parallel()
	c := bySAML(t, nil)
	owner := c.person(policy.Owner)
	c.rename(owner, "anna@acme.example")
	b := c.stranger()
	b.post(b.get(c.acs(c.answers(c.start(b, ""), "anna@acme.example")).path()).path(), "password", password).is(303)
	at := "/settings/sign-on/" + c.connection.ID.String()
	admin := c.as(c.person(policy.Admin))
	admin.get(at + "/settings").is(200).says("only an owner changes its settings, metadata and certificates")
	admin.post(at+"/certificates", "revision", "1", "certificate", madeCertificate(t, c.house, "evil")).is(403).says("Ask an owner of the portal")
	if c.happened("connection.change_refused") != 1 {
		t.Error("it is not in the log")
	}
	b.get(at + "/settings").is(200).saysNot("only an owner changes")
	b.post(at+"/certificates", "revision", "1", "certificate", madeCertificate(t, c.house, "next")).is(303)
	if c.connection.Status != signon.StatusOn {
		t.Error("the connection was not on")
	}
}

func TestAKeyIsChosenOnThePageAndItsAddressIsThereToCopy(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Admin))
	at := newConnection(b, "oidc:other", "Key account")
	jwks := "/sso/oidc/" + strings.TrimPrefix(at, "/settings/sign-on/") + "/jwks"
	b.get(at + "/settings").is(200).says("By a key (private_key_jwt)").saysNot(jwks)
	h.stranger().get(jwks).is(404)
	b.post(at+"/settings", "revision", "1", "name", "Key account", "issuer", "https://idp.example", "client_id", "lyceum", "auth_method", "private_key_jwt").is(303)
	b.get(at+"/settings").is(200).says("http://"+h.host+jwks, `data-copy="key_set"`)
	h.stranger().get(jwks).is(200).has("Content-Type", "application/jwk-set+json").says(`"kid"`, `"ES256"`).saysNot(`"d":`)
}
