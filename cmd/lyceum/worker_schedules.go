package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"lyceum/internal/event"
	"lyceum/internal/mail"
	"lyceum/internal/uid"
	"lyceum/learning/report/schedule"
	"lyceum/store/queue"
	"lyceum/tenant"
	"lyceum/themes"
)

// scheduleReports puts together what sends reports.
func (a *app) scheduleReports() {
	a.schedules = schedule.New(schedule.Options{Keep: a.store, Exports: a.exports, Reports: a.built, As: a.auth.As, May: a.policy.For, Send: a.mailReport, Now: a.now})
}

// scheduleConsequences send reports that are due, and look sooner where a schedule was changed.
func (a *app) scheduleConsequences() []queue.Consequence {
	hasten := func(name, when string) queue.Consequence {
		return queue.Consequence{When: when, Name: name, Urgency: queue.Unseen, Do: func(ctx context.Context, e event.Event) error {
			var d struct {
				NextAt time.Time `json:"next_at"`
			}
			if err := json.Unmarshal(e.Data, &d); err != nil {
				return fmt.Errorf("data of %s %s: %w", e.Type, e.ID, err)
			}
			t, _ := tenant.From(ctx)
			return a.store.HastenReportTurn(ctx, t.ID, d.NextAt)
		}}
	}
	return []queue.Consequence{
		{When: "report.run_due", Name: "send_report", Long: true, Timeout: 2 * time.Hour, Do: func(ctx context.Context, e event.Event) error {
			var d struct {
				RunID uid.ID `json:"run_id"`
			}
			if err := json.Unmarshal(e.Data, &d); err != nil {
				return fmt.Errorf("data of %s %s: %w", e.Type, e.ID, err)
			}
			return a.schedules.Run(ctx, d.RunID)
		}},
		hasten("look_at_schedule", "report.schedule_saved"),
		hasten("look_at_schedule_again", "report.schedule_resumed"),
	}
}

// scheduleChores note which reports are due, and forget what was sent long ago.
func (a *app) scheduleChores() []queue.Chore {
	return []queue.Chore{
		{Name: "look_at_schedules", Every: time.Minute, Timeout: 10 * time.Minute, Do: a.lookAtSchedules},
		{Name: "forget_report_runs", Every: 24 * time.Hour, Do: func(ctx context.Context) error {
			return a.everywhere(ctx, "runs of reports", updating(a.schedules.Forget))
		}},
	}
}

// lookAtSchedules looks at the portals whose turn it is. One portal's failure does not keep it from the others; it is looked at again soon.
func (a *app) lookAtSchedules(ctx context.Context) error {
	const atOnce, soon = 200, 10 * time.Minute
	var errs []error
	for after := uid.Nil; ; {
		list, err := a.store.TenantsToReport(ctx, a.now(), after, atOnce)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		for _, t := range list {
			after = t.ID
			until := a.now().Add(soon).UTC().Truncate(time.Microsecond)
			if err := a.store.TakeReportTurn(ctx, t.ID, until); err != nil {
				return errors.Join(append(errs, err)...)
			}
			next := until
			err := updating(func(ctx context.Context) (err error) {
				next, err = a.schedules.Look(ctx)
				return err
			})(tenant.With(ctx, t))
			if err == nil {
				err = a.store.EndReportTurn(ctx, t.ID, until, next)
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("schedules of %s: %w", t.Slug, err))
			}
		}
		if len(list) < atOnce {
			return errors.Join(errs...)
		}
	}
}

// mailReport sends a report to one person: with its file, or with a link to it.
func (a *app) mailReport(ctx context.Context, m schedule.Mail) error {
	to, err := a.person(ctx, m.Person)
	if err != nil {
		return err
	}
	if mail.Nowhere(to.Email) {
		return schedule.ErrRefused
	}
	t, _ := tenant.From(ctx)
	letter := themes.ReportMail{
		Name: to.Name, Report: m.Schedule.Name, Owner: m.Schedule.OwnerName, Times: m.Schedule.Times, Lines: m.Export.Lines, Link: a.hosts.PortalURL(t) + "/reports/exports",
	}
	if m.Export.ExpiresAt != nil {
		letter.Until = *m.Export.ExpiresAt
	}
	var files []mail.Attachment
	if m.File != nil {
		letter.Attached = t.Slug + "-" + m.Export.FileName()
		files = append(files, mail.Attachment{Name: letter.Attached, MediaType: m.Export.Format.MediaType(), Data: m.File})
	}
	err = a.letterWith(ctx, m.ID.String(), to, letter, files)
	if errors.Is(err, mail.ErrRecipientRefused) {
		return schedule.ErrRefused.Because(err)
	}
	return err
}
