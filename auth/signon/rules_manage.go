package signon

import (
	"context"
	"errors"
	"slices"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

const (
	groupRulesMax  = 100
	breakGlassMin  = 2
	breakGlassMax  = 10
	ruleAheadMax   = 2 * 366 * 24 * time.Hour
	rulesPeopleMax = 500
)

// Rules gives the organization's rules of sign-on. It needs security:manage.
func (s *Service) Rules(ctx context.Context) (r Rules, err error) {
	if err := auth.Require(ctx, policy.SecurityManage); err != nil {
		return r, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		r, err = s.Keep.SignOnRules(ctx)
		return err
	})
	return r, err
}

// Preview says whom rules would lock out.
type Preview struct {
	// Requires tells that the rules require anything of anybody, now or later.
	Requires bool
	// Owners are those whom the rules send to an identity provider over which they have never signed in, and who are not
	// named for emergencies.
	Owners []auth.Person
	// You tells that the same holds for who asks.
	You bool
	// Proven tells that an owner or administrator has signed in over a connection that is on.
	Proven bool
	// Spare tells that two owners who can open local sign-in are named.
	Spare bool
	// Unlinked is how many active people have never signed in over a connection that is on; All is how many there are.
	Unlinked, All int
}

// refuse is why rules with this preview are not set; nil when they may be.
func (p Preview) refuse(confirmed bool) error {
	switch {
	case !p.Requires:
		return nil
	case p.You:
		return ErrLocksYouOut
	case !p.Proven && !p.Spare:
		return ErrNoProvenWay
	case len(p.Owners) > 0 && !confirmed:
		return ErrLocksOwners
	}
	return nil
}

// RulesInput is the rules as they shall be, over the revision they were read with.
type RulesInput struct {
	Rules
	// Confirmed says that the list of owners who are locked out (Preview) was looked at.
	Confirmed bool
}

// PreviewSignOnRules says whom rules would lock out, and sets nothing. It needs security:manage.
func (s *Service) PreviewSignOnRules(ctx context.Context, in RulesInput) (p Preview, err error) {
	if err := auth.Require(ctx, policy.SecurityManage); err != nil {
		return p, err
	}
	if err := s.checkWishedRules(&in); err != nil {
		return p, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		p, err = s.previewOf(ctx, in.Rules)
		return err
	})
	return p, err
}

// SetRules sets the rules. It needs security:manage; naming owners for emergencies needs an owner (auth.ErrOwnersOnly).
// Rules that require are refused when they lock out who sets them (ErrLocksYouOut), when neither an owner or administrator
// has signed in over a connection that is on nor two owners are named for emergencies (ErrNoProvenWay), and, until that is
// confirmed, when they lock other owners out (ErrLocksOwners). ErrRulesChanged. Event sign_on.rules_changed with the rules
// before and after.
func (s *Service) SetRules(ctx context.Context, in RulesInput) (r Rules, err error) {
	if err := auth.Require(ctx, policy.SecurityManage); err != nil {
		return r, err
	}
	if err := s.checkWishedRules(&in); err != nil {
		return r, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		before, err := s.Keep.LockSignOnRules(ctx)
		if err != nil {
			return err
		}
		if before.Revision != in.Revision {
			return ErrRulesChanged
		}
		if err := s.checkNamed(ctx, before, in); err != nil {
			return err
		}
		look, err := s.previewOf(ctx, in.Rules)
		if err != nil {
			return err
		}
		if err := look.refuse(in.Confirmed); err != nil {
			return err
		}
		r = in.Rules
		r.Revision++
		if err := s.Keep.SaveSignOnRules(ctx, r, s.Now()); err != nil {
			return err
		}
		t, _ := tenant.From(ctx)
		return s.tell(ctx, "sign_on.rules_changed", "tenant", t.ID, map[string]any{"before": before, "after": r})
	})
	if err == nil {
		s.turned(ctx)
	}
	return r, err
}

// checkWishedRules gathers what is wrong with rules, and fills in the dates that are left out.
func (s *Service) checkWishedRules(in *RulesInput) (err error) {
	f := fault.Fields{}
	gather := func(r *Rule, field string) {
		checked, err := s.checkRule(*r, field)
		var wrong *fault.Fault
		if errors.As(err, &wrong) {
			for name, text := range wrong.Fields {
				f.Add(name, text)
			}
		}
		*r = checked
	}
	gather(&in.Portal, "from")
	f.Check(len(in.Groups) <= groupRulesMax, "groups", "100 groups are the most.")
	seen := map[uid.ID]bool{}
	in.Groups = slices.Clone(in.Groups)
	for i := range in.Groups {
		f.Check(in.Groups[i].Require != RequirementNone, "groups", "Choose optional or required for each group.")
		f.Check(!seen[in.Groups[i].GroupID], "groups", "This group stands here twice.")
		seen[in.Groups[i].GroupID] = true
		gather(&in.Groups[i].Rule, "groups")
	}
	in.BreakGlass = slices.Clone(in.BreakGlass)
	slices.SortFunc(in.BreakGlass, func(a, b uid.ID) int { return slices.Compare(a[:], b[:]) })
	in.BreakGlass = slices.Compact(in.BreakGlass)
	n := len(in.BreakGlass)
	f.Check(n == 0 || n >= breakGlassMin, "break_glass", "Name at least two owners: one alone cannot open local sign-in.")
	f.Check(n <= breakGlassMax, "break_glass", "Ten owners are the most.")
	return f.Err()
}

