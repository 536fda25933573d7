package subscription

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lyceum/auth/policy"
	"lyceum/billing"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/internal/uid"
)

// payWithin is how long who pays by bank transfer has.
const payWithin = 14

// Invoice finds a bill of the tenant of ctx. It needs billing:read.
func (s *Service) Invoice(ctx context.Context, ref string) (i Invoice, sub Subscription, err error) {
	if sub, _, err = s.mine(ctx, policy.BillingRead); err != nil {
		return i, sub, err
	}
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		i, err = s.Keep.InvoiceOf(ctx, sub.TenantID, ref)
		return err
	})
	return i, sub, err
}

// CopyInvoices takes over the newest bills of a customer from the provider, to be shown when it is away.
func (s *Service) CopyInvoices(ctx context.Context, tenantID uid.ID) error {
	sub, err := s.read(ctx, tenantID)
	if err != nil || sub.CustomerRef == "" || s.Provider == nil {
		return err
	}
	list, err := s.Provider.Invoices(ctx, sub.CustomerRef, "", 60)
	if err != nil {
		return fmt.Errorf("bills of %s: %w", sub.TenantSlug, err)
	}
	return s.Keep.InControl(ctx, func(ctx context.Context) error {
		for _, p := range list {
			if err := s.Keep.SaveInvoice(ctx, copied(tenantID, p)); err != nil {
				return err
			}
		}
		return nil
	})
}

// InvoiceChanged takes over a customer's bills after the provider said that one changed, and what that means for the
// subscription. A customer that is none of ours is left alone.
func (s *Service) InvoiceChanged(ctx context.Context, customerRef string) error {
	var sub Subscription
	err := s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		sub, err = s.Keep.SubscriptionByCustomer(ctx, customerRef)
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err == nil {
		err = s.CopyInvoices(ctx, sub.TenantID)
	}
	if err == nil && sub.ProviderRef != "" {
		err = s.Refresh(ctx, sub.ProviderRef)
	}
	return err
}

func copied(tenantID uid.ID, p provider.Invoice) Invoice {
	lines := p.Lines
	if lines == nil {
		lines = []provider.InvoiceLine{}
	}
	return Invoice{
		TenantID: tenantID, Ref: p.Ref, Number: p.Number, Source: SourceProvider, Status: p.Status, Currency: p.Total.Currency, TotalMinor: p.Total.Minor,
		TaxMinor: p.Tax.Minor, PeriodStart: p.PeriodStart, PeriodEnd: p.PeriodEnd, CreatedAt: p.CreatedAt, DueAt: p.DueAt, PaidAt: p.PaidAt,
		URL: p.URL, PDF: p.PDF, Receipt: p.Receipt, Lines: lines,
	}
}

// CopyAllInvoices does so for everyone who has a customer at the provider.
func (s *Service) CopyAllInvoices(ctx context.Context) error {
	return s.each(ctx, func(ctx context.Context, sub Subscription) error {
		if sub.CustomerRef == "" || sub.State == StateErased {
			return nil
		}
		return s.CopyInvoices(ctx, sub.TenantID)
	})
}

// writeBack is how many months are looked at for bills that were not written, should nothing have run for so long.
const writeBack = 3

// WriteInvoices writes the bills of the months that are over for everyone who pays by bank transfer: once each, as drafts
// until an operator sent them. The meters are given a day to be complete. Who once paid at the payment service gets the last
// month's only: those before may have been paid there.
func (s *Service) WriteInvoices(ctx context.Context) error {
	now := s.Now()
	running := billing.PeriodOf(now)
	if s.Rating == nil || now.Before(running.Start.AddDate(0, 0, 1)) {
		return nil
	}
	return s.each(ctx, func(ctx context.Context, sub Subscription) error {
		for back := writeBack; back >= 1; back-- {
			p := billing.Period{Start: running.Start.AddDate(0, -back, 0)}
			if !sub.owes(p) || back > 1 && sub.ProviderRef != "" {
				continue
			}
			if err := s.writeInvoice(ctx, sub, p); err != nil {
				return err
			}
		}
		return nil
	})
}

// owes tells whether a month is paid by a bill of our own.
func (s Subscription) owes(p billing.Period) bool {
	if s.Collect != CollectInvoice || s.VersionID == nil || s.State == StateTrial || s.State == StateErased || !s.CreatedAt.Before(p.End()) || !s.From(p).Before(p.End()) {
		return false
	}
	over := s.State.rank() >= StateCancelled.rank() && s.CancelledAt != nil && !s.CancelledAt.After(p.Start)
	return !over
}

func ownRef(p billing.Period) string { return "own-" + p.Start.Format("2006-01") }

