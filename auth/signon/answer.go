package signon

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/oidc"
	"lyceum/auth/saml"
	"lyceum/internal/uid"
)

// Names of the checks that are made here, beside those of the protocols.
const (
	CheckBegin      = "begin"      // the identity provider can be asked
	CheckConnection = "connection" // the connection is on
	CheckBrowser    = "browser"    // the browser that ends the sign-on is the one that began it
	CheckReplay     = "replay"     // the assertion was not used before
	CheckHandshake  = "handshake"  // the sign-on is under way still
	CheckPerson     = "person"     // whose account it is
	CheckRoles      = "roles"      // what the role rules give
)

// SAMLResponse is what came to a connection's ACS.
type SAMLResponse struct {
	Response   string // the form's field SAMLResponse
	RelayState string
	Client     auth.Client
}

// AcceptSAML verifies a response that a browser was made to post here and keeps what it says, sealed, for the browser: the
// post is another site's and carries no cookie of ours. The secret names it at Finish. A refusal is *Refused.
func (s *Service) AcceptSAML(ctx context.Context, connection uid.ID, in SAMLResponse) (secret string, err error) {
	var c Connection
	var h Handshake
	var p saml.Provider
	var settings saml.Settings
	err = s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
		if c, err = s.Keep.ConnectionByID(ctx, connection); err != nil {
			return err
		}
		if c.Kind != auth.ProtocolSAML {
			return ErrConnectionNotFound
		}
		if h, err = s.asked(ctx, c, in.RelayState); err != nil {
			return err
		}
		p, settings, err = s.samlSide(ctx, c)
		return err
	})
	if err != nil {
		return "", err
	}
	var about begun
	if h.ID != uid.Nil {
		if err := s.openJSON(ctx, sealHandshake, h.Sealed, &about); err != nil {
			return "", err
		}
	}
	settings.ForceAuthn = settings.ForceAuthn || h.Purpose == PurposeStepUp
	t := attempt{connection: c, client: in.Client, purpose: purposeOf(h)}
	response := saml.Response{SAMLResponse: in.Response, At: p.ACSURL, Now: s.Now()}
	if about.Request != "" {
		response.RequestIDs = []string{about.Request}
	}
	t.assertion, t.report, err = p.Accept(settings, response)
	if err == nil {
		err = t.mayUse()
	}
	if err != nil {
		return "", s.refuse(ctx, t, err)
	}
	if t.assertion.InResponseTo == "" {
		h, about.ReturnTo, t.purpose = Handshake{}, s.local(ctx, in.RelayState), PurposeSignIn // begun at the identity provider
	}
	return s.park(ctx, t, h, about.ReturnTo)
}

// asked gives the handshake that a relay state names; the zero one when it names none that still waits.
func (s *Service) asked(ctx context.Context, c Connection, relayState string) (Handshake, error) {
	h, err := s.handshake(ctx, relayState, PurposeSignIn, PurposeTest, PurposeStepUp)
	if isOver(err) || err == nil && (*h.ConnectionID != c.ID || !h.open(s.Now())) {
		return Handshake{}, nil
	}
	return h, err
}

// purposeOf is what an answer to a handshake is for; to none, it is to sign in.
func purposeOf(h Handshake) Purpose {
	if h.ID == uid.Nil {
		return PurposeSignIn
	}
	return h.Purpose
}

// local is a relay state that an identity provider sends of its own accord, as a local address: "" for none.
func (s *Service) local(ctx context.Context, relayState string) string {
	path := strings.TrimPrefix(relayState, s.portal(ctx))
	u, err := url.Parse(path)
	if err != nil || !strings.HasPrefix(path, "/") || u.Host != "" || u.Scheme != "" {
		return ""
	}
	return path
}

// park uses the handshake up, remembers the assertion and keeps it for its browser. For an answer that the identity
// provider began the browser is not known yet.
func (s *Service) park(ctx context.Context, t attempt, h Handshake, returnTo string) (secret string, err error) {
	about := answered{Assertion: t.assertion, Report: t.report, ReturnTo: returnTo, Purpose: t.purpose}
	secret, kept, err := s.newHandshake(ctx, purposeAnswer, t.connection.ID, HandshakeLifetime, about)
	if err != nil {
		return "", err
	}
	kept.Browser, kept.PersonID = h.Browser, h.PersonID
	var fresh bool
	err = s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
		if h.ID != uid.Nil {
			if err := s.Keep.UseHandshake(ctx, h.ID, s.Now()); err != nil {
				return err
			}
		}
		if fresh, err = s.once(ctx, t.assertion); err != nil || !fresh {
			return err
		}
		return s.Keep.InsertHandshake(ctx, kept)
	})
	if isOver(err) {
		return "", s.refuse(ctx, t, t.report.Refused(CheckHandshake, nil, "the request was answered already"))
	}
	if err != nil {
		return "", err
	}
	if !fresh {
		return "", s.refuse(ctx, t, t.report.Refused(CheckReplay, nil, "this assertion was used before"))
	}
	return secret, nil
}

