package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"lyceum/auth"
	"lyceum/auth/privacy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// privacySince is the tenant migration that brought what this file keeps.
const privacySince = 40

const (
	theirRounds   = "(select id from enrolment_rounds where person_id = @person)"
	theirHandIns  = "(select s.id from submissions s join enrolment_rounds r on r.id = s.enrolment_id where r.person_id = @person)"
	theirAttempts = "(select a.id from test_attempts a join enrolment_rounds r on r.id = a.enrolment_id where r.person_id = @person)"
	theirEmail    = "(select email from people where id = @person)"
)

// personRows is how rows lead to a person; columns are those of the table that is asked.
var personRows = map[privacy.Link]string{
	privacy.ByID: "id = @person", privacy.ByPerson: "person_id = @person", privacy.ByManager: "manager_id = @person", privacy.ByOwner: "owner_id = @person",
	privacy.ByGiver: "giver_id = @person", privacy.ByTaker: "taker_id = @person", privacy.ByAsker: "asked_by = @person", privacy.BySender: "sent_by = @person", privacy.ByCreator: "created_by = @person",
	privacy.ByHanded: "handed and created_by = @person", privacy.ByEnrolment: "enrolment_id in " + theirRounds, privacy.BySubmission: "submission_id in " + theirHandIns, privacy.ByAttempt: "attempt_id in " + theirAttempts,
	privacy.ByDuty: "duty_id in (select id from duties where person_id = @person)", privacy.ByAbout: "about_id = @person", privacy.ByEmail: "lower(email) = " + theirEmail,
	privacy.ByLine: "(person_id = @person or lower(email) = " + theirEmail + ")", privacy.BySubject: "(actor_id = @person or subject_id = @person)",
}

// InsertErasure writes one; privacy.ErrOpen while one of the same person is open.
func (s *Store) InsertErasure(ctx context.Context, e privacy.Erasure) error {
	return fail(s.tx(ctx).Create(&e).Error, "note an erasure")
}

// SaveErasure writes where one stands.
func (s *Store) SaveErasure(ctx context.Context, e privacy.Erasure) error {
	return fail(s.tx(ctx).Model(&privacy.Erasure{}).Where("id = ?", e.ID).Select("status", "decided_by", "decided_at", "answer", "erase_at", "begun_at", "erased_at", "receipt").UpdateColumns(&e).Error, "save an erasure")
}

func (s *Store) erasures(ctx context.Context) *gorm.DB {
	return s.tx(ctx).Table("erasures e").Select("e.*, coalesce(p.name, '') as person_name, coalesce(p.email, '') as person_email").Joins("left join people p on p.id = e.person_id")
}

// ErasureByID finds one and holds it until the transaction ends.
func (s *Store) ErasureByID(ctx context.Context, id uid.ID) (e privacy.Erasure, err error) {
	err = s.erasures(ctx).Where("e.id = ?", id).Clauses(clause.Locking{Strength: "UPDATE", Table: clause.Table{Name: "e"}}).Take(&e).Error
	return e, notFound(err, privacy.ErrNotFound, "erasure %s", id)
}

// OpenErasureOf finds the open one of a person; nil: none.
func (s *Store) OpenErasureOf(ctx context.Context, person uid.ID) (*privacy.Erasure, error) {
	var e privacy.Erasure
	err := s.erasures(ctx).Where("e.person_id = ? and e.status in ('asked', 'scheduled', 'working')", person).Take(&e).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil
	}
	return &e, fail(err, "open erasure of %s", person)
}

// LastWishOf finds the newest one that a person asked for themselves; nil: none.
func (s *Store) LastWishOf(ctx context.Context, person uid.ID) (*privacy.Erasure, error) {
	var e privacy.Erasure
	err := s.erasures(ctx).Where("e.person_id = ? and e.by_self", person).Order("e.id desc").Limit(1).Take(&e).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil
	}
	return &e, fail(err, "last wish of %s", person)
}

