package stripe

import (
	"context"
	"strings"

	stripego "github.com/stripe/stripe-go/v76"

	"lyceum/billing"
	"lyceum/billing/money"
	"lyceum/billing/provider"
)

// Invoices lists a customer's, the newest first.
func (s *Stripe) Invoices(ctx context.Context, customer, after string, limit int) ([]provider.Invoice, error) {
	params := &stripego.InvoiceListParams{ListParams: s.lists(ctx, int64(min(max(limit, 1), 100))), Customer: &customer}
	if after != "" {
		params.StartingAfter = &after
	}
	params.AddExpand("data.charge")
	var out []provider.Invoice
	list := s.api.Invoices.List(params)
	for len(out) < limit && list.Next() {
		i, err := s.invoice(ctx, list.Invoice())
		if err != nil {
			return nil, err
		}
		out = append(out, i)
	}
	return out, s.failed(list.Err(), "list bills of %s", customer)
}

func (s *Stripe) invoice(ctx context.Context, i *stripego.Invoice) (provider.Invoice, error) {
	cur := money.Currency(strings.ToUpper(string(i.Currency)))
	out := provider.Invoice{
		Ref: i.ID, Number: i.Number, Status: string(i.Status), Total: money.Money{Minor: i.Total, Currency: cur}, Tax: money.Money{Minor: i.Tax, Currency: cur},
		PeriodStart: moment(i.PeriodStart), PeriodEnd: moment(i.PeriodEnd), CreatedAt: moment(i.Created), DueAt: some(i.DueDate), URL: i.HostedInvoiceURL, PDF: i.InvoicePDF,
	}
	if i.StatusTransitions != nil {
		out.PaidAt = some(i.StatusTransitions.PaidAt)
	}
	if i.Charge != nil {
		out.Receipt = i.Charge.ReceiptURL
	}
	lines, err := s.lines(ctx, i)
	if err != nil {
		return out, err
	}
	for n, l := range lines {
		// A bill's own period is the one before what its lines are for.
		if l.Period != nil && l.Type == stripego.InvoiceLineItemTypeSubscription && (n == 0 || !l.Proration) {
			out.PeriodStart, out.PeriodEnd = moment(l.Period.Start), moment(l.Period.End)
		}
		out.Lines = append(out.Lines, lineOf(l))
	}
	for _, d := range i.TotalDiscountAmounts {
		if d.Amount > 0 {
			out.Lines = append(out.Lines, provider.InvoiceLine{Text: discountName(i), Quantity: 1, Amount: money.Money{Minor: -d.Amount, Currency: cur}})
		}
	}
	return out, nil
}

func discountName(i *stripego.Invoice) string {
	if i.Discount != nil && i.Discount.Coupon != nil {
		if i.Discount.Coupon.Name != "" {
			return i.Discount.Coupon.Name
		}
		return i.Discount.Coupon.ID
	}
	return "Discount"
}

// lines are all of a bill's: the bill itself carries the first ten.
func (s *Stripe) lines(ctx context.Context, i *stripego.Invoice) ([]*stripego.InvoiceLineItem, error) {
	if i.Lines == nil {
		return nil, nil
	}
	if !i.Lines.HasMore || i.ID == "" {
		return i.Lines.Data, nil
	}
	var out []*stripego.InvoiceLineItem
	list := s.api.Invoices.ListLines(&stripego.InvoiceListLinesParams{ListParams: s.lists(ctx, 100), Invoice: &i.ID})
	for list.Next() {
		out = append(out, list.InvoiceLineItem())
	}
	return out, s.failed(list.Err(), "list the lines of %s", i.ID)
}

func lineOf(l *stripego.InvoiceLineItem) provider.InvoiceLine {
	out := provider.InvoiceLine{Text: l.Description, Quantity: l.Quantity, Amount: money.Money{Minor: l.Amount, Currency: money.Currency(strings.ToUpper(string(l.Currency)))}}
	if l.Price != nil {
		out.Component, out.Meter = l.Price.Metadata[ofComponent], billing.Meter(l.Price.Metadata[ofMeter])
	}
	return out
}

// AddItem puts a line on the customer's next bill.
func (s *Stripe) AddItem(ctx context.Context, key string, in provider.Item) error {
	_, err := s.api.InvoiceItems.New(&stripego.InvoiceItemParams{
		Params: s.does(ctx, key), Customer: &in.Customer, Amount: &in.Amount.Minor, Currency: stripego.String(strings.ToLower(string(in.Amount.Currency))), Description: &in.Text,
		Period: &stripego.InvoiceItemPeriodParams{Start: unix(in.Period.Start), End: unix(in.Period.End())},
	})
	return s.failed(err, "add a line for %s", in.Customer)
}
