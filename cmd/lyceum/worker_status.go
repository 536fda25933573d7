package main

import (
	"context"
	"log/slog"
	"time"

	"lyceum/internal/mail"
	"lyceum/store/queue"
	"lyceum/tenant"
	"lyceum/tenant/status"
)

// statusChores keep what was counted from growing without end.
func (a *app) statusChores() []queue.Chore {
	return []queue.Chore{{Name: "prune_status", Every: time.Hour, Timeout: 10 * time.Minute, Do: a.status.Prune}}
}

// flushEvery is how often a process hands over what it counted.
const flushEvery = 15 * time.Second

// flushStatus hands over what this process counts until stop, and then once more.
func (a *app) flushStatus(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	flush := func() {
		c, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := a.meter.Flush(c, a.store); err != nil {
			a.log.WarnContext(ctx, "status is not written yet; it is tried again", slog.Any("err", err))
		}
	}
	go func() {
		defer close(done)
		tick := time.NewTicker(flushEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				flush()
				return
			case <-tick.C:
				flush()
			}
		}
	}()
	return func() { cancel(); <-done }
}

// countedMail counts what the mail server takes, by portal.
type countedMail struct {
	mail.Sender
	meter *status.Meter
}

// Send sends and counts.
func (m countedMail) Send(ctx context.Context, msg mail.Message) error {
	err := m.Sender.Send(ctx, msg)
	t, _ := tenant.From(ctx)
	m.meter.Note(t.ID, status.Mails, err == nil, 0)
	return err
}
