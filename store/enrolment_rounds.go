package store

import (
	"context"
	"strings"
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
	"lyceum/tenant"
)

// roundsSince is the tenant migration from which on a person may be in a course more than once, a round after the other.
// Before it, enrolments is the table; from it on it is a view of enrolment_rounds: of the rounds that run.
const roundsSince = 29

// byRounds chooses what fits the shape of the running tenant (migrations.OldestReadable).
func byRounds(ctx context.Context, now, before string) string {
	if t, ok := tenant.From(ctx); ok && t.SchemaVersion != 0 && t.SchemaVersion < roundsSince {
		return before
	}
	return now
}

// rounds names the table of every round, for what reads past ones too.
func rounds(ctx context.Context) string { return byRounds(ctx, "enrolment_rounds", "enrolments") }

// Supersede closes a completed round, so that another may begin; false where it is not completed, or something in it waits for a mark or
// is worked on: a test with a time until that is over, one without as long as its last answer is younger than a day. One that was left for
// longer stays in the round as it is.
func (s *Store) Supersede(ctx context.Context, id uid.ID, at time.Time) (bool, error) {
	res := s.tx(ctx).Exec(`update enrolment_rounds e set superseded_at = ? where e.id = ? and e.superseded_at is null and e.status = 'completed'
		and not exists (select 1 from test_attempts t where t.enrolment_id = e.id and (t.status = 'to_mark' or t.status = 'running' and (t.ends_at is not null or t.started_at > ?
			or exists (select 1 from test_answers a where a.attempt_id = t.id and a.saved_at > ?))))
		and not exists (select 1 from submissions w where w.enrolment_id = e.id and w.status = 'submitted')`, at, id, at.Add(-leftAfter), at.Add(-leftAfter))
	return res.RowsAffected == 1, fail(res.Error, "supersede enrolment %s", id)
}

// leftAfter is how long after its last answer an attempt without a time counts as left.
const leftAfter = 24 * time.Hour

// EnrolMany writes enrolments of people in a course who are not deactivated and not in it; it gives those that were added, and what
// people are called. All of them in one statement.
func (s *Store) EnrolMany(ctx context.Context, like enrolment.Enrolment, people []enrolment.Wanted) (list []enrolment.Added, err error) {
	if len(people) == 0 {
		return nil, nil
	}
	ids, who, due := make([]string, len(people)), make([]string, len(people)), make([]string, len(people))
	for i, p := range people {
		ids[i], who[i], due[i] = uid.New().String(), p.Person.String(), "null"
		if p.DueAt != nil {
			due[i] = `"` + p.DueAt.UTC().Format(time.RFC3339Nano) + `"`
		}
	}
	err = s.tx(ctx).Raw(`with wanted as (select * from unnest(cast(@ids as uuid[]), cast(@people as uuid[]), cast(@due as timestamptz[])) w(id, person_id, due_at)),
		made as (insert into enrolments (id, course_id, version_id, person_id, status, source, percent, enrolled_by, enrolled_at, due_at)
			select w.id, @course, @version, w.person_id, @status, @source, 0, @by, @at, w.due_at from wanted w join people p on p.id = w.person_id and p.status <> 'deactivated'
			on conflict do nothing returning id, person_id, due_at)
		select m.id, m.person_id, m.due_at, p.name as person_name from made m join people p on p.id = m.person_id order by m.id`, map[string]any{
		"ids": array(ids), "people": array(who), "due": array(due), "course": like.CourseID, "version": like.VersionID, "status": like.Status, "source": like.Source, "by": like.EnrolledBy, "at": like.EnrolledAt,
	}).Scan(&list).Error
	return list, fail(err, "enrol %d people in course %s", len(people), like.CourseID)
}

// RoundsOf lists every round of the person in the course of an enrolment.
func (s *Store) RoundsOf(ctx context.Context, enrolmentID uid.ID) (list []enrolment.Round, err error) {
	err = s.tx(ctx).Table("enrolment_rounds e").
		Select(enrolmentColumns+", e.superseded_at, v.number as version_number, coalesce(ce.code, '') as certificate_code").
		Joins("join enrolment_rounds o on o.person_id = e.person_id and o.course_id = e.course_id").
		Joins("join course_versions v on v.id = e.version_id").
		Joins("left join certificates ce on ce.enrolment_id = e.id and ce.revoked_at is null and ce.replaced_at is null").
		Where("o.id = ?", enrolmentID).Order("e.enrolled_at desc, e.id desc").Limit(roundsMax).Find(&list).Error
	return list, fail(err, "rounds of enrolment %s", enrolmentID)
}

// roundsMax bounds the rounds that are listed: a course taken every month for twenty years.
const roundsMax = 240

// array is a PostgreSQL array of texts that need no quoting.
func array(list []string) string { return "{" + strings.Join(list, ",") + "}" }
