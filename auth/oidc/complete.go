package oidc

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/url"
	"time"

	"lyceum/auth"
)

// Callback is what came back to the redirect address, beside what was kept of the Start.
type Callback struct {
	// Code, State, Issuer, Error and ErrorDescription are the parameters of the answer (OIDC Core 1.0 §3.1.2.5 and
	// §3.1.2.6, RFC 9207 §2); CallbackOf reads them.
	Code, State, Issuer, Error, ErrorDescription string

	// RedirectURL, ExpectedState, Nonce and Verifier are the Start's, from where they were kept for this browser.
	RedirectURL, ExpectedState, Nonce, Verifier string

	// Now is when the answer came; default what the Client's clock says.
	Now time.Time
}

// CallbackOf reads the parameters of an answer. Each may come once (RFC 6749 §3.1).
func CallbackOf(q url.Values) (Callback, error) {
	for _, name := range []string{"code", "state", "iss", "error", "error_description"} {
		if len(q[name]) > 1 {
			var r auth.Report
			return Callback{}, r.Refused("parameters", nil, "the parameter %s comes %d times", name, len(q[name]))
		}
	}
	return Callback{Code: q.Get("code"), State: q.Get("state"), Issuer: q.Get("iss"), Error: q.Get("error"), ErrorDescription: q.Get("error_description")}, nil
}

// verification is one answer on its way through the checks.
type verification struct {
	client   *Client
	settings Settings
	about    Discovery
	in       Callback
	report   auth.Report
	claims   claims // the ID token's, whose signature is good
	keyOf    string // whose tokens the key may sign, where a key set serves several issuers (Entra)
}

// Complete verifies the answer to a Start and gives what it says of the person. Its report has every check in order. An
// answer that is not believed is a *auth.Refusal, which names the check; where the provider could not be asked, the error
// is ErrUnreachable or ErrIssuer. The assertion's InResponseTo is the state. The caller still has to refuse an assertion whose
// ID was used before.
func (c *Client) Complete(ctx context.Context, s Settings, secret string, in Callback) (auth.Assertion, auth.Report, error) {
	if in.Now.IsZero() {
		in.Now = c.now()
	}
	v := &verification{client: c, settings: s, in: in}
	a, err := v.complete(ctx, secret)
	if err != nil {
		return auth.Assertion{}, v.report, err
	}
	return a, v.report, nil
}

func (v *verification) complete(ctx context.Context, secret string) (auth.Assertion, error) {
	if err := v.discover(ctx); err != nil {
		return auth.Assertion{}, err
	}
	if err := v.checkAnswer(); err != nil {
		return auth.Assertion{}, err
	}
	got, err := v.client.exchange(ctx, v.settings, v.about, secret, v.in, &v.report)
	if err != nil {
		return auth.Assertion{}, err
	}
	token, err := v.checkToken(ctx, got)
	if err != nil {
		return auth.Assertion{}, err
	}
	for _, check := range []func() error{v.checkAuthentication, v.checkHostedDomain} {
		if err := check(); err != nil {
			return auth.Assertion{}, err
		}
	}
	subject, err := v.subject()
	if err != nil {
		return auth.Assertion{}, err
	}
	all, err := v.withUserInfo(ctx, got.access)
	if err != nil {
		return auth.Assertion{}, err
	}
	return v.assertion(token, subject, all)
}

// discover finds what the issuer says of itself, and notes why when that cannot be had.
func (v *verification) discover(ctx context.Context) (err error) {
	v.about, err = v.client.discovery(ctx, v.settings.Issuer)
	if err == nil {
		v.report.Passed("discovery", "issuer %s", v.about.Issuer)
		return nil
	}
	refusal := v.report.Refused("discovery", err, "the issuer %s: %s", brief(v.settings.Issuer), why(err))
	if errors.Is(err, ErrIssuer) {
		return ErrIssuer.Because(refusal)
	}
	return ErrUnreachable.Because(refusal)
}

// checkAnswer checks the parameters that came through the browser, before anything is done with the code.
func (v *verification) checkAnswer() error {
	in := v.in
	if in.State == "" || !same(in.State, in.ExpectedState) {
		return v.report.Refused("state", nil, "the answer belongs to no sign-in that this browser began")
	}
	v.report.Passed("state", "it belongs to the sign-in that this browser began")
	switch {
	case in.Issuer == "" && v.about.IssuerParameter:
		return v.report.Refused("issuer_parameter", nil, "the answer does not name its issuer, which %s always does (RFC 9207)", v.about.Issuer)
	case in.Issuer != "" && !v.rightAnswerer(in.Issuer):
		return v.report.Refused("issuer_parameter", nil, "the answer is of %s, and %s was asked: two identity providers are mixed up", brief(in.Issuer), v.about.Issuer)
	case in.Issuer == "":
		v.report.Passed("issuer_parameter", "not given; this issuer does not promise it")
	default:
		v.report.Passed("issuer_parameter", "%s", brief(in.Issuer))
	}
	if in.Error != "" {
		cause := &ProviderError{Code: brief(in.Error), Description: brief(in.ErrorDescription)}
		return v.report.Refused("provider_error", cause, "%s", inWords(providerErrors, in.Error, in.ErrorDescription))
	}
	if in.Code == "" {
		return v.report.Refused("code", nil, "the answer has neither a code nor an error")
	}
	return nil
}

// rightAnswerer tells whether an answer may name this issuer. Entra's multi-tenant issuers answer for a directory.
func (v *verification) rightAnswerer(name string) bool {
	host, multi := entraMultiTenant(v.settings.Issuer)
	if !multi {
		return name == v.about.Issuer
	}
	return name == v.settings.Issuer || v.entraDirectoryOf(host, name) != ""
}

// assertion gives what the token and UserInfo say, once all that can be refused was looked at.
func (v *verification) assertion(raw, subject string, all claims) (auth.Assertion, error) {
	issued, _ := v.claims.date("iat")
	expires, _ := v.claims.date("exp")
	authenticated, _ := v.claims.date("auth_time")
	a := auth.Assertion{
		Protocol: auth.ProtocolOIDC, Issuer: v.issuer(), Subject: subject, Session: v.claims.text("sid"), ID: v.id(raw),
		InResponseTo: v.in.ExpectedState, IssuedAt: issued, AuthenticatedAt: authenticated, ExpiresAt: expires,
		Context: v.claims.text("acr"), EmailVerified: all.yes("email_verified"), IDToken: raw,
	}
	if len(a.Session) > 1024 || !plain(a.Session) {
		return a, v.report.Refused("session", nil, "the claim sid is no session's name")
	}
	if !plain(a.Context) || len(a.Context) > 1024 {
		return a, v.report.Refused("acr", nil, "the claim acr is no context's name")
	}
	if err := v.checkEmail(all); err != nil {
		return a, err
	}
	v.noteOverage()
	flat, err := all.flatten()
	if err != nil {
		return a, v.report.Refused("claims", err, "%s", err)
	}
	a.Claims = flat
	v.report.Passed("claims", "%d claims", len(flat))
	return a, nil
}

// id names the assertion: its jti, or else what nobody can make twice.
func (v *verification) id(raw string) string {
	if jti := v.claims.text("jti"); jti != "" && len(jti) <= 255 && plain(jti) {
		return jti
	}
	sum := sha256.Sum256([]byte(raw))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// same compares two secrets in a time that does not tell where they differ.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
