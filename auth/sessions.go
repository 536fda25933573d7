package auth

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// SessionKeeper is what the service needs kept of sessions.
type SessionKeeper interface {
	InsertSession(ctx context.Context, s Session) error
	// SessionByHash gives a session, expired or not, and whose it is, with their roles; ErrSessionNotFound.
	SessionByHash(ctx context.Context, hash []byte) (Session, Person, error)
	// TouchSession writes SeenAt and ExpiresAt unless a later SeenAt stands there already.
	TouchSession(ctx context.Context, s Session) error
	// SessionsOf lists a person's sessions that have not expired, the last used first, without hashes, at most 200.
	SessionsOf(ctx context.Context, person uid.ID, now time.Time) ([]Session, error)
	// DeleteSession ends one session of a person; ErrSessionNotFound.
	DeleteSession(ctx context.Context, person, id uid.ID) error
	// DeleteSessionsBut ends a person's sessions but one (Nil: all) and says how many.
	DeleteSessionsBut(ctx context.Context, person, id uid.ID) (int, error)
	// DeleteExpiredSessions removes what has expired of a person's.
	DeleteExpiredSessions(ctx context.Context, person uid.ID, now time.Time) error
}

// secretLength is how long what uid.Secret makes is: 32 bytes in base64url.
const secretLength = 43

// Lengths to which a client's description is cut, in bytes.
const (
	ipMax        = 64
	userAgentMax = 400
)

