package store

import (
	"context"
	"time"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/duty"
)

const (
	// caught is whom a requirement catches under a scope, and through which group; uid.Nil is by name.
	caught = `with caught as (select m.person_id, m.group_id, g.name from group_members m join groups g on g.id = m.group_id join people p on p.id = m.person_id
			where @on and m.group_id = any(cast(@groups as uuid[])) and p.status <> 'deactivated'
			and not exists (select 1 from requirement_spared k where k.requirement_id = @requirement and k.group_id = m.group_id and k.person_id = m.person_id and k.group_id <> all(cast(@whole as uuid[])))
			and not exists (select 1 from requirement_people o where o.requirement_id = @requirement and o.person_id = m.person_id and o.excepted)
			and not exists (select 1 from group_members x where x.person_id = m.person_id and x.group_id = any(cast(@excepted as uuid[])))
		union all select o.person_id, cast(@nobody as uuid), '' from requirement_people o join people p on p.id = o.person_id
			where @on and o.requirement_id = @requirement and not o.excepted and p.status <> 'deactivated')`

	// Who has it already is looked up one by one: a conflict would lock each row, and the planner, which may have counted while there was nobody,
	// would join all with all.
	giveDutiesSQL = caught + `, given as (insert into duties (id, requirement_id, person_id, began_at) select gen_random_uuid(), @requirement, person_id, @now from (select distinct person_id from caught) w
			where coalesce((select false from duties x where x.requirement_id = @requirement and x.person_id = w.person_id and x.withdrawn_at is null), true)
			on conflict (requirement_id, person_id) do update set began_at = excluded.began_at, withdrawn_at = null where duties.withdrawn_at is not null returning person_id)
		insert into requirement_run_changes (run_id, person_id, change, at) select @run, person_id, 'given', @now from given`
	giveReasonsSQL = caught + ` insert into duty_reasons (duty_id, group_id, group_name, since) select d.id, w.group_id, w.name, @now from caught w
		join duties d on d.requirement_id = @requirement and d.person_id = w.person_id
		where coalesce((select false from duty_reasons o where o.duty_id = d.id and o.group_id = w.group_id and o.ended_at is null), true) on conflict (duty_id, group_id) where ended_at is null do nothing`
	endReasonsSQL = caught + ` update duty_reasons r set ended_at = @now from duties d where d.id = r.duty_id and d.requirement_id = @requirement and r.ended_at is null
		and not exists (select 1 from caught w where w.person_id = d.person_id and w.group_id = r.group_id)`
	withdrawDutiesSQL = `with gone as (update duties d set withdrawn_at = @now where d.requirement_id = @requirement and d.withdrawn_at is null
			and not exists (select 1 from duty_reasons r where r.duty_id = d.id and r.ended_at is null) returning d.person_id)
		insert into requirement_run_changes (run_id, person_id, change, at) select @run, person_id, 'withdrawn', @now from gone`

	// plannedFrom is who would have the duty, and who has it.
	plannedFrom = caught + `, wanted as (select distinct person_id from caught), had as (select person_id from duties where requirement_id = @requirement and withdrawn_at is null),
		both_ways as (select coalesce(w.person_id, h.person_id) as person_id, case when h.person_id is null then 'given' when w.person_id is null then 'withdrawn' else 'kept' end as change
			from wanted w full join had h on h.person_id = w.person_id)`
	planCountsSQL = plannedFrom + ` select count(*) filter (where change = 'given') as given, count(*) filter (where change = 'withdrawn') as withdrawn, count(*) filter (where change = 'kept') as kept from both_ways`
	planPeopleSQL = plannedFrom + ` select b.person_id, p.name, p.email, b.change from both_ways b join people p on p.id = b.person_id where b.change <> 'kept'
		and (not @further or (coalesce(nullif(p.name, ''), p.email), p.id) > (@called, cast(@id as uuid))) order by coalesce(nullif(p.name, ''), p.email), p.id limit @limit`
)

func idTexts(ids []uid.ID) []string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = id.String()
	}
	return list
}

