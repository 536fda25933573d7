package subscription

import (
	"context"
	"net/mail"
	"regexp"
	"slices"
	"strings"

	"lyceum/auth/policy"
	"lyceum/billing/provider"
	"lyceum/internal/fault"
)

// Details are who the bill goes to.
type Details struct {
	Email   string
	Address provider.Address
	TaxIDs  []provider.TaxID
}

var (
	countryRE = regexp.MustCompile(`^[A-Z]{2}$`)
	taxKindRE = regexp.MustCompile(`^[a-z]{2,3}_[a-z]{2,12}$`)
)

// Validate normalises and gathers every fault.
func (d *Details) Validate() error {
	f := fault.Fields{}
	d.Email = strings.TrimSpace(d.Email)
	if _, err := mail.ParseAddress(d.Email); err != nil || len(d.Email) > 254 {
		f.Add("email", "Enter a complete e-mail address, for example accounts@example.com.")
	}
	a := &d.Address
	for name, v := range map[string]*string{"street": &a.Line1, "addition": &a.Line2, "postal_code": &a.PostalCode, "city": &a.City, "state": &a.State} {
		*v = strings.TrimSpace(*v)
		f.Check(len([]rune(*v)) <= 200 && !strings.ContainsAny(*v, "\r\n\t"), name, "Use one line of at most 200 characters.")
	}
	a.Country = strings.ToUpper(strings.TrimSpace(a.Country))
	f.Check(a.Country == "" || countryRE.MatchString(a.Country), "country", "Write the country as its two letters, for example DE.")
	f.Check(a.Country != "" || a.Line1+a.City+a.PostalCode == "", "country", "An address needs its country.")
	d.TaxIDs = slices.DeleteFunc(d.TaxIDs, func(t provider.TaxID) bool { return strings.TrimSpace(t.Value) == "" })
	f.Check(len(d.TaxIDs) <= 5, "tax_id", "At most five tax ids are kept.")
	for i := range d.TaxIDs {
		t := &d.TaxIDs[i]
		t.Value = strings.ToUpper(strings.Join(strings.Fields(t.Value), ""))
		if t.Kind == "" {
			t.Kind = "eu_vat"
		}
		f.Check(taxKindRE.MatchString(t.Kind), "tax_id", "The kind of a tax id is written like eu_vat.")
		f.Check(len(t.Value) >= 4 && len(t.Value) <= 40, "tax_id", "A tax id has 4 to 40 characters, for example DE123456789.")
	}
	return f.Err()
}

// SetDetails writes who the bill goes to. It needs billing:manage.
func (s *Service) SetDetails(ctx context.Context, d Details) (Subscription, error) {
	sub, t, err := s.mine(ctx, policy.BillingManage)
	if err != nil {
		return sub, err
	}
	if err := d.Validate(); err != nil {
		return sub, err
	}
	sub, err = s.change(ctx, t.ID, func(ctx context.Context, sub *Subscription) error {
		sub.BillingEmail, sub.Address, sub.TaxIDs = d.Email, d.Address, d.TaxIDs
		if err := s.note(ctx, "subscription.details_changed", sub, nil); err != nil {
			return err
		}
		return s.save(ctx, sub)
	})
	if err != nil || sub.CustomerRef == "" || s.Provider == nil {
		return sub, err
	}
	return s.customer(ctx, sub, t)
}

// SetBudget has the owners told when a month's sum, or its forecast, passes an amount; nil: never. It needs billing:manage.
func (s *Service) SetBudget(ctx context.Context, minor *int64) (Subscription, error) {
	sub, t, err := s.mine(ctx, policy.BillingManage)
	if err != nil {
		return sub, err
	}
	if minor != nil && (*minor <= 0 || *minor > 1e12) {
		return sub, fault.Invalid(map[string]string{"budget": "Write an amount above zero, for example 250.00, or leave it empty."})
	}
	return s.change(ctx, t.ID, func(ctx context.Context, sub *Subscription) error {
		sub.BudgetMinor = minor
		if err := s.note(ctx, "subscription.budget_set", sub, nil); err != nil {
			return err
		}
		return s.save(ctx, sub)
	})
}
