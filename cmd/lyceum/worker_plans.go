package main

import (
	"context"
	"time"

	"lyceum/billing/offer"
	"lyceum/billing/rating"
	"lyceum/store/queue"
)

// openPlans puts together what is on sale, what it costs and what moves subscriptions.
func (a *app) openPlans() {
	a.offers = offer.New(offer.Options{Keep: a.store, Provider: a.newProvider, Now: a.now, Log: a.log})
	a.rating = rating.New(a.store)
	a.mover = &offer.Mover{Service: a.offers, Rating: a.rating}
}

// planChores go on with migrations that were started, and tell the payment service what it did not hear.
func (a *app) planChores() []queue.Chore {
	return []queue.Chore{
		{Name: "migrate_plans", Every: 20 * time.Second, Timeout: 30 * time.Minute, Do: a.mover.Run},
		{Name: "sync_plans", Every: time.Hour, Timeout: 5 * time.Minute, Do: func(ctx context.Context) error {
			_, err := a.offers.Sync(ctx, false)
			return err
		}},
	}
}
