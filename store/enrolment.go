package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"lyceum/auth"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
)

// ShareCourse reads a course and keeps it from being changed until the transaction ends.
func (s *Store) ShareCourse(ctx context.Context, id uid.ID) (c catalog.Course, err error) {
	err = s.tx(ctx).Clauses(clause.Locking{Strength: clause.LockingStrengthShare}).Where("id = ?", id).Take(&c).Error
	return c, notFound(err, catalog.ErrCourseNotFound, "share course %s", id)
}

// LearnerByID tells what enrolling asks of a person.
func (s *Store) LearnerByID(ctx context.Context, id uid.ID) (l enrolment.Learner, err error) {
	err = s.tx(ctx).Table("people").Select("id, name, status = 'deactivated' as deactivated, time_zone").Where("id = ?", id).Take(&l).Error
	return l, notFound(err, auth.ErrPersonNotFound, "learner %s", id)
}

// AddEnrolment writes a new enrolment; added is false when the person is in the course already.
func (s *Store) AddEnrolment(ctx context.Context, e enrolment.Enrolment) (added bool, err error) {
	res := s.tx(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&e)
	return res.RowsAffected == 1, fail(res.Error, "enrol person %s in course %s", e.PersonID, e.CourseID)
}

// EnrolmentIn reads the enrolment of a person in a course.
func (s *Store) EnrolmentIn(ctx context.Context, person, course uid.ID) (e enrolment.Enrolment, err error) {
	err = s.tx(ctx).Where("person_id = ? and course_id = ?", person, course).Take(&e).Error
	return e, notFound(err, enrolment.ErrEnrolmentNotFound, "enrolment of person %s in course %s", person, course)
}

const enrolmentColumns = "e.id, e.course_id, e.version_id, e.person_id, e.status, e.source, e.percent, e.last_lesson_id, e.enrolled_by, e.enrolled_at, e.started_at, e.completed_at, e.due_at, e.left_at"

// EnrolmentRecord reads an enrolment with whose it is and its certificate.
func (s *Store) EnrolmentRecord(ctx context.Context, id uid.ID) (r enrolment.Record, err error) {
	err = s.records(ctx).Where("e.id = ?", id).Take(&r).Error
	return r, notFound(err, enrolment.ErrEnrolmentNotFound, "enrolment %s", id)
}

func (s *Store) records(ctx context.Context) *gorm.DB {
	return s.tx(ctx).Table(rounds(ctx) + " e").
		Select(enrolmentColumns + ", p.name as person_name, p.email as person_email, coalesce(ce.code, '') as certificate_code").
		Joins("join people p on p.id = e.person_id").
		Joins("left join certificates ce on ce.enrolment_id = e.id and ce.revoked_at is null and ce.replaced_at is null")
}

// holdEnrolment keeps others who hold an enrolment out, and lets rows be written that point to it: reports write the log
// while they hold the progress of a lesson, and acts take the two in the other order.
const holdEnrolment = "NO KEY UPDATE"

// LockEnrolment reads an enrolment and holds it until the transaction ends.
func (s *Store) LockEnrolment(ctx context.Context, id uid.ID) (e enrolment.Enrolment, err error) {
	err = s.tx(ctx).Clauses(clause.Locking{Strength: holdEnrolment}).Where("id = ?", id).Take(&e).Error
	return e, notFound(err, enrolment.ErrEnrolmentNotFound, "lock enrolment %s", id)
}

// LockEnrolmentIn is LockEnrolment by the person and the course's address.
func (s *Store) LockEnrolmentIn(ctx context.Context, person uid.ID, slug string) (e enrolment.Enrolment, err error) {
	err = s.tx(ctx).Clauses(clause.Locking{Strength: holdEnrolment}).
		Where("person_id = ? and course_id = (select c.id from courses c where c.slug = ?)", person, slug).Take(&e).Error
	return e, notFound(err, enrolment.ErrEnrolmentNotFound, "lock enrolment of person %s in course %s", person, slug)
}

// UpdateEnrolment writes what may change of an enrolment.
func (s *Store) UpdateEnrolment(ctx context.Context, e enrolment.Enrolment) error {
	return s.changeOne(ctx, enrolment.ErrEnrolmentNotFound, "update enrolment", `update enrolments set version_id = ?, status = ?, source = ?, percent = ?, last_lesson_id = ?, enrolled_by = ?, enrolled_at = ?, started_at = ?, completed_at = ?, due_at = ?, left_at = ?
		where id = ?`, e.VersionID, e.Status, e.Source, e.Percent, e.LastLessonID, e.EnrolledBy, e.EnrolledAt, e.StartedAt, e.CompletedAt, e.DueAt, e.LeftAt, e.ID)
}

