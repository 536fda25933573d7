package store

import (
	"context"
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/report"
	"lyceum/learning/report/evidence"
)

const (
	// evidenceWho is who had the duty in the period, by what is known now: the last time that each was given it.
	evidenceWho = ` from (select distinct on (h.person_id) h.* from (select distinct on (k.duty_id, k.spell) k.* from duty_history k where k.requirement_id = @requirement order by k.duty_id, k.spell, k.revision desc, k.number desc) h
		where h.given_at < @until and (h.withdrawn_at is null or h.withdrawn_at > @from) order by h.person_id, h.spell desc) x`
	evidencePeopleSQL = `select x.person_id, coalesce(p.name, '') as name, coalesce(p.email, '') as email, ` + departmentThen + ` as department,
		coalesce((select coalesce(nullif(m.name, ''), m.email) from manager_spans t join people m on m.id = t.manager_id where t.person_id = p.id and t.recorded_at <= @knew and (t.superseded_at is null or t.superseded_at > @knew)
			and t.valid_from <= cast(@there as date) and (t.valid_to is null or t.valid_to > cast(@there as date)) limit 1), '') as manager, x.given_at, x.withdrawn_at, x.reasons` + evidenceWho + `
		left join people p on p.id = x.person_id where x.person_id > @after order by x.person_id limit @n`
	evidenceCountSQL = `select count(*)` + evidenceWho
	evidenceFactsSQL = `select h.person_id, h.recorded_at, h.revision, h.number, h.spell, h.given_at, h.withdrawn_at, h.began_at, h.due_at, h.due_grace, h.completed_at, h.course_id, h.version_id, h.enrolment_id, h.renews_at, h.expires_at, h.grace_until, h.ended_at,
		h.waived_at, h.waived_until, h.waived_by, coalesce(h.waived_reason, '') as waived_reason, h.reasons from duty_history h where h.requirement_id = @requirement and h.person_id in @people order by h.person_id, h.revision, h.number`
	evidenceCompletionsSQL = `select e.person_id, e.id as enrolment_id, e.course_id, v.title as course, e.version_id, v.number as version, v.published_at, e.enrolled_at, e.started_at, e.completed_at, coalesce(c.code, '') as certificate, c.issued_at as certified_at, coalesce(c.person_name, '') as certified_for
		from enrolment_rounds e join course_versions v on v.id = e.version_id left join lateral (select code, issued_at, person_name from certificates c where c.enrolment_id = e.id and c.revoked_at is null and c.replaced_at is null limit 1) c on true
		where e.person_id in @people and e.completed_at is not null and e.completed_at < @until and exists (select 1 from duty_history h where h.requirement_id = @requirement and h.enrolment_id = e.id) order by e.person_id, e.completed_at, e.id`
	evidenceLessonsSQL = `select p.enrolment_id, l.title, l.kind, p.started_at, p.completed_at, p.evidence::text as evidence from lesson_progress p join enrolment_rounds e on e.id = p.enrolment_id
		join lessons l on l.version_id = e.version_id and l.id = p.lesson_id where p.enrolment_id in @enrolments order by p.enrolment_id, p.started_at, l.id`
)

// InsertPack writes a wish for a pack; evidence.ErrOpen while another one of the requirement is being made.
func (s *Store) InsertPack(ctx context.Context, p evidence.Pack) error {
	return fail(s.tx(ctx).Create(&p).Error, "wish for evidence")
}

// SavePack writes where one stands.
func (s *Store) SavePack(ctx context.Context, p evidence.Pack) error {
	return fail(s.tx(ctx).Model(&evidence.Pack{}).Where("id = ?", p.ID).Select("*").Omit("id", "requirement_id", "asked_by", "asked_at").UpdateColumns(&p).Error, "save a pack")
}

// PackByID finds one.
func (s *Store) PackByID(ctx context.Context, id uid.ID) (p evidence.Pack, err error) {
	return p, notFound(s.tx(ctx).Where("id = ?", id).Take(&p).Error, evidence.ErrNotFound, "evidence %s", id)
}

// Packs lists those of a requirement, the newest first.
func (s *Store) Packs(ctx context.Context, requirement uid.ID, n int) (list []evidence.Pack, err error) {
	return list, fail(s.tx(ctx).Where("requirement_id = ?", requirement).Order("id desc").Limit(n).Find(&list).Error, "list evidence")
}

// PacksPast lists those whose days are over.
func (s *Store) PacksPast(ctx context.Context, now time.Time, n int) (list []evidence.Pack, err error) {
	return list, fail(s.tx(ctx).Where("status = 'ready' and expires_at <= ?", now).Order("id").Limit(n).Find(&list).Error, "list old evidence")
}

func packArgs(p evidence.Pack, more map[string]any) map[string]any {
	more["requirement"], more["from"], more["until"] = p.RequirementID, p.FromAt, p.UntilAt
	return more
}

// EvidenceTerms lists what a requirement asked for, the first revision first.
func (s *Store) EvidenceTerms(ctx context.Context, requirement uid.ID) (list []evidence.Terms, err error) {
	err = s.tx(ctx).Raw("select revision, recorded_at, facts::text as facts from requirement_history where requirement_id = ? order by revision", requirement).Scan(&list).Error
	return list, fail(err, "terms of requirement %s", requirement)
}

// EvidencePeople walks over who had the duty in the period.
func (s *Store) EvidencePeople(ctx context.Context, p evidence.Pack, at report.Moment, after uid.ID, n int) (list []evidence.Person, err error) {
	err = s.tx(ctx).Raw(evidencePeopleSQL, whereabouts(report.Filter{As: at}, packArgs(p, map[string]any{"after": after, "n": n}))).Scan(&list).Error
	return list, fail(err, "people of evidence %s", p.ID)
}

// CountEvidence counts them.
func (s *Store) CountEvidence(ctx context.Context, p evidence.Pack) (n int, err error) {
	err = s.tx(ctx).Raw(evidenceCountSQL, packArgs(p, map[string]any{})).Scan(&n).Error
	return n, fail(err, "count people of evidence %s", p.ID)
}

// EvidenceFacts gives what was known of people's duties, in the order in which it was recorded.
func (s *Store) EvidenceFacts(ctx context.Context, p evidence.Pack, people []uid.ID) (list []evidence.Fact, err error) {
	err = s.tx(ctx).Raw(evidenceFactsSQL, packArgs(p, map[string]any{"people": people})).Scan(&list).Error
	return list, fail(err, "facts of evidence %s", p.ID)
}

// EvidenceCompletions gives the completions that counted for the requirement.
func (s *Store) EvidenceCompletions(ctx context.Context, p evidence.Pack, people []uid.ID) (list []evidence.Completion, err error) {
	err = s.tx(ctx).Raw(evidenceCompletionsSQL, packArgs(p, map[string]any{"people": people})).Scan(&list).Error
	return list, fail(err, "completions of evidence %s", p.ID)
}

// EvidenceLessons gives what was done in these enrolments.
func (s *Store) EvidenceLessons(ctx context.Context, enrolments []uid.ID) (list []evidence.Lesson, err error) {
	if len(enrolments) == 0 {
		return nil, nil
	}
	err = s.tx(ctx).Raw(evidenceLessonsSQL, map[string]any{"enrolments": enrolments}).Scan(&list).Error
	return list, fail(err, "lessons of evidence")
}

var _ evidence.Keeper = (*Store)(nil)
