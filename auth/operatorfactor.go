package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// An operator's second factor is one app (RFC 6238). Who loses it is helped from the command line, as who loses the password
// is: there is nobody above an operator who could do it in a browser.

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

// AnswerChallenge opens the session of an operator whose code is right; ErrFactorWrong, ErrTooManyAttempts, and
// ErrChallengeOver when the sign-in took too long.
func (o *Operators) AnswerChallenge(ctx context.Context, challenge, code string, c Client) (in OperatorIn, err error) {
	var state operatorPending
	sealed, err := base64.RawURLEncoding.DecodeString(challenge)
	if err != nil {
		return in, ErrChallengeOver
	}
	plain, err := o.seal.Open(uid.Nil, operatorPurpose, sealed)
	if err == nil {
		err = json.Unmarshal(plain, &state)
	}
	if err != nil || !o.now().Before(state.Expires) {
		return in, ErrChallengeOver
	}
	if err := take(o.guesses.of, "operator factor "+state.Operator.String(), adviceNone); err != nil {
		return in, err
	}
	err = o.keep.InControl(ctx, func(ctx context.Context) error {
		who, err := o.keep.OperatorByID(ctx, state.Operator)
		if errors.Is(err, ErrOperatorNotFound) || err == nil && (!who.HasApp() || string(uid.Hash(who.PasswordHash)) != string(state.Password)) {
			return ErrChallengeOver
		}
		if err != nil {
			return err
		}
		if err := o.prove(ctx, who, code); err != nil {
			return err
		}
		in, err = o.begin(ctx, who, c)
		return err
	})
	return in, err
}

// prove uses a code of an operator's app up; ErrFactorWrong.
func (o *Operators) prove(ctx context.Context, who Operator, code string) error {
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

// BeginApp makes the seed of an app for an operator; OpenApp shows it again by its token.
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

// ErrAppThere is a wish for a second app: an operator has one, and takes it away before they add another.
var ErrAppThere = fault.New(fault.KindConflict, "operator_app_there", "You have an authenticator app already. Remove it before you add another.")

// AddApp adds the app whose first code is right; a fault at code, ErrSeedOver, ErrAppThere.
func (o *Operators) AddApp(ctx context.Context, who Operator, token, code string) error {
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
		kept, err := o.keep.OperatorByID(ctx, who.ID)
		if err != nil {
			return err
		}
		if kept.HasApp() {
			return ErrAppThere
		}
		return o.keep.SetOperatorTOTP(ctx, who.ID, sealed, step)
	})
}

// RemoveApp takes an operator's app away, when its code is right; a fault at code, ErrTooManyAttempts.
func (o *Operators) RemoveApp(ctx context.Context, who Operator, code string) error {
	if err := take(o.guesses.of, "operator factor "+who.ID.String(), adviceNone); err != nil {
		return err
	}
	err := o.keep.InControl(ctx, func(ctx context.Context) error {
		kept, err := o.keep.OperatorByID(ctx, who.ID)
		if err != nil || !kept.HasApp() {
			return err
		}
		if err := o.prove(ctx, kept, code); err != nil {
			return err
		}
		return o.keep.SetOperatorTOTP(ctx, who.ID, nil, 0)
	})
	if errors.Is(err, ErrFactorWrong) {
		return fault.Invalid(map[string]string{"code": ErrFactorWrong.Text})
	}
	return err
}

// ResetApp takes an operator's app away who lost it. The command line calls it: nobody in a browser may.
// ErrOperatorNotFound.
func (o *Operators) ResetApp(ctx context.Context, email string) error {
	email, _ = NormaliseEmail(email)
	return o.keep.InControl(ctx, func(ctx context.Context) error {
		who, err := o.keep.OperatorByEmail(ctx, email)
		if err != nil {
			return err
		}
		return o.keep.SetOperatorTOTP(ctx, who.ID, nil, 0)
	})
}
