package auth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"

	"lyceum/auth"
	"lyceum/auth/policy"
)

// authenticator is a small virtual authenticator and the browser around it (WebAuthn Level 3 §6): ES256, no attestation,
// one discoverable credential.
type authenticator struct {
	t      testing.TB
	key    *ecdsa.PrivateKey
	id     []byte
	handle []byte // the person, once registered
	count  uint32
	// What a test may set: the origin that the browser reports, the relying party that is signed for, whether the person is
	// verified, whether the key is backed up, the challenge in place of the right one, and the counter's step.
	origin, host string
	unverified   bool
	synced       bool
	challenge    string
	step         uint32
}

const origin = "https://acme.example:8443"

var site = auth.Site{Origin: origin, Name: "Acme"}

func newAuthenticator(t testing.TB) *authenticator {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 32)
	rand.Read(id)
	return &authenticator{t: t, key: key, id: id, origin: origin, host: "acme.example", step: 1}
}

var b64 = base64.RawURLEncoding

// asked is what we read of options.
type asked struct {
	Challenge        string                `json:"challenge"`
	User             struct{ ID string }   `json:"user"`
	AllowCredentials []struct{ ID string } `json:"allowCredentials"`
	UserVerification string                `json:"userVerification"`
}

func (a *authenticator) read(c auth.Ceremony) asked {
	a.t.Helper()
	var options struct {
		PublicKey asked `json:"publicKey"`
	}
	if err := json.Unmarshal(c.Options, &options); err != nil {
		a.t.Fatal(err)
	}
	if a.challenge != "" {
		options.PublicKey.Challenge = a.challenge
	}
	return options.PublicKey
}

func (a *authenticator) client(typ, challenge string) []byte {
	a.t.Helper()
	raw, err := json.Marshal(map[string]any{"type": typ, "challenge": challenge, "origin": a.origin, "crossOrigin": false})
	if err != nil {
		a.t.Fatal(err)
	}
	return raw
}

// data is the authenticator data (§6.1) with attested credential data behind it, where there is any.
func (a *authenticator) data(attested []byte) []byte {
	flags := byte(0x01) // UP
	if !a.unverified {
		flags |= 0x04
	}
	if a.synced {
		flags |= 0x18 // BE, BS
	}
	if attested != nil {
		flags |= 0x40
	}
	rp := sha256.Sum256([]byte(a.host))
	out := append(rp[:], flags)
	out = binary.BigEndian.AppendUint32(out, a.count)
	return append(out, attested...)
}

func (a *authenticator) cbor(v any) []byte {
	a.t.Helper()
	raw, err := webauthncbor.Marshal(v)
	if err != nil {
		a.t.Fatal(err)
	}
	return raw
}

// makes answers options for a new credential (§6.3.2).
func (a *authenticator) makes(c auth.Ceremony) auth.PasskeyAnswer {
	a.t.Helper()
	o := a.read(c)
	handle, err := b64.DecodeString(o.User.ID)
	if err != nil {
		a.t.Fatal(err)
	}
	a.handle = handle
	point, err := a.key.PublicKey.Bytes() // 4, X, Y
	if err != nil {
		a.t.Fatal(err)
	}
	public := a.cbor(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]}) // COSE_Key EC2, ES256, P-256 (RFC 9053 §7.1.1)
	attested := append(make([]byte, 16), binary.BigEndian.AppendUint16(nil, uint16(len(a.id)))...)
	attested = append(append(attested, a.id...), public...)
	object := a.cbor(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": a.data(attested)})
	return a.answer(c, map[string]any{
		"clientDataJSON": b64.EncodeToString(a.client("webauthn.create", o.Challenge)), "attestationObject": b64.EncodeToString(object), "transports": []string{"internal"},
	})
}

// signs answers options for an assertion (§6.3.3).
func (a *authenticator) signs(c auth.Ceremony) auth.PasskeyAnswer {
	a.t.Helper()
	o := a.read(c)
	a.count += a.step
	client, data := a.client("webauthn.get", o.Challenge), a.data(nil)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	if err != nil {
		a.t.Fatal(err)
	}
	return a.answer(c, map[string]any{
		"clientDataJSON": b64.EncodeToString(client), "authenticatorData": b64.EncodeToString(data), "signature": b64.EncodeToString(signature), "userHandle": b64.EncodeToString(a.handle),
	})
}

