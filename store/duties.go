package store

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/duty"
)

// requirementsMax bounds the requirements of a tenant that are listed.
const requirementsMax = 500

const (
	// dutyState is duty.Cycle.State, of d and its live cycle c, at @now.
	dutyState = `case when d.waived_at is not null and (d.waived_until is null or d.waived_until > @now) then 'waived'
		when c.completed_at is not null and (c.expires_at is null or c.renews_at > @now) then 'compliant'
		when c.completed_at is not null and c.expires_at > @now then 'expiring'
		when c.completed_at is null and (c.due_at is null or c.due_at > @now) then case when exists (select 1 from requirement_courses q join enrolments e on e.course_id = q.course_id
			where q.requirement_id = d.requirement_id and e.person_id = d.person_id and e.status = 'active' and e.started_at is not null) then 'in_progress' else 'not_started' end
		when c.grace_until > @now then 'in_grace' else 'non_compliant' end`
	dutyFrom = ` from duties d join duty_cycles c on c.duty_id = d.id and c.ended_at is null`

	dutyRows = `with shown as (select d.id, d.requirement_id, r.name as requirement_name, r.framework, r.path_id, d.person_id, p.name, p.email, coalesce(nullif(p.name, ''), p.email) as called, d.began_at,
		c.due_at, c.grace_until, c.completed_at, c.expires_at, d.waived_until, coalesce(d.waived_reason, '') as waived_reason, ` + dutyState + ` as state` + dutyFrom + `
		join requirements r on r.id = d.requirement_id join people p on p.id = d.person_id where d.withdrawn_at is null`
	dutyMore = ` select s.*, (select coalesce(string_agg(nullif(x.group_name, ''), ', ' order by x.since, x.group_name), '') from duty_reasons x where x.duty_id = s.id and x.ended_at is null) as reasons,
		exists (select 1 from duty_reasons x where x.duty_id = s.id and x.ended_at is null and x.group_name = '') as by_name,
		coalesce(k.slug, '') as course_slug, coalesce(v.title, '') as course_title, coalesce(h.slug, '') as path_slug, coalesce(h.title, '') as path_title from shown s left join paths h on h.id = s.path_id
		left join lateral (select q.course_id from requirement_courses q where q.requirement_id = s.requirement_id order by q.position limit 1) f on true
		left join courses k on k.id = f.course_id left join course_versions v on v.id = coalesce(k.published_id, k.draft_id)`
	dutiesSQL     = dutyRows + ` and d.requirement_id = @requirement)` + dutyMore + ` where (@state = '' or s.state = @state) and (not @further or (s.called, s.id) > (@called, @id)) order by s.called, s.id limit @limit`
	dutiesOfSQL   = dutyRows + ` and d.person_id = @person)` + dutyMore + ` order by case s.state when 'non_compliant' then 0 when 'in_grace' then 1 when 'expiring' then 2 when 'compliant' then 4 when 'waived' then 5 else 3 end, coalesce(s.expires_at, s.due_at) nulls last, s.requirement_name limit 500`
	dutyCountsSQL = `select requirement_id, state, count(*) as n from (select d.requirement_id, ` + dutyState + ` as state` + dutyFrom + `
		where d.withdrawn_at is null and (@all or d.requirement_id = @requirement)) x group by 1, 2`

	// hiredDay is when the day of hiring of p begins, in UTC; null where it is no day.
	hiredDay = `case when p.attributes ->> 'hire_date' ~ '^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])' then (cast(left(p.attributes ->> 'hire_date', 7) || '-01' as date) + (cast(substring(p.attributes ->> 'hire_date', 9, 2) as integer) - 1)) + time '00:00' end at time zone 'UTC'`
	// dueOf is duty.Terms' due date of d, a duty of p, under r.
	dueOf = `case when r.due_at > d.began_at then r.due_at when r.due_from_hired and ` + hiredDay + ` + r.due_days * interval '24 hours' > d.began_at then ` + hiredDay + ` + r.due_days * interval '24 hours'
		else d.began_at + r.due_days * interval '24 hours' end`
	// lapsedCyclesSQL begins anew where a duty was given again after what was completed had expired.
	lapsedCyclesSQL = `with lapsed as (update duty_cycles c set ended_at = d.began_at from duties d where c.duty_id = d.id and d.requirement_id = @requirement and d.withdrawn_at is null and d.began_at = @now
			and c.ended_at is null and c.completed_at is not null and c.expires_at <= d.began_at returning c.duty_id, c.number)
		insert into duty_cycles (duty_id, number, began_at, due_at, grace_until) select d.id, l.number + 1, d.began_at, ` + dueOf + `, ` + dueOf + ` + r.grace_days * interval '24 hours'
		from lapsed l join duties d on d.id = l.duty_id join requirements r on r.id = d.requirement_id join people p on p.id = d.person_id`
	openCyclesSQL = `insert into duty_cycles (duty_id, number, began_at, due_at, grace_until) select d.id, 1, d.began_at, ` + dueOf + `, ` + dueOf + ` + r.grace_days * interval '24 hours'
		from duties d join requirements r on r.id = d.requirement_id join people p on p.id = d.person_id where d.requirement_id = @requirement and d.withdrawn_at is null
		and not exists (select 1 from duty_cycles c where c.duty_id = d.id) on conflict do nothing`
	dueCyclesSQL = `update duty_cycles c set began_at = d.began_at, due_at = ` + dueOf + `, grace_until = ` + dueOf + ` + r.grace_days * interval '24 hours'
		from duties d join requirements r on r.id = d.requirement_id join people p on p.id = d.person_id where c.duty_id = d.id and d.requirement_id = @requirement and d.withdrawn_at is null and c.ended_at is null and c.completed_at is null
		and (c.began_at, c.due_at, c.grace_until) is distinct from (d.began_at, ` + dueOf + `, ` + dueOf + ` + r.grace_days * interval '24 hours')`

	// completionsOf are the completions that may count for live cycles, where any course is enough; of paths see duty_paths.go.
	completionsOf = dutyFrom + ` join requirements r on r.id = d.requirement_id join requirement_courses q on q.requirement_id = r.id
		join enrolment_rounds e on e.course_id = q.course_id and e.person_id = d.person_id and e.completed_at is not null
		where r.path_id is null and d.withdrawn_at is null and (@everything or d.requirement_id = @requirement) and (@everyone or d.person_id = @person)`
	// untilOf is when the certificate of e ends that counts under r; endsOf is duty.Terms.ends of e, its months counted from the completion.
	untilOf  = `case when r.until_certificate then (select least(x.valid_until, x.revoked_at) from certificates x where x.enrolment_id = e.id and x.replaced_at is null) end`
	endsOf   = `coalesce(` + untilOf + `, (e.completed_at at time zone 'UTC' + make_interval(months => r.valid_months)) at time zone 'UTC')`
	renewsAt = `case when f.expires_at is not null then greatest(f.completed_at, f.expires_at - f.renew_days * interval '24 hours') end`

	completeCyclesSQL = `with f as (select distinct on (d.id) d.id, c.number, e.completed_at, e.course_id, e.id as enrolment_id, r.renew_days, r.grace_days, ` + endsOf + ` as expires_at` + completionsOf + ` and c.completed_at is null
		and coalesce(` + endsOf + ` > d.began_at, true) order by d.id, e.completed_at, e.id)
		update duty_cycles c set completed_at = f.completed_at, course_id = f.course_id, enrolment_id = f.enrolment_id, expires_at = f.expires_at,
		renews_at = ` + renewsAt + `, grace_until = f.expires_at + f.grace_days * interval '24 hours' from f where c.duty_id = f.id and c.number = f.number`
	// refreshCyclesSQL follows certificates that were issued, withdrawn or replaced after the completion.
	refreshCyclesSQL = `with f as (select d.id, c.number, c.completed_at, r.renew_days, r.grace_days, coalesce(` + untilOf + `, case when r.keep_day and c.number > 1 then c.expires_at else ` + endsOf + ` end) as expires_at
		from requirements r join duties d on d.requirement_id = r.id join duty_cycles c on c.duty_id = d.id and c.ended_at is null and c.completed_at is not null join enrolment_rounds e on e.id = c.enrolment_id
		where r.until_certificate and exists (select 1 from certificates x where x.enrolment_id = e.id) and d.withdrawn_at is null and (@everything or d.requirement_id = @requirement) and (@everyone or d.person_id = @person))
		update duty_cycles c set expires_at = f.expires_at, renews_at = ` + renewsAt + `, grace_until = f.expires_at + f.grace_days * interval '24 hours' from f
		where c.duty_id = f.id and c.number = f.number and c.expires_at is distinct from f.expires_at`
	endCyclesSQL = `with f as (select distinct on (d.id) d.id, c.number, e.completed_at` + completionsOf + ` and e.completed_at >= c.renews_at and e.completed_at > c.completed_at order by d.id, e.completed_at, e.id)
		update duty_cycles c set ended_at = f.completed_at from f where c.duty_id = f.id and c.number = f.number`
	renewCyclesSQL = `with f as (select distinct on (d.id) d.id, c.number, c.renews_at as began_at, c.expires_at as due_at, e.completed_at, e.course_id, e.id as enrolment_id, r.renew_days, r.grace_days,
		coalesce(` + untilOf + `, ((case when r.keep_day and e.completed_at < c.expires_at then c.expires_at else e.completed_at end) at time zone 'UTC' + make_interval(months => r.valid_months)) at time zone 'UTC') as expires_at
		from duties d join requirements r on r.id = d.requirement_id join duty_cycles c on c.duty_id = d.id join requirement_courses q on q.requirement_id = r.id
		join enrolment_rounds e on e.course_id = q.course_id and e.person_id = d.person_id and e.completed_at = c.ended_at
		where d.withdrawn_at is null and (@everything or d.requirement_id = @requirement) and (@everyone or d.person_id = @person)
		and not exists (select 1 from duty_cycles l where l.duty_id = d.id and l.number > c.number) order by d.id, e.id)
		insert into duty_cycles (duty_id, number, began_at, due_at, completed_at, course_id, enrolment_id, expires_at, renews_at, grace_until)
		select id, number + 1, began_at, due_at, completed_at, course_id, enrolment_id, expires_at, ` + renewsAt + `, expires_at + grace_days * interval '24 hours' from f`

	// roleHeld is that d with its live cycle c gives the role of r.
	roleHeld = `d.withdrawn_at is null and (r.role_while = 'duty' or c.completed_at is not null and (c.expires_at is null or c.grace_until > @now))`
	// A role that two requirements give stays while one of them does: who has it already keeps where it is from, and it is given anew after it was taken.
	roleOver = `person_roles.source = r.id and (@everyone or person_roles.person_id = @person) and (r.role is null or person_roles.role <> r.role
		or not exists (select 1` + dutyFrom + ` where d.requirement_id = r.id and d.person_id = person_roles.person_id and ` + roleHeld + `))`
	giveRolesSQL = `insert into person_roles (person_id, role, source) select distinct on (d.person_id, r.role) d.person_id, r.role, r.id from requirements r join duties d on d.requirement_id = r.id
		join duty_cycles c on c.duty_id = d.id and c.ended_at is null where r.role is not null and (@everyone or d.person_id = @person) and ` + roleHeld + ` order by d.person_id, r.role, r.id
		on conflict do nothing returning person_id, role, 'given' as change`
)