func (s *Service) writeInvoice(ctx context.Context, sub Subscription, p billing.Period) error {
	offer, err := s.offer(ctx, sub.VersionID)
	if err != nil || offer == nil {
		return err
	}
	q, err := s.Rating.UsedFrom(ctx, sub.TenantID, p, sub.From(p))
	if err != nil {
		return err
	}
	bill, err := s.Rating.Bill(offer.Version, sub.AddOns, q)
	if err != nil {
		return err
	}
	return s.Keep.InControl(ctx, func(ctx context.Context) error {
		if _, err := s.Keep.LockSubscription(ctx, sub.TenantID); err != nil {
			return err
		}
		_, err := s.Keep.InvoiceOf(ctx, sub.TenantID, ownRef(p))
		if err == nil || !errors.Is(err, ErrInvoiceNotFound) {
			return err
		}
		n, err := s.Keep.OwnInvoiceCount(ctx, p.End().Year())
		if err != nil {
			return err
		}
		now := s.Now()
		i := Invoice{
			TenantID: sub.TenantID, Ref: ownRef(p), Number: fmt.Sprintf("%d-%05d", p.End().Year(), n+1), Source: SourceOwn, Status: "draft",
			Currency: offer.Version.Currency, TotalMinor: bill.Total.Minor, PeriodStart: p.Start, PeriodEnd: p.End(), CreatedAt: now, Lines: linesOf(bill),
		}
		if err := s.Keep.SaveInvoice(ctx, i); err != nil {
			return err
		}
		return s.note(ctx, "invoice.written", &sub, map[string]string{"number": i.Number, "total": i.Total().String()})
	})
}

func linesOf(b plan.Bill) []provider.InvoiceLine {
	out := []provider.InvoiceLine{}
	for _, l := range b.Lines {
		out = append(out, provider.InvoiceLine{Text: l.Name, Component: l.Component, Meter: l.Meter, Quantity: l.Units, Amount: l.Amount})
	}
	return out
}

// Mark notes what became of a bill of our own: sent, paid or void. Operators call it.
func (s *Service) Mark(ctx context.Context, tenantID uid.ID, ref, as string) (i Invoice, err error) {
	now := s.Now()
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		sub, err := s.Keep.LockSubscription(ctx, tenantID)
		if err != nil {
			return err
		}
		if i, err = s.Keep.InvoiceOf(ctx, tenantID, ref); err != nil {
			return err
		}
		if i.Source != SourceOwn {
			return ErrWrongState.Saying("This bill is the payment service's: it is paid there.")
		}
		if err := i.mark(as, now); err != nil {
			return err
		}
		if err := s.Keep.SaveInvoice(ctx, i); err != nil {
			return err
		}
		if as == "sent" {
			if err := s.write(ctx, &sub, "invoice", i.Ref, false, LetterData{Number: i.Number, Amount: i.Total().String(), At: i.DueAt}); err != nil {
				return err
			}
		}
		if err := s.note(ctx, "invoice."+as, &sub, map[string]string{"number": i.Number, "total": i.Total().String()}); err != nil || as != "paid" {
			return err
		}
		return s.back(ctx, &sub)
	})
	if err != nil {
		return i, err
	}
	s.Drop(tenantID)
	s.Keep.Announce(ctx, tenantID)
	return i, s.Advance(ctx, tenantID) // what was paid opens again at once
}

// back opens what was ended because nobody paid, once nothing is overdue any more. A bill that is written off opens nothing.
func (s *Service) back(ctx context.Context, sub *Subscription) error {
	if sub.State != StateCancelled && sub.State != StateRetained || sub.Cause != CauseNotPaid {
		return nil
	}
	overdue, err := s.Keep.OverdueInvoices(ctx, sub.TenantID, s.Now())
	if err != nil || overdue > 0 {
		return err
	}
	l, err := s.life(ctx, *sub)
	if err != nil {
		return err
	}
	return s.move(ctx, sub, StateActive, "paid", l)
}

func (i *Invoice) mark(as string, now time.Time) error {
	switch {
	case as == "sent" && i.Status == "draft":
		due := now.AddDate(0, 0, payWithin)
		i.Status, i.SentAt, i.DueAt = "open", &now, &due
	case as == "paid" && i.Status == "open":
		i.Status, i.PaidAt = "paid", &now
	case as == "void" && (i.Status == "open" || i.Status == "draft"):
		i.Status = "void"
	default:
		return ErrWrongState.Saying("A bill is a draft, then sent, then paid; a bill that is paid or void stays so.")
	}
	return nil
}

// Pending gives letters that are to be sent.
func (s *Service) Pending(ctx context.Context, n int) (list []Letter, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		list, err = s.Keep.LettersToSend(ctx, n)
		return err
	})
	return list, err
}

// Sent notes that a letter went out.
func (s *Service) Sent(ctx context.Context, id uid.ID) error {
	return s.Keep.InControl(ctx, func(ctx context.Context) error { return s.Keep.MarkLetterSent(ctx, id, s.Now()) })
}
