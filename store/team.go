package store

import (
	"context"
	"strconv"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"lyceum/auth"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/learning/team"
)

const (
	// inLine is whether p is within a reach: below one of @mine, but not @me, by one look-up in the lines, or anybody at all.
	inLine = `(@everyone or exists (select 1 from team_lines l where l.manager_id in @mine and l.person_id = p.id and l.person_id <> @me and (not @direct or l.depth = 1)))`

	// teamLine is everybody within a reach who is not deactivated.
	teamLine = `line as materialized (select p.id as person_id, min(l.depth) as depth from team_lines l join people p on p.id = l.person_id
			where not @everyone and l.manager_id in @mine and l.person_id <> @me and (not @direct or l.depth = 1) and p.status <> 'deactivated' group by p.id
		union all select p.id, 0 from people p where @everyone and p.status <> 'deactivated')`
	// teamThings is what these people have to do: duties that are neither met nor waived, and courses under way that no such
	// duty asks for.
	teamThings = `, stand as materialized (select d.person_id, d.requirement_id, ` + dutyState + ` as standing, coalesce(c.expires_at, c.due_at) as due_at, c.expires_at is not null as renewal` + dutyFrom + `
			join line on line.person_id = d.person_id where d.withdrawn_at is null),
		open_duties as materialized (select person_id, requirement_id, due_at, renewal, case when standing in ('non_compliant', 'in_grace') then 'overdue' when standing = 'expiring' or due_at <= @soon then 'soon' else 'open' end as state
			from stand where standing not in ('compliant', 'waived')),
		things as (select person_id, 'duty' as kind, requirement_id as id, state, due_at, 0 as percent, renewal from open_duties
			union all
			select e.person_id, 'course', e.course_id, case when e.due_at <= @now then 'overdue' when e.due_at <= @soon then 'soon' else 'open' end, e.due_at, e.percent, false
			from line join enrolments e on e.person_id = line.person_id where e.status = 'active' and not exists (select 1 from open_duties o
				join requirement_courses q on q.requirement_id = o.requirement_id where o.person_id = e.person_id and q.course_id = e.course_id))`
	teamMembers = `, sums as (select person_id, count(*) filter (where state = 'overdue') as overdue, count(*) filter (where state = 'soon') as soon, count(*) filter (where state = 'open') as open,
			min(due_at) as next_due from things group by person_id),
		members as (select p.id as person_id, p.name, p.email, p.status, line.depth, coalesce(nullif(p.name, ''), p.email) as called, coalesce(s.overdue, 0) as overdue, coalesce(s.soon, 0) as soon,
			coalesce(s.open, 0) as open, s.next_due, coalesce(s.next_due, 'infinity') as at, case when s.overdue > 0 then 0 when s.soon > 0 then 1 when s.open > 0 then 2 else 3 end as rank
			from line join people p on p.id = line.person_id left join sums s on s.person_id = line.person_id)`
	teamMore = ` select m.person_id, m.name, m.email, m.status, m.depth, m.overdue, m.soon, m.open, m.next_due, m.called, m.rank, coalesce(k.courses, 0) as courses, coalesce(k.completed, 0) as completed,
		coalesce(k.percent, 0) as percent, g.seen_at, (select max(n.sent_at) from nudges n where n.person_id = m.person_id) as nudged_at from listed m
		left join lateral (select count(*) as courses, count(*) filter (where e.status = 'completed') as completed, avg(case when e.status = 'completed' then 100 else e.percent end)::int as percent
			from enrolments e where e.person_id = m.person_id and e.status <> 'withdrawn') k on true
		left join lateral (select max(g.updated_at) as seen_at from enrolments e join lesson_progress g on g.enrolment_id = e.id where e.person_id = m.person_id) g on true
		order by m.rank, m.at, m.called, m.person_id`

	teamListSQL = `with ` + teamLine + teamThings + teamMembers + `, listed as (select * from members where (@rank < 0 or rank = @rank) and (@q = '' or name ilike @q or email ilike @q)
		and (not @further or (rank, at, called, person_id) > (@after_rank, cast(@after_at as timestamptz), @after_called, @after_id)) order by rank, at, called, person_id limit @limit)` + teamMore
	teamCountsSQL = `with ` + teamLine + teamThings + teamMembers + ` select count(*) as people, count(*) filter (where rank = 0) as overdue, count(*) filter (where rank = 1) as soon,
		count(*) filter (where rank = 2) as open, count(*) filter (where rank = 3) as clear, (select count(*) from place_requests r join line on line.person_id = r.person_id where r.status = 'open' and r.kind = 'approval') as requests from members`
	teamOverdueSQL = `with ` + teamLine + teamThings + teamMembers + ` select person_id from members where rank = 0 and status = 'active'
		and not exists (select 1 from nudges n where n.person_id = members.person_id and n.sent_at > cast(@now as timestamptz) - interval '12 hours')
		order by at, person_id limit @limit`

	// oneLine is teamLine for one person, with how far they are below the asker.
	oneLine       = `line as materialized (select p.id as person_id, coalesce((select min(l.depth) from team_lines l where l.manager_id in @mine and l.person_id = p.id), 0) as depth from people p where p.id = @person)`
	teamMemberSQL = `with ` + oneLine + teamThings + teamMembers + `, listed as (select * from members)` + teamMore
	teamThingsSQL = `with ` + oneLine + teamThings + ` select t.kind, t.id, t.state, t.due_at, t.percent, t.renewal, coalesce(r.name, v.title, '') as name, coalesce(c.slug, '') as slug from things t
		left join requirements r on t.kind = 'duty' and r.id = t.id
		left join lateral (select q.course_id from requirement_courses q where t.kind = 'duty' and q.requirement_id = t.id order by q.position limit 1) f on true
		left join courses c on c.id = case when t.kind = 'duty' then f.course_id else t.id end left join course_versions v on v.id = coalesce(c.published_id, c.draft_id)
		order by case t.state when 'overdue' then 0 when 'soon' then 1 else 2 end, t.due_at nulls last, name, t.id limit 200`

	teamAskedSQL = `select r.id, r.person_id, p.name, p.email, r.course_id, coalesce(v.title, '') as course, c.slug, r.kind, r.note, r.asked_at from place_requests r join people p on p.id = r.person_id
		join courses c on c.id = r.course_id left join course_versions v on v.id = coalesce(c.published_id, c.draft_id)
		where r.status = 'open' and r.kind = 'approval' and p.status <> 'deactivated' and ` + inLine
)

