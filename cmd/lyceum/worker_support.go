package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"lyceum/auth"
	"lyceum/auth/support"
	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/learning/notice"
	"lyceum/store/queue"
	"lyceum/tenant"
	"lyceum/themes"
)

// supportConsequences tell a portal's owners of operators' visits, and the operators' register where they stand.
func (a *app) supportConsequences() []queue.Consequence {
	table := []queue.Consequence{
		{When: "support.asked", Name: "mail_support_asked", Urgency: queue.Waited, Do: a.mailSupport},
		{When: "support.started", Name: "mail_support_started", Urgency: queue.Waited, Do: a.mailSupport},
	}
	for _, state := range []string{"asked", "approved", "refused", "started", "ended", "lapsed"} {
		table = append(table, queue.Consequence{When: "support." + state, Name: "register_support_" + state, Do: func(ctx context.Context, e event.Event) error {
			actor := event.Actor{Kind: e.ActorKind}
			if e.ActorID != nil {
				actor.ID = *e.ActorID
			}
			return a.support.Registered(event.WithActor(ctx, actor), e.SubjectID)
		}})
	}
	return table
}

// supportChores end visits whose time is up: they hold no longer anyway, and are written down as ended.
func (a *app) supportChores() []queue.Chore {
	return []queue.Chore{{Name: "end_support", Every: time.Minute, Do: a.support.EndDue}}
}

// endSupport ends the visits of a portal that was suspended.
func (a *app) endSupport(ctx context.Context, _ tenant.Tenant) error {
	_, err := a.support.EndAll(ctx, support.WhySuspended, nil)
	return err
}

// mailSupport tells the owners, who cannot switch it off, of a visit that begins, or that waits for their yes.
func (a *app) mailSupport(ctx context.Context, e event.Event) error {
	var d struct {
		Operator string        `json:"operator"`
		Person   string        `json:"person_name"`
		Reason   string        `json:"reason"`
		Ticket   string        `json:"ticket"`
		Minutes  int           `json:"minutes"`
		Status   support.State `json:"status"`
	}
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return fmt.Errorf("data of %s %s: %w", e.Type, e.ID, err)
	}
	asked := e.Type == "support.asked"
	if asked && d.Status != support.Waiting {
		return nil // they hear of it when it begins
	}
	owners, err := a.signon.Owners(ctx)
	if err != nil {
		return err
	}
	t, _ := tenant.From(ctx)
	link := a.hosts.PortalURL(t) + "/settings/support-access"
	return a.letterToAll(ctx, e, owners, func(to auth.Person) themes.Mail {
		return themes.SupportMail{Name: to.Name, Asked: asked, Operator: d.Operator, Person: d.Person, Reason: d.Reason, Ticket: d.Ticket, Minutes: d.Minutes, Link: link}
	})
}

// whenWaiting tells nobody of a visit that needs no yes: they hear of it when it begins.
func whenWaiting(to func(context.Context, *app, newsFacts) ([]uid.ID, error)) func(context.Context, *app, newsFacts) ([]uid.ID, error) {
	return func(ctx context.Context, a *app, f newsFacts) ([]uid.ID, error) {
		if f.Status != string(support.Waiting) {
			return nil, nil
		}
		return to(ctx, a, f)
	}
}

func supportData(what string) func(newsFacts) notice.Data {
	return func(f newsFacts) notice.Data {
		return notice.Data{"as": what, "by": f.Operator, "course": f.PersonName}
	}
}

func toSupport(newsFacts) string { return "/settings/support-access" }
