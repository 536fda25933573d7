package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm/clause"

	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/notice"
)

// Readers are those of these people who may sign in, with how they want to be told.
func (s *Store) Readers(ctx context.Context, people []uid.ID) ([]notice.Reader, error) {
	if len(people) == 0 {
		return nil, nil
	}
	var rows []struct {
		ID         uid.ID
		NoticeWays sql.NullString // GORM does not scan into a map of ours
	}
	if err := s.tx(ctx).Table("people").Select("id, notice_ways").Where("id in ? and status = 'active'", people).Order("id").Find(&rows).Error; err != nil {
		return nil, fail(err, "read who is told")
	}
	list := make([]notice.Reader, len(rows))
	for i, r := range rows {
		list[i].ID = r.ID
		if r.NoticeWays.Valid {
			if err := list[i].Preferences.Scan(r.NoticeWays.String); err != nil {
				return nil, fail(err, "read how person %s wants to be told", r.ID)
			}
		}
	}
	return list, nil
}

// SetPreferences writes how a person wants to be told.
func (s *Store) SetPreferences(ctx context.Context, person uid.ID, p notice.Preferences) error {
	return s.changeOne(ctx, notice.ErrNotFound, "choose how to be told", "update people set notice_ways = ? where id = ?", p, person)
}

// AddNotices writes notices but those told before, and says for whom.
func (s *Store) AddNotices(ctx context.Context, list []notice.Notice) (people []uid.ID, err error) {
	if len(list) == 0 {
		return nil, nil
	}
	// With nothing to do on a conflict PostgreSQL returns only what it wrote; GORM would take those rows for the first ones of
	// the list, so what was written is asked for by id.
	ids := make([]uid.ID, len(list))
	for i, n := range list {
		ids[i] = n.ID
	}
	once := clause.OnConflict{Columns: []clause.Column{{Name: "source"}, {Name: "person_id"}}, DoNothing: true}
	if err = s.tx(ctx).Clauses(once).Create(&list).Error; err != nil {
		return nil, fail(err, "add notices")
	}
	err = s.tx(ctx).Table("notifications").Where("id in ?", ids).Pluck("person_id", &people).Error
	return people, fail(err, "read notices added")
}

// NoticesOf lists a person's notices, the newest first.
func (s *Store) NoticesOf(ctx context.Context, person uid.ID, p page.Request) (out page.Of[notice.Notice], err error) {
	limit := p.Bounded()
	q := s.tx(ctx).Where("person_id = ?", person)
	if p.After != "" {
		parts, err := page.Parts(p.After, 1)
		if err != nil {
			return out, err
		}
		id, ok := uid.Parse(parts[0])
		if !ok {
			return out, page.ErrCursor
		}
		q = q.Where("id < ?", id)
	}
	var list []notice.Notice
	if err = q.Order("id desc").Limit(limit + 1).Find(&list).Error; err != nil {
		return out, fail(err, "notices of person %s", person)
	}
	return page.Cut(list, limit, func(n notice.Notice) []string { return []string{n.ID.String()} }), nil
}

// NoticesAfter lists a person's notices that are newer, the oldest first.
func (s *Store) NoticesAfter(ctx context.Context, person, after uid.ID, n int) (list []notice.Notice, err error) {
	err = s.tx(ctx).Where("person_id = ? and id > ?", person, after).Order("id").Limit(n).Find(&list).Error
	return list, fail(err, "new notices of person %s", person)
}

const standingSQL = `select (select count(*) from (select 1 from notifications where person_id = $1 and read_at is null limit $2) unread),
	(select id from notifications where person_id = $1 order by id desc limit 1)`

// StandingOf counts what a person has not read. It needs no transaction around it: it stands on every page.
func (s *Store) StandingOf(ctx context.Context, person uid.ID) (st notice.Standing, err error) {
	err = s.singleRow(ctx, notice.ErrNotFound, func(row pgx.Row) error {
		var newest *uid.ID
		err := row.Scan(&st.Unread, &newest)
		if newest != nil {
			st.Newest = *newest
		}
		return err
	}, standingSQL, person, notice.MaxUnread)
	return st, fail(err, "standing of person %s", person)
}

// ReadNotice marks a person's notice as read and gives it.
func (s *Store) ReadNotice(ctx context.Context, person, id uid.ID, at time.Time) (n notice.Notice, err error) {
	if err = s.tx(ctx).Where("id = ? and person_id = ?", id, person).Take(&n).Error; err != nil {
		return n, notFound(err, notice.ErrNotFound, "notice %s", id)
	}
	if n.ReadAt != nil {
		return n, nil
	}
	n.ReadAt = &at
	return n, s.changeOne(ctx, notice.ErrNotFound, "read a notice", "update notifications set read_at = ? where id = ? and person_id = ?", at, id, person)
}

// ReadNotices marks a person's notices up to one as read.
func (s *Store) ReadNotices(ctx context.Context, person, upTo uid.ID, at time.Time) (int, error) {
	res := s.tx(ctx).Exec("update notifications set read_at = ? where person_id = ? and read_at is null and id <= ?", at, person, upTo)
	return int(res.RowsAffected), fail(res.Error, "read the notices of person %s", person)
}

// ForgetNotices removes what is older, but of people under a legal hold.
func (s *Store) ForgetNotices(ctx context.Context, before time.Time, n int) (int, error) {
	res := s.tx(ctx).Exec("delete from notifications where id in (select id from notifications where id < ?"+unlessHeld(ctx, "notifications.person_id")+" order by id limit ?)", uid.Floor(before), n)
	return int(res.RowsAffected), fail(res.Error, "forget old notices")
}

// ActiveInRoles lists people with one of these roles who may sign in, at most n.
func (s *Store) ActiveInRoles(ctx context.Context, roles []policy.Role, n int) (people []uid.ID, err error) {
	err = s.tx(ctx).Table("people p").Where("p.status = 'active' and exists (select 1 from person_roles r where r.person_id = p.id and r.role in ?)", roles).
		Order("p.id").Limit(n).Pluck("p.id", &people).Error
	return people, fail(err, "list people in roles")
}

// LearnersOnEarlier lists those under way in a course on another version than the one people are enrolled in today.
func (s *Store) LearnersOnEarlier(ctx context.Context, course uid.ID) (people []uid.ID, err error) {
	err = s.tx(ctx).Raw(`select e.person_id from enrolments e join courses c on c.id = e.course_id
		where c.id = ? and e.status = 'active' and e.started_at is not null and e.version_id <> c.published_id order by e.id`, course).Scan(&people).Error
	return people, fail(err, "list who is under way in course %s", course)
}
