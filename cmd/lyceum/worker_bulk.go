package main

import (
	"context"
	"time"

	"lyceum/internal/event"
	"lyceum/store/queue"
)

// bulkConsequences bring in lists of people that were reviewed.
func (a *app) bulkConsequences() []queue.Consequence {
	return []queue.Consequence{{When: "people_import.requested", Name: "import_people", Long: true, Timeout: settleTimeout, Do: func(ctx context.Context, e event.Event) error {
		return a.bulk.Run(ctx, e.SubjectID)
	}}}
}

// bulkChores forget old lists.
func (a *app) bulkChores() []queue.Chore {
	return []queue.Chore{{Name: "prune_people_imports", Every: 24 * time.Hour, Timeout: time.Hour, Do: func(ctx context.Context) error {
		return a.everywhere(ctx, "lists of people", a.bulk.Prune)
	}}}
}
