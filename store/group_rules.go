package store

import (
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"lyceum/auth/group"
	"lyceum/internal/uid"
)

// What a group's rule asks of the database. Every statement below is a constant of this file; what a person wrote is bound
// to it and never becomes part of it. Each answers true or false, never null, so that it may be negated. p is people.

// attributes are the texts and days that are kept in people.attributes.
var attributeColumns = map[group.Field]string{
	"department": "coalesce(p.attributes ->> 'department', '')", "title": "coalesce(p.attributes ->> 'title', '')",
	"location": "coalesce(p.attributes ->> 'location', '')", "user_type": "coalesce(p.attributes ->> 'user_type', '')",
	"division": "coalesce(p.attributes ->> 'division', '')", "organization": "coalesce(p.attributes ->> 'organization', '')",
	"cost_center": "coalesce(p.attributes ->> 'cost_center', '')", "employee_number": "coalesce(p.attributes ->> 'employee_number', '')",
	group.FieldTimeZone: "p.time_zone", group.FieldName: "p.name", group.FieldEmail: "p.email",
}

// hired is the day of hiring when it is one, else ”. Days in this form are in the order of their texts.
const hired = `coalesce(substring(p.attributes ->> 'hire_date' from '^\d{4}-\d{2}-\d{2}'), '')`

// chain is everyone who reports to one of several people, directly or through others.
const chain = `(p.id in (with recursive below as (select id from people where manager_id in ? union select q.id from people q join below b on q.manager_id = b.id) select id from below))`

// ruleWhere is a rule as a condition on p, at a moment.
func ruleWhere(r group.Rule, now time.Time) clause.Expr {
	var parts []string
	var vars []any
	for _, c := range r.Conditions {
		sql, args := conditionWhere(c, now)
		parts, vars = append(parts, sql), append(vars, args...)
	}
	word := " and "
	if r.Match == group.MatchAny {
		word = " or "
	}
	if len(parts) == 0 {
		parts = []string{"false"} // a rule without conditions takes nobody
	}
	return clause.Expr{SQL: "(p.status <> 'deactivated' and (" + strings.Join(parts, word) + "))", Vars: vars}
}

func conditionWhere(c group.Condition, now time.Time) (string, []any) {
	if len(c.Values) == 0 && !c.Op.Bare() {
		return "false", nil
	}
	if code, own := c.Field.Custom(); own {
		return customWhere(c, code, now)
	}
	switch c.Field {
	case group.FieldUnit:
		if c.Op == group.Under {
			return unitsBelow, []any{idsOf(c.Values)}
		}
		return isOrNot(c, "exists (select 1 from person_spans s where s.person_id = p.id and s.unit_id in ? and s.valid_to is null and s.superseded_at is null)", idsOf(c.Values))
	case group.FieldManager:
		return managerWhere(c)
	case group.FieldRole:
		return isOrNot(c, "exists (select 1 from person_roles r where r.person_id = p.id and r.role in ?)", c.Values)
	case group.FieldGroup:
		return isOrNot(c, "exists (select 1 from group_members m where m.person_id = p.id and m.group_id in ?)", idsOf(c.Values))
	case group.FieldCompleted:
		return isOrNot(c, "(exists (select 1 from enrolments e where e.person_id = p.id and e.course_id in ? and "+completedOnce+"))", idsOf(c.Values))
	case group.FieldCertificate:
		return isOrNot(c, "exists (select 1 from certificates z where z.person_id = p.id and z.course_id in ? and z.revoked_at is null and z.replaced_at is null and coalesce((to_jsonb(z) ->> 'expiry_told')::integer, 0) < 3)", idsOf(c.Values))
	case group.FieldLanguage:
		return isOrNot(c, "(split_part(lower(p.locale), '-', 1) in ? or lower(p.locale) in ?)", lowered(c.Values), lowered(c.Values))
	case group.FieldHired:
		return hiredWhere(c, now)
	case group.FieldCreated:
		return createdWhere(c, now)
	}
	column, ok := attributeColumns[c.Field]
	if !ok {
		return "false", nil
	}
	return textWhere(c, column)
}

// textWhere compares a text; bound is what the column's own marks stand for.
func textWhere(c group.Condition, column string, bound ...any) (string, []any) {
	values := lowered(c.Values)
	switch c.Op {
	case group.Is:
		return "lower(" + column + ") in ?", append(bound, values)
	case group.IsNot:
		return "lower(" + column + ") not in ?", append(bound, values)
	case group.StartsWith:
		return anyWith("starts_with(lower("+column+"), ?::text)", bound, values, false)
	case group.Contains:
		return anyWith("position(?::text in lower("+column+")) > 0", bound, values, true)
	case group.ContainsNot:
		sql, args := anyWith("position(?::text in lower("+column+")) > 0", bound, values, true)
		return "not " + sql, args
	case group.Empty:
		return column + " = ''", bound
	case group.Filled:
		return column + " <> ''", bound
	}
	return "false", nil
}

