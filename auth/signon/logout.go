package signon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"time"

	"lyceum/auth"
	"lyceum/auth/oidc"
	"lyceum/auth/saml"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Vouched names sessions that an identity provider vouched for, in its own words.
type Vouched struct {
	Connection uid.ID
	Subject    string   // empty: whoever's
	Sessions   []string // names of sessions there; none: all. A session here of which no name is known is always meant.
}

// EndedSession is a session that was ended from outside.
type EndedSession struct{ ID, PersonID uid.ID }

// ErrLogoutRefused is a logout message that was not believed. Nobody was signed out.
var ErrLogoutRefused = fault.New(fault.KindForbidden, "logout_refused", "This sign-out of your identity provider was not accepted. Sign out here yourself.")

// SignOut ends the session of who asks, here first. Where an identity provider vouched for it and takes part in single
// logout, ok is true and the browser goes on there, so that the person is signed out everywhere. Trouble with the provider
// is logged and no failure: who wants out is out.
func (s *Service) SignOut(ctx context.Context) (d Departure, ok bool, err error) {
	who, in := auth.PrincipalFrom(ctx)
	if !in {
		return d, false, nil
	}
	var session auth.Session
	var c Connection
	if who.ConnectionID != uid.Nil {
		err = s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
			if session, err = s.Keep.VouchedSession(ctx, who.SessionID); err != nil {
				return err
			}
			c, err = s.Keep.ConnectionByID(ctx, who.ConnectionID)
			return err
		})
		if err != nil && !errors.Is(err, auth.ErrSessionNotFound) && !errors.Is(err, ErrConnectionNotFound) {
			return d, false, err
		}
	}
	if err := s.Auth.SignOut(ctx); err != nil {
		return d, false, err
	}
	if c.ID == uid.Nil || session.ID == uid.Nil || c.Status == StatusOff || !c.Admission.V.SingleLogout {
		return d, false, nil
	}
	d, ok, err = s.leaveAt(ctx, c, session)
	if err != nil {
		s.Log.WarnContext(ctx, "signed out here only", slog.String("connection", c.ID.String()), slog.Any("err", err))
		return Departure{}, false, nil
	}
	return d, ok, nil
}

// leaveAt gives the way to sign out at an identity provider; ok is false where it has none.
func (s *Service) leaveAt(ctx context.Context, c Connection, session auth.Session) (d Departure, ok bool, err error) {
	var about vouched
	if err := s.openJSON(ctx, sealSession, session.IdpSealed, &about); err != nil {
		return d, false, err
	}
	switch c.Kind {
	case auth.ProtocolSAML:
		return s.leaveAtSAML(ctx, c, session, about)
	case auth.ProtocolOIDC:
		settings, err := oidcSettings(c)
		if err != nil {
			return d, false, err
		}
		d.URL, ok, err = s.oidc.LogoutURL(ctx, settings, about.IDToken, s.Addresses(ctx, c.ID).SignedOut, "")
		return d, ok, err
	}
	return d, false, nil
}

func (s *Service) leaveAtSAML(ctx context.Context, c Connection, session auth.Session, about vouched) (d Departure, ok bool, err error) {
	p, settings, err := s.samlSide(ctx, c)
	if err != nil || !settings.CanLogOut() {
		return d, false, err
	}
	who := saml.Subject{NameID: session.IdpSubject, Format: about.Format, NameQualifier: about.NameQualifier, SPNameQualifier: about.SPNameQualifier}
	if session.IdpSession != "" {
		who.SessionIndexes = []string{session.IdpSession}
	}
	state, h, err := s.newHandshake(ctx, purposeLogout, c.ID, HandshakeLifetime, begun{})
	if err != nil {
		return d, false, err
	}
	m, err := p.LogoutRequest(settings, who, state, s.Now())
	if err != nil {
		return d, false, fmt.Errorf("sign out at connection %s: %w", c.ID, err)
	}
	if h.Sealed, err = s.sealJSON(ctx, sealHandshake, begun{Request: m.ID}); err != nil {
		return d, false, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error { return s.Keep.InsertHandshake(ctx, h) })
	return departure(m), err == nil, err
}

// LoggedOut is what came of a message to a connection's SLO address.
type LoggedOut struct {
	// Reply goes back to the identity provider when it asked; when it answered us, there is none.
	Reply *Departure
	// Everywhere tells that the provider has signed the person out at all other services too.
	Everywhere bool
}

