package api_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"lyceum/api"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/saml"
	"lyceum/auth/saml/demoidp"
	"lyceum/auth/signon"
)

func TestTwoFirstSignInsAtOnceMakeOneAccount(t *testing.T) {
	t.Parallel()
	c := bySAML(t, nil)
	other := c.secondProcess()
	const n = 6
	browsers, paths := make([]*browser, n), make([]string, n)
	for i := range n {
		browsers[i] = c.stranger()
		paths[i] = c.acs(c.answers(c.start(browsers[i], ""), "anna@acme.example")).path()
	}
	var wg sync.WaitGroup
	for i := range n {
		if i%2 == 1 {
			browsers[i].house = other
		}
		wg.Add(1)
		go func() { defer wg.Done(); browsers[i].get(paths[i]) }()
	}
	wg.Wait()
	if people, links, sessions := c.count("select count(*) from people"), c.count("select count(*) from identities"), c.count("select count(*) from sessions"); people != 1 || links != 1 || sessions != n {
		t.Errorf("%d people, %d links, %d sessions\n%s", people, links, sessions, c.log)
	}
}

// secondProcess is another server on the same store, as in another process.
func (h *house) secondProcess() *house {
	h.t.Helper()
	other := *h
	other.o.Auth = auth.New(auth.Options{Keep: h.w.Store, Policy: policy.NewEngine(h.w.Store, h.w.Now.Clock()), Now: h.w.Now.Clock(), Guess: freely{}, Cost: cheap})
	o := h.o.SignOn.Options
	o.Auth = other.o.Auth
	other.o.SignOn = signon.New(o)
	var err error
	if other.srv, err = api.New(other.o); err != nil {
		h.t.Fatal(err)
	}
	other.srv.Tame()
	return &other
}

func TestAReplayIsRefusedOnEveryProcess(t *testing.T) {
	t.Parallel()
	c := bySAML(t, func(_ *signon.Connection, s *saml.Settings) { s.AllowIDPInitiated = true })
	posted := c.respond(demoidp.Reply{Person: "anna@acme.example", Service: c.o.SignOn.Addresses(c.ctx, c.connection.ID).EntityID})
	b := c.stranger()
	finish := c.acs(posted).path()
	b.get(finish).is(200)
	elsewhere := &company{house: c.secondProcess(), connection: c.connection, saml: c.saml}
	elsewhere.acs(posted).is(403)
	elsewhere.last(signon.OutcomeRefused, signon.CheckReplay)
	b.house = elsewhere.house // the yes may come to another process than the question
	b.post(finish).is(303)
	b.get("/").is(200)
	b.post(finish).is(404)
	if c.count("select count(*) from sessions") != 1 {
		t.Error("two sessions of one assertion")
	}
	// What has run out is forgotten, and only that.
	if err := c.o.SignOn.Sweep(c.ctx); err != nil || c.count("select count(*) from seen_assertions") != 1 || c.count("select count(*) from handshakes") != 1 {
		t.Errorf("the sweep took too much: %v", err)
	}
	c.w.Now.Advance(2 * time.Hour)
	if err := c.o.SignOn.Sweep(c.ctx); err != nil || c.count("select count(*) from seen_assertions")+c.count("select count(*) from handshakes") != 0 {
		t.Errorf("the sweep left something: %v", err)
	}
}

func TestSignInsGoOnWhileTheIdentityProviderRollsItsKey(t *testing.T) {
	t.Parallel()
	bySaml, byOidc := bySAML(t, nil), byOIDC(t, nil)
	for i := range 4 {
		b := bySaml.stranger()
		request := bySaml.start(b, "")
		if i%2 == 1 {
			if err := bySaml.saml.Roll(); err != nil {
				t.Fatal(err)
			}
		}
		b.get(bySaml.acs(bySaml.answers(request, "anna@acme.example")).path()).is(303).leads("/")

		b = byOidc.stranger()
		back := byOidc.callback(b, "anna@acme.example")
		if i%2 == 1 {
			if err := byOidc.oidc.RollKey(); err != nil {
				t.Fatal(err)
			}
		}
		b.get(back).is(http.StatusSeeOther).leads("/")
		byOidc.w.Now.Advance(time.Minute)
	}
}
