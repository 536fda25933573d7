package migrations

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// The roles of the platform. Owner owns every schema and logs in nowhere; App is the application's login, without
// rights on tenant schemas but through their roles, which it does not inherit.
const (
	OwnerRole = "lyceum_owner"
	AppRole   = "lyceum_app"
)

// lockControl keeps two migrators of the control schema apart; roles belong to the whole cluster, so it does too.
const lockControl = 7206210001

// Prepare makes what every schema rests on: the two roles, the schemas control, ext and river, and what strangers may
// not do. appPassword is set for the application's login unless empty. It runs as the database's administrator and may
// be run again at any time.
//
// The application may become any tenant, so a tenant's transaction must not be able to: SET ROLE is a statement of its
// own, which the extended protocol never appends to a query, and set_config, the only function that does the same, is
// taken from everyone but the application itself. hardened is false where the administrator may not do that (managed
// databases): `lyceum doctor` says so.
func Prepare(ctx context.Context, conn *pgx.Conn, appPassword string) (hardened bool, err error) {
	if _, err = conn.Exec(ctx, "select pg_advisory_lock($1)", int64(lockControl)); err != nil {
		return false, fmt.Errorf("lock the control schema: %w", err)
	}
	defer conn.Exec(context.WithoutCancel(ctx), "select pg_advisory_unlock($1)", int64(lockControl)) //nolint:errcheck // ends with the connection

	for _, r := range []struct{ name, attributes string }{{OwnerRole, "nologin"}, {AppRole, "login noinherit"}} {
		var exists bool
		if err = conn.QueryRow(ctx, "select exists (select from pg_roles where rolname = $1)", r.name).Scan(&exists); err != nil {
			return false, fmt.Errorf("look for role %s: %w", r.name, err)
		}
		if !exists {
			if _, err = conn.Exec(ctx, "create role "+r.name+" "+r.attributes); err != nil {
				return false, fmt.Errorf("create role %s (the login needs CREATEROLE): %w", r.name, err)
			}
		}
	}
	var database string
	if err = conn.QueryRow(ctx, "select quote_ident(current_database())").Scan(&database); err != nil {
		return false, fmt.Errorf("name of the database: %w", err)
	}
	statements := []string{
		"grant " + OwnerRole + " to current_user",
		"create schema if not exists control authorization " + OwnerRole,
		"create schema if not exists ext authorization " + OwnerRole,
		"create schema if not exists river authorization " + OwnerRole,
		"grant usage on schema control, river to " + AppRole,
		"grant usage on schema ext to public",
		"revoke create on schema public from public",
		"revoke temporary on database " + database + " from public",
		"alter role " + AppRole + " in database " + database + " set search_path = ''",
		"alter default privileges for role " + OwnerRole + " in schema river grant select, insert, update, delete on tables to " + AppRole,
		"alter default privileges for role " + OwnerRole + " in schema river grant usage, select on sequences to " + AppRole,
		"create table if not exists control.migrations (version integer not null, name text not null, checksum text not null, applied_at timestamptz not null, constraint migrations_pk primary key (version))",
		"alter table control.migrations owner to " + OwnerRole,
	}
	if appPassword != "" {
		statements = append(statements, "alter role "+AppRole+" password "+literal(appPassword))
	}
	for _, sql := range statements {
		if _, err = conn.Exec(ctx, sql); err != nil {
			return false, fmt.Errorf("prepare the database (%s): %w", strings.SplitN(sql, " password ", 2)[0], err)
		}
	}
	return harden(ctx, conn), nil
}

// harden takes set_config from everyone but the application; only a superuser may.
func harden(ctx context.Context, conn *pgx.Conn) bool {
	for _, sql := range []string{
		"revoke execute on function pg_catalog.set_config(text, text, boolean) from public",
		"grant execute on function pg_catalog.set_config(text, text, boolean) to " + AppRole + ", " + OwnerRole + ", current_user",
		"revoke update on pg_catalog.pg_settings from public",
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return false
		}
	}
	var open bool
	err := conn.QueryRow(ctx, "select has_function_privilege('public', 'pg_catalog.set_config(text, text, boolean)', 'execute')").Scan(&open)
	return err == nil && !open
}

// literal quotes a string for a statement that takes no parameters. It is for a password of our own configuration.
func literal(s string) string {
	return "E'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// UpControl plays what the control schema lacks and gives the numbers played.
func UpControl(ctx context.Context, conn *pgx.Conn, script Script) ([]int, error) {
	if _, err := conn.Exec(ctx, "select pg_advisory_lock($1)", int64(lockControl)); err != nil {
		return nil, fmt.Errorf("lock the control schema: %w", err)
	}
	defer conn.Exec(context.WithoutCancel(ctx), "select pg_advisory_unlock($1)", int64(lockControl)) //nolint:errcheck // ends with the connection

	version, err := ControlVersion(ctx, conn)
	if err != nil {
		return nil, err
	}
	var played []int
	for _, m := range script.After(version) {
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "set local role "+OwnerRole); err != nil {
				return err
			}
			for _, sql := range m.Statements {
				if _, err := tx.Exec(ctx, sql); err != nil {
					return fmt.Errorf("%.60s…: %w", sql, err)
				}
			}
			_, err := tx.Exec(ctx, "insert into control.migrations (version, name, checksum, applied_at) values ($1, $2, $3, now())", m.Number, m.Name, m.Checksum)
			return err
		})
		if err != nil {
			return played, fmt.Errorf("control migration %04d_%s: %w", m.Number, m.Name, err)
		}
		played = append(played, m.Number)
	}
	return played, nil
}

// ControlVersion is the number of the last migration the control schema has.
func ControlVersion(ctx context.Context, conn *pgx.Conn) (int, error) {
	var version int
	if err := conn.QueryRow(ctx, "select coalesce(max(version), 0) from control.migrations").Scan(&version); err != nil {
		return 0, fmt.Errorf("version of the control schema: %w", err)
	}
	return version, nil
}
