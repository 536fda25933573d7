package store

import (
	"context"
	"encoding/json"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/assignment"
	"lyceum/learning/enrolment"
)

// AssignmentRules reads the settings of a lesson in a version; number 0 is the newest. Without any, the number is 0.
func (s *Store) AssignmentRules(ctx context.Context, lesson uid.ID, number int) (out assignment.Settings, is int, err error) {
	var row struct {
		Number   int
		Settings string
	}
	q := s.tx(ctx).Table("assignments").Select("number, settings::text as settings").Where("lesson_id = ?", lesson)
	if number > 0 {
		q = q.Where("number = ?", number)
	}
	if err = q.Order("number desc").Limit(1).Find(&row).Error; err != nil {
		return out, 0, fail(err, "rules of assignment %s", lesson)
	}
	if row.Number > 0 {
		err = json.Unmarshal([]byte(row.Settings), &out)
	}
	return out, row.Number, fail(err, "read the rules %d of assignment %s", row.Number, lesson)
}

// AddAssignmentRules writes the settings of a lesson as a version.
func (s *Store) AddAssignmentRules(ctx context.Context, lesson uid.ID, number int, settings assignment.Settings, by uid.ID, at time.Time) error {
	text, err := json.Marshal(settings)
	if err != nil {
		return err
	}
	return fail(s.tx(ctx).Exec("insert into assignments (lesson_id, number, settings, saved_by, saved_at) values (?, ?, ?, ?, ?)", lesson, number, string(text), by, at).Error,
		"add rules %d of assignment %s", number, lesson)
}

// CopyAssignmentRules gives a copied lesson the newest settings of the one it was copied from.
func (s *Store) CopyAssignmentRules(ctx context.Context, from, to uid.ID) error {
	return fail(s.tx(ctx).Exec(`insert into assignments (lesson_id, number, settings, saved_by, saved_at)
		select ?, 1, settings, saved_by, saved_at from assignments where lesson_id = ? order by number desc limit 1`, to, from).Error, "copy the rules of assignment %s", from)
}

// DraftIn reads what somebody has written for a lesson.
func (s *Store) DraftIn(ctx context.Context, enrolmentID, lesson uid.ID) (d assignment.Draft, found bool, err error) {
	res := s.tx(ctx).Where("enrolment_id = ? and lesson_id = ?", enrolmentID, lesson).Limit(1).Find(&d)
	return d, res.RowsAffected == 1, fail(res.Error, "draft of enrolment %s", enrolmentID)
}

// PutDraft writes what somebody has written over what was there.
func (s *Store) PutDraft(ctx context.Context, d assignment.Draft) error {
	again := clause.OnConflict{Columns: []clause.Column{{Name: "enrolment_id"}, {Name: "lesson_id"}}, DoUpdates: clause.AssignmentColumns([]string{"revision", "text", "files", "saved_at"})}
	return fail(s.tx(ctx).Clauses(again).Create(&d).Error, "put the draft of enrolment %s", d.EnrolmentID)
}

// DropDraft removes what was written, once it was handed in.
func (s *Store) DropDraft(ctx context.Context, enrolmentID, lesson uid.ID) error {
	return fail(s.tx(ctx).Exec("delete from submission_drafts where enrolment_id = ? and lesson_id = ?", enrolmentID, lesson).Error, "drop the draft of enrolment %s", enrolmentID)
}

const workColumns = `s.id, s.enrolment_id, s.lesson_id, s.number, s.text, s.file_id, s.status, s.comment, s.percent, s.marked_by, s.submitted_at, s.marked_at,
	s.rules, s.group_id, s.due_at, coalesce(s.late_days, 0) as late_days, coalesce(s.receipt, '') as receipt, s.claimed_by, s.claimed_at, coalesce(s.stage, '') as stage, s.verdict`

// WorksIn reads the submissions of an enrolment in a lesson, with those of its groups, newest first.
func (s *Store) WorksIn(ctx context.Context, enrolmentID, lesson uid.ID, limit int) (list []assignment.Submission, err error) {
	err = s.tx(ctx).Table("submissions s").Select(workColumns).
		Where("s.lesson_id = ? and (s.enrolment_id = ? or exists (select from submission_members m where m.submission_id = s.id and m.enrolment_id = ?))", lesson, enrolmentID, enrolmentID).
		Order("s.submitted_at desc, s.id desc").Limit(limit).Find(&list).Error
	return list, fail(err, "submissions of enrolment %s", enrolmentID)
}

