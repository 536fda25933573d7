package fleet

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lyceum/tenant"
)

// What a tenant's own role deletes nothing of (a wall against injected SQL), and what may go of it by its age: $1 is a moment, $2 how many rows.
// least is below which nothing goes, whoever asks. %[1]s is the schema.
var prunable = map[string]struct {
	least time.Duration
	sql   string
}{
	// An event stays until its jobs are made.
	"events": {90 * 24 * time.Hour, `delete from %[1]s.events where id in (select t.id from %[1]s.events t where t.at < $1
		and not exists (select 1 from %[1]s.outbox o where o.event_id = t.id)
		and not exists (select 1 from %[1]s.holds h where h.released_at is null and (h.whole or exists (select 1 from %[1]s.hold_people p where p.hold_id = h.id
			and (p.person_id = t.actor_id or p.person_id = t.subject_id or cast(p.person_id as text) = t.data->>'person_id')))) limit $2)`},
	// What had to be done and was: for three years after its end (docs/PRIVACY.md).
	"duty_history": {1095 * 24 * time.Hour, `delete from %[1]s.duty_history where ctid = any(array(select t.ctid from %[1]s.duty_history t where coalesce(t.ended_at, t.withdrawn_at) < $1
		and not exists (select 1 from %[1]s.holds h where h.released_at is null and (h.whole or exists (select 1 from %[1]s.hold_people p where p.hold_id = h.id and p.person_id = t.person_id))) limit $2))`},
}

// PruneOld deletes at most n rows of a tenant's table from which its own role deletes nothing, older than a moment and older than anybody may be asked for; nothing
// of people under a legal hold.
func (a *Admin) PruneOld(ctx context.Context, t tenant.Tenant, table string, before time.Time, n int) (int64, error) {
	return PruneOld(ctx, a.pool, t, table, before, n)
}

// PruneOld is Admin's, on an administrator's pool.
func PruneOld(ctx context.Context, pool *pgxpool.Pool, t tenant.Tenant, table string, before time.Time, n int) (int64, error) {
	if !tenant.ValidSchemaName(t.SchemaName) {
		return 0, fmt.Errorf("%q is no schema name", t.SchemaName)
	}
	what, ok := prunable[table]
	if !ok {
		return 0, fmt.Errorf("nothing of %s goes by its age", table)
	}
	if least := time.Now().Add(-what.least); before.After(least) {
		before = least
	}
	tag, err := pool.Exec(ctx, fmt.Sprintf(what.sql, pgx.Identifier{t.SchemaName}.Sanitize()), before, n)
	if err != nil {
		return 0, fmt.Errorf("prune %s of %s: %w", table, t.Slug, err)
	}
	return tag.RowsAffected(), nil
}
