package auth

import (
	"context"

	"lyceum/internal/uid"
)

// ChallengeBefore puts the question for a person's second factor before something that is no session, such as connecting a
// company account with theirs: SignedIn.Waited gives what back when it was answered. The zero SignedIn where they have none
// and their roles need none today. A browser that is spared the question at sign-in is not spared it here. It asks nobody's
// permission: the caller has proven the first factor. ErrPersonNotFound for who is deactivated.
func (s *Service) ChallengeBefore(ctx context.Context, person uid.ID, what string) (in SignedIn, err error) {
	rules, err := s.rules(ctx)
	if err != nil {
		return in, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, err := s.keep.PersonByID(ctx, person)
		if err == nil && p.Status == PersonDeactivated {
			err = ErrPersonNotFound
		}
		if err != nil {
			return err
		}
		factors, err := s.keep.FactorsOf(ctx, person)
		if err != nil {
			return err
		}
		enrol := !has(factors)
		if enrol && !rules.demandsOf(p, s.now()).now {
			return nil
		}
		in, err = s.challenge(ctx, p, pending{Enrol: enrol, Waits: what})
		return err
	})
	return in, err
}
