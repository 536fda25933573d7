package store

import (
	"context"
	"time"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/assessment"
)

// TestMends reads what the newest regrade of a test says.
func (s *Store) TestMends(ctx context.Context, lesson uid.ID) (assessment.Mends, error) {
	list, err := s.TestRegrades(ctx, lesson, 1)
	if err != nil || len(list) == 0 {
		return assessment.Mends{}, err
	}
	return assessment.Mends{Number: list[0].Number, List: list[0].Mends}, nil
}

// TestMendsAt reads what a regrade of a test says.
func (s *Store) TestMendsAt(ctx context.Context, lesson uid.ID, number int) (assessment.Mends, error) {
	var r assessment.Regrade
	err := s.tx(ctx).Table("test_regrades r").Select("r.*").Where("r.lesson_id = ? and r.number = ?", lesson, number).Take(&r).Error
	return assessment.Mends{Number: r.Number, List: r.Mends}, notFound(err, assessment.ErrNotFound, "regrade %d of test %s", number, lesson)
}

// AddTestRegrade writes a regrade.
func (s *Store) AddTestRegrade(ctx context.Context, r assessment.Regrade) error {
	return fail(s.tx(ctx).Create(&r).Error, "add regrade %d of test %s", r.Number, r.LessonID)
}

// TestRegrades reads the regrades of a test, the newest first.
func (s *Store) TestRegrades(ctx context.Context, lesson uid.ID, limit int) (list []assessment.Regrade, err error) {
	err = s.tx(ctx).Table("test_regrades r").Select(`r.*, coalesce(p.name, '') as by_name,
			(select count(*) from test_regrade_changes c join test_attempts t on t.id = c.attempt_id where t.lesson_id = r.lesson_id and c.number = r.number) as changed`).
		Joins("left join people p on p.id = r.by_id").Where("r.lesson_id = ?", lesson).Order("r.number desc").Limit(limit).Find(&list).Error
	return list, fail(err, "regrades of test %s", lesson)
}

// OpenTestRegrades reads those that have not reached every attempt, the oldest first.
func (s *Store) OpenTestRegrades(ctx context.Context, limit int) (list []assessment.Regrade, err error) {
	err = s.tx(ctx).Table("test_regrades r").Select("r.*").Where("r.done_at is null").Order("r.at, r.lesson_id, r.number").Limit(limit).Find(&list).Error
	return list, fail(err, "open regrades")
}

// FinishTestRegrade writes that a regrade has reached every attempt.
func (s *Store) FinishTestRegrade(ctx context.Context, lesson uid.ID, number int, at time.Time) error {
	return fail(s.tx(ctx).Exec("update test_regrades set done_at = ? where lesson_id = ? and number = ? and done_at is null", at, lesson, number).Error, "finish regrade %d of test %s", number, lesson)
}

// AskedQuestions reads which questions ended attempts at a test asked, how often, and in which version at the newest.
func (s *Store) AskedQuestions(ctx context.Context, lesson uid.ID) (list []assessment.AskedOften, err error) {
	err = s.tx(ctx).Raw(`select (x.slot->'ref'->>'question')::uuid as question, max((x.slot->'ref'->>'version')::integer) as version, count(*) as attempts
		from test_attempts t cross join lateral jsonb_array_elements(t.slots) x(slot)
		where t.lesson_id = ? and t.status <> 'running' group by 1 order by 1 limit ?`, lesson, testPartsMax).Scan(&list).Error
	return list, fail(err, "questions of test %s", lesson)
}

// sittingColumns are attempts with whose they are and what they are for.
const sittingColumns = testAttemptColumns + `, p.name as person_name, p.email as person_email, v.title as course_title, coalesce(l.title, '') as lesson_title,
	coalesce((a.settings->>'anonymous')::boolean, false) as anonymous`

const sittingFrom = `test_attempts t join enrolments e on e.id = t.enrolment_id join people p on p.id = e.person_id join course_versions v on v.id = e.version_id
	left join lessons l on l.version_id = e.version_id and l.id = t.lesson_id
	left join test_settings a on a.lesson_id = t.lesson_id and a.number = t.rules`

// EndedTestAttempts reads attempts that ended and were not graded by a regrade of the number yet, by their ids.
func (s *Store) EndedTestAttempts(ctx context.Context, lesson uid.ID, before int, after uid.ID, limit int) (list []assessment.Sitting, err error) {
	err = s.tx(ctx).Table(sittingFrom).Select(sittingColumns).
		Where("t.lesson_id = ? and t.status <> 'running' and coalesce(t.regrade, 0) < ? and t.id > ?", lesson, before, after).
		Order("t.id").Limit(limit).Find(&list).Error
	return list, fail(err, "ended attempts at test %s", lesson)
}

// AnswersOfTests reads the answers of many attempts.
func (s *Store) AnswersOfTests(ctx context.Context, attempts []uid.ID) (map[uid.ID][]assessment.Answer, error) {
	var list []assessment.Answer
	err := s.tx(ctx).Where("attempt_id in ?", attempts).Order("attempt_id, slot").Limit(len(attempts) * assessment.MaxQuestions).Find(&list).Error
	out := make(map[uid.ID][]assessment.Answer, len(attempts))
	for _, a := range list {
		out[a.AttemptID] = append(out[a.AttemptID], a)
	}
	return out, fail(err, "answers of %d attempts", len(attempts))
}