// Waiting is an answer that waits for a yes: the browser did not begin it, so the person is asked whether they want to go
// on, and no other site signs them in as someone else unseen.
type Waiting struct {
	Name, Email string // whom the identity provider vouches for
	Connection  string // its name
}

// Finish ends the sign-on of an answer that waits, in the browser that it belongs to. One that no browser began is bound to
// the first that comes, and is ended with a yes only: without it, what to ask about is given. Refusals are *Refused;
// ErrHandshakeOver.
func (s *Service) Finish(ctx context.Context, secret, browser string, yes bool, from auth.Client) (ask *Waiting, e Arrival, err error) {
	h, c, about, err := s.waiting(ctx, secret)
	if err != nil {
		return nil, e, err
	}
	if h.Browser == nil && !yes {
		err = s.Keep.InTenant(ctx, func(ctx context.Context) error { return s.Keep.BindHandshake(ctx, h.ID, uid.Hash(browser)) })
	} else {
		err = s.sameBrowser(ctx, h, c, about, browser, from)
	}
	if err != nil {
		return nil, e, err
	}
	if about.Assertion.InResponseTo == "" && !yes {
		m := c.Mapping.V.Apply(about.Assertion.Claims)
		return &Waiting{Name: m.Profile.Name, Email: m.Profile.Email, Connection: c.Name}, e, nil
	}
	t := attempt{connection: c, client: from, purpose: about.Purpose, assertion: about.Assertion, report: about.Report, browser: browser, returnTo: about.ReturnTo}
	t.report.Passed(CheckReplay, "the assertion was not used before")
	t.report.Passed(CheckBrowser, "the browser that began it, or whose person said yes")
	if err := t.mayUse(); err != nil {
		return nil, e, s.refuse(ctx, t, err)
	}
	e, err = s.admit(ctx, t, func(ctx context.Context, _ *attempt) error { return s.Keep.UseHandshake(ctx, h.ID, s.Now()) })
	return nil, e, err
}

// waiting opens an answer that waits.
func (s *Service) waiting(ctx context.Context, secret string) (h Handshake, c Connection, about answered, err error) {
	err = s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
		if h, err = s.handshake(ctx, secret, purposeAnswer); err != nil {
			return err
		}
		if !h.open(s.Now()) {
			return ErrHandshakeOver
		}
		c, err = s.Keep.ConnectionByID(ctx, *h.ConnectionID)
		return err
	})
	if err == nil {
		err = s.openJSON(ctx, sealHandshake, h.Sealed, &about)
	}
	return h, c, about, err
}

// sameBrowser refuses a browser that a handshake does not belong to.
func (s *Service) sameBrowser(ctx context.Context, h Handshake, c Connection, about answered, browser string, from auth.Client) error {
	if h.with(browser) {
		return nil
	}
	t := attempt{connection: c, client: from, purpose: about.Purpose, assertion: about.Assertion, report: about.Report}
	return s.refuse(ctx, t, t.report.Refused(CheckBrowser, ErrOtherBrowser, "the answer came to another browser than the one that asked"))
}

// AnswerOIDC ends the sign-on that an answer at the redirect address belongs to. Refusals are *Refused; ErrHandshakeOver
// where the answer belongs to no sign-on that is known here.
func (s *Service) AnswerOIDC(ctx context.Context, q url.Values, browser string, from auth.Client) (Arrival, error) {
	in, err := oidc.CallbackOf(q)
	if err != nil {
		return Arrival{}, err
	}
	var h Handshake
	var c Connection
	err = s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
		if h, err = s.handshake(ctx, in.State, PurposeSignIn, PurposeTest, PurposeStepUp); err != nil {
			return err
		}
		c, err = s.Keep.ConnectionByID(ctx, *h.ConnectionID)
		return err
	})
	if err != nil {
		return Arrival{}, err
	}
	t := attempt{connection: c, client: from, purpose: purposeOf(h), browser: browser}
	if err := s.mayEnd(&t, h, browser); err != nil {
		return Arrival{}, s.refuse(ctx, t, err)
	}
	var about begun
	if err := s.openJSON(ctx, sealHandshake, h.Sealed, &about); err != nil {
		return Arrival{}, err
	}
	settings, secret, err := s.oidcSide(ctx, c)
	if err != nil {
		return Arrival{}, err
	}
	if t.purpose == PurposeStepUp {
		settings = freshOIDC(settings)
	}
	t.returnTo = about.ReturnTo
	in.RedirectURL, in.ExpectedState, in.Nonce, in.Verifier = s.Addresses(ctx, c.ID).RedirectURI, in.State, about.Nonce, about.Verifier
	var report auth.Report
	t.assertion, report, err = s.oidc.Complete(ctx, settings, secret, in)
	t.report = append(t.report, report...)
	if err != nil {
		return Arrival{}, s.refuse(ctx, t, err)
	}
	return s.admit(ctx, t, func(ctx context.Context, t *attempt) error {
		if err := s.Keep.UseHandshake(ctx, h.ID, s.Now()); err != nil {
			return err
		}
		return s.notReplayed(ctx, t)
	})
}

