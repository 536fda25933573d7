package store

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"lyceum/auth/org"
	"lyceum/internal/uid"
)

const (
	// unitTree walks the units n of a relation "units" (id, parent_id, code, name, closed_at, revision, created_at, updated_at) from the top.
	unitTree = `, tree (id, parent_id, code, name, closed_at, revision, created_at, updated_at, path, sort, depth) as (
			select u.id, u.parent_id, u.code, u.name, u.closed_at, u.revision, u.created_at, u.updated_at, u.name, array[lower(u.name), cast(u.id as text)], 0 from units u
				where u.parent_id is null or not exists (select 1 from units o where o.id = u.parent_id)
			union all
			select u.id, u.parent_id, u.code, u.name, u.closed_at, u.revision, u.created_at, u.updated_at, t.path || ' / ' || u.name, t.sort || array[lower(u.name), cast(u.id as text)], t.depth + 1
				from tree t join units u on u.parent_id = t.id where t.depth < 25),
		above (id, root) as (select id, id from tree union select t.id, a.root from above a join tree t on t.parent_id = a.id),
		here as (select placed.unit_id as id, count(*) as n from placed join people p on p.id = placed.person_id where p.status <> 'deactivated' group by placed.unit_id),
		totals as (select a.root as id, sum(h.n) as n from above a join here h on h.id = a.id group by a.root)
		select t.id, cast(@kind as text) as kind, t.parent_id, t.code, t.name, t.closed_at, t.revision, t.created_at, t.updated_at, t.path, t.depth, coalesce(h.n, 0) as here, coalesce(s.n, 0) as "all"
		from tree t left join here h on h.id = t.id left join totals s on s.id = t.id order by t.sort`
	unitsNowSQL = `with recursive units as (select id, parent_id, code, name, closed_at, revision, created_at, updated_at from org_units where kind = @kind and (@closed or closed_at is null)),
		placed as (select s.unit_id, s.person_id from person_spans s where s.kind = @kind and s.valid_to is null and s.superseded_at is null)` + unitTree
	unitsThenSQL = `with recursive units as (select u.id, n.parent_id, u.code, n.name, cast(null as timestamptz) as closed_at, u.revision, u.created_at, u.updated_at from org_units u join org_unit_spans n on n.unit_id = u.id
			where u.kind = @kind and n.recorded_at <= @known and (n.superseded_at is null or n.superseded_at > @known) and n.valid_from <= cast(@day as date) and (n.valid_to is null or n.valid_to > cast(@day as date))),
		placed as (select s.unit_id, s.person_id from person_spans s where s.kind = @kind and s.recorded_at <= @known and (s.superseded_at is null or s.superseded_at > @known)
			and s.valid_from <= cast(@day as date) and (s.valid_to is null or s.valid_to > cast(@day as date)))` + unitTree

	// closeUnitSpansSQL ends what was known of units that are called otherwise, stand elsewhere or are closed now.
	closeUnitSpansSQL = `with closed as (update org_unit_spans s set superseded_at = @at from org_units u where u.id = s.unit_id and u.id = any(cast(@units as uuid[])) and s.valid_to is null and s.superseded_at is null
			and (s.name <> u.name or s.parent_id is distinct from u.parent_id or u.closed_at is not null) returning s.unit_id, s.parent_id, s.name, s.valid_from)
		insert into org_unit_spans (id, unit_id, parent_id, name, valid_from, valid_to, recorded_at, recorded_by) select gen_random_uuid(), unit_id, parent_id, name, valid_from, cast(@day as date), @at, @by from closed where valid_from < cast(@day as date)`
	openUnitSpansSQL = `insert into org_unit_spans (id, unit_id, parent_id, name, valid_from, recorded_at, recorded_by) select gen_random_uuid(), u.id, u.parent_id, u.name, cast(@day as date), @at, @by from org_units u
		where u.id = any(cast(@units as uuid[])) and u.closed_at is null and not exists (select 1 from org_unit_spans s where s.unit_id = u.id and s.valid_to is null and s.superseded_at is null)`
	// sayUnitsSQL brings what people are said to be in to what these units are called.
	sayUnitsSQL = `update people p set attributes = coalesce(p.attributes, '{}') || jsonb_build_object(case u.kind when 'position' then 'title' else u.kind end, u.name), updated_at = @at
		from person_spans s join org_units u on u.id = s.unit_id where s.person_id = p.id and s.valid_to is null and s.superseded_at is null and u.id = any(cast(@units as uuid[]))
		and p.attributes ->> case u.kind when 'position' then 'title' else u.kind end is distinct from u.name`

	// saidFacts is the changes that @rows holds as JSON.
	saidFacts = `with said as (select * from jsonb_to_recordset(cast(@rows as jsonb)) as r (person_id uuid, kind text, unit_id uuid, manager_id uuid, field_id uuid, value text))`
	// cutFactsSQL supersedes what is known from @day on, and keeps what was before it.
	cutFactsSQL = saidFacts + `, cut as (update person_spans s set superseded_at = @at from said r where s.person_id = r.person_id and s.kind = r.kind and s.field_id is not distinct from r.field_id
			and s.superseded_at is null and (s.valid_to is null or s.valid_to > cast(@day as date)) returning s.person_id, s.kind, s.unit_id, s.manager_id, s.field_id, s.value, s.valid_from)
		insert into person_spans (id, person_id, kind, unit_id, manager_id, field_id, value, valid_from, valid_to, recorded_at, recorded_by)
		select gen_random_uuid(), person_id, kind, unit_id, manager_id, field_id, value, valid_from, cast(@day as date), @at, @by from cut where valid_from < cast(@day as date)`
	addFactsSQL = saidFacts + ` insert into person_spans (id, person_id, kind, unit_id, manager_id, field_id, value, valid_from, recorded_at, recorded_by)
		select gen_random_uuid(), person_id, kind, unit_id, manager_id, field_id, value, cast(@day as date), @at, @by from said where unit_id is not null or manager_id is not null or value is not null`
	// sayFactsSQL writes the names of units to what people are said to be in.
	sayFactsSQL = saidFacts + `, names as (select r.person_id, jsonb_object_agg(case r.kind when 'position' then 'title' else r.kind end, u.name) as said from said r left join org_units u on u.id = r.unit_id
			where r.kind in ('department', 'location', 'position') group by r.person_id)
		update people p set attributes = jsonb_strip_nulls(coalesce(p.attributes, '{}') || n.said), updated_at = @at from names n where n.person_id = p.id
			and jsonb_strip_nulls(coalesce(p.attributes, '{}') || n.said) is distinct from coalesce(p.attributes, '{}')`

	factColumns = `select s.kind, s.unit_id, s.manager_id, s.field_id, coalesce(s.value, '') as value, s.valid_from, s.valid_to, s.recorded_at, coalesce(b.name, '') as recorded_by_name, coalesce(u.code, f.code, '') as code,
		coalesce((select n.name from org_unit_spans n where n.unit_id = s.unit_id and n.recorded_at <= @known and (n.superseded_at is null or n.superseded_at > @known)
			and n.valid_from <= %day and (n.valid_to is null or n.valid_to > %day) limit 1), u.name, nullif(m.name, ''), m.email, f.name, '') as name
		from person_spans s left join org_units u on u.id = s.unit_id left join people m on m.id = s.manager_id left join person_fields f on f.id = s.field_id left join people b on b.id = s.recorded_by where s.person_id = @person`

	unitColumns = "u.id, u.kind, u.parent_id, u.code, u.name, u.closed_at, u.revision, u.created_at, u.updated_at"
)

