package store

import (
	"context"
	"hash/fnv"
	"strings"

	"lyceum/auth"
	"lyceum/internal/uid"
)

const (
	// moved is everybody whose line may have changed: some people, and all below them by the managers they have now.
	moved = `with recursive moved as (select unnest(cast(@people as uuid[])) as id union select p.id from people p join moved m on p.manager_id = m.id)`

	dropLinesSQL = moved + ` delete from reporting_lines where person_id in (select id from moved)`
	// addLinesSQL goes one step beyond auth.LineMax, so that a line that is too long shows.
	addLinesSQL = moved + `, up (person_id, manager_id, depth) as (
			select p.id, p.manager_id, 1 from moved m join people p on p.id = m.id where p.manager_id is not null
			union all
			select u.person_id, p.manager_id, u.depth + 1 from up u join people p on p.id = u.manager_id where p.manager_id is not null and u.depth <= @max
		) cycle manager_id set again using seen
		insert into reporting_lines (manager_id, person_id, depth) select manager_id, person_id, depth from up where not again and manager_id <> person_id`
	// loopSQL finds one of some people who stands above themselves: a walk up that meets nobody twice.
	loopSQL = `with recursive up (person_id, at) as (select p.id, p.manager_id from people p where p.id = any(cast(@people as uuid[])) and p.manager_id is not null
			union select u.person_id, p.manager_id from up u join people p on p.id = u.at where p.manager_id is not null)
		select person_id from up where at = person_id limit 1`
	// chainSQL is the line from one person up to another, in order, by the managers they have now.
	chainSQL = `with recursive up (id, name, manager_id, depth) as (select p.id, coalesce(nullif(p.name, ''), p.email), p.manager_id, 0 from people p where p.id = @from
			union all
			select p.id, coalesce(nullif(p.name, ''), p.email), p.manager_id, u.depth + 1 from up u join people p on p.id = u.manager_id where u.id <> @to and u.depth < @max)
		cycle id set again using seen select name from up where not again order by depth`
)

// linesLock is the class of the advisory locks under which tenants' reporting lines are changed.
const linesLock = 0x6c79726c // "lyrl"

// HoldLines holds the tenant's reporting lines until the transaction ends.
func (s *Store) HoldLines(ctx context.Context) error {
	r := current(ctx)
	if r == nil {
		return ErrNoTransaction
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(r.schema))
	return fail(s.tx(ctx).Exec("select pg_advisory_xact_lock(?, ?)", int32(linesLock), int32(h.Sum32())).Error, "hold the reporting lines")
}

// MayReport fails unless a person may report to a manager.
func (s *Store) MayReport(ctx context.Context, person, manager uid.ID) error {
	if err := s.HoldLines(ctx); err != nil {
		return err
	}
	if person == manager {
		return auth.ErrLoop.Saying("Nobody reports to themselves. Choose another manager.")
	}
	var found struct {
		Under        bool
		Above, Below int
	}
	err := s.tx(ctx).Raw(`select exists (select 1 from reporting_lines where manager_id = @person and person_id = @manager) as under,
		(select coalesce(max(depth), 0) from reporting_lines where person_id = @manager) as above, (select coalesce(max(depth), 0) from reporting_lines where manager_id = @person) as below`,
		map[string]any{"person": person, "manager": manager}).Scan(&found).Error
	switch {
	case err != nil:
		return fail(err, "whether %s may report to %s", person, manager)
	case found.Under:
		return s.loop(ctx, manager, person)
	case found.Above+found.Below+1 > auth.LineMax:
		return auth.ErrLineLong
	}
	return nil
}

// loop is ErrLoop with the line from one person up to another, whom the first was to be the manager of.
func (s *Store) loop(ctx context.Context, from, to uid.ID) error {
	var names []string
	if err := s.tx(ctx).Raw(chainSQL, map[string]any{"from": from, "to": to, "max": auth.LineMax}).Scan(&names).Error; err != nil {
		return fail(err, "name a loop")
	}
	if len(names) < 2 {
		return auth.ErrLoop
	}
	first, last, rest := names[0], names[len(names)-1], names[1:]
	if len(rest) > 5 { // a long one is named by its ends
		rest = append(append([]string{}, rest[:2]...), "…", last)
	}
	return auth.ErrLoop.Saying("%s cannot report to %s: that makes a loop, because %s reports to %s. Choose another manager.", last, first, first, strings.Join(rest, ", who reports to "))
}

// KeepLines brings lines to the managers that people have now.
func (s *Store) KeepLines(ctx context.Context, people ...uid.ID) error {
	if len(people) == 0 {
		return nil
	}
	if err := s.HoldLines(ctx); err != nil {
		return err
	}
	args := map[string]any{"people": idList(people), "max": auth.LineMax}
	var looped []uid.ID
	if err := s.tx(ctx).Raw(loopSQL, args).Scan(&looped).Error; err != nil {
		return fail(err, "look for loops")
	}
	if len(looped) > 0 {
		var manager uid.ID
		if err := s.tx(ctx).Raw("select manager_id from people where id = ?", looped[0]).Scan(&manager).Error; err != nil {
			return fail(err, "name a loop")
		}
		return s.loop(ctx, manager, looped[0])
	}
	if err := s.tx(ctx).Exec(dropLinesSQL, args).Error; err != nil {
		return fail(err, "drop lines")
	}
	if err := s.tx(ctx).Exec(addLinesSQL, args).Error; err != nil {
		return fail(err, "add lines")
	}
	var long bool
	err := s.tx(ctx).Raw(moved+` select exists (select 1 from reporting_lines l join moved m on m.id = l.person_id where l.depth > @max)`, args).Scan(&long).Error
	if err == nil && long {
		return auth.ErrLineLong
	}
	return fail(err, "measure lines")
}

// idList is ids as a PostgreSQL array's text.
func idList(ids []uid.ID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	return "{" + strings.Join(texts, ",") + "}"
}

// CountReports counts who report to a person directly and are not deactivated.
func (s *Store) CountReports(ctx context.Context, manager uid.ID) (n int, err error) {
	err = s.tx(ctx).Raw("select count(*) from people where manager_id = ? and status <> 'deactivated'", manager).Scan(&n).Error
	return n, fail(err, "count who report to %s", manager)
}

// HasReports tells whether anybody reports to a person.
func (s *Store) HasReports(ctx context.Context, manager uid.ID) (has bool, err error) {
	err = s.tx(ctx).Raw("select exists (select 1 from people where manager_id = ? and status <> 'deactivated')", manager).Scan(&has).Error
	return has, fail(err, "whether anybody reports to %s", manager)
}
