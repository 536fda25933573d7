package signon

import (
	"context"
	"errors"
	"slices"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/recall"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// GateKeeper is what the gate needs kept. Everything but InTenant runs inside it.
type GateKeeper interface {
	InTenant(ctx context.Context, fn func(ctx context.Context) error) error
	PersonByID(ctx context.Context, id uid.ID) (auth.Person, error)
	GroupsOf(ctx context.Context, person uid.ID) ([]auth.Group, error)
	SignOnRules(ctx context.Context) (Rules, error)
	EmailDomains(ctx context.Context) ([]Domain, error)
	SignOnConnections(ctx context.Context) ([]Connection, error)
	ConnectionByID(ctx context.Context, id uid.ID) (Connection, error)
	LastEmergencies(ctx context.Context, n int) ([]Emergency, error)
}

// postureLife is how long a tenant's posture is believed without asking the store: the net below a lost announcement.
const postureLife = 5 * time.Second

// Gate keeps local sign-in closed to those whom a rule sends to their identity provider. It is auth.Gate; it stands beside
// the Service because auth needs it first.
type Gate struct {
	keep  GateKeeper
	now   clock.Clock
	known *recall.Cache[uid.ID, posture]
}

// NewGate makes the gate.
func NewGate(keep GateKeeper, now clock.Clock) *Gate {
	if now == nil {
		now = clock.Real
	}
	return &Gate{keep: keep, now: now, known: recall.New[uid.ID, posture](5000, postureLife, now)}
}

// posture is what decides how an organization's people get in.
type posture struct {
	rules   Rules
	domains map[string]Domain // proven ones
	ways    []Connection      // that are on, without secrets
	last    []Emergency       // the last one, if any
}

// of gives the posture of the tenant of ctx.
func (g *Gate) of(ctx context.Context) (posture, error) {
	t, ok := tenant.From(ctx)
	if !ok {
		return posture{}, errors.New("signon: no tenant in the context")
	}
	return g.known.Get(ctx, t.ID, g.load)
}

func (g *Gate) load(ctx context.Context) (p posture, err error) {
	err = g.keep.InTenant(ctx, func(ctx context.Context) error {
		p = posture{domains: map[string]Domain{}}
		if p.rules, err = g.keep.SignOnRules(ctx); err != nil {
			return err
		}
		domains, err := g.keep.EmailDomains(ctx)
		if err != nil {
			return err
		}
		for _, d := range domains {
			if d.Verified() {
				p.domains[d.Domain] = d
			}
		}
		connections, err := g.keep.SignOnConnections(ctx)
		if err != nil {
			return err
		}
		for _, c := range connections {
			if c.Status == StatusOn {
				c.Secrets, c.Settings = nil, nil
				p.ways = append(p.ways, c)
			}
		}
		p.last, err = g.keep.LastEmergencies(ctx, 1)
		return err
	})
	return p, err
}

// Drop forgets a tenant's posture; uid.Nil those of all. The store's listener calls it when any process announced a change.
func (g *Gate) Drop(tenantID uid.ID) {
	if tenantID == uid.Nil {
		g.known.Drop(nil)
		return
	}
	g.known.Drop(func(key uid.ID, _ posture) bool { return key == tenantID })
}

// LocalSignIn is auth.Gate's: nil when the person may sign in locally, auth.ErrUseSignOn when a rule requires their identity
// provider today and no emergency lets them in.
func (g *Gate) LocalSignIn(ctx context.Context, p auth.Person) error {
	closed, open, err := g.judge(ctx, p.ID)
	if err != nil {
		return err
	}
	if closed && open == nil {
		return auth.ErrUseSignOn
	}
	return nil
}

// LocalEnds is auth.Gate's: the end of the emergency that alone lets the person in; nil where a session has no such bound.
func (g *Gate) LocalEnds(ctx context.Context, person uid.ID) (*time.Time, error) {
	_, open, err := g.judge(ctx, person)
	return open, err
}

// Vouches is auth.Gate's: ErrConnectionOff or ErrConnectionNotFound where a connection signs nobody in (any more).
func (g *Gate) Vouches(ctx context.Context, connection uid.ID) error {
	return g.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := g.keep.ConnectionByID(ctx, connection)
		if err == nil && c.Status != StatusOn {
			err = ErrConnectionOff
		}
		return err
	})
}

