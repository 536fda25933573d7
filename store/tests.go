package store

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm/clause"

	"lyceum/internal/uid"
	"lyceum/learning/assessment"
	"lyceum/learning/enrolment"
)

// testPartsMax bounds what belongs to one attempt, or to one person's attempts at one test.
const testPartsMax = 5000

// TestSettings reads the settings of a test in a version; number 0 is the newest. Without any, the number is 0.
func (s *Store) TestSettings(ctx context.Context, lesson uid.ID, number int) (out assessment.Settings, is int, err error) {
	var row struct {
		Number   int
		Settings string
	}
	q := s.tx(ctx).Table("test_settings").Select("number, settings::text as settings").Where("lesson_id = ?", lesson)
	if number > 0 {
		q = q.Where("number = ?", number)
	}
	if err = q.Order("number desc").Limit(1).Find(&row).Error; err != nil {
		return out, 0, fail(err, "settings of test %s", lesson)
	}
	if row.Number > 0 {
		err = json.Unmarshal([]byte(row.Settings), &out)
	}
	return out, row.Number, fail(err, "read the settings %d of test %s", row.Number, lesson)
}

// AddTestSettings writes the settings of a test as a version.
func (s *Store) AddTestSettings(ctx context.Context, lesson uid.ID, number int, in assessment.Settings, by uid.ID, at time.Time) error {
	text, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return fail(s.tx(ctx).Exec("insert into test_settings (lesson_id, number, settings, saved_by, saved_at) values (?, ?, ?, ?, ?)", lesson, number, string(text), by, at).Error,
		"add settings %d of test %s", number, lesson)
}

// AddTestAttempt writes an attempt that begins.
func (s *Store) AddTestAttempt(ctx context.Context, a assessment.Attempt) error {
	return fail(s.tx(ctx).Create(&a).Error, "add attempt %s", a.ID)
}

const testAttemptColumns = `t.id, t.enrolment_id, t.lesson_id, t.number, t.rules, t.slots, t.status, t.started_at, t.ends_at, t.ended_at, t.ended_by,
	t.points, t.most, t.percent, t.passed, t.section, t.section_at, t.more_percent, t.regrade, e.person_id, e.course_id`

// TestAttempts reads the attempts of an enrolment at a test, the newest first.
func (s *Store) TestAttempts(ctx context.Context, enrolment, lesson uid.ID) (list []assessment.Attempt, err error) {
	err = s.tx(ctx).Table("test_attempts t").Select(testAttemptColumns).Joins("join enrolments e on e.id = t.enrolment_id").
		Where("t.enrolment_id = ? and t.lesson_id = ?", enrolment, lesson).Order("t.number desc").Limit(testPartsMax).Find(&list).Error
	return list, fail(err, "attempts of enrolment %s", enrolment)
}

// LockTestAttempt reads an attempt and holds it: alone, or beside others who only keep it from ending.
func (s *Store) LockTestAttempt(ctx context.Context, id uid.ID, alone bool) (a assessment.Attempt, err error) {
	how := clause.LockingStrengthShare
	if alone {
		how = clause.LockingStrengthUpdate
	}
	err = s.tx(ctx).Table("test_attempts t").Select(testAttemptColumns).Joins("join enrolments e on e.id = t.enrolment_id").
		Clauses(clause.Locking{Strength: how, Table: clause.Table{Name: "t"}}).Where("t.id = ?", id).Take(&a).Error
	return a, notFound(err, assessment.ErrAttempt, "lock attempt %s", id)
}

// TestAttempt reads an attempt.
func (s *Store) TestAttempt(ctx context.Context, id uid.ID) (a assessment.Attempt, err error) {
	err = s.tx(ctx).Table("test_attempts t").Select(testAttemptColumns).Joins("join enrolments e on e.id = t.enrolment_id").Where("t.id = ?", id).Take(&a).Error
	return a, notFound(err, assessment.ErrAttempt, "attempt %s", id)
}

// EnterTestSection writes the section that was begun, and the end that follows from it.
func (s *Store) EnterTestSection(ctx context.Context, a assessment.Attempt) error {
	return s.changeOne(ctx, assessment.ErrAttempt, "enter section", "update test_attempts set section = ?, section_at = ?, ends_at = ? where id = ?", a.Section, a.SectionAt, a.EndsAt, a.ID)
}

// EndTestAttempt writes what an attempt came to, as a whole and question by question.
func (s *Store) EndTestAttempt(ctx context.Context, a assessment.Attempt, out assessment.Outcome) error {
	questions, versions, shares, marks := make([]string, len(out.Slots)), make([]string, len(out.Slots)), make([]string, len(out.Slots)), make([]string, len(out.Slots))
	for i, one := range out.Slots {
		slot := out.Graded[i]
		questions[i], versions[i], marks[i], shares[i] = slot.Ref.Question.String(), strconv.Itoa(slot.Ref.Version), strconv.Itoa(slot.Marks), strconv.FormatInt(int64(one.Share), 10)
		if one.Waits || one.Out {
			shares[i] = "null"
		}
	}
	return s.changeOne(ctx, assessment.ErrAttempt, "end attempt",
		`update test_attempts set status = ?, ended_at = ?, ended_by = ?, points = ?, most = ?, percent = ?, passed = ?, regrade = nullif(?::integer, 0),
			item_questions = ?::text::uuid[], item_versions = ?::text::integer[], item_shares = ?::text::bigint[], item_marks = ?::text::integer[] where id = ?`,
		a.Status, a.EndedAt, a.EndedBy, a.Points, a.Most, a.Percent, a.Passed, a.Regrade, array(questions), array(versions), array(shares), array(marks), a.ID)
}

