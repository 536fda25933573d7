package offer

import (
	"context"
	"slices"
	"strconv"

	"lyceum/billing"
	"lyceum/billing/plan"
	"lyceum/internal/uid"
)

const learners = billing.MeterActiveLearner

// Listed is a plan with its versions, the newest first.
type Listed struct {
	plan.Plan
	Versions    []plan.Version
	Subscribers map[uid.ID]int // organizations on each version
}

// Draft gives the version that is being written; nil: none is.
func (l Listed) Draft() *plan.Version { return l.find(plan.StatusDraft) }

// Current gives the newest published version; nil: nothing is on sale.
func (l Listed) Current() *plan.Version { return l.find(plan.StatusPublished) }

func (l Listed) find(s plan.Status) *plan.Version {
	for i := range l.Versions {
		if l.Versions[i].Status == s {
			return &l.Versions[i]
		}
	}
	return nil
}

// All counts the organizations on any version.
func (l Listed) All() (n int) {
	for _, k := range l.Subscribers {
		n += k
	}
	return n
}

// List gives all plans, archived ones last.
func (s *Service) List(ctx context.Context) (out []Listed, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		plans, err := s.Keep.Plans(ctx)
		if err != nil {
			return err
		}
		out = make([]Listed, 0, len(plans))
		for _, p := range plans {
			l, err := s.listed(ctx, p)
			if err != nil {
				return err
			}
			out = append(out, l)
		}
		return nil
	})
	slices.SortStableFunc(out, func(a, b Listed) int {
		switch {
		case a.ArchivedAt == nil && b.ArchivedAt != nil:
			return -1
		case a.ArchivedAt != nil && b.ArchivedAt == nil:
			return 1
		}
		return 0
	})
	return out, err
}

func (s *Service) listed(ctx context.Context, p plan.Plan) (l Listed, err error) {
	l.Plan = p
	if l.Versions, err = s.Keep.PlanVersions(ctx, p.ID); err != nil {
		return l, err
	}
	ids := make([]uid.ID, 0, len(l.Versions))
	for _, v := range l.Versions {
		ids = append(ids, v.ID)
	}
	l.Subscribers, err = s.Keep.SubscribersOf(ctx, ids)
	return l, err
}

// Show gives a plan with its versions; ErrPlanNotFound.
func (s *Service) Show(ctx context.Context, id uid.ID) (l Listed, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		p, err := s.Keep.PlanByID(ctx, id)
		if err != nil {
			return err
		}
		l, err = s.listed(ctx, p)
		return err
	})
	return l, err
}

// Create makes a plan with an empty draft: a month, in the currency given.
func (s *Service) Create(ctx context.Context, p plan.Plan) (plan.Plan, error) {
	if err := p.Validate(); err != nil {
		return p, err
	}
	now := s.Now()
	p.ID, p.Revision, p.SignUp, p.CreatedAt, p.ArchivedAt = uid.New(), 1, false, now, nil
	return p, s.Keep.InControl(ctx, func(ctx context.Context) error {
		if err := s.Keep.InsertPlan(ctx, p); err != nil {
			return err
		}
		if err := s.Keep.InsertPlanVersion(ctx, s.blank(p.ID, 1)); err != nil {
			return err
		}
		return s.note(ctx, "plan.created", p, nil)
	})
}

// blank is a draft to begin with: a fixed sum, no limits.
func (s *Service) blank(planID uid.ID, number int) plan.Version {
	now := s.Now()
	return plan.Version{
		ID: uid.New(), PlanID: planID, Number: number, Status: plan.StatusDraft, Currency: "EUR", Interval: plan.Month, TrialDays: 14, Revision: 1, CreatedAt: now, UpdatedAt: now,
		Components: []plan.Component{{Code: "base", Name: "Base fee", Scheme: plan.Flat}}, Life: plan.DefaultLife(),
		Limits: plan.Limits{ActiveLearners: plan.Unlimited, StorageBytes: plan.Unlimited, APICalls: plan.Unlimited, VideoMinutes: plan.Unlimited, AITokens: plan.Unlimited, CustomDomains: plan.Unlimited},
	}
}

// Change writes name, position and whether customers may choose the plan. The code stays: machines know it.
func (s *Service) Change(ctx context.Context, in plan.Plan) (plan.Plan, error) {
	return s.change(ctx, in.ID, in.Revision, "plan.changed", func(p *plan.Plan) error {
		p.Name, p.Position, p.Public = in.Name, in.Position, in.Public
		return p.Validate()
	})
}

// change does something to a plan if it is still in the revision that was looked at; 0: in any.
func (s *Service) change(ctx context.Context, id uid.ID, revision int64, action string, do func(p *plan.Plan) error) (p plan.Plan, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		if p, err = s.Keep.PlanByID(ctx, id); err != nil {
			return err
		}
		if revision != 0 && p.Revision != revision {
			return ErrChanged
		}
		if err := do(&p); err != nil {
			return err
		}
		p.Revision++
		if err := s.Keep.SavePlan(ctx, p); err != nil {
			return err
		}
		return s.note(ctx, action, p, map[string]string{"name": p.Name, "public": strconv.FormatBool(p.Public)})
	})
	s.Drop()
	return p, err
}

// Archive takes a plan from sale: nobody new gets it, who has it keeps it.
func (s *Service) Archive(ctx context.Context, id uid.ID, revision int64) (plan.Plan, error) {
	return s.change(ctx, id, revision, "plan.archived", func(p *plan.Plan) error {
		if p.SignUp {
			return ErrSignUpPlan
		}
		now := s.Now()
		p.ArchivedAt = &now
		return nil
	})
}

// Restore brings an archived plan back.
func (s *Service) Restore(ctx context.Context, id uid.ID, revision int64) (plan.Plan, error) {
	return s.change(ctx, id, revision, "plan.restored", func(p *plan.Plan) error {
		p.ArchivedAt = nil
		return nil
	})
}

// SetSignUp chooses the plan on which new organizations begin their trial; nil: they are served free of charge. It needs a
// version that is on sale.
func (s *Service) SetSignUp(ctx context.Context, id *uid.ID) error {
	return s.Keep.InControl(ctx, func(ctx context.Context) error {
		if err := s.Keep.LockPlans(ctx); err != nil {
			return err
		}
		plans, err := s.Keep.Plans(ctx)
		if err != nil {
			return err
		}
		for _, p := range plans { // first the one that was it: there is at most one at any moment
			if p.SignUp && (id == nil || *id != p.ID) {
				if err := s.mark(ctx, p, false); err != nil {
					return err
				}
			}
		}
		if id == nil {
			return nil
		}
		at := slices.IndexFunc(plans, func(p plan.Plan) bool { return p.ID == *id })
		switch {
		case at < 0:
			return ErrPlanNotFound
		case plans[at].ArchivedAt != nil:
			return ErrArchived
		case plans[at].SignUp:
			return nil
		}
		l, err := s.listed(ctx, plans[at])
		if err != nil {
			return err
		}
		if l.Current() == nil {
			return ErrNotPublished
		}
		return s.mark(ctx, plans[at], true)
	})
}

func (s *Service) mark(ctx context.Context, p plan.Plan, signUp bool) error {
	p.SignUp = signUp
	p.Revision++
	if err := s.Keep.SavePlan(ctx, p); err != nil {
		return err
	}
	return s.note(ctx, "plan.sign_up_set", p, map[string]string{"sign_up": strconv.FormatBool(signUp)})
}
