package auth

import (
	"context"
	"fmt"
	"time"

	"github.com/pquerna/otp/hotp"
)

// What the demo needs, whose operator's app has a key that is printed for everyone.

// GiveApp gives an operator who has no app one with a known key (base32); who has one keeps it. ErrOperatorNotFound.
func (o *Operators) GiveApp(ctx context.Context, email, key string) error {
	raw, err := base32NoPadding.DecodeString(key)
	if err != nil {
		return fmt.Errorf("the key of an app: %w", err)
	}
	return o.keep.InControl(ctx, func(ctx context.Context) error {
		who, err := o.keep.OperatorByEmail(ctx, email)
		if err != nil || who.HasApp() {
			return err
		}
		return o.setApp(ctx, who, raw, 0)
	})
}

// AppCode is what an app with a known key shows for an operator: the present code, or when that was used already the next
// one, which is taken too; "" while both were. Left is until another is shown.
func (o *Operators) AppCode(ctx context.Context, email, key string) (code string, left time.Duration, err error) {
	var who Operator
	err = o.keep.InControl(ctx, func(ctx context.Context) (err error) {
		who, err = o.keep.OperatorByEmail(ctx, email)
		return err
	})
	if err != nil {
		return "", 0, err
	}
	now := o.now()
	step := now.Unix() / int64(totpPeriod/time.Second)
	left = time.Unix((step+1)*int64(totpPeriod/time.Second), 0).Sub(now)
	if who.TOTPStep >= step {
		if step++; who.TOTPStep >= step {
			return "", left, nil
		}
	}
	code, err = hotp.GenerateCode(key, uint64(step))
	return code, left, err
}
