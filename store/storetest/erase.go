package storetest

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Erase takes a person and a course out of a tenant's rows with everything that hangs on them, as no service of ours does: to
// see what stays readable without them.
func (w *World) Erase(t testing.TB, ctx context.Context, person, course uid.ID) {
	t.Helper()
	at, _ := tenant.From(ctx)
	tx, err := w.Admin.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err = tx.Exec(t.Context(), "set local search_path = "+pgx.Identifier{at.SchemaName}.Sanitize()+", ext"); err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct {
		sql  string
		args []any
	}{
		{"delete from enrolment_rounds where person_id = $1 or course_id = $2", []any{person, course}},
		{"delete from courses where id = $1", []any{course}},
		{"delete from people where id = $1", []any{person}},
	} {
		if _, err = tx.Exec(t.Context(), one.sql, one.args...); err != nil {
			t.Fatalf("%s: %v", one.sql, err)
		}
	}
	if err = tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}
