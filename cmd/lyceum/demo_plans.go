package main

import (
	"context"
	"fmt"

	"lyceum/billing/subscription"
	"lyceum/tenant"
)

// demoTrial is how many days the demo's trial is longer than the plan says: a demo that is looked at again in some weeks is
// still open.
const demoTrial = 90

// demoPlans makes the plans, before the organizations: their trials begin on one.
func (a *app) demoPlans(ctx context.Context) error {
	if _, err := a.offers.Seed(ctx); err != nil {
		return fmt.Errorf("plans: %w", err)
	}
	return nil
}

// demoSubscription puts the first organization on Team, paid by bank transfer; the other stays in its trial.
func (a *app) demoSubscription(ctx context.Context, o organization, t tenant.Tenant) error {
	if err := a.subscriptions.Begin(ctx, t); err != nil {
		return err
	}
	account, err := a.subscriptions.Look(ctx, t.ID)
	if err != nil {
		return err
	}
	if o.slug != organizations()[0].slug {
		if account.State == subscription.StateTrial && account.Revision == 1 {
			_, err = a.subscriptions.ExtendTrial(ctx, t.ID, demoTrial)
		}
		return err
	}
	offer, ok, err := a.offers.Trial(ctx)
	if err != nil || !ok || account.Collect == subscription.CollectInvoice {
		return err
	}
	_, err = a.subscriptions.Assign(ctx, t.ID, &offer.Version.ID, subscription.CollectInvoice)
	return err
}
