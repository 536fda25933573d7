package store

import (
	"context"
	"strconv"
	"time"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/assessment"
)

const testAppealColumns = `o.attempt_id, o.slot, o.reason, o.asked_at, o.before, coalesce(o.answer, '') as answer, o.changed, o.after, o.answered_by, o.answered_at`

// TestAppeals reads the objections to marks of an attempt, by their slots.
func (s *Store) TestAppeals(ctx context.Context, attempt uid.ID) (list []assessment.Appeal, err error) {
	err = s.tx(ctx).Table("test_appeals o").Select(testAppealColumns).Where("o.attempt_id = ?", attempt).Order("o.slot").Limit(testPartsMax).Find(&list).Error
	return list, fail(err, "appeals of attempt %s", attempt)
}

// AddTestAppeal writes an objection.
func (s *Store) AddTestAppeal(ctx context.Context, a assessment.Appeal) error {
	return fail(s.tx(ctx).Omit("Answer", "Changed", "After", "AnsweredBy", "AnsweredAt").Create(&a).Error, "appeal %d of attempt %s", a.Slot, a.AttemptID)
}

// AnswerTestAppeal writes the answer to an objection that waits for one.
func (s *Store) AnswerTestAppeal(ctx context.Context, a assessment.Appeal) error {
	return s.changeOne(ctx, assessment.ErrNoneOpen, "answer appeal", `update test_appeals set answer = ?, changed = ?, after = ?, answered_by = ?, answered_at = ?
		where attempt_id = ? and slot = ? and answered_at is null`, a.Answer, a.Changed, a.After, a.AnsweredBy, a.AnsweredAt, a.AttemptID, a.Slot)
}

// OpenTestAppeals lists objections that wait for an answer, the longest first.
func (s *Store) OpenTestAppeals(ctx context.Context, p page.Request) (out page.Of[assessment.Objection], err error) {
	limit := p.Bounded()
	q := s.tx(ctx).Table("test_appeals o").Select(testAppealColumns + ", p.name as person_name, e.course_id, t.lesson_id, v.title as course_title, coalesce(l.title, '') as lesson_title, t.status, coalesce((a.settings->>'anonymous')::boolean, false) as anonymous").
		Joins("join test_attempts t on t.id = o.attempt_id join enrolments e on e.id = t.enrolment_id join people p on p.id = e.person_id join course_versions v on v.id = e.version_id").
		Joins("left join lessons l on l.version_id = e.version_id and l.id = t.lesson_id left join test_settings a on a.lesson_id = t.lesson_id and a.number = t.rules").
		Where("o.answered_at is null")
	if p.After != "" {
		parts, err := page.Parts(p.After, 3)
		if err != nil {
			return out, err
		}
		at, bad := time.Parse(time.RFC3339Nano, parts[0])
		attempt, ok := uid.Parse(parts[1])
		slot, wrong := strconv.Atoi(parts[2])
		if bad != nil || !ok || wrong != nil {
			return out, page.ErrCursor
		}
		q = q.Where("(o.asked_at, o.attempt_id, o.slot) > (?, ?, ?)", at, attempt, slot)
	}
	var list []assessment.Objection
	if err = q.Order("o.asked_at, o.attempt_id, o.slot").Limit(limit + 1).Find(&list).Error; err != nil {
		return out, fail(err, "open appeals")
	}
	return page.Cut(list, limit, func(o assessment.Objection) []string {
		return []string{o.AskedAt.UTC().Format(time.RFC3339Nano), o.AttemptID.String(), strconv.Itoa(o.Slot)}
	}), nil
}

// AppealedTests counts the objections that wait, by attempts.
func (s *Store) AppealedTests(ctx context.Context, attempts []uid.ID) (map[uid.ID]int, error) {
	out := make(map[uid.ID]int, len(attempts))
	if len(attempts) == 0 {
		return out, nil
	}
	var rows []struct {
		AttemptID uid.ID
		Open      int
	}
	err := s.tx(ctx).Table("test_appeals").Select("attempt_id, count(*) as open").Where("attempt_id in ? and answered_at is null", attempts).Group("attempt_id").Limit(len(attempts)).Find(&rows).Error
	for _, r := range rows {
		out[r.AttemptID] = r.Open
	}
	return out, fail(err, "appeals of %d attempts", len(attempts))
}
