package auth

import (
	"context"
	"maps"
	"slices"
	"time"

	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// SecurityRules are a tenant's rules for sessions and second factors. They are one value of the tenant's settings.
type SecurityRules struct {
	Revision int `json:"revision"`
	// FactorFrom says from which day each role needs a second factor; a role that is not there needs none.
	FactorFrom map[policy.Role]time.Time `json:"factor_from,omitempty"`
	// GraceDays is how long a person may put it off, from that day or from when they came, whichever was later.
	GraceDays int `json:"grace_days"`
	// FactorSignOn asks those too whom an identity provider vouched for, unless it says that it did (RFC 8176 "mfa").
	FactorSignOn bool `json:"factor_sign_on"`
	// IdleMinutes is how long a session lasts without use, LifetimeMinutes how long at all.
	IdleMinutes     int `json:"idle_minutes"`
	LifetimeMinutes int `json:"lifetime_minutes"`
	// SessionsMax is how many sessions a person has at once; one more ends the one that began first. 0 is no limit.
	SessionsMax int `json:"sessions_max"`
	// RememberDays is for how long a browser may be spared the second factor; 0 is never.
	RememberDays int `json:"remember_days"`
	// StepUpMinutes is how long a proof counts as fresh for what is dangerous.
	StepUpMinutes int `json:"step_up_minutes"`
	// PasswordOff takes no passwords at sign-in: passkeys and identity providers only.
	PasswordOff bool `json:"password_off"`
}

// Bounds of the rules.
const (
	IdleMinutesMin, IdleMinutesMax         = 5, 90 * 24 * 60
	LifetimeMinutesMin, LifetimeMinutesMax = 60, 90 * 24 * 60
	GraceDaysMax                           = 90
	SessionsMaxMax                         = 100
	RememberDaysMax                        = 90
	StepUpMinutesMin, StepUpMinutesMax     = 1, 24 * 60
	StepUpMinutesDefault                   = 15
)

// DefaultSecurityRules are those of a tenant that has set none.
func DefaultSecurityRules() SecurityRules {
	return SecurityRules{
		IdleMinutes: int(SessionLifetime / time.Minute), LifetimeMinutes: int(SessionMaximum / time.Minute), StepUpMinutes: StepUpMinutesDefault,
	}
}

// Validate gathers what is wrong with the rules.
func (r *SecurityRules) Validate() error {
	f := fault.Fields{}
	within := func(n, from, to int) bool { return n >= from && n <= to }
	f.Check(within(r.GraceDays, 0, GraceDaysMax), "grace_days", "Choose 0 to 90 days.")
	f.Check(within(r.IdleMinutes, IdleMinutesMin, IdleMinutesMax), "idle_minutes", "Choose 5 minutes to 90 days.")
	f.Check(within(r.LifetimeMinutes, LifetimeMinutesMin, LifetimeMinutesMax), "lifetime_minutes", "Choose 1 hour to 90 days.")
	f.Check(r.IdleMinutes <= r.LifetimeMinutes || r.LifetimeMinutes < LifetimeMinutesMin, "idle_minutes", "A session cannot rest longer than it lasts. Choose a shorter time, or let sessions last longer.")
	f.Check(within(r.SessionsMax, 0, SessionsMaxMax), "sessions_max", "Choose 1 to 100 sessions, or leave it empty for no limit.")
	f.Check(within(r.RememberDays, 0, RememberDaysMax), "remember_days", "Choose 1 to 90 days, or 0 for never.")
	f.Check(within(r.StepUpMinutes, StepUpMinutesMin, StepUpMinutesMax), "step_up_minutes", "Choose 1 minute to 24 hours.")
	return f.Err()
}

// SecurityKeeper is what the service needs kept of a tenant's rules.
type SecurityKeeper interface {
	// SecurityRules gives the running tenant's rules, the default when it has set none. It needs no transaction.
	SecurityRules(ctx context.Context) (SecurityRules, error)
	// SaveSecurityRules writes rules over those of the revision before; ErrRulesChanged.
	SaveSecurityRules(ctx context.Context, r SecurityRules, at time.Time) error
	// DeleteLapsedSessions ends sessions not used since one time, or begun before another.
	DeleteLapsedSessions(ctx context.Context, unused, begun time.Time) error
	// DeleteOldestSessions ends those of a person's sessions beyond a number, the ones that began first, and says how many.
	DeleteOldestSessions(ctx context.Context, person uid.ID, keep int) (int, error)
	// DeleteSessionsBeyond does so for everyone, and spares one session, and says how many.
	DeleteSessionsBeyond(ctx context.Context, keep int, spared uid.ID) (int, error)
	// FactorCounts counts active people by role: all, and those without a second factor.
	FactorCounts(ctx context.Context) ([]FactorCount, error)
	// WithoutFactor lists active people who have one of these roles (none named: any) and no second factor, by name.
	WithoutFactor(ctx context.Context, roles []policy.Role, r page.Request) (page.Of[Person], error)
	// PasskeyOwners counts active owners with a passkey.
	PasskeyOwners(ctx context.Context) (int, error)
}

// FactorCount is how many people of a role have a second factor to add.
type FactorCount struct {
	Role    policy.Role
	People  int
	Without int
}

// ErrRulesChanged is someone else's change of the rules in between.
var ErrRulesChanged = fault.New(fault.KindConflict, "security_changed", "Someone else changed these rules meanwhile. Reload the page, look at their change, and make yours again.")

// rulesLifetime is how long rules are believed without asking the store: the net below a lost notification.
const rulesLifetime = principalLifetime

// rules gives the tenant's rules, from memory for up to 5 seconds. It is not to be called within a transaction: it may wait
// for another's load, which may wait for a connection.
func (s *Service) rules(ctx context.Context) (SecurityRules, error) {
	t, _ := tenant.From(ctx)
	return s.ruled.Get(ctx, t.ID, s.keep.SecurityRules)
}

// SecurityRules gives the tenant's rules. It needs security:manage.
func (s *Service) SecurityRules(ctx context.Context) (SecurityRules, error) {
	if err := Require(ctx, policy.SecurityManage); err != nil {
		return SecurityRules{}, err
	}
	return s.keep.SecurityRules(ctx)
}

// RememberDays is for how many days a browser may be remembered here; 0 is never. Anyone may know.
func (s *Service) RememberDays(ctx context.Context) (int, error) {
	r, err := s.rules(ctx)
	return r.RememberDays, err
}

// SetSecurityRules writes the tenant's rules over the revision that they name; ErrRulesChanged, field faults. Shorter times
// hold for living sessions too, on every process within 5 seconds. It needs security:manage. Event security.policy_changed
// with the rules before and after.
func (s *Service) SetSecurityRules(ctx context.Context, in SecurityRules) (SecurityRules, error) {
	who, err := requirePerson(ctx, policy.SecurityManage)
	if err != nil {
		return in, err
	}
	if err := in.Validate(); err != nil {
		return in, err
	}
	now := s.now()
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		before, err := s.keep.SecurityRules(ctx)
		if err != nil {
			return err
		}
		if err := s.checkRules(ctx, who, before, in); err != nil {
			return err
		}
		in.Revision++
		if err := s.keep.SaveSecurityRules(ctx, in, now); err != nil {
			return err
		}
		// What the old rules or the new ones have ended stays ended, whatever later rules say.
		for _, r := range []SecurityRules{before, in} {
			if err := s.keep.DeleteLapsedSessions(ctx, now.Add(-r.idle()), now.Add(-r.lifetime())); err != nil {
				return err
			}
		}
		facts := map[string]any{"before": before, "after": in}
		if in.SessionsMax > 0 && in.SessionsMax != before.SessionsMax {
			ended, err := s.keep.DeleteSessionsBeyond(ctx, in.SessionsMax, who.SessionID)
			if err != nil {
				return err
			}
			facts["sessions_ended"] = ended
		}
		t, _ := tenant.From(ctx)
		return s.tell(ctx, "security.policy_changed", t.ID, facts)
	})
	if err != nil {
		return in, err
	}
	s.changed(ctx)
	return in, nil
}

