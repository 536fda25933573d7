// Package group is people put together: by hand, by a directory, or by a rule over what is known of a person. A rule's
// members are kept up to date by jobs, as people come, change and go. It does not know what groups are used for, but for
// telling it before one is removed.
package group

import (
	"context"
	"time"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// Kind is who says who is in a group.
type Kind string

const (
	// ByHand is a group whose members people choose.
	ByHand Kind = "static"
	// ByRule is a group of everyone who fits a rule.
	ByRule Kind = "rule"
	// ByDirectory is a group that a directory keeps: here it is only read.
	ByDirectory Kind = "directory"
)

// Kinds lists them.
func Kinds() []Kind { return []Kind{ByHand, ByRule, ByDirectory} }

// Group is a group with its rule and how many are in it.
type Group struct {
	auth.Group `gorm:"embedded"`
	Rule       *Rule      // nil: none
	SettledAt  *time.Time // when the rule was last compared with everyone
	Members    int
	Directory  string // what the directory that keeps it is called
}

// Kind tells who says who is in it.
func (g Group) Kind() Kind {
	switch {
	case g.DirectoryID != nil:
		return ByDirectory
	case g.Rule != nil:
		return ByRule
	}
	return ByHand
}

// Filter narrows a list of groups. Zero values do not narrow.
type Filter struct {
	Query string // part of the name, in any case
	Kind  Kind
	Page  page.Request
}

// Member is one person of a group.
type Member struct {
	ID     uid.ID
	Name   string
	Email  string
	Status auth.PersonStatus
}

// MemberFilter narrows a group's members. Zero values do not narrow.
type MemberFilter struct {
	Query string // part of the name or e-mail, in any case
	Page  page.Request
}

// Standing is how a person stands to a group by rule.
type Standing struct{ Fits, In bool }

// Right tells whether they are where the rule wants them.
func (s Standing) Right() bool { return s.Fits == s.In }

// UseKind is what a group is used for.
type UseKind string

const (
	// UseVisible is a course that the group's people find.
	UseVisible UseKind = "visible"
	// UseEnrolled is a course that the group's people are enrolled in.
	UseEnrolled UseKind = "enrolled"
	// UseRule is another group whose rule asks for this one.
	UseRule UseKind = "rule"
)

// Use is one thing that a group is used for: a course, or another group.
type Use struct {
	Kind UseKind
	ID   uid.ID
	Name string
}

// Keeper is what groups need kept. All but InTenant runs inside it.
type Keeper interface {
	InTenant(ctx context.Context, fn func(ctx context.Context) error) error
	event.Log
	// RuledGroup gives a group with its rule and the number of its members; auth.ErrGroupNotFound.
	RuledGroup(ctx context.Context, id uid.ID) (Group, error)
	// LockGroup gives a group and holds it until the transaction ends; auth.ErrGroupNotFound.
	LockGroup(ctx context.Context, id uid.ID) (Group, error)
	// RuledGroups lists groups by name.
	RuledGroups(ctx context.Context, f Filter) (page.Of[Group], error)
	// GroupsByRule gives all groups that have a rule, by id.
	GroupsByRule(ctx context.Context) ([]Group, error)
	// GroupsNamed gives the groups of a name in any case, and those of ids.
	GroupsNamed(ctx context.Context, name string, ids []uid.ID) ([]Group, error)
	// UnitsCalled gives the open departments, locations and positions that a text means, by code, else by path, else by name, and those
	// of ids, open or closed, with what they are called.
	UnitsCalled(ctx context.Context, text string, ids []uid.ID) (map[uid.ID]string, error)
	// CustomNames gives what the portal's own fields of some codes are called; hidden ones, which only who manages people sees, when asked.
	CustomNames(ctx context.Context, codes []string, hidden bool) (map[string]string, error)
	// CourseNames gives what the courses of an address, and those of ids, are called.
	CourseNames(ctx context.Context, slug string, ids []uid.ID) (map[uid.ID]string, error)
	// AddGroup and PutGroup write a group; ErrNameTaken.
	AddGroup(ctx context.Context, g Group) error
	PutGroup(ctx context.Context, g Group) error
	DeleteGroup(ctx context.Context, id uid.ID) error
	GroupUses(ctx context.Context, id uid.ID) ([]Use, error)
	// MembersBy lists a group's members by name.
	MembersBy(ctx context.Context, group uid.ID, f MemberFilter) (page.Of[Member], error)
	// InsideOf tells which of these people are in a group.
	InsideOf(ctx context.Context, group uid.ID, people []uid.ID) (map[uid.ID]bool, error)
	GroupsOf(ctx context.Context, person uid.ID) ([]auth.Group, error)
	// Join and Leave put people into a group and take them out, and give those for whom that was new. Who does not exist
	// is passed over.
	Join(ctx context.Context, group uid.ID, people []uid.ID) ([]uid.ID, error)
	Leave(ctx context.Context, group uid.ID, people []uid.ID) ([]uid.ID, error)
	// WhoFits counts the people whom a rule takes, and gives the first n of them by name.
	WhoFits(ctx context.Context, r Rule, now time.Time, n int) (int, []Member, error)
	// SettleMembers brings a group's members to those whom the rule takes, and gives who came and who went.
	SettleMembers(ctx context.Context, group uid.ID, r Rule, now time.Time) (came, went []uid.ID, err error)
	// Fits tells of each group, which has a rule, whether the rule takes a person and whether they are in it.
	Fits(ctx context.Context, groups []Group, person uid.ID, now time.Time) (map[uid.ID]Standing, error)
	// SetSettled notes when a group's rule was compared with everyone.
	SetSettled(ctx context.Context, group uid.ID, at time.Time) error
	RoleRows(ctx context.Context) ([]auth.RoleRow, error)
	PersonByEmail(ctx context.Context, email string) (auth.Person, error)
	NamesOf(ctx context.Context, ids []uid.ID) (map[uid.ID]string, error)
}

// Limits.
const (
	nameMax        = 100
	descriptionMax = 500
	ruleGroupsMax  = 200  // of a tenant: each person event asks each of them
	atOnceMax      = 1000 // people put in or taken out by one call
	toldMax        = 100  // people that one event names
)

// Failures of this package.
var (
	ErrNameTaken = fault.New(fault.KindConflict, "group_name_taken", "A group of this name is here already. Choose another name.")
	ErrKept      = fault.New(fault.KindConflict, "group_kept", "A directory keeps this group. Change it there.")
	ErrByRule    = fault.New(fault.KindConflict, "group_by_rule", "A rule says who is in this group. Change the rule, or the person.")
	ErrInUse     = fault.New(fault.KindConflict, "group_in_use", "Another group’s rule asks for this group. Change that rule first.")
	ErrRevision  = fault.New(fault.KindConflict, "group_changed", "Someone else changed this group meanwhile. Look at it again, then save.")
	ErrTooMany   = fault.New(fault.KindConflict, "too_many_rules", "There are as many groups by rule as a portal may have. Remove one that is not used.")
)

// Service keeps groups, in the tenant of each call's context.
type Service struct {
	keep Keeper
	now  clock.Clock
}

// New makes the service.
func New(keep Keeper, now clock.Clock) *Service {
	if now == nil {
		now = clock.Real
	}
	return &Service{keep: keep, now: now}
}

// List lists groups by name. It needs person:read.
func (s *Service) List(ctx context.Context, f Filter) (out page.Of[Group], err error) {
	if err := auth.Require(ctx, policy.PersonRead); err != nil {
		return out, err
	}
	if !utf8.ValidString(f.Query) {
		return out, nil
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		out, err = s.keep.RuledGroups(ctx, f)
		return err
	})
	return out, err
}