var (
	factsOnSQL = strings.ReplaceAll(factColumns, "%day", "cast(@day as date)") + ` and s.recorded_at <= @known and (s.superseded_at is null or s.superseded_at > @known)
		and s.valid_from <= cast(@day as date) and (s.valid_to is null or s.valid_to > cast(@day as date)) order by s.kind, name, s.id`
	factsOfSQL = strings.ReplaceAll(factColumns, "%day", "s.valid_from") + ` and s.superseded_at is null order by s.valid_from desc, s.kind, name, s.id limit @limit`
)

// Branches lists the units of a kind in the order of their trees.
func (s *Store) Branches(ctx context.Context, kind org.UnitKind, w org.When, closed bool) (list []org.Branch, err error) {
	args, sql := map[string]any{"kind": kind, "closed": closed}, unitsNowSQL
	if !w.Day.IsZero() {
		args["day"], args["known"], sql = w.Day.String(), w.Known, unitsThenSQL
	}
	err = s.tx(ctx).Raw(sql, args).Scan(&list).Error
	return list, fail(err, "units of kind %s", kind)
}

// UnitByID finds a unit.
func (s *Store) UnitByID(ctx context.Context, id uid.ID) (u org.Unit, err error) {
	err = s.tx(ctx).Table("org_units u").Select(unitColumns).Where("u.id = ?", id).Take(&u).Error
	return u, notFound(err, org.ErrNoUnit, "unit %s", id)
}