// checkRules is what the rules must be beside well-formed: roles of ours, and no lock-out.
func (s *Service) checkRules(ctx context.Context, who Principal, before, in SecurityRules) error {
	if roles := slices.Sorted(maps.Keys(in.FactorFrom)); len(roles) > 0 {
		if err := s.checkRoles(ctx, "factor_from", roles...); err != nil {
			return err
		}
	}
	if !in.PasswordOff || before.PasswordOff || !who.Method.Local() {
		return nil
	}
	n, err := s.keep.PasskeyOwners(ctx)
	if err != nil || n > 0 {
		return err
	}
	return fault.Invalid(map[string]string{"password_off": "Nobody could sign in any more. First let an owner add a passkey, or sign in with your company account."})
}

// FactorCounts counts, by role, who has no second factor today. It needs security:manage.
func (s *Service) FactorCounts(ctx context.Context) (counts []FactorCount, err error) {
	if err := Require(ctx, policy.SecurityManage); err != nil {
		return nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		counts, err = s.keep.FactorCounts(ctx)
		return err
	})
	return counts, err
}

// WithoutFactor lists who has no second factor today, of these roles or (none named) of all. It needs security:manage and
// person:read.
func (s *Service) WithoutFactor(ctx context.Context, roles []policy.Role, r page.Request) (people page.Of[Person], err error) {
	for _, p := range []policy.Permission{policy.SecurityManage, policy.PersonRead} {
		if err := Require(ctx, p); err != nil {
			return people, err
		}
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		people, err = s.keep.WithoutFactor(ctx, roles, r)
		return err
	})
	return people, err
}

