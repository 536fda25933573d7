package main

import (
	"context"
	"time"
)

// remindedPortals is how many portals a round of reminders goes through.
const remindedPortals = 1000

// measureReminders goes through portals where nothing is to be told: once when it is everyone's turn, which is once an hour, and once
// between turns.
func (b *bench) measureReminders(ctx context.Context) error {
	started := time.Now()
	if err := b.app.remindAll(ctx); err != nil {
		return err
	}
	took := time.Since(started)
	b.judge("a round of reminders over 1,000 portals with nothing to do", took <= 10*time.Second, "≤ 10 s", "%.1f s", took.Seconds())
	started = time.Now()
	if err := b.app.remindAll(ctx); err != nil {
		return err
	}
	b.note("the same between their turns", "%d ms", time.Since(started).Milliseconds())
	return nil
}