// Shown is a group with what stands behind the ids in its rule.
type Shown struct {
	Group
	Uses  []Use
	Names map[string]string // of the people and groups that its rule names, by id
}

// Show gives a group, what it is used for and what its rule names. It needs person:read; auth.ErrGroupNotFound.
func (s *Service) Show(ctx context.Context, id uid.ID) (out Shown, err error) {
	if err := auth.Require(ctx, policy.PersonRead); err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		if out.Group, err = s.keep.RuledGroup(ctx, id); err != nil {
			return err
		}
		if out.Uses, err = s.keep.GroupUses(ctx, id); err != nil {
			return err
		}
		out.Names, err = s.names(ctx, out.Rule)
		return err
	})
	return out, err
}

// names gives what the people and groups that a rule names are called.
func (s *Service) names(ctx context.Context, r *Rule) (map[string]string, error) {
	out := map[string]string{}
	if r == nil {
		return out, nil
	}
	people, groups := r.ids(FieldManager), r.ids(FieldGroup)
	if len(people) > 0 {
		found, err := s.keep.NamesOf(ctx, people)
		if err != nil {
			return nil, err
		}
		for id, name := range found {
			out[id.String()] = name
		}
	}
	if courses := append(r.ids(FieldCompleted), r.ids(FieldCertificate)...); len(courses) > 0 {
		found, err := s.keep.CourseNames(ctx, "", courses)
		if err != nil {
			return nil, err
		}
		for id, name := range found {
			out[id.String()] = name
		}
	}
	if units := r.ids(FieldUnit); len(units) > 0 {
		found, err := s.keep.UnitsCalled(ctx, "", units)
		if err != nil {
			return nil, err
		}
		for id, name := range found {
			out[id.String()] = name
		}
	}
	if codes := r.customs(); len(codes) > 0 {
		found, err := s.fieldsSeen(ctx, codes)
		if err != nil {
			return nil, err
		}
		for code, name := range found {
			out[string(CustomField(code))] = name
		}
	}
	if len(groups) > 0 {
		found, err := s.keep.GroupsNamed(ctx, "", groups)
		if err != nil {
			return nil, err
		}
		for _, g := range found {
			out[g.ID.String()] = g.Name
		}
	}
	return out, nil
}

