package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"lyceum/internal/fault"
	"lyceum/internal/seal"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Codes of apps are RFC 6238's defaults, which are all that most apps know: SHA-1, six digits, thirty seconds.
const (
	totpPeriod   = 30 * time.Second
	totpSkew     = 1  // steps around now that are taken: a clock that is half a minute off
	totpSeedSize = 20 // bytes, RFC 4226 §4 R6
	totpPurpose  = "totp"
	// seedLifetime is how long an app may take between being shown a seed and confirming it.
	seedLifetime = 30 * time.Minute
)

var base32NoPadding = base32.StdEncoding.WithPadding(base32.NoPadding)

// Seed is what an app is given once: as text, as an address for a QR code, and as a token that brings it back with the
// first code. Nothing is kept until that code came.
type Seed struct {
	Text  string // base32
	URL   string // otpauth://
	Token string // sealed, for this person and half an hour
}

// BeginTOTP makes the seed of an app for who asks. It needs person:self and a session.
func (s *Service) BeginTOTP(ctx context.Context) (Seed, error) {
	who, err := s.changesFactors(ctx)
	if err != nil {
		return Seed{}, err
	}
	return s.seed(ctx, who.PersonID, who.Email, newSeed())
}

// OpenTOTP shows a seed again by its token, after a wrong first code; ErrSeedOver. It needs person:self and a session.
func (s *Service) OpenTOTP(ctx context.Context, token string) (Seed, error) {
	who, err := s.changesFactors(ctx)
	if err != nil {
		return Seed{}, err
	}
	raw, err := s.openSeed(ctx, who.PersonID, token)
	if err != nil {
		return Seed{}, err
	}
	return s.seed(ctx, who.PersonID, who.Email, raw)
}

// ConfirmTOTP adds an app of who asks that shows the right code for the seed of a token; a fault at code, ErrSeedOver,
// ErrTooManyFactors. It needs person:self and a session. Event factor.added.
func (s *Service) ConfirmTOTP(ctx context.Context, token, code, name string) (Factor, error) {
	who, err := s.changesFactors(ctx)
	if err != nil {
		return Factor{}, err
	}
	f, err := s.confirmed(ctx, who.PersonID, token, code, name)
	if err != nil {
		return Factor{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		_, factors, err := s.holdFactors(ctx, who.PersonID)
		if err != nil {
			return err
		}
		return s.addFactor(ctx, factors, f)
	})
	if err != nil {
		return Factor{}, err
	}
	f.Sealed = nil
	return f, nil
}

// ErrSeedOver is a seed that was shown too long ago, or to someone else.
var ErrSeedOver = fault.New(fault.KindConflict, "seed_over", "This code for your app is too old. Begin again with a new one.")

const wrongFirstCode = "This code is not right. Check that your phone's clock is, and type the six digits that the app shows now."

// confirmed makes the factor of a seed whose first code is right.
func (s *Service) confirmed(ctx context.Context, person uid.ID, token, code, name string) (Factor, error) {
	raw, err := s.openSeed(ctx, person, token)
	if err != nil {
		return Factor{}, err
	}
	now := s.now()
	wrong := fault.Fields{}
	name = factorName(wrong, strings.TrimSpace(name), "Authenticator app")
	step, ok := matching(raw, code, now)
	wrong.Check(ok, "code", wrongFirstCode)
	if err := wrong.Err(); err != nil {
		return Factor{}, err
	}
	t, _ := tenant.From(ctx)
	sealed, err := s.seal.Seal(t.ID, totpPurpose, raw)
	if err != nil {
		return Factor{}, fmt.Errorf("seal a seed: %w", err)
	}
	return Factor{
		ID: uid.New(), PersonID: person, Kind: FactorTOTP, Name: name, Sealed: sealed, LastStep: step, CreatedAt: now, ConfirmedAt: &now, LastUsedAt: &now,
	}, nil
}

// seed dresses a raw seed for a person of the tenant.
func (s *Service) seed(ctx context.Context, person uid.ID, email string, raw []byte) (Seed, error) {
	t, _ := tenant.From(ctx)
	return sealer{s.seal, t.ID}.dress(person, issuer(t), email, raw, s.now())
}

