package store

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"lyceum/learning/certificate"
	"lyceum/learning/home"
)

// What home asks. Each is bounded, whatever the portal's size: it is opened daily by everyone.
const (
	homeMineSQL = `select ` + enrolmentColumns + `,
			c.slug, ` + shownTitle + `, ` + shownSummary + `, v.cover_file_id, v.estimated_minutes, coalesce(ce.code, '')
		from enrolments e
		join courses c on c.id = e.course_id
		join course_versions v on v.id = e.version_id
		left join certificates ce on ce.enrolment_id = e.id and ce.revoked_at is null and ce.replaced_at is null
		cross join (select $3::text[] as list) wish ` + textOf + `v.id` + dearest + `
		where e.person_id = $1 and e.status <> 'withdrawn'
		order by e.status = 'completed', e.due_at nulls last, coalesce(e.completed_at, e.enrolled_at) desc, e.id desc limit $2`

	// As enrolment's whereTheyWere: the last lesson opened, or when that is completed the next one that is not, going round.
	homeSpotsSQL = `select e.id, spot.id, coalesce(t.title, spot.title), spot.number, spot.lessons, coalesce(spot.position, 0), e.touched_at
		from (select e.id, e.version_id, e.last_lesson_id, p.updated_at as touched_at
			from enrolments e join lesson_progress p on p.enrolment_id = e.id and p.lesson_id = e.last_lesson_id
			where e.person_id = $1 and e.status = 'active' order by p.updated_at desc limit $2) e
		cross join lateral (select o.id, o.title, o.number, o.lessons, p.position
			from (select l.id, l.title, row_number() over w as number, count(*) over () as lessons
				from lessons l join modules m on m.version_id = l.version_id and m.id = l.module_id
				where l.version_id = e.version_id window w as (order by m.position, l.position)) o
			left join lesson_progress p on p.enrolment_id = e.id and p.lesson_id = o.id
			where p.status is distinct from 'completed'
			order by o.number < coalesce((select count(*) + 1 from lessons l join modules m on m.version_id = l.version_id and m.id = l.module_id
				join lessons last on last.version_id = l.version_id and last.id = e.last_lesson_id
				join modules lm on lm.version_id = last.version_id and lm.id = last.module_id
				where l.version_id = e.version_id and (m.position, l.position) < (lm.position, last.position)), 1), o.number limit 1) spot
		join course_versions v on v.id = e.version_id cross join (select $3::text[] as list) wish ` + textOf + `spot.id` + dearest + `
		order by e.touched_at desc`

	// Certificates, and below them skills: a skill has neither code nor title. The row is read as JSON: a portal in the shape
	// before has no such column.
	homeEarnedSQL = `(select c.id, c.code, c.enrolment_id, c.person_id, c.course_id, c.person_name, c.course_title, c.version_number, c.percent,
				c.minutes, c.completed_at, c.issued_at, e.valid_until
			from certificates c cross join lateral (select (to_jsonb(c) ->> 'valid_until')::timestamptz as valid_until) e where c.person_id = $1 and c.revoked_at is null and c.replaced_at is null and (e.valid_until is null or e.valid_until >= $3) order by c.id desc limit 4)
		union all
		(select s.id, '', s.id, s.id, s.id, s.name, '', 0, null, 0, min(e.completed_at), min(e.completed_at), null::timestamptz
			from enrolments e join course_skills cs on cs.course_id = e.course_id join skills s on s.id = cs.skill_id
			where e.person_id = $1 and e.status = 'completed' and e.completed_at is not null
			group by s.id, s.name order by min(e.completed_at) desc, s.name limit $2)`

	// Courses with a reason each. Of groups and the department at most 200 people are looked at.
	homeCandidatesSQL = `with mine as materialized (
			select course_id, status from enrolments where person_id = $1 order by enrolled_at desc limit 200),
		my_groups as materialized (select group_id from group_members where person_id = $1 limit 50),
		reasons as (
			(select p.needed_course as course_id, 'prerequisite' as reason, v.title as name, 0 as count
				from mine join prerequisites p on p.course_id = mine.course_id join courses c on c.id = p.course_id
				join course_versions v on v.id = c.published_id
				where mine.status = 'active' and p.needed_course is not null limit 30)
			union all
			(select o.course_id, 'skill', s.name, 0
				from mine join course_skills cs on cs.course_id = mine.course_id join skills s on s.id = cs.skill_id
				join course_skills o on o.skill_id = cs.skill_id
				where mine.status <> 'withdrawn' limit 100)
			union all
			(select o.course_id, 'tag', t.tag, 0
				from mine join course_tags t on t.course_id = mine.course_id join course_tags o on o.tag = t.tag
				where mine.status <> 'withdrawn' limit 100)
			union all
			(select o.id, 'category', k.name, 0
				from (select distinct c.category_id from mine join courses c on c.id = mine.course_id where mine.status <> 'withdrawn' and c.category_id is not null) c
				join categories k on k.id = c.category_id join courses o on o.category_id = c.category_id and o.status = 'published' limit 100)
			union all
			(select e.course_id, 'group', g.name, count(*)::integer
				from my_groups join groups g on g.id = my_groups.group_id
				cross join lateral (select m.person_id from group_members m where m.group_id = g.id and m.person_id <> $1 limit 200) mates
				join enrolments e on e.person_id = mates.person_id and e.status <> 'withdrawn'
				group by e.course_id, g.id, g.name having count(*) >= $2 order by count(*) desc, e.course_id limit 20)
			union all
			(select e.course_id, 'department', me.department, count(*)::integer
				from (select p.attributes ->> 'department' as department from people p where p.id = $1 and p.attributes ->> 'department' <> '') me
				cross join lateral (select p.id from people p
					where p.attributes ->> 'department' = me.department and p.attributes ->> 'department' <> '' and p.id <> $1 and p.status <> 'deactivated' limit 200) mates
				join enrolments e on e.person_id = mates.id and e.status <> 'withdrawn'
				group by e.course_id, me.department having count(*) >= $2 order by count(*) desc, e.course_id limit 20)
			union all
			(select c.id, 'new', '', 0
				from courses c join course_versions v on v.id = c.published_id
				where c.status = 'published' order by v.published_at desc, c.id limit 24))
		select c.id, c.slug, ` + shownTitle + `, ` + shownSummary + `, v.cover_file_id, v.estimated_minutes, v.published_at, r.reason, r.name, r.count
		from reasons r join courses c on c.id = r.course_id join course_versions v on v.id = c.published_id
		cross join (select $3::text[] as list) wish ` + textOf + `v.id` + dearest + `
		where c.status = 'published' and not coalesce(c.template, false)
			and not exists (select 1 from enrolments e where e.person_id = $1 and e.course_id = c.id)
			and (coalesce(c.visibility, '') <> 'groups'
				or exists (select 1 from course_groups cg join my_groups on my_groups.group_id = cg.group_id where cg.course_id = c.id))
		order by c.id, r.reason limit 300`
)

