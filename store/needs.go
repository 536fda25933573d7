package store

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
	"lyceum/learning/path"
)

// needMet tells of a prerequisite q whether a person has what it asks for, or may start the course without; its four
// values are needMetFor's. A certificate that ended counts until that was told (certificate.expired), within minutes. Its row is
// read as JSON: a portal in the shape before has no such column (migrations.OldestReadable).
const needMet = `(exists (select 1 from prerequisite_waivers w where w.course_id = q.course_id and w.person_id = ?)
	or case q.kind
		when 'course' then exists (select 1 from enrolments e where e.person_id = ? and e.course_id = q.needed_course and ` + completedOnce + `)
		when 'certificate' then exists (select 1 from certificates z
			where z.person_id = ? and z.course_id = q.needed_course and z.revoked_at is null and z.replaced_at is null and coalesce((to_jsonb(z) ->> 'expiry_told')::integer, 0) < 3)
		else exists (select 1 from course_skills k join enrolments e on e.course_id = k.course_id where e.person_id = ? and k.skill_id = q.needed_skill and ` + completedOnce + `)
	end)`

// needMetOf is needMet for the person in a column instead of a value.
func needMetOf(column string) string { return strings.ReplaceAll(needMet, "?", column) }

func needMetFor(person uid.ID) []any { return []any{person, person, person, person} }

// maxNeedsRead bounds how many prerequisites are read at once.
const maxNeedsRead = 5000

// NeedsOf lists what courses ask for first and whether a person has it; no courses mean all.
func (s *Store) NeedsOf(ctx context.Context, person uid.ID, courses []uid.ID) (list []enrolment.Need, err error) {
	q := s.tx(ctx).Table("prerequisites q").
		Select(needColumns+", "+needMet+" as met", needMetFor(person)...).Joins(needNamed).
		Order("lower(coalesce(v.title, s.name, '')), q.id").Limit(maxNeedsRead)
	if courses != nil {
		q = q.Where("q.course_id in ?", courses)
	}
	err = q.Find(&list).Error
	return list, fail(err, "prerequisites of %d courses", len(courses))
}

// Reach lists what courses ask for first, and what the courses ask for that could meet it, and so on.
func (s *Store) Reach(ctx context.Context, person uid.ID, courses []uid.ID) (list []path.Reached, err error) {
	if len(courses) == 0 {
		return nil, nil
	}
	args := append([]any{courses}, needMetFor(person)...)
	err = s.tx(ctx).Raw(reachSQL, append(args, maxNeedsRead)...).Scan(&list).Error
	return list, fail(err, "prerequisites before %d courses", len(courses))
}

const reachSQL = `with recursive reach (course_id) as (
		select id from courses where id in ?
		union select t.course_id from reach r join prerequisites q on q.course_id = r.course_id cross join lateral (
			select q.needed_course as course_id where q.needed_course is not null
			union all select k.course_id from course_skills k where k.skill_id = q.needed_skill) t)
	select ` + needColumns + `, ` + needMet + ` as met,
		coalesce((select jsonb_agg(k.course_id order by k.course_id) from course_skills k where k.skill_id = q.needed_skill), '[]') as taught_by
	from reach join prerequisites q on q.course_id = reach.course_id` + needNamed + `
	order by lower(coalesce(v.title, s.name, '')), q.id limit ?`

const needColumns = "q.id, q.course_id, q.kind, q.needed_course, q.needed_skill, coalesce(v.title, s.name, '') as name, coalesce(c.slug, '') as slug"

const needNamed = ` left join courses c on c.id = q.needed_course
	left join course_versions v on v.id = coalesce(c.published_id, c.draft_id)
	left join skills s on s.id = q.needed_skill`

// LockNeeds holds all prerequisites of the tenant until the transaction ends.
func (s *Store) LockNeeds(ctx context.Context) error {
	return fail(s.tx(ctx).Exec("lock table prerequisites in share row exclusive mode").Error, "lock prerequisites")
}

// AddNeed writes a prerequisite; added is false when the course asks for that already.
func (s *Store) AddNeed(ctx context.Context, p path.Prerequisite) (added bool, err error) {
	res := s.tx(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&p)
	return res.RowsAffected == 1, fail(res.Error, "add a prerequisite of course %s", p.CourseID)
}

// RemoveNeed removes a prerequisite of a course.
func (s *Store) RemoveNeed(ctx context.Context, course, id uid.ID) error {
	return s.changeOne(ctx, path.ErrNeedNotFound, "remove prerequisite", "delete from prerequisites where id = ? and course_id = ?", id, course)
}

// Teaching lists which course teaches which skill, of those that prerequisites may ask for.
func (s *Store) Teaching(ctx context.Context) (list []path.Teaches, err error) {
	err = s.tx(ctx).Table("course_skills").Select("skill_id, course_id").Order("skill_id, course_id").Limit(maxNeedsRead).Find(&list).Error
	return list, fail(err, "who teaches what")
}

// SkillChoices lists skills by name.
func (s *Store) SkillChoices(ctx context.Context) (list []path.Skill, err error) {
	err = s.tx(ctx).Table("skills").Select("id, name").Order("lower(name), id").Limit(1000).Find(&list).Error
	return list, fail(err, "list skills")
}

// PutWaiver lets a person start a course without; added is false when they may already.
func (s *Store) PutWaiver(ctx context.Context, w path.Waiver) (added bool, err error) {
	res := s.tx(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&w)
	return res.RowsAffected == 1, fail(res.Error, "waive what course %s asks for", w.CourseID)
}

// RemoveWaiver takes that back.
func (s *Store) RemoveWaiver(ctx context.Context, course, person uid.ID) (removed bool, err error) {
	res := s.remove(ctx, "prerequisite_waivers", "course_id = ? and person_id = ?", course, person)
	return res.RowsAffected == 1, fail(res.Error, "take back a waiver of course %s", course)
}

// WaiversOf lists who may start a course without what it asks for, in the order it was decided.
func (s *Store) WaiversOf(ctx context.Context, course uid.ID, p page.Request) (out page.Of[path.Waived], err error) {
	limit := p.Bounded()
	q := s.tx(ctx).Table("prerequisite_waivers w").
		Select("w.course_id, w.person_id, w.waived_by, w.waived_at, p.name as person_name, p.email as person_email").
		Joins("join people p on p.id = w.person_id").Where("w.course_id = ?", course).Order("w.waived_at, w.person_id").Limit(limit + 1)
	if p.After != "" {
		at, person, err := timeCursor(p.After)
		if err != nil {
			return out, err
		}
		q = q.Where("(w.waived_at, w.person_id) > (?, ?)", at, person)
	}
	var list []path.Waived
	if err = q.Scan(&list).Error; err != nil {
		return out, fail(err, "waivers of course %s", course)
	}
	return page.Cut(list, limit, func(w path.Waived) []string {
		return []string{w.WaivedAt.UTC().Format(time.RFC3339Nano), w.PersonID.String()}
	}), nil
}