func (a *authenticator) answer(c auth.Ceremony, response map[string]any) auth.PasskeyAnswer {
	a.t.Helper()
	id := b64.EncodeToString(a.id)
	out := map[string]any{"id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}}
	raw, err := json.Marshal(maps.Clone(out))
	if err != nil {
		a.t.Fatal(err)
	}
	return auth.PasskeyAnswer{Site: site, Token: c.Token, Response: string(raw)}
}

// registered makes a passkey for who asks.
func (h *house) registered(a *authenticator, p auth.Person) auth.Factor {
	h.t.Helper()
	_, ctx := h.opened(p)
	c, err := h.auth.BeginPasskey(ctx, site)
	wants(h.t, err, nil)
	f, err := h.auth.AddPasskey(ctx, a.makes(c), "Laptop")
	wants(h.t, err, nil)
	return f
}

// signInBy signs in by a passkey alone.
func (h *house) signInBy(a *authenticator) (auth.SignedIn, error) {
	h.t.Helper()
	c, err := h.auth.BeginPasskeySignIn(h.ctx, site)
	wants(h.t, err, nil)
	return h.auth.SignInByPasskey(h.ctx, a.signs(c), client)
}

func TestAPasskeyAloneSignsItsPersonInWithoutAPassword(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	a := newAuthenticator(t)
	f := h.registered(a, p)
	if f.Name != "Laptop" || f.Data.Passkey.Host != "acme.example" || f.Data.Passkey.BackupEligible {
		t.Errorf("kept %+v", f)
	}
	for range 2 {
		in, err := h.signInBy(a)
		wants(t, err, nil)
		who, err := h.auth.Resume(h.ctx, in.Secret)
		if wants(t, err, nil); who.PersonID != p.ID || who.Method != auth.MethodPasskey || in.Challenge != "" {
			t.Errorf("signed in %+v", who)
		}
	}
	sessions, err := h.auth.Sessions(h.as(p))
	if wants(t, err, nil); !strings.Contains(sessions[0].Factors, "hwk user mfa") {
		t.Errorf("proven %q", sessions[0].Factors)
	}
	h.told("factor.added")
}

func TestAPasskeyThatDoesNotFitIsRefused(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p, other := h.person(policy.Learner), h.person(policy.Learner)
	for name, spoil := range map[string]func(a *authenticator){
		"another origin":               func(a *authenticator) { a.origin = "https://evil.example" },
		"another port":                 func(a *authenticator) { a.origin = "https://acme.example" },
		"plain http":                   func(a *authenticator) { a.origin = "http://acme.example:8443" },
		"another relying party":        func(a *authenticator) { a.host = "evil.example" },
		"another challenge":            func(a *authenticator) { a.challenge = b64.EncodeToString(make([]byte, 32)) },
		"the person is not verified":   func(a *authenticator) { a.unverified = true },
		"the count stands still":       func(a *authenticator) { a.step = 0 },
		"the count goes back":          func(a *authenticator) { a.count = 0; a.step = 1 },
		"another person's user handle": func(a *authenticator) { a.handle = other.ID[:] },
		"no user handle":               func(a *authenticator) { a.handle = nil },
		"another key":                  func(a *authenticator) { a.key = newAuthenticator(t).key },
		"an unknown credential":        func(a *authenticator) { a.id = make([]byte, 32) },
		"it is backed up all at once":  func(a *authenticator) { a.synced = true },
	} {
		a := newAuthenticator(t)
		h.registered(a, p)
		if _, err := h.signInBy(a); err != nil {
			t.Fatalf("%s: the honest one: %v", name, err)
		}
		if _, err := h.signInBy(a); err != nil {
			t.Fatalf("%s: the honest one again: %v", name, err)
		}
		spoil(a)
		if in, err := h.signInBy(a); err == nil || in.Secret != "" {
			t.Errorf("%s: signed in", name)
		} else {
			wants(t, err, auth.ErrPasskeyRefused)
		}
	}
}

func TestAnAnswerOfAPasskeyWorksOnceAndOnlyWhereItWasAskedFor(t *testing.T) {
	t.Parallel()
	h := setup(t)
	a := newAuthenticator(t)
	a.step = 0 // a synced passkey counts nothing: the count does not catch the replay
	a.synced = true
	h.registered(a, h.person(policy.Learner))
	c, err := h.auth.BeginPasskeySignIn(h.ctx, site)
	wants(t, err, nil)
	answer := a.signs(c)
	_, err = h.auth.SignInByPasskey(h.w.Tenant(t), answer, client)
	wants(t, err, auth.ErrPasskeyRefused)
	elsewhere := answer
	elsewhere.Site.Origin = "https://academy.acme.example"
	_, err = h.auth.SignInByPasskey(h.ctx, elsewhere, client)
	wants(t, err, auth.ErrPasskeyRefused)
	late := a.signs(c)
	_, err = h.auth.SignInByPasskey(h.ctx, answer, client)
	wants(t, err, nil)
	_, err = h.auth.SignInByPasskey(h.ctx, answer, client)
	wants(t, err, auth.ErrPasskeyRefused)
	_, err = h.auth.SignInByPasskey(h.ctx, late, client)
	wants(t, err, auth.ErrPasskeyRefused)
	c, err = h.auth.BeginPasskeySignIn(h.ctx, site)
	wants(t, err, nil)
	h.w.Now.Advance(31 * 60e9)
	_, err = h.auth.SignInByPasskey(h.ctx, a.signs(c), client)
	wants(t, err, auth.ErrPasskeyRefused)
	for _, junk := range []string{"", "{}", "null", `{"id":"x","rawId":"x","type":"public-key","response":{}}`, strings.Repeat("[", 1000)} {
		_, err = h.auth.SignInByPasskey(h.ctx, auth.PasskeyAnswer{Site: site, Token: c.Token, Response: junk}, client)
		wants(t, err, auth.ErrPasskeyRefused)
	}
}

func TestAPasskeyIsTheSecondFactorBesideAPassword(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	a := newAuthenticator(t)
	h.registered(a, p)
	in, err := h.auth.SignIn(h.ctx, p.Email, password, client)
	if wants(t, err, nil); in.Secret != "" || in.Challenge == "" || in.Enrol {
		t.Fatalf("%+v", in)
	}
	c, err := h.auth.BeginPasskeyChallenge(h.ctx, in.Challenge, site)
	wants(t, err, nil)
	if o := a.read(c); len(o.AllowCredentials) != 1 || o.AllowCredentials[0].ID != b64.EncodeToString(a.id) {
		t.Errorf("asked for %+v", o)
	}
	a.unverified = true // the password was typed: that someone is there is enough
	out, err := h.auth.AnswerChallenge(h.ctx, in.Challenge, auth.FactorAnswer{Passkey: a.signs(c)}, client)
	wants(t, err, nil)
	if _, err := h.auth.Resume(h.ctx, out.Secret); err != nil {
		t.Error(err)
	}
	// One asked for at the sign-in page is no answer here.
	in, err = h.auth.SignIn(h.ctx, p.Email, password, client)
	wants(t, err, nil)
	alone, err := h.auth.BeginPasskeySignIn(h.ctx, site)
	wants(t, err, nil)
	_, err = h.auth.AnswerChallenge(h.ctx, in.Challenge, auth.FactorAnswer{Passkey: a.signs(alone)}, client)
	wants(t, err, auth.ErrPasskeyRefused)
}

func TestAPasskeyIsHereOnceAndNobodyElses(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p, other := h.person(policy.Learner), h.person(policy.Learner)
	a := newAuthenticator(t)
	f := h.registered(a, p)
	_, ctx := h.opened(other)
	c, err := h.auth.BeginPasskey(ctx, site)
	wants(t, err, nil)
	_, err = h.auth.AddPasskey(ctx, a.makes(c), "")
	wants(t, err, auth.ErrPasskeyTaken)
	wants(t, h.auth.RemoveFactor(ctx, f.ID), auth.ErrFactorNotFound)
	_, mine := h.opened(p)
	c, err = h.auth.BeginPasskey(mine, site)
	wants(t, err, nil)
	fresh := newAuthenticator(t)
	fresh.origin = "https://evil.example"
	_, err = h.auth.AddPasskey(mine, fresh.makes(c), "")
	wants(t, err, auth.ErrPasskeyRefused)
	_, err = h.auth.BeginPasskey(mine, auth.Site{Origin: "http://192.0.2.7:8080"})
	wants(t, err, auth.ErrPasskeyHost)
	wants(t, h.auth.RemoveFactor(mine, f.ID), nil)
	_, err = h.signInBy(a)
	wants(t, err, auth.ErrPasskeyRefused)
}

func TestADeactivatedPersonsPasskeyOpensNothing(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	a := newAuthenticator(t)
	h.registered(a, p)
	wants(t, h.auth.Deactivate(h.as(h.person(policy.Owner)), p.ID), nil)
	_, err := h.signInBy(a)
	wants(t, err, auth.ErrPasskeyRefused)
}
