package auth

import (
	"context"
	"strings"

	"lyceum/internal/fault"
)

// ErrFactorNeeded is a right password of someone who has a second factor and gave none.
var ErrFactorNeeded = fault.New(fault.KindUnauthenticated, "factor_needed", "You have a second factor. Enter the code of your app, or one of your recovery codes.")

// ProveByEmail gives who knows a person's password and, where they have a second factor, a code of their app or a recovery
// code, without opening a session and whatever the gate says: the proof of someone who opens local sign-in in an emergency.
// It is throttled as SignIn and its second step are, and a failure is written down as one. ErrWrongCredentials,
// ErrFactorNeeded, ErrFactorWrong, ErrTooManyAttempts. Events person.sign_in_failed, factor.refused.
func (s *Service) ProveByEmail(ctx context.Context, email, password, code string, c Client) (Person, error) {
	email, _ = NormaliseEmail(email)
	if err := s.guesses.allow(place(ctx)+" sign-in", c.IP, email, adviceNone); err != nil {
		return Person{}, err
	}
	p, err := s.findByEmail(ctx, email)
	if err != nil {
		return Person{}, err
	}
	if p.Status != PersonActive {
		p.PasswordHash = ""
	}
	right, _, err := s.passwords.verify(ctx, password, p.PasswordHash)
	if err != nil {
		return Person{}, err
	}
	if !right {
		return Person{}, s.refuse(ctx, p.ID, c)
	}
	return shown(p), s.proveCode(ctx, p, code, c)
}

// proveCode asks for a code of a person who has a second factor: of their app, or, where that is longer, a recovery code.
func (s *Service) proveCode(ctx context.Context, p Person, code string, c Client) error {
	code = strings.TrimSpace(code)
	a := FactorAnswer{Code: code}
	if len(code) > totpTyped {
		a = FactorAnswer{Recovery: code}
	}
	if code != "" {
		if err := take(s.guesses.of, place(ctx)+" factor "+p.ID.String(), adviceNone); err != nil {
			return err
		}
	}
	err := s.keep.InTenant(ctx, func(ctx context.Context) error {
		held, factors, err := s.holdFactors(ctx, p.ID)
		switch {
		case err != nil:
			return err
		case !has(factors):
			return nil
		case code == "":
			return ErrFactorNeeded
		}
		_, err = s.prove(ctx, held, factors, a)
		return err
	})
	if !refusedFactor(err) {
		return err
	}
	told := s.keep.InTenant(ctx, func(ctx context.Context) error {
		return s.tell(ctx, "factor.refused", p.ID, map[string]any{"person_id": p.ID, "ip": printable(c.IP, ipMax)})
	})
	if told != nil {
		return told
	}
	return err
}

// totpTyped is the longest that people type a code of an app: six digits, perhaps in two groups.
const totpTyped = 8