func scopeArgs(id uid.ID, sc duty.Scope) map[string]any {
	return map[string]any{"requirement": id, "on": sc.On, "groups": array(idTexts(sc.Groups)), "excepted": array(idTexts(sc.Excepted)), "whole": array(idTexts(sc.Whole)), "nobody": uid.Nil}
}

// ScopeOf reads whom a requirement catches.
func (s *Store) ScopeOf(ctx context.Context, id uid.ID) (sc duty.Scope, err error) {
	var status *string
	if err = s.tx(ctx).Raw("select coalesce(status, 'on') from requirements where id = ?", id).Scan(&status).Error; err != nil {
		return sc, fail(err, "scope of requirement %s", id)
	}
	if status == nil {
		return sc, duty.ErrNotFound
	}
	var groups []struct {
		GroupID  uid.ID
		Excepted bool
	}
	err = s.tx(ctx).Raw("select group_id, coalesce(excepted, false) as excepted from requirement_groups where requirement_id = ? order by group_id", id).Scan(&groups).Error
	sc.On = *status == string(duty.StatusOn)
	for _, g := range groups {
		if g.Excepted {
			sc.Excepted = append(sc.Excepted, g.GroupID)
		} else {
			sc.Groups = append(sc.Groups, g.GroupID)
		}
	}
	return sc, fail(err, "groups of requirement %s", id)
}

// HoldScope is ScopeOf with nobody else at it until the transaction ends.
func (s *Store) HoldScope(ctx context.Context, id uid.ID) (duty.Scope, error) {
	if err := s.tx(ctx).Exec("select 1 from requirements where id = ? for update", id).Error; err != nil {
		return duty.Scope{}, fail(err, "hold requirement %s", id)
	}
	return s.ScopeOf(ctx, id)
}

// AddRequirementGroup has a requirement catch the people of a group, or leave them out.
func (s *Store) AddRequirementGroup(ctx context.Context, id, group uid.ID, excepted bool, by uid.ID, at time.Time) error {
	return fail(s.tx(ctx).Exec(`insert into requirement_groups (requirement_id, group_id, excepted, added_by, added_at) values (?, ?, ?, ?, ?)
		on conflict (requirement_id, group_id) do update set excepted = excluded.excepted where requirement_groups.excepted is distinct from excluded.excepted`, id, group, excepted, by, at).Error, "add a group to requirement %s", id)
}

// SpareMembers leaves out who is in a group now.
func (s *Store) SpareMembers(ctx context.Context, id, group uid.ID) error {
	return fail(s.tx(ctx).Exec("insert into requirement_spared (requirement_id, group_id, person_id) select ?, group_id, person_id from group_members where group_id = ? on conflict do nothing", id, group).Error, "spare the members of group %s", group)
}

// SpareNobody ends that.
func (s *Store) SpareNobody(ctx context.Context, id, group uid.ID) error {
	return fail(s.remove(ctx, "requirement_spared", "requirement_id = ? and group_id = ?", id, group).Error, "spare nobody of group %s", group)
}

// DeleteRequirementGroup takes a group out.
func (s *Store) DeleteRequirementGroup(ctx context.Context, id, group uid.ID) error {
	if err := s.setAside(ctx, "requirement_spared", "requirement_id = ? and group_id = ?", id, group); err != nil {
		return err
	}
	return s.changeOne(ctx, duty.ErrGroupNotCaught, "take a group from a requirement", "delete from requirement_groups where requirement_id = ? and group_id = ?", id, group)
}

// NamePerson names a person, or changes what is said of them.
func (s *Store) NamePerson(ctx context.Context, id uid.ID, p duty.Named, by uid.ID, at time.Time) error {
	if _, err := s.LearnerByID(ctx, p.PersonID); err != nil {
		return err
	}
	return fail(s.tx(ctx).Exec(`insert into requirement_people (requirement_id, person_id, excepted, reason, added_by, added_at) values (?, ?, ?, ?, ?, ?)
		on conflict (requirement_id, person_id) do update set excepted = excluded.excepted, reason = excluded.reason, added_by = excluded.added_by, added_at = excluded.added_at`, id, p.PersonID, p.Excepted, p.Reason, by, at).Error, "name a person in requirement %s", id)
}