func (r SecurityRules) idle() time.Duration { return time.Duration(r.IdleMinutes) * time.Minute }
func (r SecurityRules) lifetime() time.Duration {
	return time.Duration(r.LifetimeMinutes) * time.Minute
}

// seenEvery is how often a session's use is written at most: a tenth of what it may rest, for a session is held to have
// rested since what is written.
func (r SecurityRules) seenEvery() time.Duration { return min(seenEvery, r.idle()/10) }

// endOf is when a session ends that was last used at a time.
func (r SecurityRules) endOf(s Session, used time.Time) time.Time {
	end := rolled(used.Add(r.idle()), s.CreatedAt.Add(r.lifetime()))
	if s.EndsAt != nil {
		end = rolled(end, *s.EndsAt)
	}
	return end
}

// ended tells whether a session has ended by what is written of it or by the rules of today.
func (r SecurityRules) ended(s Session, now time.Time) bool {
	return !now.Before(rolled(s.ExpiresAt, r.endOf(s, s.SeenAt)))
}

// demand is whether a person needs a second factor.
type demand struct {
	now   bool      // they cannot go on without
	until time.Time // they are asked, and may put it off until then; zero when they are not asked
}

// demandsOf tells whether the rules ask a person, whose roles are known, for a second factor.
func (r SecurityRules) demandsOf(p Person, now time.Time) (d demand) {
	for _, role := range p.Roles {
		from, ok := r.FactorFrom[role]
		if !ok || now.Before(from) {
			continue
		}
		if p.CreatedAt.After(from) {
			from = p.CreatedAt
		}
		ends := from.AddDate(0, 0, r.GraceDays)
		if !now.Before(ends) {
			return demand{now: true}
		}
		if d.until.IsZero() || ends.Before(d.until) {
			d = demand{until: ends}
		}
	}
	return d
}
