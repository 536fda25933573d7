package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/learning/duty"
	standing "lyceum/learning/report"
	"lyceum/tenant"
)

const (
	matrixPeople       = 50_000
	matrixRequirements = 20
)

// matrixFill gives a tenant its people, requirements and duties, half of them completed, some long ago, with what is known of each.
var matrixFill = []string{
	`insert into people (id, email, name, password_hash, status, locale, time_zone, created_at, updated_at, attributes)
		select gen_random_uuid(), 'p' || i || '@bench.example', 'Person ' || md5(i::text), '', 'active', '', '', now(), now(), jsonb_build_object('department', 'Department ' || i % 40) from generate_series(1, 50000) i`, // matrixPeople
	`insert into requirements (id, name, framework, valid_months, due_days, grace_days, renew_days, keep_day, revision, created_at, updated_at)
		select gen_random_uuid(), 'Requirement ' || lpad(i::text, 2, '0'), '', 12, 30, 7, 60, true, 1, now(), now() from generate_series(1, 20) i`, // matrixRequirements
	`insert into requirement_courses (requirement_id, course_id, position) select r.id, (select id from courses order by id limit 1), 0 from requirements r`,
	`insert into duties (id, requirement_id, person_id, began_at) select gen_random_uuid(), r.id, p.id, now() - interval '400 days' from people p cross join requirements r where p.email like 'p%'`,
	`insert into duty_cycles (duty_id, number, began_at, due_at, grace_until, completed_at, renews_at, expires_at)
		select id, 1, began_at, began_at + interval '30 days', case when x < .5 then began_at + interval '37 days' else now() - n * interval '1 day' + interval '372 days' end,
			case when x >= .5 then now() - n * interval '1 day' end, case when x >= .5 then now() - n * interval '1 day' + interval '305 days' end, case when x >= .5 then now() - n * interval '1 day' + interval '365 days' end
		from (select d.*, random() as x, (random() * 390)::int as n from duties d) z`,
	`insert into duty_history (requirement_id, duty_id, number, revision, person_id, spell, recorded_at, began_at, due_at, due_grace, completed_at, renews_at, expires_at, grace_until, given_at, reasons)
		select d.requirement_id, d.id, 1, 1, d.person_id, 1, d.began_at, c.began_at, c.due_at, c.began_at + interval '37 days', null, null, null, c.began_at + interval '37 days', d.began_at, 'Everyone' from duties d join duty_cycles c on c.duty_id = d.id`,
	`insert into duty_history (requirement_id, duty_id, number, revision, person_id, spell, recorded_at, began_at, due_at, due_grace, completed_at, renews_at, expires_at, grace_until, given_at, reasons)
		select d.requirement_id, d.id, 1, 2, d.person_id, 1, c.completed_at, c.began_at, c.due_at, c.began_at + interval '37 days', c.completed_at, c.renews_at, c.expires_at, c.grace_until, d.began_at, 'Everyone' from duties d join duty_cycles c on c.duty_id = d.id where c.completed_at is not null`,
	`analyze people`, `analyze duties`, `analyze duty_cycles`, `analyze duty_history`,
}

// measureMatrix takes the compliance matrix of a large portal.
func (b *bench) measureMatrix(ctx context.Context) error {
	t := b.fleet[0]
	ctx = tenant.With(ctx, t.Tenant)
	started := time.Now()
	for _, sql := range matrixFill {
		conn, err := b.app.admin.Pool().Acquire(ctx)
		if err != nil {
			return fmt.Errorf("connect: %w", err)
		}
		_, err = conn.Exec(ctx, "set search_path = "+t.SchemaName+", ext") //nolint:gocritic // an opaque name of our own making
		if err == nil {
			_, err = conn.Exec(ctx, sql)
		}
		_, _ = conn.Exec(ctx, "reset search_path")
		conn.Release()
		if err != nil {
			return fmt.Errorf("fill the matrix: %w", err)
		}
	}
	fmt.Fprintf(os.Stderr, "filled in %.0f s\n", time.Since(started).Seconds())
	who, err := b.benchPerson(ctx, policy.Admin)
	if err != nil {
		return err
	}
	asking, err := b.app.auth.As(ctx, who.ID)
	if err != nil {
		return err
	}
	secret, err := b.app.auth.OpenSession(ctx, who.ID, auth.Client{})
	if err != nil {
		return err
	}
	if err := b.matrixPage(ctx, benchPage{benchTenant: t, cookie: visit.SessionCookie(false) + "=" + secret}); err != nil {
		return err
	}
	month := standing.Moment{At: b.app.now().AddDate(0, -1, 0)}
	for _, one := range []struct {
		what string
		f    standing.Filter
	}{{"as of a month ago", standing.Filter{As: month}}, {"who is non-compliant", standing.Filter{State: duty.StateNonCompliant}}} {
		took, err := timed(func() error { _, err := b.app.compliance.Matrix(asking, one.f); return err })
		if err != nil {
			return err
		}
		b.note("  a page of it, "+one.what, "%.0f ms", ms(took))
	}
	for _, one := range []struct {
		what string
		f    standing.Filter
	}{{"now", standing.Filter{}}, {"as of a month ago", standing.Filter{As: month}}} {
		took, err := timed(func() error { _, err := b.app.compliance.Totals(asking, one.f); return err })
		if err != nil {
			return err
		}
		b.note("  its figures, "+one.what, "%.0f ms", ms(took))
	}
	return b.matrixExport(asking)
}

func timed(do func() error) (best time.Duration, err error) {
	for range 3 {
		started := time.Now()
		if err = do(); err != nil {
			return best, err
		}
		if took := time.Since(started); best == 0 || took < best {
			best = took
		}
	}
	return best, nil
}

func (b *bench) matrixPage(ctx context.Context, p benchPage) error {
	product, err := b.product(ctx)
	if err != nil {
		return err
	}
	defer product.stop()
	shots := []shot{p.get("/compliance/matrix", false), p.get("/compliance/matrix", false)}
	v, err := fire(ctx, product.address, shots, 1, b.cmd.Round)
	if err == nil && v.Failed > 0 {
		err = fmt.Errorf("%d of %d requests for the matrix failed", v.Failed, v.Requests)
	}
	if err != nil {
		return err
	}
	b.judge(fmt.Sprintf("compliance matrix, %d people × %d requirements, first page, median", matrixPeople, matrixRequirements), v.Median() <= 200*time.Millisecond, "≤ 200 ms", "%.0f ms, p95 %.0f ms", ms(v.Median()), ms(v.P95()))
	return nil
}

// matrixExport reads the whole matrix row by row and watches the memory.
func (b *bench) matrixExport(asking context.Context) error {
	heap := func() float64 {
		debug.FreeOSMemory()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc) / (1 << 20)
	}
	_, each, err := b.app.compliance.Export(asking, standing.Filter{})
	if err != nil {
		return err
	}
	var n, cells int
	var early, late float64
	started := time.Now()
	err = each(asking, func(r standing.Row) error {
		n, cells = n+1, cells+len(r.Cells)
		switch n {
		case matrixPeople / 10:
			early = heap()
		case matrixPeople - 10:
			late = heap()
		}
		return nil
	})
	if err != nil {
		return err
	}
	b.judge("  all of it as a stream, memory at its end to that after a tenth", n >= matrixPeople && late <= early*1.2+2, "≤ 1.2, all rows", "%.1f MB to %.1f MB; %d rows, %d cells, %.1f s", late, early, n, cells, time.Since(started).Seconds())
	return nil
}