// UnnamePerson ends that.
func (s *Store) UnnamePerson(ctx context.Context, id, person uid.ID) error {
	return s.removeOne(ctx, duty.ErrNamed, "take a person from a requirement", "requirement_people", "requirement_id = ? and person_id = ?", id, person)
}

// NamedPerson finds a person whom a requirement names.
func (s *Store) NamedPerson(ctx context.Context, id, person uid.ID) (p duty.Named, err error) {
	err = s.tx(ctx).Table("requirement_people o").Select("o.person_id, p.name, p.email, o.excepted, o.reason").Joins("join people p on p.id = o.person_id").Where("o.requirement_id = ? and o.person_id = ?", id, person).Take(&p).Error
	return p, notFound(err, duty.ErrNamed, "person %s of requirement %s", person, id)
}

// SwitchRequirement says whether a requirement catches people.
func (s *Store) SwitchRequirement(ctx context.Context, id uid.ID, to duty.Status) error {
	return s.changeOne(ctx, duty.ErrNotFound, "switch a requirement", "update requirements set status = ? where id = ?", to, id)
}

// PlanDuties tells what the duties would be under a scope.
func (s *Store) PlanDuties(ctx context.Context, id uid.ID, sc duty.Scope, p page.Request) (out duty.Plan, err error) {
	limit := p.Bounded()
	args := scopeArgs(id, sc)
	args["further"], args["called"], args["id"], args["limit"] = false, "", uid.Nil, limit+1
	if p.After != "" {
		parts, err := page.Parts(p.After, 2)
		if err != nil {
			return out, err
		}
		at, ok := uid.Parse(parts[1])
		if !ok {
			return out, page.ErrCursor
		}
		args["further"], args["called"], args["id"] = true, parts[0], at
	}
	if err = s.tx(ctx).Raw(planCountsSQL, args).Scan(&out).Error; err != nil {
		return out, fail(err, "plan requirement %s", id)
	}
	var list []duty.Planned
	err = s.tx(ctx).Raw(planPeopleSQL, args).Scan(&list).Error
	out.People = page.Cut(list, limit, func(p duty.Planned) []string { return []string{calledOr(p.Name, p.Email), p.PersonID.String()} })
	return out, fail(err, "plan requirement %s", id)
}

// calledOr is what a person is listed as.
func calledOr(name, email string) string {
	if name == "" {
		return email
	}
	return name
}

// SettleDuties gives and withdraws the duties of a requirement as its scope is now. The requirement is held (HoldScope).
func (s *Store) SettleDuties(ctx context.Context, id uid.ID, sc duty.Scope, run duty.Run) (out duty.Change, err error) {
	if err = s.tx(ctx).Create(&run).Error; err != nil {
		return out, fail(err, "keep a run of requirement %s", id)
	}
	args := scopeArgs(id, sc)
	args["now"], args["run"] = run.At, run.ID
	const outside = "requirement_spared.requirement_id = @requirement and not exists (select 1 from group_members m where m.group_id = requirement_spared.group_id and m.person_id = requirement_spared.person_id)"
	const unspare = "delete from requirement_spared where " + outside
	if err = s.setAside(ctx, "requirement_spared", outside, args); err != nil {
		return out, err
	}
	for _, step := range []struct {
		sql   string
		count *int
	}{{unspare, nil}, {giveDutiesSQL, &out.Added}, {lapsedCyclesSQL, nil}, {giveReasonsSQL, nil}, {endReasonsSQL, nil}, {withdrawDutiesSQL, &out.Withdrawn}, {openCyclesSQL, nil}, {dueCyclesSQL, nil}} {
		done := s.tx(ctx).Exec(step.sql, args)
		if done.Error != nil {
			return out, fail(done.Error, "settle requirement %s", id)
		}
		out.Rows += done.RowsAffected
		if step.count != nil {
			*step.count = int(done.RowsAffected)
		}
		if step.count == &out.Added {
			if err = s.expectMany(ctx, id); err != nil {
				return out, err
			}
		}
	}
	if err = s.expectAny(ctx); err != nil {
		return out, err
	}
	if out.None() && run.Cause == duty.CauseSettled {
		return out, fail(s.tx(ctx).Exec("delete from requirement_runs where id = ?", run.ID).Error, "forget a run that changed nothing")
	}
	return out, fail(s.tx(ctx).Exec("update requirement_runs set given = ?, withdrawn = ? where id = ?", out.Added, out.Withdrawn, run.ID).Error, "keep a run of requirement %s", id)
}