// LockUnit finds a unit and holds it until the transaction ends.
func (s *Store) LockUnit(ctx context.Context, id uid.ID) (u org.Unit, err error) {
	err = s.tx(ctx).Table("org_units u").Select(unitColumns).Where("u.id = ?", id).Clauses(clause.Locking{Strength: "NO KEY UPDATE"}).Take(&u).Error
	return u, notFound(err, org.ErrNoUnit, "hold unit %s", id)
}

// CountUnits counts all units.
func (s *Store) CountUnits(ctx context.Context) (n int, err error) {
	err = s.tx(ctx).Raw("select count(*) from org_units").Scan(&n).Error
	return n, fail(err, "count units")
}

// UnitsAbove counts how deep a unit stands, and tells whether below stands above it or is it.
func (s *Store) UnitsAbove(ctx context.Context, id, below uid.ID) (depth int, within bool, err error) {
	var found struct {
		Depth  int
		Within bool
	}
	err = s.tx(ctx).Raw(`with recursive up (id, parent_id) as (select id, parent_id from org_units where id = @id union select u.id, u.parent_id from org_units u join up on up.parent_id = u.id)
		select count(*) as depth, coalesce(bool_or(id = @below), false) as within from up`, map[string]any{"id": id, "below": below}).Scan(&found).Error
	return found.Depth, found.Within, fail(err, "what stands above unit %s", id)
}

// UnitsBelow tells how many levels stand below a unit.
func (s *Store) UnitsBelow(ctx context.Context, id uid.ID) (n int, err error) {
	err = s.tx(ctx).Raw(`with recursive down (id, depth) as (select cast(? as uuid), 0 union all select u.id, d.depth + 1 from org_units u join down d on u.parent_id = d.id where d.depth < 50)
		select max(depth) from down`, id).Scan(&n).Error
	return n, fail(err, "what stands below unit %s", id)
}

// UnitHeld tells whether people are in a unit, or open units below it.
func (s *Store) UnitHeld(ctx context.Context, id uid.ID) (held bool, err error) {
	err = s.tx(ctx).Raw(`select exists (select 1 from org_units where parent_id = @id and closed_at is null)
		or exists (select 1 from person_spans s join people p on p.id = s.person_id where s.unit_id = @id and s.valid_to is null and s.superseded_at is null and p.status <> 'deactivated')`, map[string]any{"id": id}).Scan(&held).Error
	return held, fail(err, "whether unit %s is held", id)
}

// unitsTo writes the spans that follow from how units are now, and what people are said to be in.
func (s *Store) unitsTo(ctx context.Context, at time.Time, units ...uid.ID) error {
	args := map[string]any{"units": idList(units), "at": at, "day": at.UTC().Format(time.DateOnly), "by": recorder(ctx)}
	for _, sql := range []string{closeUnitSpansSQL, openUnitSpansSQL, sayUnitsSQL} {
		if err := s.tx(ctx).Exec(sql, args).Error; err != nil {
			return fail(err, "spans of units")
		}
	}
	return nil
}

// AddUnit writes a new one.
func (s *Store) AddUnit(ctx context.Context, u org.Unit) error {
	if err := s.tx(ctx).Table("org_units").Create(&u).Error; err != nil {
		return fail(err, "add a unit")
	}
	return s.unitsTo(ctx, u.CreatedAt, u.ID)
}

// SaveUnit writes one.
func (s *Store) SaveUnit(ctx context.Context, u org.Unit) error {
	err := s.changeOne(ctx, org.ErrNoUnit, "save a unit", "update org_units set parent_id = ?, code = ?, name = ?, closed_at = ?, revision = ?, updated_at = ? where id = ?", u.ParentID, u.Code, u.Name, u.ClosedAt, u.Revision, u.UpdatedAt, u.ID)
	if err != nil {
		return err
	}
	return s.unitsTo(ctx, u.UpdatedAt, u.ID)
}

