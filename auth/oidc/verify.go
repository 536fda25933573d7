package oidc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"lyceum/auth"
	"lyceum/internal/throttle"
)

// tokenLifeMost bounds how far away the end of a token may lie: what is farther is a mistake or a trick.
const tokenLifeMost = 366 * 24 * time.Hour

// checkToken verifies an ID token (OIDC Core 1.0 §3.1.3.7) and gives it as it was written. go-oidc verifies it, and every
// rule is looked at here as well: the library does not say which one refused, and leaves half of them to its user.
func (v *verification) checkToken(ctx context.Context, got tokens) (string, error) {
	verifier, p, err := v.prove(got.id, v.client.signInFetches, func(typ string) bool { return !strings.HasSuffix(typ, "+jwt") })
	if err != nil {
		return "", err
	}
	token, err := verifier.Verify(ctx, got.id)
	if err := v.signed(p, err); err != nil {
		return "", err
	}
	for _, check := range []func() error{v.checkIssuer, v.checkAudience, v.checkTimes, v.checkNonce} {
		if err := check(); err != nil {
			return "", err
		}
	}
	if err != nil {
		return "", v.report.Refused("id_token", err, "the id_token is not what OpenID Connect says it is")
	}
	if !v.claims.has("at_hash") {
		v.report.Passed("at_hash", "not given; the code flow needs none")
		return got.id, nil
	}
	if err := token.VerifyAccessToken(got.access); err != nil || v.claims.text("at_hash") != token.AccessTokenHash {
		return "", v.report.Refused("at_hash", err, "the access token is not the one that the id_token was issued with")
	}
	v.report.Passed("at_hash", "it fits the access token")
	return got.id, nil
}

// header is what the first part of a token says (RFC 7515 §4.1).
type header struct {
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
	Type      string `json:"typ"`
}

// prove looks at a token's header and gives what verifies the rest.
func (v *verification) prove(raw string, fetches *throttle.Limiter, typ func(string) bool) (*gooidc.IDTokenVerifier, *proof, error) {
	r := &v.report
	parts := strings.Split(raw, ".")
	if len(parts) == 5 {
		return nil, nil, r.Refused("algorithm", nil, "the token is encrypted: switch encryption of the token off for this client; it never leaves the encrypted connection")
	}
	var h header
	first, err := base64.RawURLEncoding.DecodeString(parts[0])
	if len(parts) != 3 || err != nil || json.Unmarshal(first, &h) != nil {
		return nil, nil, r.Refused("algorithm", nil, "this is no signed token")
	}
	allowed := v.settings.algorithms()
	if !slices.Contains(allowed, h.Algorithm) || !slices.Contains(Algorithms(), h.Algorithm) {
		return nil, nil, r.Refused("algorithm", nil, "the token is signed with %s; allowed are %s", brief(h.Algorithm), strings.Join(allowed, ", "))
	}
	if t := strings.TrimPrefix(strings.ToLower(h.Type), "application/"); !typ(t) {
		return nil, nil, r.Refused("type", nil, "this is a token of the type %s", brief(h.Type))
	}
	r.Passed("algorithm", "%s with the key %s", h.Algorithm, brief(h.KeyID))
	_, multi := entraMultiTenant(v.settings.Issuer)
	p := &proof{client: v.client, name: v.settings.Issuer, about: v.about, fetches: fetches, allowed: []jose.SignatureAlgorithm{jose.SignatureAlgorithm(h.Algorithm)}}
	shifted := v.in.Now.Add(-v.settings.skew())
	return gooidc.NewVerifier(v.about.Issuer, p, &gooidc.Config{
		ClientID: v.settings.ClientID, SupportedSigningAlgs: []string{h.Algorithm}, SkipIssuerCheck: multi,
		Now: func() time.Time { return shifted },
	}), p, nil
}

// signed notes what came of the signature, and reads the claims.
func (v *verification) signed(p *proof, err error) error {
	switch {
	case p.err == nil && p.payload == nil:
		return v.report.Refused("signature", err, "this is no signed token")
	case errors.Is(p.err, errTooOften):
		return v.report.Refused("signature", p.err, "no known key of the issuer made the signature, and its keys were fetched too often of late to look again")
	case errors.Is(p.err, errSignature):
		return v.report.Refused("signature", p.err, "no key of the issuer made the signature")
	case p.err != nil:
		return ErrUnreachable.Because(v.report.Refused("signature", p.err, "the issuer's keys could not be fetched: %s", why(p.err)))
	}
	v.report.Passed("signature", "made by a key of the issuer")
	v.keyOf = p.by.issuer
	if v.claims, err = parseClaims(p.payload); err != nil {
		return v.report.Refused("claims", err, "%s", err)
	}
	return nil
}