// MarksOfTests reads the marks of many attempts, each in the order in which they were given.
func (s *Store) MarksOfTests(ctx context.Context, attempts []uid.ID) (map[uid.ID][]assessment.Mark, error) {
	var list []assessment.Mark
	if len(attempts) == 0 {
		return nil, nil
	}
	err := s.tx(ctx).Table("test_marks m").Select(testMarkColumns).Where("m.attempt_id in ?", attempts).Order("m.attempt_id, m.number").Limit(len(attempts) * testPartsMax).Find(&list).Error
	out := make(map[uid.ID][]assessment.Mark, len(attempts))
	for _, m := range list {
		out[m.AttemptID] = append(out[m.AttemptID], m)
	}
	return out, fail(err, "marks of %d attempts", len(attempts))
}

// AddRegradeChange writes what a regrade did to an attempt.
func (s *Store) AddRegradeChange(ctx context.Context, c assessment.RegradeChange) error {
	return fail(s.tx(ctx).Create(&c).Error, "change of attempt %s", c.AttemptID)
}

// RegradeChanges reads what regrades did to an attempt, in their order.
func (s *Store) RegradeChanges(ctx context.Context, attempt uid.ID) (list []assessment.RegradeChange, err error) {
	err = s.tx(ctx).Table("test_regrade_changes c").Select("c.*, coalesce(r.reason, '') as reason").
		Joins("join test_attempts t on t.id = c.attempt_id").Joins("left join test_regrades r on r.lesson_id = t.lesson_id and r.number = c.number").
		Where("c.attempt_id = ?", attempt).Order("c.number").Limit(testPartsMax).Find(&list).Error
	return list, fail(err, "changes of attempt %s", attempt)
}

// Sittings lists attempts at a test: what waits for a mark, the longest first; else the newest first.
func (s *Store) Sittings(ctx context.Context, f assessment.SittingFilter) (out page.Of[assessment.Sitting], err error) {
	limit := f.Page.Bounded()
	q := s.tx(ctx).Table(sittingFrom).Select(sittingColumns).Limit(limit+1).Where("t.lesson_id = ? and e.course_id = ?", f.Lesson, f.Course)
	later, order := "(t.started_at, t.id) < (?, ?)", "t.started_at desc, t.id desc"
	if f.Status != "" {
		q = q.Where("t.status = ?", f.Status)
	}
	if f.Status == assessment.StatusToMark {
		later, order = "(t.started_at, t.id) > (?, ?)", "t.started_at, t.id"
	}
	if f.Page.After != "" {
		at, id, err := timeCursor(f.Page.After)
		if err != nil {
			return out, err
		}
		q = q.Where(later, at, id)
	}
	var list []assessment.Sitting
	if err = q.Order(order).Find(&list).Error; err != nil {
		return out, fail(err, "attempts at test %s", f.Lesson)
	}
	return page.Cut(list, limit, func(t assessment.Sitting) []string {
		return []string{t.StartedAt.UTC().Format(time.RFC3339Nano), t.ID.String()}
	}), nil
}

// SittingByID reads an attempt with whose it is.
func (s *Store) SittingByID(ctx context.Context, attempt uid.ID) (t assessment.Sitting, err error) {
	err = s.tx(ctx).Table(sittingFrom).Select(sittingColumns).Where("t.id = ?", attempt).Take(&t).Error
	return t, notFound(err, assessment.ErrAttempt, "attempt %s", attempt)
}

// TestsToMark reads which tests have attempts that wait for a mark; what waits longest first.
func (s *Store) TestsToMark(ctx context.Context, limit int) (list []assessment.TestToMark, err error) {
	err = s.tx(ctx).Raw(`select e.course_id, t.lesson_id, max(v.title) as course_title, coalesce(max(l.title), '') as lesson_title, count(*) as waiting
		from test_attempts t join enrolments e on e.id = t.enrolment_id join course_versions v on v.id = e.version_id
		left join lessons l on l.version_id = e.version_id and l.id = t.lesson_id
		where t.status = 'to_mark' group by e.course_id, t.lesson_id order by min(t.ended_at), t.lesson_id limit ?`, limit).Scan(&list).Error
	return list, fail(err, "tests to mark")
}

// PersonNames reads what people are called, as far as they are there.
func (s *Store) PersonNames(ctx context.Context, ids []uid.ID) (map[uid.ID]string, error) {
	var rows []struct {
		ID   uid.ID
		Name string
	}
	out := map[uid.ID]string{}
	if len(ids) == 0 {
		return out, nil
	}
	err := s.tx(ctx).Table("people").Select("id, name").Where("id in ?", ids).Limit(testPartsMax).Find(&rows).Error
	for _, r := range rows {
		out[r.ID] = r.Name
	}
	return out, fail(err, "names of %d people", len(ids))
}
