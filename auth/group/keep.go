package group

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Input is a group as it is wished.
type Input struct {
	Name        string
	Description string
	Rule        *Rule // nil: members are chosen by hand. What a group was made as it stays.
}

// Validate gathers what is wrong with the input, and brings it into the form in which it is kept.
func (in *Input) Validate() error {
	f := fault.Fields{}
	in.Name, in.Description = strings.TrimSpace(in.Name), strings.TrimSpace(in.Description)
	f.Check(in.Name != "", "name", "Enter a name.")
	f.Check(utf8.RuneCountInString(in.Name) <= nameMax, "name", fmt.Sprintf("Use at most %d characters.", nameMax))
	f.Check(utf8.ValidString(in.Name) && !strings.ContainsFunc(in.Name, unicode.IsControl), "name", "Use only letters, digits and signs that can be printed.")
	f.Check(utf8.RuneCountInString(in.Description) <= descriptionMax && utf8.ValidString(in.Description) && !strings.ContainsRune(in.Description, 0),
		"description", fmt.Sprintf("Use at most %d characters.", descriptionMax))
	if in.Rule != nil {
		if err := in.Rule.Validate(); err != nil {
			for field, text := range fault.Of(err).Fields {
				f.Check(false, field, text)
			}
		}
	}
	return f.Err()
}

// Create makes a group: event group.created; one by rule is filled at once. It needs group:manage; ErrNameTaken.
func (s *Service) Create(ctx context.Context, in Input) (g Group, err error) {
	if err := auth.Require(ctx, policy.GroupManage); err != nil {
		return g, err
	}
	if err := in.Validate(); err != nil {
		return g, err
	}
	now := s.now()
	g = Group{Group: auth.Group{ID: uid.New(), Name: in.Name, Description: in.Description, Revision: 1, CreatedAt: now, UpdatedAt: now}, Rule: in.Rule}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if g.Rule != nil {
			all, err := s.keep.GroupsByRule(ctx)
			if err != nil {
				return err
			}
			if len(all) >= ruleGroupsMax {
				return ErrTooMany
			}
			if err := s.resolve(ctx, g.Rule); err != nil {
				return err
			}
		}
		if err := s.keep.AddGroup(ctx, g); err != nil {
			return err
		}
		if err := s.tell(ctx, "group.created", g, map[string]any{"kind": g.Kind()}); err != nil || g.Rule == nil {
			return err
		}
		return s.settle(ctx, &g)
	})
	return g, err
}

// Change gives a group another name, description and rule, as made on a revision (below 0: on any): event group.updated. It
// needs group:manage; auth.ErrGroupNotFound, ErrKept, ErrNameTaken, ErrRevision.
func (s *Service) Change(ctx context.Context, id uid.ID, revision int, in Input) (g Group, err error) {
	if err := auth.Require(ctx, policy.GroupManage); err != nil {
		return g, err
	}
	if err := in.Validate(); err != nil {
		return g, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if g, err = s.held(ctx, id); err != nil {
			return err
		}
		if revision >= 0 && revision != g.Revision {
			return ErrRevision
		}
		if (g.Rule != nil) != (in.Rule != nil) {
			return fault.Invalid(map[string]string{"rule": "A group by hand stays one, and so does a group by rule. Make a new group instead."})
		}
		before := g.Name
		g.Name, g.Description, g.Rule, g.UpdatedAt = in.Name, in.Description, in.Rule, s.now()
		g.Revision++
		if g.Rule != nil {
			if err := s.resolve(ctx, g.Rule); err != nil {
				return err
			}
		}
		if err := s.keep.PutGroup(ctx, g); err != nil {
			return err
		}
		if err := s.tell(ctx, "group.updated", g, map[string]any{"before": before}); err != nil || g.Rule == nil {
			return err
		}
		return s.settle(ctx, &g)
	})
	return g, err
}

// held gives a group that is not a directory's, and holds it.
func (s *Service) held(ctx context.Context, id uid.ID) (Group, error) {
	g, err := s.keep.LockGroup(ctx, id)
	if err == nil && g.DirectoryID != nil {
		err = ErrKept
	}
	return g, err
}

