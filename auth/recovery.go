package auth

import (
	"bytes"
	"context"
	"crypto/rand"
	"slices"
	"strings"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

const (
	// RecoveryCodes is how many codes a person gets at once.
	RecoveryCodes = 10
	// RecoveryLow is how many codes left are few enough to say so.
	RecoveryLow = 2
	// recoverySize is a code's length in bytes: 80 bits, 16 letters.
	recoverySize = 10
)

// ErrNoFactor is a wish for recovery codes by someone who has nothing to recover.
var ErrNoFactor = fault.New(fault.KindConflict, "no_factor", "Add an authenticator app or a passkey first: recovery codes stand in for one that you lost.")

// MakeRecoveryCodes makes ten recovery codes for who asks and shows them this once; those from before are void. It needs
// person:self, a session and a second factor (ErrNoFactor). Event factor.recovery_renewed.
func (s *Service) MakeRecoveryCodes(ctx context.Context) (codes []string, err error) {
	who, err := s.changesFactors(ctx)
	if err != nil {
		return nil, err
	}
	now := s.now()
	f := Factor{ID: uid.New(), PersonID: who.PersonID, Kind: FactorRecovery, CreatedAt: now, ConfirmedAt: &now}
	for range RecoveryCodes {
		code := newRecoveryCode()
		codes = append(codes, code)
		f.Data.Codes = append(f.Data.Codes, uid.Hash(plainCode(code)))
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		_, factors, err := s.holdFactors(ctx, who.PersonID)
		if err != nil {
			return err
		}
		if !has(factors) {
			return ErrNoFactor
		}
		if _, err := s.keep.DeleteFactors(ctx, who.PersonID, FactorRecovery); err != nil {
			return err
		}
		if err := s.keep.InsertFactor(ctx, f); err != nil {
			return err
		}
		return s.tell(ctx, "factor.recovery_renewed", who.PersonID, map[string]any{"person_id": who.PersonID})
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// newRecoveryCode makes 80 random bits that can be read aloud: four groups of four letters and digits (RFC 4648 §6, in
// small letters).
func newRecoveryCode() string {
	b := make([]byte, recoverySize)
	rand.Read(b) // never fails: crypto/rand ends the process instead
	text := strings.ToLower(base32NoPadding.EncodeToString(b))
	return text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:]
}

// plainCode is the one form in which a code is hashed, however it was typed. 0 and 1 are in no code: they are o and l.
func plainCode(typed string) string {
	return strings.NewReplacer("0", "o", "1", "l").Replace(strings.ToLower(digits(typed)))
}

// proveRecovery uses a recovery code up. The person is held, so that of two at once one finds it gone. Events
// factor.used_recovery with how many are left.
func (s *Service) proveRecovery(ctx context.Context, factors []Factor, code string) (Factor, error) {
	wanted := uid.Hash(plainCode(code))
	for _, f := range factors {
		if f.Kind != FactorRecovery {
			continue
		}
		i := slices.IndexFunc(f.Data.Codes, func(kept []byte) bool { return bytes.Equal(kept, wanted) })
		if i < 0 {
			continue
		}
		now := s.now()
		f.Data.Codes, f.LastUsedAt = slices.Delete(f.Data.Codes, i, i+1), &now
		if err := s.keep.SetFactor(ctx, f); err != nil {
			return f, err
		}
		return f, s.tellAs(ctx, "factor.used_recovery", f.PersonID, map[string]any{"person_id": f.PersonID, "left": len(f.Data.Codes)})
	}
	return Factor{}, ErrFactorWrong
}
