package group

import (
	"context"
	"errors"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

// Preview is whom a rule takes.
type Preview struct {
	Count int
	First []Member // by name
}

const previewed = 10

// Preview tells whom a rule would take; nothing is written. It needs group:manage.
func (s *Service) Preview(ctx context.Context, r Rule) (out Preview, err error) {
	if err := auth.Require(ctx, policy.GroupManage); err != nil {
		return out, err
	}
	if err := r.Validate(); err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.resolve(ctx, &r); err != nil {
			return err
		}
		out.Count, out.First, err = s.keep.WhoFits(ctx, r, s.now(), previewed)
		return err
	})
	return out, err
}

// What follows asks nobody's permission: jobs do it.

// settle brings the members of a held group to its rule.
func (s *Service) settle(ctx context.Context, g *Group) error {
	came, went, err := s.keep.SettleMembers(ctx, g.ID, *g.Rule, s.now())
	if err != nil {
		return err
	}
	now := s.now()
	g.SettledAt, g.Members = &now, g.Members+len(came)-len(went)
	if err := s.keep.SetSettled(ctx, g.ID, now); err != nil {
		return err
	}
	return s.tellMoved(ctx, *g, came, went)
}

// Settle brings the members of one group to its rule, in a transaction of its own. A group that is gone, or has no rule, is
// no failure.
func (s *Service) Settle(ctx context.Context, id uid.ID) error {
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		g, err := s.keep.LockGroup(ctx, id)
		if errors.Is(err, auth.ErrGroupNotFound) || err == nil && g.Rule == nil {
			return nil
		}
		if err != nil {
			return err
		}
		return s.settle(ctx, &g)
	})
}

// SettleAll brings the members of every group by rule to it: what a day makes of “within 30 days”, and what no event told.
func (s *Service) SettleAll(ctx context.Context) error {
	return s.settleThose(ctx, func(*Rule) bool { return true })
}

// SettleAfter brings those groups to their rules that ask for another group, whose members changed.
func (s *Service) SettleAfter(ctx context.Context, group uid.ID) error {
	return s.settleThose(ctx, func(r *Rule) bool { return r.Asks(group) })
}

func (s *Service) settleThose(ctx context.Context, those func(*Rule) bool) error {
	all, err := s.ruled(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, g := range all {
		if those(g.Rule) {
			errs = append(errs, s.Settle(ctx, g.ID)) // one that fails keeps no other from being settled
		}
	}
	return errors.Join(errs...)
}

func (s *Service) ruled(ctx context.Context) (all []Group, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		all, err = s.keep.GroupsByRule(ctx)
		return err
	})
	return all, err
}

// SettlePerson brings one person into the groups whose rules take them and out of the others, after something changed about
// them. Groups whose rule looks at a chain of managers are settled whole.
func (s *Service) SettlePerson(ctx context.Context, person uid.ID) error {
	return s.settlePerson(ctx, person, func(*Rule) bool { return true })
}

// SettleLearner is SettlePerson for the groups whose rules ask what people completed, or which certificates they hold.
func (s *Service) SettleLearner(ctx context.Context, person uid.ID) error {
	return s.settlePerson(ctx, person, (*Rule).learned)
}

func (s *Service) settlePerson(ctx context.Context, person uid.ID, which func(*Rule) bool) error {
	all, err := s.ruled(ctx)
	if err != nil || len(all) == 0 {
		return err
	}
	var alone []Group
	for _, g := range all {
		if !which(g.Rule) {
			continue
		}
		if !g.Rule.wide() {
			alone = append(alone, g)
			continue
		}
		if err := s.Settle(ctx, g.ID); err != nil {
			return err
		}
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		stands, err := s.keep.Fits(ctx, alone, person, s.now())
		if err != nil {
			return err
		}
		for _, g := range alone { // by id: two jobs wait for each other and never for ever
			if stands[g.ID].Right() {
				continue
			}
			if err := s.putRight(ctx, g.ID, person); err != nil {
				return err
			}
		}
		return nil
	})
}

// putRight asks a group's rule of a person once more, with the group held, and puts them where it says.
func (s *Service) putRight(ctx context.Context, id, person uid.ID) error {
	g, err := s.keep.LockGroup(ctx, id)
	if errors.Is(err, auth.ErrGroupNotFound) || err == nil && g.Rule == nil {
		return nil
	}
	if err != nil {
		return err
	}
	stands, err := s.keep.Fits(ctx, []Group{g}, person, s.now())
	if err != nil {
		return err
	}
	return s.place(ctx, g, person, stands[id].Fits)
}

// place puts a person into a group or takes them out.
func (s *Service) place(ctx context.Context, g Group, person uid.ID, in bool) (err error) {
	var came, went []uid.ID
	if in {
		came, err = s.keep.Join(ctx, g.ID, []uid.ID{person})
	} else {
		went, err = s.keep.Leave(ctx, g.ID, []uid.ID{person})
	}
	if err != nil {
		return err
	}
	return s.tellMoved(ctx, g, came, went)
}