// OverdueTestAttempts reads those that run and should have ended before a moment.
func (s *Store) OverdueTestAttempts(ctx context.Context, before time.Time, limit int) (ids []uid.ID, err error) {
	err = s.tx(ctx).Table("test_attempts").Where("status = 'running' and ends_at < ?", before).Order("ends_at, id").Limit(limit).Pluck("id", &ids).Error
	return ids, fail(err, "overdue attempts")
}

// PutTestAnswer keeps an answer unless one of the same sequence or a later one is kept, and reads what is kept then.
func (s *Store) PutTestAnswer(ctx context.Context, a assessment.Answer) (kept assessment.Answer, err error) {
	later := clause.OnConflict{
		Columns:   []clause.Column{{Name: "attempt_id"}, {Name: "slot"}},
		Where:     clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "test_answers.sequence < excluded.sequence and test_answers.looked is not true"}}},
		DoUpdates: clause.AssignmentColumns([]string{"sequence", "answer", "flagged", "saved_at"}),
	}
	res := s.tx(ctx).Clauses(later).Create(&a)
	if res.Error != nil || res.RowsAffected == 1 {
		return a, fail(res.Error, "keep answer %d of attempt %s", a.Slot, a.AttemptID)
	}
	err = s.tx(ctx).Where("attempt_id = ? and slot = ?", a.AttemptID, a.Slot).Take(&kept).Error
	return kept, notFound(err, assessment.ErrNoSuchSlot, "answer %d of attempt %s", a.Slot, a.AttemptID)
}

// saveAnswerSQL keeps an answer of an attempt that runs, and holds the attempt against its end until the answer is committed:
// an end that came first leaves no row to hold.
const saveAnswerSQL = `insert into test_answers (attempt_id, slot, sequence, answer, flagged, saved_at)
	select t.id, $2::integer, $3::bigint, $4::jsonb, $5::boolean, $6::timestamptz from test_attempts t where t.id = $1 and t.status = 'running' and (t.ends_at is null or t.ends_at >= $7) for key share
	on conflict (attempt_id, slot) do update set sequence = excluded.sequence, answer = excluded.answer, flagged = excluded.flagged, saved_at = excluded.saved_at
		where test_answers.sequence < excluded.sequence and test_answers.looked is not true
	returning slot`

// SaveTestAnswer keeps an answer of an attempt that runs and did not end before a moment, in one message.
func (s *Store) SaveTestAnswer(ctx context.Context, a assessment.Answer, notBefore time.Time) (kept bool, err error) {
	text, err := json.Marshal(a.Answer)
	if err != nil {
		return false, err
	}
	err = s.single(ctx, func(rows pgx.Rows) error {
		kept = rows.Next()
		rows.Close()
		return rows.Err()
	}, saveAnswerSQL, a.AttemptID, a.Slot, a.Sequence, string(text), a.Flagged, a.SavedAt, notBefore)
	return kept, fail(err, "save answer %d of attempt %s", a.Slot, a.AttemptID)
}

// TestAnswers reads the answers of an attempt by their places.
func (s *Store) TestAnswers(ctx context.Context, attempt uid.ID) (list []assessment.Answer, err error) {
	err = s.tx(ctx).Where("attempt_id = ?", attempt).Order("slot").Limit(testPartsMax).Find(&list).Error
	return list, fail(err, "answers of attempt %s", attempt)
}

// LookAtTestAnswer notes that the learner was told about an answer.
func (s *Store) LookAtTestAnswer(ctx context.Context, attempt uid.ID, slot int) error {
	return s.changeOne(ctx, assessment.ErrNoAnswer, "look at answer", "update test_answers set looked = true where attempt_id = ? and slot = ?", attempt, slot)
}

// SetTestAnswerFiles writes which files an answer is made of, in the place of those before.
func (s *Store) SetTestAnswerFiles(ctx context.Context, attempt uid.ID, slot int, files []uid.ID) error {
	kept := append([]uid.ID{uid.Nil}, files...) // a list is never empty
	if err := s.remove(ctx, "test_answer_files", "attempt_id = ? and slot = ? and file_id not in ?", attempt, slot, kept).Error; err != nil {
		return fail(err, "files of answer %d of attempt %s", slot, attempt)
	}
	for _, id := range files {
		if err := s.tx(ctx).Exec("insert into test_answer_files (attempt_id, slot, file_id) values (?, ?, ?) on conflict do nothing", attempt, slot, id).Error; err != nil {
			return fail(err, "file %s of answer %d of attempt %s", id, slot, attempt)
		}
	}
	return nil
}