// works is submissions with whose they are and what they are for; the task's own text is long and read only where one is shown.
func (s *Store) works(ctx context.Context, whole bool) *gorm.DB {
	return s.tx(ctx).Table("submissions s").
		Select(workColumns+`, e.person_id, p.name as person_name, e.course_id, e.version_id, v.title as course_title, coalesce(l.title, '') as lesson_title,
			case when ? then coalesce(l.body, '') else '' end as task, coalesce(g.name, '') as group_name, coalesce(c.name, '') as claimed_by_name, coalesce(k.name, '') as marker_name,
			coalesce((a.settings->>'anonymous')::boolean, false) as anonymous,
			exists (select from submission_appeals o where o.submission_id = s.id and o.answered_at is null) as appealed,
			coalesce((select max(t.percent) from submission_matches t where t.submission_id = s.id), 0) as alike`, whole).
		Joins("join enrolments e on e.id = s.enrolment_id").
		Joins("join people p on p.id = e.person_id").
		Joins("join course_versions v on v.id = e.version_id").
		Joins("left join lessons l on l.version_id = e.version_id and l.id = s.lesson_id").
		Joins("left join assignments a on a.lesson_id = s.lesson_id and a.number = s.rules").
		Joins("left join groups g on g.id = s.group_id").
		Joins("left join people c on c.id = s.claimed_by").
		Joins("left join people k on k.id = s.marked_by")
}

// Works lists submissions: what waits, the longest first; what was marked, the newest first.
func (s *Store) Works(ctx context.Context, f assignment.Filter) (out page.Of[assignment.Work], err error) {
	limit := f.Page.Bounded()
	q := s.works(ctx, false).Limit(limit + 1)
	oldest := f.Status == enrolment.SubmissionOpen || f.Appealed
	if f.Appealed {
		q = q.Where("exists (select from submission_appeals o where o.submission_id = s.id and o.answered_at is null)")
	} else {
		q = q.Where("s.status = ?", f.Status)
	}
	if f.Course != uid.Nil {
		q = q.Where("e.course_id = ?", f.Course)
	}
	if f.Lesson != uid.Nil {
		q = q.Where("s.lesson_id = ?", f.Lesson)
	}
	if f.Mine {
		q = q.Where("s.claimed_by = ?", f.By)
	}
	later, order := "(s.submitted_at, s.id) > (?, ?)", "s.submitted_at, s.id"
	if !oldest {
		later, order = "(s.submitted_at, s.id) < (?, ?)", "s.submitted_at desc, s.id desc"
	}
	if f.Page.After != "" {
		at, id, err := timeCursor(f.Page.After)
		if err != nil {
			return out, err
		}
		q = q.Where(later, at, id)
	}
	var list []assignment.Work
	if err = q.Order(order).Find(&list).Error; err != nil {
		return out, fail(err, "list submissions")
	}
	return page.Cut(list, limit, func(w assignment.Work) []string {
		return []string{w.SubmittedAt.UTC().Format(time.RFC3339Nano), w.ID.String()}
	}), nil
}

// WorkByID reads one with whose it is and what it is for.
func (s *Store) WorkByID(ctx context.Context, id uid.ID) (w assignment.Work, err error) {
	err = s.works(ctx, true).Where("s.id = ?", id).Take(&w).Error
	return w, notFound(err, assignment.ErrNotFound, "submission %s", id)
}

// LockWork reads a submission and holds it until the transaction ends.
func (s *Store) LockWork(ctx context.Context, id uid.ID) (w assignment.Submission, err error) {
	err = s.tx(ctx).Table("submissions s").Select(workColumns).Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Where("s.id = ?", id).Take(&w).Error
	return w, notFound(err, assignment.ErrNotFound, "lock submission %s", id)
}

// UpdateWork writes what may change of a submission.
func (s *Store) UpdateWork(ctx context.Context, w assignment.Submission) error {
	var verdict *string
	if w.Verdict != nil {
		text, err := json.Marshal(w.Verdict)
		if err != nil {
			return err
		}
		verdict = new(string)
		*verdict = string(text)
	}
	return s.changeOne(ctx, assignment.ErrNotFound, "update submission", `update submissions set status = ?, comment = ?, percent = ?, marked_by = ?, marked_at = ?, rules = ?, group_id = ?, due_at = ?, late_days = ?,
		receipt = ?, claimed_by = ?, claimed_at = ?, stage = nullif(?, ''), verdict = ? where id = ?`,
		w.Status, w.Comment, w.Percent, w.MarkedBy, w.MarkedAt, w.Rules, w.GroupID, w.DueAt, w.LateDays, w.Receipt, w.ClaimedBy, w.ClaimedAt, w.Stage, verdict, w.ID)
}

// ReadyWorks reads those of a lesson whose marks wait to be released.
func (s *Store) ReadyWorks(ctx context.Context, lesson uid.ID, limit int) (ids []uid.ID, err error) {
	err = s.tx(ctx).Table("submissions").Where("lesson_id = ? and status = 'submitted' and stage = 'ready'", lesson).Order("submitted_at, id").Limit(limit).Pluck("id", &ids).Error
	return ids, fail(err, "submissions of lesson %s that are ready", lesson)
}
