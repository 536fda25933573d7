package store

import (
	"context"
	"time"

	"lyceum/auth/org"
	"lyceum/internal/event"
	"lyceum/internal/uid"
)

const (
	// closeSpansSQL ends what was known of people whose manager is another now: until the day before @day.
	closeSpansSQL = `with closed as (update manager_spans s set superseded_at = @at from people p where p.id = s.person_id and s.person_id = any(cast(@people as uuid[]))
			and s.valid_to is null and s.superseded_at is null and s.manager_id is distinct from p.manager_id returning s.person_id, s.manager_id, s.valid_from)
		insert into manager_spans (id, person_id, manager_id, valid_from, valid_to, recorded_at, recorded_by) select gen_random_uuid(), person_id, manager_id, valid_from, cast(@day as date), @at, @by from closed where valid_from < cast(@day as date)`
	openSpansSQL = `insert into manager_spans (id, person_id, manager_id, valid_from, recorded_at, recorded_by) select gen_random_uuid(), p.id, p.manager_id, cast(@day as date), @at, @by from people p
		where p.id = any(cast(@people as uuid[])) and p.manager_id is not null and not exists (select 1 from manager_spans s where s.person_id = p.id and s.valid_to is null and s.superseded_at is null)`
	// cutSpansSQL supersedes what is known of a person from @day on, and keeps what was before it.
	cutSpansSQL = `with cut as (update manager_spans set superseded_at = @at where person_id = @person and superseded_at is null and (valid_to is null or valid_to > cast(@day as date)) returning person_id, manager_id, valid_from)
		insert into manager_spans (id, person_id, manager_id, valid_from, valid_to, recorded_at, recorded_by) select gen_random_uuid(), person_id, manager_id, valid_from, cast(@day as date), @at, @by from cut where valid_from < cast(@day as date)`

	// knownSpans is who reported to whom on a day, as known at a moment.
	knownSpans = `with recursive known as (select person_id, manager_id from manager_spans where recorded_at <= @known and (superseded_at is null or superseded_at > @known)
		and valid_from <= cast(@day as date) and (valid_to is null or valid_to > cast(@day as date)))`
	lineOnSQL = knownSpans + `, shown as (select p.id, p.name, p.email, p.status from people p where case when @top then exists (select 1 from known k where k.manager_id = p.id) and not exists (select 1 from known k where k.person_id = p.id)
			else exists (select 1 from known k where k.manager_id = @manager and k.person_id = p.id) end order by lower(coalesce(nullif(p.name, ''), p.email)), p.id limit @limit),
		down (root, person_id) as (select s.id, k.person_id from shown s join known k on k.manager_id = s.id union select d.root, k.person_id from down d join known k on k.manager_id = d.person_id)
		select s.id as person_id, s.name, s.email, s.status, (select count(*) from known k where k.manager_id = s.id) as reports, (select count(*) from down d where d.root = s.id and d.person_id <> s.id) as below
		from shown s order by lower(coalesce(nullif(s.name, ''), s.email)), s.id`
	aboveOnSQL = knownSpans + `, up (person_id, depth) as (select manager_id, 1 from known where person_id = @manager union all select k.manager_id, u.depth + 1 from up u join known k on k.person_id = u.person_id where u.depth < 100) cycle person_id set again using seen
		select p.id as person_id, p.name, p.email, p.status from up u join people p on p.id = u.person_id where not u.again order by u.depth desc`
)

// movedTo writes the lines and the spans that follow from the managers that people have now.
func (s *Store) movedTo(ctx context.Context, at time.Time, people ...uid.ID) error {
	if err := s.KeepLines(ctx, people...); err != nil {
		return err
	}
	args := map[string]any{"people": idList(people), "at": at, "day": at.UTC().Format(time.DateOnly), "by": recorder(ctx)}
	if err := s.tx(ctx).Exec(closeSpansSQL, args).Error; err != nil {
		return fail(err, "close spans")
	}
	return fail(s.tx(ctx).Exec(openSpansSQL, args).Error, "open spans")
}

// recorder is who writes; nil for the system.
func recorder(ctx context.Context) *uid.ID {
	if a := event.ActorFrom(ctx); a.ID != uid.Nil {
		return &a.ID
	}
	return nil
}

// SetManagerSince writes a person's manager from a day on that is over or today: what was known from that day on is superseded.
func (s *Store) SetManagerSince(ctx context.Context, person uid.ID, manager *uid.ID, day string, at time.Time) error {
	args := map[string]any{"person": person, "day": day, "at": at, "by": recorder(ctx)}
	if err := s.tx(ctx).Exec(cutSpansSQL, args).Error; err != nil {
		return fail(err, "cut spans of %s", person)
	}
	if manager != nil {
		args["id"], args["manager"] = uid.New(), *manager
		if err := s.tx(ctx).Exec(`insert into manager_spans (id, person_id, manager_id, valid_from, recorded_at, recorded_by) values (@id, @person, @manager, cast(@day as date), @at, @by)`, args).Error; err != nil {
			return fail(err, "write a span of %s", person)
		}
	}
	return s.SetManager(ctx, person, manager, at)
}

