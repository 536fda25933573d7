package queue

import (
	"context"
	"fmt"
	"hash/fnv"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// A worker holds an advisory lock named after its client id for as long as its connection lives. Running jobs whose
// worker's lock nobody holds belonged to a process that died: they are made available again within seconds, where
// River alone waits for its rescue time. A worker that only lost its connection may thus see a job run twice, which
// every job allows.
const (
	lockClass = 7206
	reapEvery = 3 * time.Second
)

func lockKey(clientID string) int32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(clientID))
	return int32(h.Sum32())
}

// life is the connection that holds this worker's lock.
type life struct {
	url string
	id  string
	log *slog.Logger

	end  context.CancelFunc
	done sync.WaitGroup
}

// begin connects and takes the lock.
func (l *life) begin(ctx context.Context) (*pgx.Conn, error) {
	conn, err := pgx.Connect(ctx, l.url)
	if err != nil {
		return nil, fmt.Errorf("connect for the sign of life: %w", err)
	}
	if _, err = conn.Exec(ctx, "select pg_advisory_lock($1::int, $2::int)", lockClass, lockKey(l.id)); err != nil {
		_ = conn.Close(ctx)
		return nil, fmt.Errorf("sign of life: %w", err)
	}
	return conn, nil
}

// run reaps until ctx ends and connects again when the connection breaks.
func (l *life) run(ctx context.Context, conn *pgx.Conn) {
	tick := time.NewTicker(reapEvery)
	defer tick.Stop()
	defer func() {
		if conn != nil {
			_ = conn.Close(context.WithoutCancel(ctx))
		}
	}()
	for {
		if conn != nil {
			if n, err := reap(ctx, conn); err != nil && ctx.Err() == nil {
				l.log.WarnContext(ctx, "look for jobs of dead workers", slog.Any("err", err))
				_ = conn.Close(ctx)
				conn = nil
			} else if n > 0 {
				l.log.InfoContext(ctx, "took over jobs of a dead worker", slog.Int64("jobs", n))
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if conn == nil {
			conn, _ = l.begin(ctx)
		}
	}
}

// reap makes the running jobs of dead workers available and gives how many there were.
func reap(ctx context.Context, conn *pgx.Conn) (int64, error) {
	rows, err := conn.Query(ctx, "select distinct attempted_by[array_upper(attempted_by, 1)] from river.river_job where state = 'running'")
	if err != nil {
		return 0, fmt.Errorf("list workers: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return 0, fmt.Errorf("list workers: %w", err)
	}
	var total int64
	for _, id := range ids {
		// The lock of a living worker is seen in pg_locks; objid is unsigned there.
		tag, err := conn.Exec(ctx, `update river.river_job set state = 'available', scheduled_at = now()
			where state = 'running' and attempted_by[array_upper(attempted_by, 1)] = $1
			and not exists (select from pg_locks where locktype = 'advisory' and granted and objsubid = 2
				and database = (select oid from pg_database where datname = current_database())
				and classid::bigint = $2 and objid::bigint = $3)`, id, int64(lockClass), int64(uint32(lockKey(id))))
		if err != nil {
			return total, fmt.Errorf("take over jobs of %s: %w", id, err)
		}
		total += tag.RowsAffected()
	}
	return total, nil
}
