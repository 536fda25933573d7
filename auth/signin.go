package auth

import (
	"context"
	"errors"

	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// SignIn opens a session for who knows the password, or puts a challenge before it where they have a second factor or need
// one. Unknown e-mail, wrong password, invited and deactivated all answer ErrWrongCredentials after the same work;
// ErrTooManyAttempts when too many tries came from the network or at the e-mail (see Options), ErrPasswordOff where the
// rules take no passwords. A password kept at an old cost is hashed anew. Events person.signed_in and
// person.sign_in_failed.
func (s *Service) SignIn(ctx context.Context, email, password string, c Client) (SignedIn, error) {
	email, _ = NormaliseEmail(email)
	if err := s.guesses.allow(place(ctx)+" sign-in", c.IP, email, adviceReset); err != nil {
		return SignedIn{}, err
	}
	rules, err := s.rules(ctx)
	if err != nil {
		return SignedIn{}, err
	}
	p, err := s.findByEmail(ctx, email)
	if err != nil {
		return SignedIn{}, err
	}
	if p.Status != PersonActive {
		p.PasswordHash = ""
	}
	right, stale, err := s.passwords.verify(ctx, password, p.PasswordHash)
	if err != nil {
		return SignedIn{}, err
	}
	if !right {
		return SignedIn{}, s.refuse(ctx, p.ID, c)
	}
	proof, err := s.locally(ctx, p, Proof{Method: MethodPassword, Factors: "pwd"}) // after the password: who does not know it learns nothing
	if err != nil {
		return SignedIn{}, err
	}
	if rules.PasswordOff {
		return SignedIn{}, ErrPasswordOff
	}
	fresh := ""
	if stale {
		if fresh, err = s.passwords.hash(ctx, password); err != nil {
			return SignedIn{}, err
		}
	}
	var out SignedIn
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		held, err := s.keep.LockPerson(ctx, p.ID)
		if errors.Is(err, ErrPersonNotFound) || err == nil && (held.Status != PersonActive || held.PasswordHash != p.PasswordHash) {
			return ErrWrongCredentials // changed while we verified
		}
		if err != nil {
			return err
		}
		if fresh != "" {
			if err := s.keep.SetPassword(ctx, p.ID, fresh, s.now()); err != nil {
				return err
			}
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

// ErrPasswordOff is a right password where the tenant's rules take none.
var ErrPasswordOff = fault.New(fault.KindForbidden, "password_off", "Your organization does not take passwords. Sign in with a passkey or your company account.")

// findByEmail gives the person, or nobody (the zero Person) for an e-mail that is not here.
func (s *Service) findByEmail(ctx context.Context, email string) (p Person, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		p, err = s.keep.PersonByEmail(ctx, email)
		return err
	})
	if errors.Is(err, ErrPersonNotFound) {
		return Person{}, nil
	}
	return p, err
}

// refuse writes a failed sign-in down and gives ErrWrongCredentials. What was typed is not written: people type
// passwords into the wrong field.
func (s *Service) refuse(ctx context.Context, person uid.ID, c Client) error {
	err := s.keep.InTenant(ctx, func(ctx context.Context) error {
		return s.tell(ctx, "person.sign_in_failed", person, map[string]any{"ip": printable(c.IP, ipMax)})
	})
	if err != nil {
		return err
	}
	return ErrWrongCredentials
}

// ChangePassword sets another password for who asks, when the old one is right, and ends their other sessions and the
// reset links on their way; their API keys stay. It needs person:self.
func (s *Service) ChangePassword(ctx context.Context, old, wished string) error {
	who, err := requirePerson(ctx, policy.PersonSelf)
	if err != nil {
		return err
	}
	if err := take(s.guesses.of, place(ctx)+" change password "+who.PersonID.String(), adviceReset); err != nil {
		return err
	}
	var p Person
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		p, err = s.keep.PersonByID(ctx, who.PersonID)
		return err
	})
	if err != nil {
		return err
	}
	right, _, err := s.passwords.verify(ctx, old, p.PasswordHash)
	if err != nil {
		return err
	}
	f := fault.Fields{}
	f.Check(right, "old_password", "This is not your password.")
	checkPassword(f, wished, p)
	if err := f.Err(); err != nil {
		return err
	}
	hash, err := s.passwords.hash(ctx, wished)
	if err != nil {
		return err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		held, err := s.keep.LockPerson(ctx, p.ID)
		if err != nil {
			return err
		}
		if held.PasswordHash != p.PasswordHash {
			return fault.Invalid(map[string]string{"old_password": "Your password was changed meanwhile. Enter the new one."})
		}
		return s.replacePassword(ctx, p.ID, hash, who.SessionID)
	})
	if err == nil {
		s.changed(ctx)
	}
	return err
}

// replacePassword writes a password and ends what the old one opened: sessions but one, links, sign-ins that wait for a
// second factor, and the browsers that are spared it.
func (s *Service) replacePassword(ctx context.Context, person uid.ID, hash string, but uid.ID) error {
	if err := s.keep.SetPassword(ctx, person, hash, s.now()); err != nil {
		return err
	}
	if _, err := s.keep.DeleteSessionsBut(ctx, person, but); err != nil {
		return err
	}
	if err := s.keep.DeleteTokens(ctx, person, TokenPasswordReset); err != nil {
		return err
	}
	if err := s.keep.DeleteChallenges(ctx, person); err != nil {
		return err
	}
	if _, err := s.keep.DeleteFactors(ctx, person, FactorBrowser); err != nil {
		return err
	}
	return s.tellAs(ctx, "person.password_changed", person, map[string]any{"person_id": person, "kept_session_id": but})
}

// checkPassword notes what is wrong with a wished password for this person.
func checkPassword(f fault.Fields, password string, p Person) {
	if wrong := CheckPassword(password, p.Email, p.Name); wrong != "" {
		f.Add("password", wrong)
	}
}