// openSeed gives the seed of a token; ErrSeedOver.
func (s *Service) openSeed(ctx context.Context, person uid.ID, token string) ([]byte, error) {
	t, _ := tenant.From(ctx)
	return sealer{s.seal, t.ID}.seedOf(person, token, s.now())
}

// issuer is what an app shows above its code. A colon divides issuer and account in the address.
func issuer(t tenant.Tenant) string {
	if name := strings.TrimSpace(strings.ReplaceAll(t.Name, ":", " ")); name != "" {
		return name
	}
	return "Lyceum"
}

// sealer closes seeds of one place: a tenant, or (uid.Nil) the platform.
type sealer struct {
	key   seal.Key
	place uid.ID
}

// dress gives a raw seed as an app takes it, with the token that brings it back.
func (s sealer) dress(person uid.ID, issuer, account string, raw []byte, now time.Time) (Seed, error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: account, Secret: raw, Period: uint(totpPeriod / time.Second)})
	if err != nil {
		return Seed{}, fmt.Errorf("dress a seed: %w", err)
	}
	plain := binary.BigEndian.AppendUint64(person[:], uint64(now.Add(seedLifetime).Unix()))
	sealed, err := s.key.Seal(s.place, totpPurpose+" token", append(plain, raw...))
	if err != nil {
		return Seed{}, fmt.Errorf("seal a seed's token: %w", err)
	}
	return Seed{Text: key.Secret(), URL: key.URL(), Token: base64.RawURLEncoding.EncodeToString(sealed)}, nil
}

// seedOf gives the raw seed of a token; ErrSeedOver.
func (s sealer) seedOf(person uid.ID, token string, now time.Time) ([]byte, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return nil, ErrSeedOver
	}
	plain, err := s.key.Open(s.place, totpPurpose+" token", sealed)
	if err != nil || len(plain) != len(person)+8+totpSeedSize || uid.ID(plain[:16]) != person {
		return nil, ErrSeedOver
	}
	if ends := time.Unix(int64(binary.BigEndian.Uint64(plain[16:])), 0); !now.Before(ends) {
		return nil, ErrSeedOver
	}
	return plain[24:], nil
}

func newSeed() []byte {
	raw := make([]byte, totpSeedSize)
	rand.Read(raw) // never fails: crypto/rand ends the process instead
	return raw
}

// derivedSeed is the seed that belongs to a challenge: showing its page again shows the same one.
func derivedSeed(challenge string) []byte {
	sum := sha256.Sum256([]byte("totp seed of " + challenge))
	return sum[:totpSeedSize]
}

// matching finds the time step around now that a code is of.
func matching(raw []byte, code string, now time.Time) (step int64, ok bool) {
	code = digits(code)
	text, at := base32NoPadding.EncodeToString(raw), now.Unix()/int64(totpPeriod/time.Second)
	for d := int64(-totpSkew); d <= totpSkew; d++ { // always all three: how long it takes says nothing
		want, err := hotp.GenerateCode(text, uint64(at+d))
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, ok = at+d, true
		}
	}
	return step, ok
}

// digits drops the spaces and hyphens by which people group a code.
func digits(code string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' {
			return -1
		}
		return r
	}, code)
}

// proveTOTP uses a code up at one of a person's apps; ErrFactorWrong when it is of none, or was used.
func (s *Service) proveTOTP(ctx context.Context, factors []Factor, code string) (Factor, error) {
	t, _ := tenant.From(ctx)
	now := s.now()
	for _, f := range factors {
		if f.Kind != FactorTOTP {
			continue
		}
		raw, err := s.seal.Open(t.ID, totpPurpose, f.Sealed)
		if err != nil {
			return f, fmt.Errorf("open the seed of factor %s: %w", f.ID, err)
		}
		step, ok := matching(raw, code, now)
		if !ok || step <= f.LastStep {
			continue
		}
		if err := s.keep.SpendStep(ctx, f.ID, step, now); err != nil {
			return f, ErrFactorWrong.Because(err)
		}
		return f, nil
	}
	return Factor{}, ErrFactorWrong
}