// SAMLLogout takes a message to a connection's SLO address: a request of the identity provider, whose sessions end on every
// process within 5 s, or its answer to ours. ErrLogoutRefused, ErrConnectionNotFound.
func (s *Service) SAMLLogout(ctx context.Context, connection uid.ID, in saml.Incoming) (out LoggedOut, err error) {
	var c Connection
	err = s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
		c, err = s.Keep.ConnectionByID(ctx, connection)
		return err
	})
	if err != nil {
		return out, err
	}
	if c.Kind != auth.ProtocolSAML {
		return out, ErrConnectionNotFound
	}
	p, settings, err := s.samlSide(ctx, c)
	if err != nil {
		return out, err
	}
	in.At, in.Now = p.SLOURL, s.Now()
	query, _ := url.ParseQuery(in.RawQuery)
	if in.SAMLResponse != "" || in.SAMLRequest == "" && query.Has("SAMLResponse") {
		if in.RelayState == "" {
			in.RelayState = query.Get("RelayState")
		}
		out.Everywhere, err = s.logoutAnswered(ctx, c, p, settings, in)
		return out, err
	}
	out.Reply, err = s.logoutAsked(ctx, c, p, settings, in)
	return out, err
}

// logoutAsked ends the sessions that a logout request of the identity provider means, and makes the answer.
func (s *Service) logoutAsked(ctx context.Context, c Connection, p saml.Provider, settings saml.Settings, in saml.Incoming) (*Departure, error) {
	ask, report, err := p.AcceptLogoutRequest(settings, in)
	if err != nil {
		return nil, s.logoutRefused(ctx, c, report, err)
	}
	v := Vouched{Connection: c.ID, Subject: ask.Subject.NameID, Sessions: ask.Subject.SessionIndexes}
	if err := s.endVouched(ctx, v, "saml logout", settings.EntityID, ask.ID, ask.ExpiresAt); err != nil {
		return nil, err
	}
	m, err := p.LogoutResponse(settings, ask.ID, saml.LogoutDone, ask.RelayState, s.Now())
	if err != nil {
		return nil, fmt.Errorf("answer the logout of connection %s: %w", c.ID, err)
	}
	d := departure(m)
	return &d, nil
}

// logoutAnswered takes the answer to our logout request; it tells whether the person is signed out everywhere.
func (s *Service) logoutAnswered(ctx context.Context, c Connection, p saml.Provider, settings saml.Settings, in saml.Incoming) (everywhere bool, err error) {
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		h, err := s.handshake(ctx, in.RelayState, purposeLogout)
		if err != nil || *h.ConnectionID != c.ID {
			return err
		}
		var about begun
		if err := s.openJSON(ctx, sealHandshake, h.Sealed, &about); err != nil {
			return err
		}
		if err := s.Keep.UseHandshake(ctx, h.ID, s.Now()); err != nil {
			return err
		}
		in.RequestIDs = []string{about.Request}
		return nil
	})
	if err != nil && !isOver(err) {
		return false, err
	}
	answer, report, err := p.AcceptLogoutResponse(settings, in)
	if err != nil {
		return false, s.logoutRefused(ctx, c, report, err)
	}
	return !answer.Partial, nil
}

func (s *Service) logoutRefused(ctx context.Context, c Connection, report auth.Report, err error) error {
	s.Log.InfoContext(ctx, "logout refused", slog.String("connection", c.ID.String()), slog.Any("err", err), slog.Int("checks", len(report)))
	if _, refused := auth.RefusalOf(err); !refused {
		return err
	}
	return ErrLogoutRefused.Because(err)
}

// endVouched ends the sessions that are meant, once for each message. Event person.session_ended for each person.
func (s *Service) endVouched(ctx context.Context, v Vouched, kind, issuer, id string, until time.Time) error {
	var ended []EndedSession
	if least := s.Now().Add(HandshakeLifetime); until.Before(least) {
		until = least
	}
	err := s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
		ended = nil
		if id != "" {
			fresh, err := s.Keep.Remember(ctx, seenHash(kind, issuer, id), until.Add(seenSlack))
			if err != nil || !fresh {
				return err // said before: it was done then, and who signed in since meant it
			}
		}
		if ended, err = s.Keep.EndVouchedSessions(ctx, v); err != nil {
			return err
		}
		return s.tellEnded(ctx, v.Connection, ended)
	})
	if err == nil && len(ended) > 0 {
		s.Auth.Changed(ctx)
	}
	return err
}

