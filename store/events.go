package store

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/jackc/pgx/v5"

	"lyceum/internal/event"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// AppendEvents writes events into the log and the outbox of the running tenant transaction, in one statement each.
func (s *Store) AppendEvents(ctx context.Context, events ...event.Event) error {
	if len(events) == 0 {
		return nil
	}
	r := current(ctx)
	if r == nil || r.schema == "control" {
		return ErrNoTransaction
	}
	write := s.writeEvents
	if len(events) >= copied {
		write = copyEvents
	}
	if err := write(ctx, events); err != nil {
		return err
	}
	r.events = true
	r.noteAudited(events)
	return nil
}

// copied is from how many rows on they go by COPY, and not in one statement with a parameter for each value.
const copied = 100

func (s *Store) writeEvents(ctx context.Context, events []event.Event) error {
	rows := make([]outboxRow, len(events))
	for i, e := range events {
		rows[i].EventID = e.ID
	}
	if err := s.tx(ctx).Table("events").Create(eventRows(events)).Error; err != nil {
		return fail(err, "append events")
	}
	return fail(s.tx(ctx).Table("outbox").Create(&rows).Error, "append to outbox")
}

func copyEvents(ctx context.Context, events []event.Event) error {
	tx := current(ctx).pgx
	err := copyRows(ctx, tx, "events", []string{"id", "type", "version", "actor_id", "actor_kind", "subject_type", "subject_id", "data", "at"}, len(events), func(i int) []any {
		e := events[i]
		return []any{e.ID, e.Type, e.Version, e.ActorID, e.ActorKind, e.SubjectType, e.SubjectID, string(e.Data), e.At}
	})
	if err != nil {
		return err
	}
	return copyRows(ctx, tx, "outbox", []string{"event_id"}, len(events), func(i int) []any { return []any{events[i].ID} })
}

// copyRows writes rows into a table by COPY.
func copyRows(ctx context.Context, tx pgx.Tx, table string, columns []string, n int, row func(int) []any) error {
	_, err := tx.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromSlice(n, func(i int) ([]any, error) { return row(i), nil }))
	return fail(err, "copy %d rows to %s", n, table)
}

type outboxRow struct{ EventID uid.ID }

// eventRow is an event with its data as text: a []byte fails as jsonb in pgx's exec mode.
type eventRow struct {
	event.Event
	Data string
}

func eventRows(events []event.Event) *[]eventRow {
	rows := make([]eventRow, len(events))
	for i, e := range events {
		rows[i] = eventRow{Event: e, Data: string(e.Data)}
	}
	return &rows
}

// WaitingEvents gives the oldest events of the running tenant's outbox, at most n.
func (s *Store) WaitingEvents(ctx context.Context, n int) ([]event.Event, error) {
	var rows []eventRow
	err := s.tx(ctx).Table("events").Joins("join outbox on outbox.event_id = events.id").Order("events.id").Limit(n).Find(&rows).Error
	return plainEvents(rows), fail(err, "read the outbox")
}

// HandedOn takes events out of the outbox: jobs have been made of them.
func (s *Store) HandedOn(ctx context.Context, events []event.Event) error {
	ids := make([]uid.ID, len(events))
	for i, e := range events {
		ids[i] = e.ID
	}
	return fail(s.tx(ctx).Exec("delete from outbox where event_id in ?", ids).Error, "empty the outbox")
}

// Events lists the event log, newest first.
func (s *Store) Events(ctx context.Context, f event.Filter) (out page.Of[event.Event], err error) {
	limit := f.Page.Bounded()
	q := s.tx(ctx).Table("events")
	if f.Page.After != "" {
		parts, err := page.Parts(f.Page.After, 1)
		if err != nil {
			return out, err
		}
		if _, ok := uid.Parse(parts[0]); !ok {
			return out, page.ErrCursor
		}
		q = q.Where("id < ?", parts[0])
	}
	if prefix, all := strings.CutSuffix(f.Type, ".*"); all {
		q = q.Where("type like ?", escapeLike(prefix)+".%")
	} else if f.Type != "" {
		q = q.Where("type = ?", f.Type)
	}
	if f.Subject != uid.Nil {
		q = q.Where("subject_id = ?", f.Subject)
	}
	if f.Actor != uid.Nil {
		q = q.Where("actor_id = ?", f.Actor)
	}
	var rows []eventRow
	if err := q.Order("id desc").Limit(limit + 1).Find(&rows).Error; err != nil {
		return out, fail(err, "list events")
	}
	return page.Cut(plainEvents(rows), limit, func(e event.Event) []string { return []string{e.ID.String()} }), nil
}

func plainEvents(rows []eventRow) []event.Event {
	out := make([]event.Event, len(rows))
	for i, r := range rows {
		out[i] = r.Event
		out[i].Data = json.RawMessage(r.Data)
	}
	return out
}

// escapeLike makes a text stand for itself in a like pattern.
func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}
