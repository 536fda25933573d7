package subscription

import (
	"context"
	"slices"

	"lyceum/billing/provider"
	"lyceum/internal/uid"
)

// Refusal is why a subscription cannot be moved to another version; "" when it can.
type Refusal string

// The refusals.
const (
	RefusedErased   Refusal = "erased"
	RefusedCurrency Refusal = "currency" // the provider collects, in another currency
	RefusedAddOn    Refusal = "add_on"   // it booked what the other version does not have
)

// Refuses says why a subscription that is on one version cannot be moved to another.
func (s Subscription) Refuses(from, to provider.Offer) Refusal {
	if s.State == StateErased {
		return RefusedErased
	}
	if s.ProviderRef != "" && alive(s.ProviderState) && from.Version.Currency != to.Version.Currency {
		return RefusedCurrency
	}
	for _, a := range s.AddOns {
		has := false
		for _, c := range to.Version.Components {
			has = has || c.AddOn && c.Code == a.Component
		}
		if !has {
			return RefusedAddOn
		}
	}
	return ""
}

// Migrate moves a subscription that is on one version to another, as an operator wants it for all that are on it. Nothing
// else changes: how it pays, what it booked, where it stands and what is unpaid. Where the provider collects it is moved
// there first. One that is not on from, any more or yet, is left alone: moved is false. ErrWrongState when it cannot be moved.
func (s *Service) Migrate(ctx context.Context, tenantID, from, to uid.ID) (moved bool, err error) {
	before, err := s.read(ctx, tenantID)
	if err != nil || before.VersionID == nil || *before.VersionID != from {
		return false, err
	}
	old, err := s.offer(ctx, &from)
	if err != nil {
		return false, err
	}
	target, err := s.offer(ctx, &to)
	if err != nil {
		return false, err
	}
	if old == nil || target == nil {
		return false, ErrNoPlan
	}
	if why := before.Refuses(*old, *target); why != "" {
		return false, ErrWrongState
	}
	if before.ProviderRef != "" && alive(before.ProviderState) {
		if s.Provider == nil {
			return false, ErrNoPayments
		}
		move := provider.Move{Subscription: before.ProviderRef, Version: target.Version, AddOns: slices.Clone(before.AddOns), At: s.Now()}
		if _, err := s.Provider.Move(ctx, key("migrate", before, to), move); err != nil {
			return false, err
		}
	}
	_, err = s.change(ctx, tenantID, func(ctx context.Context, sub *Subscription) error {
		if sub.VersionID == nil || *sub.VersionID != from {
			return errUnchanged
		}
		moved = true
		sub.VersionID = &to
		data := map[string]string{"plan": target.Plan.Code, "from": from.String(), "to": to.String()}
		if err := s.note(ctx, "subscription.migrated", sub, data); err != nil {
			return err
		}
		if err := s.write(ctx, sub, "moved", to.String(), false, LetterData{Plan: target.Plan.Name}); err != nil {
			return err
		}
		return s.save(ctx, sub)
	})
	return moved && err == nil, err
}
