package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Single opens single to the tests.
func (s *Store) Single(ctx context.Context, scan func(pgx.Rows) error, sql string, args ...any) error {
	return s.single(ctx, scan, sql, args...)
}
