package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	stripego "github.com/stripe/stripe-go/v76"

	"lyceum/billing/provider"
)

// EnsureCustomer makes the tenant's customer, or brings it up to date. One that was made before and forgotten is found again
// by the tenant's id. Tax ids are added; one of the same kind is replaced, others stay: the payer may have added them there.
func (s *Stripe) EnsureCustomer(ctx context.Context, c provider.Customer) (string, error) {
	ref := c.Ref
	if ref == "" {
		var err error
		if ref, err = s.customer(ctx, c); err != nil {
			return "", err
		}
	}
	params := &stripego.CustomerParams{
		Params: s.sets(ctx), Name: &c.Name, Email: &c.Email, Metadata: map[string]string{ofTenant: c.TenantID.String()},
	}
	if c.Locale != "" {
		params.PreferredLocales = []*string{&c.Locale}
	}
	if a := c.Address; a.Country != "" {
		params.Address = &stripego.AddressParams{Line1: &a.Line1, Line2: &a.Line2, PostalCode: &a.PostalCode, City: &a.City, State: &a.State, Country: &a.Country}
	}
	if _, err := s.api.Customers.Update(ref, params); err != nil {
		return "", s.failed(err, "update customer %s", ref)
	}
	return ref, s.taxIDs(ctx, ref, c.TaxIDs)
}

// Forget deletes the customer: Stripe ends their subscriptions, forgets how they pay, and keeps the bills.
func (s *Stripe) Forget(ctx context.Context, customer string) error {
	_, err := s.api.Customers.Del(customer, &stripego.CustomerParams{Params: s.sets(ctx)})
	var e *stripego.Error
	if errors.As(err, &e) && e.HTTPStatusCode == http.StatusNotFound {
		return nil
	}
	return s.failed(err, "delete customer %s", customer)
}

// customer finds or makes one. What is made carries nothing that may change, so that the same key has the same wish.
func (s *Stripe) customer(ctx context.Context, c provider.Customer) (string, error) {
	search := &stripego.CustomerSearchParams{SearchParams: stripego.SearchParams{Context: ctx, Query: fmt.Sprintf("metadata['%s']:'%s'", ofTenant, c.TenantID)}}
	if s.Account != "" {
		search.SetStripeAccount(s.Account)
	}
	list := s.api.Customers.Search(search)
	if list.Next() {
		return list.Customer().ID, nil
	}
	if err := list.Err(); err != nil {
		return "", s.failed(err, "search the customer of %s", c.TenantID)
	}
	made, err := s.api.Customers.New(&stripego.CustomerParams{
		Params: s.does(ctx, "customer:"+c.TenantID.String()), Metadata: map[string]string{ofTenant: c.TenantID.String()},
	})
	if err != nil {
		return "", s.failed(err, "make a customer of %s", c.TenantID)
	}
	return made.ID, nil
}

func (s *Stripe) taxIDs(ctx context.Context, ref string, want []provider.TaxID) error {
	if len(want) == 0 {
		return nil
	}
	there := map[provider.TaxID]bool{}
	kinds := map[string]bool{}
	for _, t := range want {
		kinds[t.Kind] = true
	}
	list := s.api.TaxIDs.List(&stripego.TaxIDListParams{ListParams: s.lists(ctx, 100), Customer: &ref})
	var old []string
	for list.Next() {
		have := provider.TaxID{Kind: string(list.TaxID().Type), Value: list.TaxID().Value}
		there[have] = true
		if kinds[have.Kind] && !contains(want, have) {
			old = append(old, list.TaxID().ID)
		}
	}
	if err := list.Err(); err != nil {
		return s.failed(err, "list tax ids of %s", ref)
	}
	for _, t := range want {
		if there[t] {
			continue
		}
		params := &stripego.TaxIDParams{Params: s.sets(ctx), Customer: &ref, Type: &t.Kind, Value: &t.Value}
		if _, err := s.api.TaxIDs.New(params); err != nil {
			return s.failed(err, "add a tax id to %s", ref)
		}
	}
	for _, id := range old {
		if _, err := s.api.TaxIDs.Del(id, &stripego.TaxIDParams{Params: s.sets(ctx), Customer: &ref}); err != nil {
			return s.failed(err, "remove a tax id of %s", ref)
		}
	}
	return nil
}

func contains(list []provider.TaxID, t provider.TaxID) bool {
	for _, other := range list {
		if other == t {
			return true
		}
	}
	return false
}

// Portal gives the address of Stripe's portal for a customer. What may be done there is set up in the account; changing plans
// should be switched off: it is done here.
func (s *Stripe) Portal(ctx context.Context, customer, returnURL string) (string, error) {
	made, err := s.api.BillingPortalSessions.New(&stripego.BillingPortalSessionParams{Params: s.sets(ctx), Customer: &customer, ReturnURL: &returnURL})
	if err != nil {
		return "", s.failed(err, "open the portal of %s", customer)
	}
	return made.URL, nil
}
