package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
	"lyceum/tenant"
)

// Reports of what people see and play are most of what a portal writes. They go to the database in two messages: the
// first begins the transaction, enters the tenant and reads and holds the lesson's progress; the second writes the log
// and the progress, and commits. The walls are those of InTenant.

const (
	sitSQL = `select e.person_id, e.course_id, e.version_id, e.status, e.last_lesson_id, e.started_at,
			p.status, p.position, coalesce(p.position_at, 0), p.watched, p.seen, p.started_at, p.updated_at, p.completed_at` + sitNone + sitFrom
	// With many reports at once, and when one was refused, the ids that the log has already come along. One that another
	// transaction keeps meanwhile is not among them: then its key refuses it.
	sitKnownSQL = `select e.person_id, e.course_id, e.version_id, e.status, e.last_lesson_id, e.started_at,
			p.status, p.position, coalesce(p.position_at, 0), p.watched, p.seen, p.started_at, p.updated_at, p.completed_at,
			(select array_agg(g.id) from learning_log g where g.enrolment_id = $1 and g.lesson_id = $2 and g.id = any($3))` + sitFrom
	sitNone    = `, null::uuid[]`
	sitFrom    = ` from lesson_progress p join enrolments e on e.id = p.enrolment_id where p.enrolment_id = $1 and p.lesson_id = $2 for no key update of p`
	sitFactSQL = `insert into learning_log (enrolment_id, lesson_id, id, version_id, kind, session_id, data, at) values ($1, $2, $3, $4, $5, $6, $7, $8)`
	sitKeepSQL = `update lesson_progress set position = $3, position_at = $4, watched = $5, seen = $6, updated_at = $7 where enrolment_id = $1 and lesson_id = $2`
)

// decision is what comes of reports.
type decision = func(enrolment.Sitting) ([]enrolment.Fact, enrolment.Progress, error)

// Sit takes reports in one transaction of its own; see enrolment.Keeper.
func (s *Store) Sit(ctx context.Context, in enrolment.ReportInput, decide decision) (found bool, err error) {
	t, ok := tenant.From(ctx)
	if !ok || !tenant.ValidSchemaName(t.SchemaName) {
		return false, fmt.Errorf("%w: no tenant in the context", ErrNoTransaction)
	}
	if current(ctx) != nil {
		return false, ErrMixed // it is a transaction of its own
	}
	known := len(in.Reports) > 1
	for try := 0; ; try++ {
		found, err = s.sitOnce(ctx, t.SchemaName, in, known, decide)
		refused := refusedAsKnown(err)
		if try > 1 || !refused && !stalePlan(err) {
			return found, err
		}
		known = known || refused
	}
}

func refusedAsKnown(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.ConstraintName == "learning_log_pk"
}

func (s *Store) sitOnce(ctx context.Context, schema string, in enrolment.ReportInput, known bool, decide decision) (found bool, err error) {
	sh := s.shardFor(schema)
	release, err := sh.turn(ctx, schema)
	if err != nil {
		return false, err
	}
	defer release()
	conn, err := sh.pool.Acquire(ctx)
	if err != nil {
		return false, fmt.Errorf("database connection: %w", err)
	}
	defer conn.Release()
	defer func() {
		if err != nil || !found {
			settleAnyway(ctx, conn)
		}
	}()
	tag := s.tagOf(schema)
	sit, held, err := s.sitDown(ctx, conn, schema, tag, in, known)
	if err != nil || !held {
		return false, err
	}
	facts, p, err := decide(sit)
	if err != nil {
		return true, err
	}
	return true, s.getUp(ctx, conn, tag, facts, p)
}

// settleAnyway ends what a failure left open, with a deadline of its own.
func settleAnyway(ctx context.Context, conn *pgxpool.Conn) {
	c, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTime)
	defer cancel()
	settle(c, conn)
}