// Erasures lists them, the newest first.
func (s *Store) Erasures(ctx context.Context, p page.Request) (out page.Of[privacy.Erasure], err error) {
	limit := p.Bounded()
	q := s.erasures(ctx)
	if p.After != "" {
		parts, err := page.Parts(p.After, 1)
		if err != nil {
			return out, err
		}
		if _, ok := uid.Parse(parts[0]); !ok {
			return out, page.ErrCursor
		}
		q = q.Where("e.id < ?", parts[0])
	}
	var rows []privacy.Erasure
	if err := q.Order("e.id desc").Limit(limit + 1).Scan(&rows).Error; err != nil {
		return out, fail(err, "list erasures")
	}
	return page.Cut(rows, limit, func(e privacy.Erasure) []string { return []string{e.ID.String()} }), nil
}

// DueErasures are those that are to begin or to go on, the oldest first; not those of people under a hold. A portal in the shape before has none.
func (s *Store) DueErasures(ctx context.Context, now time.Time, n int) (list []privacy.Erasure, err error) {
	if t, ok := tenant.From(ctx); ok && t.SchemaVersion != 0 && t.SchemaVersion < privacySince {
		return nil, nil
	}
	err = s.erasures(ctx).Where("e.status in ('scheduled', 'working') and e.erase_at <= ? and (exists (select 1 from erasure_steps d where d.erasure_id = e.id and d.step = 'person') or true"+unlessHeld(ctx, "e.person_id")+")", now).Order("e.erase_at, e.id").Limit(n).Scan(&list).Error
	return list, fail(err, "erasures that are due")
}

// PersonErasureSteps lists what of an erasure is done.
func (s *Store) PersonErasureSteps(ctx context.Context, erasure uid.ID) (list []privacy.Step, err error) {
	return list, fail(s.tx(ctx).Where("erasure_id = ?", erasure).Order("done_at, step").Find(&list).Error, "steps of erasure %s", erasure)
}

// PersonStepDone notes a step.
func (s *Store) PersonStepDone(ctx context.Context, step privacy.Step) error {
	if step.Counts == nil {
		step.Counts = map[string]int64{}
	}
	return fail(s.tx(ctx).Create(&step).Error, "note a step of an erasure")
}

// CountPersonRows counts the rows of a person by entry of the register, in one statement.
func (s *Store) CountPersonRows(ctx context.Context, person uid.ID) ([]int64, error) {
	var parts []string
	for i, e := range privacy.Register {
		if e.Table == "held_rows" && beforeHeldRows(ctx) {
			continue
		}
		if where, ok := personRows[e.Link]; ok && (e.Columns == nil || e.Fate == privacy.Pseudonymised) {
			parts = append(parts, fmt.Sprintf("select %d as entry, count(*) as n from %s where %s", i, pgx.Identifier{e.Table}.Sanitize(), where))
		}
	}
	var rows []struct {
		Entry int
		N     int64
	}
	err := s.tx(ctx).Raw(strings.Join(parts, " union all "), map[string]any{"person": person}).Scan(&rows).Error
	counts := make([]int64, len(privacy.Register))
	for _, r := range rows {
		counts[r.Entry] = r.N
	}
	return counts, fail(err, "count rows of person %s", person)
}

// DeletePersonRows deletes those rows of a person that an entry of the register is about.
func (s *Store) DeletePersonRows(ctx context.Context, person uid.ID, e privacy.Entry) (int64, error) {
	where, ok := personRows[e.Link]
	if !ok {
		return 0, fmt.Errorf("store: rows of %s are not found by %s", e.Table, e.Link)
	}
	if e.Table == "held_rows" && beforeHeldRows(ctx) {
		return 0, nil
	}
	if err := s.asideOfOthers(ctx, person, e, where); err != nil {
		return 0, err
	}
	res := s.tx(ctx).Exec(fmt.Sprintf("delete from %s where %s", pgx.Identifier{e.Table}.Sanitize(), where), map[string]any{"person": person})
	return res.RowsAffected, fail(res.Error, "delete from %s", e.Table)
}

