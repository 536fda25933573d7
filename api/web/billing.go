package web

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/problem"
	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/billing/money"
	"lyceum/billing/provider"
	"lyceum/billing/subscription"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// BillingPath is where a portal's billing stands.
const BillingPath = "/settings/billing"

// Billing is a portal's plan, its costs and bills.
type Billing struct {
	*Site
	Subscriptions *subscription.Service
}

func (b Billing) page(c *fiber.Ctx) (themes.BillingPage, error) {
	a, err := b.Subscriptions.Account(c.UserContext())
	if err != nil {
		return themes.BillingPage{}, err
	}
	f := themes.BillingForm{
		Email: a.BillingEmail, Line1: a.Address.Line1, Line2: a.Address.Line2, PostalCode: a.Address.PostalCode, City: a.Address.City,
		State: a.Address.State, Country: a.Address.Country,
	}
	if len(a.TaxIDs) > 0 {
		f.TaxKind, f.TaxID = a.TaxIDs[0].Kind, a.TaxIDs[0].Value
	}
	if a.BudgetMinor != nil {
		f.Budget = money.Money{Minor: *a.BudgetMinor, Currency: currencyOf(a)}.Decimal()
	}
	return themes.BillingPage{Account: a, Form: f, Returned: query(c, "checkout") == "done"}, nil
}

func currencyOf(a subscription.Account) money.Currency {
	if a.Offer == nil {
		return "EUR"
	}
	return a.Offer.Version.Currency
}

// Show shows it.
func (b Billing) Show(c *fiber.Ctx) error {
	p, err := b.page(c)
	if err != nil {
		return err
	}
	postsTo(c, "") // its buttons lead on to the payment service
	return b.show(c, p)
}

// change does something and shows the page again when that was refused.
func (b Billing) change(c *fiber.Ctx, do func(f form) (themes.FlashKey, string, error)) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	key, name, err := do(f)
	if err == nil {
		return b.done(c, BillingPath, key, name)
	}
	if _, ok := problem.Shown(err); !ok {
		return err
	}
	p, wrong := b.page(c)
	if wrong != nil {
		return wrong
	}
	for field, typed := range map[string]*string{
		"email": &p.Form.Email, "street": &p.Form.Line1, "addition": &p.Form.Line2, "postal_code": &p.Form.PostalCode, "city": &p.Form.City,
		"state": &p.Form.State, "country": &p.Form.Country, "tax_id": &p.Form.TaxID, "coupon": &p.Form.Coupon, "budget": &p.Form.Budget,
	} {
		if len(f.all(field)) > 0 {
			*typed = f.get(field)
		}
	}
	return b.refused(c, err, func(found *fault.Fault) themes.Page { p.Problem = found; return p })
}

// Cancel ends the subscription with its period, or now.
func (b Billing) Cancel(c *fiber.Ctx) error {
	return b.change(c, func(f form) (themes.FlashKey, string, error) {
		when := f.get("when")
		if when != "now" && when != "period" {
			return "", "", problem.ErrBadRequest
		}
		_, err := b.Subscriptions.Cancel(c.UserContext(), when == "now")
		if when == "now" {
			return themes.FlashCancelled, "", err
		}
		return themes.FlashCancelPlanned, "", err
	})
}

// Continue takes a planned cancellation back.
func (b Billing) Continue(c *fiber.Ctx) error {
	return b.change(c, func(form) (themes.FlashKey, string, error) {
		_, err := b.Subscriptions.Continue(c.UserContext())
		return themes.FlashContinued, "", err
	})
}

// Coupon redeems one.
func (b Billing) Coupon(c *fiber.Ctx) error {
	return b.change(c, func(f form) (themes.FlashKey, string, error) {
		sub, err := b.Subscriptions.Redeem(c.UserContext(), f.get("coupon"))
		return themes.FlashCouponApplied, sub.Coupon, err
	})
}

// Details writes who the bill goes to.
func (b Billing) Details(c *fiber.Ctx) error {
	return b.change(c, func(f form) (themes.FlashKey, string, error) {
		d := subscription.Details{Email: f.get("email"), TaxIDs: []provider.TaxID{{Kind: f.get("tax_kind"), Value: f.get("tax_id")}}, Address: provider.Address{
			Line1: f.get("street"), Line2: f.get("addition"), PostalCode: f.get("postal_code"), City: f.get("city"), State: f.get("state"), Country: f.get("country"),
		}}
		_, err := b.Subscriptions.SetDetails(c.UserContext(), d)
		return themes.FlashDetailsSaved, "", err
	})
}

// Budget sets the alert.
func (b Billing) Budget(c *fiber.Ctx) error {
	return b.change(c, func(f form) (themes.FlashKey, string, error) {
		a, err := b.Subscriptions.Account(c.UserContext())
		if err != nil {
			return "", "", err
		}
		minor, err := subscription.ParseBudget(f.get("budget"), currencyOf(a))
		if err == nil {
			_, err = b.Subscriptions.SetBudget(c.UserContext(), minor)
		}
		return themes.FlashBudgetSaved, "", err
	})
}

// Portal leads to the payment service.
func (b Billing) Portal(c *fiber.Ctx) error {
	url, err := b.Subscriptions.Portal(c.UserContext())
	if err != nil {
		return b.change(c, func(form) (themes.FlashKey, string, error) { return "", "", err })
	}
	return b.to(c, url)
}

// Plans shows what may be chosen.
func (b Billing) Plans(c *fiber.Ctx) error {
	a, err := b.Subscriptions.Account(c.UserContext())
	if err != nil {
		return err
	}
	return b.show(c, themes.PlansPage{Account: a})
}

