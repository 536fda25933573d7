package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"lyceum/auth/group"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/duty"
	"lyceum/tenant"
)

// ruleRows are the rows that a requirement writes for those whom it catches, by table: those of a requirement, of a course, or of both.
var ruleRows = []struct{ table, where string }{
	{"duties", "requirement_id = $1 and $2::uuid is not null"},
	{"duty_reasons", "duty_id in (select id from duties where requirement_id = $1) and $2::uuid is not null"},
	{"duty_cycles", "duty_id in (select id from duties where requirement_id = $1) and $2::uuid is not null"},
	{"duty_history", "requirement_id = $1 and $2::uuid is not null"},
	{"requirement_run_changes", "run_id in (select id from requirement_runs where requirement_id = $1) and $2::uuid is not null"},
	{"enrolment_rounds", "course_id = $2 and $1::uuid is not null"},
	{"events", "type = 'enrolment.created' and subject_id in (select id from enrolment_rounds where course_id = $2) and $1::uuid is not null"},
	{"outbox", "event_id in (select id from events where type = 'enrolment.created' and subject_id in (select id from enrolment_rounds where course_id = $2)) and $1::uuid is not null"},
	{"audit", "type = 'enrolment.created' and subject_id in (select id from enrolment_rounds where course_id = $2) and $1::uuid is not null"},
}

// besideTables is the first portal with an owner who asks, and a connection on its tables for the bare statements beside.
func (b *bench) besideTables(ctx context.Context) (asking context.Context, admin *pgx.Conn, err error) {
	t := b.fleet[0]
	ctx = tenant.With(ctx, t.Tenant)
	who, err := b.benchPerson(ctx, policy.Owner)
	if err != nil {
		return nil, nil, err
	}
	if asking, err = b.app.auth.As(ctx, who.ID); err != nil {
		return nil, nil, err
	}
	if admin, err = pgx.Connect(ctx, b.config.DatabaseURL); err != nil {
		return nil, nil, fmt.Errorf("connect: %w", err)
	}
	if _, err = admin.Exec(ctx, "set search_path = "+t.SchemaName+", ext"); err != nil { //nolint:gocritic // an opaque name of our own making
		return nil, nil, errors.Join(fmt.Errorf("connect: %w", err), admin.Close(ctx))
	}
	return asking, admin, nil
}

// measureRules has a requirement catch many people at once, beside the bare INSERT … SELECT of the rows that it wrote.
func (b *bench) measureRules(ctx context.Context) error {
	asking, admin, err := b.besideTables(ctx)
	if err != nil {
		return err
	}
	defer admin.Close(ctx) //nolint:errcheck // at the end of a measurement
	for _, size := range []struct{ people, rounds int }{{5_000, 3}, {100_000, 1}} {
		var rounds []ruleRound
		for i := range size.rounds {
			one, err := b.oneRule(asking, admin, size.people, i)
			if err != nil {
				return err
			}
			rounds = append(rounds, one)
		}
		slices.SortFunc(rounds, func(a, b ruleRound) int { return cmp.Compare(a.all, b.all) })
		mid, slowest := rounds[len(rounds)/2], rounds[len(rounds)-1]
		what, times := thousands(size.people)+" people", ""
		if size.rounds > 1 {
			times = fmt.Sprintf(", median of %d", size.rounds)
		}
		b.note("  until "+what+" have the duty"+times, "%.2f s", mid.given.Seconds())
		rows := fmt.Sprintf("a requirement catches %s: duties, reasons, cycles, history, ledger, enrolments, events, jobs' outbox, audit log", what)
		b.judge(rows+", to the bare INSERT … SELECT of the same rows", mid.all <= 3*mid.bare, "≤ 3", "%.2f; %.1f s to %.1f s", mid.all.Seconds()/mid.bare.Seconds(), mid.all.Seconds(), mid.bare.Seconds())
		if size.people == 5_000 {
			b.judge("  in all, 5,000 people"+times, mid.all <= time.Second, "≤ 1 s", "%.2f s (%.2f–%.2f)", mid.all.Seconds(), rounds[0].all.Seconds(), slowest.all.Seconds())
		}
	}
	return nil
}