// Requirements lists all by name.
func (s *Store) Requirements(ctx context.Context, now time.Time) ([]duty.Shown, error) {
	return s.requirements(ctx, uid.Nil, now, false)
}

// PlainRequirement finds one, without groups and counts.
func (s *Store) PlainRequirement(ctx context.Context, id uid.ID) (duty.Shown, error) {
	list, err := s.requirements(ctx, id, time.Time{}, true)
	if err == nil && (len(list) == 0 || id == uid.Nil) {
		err = duty.ErrNotFound
	}
	if err != nil {
		return duty.Shown{}, err
	}
	return list[0], nil
}

// RequirementByID finds one.
func (s *Store) RequirementByID(ctx context.Context, id uid.ID, now time.Time) (duty.Shown, error) {
	list, err := s.requirements(ctx, id, now, false)
	if err == nil && (len(list) == 0 || id == uid.Nil) {
		return duty.Shown{}, duty.ErrNotFound
	}
	if err != nil {
		return duty.Shown{}, err
	}
	return list[0], nil
}

func (s *Store) requirements(ctx context.Context, id uid.ID, now time.Time, plain bool) (out []duty.Shown, err error) {
	args := map[string]any{"all": id == uid.Nil, "requirement": id, "now": now, "limit": requirementsMax}
	var list []duty.Requirement
	if err = s.tx(ctx).Raw("select * from requirements where @all or id = @requirement order by name, id limit @limit", args).Scan(&list).Error; err != nil {
		return nil, fail(err, "requirements")
	}
	var courses []struct {
		RequirementID uid.ID
		duty.Course   `gorm:"embedded"`
	}
	var paths []struct {
		RequirementID uid.ID
		duty.Path     `gorm:"embedded"`
	}
	if err = s.tx(ctx).Raw("select r.id as requirement_id, p.id, p.slug, p.title from requirements r join paths p on p.id = r.path_id where @all or r.id = @requirement", args).Scan(&paths).Error; err != nil {
		return nil, fail(err, "paths of requirements")
	}
	var groups []struct {
		RequirementID uid.ID
		duty.Group    `gorm:"embedded"`
	}
	var counts []struct {
		RequirementID uid.ID
		duty.Count    `gorm:"embedded"`
	}
	if err = s.tx(ctx).Raw(`select q.requirement_id, c.id, c.slug, v.title from requirement_courses q join courses c on c.id = q.course_id join course_versions v on v.id = coalesce(c.published_id, c.draft_id)
		where @all or q.requirement_id = @requirement order by q.position`, args).Scan(&courses).Error; err != nil {
		return nil, fail(err, "courses of requirements")
	}
	if plain {
		for _, r := range list {
			one := duty.Shown{Requirement: r}
			for i := range paths {
				one.Path = &paths[i].Path
			}
			for _, c := range courses {
				one.Courses = append(one.Courses, c.Course)
			}
			out = append(out, one)
		}
		return out, nil
	}
	if err = s.tx(ctx).Raw(`select x.requirement_id, g.id, g.name, (select count(*) from group_members m where m.group_id = g.id) as members, coalesce(x.excepted, false) as excepted,
		(select count(*) from requirement_spared k where k.requirement_id = x.requirement_id and k.group_id = x.group_id) as spared from requirement_groups x join groups g on g.id = x.group_id
		where @all or x.requirement_id = @requirement order by g.name, g.id`, args).Scan(&groups).Error; err != nil {
		return nil, fail(err, "groups of requirements")
	}
	var named []struct {
		RequirementID uid.ID
		duty.Named    `gorm:"embedded"`
	}
	if err = s.tx(ctx).Raw(`select o.requirement_id, o.person_id, p.name, p.email, o.excepted, o.reason from requirement_people o join people p on p.id = o.person_id
		where @all or o.requirement_id = @requirement order by o.excepted, p.name, p.id limit @limit`, args).Scan(&named).Error; err != nil {
		return nil, fail(err, "people of requirements")
	}
	if err = s.tx(ctx).Raw(dutyCountsSQL, args).Scan(&counts).Error; err != nil {
		return nil, fail(err, "count duties")
	}
	for _, r := range list {
		one := duty.Shown{Requirement: r}
		for _, p := range paths {
			if p.RequirementID == r.ID {
				one.Path = &p.Path
			}
		}
		for _, c := range courses {
			if c.RequirementID == r.ID {
				one.Courses = append(one.Courses, c.Course)
			}
		}
		for _, g := range groups {
			if g.RequirementID == r.ID {
				one.Groups = append(one.Groups, g.Group)
			}
		}
		for _, p := range named {
			if p.RequirementID == r.ID {
				one.People = append(one.People, p.Named)
			}
		}
		for _, state := range duty.States() {
			for _, c := range counts {
				if c.RequirementID == r.ID && c.State == state {
					one.Counts = append(one.Counts, c.Count)
				}
			}
		}
		out = append(out, one)
	}
	return out, nil
}

