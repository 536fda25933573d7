package main

import (
	"context"
	"time"

	"lyceum/internal/event"
	"lyceum/store/queue"
)

// filesConsequences is what follows from uploaded files.
func (a *app) filesConsequences() []queue.Consequence {
	return []queue.Consequence{
		{When: "file.added", Name: "make_variants", Urgency: queue.Unseen, Do: a.makeVariants},
	}
}

func (a *app) filesChores() []queue.Chore {
	return []queue.Chore{
		{Name: "sweep_handed", Every: time.Hour, Do: a.sweepHanded},
		{Name: "sweep_uploads", Every: time.Hour, Do: a.sweepUploads},
		{Name: "sweep_bytes", Every: 6 * time.Hour, Do: a.sweepBytes},
	}
}

func (a *app) makeVariants(ctx context.Context, e event.Event) error {
	return a.content.MakeVariants(ctx, e.SubjectID)
}

// sweepUploads removes uploads that were begun and not ended in time, in every tenant.
func (a *app) sweepUploads(ctx context.Context) error {
	return a.everywhere(ctx, "uploads", func(ctx context.Context) error { _, err := a.content.Sweep(ctx); return err })
}

// sweepHanded removes files that were brought to be handed in and were not, in every tenant.
func (a *app) sweepHanded(ctx context.Context) error {
	return a.everywhere(ctx, "files not handed in", func(ctx context.Context) error { _, err := a.content.SweepHanded(ctx); return err })
}

// sweepBytes removes what no file has had for a day, in every tenant.
func (a *app) sweepBytes(ctx context.Context) error {
	return a.everywhere(ctx, "bytes", func(ctx context.Context) error { _, err := a.content.SweepBytes(ctx); return err })
}