// Members lists who is in a group, by name. It needs person:read; auth.ErrGroupNotFound.
func (s *Service) Members(ctx context.Context, id uid.ID, f MemberFilter) (out page.Of[Member], err error) {
	if err := auth.Require(ctx, policy.PersonRead); err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		if _, err = s.keep.RuledGroup(ctx, id); err != nil || !utf8.ValidString(f.Query) {
			return err
		}
		out, err = s.keep.MembersBy(ctx, id, f)
		return err
	})
	return out, err
}

// Inside tells which of these people are in a group. It needs person:read.
func (s *Service) Inside(ctx context.Context, id uid.ID, people []uid.ID) (out map[uid.ID]bool, err error) {
	if err := auth.Require(ctx, policy.PersonRead); err != nil {
		return nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		out, err = s.keep.InsideOf(ctx, id, people)
		return err
	})
	return out, err
}

// Of gives the groups a person is in, by name. It needs person:read, but for oneself;
// auth.ErrPersonNotFound.
func (s *Service) Of(ctx context.Context, person uid.ID) (out []auth.Group, err error) {
	if who, ok := auth.PrincipalFrom(ctx); !ok || who.PersonID != person {
		if err := auth.Require(ctx, policy.PersonRead); err != nil {
			return nil, err
		}
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		names, err := s.keep.NamesOf(ctx, []uid.ID{person})
		if err != nil {
			return err
		}
		if _, there := names[person]; !there {
			return auth.ErrPersonNotFound
		}
		out, err = s.keep.GroupsOf(ctx, person)
		return err
	})
	return out, err
}

// tell appends an event about a group.
func (s *Service) tell(ctx context.Context, typ string, g Group, more map[string]any) error {
	data := map[string]any{"group_id": g.ID, "name": g.Name}
	for k, v := range more {
		data[k] = v
	}
	e, err := event.New(ctx, s.now(), typ, "group", g.ID, data)
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, e)
}

// tellMoved tells who came and who went, if anybody did: all of a few, the numbers of many.
func (s *Service) tellMoved(ctx context.Context, g Group, came, went []uid.ID) error {
	if len(came)+len(went) == 0 {
		return nil
	}
	return s.tell(ctx, "group.members_changed", g, map[string]any{
		"people": len(came) + len(went), "added": len(came), "removed": len(went), "added_ids": some(came), "removed_ids": some(went),
	})
}

func some(ids []uid.ID) []uid.ID {
	if len(ids) > toldMax {
		return ids[:toldMax]
	}
	if ids == nil {
		return []uid.ID{}
	}
	return ids
}
