package storetest

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"lyceum/tenant"
)

// counter counts statements by the tenant's schema that stands before each of them, so that tests beside each other do not
// count each other's. What begins and ends a transaction is none.
type counter struct {
	mu sync.Mutex
	of map[string][]string
}

var counted = &counter{of: map[string][]string{}}

func (c *counter) note(sql string) {
	rest, tagged := strings.CutPrefix(sql, "/* ")
	schema, sql, closed := strings.Cut(rest, " */ ")
	if !tagged || !closed {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if list, asked := c.of[schema]; asked {
		c.of[schema] = append(list, sql)
	}
}

// TraceQueryStart notes a statement.
func (c *counter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	c.note(d.SQL)
	return ctx
}

// TraceQueryEnd does nothing.
func (c *counter) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TraceBatchStart does nothing.
func (c *counter) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}

// TraceBatchQuery notes a statement of a batch.
func (c *counter) TraceBatchQuery(_ context.Context, _ *pgx.Conn, d pgx.TraceBatchQueryData) {
	c.note(d.SQL)
}

// TraceBatchEnd does nothing.
func (c *counter) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// Statements gives the statements that were run in the tenant of ctx while do ran.
func Statements(t testing.TB, ctx context.Context, do func()) []string {
	t.Helper()
	tn, ok := tenant.From(ctx)
	if !ok {
		t.Fatal("no tenant in the context")
	}
	counted.mu.Lock()
	counted.of[tn.SchemaName] = []string{}
	counted.mu.Unlock()
	do()
	counted.mu.Lock()
	defer counted.mu.Unlock()
	list := counted.of[tn.SchemaName]
	delete(counted.of, tn.SchemaName)
	return list
}
