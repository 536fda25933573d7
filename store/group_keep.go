package store

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

const ruledColumns = groupColumns + ", coalesce(g.description, '') as description, g.rule, g.settled_at"

// counted adds the number of members and the directory's name.
const counted = ", (select count(*) from group_members m where m.group_id = g.id) as members, coalesce((select d.name from directories d where d.id = g.directory_id), '') as directory"

func (s *Store) ruledGroups(ctx context.Context) *gorm.DB {
	return s.tx(ctx).Table("groups g").Select(ruledColumns + counted)
}

// RuledGroup finds a group with its rule and the number of its members.
func (s *Store) RuledGroup(ctx context.Context, id uid.ID) (g group.Group, err error) {
	err = s.ruledGroups(ctx).Where("g.id = ?", id).Take(&g).Error
	return g, notFound(err, auth.ErrGroupNotFound, "find group %s", id)
}

// LockGroup finds a group and holds it until the transaction ends.
func (s *Store) LockGroup(ctx context.Context, id uid.ID) (g group.Group, err error) {
	err = s.ruledGroups(ctx).Where("g.id = ?", id).Clauses(clause.Locking{Strength: "NO KEY UPDATE", Table: clause.Table{Name: "g"}}).Take(&g).Error
	return g, notFound(err, auth.ErrGroupNotFound, "hold group %s", id)
}

// RuledGroups lists groups by name, in any case.
func (s *Store) RuledGroups(ctx context.Context, f group.Filter) (out page.Of[group.Group], err error) {
	type row struct {
		group.Group `gorm:"embedded"`
		SortName    string
	}
	limit := f.Page.Bounded()
	q := s.tx(ctx).Table("groups g").Select(ruledColumns + counted + ", lower(g.name) as sort_name").Order("lower(g.name), g.id").Limit(limit + 1)
	if query := strings.TrimSpace(f.Query); query != "" && !strings.ContainsRune(query, 0) {
		q = q.Where("g.name ilike ?", "%"+escapeLike(query)+"%")
	}
	switch f.Kind {
	case group.ByDirectory:
		q = q.Where("g.directory_id is not null")
	case group.ByRule:
		q = q.Where("g.directory_id is null and g.rule is not null")
	case group.ByHand:
		q = q.Where("g.directory_id is null and g.rule is null")
	}
	if q, err = afterName(q, "(lower(g.name), g.id) > (?, ?)", f.Page.After); err != nil {
		return out, err
	}
	var rows []row
	if err = q.Find(&rows).Error; err != nil {
		return out, fail(err, "list groups")
	}
	return byName(rows, limit, func(r row) (string, uid.ID) { return r.SortName, r.ID }, func(r row) group.Group { return r.Group }), nil
}

// GroupsByRule gives all groups that have a rule, by id.
func (s *Store) GroupsByRule(ctx context.Context) (list []group.Group, err error) {
	err = s.tx(ctx).Table("groups g").Select(ruledColumns).Where("g.rule is not null").Order("g.id").Find(&list).Error
	return list, fail(err, "groups by rule")
}

// GroupsNamed gives the groups of a name in any case, and those of ids, at most 200.
func (s *Store) GroupsNamed(ctx context.Context, name string, ids []uid.ID) (list []group.Group, err error) {
	q := s.tx(ctx).Table("groups g").Select(ruledColumns)
	if len(ids) > 0 {
		q = q.Where("g.id in ?", ids)
	} else {
		q = q.Where("lower(g.name) = lower(?)", name)
	}
	return list, fail(q.Order("g.id").Limit(200).Find(&list).Error, "groups by name")
}

// AddGroup adds a group with its rule.
func (s *Store) AddGroup(ctx context.Context, g group.Group) error {
	err := s.tx(ctx).Exec("insert into groups (id, name, description, rule, revision, created_at, updated_at) values (?, ?, ?, ?, ?, ?, ?)",
		g.ID, g.Name, g.Description, g.Rule, g.Revision, g.CreatedAt, g.UpdatedAt).Error
	return fail(err, "add a group")
}