func teamArgs(r team.Reach, at team.Moment) map[string]any {
	return map[string]any{"me": r.Me, "mine": append([]uid.ID{r.Me}, r.For...), "everyone": r.Everyone, "direct": r.Direct, "now": at.Now, "soon": at.Soon}
}

// teamRank is the place of a state in the order of lists; -1 for all.
func teamRank(s team.Show) int {
	for i, one := range team.Shows() {
		if one == s {
			return i
		}
	}
	return -1
}

// teamRow is a member with what the cursor names.
type teamRow struct {
	team.Member
	Called string
	Rank   int
}

func (m teamRow) member() team.Member {
	m.State = team.Shows()[m.Rank]
	return m.Member
}

// Reaches tells whether a person is within a reach.
func (s *Store) Reaches(ctx context.Context, r team.Reach, person uid.ID) (is bool, err error) {
	err = s.tx(ctx).Raw("select exists (select 1 from people p where p.id = @person and p.status <> 'deactivated' and "+inLine+")",
		map[string]any{"me": r.Me, "mine": append([]uid.ID{r.Me}, r.For...), "everyone": r.Everyone, "direct": r.Direct, "person": person}).Scan(&is).Error
	return is, fail(err, "whether %s is below %s", person, r.Me)
}

// TeamCounts counts how the people within a reach stand.
func (s *Store) TeamCounts(ctx context.Context, r team.Reach, at team.Moment) (n team.Counts, err error) {
	err = s.tx(ctx).Raw(teamCountsSQL, teamArgs(r, at)).Scan(&n).Error
	return n, fail(err, "count the people of %s", r.Me)
}

