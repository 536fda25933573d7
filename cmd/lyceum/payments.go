package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"lyceum/billing/books"
	"lyceum/billing/provider"
	"lyceum/billing/report"
	"lyceum/billing/stripe"
	"lyceum/internal/uid"
	"lyceum/store/queue"
)

// Payments are how money is taken.
type Payments struct {
	StripeKey           string `name:"stripe-key" placeholder:"sk_…" help:"Secret or restricted key of Stripe, which then takes the payments. Without one the platform keeps books only: no real money moves, and every page of billing says so."`
	StripeWebhookSecret string `name:"stripe-webhook-secret" placeholder:"whsec_…" help:"Signing secret of the webhook endpoint (lyceum billing endpoint makes it), and after a comma that of an event destination for reports of usage that could not be counted."`
	StripeAccount       string `name:"stripe-account" placeholder:"acct_…" help:"Connected account to act for."`
	StripeURL           string `name:"stripe-url" placeholder:"URL" hidden:"" help:"Another address of Stripe's API, for tests."`
	StripeTax           bool   `name:"stripe-tax" help:"Have Stripe Tax work out taxes. It must be set up in the account."`
}

// openPayments opens what takes payments: Stripe where there is a key, else books that move no money.
func (a *app) openPayments() error {
	p := a.payments
	if p.StripeKey != "" {
		s, err := stripe.New(stripe.Options{Key: p.StripeKey, WebhookSecret: p.StripeWebhookSecret, Account: p.StripeAccount, BaseURL: p.StripeURL, AutomaticTax: p.StripeTax, Now: a.billingNow})
		if err != nil {
			return err
		}
		a.provider = s
	} else {
		a.books = books.New(books.Options{
			Keep: a.store, Now: a.billingNow, Log: a.log, Page: a.portalPage, Told: a.hearBooks,
		})
		a.provider = a.books
	}
	a.reports = report.New(report.Options{Keep: a.store, Plans: a.offers, Provider: a.newProvider, Now: a.billingNow, Log: a.log})
	return nil
}

// newProvider gives what takes payments.
func (a *app) newProvider() provider.Provider { return a.provider }

// portalPage is the address of a page of a tenant's portal.
func (a *app) portalPage(ctx context.Context, tenantID uid.ID, path string) (string, error) {
	t, err := a.store.TenantByID(ctx, tenantID)
	if err != nil {
		return "", err
	}
	return a.hosts.PortalURL(t) + path, nil
}

// hearBooks takes what happened in the books as a message of a real provider, and handles it at once; what fails, the worker
// tries again.
func (a *app) hearBooks(ctx context.Context, e provider.Event) error {
	if err := a.inbox.Take(ctx, a.provider.Name(), e); err != nil {
		return err
	}
	if err := a.inbox.Handle(ctx); err != nil {
		a.log.WarnContext(ctx, "messages of the books wait for the worker", slog.Any("err", err))
	}
	return nil
}

// paymentChores tell the provider of usage, and compare at night.
func (a *app) paymentChores() []queue.Chore {
	chores := []queue.Chore{
		{Name: "collect_usage", Every: 5 * time.Minute, Timeout: 30 * time.Minute, Do: a.reports.Collect},
		{Name: "report_usage", Every: time.Minute, Timeout: 10 * time.Minute, Do: a.reports.Send},
		{Name: "reconcile_usage", Every: 24 * time.Hour, Timeout: 2 * time.Hour, Do: a.reports.Reconcile},
	}
	if a.books != nil {
		chores = append(chores, queue.Chore{Name: "advance_books", Every: time.Minute, Timeout: 10 * time.Minute, Do: a.books.Advance})
	}
	return chores
}

// stripeOf gives the provider as Stripe, to set up what only Stripe has.
func (a *app) stripeOf() (*stripe.Stripe, error) {
	s, ok := a.provider.(*stripe.Stripe)
	if !ok {
		return nil, fmt.Errorf("there is no --stripe-key: the platform keeps books only")
	}
	return s, nil
}

// flushUsage tells the provider what was used until now, within ten seconds: who cancels does not wait for it longer.
func (a *app) flushUsage(ctx context.Context, tenantID uid.ID) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	err := a.reports.Flush(ctx, tenantID)
	if err != nil {
		a.log.WarnContext(ctx, "usage waits to be told", slog.Any("err", err))
	}
	return err
}

// watchReports tells the metrics of usage that the payment service is told: what waits, what it refused, and where it has
// something else.
func (m *metrics) watchReports(r *report.Service) {
	gauge := func(name, help string, of func(report.Standing) int) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help + "; -1 where it cannot be read."}, func() float64 {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			st, err := r.Standing(ctx)
			if err != nil {
				return -1
			}
			return float64(of(st))
		}))
	}
	gauge("lyceum_usage_reports_waiting", "Usage that the payment service is still to be told", func(s report.Standing) int { return s.Waiting })
	gauge("lyceum_usage_reports_parked", "Usage that the payment service refused", func(s report.Standing) int { return s.Parked })
	gauge("lyceum_usage_differences", "Meters and months in which the payment service has other usage than it was told", func(s report.Standing) int { return s.Off })
}