// PutGroup writes a group's name, description, rule, revision and when.
func (s *Store) PutGroup(ctx context.Context, g group.Group) error {
	return s.changeOne(ctx, auth.ErrGroupNotFound, "change a group",
		"update groups set name = ?, description = ?, rule = ?, revision = ?, updated_at = ? where id = ?", g.Name, g.Description, g.Rule, g.Revision, g.UpdatedAt, g.ID)
}

// GroupUses tells what a group is used for, by kind and name, at most 200 of each.
func (s *Store) GroupUses(ctx context.Context, id uid.ID) (list []group.Use, err error) {
	err = s.tx(ctx).Raw(`(select 'visible' as kind, c.id, coalesce(v.title, c.slug) as name from course_groups g join courses c on c.id = g.course_id
			left join course_versions v on v.id = coalesce(c.published_id, c.draft_id) where g.group_id = ? order by name limit 200)
		union all (select 'enrolled', c.id, coalesce(v.title, c.slug) as name from intakes i join courses c on c.id = i.course_id
			left join course_versions v on v.id = coalesce(c.published_id, c.draft_id) where i.group_id = ? order by name limit 200)
		union all (select 'rule', g.id, g.name from groups g where g.rule is not null and position(?::text in g.rule::text) > 0 order by g.name limit 200)`,
		id, id, `"`+id.String()+`"`).Scan(&list).Error
	return list, fail(err, "uses of group %s", id)
}

// MembersBy lists a group's members by name, in any case.
func (s *Store) MembersBy(ctx context.Context, id uid.ID, f group.MemberFilter) (out page.Of[group.Member], err error) {
	type row struct {
		group.Member `gorm:"embedded"`
		SortName     string
	}
	limit := f.Page.Bounded()
	q := s.tx(ctx).Table("group_members m").Select("p.id, p.name, p.email, p.status, lower(p.name) as sort_name").
		Joins("join people p on p.id = m.person_id").Where("m.group_id = ?", id).Order("lower(p.name), p.id").Limit(limit + 1)
	if query := strings.TrimSpace(f.Query); query != "" && !strings.ContainsRune(query, 0) {
		like := "%" + escapeLike(query) + "%"
		q = q.Where("(p.name ilike ? or p.email ilike ?)", like, like)
	}
	if q, err = afterPerson(q, f.Page.After); err != nil {
		return out, err
	}
	var rows []row
	if err = q.Find(&rows).Error; err != nil {
		return out, fail(err, "members of group %s", id)
	}
	return byName(rows, limit, func(r row) (string, uid.ID) { return r.SortName, r.ID }, func(r row) group.Member { return r.Member }), nil
}

// Join puts people into a group and gives those who were not in it. Who does not exist is passed over.
func (s *Store) Join(ctx context.Context, id uid.ID, people []uid.ID) (came []uid.ID, err error) {
	err = s.tx(ctx).Raw("insert into group_members (group_id, person_id) select ?::uuid, p.id from people p where p.id in ? on conflict do nothing returning person_id", id, people).Scan(&came).Error
	return came, fail(err, "add to group %s", id)
}

// Leave takes people out of a group and gives those who were in it.
func (s *Store) Leave(ctx context.Context, id uid.ID, people []uid.ID) (went []uid.ID, err error) {
	if err = s.setAside(ctx, "group_members", "group_id = ? and person_id in ?", id, people); err != nil {
		return nil, err
	}
	err = s.tx(ctx).Raw("delete from group_members where group_id = ? and person_id in ? returning person_id", id, people).Scan(&went).Error
	return went, fail(err, "take out of group %s", id)
}

