package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// single runs one query of the tenant of ctx. Within a running transaction it joins it; alone it is a transaction of its own whose
// two statements (role and search_path set LOCAL; the query) travel in one message and are answered in one: what comes before one
// Sync of the protocol is one transaction, which ends with it, so begin and commit need not be said, and what was set LOCAL ends
// with it too. The same walls as InTenant for a fifth of its waiting. SQL has $1, $2 … for its arguments. scan may be called again
// after a failure, so it begins with an empty result.
func (s *Store) single(ctx context.Context, scan func(pgx.Rows) error, sql string, args ...any) error {
	return s.several(ctx, question{sql, args, scan})
}

// singleRow is single for a query of one row; missing is what its absence means.
func (s *Store) singleRow(ctx context.Context, missing error, scan func(pgx.Row) error, sql string, args ...any) error {
	found := false
	err := s.single(ctx, func(rows pgx.Rows) error {
		if found = rows.Next(); !found {
			return rows.Err()
		}
		return scan(rows)
	}, sql, args...)
	if err == nil && !found {
		return missing
	}
	return err
}

// inOneMessage is false when the query must be run as a transaction of several messages: the first time on a
// connection (a statement is prepared before the message that sets the search_path runs) and whenever PostgreSQL
// refuses, so that the usual way answers.
func (s *Store) inOneMessage(ctx context.Context, schema string, questions []question) (done bool, err error) {
	sh := s.shardFor(schema)
	release, err := sh.turn(ctx, schema)
	if err != nil {
		return true, err
	}
	defer release()
	conn, err := sh.pool.Acquire(ctx)
	if err != nil {
		return true, fmt.Errorf("database connection: %w", err)
	}
	defer conn.Release()
	tag := s.tagOf(schema)
	b := &pgx.Batch{}
	b.Queue("select set_config('role', $1, true), set_config('search_path', $2, true), set_config('statement_timeout', $3, true)", schema, schema+", ext", patience(ctx))
	texts := make([]string, len(questions))
	for i, q := range questions {
		texts[i] = tag + q.sql
		if s.tagged && !isPrepared(conn.Conn(), texts[i]) {
			return false, nil
		}
		b.Queue(texts[i], q.args...)
	}
	answers := conn.SendBatch(ctx, b)
	err = readAnswers(answers, questions)
	err = errors.Join(err, answers.Close())
	if err == nil {
		return true, nil
	}
	var pg *pgconn.PgError
	refused := errors.As(err, &pg)
	if !settle(ctx, conn) || !refused {
		return true, err
	}
	for _, text := range texts {
		forget(conn.Conn(), text)
	}
	return false, nil
}

func readAnswers(answers pgx.BatchResults, questions []question) error {
	if _, err := answers.Exec(); err != nil { // role and path
		return err
	}
	for _, q := range questions {
		rows, err := answers.Query()
		if err != nil {
			return err
		}
		if err = q.scan(rows); err != nil {
			rows.Close()
			return err
		}
		rows.Close()
		if err = rows.Err(); err != nil {
			return err
		}
	}
	return nil
}

// settle ends a transaction that a refused statement left open; it is false when the connection is lost. A connection
// that is still in a transaction is destroyed by the pool.
func settle(ctx context.Context, conn *pgxpool.Conn) bool {
	pg := conn.Conn().PgConn()
	if pg.IsClosed() {
		return false
	}
	if pg.TxStatus() != 'I' {
		_, err := conn.Exec(ctx, "rollback")
		return err == nil
	}
	return true
}

// Which statements a connection has prepared is noted at the connection itself. The note may be wrong (the driver drops
// what was used longest ago): PostgreSQL refuses then, and the usual way prepares it again.

const (
	preparedKey = "lyceum_prepared"
	preparedMax = 900 // below the driver's own bound, beyond which it drops statements
)

func notes(conn *pgx.Conn) map[string]struct{} {
	m, _ := conn.PgConn().CustomData()[preparedKey].(map[string]struct{})
	if m == nil {
		m = map[string]struct{}{}
		conn.PgConn().CustomData()[preparedKey] = m
	}
	return m
}

func prepared(conn *pgx.Conn, sql string) {
	m := notes(conn)
	if len(m) >= preparedMax {
		clear(m)
	}
	m[sql] = struct{}{}
}

func isPrepared(conn *pgx.Conn, sql string) bool {
	_, ok := notes(conn)[sql]
	return ok
}

func forget(conn *pgx.Conn, sql string) { delete(notes(conn), sql) }
