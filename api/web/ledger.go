package web

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/billing"
	"lyceum/internal/event"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// EventLog reads a tenant's event log; both methods need audit:read.
type EventLog interface {
	// Read lists events, newest first.
	Read(ctx context.Context, f event.Filter) (page.Of[event.Event], error)
	// Names gives the names of people, as far as they are known, in one query.
	Names(ctx context.Context, people []uid.ID) (map[uid.ID]string, error)
}

// Ledger is what was counted and what happened.
type Ledger struct {
	*Site
	Billing *billing.Service
	Events  EventLog
}

// Usage shows a month's active learners, day by day.
func (l Ledger) Usage(c *fiber.Ctx) error {
	month, err := billing.ParsePeriod(query(c, "month"), l.now())
	if err != nil {
		return err
	}
	usage, err := l.Billing.Usage(c.UserContext(), month, after(c))
	if err != nil {
		return err
	}
	return l.show(c, themes.UsagePage{Usage: usage, First: visit.Of(c).Tenant.CreatedAt})
}

// Proof shows why someone counts.
func (l Ledger) Proof(c *fiber.Ctx) error {
	entry, err := id(c, "entry")
	if err != nil {
		return err
	}
	proof, err := l.Billing.Proof(c.UserContext(), entry)
	if err != nil {
		return err
	}
	return l.show(c, themes.UsageEventPage{Row: proof.Entry, Event: proof.Event})
}

// Audit shows the event log.
func (l Ledger) Audit(c *fiber.Ctx) error {
	ctx := c.UserContext()
	f := event.Filter{Type: query(c, "type"), Page: after(c)}
	events, err := l.Events.Read(ctx, f)
	if err != nil {
		return err
	}
	var actors []uid.ID
	for _, e := range events.Items {
		if e.ActorID != nil {
			actors = append(actors, *e.ActorID)
		}
	}
	names, err := l.Events.Names(ctx, actors)
	if err != nil {
		return err
	}
	return l.show(c, themes.AuditPage{Type: f.Type, Types: eventTypes, Events: events, Names: names})
}

// eventTypes are what the log's page offers to narrow it to.
var eventTypes = []string{
	"person.signed_in", "person.sign_in_failed", "person.signed_out", "person.session_ended", "person.password_changed", "person.updated",
	"person.created", "person.roles_changed", "person.deactivated", "person.reactivated", "invitation.created", "invitation.accepted",
	"password.reset_requested", "password.reset_refused", "api_key.created", "api_key.revoked", "brand.changed",
	"course.created", "course.published", "course.archived", "course.restored",
	"enrolment.created", "enrolment.reinstated", "enrolment.withdrawn", "enrolment.started", "enrolment.completed",
	"lesson.started", "lesson.progressed", "lesson.completed", "quiz.submitted", "certificate.issued",
}