func thousands(n int) string {
	s := strconv.Itoa(n)
	return s[:len(s)-3] + "," + s[len(s)-3:]
}

// ruleRound is how long it took until everybody of a new group had the duty, and was in the course too, and how long the same rows take by themselves.
type ruleRound struct{ given, all, bare time.Duration }

func (b *bench) oneRule(asking context.Context, admin *pgx.Conn, n, round int) (out ruleRound, err error) {
	of := thousands(n) + ", " + strconv.Itoa(round)
	o, err := b.app.catalog.Import(asking, catalog.ImportCourse{
		CourseInput: catalog.CourseInput{Title: "Safety for " + of}, Modules: []catalog.ImportModule{{Title: "All", Lessons: []catalog.LessonInput{{Kind: catalog.LessonText, Title: "Read", Body: "Read this."}}}},
	})
	if err != nil {
		return out, err
	}
	g, err := b.app.groups.Create(asking, group.Input{Name: "All " + of})
	if err != nil {
		return out, err
	}
	days := 30
	r, err := b.app.duties.Save(asking, uid.Nil, duty.Input{Name: "Safety " + of, Courses: []uid.ID{o.Course.ID}, Terms: duty.Terms{DueDays: &days, GraceDays: 7}, Status: duty.StatusOn})
	if err != nil {
		return out, err
	}
	fill := []string{
		fmt.Sprintf(`insert into people (id, email, name, password_hash, status, locale, time_zone, created_at, updated_at, attributes)
			select gen_random_uuid(), 'r%[1]d-%[2]d-' || i || '@bench.example', 'Person ' || md5(i::text), '', 'active', '', '', now(), now(), '{}' from generate_series(1, %[1]d) i`, n, round),
		fmt.Sprintf(`insert into group_members (group_id, person_id) select '%s', id from people where email like 'r%d-%d-%%'`, g.ID, n, round),
	}
	for _, sql := range append(fill, "analyze people", "analyze group_members") {
		if _, err = admin.Exec(asking, sql); err != nil {
			return out, fmt.Errorf("fill: %w", err)
		}
	}
	started := time.Now()
	if _, err = b.app.duties.Apply(asking, r.ID, duty.Proposal{Do: duty.DoAdd, Group: g.ID}); err != nil {
		return out, err
	}
	out.given = time.Since(started)
	if err = b.app.duties.Run(asking, r.ID); err != nil {
		return out, err
	}
	out.all = time.Since(started)
	out.bare, err = b.bareRows(asking, admin, r.ID, o.Course.ID, n)
	return out, err
}

// bareRows puts the rows aside, and back in one transaction.
func (b *bench) bareRows(ctx context.Context, admin *pgx.Conn, requirement, course uid.ID, n int) (took time.Duration, err error) {
	do := func(sql string, args ...any) {
		if err == nil {
			_, err = admin.Exec(ctx, sql, args...)
		}
	}
	for _, r := range ruleRows {
		do("analyze " + r.table)
	}
	for _, r := range ruleRows {
		where := strings.NewReplacer("$1", "'"+requirement.String()+"'", "$2", "'"+course.String()+"'").Replace(r.where)
		do("create temp table kept_" + r.table + " as select * from " + r.table + " where " + where)
		var kept int
		if err == nil {
			err = admin.QueryRow(ctx, "select count(*) from kept_"+r.table).Scan(&kept)
		}
		if err == nil && kept < n {
			err = fmt.Errorf("%d rows of %s where %d were to be", kept, r.table, n)
		}
	}
	for i := range ruleRows {
		table := ruleRows[len(ruleRows)-1-i].table
		do("delete from " + table + " x using kept_" + table + " k where to_jsonb(x) = to_jsonb(k)")
		do("vacuum analyze " + table)
	}
	do("begin")
	started := time.Now()
	for _, r := range ruleRows {
		do("insert into " + r.table + " select * from kept_" + r.table)
	}
	do("commit")
	took = time.Since(started)
	for _, r := range ruleRows {
		do("drop table kept_" + r.table)
	}
	if err != nil {
		return 0, fmt.Errorf("the bare rows: %w", err)
	}
	return took, nil
}
