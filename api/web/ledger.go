package web

import (
	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/billing"
	"lyceum/themes"
)

// Ledger is what was counted.
type Ledger struct {
	*Site
	Billing *billing.Service
}

// Usage shows a month's active learners, day by day.
func (l Ledger) Usage(c *fiber.Ctx) error {
	month, err := billing.ParsePeriod(query(c, "month"), l.now())
	if err != nil {
		return err
	}
	usage, err := l.Billing.Usage(c.UserContext(), billing.MeterActiveLearner, month, after(c))
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
