package rest

import (
	"context"

	"lyceum/billing/provider"
	"lyceum/billing/subscription"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

type assignBody struct {
	VersionID *uid.ID `json:"version_id,omitempty" doc:"Of a plan, of any status; left out: no plan, without limits and prices."`
	Collect   string  `json:"collect" enum:"none,provider,invoice" doc:"How it pays: not at all, through the payment service, or by bank transfer."`
}

type assignIn struct {
	TenantPath
	Body assignBody
}

type holdIn struct {
	TenantPath
	Body reasonBody
}

type trialBody struct {
	Days int `json:"days" minimum:"1" maximum:"365" doc:"From the trial's end or from now, whichever is later."`
}

type trialIn struct {
	TenantPath
	Body trialBody
}

func (a *api) consoleBillingOperations() {
	s := a.console.Subscriptions
	if a.console.Sold != nil {
		on(a, operation{
			method: get, path: "/plans", id: "list-plans", tag: tagPlans, need: looks, summary: "What a portal may be put on",
		}, func(ctx context.Context, _ *nothing) (*pageOut[planShown], error) {
			offers, err := a.console.Sold(ctx)
			if err != nil {
				return nil, err
			}
			return whole(ctx, offers, func(o *provider.Offer) planShown { return showPlan(*o) }), nil
		})
	}
	on(a, operation{
		method: get, path: "/tenants/{tenant}/subscription", id: "get-tenant-subscription", tag: tagPlans, need: bills, summary: "What a portal is on, and its month",
		fails: faults{tenant.ErrNotFound, subscription.ErrNotFound},
	}, func(ctx context.Context, in *TenantPath) (*subscriptionOut, error) {
		return a.subscribed(ctx, in.Tenant, func(context.Context, uid.ID) error { return nil })
	})
	on(a, operation{
		method: put, path: "/tenants/{tenant}/subscription", id: "assign-tenant-plan", tag: tagPlans, need: bills, summary: "Put a portal on a plan, and say how it pays",
		fails: faults{tenant.ErrNotFound, subscription.ErrNotFound, subscription.ErrNoPlan, subscription.ErrWrongState},
	}, func(ctx context.Context, in *assignIn) (*subscriptionOut, error) {
		return a.subscribed(ctx, in.Tenant, func(ctx context.Context, id uid.ID) error {
			_, err := s.Assign(ctx, id, in.Body.VersionID, subscription.Collect(in.Body.Collect))
			return err
		})
	})
	on(a, operation{
		method: post, path: "/tenants/{tenant}/subscription/hold", id: "hold-tenant-subscription", tag: tagPlans, need: bills, summary: "Stop the clock: nothing gets worse",
		fails: faults{tenant.ErrNotFound, subscription.ErrNotFound, subscription.ErrErased},
	}, func(ctx context.Context, in *holdIn) (*subscriptionOut, error) {
		return a.subscribed(ctx, in.Tenant, func(ctx context.Context, id uid.ID) error {
			_, err := s.Hold(ctx, id, in.Body.Reason)
			return err
		})
	})
	on(a, operation{
		method: post, path: "/tenants/{tenant}/subscription/release", id: "release-tenant-subscription", tag: tagPlans, need: bills, summary: "Let the clock go on",
		fails: faults{tenant.ErrNotFound, subscription.ErrNotFound},
	}, func(ctx context.Context, in *TenantPath) (*subscriptionOut, error) {
		return a.subscribed(ctx, in.Tenant, func(ctx context.Context, id uid.ID) error {
			_, err := s.Release(ctx, id)
			return err
		})
	})
	on(a, operation{
		method: post, path: "/tenants/{tenant}/subscription/extend-trial", id: "extend-tenant-trial", tag: tagPlans, need: bills, summary: "Give a trial more days",
		about: "Not safe to send twice: each time gives as many days.", fails: faults{tenant.ErrNotFound, subscription.ErrNotFound, subscription.ErrWrongState},
	}, func(ctx context.Context, in *trialIn) (*subscriptionOut, error) {
		return a.subscribed(ctx, in.Tenant, func(ctx context.Context, id uid.ID) error {
			_, err := s.ExtendTrial(ctx, id, in.Body.Days)
			return err
		})
	})
}

// subscribed does something to a portal's subscription and shows it.
func (a *api) subscribed(ctx context.Context, slug string, do func(ctx context.Context, id uid.ID) error) (*subscriptionOut, error) {
	t, err := a.console.Tenants.Show(ctx, slug)
	if err != nil {
		return nil, err
	}
	if err := do(ctx, t.ID); err != nil {
		return nil, err
	}
	account, err := a.console.Subscriptions.Look(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	return showAccount(account), nil
}