// FileNames reads what files are called, as far as they are there.
func (s *Store) FileNames(ctx context.Context, ids []uid.ID) (map[uid.ID]string, error) {
	var rows []struct {
		ID   uid.ID
		Name string
	}
	err := s.tx(ctx).Table("files").Select("id, name").Where("id in ?", ids).Limit(testPartsMax).Find(&rows).Error
	out := make(map[uid.ID]string, len(rows))
	for _, r := range rows {
		out[r.ID] = r.Name
	}
	return out, fail(err, "names of %d files", len(ids))
}

// CopyTestSettings gives a copied lesson the newest test of the one it was copied from.
func (s *Store) CopyTestSettings(ctx context.Context, from, to uid.ID) error {
	return fail(s.tx(ctx).Exec(`insert into test_settings (lesson_id, number, settings, saved_by, saved_at)
		select ?, 1, settings, saved_by, saved_at from test_settings where lesson_id = ? order by number desc limit 1`, to, from).Error, "copy the test of lesson %s", from)
}

// HasTest tells whether anybody wrote the test of a lesson.
func (s *Store) HasTest(ctx context.Context, lesson uid.ID) (has bool, err error) {
	err = s.tx(ctx).Raw("select exists (select from test_settings where lesson_id = ?)", lesson).Scan(&has).Error
	return has, fail(err, "test of lesson %s", lesson)
}

// TestsUsing counts the tests that ask each question by name, in whatever version of their rules.
func (s *Store) TestsUsing(ctx context.Context, questions []uid.ID) (map[uid.ID]int, error) {
	var rows []struct {
		Question uid.ID
		Tests    int
	}
	err := s.tx(ctx).Raw(`select (r.ref->>'question')::uuid as question, count(distinct t.lesson_id) as tests
		from test_settings t cross join lateral jsonb_array_elements(t.settings->'sections') s(section)
		cross join lateral jsonb_array_elements(coalesce(s.section->'fixed', '[]'::jsonb)) r(ref)
		where (r.ref->>'question')::uuid in ? group by 1`, questions).Scan(&rows).Error
	out := make(map[uid.ID]int, len(rows))
	for _, r := range rows {
		out[r.Question] = r.Tests
	}
	return out, fail(err, "tests that ask %d questions", len(questions))
}

// AddTestMark writes a person's mark.
func (s *Store) AddTestMark(ctx context.Context, m assessment.Mark) error {
	q := s.tx(ctx)
	if m.Kind == assessment.MarkGiven && len(m.Picks) == 0 { // as every mark was, also where the columns are not there yet
		q = q.Omit("Kind", "Picks")
	}
	return fail(q.Create(&m).Error, "add a mark of attempt %s", m.AttemptID)
}

// testMarkColumns are marks, also where kind and picks are not there yet.
const testMarkColumns = "m.attempt_id, m.slot, m.number, m.share, m.comment, m.marker_id, m.at, coalesce(to_jsonb(m)->>'kind', 'mark') as kind, to_jsonb(m)->'picks' as picks"

// TestMarks reads the marks of an attempt in the order in which they were given.
func (s *Store) TestMarks(ctx context.Context, attempt uid.ID) (list []assessment.Mark, err error) {
	err = s.tx(ctx).Table("test_marks m").Select(testMarkColumns).Where("m.attempt_id = ?", attempt).Order("m.number").Limit(testPartsMax).Find(&list).Error
	return list, fail(err, "marks of attempt %s", attempt)
}

// AddTestAllowance writes what somebody was given more of.
func (s *Store) AddTestAllowance(ctx context.Context, a assessment.Allowance) error {
	return fail(s.tx(ctx).Create(&a).Error, "add an allowance of enrolment %s", a.EnrolmentID)
}

// TestAllowance reads the newest allowance, the zero one where there is none.
func (s *Store) TestAllowance(ctx context.Context, enrolment, lesson uid.ID) (a assessment.Allowance, err error) {
	err = s.tx(ctx).Where("enrolment_id = ? and lesson_id = ?", enrolment, lesson).Order("given_at desc, id desc").Limit(1).Find(&a).Error
	return a, fail(err, "allowance of enrolment %s", enrolment)
}

// EnrolmentByEmail finds the enrolment in a course of the person of a normalised e-mail, who has not left it.
func (s *Store) EnrolmentByEmail(ctx context.Context, course uid.ID, email string) (uid.ID, error) {
	var row struct{ ID uid.ID }
	err := s.tx(ctx).Table("enrolments e").Select("e.id").Joins("join people p on p.id = e.person_id").
		Where("e.course_id = ? and p.email = ? and e.status <> 'withdrawn'", course, email).Take(&row).Error
	return row.ID, notFound(err, enrolment.ErrEnrolmentNotFound, "enrolment in course %s by address", course)
}
