package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"lyceum/internal/event"
	"lyceum/internal/mail"
	"lyceum/internal/uid"
	"lyceum/learning/reminder"
	"lyceum/store/queue"
	"lyceum/tenant"
	"lyceum/themes"
)

// reminderConsequences sends the mails of reminders.
func (a *app) reminderConsequences() []queue.Consequence {
	return []queue.Consequence{{When: "reminder.sent", Name: "mail_reminder", Do: a.mailReminder}}
}

// reminderChores remind of what is due, overdue or about to end, and forget what was told long ago.
func (a *app) reminderChores() []queue.Chore {
	return []queue.Chore{
		{Name: "remind", Every: 5 * time.Minute, Timeout: time.Hour, Do: a.remindAll},
		{Name: "sweep_reminders", Every: 24 * time.Hour, Do: func(ctx context.Context) error { return a.everywhere(ctx, "reminders", updating(a.reminders.Forget)) }},
	}
}

// updating passes over a portal that is still in the shape before: next time.
func updating(do func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := do(ctx); !errors.Is(err, tenant.ErrSchemaVersion) {
			return err
		}
		return nil
	}
}

// remindAll looks at the portals whose turn it is, a few at a time. One portal's failure does not keep it from the others; it is looked at
// again in the next round.
func (a *app) remindAll(ctx context.Context) error {
	const (
		atOnce   = 200
		together = 4
	)
	var errs []error
	for after := uid.Nil; ; {
		list, err := a.store.TenantsToRemind(ctx, a.now(), after, atOnce)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		turns := map[uid.ID]time.Time{}
		var mu sync.Mutex
		var several errgroup.Group
		several.SetLimit(together)
		for _, t := range list {
			after = t.ID
			if a.maintained(ctx, t) {
				continue // its turn stays
			}
			several.Go(func() error {
				next, err := a.remind(tenant.With(ctx, t))
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					errs = append(errs, fmt.Errorf("reminders of %s: %w", t.Slug, err))
					return nil
				}
				turns[t.ID] = next
				return nil
			})
		}
		_ = several.Wait() // each says above how it went
		if err := a.store.SetReminderTurns(ctx, turns); err != nil {
			return errors.Join(append(errs, err)...)
		}
		if len(list) < atOnce {
			return errors.Join(errs...)
		}
	}
}

// remind writes into the event log which dates came near, and tells people.
func (a *app) remind(ctx context.Context) (next time.Time, err error) {
	next = a.now().Add(time.Hour)
	if dated, err := a.reminders.Dated(ctx); err == nil && !dated {
		return next, nil
	}
	err = updating(func(ctx context.Context) error {
		err := errors.Join(a.enrolment.Remind(ctx), a.certificates.Remind(ctx))
		at, failed := a.reminders.Sweep(ctx)
		if failed == nil {
			next = at
		}
		return errors.Join(err, failed)
	})(ctx)
	return next, err
}

// mailReminder sends a message's mail. It is noted before the server has it: should the process die meanwhile, none is sent rather than two.
func (a *app) mailReminder(ctx context.Context, e event.Event) error {
	m, ok, err := a.reminders.Mail(ctx, e.SubjectID)
	if unwanted(err) || err == nil && !ok {
		return nil
	}
	if err != nil {
		return err
	}
	to, err := a.person(ctx, m.PersonID)
	if err != nil {
		return errors.Join(err, a.reminders.Mailed(ctx, m.ID, reminder.MailWaiting))
	}
	if mail.Nowhere(to.Email) {
		return a.reminders.Mailed(ctx, m.ID, reminder.MailRefused)
	}
	t, _ := tenant.From(ctx)
	err = a.letter(ctx, e, to, themes.ReminderMail{Name: to.Name, Message: m, Portal: a.hosts.PortalURL(t)})
	how := reminder.MailSent
	switch {
	case errors.Is(err, mail.ErrRecipientRefused):
		how = reminder.MailRefused
	case err != nil:
		how = reminder.MailWaiting
	}
	noted := a.reminders.Mailed(context.WithoutCancel(ctx), m.ID, how)
	if how == reminder.MailRefused {
		return noted // trying again is of no use
	}
	return errors.Join(err, noted)
}
