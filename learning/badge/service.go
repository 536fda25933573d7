package badge

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/seal"
	"lyceum/internal/uid"
	"lyceum/learning/certificate"
	"lyceum/tenant"
)

// Keeper is what credentials need kept; every method but InTenant joins the running transaction of the tenant.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error

	CertificateByCode(ctx context.Context, code string) (certificate.Certificate, error)
	// EmailOf gives a person's address, "" for one who is not there any more.
	EmailOf(ctx context.Context, person uid.ID) (string, error)

	// BadgeKeys lists all keys, the current one first, then the newest.
	BadgeKeys(ctx context.Context) ([]Key, error)
	// AddBadgeKey writes a key; added is false when there is a current one already.
	AddBadgeKey(ctx context.Context, k Key) (added bool, err error)
	// RetireBadgeKey ends the current key's signing.
	RetireBadgeKey(ctx context.Context, at time.Time) error

	// BadgeStatusOf gives a certificate's place; found is false for one that has none yet.
	BadgeStatusOf(ctx context.Context, certificate uid.ID) (st Status, found bool, err error)
	// NewestBadgeList gives the last list with how many places of it are taken; 0, 0 for no list.
	NewestBadgeList(ctx context.Context) (list, taken int, err error)
	// AddBadgeStatus takes a place; added is false when the certificate has one, or the place is taken.
	AddBadgeStatus(ctx context.Context, st Status) (added bool, err error)
	// WithdrawnPlaces gives the places of a list whose certificates are revoked; found is false for a list without places.
	WithdrawnPlaces(ctx context.Context, list int) (places []int, found bool, err error)
}

// Options is what the service works with.
type Options struct {
	Keep Keeper
	Seal seal.Key
	Now  clock.Clock
}

// Service gives credentials out.
type Service struct{ Options }

// New makes the service.
func New(o Options) *Service { return &Service{o} }

const sealPurpose = "badge key"

// Credential gives a certificate as an Open Badge, a JWT; base is the portal's address, without a slash at its end. One's own
// needs certificate:read, anyone's certificate:all; certificate.ErrNotFound. certificate.ErrRevoked for one that was withdrawn.
func (s *Service) Credential(ctx context.Context, base string, brand tenant.Brand, code string) (jwt string, err error) {
	f, k, err := s.gather(ctx, base, brand, code)
	if err != nil {
		return "", err
	}
	return sign(k, base, "JWT", f.credential())
}

// Baked gives the badge as a picture (SVG) that carries the credential in itself (OB 3.0 §5.3.2.1). The same conditions hold.
func (s *Service) Baked(ctx context.Context, base string, brand tenant.Brand, code string) ([]byte, error) {
	f, k, err := s.gather(ctx, base, brand, code)
	if err != nil {
		return nil, err
	}
	jwt, err := sign(k, base, "JWT", f.credential())
	if err != nil {
		return nil, err
	}
	return bake(f.Picture, jwt), nil
}

func (s *Service) gather(ctx context.Context, base string, brand tenant.Brand, code string) (f facts, k private, err error) {
	if err = auth.Require(ctx, policy.CertificateRead); err != nil {
		return f, k, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	code, ok := certificate.NormaliseCode(code)
	if !ok {
		return f, k, certificate.ErrNotFound
	}
	f = facts{Base: base, Issuer: brand.Name}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if f.Certificate, err = s.Keep.CertificateByCode(ctx, code); err != nil {
			return err
		}
		if f.Certificate.PersonID != who.PersonID && !who.May.Has(policy.CertificateAll) {
			return certificate.ErrNotFound
		}
		if f.Certificate.RevokedAt != nil {
			return certificate.ErrRevoked
		}
		if f.Person.Email, err = s.Keep.EmailOf(ctx, f.Certificate.PersonID); err != nil {
			return err
		}
		if f.Status, err = s.place(ctx, f.Certificate.ID); err != nil {
			return err
		}
		k, err = s.current(ctx)
		return err
	})
	f.Picture = draw(brand, f.Certificate)
	return f, k, err
}

