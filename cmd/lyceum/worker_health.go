package main

import (
	"context"
	"time"

	"lyceum/migrations"
	"lyceum/store/queue"
	"lyceum/tenant/health"
)

func (a *app) newHealth() *health.Service {
	return health.New(health.Options{
		Keep: a.store, Versions: health.Versions{Newest: a.admin.Version(), Oldest: migrations.OldestReadable}, Storage: a.storageOf, Holds: a.maintained, Now: a.now, Log: a.log,
	})
}

// storageOf gives what the tenant of ctx stores and may store, in bytes.
func (a *app) storageOf(ctx context.Context) (used, limit int64, err error) {
	st, err := a.content.StorageNow(ctx)
	return st.Used, st.Limit, err
}

// healthChores gather how tenants do: every few minutes is often enough for a list, and costs each tenant one short transaction.
func (a *app) healthChores() []queue.Chore {
	return []queue.Chore{{Name: "gather_health", Every: 5 * time.Minute, Timeout: 10 * time.Minute, Do: a.health.Gather}}
}

// noteFailures writes what failed in this process until the function it gives is called, which writes the rest.
func (a *app) noteFailures(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() { a.health.Run(ctx); close(done) }()
	return func() { cancel(); <-done }
}
