package signon

import (
	"context"
	"maps"
	"slices"
	"strings"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// SeenClaim is a claim that came over a connection lately, with examples of its values.
type SeenClaim struct {
	Name   string
	Values []string // at most three
	Count  int      // values in the last answer that had it
}

const examples = 3

// Seen is what came over a connection lately: what a mapping can be made of.
type Seen struct {
	Claims []SeenClaim // by name
	Groups []string    // as the mapping in force reads them, by name
	Last   *Attempt    // the newest answer that holds claims; nil: none came yet
}

// Seen gathers the claims of the attempts that are kept. It needs connection:manage.
func (s *Service) Seen(ctx context.Context, connection uid.ID) (out Seen, err error) {
	t, err := s.Attempts(ctx, AttemptFilter{Connection: connection})
	if err != nil {
		return out, err
	}
	return t.seen(), nil
}

func (t Trace) seen() (out Seen) {
	claims, groups := map[string]*SeenClaim{}, map[string]bool{}
	for i, a := range t.Attempts {
		if !a.Answered() {
			continue
		}
		if out.Last == nil {
			out.Last = &t.Attempts[i]
		}
		for name, values := range a.Claims.V {
			c := claims[name]
			if c == nil {
				c = &SeenClaim{Name: name, Count: len(values)}
				claims[name] = c
			}
			for _, v := range values {
				if len(c.Values) < examples && !slices.Contains(c.Values, v) {
					c.Values = append(c.Values, v)
				}
			}
		}
		for _, g := range t.Connection.Mapping.V.Apply(a.Claims.V).Groups {
			groups[g] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		out.Claims = append(out.Claims, *claims[name])
	}
	out.Groups = slices.Sorted(maps.Keys(groups))
	return out
}

// FieldPreview is what a mapping makes of one field.
type FieldPreview struct {
	Field string
	From  string // the entry that filled it; empty: none did
	Value string // several joined
	Count int    // of groups
	Why   string // why what was found was left out, in English
}

// MappingPreview is what a mapping makes of an answer.
type MappingPreview struct {
	Fields []FieldPreview // one for every field that exists, in their order
	Mapped auth.Mapped
	Unused []string // claims that no rule looks at
}

// PreviewMapping shows what a mapping makes of claims. It is a pure function.
func PreviewMapping(m auth.Mapping, claims map[string][]string) (out MappingPreview) {
	out.Mapped = m.Apply(claims)
	p := out.Mapped.Profile
	for _, field := range auth.MappedFields() {
		f := FieldPreview{Field: field, From: out.Mapped.From[field], Why: out.Mapped.Left[field]}
		switch field {
		case auth.FieldEmail:
			f.Value = p.Email
		case auth.FieldName:
			f.Value = p.Name
		case auth.FieldLocale:
			f.Value = p.Locale
		case auth.FieldTimeZone:
			f.Value = p.TimeZone
		case auth.FieldGroups:
			f.Value, f.Count = strings.Join(out.Mapped.Groups, ", "), len(out.Mapped.Groups)
		default:
			f.Value = p.Attributes[field]
		}
		out.Fields = append(out.Fields, f)
	}
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		if !looksAt(m, name) {
			out.Unused = append(out.Unused, name)
		}
	}
	return out
}

// looksAt tells whether a rule of the mapping reads a claim.
func looksAt(m auth.Mapping, claim string) bool {
	return slices.ContainsFunc(m, func(r auth.FieldRule) bool {
		return slices.ContainsFunc(r.From, func(from string) bool {
			return strings.EqualFold(from, claim) || strings.Contains(strings.ToLower(from), "{"+strings.ToLower(claim)+"}")
		})
	})
}

// Linked is someone who is linked to a connection, with what is known of their groups.
type Linked struct {
	PersonID uid.ID
	Roles    []policy.Role
	Given    []policy.Role       // of these, which the connection gave
	Claims   map[string][]string // of their last answer here; empty: none is kept
	// Groups are those that directories keep of them, by name and by the directory's own id.
	Groups      []string
	InDirectory bool // a directory knows them, so that having no groups is known too
}

const (
	linkedMax = 20_000
	affected  = 50
)

// RoleEffect is what role rules would do to someone.
type RoleEffect struct {
	PersonID uid.ID
	Name     string
	Gain     policy.Role // empty: none
	Lose     []policy.Role
}

// Effect is what role rules would do to the people who are linked, at their next sign-in.
type Effect struct {
	People  int // linked
	Unknown int // of these, of whose groups nothing is known here: their next sign-in decides
	Gain    int // who would have a role that they have not
	Lose    int // who would lose one that this connection gave
	Same    int
	Who     []RoleEffect // at most 50 of those affected
	More    bool         // there are more people than were looked at
}

// PreviewRules tells what rules would do to the people who are linked to a connection. It needs connection:manage.
func (s *Service) PreviewRules(ctx context.Context, connection uid.ID, m auth.Mapping, rules auth.RoleRules) (out Effect, err error) {
	if err := s.decides(ctx); err != nil {
		return out, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		people, err := s.Keep.LinkedPeople(ctx, connection, linkedMax+1)
		if err != nil {
			return err
		}
		out = EffectOf(people, m, rules)
		var ids []uid.ID
		for _, w := range out.Who {
			ids = append(ids, w.PersonID)
		}
		names, err := s.Keep.NamesOf(ctx, ids)
		for i := range out.Who {
			out.Who[i].Name = names[out.Who[i].PersonID]
		}
		return err
	})
	return out, err
}

