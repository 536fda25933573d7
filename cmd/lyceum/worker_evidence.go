package main

import (
	"context"
	"time"

	"lyceum/internal/event"
	"lyceum/learning/report/evidence"
	"lyceum/store/queue"
	"lyceum/tenant"
)

// prove puts together what makes evidence.
func (a *app) prove() {
	a.evidence = evidence.New(evidence.Options{Keep: a.store, Blobs: a.blobs, Sign: a.badges, Base: func(t tenant.Tenant) string { return a.hosts.PortalURL(t) }, Now: a.now})
}

// evidenceConsequences make the packs that were wished for.
func (a *app) evidenceConsequences() []queue.Consequence {
	return []queue.Consequence{{When: "evidence.requested", Name: "make_evidence", Long: true, Timeout: 2 * time.Hour, Do: func(ctx context.Context, e event.Event) error {
		return a.evidence.Run(ctx, e.SubjectID)
	}}}
}

// evidenceChores remove packs whose days are over.
func (a *app) evidenceChores() []queue.Chore {
	return []queue.Chore{{Name: "prune_evidence", Every: 6 * time.Hour, Timeout: time.Hour, Do: func(ctx context.Context) error {
		return a.everywhere(ctx, "evidence", a.evidence.Prune)
	}}}
}