// expectMany keeps what follows from loops within loops where many have the duty: the planner may have counted its tables while they were
// all but empty. It is on again with expectAny: a subquery for each row is best a loop.
func (s *Store) expectMany(ctx context.Context, requirement uid.ID) error {
	var many bool
	err := s.tx(ctx).Raw("select count(*) = 1000 from (select 1 from duties where requirement_id = ? limit 1000) x", requirement).Scan(&many).Error
	if err == nil && many {
		err = s.tx(ctx).Exec("set local enable_nestloop = off").Error
	}
	return fail(err, "count the duties of requirement %s", requirement)
}

func (s *Store) expectAny(ctx context.Context) error {
	return fail(s.tx(ctx).Exec("set local enable_nestloop = on").Error, "plan as usual")
}

// DutiesToEnrol looks at the next n people of a requirement, and gives those who have something to do for it and are at none of its courses. Who was
// withdrawn from the course is at it, unless a requirement took them out and nobody put them in again since. What a person is enrolled in is
// looked up by the person alone (coalesce keeps the planner from the course, which many have been put into since it counted), their cycle by the
// duty alone, and never by reading a table through: where few were enrolled when it counted, the planner takes each person for half of it.
func (s *Store) DutiesToEnrol(ctx context.Context, requirement, after uid.ID, now time.Time, n int) (people []duty.ToEnrol, last uid.ID, more bool, err error) {
	args := map[string]any{"requirement": requirement, "after": after, "now": now, "n": n}
	if last, more, err = s.nextDuties(ctx, args); err != nil || last == after {
		return nil, last, more, err
	}
	args["last"] = last
	if err = s.tx(ctx).Exec("set local enable_seqscan = off").Error; err != nil {
		return nil, last, more, fail(err, "look people up one by one")
	}
	err = s.tx(ctx).Raw(`select d.person_id, case when c.completed_at is null then c.due_at else c.expires_at end as due_at,
		coalesce((select case e.status when 'completed' then 'again' else 'back' end from enrolments e where e.person_id = d.person_id and coalesce(e.course_id = f.course_id, false)), 'new') as how
		from duties d join lateral (select o.completed_at, o.due_at, o.expires_at, o.renews_at from duty_cycles o where o.duty_id = d.id and o.ended_at is null limit 1) c on true
		join lateral (select q.course_id from requirement_courses q where q.requirement_id = d.requirement_id order by q.position limit 1) f on true
		where d.requirement_id = @requirement and d.withdrawn_at is null and d.person_id > @after and d.person_id <= @last and (c.completed_at is null or c.renews_at <= @now)
		and not (d.waived_at is not null and (d.waived_until is null or d.waived_until > @now))
		and coalesce((select false from enrolments e where e.person_id = d.person_id and coalesce((select true from requirement_courses q where q.requirement_id = d.requirement_id and q.course_id = e.course_id), false)
			and (e.status = 'active' or e.status = 'withdrawn' and coalesce((select x.change from requirement_run_changes x where x.enrolment_id = e.id order by x.at desc, x.change desc limit 1), '') <> 'left') limit 1), true)
		order by d.person_id`, args).Scan(&people).Error
	if err == nil {
		err = s.tx(ctx).Exec("set local enable_seqscan = on").Error
	}
	return people, last, more, fail(err, "whom requirement %s enrols", requirement)
}

// nextDuties is the last of the next n people of a requirement after one, by id, or that one where there is none.
func (s *Store) nextDuties(ctx context.Context, args map[string]any) (last uid.ID, more bool, err error) {
	var seen struct {
		N    int
		Last *uid.ID
	}
	err = s.tx(ctx).Raw(`select count(*) over () as n, person_id as last from (select person_id from duties where requirement_id = @requirement and withdrawn_at is null and person_id > @after
		order by person_id limit @n) x order by person_id desc limit 1`, args).Scan(&seen).Error
	if err != nil || seen.Last == nil {
		return args["after"].(uid.ID), false, fail(err, "whom a requirement enrols")
	}
	return *seen.Last, seen.N == args["n"], nil
}