// checkIssuer compares the claim iss with the connection's issuer (OIDC Core 1.0 §3.1.3.7 rule 2).
func (v *verification) checkIssuer() error {
	iss := v.claims.text("iss")
	if host, multi := entraMultiTenant(v.settings.Issuer); multi {
		return v.checkEntra(host, iss)
	}
	if v.issuer() != v.about.Issuer {
		return v.report.Refused("issuer", nil, "the token is of %s, not of %s", brief(iss), v.about.Issuer)
	}
	v.report.Passed("issuer", "%s", iss)
	return nil
}

// issuer is the token's. Google leaves the scheme of its own off in some tokens and documents that.
func (v *verification) issuer() string {
	iss := v.claims.text("iss")
	if iss == "accounts.google.com" && v.about.Issuer == "https://accounts.google.com" {
		return v.about.Issuer
	}
	return iss
}

// checkEntra compares a token of a multi-tenant issuer with the directories that may sign in, and with what its key may sign.
func (v *verification) checkEntra(host, iss string) error {
	tid := strings.ToLower(v.claims.text("tid"))
	if !guid(tid) || iss != entraIssuer(host, tid) {
		return v.report.Refused("issuer", nil, "the token is of %s, and its directory is %s: the issuer has to be %s", brief(iss), brief(tid), entraIssuer(host, "DIRECTORY-ID"))
	}
	if v.keyOf != "" && strings.ReplaceAll(v.keyOf, entraPlaceholder, tid) != iss {
		return v.report.Refused("issuer", nil, "the token's key may sign only for %s, not for %s", brief(v.keyOf), brief(iss))
	}
	v.report.Passed("issuer", "%s", iss)
	if v.entraDirectoryOf(host, iss) == "" {
		return v.report.Refused("entra_tenant", nil, "the directory %s is not on the list of those that may sign in", tid)
	}
	v.report.Passed("entra_tenant", "%s", tid)
	return nil
}

// entraDirectoryOf gives the directory on the list whose issuer this is, "" where there is none.
func (v *verification) entraDirectoryOf(host, iss string) string {
	for _, directory := range v.settings.EntraTenants {
		if directory = strings.ToLower(directory); iss == entraIssuer(host, directory) {
			return directory
		}
	}
	return ""
}

// checkAudience sees that the token was issued for us, and to us (OIDC Core 1.0 §3.1.3.7 rules 3 to 5).
func (v *verification) checkAudience() error {
	us := v.settings.ClientID
	audience, ok := v.claims.list("aud")
	if !ok || !slices.Contains(audience, us) {
		return v.report.Refused("audience", nil, "the token is for %s, not for %s", brief(strings.Join(audience, ", ")), us)
	}
	v.report.Passed("audience", "%s", us)
	party := v.claims.text("azp")
	if v.claims.has("azp") && party != us || party == "" && len(audience) > 1 {
		return v.report.Refused("authorized_party", nil, "the token is for %d parties and was issued to %s, not to %s", len(audience), brief(party), us)
	}
	v.report.Passed("authorized_party", "%s", us)
	return nil
}

// checkTimes looks at exp, nbf and iat with the clocks' allowed difference.
func (v *verification) checkTimes() error {
	now, skew := v.in.Now, v.settings.skew()
	expires, ok := v.claims.date("exp")
	switch {
	case !ok:
		return v.report.Refused("expiry", nil, "the token does not say when it ends (exp)")
	case !expires.After(now.Add(-skew)):
		return v.report.Refused("expiry", nil, "the token ended at %s; it is %s, and %s of difference are allowed", stamp(expires), stamp(now), skew)
	case expires.After(now.Add(tokenLifeMost)):
		return v.report.Refused("expiry", nil, "the token ends at %s, more than a year from now", stamp(expires))
	}
	v.report.Passed("expiry", "it ends at %s", stamp(expires))
	if begins, ok := v.claims.date("nbf"); v.claims.has("nbf") && (!ok || begins.After(now.Add(skew))) {
		return v.report.Refused("not_before", nil, "the token begins at %s; it is %s, and %s of difference are allowed", stamp(begins), stamp(now), skew)
	}
	issued, ok := v.claims.date("iat")
	if !ok || issued.After(now.Add(skew)) {
		return v.report.Refused("issued_at", nil, "the token was issued at %s; it is %s, and %s of difference are allowed", stamp(issued), stamp(now), skew)
	}
	v.report.Passed("issued_at", "%s", stamp(issued))
	return nil
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "no time that can be read"
	}
	return t.UTC().Format(time.RFC3339)
}

