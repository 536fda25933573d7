package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/scim"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

const recordColumns = "d.directory_id, d.person_id, d.external_id, d.user_name, d.active, d.resource, d.revision, d.created_at, d.updated_at, d.unlinked_at"

func (s *Store) recordRows(ctx context.Context) *gorm.DB {
	return s.tx(ctx).Table("directory_people d").Select(recordColumns)
}

// RecordByID finds a person's record, and holds it with lock.
func (s *Store) RecordByID(ctx context.Context, directory, person uid.ID, lock bool) (r scim.Record, err error) {
	q := s.recordRows(ctx).Where("d.directory_id = ? and d.person_id = ? and d.unlinked_at is null", directory, person)
	if lock {
		q = q.Clauses(clause.Locking{Strength: "NO KEY UPDATE"})
	}
	err = q.Take(&r).Error
	return r, notFound(err, scim.ErrNotFound, "find the record of person %s", person)
}

// RecordByUserName finds the record of a folded userName.
func (s *Store) RecordByUserName(ctx context.Context, directory uid.ID, userName string) (r scim.Record, err error) {
	err = s.recordRows(ctx).Where("d.directory_id = ? and d.user_name = ? and d.unlinked_at is null", directory, userName).Take(&r).Error
	return r, notFound(err, scim.ErrNotFound, "find a record by userName")
}

// RecordOf finds the record of a person in whatever SCIM directory, the one that was changed last.
func (s *Store) RecordOf(ctx context.Context, person uid.ID) (r scim.Record, err error) {
	err = s.recordRows(ctx).Joins("join directories k on k.id = d.directory_id").Where("d.person_id = ? and d.unlinked_at is null and k.kind = ?", person, scim.KindSCIM).
		Order("d.updated_at desc, d.directory_id").Limit(1).Take(&r).Error
	return r, notFound(err, scim.ErrNotFound, "find a record of person %s", person)
}

const unlinkedMax = 10

// Unlinked gives those deleted records that had this folded userName or this externalId, the last deleted first.
func (s *Store) Unlinked(ctx context.Context, directory uid.ID, userName string, externalID *string) (list []scim.Record, err error) {
	err = s.recordRows(ctx).Where("d.directory_id = ? and d.unlinked_at is not null and (d.user_name = ? or (?::text is not null and d.external_id = ?))", directory, userName, externalID, externalID).
		Order("d.unlinked_at desc, d.person_id").Limit(unlinkedMax).Find(&list).Error
	return list, fail(err, "find deleted records of directory %s", directory)
}

// Orders of a list of people, and what stands behind a cursor in each.
var recordOrders = map[scim.Field]listOrder{
	scim.FieldID:           {"d.person_id", "d.person_id desc", "d.person_id > ?", "d.person_id < ?"},
	scim.FieldUserName:     {`d.user_name collate "C", d.person_id`, `d.user_name collate "C" desc, d.person_id desc`, `(d.user_name collate "C", d.person_id) > (?, ?)`, `(d.user_name collate "C", d.person_id) < (?, ?)`},
	scim.FieldCreated:      {"d.created_at, d.person_id", "d.created_at desc, d.person_id desc", "(d.created_at, d.person_id) > (?, ?)", "(d.created_at, d.person_id) < (?, ?)"},
	scim.FieldLastModified: {"d.updated_at, d.person_id", "d.updated_at desc, d.person_id desc", "(d.updated_at, d.person_id) > (?, ?)", "(d.updated_at, d.person_id) < (?, ?)"},
}

// listOrder is an order and what stands behind a cursor in it, both ways.
type listOrder struct{ up, down, after, before string }

// spanned narrows, orders and pages a list of a directory.
func spanned(q *gorm.DB, ask questions, orders map[scim.Field]listOrder, span scim.Span) (*gorm.DB, error) {
	order, ok := orders[span.By]
	if !ok {
		order, span.By = orders[scim.FieldID], scim.FieldID
	}
	sorted, behind := order.up, order.after
	if span.Descending {
		sorted, behind = order.down, order.before
	}
	if span.Where != nil {
		q = q.Where(ask.where(span.Where))
	}
	if span.After.ID != "" {
		id, ok := uid.Parse(span.After.ID)
		if !ok {
			return nil, page.ErrCursor
		}
		switch span.By {
		case scim.FieldID:
			q = q.Where(behind, id)
		case scim.FieldUserName:
			q = q.Where(behind, span.After.Key, id)
		default:
			at, err := time.Parse(time.RFC3339Nano, span.After.Key)
			if err != nil {
				return nil, scim.ErrInvalidCursor
			}
			q = q.Where(behind, at, id)
		}
	}
	if span.Skip > 0 {
		q = q.Offset(span.Skip)
	}
	return q.Order(sorted).Limit(span.Limit), nil
}

// Records lists the people of a directory.
func (s *Store) Records(ctx context.Context, span scim.Span) (list []scim.Record, err error) {
	q, err := spanned(s.recordRows(ctx).Where("d.directory_id = ? and d.unlinked_at is null", span.Directory), askUsers, recordOrders, span)
	if err != nil {
		return nil, err
	}
	return list, fail(q.Find(&list).Error, "list people of directory %s", span.Directory)
}