// Glance reads all that home shows, in one transaction.
func (s *Store) Glance(ctx context.Context, q home.Question) (g home.Glance, err error) {
	err = s.several(ctx,
		question{homeMineSQL, []any{q.Person, home.MaxMine, wished(q.Languages)}, func(rows pgx.Rows) (err error) { g.Mine, err = scanMine(rows); return err }},
		question{homeSpotsSQL, []any{q.Person, home.MaxSpots, wished(q.Languages)}, func(rows pgx.Rows) (err error) {
			g.Spots, err = pgx.CollectRows(rows, pgx.RowToStructByPos[home.Spot])
			return err
		}},
		question{homeEarnedSQL, []any{q.Person, home.MaxSkills, q.Now}, func(rows pgx.Rows) (err error) {
			g.Certificates, g.Skills, err = scanEarned(rows)
			return err
		}},
		question{homeCandidatesSQL, []any{q.Person, home.MinCount, wished(q.Languages)}, func(rows pgx.Rows) (err error) { g.Candidates, err = scanCandidates(rows); return err }},
	)
	return g, fail(err, "home of person %s", q.Person)
}

func scanEarned(rows pgx.Rows) (certificates []certificate.Certificate, skills []home.Skill, err error) {
	for rows.Next() {
		var c certificate.Certificate
		if err = rows.Scan(&c.ID, &c.Code, &c.EnrolmentID, &c.PersonID, &c.CourseID, &c.PersonName, &c.CourseTitle, &c.VersionNumber, &c.Percent,
			&c.Minutes, &c.CompletedAt, &c.IssuedAt, &c.ValidUntil); err != nil {
			return nil, nil, err
		}
		if c.Code == "" {
			skills = append(skills, home.Skill{ID: c.ID, Name: c.PersonName, At: c.CompletedAt})
		} else {
			certificates = append(certificates, c)
		}
	}
	return certificates, skills, rows.Err()
}

func scanCandidates(rows pgx.Rows) (list []home.Candidate, err error) {
	for rows.Next() {
		var c home.Candidate
		if err = rows.Scan(&c.CourseID, &c.Slug, &c.Title, &c.Summary, &c.CoverFileID, &c.EstimatedMinutes, &c.PublishedAt, &c.Reason, &c.Name, &c.Count); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

// HomeSQL are the statements behind Glance with their second arguments ($1 is the person), for the benchmark's yardstick:
// both run the same.
func HomeSQL() (statements []string, second []int) {
	return []string{homeMineSQL, homeSpotsSQL, homeEarnedSQL, homeCandidatesSQL},
		[]int{home.MaxMine, home.MaxSpots, home.MaxSkills, home.MinCount}
}

// CourseSQL are the queries behind ShownIn with $1 for the person and $2 for the course's address, for the benchmark's
// yardstick: the same, but that the last two find the version and the enrolment themselves.
func CourseSQL() []string {
	const mine = ` from enrolments e join courses c on c.id = e.course_id where e.person_id = $1 and c.slug = $2)`
	return []string{
		shownRecordSQL,
		strings.Replace(shownLessonsSQL, "= $1", "= (select e.version_id"+mine, 1),
		strings.Replace(shownProgressSQL, "= $1", "= (select e.id"+mine, 1),
	}
}