// judge tells whether a rule closes local sign-in to a person, and until when an emergency opens it to them all the same:
// to owners and administrators, who can then mend the connection or loosen the rule. Everyone else waits for that.
func (g *Gate) judge(ctx context.Context, person uid.ID) (closed bool, open *time.Time, err error) {
	now := g.now()
	p, err := g.of(ctx)
	if err != nil || !p.requires(now) {
		return false, nil, err
	}
	err = g.keep.InTenant(ctx, func(ctx context.Context) error {
		who, err := g.keep.PersonByID(ctx, person)
		if errors.Is(err, auth.ErrPersonNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		var groups []uid.ID
		if len(p.rules.Groups) > 0 {
			if groups, err = g.groupsOf(ctx, person); err != nil {
				return err
			}
		}
		domain, _ := domainOf(who.Email)
		closed = p.verdict(domain, groups, now).Require == RequirementRequired
		if until := p.openUntil(now); closed && until != nil && runs(who.Roles) {
			open = until
		}
		return nil
	})
	return closed, open, err
}

func (g *Gate) groupsOf(ctx context.Context, person uid.ID) (ids []uid.ID, err error) {
	groups, err := g.keep.GroupsOf(ctx, person)
	for _, one := range groups {
		ids = append(ids, one.ID)
	}
	return ids, err
}

// runs tells whether someone with these roles runs the portal.
func runs(roles []policy.Role) bool {
	return slices.Contains(roles, policy.Owner) || slices.Contains(roles, policy.Admin)
}

// openUntil is the end of the emergency that is open; nil when none is.
func (p posture) openUntil(now time.Time) *time.Time {
	if len(p.last) > 0 && p.last[0].State(now) == EmergencyOpen {
		return p.last[0].OpenUntil
	}
	return nil
}

// requires tells whether any rule requires anything of anybody now.
func (p posture) requires(now time.Time) bool {
	required := func(r Rule) bool { return r.Require == RequirementRequired && r.holds(now) }
	if required(p.rules.Portal) || slices.ContainsFunc(p.rules.Groups, func(g GroupRule) bool { return required(g.Rule) }) {
		return true
	}
	for _, d := range p.domains {
		if required(d.rule()) {
			return true
		}
	}
	return false
}

func (d Domain) rule() Rule { return Rule{Require: d.Policy, From: d.PolicyFrom} }

// Scale of a rule: which one decided.
const (
	DecidedByNone   = ""
	DecidedByPortal = "portal"
	DecidedByDomain = "domain"
	DecidedByGroup  = "group"
)

// Verdict is what the rules say of someone.
type Verdict struct {
	Require   Requirement
	DecidedBy string
	// Coming is the earliest date ahead from which some rule will require; nil: none does.
	Coming *time.Time
}

// verdict gives what the closest rule that holds says: a group's (of several, requiring wins), the e-mail domain's, the
// portal's.
func (p posture) verdict(domain string, groups []uid.ID, now time.Time) Verdict {
	v := Verdict{Require: RequirementOptional}
	look := func(r Rule, by string) {
		if v.DecidedBy != DecidedByNone && v.DecidedBy != by {
			return // a closer rule has decided, and will
		}
		if r.holds(now) && (v.DecidedBy == DecidedByNone || r.Require == RequirementRequired) {
			v.Require, v.DecidedBy = r.Require, by
		}
		if c := r.coming(now); c != nil && (v.Coming == nil || c.Before(*v.Coming)) {
			v.Coming = c
		}
	}
	for _, g := range p.rules.Groups {
		if slices.Contains(groups, g.GroupID) {
			look(g.Rule, DecidedByGroup)
		}
	}
	if d, ok := p.domains[domain]; ok {
		look(d.rule(), DecidedByDomain)
	}
	look(p.rules.Portal, DecidedByPortal)
	if v.Require == RequirementRequired {
		v.Coming = nil
	}
	return v
}
