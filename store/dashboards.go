package store

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/dashboard"
)

const groupsShown = 200

// GroupStandings counts the duties of the people of each group that a requirement applies to.
func (s *Store) GroupStandings(ctx context.Context, now time.Time) (list []dashboard.GroupCount, err error) {
	err = s.tx(ctx).Raw(`with shown as (select g.id, g.name from groups g where exists (select 1 from requirement_groups x where x.group_id = g.id) order by g.name, g.id limit @limit),
		stand as (select d.person_id, `+dutyState+` as state`+dutyFrom+` where d.withdrawn_at is null and exists (select 1 from shown g join group_members m on m.group_id = g.id where m.person_id = d.person_id))
		select g.id, g.name, t.state, count(*) as n from shown g join group_members m on m.group_id = g.id join stand t on t.person_id = m.person_id group by g.id, g.name, t.state order by g.name, g.id, t.state`,
		map[string]any{"now": now, "limit": groupsShown}).Scan(&list).Error
	return list, fail(err, "duties by group")
}

// CompletionsWithin counts what was completed in each span.
func (s *Store) CompletionsWithin(ctx context.Context, moments []time.Time) (out []int, err error) {
	raw, err := json.Marshal(moments)
	if err != nil || len(moments) < 2 {
		return nil, fail(err, "spans of completions")
	}
	err = s.tx(ctx).Raw(`with m as (select value::timestamptz as at, ordinality as i from jsonb_array_elements_text(cast(@moments as jsonb)) with ordinality)
		select (select count(*) from enrolment_rounds e where e.completed_at >= a.at and e.completed_at < b.at) as n from m a join m b on b.i = a.i + 1 order by a.i`,
		map[string]any{"moments": string(raw)}).Scan(&out).Error
	return out, fail(err, "count completions")
}

// Completions lists what was completed in a span, the newest first.
func (s *Store) Completions(ctx context.Context, from, until time.Time, p page.Request) (out page.Of[dashboard.Completion], err error) {
	limit := p.Bounded()
	q := s.tx(ctx).Table("enrolment_rounds e").Joins("join people p on p.id = e.person_id").Joins("join course_versions v on v.id = e.version_id").
		Select("e.id, e.person_id, p.name, p.email, v.title, e.completed_at as at").Where("e.completed_at >= ? and e.completed_at < ?", from, until)
	if p.After != "" {
		parts, err := page.Parts(p.After, 2)
		if err != nil {
			return out, err
		}
		micros, failed := strconv.ParseInt(parts[0], 10, 64)
		id, ok := uid.Parse(parts[1])
		if failed != nil || !ok {
			return out, page.ErrCursor
		}
		q = q.Where("(e.completed_at, e.id) < (?, ?)", time.UnixMicro(micros), id)
	}
	var list []dashboard.Completion
	if err = q.Order("e.completed_at desc, e.id desc").Limit(limit + 1).Scan(&list).Error; err != nil {
		return out, fail(err, "list completions")
	}
	return page.Cut(list, limit, func(c dashboard.Completion) []string {
		return []string{strconv.FormatInt(c.At.UnixMicro(), 10), c.ID.String()}
	}), nil
}