// addOns reads add.<code>=<number>.
func addOns(get func(name string) string, o provider.Offer) (booked []provider.AddOn, shown []themes.AddOnChoice, err error) {
	wrong := fault.Fields{}
	for _, k := range o.Version.Components {
		if !k.AddOn {
			continue
		}
		text, n := strings.TrimSpace(get("add."+k.Code)), int64(0)
		if text != "" {
			var bad error
			n, bad = strconv.ParseInt(text, 10, 64)
			wrong.Check(bad == nil, "add_ons", "Enter a whole number.")
		}
		shown = append(shown, themes.AddOnChoice{Component: k, Quantity: n})
		if n != 0 {
			booked = append(booked, provider.AddOn{Component: k.Code, Quantity: n})
		}
	}
	return booked, shown, wrong.Err()
}

// planPage reads a plan with what it would cost.
func (b Billing) planPage(c *fiber.Ctx, version uid.ID, get func(string) string) (p themes.PlanPage, choice subscription.Choice, err error) {
	ctx := c.UserContext()
	if p.Account, err = b.Subscriptions.Account(ctx); err != nil {
		return p, choice, err
	}
	choice.VersionID = version
	if p.Offer, p.Tried, err = b.Subscriptions.Simulate(ctx, choice); err != nil {
		return p, choice, err
	}
	var wrong error
	if choice.AddOns, p.AddOns, wrong = addOns(get, p.Offer); wrong != nil {
		p.Problem = fault.Of(wrong)
		return p, choice, nil
	}
	if len(choice.AddOns) > 0 {
		if _, p.Tried, err = b.Subscriptions.Simulate(ctx, choice); err != nil {
			return p, choice, err
		}
	}
	if p.Paying() && !p.Current() {
		preview, err := b.Subscriptions.Preview(ctx, choice)
		if err == nil {
			p.Preview = &preview
		} else if p.Problem = fault.Of(err); p.Problem.Kind == fault.KindInternal {
			return p, choice, err
		}
	}
	return p, choice, nil
}

// Plan shows one, and what it would have cost.
func (b Billing) Plan(c *fiber.Ctx) error {
	version, err := id(c, "version")
	if err != nil {
		return err
	}
	p, _, err := b.planPage(c, version, func(name string) string { return query(c, name) })
	if err != nil {
		return err
	}
	postsTo(c, "")
	return b.show(c, p)
}

// chosen does something with the plan that was chosen, and shows it again when that was refused.
func (b Billing) chosen(c *fiber.Ctx, do func(themes.PlanPage, subscription.Choice) error) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	version, ok := uid.Parse(f.get("version"))
	if !ok {
		return subscription.ErrNoPlan
	}
	p, choice, err := b.planPage(c, version, f.get)
	if err != nil {
		return err
	}
	choice.Coupon, p.Coupon = f.get("coupon"), f.get("coupon")
	if p.Problem == nil {
		err = do(p, choice)
	} else {
		err = p.Problem
	}
	if err == nil {
		return nil
	}
	postsTo(c, "")
	return b.refused(c, err, func(found *fault.Fault) themes.Page { p.Problem = found; return p })
}

// Checkout leads to where it is paid.
func (b Billing) Checkout(c *fiber.Ctx) error {
	return b.chosen(c, func(_ themes.PlanPage, choice subscription.Choice) error {
		url, err := b.Subscriptions.Checkout(c.UserContext(), choice)
		if err != nil {
			return err
		}
		return b.to(c, url)
	})
}

// Move changes the plan.
func (b Billing) Move(c *fiber.Ctx) error {
	return b.chosen(c, func(p themes.PlanPage, choice subscription.Choice) error {
		if _, err := b.Subscriptions.Move(c.UserContext(), choice); err != nil {
			return err
		}
		return b.done(c, BillingPath, themes.FlashPlanMoved, p.Offer.Plan.Name)
	})
}

// Invoice shows a bill.
func (b Billing) Invoice(c *fiber.Ctx) error {
	i, sub, err := b.Subscriptions.Invoice(c.UserContext(), c.Params("ref"))
	if err != nil {
		return err
	}
	return b.show(c, themes.InvoicePage{Invoice: i, Subscription: sub, Live: b.Subscriptions.Live()})
}

// InvoicePDF sends a bill of our own as a document.
func (b Billing) InvoicePDF(c *fiber.Ctx) error {
	i, sub, err := b.Subscriptions.Invoice(c.UserContext(), c.Params("ref"))
	if err != nil {
		return err
	}
	if i.Source != subscription.SourceOwn {
		return subscription.ErrInvoiceNotFound
	}
	pdf, err := subscription.PDF(i, sub, b.Subscriptions.Live(), b.view(c).Locale)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/pdf")
	c.Set(fiber.HeaderContentDisposition, fmt.Sprintf("inline; filename=%q", i.Number+".pdf"))
	noStore(c)
	return c.Send(pdf)
}

// Mandatory is a course that stays reachable on a portal that is closed for its bill.
type Mandatory = themes.MandatoryCourse

// Unpaid answers on a portal that is closed for its bill.
func (s *Site) Unpaid(c *fiber.Ctx, left []Mandatory, bill bool) error {
	_, known := auth.PrincipalFrom(c.UserContext())
	c.Set(fiber.HeaderCacheControl, "no-store")
	return s.showWith(c, fiber.StatusForbidden, themes.SuspendedPage{Contact: visit.Of(c).Tenant.ContactEmail, Unpaid: true, Bill: bill, SignIn: !known, Courses: left})
}
