package auth

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// FactorKind is what sort of second factor this is.
type FactorKind string

const (
	// FactorTOTP is an app that shows codes (RFC 6238).
	FactorTOTP FactorKind = "totp"
	// FactorPasskey is a WebAuthn credential: a second factor, or one alone when it verifies its person.
	FactorPasskey FactorKind = "passkey"
	// FactorRecovery is a person's recovery codes, all in one row. They replace a factor that is lost and are none alone.
	FactorRecovery FactorKind = "recovery"
	// FactorBrowser is a browser that need not be asked again for a while. Data is empty; CredentialID is the SHA-256 of the
	// secret in its cookie.
	FactorBrowser FactorKind = "browser"
)

// Proves tells whether this alone answers the question for a second factor, so that who has one has a second factor.
func (k FactorKind) Proves() bool { return k == FactorTOTP || k == FactorPasskey }

// Factor is one second factor of a person. It is a row of factors.
type Factor struct {
	ID           uid.ID
	PersonID     uid.ID
	Kind         FactorKind
	Name         string // what its person calls it
	Sealed       []byte // the seed of a FactorTOTP
	CredentialID []byte // of a FactorPasskey; the hash of a FactorBrowser's secret
	Data         FactorData
	LastStep     int64 // the last time step whose code was used (FactorTOTP): each code works once
	CreatedAt    time.Time
	ConfirmedAt  *time.Time // when it first worked
	LastUsedAt   *time.Time
}

// FactorData is what else is kept of a factor, as one JSON object.
type FactorData struct {
	Passkey *Passkey `json:"passkey,omitempty"`
	// Codes are the SHA-256 of the recovery codes that are left. Argon2id is for what people choose: a code is 80 random
	// bits, which nobody finds by trying whatever one try costs, and ten slow hashes at each try would be the stranger's
	// way to keep our processors busy.
	Codes [][]byte `json:"codes,omitempty"`
}

// Value gives the JSON object as text (a []byte fails as jsonb in pgx's exec mode).
func (d FactorData) Value() (driver.Value, error) {
	raw, err := json.Marshal(d)
	return string(raw), err
}

// Scan reads the JSON object.
func (d *FactorData) Scan(src any) error {
	*d = FactorData{}
	switch v := src.(type) {
	case string:
		return json.Unmarshal([]byte(v), d)
	case []byte:
		return json.Unmarshal(v, d)
	}
	return fmt.Errorf("factor: cannot read %T", src)
}

// GormDataType names the column's type.
func (FactorData) GormDataType() string { return "jsonb" }

// factorsMax bounds the factors of one kind that a person may have.
const factorsMax = 20

// FactorKeeper is what the service needs kept of second factors.
type FactorKeeper interface {
	// InsertFactor adds a factor; ErrPasskeyTaken for a credential that is here already.
	InsertFactor(ctx context.Context, f Factor) error
	// FactorsOf lists a person's factors of every kind, the oldest first, at most 200.
	FactorsOf(ctx context.Context, person uid.ID) ([]Factor, error)
	// FactorByCredential gives the passkey of a credential id; ErrFactorNotFound.
	FactorByCredential(ctx context.Context, credential []byte) (Factor, error)
	// SpendStep notes that a code of a time step was used, when no code of that step or a later one was; ErrFactorSpent.
	SpendStep(ctx context.Context, id uid.ID, step int64, at time.Time) error
	// SetFactor writes data and LastUsedAt.
	SetFactor(ctx context.Context, f Factor) error
	// DeleteFactor removes one factor of a person; ErrFactorNotFound.
	DeleteFactor(ctx context.Context, person, id uid.ID) error
	// DeleteFactors removes a person's factors of these kinds (none named: of all) and says how many.
	DeleteFactors(ctx context.Context, person uid.ID, kinds ...FactorKind) (int, error)
}

// Failures of second factors.
var (
	ErrFactorNotFound    = fault.New(fault.KindNotFound, "factor_not_found", "This second factor is not there any more.")
	ErrFactorSpent       = fault.New(fault.KindConflict, "factor_spent", "This code was used already. Wait until your app shows the next one.")
	ErrFactorWrong       = fault.New(fault.KindUnauthenticated, "factor_wrong", "This code is not right, or it was used already. Wait for the next one and try again.")
	ErrFactorRequired    = fault.New(fault.KindConflict, "factor_required", "Your organization asks for a second factor. Add another before you remove this one.")
	ErrTooManyFactors    = fault.New(fault.KindConflict, "too_many_factors", "You have as many of these as one person may. Remove one that you do not use any more.")
	ErrKeyChangesFactors = fault.New(fault.KindForbidden, "api_key_changes_factors", "An API key cannot change second factors. Sign in to the portal and change them there.")
)