// PourUnit puts all that stands in or below one unit into another.
func (s *Store) PourUnit(ctx context.Context, from, into uid.ID, day string, at time.Time) (int, error) {
	var people []struct {
		PersonID uid.ID
		Kind     org.SpanKind
	}
	if err := s.tx(ctx).Raw("select person_id, kind from person_spans where unit_id = ? and valid_to is null and superseded_at is null", from).Scan(&people).Error; err != nil {
		return 0, fail(err, "who is in unit %s", from)
	}
	changes := make([]org.Change, len(people))
	for i, p := range people {
		changes[i] = org.Change{Person: p.PersonID, Kind: p.Kind, Unit: into}
	}
	if err := s.WritePersonFacts(ctx, changes, day, at); err != nil {
		return 0, err
	}
	var moved []uid.ID
	if err := s.tx(ctx).Raw("update org_units set parent_id = ?, updated_at = ?, revision = revision + 1 where parent_id = ? and closed_at is null returning id", into, at, from).Scan(&moved).Error; err != nil {
		return 0, fail(err, "move what stands below unit %s", from)
	}
	return len(people), s.unitsTo(ctx, at, moved...)
}

// factRow is a change as JSON.
type factRow struct {
	PersonID  uid.ID       `json:"person_id"`
	Kind      org.SpanKind `json:"kind"`
	UnitID    *uid.ID      `json:"unit_id,omitempty"`
	ManagerID *uid.ID      `json:"manager_id,omitempty"`
	FieldID   *uid.ID      `json:"field_id,omitempty"`
	Value     *string      `json:"value,omitempty"`
}

func idOrNone(id uid.ID) *uid.ID {
	if id == uid.Nil {
		return nil
	}
	return &id
}

// WritePersonFacts has changes count from a day on.
func (s *Store) WritePersonFacts(ctx context.Context, changes []org.Change, day string, at time.Time) error {
	if len(changes) == 0 {
		return nil
	}
	rows := make([]factRow, len(changes))
	for i, c := range changes {
		rows[i] = factRow{PersonID: c.Person, Kind: c.Kind, UnitID: idOrNone(c.Unit), ManagerID: idOrNone(c.Manager), FieldID: idOrNone(c.Field)}
		if c.Value != "" {
			rows[i].Value = &changes[i].Value
		}
	}
	raw, err := json.Marshal(rows)
	if err != nil {
		return fail(err, "facts as JSON")
	}
	args := map[string]any{"rows": string(raw), "day": day, "at": at, "by": recorder(ctx)}
	for _, sql := range []string{cutFactsSQL, addFactsSQL, sayFactsSQL} {
		if err := s.tx(ctx).Exec(sql, args).Error; err != nil {
			return fail(err, "write facts")
		}
	}
	return nil
}

// PersonFactsOn gives what was so of a person on a day, as known at a moment.
func (s *Store) PersonFactsOn(ctx context.Context, person uid.ID, w org.When) (list []org.Fact, err error) {
	args := asOf(w)
	args["person"] = person
	err = s.tx(ctx).Raw(factsOnSQL, args).Scan(&list).Error
	return list, fail(err, "facts of %s", person)
}

// PersonFactsOf gives all that is known of a person now, the newest first.
func (s *Store) PersonFactsOf(ctx context.Context, person uid.ID, n int) (list []org.Fact, err error) {
	err = s.tx(ctx).Raw(factsOfSQL, map[string]any{"person": person, "known": "infinity", "limit": n}).Scan(&list).Error
	return list, fail(err, "facts of %s over time", person)
}

// UnitsNamed gives the open units that a text means: by code, else by path, else by name.
func (s *Store) UnitsNamed(ctx context.Context, kind org.UnitKind, text string) (list []org.Unit, err error) {
	err = s.tx(ctx).Raw(`with recursive tree (id, path) as (select id, lower(name) from org_units where parent_id is null and closed_at is null and (@kind = '' or kind = @kind)
			union all select u.id, t.path || ' / ' || lower(u.name) from tree t join org_units u on u.parent_id = t.id where u.closed_at is null),
		found as (select `+unitColumns+`, case when lower(u.code) = lower(@text) then 0 when t.path = lower(@text) then 1 else 2 end as rank from org_units u join tree t on t.id = u.id
			where lower(u.code) = lower(@text) and u.code <> '' or t.path = lower(@text) or lower(u.name) = lower(@text))
		select * from found where rank = (select min(rank) from found) limit 10`, map[string]any{"kind": kind, "text": text}).Scan(&list).Error
	return list, fail(err, "units called %q", text)
}

// TeamKinds lists which managers beside the line's see their people.
func (s *Store) TeamKinds(ctx context.Context) (kinds []org.SpanKind, err error) {
	err = s.tx(ctx).Raw("select kind from team_kinds order by kind").Scan(&kinds).Error
	return kinds, fail(err, "kinds of managers")
}

