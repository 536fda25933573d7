package store

import (
	"context"
	"strings"

	"gorm.io/gorm"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// cardRow is a card with the key its list is sorted by, and what is folded into it.
type cardRow struct {
	catalog.Card
	SortKey        string
	OtherLanguages string
	MineStatus     string
	MineStarted    bool
	MinePercent    int
}

const cardColumns = `c.id, c.slug, c.status, c.self_enrol, c.visibility, c.category_id, coalesce(c.template, false) as template, coalesce(c.review, '') as review,
	v.language, v.cover_file_id, v.estimated_minutes, c.updated_at,
	(select count(*) from lessons l where l.version_id = v.id) as lessons,
	coalesce((select string_agg(o.language, ' ' order by o.language) from version_texts o where o.version_id = v.id and o.part = v.id), '') as other_languages`

// textOf and dearest are the two halves of a join, as t, of a part's title and text in the dearest of the languages wished for
// (wish.list) that version v is offered in and that is dearer than its own (see catalog.Choose). The part's id stands between them.
const (
	textOf  = `left join lateral (select x.language, x.title, x.body from version_texts x where x.version_id = v.id and x.part = `
	dearest = ` and x.title <> ''
	and least(coalesce(array_position(wish.list, x.language), 1000), coalesce(array_position(wish.list, split_part(x.language, '-', 1)), 1000))
		< least(coalesce(array_position(wish.list, v.language), 1000), coalesce(array_position(wish.list, split_part(v.language, '-', 1)), 1000))
	order by least(coalesce(array_position(wish.list, x.language), 1000), coalesce(array_position(wish.list, split_part(x.language, '-', 1)), 1000)) limit 1) t on true`

	// shownText joins the title and summary of version v. It takes the wishes as an array.
	shownText = `cross join (select ?::text[] as list) wish ` + textOf + `v.id` + dearest
)

// shownTitle and shownSummary go with shownText.
const (
	shownTitle   = "coalesce(t.title, v.title)"
	shownSummary = "coalesce(nullif(t.body, ''), v.summary)"
)

// wished is languages as an array of PostgreSQL's, each followed by its base.
func wished(languages []string) string {
	var list []string
	for _, l := range languages {
		if strings.Trim(l, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" || l == "" {
			continue
		}
		list = append(list, l)
		if base, _, regional := strings.Cut(l, "-"); regional {
			list = append(list, base)
		}
	}
	return "{" + strings.Join(list, ",") + "}"
}

// CourseCards lists courses by title.
func (s *Store) CourseCards(ctx context.Context, f catalog.CardFilter) (out page.Of[catalog.Card], err error) {
	limit := f.Page.Bounded()
	q := s.cards(ctx, f).Order("sort_key, c.id").Limit(limit + 1)
	if q, err = afterName(q, "(lower("+shownTitle+"), c.id) > (?, ?)", f.Page.After); err != nil {
		return out, err
	}
	var rows []cardRow
	if err = q.Scan(&rows).Error; err != nil {
		return out, fail(err, "list courses")
	}
	return byName(rows, limit, func(r cardRow) (string, uid.ID) { return r.SortKey, r.ID }, cardRow.card), nil
}

func (r cardRow) card() catalog.Card {
	c := r.Card
	c.Languages = append([]string{c.Language}, strings.Fields(r.OtherLanguages)...)
	if r.MineStatus != "" {
		c.Mine = &catalog.CardPlace{Status: r.MineStatus, Started: r.MineStarted, Percent: r.MinePercent}
	}
	return c
}

// cards is the query of a list of courses without its order.
func (s *Store) cards(ctx context.Context, f catalog.CardFilter) *gorm.DB {
	q := s.tx(ctx).Table("courses c")
	columns := cardColumns + ", lower(" + shownTitle + ") as sort_key, " + shownTitle + " as title, " + shownSummary + " as summary, coalesce(t.language, v.language) as reading"
	if f.Authoring {
		q = q.Joins("join course_versions v on v.id = coalesce(c.draft_id, c.published_id)")
		columns += ", c.draft_id is not null as has_draft"
	} else {
		q = q.Joins("join course_versions v on v.id = c.published_id").
			Joins("left join enrolments me on me.course_id = c.id and me.person_id = ? and me.status <> 'withdrawn'", f.Viewer.Person)
		columns += ", coalesce(me.status, '') as mine_status, me.started_at is not null as mine_started, coalesce(me.percent, 0) as mine_percent"
		visible, args := visibleCourses(f.Viewer)
		q = q.Where(visible, args...)
	}
	q = q.Select(columns).Joins(shownText, wished(f.Wishes))
	if f.Status != "" {
		q = q.Where("c.status = ?", f.Status)
	}
	if f.Template {
		q = q.Where("c.template")
	}
	if f.Review != "" {
		q = q.Where("c.review = ?", f.Review)
	}
	if sql, args := said(f.Query); sql != "" {
		q = q.Where(sql, args...)
	}
	for _, narrow := range []narrowing{inCategory(f), withTag(f), withSkill(f), inLanguage(f)} {
		if narrow.sql != "" {
			q = q.Where(narrow.sql, narrow.args...)
		}
	}
	return q
}

// narrowing is a condition on course c and its version v; no sql narrows nothing.
type narrowing struct {
	sql  string
	args []any
}

// said is true of courses that have a text in title, summary, address or a translation of them.
func said(query string) (sql string, args []any) {
	if query == "" {
		return "", nil
	}
	like := "%" + likeText.Replace(query) + "%"
	return `(v.title ilike ? or v.summary ilike ? or c.slug ilike ?
		or exists (select 1 from version_texts s where s.version_id = v.id and s.part = v.id and (s.title ilike ? or s.body ilike ?)))`, []any{like, like, like, like, like}
}

func inCategory(f catalog.CardFilter) narrowing {
	if f.Category == nil {
		return narrowing{}
	}
	return narrowing{`c.category_id in (with recursive below as (select k.id from categories k where k.id = ?
		union all select k.id from categories k join below b on k.parent_id = b.id) select id from below)`, []any{*f.Category}}
}

func withTag(f catalog.CardFilter) narrowing {
	if f.Tag == "" {
		return narrowing{}
	}
	return narrowing{"exists (select 1 from course_tags g where g.course_id = c.id and g.tag = ?)", []any{f.Tag}}
}

func withSkill(f catalog.CardFilter) narrowing {
	if f.Skill == nil {
		return narrowing{}
	}
	return narrowing{"exists (select 1 from course_skills g where g.course_id = c.id and g.skill_id = ?)", []any{*f.Skill}}
}

func inLanguage(f catalog.CardFilter) narrowing {
	if f.Language == "" {
		return narrowing{}
	}
	return narrowing{"(v.language = ? or exists (select 1 from version_texts g where g.version_id = v.id and g.part = v.id and g.language = ?))", []any{f.Language, f.Language}}
}

// facetMax bounds the values of each facet but the categories.
const facetMax = 40

// Facets counts what the courses that someone may find have in common, each facet under all filters but its own: one
// query.
func (s *Store) Facets(ctx context.Context, f catalog.CardFilter) (out catalog.Facets, err error) {
	visible, args := visibleCourses(f.Viewer)
	where := "c.status = 'published' and " + visible
	if sql, more := said(f.Query); sql != "" {
		where += " and " + sql
		args = append(args, more...)
	}
	var columns strings.Builder
	var marks []any
	for _, n := range []struct {
		name string
		by   narrowing
	}{{"in_category", inCategory(f)}, {"with_tag", withTag(f)}, {"with_skill", withSkill(f)}, {"in_language", inLanguage(f)}} {
		if n.by.sql == "" {
			n.by.sql = "true"
		}
		columns.WriteString(", " + n.by.sql + " as " + n.name)
		marks = append(marks, n.by.args...)
	}
	sql := `with found as materialized (select c.id, c.category_id, v.id as version_id, v.language` + columns.String() + `
		from courses c join course_versions v on v.id = c.published_id where ` + where + `)
	select 'category' as kind, category_id::text as value, '' as name, count(*) as courses from found
		where with_tag and with_skill and in_language and category_id is not null group by category_id
	union all (select 'tag', g.tag, g.tag, count(*) from found join course_tags g on g.course_id = found.id
		where in_category and with_skill and in_language group by g.tag order by 4 desc, 2 limit ?)
	union all (select 'skill', k.id::text, k.name, count(*) from found join course_skills g on g.course_id = found.id join skills k on k.id = g.skill_id
		where in_category and with_tag and in_language group by k.id, k.name order by 4 desc, 3 limit ?)
	union all (select 'language', l.language, '', count(*) from (select id, language from found where in_category and with_tag and with_skill
			union all select found.id, x.language from found join version_texts x on x.version_id = found.version_id and x.part = found.version_id
			where in_category and with_tag and with_skill) l group by l.language order by 4 desc, 2 limit ?)
	union all select 'all', '', '', count(*) from found where in_category and with_tag and with_skill and in_language`
	var rows []struct {
		Kind, Value, Name string
		Courses           int
	}
	err = s.tx(ctx).Raw(sql, append(append(marks, args...), facetMax, facetMax, facetMax)...).Scan(&rows).Error
	for _, r := range rows {
		facet := catalog.Facet{Value: r.Value, Name: r.Name, Courses: r.Courses}
		switch r.Kind {
		case "category":
			out.Categories = append(out.Categories, facet)
		case "tag":
			out.Tags = append(out.Tags, facet)
		case "skill":
			out.Skills = append(out.Skills, facet)
		case "language":
			out.Languages = append(out.Languages, facet)
		default:
			out.All = r.Courses
		}
	}
	return out, fail(err, "count courses by what they have in common")
}

// likeText makes a text mean itself in LIKE.
var likeText = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
