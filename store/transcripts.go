package store

import (
	"context"

	"gorm.io/gorm/clause"

	"lyceum/internal/uid"
	"lyceum/learning/transcript"
)

// TranscriptLines lists the courses a person is or was in, the latest first.
func (s *Store) TranscriptLines(ctx context.Context, person uid.ID, p transcript.Period, n int) (list []transcript.Line, err error) {
	q := s.tx(ctx).Table(rounds(ctx)+" e").
		Select(`e.id as enrolment_id, e.course_id, v.title as course_title, c.slug as course_slug, v.number as version_number, e.status,
			e.enrolled_at, e.started_at, e.completed_at, e.percent, ce.percent as result, coalesce(ce.code, '') as certificate_code, (to_jsonb(ce) ->> 'valid_until')::timestamptz as certificate_until,
			(select coalesce(sum(case
				when jsonb_array_length(p.watched) > 0 then (select sum((i ->> 1)::float - (i ->> 0)::float) from jsonb_array_elements(p.watched) i)
				when p.completed_at is not null then least(extract(epoch from p.completed_at - p.started_at), greatest(l.minutes, 1) * 120)
				else 0 end), 0)::bigint
				from lesson_progress p join lessons l on l.version_id = e.version_id and l.id = p.lesson_id where p.enrolment_id = e.id) as seconds`).
		Joins("join courses c on c.id = e.course_id").
		Joins("join course_versions v on v.id = e.version_id").
		Joins("left join certificates ce on ce.enrolment_id = e.id and ce.revoked_at is null and ce.replaced_at is null").
		Where("e.person_id = ?", person)
	if p.From != nil {
		q = q.Where("coalesce(e.completed_at, e.enrolled_at) >= ?", *p.From)
	}
	if p.Until != nil {
		q = q.Where("coalesce(e.completed_at, e.enrolled_at) < ?", *p.Until)
	}
	err = q.Order("coalesce(e.completed_at, e.enrolled_at) desc, e.id desc").Limit(n).Scan(&list).Error
	return list, fail(err, "transcript of person %s", person)
}

// AddTranscript notes a transcript that is given out; added is false when one that says the same was before, or the code is
// taken.
func (s *Store) AddTranscript(ctx context.Context, i transcript.Issued) (added bool, err error) {
	res := s.tx(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&i)
	return res.RowsAffected == 1, fail(res.Error, "give out the transcript of person %s", i.PersonID)
}

// TranscriptBy finds a transcript that says the same.
func (s *Store) TranscriptBy(ctx context.Context, person uid.ID, digest []byte) (i transcript.Issued, err error) {
	err = s.tx(ctx).Where("person_id = ? and digest = ?", person, digest).Take(&i).Error
	return i, notFound(err, transcript.ErrNotFound, "transcript of person %s", person)
}

// TranscriptByCode finds a transcript by its number.
func (s *Store) TranscriptByCode(ctx context.Context, code string) (i transcript.Issued, err error) {
	err = s.tx(ctx).Where("code = ?", code).Take(&i).Error
	return i, notFound(err, transcript.ErrNotFound, "transcript by its number")
}
