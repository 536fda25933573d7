package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"lyceum/auth"
	"lyceum/internal/event"
	"lyceum/learning/assessment"
	"lyceum/store/queue"
	"lyceum/tenant"
	"lyceum/tenant/broadcast"
	"lyceum/themes"
)

// maintained tells that background work of a portal waits for the end of maintenance.
func (a *app) maintained(ctx context.Context, t tenant.Tenant) bool {
	return a.broadcast.Holds(ctx, t) > 0
}

// halts are the times in which the portal of ctx will stand still.
func (a *app) halts(ctx context.Context) (list []assessment.Halt) {
	t, _ := tenant.From(ctx)
	for _, w := range a.broadcast.Coming(ctx, t) {
		list = append(list, assessment.Halt{From: w.FromAt, Until: w.UntilAt})
	}
	return list
}

// maintenanceConsequences tell owners of maintenance that is announced.
func (a *app) maintenanceConsequences() []queue.Consequence {
	return []queue.Consequence{{When: "maintenance.announced", Name: "mail_maintenance", Do: a.mailMaintenance}}
}

// maintenanceChores look each time only for what was not told.
func (a *app) maintenanceChores() []queue.Chore {
	return []queue.Chore{{Name: "tell_maintenance", Every: time.Minute, Timeout: 10 * time.Minute, Do: a.broadcast.TellOwners}}
}

// mailMaintenance tells the owners of a window as it is now; of one that was called off or is over nobody is told.
func (a *app) mailMaintenance(ctx context.Context, e event.Event) error {
	var d broadcast.Announcement
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return fmt.Errorf("data of %s %s: %w", e.Type, e.ID, err)
	}
	w, _, err := a.broadcast.Window(ctx, d.Window)
	if errors.Is(err, broadcast.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if s := w.State(a.now()); s != broadcast.Planned && s != broadcast.Running {
		return nil
	}
	owners, err := a.signon.Owners(ctx)
	if err != nil {
		return err
	}
	t, _ := tenant.From(ctx)
	link := a.hosts.PortalURL(t) + "/status"
	return a.letterToAll(ctx, e, owners, func(to auth.Person) themes.Mail {
		return themes.MaintenanceMail{Name: to.Name, Closed: w.Mode == broadcast.Closed, From: w.FromAt, Until: w.UntilAt, Text: w.Texts.In(to.Locale), Link: link}
	})
}
