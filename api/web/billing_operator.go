package web

import (
	"context"
	"encoding/csv"
	"fmt"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/billing/provider"
	"lyceum/billing/subscription"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/tenant"
	"lyceum/themes"
)

// OperatorBilling is where operators look after subscriptions.
type OperatorBilling struct {
	*Site
	Subscriptions *subscription.Service
	Tenants       *tenant.Service
	// Sold lists what operators may put an organization on; nil: what customers may choose.
	Sold func(ctx context.Context) ([]provider.Offer, error)
}

// Overview shows how the platform does.
func (o OperatorBilling) Overview(c *fiber.Ctx) error {
	overview, err := o.Subscriptions.Overview(c.UserContext())
	if err != nil {
		return err
	}
	return o.show(c, themes.OperatorBillingPage{Overview: overview, Live: o.Subscriptions.Live()})
}

// List lists subscriptions.
func (o OperatorBilling) List(c *fiber.Ctx) error {
	f := subscription.Filter{State: subscription.State(query(c, "state")), Query: query(c, "q"), Page: after(c)}
	list, err := o.Subscriptions.List(c.UserContext(), f)
	if err != nil {
		return err
	}
	return o.show(c, themes.SubscriptionsPage{Query: f.Query, State: f.State, Subscriptions: list})
}

// CSV sends all subscriptions as a table.
func (o OperatorBilling) CSV(c *fiber.Ctx) error {
	var out strings.Builder
	w := csv.NewWriter(&out)
	_ = w.Write([]string{"slug", "name", "state", "collect", "plan_version", "since", "trial_end", "period_end", "cancel_at", "erase_at", "held", "customer", "subscription", "billing_email"})
	day := func(at *time.Time) string {
		if at == nil {
			return ""
		}
		return at.UTC().Format(time.RFC3339)
	}
	f := subscription.Filter{State: subscription.State(query(c, "state")), Query: query(c, "q"), Page: page.Request{Limit: page.MaxLimit}}
	for {
		list, err := o.Subscriptions.List(c.UserContext(), f)
		if err != nil {
			return err
		}
		for _, s := range list.Items {
			version := ""
			if s.VersionID != nil {
				version = s.VersionID.String()
			}
			_ = w.Write([]string{
				s.TenantSlug, cell(s.TenantName), string(s.State), string(s.Collect), version, day(&s.Since), day(s.TrialEnd), day(s.PeriodEnd), day(s.CancelAt), day(s.EraseAt),
				fmt.Sprint(s.Held), s.CustomerRef, s.ProviderRef, cell(s.BillingEmail),
			})
		}
		if f.Page.After = list.Next; list.Next == "" {
			break
		}
	}
	w.Flush()
	c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8; header=present")
	c.Set(fiber.HeaderContentDisposition, fmt.Sprintf("attachment; filename=%q", "subscriptions-"+o.now().UTC().Format(time.DateOnly)+".csv"))
	noStore(c)
	return c.SendString(out.String())
}

// cell keeps a spreadsheet from taking a text for a formula.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

func (o OperatorBilling) page(c *fiber.Ctx) (themes.SubscriptionPage, error) {
	tenantID, err := id(c, "tenant")
	if err != nil {
		return themes.SubscriptionPage{}, err
	}
	a, err := o.Subscriptions.Look(c.UserContext(), tenantID)
	if err == nil && o.Sold != nil {
		a.Offers, err = o.Sold(c.UserContext())
	}
	return themes.SubscriptionPage{Account: a}, err
}

// Show shows one.
func (o OperatorBilling) Show(c *fiber.Ctx) error {
	p, err := o.page(c)
	if err != nil {
		return err
	}
	return o.show(c, p)
}

// change does something to a subscription, and shows it again when that was refused.
func (o OperatorBilling) change(c *fiber.Ctx, key themes.FlashKey, do func(tenantID uid.ID, f form) (name string, err error)) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := o.page(c)
	if err != nil {
		return err
	}
	name, err := do(p.Account.TenantID, f)
	if err != nil {
		p.Form = themes.SubscriptionForm{Reason: f.get("reason"), Days: f.get("days"), Version: f.get("version"), Collect: f.get("collect")}
		return o.refused(c, err, func(found *fault.Fault) themes.Page { p.Problem = found; return p })
	}
	if name == "" {
		name = p.Account.TenantName
	}
	return o.done(c, "/operator/billing/subscriptions/"+p.Account.TenantID.String(), key, name)
}

// Hold stops the clock.
func (o OperatorBilling) Hold(c *fiber.Ctx) error {
	return o.change(c, themes.FlashHeld, func(t uid.ID, f form) (string, error) {
		_, err := o.Subscriptions.Hold(c.UserContext(), t, f.get("reason"))
		return "", err
	})
}

// Release lets it go on.
func (o OperatorBilling) Release(c *fiber.Ctx) error {
	return o.change(c, themes.FlashReleased, func(t uid.ID, _ form) (string, error) {
		_, err := o.Subscriptions.Release(c.UserContext(), t)
		return "", err
	})
}

// ExtendTrial gives more days.
func (o OperatorBilling) ExtendTrial(c *fiber.Ctx) error {
	return o.change(c, themes.FlashTrialExtended, func(t uid.ID, f form) (string, error) {
		wrong := fault.Fields{}
		days := f.number(wrong, "days")
		if err := wrong.Err(); err != nil {
			return "", err
		}
		_, err := o.Subscriptions.ExtendTrial(c.UserContext(), t, days)
		return "", err
	})
}

// Assign puts an organization on a plan.
func (o OperatorBilling) Assign(c *fiber.Ctx) error {
	return o.change(c, themes.FlashAssigned, func(t uid.ID, f form) (string, error) {
		var version *uid.ID
		if text := f.get("version"); text != "" {
			parsed, ok := uid.Parse(text)
			if !ok {
				return "", subscription.ErrNoPlan
			}
			version = &parsed
		}
		_, err := o.Subscriptions.Assign(c.UserContext(), t, version, subscription.Collect(f.get("collect")))
		return "", err
	})
}

// Mark notes what became of a bill.
func (o OperatorBilling) Mark(c *fiber.Ctx) error {
	return o.change(c, themes.FlashInvoiceChanged, func(t uid.ID, f form) (string, error) {
		i, err := o.Subscriptions.Mark(c.UserContext(), t, c.Params("ref"), f.get("as"))
		return i.Number, err
	})
}
