// Package yardstick is what the product is measured against: a bare Fiber handler that runs the same SQL through pgx on
// one schema, without tenants, sign-in, permission, GORM or problem documents. It is no part of the product.
package yardstick

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lyceum/internal/uid"
)

// Options say what to serve.
type Options struct {
	URL         string // the database, with search_path set to the schema
	SQL         string // with $1 for the person and $2 for the limit
	Person      uid.ID
	Connections int
}

// row is what the product's operation answers for one enrolment.
type row struct {
	ID               uid.ID     `json:"id"`
	CourseID         uid.ID     `json:"course_id"`
	VersionID        uid.ID     `json:"version_id"`
	PersonID         uid.ID     `json:"person_id"`
	Status           string     `json:"status"`
	Source           string     `json:"source"`
	Percent          int        `json:"percent"`
	LastLessonID     *uid.ID    `json:"last_lesson_id"`
	EnrolledBy       *uid.ID    `json:"enrolled_by"`
	EnrolledAt       time.Time  `json:"enrolled_at"`
	StartedAt        *time.Time `json:"started_at"`
	CompletedAt      *time.Time `json:"completed_at"`
	DueAt            *time.Time `json:"due_at"`
	CourseSlug       string     `json:"course_slug"`
	Title            string     `json:"title"`
	Summary          string     `json:"summary"`
	CoverFileID      *uid.ID    `json:"cover_file_id"`
	EstimatedMinutes int        `json:"estimated_minutes"`
	CertificateCode  string     `json:"certificate_code"`
}

// Serve answers every GET until ctx ends.
func Serve(ctx context.Context, ln net.Listener, o Options) error {
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
		rows, err := pool.Query(c.Context(), o.SQL, o.Person, 51)
		if err != nil {
			return err
		}
		items, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
		if err != nil {
			return err
		}
		return c.JSON(struct {
			Items []row  `json:"items"`
			Next  string `json:"next"`
		}{items, ""})
	})
	go func() {
		<-ctx.Done()
		_ = app.Shutdown()
	}()
	return app.Listener(ln)
}
