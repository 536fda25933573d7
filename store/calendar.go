package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"lyceum/internal/uid"
	"lyceum/learning/calendar"
)

// PutAddress writes the hash of a calendar's address over what was there.
func (s *Store) PutAddress(ctx context.Context, a calendar.Address) error {
	over := clause.OnConflict{Columns: []clause.Column{{Name: "person_id"}}, DoUpdates: clause.AssignmentColumns([]string{"hash", "created_at"})}
	return fail(s.tx(ctx).Clauses(over).Create(&a).Error, "make the calendar address of person %s", a.PersonID)
}

// AddressOf reads a person's calendar address.
func (s *Store) AddressOf(ctx context.Context, person uid.ID) (a calendar.Address, err error) {
	err = s.tx(ctx).Where("person_id = ?", person).Take(&a).Error
	return a, notFound(err, calendar.ErrNoAddress, "calendar address of person %s", person)
}

// RemoveAddress ends a person's calendar address.
func (s *Store) RemoveAddress(ctx context.Context, person uid.ID) error {
	return s.changeOne(ctx, calendar.ErrNoAddress, "end a calendar address", "delete from calendars where person_id = ?", person)
}

// HolderOf finds whose calendar address it is, of those who may sign in.
func (s *Store) HolderOf(ctx context.Context, hash []byte) (w calendar.Whose, err error) {
	err = s.tx(ctx).Table("calendars c").Select("p.id, p.name, p.locale, p.time_zone").
		Joins("join people p on p.id = c.person_id and p.status = 'active'").Where("c.hash = ?", hash).Take(&w).Error
	return w, notFound(err, calendar.ErrNoAddress, "whose calendar address it is")
}

// DueDates is the due dates of a person's courses, as a source of their calendar.
type DueDates struct{ *Store }

// Items lists due dates in a span: of courses under way, and of those completed.
func (d DueDates) Items(ctx context.Context, person uid.ID, from, until time.Time) ([]calendar.Item, error) {
	var rows []struct {
		ID          uid.ID
		Title, Slug string
		Done        bool
		DueAt       time.Time
		EnrolledAt  time.Time
	}
	err := d.tx(ctx).Table("enrolments e").Select("e.id, v.title, c.slug, e.status = 'completed' as done, e.due_at, e.enrolled_at").
		Joins("join courses c on c.id = e.course_id").Joins("join course_versions v on v.id = e.version_id").
		Where("e.person_id = ? and e.status <> 'withdrawn' and e.due_at >= ? and e.due_at < ?", person, from, until).
		Order("e.due_at, e.id").Limit(calendar.MaxItems).Scan(&rows).Error
	items := make([]calendar.Item, len(rows))
	for i, r := range rows {
		items[i] = calendar.Item{
			UID: "due-" + r.ID.String(), Kind: calendar.KindDue, Title: r.Title, Begins: r.DueAt, Ends: r.DueAt, AllDay: true, Done: r.Done,
			Path: "/courses/" + r.Slug, Changed: r.EnrolledAt,
		}
	}
	return items, fail(err, "due dates of person %s", person)
}