// checkNonce sees that the token answers the request of this browser (OIDC Core 1.0 §3.1.3.7 rule 11).
func (v *verification) checkNonce() error {
	nonce := v.claims.text("nonce")
	if nonce == "" || !same(nonce, v.in.Nonce) {
		return v.report.Refused("nonce", nil, "the token answers another request: its nonce is missing or not the one that was sent")
	}
	v.report.Passed("nonce", "it is the one that was sent")
	return nil
}

// checkAuthentication looks at when and how the person proved who they are (rules 12 and 13).
func (v *verification) checkAuthentication() error {
	now, skew := v.in.Now, v.settings.skew()
	at, ok := v.claims.date("auth_time")
	if v.claims.has("auth_time") && (!ok || at.After(now.Add(skew))) {
		return v.report.Refused("auth_time", nil, "the person is said to have signed in at %s; it is %s", stamp(at), stamp(now))
	}
	if age := time.Duration(v.settings.MaxAge) * time.Second; age > 0 {
		if !ok {
			return v.report.Refused("auth_time", nil, "the token does not say when the person signed in (auth_time), which was asked for with max_age")
		}
		if at.Before(now.Add(-age - skew)) {
			return v.report.Refused("auth_time", nil, "the person signed in at %s, more than %s ago", stamp(at), age)
		}
		v.report.Passed("auth_time", "%s", stamp(at))
	}
	if wanted := v.settings.RequestedContext; len(wanted) > 0 {
		acr := v.claims.text("acr")
		if !slices.Contains(wanted, acr) {
			return v.report.Refused("acr", nil, "the person signed in with the context %q; wanted is one of %s", brief(acr), strings.Join(wanted, ", "))
		}
		v.report.Passed("acr", "%s", brief(acr))
	}
	return nil
}

// checkHostedDomain compares Google's claim hd: the parameter alone only pre-selects an account.
func (v *verification) checkHostedDomain() error {
	wanted := v.settings.HostedDomain
	if wanted == "" {
		return nil
	}
	if hd := v.claims.text("hd"); !strings.EqualFold(hd, wanted) {
		return v.report.Refused("hosted_domain", nil, "the account belongs to the domain %q, not to %s", brief(hd), wanted)
	}
	v.report.Passed("hosted_domain", "%s", wanted)
	return nil
}

// subject names the person by the claims that the settings say. The claim sub has to be there in any case.
func (v *verification) subject() (string, error) {
	if sub := v.claims.text("sub"); sub == "" || len(sub) > 255 || !plain(sub) {
		return "", v.report.Refused("subject", nil, "the claim sub is missing, longer than 255 characters or not readable")
	}
	subject, missing := subjectOf(v.settings, v.claims)
	if missing != "" {
		return "", v.report.Refused("subject", nil, "the claim %s, which is to name the person, is missing or not readable", missing)
	}
	v.report.Passed("subject", "%s", subject)
	return subject, nil
}

// subjectOf joins the subject claims with @; missing names the first that is not there.
func subjectOf(s Settings, c claims) (subject, missing string) {
	var parts []string
	for _, name := range s.subjectClaims() {
		part := c.text(name)
		if part == "" || len(part) > 255 || !plain(part) {
			return "", name
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "@"), ""
}

// checkEmail looks at email_verified, which OIDC Core 1.0 §5.1 has as a boolean and some write as a string.
func (v *verification) checkEmail(all claims) error {
	email, verified := all.text("email"), all.yes("email_verified")
	said := "says nothing of"
	if verified != nil {
		said = map[bool]string{true: "has verified", false: "has not verified"}[*verified]
	}
	detail := fmt.Sprintf("the issuer %s the address", said)
	if v.settings.RequireVerifiedEmail && (email == "" || verified == nil || !*verified) {
		if email == "" {
			detail = "there is no e-mail address"
		}
		return v.report.Refused("email_verified", nil, "%s; a verified address is required here", detail)
	}
	if email != "" {
		v.report.Passed("email_verified", "%s", detail)
	}
	return nil
}

// noteOverage says what to do where Entra ID leaves the groups out because they are too many (over 200 in a token). It
// refuses nobody: but who is in many groups would silently lose the roles that come with them.
func (v *verification) noteOverage() {
	names, _ := v.claims["_claim_names"].(map[string]any)
	_, distributed := names["groups"]
	if has := v.claims.yes("hasgroups"); distributed || has != nil && *has {
		v.report = append(v.report, auth.Check{Name: "group_overage", Detail: "the person is in more groups than the token has room for, so the issuer sent none. " +
			"In Entra ID choose “Groups assigned to the application” for the groups claim, or send app roles instead"})
	}
}