// Delete removes a group; courses that only it could see are seen by fewer people then, and nobody is enrolled through it
// any more: event group.deleted. It needs group:manage; auth.ErrGroupNotFound, ErrKept, ErrInUse.
func (s *Service) Delete(ctx context.Context, id uid.ID) error {
	if err := auth.Require(ctx, policy.GroupManage); err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		g, err := s.held(ctx, id)
		if err != nil {
			return err
		}
		ruled, err := s.keep.GroupsByRule(ctx)
		if err != nil {
			return err
		}
		for _, other := range ruled {
			if other.ID != id && other.Rule.Asks(id) {
				return ErrInUse
			}
		}
		if err := s.keep.DeleteGroup(ctx, id); err != nil {
			return err
		}
		return s.tell(ctx, "group.deleted", g, nil)
	})
}

// Add puts people into a group by hand and says how many were new: event group.members_changed. It needs group:manage;
// auth.ErrGroupNotFound, ErrKept, ErrByRule.
func (s *Service) Add(ctx context.Context, id uid.ID, people []uid.ID) (int, error) {
	return s.move(ctx, id, people, true)
}

// Remove takes people out of a group and says how many were in it: event group.members_changed. It needs group:manage.
func (s *Service) Remove(ctx context.Context, id uid.ID, people []uid.ID) (int, error) {
	return s.move(ctx, id, people, false)
}

func (s *Service) move(ctx context.Context, id uid.ID, people []uid.ID, in bool) (n int, err error) {
	if err := auth.Require(ctx, policy.GroupManage); err != nil {
		return 0, err
	}
	f := fault.Fields{}
	f.Check(len(people) > 0, "people", "Name at least one person.")
	f.Check(len(people) <= atOnceMax, "people", fmt.Sprintf("Name at most %d people at once.", atOnceMax))
	if err := f.Err(); err != nil {
		return 0, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		g, err := s.held(ctx, id)
		switch {
		case err != nil:
			return err
		case g.Rule != nil:
			return ErrByRule
		}
		var came, went []uid.ID
		if in {
			names, err := s.keep.NamesOf(ctx, people)
			if err != nil {
				return err
			}
			for _, p := range people {
				if _, there := names[p]; !there {
					return auth.ErrPersonNotFound
				}
			}
			came, err = s.keep.Join(ctx, id, people)
			if err != nil {
				return err
			}
		} else if went, err = s.keep.Leave(ctx, id, people); err != nil {
			return err
		}
		n = len(came) + len(went)
		return s.tellMoved(ctx, g, came, went)
	})
	return n, err
}

// fieldsSeen names those of some own fields that who asks may see of others: a rule that asks for a field tells what is in it.
func (s *Service) fieldsSeen(ctx context.Context, codes []string) (map[string]string, error) {
	who, _ := auth.PrincipalFrom(ctx)
	if !who.May.Has(policy.PersonRead) && !who.May.Has(policy.PersonManage) {
		return nil, nil
	}
	return s.keep.CustomNames(ctx, codes, who.May.Has(policy.PersonManage))
}

// resolve turns what people write (a role's name, a manager's e-mail, a group's name) into what is kept: codes and ids.
func (s *Service) resolve(ctx context.Context, r *Rule) error {
	f := fault.Fields{}
	if codes := r.customs(); len(codes) > 0 {
		known, err := s.fieldsSeen(ctx, codes)
		if err != nil {
			return err
		}
		for i, c := range r.Conditions {
			code, own := c.Field.Custom()
			_, there := known[code]
			f.Check(!own || there, "conditions."+strconv.Itoa(i)+".field", "There is no such field. Choose one from the list.")
		}
	}
	for i := range r.Conditions {
		c := &r.Conditions[i]
		if c.Op.Bare() {
			continue
		}
		for j, v := range c.Values {
			var err error
			switch c.Field {
			case FieldRole:
				c.Values[j], err = s.role(ctx, v)
			case FieldUnit:
				c.Values[j], err = s.unit(ctx, v)
			case FieldManager:
				c.Values[j], err = s.manager(ctx, v)
			case FieldGroup:
				c.Values[j], err = s.group(ctx, v)
			case FieldCompleted, FieldCertificate:
				c.Values[j], err = s.course(ctx, v)
			}
			var wrong *fault.Fault
			if errors.As(err, &wrong) && wrong.Kind == fault.KindInvalid {
				f.Check(false, "conditions."+strconv.Itoa(i)+".values", wrong.Text)
			} else if err != nil {
				return err
			}
		}
	}
	return f.Err()
}

