package yardstick

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lyceum/internal/uid"
)

// Reports is a bare keeper of reports: two tables of its own, shaped as the product's, one row to change for each client.
type Reports struct {
	Pool    *pgxpool.Pool
	Lessons []uid.ID
}

// OpenReports connects; the tables are there (see MakeReports).
func OpenReports(ctx context.Context, url string, connections int, lessons []uid.ID) (*Reports, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("yardstick: %w", err)
	}
	cfg.MaxConns = int32(connections)
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("yardstick: %w", err)
	}
	return &Reports{Pool: pool, Lessons: lessons}, nil
}

// MakeReports makes the tables of OpenReports in the schema of the URL's search_path, with the lessons.
func MakeReports(ctx context.Context, url string, lessons []uid.ID) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("yardstick: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, sql := range []string{
		"create table yard_log (like learning_log including all)", "create table yard_progress (like lesson_progress including all)",
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("yardstick: %w", err)
		}
	}
	for _, l := range lessons {
		if _, err := conn.Exec(ctx, "insert into yard_progress (enrolment_id, lesson_id, status, position, watched, evidence, started_at, updated_at) values ($1, $1, 'started', 0, '[]', '{}', $2, $2)", l, time.Now()); err != nil {
			return fmt.Errorf("yardstick: %w", err)
		}
	}
	return nil
}

// Keep is one report: a transaction that writes a row and changes another.
func (r *Reports) Keep(ctx context.Context, client int, id uid.ID, position float64, played string) error {
	l, now := r.Lessons[client], time.Now()
	return pgx.BeginFunc(ctx, r.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "insert into yard_log (enrolment_id, lesson_id, id, version_id, kind, session_id, data, at) values ($1, $2, $3, $4, $5, $6, $7, $8)", l, l, id, l, "reported", nil, played, now); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "update yard_progress set position = $3, position_at = $4, watched = $5, seen = $6, updated_at = $7 where enrolment_id = $1 and lesson_id = $2", l, l, position, position, "[[0, 10]]", "[[0, 10]]", now)
		return err
	})
}

// ServeReports answers each POST to /<client> by keeping the report in it, until ctx ends.
func ServeReports(ctx context.Context, ln net.Listener, r *Reports) error {
	defer r.Pool.Close()
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Post("/:client", func(c *fiber.Ctx) error {
		client, err := c.ParamsInt("client")
		if err != nil || client < 0 || client >= len(r.Lessons) {
			return errors.Join(fiber.ErrNotFound, err)
		}
		var in struct {
			Reports []struct {
				ID       uid.ID  `json:"id"`
				Position float64 `json:"position"`
			} `json:"reports"`
		}
		if err := c.BodyParser(&in); err != nil || len(in.Reports) != 1 {
			return errors.Join(fiber.ErrBadRequest, err)
		}
		if err := r.Keep(c.Context(), client, in.Reports[0].ID, in.Reports[0].Position, `{"w": [[0, 10]], "s": [[0, 10]], "p": 10, "m": 10}`); err != nil {
			return err
		}
		return c.JSON(in.Reports[0])
	})
	go func() {
		<-ctx.Done()
		_ = app.Shutdown()
	}()
	return app.Listener(ln)
}