// sitDown begins, enters the tenant, and reads. The first time on a connection that takes two messages: a statement is
// prepared before the message that sets the search_path runs.
func (s *Store) sitDown(ctx context.Context, conn *pgxpool.Conn, schema, tag string, in enrolment.ReportInput, known bool) (sit enrolment.Sitting, held bool, err error) {
	text, args := tag+sitSQL, []any{in.Enrolment, in.Lesson}
	if known {
		ids := make([]uid.ID, len(in.Reports))
		for i, r := range in.Reports {
			ids[i] = r.ID
		}
		text, args = tag+sitKnownSQL, append(args, ids)
	}
	begin := &pgx.Batch{}
	begin.Queue("begin")
	begin.Queue("select set_config('role', $1, true), set_config('search_path', $2, true), set_config('statement_timeout', $3, true)", schema, schema+", ext", patience(ctx))
	together := !s.tagged || isPrepared(conn.Conn(), text)
	if together {
		begin.Queue(text, args...)
	}
	answers := conn.SendBatch(ctx, begin)
	defer func() { err = errors.Join(err, answers.Close()) }()
	for range 2 {
		if _, err = answers.Exec(); err != nil {
			return sit, false, err
		}
	}
	var rows pgx.Rows
	if together {
		rows, err = answers.Query()
	} else {
		if err = answers.Close(); err != nil {
			return sit, false, err
		}
		rows, err = conn.Query(ctx, text, args...)
	}
	if err != nil {
		return sit, false, err
	}
	if sit, held, err = scanSitting(rows, in); err != nil {
		forget(conn.Conn(), text)
		return sit, false, err
	}
	prepared(conn.Conn(), text)
	return sit, held, nil
}

func scanSitting(rows pgx.Rows, in enrolment.ReportInput) (sit enrolment.Sitting, held bool, err error) {
	defer rows.Close()
	e, p := &sit.Enrolment, &sit.Progress
	for rows.Next() {
		held = true
		if err = rows.Scan(&e.PersonID, &e.CourseID, &e.VersionID, &e.Status, &e.LastLessonID, &e.StartedAt,
			&p.Status, &p.Position, &p.PositionAt, &p.Watched, &p.Seen, &p.StartedAt, &p.UpdatedAt, &p.CompletedAt, &sit.Known); err != nil {
			return sit, false, err
		}
	}
	e.ID, p.EnrolmentID, p.LessonID = in.Enrolment, in.Enrolment, in.Lesson
	return sit, held, rows.Err()
}

// getUp writes and commits, in one message where the statements are prepared on this connection.
func (s *Store) getUp(ctx context.Context, conn *pgxpool.Conn, tag string, facts []enrolment.Fact, p enrolment.Progress) error {
	end := &pgx.Batch{}
	fact, keep := tag+sitFactSQL, tag+sitKeepSQL
	queue := func(sql string, args ...any) error {
		if s.tagged && !isPrepared(conn.Conn(), sql) {
			if _, err := conn.Exec(ctx, sql, args...); err != nil {
				return err
			}
			prepared(conn.Conn(), sql)
			return nil
		}
		end.Queue(sql, args...)
		return nil
	}
	for _, f := range facts {
		if err := queue(fact, f.EnrolmentID, f.LessonID, f.ID, f.VersionID, f.Kind, f.SessionID, f.Data, f.At); err != nil {
			return err
		}
	}
	if len(facts) > 0 {
		if err := queue(keep, p.EnrolmentID, p.LessonID, p.Position, p.PositionAt, p.Watched, p.Seen, p.UpdatedAt); err != nil {
			return err
		}
	}
	end.Queue("commit")
	answers := conn.SendBatch(ctx, end)
	var err error
	for range end.Len() {
		tag, failed := answers.Exec()
		if err = errors.Join(err, failed); failed == nil && tag.String() == "ROLLBACK" {
			err = errors.Join(err, pgx.ErrTxCommitRollback)
		}
	}
	if err = errors.Join(err, answers.Close()); err != nil {
		for _, text := range slices.Compact([]string{fact, keep}) {
			forget(conn.Conn(), text)
		}
		return fmt.Errorf("keep a report: %w", err)
	}
	return nil
}