// WhoFits counts whom a rule takes, and gives the first n of them by name.
func (s *Store) WhoFits(ctx context.Context, r group.Rule, now time.Time, n int) (count int, first []group.Member, err error) {
	type row struct {
		group.Member `gorm:"embedded"`
		Total        int
	}
	var rows []row
	err = s.tx(ctx).Table("people p").Select("p.id, p.name, p.email, p.status, count(*) over () as total").
		Where(ruleWhere(r, now)).Order("lower(p.name), p.id").Limit(n).Find(&rows).Error
	for _, r := range rows {
		count, first = r.Total, append(first, r.Member)
	}
	return count, first, fail(err, "whom a rule takes")
}

// SettleMembers brings a group's members to those whom the rule takes.
func (s *Store) SettleMembers(ctx context.Context, id uid.ID, r group.Rule, now time.Time) (came, went []uid.ID, err error) {
	where := ruleWhere(r, now)
	err = s.tx(ctx).Raw("insert into group_members (group_id, person_id) select ?::uuid, p.id from people p where ? and not exists (select 1 from group_members m where m.group_id = ? and m.person_id = p.id) returning person_id",
		id, where, id).Scan(&came).Error
	if err != nil {
		return nil, nil, fail(err, "fill group %s", id)
	}
	if err = s.setAside(ctx, "group_members", "group_id = ? and person_id not in (select p.id from people p where ?)", id, where); err != nil {
		return nil, nil, err
	}
	err = s.tx(ctx).Raw("delete from group_members where group_id = ? and person_id not in (select p.id from people p where ?) returning person_id", id, where).Scan(&went).Error
	return came, went, fail(err, "clear group %s", id)
}

// Fits tells of each group by rule whether the rule takes a person and whether they are in it.
func (s *Store) Fits(ctx context.Context, groups []group.Group, person uid.ID, now time.Time) (map[uid.ID]group.Standing, error) {
	out := map[uid.ID]group.Standing{}
	if len(groups) == 0 {
		return out, nil
	}
	parts, args := make([]string, len(groups)), []any{}
	for i, g := range groups {
		parts[i] = "select ?::uuid as group_id, exists (select 1 from people p where p.id = ? and ?) as fits, exists (select 1 from group_members m where m.group_id = ? and m.person_id = ?) as inside"
		args = append(args, g.ID, person, ruleWhere(*g.Rule, now), g.ID, person)
	}
	var rows []struct {
		GroupID      uid.ID
		Fits, Inside bool
	}
	err := s.tx(ctx).Raw(strings.Join(parts, " union all "), args...).Scan(&rows).Error
	for _, r := range rows {
		out[r.GroupID] = group.Standing{Fits: r.Fits, In: r.Inside}
	}
	return out, fail(err, "where person %s belongs", person)
}

// SetSettled notes when a group's rule was compared with everyone.
func (s *Store) SetSettled(ctx context.Context, id uid.ID, at time.Time) error {
	return s.changeOne(ctx, auth.ErrGroupNotFound, "settle a group", "update groups set settled_at = ? where id = ?", at, id)
}

// InsideOf tells which of these people are in a group.
func (s *Store) InsideOf(ctx context.Context, id uid.ID, people []uid.ID) (map[uid.ID]bool, error) {
	out := map[uid.ID]bool{}
	if len(people) == 0 {
		return out, nil
	}
	var inside []uid.ID
	err := s.tx(ctx).Table("group_members").Where("group_id = ? and person_id in ?", id, people).Pluck("person_id", &inside).Error
	for _, p := range inside {
		out[p] = true
	}
	return out, fail(err, "who is in group %s", id)
}

// CourseNames gives what the courses of an address, and those of ids, are called.
func (s *Store) CourseNames(ctx context.Context, slug string, ids []uid.ID) (map[uid.ID]string, error) {
	var rows []struct {
		ID    uid.ID
		Title string
	}
	err := s.tx(ctx).Raw("select c.id, v.title from courses c join course_versions v on v.id = coalesce(c.published_id, c.draft_id) where c.slug = ? or c.id in ?", slug, ids).Scan(&rows).Error
	out := map[uid.ID]string{}
	for _, r := range rows {
		out[r.ID] = r.Title
	}
	return out, fail(err, "names of courses")
}