// EnrolmentsToLeave gives enrolments that a requirement made, which nobody began and nothing asks for any more.
func (s *Store) EnrolmentsToLeave(ctx context.Context, requirement, after uid.ID, n int) (list []duty.RunChange, err error) {
	var leaves bool
	err = s.tx(ctx).Raw("select exists (select 1 from requirements q where q.id = @requirement and q.leave_course) or exists (select 1 from requirement_runs r where r.requirement_id = @requirement and r.undone_at is not null)",
		map[string]any{"requirement": requirement}).Scan(&leaves).Error
	if err != nil || !leaves {
		return nil, fail(err, "whom requirement %s takes out", requirement)
	}
	err = s.tx(ctx).Raw(`select distinct e.id as enrolment_id, e.person_id from requirement_run_changes x join requirement_runs r on r.id = x.run_id join requirements q on q.id = r.requirement_id
		join enrolments e on e.id = x.enrolment_id
		where r.requirement_id = @requirement and x.change = 'enrolled' and e.id > @after and e.status = 'active' and e.started_at is null and (q.leave_course or r.undone_at is not null)
		and not exists (select 1 from duties d join requirement_courses c on c.requirement_id = d.requirement_id where d.person_id = e.person_id and d.withdrawn_at is null and c.course_id = e.course_id)
		order by e.id limit @n`, map[string]any{"requirement": requirement, "after": after, "n": n}).Scan(&list).Error
	return list, fail(err, "whom requirement %s takes out", requirement)
}

// NoteEnrolled writes what the runs that gave people a duty put them into.
func (s *Store) NoteEnrolled(ctx context.Context, requirement uid.ID, list []duty.RunChange) error {
	return s.noteChanges(ctx, requirement, "enrolled", list, `insert into requirement_run_changes (run_id, person_id, change, enrolment_id, at)
		select g.run_id, w.person_id, @change, w.enrolment_id, @at from unnest(cast(@people as uuid[]), cast(@enrolments as uuid[])) w(person_id, enrolment_id)
		join lateral (select x.run_id from requirement_run_changes x join requirement_runs r on r.id = x.run_id where r.requirement_id = @requirement and x.person_id = w.person_id and x.change = 'given' order by x.at desc, x.run_id desc limit 1) g on true`)
}

// NoteLeft writes what people were taken out of, beside what put them in.
func (s *Store) NoteLeft(ctx context.Context, list []duty.RunChange) error {
	return s.noteChanges(ctx, uid.Nil, "left", list, `insert into requirement_run_changes (run_id, person_id, change, enrolment_id, at)
		select g.run_id, w.person_id, @change, w.enrolment_id, @at from unnest(cast(@people as uuid[]), cast(@enrolments as uuid[])) w(person_id, enrolment_id)
		join lateral (select x.run_id from requirement_run_changes x where x.enrolment_id = w.enrolment_id and x.change = 'enrolled' order by x.at desc, x.run_id desc limit 1) g on true`)
}

func (s *Store) noteChanges(ctx context.Context, requirement uid.ID, change string, list []duty.RunChange, sql string) error {
	if len(list) == 0 {
		return nil
	}
	people, enrolments := make([]string, len(list)), make([]string, len(list))
	for i, one := range list {
		people[i], enrolments[i] = one.PersonID.String(), one.EnrolmentID.String()
	}
	return fail(s.tx(ctx).Exec(sql, map[string]any{"requirement": requirement, "change": change, "people": array(people), "enrolments": array(enrolments), "at": list[0].At}).Error, "note whom requirements put where")
}

const dutyRunColumns = `r.*, coalesce(p.name, '') as by_name, (select count(*) from requirement_run_changes x where x.run_id = r.id and x.change = 'enrolled') as enrolled`

