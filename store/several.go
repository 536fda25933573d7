package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"lyceum/tenant"
)

// question is a reading query and what takes its answer. SQL has $1, $2 … for its arguments. scan may be called again
// after a failure, so it begins with an empty result.
type question struct {
	sql  string
	args []any
	scan func(pgx.Rows) error
}

// several runs reading queries of the tenant of ctx in one transaction, as single does with one: alone, all of it travels
// in one message and is answered in one. A page that needs five things waits once.
func (s *Store) several(ctx context.Context, questions ...question) error {
	t, ok := tenant.From(ctx)
	if !ok {
		return fmt.Errorf("%w: no tenant in the context", ErrNoTransaction)
	}
	if current(ctx) == nil && tenant.ValidSchemaName(t.SchemaName) {
		done, err := s.inOneMessage(ctx, t.SchemaName, questions)
		if done {
			return err
		}
	}
	return s.InTenant(ctx, func(ctx context.Context) error {
		r := current(ctx)
		for _, q := range questions {
			if err := s.ask(ctx, r, q); err != nil {
				return err
			}
		}
		return nil
	})
}

// ask runs one query in the running transaction.
func (s *Store) ask(ctx context.Context, r *running, q question) error {
	text, conn := s.tagOf(r.schema)+q.sql, r.pgx.Conn()
	if !s.tagged || r.schema == "control" {
		return take(ctx, r, q, text)
	}
	known, key := statementsOf(conn), statementKey{r.schema, q.sql}
	name, err := known.prepare(ctx, conn, key, text)
	if err != nil {
		return err
	}
	s.trace(ctx, conn, text)
	if err = take(ctx, r, q, name); outdated(err) {
		known.forget(ctx, conn, key)
	}
	return err
}

// trace tells who looks on the text of a query that is run by its name.
func (s *Store) trace(ctx context.Context, conn *pgx.Conn, text string) {
	if s.tracer != nil {
		s.tracer.TraceQueryEnd(s.tracer.TraceQueryStart(ctx, conn, pgx.TraceQueryStartData{SQL: text}), conn, pgx.TraceQueryEndData{})
	}
}

func take(ctx context.Context, r *running, q question, sql string) error {
	rows, err := r.pgx.Query(ctx, sql, q.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if err := q.scan(rows); err != nil {
		return err
	}
	rows.Close()
	return rows.Err()
}