// One query for a person's list, in two texts: the first piece, and a later one.
const (
	mineColumns = `select ` + enrolmentColumns + `,
			c.slug, v.title, v.summary, v.cover_file_id, v.estimated_minutes, coalesce(ce.code, '')
		from enrolments e
		join courses c on c.id = e.course_id
		join course_versions v on v.id = e.version_id
		left join certificates ce on ce.enrolment_id = e.id and ce.revoked_at is null and ce.replaced_at is null
		where e.person_id = $1 and e.status <> 'withdrawn'`
	mineOrder = ` order by e.enrolled_at desc, e.id desc limit $2`
	mineFirst = mineColumns + mineOrder
	mineLater = mineColumns + ` and (e.enrolled_at, e.id) < ($3, $4)` + mineOrder
)

// EnrolmentsOf lists a person's courses, the newest enrolment first, without those they were taken out of. It needs no
// transaction around it: it is the list that is asked for most, and one query.
func (s *Store) EnrolmentsOf(ctx context.Context, person uid.ID, p page.Request) (out page.Of[enrolment.Mine], err error) {
	limit := p.Bounded()
	sql, args := mineFirst, []any{person, limit + 1}
	if p.After != "" {
		at, id, err := timeCursor(p.After)
		if err != nil {
			return out, err
		}
		sql, args = mineLater, append(args, at, id)
	}
	var list []enrolment.Mine
	err = s.single(ctx, func(rows pgx.Rows) (err error) {
		list, err = scanMine(rows)
		return err
	}, sql, args...)
	if err != nil {
		return out, fail(err, "enrolments of person %s", person)
	}
	return page.Cut(list, limit, func(m enrolment.Mine) []string {
		return []string{m.EnrolledAt.UTC().Format(time.RFC3339Nano), m.ID.String()}
	}), nil
}

func scanMine(rows pgx.Rows) (list []enrolment.Mine, err error) {
	for rows.Next() {
		var m enrolment.Mine
		if err = rows.Scan(&m.ID, &m.CourseID, &m.VersionID, &m.PersonID, &m.Status, &m.Source, &m.Percent, &m.LastLessonID, &m.EnrolledBy, &m.EnrolledAt, &m.StartedAt, &m.CompletedAt, &m.DueAt, &m.LeftAt,
			&m.CourseSlug, &m.Title, &m.Summary, &m.CoverFileID, &m.EstimatedMinutes, &m.CertificateCode); err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, rows.Err()
}

// timeCursor reads the cursor of a list in order of time and id.
func timeCursor(after string) (at time.Time, id uid.ID, err error) {
	parts, err := page.Parts(after, 2)
	if err != nil {
		return at, id, err
	}
	at, err = time.Parse(time.RFC3339Nano, parts[0])
	id, ok := uid.Parse(parts[1])
	if err != nil || !ok {
		return at, id, page.ErrCursor
	}
	return at, id, nil
}

// RosterOf lists everyone who is or was in a course, in order of enrolling.
func (s *Store) RosterOf(ctx context.Context, course uid.ID, p page.Request) (page.Of[enrolment.Roster], error) {
	return s.RosterIn(ctx, course, uid.Nil, p)
}

// RosterIn is RosterOf narrowed to the people of a group; uid.Nil does not narrow.
func (s *Store) RosterIn(ctx context.Context, course, group uid.ID, p page.Request) (out page.Of[enrolment.Roster], err error) {
	limit := p.Bounded()
	q := s.tx(ctx).Table("enrolments e").
		Select(enrolmentColumns+", p.name as person_name, p.email as person_email, p.time_zone as person_time_zone").
		Joins("join people p on p.id = e.person_id").
		Where("e.course_id = ?", course).Order("e.id").Limit(limit + 1)
	if group != uid.Nil {
		q = q.Where("exists (select 1 from group_members m where m.group_id = ? and m.person_id = e.person_id)", group)
	}
	if p.After != "" {
		parts, err := page.Parts(p.After, 1)
		if err != nil {
			return out, err
		}
		id, ok := uid.Parse(parts[0])
		if !ok {
			return out, page.ErrCursor
		}
		q = q.Where("e.id > ?", id)
	}
	var list []enrolment.Roster
	if err = q.Scan(&list).Error; err != nil {
		return out, fail(err, "roster of course %s", course)
	}
	return page.Cut(list, limit, func(r enrolment.Roster) []string { return []string{r.ID.String()} }), nil
}
