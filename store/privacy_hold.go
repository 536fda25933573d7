package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"lyceum/auth/privacy/hold"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// holdsSince is the tenant migration that brought holds.
const holdsSince = 48

// unlessHeld is a condition, with "and" before it, that leaves out rows of people under an open hold; person is a column that holds a person's
// id, written by us. A portal in the shape before has no holds.
func unlessHeld(ctx context.Context, person string) string {
	if t, ok := tenant.From(ctx); ok && t.SchemaVersion != 0 && t.SchemaVersion < holdsSince {
		return ""
	}
	return " and not exists (select 1 from holds hh where hh.released_at is null and (hh.whole or exists (select 1 from hold_people hp where hp.hold_id = hh.id and hp.person_id = " + person + ")))"
}

// InsertHold writes a new one; hold.ErrNameUsed.
func (s *Store) InsertHold(ctx context.Context, h hold.Hold) error {
	return fail(s.tx(ctx).Create(&h).Error, "make a hold")
}

func (s *Store) holds(ctx context.Context) *gorm.DB {
	return s.tx(ctx).Table("holds h").Select("h.*, (select count(*) from hold_people x where x.hold_id = h.id) as people, coalesce(p.name, '') as made_by_name").Joins("left join people p on p.id = h.made_by")
}

// HoldByID finds one and keeps it as it is until the transaction ends.
func (s *Store) HoldByID(ctx context.Context, id uid.ID) (h hold.Hold, err error) {
	err = s.holds(ctx).Where("h.id = ?", id).Clauses(clause.Locking{Strength: "UPDATE", Table: clause.Table{Name: "h"}}).Take(&h).Error
	return h, notFound(err, hold.ErrNotFound, "hold %s", id)
}

// FindHold finds one.
func (s *Store) FindHold(ctx context.Context, id uid.ID) (h hold.Hold, err error) {
	err = s.holds(ctx).Where("h.id = ?", id).Take(&h).Error
	return h, notFound(err, hold.ErrNotFound, "hold %s", id)
}

// Holds lists them, open ones first, the newest first.
func (s *Store) Holds(ctx context.Context, p page.Request) (out page.Of[hold.Hold], err error) {
	limit := p.Bounded()
	q := s.holds(ctx)
	if p.After != "" {
		parts, err := page.Parts(p.After, 2)
		if err != nil {
			return out, err
		}
		if _, ok := uid.Parse(parts[1]); !ok || parts[0] != "f" && parts[0] != "t" {
			return out, page.ErrCursor
		}
		q = q.Where("(h.released_at is null, h.id) < (?, ?)", parts[0] == "t", parts[1])
	}
	var rows []hold.Hold
	if err := q.Order("h.released_at is null desc, h.id desc").Limit(limit + 1).Scan(&rows).Error; err != nil {
		return out, fail(err, "list holds")
	}
	return page.Cut(rows, limit, func(h hold.Hold) []string {
		if h.Open() {
			return []string{"t", h.ID.String()}
		}
		return []string{"f", h.ID.String()}
	}), nil
}

// HoldPeople lists who is under one, by id.
func (s *Store) HoldPeople(ctx context.Context, id uid.ID, p page.Request) (out page.Of[hold.Person], err error) {
	limit := p.Bounded()
	q := s.tx(ctx).Table("hold_people x").Select("x.*, coalesce(p.name, '') as name, coalesce(p.email, '') as email").Joins("left join people p on p.id = x.person_id").Where("x.hold_id = ?", id)
	if p.After != "" {
		parts, err := page.Parts(p.After, 1)
		if err != nil {
			return out, err
		}
		if _, ok := uid.Parse(parts[0]); !ok {
			return out, page.ErrCursor
		}
		q = q.Where("x.person_id > ?", parts[0])
	}
	var rows []hold.Person
	if err := q.Order("x.person_id").Limit(limit + 1).Scan(&rows).Error; err != nil {
		return out, fail(err, "list who is under a hold")
	}
	return page.Cut(rows, limit, func(x hold.Person) []string { return []string{x.PersonID.String()} }), nil
}

