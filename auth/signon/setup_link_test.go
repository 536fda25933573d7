package signon_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

func (o *office) link(ctx context.Context, in signon.SetupInput) (string, signon.SetupLink) {
	o.t.Helper()
	if in.Name == "" {
		in.Name = "Lena Hart"
	}
	secret, l, err := o.signon.CreateSetupLink(ctx, in)
	if err != nil {
		o.t.Fatal(err)
	}
	return secret, l
}

func TestASetUpLinkOpensInOneBrowserUntilItsWorkIsDone(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	admin := o.admin(o.ctx)
	secret, l := o.link(admin, signon.SetupInput{Kind: signon.SetupAny})
	if l.ExpiresAt.Sub(o.w.Now.Now()) != 72*time.Hour {
		t.Errorf("it lasts until %s", l.ExpiresAt)
	}
	for range 3 { // as mail scanners do
		if _, err := o.signon.LookAtSetup(o.ctx, secret); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := o.signon.EnterSetup(o.ctx, secret, ""); !errors.Is(err, signon.ErrSetupLinkUsed) {
		t.Errorf("entered before it was opened: %v", err)
	}
	var wg sync.WaitGroup
	carried, results := make([]string, 5), make([]error, 5)
	for i := range results {
		wg.Go(func() { _, carried[i], results[i] = o.signon.OpenSetup(o.ctx, secret) })
	}
	wg.Wait()
	mine := ""
	for i, err := range results {
		switch {
		case err == nil && mine == "":
			mine = carried[i]
		case !errors.Is(err, signon.ErrSetupLinkUsed):
			t.Errorf("browser %d: %v", i, err)
		}
	}
	if mine == "" {
		t.Fatal("none of five browsers opened it")
	}
	for _, wrong := range []string{"", "abc", carried[0] + "x", strings.Repeat("a", 43)} {
		if _, _, err := o.signon.EnterSetup(o.ctx, secret, wrong); !errors.Is(err, signon.ErrSetupLinkUsed) {
			t.Errorf("with %q: %v", wrong, err)
		}
	}
	ctx, _, err := o.signon.EnterSetup(o.ctx, secret, mine)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.signon.LookAtSetup(o.other, secret); !errors.Is(err, signon.ErrSetupLinkOver) {
		t.Errorf("another portal knows the link: %v", err)
	}
	if err := o.signon.FinishSetup(ctx); err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.signon.EnterSetup(o.ctx, secret, mine); !errors.Is(err, signon.ErrSetupLinkOver) {
		t.Errorf("after its work is done: %v", err)
	}
	if types := storetest.EventTypes(t, o.ctx, o.w, l.ID); strings.Join(types, " ") != "setup_link.created setup_link.opened setup_link.finished" {
		t.Errorf("told: %v", types)
	}
	for _, e := range storetest.Events(t, o.ctx, o.w, l.ID) {
		for _, v := range e.Data {
			if v == secret || v == mine {
				t.Errorf("%s tells a secret", e.Type)
			}
		}
	}
}

func TestASetUpLinkReachesNothingElse(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	admin := o.admin(o.ctx)
	c := o.connection("Okta", signon.StatusOff)
	enter := func(in signon.SetupInput) context.Context {
		secret, _ := o.link(admin, in)
		_, carried, err := o.signon.OpenSetup(o.ctx, secret)
		if err != nil {
			t.Fatal(err)
		}
		ctx, _, err := o.signon.EnterSetup(o.ctx, secret, carried)
		if err != nil {
			t.Fatal(err)
		}
		return ctx
	}
	any, forDomains := enter(signon.SetupInput{Kind: signon.SetupSAML}), enter(signon.SetupInput{Kind: signon.SetupDomains})
	existing := enter(signon.SetupInput{Kind: signon.SetupExisting, ConnectionID: &c.ID})
	for name, ctx := range map[string]context.Context{"for a new connection": any, "for domains": forDomains, "for one that is here": existing} {
		_, rules := o.signon.SetRules(ctx, signon.RulesInput{})
		_, keys := o.signon.SigningKeys(ctx)
		_, links := o.signon.SetupLinks(ctx)
		_, _, link := o.signon.CreateSetupLink(ctx, signon.SetupInput{Kind: signon.SetupAny, Name: "Me"})
		_, domain := o.signon.ChangeDomain(ctx, "acme.example", signon.DomainInput{})
		_, expiring := o.signon.Expiring(ctx)
		_, people := o.auth.People(ctx, auth.PeopleFilter{})
		_, emergency := o.signon.EndEmergency(ctx)
		for what, err := range map[string]error{
			"rules": rules, "keys": keys, "publish": o.signon.PublishNextKey(ctx), "switch": o.signon.SwitchKey(ctx), "links": links, "another link": link, "a domain's rule": domain,
			"remove a domain": o.signon.RemoveDomain(ctx, "acme.example"), "expiries": expiring, "people": people, "an emergency": emergency,
		} {
			if k := fault.Of(err).Kind; k != fault.KindForbidden {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
	}
	if _, err := o.signon.Domains(any); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("a link for a connection sees domains: %v", err)
	}
	if _, err := o.signon.AddDomain(forDomains, unique(".example")); err != nil {
		t.Errorf("a link for domains: %v", err)
	}
	if _, err := o.signon.CreateConnection(forDomains, signon.ConnectionInput{Kind: auth.ProtocolSAML, Name: "Mine"}); err == nil {
		t.Error("a link for domains makes a connection")
	}
	if _, err := o.signon.CreateConnection(any, signon.ConnectionInput{Kind: auth.ProtocolOIDC, Name: "Mine"}); err == nil {
		t.Error("a link for SAML makes a connection of another kind")
	}
	if _, err := o.signon.Connection(any, c.ID); !errors.Is(err, signon.ErrConnectionNotFound) {
		t.Errorf("a link for a new connection sees another: %v", err)
	}
	if _, err := o.signon.Connection(existing, c.ID); err != nil {
		t.Errorf("a link for this one: %v", err)
	}
	made, err := o.signon.CreateConnection(any, signon.ConnectionInput{Kind: auth.ProtocolSAML, Name: "Mine"})
	if err != nil || made.Status != signon.StatusOff {
		t.Fatalf("%+v, %v", made, err)
	}
	if err := o.signon.NoteSetupConnection(any, made.ID); err != nil {
		t.Fatal(err)
	}
	if err := o.signon.NoteSetupConnection(any, c.ID); !errors.Is(err, signon.ErrSetupLinkUsed) {
		t.Errorf("one link, two connections: %v", err)
	}
	if err := o.signon.FinishSetup(admin); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("an administrator is no link: %v", err)
	}
}

func TestASetUpLinkIsRevokedExpiresAndIsAskedForRightly(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	admin := o.admin(o.ctx)
	secret, l := o.link(admin, signon.SetupInput{Kind: signon.SetupAny, Hours: 1})
	_, carried, err := o.signon.OpenSetup(o.ctx, secret)
	if err != nil {
		t.Fatal(err)
	}
	o.w.Now.Advance(time.Hour)
	if _, _, err := o.signon.EnterSetup(o.ctx, secret, carried); !errors.Is(err, signon.ErrSetupLinkOver) {
		t.Errorf("after its hour: %v", err)
	}
	secret, l = o.link(admin, signon.SetupInput{Kind: signon.SetupAny, Hours: 336})
	if _, carried, err = o.signon.OpenSetup(o.ctx, secret); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := o.signon.RevokeSetupLink(admin, l.ID); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := o.signon.EnterSetup(o.ctx, secret, carried); !errors.Is(err, signon.ErrSetupLinkOver) {
		t.Errorf("after it was revoked: %v", err)
	}
	if _, err := o.signon.RevokeSetupLink(o.admin(o.other), l.ID); !errors.Is(err, signon.ErrSetupLinkNotFound) {
		t.Errorf("another portal's administrator: %v", err)
	}
	unknown := uid.New()
	for field, in := range map[string]signon.SetupInput{
		"name": {Kind: signon.SetupAny, Name: " "}, "email": {Kind: signon.SetupAny, Name: "L", Mail: true}, "hours": {Kind: signon.SetupAny, Name: "L", Hours: 337},
		"kind": {Kind: "castle", Name: "L"}, "connection": {Kind: signon.SetupExisting, Name: "L"},
	} {
		if _, _, err := o.signon.CreateSetupLink(admin, in); fault.Of(err).Fields[field] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, _, err := o.signon.CreateSetupLink(admin, signon.SetupInput{Kind: signon.SetupExisting, Name: "L", ConnectionID: &unknown}); !errors.Is(err, signon.ErrConnectionNotFound) {
		t.Errorf("for a connection that is not there: %v", err)
	}
	list, err := o.signon.SetupLinks(admin)
	if err != nil || len(list) != 2 || list[0].Hash != nil || list[0].Browser != nil {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err := o.signon.SetupLinks(o.admin(o.other)); err != nil || len(list) != 0 {
		t.Errorf("another portal sees %+v, %v", list, err)
	}
}

func TestAMailedLinksSecretIsMadeByTheMail(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	secret, l := o.link(o.admin(o.ctx), signon.SetupInput{Kind: signon.SetupAny, Email: "Lena@IT.example", Mail: true})
	if secret != "" || l.Email != "lena@it.example" {
		t.Errorf("shown too: %q, to %s", secret, l.Email)
	}
	first, _, err := o.signon.MintSetupLink(o.ctx, l.ID)
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := o.signon.MintSetupLink(o.ctx, l.ID) // the job runs again
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.signon.LookAtSetup(o.ctx, first); !errors.Is(err, signon.ErrSetupLinkOver) {
		t.Errorf("the first mail's: %v", err)
	}
	if _, _, err := o.signon.OpenSetup(o.ctx, second); err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.signon.MintSetupLink(o.ctx, l.ID); !errors.Is(err, signon.ErrSetupLinkOver) {
		t.Errorf("a link in use gets another secret: %v", err)
	}
}