// CountRequirements counts all.
func (s *Store) CountRequirements(ctx context.Context) (n int, err error) {
	err = s.tx(ctx).Raw("select count(*) from requirements").Scan(&n).Error
	return n, fail(err, "count requirements")
}

// AddRequirement writes a new one.
func (s *Store) AddRequirement(ctx context.Context, r duty.Requirement, courses []uid.ID) error {
	if err := s.tx(ctx).Table("requirements").Create(&r).Error; err != nil {
		return fail(err, "add a requirement")
	}
	return s.fulfilledBy(ctx, r, courses)
}

// SaveRequirement writes one of the revision before.
func (s *Store) SaveRequirement(ctx context.Context, r duty.Requirement, courses []uid.ID) error {
	done := s.tx(ctx).Table("requirements").Where("id = ? and revision = ?", r.ID, r.Revision-1).Select("*").Omit("id", "created_by", "created_at", "status").Updates(&r)
	if done.Error != nil {
		return fail(done.Error, "save requirement %s", r.ID)
	}
	if done.RowsAffected == 0 {
		return duty.ErrChanged
	}
	return s.fulfilledBy(ctx, r, courses)
}

func (s *Store) fulfilledBy(ctx context.Context, r duty.Requirement, courses []uid.ID) error {
	if r.PathID != nil {
		return s.followPaths(ctx, map[string]any{"everything": false, "requirement": r.ID})
	}
	return s.requirementCourses(ctx, r.ID, courses)
}

