package migrations

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// LockTimeout is how long a migration waits for a tenant's readers before it steps back; without it the tenant's other
// readers queue behind the migration.
const LockTimeout = 300 * time.Millisecond

// CreateSchema makes schemas for tenants with their roles, fully migrated, all in one transaction (a new role makes
// every backend reload its memberships once: make several at a time). It runs as the administrator. record is called
// in the same transaction, after the last.
func CreateSchema(ctx context.Context, conn *pgx.Conn, script Script, names []string, record func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		for _, name := range names {
			for _, sql := range []string{
				"create schema " + name + " authorization " + OwnerRole,
				"create role " + name + " nologin",
				"grant " + name + " to " + AppRole,
				"grant usage on schema " + name + " to " + name,
				"alter default privileges for role " + OwnerRole + " in schema " + name + " grant select, insert, update, delete on tables to " + name,
			} {
				if _, err := tx.Exec(ctx, sql); err != nil {
					return fmt.Errorf("create schema %s: %w", name, err)
				}
			}
			if err := play(ctx, tx, name, script); err != nil {
				return err
			}
		}
		if record == nil {
			return nil
		}
		return record(tx)
	})
}

// DropSchema removes a tenant's schema and role with everything in it. It is done when they are gone already.
func DropSchema(ctx context.Context, conn *pgx.Conn, name string) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "drop schema if exists "+name+" cascade"); err != nil {
			return fmt.Errorf("drop schema %s: %w", name, err)
		}
		var exists bool
		if err := tx.QueryRow(ctx, "select exists (select from pg_roles where rolname = $1)", name).Scan(&exists); err != nil || !exists {
			return err
		}
		for _, sql := range []string{"drop owned by " + name, "drop role " + name} {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return fmt.Errorf("drop role %s: %w", name, err)
			}
		}
		return nil
	})
}

// play runs a script in one tenant's schema as the owner, in one message where there is more than one statement.
func play(ctx context.Context, tx pgx.Tx, name string, script Script) error {
	var b strings.Builder
	b.WriteString("set local role " + OwnerRole + "; set local search_path = " + name + ", ext; ")
	last := 0
	for _, m := range script {
		for _, sql := range m.Statements {
			b.WriteString(strings.ReplaceAll(sql, "{role}", name))
			b.WriteString("; ")
		}
		last = m.Number
	}
	b.WriteString("reset role; set local search_path = ''")
	if _, err := tx.Exec(ctx, b.String()); err != nil {
		return fmt.Errorf("migrate %s to %04d: %w", name, last, err)
	}
	return nil
}

// Schema is a tenant's (or a spare's) schema and the version it has.
type Schema struct {
	Name    string
	Version int
	Spare   bool
}

// Behind lists the schemas whose version is lower than latest. A tenant at version 0 has no schema yet: provisioning
// makes it with the newest shape, in its own time.
func Behind(ctx context.Context, admin *pgxpool.Pool, latest int) ([]Schema, error) {
	rows, err := admin.Query(ctx, `select schema_name, schema_version, false from control.tenants where schema_version between 1 and $1 - 1 and status <> 'deleting'
		union all select schema_name, schema_version, true from control.spares where schema_version < $1 order by 1`, latest)
	if err != nil {
		return nil, fmt.Errorf("list schemas to migrate: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Schema])
	if err != nil {
		return nil, fmt.Errorf("list schemas to migrate: %w", err)
	}
	return list, nil
}

// tries is how often a schema is tried while its readers hold a lock.
const tries = 8

// StatementTimeout is how long one statement of a migration may take.
const StatementTimeout = 10 * time.Minute

// Up brings one schema to a script's shape in a transaction that also writes its new version, and what also says (nil:
// nothing): stopped anywhere, nothing is half done. A schema whose readers hold a lock is tried again, after longer and longer
// waits; tried says how often it was. A schema that is gone, or is there already, is done.
func Up(ctx context.Context, admin *pgxpool.Pool, script Script, s Schema, also func(ctx context.Context, tx pgx.Tx) error) (tried int, err error) {
	table := "control.tenants"
	if s.Spare {
		table = "control.spares"
	}
	for try := range tries {
		tried = try + 1
		err = pgx.BeginFunc(ctx, admin, func(tx pgx.Tx) error {
			if err := up(ctx, tx, script, table, s.Name); err != nil || also == nil {
				return err
			}
			return also(ctx, tx)
		})
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.Code != "55P03" && pg.Code != "40P01" || tried == tries {
			break
		}
		select {
		case <-ctx.Done():
			return tried, ctx.Err()
		case <-time.After(time.Duration(50<<try) * time.Millisecond):
		}
	}
	if err != nil {
		return tried, fmt.Errorf("schema %s: %w", s.Name, err)
	}
	return tried, nil
}

// up plays in a transaction what a schema lacks. The row's lock keeps a second migrator off this schema and tells the version
// that holds now; other tables' references to the row are not held up. A schema that is gone must not be played: with it
// missing, search_path would lead to the next schema in it.
func up(ctx context.Context, tx pgx.Tx, script Script, table, name string) error {
	var version int
	var there bool
	err := tx.QueryRow(ctx, "select schema_version, to_regnamespace(schema_name) is not null from "+table+" where schema_name = $1 for no key update", name).Scan(&version, &there)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // deleted, or a spare that was taken meanwhile: the next run meets it as a tenant
	}
	if err != nil {
		return err
	}
	if !there {
		return fmt.Errorf("there is no schema %s in this database", name)
	}
	todo := script.After(version)
	if len(todo) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf("set local lock_timeout = %d; set local statement_timeout = %d", LockTimeout.Milliseconds(), StatementTimeout.Milliseconds())); err != nil {
		return err
	}
	if err := play(ctx, tx, name, todo); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "update "+table+" set schema_version = $1 where schema_name = $2", todo[len(todo)-1].Number, name)
	return err
}
