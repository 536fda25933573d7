package store

import (
	"context"

	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
)

// stageOf is the stage of an enrolment e in SQL; null for one that was withdrawn.
const stageOf = `case when e.status = 'completed' then 'done' when e.status = 'active' and e.started_at is not null then 'in_progress' when e.status = 'active' then 'not_started' end`

// StagesOf counts the people of a course by version and stage, the newest version first.
func (s *Store) StagesOf(ctx context.Context, course uid.ID) (list []enrolment.VersionStages, err error) {
	err = s.tx(ctx).Raw(`select v.id as version_id, v.number, v.published_at,
			count(*) filter (where e.status = 'active' and e.started_at is null) as not_started,
			count(*) filter (where e.status = 'active' and e.started_at is not null) as in_progress,
			count(*) filter (where e.status = 'completed') as done
		from course_versions v left join enrolments e on e.version_id = v.id
		where v.course_id = ? and v.published_at is not null
		group by v.id, v.number, v.published_at order by v.number desc limit 200`, course).Scan(&list).Error
	return list, fail(err, "stages of course %s", course)
}

// EnrolmentsBehind reads enrolments of the stages that are on another version than the one named.
func (s *Store) EnrolmentsBehind(ctx context.Context, course, version uid.ID, stages []enrolment.Stage, after uid.ID, n int) (ids []uid.ID, err error) {
	err = s.tx(ctx).Table("enrolments e").
		Where("e.course_id = ? and e.version_id <> ? and e.id > ? and "+stageOf+" in ?", course, version, after, stages).
		Order("e.id").Limit(n).Pluck("e.id", &ids).Error
	return ids, fail(err, "enrolments of course %s that are behind", course)
}

// AddMove writes what an enrolment was before it was moved.
func (s *Store) AddMove(ctx context.Context, m enrolment.Move) error {
	return fail(s.tx(ctx).Create(&m).Error, "add move of enrolment %s", m.EnrolmentID)
}

// MovesOf reads the moves of an enrolment, the newest first.
func (s *Store) MovesOf(ctx context.Context, enrolmentID uid.ID) (list []enrolment.Move, err error) {
	err = s.tx(ctx).Where("enrolment_id = ?", enrolmentID).Order("id desc").Limit(200).Find(&list).Error
	return list, fail(err, "moves of enrolment %s", enrolmentID)
}
