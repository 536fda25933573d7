package journey

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// authenticator is a virtual authenticator in a browser. It keeps passkeys and verifies its person; it answers only while touched.
type authenticator struct {
	b  *browser
	id webauthn.AuthenticatorID
}

// authenticator gives the browser a virtual authenticator.
func (b *browser) authenticator() authenticator {
	b.t.Helper()
	k := authenticator{b: b}
	b.do(func(ctx context.Context, t *chromedp.Target) (out chromedp.Void, err error) {
		if _, err = cdp.Call(ctx, t, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return out, err
		}
		made, err := cdp.Call(ctx, t, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal, HasResidentKey: true, HasUserVerification: true,
			IsUserVerified: true, AutomaticPresenceSimulation: true,
		}})
		k.id = made.AuthenticatorID
		return out, err
	})
	return k
}

// touched says whether somebody touches the authenticator.
func (k authenticator) touched(touched bool) {
	k.b.t.Helper()
	k.b.do(func(ctx context.Context, t *chromedp.Target) (out chromedp.Void, err error) {
		_, err = cdp.Call(ctx, t, webauthn.SetAutomaticPresenceSimulation, webauthn.SetAutomaticPresenceSimulationParams{AuthenticatorID: k.id, Enabled: touched})
		return out, err
	})
}

// signOut leaves the portal by the form of the page.
func (b *browser) signOut() {
	b.t.Helper()
	b.do(js(`document.querySelector('form[action="/signout"]').requestSubmit()`))
	b.at("/signin")
	b.sees("You are signed out")
}

// TestAPasskeyIsMadeAndSignsInAloneAndBesideAPassword goes through a real browser's own code for passkeys.
func TestAPasskeyIsMadeAndSignsInAloneAndBesideAPassword(t *testing.T) {
	t.Parallel()
	d := start(t, build(t), folder(t))
	portal := d.portal("acme")
	b := open(t, "passkey")
	k := b.authenticator()

	b.visit(portal + "/signin?step=password&next=/account/security")
	b.types(map[string]string{"email": "owner@acme.example", "password": "lyceum-demo"})
	b.submits("password")
	b.at("/account/security")
	b.sees("No second factor yet")
	b.do(js(`document.querySelector('#passkey_name').value = 'Test key'`))
	b.presses("Add a passkey")
	b.at("/account/security/recovery")
	b.presses("Make recovery codes")
	b.sees("They are shown this once")
	b.shoot("recovery-codes")
	b.visit(portal + "/account/security")
	b.sees("Test key", "10 recovery codes are left")
	b.shoot("security")

	// Alone: the button asks, and nothing happens until somebody touches the key.
	k.touched(false)
	b.signOut()
	b.presses("Sign in with a passkey")
	k.touched(true)
	b.waits(`document.readyState === 'complete' && location.pathname === '/'`, "signs in by the passkey")
	b.visit(portal + "/account/security")
	b.sees("Passkey ·")

	// Beside the password.
	k.touched(false)
	b.signOut()
	b.visit(portal + "/signin?step=password")
	b.types(map[string]string{"email": "owner@acme.example", "password": "lyceum-demo"})
	b.submits("password")
	b.at("/signin/factor")
	b.shoot("factor")
	k.touched(true)
	b.presses("Use a passkey")
	b.waits(`document.readyState === 'complete' && location.pathname === '/'`, "comes in by password and passkey")

	// Offered among what the browser fills in: the virtual key is chosen by itself.
	k.touched(false)
	b.signOut()
	b.visit(portal + "/signin?step=password")
	k.touched(true) // not before: signing in would break off the page that is being opened
	b.waits(`document.readyState === 'complete' && location.pathname === '/'`, "signs in by what the browser offers")

	for _, page := range []string{"/account/security", "/settings/security", "/account/security/recovery"} {
		b.narrow(portal+page, strings.ReplaceAll(page[1:], "/", "-"))
	}
}
