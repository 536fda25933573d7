package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm/clause"

	"lyceum/auth"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

const groupColumns = "g.id, g.name, g.directory_id, g.external_id, g.revision, g.created_at, g.updated_at"

// GroupByID finds a group.
func (s *Store) GroupByID(ctx context.Context, id uid.ID) (g auth.Group, err error) {
	err = s.tx(ctx).Table("groups g").Select(groupColumns).Where("g.id = ?", id).Take(&g).Error
	return g, notFound(err, auth.ErrGroupNotFound, "find a group")
}

// GroupsBy lists groups by name, in any case.
func (s *Store) GroupsBy(ctx context.Context, f auth.GroupFilter) (out page.Of[auth.Group], err error) {
	type row struct {
		auth.Group
		SortName string
	}
	limit := f.Page.Bounded()
	q := s.tx(ctx).Table("groups g").Select(groupColumns + ", lower(g.name) as sort_name").Order("lower(g.name), g.id").Limit(limit + 1)
	if f.Query != "" {
		q = q.Where("g.name ilike ?", "%"+escapeLike(f.Query)+"%")
	}
	if f.Directory != uid.Nil {
		q = q.Where("g.directory_id = ?", f.Directory)
	}
	q, err = afterName(q, "(lower(g.name), g.id) > (?, ?)", f.Page.After)
	if err != nil {
		return out, err
	}
	var rows []row
	if err = q.Find(&rows).Error; err != nil {
		return out, fail(err, "list groups")
	}
	return byName(rows, limit, func(r row) (string, uid.ID) { return r.SortName, r.ID }, func(r row) auth.Group { return r.Group }), nil
}

// groupsMax bounds the groups of one person.
const groupsMax = 2000

// GroupsOf gives the groups a person is in, by name.
func (s *Store) GroupsOf(ctx context.Context, person uid.ID) (groups []auth.Group, err error) {
	err = s.tx(ctx).Table("groups g").Select(groupColumns).Joins("join group_members m on m.group_id = g.id").
		Where("m.person_id = ?", person).Order("lower(g.name), g.id").Limit(groupsMax).Find(&groups).Error
	return groups, fail(err, "groups of person %s", person)
}

// MembersOf gives who is in a group, by id.
func (s *Store) MembersOf(ctx context.Context, group, after uid.ID, n int) (people []uid.ID, err error) {
	err = s.tx(ctx).Table("group_members").Where("group_id = ? and person_id > ?", group, after).Order("person_id").Limit(n).Pluck("person_id", &people).Error
	return people, fail(err, "members of group %s", group)
}

// InsertGroup adds a group.
func (s *Store) InsertGroup(ctx context.Context, g auth.Group) error {
	return fail(s.tx(ctx).Table("groups").Create(&g).Error, "add a group")
}

// SetGroup writes a group's name, external id, revision and when.
func (s *Store) SetGroup(ctx context.Context, g auth.Group) error {
	return s.changeOne(ctx, auth.ErrGroupNotFound, "change a group",
		"update groups set name = ?, external_id = ?, revision = ?, updated_at = ? where id = ?", g.Name, g.ExternalID, g.Revision, g.UpdatedAt, g.ID)
}

// DeleteGroup removes a group with its memberships.
func (s *Store) DeleteGroup(ctx context.Context, id uid.ID) error {
	for _, table := range []string{"group_members", "requirement_spared"} {
		if err := s.setAside(ctx, table, "group_id = ?", id); err != nil {
			return err
		}
	}
	return s.changeOne(ctx, auth.ErrGroupNotFound, "remove a group", "delete from groups where id = ?", id)
}

type memberRow struct{ GroupID, PersonID uid.ID }

// AddMembers puts people into a group and says how many were new.
func (s *Store) AddMembers(ctx context.Context, group uid.ID, people []uid.ID) (int, error) {
	if len(people) == 0 {
		return 0, nil
	}
	rows := make([]memberRow, len(people))
	for i, p := range people {
		rows[i] = memberRow{group, p}
	}
	res := s.tx(ctx).Table("group_members").Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(&rows, 5000)
	var pg *pgconn.PgError
	if errors.As(res.Error, &pg) && pg.ConstraintName == "group_members_person_fk" {
		return 0, auth.ErrPersonNotFound.Because(res.Error)
	}
	return int(res.RowsAffected), fail(res.Error, "add to group %s", group)
}

// RemoveMembers takes people out of a group and says how many were in it.
func (s *Store) RemoveMembers(ctx context.Context, group uid.ID, people []uid.ID) (int, error) {
	removed := 0
	for len(people) > 0 {
		n := min(len(people), 5000)
		res := s.remove(ctx, "group_members", "group_id = ? and person_id in ?", group, people[:n])
		if res.Error != nil {
			return removed, fail(res.Error, "take out of group %s", group)
		}
		removed, people = removed+int(res.RowsAffected), people[n:]
	}
	return removed, nil
}
