package rest

import (
	"context"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/billing/money"
	"lyceum/billing/provider"
	"lyceum/billing/subscription"
)

// sum is an amount of money.
type sum struct {
	Amount   string         `json:"amount" example:"12.50" doc:"In whole units of the currency."`
	Currency money.Currency `json:"currency" example:"EUR"`
}

func showSum(m money.Money) sum { return sum{m.Decimal(), m.Currency} }

func (b choiceBody) choice() subscription.Choice {
	c := subscription.Choice{VersionID: b.VersionID, Coupon: b.Coupon}
	for _, a := range b.AddOns {
		c.AddOns = append(c.AddOns, provider.AddOn(a))
	}
	return c
}

// billingOperations are a portal's plan, costs and bills.
func (a *api) billingOperations() {
	see, manage := route.For(policy.BillingRead), route.For(policy.BillingManage)
	a.billingReads(see)
	a.billingChanges(manage)
}

func (a *api) billingReads(see route.Need) {
	on(a, operation{method: get, path: "/billing", id: "get-billing", tag: tagBilling, need: see, summary: "Plan, state and costs of the running month", fails: faults{subscription.ErrNotFound}},
		func(ctx context.Context, _ *struct{}) (*subscriptionOut, error) { return a.shownAccount(ctx) })
	on(a, operation{method: get, path: "/billing/plans", id: "list-plans", tag: tagBilling, need: see, summary: "Plans that may be chosen", fails: faults{subscription.ErrNotFound}},
		func(ctx context.Context, _ *struct{}) (*plansOut, error) {
			account, err := a.Subscriptions.Account(ctx)
			if err != nil {
				return nil, err
			}
			out := &plansOut{}
			out.Body.Items = []planShown{}
			for _, o := range account.Offers {
				out.Body.Items = append(out.Body.Items, showPlan(o))
			}
			return out, nil
		})
	on(a, operation{method: get, path: "/billing/invoices", id: "list-invoices", tag: tagBilling, need: see, summary: "The portal's bills", fails: faults{subscription.ErrNotFound}},
		func(ctx context.Context, _ *struct{}) (*invoicesOut, error) {
			account, err := a.Subscriptions.Account(ctx)
			if err != nil {
				return nil, err
			}
			out := &invoicesOut{}
			out.Body.Items = []invoiceShown{}
			for _, i := range account.Invoices {
				out.Body.Items = append(out.Body.Items, showInvoice(i))
			}
			return out, nil
		})
	on(a, operation{method: post, path: "/billing/preview", id: "preview-plan", tag: tagBilling, need: see, status: 200, summary: "What changing to a plan costs now", about: "It changes nothing.",
		fails: faults{subscription.ErrNotFound, subscription.ErrNoPlan, provider.ErrUnavailable}},
		func(ctx context.Context, in *choiceIn) (*previewOut, error) {
			p, err := a.Subscriptions.Preview(ctx, in.Body.choice())
			if err != nil {
				return nil, err
			}
			out := &previewOut{}
			out.Body.Due, out.Body.Lines = showSum(p.Due), showLines(p.Lines)
			return out, nil
		})
	on(a, operation{method: post, path: "/billing/simulation", id: "simulate-plan", tag: tagBilling, need: see, status: 200, summary: "What the last three months would have cost under a plan", about: "It prices what really was used and changes nothing.",
		fails: faults{subscription.ErrNotFound, subscription.ErrNoPlan, subscription.ErrNoPayments}},
		func(ctx context.Context, in *choiceIn) (*simulationOut, error) {
			_, tried, err := a.Subscriptions.Simulate(ctx, in.Body.choice())
			if err != nil {
				return nil, err
			}
			out := &simulationOut{}
			out.Body.Months = []simulatedMonth{}
			for _, t := range tried {
				m := simulatedMonth{Period: t.Period.Start.Format(month), Then: showSum(t.Then.Total)}
				if t.Now != nil {
					now := showSum(t.Now.Total)
					m.Now = &now
				}
				out.Body.Months = append(out.Body.Months, m)
			}
			return out, nil
		})
}