func (s *Store) requirementCourses(ctx context.Context, id uid.ID, courses []uid.ID) error {
	if err := s.tx(ctx).Exec("delete from requirement_courses where requirement_id = ?", id).Error; err != nil {
		return fail(err, "courses of requirement %s", id)
	}
	for i, c := range courses {
		if err := s.tx(ctx).Exec("insert into requirement_courses (requirement_id, course_id, position) values (?, ?, ?) on conflict do nothing", id, c, i).Error; err != nil {
			return fail(err, "courses of requirement %s", id)
		}
	}
	return nil
}

// KnownCourses counts which of these are published.
func (s *Store) KnownCourses(ctx context.Context, ids []uid.ID) (n int, err error) {
	err = s.tx(ctx).Raw("select count(*) from courses where id in ? and status = 'published' and published_id is not null", ids).Scan(&n).Error
	return n, fail(err, "count courses")
}

// renewalsMax bounds the renewals that one look at a duty takes in: those of a hundred courses, after a long outage.
const renewalsMax = 100

// AdvanceDuties takes completions into the cycles, and gives and takes the roles that follow.
func (s *Store) AdvanceDuties(ctx context.Context, requirement, person uid.ID, still bool, now time.Time) ([]duty.RoleChange, error) {
	written := func(done *gorm.DB) error {
		still = still && done.RowsAffected == 0
		return done.Error
	}
	args := map[string]any{"requirement": requirement, "person": person, "everything": requirement == uid.Nil, "everyone": person == uid.Nil, "now": now}
	var walked []bool // whether a path fulfils it, of each
	if err := s.tx(ctx).Raw("select path_id is not null from requirements where @everything or id = @requirement order by id for update", args).Scan(&walked).Error; err != nil {
		return nil, fail(err, "hold requirements")
	}
	paths := slices.Contains(walked, true)
	if paths && person == uid.Nil {
		if err := s.followPaths(ctx, args); err != nil {
			return nil, err
		}
	}
	if person == uid.Nil {
		if err := s.expectMany(ctx, requirement); err != nil {
			return nil, err
		}
	}
	if err := written(s.tx(ctx).Exec(completeCyclesSQL, args)); err != nil {
		return nil, fail(err, "complete duties")
	}
	if paths {
		if err := written(s.tx(ctx).Exec(completePathsSQL, args)); err != nil {
			return nil, fail(err, "complete duties by paths")
		}
	}
	for range renewalsMax {
		if err := written(s.tx(ctx).Exec(refreshCyclesSQL, args)); err != nil {
			return nil, fail(err, "follow certificates")
		}
		done := s.tx(ctx).Exec(endCyclesSQL, args)
		if done.Error != nil {
			return nil, fail(done.Error, "end cycles of duties")
		}
		ended := done.RowsAffected
		if paths {
			if done = s.tx(ctx).Exec(endPathsSQL, args); done.Error != nil {
				return nil, fail(done.Error, "end cycles of duties by paths")
			}
			ended += done.RowsAffected
		}
		if ended == 0 {
			break
		}
		still = false
		if err := s.tx(ctx).Exec(renewCyclesSQL, args).Error; err != nil {
			return nil, fail(err, "renew duties")
		}
	}
	moved, err := s.moveRoles(ctx, requirement, args)
	if err != nil {
		return nil, err
	}
	if !still {
		if err = s.recordDuties(ctx, requirement, person, now); err != nil {
			return nil, err
		}
	}
	return moved, s.expectAny(ctx)
}

