package store

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"lyceum/internal/uid"
)

// Single opens single to the tests.
func (s *Store) Single(ctx context.Context, scan func(pgx.Rows) error, sql string, args ...any) error {
	return s.single(ctx, scan, sql, args...)
}

// SendsIDsAsBytes tells whether a connection knows ids by themselves.
func SendsIDsAsBytes(conn *pgx.Conn) bool {
	known, ok := conn.TypeMap().TypeForOID(pgtype.UUIDOID)
	if !ok {
		return false
	}
	_, ours := known.Codec.(idCodec)
	_, short := known.Codec.PlanEncode(conn.TypeMap(), pgtype.UUIDOID, pgtype.BinaryFormatCode, uid.New()).(idBytes)
	return ours && short
}
