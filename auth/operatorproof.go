package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// OperatorFreshFor is how long an operator's proof counts as fresh for what is dangerous.
const OperatorFreshFor = 15 * time.Minute

// ErrOperatorStepUp is something dangerous that an operator asked for who proved themselves too long ago.
var ErrOperatorStepUp = fault.New(fault.KindForbidden, "operator_step_up_required", "This needs a fresh proof that it is you. Type the code of your app, then send it again.")

const keptPurpose = "operator's form"

// Fresh is nil when the operator proved themselves in the last 15 minutes, else ErrOperatorStepUp.
func (o *Operators) Fresh(who Operator) error {
	if o.now().Sub(who.VerifiedAt) > OperatorFreshFor {
		return ErrOperatorStepUp
	}
	return nil
}

// StepUp notes in the session of an operator that they proved themselves now, by a code of their app or a recovery code;
// ErrFactorWrong, ErrTooManyAttempts.
func (o *Operators) StepUp(ctx context.Context, who Operator, code string) error {
	if err := o.guess(who.ID); err != nil {
		return err
	}
	return o.keep.InControl(ctx, func(ctx context.Context) error {
		kept, err := o.keep.OperatorByID(ctx, who.ID)
		if err != nil {
			return err
		}
		if err := o.prove(ctx, kept, code); err != nil {
			return err
		}
		return o.keep.VerifyOperatorSession(ctx, who.SessionID, o.now())
	})
}

type keptForm struct {
	KeptRequest
	Expires time.Time `json:"expires"`
}

// Keep seals a form of an operator for ten minutes: the page that asks for the proof carries it, so nothing is written.
// Only the same session opens it. ErrRequestTooLarge.
func (o *Operators) Keep(who Operator, r KeptRequest) (sealed string, err error) {
	if len(r.Body) > keptMax {
		return "", ErrRequestTooLarge
	}
	r.Session = who.SessionID
	plain, err := json.Marshal(keptForm{r, o.now().Add(ChallengeLifetime)})
	if err != nil {
		return "", fmt.Errorf("keep an operator's form: %w", err)
	}
	raw, err := o.seal.Seal(uid.Nil, keptPurpose, plain)
	if err != nil {
		return "", fmt.Errorf("keep an operator's form: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

// Kept opens a form that Keep sealed; ErrRequestOver.
func (o *Operators) Kept(who Operator, sealed string) (KeptRequest, error) {
	var kept keptForm
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err == nil {
		raw, err = o.seal.Open(uid.Nil, keptPurpose, raw)
	}
	if err == nil {
		err = json.Unmarshal(raw, &kept)
	}
	if err != nil || kept.Session != who.SessionID || !o.now().Before(kept.Expires) {
		return KeptRequest{}, ErrRequestOver
	}
	return kept.KeptRequest, nil
}