// unitsBelow is everyone who is in one of several units, or in what stands below it.
const unitsBelow = `(p.id in (with recursive below as (select id from org_units where id in ? union select u.id from org_units u join below b on u.parent_id = b.id)
	select s.person_id from person_spans s join below b on b.id = s.unit_id where s.valid_to is null and s.superseded_at is null))`

// customColumn is what a field of the portal's own says of p, else ”. Days are in the order of their texts.
const customColumn = `coalesce((select s.value from person_spans s join person_fields f on f.id = s.field_id where s.person_id = p.id and f.code = ? and s.valid_to is null and s.superseded_at is null limit 1), '')`

func customWhere(c group.Condition, code string, now time.Time) (string, []any) {
	switch c.Op {
	case group.Before:
		return `(` + customColumn + ` collate "C" between '0' and ? and ` + customColumn + ` <> ?)`, []any{code, c.Values[0], code, c.Values[0]}
	case group.After:
		return customColumn + ` collate "C" > ?`, []any{code, c.Values[0]}
	case group.Within:
		return customColumn + ` collate "C" between ? and ?`, []any{code, daysBefore(now, c.Values[0]).Format(time.DateOnly), now.UTC().Format(time.DateOnly)}
	}
	return textWhere(c, customColumn, code)
}

// isOrNot is a condition that Is asks as it stands and IsNot the other way round.
func isOrNot(c group.Condition, sql string, args ...any) (string, []any) {
	switch c.Op {
	case group.Is:
		return sql, args
	case group.IsNot:
		return "not " + sql, args
	}
	return "false", nil
}

func managerWhere(c group.Condition) (string, []any) {
	ids := idsOf(c.Values)
	switch c.Op {
	case group.Is:
		return "(p.manager_id is not null and p.manager_id in ?)", []any{ids}
	case group.IsNot:
		return "(p.manager_id is null or p.manager_id not in ?)", []any{ids}
	case group.Under:
		return chain, []any{ids}
	case group.Empty:
		return "p.manager_id is null", nil
	case group.Filled:
		return "p.manager_id is not null", nil
	}
	return "false", nil
}

func hiredWhere(c group.Condition, now time.Time) (string, []any) {
	switch c.Op {
	case group.Before:
		return `(` + hired + ` <> '' and ` + hired + ` collate "C" < ?)`, []any{c.Values[0]}
	case group.After:
		return hired + ` collate "C" > ?`, []any{c.Values[0]}
	case group.Within:
		return hired + ` collate "C" between ? and ?`, []any{daysBefore(now, c.Values[0]).Format(time.DateOnly), now.UTC().Format(time.DateOnly)}
	case group.Empty:
		return hired + " = ''", nil
	case group.Filled:
		return hired + " <> ''", nil
	}
	return "false", nil
}

func createdWhere(c group.Condition, now time.Time) (string, []any) {
	switch c.Op {
	case group.Within:
		return "p.created_at >= ?", []any{daysBefore(now, c.Values[0])}
	case group.Before, group.After:
		day, err := time.Parse(time.DateOnly, c.Values[0])
		if err != nil {
			return "false", nil
		}
		if c.Op == group.Before {
			return "p.created_at < ?", []any{day}
		}
		return "p.created_at >= ?", []any{day.AddDate(0, 0, 1)}
	}
	return "false", nil
}

// daysBefore is the beginning of the day (UTC) so many days ago.
func daysBefore(now time.Time, days string) time.Time {
	n, err := strconv.Atoi(days)
	if err != nil {
		n = 0
	}
	return now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -n)
}

// anyWith asks the same of each value, with what is bound beside it: after it, or before it.
func anyWith(sql string, bound []any, values []string, after bool) (string, []any) {
	parts, args := make([]string, len(values)), []any{}
	for i, v := range values {
		parts[i] = sql
		if after {
			args = append(append(args, v), bound...)
		} else {
			args = append(append(args, bound...), v)
		}
	}
	return "(" + strings.Join(parts, " or ") + ")", args
}

func lowered(values []string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = strings.ToLower(v)
	}
	return out
}

// idsOf reads ids; what is none names nobody.
func idsOf(values []string) []uid.ID {
	ids := []uid.ID{uid.Nil} // "in ()" is no SQL
	for _, v := range values {
		if id, ok := uid.Parse(v); ok {
			ids = append(ids, id)
		}
	}
	return ids
}