// EffectOf tells what rules would do to people. It is a pure function.
func EffectOf(people []Linked, m auth.Mapping, rules auth.RoleRules) (out Effect) {
	if out.More = len(people) > linkedMax; out.More {
		people = people[:linkedMax]
	}
	out.People = len(people)
	for _, p := range people {
		groups, known := p.groups(m)
		if !known {
			out.Unknown++
			continue
		}
		e := RoleEffect{PersonID: p.PersonID}
		role, _, ok := rules.For(groups)
		if ok && !slices.Contains(p.Roles, role) {
			e.Gain = role
			out.Gain++
		}
		for _, given := range p.Given {
			if !ok || given != role {
				e.Lose = append(e.Lose, given)
			}
		}
		if len(e.Lose) > 0 {
			out.Lose++
		}
		switch {
		case e.Gain == "" && len(e.Lose) == 0:
			out.Same++
		case len(out.Who) < affected:
			out.Who = append(out.Who, e)
		}
	}
	return out
}

// groups are what is known of someone's groups: of their last answer, else of a directory.
func (p Linked) groups(m auth.Mapping) (groups []string, known bool) {
	if len(p.Claims) > 0 {
		return m.Apply(p.Claims).Groups, true
	}
	return p.Groups, p.InDirectory || len(p.Groups) > 0
}

// GivableRoles lists the roles that who asks may have groups give: never Owner, which only a person makes.
func (s *Service) GivableRoles(ctx context.Context) ([]policy.Role, error) {
	if err := s.decides(ctx); err != nil {
		return nil, err
	}
	roles, err := s.Auth.GivableRoles(ctx)
	return slices.DeleteFunc(roles, func(r policy.Role) bool { return r == policy.Owner }), err
}

// checkRules refuses role rules that are wrong, that make owners, or that touch roles beyond those of who asks.
func (s *Service) checkRules(ctx context.Context, connection uid.ID, rules auth.RoleRules) error {
	known, err := s.Auth.KnownRoles(ctx)
	if err != nil {
		return err
	}
	if err := rules.Validate(func(r policy.Role) bool { return slices.Contains(known, r) }); err != nil {
		return err
	}
	c, err := s.Connection(ctx, connection)
	if err != nil {
		return err
	}
	named, was := rolesNamed(rules), rolesNamed(c.RoleRules.V)
	if slices.Contains(named, policy.Owner) {
		return fault.Invalid(map[string]string{"role_rules": "Groups cannot make owners. Make someone an owner on their own page."})
	}
	if sameRules(rules, c.RoleRules.V) {
		return nil
	}
	givable, err := s.Auth.GivableRoles(ctx)
	if err != nil {
		return err
	}
	for _, role := range append(named, was...) {
		if !slices.Contains(givable, role) {
			return auth.ErrRoleExceeds
		}
	}
	return nil
}

func rolesNamed(r auth.RoleRules) (roles []policy.Role) {
	if r.Default != "" {
		roles = append(roles, r.Default)
	}
	for _, one := range r.Rules {
		roles = append(roles, one.Role)
	}
	return roles
}

func sameRules(a, b auth.RoleRules) bool {
	return a.Default == b.Default && slices.Equal(a.Rules, b.Rules)
}