// OpenSession signs a person in without a password: after provisioning and an accepted invitation. It asks nobody's
// permission. ErrPersonNotFound unless the person is active.
func (s *Service) OpenSession(ctx context.Context, person uid.ID, c Client) (secret string, err error) {
	secret, hash := uid.Secret()
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, err := s.keep.LockPerson(ctx, person)
		if err != nil {
			return err
		}
		if p.Status != PersonActive {
			return ErrPersonNotFound
		}
		return s.begin(ctx, person, hash, c, Proof{Method: MethodLink})
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// OpenVouchedSession signs in a person for whom an identity provider has vouched, in the transaction that runs or in one of
// its own. It asks nobody's permission: auth/signon calls it when everything has been checked. ErrPersonNotFound unless
// the person is active. Events person.signed_in.
func (s *Service) OpenVouchedSession(ctx context.Context, person uid.ID, c Client, proof Proof) (secret string, err error) {
	secret, hash := uid.Secret()
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, err := s.keep.LockPerson(ctx, person)
		if err != nil {
			return err
		}
		if p.Status != PersonActive {
			return ErrPersonNotFound
		}
		return s.begin(ctx, person, hash, c, proof)
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// begin writes a session for a person whom the transaction holds, and clears away their expired ones.
func (s *Service) begin(ctx context.Context, person uid.ID, hash []byte, c Client, proof Proof) error {
	now := s.now()
	if err := s.keep.DeleteExpiredSessions(ctx, person, now); err != nil {
		return err
	}
	if proof.VerifiedAt == nil {
		proof.VerifiedAt = &now
	}
	ends := now.Add(SessionLifetime)
	if proof.EndsAt != nil && proof.EndsAt.Before(ends) {
		ends = *proof.EndsAt
	}
	err := s.keep.InsertSession(ctx, Session{
		ID: uid.New(), Hash: hash, PersonID: person, CreatedAt: now, SeenAt: now, ExpiresAt: ends,
		IP: printable(c.IP, ipMax), UserAgent: printable(c.UserAgent, userAgentMax), Proof: proof,
	})
	if err != nil {
		return err
	}
	data := map[string]any{"person_id": person, "ip": printable(c.IP, ipMax), "method": proof.Method}
	if proof.ConnectionID != nil {
		data["connection_id"] = *proof.ConnectionID
	}
	return s.tellAs(ctx, "person.signed_in", person, data)
}

// Resume gives who holds a session's secret; ErrSignInFirst when it is unknown, has expired or belongs to someone
// deactivated. The answer is cached for up to 5 seconds. A session rolls on for SessionLifetime from its last use and
// ends at SessionMaximum from its beginning; its use is written down at most once a minute.
func (s *Service) Resume(ctx context.Context, secret string) (Principal, error) {
	t, ok := tenant.From(ctx)
	if !ok || len(secret) != secretLength {
		return Principal{}, ErrSignInFirst
	}
	now, hash := s.now(), uid.Hash(secret)
	return s.memory.principal(ctx, t.ID, 's', hash, now, func(ctx context.Context) (who Principal, until time.Time, err error) {
		ses, p, err := s.keep.SessionByHash(ctx, hash)
		if errors.Is(err, ErrSessionNotFound) || err == nil && (p.Status != PersonActive || !now.Before(ses.ExpiresAt)) {
			return who, until, ErrSignInFirst
		}
		if err != nil {
			return who, until, err
		}
		if now.Sub(ses.SeenAt) >= seenEvery {
			ses.SeenAt, ses.ExpiresAt = now, rolled(now.Add(SessionLifetime), ses.CreatedAt.Add(SessionMaximum))
			if ses.EndsAt != nil {
				ses.ExpiresAt = rolled(ses.ExpiresAt, *ses.EndsAt)
			}
			err = s.keep.InTenant(ctx, func(ctx context.Context) error { return s.keep.TouchSession(ctx, ses) })
			if err != nil {
				return who, until, err
			}
		}
		who, err = s.principalOf(ctx, p)
		who.SessionID, who.Method, who.VerifiedAt = ses.ID, ses.Method, ses.verifiedAt()
		if ses.ConnectionID != nil {
			who.ConnectionID = *ses.ConnectionID
		}
		return who, ses.ExpiresAt, err
	})
}

// rolled gives the earlier of the rolling and an absolute end.
func rolled(rolling, absolute time.Time) time.Time {
	if absolute.Before(rolling) {
		return absolute
	}
	return rolling
}

// SignOut ends the session of who asks. A session that has ended already is no failure; an API key is
// ErrSessionNotFound.
func (s *Service) SignOut(ctx context.Context) error {
	who, ok := PrincipalFrom(ctx)
	if !ok {
		return ErrSignInFirst
	}
	if who.SessionID == uid.Nil {
		return ErrSessionNotFound
	}
	err := s.keep.InTenant(ctx, func(ctx context.Context) error {
		err := s.keep.DeleteSession(ctx, who.PersonID, who.SessionID)
		if errors.Is(err, ErrSessionNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return s.tellAs(ctx, "person.signed_out", who.PersonID, map[string]any{"person_id": who.PersonID})
	})
	if err == nil {
		s.changed(ctx)
	}
	return err
}

// Sessions lists where who asks is signed in, the last used first. It needs person:self.
func (s *Service) Sessions(ctx context.Context) (sessions []Session, err error) {
	who, err := requirePerson(ctx, policy.PersonSelf)
	if err != nil {
		return nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		sessions, err = s.keep.SessionsOf(ctx, who.PersonID, s.now())
		return err
	})
	return sessions, err
}

// EndSession ends one of one's own sessions; ErrSessionNotFound. It needs person:self.
func (s *Service) EndSession(ctx context.Context, id uid.ID) error {
	who, err := requirePerson(ctx, policy.PersonSelf)
	if err != nil {
		return err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.keep.DeleteSession(ctx, who.PersonID, id); err != nil {
			return err
		}
		return s.tell(ctx, "person.session_ended", who.PersonID, map[string]any{"person_id": who.PersonID, "sessions": 1})
	})
	if err == nil {
		s.changed(ctx)
	}
	return err
}

// EndOtherSessions signs who asks out everywhere else and says how many sessions that ended. It needs person:self.
func (s *Service) EndOtherSessions(ctx context.Context) (ended int, err error) {
	who, err := requirePerson(ctx, policy.PersonSelf)
	if err != nil {
		return 0, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		if ended, err = s.keep.DeleteSessionsBut(ctx, who.PersonID, who.SessionID); err != nil || ended == 0 {
			return err
		}
		return s.tell(ctx, "person.session_ended", who.PersonID, map[string]any{"person_id": who.PersonID, "sessions": ended})
	})
	if err == nil && ended > 0 {
		s.changed(ctx)
	}
	return ended, err
}

// printable cuts what a client says of itself to what may be kept: valid text without control characters.
func printable(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return -1
		}
		return r
	}, text)
	for len(text) > limit {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return text
}
