package auth

import (
	"context"
	"errors"
	"slices"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

// Newcomer is someone who is brought in with others: from a list, or by a link to join.
type Newcomer struct {
	Profile Profile       // e-mail and name are needed
	Roles   []policy.Role // given; none is taken away
	Quiet   bool          // no invitation: they sign in through their identity provider
	Again   bool          // one who was invited before is sent another link
}

// Bring brings a person in within the caller's transaction, for who asks: a new one is asked to join, or with Quiet is active
// at once; one who is here gets what the profile and the roles say beyond what they have, and keeps their name. Changed names
// what was changed of somebody who was here; none is no write. Events invitation.created, person.created, person.updated,
// person.roles_changed. It needs person:manage and roles within one's own permissions; ErrEmailTaken for who was deactivated.
// The caller tells Changed after the commit.
func (s *Service) Bring(ctx context.Context, src Source, n Newcomer) (p Person, fresh bool, changed []string, err error) {
	who, err := requirePerson(ctx, policy.PersonManage)
	if err != nil {
		return p, false, nil, err
	}
	in := InviteInput{Email: n.Profile.Email, Name: n.Profile.Name, Role: policy.Learner}
	if err := in.Validate(); err != nil {
		return p, false, nil, err
	}
	if err := s.checkRoles(ctx, "roles", n.Roles...); err != nil {
		return p, false, nil, err
	}
	p, err = s.keep.PersonByEmail(ctx, in.Email)
	if errors.Is(err, ErrPersonNotFound) {
		p, err = s.bringNew(ctx, who, src, in, n)
		return shown(p), true, nil, err
	}
	if err == nil {
		p, _, err = s.hold(ctx, p.ID)
	}
	if err == nil && p.Status == PersonDeactivated {
		err = ErrEmailTaken.Saying("This person is deactivated. Reactivate them instead.")
	}
	if err != nil {
		return p, false, nil, err
	}
	changed, err = s.bringOn(ctx, who, src, &p, n)
	return shown(p), false, changed, err
}

func (s *Service) bringNew(ctx context.Context, who Principal, src Source, in InviteInput, n Newcomer) (p Person, err error) {
	now := s.now()
	p = Person{
		ID: uid.New(), Email: in.Email, Name: in.Name, Status: PersonInvited, Locale: n.Profile.Locale, TimeZone: n.Profile.TimeZone,
		Attributes: merged(nil, n.Profile.Attributes), CreatedAt: now, UpdatedAt: now,
	}
	if n.Quiet {
		p.Status = PersonActive
	}
	if err := s.refuseErased(ctx, p.Email); err != nil {
		return p, err
	}
	if err := s.keep.InsertPerson(ctx, p); err != nil {
		return p, err
	}
	if _, err := s.assign(ctx, who, &p, n.Roles); err != nil {
		return p, err
	}
	if !n.Quiet {
		return p, s.tellInvited(ctx, p)
	}
	facts := src.facts(p.ID)
	facts["email"], facts["name"], facts["roles"] = p.Email, p.Name, p.Roles
	return p, s.tell(ctx, "person.created", p.ID, facts)
}

// bringOn brings someone who is here to what was said of them.
func (s *Service) bringOn(ctx context.Context, who Principal, src Source, p *Person, n Newcomer) (changed []string, err error) {
	profile := n.Profile
	if profile.Email = ""; p.Status == PersonActive {
		profile.Name = ""
	}
	if changed, err = apply(p, profile); err != nil {
		return nil, err
	}
	if len(changed) > 0 {
		p.UpdatedAt = s.now()
		if err := s.keep.SetProvisioned(ctx, *p); err != nil {
			return nil, err
		}
		facts := src.facts(p.ID)
		facts["changed"] = changed
		if err := s.tell(ctx, "person.updated", p.ID, facts); err != nil {
			return nil, err
		}
	}
	before := slices.Clone(p.Roles)
	given, err := s.assign(ctx, who, p, append(slices.Clone(before), n.Roles...))
	if err != nil {
		return nil, err
	}
	if given {
		changed = append(changed, "roles")
		if err := s.tell(ctx, "person.roles_changed", p.ID, map[string]any{"person_id": p.ID, "before": before, "after": p.Roles}); err != nil {
			return nil, err
		}
	}
	if n.Again && p.Status == PersonInvited {
		return changed, s.tellInvited(ctx, *p)
	}
	return changed, nil
}

// WouldChange names what Bring would change of someone who is here.
func WouldChange(p Person, profile Profile, roles []policy.Role) (changed []string) {
	if profile.Email = ""; p.Status == PersonActive {
		profile.Name = ""
	}
	changed, _ = apply(&p, profile) // a name that cannot be is told by whoever read it
	if len(without(roles, p.Roles)) > 0 {
		changed = append(changed, "roles")
	}
	return changed
}
