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

// enterSQL enters a tenant for a transaction.
const enterSQL = "select set_config('role', $1, true), set_config('search_path', $2, true), set_config('statement_timeout', $3, true)"

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
	if s.tagged {
		done, err = s.byStatements(ctx, conn.Conn(), schema, questions)
	} else {
		done, err = true, s.byText(ctx, conn.Conn(), schema, questions)
	}
	if err == nil {
		return done, nil
	}
	var pg *pgconn.PgError
	refused := errors.As(err, &pg)
	if !settle(ctx, conn) || !refused {
		return true, err
	}
	if s.tagged && outdated(err) {
		for _, q := range questions {
			statementsOf(conn.Conn()).forget(ctx, conn.Conn(), statementKey{schema, q.sql})
		}
	}
	return false, nil
}

// byText sends the texts: behind a pooler nothing is prepared.
func (s *Store) byText(ctx context.Context, conn *pgx.Conn, schema string, questions []question) error {
	b := &pgx.Batch{}
	b.Queue(enterSQL, schema, schema+", ext", patience(ctx))
	for _, q := range questions {
		b.Queue(q.sql, q.args...)
	}
	answers := conn.SendBatch(ctx, b)
	err := readAnswers(answers, questions)
	return errors.Join(err, answers.Close())
}

// byStatements sends what is prepared on the connection, written by the driver's own encoder into one message and without asking what comes
// back, which is known: half of what its batches cost. done is false where one is not prepared yet.
func (s *Store) byStatements(ctx context.Context, conn *pgx.Conn, schema string, questions []question) (done bool, err error) {
	known := statementsOf(conn)
	enter, err := known.entry(ctx, conn)
	if err != nil {
		return false, err
	}
	b := &pgconn.Batch{}
	queue := func(sd *pgconn.StatementDescription, args ...any) error {
		var write pgx.ExtendedQueryBuilder // one for each: the batch keeps what it wrote
		if err := write.Build(conn.TypeMap(), sd, args); err != nil {
			return fmt.Errorf("write arguments: %w", err)
		}
		b.ExecStatement(sd, write.ParamValues, write.ParamFormats, write.ResultFormats)
		return nil
	}
	if err = queue(enter, schema, schema+", ext", patience(ctx)); err != nil {
		return false, err
	}
	for _, q := range questions {
		sd := known.of[statementKey{schema, q.sql}]
		if sd == nil {
			return false, nil
		}
		if err = queue(sd, q.args...); err != nil {
			return false, err
		}
	}
	for _, q := range questions {
		s.trace(ctx, conn, s.tagOf(schema)+q.sql)
	}
	answers := conn.PgConn().ExecBatch(ctx, b)
	err = readResults(conn, answers, questions)
	if closed := answers.Close(); err == nil {
		err = closed
	}
	return true, err
}

func readResults(conn *pgx.Conn, answers *pgconn.MultiResultReader, questions []question) error {
	if !answers.NextResult() { // role and path
		return nil // Close says why
	}
	if _, err := answers.ResultReader().Close(); err != nil {
		return err
	}
	for _, q := range questions {
		if !answers.NextResult() {
			return nil
		}
		rows := pgx.RowsFromResultReader(conn.TypeMap(), answers.ResultReader())
		err := q.scan(rows)
		rows.Close()
		if err == nil {
			err = rows.Err()
		}
		if err != nil {
			return err
		}
	}
	return nil
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
