package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"gorm.io/gorm/clause"

	"gorm.io/gorm"

	"lyceum/billing/inbox"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// InsertMessage writes a message unless its provider sent it before.
func (s *Store) InsertMessage(ctx context.Context, m inbox.Message) (written bool, err error) {
	res := s.tx(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "provider"}, {Name: "event_id"}}, DoNothing: true}).Create(&m)
	return res.RowsAffected > 0, fail(res.Error, "keep a message")
}

// ClaimMessages takes those of a provider that are due, the oldest first, counts the try and keeps them from others until a moment.
func (s *Store) ClaimMessages(ctx context.Context, provider string, now, until time.Time, n int) (list []inbox.Message, err error) {
	var ids []uid.ID
	err = s.tx(ctx).Raw(`select id from control.provider_events where provider = ? and state = 'waiting' and next_try_at <= ?
		order by next_try_at, id limit ? for update skip locked`, provider, now, n).Scan(&ids).Error
	if err != nil || len(ids) == 0 {
		return nil, fail(err, "take messages")
	}
	if err := s.tx(ctx).Exec("update control.provider_events set attempts = attempts + 1, next_try_at = ? where id in ?", until, ids).Error; err != nil {
		return nil, fail(err, "take messages")
	}
	return list, fail(s.tx(ctx).Where("id in ?", ids).Order("at, id").Find(&list).Error, "read messages")
}

// SettleMessage writes what became of a message, unless somebody tried it again since.
func (s *Store) SettleMessage(ctx context.Context, m inbox.Message) error {
	return fail(s.tx(ctx).Model(&inbox.Message{}).Where("id = ? and attempts = ?", m.ID, m.Attempts).
		Select("state", "next_try_at", "error", "done_at").Updates(&m).Error, "settle message %s", m.EventID)
}

// Attempts are left: who is at a message that is reset must not settle it.
const reset = "update control.provider_events set state = 'waiting', attempts = attempts + 1, next_try_at = ?, done_at = null"

// ResetMessage has a message handled again.
func (s *Store) ResetMessage(ctx context.Context, id uid.ID, now time.Time) error {
	return fail(s.tx(ctx).Exec(reset+" where id = ?", now, id).Error, "reset a message")
}

// ResetMessages does so with at most n that a filter chooses, the oldest first; those that wait are left alone.
func (s *Store) ResetMessages(ctx context.Context, f inbox.Filter, now time.Time, n int) (int, error) {
	chosen := narrowed(s.tx(ctx).Model(&inbox.Message{}).Select("id").Where("state <> 'waiting'"), f).Order("id").Limit(n)
	res := s.tx(ctx).Exec(reset+" where id in (?)", now, chosen)
	return int(res.RowsAffected), fail(res.Error, "reset messages")
}

// narrowed keeps a query to what a filter chooses.
func narrowed(q *gorm.DB, f inbox.Filter) *gorm.DB {
	if f.State != "" {
		q = q.Where("state = ?", f.State)
	}
	if f.Type != "" {
		q = q.Where("type like ?", escapeLike(f.Type)+"%")
	}
	return q
}

// MessageByID finds one; inbox.ErrNotFound.
func (s *Store) MessageByID(ctx context.Context, id uid.ID) (m inbox.Message, err error) {
	return m, notFound(s.tx(ctx).Where("id = ?", id).Take(&m).Error, inbox.ErrNotFound, "find a message")
}

// Messages lists them, the newest first, without what they carry.
func (s *Store) Messages(ctx context.Context, f inbox.Filter) (out page.Of[inbox.Message], err error) {
	limit := f.Page.Bounded()
	q := s.tx(ctx).Omit("payload")
	if f.Page.After != "" {
		after, err := page.Parts(f.Page.After, 1)
		if err != nil {
			return out, err
		}
		id, ok := uid.Parse(after[0])
		if !ok {
			return out, page.ErrCursor
		}
		q = q.Where("id < ?", id)
	}
	q = narrowed(q, f)
	var rows []inbox.Message
	if err := q.Order("id desc").Limit(limit + 1).Find(&rows).Error; err != nil {
		return out, fail(err, "list messages")
	}
	return page.Cut(rows, limit, func(m inbox.Message) []string { return []string{m.ID.String()} }), nil
}

// MessageDepth tells how much waits.
func (s *Store) MessageDepth(ctx context.Context) (d inbox.Depth, err error) {
	return d, fail(s.tx(ctx).Raw(`select count(*) filter (where state = 'waiting')::int as waiting, count(*) filter (where state = 'parked')::int as parked,
		min(received_at) filter (where state = 'waiting') as oldest from control.provider_events where state in ('waiting', 'parked')`).Scan(&d).Error, "count messages")
}

// DeleteMessages removes those done or ignored that came before a moment.
func (s *Store) DeleteMessages(ctx context.Context, before time.Time) (int, error) {
	res := s.tx(ctx).Exec("delete from control.provider_events where state in ('done', 'ignored') and received_at < ?", before)
	return int(res.RowsAffected), fail(res.Error, "delete messages")
}

// ProviderMark is since when undelivered messages are to be fetched; the zero time before the first.
func (s *Store) ProviderMark(ctx context.Context, provider string) (since time.Time, err error) {
	err = s.tx(ctx).Raw("select since from control.provider_marks where provider = ?", provider).Row().Scan(&since)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return since, fail(err, "read a mark")
}

// SetProviderMark moves it on, never back.
func (s *Store) SetProviderMark(ctx context.Context, provider string, since time.Time) error {
	return fail(s.tx(ctx).Exec(`insert into control.provider_marks (provider, since) values (?, ?)
		on conflict (provider) do update set since = excluded.since where provider_marks.since < excluded.since`, provider, since).Error, "move a mark")
}
