package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"lyceum/migrations"
	"lyceum/tenant"
)

// wipe drops every schema of ours: tenants one by one (each takes over a thousand locks), then the platform's.
func wipe(ctx context.Context, adminURL string) error {
	conn, err := pgx.Connect(ctx, adminURL)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	rows, err := conn.Query(ctx, `select nspname from pg_namespace where nspname like 't\_%'`)
	if err != nil {
		return fmt.Errorf("list schemas: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("list schemas: %w", err)
	}
	for _, name := range names {
		if !tenant.ValidSchemaName(name) {
			continue
		}
		if err := migrations.DropSchema(ctx, conn, name); err != nil {
			return err
		}
	}
	if _, err := conn.Exec(ctx, "drop schema if exists control, river, ext cascade"); err != nil {
		return fmt.Errorf("drop the platform's schemas: %w", err)
	}
	return nil
}
