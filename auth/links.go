package auth

import (
	"context"
	"errors"
	"strings"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// TokenKeeper is what the service needs kept of single-use links.
type TokenKeeper interface {
	InsertToken(ctx context.Context, t Token) error
	// TokenByHash gives a link of the kind, used, expired or not, and whose it is; ErrLinkInvalid.
	TokenByHash(ctx context.Context, kind TokenKind, hash []byte) (Token, Person, error)
	// UseToken marks a link used; ErrLinkInvalid when it was used or has expired at that time.
	UseToken(ctx context.Context, kind TokenKind, hash []byte, at time.Time) error
	// DeleteTokens removes a person's links of these kinds.
	DeleteTokens(ctx context.Context, person uid.ID, kinds ...TokenKind) error
}

// How long links last.
const (
	InvitationLifetime    = 14 * 24 * time.Hour
	PasswordResetLifetime = time.Hour
	HandoverLifetime      = 2 * time.Minute
)

// Lifetime is how long a link of this kind lasts; zero for no kind of ours.
func (k TokenKind) Lifetime() time.Duration {
	switch k {
	case TokenInvitation:
		return InvitationLifetime
	case TokenPasswordReset:
		return PasswordResetLifetime
	case TokenHandover:
		return HandoverLifetime
	}
	return 0
}

// suits tells whether a person in this status has a use for a link of this kind.
func (k TokenKind) suits(status PersonStatus) bool {
	return k == TokenInvitation && status == PersonInvited || (k == TokenPasswordReset || k == TokenHandover) && status == PersonActive
}

// RequestReset asks for a link to choose a new password: event password.reset_requested, on which the mail goes out.
// The answer is the same whether the e-mail is here or not, and so is the work: for an unknown or deactivated one the
// event is password.reset_refused, and so it is for who must use their identity provider. An invited person gets the
// invitation again. Each mail voids the link of the
// one before, so Options.Resets bounds them per e-mail, whoever asks; ErrTooManyAttempts.
func (s *Service) RequestReset(ctx context.Context, email string, c Client) error {
	email, ok := NormaliseEmail(email)
	if !ok {
		return fault.Invalid(map[string]string{"email": "Enter an e-mail address, for example “anna@example.com”."})
	}
	if err := take(s.guesses.from, place(ctx)+" reset from "+network(c.IP), adviceNone); err != nil {
		return err
	}
	if err := take(s.resets, place(ctx)+" reset mail to "+email, adviceNone); err != nil {
		return err
	}
	p, err := s.findByEmail(ctx, email)
	if err != nil {
		return err
	}
	closed := s.gate.LocalSignIn(ctx, p)
	if closed != nil && !errors.Is(closed, ErrUseSignOn) {
		return closed
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		switch {
		case closed != nil:
		case p.Status == PersonActive:
			return s.tell(ctx, "password.reset_requested", p.ID, map[string]any{"person_id": p.ID, "ip": printable(c.IP, ipMax)})
		case p.Status == PersonInvited:
			return s.tellInvited(ctx, p)
		}
		return s.tell(ctx, "password.reset_refused", p.ID, map[string]any{"ip": printable(c.IP, ipMax)})
	})
}

// MintLink makes the secret of a link and voids the earlier ones of its kind. The mail job calls it, so that no secret
// lies in a queue or a log; run twice, the last mail's link works. ErrLinkInvalid when the person has no use for such a
// link any more: nothing is to be sent then.
func (s *Service) MintLink(ctx context.Context, kind TokenKind, person uid.ID) (secret string, who Person, err error) {
	secret, hash := uid.Secret()
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if who, err = s.keep.LockPerson(ctx, person); err != nil {
			return err
		}
		if !kind.suits(who.Status) {
			return ErrLinkInvalid
		}
		if err := s.keep.DeleteTokens(ctx, person, kind); err != nil {
			return err
		}
		now := s.now()
		return s.keep.InsertToken(ctx, Token{Hash: hash, Kind: kind, PersonID: person, CreatedAt: now, ExpiresAt: now.Add(kind.Lifetime())})
	})
	if err != nil {
		return "", Person{}, err
	}
	return secret, shown(who), nil
}

// OpenLink gives whose link this is and leaves it unused; ErrLinkInvalid.
func (s *Service) OpenLink(ctx context.Context, kind TokenKind, secret string) (p Person, err error) {
	if len(secret) != secretLength {
		return p, ErrLinkInvalid
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		t, holder, err := s.keep.TokenByHash(ctx, kind, uid.Hash(secret))
		if err != nil {
			return err
		}
		if t.UsedAt != nil || !s.now().Before(t.ExpiresAt) || !kind.suits(holder.Status) {
			return ErrLinkInvalid
		}
		p = shown(holder)
		return nil
	})
	return p, err
}