// moveRoles gives and takes roles, where some requirement gives one or did until now.
func (s *Store) moveRoles(ctx context.Context, requirement uid.ID, args map[string]any) (moved []duty.RoleChange, err error) {
	var gives bool
	if err = s.tx(ctx).Raw("select exists (select 1 from requirements where role is not null)").Scan(&gives).Error; err != nil || !gives && requirement == uid.Nil {
		return nil, fail(err, "roles of requirements")
	}
	const takeRolesSQL = `delete from person_roles using requirements r where ` + roleOver + ` returning person_roles.person_id, person_roles.role, 'taken' as change`
	if err = s.setAside(ctx, "person_roles", "exists (select 1 from requirements r where "+roleOver+")", args); err != nil {
		return nil, err
	}
	steps := []string{takeRolesSQL}
	if gives {
		steps = append(steps, giveRolesSQL)
	}
	for _, sql := range steps {
		var some []duty.RoleChange
		if err = s.tx(ctx).Raw(sql, args).Scan(&some).Error; err != nil {
			return nil, fail(err, "move the roles of requirements")
		}
		moved = append(moved, some...)
	}
	return moved, nil
}

// Duties lists who has a duty, by name.
func (s *Store) Duties(ctx context.Context, requirement uid.ID, f duty.Filter, now time.Time) (out page.Of[duty.Duty], err error) {
	limit := f.Page.Bounded()
	args := map[string]any{"requirement": requirement, "now": now, "state": string(f.State), "further": false, "called": "", "id": uid.Nil, "limit": limit + 1}
	if f.Page.After != "" {
		parts, err := page.Parts(f.Page.After, 2)
		if err != nil {
			return out, err
		}
		id, ok := uid.Parse(parts[1])
		if !ok {
			return out, page.ErrCursor
		}
		args["further"], args["called"], args["id"] = true, parts[0], id
	}
	var list []duty.Duty
	if err = s.tx(ctx).Raw(dutiesSQL, args).Scan(&list).Error; err != nil {
		return out, fail(err, "duties of requirement %s", requirement)
	}
	return page.Cut(list, limit, func(d duty.Duty) []string { return []string{calledOr(d.Name, d.Email), d.ID.String()} }), nil
}