// checkRule notes at the field what is wrong with a rule; a rule without a date begins now.
func (s *Service) checkRule(r Rule, field string) (Rule, error) {
	now := s.Now()
	if !slices.Contains([]Requirement{RequirementNone, RequirementOptional, RequirementRequired}, r.Require) {
		return r, fault.Invalid(map[string]string{field: "Choose optional or required."})
	}
	switch {
	case r.Require == RequirementNone:
		r.From = nil
	case r.From == nil:
		r.From = &now
	case r.From.After(now.Add(ruleAheadMax)):
		return r, fault.Invalid(map[string]string{field: "Choose a day within the next two years."})
	}
	return r, nil
}

// checkNamed checks the groups of wished rules and the owners named for emergencies: each is an active owner with a password.
func (s *Service) checkNamed(ctx context.Context, before Rules, in RulesInput) error {
	f := fault.Fields{}
	for _, g := range in.Groups {
		if _, err := s.Keep.GroupByID(ctx, g.GroupID); errors.Is(err, auth.ErrGroupNotFound) {
			f.Add("groups", "There is no such group any more. Choose one from the list.")
		} else if err != nil {
			return err
		}
	}
	if !slices.Equal(before.BreakGlass, in.BreakGlass) {
		who, _ := auth.PrincipalFrom(ctx)
		if !slices.Contains(who.Roles, policy.Owner) {
			return auth.ErrOwnersOnly
		}
		for _, id := range in.BreakGlass {
			h, err := s.Keep.HolderByID(ctx, id)
			if err != nil && !errors.Is(err, auth.ErrPersonNotFound) {
				return err
			}
			f.Check(err == nil && canOpen(h), "break_glass", "Name active owners who have a password of their own here.")
		}
	}
	return f.Err()
}

// canOpen tells whether someone, when they are named, can take part in opening local sign-in.
func canOpen(h Holder) bool {
	return h.Status == auth.PersonActive && slices.Contains(h.Roles, policy.Owner) && h.PasswordHash != ""
}

// previewOf says whom rules would lock out at whatever time.
func (s *Service) previewOf(ctx context.Context, r Rules) (Preview, error) {
	domains, err := s.Keep.EmailDomains(ctx)
	if err != nil {
		return Preview{}, err
	}
	p := posture{rules: r, domains: map[string]Domain{}}
	times := []time.Time{s.Now()}
	note := func(r Rule) {
		if r.From != nil && r.From.After(s.Now()) {
			times = append(times, *r.From)
		}
	}
	note(r.Portal)
	for _, g := range r.Groups {
		note(g.Rule)
	}
	for _, d := range domains {
		if d.Verified() {
			p.domains[d.Domain] = d
			note(d.rule())
		}
	}
	if !slices.ContainsFunc(times, p.requires) {
		return Preview{}, nil
	}
	var failed error
	look, err := s.preview(ctx, r, func(h Holder) bool {
		var groups []uid.ID
		if len(r.Groups) > 0 {
			if groups, err = s.Gate.groupsOf(ctx, h.ID); err != nil {
				failed = err
			}
		}
		domain, _ := domainOf(h.Email)
		return slices.ContainsFunc(times, func(at time.Time) bool { return p.verdict(domain, groups, at).Require == RequirementRequired })
	})
	return look, errors.Join(err, failed)
}

// preview says which owners a rule that requires would lock out, of those whom it affects.
func (s *Service) preview(ctx context.Context, r Rules, affects func(Holder) bool) (p Preview, err error) {
	p.Requires = true
	runners, err := s.Keep.PeopleInRoles(ctx, []policy.Role{policy.Owner, policy.Admin}, rulesPeopleMax)
	if err != nil {
		return p, err
	}
	named := 0
	for _, h := range runners {
		if slices.Contains(r.BreakGlass, h.ID) && canOpen(h) {
			named++
		}
		p.Proven = p.Proven || h.Linked
	}
	p.Spare = named >= breakGlassMin
	out := func(h Holder) bool {
		return !h.Linked && !(p.Spare && slices.Contains(r.BreakGlass, h.ID) && canOpen(h)) && affects(h)
	}
	for _, h := range runners {
		if slices.Contains(h.Roles, policy.Owner) && out(h) {
			h.PasswordHash = ""
			p.Owners = append(p.Owners, h.Person)
		}
	}
	if who, ok := auth.PrincipalFrom(ctx); ok {
		you, err := s.Keep.HolderByID(ctx, who.PersonID)
		if err != nil {
			return p, err
		}
		p.You = out(you)
	}
	p.Unlinked, p.All, err = s.Keep.CountUnlinked(ctx)
	return p, err
}

// NamedOwners gives the owners who could be named for emergencies, or are, by name. It needs security:manage.
func (s *Service) NamedOwners(ctx context.Context) (list []Holder, err error) {
	if err := auth.Require(ctx, policy.SecurityManage); err != nil {
		return nil, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.Keep.PeopleInRoles(ctx, []policy.Role{policy.Owner}, rulesPeopleMax)
		return err
	})
	return list, err
}

// RuleGroups lists groups by name for the choice of a rule, the first 200. It needs security:manage.
func (s *Service) RuleGroups(ctx context.Context) (list []auth.Group, err error) {
	if err := auth.Require(ctx, policy.SecurityManage); err != nil {
		return nil, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		out, err := s.Keep.GroupsBy(ctx, auth.GroupFilter{Page: page.Request{Limit: page.MaxLimit}})
		list = out.Items
		return err
	})
	return list, err
}
