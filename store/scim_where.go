package store

import (
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm/clause"

	"lyceum/auth/scim"
	"lyceum/internal/uid"
)

// What a SCIM filter asks of the database. Every statement below is a constant of this file; what a client wrote is bound
// to it and never becomes part of it. Each answers true or false, never null, so that it may be negated.

// texts are the questions about a column that keeps texts.
type texts map[scim.Op]string

const (
	userName    = "d.user_name"
	external    = "d.external_id"
	displayName = "lower(d.resource ->> 'displayName')"
	givenName   = "lower(d.resource -> 'name' ->> 'givenName')"
	familyName  = "lower(d.resource -> 'name' ->> 'familyName')"
	formatted   = "lower(d.resource -> 'name' ->> 'formatted')"
	groupName   = "lower(g.name)"
	groupExt    = "g.external_id"
)

var userTexts = map[scim.Field]texts{
	scim.FieldUserName: {
		scim.Equal: userName + " = ?", scim.NotEqual: userName + " <> ?",
		scim.Contains: "position(?::text in " + userName + ") > 0", scim.StartsWith: "starts_with(" + userName + ", ?)",
		scim.EndsWith: "right(" + userName + ", length(?::text)) = ?",
		scim.Greater:  userName + ` collate "C" > ?`, scim.GreaterOrEqual: userName + ` collate "C" >= ?`,
		scim.Less: userName + ` collate "C" < ?`, scim.LessOrEqual: userName + ` collate "C" <= ?`,
	},
	scim.FieldExternalID: {
		scim.Equal: "(" + external + " is not null and " + external + " = ?)", scim.Contains: "coalesce(position(?::text in " + external + ") > 0, false)",
		scim.StartsWith: "coalesce(starts_with(" + external + ", ?), false)", scim.EndsWith: "coalesce(right(" + external + ", length(?::text)) = ?, false)",
	},
	scim.FieldDisplayName: {
		scim.Equal: "coalesce(" + displayName + " = ?, false)", scim.Contains: "coalesce(position(?::text in " + displayName + ") > 0, false)",
		scim.StartsWith: "coalesce(starts_with(" + displayName + ", ?), false)", scim.EndsWith: "coalesce(right(" + displayName + ", length(?::text)) = ?, false)",
	},
	scim.FieldGivenName: {
		scim.Equal: "coalesce(" + givenName + " = ?, false)", scim.Contains: "coalesce(position(?::text in " + givenName + ") > 0, false)",
		scim.StartsWith: "coalesce(starts_with(" + givenName + ", ?), false)", scim.EndsWith: "coalesce(right(" + givenName + ", length(?::text)) = ?, false)",
	},
	scim.FieldFamilyName: {
		scim.Equal: "coalesce(" + familyName + " = ?, false)", scim.Contains: "coalesce(position(?::text in " + familyName + ") > 0, false)",
		scim.StartsWith: "coalesce(starts_with(" + familyName + ", ?), false)", scim.EndsWith: "coalesce(right(" + familyName + ", length(?::text)) = ?, false)",
	},
	scim.FieldFormatted: {
		scim.Equal: "coalesce(" + formatted + " = ?, false)", scim.Contains: "coalesce(position(?::text in " + formatted + ") > 0, false)",
		scim.StartsWith: "coalesce(starts_with(" + formatted + ", ?), false)", scim.EndsWith: "coalesce(right(" + formatted + ", length(?::text)) = ?, false)",
	},
	scim.FieldEmail: {
		scim.Equal:      "(d.emails is not null and d.emails @> array[?::text])",
		scim.Contains:   "exists (select 1 from unnest(d.emails) e where position(?::text in e) > 0)",
		scim.StartsWith: "exists (select 1 from unnest(d.emails) e where starts_with(e, ?))",
		scim.EndsWith:   "exists (select 1 from unnest(d.emails) e where right(e, length(?::text)) = ?)",
	},
}

var groupTexts = map[scim.Field]texts{
	scim.FieldDisplayName: {
		scim.Equal: groupName + " = ?", scim.Contains: "position(?::text in " + groupName + ") > 0",
		scim.StartsWith: "starts_with(" + groupName + ", ?)", scim.EndsWith: "right(" + groupName + ", length(?::text)) = ?",
	},
	scim.FieldExternalID: {
		scim.Equal: "(" + groupExt + " is not null and " + groupExt + " = ?)", scim.Contains: "coalesce(position(?::text in " + groupExt + ") > 0, false)",
		scim.StartsWith: "coalesce(starts_with(" + groupExt + ", ?), false)", scim.EndsWith: "coalesce(right(" + groupExt + ", length(?::text)) = ?, false)",
	},
}