// SetTeamKinds writes them.
func (s *Store) SetTeamKinds(ctx context.Context, kinds []org.SpanKind) error {
	if err := s.tx(ctx).Exec("delete from team_kinds").Error; err != nil {
		return fail(err, "kinds of managers")
	}
	for _, k := range kinds {
		if err := s.tx(ctx).Exec("insert into team_kinds (kind) values (?)", k).Error; err != nil {
			return fail(err, "kind of manager %s", k)
		}
	}
	return nil
}

// HasTeam tells whether anybody has a person as a manager of a kind that counts.
func (s *Store) HasTeam(ctx context.Context, manager uid.ID) (has bool, err error) {
	err = s.tx(ctx).Raw("select exists (select 1 from team_lines l join people p on p.id = l.person_id where l.manager_id = ? and p.status <> 'deactivated')", manager).Scan(&has).Error
	return has, fail(err, "whether %s has people", manager)
}

// PersonFields lists fields in their order.
func (s *Store) PersonFields(ctx context.Context, archived bool) (list []org.Field, err error) {
	err = s.tx(ctx).Table("person_fields").Where("? or archived_at is null", archived).Order("archived_at is not null, position nulls last, lower(name), id").Find(&list).Error
	return list, fail(err, "fields of people")
}

// LockField finds a field and holds it until the transaction ends.
func (s *Store) LockField(ctx context.Context, id uid.ID) (f org.Field, err error) {
	err = s.tx(ctx).Table("person_fields").Where("id = ?", id).Clauses(clause.Locking{Strength: "NO KEY UPDATE"}).Take(&f).Error
	return f, notFound(err, org.ErrNoField, "hold field %s", id)
}

// AddField writes a new one.
func (s *Store) AddField(ctx context.Context, f org.Field) error {
	return fail(s.tx(ctx).Table("person_fields").Create(&f).Error, "add a field")
}

// SaveField writes one.
func (s *Store) SaveField(ctx context.Context, f org.Field) error {
	raw, err := json.Marshal(f.Choices)
	if err != nil {
		return fail(err, "choices as JSON")
	}
	return s.changeOne(ctx, org.ErrNoField, "save a field", "update person_fields set name = ?, choices = ?, pattern = ?, required = ?, seen_by = ?, edited_by = ?, archived_at = ?, revision = ?, updated_at = ? where id = ?",
		f.Name, string(raw), f.Pattern, f.Required, f.SeenBy, f.EditedBy, f.ArchivedAt, f.Revision, f.UpdatedAt, f.ID)
}

// PlaceFields has fields stand in this order, before all others.
func (s *Store) PlaceFields(ctx context.Context, ids []uid.ID) error {
	err := s.tx(ctx).Exec("update person_fields f set position = o.at from unnest(cast(? as uuid[])) with ordinality as o (id, at) where f.id = o.id", idList(ids)).Error
	return fail(err, "order fields of people")
}

// UnitsCalled gives the open units that a text means, and those of ids, with what they are called.
func (s *Store) UnitsCalled(ctx context.Context, text string, ids []uid.ID) (map[uid.ID]string, error) {
	out := map[uid.ID]string{}
	if text != "" && len(ids) == 0 {
		found, err := s.UnitsNamed(ctx, "", text)
		if err != nil {
			return nil, err
		}
		for _, u := range found {
			out[u.ID] = u.Name
		}
		return out, nil
	}
	var rows []org.Unit
	if err := s.tx(ctx).Table("org_units u").Select(unitColumns).Where("u.id in ?", append(ids, uid.Nil)).Find(&rows).Error; err != nil {
		return nil, fail(err, "names of units")
	}
	for _, u := range rows {
		out[u.ID] = u.Name
	}
	return out, nil
}

// CustomNames gives what fields of some codes are called; hidden ones when asked.
func (s *Store) CustomNames(ctx context.Context, codes []string, hidden bool) (map[string]string, error) {
	var rows []org.Field
	if err := s.tx(ctx).Table("person_fields").Select("code", "name").Where("code in ? and (? or seen_by <> ?)", codes, hidden, org.CircleManage).Find(&rows).Error; err != nil {
		return nil, fail(err, "names of fields")
	}
	out := map[string]string{}
	for _, f := range rows {
		out[f.Code] = f.Name
	}
	return out, nil
}
