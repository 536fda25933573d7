package oidc_test

import (
	"testing"

	"github.com/go-jose/go-jose/v4"

	"lyceum/auth/oidc"
)

// BenchmarkComplete is one answer of the demo provider, without a network: sign-in/op is all of it, with the provider's
// own signing; verify is the share of one RS256 signature, and complete that of everything the relying party does.
func BenchmarkComplete(b *testing.B) {
	b.Run("sign-in", func(b *testing.B) {
		d := setup(b)
		for b.Loop() {
			if _, report, err := d.Complete(b.Context(), d.settings, "secret of lyceum", d.signIn(b)); err != nil {
				b.Fatal(err, report)
			}
		}
	})
	b.Run("complete", func(b *testing.B) {
		g := newRogue(newHand())
		id := g.idToken()
		g.sign = func(map[string]any) string { return id }
		rp := oidc.New(oidc.Options{HTTP: newWire("rogue.example.com", g).client(), Now: g.now.Now})
		for b.Loop() {
			if _, report, err := g.meetWith(b, rp, oidc.Settings{}); err != nil {
				b.Fatal(err, report)
			}
		}
	})
	b.Run("verify", func(b *testing.B) {
		id := newRogue(newHand()).idToken()
		for b.Loop() {
			jws, err := jose.ParseSignedCompact(id, []jose.SignatureAlgorithm{jose.RS256})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := jws.Verify(keyA().Public()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
