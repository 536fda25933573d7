package web

import (
	"github.com/gofiber/fiber/v2"

	usage "lyceum/billing/report"
	"lyceum/billing/subscription"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// ToldPath is where operators see how telling the payment service goes.
const ToldPath = "/operator/payments/usage"

// Told is where operators look after what the payment service is told.
type Told struct {
	*Site
	Reports       *usage.Service
	Subscriptions *subscription.Service
}

// Show shows how it goes, what is parked, and what the last comparisons found.
func (p Told) Show(c *fiber.Ctx) error {
	ctx := c.UserContext()
	out := themes.ToldPage{All: query(c, "all") != "", Names: map[uid.ID]string{}}
	var err error
	if out.Standing, err = p.Reports.Standing(ctx); err != nil {
		return err
	}
	if out.Parked, err = p.Reports.Parked(ctx, page.Request{Limit: page.MaxLimit}); err != nil {
		return err
	}
	if out.Comparisons, err = p.Reports.Comparisons(ctx, !out.All, after(c)); err != nil {
		return err
	}
	var ids []uid.ID
	for _, r := range out.Parked.Items {
		ids = append(ids, r.TenantID)
	}
	for _, r := range out.Comparisons.Items {
		ids = append(ids, r.TenantID)
	}
	if out.Names, err = p.Subscriptions.Names(ctx, ids); err != nil {
		return err
	}
	return p.show(c, out)
}

// Retry sends what is parked again.
func (p Told) Retry(c *fiber.Ctx) error {
	report, err := id(c, "report")
	if err != nil {
		return err
	}
	if _, err := p.Reports.Retry(c.UserContext(), report); err != nil {
		return err
	}
	return p.done(c, ToldPath, themes.FlashReportRetried, "")
}
