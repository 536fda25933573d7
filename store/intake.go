package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"lyceum/internal/uid"
	"lyceum/learning/intake"
)

const intakeColumns = "i.group_id, i.course_id, i.later, i.created_by, i.created_at, i.finished_at, i.enrolled, i.problem"

// PutIntake writes an intake, which may be there already.
func (s *Store) PutIntake(ctx context.Context, i intake.Intake) error {
	again := clause.OnConflict{Columns: []clause.Column{{Name: "group_id"}, {Name: "course_id"}}, DoUpdates: clause.AssignmentColumns([]string{"later", "created_by", "created_at", "finished_at", "problem"})}
	return fail(s.tx(ctx).Table("intakes").Clauses(again).Create(&i).Error, "enrol group %s in course %s", i.GroupID, i.CourseID)
}

// IntakeOf finds the intake of a group into a course.
func (s *Store) IntakeOf(ctx context.Context, group, course uid.ID) (i intake.Intake, err error) {
	err = s.tx(ctx).Table("intakes i").Select(intakeColumns).Where("i.group_id = ? and i.course_id = ?", group, course).Take(&i).Error
	return i, notFound(err, intake.ErrNotFound, "intake of group %s into course %s", group, course)
}

// intakesMax bounds the intakes of one group or course that are shown.
const intakesMax = 500

func (s *Store) intakes(ctx context.Context) *gorm.DB {
	return s.tx(ctx).Table("intakes i").Select(intakeColumns + ", g.name as group_name, c.slug as course_slug, coalesce(v.title, c.slug) as course_title").
		Joins("join groups g on g.id = i.group_id").Joins("join courses c on c.id = i.course_id").
		Joins("left join course_versions v on v.id = coalesce(c.published_id, c.draft_id)").Limit(intakesMax)
}

// IntakesOf lists in which courses a group is enrolled, by title.
func (s *Store) IntakesOf(ctx context.Context, group uid.ID) (list []intake.Listed, err error) {
	err = s.intakes(ctx).Where("i.group_id = ?", group).Order("lower(coalesce(v.title, c.slug)), c.id").Find(&list).Error
	return list, fail(err, "intakes of group %s", group)
}

// IntakesInto lists which groups are enrolled in a course, by name.
func (s *Store) IntakesInto(ctx context.Context, course uid.ID) (list []intake.Listed, err error) {
	err = s.intakes(ctx).Where("i.course_id = ?", course).Order("lower(g.name), g.id").Find(&list).Error
	return list, fail(err, "intakes into course %s", course)
}

// StandingIntakes gives all that also take those who join later.
func (s *Store) StandingIntakes(ctx context.Context, group uid.ID) (list []intake.Intake, err error) {
	q := s.tx(ctx).Table("intakes i").Select(intakeColumns).Joins("join courses c on c.id = i.course_id").Where("i.later and c.status = 'published'")
	if group != uid.Nil {
		q = q.Where("i.group_id = ?", group)
	}
	return list, fail(q.Order("i.group_id, i.course_id").Find(&list).Error, "standing intakes")
}

// DeleteIntake removes the intake of a group into a course.
func (s *Store) DeleteIntake(ctx context.Context, group, course uid.ID) error {
	return s.changeOne(ctx, intake.ErrNotFound, "stop an intake", "delete from intakes where group_id = ? and course_id = ?", group, course)
}

// NotEnrolled gives people of a group, by id, who were never in a course.
func (s *Store) NotEnrolled(ctx context.Context, group, course, after uid.ID, n int) (people []uid.ID, err error) {
	err = s.tx(ctx).Table("group_members m").Joins("join people p on p.id = m.person_id").
		Where("m.group_id = ? and m.person_id > ? and p.status <> 'deactivated'", group, after).
		Where("not exists (select 1 from enrolments e where e.person_id = m.person_id and e.course_id = ?)", course).
		Order("m.person_id").Limit(n).Pluck("m.person_id", &people).Error
	return people, fail(err, "who of group %s is not in course %s", group, course)
}

// CountEnrolled adds to how many were enrolled through an intake.
func (s *Store) CountEnrolled(ctx context.Context, group, course uid.ID, n int) error {
	return fail(s.tx(ctx).Exec("update intakes set enrolled = enrolled + ? where group_id = ? and course_id = ?", n, group, course).Error, "count an intake")
}

// FinishIntake notes that an intake ran to its end.
func (s *Store) FinishIntake(ctx context.Context, group, course uid.ID, at time.Time, problem string) error {
	err := s.tx(ctx).Exec("update intakes set finished_at = ?, problem = ? where group_id = ? and course_id = ?", at, problem, group, course).Error
	return fail(err, "finish an intake")
}
