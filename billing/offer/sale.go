package offer

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/billing/subscription"
	"lyceum/internal/uid"
)

// Version finds a version of any status; subscription.ErrNoPlan. What is published is remembered.
func (s *Service) Version(ctx context.Context, id uid.ID) (o provider.Offer, err error) {
	if o, ok := s.versions.Peek(id); ok {
		return o, nil
	}
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		if o.Version, err = s.Keep.PlanVersion(ctx, id); err != nil {
			return err
		}
		o.Plan, err = s.Keep.PlanByID(ctx, o.Version.PlanID)
		return err
	})
	if errors.Is(err, ErrVersionNotFound) {
		return o, subscription.ErrNoPlan
	}
	if err == nil && o.Version.Status != plan.StatusDraft {
		s.versions.Put(id, o)
	}
	return o, err
}

// Drop forgets what is remembered.
func (s *Service) Drop() { s.versions.Drop(nil) }

// onSale lists published versions of plans that are not archived, as they are shown: by the plan's place, a month before a
// year.
func (s *Service) onSale(ctx context.Context, which func(plan.Plan) bool) (out []provider.Offer, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		plans, err := s.Keep.Plans(ctx)
		if err != nil {
			return err
		}
		versions, err := s.Keep.PublishedVersions(ctx)
		if err != nil {
			return err
		}
		out = nil
		for _, p := range plans {
			if p.ArchivedAt != nil || !which(p) {
				continue
			}
			first := len(out)
			for _, v := range versions {
				if v.PlanID == p.ID {
					out = append(out, provider.Offer{Plan: p, Version: v})
				}
			}
			slices.SortFunc(out[first:], func(a, b provider.Offer) int {
				return cmp.Or(cmp.Compare(a.Version.Interval, b.Version.Interval), cmp.Compare(a.Version.Currency, b.Version.Currency))
			})
		}
		return nil
	})
	return out, err
}

// Offers lists what customers may choose, as it is shown.
func (s *Service) Offers(ctx context.Context) ([]provider.Offer, error) {
	return s.onSale(ctx, func(p plan.Plan) bool { return p.Public })
}

// All lists what is on sale, for operators: what customers may not choose too.
func (s *Service) All(ctx context.Context) ([]provider.Offer, error) {
	return s.onSale(ctx, func(plan.Plan) bool { return true })
}

// Trial gives the version that a sign-up begins with: the monthly one before the yearly of the plan that an operator marked;
// ok is false where there is none.
func (s *Service) Trial(ctx context.Context) (o provider.Offer, ok bool, err error) {
	list, err := s.onSale(ctx, func(p plan.Plan) bool { return p.SignUp })
	if err != nil || len(list) == 0 {
		return o, false, err
	}
	return list[0], true, nil
}