// Factors lists one's own second factors of every kind, without secrets, the oldest first. It needs person:self.
func (s *Service) Factors(ctx context.Context) (factors []Factor, err error) {
	who, err := requirePerson(ctx, policy.PersonSelf)
	if err != nil {
		return nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		factors, err = s.keep.FactorsOf(ctx, who.PersonID)
		return err
	})
	for i := range factors {
		factors[i].Sealed = nil
	}
	return factors, err
}

// FactorsOfPerson lists another's second factors without secrets. It needs person:manage.
func (s *Service) FactorsOfPerson(ctx context.Context, person uid.ID) (factors []Factor, err error) {
	if err := Require(ctx, policy.PersonManage); err != nil {
		return nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		factors, err = s.keep.FactorsOf(ctx, person)
		return err
	})
	for i := range factors {
		factors[i].Sealed, factors[i].Data.Codes = nil, nil
	}
	return factors, err
}

// RemoveFactor takes one of one's own second factors away; ErrFactorNotFound, and ErrFactorRequired for the last one where
// one is required. With the last one go the recovery codes and the remembered browsers. It needs person:self and a session.
// Event factor.removed.
func (s *Service) RemoveFactor(ctx context.Context, id uid.ID) error {
	who, err := s.changesFactors(ctx)
	if err != nil {
		return err
	}
	rules, err := s.rules(ctx)
	if err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, factors, err := s.holdFactors(ctx, who.PersonID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(factors, func(f Factor) bool { return f.ID == id })
		if i < 0 {
			return ErrFactorNotFound
		}
		gone := factors[i]
		p.Roles = who.Roles
		last := gone.Kind.Proves() && !has(slices.Delete(slices.Clone(factors), i, i+1))
		if last && rules.demandsOf(p, s.now()).now {
			return ErrFactorRequired
		}
		if err := s.keep.DeleteFactor(ctx, p.ID, id); err != nil {
			return err
		}
		if last {
			if _, err := s.keep.DeleteFactors(ctx, p.ID, FactorRecovery, FactorBrowser); err != nil {
				return err
			}
		}
		return s.tell(ctx, "factor.removed", p.ID, factorFacts(gone))
	})
}

// ResetFactors takes all second factors of a person away, who lost them: at their next sign-in they have none, and are
// asked to add one where one is required. It needs person:manage and no fewer permissions than theirs. Event factor.reset,
// on which the person is told.
func (s *Service) ResetFactors(ctx context.Context, person uid.ID) error {
	who, err := requirePerson(ctx, policy.PersonManage)
	if err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, _, err := s.hold(ctx, person)
		if err != nil {
			return err
		}
		if err := s.mayChange(ctx, who, p.Roles...); err != nil {
			return err
		}
		n, err := s.keep.DeleteFactors(ctx, person)
		if err != nil || n == 0 {
			return err
		}
		if err := s.keep.DeleteChallenges(ctx, person); err != nil {
			return err
		}
		return s.tell(ctx, "factor.reset", person, map[string]any{"person_id": person, "factors": n})
	})
}

// changesFactors is who asks, when they may change their own second factors: signed in, and not by an API key.
func (s *Service) changesFactors(ctx context.Context) (Principal, error) {
	who, err := requirePerson(ctx, policy.PersonSelf)
	if err == nil && who.KeyID != uid.Nil {
		err = ErrKeyChangesFactors
	}
	return who, err
}

// holdFactors gives a person, without roles, held until the transaction ends, and their factors; ErrPersonNotFound unless
// they are active.
func (s *Service) holdFactors(ctx context.Context, person uid.ID) (p Person, factors []Factor, err error) {
	if p, err = s.keep.LockPerson(ctx, person); err != nil {
		return p, nil, err
	}
	if p.Status != PersonActive {
		return p, nil, ErrPersonNotFound
	}
	factors, err = s.keep.FactorsOf(ctx, person)
	return p, factors, err
}

// addFactor adds a factor to those a held person has. Event factor.added, on which the person is told.
func (s *Service) addFactor(ctx context.Context, has []Factor, f Factor) error {
	if count(has, f.Kind) >= factorsMax {
		return ErrTooManyFactors
	}
	if err := s.keep.InsertFactor(ctx, f); err != nil {
		return err
	}
	return s.tellAs(ctx, "factor.added", f.PersonID, factorFacts(f))
}

func factorFacts(f Factor) map[string]any {
	return map[string]any{"person_id": f.PersonID, "factor_id": f.ID, "kind": f.Kind, "name": f.Name}
}

// has tells whether one of these is a second factor.
func has(factors []Factor) bool {
	return slices.ContainsFunc(factors, func(f Factor) bool { return f.Kind.Proves() })
}

func count(factors []Factor, kind FactorKind) (n int) {
	for _, f := range factors {
		if f.Kind == kind {
			n++
		}
	}
	return n
}

// factorName is what a factor is called: as typed, else as the kind's own name.
func factorName(f fault.Fields, typed, otherwise string) string {
	if typed == "" {
		return otherwise
	}
	return checkName(f, "name", typed)
}
