package auth

import "context"

// ProveByEmail gives who knows a person's password, without opening a session and whatever the gate says: the proof of
// someone who opens local sign-in in an emergency. It is throttled as SignIn is, answers ErrWrongCredentials as SignIn does,
// and a failure is written down as one.
func (s *Service) ProveByEmail(ctx context.Context, email, password string, c Client) (Person, error) {
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
	return shown(p), nil
}
