package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"

	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// ErasedKeeper is what is needed kept to know somebody again who was erased.
type ErasedKeeper interface {
	// HasErasedMark tells whether one of the marks is that of somebody who was erased.
	HasErasedMark(ctx context.Context, marks [][]byte) (bool, error)
}

// ErrErased is somebody who would be brought back after they were erased.
var ErrErased = fault.New(fault.KindConflict, "person_erased", "This person was erased from the portal and is not brought back by themselves. Who wants them back lets them return under Privacy first.")

// ErasedMarks are what is kept of the names by which somebody was known (e-mail; what directories and identity providers call them): a keyed
// hash, from which nothing can be read, not even by trying addresses without the platform's master key.
func (s *Service) ErasedMarks(ctx context.Context, names ...string) ([][]byte, error) {
	t, _ := tenant.From(ctx)
	key, err := s.seal.Derive(t.ID, "marks of erased people")
	if err != nil {
		return nil, err
	}
	var marks [][]byte
	for _, name := range names {
		if name != "" {
			mac := hmac.New(sha256.New, key)
			mac.Write([]byte(name))
			marks = append(marks, mac.Sum(nil))
		}
	}
	return marks, nil
}

// refuseErased is ErrErased for somebody new who was erased before, under the e-mail or another name.
func (s *Service) refuseErased(ctx context.Context, email string, aliases ...string) error {
	if !s.seal.Set() { // nobody can have been erased without a master key
		return nil
	}
	marks, err := s.ErasedMarks(ctx, append(aliases, email)...)
	if err != nil {
		return err
	}
	erased, err := s.keep.HasErasedMark(ctx, marks)
	if err == nil && erased {
		err = ErrErased
	}
	return err
}

// PersonForErasure gives a person with their roles, within the caller's transaction. It asks for no permission; ErrPersonNotFound.
func (s *Service) PersonForErasure(ctx context.Context, id uid.ID) (Person, error) {
	p, err := s.keep.PersonByID(ctx, id)
	return shown(p), err
}

// MayErase holds a person for who asks, within the caller's transaction: they need no fewer permissions than the person's;
// ErrPersonNotFound, ErrLastOwner, ErrRoleExceeds, ErrOwnersOnly.
func (s *Service) MayErase(ctx context.Context, id uid.ID) (Person, error) {
	who, err := requirePerson(ctx, policy.PrivacyManage)
	if err != nil {
		return Person{}, err
	}
	p, err := s.MayGo(ctx, id)
	if err != nil {
		return p, err
	}
	return p, s.mayChange(ctx, who, p.Roles...)
}

// MayGo holds a person, within the caller's transaction: a portal is not left without an owner. ErrPersonNotFound, ErrLastOwner.
func (s *Service) MayGo(ctx context.Context, id uid.ID) (Person, error) {
	p, owners, err := s.hold(ctx, id)
	if err == nil && isLast(owners, id) {
		err = ErrLastOwner
	}
	return shown(p), err
}

// CloseAccount ends all that lets a person in, within the caller's transaction. It asks for no permission; the caller tells Changed after
// the commit.
func (s *Service) CloseAccount(ctx context.Context, person uid.ID) error {
	return s.switchOff(ctx, person, s.now())
}