func (a *api) billingChanges(manage route.Need) {
	on(a, operation{method: post, path: "/billing/checkout", id: "begin-checkout", tag: tagBilling, need: manage, fresh: true, status: 200, summary: "Get an address where the subscription is paid",
		fails: faults{subscription.ErrNotFound, subscription.ErrNoPlan, subscription.ErrNoPayments, subscription.ErrWrongState, provider.ErrUnavailable}},
		func(ctx context.Context, in *choiceIn) (*checkoutOut, error) {
			url, err := a.Subscriptions.Checkout(ctx, in.Body.choice())
			if err != nil {
				return nil, err
			}
			out := &checkoutOut{}
			out.Body.URL = url
			return out, nil
		})
	change := func(path, id, summary string, fails faults) operation {
		return operation{method: post, path: path, id: id, tag: tagBilling, need: manage, fresh: true, status: 200, summary: summary, fails: append(fails, subscription.ErrNotFound, subscription.ErrChanged, provider.ErrUnavailable)}
	}
	on(a, change("/billing/move", "change-plan", "Change plan and add-ons", faults{subscription.ErrNoPlan, subscription.ErrNotCheckedOut}), func(ctx context.Context, in *choiceIn) (*subscriptionOut, error) {
		if _, err := a.Subscriptions.Move(ctx, in.Body.choice()); err != nil {
			return nil, err
		}
		return a.shownAccount(ctx)
	})
	on(a, change("/billing/cancel", "cancel-subscription", "Cancel the subscription", faults{subscription.ErrWrongState}), func(ctx context.Context, in *cancelIn) (*subscriptionOut, error) {
		if _, err := a.Subscriptions.Cancel(ctx, in.Body.Now); err != nil {
			return nil, err
		}
		return a.shownAccount(ctx)
	})
	on(a, change("/billing/continue", "continue-subscription", "Take a planned cancellation back", faults{subscription.ErrWrongState}), func(ctx context.Context, _ *struct{}) (*subscriptionOut, error) {
		if _, err := a.Subscriptions.Continue(ctx); err != nil {
			return nil, err
		}
		return a.shownAccount(ctx)
	})
	on(a, change("/billing/coupon", "apply-coupon", "Apply a coupon to the running subscription", faults{subscription.ErrNotCheckedOut}), func(ctx context.Context, in *couponIn) (*subscriptionOut, error) {
		if _, err := a.Subscriptions.Redeem(ctx, in.Body.Coupon); err != nil {
			return nil, err
		}
		return a.shownAccount(ctx)
	})
	details := change("/billing/details", "set-billing-details", "Say who the bill goes to", nil)
	details.method, details.about = put, "It replaces what was there: what is left out is emptied."
	on(a, details, func(ctx context.Context, in *detailsIn) (*subscriptionOut, error) {
		if _, err := a.Subscriptions.SetDetails(ctx, in.Body.details()); err != nil {
			return nil, err
		}
		return a.shownAccount(ctx)
	})
	on(a, change("/billing/portal", "open-payment-portal", "Get an address where payment methods are kept", faults{subscription.ErrNotCheckedOut, subscription.ErrNoPayments}), func(ctx context.Context, _ *struct{}) (*checkoutOut, error) {
		url, err := a.Subscriptions.Portal(ctx)
		if err != nil {
			return nil, err
		}
		out := &checkoutOut{}
		out.Body.URL = url
		return out, nil
	})
	on(a, change("/billing/budget", "set-budget", "Set the budget alert", nil), func(ctx context.Context, in *budgetIn) (*subscriptionOut, error) {
		account, err := a.Subscriptions.Account(ctx)
		if err != nil {
			return nil, err
		}
		currency := money.Currency("EUR")
		if account.Offer != nil {
			currency = account.Offer.Version.Currency
		}
		minor, err := subscription.ParseBudget(in.Body.Amount, currency)
		if err != nil {
			return nil, err
		}
		if _, err := a.Subscriptions.SetBudget(ctx, minor); err != nil {
			return nil, err
		}
		return a.shownAccount(ctx)
	})
}

func (a *api) shownAccount(ctx context.Context) (*subscriptionOut, error) {
	account, err := a.Subscriptions.Account(ctx)
	if err != nil {
		return nil, err
	}
	return showAccount(account), nil
}

func showAccount(account subscription.Account) *subscriptionOut {
	out := subscriptionShown{
		State: account.State, Collect: account.Collect, RealMoney: account.Live, Since: utc(account.Since), TrialEnd: account.TrialEnd, PeriodEnd: account.PeriodEnd,
		CancelAt: account.CancelAt, AddOns: []addOn{}, Limits: []limitShown{}, Coupon: account.Coupon, Details: showDetails(account.Subscription),
	}
	if account.Next != nil {
		out.Next = &nextStep{account.Next.To, utc(account.Next.At)}
	}
	if account.Offer != nil {
		p := showPlan(*account.Offer)
		out.Plan = &p
	}
	for _, b := range account.AddOns {
		out.AddOns = append(out.AddOns, addOn(b))
	}
	for _, g := range account.Gauges() {
		out.Limits = append(out.Limits, limitShown(g))
	}
	if account.Bill != nil {
		m := monthShown{Period: account.Period.Start.Format(month), Total: showSum(account.Bill.Total), Lines: []billLine{}}
		for _, l := range account.Bill.Lines {
			m.Lines = append(m.Lines, billLine{l.Component, l.Name, l.Meter, l.Units, showSum(l.Amount)})
		}
		if f := account.Forecast; f != nil {
			m.Forecast = &forecastShown{showSum(f.Low), showSum(f.Likely), showSum(f.High)}
		}
		out.Month = &m
	}
	return &subscriptionOut{out}
}

func showPlan(o provider.Offer) planShown {
	p := planShown{VersionID: o.Version.ID, Code: o.Plan.Code, Name: o.Plan.Name, Number: o.Version.Number, Currency: string(o.Version.Currency), Interval: o.Version.Interval, AddOns: []string{}, Limits: o.Version.Limits}
	for _, k := range o.Version.Components {
		if k.AddOn {
			p.AddOns = append(p.AddOns, k.Code)
		}
	}
	return p
}

func showLines(list []provider.InvoiceLine) []billLine {
	out := []billLine{}
	for _, l := range list {
		out = append(out, billLine{l.Component, l.Text, l.Meter, l.Quantity, showSum(l.Amount)})
	}
	return out
}

func showInvoice(i subscription.Invoice) invoiceShown {
	return invoiceShown{
		Ref: i.Ref, Number: i.Number, Status: i.Status, Total: showSum(i.Total()), PeriodStart: utc(i.PeriodStart), PeriodEnd: utc(i.PeriodEnd),
		DueAt: i.DueAt, PaidAt: i.PaidAt, URL: i.URL, Lines: showLines(i.Lines),
	}
}
