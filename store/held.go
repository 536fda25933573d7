package store

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"lyceum/auth/privacy"
	"lyceum/auth/privacy/hold"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// heldRowsSince is the tenant migration that brought the place where they are kept.
const heldRowsSince = 50

// wanted says of each table from which rows of people go in everyday life whose a row is; "" is its person_id. While a hold covers that person,
// a copy of the row is set aside before it goes. What is missing here has its reason in store/held_test.go.
var wanted = map[string]string{
	"sessions": "", "factors": "", "push_devices": "", "identities": "", "sign_on_attempts": "", "person_roles": "", "group_members": "", "path_enrolments": "",
	"prerequisite_waivers": "", "requirement_people": "", "requirement_spared": "", "hr_links": "", "directory_people": "",
	"manager_spans": "", "person_spans": "", // of others, where the manager is erased
	"report_deliveries": "", "reports": "owner_id", "report_schedules": "owner_id",
	"test_answer_files":   "(select er.person_id from test_attempts ta join enrolment_rounds er on er.id = ta.enrolment_id where ta.id = test_answer_files.attempt_id)",
	"people_import_lines": lineOf("people_import_lines"), "hr_rows": lineOf("hr_rows"),
}

// lineOf is whose a line of a list is: who came of it, else who has its e-mail.
func lineOf(table string) string {
	return fmt.Sprintf("coalesce(%[1]s.person_id, (select lp.id from people lp where lower(lp.email) = lower(%[1]s.email) limit 1))", table)
}

// setAside keeps copies of rows that are about to go, as far as a hold covers whose they are: without keys and what leads to one. where is the
// condition of the statement that deletes, written by us; its columns are those of the table.
func (s *Store) setAside(ctx context.Context, table, where string, args ...any) error {
	whose, ok := wanted[table]
	if !ok {
		return fmt.Errorf("store: rows of %s are not set aside", table)
	}
	if whose == "" {
		whose = "person_id"
	}
	return s.setAsideOf(ctx, table, whose, where, args...)
}

// setAsideOf is setAside for the one of two people whom a row is about.
func (s *Store) setAsideOf(ctx context.Context, table, whose, where string, args ...any) error {
	if beforeHeldRows(ctx) {
		return nil
	}
	if !strings.Contains(whose, ".") {
		whose = table + "." + whose
	}
	if err := s.lockHolds(ctx, "_shared"); err != nil {
		return err
	}
	var secret []string
	for _, e := range privacy.Register {
		if e.Table == table {
			secret = append(secret, e.Secret...)
		}
	}
	row := "to_jsonb(" + pgx.Identifier{table}.Sanitize() + ")"
	for _, column := range slices.Compact(slices.Sorted(slices.Values(secret))) {
		row += " - '" + column + "'"
	}
	err := s.tx(ctx).Exec("insert into held_rows (id, person_id, place, data, removed_at) select gen_random_uuid(), "+whose+", '"+table+"', "+row+", statement_timestamp() from "+table+
		" where exists (select 1 from holds where released_at is null) and "+coveredBy(whose)+" and ("+where+")", args...).Error
	return fail(err, "set rows of %s aside", table)
}

// holdsLock is the class of the advisory locks under which tenants' holds change.
const holdsLock = 0x6c796864 // "lyhd"

// LockHolds waits for what is going to be deleted under the holds as they are, and keeps them from changing otherwise until the transaction ends.
func (s *Store) LockHolds(ctx context.Context) error { return s.lockHolds(ctx, "") }

func (s *Store) lockHolds(ctx context.Context, how string) error {
	r := current(ctx)
	if r == nil {
		return ErrNoTransaction
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(r.schema))
	return fail(s.tx(ctx).Exec("select pg_advisory_xact_lock"+how+"(?, ?)", int32(holdsLock), int32(h.Sum32())).Error, "keep the holds as they are")
}

// coveredBy is a condition that is true of rows of people under an open hold; person is written by us.
func coveredBy(person string) string {
	return "exists (select 1 from holds hh where hh.released_at is null and " + person + " is not null and (hh.whole or exists (select 1 from hold_people hp where hp.hold_id = hh.id and hp.person_id = " + person + ")))"
}

// unlessAnyHeld is a condition, with "and" before it, that is false while any hold is open: for rows of which nobody can say whose they are.
func unlessAnyHeld(ctx context.Context) string {
	if unlessHeld(ctx, "id") == "" {
		return ""
	}
	return " and not exists (select 1 from holds hh where hh.released_at is null)"
}

// remove deletes rows of people, after what is wanted of them was set aside.
func (s *Store) remove(ctx context.Context, table, where string, args ...any) *gorm.DB {
	if err := s.setAside(ctx, table, where, args...); err != nil {
		return &gorm.DB{Error: err}
	}
	return s.tx(ctx).Exec("delete from "+table+" where "+where, args...)
}