// HandOverHandIns gives what a person handed in for a group to another of its members, as far as they have no hand-in of that number.
func (s *Store) HandOverHandIns(ctx context.Context, person uid.ID) error {
	return fail(s.tx(ctx).Exec(`update submissions set enrolment_id = other.enrolment_id from (
		select distinct on (m.submission_id) m.submission_id, m.enrolment_id from submission_members m
			join submissions s on s.id = m.submission_id join enrolment_rounds mine on mine.id = s.enrolment_id and mine.person_id = @person
			join enrolment_rounds r on r.id = m.enrolment_id and r.person_id <> @person
			where s.group_id is not null and not exists (select 1 from submissions x where x.enrolment_id = m.enrolment_id and x.lesson_id = s.lesson_id and x.number = s.number)
			order by m.submission_id, m.enrolment_id) other where other.submission_id = submissions.id`, map[string]any{"person": person}).Error, "hand over what was handed in by a group")
}

// HandOverReports gives saved reports that are shared to somebody else who is there.
func (s *Store) HandOverReports(ctx context.Context, person, to uid.ID) error {
	return fail(s.tx(ctx).Exec(`update reports set owner_id = @to where owner_id = @person and shared and exists (select 1 from people where id = @to)
		and not exists (select 1 from reports x where x.owner_id = @to and lower(x.name) = lower(reports.name))`, map[string]any{"person": person, "to": to}).Error, "hand over reports")
}

// PseudonymisePerson writes the pseudonym where a name stands in a column of its own.
func (s *Store) PseudonymisePerson(ctx context.Context, person uid.ID, pseudonym string) (n int64, err error) {
	args := map[string]any{"person": person, "pseudonym": pseudonym}
	for _, statement := range []string{
		"update certificates set person_name = @pseudonym where person_id = @person",
		"update requirement_runs set about_name = @pseudonym, note = '' where about_id = @person",
		"update people_import_lines set cells = '[]', email = '', name = @pseudonym, detail = '{}', problem = '' where " + personRows[privacy.ByLine],
	} {
		res := s.tx(ctx).Exec(statement, args)
		if res.Error != nil {
			return n, fail(res.Error, "write a pseudonym")
		}
		n += res.RowsAffected
	}
	return n, nil
}

