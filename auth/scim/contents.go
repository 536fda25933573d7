package scim

import (
	"context"
	"slices"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// What is in a directory, as administrators see it. All of it needs connection:manage.

// Listed is a person of a directory as administrators see them.
type Listed struct {
	Person   auth.Person
	UserName string // as the directory writes it
	Active   bool   // as the directory says
	Groups   []string
}

// People lists a directory's people by userName, with the groups they are in.
func (s *Service) People(ctx context.Context, directory uid.ID, p page.Request) (out page.Of[Listed], err error) {
	var after Cursor
	if p.After != "" {
		parts, err := page.Parts(p.After, 2)
		if err != nil {
			return out, err
		}
		after = Cursor{Key: parts[0], ID: parts[1]}
		if _, ok := uid.Parse(after.ID); !ok {
			return out, page.ErrCursor
		}
	}
	limit := p.Bounded()
	err = s.managing(ctx, func(ctx context.Context) error {
		if _, err := s.keep.DirectoryByID(ctx, KindSCIM, directory); err != nil {
			return err
		}
		records, err := s.keep.Records(ctx, Span{Directory: directory, By: FieldUserName, After: after, Limit: limit + 1})
		if err != nil {
			return err
		}
		piece := page.Cut(records, limit, func(r Record) []string { return []string{r.UserName, r.PersonID.String()} })
		out.Next = piece.Next
		names, err := s.groupNames(ctx, directory, idsOf(piece.Items))
		if err != nil {
			return err
		}
		people, err := s.keep.PeopleOf(ctx, idsOf(piece.Items))
		if err != nil {
			return err
		}
		for _, r := range piece.Items {
			res, err := r.read()
			if err != nil {
				return err
			}
			one := Listed{Person: people[r.PersonID], Active: r.Active, Groups: names[r.PersonID]}
			one.UserName, _ = res["userName"].(string)
			out.Items = append(out.Items, one)
		}
		return nil
	})
	return out, err
}

// ListedGroup is a group of a directory as administrators see it.
type ListedGroup struct {
	Group   auth.Group
	Members int
	Role    policy.Role // what the rules give to who is in this group and in no other; empty: none
}

// GroupsOf lists a directory's groups in the order in which they came.
func (s *Service) GroupsOf(ctx context.Context, directory uid.ID, p page.Request) (out page.Of[ListedGroup], err error) {
	var after Cursor
	if p.After != "" {
		if _, ok := uid.Parse(p.After); !ok {
			return out, page.ErrCursor
		}
		after.ID = p.After
	}
	limit := p.Bounded()
	err = s.managing(ctx, func(ctx context.Context) error {
		d, err := s.keep.DirectoryByID(ctx, KindSCIM, directory)
		if err != nil {
			return err
		}
		groups, err := s.keep.DirectoryGroups(ctx, Span{Directory: directory, By: FieldID, After: after, Limit: limit + 1})
		if err != nil {
			return err
		}
		if len(groups) > limit {
			groups = groups[:limit]
			out.Next = groups[limit-1].ID.String()
		}
		ids := make([]uid.ID, len(groups))
		for i, g := range groups {
			ids[i] = g.ID
		}
		counts, err := s.keep.MemberCounts(ctx, ids)
		if err != nil {
			return err
		}
		for _, g := range groups {
			role, _, _ := d.RoleRules.V.For([]string{g.Name})
			out.Items = append(out.Items, ListedGroup{Group: g, Members: counts[g.ID], Role: role})
		}
		return nil
	})
	return out, err
}

// Link says that a person who is here already is whom the directory calls userName: its next request finds them. It is
// the way for accounts whose e-mail domain is not proven. ErrLinkedAlready, auth.ErrPersonNotFound; owners only by owners.
// Event directory.person_linked.
func (s *Service) Link(ctx context.Context, directory uid.ID, email, userName string) error {
	f := fault.Fields{}
	address, ok := auth.NormaliseEmail(email)
	f.Check(ok, "email", "Enter an e-mail address, for example “anna@example.com”.")
	f.Check(fold(userName) != "" && len(userName) <= textMax, "user_name", "Enter the name by which the directory knows the person.")
	if err := f.Err(); err != nil {
		return err
	}
	return s.managing(ctx, func(ctx context.Context) error {
		d, err := s.keep.DirectoryByID(ctx, KindSCIM, directory)
		if err != nil {
			return err
		}
		p, err := s.keep.PersonByEmail(ctx, address)
		if err != nil {
			return err
		}
		if who, _ := auth.PrincipalFrom(ctx); slices.Contains(p.Roles, policy.Owner) && !slices.Contains(who.Roles, policy.Owner) {
			return auth.ErrOwnersOnly
		}
		return s.link(ctx, d, p, userName)
	})
}

func (s *Service) link(ctx context.Context, d Directory, p auth.Person, userName string) error {
	if linked, err := s.keep.Linked(ctx, d.ID, []uid.ID{p.ID}); err != nil || len(linked) > 0 {
		if err == nil {
			err = ErrLinkedAlready
		}
		return err
	}
	if _, err := s.keep.RecordByUserName(ctx, d.ID, fold(userName)); err == nil {
		return ErrLinkedAlready
	}
	raw := Resource{"userName": userName, "displayName": p.Name, "active": p.Status != auth.PersonDeactivated, "emails": []any{map[string]any{"value": p.Email, "type": "work"}}}
	now := s.now()
	r := Record{DirectoryID: d.ID, PersonID: p.ID, Active: p.Status != auth.PersonDeactivated, Revision: 1, CreatedAt: now, UpdatedAt: now}
	if err := r.write(raw); err != nil {
		return err
	}
	if err := s.keep.InsertRecord(ctx, r); err != nil {
		return err
	}
	data := facts(d)
	data["person_id"], data["user_name"] = p.ID, userName
	return s.tell(ctx, "directory.person_linked", "person", p.ID, data)
}
