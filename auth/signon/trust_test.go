package signon_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/storetest"
)

// TestWhoIsNoOwnerDoesNotSayWhomAnOwnersConnectionTrusts: whoever names the identity provider of a connection signs in as
// everybody who is linked to it.
func TestWhoIsNoOwnerDoesNotSayWhomAnOwnersConnectionTrusts(t *testing.T) {
	t.Parallel()
	h := setup(t)
	c := h.complete("idp")
	owner, learner := storetest.Person(t, h.ctx, h.w, policy.Owner), storetest.Person(t, h.ctx, h.w, policy.Learner)
	link := func(p auth.Person) {
		t.Helper()
		h.within(func(ctx context.Context) error {
			return h.w.Store.InsertIdentity(ctx, signon.Identity{ID: uid.New(), PersonID: p.ID, ConnectionID: c.ID, Issuer: "i", Subject: p.Email, LinkedBy: signon.LinkedByProof, LinkedAt: h.w.Now.Now(), SeenAt: h.w.Now.Now()})
		})
	}
	move := func(ctx context.Context, entity string) error {
		st, err := c.SAML()
		if err != nil {
			t.Fatal(err)
		}
		st.EntityID = entity
		raw, err := json.Marshal(st)
		if err != nil {
			t.Fatal(err)
		}
		changed, err := h.s.ChangeConnection(ctx, c.ID, c.Revision, signon.Change{Settings: raw})
		if err == nil {
			c = changed
		}
		return err
	}
	link(learner)
	if err := move(h.admin, "https://idp.example/other"); err != nil {
		t.Fatalf("nobody of power is linked: %v", err)
	}
	link(owner)
	meetsNamed(t, "another issuer", move(h.admin, "https://evil.example"), signon.ErrOwnersTrust)
	secret := "another"
	_, err := h.s.ChangeConnection(h.admin, c.ID, c.Revision, signon.Change{Secret: &secret})
	meetsNamed(t, "another secret", err, signon.ErrOwnersTrust)
	key := h.certificate("another", 30)
	_, err = h.s.AddCertificates(h.admin, c.ID, c.Revision, key)
	meetsNamed(t, "one more certificate", err, signon.ErrOwnersTrust)
	link1 := signon.WithOnly(auth.WithPrincipal(h.ctx, auth.Principal{May: policy.Set{policy.ConnectionManage: {}}}), signon.Only{Connection: c.ID})
	meetsNamed(t, "by a set-up link", move(link1, "https://evil.example"), signon.ErrOwnersTrust)
	if now, err := h.s.Connection(h.admin, c.ID); err != nil || now.Revision != c.Revision {
		t.Errorf("it was changed: %v, %v", now.Revision, err)
	}
	refused := 0
	for _, typ := range storetest.EventTypes(t, h.ctx, h.w, c.ID) {
		if typ == "connection.change_refused" {
			refused++
		}
	}
	if refused != 4 {
		t.Errorf("%d attempts are in the log", refused)
	}
	if decide, err := h.s.OwnersDecide(h.admin, c.ID); !decide || err != nil {
		t.Errorf("the page does not say so: %v, %v", decide, err)
	}

	name := "Another name"
	if c, err = h.s.ChangeConnection(h.admin, c.ID, c.Revision, signon.Change{Name: &name}); err != nil {
		t.Errorf("the name is nobody's secret: %v", err)
	}
	as := storetest.As(t, h.ctx, h.w, owner)
	if err := move(as, "https://idp.example/third"); err != nil {
		t.Errorf("an owner: %v", err)
	}
	if decide, err := h.s.OwnersDecide(as, c.ID); decide || err != nil {
		t.Errorf("to an owner the page says: %v, %v", decide, err)
	}
	stranger := setup(t)
	_, err = stranger.s.OwnersDecide(stranger.admin, c.ID)
	meetsNamed(t, "another tenant", err, signon.ErrConnectionNotFound)
}

// TestSwitchingAConnectionOffSignsItsPeopleOut: who switches an identity provider off that is not to be trusted any more must
// not find its people inside, nor come in later by a second factor that was under way.
func TestSwitchingAConnectionOffSignsItsPeopleOut(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	c := o.connection("Acme", signon.StatusOn)
	other := o.connection("Other", signon.StatusOn)
	anna, ben, admin := o.person("anna@acme.example", policy.Learner), o.person("ben@acme.example", policy.Learner), o.person("admin@acme.example", policy.Admin)
	over := func(p auth.Person, c signon.Connection) string {
		secret, err := o.auth.OpenVouchedSession(o.ctx, p.ID, client, auth.Proof{Method: auth.MethodSAML, ConnectionID: &c.ID})
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	theirs := []string{over(anna, c), over(anna, c), over(ben, c)}
	elsewhere, mine := over(anna, other), over(admin, c)
	who, err := o.auth.Resume(o.ctx, mine)
	if err != nil {
		t.Fatal(err)
	}
	as := auth.WithPrincipal(o.ctx, who)
	if st, err := o.signon.Stakes(as, c.ID); err != nil || st.SignedIn != 3 {
		t.Errorf("three are signed in, and it says %d, %v", st.SignedIn, err)
	}
	rules := auth.DefaultSecurityRules()
	rules.FactorSignOn, rules.FactorFrom = true, map[policy.Role]time.Time{policy.Learner: o.w.Now.Now().Add(-time.Hour)}
	if _, err := o.auth.SetSecurityRules(as, rules); err != nil {
		t.Fatal(err)
	}
	o.w.Now.Advance(10 * time.Second)
	waits, err := o.auth.SignInVouched(o.ctx, ben.ID, client, auth.Proof{Method: auth.MethodSAML, ConnectionID: &c.ID, Factors: "fed"})
	if err != nil || waits.Challenge == "" {
		t.Fatalf("%+v, %v", waits, err)
	}
	out, err := o.signon.SetStatus(as, c.ID, c.Revision, signon.StatusOff)
	if err != nil || out.SignedOut != 2 {
		t.Fatalf("signed out %d, %v", out.SignedOut, err)
	}
	for _, secret := range theirs {
		if _, err := o.auth.Resume(o.ctx, secret); !errors.Is(err, auth.ErrSignInFirst) {
			t.Errorf("a session that it opened goes on: %v", err)
		}
	}
	for what, secret := range map[string]string{"another connection's": elsewhere, "that of who switched": mine} {
		if _, err := o.auth.Resume(o.ctx, secret); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	seed, err := o.auth.ChallengeSeed(o.ctx, waits.Challenge)
	if err != nil {
		t.Fatal(err)
	}
	code, err := totp.GenerateCode(seed.Text, o.w.Now.Now())
	if err != nil {
		t.Fatal(err)
	}
	_, err = o.auth.EnrolTOTP(o.ctx, waits.Challenge, seed.Token, code, "", client)
	if !errors.Is(err, signon.ErrConnectionOff) {
		t.Errorf("a sign-in that waited for its second factor gives %v", err)
	}
	if o.happened("person.session_ended") != 2 {
		t.Error("the people are not told of in the log")
	}
	o.in(o.ctx, func(ctx context.Context) error {
		var said int
		err := store.Pgx(ctx).QueryRow(ctx, "select (data->>'signed_out')::int from events where type = 'connection.status_changed'").Scan(&said)
		if said != 2 {
			t.Errorf("the log says %d", said)
		}
		return err
	})
}
