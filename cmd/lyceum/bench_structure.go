package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"lyceum/auth/hrsync"
	"lyceum/auth/org"
)

const (
	hrPeople  = 10_000
	hrChanged = 200 // two of a hundred
)

// hrTables are those that a nightly list may write, beside its own run.
var hrTables = []string{"people", "person_spans", "manager_spans", "reporting_lines", "person_roles", "org_units", "org_unit_spans", "hr_links"}

// hrList is a nightly list of everybody in which some are in another department and have another name and manager than before.
func hrList(changed int, round string) []byte {
	var b strings.Builder
	b.WriteString("external_id,email,name,department,location,position,manager,hire_date,cost_center,custom.shift\n")
	for i := range hrPeople {
		name, department, manager := fmt.Sprintf("Person %d", i), i%40, ""
		if i > 0 {
			manager = fmt.Sprint((i - 1) / 9)
		}
		if i >= 2000 && i < 2000+changed {
			name, department, manager = name+" "+round, (i+1)%40, fmt.Sprint((i-1)/9+1)
		}
		fmt.Fprintf(&b, "%d,hr%d@bench.example,%s,Company / Department %d,Site %d,Position %d,%s,2020-01-%02d,%d,%s\n", i, i, name, department, i%12, i%30, manager, 1+i%28, i%50, []string{"Early", "Late"}[i%2])
	}
	return []byte(b.String())
}

// measureStructure sends a list of 10,000 people, and the nights after lists in which 2 % are others: how long that takes, what it writes, and
// how long the bare UPDATE of the same rows takes.
func (b *bench) measureStructure(ctx context.Context) error {
	asking, admin, err := b.besideTables(ctx)
	if err != nil {
		return err
	}
	defer admin.Close(ctx) //nolint:errcheck // at the end of a measurement
	if err := b.benchField(asking); err != nil {
		return err
	}
	src, err := b.app.hr.AddSource(asking, hrsync.SourceInput{Name: "Nightly", Kind: hrsync.KindPeople, Whole: true, MakesUnits: true, LeaversMax: 5, ChangesMax: 20, Auto: true})
	if err != nil {
		return err
	}
	first, took, err := b.hrNight(asking, src, hrList(0, ""))
	if err != nil {
		return err
	}
	if first.Failed > 0 || first.Work() < hrPeople {
		return fmt.Errorf("the first list: %d of %d, %d failed", first.Done, first.Work(), first.Failed)
	}
	b.note("the first list of 10,000 people, with departments, positions and managers", "%.1f s", took.Seconds())
	for _, table := range append([]string{"events", "audit", "outbox"}, hrTables...) {
		if _, err := admin.Exec(ctx, "vacuum analyze "+table); err != nil {
			return fmt.Errorf("analyze: %w", err)
		}
	}
	var nights, bares []time.Duration
	for round := range 3 {
		mark, err := hrMark(ctx, admin)
		if err != nil {
			return err
		}
		run, took, err := b.hrNight(asking, src, hrList(hrChanged, fmt.Sprint("the ", round+1)))
		if err != nil {
			return err
		}
		if run.Counts[hrsync.OutcomeSame] != hrPeople-hrChanged || run.Done != hrChanged || run.Failed > 0 {
			return fmt.Errorf("a night: %+v", run)
		}
		people, others, err := hrWritten(ctx, admin, mark)
		if err != nil {
			return err
		}
		if round == 0 {
			b.judge("  people's rows that a night writes, of 10,000", people == hrChanged, fmt.Sprint(hrChanged), "%d", people)
			b.note("  rows written beside: facts, spans, lines, links", "%d", others)
		}
		bare, err := hrBare(ctx, admin)
		if err != nil {
			return err
		}
		nights, bares = append(nights, took), append(bares, bare)
	}
	_, night, _ := spreadOf(nights)
	_, bare, _ := spreadOf(bares)
	b.judge("a nightly list of 10,000 people with 2 % changes, until it is through", night <= 10*time.Second, "≤ 10 s", "%.2f s", night.Seconds())
	b.note("  to the bare UPDATE of these 200 rows of people", "%.0f; %.2f s to %.1f ms", night.Seconds()/bare.Seconds(), night.Seconds(), float64(bare.Microseconds())/1000)
	mark, err := hrMark(ctx, admin)
	if err != nil {
		return err
	}
	_, took, err = b.hrNight(asking, src, hrList(hrChanged, "the 3"))
	if err != nil {
		return err
	}
	people, others, err := hrWritten(ctx, admin, mark)
	b.judge("  the same list once more", people+others == 0, "0 rows", "%d rows in %.2f s", people+others, took.Seconds())
	return err
}

// benchField makes the field of the portal's own that lists fill.
func (b *bench) benchField(ctx context.Context) error {
	_, err := b.app.org.AddField(ctx, org.FieldInput{Name: "Shift", Kind: org.FieldChoice, Choices: []string{"Early", "Late"}, SeenBy: org.CircleRead, EditedBy: org.CircleManage})
	return err
}

// hrNight sends a list and brings it in, and tells how long that took.
func (b *bench) hrNight(ctx context.Context, src hrsync.Source, list []byte) (r hrsync.Run, took time.Duration, err error) {
	started := time.Now()
	if r, err = b.app.hr.Take(ctx, src.ID, hrsync.Sent{Name: "nightly.csv", Raw: list, Program: true}); err != nil {
		return r, 0, err
	}
	if r.Status == hrsync.StatusPlanned { // the first one: all of it is new
		if r, err = b.app.hr.Apply(ctx, r.ID); err != nil {
			return r, 0, err
		}
	}
	if err = b.app.hr.Work(ctx, r.ID); err != nil {
		return r, 0, err
	}
	took = time.Since(started)
	r, err = b.app.hr.Run(ctx, r.ID)
	return r, took, err
}

// hrMark is a transaction before which all is that was written so far.
func hrMark(ctx context.Context, admin *pgx.Conn) (mark int64, err error) {
	err = admin.QueryRow(ctx, "select cast(cast(pg_current_xact_id() as text) as bigint)").Scan(&mark)
	return mark, err
}

// hrWritten counts rows that were written since: those of people, and all others but those of the run, of the log and of the audit log.
func hrWritten(ctx context.Context, admin *pgx.Conn, mark int64) (people, others int, err error) {
	for _, table := range hrTables {
		var n int
		if err := admin.QueryRow(ctx, "select count(*) from "+table+" where cast(cast(xmin as text) as bigint) > $1", mark).Scan(&n); err != nil {
			return 0, 0, fmt.Errorf("rows of %s: %w", table, err)
		}
		if others += n; table == "people" {
			people, others = n, others-n
		}
	}
	return people, others, nil
}

// hrBare writes the rows of people that a night changes once more, as they are, and tells how long that takes by itself.
func hrBare(ctx context.Context, admin *pgx.Conn) (time.Duration, error) {
	started := time.Now()
	done, err := admin.Exec(ctx, `update people p set name = p.name, attributes = p.attributes, manager_id = p.manager_id, updated_at = p.updated_at
		from hr_links l where l.person_id = p.id and cast(l.external_id as integer) >= 2000 and cast(l.external_id as integer) < $1`, 2000+hrChanged)
	if err != nil {
		return 0, fmt.Errorf("the bare update: %w", err)
	}
	if done.RowsAffected() != hrChanged {
		return 0, fmt.Errorf("the bare update met %d rows", done.RowsAffected())
	}
	return time.Since(started), nil
}