// TeamMembers lists people within a reach, the most pressing first.
func (s *Store) TeamMembers(ctx context.Context, r team.Reach, f team.Filter, at team.Moment) (out page.Of[team.Member], err error) {
	limit := f.Page.Bounded()
	args := teamArgs(r, at)
	args["rank"], args["q"], args["limit"] = teamRank(f.Show), "", limit+1
	if f.Query != "" {
		args["q"] = "%" + escapeLike(f.Query) + "%"
	}
	args["further"], args["after_rank"], args["after_at"], args["after_called"], args["after_id"] = false, 0, "infinity", "", uid.Nil
	if f.Page.After != "" {
		parts, err := page.Parts(f.Page.After, 4)
		if err != nil {
			return out, err
		}
		rank, bad := strconv.Atoi(parts[0])
		id, ok := uid.Parse(parts[3])
		if _, wrong := time.Parse(time.RFC3339Nano, parts[1]); bad != nil || !ok || wrong != nil && parts[1] != "infinity" {
			return out, page.ErrCursor
		}
		args["further"], args["after_rank"], args["after_at"], args["after_called"], args["after_id"] = true, rank, parts[1], parts[2], id
	}
	var rows []teamRow
	if err = s.tx(ctx).Raw(teamListSQL, args).Scan(&rows).Error; err != nil {
		return out, fail(err, "list the people of %s", r.Me)
	}
	cut := page.Cut(rows, limit, func(m teamRow) []string {
		at := "infinity"
		if m.NextDue != nil {
			at = m.NextDue.UTC().Format(time.RFC3339Nano)
		}
		return []string{strconv.Itoa(m.Rank), at, m.Called, m.PersonID.String()}
	})
	out.Next = cut.Next
	for _, m := range cut.Items {
		out.Items = append(out.Items, m.member())
	}
	return out, nil
}

// TeamMember is one person, whatever the reach.
func (s *Store) TeamMember(ctx context.Context, r team.Reach, person uid.ID, at team.Moment) (team.Member, error) {
	args := teamArgs(r, at)
	args["person"] = person
	var rows []teamRow
	if err := s.tx(ctx).Raw(teamMemberSQL, args).Scan(&rows).Error; err != nil {
		return team.Member{}, fail(err, "how %s stands", person)
	}
	if len(rows) == 0 {
		return team.Member{}, auth.ErrPersonNotFound
	}
	return rows[0].member(), nil
}

// TeamOverdue gives active people within a reach with something overdue.
func (s *Store) TeamOverdue(ctx context.Context, r team.Reach, at team.Moment, n int) (ids []uid.ID, err error) {
	args := teamArgs(r, at)
	args["limit"] = n
	err = s.tx(ctx).Raw(teamOverdueSQL, args).Scan(&ids).Error
	return ids, fail(err, "who is overdue of the people of %s", r.Me)
}

// ThingsOf lists what a person has to do, the most pressing first.
func (s *Store) ThingsOf(ctx context.Context, person uid.ID, at team.Moment) (list []team.Thing, err error) {
	args := teamArgs(team.Reach{}, at)
	args["person"] = person
	err = s.tx(ctx).Raw(teamThingsSQL, args).Scan(&list).Error
	return list, fail(err, "what %s has to do", person)
}

// DoneOf lists the courses a person completed, the newest first.
func (s *Store) DoneOf(ctx context.Context, person uid.ID) (list []team.Done, err error) {
	err = s.tx(ctx).Raw(`select e.course_id, v.title, c.slug, e.completed_at from enrolment_rounds e join courses c on c.id = e.course_id join course_versions v on v.id = e.version_id
		where e.person_id = ? and e.status = 'completed' and e.completed_at is not null order by e.completed_at desc, e.id limit 200`, person).Scan(&list).Error
	return list, fail(err, "what %s completed", person)
}

// AwardsOf lists the certificates of a person that hold, the newest first.
func (s *Store) AwardsOf(ctx context.Context, person uid.ID, now time.Time) (list []team.Award, err error) {
	err = s.tx(ctx).Raw(`select code, course_title, issued_at, valid_until from certificates where person_id = ? and revoked_at is null and replaced_at is null and (valid_until is null or valid_until > ?)
		order by issued_at desc, id limit 200`, person, now).Scan(&list).Error
	return list, fail(err, "certificates of %s", person)
}