// ids are the questions about ids.
var (
	userIDs = map[scim.Field]string{
		scim.FieldID: "d.person_id = ?",
		scim.FieldGroup: "exists (select 1 from group_members m join groups g on g.id = m.group_id " +
			"where m.person_id = d.person_id and g.directory_id = d.directory_id and m.group_id = ?)",
	}
	groupIDs = map[scim.Field]string{
		scim.FieldID:     "g.id = ?",
		scim.FieldMember: "exists (select 1 from group_members m where m.group_id = g.id and m.person_id = ?)",
	}
)

// moments are the questions about times.
var (
	userMoments  = map[scim.Field]texts{scim.FieldCreated: moments("d.created_at"), scim.FieldLastModified: moments("d.updated_at")}
	groupMoments = map[scim.Field]texts{scim.FieldCreated: moments("g.created_at"), scim.FieldLastModified: moments("g.updated_at")}
)

// moments writes the comparisons of a column of ours.
func moments(column string) texts {
	return texts{
		scim.Equal: column + " = ?", scim.NotEqual: column + " <> ?", scim.Greater: column + " > ?", scim.GreaterOrEqual: column + " >= ?",
		scim.Less: column + " < ?", scim.LessOrEqual: column + " <= ?",
	}
}

// questions are what can be asked of a kind of resource.
type questions struct {
	texts, moments map[scim.Field]texts
	ids            map[scim.Field]string
}

var (
	askUsers  = questions{userTexts, userMoments, userIDs}
	askGroups = questions{groupTexts, groupMoments, groupIDs}
)

// Answers to what needs no question.
const (
	always = "true"
	never  = "false"
)

// exactly are fields whose case counts.
func exactly(f scim.Field) bool { return f == scim.FieldExternalID }

// where writes a condition.
func (q questions) where(c scim.Condition) clause.Expression {
	switch c := c.(type) {
	case scim.All:
		return q.joined(" and ", c)
	case scim.Any:
		return q.joined(" or ", c)
	case scim.None:
		return negated{q.where(c.Of)}
	case scim.Test:
		return q.test(c)
	}
	return clause.Expr{SQL: always}
}

func (q questions) joined(word string, parts []scim.Condition) clause.Expression {
	out := joined{word: word}
	for _, part := range parts {
		out.parts = append(out.parts, q.where(part))
	}
	return out
}

func (q questions) test(t scim.Test) clause.Expression {
	if statement, ok := q.ids[t.Field]; ok {
		text, _ := t.Value.(string)
		id, ok := uid.Parse(text)
		if !ok {
			return clause.Expr{SQL: never} // no id of ours
		}
		return clause.Expr{SQL: statement, Vars: []any{id}}
	}
	if at, ok := t.Value.(time.Time); ok {
		return ask(q.moments[t.Field][t.Op], at)
	}
	if active, ok := t.Value.(bool); ok {
		return ask("d.active = ?", active == (t.Op == scim.Equal))
	}
	text, _ := t.Value.(string)
	if !exactly(t.Field) {
		text = strings.ToLower(text)
	}
	if strings.ContainsRune(text, 0) || !utf8.ValidString(text) {
		return clause.Expr{SQL: never}
	}
	return ask(q.texts[t.Field][t.Op], text)
}

// ask binds a value to a question as often as it stands there. A question that nobody wrote is answered with yes: what
// comes back is then held against the filter.
func ask(statement string, value any) clause.Expression {
	if statement == "" {
		return clause.Expr{SQL: always}
	}
	vars := make([]any, strings.Count(statement, "?"))
	for i := range vars {
		vars[i] = value
	}
	return clause.Expr{SQL: statement, Vars: vars}
}

// joined is conditions in brackets. GORM's own And and Or leave brackets out where they seem needless.
type joined struct {
	word  string
	parts []clause.Expression
}

// Build writes them.
func (j joined) Build(b clause.Builder) {
	put(b, "(")
	for i, part := range j.parts {
		if i > 0 {
			put(b, j.word)
		}
		part.Build(b)
	}
	put(b, ")")
}

// negated is a condition's opposite.
type negated struct{ of clause.Expression }

// Build writes it.
func (n negated) Build(b clause.Builder) {
	put(b, "not (")
	n.of.Build(b)
	put(b, ")")
}

func put(b clause.Builder, text string) {
	_, _ = b.WriteString(text) // a strings.Builder: it never fails
}
