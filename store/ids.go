package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"lyceum/internal/uid"
)

// knowIDs teaches a connection to send and to read ids as the sixteen bytes that they are. By itself the driver writes each as text, fails
// to send that as a uuid, reads it again and sends the bytes then: a seventh of what the program did for a short statement.
func knowIDs(_ context.Context, conn *pgx.Conn) error {
	one := &pgtype.Type{Name: "uuid", OID: pgtype.UUIDOID, Codec: idCodec{}}
	conn.TypeMap().RegisterType(one)
	conn.TypeMap().RegisterType(&pgtype.Type{Name: "_uuid", OID: pgtype.UUIDArrayOID, Codec: &pgtype.ArrayCodec{ElementType: one}})
	return nil
}

// idCodec is pgtype's, with a short way for ids.
type idCodec struct{ pgtype.UUIDCodec }

// PlanEncode is pgtype's.
func (c idCodec) PlanEncode(m *pgtype.Map, oid uint32, format int16, value any) pgtype.EncodePlan {
	if _, ok := value.(uid.ID); ok && format == pgtype.BinaryFormatCode {
		return idBytes{}
	}
	return c.UUIDCodec.PlanEncode(m, oid, format, value)
}

// PlanScan is pgtype's.
func (c idCodec) PlanScan(m *pgtype.Map, oid uint32, format int16, target any) pgtype.ScanPlan {
	if _, ok := target.(*uid.ID); ok && format == pgtype.BinaryFormatCode {
		return idBytes{}
	}
	return c.UUIDCodec.PlanScan(m, oid, format, target)
}

type idBytes struct{}

// Encode is pgtype's.
func (idBytes) Encode(value any, buf []byte) ([]byte, error) {
	id := value.(uid.ID) //nolint:forcetypeassert // PlanEncode saw it
	return append(buf, id[:]...), nil
}

// Scan is pgtype's. A null leaves the id as it was, as uid.ID itself does.
func (idBytes) Scan(src []byte, target any) error {
	if src == nil {
		return nil
	}
	id := target.(*uid.ID) //nolint:forcetypeassert // PlanScan saw it
	if len(src) != len(id) {
		return fmt.Errorf("an id of %d bytes", len(src))
	}
	copy(id[:], src)
	return nil
}
