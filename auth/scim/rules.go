package scim

import (
	"context"
	"slices"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

// chunk is how many people are brought to the rules in one transaction.
const chunk = 500

// groupNames gives the names of the groups of a directory that people are in.
func (s *Service) groupNames(ctx context.Context, directory uid.ID, people []uid.ID) (map[uid.ID][]string, error) {
	memberships, err := s.keep.MembershipsIn(ctx, directory, people)
	if err != nil {
		return nil, err
	}
	out := map[uid.ID][]string{}
	for _, m := range memberships {
		out[m.PersonID] = append(out[m.PersonID], m.Name)
	}
	return out, nil
}

// reassign brings the roles that the directory gave people to what its rules say of their groups.
func (w *work) reassign(ctx context.Context, people []uid.ID) error {
	for len(people) > 0 {
		n := min(len(people), chunk)
		if err := w.reassignSome(ctx, people[:n]); err != nil {
			return err
		}
		people = people[n:]
	}
	return nil
}

func (w *work) reassignSome(ctx context.Context, people []uid.ID) error {
	names, err := w.groupNames(ctx, w.d.ID, people)
	if err != nil {
		return err
	}
	given, err := w.keep.RolesGiven(ctx, w.d.ID, people)
	if err != nil {
		return err
	}
	type turn struct{ before, after []policy.Role }
	turns, moved := map[uid.ID]turn{}, []uid.ID{}
	for _, person := range people {
		var wished []policy.Role
		if role, _, ok := w.d.RoleRules.V.For(names[person]); ok {
			wished = []policy.Role{role}
		}
		if slices.Equal(wished, given[person]) {
			continue
		}
		changed, err := w.auth.AssignFrom(ctx, w.d.Source(), person, wished)
		if err != nil {
			return err
		}
		if changed {
			turns[person], moved = turn{given[person], wished}, append(moved, person)
		}
	}
	if len(moved) == 0 {
		return nil
	}
	w.touched = true
	called, err := w.keep.NamesOf(ctx, moved)
	for _, person := range moved {
		w.changed(called[person], "roles", joined(turns[person].before), joined(turns[person].after))
	}
	return err
}

func joined(roles []policy.Role) string {
	out := ""
	for i, r := range roles {
		if i > 0 {
			out += " "
		}
		out += string(r)
	}
	return out
}

// applyRules brings everyone in a directory to its rules, in transactions of chunk people.
func (s *Service) applyRules(ctx context.Context, d Directory) error {
	w := s.begin(d, Request{})
	defer func() {
		if w.touched {
			s.auth.Changed(ctx)
		}
	}()
	for after := (Cursor{}); ; {
		var records []Record
		err := s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
			if records, err = s.keep.Records(ctx, Span{Directory: d.ID, By: FieldID, After: after, Limit: chunk}); err != nil {
				return err
			}
			return w.reassign(ctx, idsOf(records))
		})
		if err != nil || len(records) < chunk {
			return err
		}
		after = Cursor{ID: records[len(records)-1].PersonID.String()}
	}
}
