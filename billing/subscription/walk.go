package subscription

import (
	"context"
	"errors"
	"fmt"

	"lyceum/internal/uid"
)

// walk goes over all subscriptions, 200 at a time; one that fails does not keep it from the others.
func walk(ctx context.Context, keep Keeper, do func(context.Context, Subscription) error) error {
	var errs []error
	for after := uid.Nil; ; {
		var list []Subscription
		err := keep.InControl(ctx, func(ctx context.Context) (err error) {
			list, err = keep.SubscriptionsAfter(ctx, after, 200)
			return err
		})
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		for _, sub := range list {
			after = sub.TenantID
			if err := do(ctx, sub); err != nil {
				errs = append(errs, fmt.Errorf("subscription of %s: %w", sub.TenantSlug, err))
			}
		}
		if len(list) < 200 {
			return errors.Join(errs...)
		}
	}
}