// CountRecords counts the people of a directory who fulfil a condition.
func (s *Store) CountRecords(ctx context.Context, directory uid.ID, where scim.Condition) (int, error) {
	q := s.tx(ctx).Table("directory_people d").Where("d.directory_id = ? and d.unlinked_at is null", directory)
	if where != nil {
		q = q.Where(askUsers.where(where))
	}
	var n int64
	return int(n), fail(q.Count(&n).Error, "count people of directory %s", directory)
}

// InsertRecord adds a record, or puts it in the place of the deleted one of the same person.
func (s *Store) InsertRecord(ctx context.Context, r scim.Record) error {
	again := clause.OnConflict{
		Columns:   []clause.Column{{Name: "directory_id"}, {Name: "person_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"external_id", "user_name", "active", "emails", "resource", "revision", "created_at", "updated_at", "unlinked_at"}),
		Where:     clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "directory_people.unlinked_at is not null"}}},
	}
	res := s.tx(ctx).Table("directory_people").Clauses(again).Create(&r)
	if res.Error == nil && res.RowsAffected == 0 {
		return scim.ErrUniqueness
	}
	return fail(res.Error, "add a record")
}

// SetRecord writes a record.
func (s *Store) SetRecord(ctx context.Context, r scim.Record) error {
	return s.changeOne(ctx, scim.ErrNotFound, "change a record", `update directory_people set external_id = ?, user_name = ?, active = ?, emails = ?, resource = ?, revision = ?, updated_at = ?
		where directory_id = ? and person_id = ? and unlinked_at is null`,
		r.ExternalID, r.UserName, r.Active, r.Emails, r.Resource, r.Revision, r.UpdatedAt, r.DirectoryID, r.PersonID)
}

// UnlinkRecord writes that the directory deleted the person, and takes them out of its groups.
func (s *Store) UnlinkRecord(ctx context.Context, directory, person uid.ID, at time.Time) error {
	err := s.remove(ctx, "group_members", "person_id = ? and group_id in (select id from groups where directory_id = ?)", person, directory).Error
	if err != nil {
		return fail(err, "take person %s out of groups", person)
	}
	return s.changeOne(ctx, scim.ErrNotFound, "unlink a record",
		"update directory_people set unlinked_at = ?, active = false where directory_id = ? and person_id = ? and unlinked_at is null", at, directory, person)
}

// pieces runs fn over a list in pieces that a statement can hold.
func pieces(ids []uid.ID, fn func([]uid.ID) error) error {
	const size = 5000
	for len(ids) > 0 {
		n := min(len(ids), size)
		if err := fn(ids[:n]); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// Linked gives those of the people who are in the directory.
func (s *Store) Linked(ctx context.Context, directory uid.ID, people []uid.ID) (out []uid.ID, err error) {
	err = pieces(people, func(ids []uid.ID) error {
		var found []uid.ID
		err := s.tx(ctx).Table("directory_people").Where("directory_id = ? and unlinked_at is null and person_id in ?", directory, ids).
			Order("person_id").Pluck("person_id", &found).Error
		out = append(out, found...)
		return err
	})
	return out, fail(err, "find people of directory %s", directory)
}

// MembershipsIn gives the groups of a directory that people are in, by person, then name.
func (s *Store) MembershipsIn(ctx context.Context, directory uid.ID, people []uid.ID) (out []scim.Membership, err error) {
	err = pieces(people, func(ids []uid.ID) error {
		var found []scim.Membership
		err := s.tx(ctx).Table("group_members m").Select("m.person_id, m.group_id, g.name").Joins("join groups g on g.id = m.group_id").
			Where("g.directory_id = ? and m.person_id in ?", directory, ids).Order("m.person_id, lower(g.name), g.id").Find(&found).Error
		out = append(out, found...)
		return err
	})
	return out, fail(err, "memberships in directory %s", directory)
}

// PeopleOf gives people with their roles, without password hashes.
func (s *Store) PeopleOf(ctx context.Context, people []uid.ID) (map[uid.ID]auth.Person, error) {
	out := map[uid.ID]auth.Person{}
	err := pieces(people, func(ids []uid.ID) error {
		var rows []personRow
		err := s.tx(ctx).Table("people p").Select(personColumns+", "+personRoles).Where("p.id in ?", ids).Find(&rows).Error
		for _, r := range rows {
			out[r.ID] = r.person()
		}
		return err
	})
	return out, fail(err, "find people")
}

// RolesGiven gives the roles that a directory gave to people.
func (s *Store) RolesGiven(ctx context.Context, directory uid.ID, people []uid.ID) (map[uid.ID][]policy.Role, error) {
	out := map[uid.ID][]policy.Role{}
	err := pieces(people, func(ids []uid.ID) error {
		var found []sourcedRoleRow
		err := s.tx(ctx).Table("person_roles").Select("person_id, role, source").Where("source = ? and person_id in ?", directory, ids).Order("person_id, role").Find(&found).Error
		for _, r := range found {
			out[r.PersonID] = append(out[r.PersonID], r.Role)
		}
		return err
	})
	return out, fail(err, "roles from directory %s", directory)
}
