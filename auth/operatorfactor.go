package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// An operator's second factor is one app (RFC 6238), and it is a must: the first sign-in adds it. Who loses it has recovery
// codes; who has none left is helped by another admin, or from the command line.

const operatorPurpose = "operator sign-in"

// operatorPending is an operator's sign-in that waits for a code. It lies sealed in a cookie; that a code works once, and
// how often they may be tried, is kept at the operator.
type operatorPending struct {
	Operator uid.ID    `json:"o"`
	Password []byte    `json:"p"` // SHA-256 of the password's hash: another password voids it
	Expires  time.Time `json:"e"`
}

func (o *Operators) challenge(who Operator) (string, error) {
	plain, err := json.Marshal(operatorPending{Operator: who.ID, Password: uid.Hash(who.PasswordHash), Expires: o.now().Add(ChallengeLifetime)})
	if err != nil {
		return "", fmt.Errorf("operator's challenge: %w", err)
	}
	sealed, err := o.seal.Seal(uid.Nil, operatorPurpose, plain)
	if err != nil {
		return "", fmt.Errorf("seal an operator's challenge: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// open gives the operator whose sign-in waits; ErrChallengeOver when it took too long, or they changed meanwhile. It runs
// inside InControl.
func (o *Operators) open(ctx context.Context, challenge string) (who Operator, err error) {
	var state operatorPending
	sealed, err := base64.RawURLEncoding.DecodeString(challenge)
	if err != nil {
		return who, ErrChallengeOver
	}
	plain, err := o.seal.Open(uid.Nil, operatorPurpose, sealed)
	if err == nil {
		err = json.Unmarshal(plain, &state)
	}
	if err != nil || !o.now().Before(state.Expires) {
		return who, ErrChallengeOver
	}
	who, err = o.keep.OperatorByID(ctx, state.Operator)
	if errors.Is(err, ErrOperatorNotFound) || err == nil && (!who.Active() || string(uid.Hash(who.PasswordHash)) != string(state.Password)) {
		return who, ErrChallengeOver
	}
	return who, err
}

// waiting is open in a transaction of its own, and counts the attempt that follows; ErrTooManyAttempts.
func (o *Operators) waiting(ctx context.Context, challenge string) (who Operator, err error) {
	err = o.keep.InControl(ctx, func(ctx context.Context) (err error) {
		who, err = o.open(ctx, challenge)
		return err
	})
	if err != nil {
		return who, err
	}
	return who, o.guess(who.ID)
}

// guess counts an attempt at an operator's factor.
func (o *Operators) guess(operator uid.ID) error {
	return take(o.guesses.of, "operator factor "+operator.String(), adviceNone)
}

// AnswerChallenge opens the session of an operator whose code is right: of the app, or one of the recovery codes.
// ErrFactorWrong, ErrTooManyAttempts, and ErrChallengeOver when the sign-in took too long. Acts operator.signed_in,
// operator.used_recovery.
func (o *Operators) AnswerChallenge(ctx context.Context, challenge, code string, c Client) (in OperatorIn, err error) {
	if _, err := o.waiting(ctx, challenge); err != nil {
		return in, err
	}
	err = o.keep.InControl(ctx, func(ctx context.Context) error {
		who, err := o.open(ctx, challenge)
		if err != nil {
			return err
		}
		if !who.HasApp() {
			return ErrChallengeOver
		}
		if err := o.prove(ctx, who, code); err != nil {
			return err
		}
		in, err = o.entered(ctx, who, c)
		return err
	})
	return in, err
}

// entered is begin, noted.
func (o *Operators) entered(ctx context.Context, who Operator, c Client) (OperatorIn, error) {
	if err := o.note(ctx, who, "operator.signed_in", who, map[string]string{"ip": printable(c.IP, ipMax)}); err != nil {
		return OperatorIn{}, err
	}
	return o.begin(ctx, who, c)
}

// note writes an act of one operator about another, or about themselves.
func (o *Operators) note(ctx context.Context, by Operator, action string, about Operator, more map[string]string) error {
	data := map[string]string{"operator": about.ID.String(), "email": about.Email}
	for k, v := range more {
		if v != "" {
			data[k] = v
		}
	}
	if by.ID != uid.Nil {
		ctx = event.WithActor(ctx, event.Actor{ID: by.ID, Kind: "operator"})
	}
	return o.keep.Audit(ctx, action, uid.Nil, data, o.now())
}

// EnrolSeed is what the first app of an operator is given whose sign-in waits for it; asked again it is the same.
// ErrChallengeOver.
func (o *Operators) EnrolSeed(ctx context.Context, challenge string) (seed Seed, err error) {
	err = o.keep.InControl(ctx, func(ctx context.Context) error {
		who, err := o.open(ctx, challenge)
		if err == nil && who.HasApp() {
			return ErrChallengeOver
		}
		if err != nil {
			return err
		}
		seed, err = o.dress(who, derivedSeed(challenge))
		return err
	})
	return seed, err
}

// Enrol adds the first app of an operator, whose sign-in waits for it, when its code is right, opens their session and
// gives their recovery codes, this once. A fault at code; ErrTooManyAttempts, ErrChallengeOver. Acts operator.app_added,
// operator.signed_in.
func (o *Operators) Enrol(ctx context.Context, challenge, code string, c Client) (in OperatorIn, codes []string, err error) {
	if _, err := o.waiting(ctx, challenge); err != nil {
		return in, nil, err
	}
	raw := derivedSeed(challenge)
	step, ok := matching(raw, code, o.now())
	if !ok {
		return in, nil, fault.Invalid(map[string]string{"code": wrongFirstCode})
	}
	err = o.keep.InControl(ctx, func(ctx context.Context) error {
		who, err := o.open(ctx, challenge)
		if err == nil && who.HasApp() {
			return ErrChallengeOver
		}
		if err != nil {
			return err
		}
		if err := o.setApp(ctx, who, raw, step); err != nil {
			return err
		}
		if codes, err = o.newCodes(ctx, who); err != nil {
			return err
		}
		in, err = o.entered(ctx, who, c)
		return err
	})
	return in, codes, err
}

func (o *Operators) setApp(ctx context.Context, who Operator, raw []byte, step int64) error {
	sealed, err := o.seal.Seal(uid.Nil, totpPurpose, raw)
	if err != nil {
		return fmt.Errorf("seal a seed: %w", err)
	}
	if err := o.keep.SetOperatorTOTP(ctx, who.ID, sealed, step); err != nil {
		return err
	}
	return o.note(ctx, who, "operator.app_added", who, nil)
}

func (o *Operators) newCodes(ctx context.Context, who Operator) (codes []string, err error) {
	var hashes [][]byte
	for range RecoveryCodes {
		code := newRecoveryCode()
		codes, hashes = append(codes, code), append(hashes, uid.Hash(plainCode(code)))
	}
	return codes, o.keep.SetOperatorCodes(ctx, who.ID, hashes)
}

// RenewCodes makes ten recovery codes and shows them this once; those from before are void. Act operator.codes_renewed.
func (o *Operators) RenewCodes(ctx context.Context, who Operator) (codes []string, err error) {
	err = o.keep.InControl(ctx, func(ctx context.Context) error {
		if codes, err = o.newCodes(ctx, who); err != nil {
			return err
		}
		return o.note(ctx, who, "operator.codes_renewed", who, nil)
	})
	return codes, err
}

// CodesLeft counts an operator's recovery codes.
func (o *Operators) CodesLeft(ctx context.Context, who Operator) (n int, err error) {
	err = o.keep.InControl(ctx, func(ctx context.Context) (err error) {
		n, err = o.keep.OperatorCodes(ctx, who.ID)
		return err
	})
	return n, err
}

// prove uses a code of an operator's app up, or one of their recovery codes; ErrFactorWrong.
func (o *Operators) prove(ctx context.Context, who Operator, code string) error {
	if plain := plainCode(code); len(plain) == base32NoPadding.EncodedLen(recoverySize) {
		if err := o.keep.SpendOperatorCode(ctx, who.ID, uid.Hash(plain)); err != nil {
			return ErrFactorWrong.Because(err)
		}
		left, err := o.keep.OperatorCodes(ctx, who.ID)
		if err != nil {
			return err
		}
		return o.note(ctx, who, "operator.used_recovery", who, map[string]string{"left": strconv.Itoa(left)})
	}
	raw, err := o.seal.Open(uid.Nil, totpPurpose, who.TOTPSealed)
	if err != nil {
		return fmt.Errorf("open the seed of operator %s: %w", who.ID, err)
	}
	step, ok := matching(raw, code, o.now())
	if !ok || step <= who.TOTPStep {
		return ErrFactorWrong
	}
	if err := o.keep.SpendOperatorStep(ctx, who.ID, step); err != nil {
		return ErrFactorWrong.Because(err)
	}
	return nil
}

// BeginApp makes the seed of another app for an operator; OpenApp shows it again by its token.
func (o *Operators) BeginApp(who Operator) (Seed, error) { return o.dress(who, newSeed()) }

// OpenApp shows a seed again after a wrong first code; ErrSeedOver.
func (o *Operators) OpenApp(who Operator, token string) (Seed, error) {
	raw, err := sealer{o.seal, uid.Nil}.seedOf(who.ID, token, o.now())
	if err != nil {
		return Seed{}, err
	}
	return o.dress(who, raw)
}

func (o *Operators) dress(who Operator, raw []byte) (Seed, error) {
	return sealer{o.seal, uid.Nil}.dress(who.ID, "Lyceum operators", who.Email, raw, o.now())
}

// ReplaceApp puts the app whose first code is right in the place of the one before; a fault at code, ErrSeedOver. Act
// operator.app_replaced. Who calls asks for a fresh proof before.
func (o *Operators) ReplaceApp(ctx context.Context, who Operator, token, code string) error {
	raw, err := sealer{o.seal, uid.Nil}.seedOf(who.ID, token, o.now())
	if err != nil {
		return err
	}
	step, ok := matching(raw, code, o.now())
	if !ok {
		return fault.Invalid(map[string]string{"code": wrongFirstCode})
	}
	sealed, err := o.seal.Seal(uid.Nil, totpPurpose, raw)
	if err != nil {
		return fmt.Errorf("seal a seed: %w", err)
	}
	return o.keep.InControl(ctx, func(ctx context.Context) error {
		if err := o.keep.SetOperatorTOTP(ctx, who.ID, sealed, step); err != nil {
			return err
		}
		if err := o.keep.DeleteOperatorSessions(ctx, who.ID, who.SessionID); err != nil {
			return err
		}
		return o.note(ctx, who, "operator.app_replaced", who, nil)
	})
}

// ResetApp takes the app, the recovery codes and every session of an operator away who lost it: they add another at their
// next sign-in. The command line calls it. ErrOperatorNotFound. Act operator.app_reset.
func (o *Operators) ResetApp(ctx context.Context, email string) error {
	email, _ = NormaliseEmail(email)
	return o.keep.InControl(ctx, func(ctx context.Context) error {
		who, err := o.keep.OperatorByEmail(ctx, email)
		if err != nil {
			return err
		}
		return o.reset(ctx, Operator{}, who, "")
	})
}

func (o *Operators) reset(ctx context.Context, by, who Operator, reason string) error {
	if err := o.keep.SetOperatorTOTP(ctx, who.ID, nil, 0); err != nil {
		return err
	}
	if err := o.keep.SetOperatorCodes(ctx, who.ID, nil); err != nil {
		return err
	}
	if err := o.keep.DeleteOperatorSessions(ctx, who.ID, uid.Nil); err != nil {
		return err
	}
	return o.note(ctx, by, "operator.app_reset", who, map[string]string{"reason": reason})
}