// RequestsWithin lists open requests for approval within a reach, the oldest first.
func (s *Store) RequestsWithin(ctx context.Context, r team.Reach, person uid.ID, n int) (list []team.Asked, err error) {
	args := teamArgs(r, team.Moment{})
	args["anybody"], args["person"], args["limit"] = person == uid.Nil, person, n
	err = s.tx(ctx).Raw(teamAskedSQL+" and (@anybody or r.person_id = @person) order by r.asked_at, r.id limit @limit", args).Scan(&list).Error
	return list, fail(err, "requests of the people of %s", r.Me)
}

// OpenRequest is one open request within a reach.
func (s *Store) OpenRequest(ctx context.Context, r team.Reach, request uid.ID) (team.Asked, error) {
	args := teamArgs(r, team.Moment{})
	args["request"] = request
	var list []team.Asked
	if err := s.tx(ctx).Raw(teamAskedSQL+" and r.id = @request", args).Scan(&list).Error; err != nil {
		return team.Asked{}, fail(err, "request %s", request)
	}
	if len(list) == 0 {
		return team.Asked{}, enrolment.ErrRequestNotFound
	}
	return list[0], nil
}

// CoursesToGive lists published courses that the asker may find, by title. Who does not manage enrolments gets no full ones.
func (s *Store) CoursesToGive(ctx context.Context, asker uid.ID, all bool, n int) (list []team.Course, err error) {
	err = s.coursesToGive(ctx, asker, all).Order("v.title, c.id").Limit(n).Scan(&list).Error
	return list, fail(err, "courses to enrol people in")
}

// CourseToGive finds one of them.
func (s *Store) CourseToGive(ctx context.Context, asker uid.ID, all bool, id uid.ID) (c team.Course, err error) {
	err = s.coursesToGive(ctx, asker, all).Where("c.id = ?", id).Take(&c).Error
	return c, notFound(err, catalog.ErrCourseNotFound, "course %s to enrol people in", id)
}

func (s *Store) coursesToGive(ctx context.Context, asker uid.ID, all bool) *gorm.DB {
	sql, args := visibleCourses(catalog.Viewer{Person: asker, All: all})
	q := s.tx(ctx).Table("courses c").Select("c.id, c.slug, v.title").Joins("join course_versions v on v.id = c.published_id").Where("c.status = 'published'").Where(sql, args...)
	if !all {
		q = q.Where("(coalesce(c.capacity, 0) <= 0 or (select count(*) from enrolments e where e.course_id = c.id and e.status = 'active') < c.capacity)")
	}
	return q
}

// ClaimDay takes the one message of a person's day: reminders have theirs in the same table.
func (s *Store) ClaimDay(ctx context.Context, id, person uid.ID, day, at time.Time) (bool, error) {
	res := s.tx(ctx).Exec(`insert into reminder_messages (id, person_id, day, sent_at, app, mail, items, more) values (?, ?, ?, ?, false, 'none', '[]', 0)
		on conflict (person_id, day) do nothing`, id, person, day, at)
	return res.RowsAffected == 1, fail(res.Error, "take the day's message of %s", person)
}

// AddNudge notes a reminder; added is false when the person was reminded on that day.
func (s *Store) AddNudge(ctx context.Context, n team.Nudge) (added bool, err error) {
	once := clause.OnConflict{Columns: []clause.Column{{Name: "person_id"}, {Name: "day"}}, DoNothing: true}
	res := s.tx(ctx).Clauses(once).Create(&n)
	return res.RowsAffected == 1, fail(res.Error, "note a reminder of %s", n.PersonID)
}

// NudgesOf lists the newest reminders of a person.
func (s *Store) NudgesOf(ctx context.Context, person uid.ID, n int) (list []team.Nudge, err error) {
	err = s.tx(ctx).Raw("select n.*, coalesce(p.name, '') as sent_by_name from nudges n left join people p on p.id = n.sent_by where n.person_id = ? order by n.sent_at desc, n.id limit ?", person, n).Scan(&list).Error
	return list, fail(err, "reminders of %s", person)
}