// use holds the person and uses the link up, both or neither. The person is held first, as MintLink does.
func (s *Service) use(ctx context.Context, kind TokenKind, person uid.ID, secret string) (Person, error) {
	p, err := s.keep.LockPerson(ctx, person)
	if err != nil {
		return p, err
	}
	if !kind.suits(p.Status) {
		return p, ErrLinkInvalid
	}
	return p, s.keep.UseToken(ctx, kind, uid.Hash(secret), s.now())
}

// AcceptInvitation makes an invited person active, with their own name (empty: the one they were invited by) and
// password, and signs them in: to a session, or to a challenge where the rules ask them for a second factor.
// ErrLinkInvalid; ErrUseSignOn for who joins through their identity provider instead. Event invitation.accepted.
func (s *Service) AcceptInvitation(ctx context.Context, secret, name, password string, c Client) (out SignedIn, err error) {
	p, err := s.OpenLink(ctx, TokenInvitation, secret)
	if err != nil {
		return out, err
	}
	rules, err := s.rules(ctx)
	if err != nil {
		return out, err
	}
	proof, err := s.locally(ctx, p, Proof{Method: MethodLink})
	if err != nil {
		return out, err
	}
	f := fault.Fields{}
	if name = strings.TrimSpace(name); name != "" {
		p.Name = checkName(f, "name", name)
	}
	checkPassword(f, password, p)
	if err := f.Err(); err != nil {
		return out, err
	}
	hash, err := s.passwords.hash(ctx, password)
	if err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if _, err := s.use(ctx, TokenInvitation, p.ID, secret); err != nil {
			return err
		}
		now := s.now()
		p.UpdatedAt = now
		if err := s.keep.SetProfile(ctx, p); err != nil {
			return err
		}
		if err := s.keep.SetPassword(ctx, p.ID, hash, now); err != nil {
			return err
		}
		if err := s.keep.SetPersonStatus(ctx, p.ID, PersonActive, now); err != nil {
			return err
		}
		if err := s.tellAs(ctx, "invitation.accepted", p.ID, map[string]any{"person_id": p.ID, "name": p.Name}); err != nil {
			return err
		}
		out, err = s.admit(ctx, rules, p, proof, c)
		return err
	})
	if err != nil {
		return SignedIn{}, err
	}
	s.limited(ctx, out)
	return out, nil
}

// ResetPassword sets another password for whose link this is, ends all their sessions and revokes all their API keys:
// who resets may have lost the account to someone who made one. ErrLinkInvalid; ErrUseSignOn. Events person.password_changed and, for
// each key, api_key.revoked.
func (s *Service) ResetPassword(ctx context.Context, secret, password string) error {
	p, err := s.OpenLink(ctx, TokenPasswordReset, secret)
	if err == nil {
		err = s.gate.LocalSignIn(ctx, p)
	}
	if err != nil {
		return err
	}
	f := fault.Fields{}
	checkPassword(f, password, p)
	if err := f.Err(); err != nil {
		return err
	}
	hash, err := s.passwords.hash(ctx, password)
	if err != nil {
		return err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if _, err := s.use(ctx, TokenPasswordReset, p.ID, secret); err != nil {
			return err
		}
		if err := s.replacePassword(ctx, p.ID, hash, uid.Nil); err != nil {
			return err
		}
		return s.revokeKeys(ctx, p.ID)
	})
	if err == nil {
		s.changed(ctx)
	}
	return err
}

// HandOver makes the secret of a link that signs in, once, who has just proved themselves elsewhere on the platform: the
// owner who signed up on the platform's host and goes on to the portal's. It asks nobody's permission.
// ErrPersonNotFound.
func (s *Service) HandOver(ctx context.Context, email string) (secret string, err error) {
	p, err := s.findByEmail(ctx, email)
	if err != nil {
		return "", err
	}
	if p.ID == uid.Nil {
		return "", ErrPersonNotFound
	}
	secret, _, err = s.MintLink(ctx, TokenHandover, p.ID)
	return secret, err
}

// SignInByLink uses a hand-over link up and opens a session, or leads to a challenge as SignIn does. ErrLinkInvalid,
// ErrUseSignOn.
func (s *Service) SignInByLink(ctx context.Context, secret string, c Client) (out SignedIn, err error) {
	p, err := s.OpenLink(ctx, TokenHandover, secret)
	if err != nil {
		return out, err
	}
	rules, err := s.rules(ctx)
	if err != nil {
		return out, err
	}
	proof, err := s.locally(ctx, p, Proof{Method: MethodLink})
	if err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if _, err := s.use(ctx, TokenHandover, p.ID, secret); err != nil {
			return err
		}
		out, err = s.admit(ctx, rules, p, proof, c)
		return err
	})
	if err != nil {
		return SignedIn{}, err
	}
	s.limited(ctx, out)
	return out, nil
}