// DutiesOf lists a person's duties, the most pressing first.
func (s *Store) DutiesOf(ctx context.Context, person uid.ID, now time.Time) (list []duty.Duty, err error) {
	err = s.tx(ctx).Raw(dutiesOfSQL, map[string]any{"person": person, "now": now}).Scan(&list).Error
	return list, fail(err, "duties of %s", person)
}

// WaiveDuty writes or ends a waiver.
func (s *Store) WaiveDuty(ctx context.Context, requirement, person uid.ID, at, until *time.Time, by uid.ID, reason string, now time.Time) error {
	if err := s.tx(ctx).Exec("select 1 from requirements where id = ? for update", requirement).Error; err != nil {
		return fail(err, "hold requirement %s", requirement)
	}
	err := s.changeOne(ctx, duty.ErrNoDuty, "waive a duty", "update duties set waived_at = ?, waived_until = ?, waived_by = ?, waived_reason = ? where requirement_id = ? and person_id = ? and withdrawn_at is null", at, until, by, reason, requirement, person)
	if err != nil {
		return err
	}
	return s.recordDuties(ctx, requirement, person, now)
}

// RequirementsOfGroup lists those that catch the people of a group; with uid.Nil all.
func (s *Store) RequirementsOfGroup(ctx context.Context, group uid.ID) (ids []uid.ID, err error) {
	args := map[string]any{"all": group == uid.Nil, "group": group}
	err = s.tx(ctx).Raw("select r.id from requirements r where @all or exists (select 1 from requirement_groups g where g.requirement_id = r.id and g.group_id = @group) order by r.id", args).Scan(&ids).Error
	return ids, fail(err, "requirements of group %s", group)
}

// DutyChoices lists what there is to choose from, by name.
func (s *Store) DutyChoices(ctx context.Context) (out duty.Choices, err error) {
	if err = s.tx(ctx).Raw("select c.id, c.slug, v.title from courses c join course_versions v on v.id = c.published_id where c.status = 'published' order by v.title, c.id limit ?", requirementsMax).Scan(&out.Courses).Error; err != nil {
		return out, fail(err, "courses to choose from")
	}
	if err = s.tx(ctx).Raw("select p.id, p.slug, p.title from paths p where p.status = 'published' order by p.title, p.id limit ?", requirementsMax).Scan(&out.Paths).Error; err != nil {
		return out, fail(err, "paths to choose from")
	}
	err = s.tx(ctx).Raw("select g.id, g.name, (select count(*) from group_members m where m.group_id = g.id) as members from groups g order by g.name, g.id limit ?", requirementsMax).Scan(&out.Groups).Error
	return out, fail(err, "groups to choose from")
}
