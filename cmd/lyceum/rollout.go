package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"lyceum/tenant/rollout"
)

// fewBehind is how many schemas a start waits for; more are migrated while the portals are served, those that wait in their
// former shape.
const fewBehind = 50

// beginRollout begins bringing tenants to this release's shape, and where they are few ends it too. One tenant's trouble is
// not the others': the rollout pauses, and the directory answers for those that cannot be read that they are being updated.
func (a *app) beginRollout(ctx context.Context) error {
	r, err := a.admin.Begin(ctx, rollout.Options{By: "start"})
	switch {
	case errors.Is(err, rollout.ErrNothing):
		return nil
	case errors.Is(err, rollout.ErrHeld):
		a.log.WarnContext(ctx, "a newer release is rolling out its shape")
		return nil
	case err != nil:
		return err
	}
	if r.Sum().Waiting > fewBehind {
		a.log.InfoContext(ctx, "tenants are migrated while portals are served; `lyceum migrate status` says how far it is", slog.Int("schemas", r.Sum().Waiting))
		return nil
	}
	r, err = a.admin.Work(ctx, nil)
	if errors.Is(err, rollout.ErrNothing) || errors.Is(err, rollout.ErrHeld) {
		return nil // it is paused, or another process is at it
	}
	if err == nil && r.State == rollout.Done {
		a.log.InfoContext(ctx, "tenants migrated", slog.Int("schemas", r.Sum().Done))
	}
	return err
}

// rolloutEvery is how often a process looks for a rollout that nobody works on.
const rolloutEvery = 5 * time.Second

// rollOut works on rollouts of this release until the function it gives is called: one that began at a start, one that an
// operator began or resumed, and one whose process died.
func (a *app) rollOut(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(rolloutEvery)
		defer tick.Stop()
		for {
			if _, err := a.admin.Work(ctx, nil); err != nil && !errors.Is(err, rollout.ErrNothing) && !errors.Is(err, rollout.ErrHeld) && ctx.Err() == nil {
				a.log.ErrorContext(ctx, "the rollout was cut short; it goes on in a moment", slog.Any("err", err))
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	return func() { cancel(); <-done }
}