// removeOne is remove for a row that has to be there.
func (s *Store) removeOne(ctx context.Context, missing *fault.Fault, doing, table, where string, args ...any) error {
	res := s.remove(ctx, table, where, args...)
	if res.Error == nil && res.RowsAffected == 0 {
		return missing
	}
	return fail(res.Error, "%s", doing)
}

// asideOfDirectory keeps what goes with a directory: its records of people, and who is in its groups.
func (s *Store) asideOfDirectory(ctx context.Context, id uid.ID) error {
	if err := s.setAside(ctx, "directory_people", "directory_id = ?", id); err != nil {
		return err
	}
	for _, table := range []string{"group_members", "requirement_spared"} {
		if err := s.setAside(ctx, table, "group_id in (select id from groups where directory_id = ?)", id); err != nil {
			return err
		}
	}
	return nil
}

// HeldRows lists what went of people under a hold since, the newest first.
func (s *Store) HeldRows(ctx context.Context, h hold.Hold, p page.Request) (out page.Of[hold.Row], err error) {
	limit := p.Bounded()
	if beforeHeldRows(ctx) {
		return out, nil
	}
	q := s.tx(ctx).Table("held_rows k").Select("k.*, coalesce(p.name, '') as name, coalesce(p.email, '') as email").Joins("left join people p on p.id = k.person_id")
	if !h.Whole {
		q = q.Where("k.person_id in (select person_id from hold_people where hold_id = ?)", h.ID)
	}
	if p.After != "" {
		parts, err := page.Parts(p.After, 2)
		if err != nil {
			return out, err
		}
		at, bad := time.Parse(time.RFC3339Nano, parts[0])
		id, ok := uid.Parse(parts[1])
		if bad != nil || !ok {
			return out, page.ErrCursor
		}
		q = q.Where("(k.removed_at, k.id) < (?, ?)", at, id)
	}
	var rows []hold.Row
	if err := q.Order("k.removed_at desc, k.id desc").Limit(limit + 1).Scan(&rows).Error; err != nil {
		return out, fail(err, "list what is set aside")
	}
	return page.Cut(rows, limit, func(r hold.Row) []string {
		return []string{r.RemovedAt.UTC().Format(time.RFC3339Nano), r.ID.String()}
	}), nil
}

// CountHeldRows counts them.
func (s *Store) CountHeldRows(ctx context.Context, h hold.Hold) (n int64, err error) {
	if beforeHeldRows(ctx) {
		return 0, nil
	}
	q := s.tx(ctx).Table("held_rows k")
	if !h.Whole {
		q = q.Where("k.person_id in (select person_id from hold_people where hold_id = ?)", h.ID)
	}
	return n, fail(q.Count(&n).Error, "count what is set aside")
}

// ForgetHeldRows removes what is set aside of people whom no hold covers any more, and says how many rows went.
func (s *Store) ForgetHeldRows(ctx context.Context) (int64, error) {
	if beforeHeldRows(ctx) {
		return 0, nil
	}
	res := s.tx(ctx).Exec("delete from held_rows where true" + unlessHeld(ctx, "held_rows.person_id"))
	return res.RowsAffected, fail(res.Error, "forget what was set aside")
}

func beforeHeldRows(ctx context.Context) bool {
	t, ok := tenant.From(ctx)
	return ok && t.SchemaVersion != 0 && t.SchemaVersion < heldRowsSince
}

// heldFile is a condition, with "and" before it, that is false of a file that somebody brought for what is set aside: table names the files.
func heldFile(ctx context.Context, table string) string {
	if beforeHeldRows(ctx) {
		return ""
	}
	return " and not exists (select 1 from held_rows hk where hk.person_id = " + table + ".created_by and hk.place = 'test_answer_files' and hk.data->>'file_id' = cast(" + table + ".id as text))"
}

// others is whose, beside the person who is erased, a row is that leads to them by a link.
var others = map[privacy.Link]string{privacy.ByManager: "person_id", privacy.ByGiver: "taker_id", privacy.ByTaker: "giver_id"}

// asideOfOthers keeps what goes with somebody who is erased and is about others too, as far as a hold covers those.
func (s *Store) asideOfOthers(ctx context.Context, person uid.ID, e privacy.Entry, where string) error {
	args := map[string]any{"person": person}
	if e.Table == "report_schedules" {
		return s.setAside(ctx, "report_deliveries", "run_id in (select id from report_runs where schedule_id in (select id from report_schedules where "+where+"))", args)
	}
	if whose, ok := others[e.Link]; ok && e.Table != "reporting_lines" { // which are made of spans
		return s.setAsideOf(ctx, e.Table, whose, where, args)
	}
	return nil
}