// mayEnd checks, before anything is asked of the identity provider, that this browser may end the sign-on now.
func (s *Service) mayEnd(t *attempt, h Handshake, browser string) error {
	if err := t.mayUse(); err != nil {
		return err
	}
	if !h.with(browser) {
		return t.report.Refused(CheckBrowser, ErrOtherBrowser, "the answer came to another browser than the one that asked")
	}
	t.report.Passed(CheckBrowser, "the browser that began it")
	switch now := s.Now(); {
	case h.UsedAt != nil:
		return t.report.Refused(CheckHandshake, ErrHandshakeOver, "this sign-on was finished already")
	case !h.open(now):
		return t.report.Refused(CheckHandshake, ErrHandshakeOver, "it took longer than %s", HandshakeLifetime)
	}
	t.report.Passed(CheckHandshake, "under way since %s", h.CreatedAt.UTC().Format(time.RFC3339))
	return nil
}

// LDAPLogin is a company account's name and password.
type LDAPLogin struct {
	Login, Password string
	Start           // Hint and Locales say nothing here
}

// SignInByLDAP asks the connection's directory who the person is and ends the sign-on. Guesses are bounded as those at
// passwords are. auth.ErrWrongCredentials, auth.ErrTooManyAttempts, ErrConnectionOff, ldap.ErrUnavailable,
// ldap.ErrPasswordExpired; refusals are *Refused.
func (s *Service) SignInByLDAP(ctx context.Context, connection uid.ID, in LDAPLogin) (Arrival, error) {
	if in.Purpose == "" {
		in.Purpose = PurposeSignIn
	}
	c, err := s.connectionFor(ctx, connection, in.Purpose)
	if err != nil {
		return Arrival{}, err
	}
	if c.Kind != auth.ProtocolLDAP {
		return Arrival{}, ErrConnectionNotFound
	}
	if err := s.Auth.AllowGuess(ctx, "ldap "+c.ID.String(), strings.ToLower(strings.TrimSpace(in.Login)), in.Client); err != nil {
		return Arrival{}, err
	}
	settings, err := settingsOf[ldap.Settings](c)
	if err != nil {
		return Arrival{}, err
	}
	secret, err := s.Secret(ctx, c)
	if err != nil {
		return Arrival{}, err
	}
	t := attempt{connection: c, client: in.Client, purpose: in.Purpose, browser: in.Browser, returnTo: in.ReturnTo}
	t.assertion, t.report, err = s.ldap.SignIn(ctx, c.reading(settings), secret, in.Login, in.Password)
	if err != nil {
		return Arrival{}, s.refuse(ctx, t, err)
	}
	return s.admit(ctx, t, s.notReplayed)
}

func (s *Service) oidcSide(ctx context.Context, c Connection) (settings oidc.Settings, secret string, err error) {
	if settings, err = oidcSettings(c); err != nil {
		return settings, "", err
	}
	secret, err = s.Secret(ctx, c)
	return settings, secret, err
}

func unmarshal(raw Raw, to any) error {
	if len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, to)
}

// PasswordForm describes the LDAP connection whose form asks for name and password. A test needs connection:manage.
// ErrConnectionNotFound, ErrConnectionOff.
func (s *Service) PasswordForm(ctx context.Context, connection uid.ID, p Purpose) (Offer, error) {
	if p == "" {
		p = PurposeSignIn
	}
	c, err := s.connectionFor(ctx, connection, p)
	if err == nil && c.Kind != auth.ProtocolLDAP {
		err = ErrConnectionNotFound
	}
	return Offer{ID: c.ID, Kind: c.Kind, Name: c.Name}, err
}