// ScrubPerson replaces name and e-mail in the text of what is about something else, and deletes directories' requests that hold them. A name
// that somebody else here has too is replaced only where the person's id stands beside it.
func (s *Store) ScrubPerson(ctx context.Context, p auth.Person, pseudonym string) (n int64, err error) {
	var namesake bool
	if err := s.tx(ctx).Raw("select exists (select 1 from people where lower(name) = lower(?) and id <> ?)", p.Name, p.ID).Scan(&namesake).Error; err != nil {
		return 0, fail(err, "look for a namesake")
	}
	args := map[string]any{"id": p.ID.String(), "name": namePattern(p.Name), "email": wordPattern(p.Email), "pseudonym": strings.ReplaceAll(pseudonym, `\`, `\\`), "namesake": namesake}
	statements := []string{
		"delete from directory_requests where request ~* @email or response ~* @email or outcome::text ~* @email or path ~* @email or not @namesake and (request ~* @name or response ~* @name or outcome::text ~* @name)",
		"update directory_runs set changes = " + scrubbed("changes") + ", report = " + scrubbed("report") + " where " + tells("changes") + " or " + tells("report"),
		"update hr_rows set changes = " + scrubbed("changes") + " where " + tells("changes"),
		"update events set data = " + scrubbed("data") + " where " + tells("data"),
		"update notifications set data = " + scrubbed("data") + " where " + tells("data"),
		"update reminder_messages set items = " + scrubbed("items") + " where " + tells("items"),
	}
	if !beforePush(ctx) {
		statements = append(statements, "update push_sends set data = "+scrubbed("data")+" where "+tells("data"))
	}
	for _, statement := range statements {
		res := s.tx(ctx).Exec(statement, args)
		if res.Error != nil {
			return n, fail(res.Error, "scrub a name")
		}
		n += res.RowsAffected
	}
	return n, nil
}

// tells is true of a column of JSON that holds the name or the e-mail.
func tells(column string) string {
	return fmt.Sprintf("(%[1]s::text ~* @email or %[1]s::text ~* @name and (not @namesake or strpos(%[1]s::text, @id) > 0))", column)
}

// scrubbed is a column of JSON with the pseudonym for both.
func scrubbed(column string) string {
	return fmt.Sprintf("cast(regexp_replace(case when not @namesake or strpos(%[1]s::text, @id) > 0 then regexp_replace(%[1]s::text, @name, @pseudonym, 'gi') else %[1]s::text end, @email, @pseudonym, 'gi') as jsonb)", column)
}

// wordPattern finds a text as PostgreSQL writes it into JSON, not within a longer word.
func wordPattern(text string) string {
	if text == "" {
		return `a\Ab` // nothing
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(text) // a string can be written
	quoted := strings.TrimSpace(b.String())
	return `(?<![[:alnum:]])` + regexp.QuoteMeta(quoted[1:len(quoted)-1]) + `(?![[:alnum:]])`
}

// namePattern is wordPattern for a name of several words; a single one is found only where it is a value of its own: it may be a word.
func namePattern(name string) string {
	if strings.Contains(strings.TrimSpace(name), " ") {
		return wordPattern(name)
	}
	return `(?<=")` + strings.TrimSuffix(strings.TrimPrefix(wordPattern(name), `(?<![[:alnum:]])`), `(?![[:alnum:]])`) + `(?=")`
}

// LeaveLines takes a person out of reporting lines.
func (s *Store) LeaveLines(ctx context.Context, person uid.ID, at time.Time) error {
	var reports []uid.ID
	if err := s.tx(ctx).Raw("select id from people where manager_id = ?", person).Scan(&reports).Error; err != nil {
		return fail(err, "who reports to %s", person)
	}
	if len(reports) == 0 {
		return nil
	}
	if err := s.tx(ctx).Exec("update people set manager_id = null, updated_at = ? where manager_id = ?", at, person).Error; err != nil {
		return fail(err, "take %s out of lines", person)
	}
	return s.movedTo(ctx, at, reports...)
}

// AliasesOf are the further names by which directories and identity providers know a person, each as auth.Source.Alias writes it.
func (s *Store) AliasesOf(ctx context.Context, person uid.ID) (list []string, err error) {
	err = s.tx(ctx).Raw(`select cast(connection_id as text) || ' ' || subject from identities where person_id = @person
		union select cast(directory_id as text) || ' ' || external_id from directory_people where person_id = @person and external_id is not null
		union select cast(directory_id as text) || ' ' || user_name from directory_people where person_id = @person and user_name is not null
		union select cast(source_id as text) || ' ' || external_id from hr_links where person_id = @person`, map[string]any{"person": person}).Scan(&list).Error
	return list, fail(err, "aliases of %s", person)
}

// InsertErasedMarks keeps marks, once.
func (s *Store) InsertErasedMarks(ctx context.Context, erasure uid.ID, marks [][]byte, at time.Time) error {
	_, err := Pgx(ctx).Exec(ctx, "insert into erased_marks (mark, erasure_id, at) select mark, $2, $3 from unnest($1::bytea[]) as mark on conflict do nothing", marks, erasure.String(), at)
	return fail(err, "mark who is erased")
}

// HasErasedMark tells whether one of the marks is that of somebody who was erased. Nobody was in a portal in the shape before.
func (s *Store) HasErasedMark(ctx context.Context, marks [][]byte) (has bool, err error) {
	if t, ok := tenant.From(ctx); ok && t.SchemaVersion != 0 && t.SchemaVersion < privacySince {
		return false, nil
	}
	err = Pgx(ctx).QueryRow(ctx, "select exists (select 1 from erased_marks where mark = any($1::bytea[]))", marks).Scan(&has)
	return has, fail(err, "whether somebody was erased")
}

// DeleteErasedMarks forgets those who were erased under one of the marks, by every mark of theirs.
func (s *Store) DeleteErasedMarks(ctx context.Context, marks [][]byte) (int64, error) {
	tag, err := Pgx(ctx).Exec(ctx, "delete from erased_marks where erasure_id in (select erasure_id from erased_marks where mark = any($1::bytea[]))", marks)
	return tag.RowsAffected(), fail(err, "let somebody return")
}

var _ privacy.Keeper = (*Store)(nil)
