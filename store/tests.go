package store

import (
	"context"
	"encoding/json"
	"time"

	"gorm.io/gorm/clause"

	"lyceum/internal/uid"
	"lyceum/learning/assessment"
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
	t.points, t.most, t.percent, t.passed, e.person_id, e.course_id`

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

// EndTestAttempt writes what an attempt came to.
func (s *Store) EndTestAttempt(ctx context.Context, a assessment.Attempt) error {
	return s.changeOne(ctx, assessment.ErrAttempt, "end attempt",
		"update test_attempts set status = ?, ended_at = ?, ended_by = ?, points = ?, most = ?, percent = ?, passed = ? where id = ?",
		a.Status, a.EndedAt, a.EndedBy, a.Points, a.Most, a.Percent, a.Passed, a.ID)
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
		Where:     clause.Where{Exprs: []clause.Expression{clause.Expr{SQL: "test_answers.sequence < excluded.sequence"}}},
		DoUpdates: clause.AssignmentColumns([]string{"sequence", "answer", "saved_at"}),
	}
	res := s.tx(ctx).Clauses(later).Create(&a)
	if res.Error != nil || res.RowsAffected == 1 {
		return a, fail(res.Error, "keep answer %d of attempt %s", a.Slot, a.AttemptID)
	}
	err = s.tx(ctx).Where("attempt_id = ? and slot = ?", a.AttemptID, a.Slot).Take(&kept).Error
	return kept, notFound(err, assessment.ErrNoSuchSlot, "answer %d of attempt %s", a.Slot, a.AttemptID)
}

// TestAnswers reads the answers of an attempt by their places.
func (s *Store) TestAnswers(ctx context.Context, attempt uid.ID) (list []assessment.Answer, err error) {
	err = s.tx(ctx).Where("attempt_id = ?", attempt).Order("slot").Limit(testPartsMax).Find(&list).Error
	return list, fail(err, "answers of attempt %s", attempt)
}

// AddTestMark writes a person's mark.
func (s *Store) AddTestMark(ctx context.Context, m assessment.Mark) error {
	return fail(s.tx(ctx).Create(&m).Error, "add a mark of attempt %s", m.AttemptID)
}

// TestMarks reads the marks of an attempt in the order in which they were given.
func (s *Store) TestMarks(ctx context.Context, attempt uid.ID) (list []assessment.Mark, err error) {
	err = s.tx(ctx).Where("attempt_id = ?", attempt).Order("number").Limit(testPartsMax).Find(&list).Error
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