// current gives the key that signs, making the first.
func (s *Service) current(ctx context.Context) (private, error) {
	keys, err := s.keys(ctx)
	if err != nil {
		return private{}, err
	}
	t, _ := tenant.From(ctx)
	seed, err := s.Seal.Open(t.ID, sealPurpose, keys[0].Sealed)
	if err != nil {
		return private{}, fmt.Errorf("badge key %s: %w", keys[0].ID, err)
	}
	return private{keys[0], ed25519.NewKeyFromSeed(seed)}, nil
}

// keys lists our keys, the current one first.
func (s *Service) keys(ctx context.Context) ([]Key, error) {
	keys, err := s.Keep.BadgeKeys(ctx)
	if err != nil || len(keys) > 0 && keys[0].RetiredAt == nil {
		return keys, err
	}
	if err := s.addKey(ctx); err != nil {
		return nil, err
	}
	return s.Keep.BadgeKeys(ctx)
}

// addKey writes a fresh key. When another was quicker, theirs counts.
func (s *Service) addKey(ctx context.Context) error {
	public, secret, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("make a badge key: %w", err)
	}
	t, _ := tenant.From(ctx)
	sealed, err := s.Seal.Seal(t.ID, sealPurpose, secret.Seed())
	if err != nil {
		return fmt.Errorf("seal a badge key: %w", err)
	}
	k := Key{ID: uid.New(), Public: public, Sealed: sealed, CreatedAt: s.Now()}
	added, err := s.Keep.AddBadgeKey(ctx, k)
	if err != nil || !added {
		return err
	}
	e, err := event.New(ctx, k.CreatedAt, "badge_key.made", "badge_key", k.ID, nil)
	if err != nil {
		return err
	}
	return s.Keep.AppendEvents(ctx, e)
}

// Roll has a fresh key sign from now on; what the one before signed stays valid. It needs certificate:manage. Events
// badge_key.retired and badge_key.made.
func (s *Service) Roll(ctx context.Context) error {
	if err := auth.Require(ctx, policy.CertificateManage); err != nil {
		return err
	}
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		keys, err := s.keys(ctx)
		if err != nil {
			return err
		}
		now := s.Now()
		e, err := event.New(ctx, now, "badge_key.retired", "badge_key", keys[0].ID, nil)
		if err != nil {
			return err
		}
		if err = errors.Join(s.Keep.RetireBadgeKey(ctx, now), s.Keep.AppendEvents(ctx, e)); err != nil {
			return err
		}
		return s.addKey(ctx)
	})
}

// place gives a certificate's place in the status lists, drawing one by lot the first time: a place says nothing about when
// it was given, or to whom.
func (s *Service) place(ctx context.Context, cert uid.ID) (Status, error) {
	st, found, err := s.Keep.BadgeStatusOf(ctx, cert)
	if err != nil || found {
		return st, err
	}
	list, taken, err := s.Keep.NewestBadgeList(ctx)
	if err != nil {
		return st, err
	}
	if list == 0 || taken >= listFill {
		list++
	}
	for range 64 {
		n, err := rand.Int(rand.Reader, big.NewInt(ListSize))
		if err != nil {
			return st, err
		}
		st = Status{CertificateID: cert, List: list, Place: int(n.Int64())}
		if added, err := s.Keep.AddBadgeStatus(ctx, st); err != nil || added {
			return st, err
		}
		if other, found, err := s.Keep.BadgeStatusOf(ctx, cert); err != nil || found {
			return other, err
		}
	}
	return st, fmt.Errorf("no free place on status list %d in 64 tries", list)
}

// Issuer gives the DID document of the portal at one of its addresses, for anyone.
func (s *Service) Issuer(ctx context.Context, base string) (doc []byte, err error) {
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		keys, err := s.keys(ctx)
		if err != nil {
			return err
		}
		doc, err = didDocument(base, keys)
		return err
	})
	return doc, err
}

// StatusList gives a list of what was withdrawn, a signed JWT, for anyone. ErrNoList.
func (s *Service) StatusList(ctx context.Context, base string, n int) (jwt string, err error) {
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		places, found, err := s.Keep.WithdrawnPlaces(ctx, n)
		if err != nil {
			return err
		}
		if !found {
			return ErrNoList
		}
		k, err := s.current(ctx)
		if err != nil {
			return err
		}
		list, err := statusList(base, n, places, s.Now())
		if err != nil {
			return err
		}
		jwt, err = sign(k, base, "vc+jwt", list)
		return err
	})
	return jwt, err
}
