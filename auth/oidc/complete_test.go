package oidc_test

import (
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lyceum/auth"
	"lyceum/auth/oidc"
)

func TestAPersonSignsInAndTheReportSaysWhatWasChecked(t *testing.T) {
	t.Parallel()
	d := setup(t)
	a, report, err := d.Complete(t.Context(), d.settings, "secret of lyceum", d.signIn(t))
	if err != nil {
		t.Fatalf("%v\n%+v", err, report)
	}
	if a.Protocol != auth.ProtocolOIDC || a.Issuer != demoIssuer || a.Subject == "" || a.Session == "" || a.ID == "" || strings.Count(a.IDToken, ".") != 2 {
		t.Errorf("%+v", a)
	}
	if a.EmailVerified == nil || !*a.EmailVerified || a.Claim("email") != grace.Email || !a.AuthenticatedAt.Equal(d.now.Now()) || !a.ExpiresAt.After(a.IssuedAt) {
		t.Errorf("%+v", a)
	}
	want := map[string][]string{"groups": {"admins", "navy"}, "address.country": {"US"}, "employee": {"1906"}, "given_name": {"Grace"}, "department": {"Compilers"}}
	for name, values := range want {
		if diff := cmp.Diff(values, a.Claims[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if _, there := a.Claims["nonce"]; there {
		t.Error("the nonce is among the claims")
	}
	checks := []string{"discovery", "state", "issuer_parameter", "token_exchange", "algorithm", "signature", "issuer", "audience", "authorized_party", "expiry", "issued_at", "nonce", "at_hash", "subject", "email_verified", "claims"}
	if diff := cmp.Diff(checks, names(report)); diff != "" {
		t.Error(diff)
	}
	for _, c := range report {
		if !c.OK || strings.Contains(c.Detail, a.IDToken) {
			t.Errorf("%+v", c)
		}
	}
}

func TestARequestCarriesWhatTheSettingsAndTheStartSay(t *testing.T) {
	t.Parallel()
	d := setup(t)
	s := d.settings
	s.Prompt, s.MaxAge, s.RequestedContext, s.HostedDomain = "select_account", 600, []string{"mfa", "phr"}, "example.com"
	start := newStart()
	start.LoginHint, start.Locales = "grace@example.com", []string{"en-GB", "de"}
	address, err := d.Begin(t.Context(), s, start)
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(address)
	q := u.Query()
	for name, want := range map[string]string{
		"response_type": "code", "client_id": "lyceum", "redirect_uri": redirect, "scope": "openid email profile", "state": start.State, "nonce": start.Nonce,
		"code_challenge_method": "S256", "prompt": "select_account", "max_age": "600", "acr_values": "mfa phr", "hd": "example.com", "login_hint": "grace@example.com", "ui_locales": "en-GB de",
	} {
		if q.Get(name) != want {
			t.Errorf("%s is %q, not %q", name, q.Get(name), want)
		}
	}
	if c := q.Get("code_challenge"); len(c) != 43 || strings.Contains(address, start.Verifier) {
		t.Errorf("challenge %q in %s", c, address)
	}
	start.Prompt = "none"
	if address, _ = d.Begin(t.Context(), s, start); !strings.Contains(address, "prompt=none") {
		t.Errorf("the start's prompt is not in %s", address)
	}
	start.Nonce = "short"
	if _, err = d.Begin(t.Context(), s, start); err == nil {
		t.Error("a guessable nonce is taken")
	}
}

func TestAnAnswerThatDoesNotBelongToTheStartIsRefused(t *testing.T) {
	t.Parallel()
	d := setup(t)
	for check, spoil := range map[string]func(*oidc.Callback){
		"state":            func(in *oidc.Callback) { in.State = oidc.NewSecret() },
		"issuer_parameter": func(in *oidc.Callback) { in.Issuer = "https://evil.example.com" },
		"code":             func(in *oidc.Callback) { in.Code = "" },
		"nonce":            func(in *oidc.Callback) { in.Nonce = oidc.NewSecret() },
		"token_exchange":   func(in *oidc.Callback) { in.Verifier = oidc.NewSecret() },
		"provider_error": func(in *oidc.Callback) {
			in.Error, in.ErrorDescription = "access_denied", "AADSTS50105 \x1b[31mnot assigned"
		},
	} {
		t.Run(check, func(t *testing.T) {
			in := d.signIn(t)
			spoil(&in)
			a, report, err := d.Complete(t.Context(), d.settings, "secret of lyceum", in)
			refused(t, check, report, err)
			if !errors.Is(err, auth.ErrSignOnRefused) || a.Subject != "" {
				t.Errorf("%v %+v", err, a)
			}
		})
	}
	in := d.signIn(t)
	in.Issuer = ""
	_, report, err := d.Complete(t.Context(), d.settings, "secret of lyceum", in)
	refused(t, "issuer_parameter", report, err)
	in = d.signIn(t)
	in.State, in.ExpectedState = "", ""
	_, report, err = d.Complete(t.Context(), d.settings, "secret of lyceum", in)
	refused(t, "state", report, err)
}

func TestWhatTheProviderRefusesIsSaidInWords(t *testing.T) {
	t.Parallel()
	d := setup(t)
	in := d.signIn(t)
	in.Error, in.ErrorDescription, in.Code = "login_required", strings.Repeat("x", 5000)+"\u202e", ""
	_, report, err := d.Complete(t.Context(), d.settings, "", in)
	why := refused(t, "provider_error", report, err)
	var provider *oidc.ProviderError
	if !errors.As(err, &provider) || provider.Code != "login_required" || !strings.Contains(why, "not signed in") || len(why) > 600 || strings.Contains(why, "\u202e") {
		t.Errorf("%+v %q", provider, why)
	}
	_, report, err = d.Complete(t.Context(), d.settings, "a wrong secret", d.signIn(t))
	if why := refused(t, "token_exchange", report, err); !strings.Contains(why, "wrong or expired") {
		t.Error(why)
	}
	if _, err := oidc.CallbackOf(url.Values{"state": {"a", "b"}}); err == nil {
		t.Error("a state that comes twice is taken")
	}
}

func TestACodeCountsOnceAndEachWayOfProvingTheClientWorks(t *testing.T) {
	t.Parallel()
	d := setup(t)
	in := d.signIn(t)
	if _, _, err := d.Complete(t.Context(), d.settings, "secret of lyceum", in); err != nil {
		t.Fatal(err)
	}
	_, report, err := d.Complete(t.Context(), d.settings, "secret of lyceum", in)
	refused(t, "token_exchange", report, err)
	d.settings.AuthMethod = oidc.AuthPost
	if _, report, err := d.Complete(t.Context(), d.settings, "secret of lyceum", d.signIn(t)); err != nil {
		t.Fatal(err, report)
	}
	d.settings.AuthMethod = oidc.AuthNone
	_, report, err = d.Complete(t.Context(), d.settings, "secret of lyceum", d.signIn(t))
	refused(t, "token_exchange", report, err)
}

func TestUserInfoAddsWhatTheTokenLacks(t *testing.T) {
	t.Parallel()
	d := setup(t)
	d.settings.UseUserInfo = true
	_, report, err := d.Complete(t.Context(), d.settings, "secret of lyceum", d.signIn(t))
	if err != nil || !has(report, "userinfo_subject") {
		t.Fatal(err, report)
	}
}

func TestWhileTheIssuerIsDownTheLastGoodDiscoveryServes(t *testing.T) {
	t.Parallel()
	d := setup(t)
	const path = "/demo/.well-known/openid-configuration"
	d.signIn(t)
	d.signIn(t)
	if n := d.net.count(path); n != 1 {
		t.Errorf("discovery was fetched %d times", n)
	}
	d.now.move(61 * time.Minute)
	d.net.pull(true)
	d.signIn(t)
	d.signIn(t)
	if n := d.net.count(path); n != 2 {
		t.Errorf("a failing issuer was asked %d times", n-1)
	}
	d.now.move(15 * time.Second)
	d.net.pull(false)
	d.signIn(t)
	if n := d.net.count(path); n != 3 {
		t.Errorf("after the failure discovery was fetched %d times", n-2)
	}
	d.now.move(26 * time.Hour)
	d.net.pull(true)
	_, err := d.Begin(t.Context(), d.settings, newStart())
	if !errors.Is(err, oidc.ErrUnreachable) {
		t.Errorf("a day and more after the last answer: %v", err)
	}
	_, report, err := d.Complete(t.Context(), d.settings, "", oidc.Callback{})
	refused(t, "discovery", report, err)
	if !errors.Is(err, oidc.ErrUnreachable) {
		t.Error(err)
	}
}

func TestARolledKeyLosesNoSignIn(t *testing.T) {
	t.Parallel()
	d := setup(t)
	var wg sync.WaitGroup
	complete := func() {
		in := d.signIn(t)
		wg.Go(func() {
			if _, report, err := d.Complete(t.Context(), d.settings, "secret of lyceum", in); err != nil {
				t.Errorf("%v %+v", err, report)
			}
		})
	}
	for i := range 60 {
		complete()
		if i == 20 || i == 40 {
			if err := d.op.RollKey(); err != nil {
				t.Fatal(err)
			}
		}
	}
	wg.Wait()
	if n := d.net.count("/demo/jwks"); n > 5 {
		t.Errorf("two rolls fetched the keys %d times", n)
	}
}

func TestForgedKeysCauseNoFloodOfCalls(t *testing.T) {
	t.Parallel()
	d := setup(t)
	other := setup(t) // the same issuer by name, with other key ids
	forged, err := other.op.LogoutToken("lyceum", "somebody", "")
	if err != nil {
		t.Fatal(err)
	}
	for range 200 {
		_, report, err := d.VerifyLogoutToken(t.Context(), d.settings, forged)
		refused(t, "signature", report, err)
	}
	if n := d.net.count("/demo/jwks"); n > 4 {
		t.Errorf("200 forgeries fetched the keys %d times", n)
	}
	// The flood delays no sign-in, not even one with a key that is new.
	if err := d.op.RollKey(); err != nil {
		t.Fatal(err)
	}
	if _, report, err := d.Complete(t.Context(), d.settings, "secret of lyceum", d.signIn(t)); err != nil {
		t.Fatal(err, report)
	}
}
