package signon

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"lyceum/auth"
	"lyceum/auth/oidc"
	"lyceum/auth/saml"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Start is what begins a sign-on.
type Start struct {
	ReturnTo string  // local address to go on to; the caller has checked that it is one
	Hint     string  // the e-mail that the person typed
	Purpose  Purpose // default PurposeSignIn
	// Browser is the secret in the cookie of the browser that begins: only this browser ends the sign-on.
	Browser string
	Locales []string // the person's languages, best first
	Client  auth.Client
}

// Field is a hidden field of a form.
type Field struct{ Name, Value string }

// Departure is where the browser goes next: to URL, or to Action with a form that it posts.
type Departure struct {
	URL    string
	Action string
	Fields []Field
}

// Address is where the departure leads, whichever way.
func (d Departure) Address() string {
	if d.Action != "" {
		return d.Action
	}
	return d.URL
}

// freshMaxAge is how old a proof may be that PurposeStepUp asked for.
const freshMaxAge = 5 * time.Minute

// Begin begins a sign-on at a connection. A handshake of 10 minutes is kept, bound to the browser. A test needs
// connection:manage, a step-up someone who is signed in; all else asks nobody's permission. ErrConnectionNotFound, ErrConnectionOff; *Refused where the identity
// provider cannot be asked.
func (s *Service) Begin(ctx context.Context, connection uid.ID, in Start) (d Departure, err error) {
	if in.Purpose == "" {
		in.Purpose = PurposeSignIn
	}
	c, err := s.connectionFor(ctx, connection, in.Purpose)
	if err != nil {
		return d, err
	}
	about := begun{ReturnTo: in.ReturnTo}
	if c.Kind == auth.ProtocolLDAP {
		return Departure{URL: ldapPath(connection, in)}, nil
	}
	if c.Kind == auth.ProtocolOIDC {
		about.Nonce, about.Verifier = oidc.NewSecret(), oidc.NewSecret()
	}
	state, h, err := s.newHandshake(ctx, in.Purpose, c.ID, HandshakeLifetime, about)
	if err != nil {
		return d, err
	}
	h.Browser = uid.Hash(in.Browser)
	if who, ok := auth.PrincipalFrom(ctx); ok && in.Purpose != PurposeSignIn && who.PersonID != uid.Nil {
		h.PersonID = &who.PersonID
	}
	switch c.Kind {
	case auth.ProtocolSAML:
		if d, about.Request, err = s.beginSAML(ctx, c, state, in); err == nil {
			h.Sealed, err = s.sealJSON(ctx, sealHandshake, about)
		}
	case auth.ProtocolOIDC:
		d, err = s.beginOIDC(ctx, c, state, about, in)
	default:
		err = fmt.Errorf("begin at connection %s: unknown protocol %q", c.ID, c.Kind)
	}
	if err != nil {
		return Departure{}, s.notBegun(ctx, c, in, err)
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error { return s.Keep.InsertHandshake(ctx, h) })
	return d, err
}

// notBegun writes down that an identity provider could not even be asked.
func (s *Service) notBegun(ctx context.Context, c Connection, in Start, cause error) error {
	t := attempt{connection: c, client: in.Client, purpose: in.Purpose, returnTo: in.ReturnTo}
	return s.refuse(ctx, t, t.report.Refused(CheckBegin, cause, "%s", fault.Of(cause).Text))
}

// connectionFor gives a connection that may be used for the purpose.
func (s *Service) connectionFor(ctx context.Context, id uid.ID, p Purpose) (c Connection, err error) {
	switch p {
	case PurposeSignIn:
	case PurposeTest:
		if err := s.may(ctx, id); err != nil {
			return c, err
		}
	case PurposeStepUp:
		if who, ok := auth.PrincipalFrom(ctx); !ok || who.SessionID == uid.Nil {
			return c, auth.ErrSignInFirst
		}
	default:
		return c, fmt.Errorf("begin at connection %s: no sign-on is for %q", id, p)
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
		c, err = s.Keep.ConnectionByID(ctx, id)
		return err
	})
	if err == nil && c.Status == StatusOff && p != PurposeTest {
		err = ErrConnectionOff
	}
	return c, err
}

func ldapPath(connection uid.ID, in Start) string {
	q := url.Values{}
	for name, value := range map[string]string{"next": in.ReturnTo, "hint": in.Hint} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if in.Purpose != PurposeSignIn {
		q.Set("purpose", string(in.Purpose))
	}
	path := "/sso/ldap/" + connection.String()
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	return path
}

func (s *Service) beginSAML(ctx context.Context, c Connection, state string, in Start) (d Departure, request string, err error) {
	p, settings, err := s.samlSide(ctx, c)
	if err != nil {
		return d, "", err
	}
	settings.ForceAuthn = settings.ForceAuthn || in.Purpose == PurposeStepUp
	m, err := p.Begin(settings, state, in.Hint, s.Now())
	if err != nil {
		return d, "", fmt.Errorf("begin at connection %s: %w", c.ID, err)
	}
	return departure(m), m.ID, nil
}

// departure is a SAML message as the browser carries it.
func departure(m saml.Message) Departure {
	if m.Binding != saml.BindingPost {
		return Departure{URL: m.URL}
	}
	d := Departure{Action: m.Destination}
	for _, f := range m.Fields() {
		d.Fields = append(d.Fields, Field(f))
	}
	return d
}

func (s *Service) beginOIDC(ctx context.Context, c Connection, state string, about begun, in Start) (d Departure, err error) {
	settings, err := oidcSettings(c)
	if err != nil {
		return d, err
	}
	start := oidc.Start{
		RedirectURL: s.Addresses(ctx, c.ID).RedirectURI, State: state, Nonce: about.Nonce, Verifier: about.Verifier, LoginHint: in.Hint, Locales: in.Locales,
	}
	if in.Purpose == PurposeStepUp {
		settings, start.Prompt = freshOIDC(settings), "login"
	}
	d.URL, err = s.oidc.Begin(ctx, settings, start)
	if err != nil {
		return Departure{}, fmt.Errorf("begin at connection %s: %w", c.ID, err)
	}
	return d, nil
}

// freshOIDC demands a proof of now.
func freshOIDC(settings oidc.Settings) oidc.Settings {
	if most := int(freshMaxAge / time.Second); settings.MaxAge == 0 || settings.MaxAge > most {
		settings.MaxAge = most
	}
	return settings
}

var errSettings = errors.New("the connection's settings cannot be read")

// settingsOf reads a connection's settings as the protocol's room has them.
func settingsOf[T any](c Connection) (settings T, err error) {
	if err = unmarshal(c.Settings, &settings); err != nil {
		return settings, fmt.Errorf("connection %s: %w: %w", c.ID, errSettings, err)
	}
	return settings, nil
}

func oidcSettings(c Connection) (oidc.Settings, error) { return settingsOf[oidc.Settings](c) }

// samlSide gives both sides of a SAML connection: us with our keys, and what is agreed with the identity provider.
func (s *Service) samlSide(ctx context.Context, c Connection) (p saml.Provider, settings saml.Settings, err error) {
	if settings, err = settingsOf[saml.Settings](c); err != nil {
		return p, settings, err
	}
	p, err = s.samlProvider(ctx, c)
	return p, settings, err
}
