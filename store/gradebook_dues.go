package store

import (
	"context"
	"encoding/json"
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/assignment"
	"lyceum/learning/enrolment"
	"lyceum/learning/gradebook"
)

// GradedDues reads when assignments are due for enrolments, where their newest rules or an extension say so themselves; what
// goes by the course's date is left out. When that is says assignment.Settings.DueFor.
func (s *Store) GradedDues(ctx context.Context, enrolments []uid.ID) (list []gradebook.Due, err error) {
	var rules []struct {
		CourseID uid.ID
		LessonID uid.ID
		Settings string
	}
	if err = s.tx(ctx).Raw(`select c.id as course_id, l.id as lesson_id, a.settings::text as settings from courses c join lessons l on l.version_id = c.published_id
		join lateral (select x.settings from assignments x where x.lesson_id = l.id order by x.number desc limit 1) a on true
		where l.kind = 'submission' and c.id in (select course_id from enrolments where id in ?) limit ?`, enrolments, testPartsMax).Scan(&rules).Error; err != nil || len(rules) == 0 {
		return nil, fail(err, "rules of assignments of %d enrolments", len(enrolments))
	}
	var people []struct {
		ID         uid.ID
		CourseID   uid.ID
		EnrolledAt time.Time
		DueAt      *time.Time
		TimeZone   string
	}
	if err = s.tx(ctx).Table("enrolments e").Select("e.id, e.course_id, e.enrolled_at, e.due_at, coalesce(p.time_zone, '') as time_zone").Joins("join people p on p.id = e.person_id").
		Where("e.id in ?", enrolments).Limit(len(enrolments)).Find(&people).Error; err != nil {
		return nil, fail(err, "dates of %d enrolments", len(enrolments))
	}
	var given []assignment.Extension
	if err = s.tx(ctx).Raw(`select distinct on (enrolment_id, lesson_id) enrolment_id, lesson_id, until from assignment_extensions where enrolment_id in ?
		order by enrolment_id, lesson_id, given_at desc, id desc limit ?`, enrolments, gradebookMax).Scan(&given).Error; err != nil {
		return nil, fail(err, "extensions of %d enrolments", len(enrolments))
	}
	type cell struct{ enrolment, lesson uid.ID }
	extended := map[cell]*time.Time{}
	for i, x := range given {
		extended[cell{x.EnrolmentID, x.LessonID}] = &given[i].Until
	}
	for _, r := range rules {
		var in assignment.Settings
		if err = json.Unmarshal([]byte(r.Settings), &in); err != nil {
			return nil, fail(err, "read the rules of assignment %s", r.LessonID)
		}
		for _, p := range people {
			until := extended[cell{p.ID, r.LessonID}]
			if p.CourseID != r.CourseID || until == nil && (in.Due == assignment.DueNever || in.Due == assignment.DueWithCourse) {
				continue
			}
			at := in.DueFor(assignment.Whose{EnrolledAt: p.EnrolledAt, CourseDue: p.DueAt, Place: enrolment.Learner{TimeZone: p.TimeZone}.Location(), Extended: until})
			if at != nil {
				list = append(list, gradebook.Due{EnrolmentID: p.ID, LessonID: r.LessonID, At: *at})
			}
		}
	}
	return list, nil
}