func (s *Service) tellEnded(ctx context.Context, connection uid.ID, ended []EndedSession) error {
	counts := map[uid.ID]int{}
	for _, e := range ended {
		counts[e.PersonID]++
	}
	for person, n := range counts {
		err := s.tell(ctx, "person.session_ended", "person", person, map[string]any{"person_id": person, "sessions": n, "connection_id": connection})
		if err != nil {
			return err
		}
	}
	return nil
}

// BackChannelLogout takes a logout token that an identity provider sent itself (OIDC Back-Channel Logout 1.0 §2.5).
// ErrLogoutRefused; an identity provider that cannot be asked for its keys is its own failure, so that it tries again.
func (s *Service) BackChannelLogout(ctx context.Context, connection uid.ID, token string) error {
	c, settings, err := s.oidcConnection(ctx, connection)
	if err != nil {
		return err
	}
	l, report, err := s.oidc.VerifyLogoutToken(ctx, settings, token)
	if err != nil {
		return s.logoutRefused(ctx, c, report, err)
	}
	v := Vouched{Connection: c.ID, Subject: l.Subject}
	if l.Session != "" {
		v.Sessions = []string{l.Session}
	}
	return s.endVouched(ctx, v, "logout token", l.Issuer, l.ID, l.ExpiresAt)
}

// FrontChannelLogout takes a call that an identity provider has the browser make, mostly in a frame, which carries no
// cookie of ours (OIDC Front-Channel Logout 1.0 §3). The name of the session there, which nobody else knows, finds the
// session here. ErrLogoutRefused.
func (s *Service) FrontChannelLogout(ctx context.Context, connection uid.ID, q url.Values) error {
	c, _, err := s.oidcConnection(ctx, connection)
	if err != nil {
		return err
	}
	var meant []auth.Session
	sid := q.Get("sid")
	if sid != "" {
		err = s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
			meant, err = s.Keep.VouchedSessions(ctx, c.ID, sid)
			return err
		})
	}
	if err != nil {
		return err
	}
	// A session that is not here any more is no failure; what is said of it is checked all the same.
	issuer := q.Get("iss")
	for _, session := range meant {
		var about vouched
		if err := s.openJSON(ctx, sealSession, session.IdpSealed, &about); err != nil {
			return err
		}
		issuer = about.Issuer
	}
	if report, err := oidc.CheckFrontChannelLogout(issuer, sid, q); err != nil {
		return s.logoutRefused(ctx, c, report, err)
	}
	return s.endVouched(ctx, Vouched{Connection: c.ID, Sessions: []string{sid}}, "front channel", "", "", s.Now())
}

func (s *Service) oidcConnection(ctx context.Context, id uid.ID) (c Connection, settings oidc.Settings, err error) {
	err = s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
		c, err = s.Keep.ConnectionByID(ctx, id)
		return err
	})
	if err == nil && c.Kind != auth.ProtocolOIDC {
		err = ErrConnectionNotFound
	}
	if err == nil {
		settings, err = oidcSettings(c)
	}
	return c, settings, err
}

// SAMLMetadata describes us to identity providers: as one entity for all SAML connections of the portal, or as the one
// that a connection of its own is (uid.Nil: the former). ErrConnectionNotFound where there is none.
func (s *Service) SAMLMetadata(ctx context.Context, connection uid.ID) ([]byte, error) {
	var all []Connection
	err := s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
		all, err = s.Keep.SignOnConnections(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(c Connection) bool {
		return c.Kind != auth.ProtocolSAML || connection != uid.Nil && c.ID != connection || connection == uid.Nil && c.Admission.V.OwnEntity
	})
	if len(all) == 0 {
		return nil, ErrConnectionNotFound
	}
	// The order is the endpoints' index at identity providers: by age, which no administrator changes.
	slices.SortFunc(all, func(a, b Connection) int { return slices.Compare(a.ID[:], b.ID[:]) })
	p, err := s.samlProvider(ctx, all[0])
	if err != nil {
		return nil, err
	}
	var more []saml.Endpoint
	for _, c := range all[1:] {
		a := s.Addresses(ctx, c.ID)
		more = append(more, saml.Endpoint{ACSURL: a.ACS, SLOURL: a.SLO})
	}
	return p.Metadata(s.Now(), more...)
}