// Runs lists what changed who has a duty, the newest first.
func (s *Store) Runs(ctx context.Context, requirement uid.ID, p page.Request) (out page.Of[duty.Run], err error) {
	limit := p.Bounded()
	q := s.tx(ctx).Table("requirement_runs r").Select(dutyRunColumns).Joins("left join people p on p.id = r.by_id").Where("r.requirement_id = ?", requirement)
	if p.After != "" {
		parts, err := page.Parts(p.After, 1)
		if err != nil {
			return out, err
		}
		id, ok := uid.Parse(parts[0])
		if !ok {
			return out, page.ErrCursor
		}
		q = q.Where("r.id < ?", id)
	}
	var list []duty.Run
	err = q.Order("r.id desc").Limit(limit + 1).Find(&list).Error
	return page.Cut(list, limit, func(r duty.Run) []string { return []string{r.ID.String()} }), fail(err, "runs of requirement %s", requirement)
}

// RunByID reads a run of a requirement.
func (s *Store) RunByID(ctx context.Context, requirement, run uid.ID) (r duty.Run, err error) {
	err = s.tx(ctx).Table("requirement_runs r").Select(dutyRunColumns).Joins("left join people p on p.id = r.by_id").Where("r.requirement_id = ? and r.id = ?", requirement, run).Take(&r).Error
	return r, notFound(err, duty.ErrNoRun, "run %s", run)
}

// RunChanges lists what a run did to whom, by name.
func (s *Store) RunChanges(ctx context.Context, run uid.ID, p page.Request) (out page.Of[duty.RunChange], err error) {
	limit := p.Bounded()
	const called = "coalesce(nullif(p.name, ''), p.email)"
	q := s.tx(ctx).Table("requirement_run_changes x").Select("x.person_id, p.name, p.email, x.change, x.enrolment_id, x.at").Joins("join people p on p.id = x.person_id").Where("x.run_id = ?", run)
	if p.After != "" {
		parts, err := page.Parts(p.After, 3)
		if err != nil {
			return out, err
		}
		id, ok := uid.Parse(parts[1])
		if !ok {
			return out, page.ErrCursor
		}
		q = q.Where("("+called+", p.id, x.change) > (?, ?, ?)", parts[0], id, parts[2])
	}
	var list []duty.RunChange
	err = q.Order(called + ", p.id, x.change").Limit(limit + 1).Find(&list).Error
	return page.Cut(list, limit, func(c duty.RunChange) []string {
		return []string{calledOr(c.Name, c.Email), c.PersonID.String(), c.Change}
	}), fail(err, "changes of run %s", run)
}

// UndoRun notes that a run was undone, and gives back the duties that it withdrew.
func (s *Store) UndoRun(ctx context.Context, run uid.ID, by uid.ID, at time.Time) (bool, error) {
	res := s.tx(ctx).Exec("update requirement_runs set undone_at = ?, undone_by = ? where id = ? and undone_at is null", at, by, run)
	if res.Error != nil || res.RowsAffected == 0 {
		return false, fail(res.Error, "undo run %s", run)
	}
	err := s.tx(ctx).Exec(`update duties d set withdrawn_at = null from requirement_run_changes x join requirement_runs r on r.id = x.run_id
		where x.run_id = ? and x.change = 'withdrawn' and d.requirement_id = r.requirement_id and d.person_id = x.person_id and d.withdrawn_at is not null`, run).Error
	return true, fail(err, "give back what run %s withdrew", run)
}

// BecauseOf lists which requirements put somebody into a course.
func (s *Store) BecauseOf(ctx context.Context, enrolmentID uid.ID) (list []duty.Because, err error) {
	err = s.tx(ctx).Raw(`select r.requirement_id, q.name as requirement_name, r.id as run_id, r.cause, r.about_name, x.at,
		(select coalesce(string_agg(nullif(y.group_name, ''), ', ' order by y.since, y.group_name), '') from duties d join duty_reasons y on y.duty_id = d.id and y.ended_at is null where d.requirement_id = r.requirement_id and d.person_id = x.person_id) as reasons
		from requirement_run_changes x join requirement_runs r on r.id = x.run_id join requirements q on q.id = r.requirement_id where x.enrolment_id = ? and x.change = 'enrolled' order by x.at, r.id limit 100`, enrolmentID).Scan(&list).Error
	return list, fail(err, "why enrolment %s is there", enrolmentID)
}