func (s *Service) role(ctx context.Context, v string) (string, error) {
	rows, err := s.keep.RoleRows(ctx)
	if err != nil {
		return v, err
	}
	for _, row := range rows {
		if string(row.Code) == v || strings.EqualFold(row.Name, v) {
			return string(row.Code), nil
		}
	}
	return v, errNoRole
}

// unit takes a department's, location's or position's id, code, path or name.
func (s *Service) unit(ctx context.Context, v string) (string, error) {
	id, known := uid.Parse(v)
	var ids []uid.ID
	if known {
		ids = []uid.ID{id}
	}
	found, err := s.keep.UnitsCalled(ctx, v, ids)
	switch {
	case err != nil:
		return v, err
	case len(found) == 0:
		return v, errNoUnit
	case len(found) > 1:
		return v, errTwoUnits
	}
	for id := range found {
		v = id.String()
	}
	return v, nil
}

// course takes a course's id or its address.
func (s *Service) course(ctx context.Context, v string) (string, error) {
	id, _ := uid.Parse(v)
	found, err := s.keep.CourseNames(ctx, v, []uid.ID{id})
	for id := range found {
		return id.String(), err
	}
	if err == nil {
		err = errNoCourse
	}
	return v, err
}

func (s *Service) manager(ctx context.Context, v string) (string, error) {
	if id, ok := uid.Parse(v); ok {
		names, err := s.keep.NamesOf(ctx, []uid.ID{id})
		if _, there := names[id]; err != nil || there {
			return id.String(), err
		}
		return v, errNoPerson
	}
	email, ok := auth.NormaliseEmail(v)
	if !ok {
		return v, errNoPerson
	}
	p, err := s.keep.PersonByEmail(ctx, email)
	if errors.Is(err, auth.ErrPersonNotFound) {
		return v, errNoPerson
	}
	return p.ID.String(), err
}

func (s *Service) group(ctx context.Context, v string) (string, error) {
	var ids []uid.ID
	if id, ok := uid.Parse(v); ok {
		ids = []uid.ID{id}
	}
	found, err := s.keep.GroupsNamed(ctx, v, ids)
	switch {
	case err != nil:
		return v, err
	case len(found) == 0:
		return v, errNoGroup
	case len(found) > 1:
		return v, errTwoGroups
	case found[0].Rule != nil:
		return v, errRuleOnRule
	}
	return found[0].ID.String(), nil
}

// What resolve says of a value.
var (
	errNoRole     = fault.New(fault.KindInvalid, "no_role", "There is no such role. Choose one from the list.")
	errNoPerson   = fault.New(fault.KindInvalid, "no_person", "Nobody here has this e-mail. Enter the manager’s e-mail.")
	errNoCourse   = fault.New(fault.KindInvalid, "no_course", "There is no such course. Enter its address: what stands behind /courses/.")
	errNoUnit     = fault.New(fault.KindInvalid, "no_unit", "There is no department, location or position of this code or name.")
	errTwoUnits   = fault.New(fault.KindInvalid, "two_units", "Several have this name. Enter the code, or the path, for example “Sales / North”.")
	errNoGroup    = fault.New(fault.KindInvalid, "no_group", "There is no group of this name.")
	errTwoGroups  = fault.New(fault.KindInvalid, "two_groups", "Several groups have this name. Rename one of them.")
	errRuleOnRule = fault.New(fault.KindInvalid, "rule_on_rule", "A rule cannot ask for a group that has a rule itself.")
)
