package main

import (
	"context"

	"lyceum/internal/event"
	"lyceum/store/queue"
)

// orgConsequences is what follows for the structure from what directories and lists say of people, and for groups from what becomes of
// departments, locations and positions.
func (a *app) orgConsequences() (table []queue.Consequence) {
	for _, typ := range []string{"person.created", "person.updated"} {
		table = append(table, queue.Consequence{When: typ, Name: "place_person", Urgency: queue.Unseen, Do: func(ctx context.Context, e event.Event) error {
			return a.org.Follow(ctx, e.SubjectID)
		}})
	}
	for _, typ := range []string{"org_unit.changed", "org_unit.merged"} {
		table = append(table, queue.Consequence{When: typ, Name: "settle_unit", Urgency: queue.Unseen, Timeout: settleTimeout, Do: func(ctx context.Context, _ event.Event) error {
			return a.groups.SettleAll(ctx)
		}})
	}
	return table
}
