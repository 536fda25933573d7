package store

import (
	"context"

	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
)

// AddFacts writes what happened into the learning log.
func (s *Store) AddFacts(ctx context.Context, facts []enrolment.Fact) error {
	if len(facts) == 0 {
		return nil
	}
	return fail(s.tx(ctx).Create(&facts).Error, "add %d facts of enrolment %s", len(facts), facts[0].EnrolmentID)
}

// KnownFacts tells which of the ids a lesson's log has already.
func (s *Store) KnownFacts(ctx context.Context, enrolmentID, lesson uid.ID, ids []uid.ID) (known []uid.ID, err error) {
	err = s.tx(ctx).Raw("select id from learning_log where enrolment_id = ? and lesson_id = ? and id in ?", enrolmentID, lesson, ids).Scan(&known).Error
	return known, fail(err, "known facts of enrolment %s", enrolmentID)
}

// FactsOf reads the learning log of an enrolment.
func (s *Store) FactsOf(ctx context.Context, enrolmentID uid.ID) (facts []enrolment.Fact, err error) {
	err = s.tx(ctx).Where("enrolment_id = ?", enrolmentID).Order("at, id").Find(&facts).Error
	return facts, fail(err, "facts of enrolment %s", enrolmentID)
}

// RulesOf reads what completes the lessons of every version of a course.
func (s *Store) RulesOf(ctx context.Context, course uid.ID) (rules []enrolment.Rules, err error) {
	err = s.tx(ctx).Raw(`select l.version_id, l.id as lesson_id, l.kind, l.completion, coalesce(l.no_skip, false) as no_skip, l.pass_percent as pass, coalesce(f.seconds, 0) as seconds
		from lessons l join course_versions v on v.id = l.version_id left join files f on f.id = l.file_id where v.course_id = ?`, course).Scan(&rules).Error
	return rules, fail(err, "rules of course %s", course)
}

// EnrolmentsAfter lists enrolments in order of their ids.
func (s *Store) EnrolmentsAfter(ctx context.Context, after uid.ID, limit int) (list []enrolment.Enrolment, err error) {
	err = s.tx(ctx).Where("id > ?", after).Order("id").Limit(limit).Find(&list).Error
	return list, fail(err, "enrolments after %s", after)
}
