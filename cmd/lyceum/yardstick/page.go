package yardstick

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/gofiber/fiber/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Query is one of the queries behind a page.
type Query struct {
	SQL  string
	Args []any
}

// PageOptions say what to serve for a page.
type PageOptions struct {
	URL         string // the database, with search_path set to the schema
	Queries     []Query
	Connections int
}

// ServePage answers every GET with what the queries give, read in one transaction one after the other, until ctx ends.
func ServePage(ctx context.Context, ln net.Listener, o PageOptions) error {
	cfg, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return fmt.Errorf("yardstick: %w", err)
	}
	cfg.MaxConns = int32(o.Connections)
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return fmt.Errorf("yardstick: %w", err)
	}
	defer pool.Close()
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/*", func(c *fiber.Ctx) error {
		answers, err := read(c.Context(), pool, o.Queries)
		if err != nil {
			return err
		}
		return c.JSON(answers)
	})
	go func() {
		<-ctx.Done()
		_ = app.Shutdown()
	}()
	return app.Listener(ln)
}

func read(ctx context.Context, pool *pgxpool.Pool, queries []Query) (answers [][][]any, err error) {
	tx, err := pool.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, ignoreClosed(tx.Rollback(ctx))) }()
	for _, q := range queries {
		rows, err := tx.Query(ctx, q.SQL, q.Args...)
		if err != nil {
			return nil, err
		}
		list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]any, error) { return row.Values() })
		if err != nil {
			return nil, err
		}
		answers = append(answers, list)
	}
	return answers, tx.Commit(ctx)
}

func ignoreClosed(err error) error {
	if errors.Is(err, pgx.ErrTxClosed) {
		return nil
	}
	return err
}
