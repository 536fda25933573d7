package store

import (
	"context"

	"gorm.io/gorm/clause"

	"lyceum/auth"
	"lyceum/auth/scim"
	"lyceum/internal/uid"
)

// DirectoryGroup finds a group of a directory, and holds it with lock.
func (s *Store) DirectoryGroup(ctx context.Context, directory, id uid.ID, lock bool) (g auth.Group, err error) {
	q := s.tx(ctx).Table("groups g").Select(groupColumns).Where("g.id = ? and g.directory_id = ?", id, directory)
	if lock {
		q = q.Clauses(clause.Locking{Strength: "NO KEY UPDATE"})
	}
	err = q.Take(&g).Error
	return g, notFound(err, scim.ErrNotFound, "find group %s", id)
}

// Orders of a list of groups.
var groupOrders = map[scim.Field]listOrder{
	scim.FieldID:           {"g.id", "g.id desc", "g.id > ?", "g.id < ?"},
	scim.FieldCreated:      {"g.created_at, g.id", "g.created_at desc, g.id desc", "(g.created_at, g.id) > (?, ?)", "(g.created_at, g.id) < (?, ?)"},
	scim.FieldLastModified: {"g.updated_at, g.id", "g.updated_at desc, g.id desc", "(g.updated_at, g.id) > (?, ?)", "(g.updated_at, g.id) < (?, ?)"},
}

// DirectoryGroups lists the groups of a directory.
func (s *Store) DirectoryGroups(ctx context.Context, span scim.Span) (list []auth.Group, err error) {
	q, err := spanned(s.tx(ctx).Table("groups g").Select(groupColumns).Where("g.directory_id = ?", span.Directory), askGroups, groupOrders, span)
	if err != nil {
		return nil, err
	}
	return list, fail(q.Find(&list).Error, "list groups of directory %s", span.Directory)
}

// CountGroups counts the groups of a directory that fulfil a condition.
func (s *Store) CountGroups(ctx context.Context, directory uid.ID, where scim.Condition) (int, error) {
	q := s.tx(ctx).Table("groups g").Where("g.directory_id = ?", directory)
	if where != nil {
		q = q.Where(askGroups.where(where))
	}
	var n int64
	return int(n), fail(q.Count(&n).Error, "count groups of directory %s", directory)
}

// GroupMembers gives the members of groups, by group, then person. What the directory calls nobody itself, the portal
// calls by name.
func (s *Store) GroupMembers(ctx context.Context, groups []uid.ID) (out []scim.Member, err error) {
	if len(groups) == 0 {
		return nil, nil
	}
	err = s.tx(ctx).Table("group_members m").Select("m.group_id, m.person_id, coalesce(m.display, p.name) as display").Joins("join people p on p.id = m.person_id").
		Where("m.group_id in ?", groups).Order("m.group_id, m.person_id").Find(&out).Error
	return out, fail(err, "members of groups")
}

// MemberCounts counts the members of groups.
func (s *Store) MemberCounts(ctx context.Context, groups []uid.ID) (map[uid.ID]int, error) {
	var rows []struct {
		GroupID uid.ID
		N       int
	}
	out := map[uid.ID]int{}
	if len(groups) == 0 {
		return out, nil
	}
	err := s.tx(ctx).Table("group_members").Select("group_id, count(*) as n").Where("group_id in ?", groups).Group("group_id").Find(&rows).Error
	for _, r := range rows {
		out[r.GroupID] = r.N
	}
	return out, fail(err, "count members of groups")
}

// namedMemberRow is a member with what the directory calls them.
type namedMemberRow struct {
	GroupID  uid.ID
	PersonID uid.ID
	Display  *string
}

// PutMembers adds members of one group, or what they are called, and gives those who were not in it.
func (s *Store) PutMembers(ctx context.Context, members []scim.Member) (came []uid.ID, err error) {
	if len(members) == 0 {
		return nil, nil
	}
	ids, rows := make([]uid.ID, len(members)), make([]namedMemberRow, len(members))
	for i, m := range members {
		ids[i], rows[i] = m.PersonID, namedMemberRow{GroupID: m.GroupID, PersonID: m.PersonID}
		if m.Display != "" {
			rows[i].Display = &m.Display
		}
	}
	inside := map[uid.ID]bool{}
	err = pieces(ids, func(ids []uid.ID) error {
		var found []uid.ID
		err := s.tx(ctx).Table("group_members").Where("group_id = ? and person_id in ?", members[0].GroupID, ids).Pluck("person_id", &found).Error
		for _, id := range found {
			inside[id] = true
		}
		return err
	})
	if err != nil {
		return nil, fail(err, "members of group %s", members[0].GroupID)
	}
	for _, id := range ids {
		if !inside[id] {
			came = append(came, id)
		}
	}
	named := clause.OnConflict{
		Columns: []clause.Column{{Name: "group_id"}, {Name: "person_id"}}, DoUpdates: clause.AssignmentColumns([]string{"display"}),
		Where: clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "excluded.display is not null"}}},
	}
	return came, fail(s.tx(ctx).Table("group_members").Clauses(named).CreateInBatches(&rows, 2000).Error, "add to group %s", members[0].GroupID)
}

// TakeMembers takes people out of a group (all of them with nil) and gives those who were in it.
func (s *Store) TakeMembers(ctx context.Context, group uid.ID, people []uid.ID) (went []uid.ID, err error) {
	if people == nil {
		if err = s.setAside(ctx, "group_members", "group_id = ?", group); err != nil {
			return nil, err
		}
		err = s.tx(ctx).Raw("delete from group_members where group_id = ? returning person_id", group).Scan(&went).Error
		return went, fail(err, "empty group %s", group)
	}
	err = pieces(people, func(ids []uid.ID) error {
		var gone []uid.ID
		if err := s.setAside(ctx, "group_members", "group_id = ? and person_id in ?", group, ids); err != nil {
			return err
		}
		err := s.tx(ctx).Raw("delete from group_members where group_id = ? and person_id in ? returning person_id", group, ids).Scan(&gone).Error
		went = append(went, gone...)
		return err
	})
	return went, fail(err, "take out of group %s", group)
}