// AddHoldPeople puts people under a hold who are there and not under it yet, and gives them.
func (s *Store) AddHoldPeople(ctx context.Context, h hold.Hold, people []uid.ID, by uid.ID, at time.Time) (added []uid.ID, err error) {
	if len(people) == 0 {
		return nil, nil
	}
	err = s.tx(ctx).Raw(`insert into hold_people (hold_id, person_id, group_name, added_by, added_at) select @hold, p.id, '', @by, @at from people p where p.id in @people
		on conflict do nothing returning person_id`, map[string]any{"hold": h.ID, "people": people, "by": by, "at": at}).Scan(&added).Error
	return added, fail(err, "put people under a hold")
}

// AddHoldGroup puts those under a hold who are in a group now; ok is false where there is no such group.
func (s *Store) AddHoldGroup(ctx context.Context, h hold.Hold, group, by uid.ID, at time.Time) (added []uid.ID, name string, ok bool, err error) {
	var names []string
	if err = s.tx(ctx).Raw("select name from groups where id = ?", group).Scan(&names).Error; err != nil || len(names) == 0 {
		return nil, "", false, fail(err, "look up a group")
	}
	err = s.tx(ctx).Raw(`insert into hold_people (hold_id, person_id, group_name, added_by, added_at) select @hold, m.person_id, @name, @by, @at from group_members m where m.group_id = @group
		on conflict do nothing returning person_id`, map[string]any{"hold": h.ID, "group": group, "name": names[0], "by": by, "at": at}).Scan(&added).Error
	return added, names[0], true, fail(err, "put a group under a hold")
}

// TakeHoldPerson takes somebody out of a hold.
func (s *Store) TakeHoldPerson(ctx context.Context, id, person uid.ID) error {
	return s.changeOne(ctx, hold.ErrNotUnder, "take somebody out of a hold", "delete from hold_people where hold_id = ? and person_id = ?", id, person)
}

// ReleaseHold writes who released one, when and why.
func (s *Store) ReleaseHold(ctx context.Context, h hold.Hold) error {
	return fail(s.tx(ctx).Model(&hold.Hold{}).Where("id = ?", h.ID).Select("released_by", "released_at", "release_reason").UpdateColumns(&h).Error, "release a hold")
}

// HoldsOver lists the open holds over a person, those of the whole portal included.
func (s *Store) HoldsOver(ctx context.Context, person uid.ID) (list []hold.Hold, err error) {
	if unlessHeld(ctx, "id") == "" {
		return nil, nil
	}
	err = s.holds(ctx).Where("h.released_at is null and (h.whole or exists (select 1 from hold_people x where x.hold_id = h.id and x.person_id = ?))", person).Order("h.id").Scan(&list).Error
	return list, fail(err, "holds over %s", person)
}

// UnderHold tells whether a person is named by a hold.
func (s *Store) UnderHold(ctx context.Context, id, person uid.ID) (under bool, err error) {
	err = s.tx(ctx).Raw("select exists (select 1 from hold_people where hold_id = ? and person_id = ?)", id, person).Row().Scan(&under)
	return under, fail(err, "whether somebody is under a hold")
}

// HoldGroups lists groups by name.
func (s *Store) HoldGroups(ctx context.Context, n int) (list []hold.Group, err error) {
	err = s.tx(ctx).Raw("select g.id, g.name, (select count(*) from group_members m where m.group_id = g.id) as members from groups g order by lower(g.name), g.id limit ?", n).Scan(&list).Error
	return list, fail(err, "groups to hold")
}

// AnyHold tells whether a hold of the running tenant is open.
func (s *Store) AnyHold(ctx context.Context) (open bool, err error) {
	if unlessHeld(ctx, "id") == "" {
		return false, nil
	}
	err = s.tx(ctx).Raw("select exists (select 1 from holds where released_at is null)").Row().Scan(&open)
	return open, fail(err, "whether a hold is open")
}

var _ hold.Keeper = (*Store)(nil)
