package main

import (
	"context"
	"log/slog"
	"time"

	"lyceum/billing"
	"lyceum/store/queue"
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
		{Name: "sample_storage", Every: 10 * time.Minute, Timeout: 10 * time.Minute, Do: func(ctx context.Context) error {
			return a.everywhere(ctx, "storage", func(ctx context.Context) error { return a.billing.SampleStorage(ctx, a.storageBytes) })
		}},
	}
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
