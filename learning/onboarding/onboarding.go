// Package onboarding is the first steps of a portal and how far they are. Each step is seen from what is there, never ticked
// by hand; only that one is to be left out is kept.
package onboarding

import (
	"context"
	"slices"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/tenant"
)

// Step is one of the first steps.
type Step string

// The steps, in order.
const (
	StepLook   Step = "look"    // the portal has its organization's look
	StepCourse Step = "course"  // a course is published
	StepPeople Step = "people"  // somebody else is here, or asked to come
	StepPlan   Step = "plan"    // a plan is chosen, where plans are sold
	StepSignOn Step = "sign_on" // a connection or directory is on, or IT has a link to set one up
)

// Steps lists them in order, with what one needs for each.
func Steps() []Need {
	return []Need{{StepLook, policy.BrandEdit}, {StepCourse, policy.CoursePublish}, {StepPeople, policy.PersonManage}, {StepSignOn, policy.ConnectionManage}, {StepPlan, policy.BillingManage}}
}

// Need is a step with the permission that it takes.
type Need struct {
	Step Step
	May  policy.Permission
}

// Facts is what is there.
type Facts struct {
	Looks     bool // the look was changed
	Courses   int  // published
	Drafts    int
	People    int // active, but for one
	Invited   int
	SignOn    int  // connections and directories that are on
	SetupLink int  // open links for IT
	Sold      bool // plans are sold to this portal
	Plan      bool // and one is chosen
}

// done tells whether a step is done by what is there.
func (f Facts) done(s Step) bool {
	switch s {
	case StepLook:
		return f.Looks
	case StepCourse:
		return f.Courses > 0
	case StepPeople:
		return f.People+f.Invited > 0
	case StepSignOn:
		return f.SignOn+f.SetupLink > 0
	case StepPlan:
		return f.Plan
	}
	return false
}

// Choices is what was chosen about the steps. It is kept as one JSON value in the tenant's settings.
type Choices struct {
	Skipped   []Step `json:"skipped"`
	Dismissed bool   `json:"dismissed"` // it is shown no more where it was not asked for
}

// Item is a step as it stands.
type Item struct {
	Step    Step
	Done    bool
	Skipped bool // left out, and not done
}

// Open tells that it is still to be done.
func (i Item) Open() bool { return !i.Done && !i.Skipped }

// List is how far the first steps are, for who asks: steps that they may not do are left out.
type List struct {
	Items     []Item
	Facts     Facts
	Dismissed bool
}

// Done counts what is done or left out.
func (l List) Done() int {
	n := 0
	for _, i := range l.Items {
		if !i.Open() {
			n++
		}
	}
	return n
}

// Finished tells whether nothing is left to do.
func (l List) Finished() bool { return l.Done() == len(l.Items) }

// Shows tells whether home has a word about it.
func (l List) Shows() bool { return len(l.Items) > 0 && !l.Dismissed && !l.Finished() }

// Item finds a step.
func (l List) Item(s Step) (Item, bool) {
	for _, i := range l.Items {
		if i.Step == s {
			return i, true
		}
	}
	return Item{}, false
}

// Keeper is what is needed kept; both join the running transaction of the tenant.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error
	// OnboardingOf reads what is there at a moment, and what was chosen.
	OnboardingOf(ctx context.Context, now time.Time) (Facts, Choices, error)
	SaveOnboarding(ctx context.Context, c Choices, at time.Time) error
}

// Service knows how far a portal is.
type Service struct {
	keep Keeper
	now  clock.Clock
	// Plan tells whether plans are sold to the tenant of ctx, and whether one was chosen; nil: nothing is sold.
	Plan func(ctx context.Context) (sold, chosen bool)
}

// New makes the service.
func New(keep Keeper, now clock.Clock) *Service { return &Service{keep: keep, now: now} }

// ErrNoStep is a name that no step has.
var ErrNoStep = fault.New(fault.KindNotFound, "onboarding_step_not_found", "There is no such step.")

// Look tells how far the portal is. It needs brand:edit, as owners and administrators have it.
func (s *Service) Look(ctx context.Context) (l List, err error) {
	if err := auth.Require(ctx, policy.BrandEdit); err != nil {
		return l, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		f, c, err := s.facts(ctx)
		if err == nil {
			l = list(ctx, f, c)
		}
		return err
	})
	return l, err
}

func (s *Service) facts(ctx context.Context) (Facts, Choices, error) {
	f, c, err := s.keep.OnboardingOf(ctx, s.now())
	if s.Plan != nil {
		f.Sold, f.Plan = s.Plan(ctx)
	}
	return f, c, err
}

func list(ctx context.Context, f Facts, c Choices) List {
	who, _ := auth.PrincipalFrom(ctx)
	l := List{Facts: f, Dismissed: c.Dismissed}
	for _, n := range Steps() {
		if who.May.Has(n.May) && (n.Step != StepPlan || f.Sold) {
			done := f.done(n.Step)
			l.Items = append(l.Items, Item{Step: n.Step, Done: done, Skipped: !done && slices.Contains(c.Skipped, n.Step)})
		}
	}
	return l
}

// Skip leaves a step out, or takes that back. ErrNoStep. It needs brand:edit. Event onboarding.changed.
func (s *Service) Skip(ctx context.Context, step Step, skip bool) (List, error) {
	if !slices.ContainsFunc(Steps(), func(n Need) bool { return n.Step == step }) {
		return List{}, ErrNoStep
	}
	return s.choose(ctx, func(c *Choices) {
		c.Skipped = slices.DeleteFunc(c.Skipped, func(other Step) bool { return other == step })
		if skip {
			c.Skipped = append(c.Skipped, step)
		}
	})
}

// Dismiss has home say nothing of it any more, or again. It needs brand:edit. Event onboarding.changed.
func (s *Service) Dismiss(ctx context.Context, dismiss bool) (List, error) {
	return s.choose(ctx, func(c *Choices) { c.Dismissed = dismiss })
}

func (s *Service) choose(ctx context.Context, change func(*Choices)) (l List, err error) {
	if err := auth.Require(ctx, policy.BrandEdit); err != nil {
		return l, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		now := s.now()
		f, c, err := s.facts(ctx)
		if err != nil {
			return err
		}
		change(&c)
		if err := s.keep.SaveOnboarding(ctx, c, now); err != nil {
			return err
		}
		l = list(ctx, f, c)
		t, _ := tenant.From(ctx)
		e, err := event.New(ctx, now, "onboarding.changed", "tenant", t.ID, map[string]any{"skipped": c.Skipped, "dismissed": c.Dismissed})
		if err != nil {
			return err
		}
		return s.keep.AppendEvents(ctx, e)
	})
	return l, err
}
