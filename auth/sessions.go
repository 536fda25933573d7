package auth

import (
	"context"
	"errors"
	"slices"
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
	// VerifySession writes that its person proved themselves anew, and adds what was proven to Factors; ErrSessionNotFound.
	VerifySession(ctx context.Context, person, id uid.ID, factors string, at time.Time) error
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

// OpenSession signs a person in without a password, and without a second factor: after provisioning, and in tests. It asks
// nobody's permission. ErrPersonNotFound unless the person is active.
func (s *Service) OpenSession(ctx context.Context, person uid.ID, c Client) (secret string, err error) {
	return s.OpenVouchedSession(ctx, person, c, Proof{Method: MethodLink})
}

// OpenVouchedSession signs in a person for whom an identity provider has vouched, in the transaction that runs or in one of
// its own, whatever the rules ask beside: SignInVouched asks them. It asks nobody's permission. ErrPersonNotFound unless
// the person is active. Event person.signed_in.
func (s *Service) OpenVouchedSession(ctx context.Context, person uid.ID, c Client, proof Proof) (secret string, err error) {
	out, err := s.vouched(ctx, person, func(ctx context.Context, rules SecurityRules, p Person) (SignedIn, error) {
		return s.opened(ctx, rules, p, proof, c)
	})
	return out.Secret, err
}

// SignInVouched is OpenVouchedSession where the rules may ask for a second factor beside: auth/signon calls it when
// everything has been checked. Where the rules ask everyone (FactorSignOn), a challenge stands before the session unless
// Proof.Factors holds "mfa": the caller fills it from OIDC's amr (RFC 8176) or SAML's AuthnContext.
func (s *Service) SignInVouched(ctx context.Context, person uid.ID, c Client, proof Proof) (SignedIn, error) {
	return s.vouched(ctx, person, func(ctx context.Context, rules SecurityRules, p Person) (SignedIn, error) {
		return s.admit(ctx, rules, p, proof, c)
	})
}

// vouched holds an active person and signs them in. The rules are read within the transaction, which may be the caller's:
// from the store, for memory may wait for another's load.
func (s *Service) vouched(
	ctx context.Context, person uid.ID, admit func(context.Context, SecurityRules, Person) (SignedIn, error),
) (out SignedIn, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		rules, err := s.keep.SecurityRules(ctx)
		if err != nil {
			return err
		}
		p, err := s.keep.LockPerson(ctx, person)
		if err != nil {
			return err
		}
		if p.Status != PersonActive {
			return ErrPersonNotFound
		}
		if p.Roles, err = s.keep.RolesOf(ctx, person); err != nil {
			return err
		}
		out, err = admit(ctx, rules, p)
		return err
	})
	if err != nil {
		return SignedIn{}, err
	}
	s.limited(ctx, out)
	return out, nil
}

// begin writes a session for a person whom the transaction holds, clears away their expired ones, and ends the oldest beyond
// the number that the rules allow.
func (s *Service) begin(ctx context.Context, rules SecurityRules, person uid.ID, hash []byte, c Client, proof Proof) (ended int, err error) {
	now := s.now()
	if err := s.keep.DeleteExpiredSessions(ctx, person, now); err != nil {
		return 0, err
	}
	if proof.VerifiedAt == nil {
		proof.VerifiedAt = &now
	}
	ses := Session{
		ID: uid.New(), Hash: hash, PersonID: person, CreatedAt: now, SeenAt: now,
		IP: printable(c.IP, ipMax), UserAgent: printable(c.UserAgent, userAgentMax), Proof: proof,
	}
	ses.ExpiresAt = rules.endOf(ses, now)
	if err := s.keep.InsertSession(ctx, ses); err != nil {
		return 0, err
	}
	data := map[string]any{"person_id": person, "ip": ses.IP, "method": proof.Method}
	if proof.Factors != "" {
		data["factors"] = proof.Factors
	}
	if proof.ConnectionID != nil {
		data["connection_id"] = *proof.ConnectionID
	}
	if err := s.tellAs(ctx, "person.signed_in", person, data); err != nil || rules.SessionsMax == 0 {
		return 0, err
	}
	if ended, err = s.keep.DeleteOldestSessions(ctx, person, rules.SessionsMax); err != nil || ended == 0 {
		return 0, err
	}
	return ended, s.tellAs(ctx, "person.session_ended", person, map[string]any{"person_id": person, "sessions": ended, "because": "limit"})
}

// Resume gives who holds a session's secret; ErrSignInFirst when it is unknown, has ended or belongs to someone
// deactivated, or was opened locally by someone whose identity provider is required by now. The answer is cached for up to 5 seconds. A session rolls on from its last use and ends at the latest some
// time after its beginning, as the tenant's rules of today say, never later than what is written; its use is written down
// at most once a minute.
func (s *Service) Resume(ctx context.Context, secret string) (Principal, error) {
	return s.resume(ctx, secret, true)
}

// Peek is Resume for what a page does by itself while nobody uses it: it does not count as a use of the session, so an
// open page does not keep it from ending.
func (s *Service) Peek(ctx context.Context, secret string) (Principal, error) {
	return s.resume(ctx, secret, false)
}

func (s *Service) resume(ctx context.Context, secret string, use bool) (Principal, error) {
	t, ok := tenant.From(ctx)
	if !ok || len(secret) != secretLength {
		return Principal{}, ErrSignInFirst
	}
	now, hash, kind := s.now(), uid.Hash(secret), byte('s')
	if !use {
		kind = 'p' // what was remembered without a use must not stand in for one
	}
	return s.memory.principal(ctx, t.ID, kind, hash, now, func(ctx context.Context) (who Principal, until time.Time, err error) {
		rules, err := s.rules(ctx)
		if err != nil {
			return who, until, err
		}
		ses, p, err := s.keep.SessionByHash(ctx, hash)
		if errors.Is(err, ErrSessionNotFound) || err == nil && (p.Status != PersonActive || rules.ended(ses, now)) {
			return who, until, ErrSignInFirst
		}
		if err == nil {
			_, err = s.stillLocally(ctx, p.ID, ses.Proof)
		}
		if errors.Is(err, ErrUseSignOn) {
			err = ErrSignInFirst
		}
		if err != nil {
			return who, until, err
		}
		if use && now.Sub(ses.SeenAt) >= rules.seenEvery() {
			ses.SeenAt, ses.ExpiresAt = now, rules.endOf(ses, now)
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
		return who, rolled(ses.ExpiresAt, rules.endOf(ses, ses.SeenAt)), err
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
		return s.tellAs(ctx, "person.signed_out", who.PersonID, map[string]any{"person_id": who.PersonID, "session_id": who.SessionID})
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
	rules, err := s.rules(ctx)
	if err != nil {
		return nil, err
	}
	now := s.now()
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		sessions, err = s.keep.SessionsOf(ctx, who.PersonID, now)
		return err
	})
	return slices.DeleteFunc(sessions, func(ses Session) bool { return rules.ended(ses, now) }), err
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
		return s.tell(ctx, "person.session_ended", who.PersonID, map[string]any{"person_id": who.PersonID, "sessions": 1, "session_id": id})
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
		if ended, err = s.keep.DeleteSessionsBut(ctx, who.PersonID, who.SessionID); err != nil {
			return err
		}
		// Also where none was open: devices of sessions that ran out are told on until now.
		return s.tell(ctx, "person.session_ended", who.PersonID, map[string]any{"person_id": who.PersonID, "sessions": ended, "kept_session_id": who.SessionID})
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
