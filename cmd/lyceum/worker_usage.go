package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"lyceum/billing"
	"lyceum/internal/page"
	"lyceum/store/queue"
	"lyceum/tenant"
)

// usageConsequences counts who learned, and writes the corrections that were asked for.
func (a *app) usageConsequences() []queue.Consequence {
	table := []queue.Consequence{{When: billing.EventStruck, Name: "correct_usage", Do: a.billing.Correct}}
	for _, typ := range billing.LearningEvents() {
		table = append(table, queue.Consequence{When: typ, Name: "count_learner", Urgency: queue.Unseen, Do: a.billing.Count})
	}
	return table
}

// usageChores look for what is missing, so that a turn that was missed is caught up with by the next.
func (a *app) usageChores() []queue.Chore {
	return []queue.Chore{
		{Name: "make_usage_months", Every: 24 * time.Hour, Do: a.billing.MakeMonths},
		{Name: "sample_storage", Every: 10 * time.Minute, Timeout: 10 * time.Minute, Do: a.sampleStorage},
	}
}

// sampleStorage counts the hour of every portal, of those that are closed too: their files are kept. One portal's failure
// does not keep it from the others.
func (a *app) sampleStorage(ctx context.Context) error {
	var errs []error
	for _, status := range []tenant.Status{tenant.StatusActive, tenant.StatusSuspended} {
		f := tenant.Filter{Status: status, Page: page.Request{Limit: page.MaxLimit}}
		for {
			list, err := a.store.Tenants(ctx, f)
			if err != nil {
				return errors.Join(append(errs, err)...)
			}
			for _, t := range list.Items {
				if a.maintained(ctx, t) {
					continue
				}
				if err := a.billing.SampleStorage(tenant.With(ctx, t), a.storageBytes); err != nil {
					errs = append(errs, fmt.Errorf("storage of %s: %w", t.Slug, err))
				}
			}
			if f.Page.After = list.Next; list.Next == "" {
				break
			}
		}
	}
	return errors.Join(errs...)
}

// storageBytes is how much the files of the tenant of ctx take.
func (a *app) storageBytes(ctx context.Context) (int64, error) {
	st, err := a.content.StorageNow(ctx)
	return st.Used, err
}

// gatherUsage writes what this process counts in memory until the function it gives is called, which writes the rest.
func (a *app) gatherUsage(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.billing.Gather(ctx, func(err error) {
			a.log.ErrorContext(ctx, "usage is not written yet; it is tried again", slog.Any("err", err))
		})
	}()
	return func() { cancel(); <-done }
}