// SpansOf lists what is known of a person's managers, the newest first.
func (s *Store) SpansOf(ctx context.Context, person uid.ID) (list []org.Span, err error) {
	err = s.tx(ctx).Raw(`select m.manager_id, p.name, p.email, m.valid_from, m.valid_to, m.recorded_at, coalesce(b.name, '') as recorded_by_name from manager_spans m join people p on p.id = m.manager_id
		left join people b on b.id = m.recorded_by where m.person_id = ? and m.superseded_at is null order by m.valid_from desc, m.id limit 200`, person).Scan(&list).Error
	return list, fail(err, "managers of %s", person)
}

func asOf(w org.When) map[string]any {
	return map[string]any{"day": w.Day.String(), "known": w.Known}
}

// LineOn lists who reported to a manager directly, uid.Nil for those at the top, by name.
func (s *Store) LineOn(ctx context.Context, manager uid.ID, w org.When, n int) (list []org.Node, err error) {
	args := asOf(w)
	args["top"], args["manager"], args["limit"] = manager == uid.Nil, manager, n
	err = s.tx(ctx).Raw(lineOnSQL, args).Scan(&list).Error
	return list, fail(err, "who reported to %s", manager)
}

// AboveOn lists who stood above a person, from the top down.
func (s *Store) AboveOn(ctx context.Context, person uid.ID, w org.When) (list []org.Node, err error) {
	args := asOf(w)
	args["manager"] = person
	err = s.tx(ctx).Raw(aboveOnSQL, args).Scan(&list).Error
	return list, fail(err, "who stood above %s", person)
}

// AddDelegation notes that somebody looks after another's people.
func (s *Store) AddDelegation(ctx context.Context, d org.Delegation) error {
	return fail(s.tx(ctx).Exec(`insert into delegations (id, giver_id, taker_id, first_day, last_day, made_by, made_at) values (?, ?, ?, cast(? as date), cast(? as date), ?, ?)`,
		d.ID, d.GiverID, d.TakerID, d.First.String(), d.Last.String(), recorder(ctx), d.MadeAt).Error, "note a delegation of %s", d.GiverID)
}

const delegationColumns = `select d.id, d.giver_id, coalesce(nullif(g.name, ''), g.email) as giver, d.taker_id, coalesce(nullif(t.name, ''), t.email) as taker, to_char(d.first_day, 'YYYY-MM-DD') as first_day, to_char(d.last_day, 'YYYY-MM-DD') as last_day, d.made_at, d.ended_at
	from delegations d join people g on g.id = d.giver_id join people t on t.id = d.taker_id`

// delegationRow is a delegation with its days as text.
type delegationRow struct {
	org.Delegation
	FirstDay, LastDay string
}

func (r delegationRow) delegation() org.Delegation {
	r.First, _ = org.ParseDay(r.FirstDay)
	r.Last, _ = org.ParseDay(r.LastDay)
	return r.Delegation
}

// Delegations lists those of a person, given and taken, that are not over on a day; with uid.Nil everybody's.
func (s *Store) Delegations(ctx context.Context, person uid.ID, today org.Day, n int) ([]org.Delegation, error) {
	var rows []delegationRow
	err := s.tx(ctx).Raw(delegationColumns+` where d.ended_at is null and d.last_day >= cast(@day as date) and (@all or d.giver_id = @person or d.taker_id = @person) order by d.first_day, d.id limit @limit`,
		map[string]any{"person": person, "all": person == uid.Nil, "day": today.String(), "limit": n}).Scan(&rows).Error
	list := make([]org.Delegation, len(rows))
	for i, r := range rows {
		list[i] = r.delegation()
	}
	return list, fail(err, "delegations of %s", person)
}

// DelegationByID finds one.
func (s *Store) DelegationByID(ctx context.Context, id uid.ID) (org.Delegation, error) {
	var rows []delegationRow
	if err := s.tx(ctx).Raw(delegationColumns+" where d.id = ?", id).Scan(&rows).Error; err != nil {
		return org.Delegation{}, fail(err, "delegation %s", id)
	}
	if len(rows) == 0 {
		return org.Delegation{}, org.ErrNoDelegation
	}
	return rows[0].delegation(), nil
}

// EndDelegation ends one that runs.
func (s *Store) EndDelegation(ctx context.Context, id uid.ID, at time.Time) error {
	return s.changeOne(ctx, org.ErrNoDelegation, "end a delegation", "update delegations set ended_at = ?, ended_by = ? where id = ? and ended_at is null", at, recorder(ctx), id)
}

// StandsFor gives those whose people a person looks after on a day, but not themselves. A giver who can no longer sign in gives
// nothing: their people have another manager soon, and until then none.
func (s *Store) StandsFor(ctx context.Context, person uid.ID, day string) (ids []uid.ID, err error) {
	err = s.tx(ctx).Raw(`select distinct d.giver_id from delegations d join people g on g.id = d.giver_id where d.taker_id = @person and d.ended_at is null and g.status <> 'deactivated'
		and d.first_day <= cast(@day as date) and d.last_day >= cast(@day as date)`, map[string]any{"person": person, "day": day}).Scan(&ids).Error
	return ids, fail(err, "whom %s stands for", person)
}
