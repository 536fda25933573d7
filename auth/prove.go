package auth

import (
	"context"

	"lyceum/internal/uid"
)

// AllowGuess takes a try at a company account that someone else checks (a directory's password), by whatever name it goes
// there, within the bounds of tries at passwords; ErrTooManyAttempts.
func (s *Service) AllowGuess(ctx context.Context, at, name string, c Client) error {
	return s.guesses.allow(place(ctx)+" "+at, c.IP, name, adviceNone)
}

// ProvePassword tells whether someone knows a person's password, and opens nothing: they prove that an account is theirs.
// It asks nobody's permission. Tries are bounded as those at signing in are, and count with them. ErrWrongCredentials, also
// for who is not active or has no password; ErrTooManyAttempts. Event person.sign_in_failed.
func (s *Service) ProvePassword(ctx context.Context, person uid.ID, password string, c Client) error {
	var p Person
	err := s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		p, err = s.keep.PersonByID(ctx, person)
		return err
	})
	if err != nil {
		return err
	}
	if err := s.guesses.allow(place(ctx)+" sign-in", c.IP, p.Email, adviceReset); err != nil {
		return err
	}
	if p.Status != PersonActive {
		p.PasswordHash = ""
	}
	right, _, err := s.passwords.verify(ctx, password, p.PasswordHash)
	if err != nil {
		return err
	}
	if !right {
		return s.refuse(ctx, p.ID, c)
	}
	return nil
}
