package store

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"lyceum/auth"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/search"
)

// findEntries is one query. seen is the courses that who asks may find, mine those they are in; what may be found of them
// stands in each of the three looks: at titles, at one's own courses, at everything. Each look is bounded, so that a word
// that stands everywhere is answered as fast as another. A look asks "is it in" of a hashed list and never of a join, and
// kind is no condition for an index: what the planner guesses of words must not turn a look into a loop over all courses.
func findEntries(visible string) string {
	const lookColumns = `select e.kind, e.ref, e.draft, e.language, e.part, (e.course_id is not null and e.course_id in (select id from mine)) as inside,
		ts_rank('{0.05, 0.2, 0.4, 1}', e.words, $1::tsquery) + case when e.words @@ $3::tsquery then 1 else 0 end + case when e.words @@ $4::tsquery then 0.5 else 0 end as rank
		from search_entries e
		where e.kind || '' = any($5) and (e.course_id is null and $8
			or e.course_id in (select id from seen) and (not e.draft or $7) and (not e.inner_text or $7 or e.course_id in (select id from mine))) and e.words @@ $12::tsquery`
	return `with mine as materialized (
			select en.course_id as id from enrolments en join courses c on c.id = en.course_id
			where $6 and en.person_id = $2 and en.status <> 'withdrawn' and c.published_id is not null),
		seen as materialized (
			select c.id from courses c where $6 and ($7 or c.id in (select id from mine) or ` + visible + `)),
		hits as (
			(` + lookColumns + ` and e.words @@ $3::tsquery limit 300)
			union all (` + lookColumns + ` and e.course_id = any(array(select id from mine)) and e.words @@ $1::tsquery limit 200)
			union all (` + lookColumns + ` and e.words @@ $1::tsquery limit 300)),
		scored as (
			select h.kind, h.ref, h.draft, h.language, h.part, h.inside, h.rank
				* case h.kind when 'course' then 1.3 when 'person' then 1.1 when 'caption' then 0.7 else 1 end
				* case when h.inside then 1.5 else 1 end * case when h.draft then 0.7 else 1 end
				* case when split_part(lower(h.language), '-', 1) = $9 then 1.1 else 1 end as score
			from hits h),
		best as (
			select distinct on (kind, ref) kind, ref, draft, language, part, inside, score
			from scored order by kind, ref, score desc, draft, language, part)
		select e.kind, e.ref, e.draft, e.language, e.course_id, coalesce(c.slug, ''), coalesce(v.title, ''), b.inside, e.seconds, e.title, e.body
		from best b join search_entries e on (e.kind, e.ref, e.draft, e.language, e.part) = (b.kind, b.ref, b.draft, b.language, b.part)
		left join courses c on c.id = e.course_id left join course_versions v on v.id = coalesce(c.published_id, c.draft_id)
		where e.kind not in ('person', 'group') or e.kind = 'person' and exists (select 1 from people p where p.id = e.ref and p.status <> 'deactivated')
			or e.kind = 'group' and exists (select 1 from groups g where g.id = e.ref)
		order by b.score * case when e.at > $10 then 1.2 else 1 end desc, lower(e.title), e.ref limit $11`
}

// findVisible is findEntries with the predicate of every list of courses ($2 is who asks), for what is published.
var findVisible = sync.OnceValue(func() string {
	visible, _ := visibleCourses(catalog.Viewer{})
	return findEntries("c.status = 'published' and " + strings.ReplaceAll("("+visible+")", "?", "$2"))
})

// FindEntries gives the best entry of each thing found, the best first. It is to run in a transaction that only searches.
func (s *Store) FindEntries(ctx context.Context, w search.Wanted) (out []search.Found, err error) {
	kinds := make([]string, len(w.Kinds))
	for i, k := range w.Kinds {
		kinds[i] = string(k)
	}
	// What is asked changes with each letter, the plan does not: without this the query is planned anew each time, for as long
	// as it runs.
	if err := s.tx(ctx).Exec("set local plan_cache_mode = force_generic_plan").Error; err != nil {
		return nil, fail(err, "search")
	}
	err = s.single(ctx, func(rows pgx.Rows) error {
		out = nil
		for rows.Next() {
			var f search.Found
			if err := rows.Scan(&f.Kind, &f.Ref, &f.Draft, &f.Language, &f.CourseID, &f.CourseSlug, &f.CourseTitle, &f.Inside, &f.Seconds, &f.Title, &f.Body); err != nil {
				return err
			}
			out = append(out, f)
		}
		return rows.Err()
	}, findVisible(), w.All, w.Viewer.Person, w.Title, w.Exact, kinds, w.Viewer.Courses, w.Viewer.Courses && w.Viewer.Drafts, w.Viewer.People, w.Language, w.Fresh, w.Limit, w.Own)
	return out, fail(err, "search")
}

// stems asks the dictionaries of the languages in which the portal teaches; all of them come with PostgreSQL.
const stems = `select w.word, array_agg(distinct l.lexeme)
	from unnest($1::text[]) w (word), unnest($2::text[], $3::text[]) d (language, dictionary),
		lateral unnest(ts_lexize(d.dictionary::regdictionary, w.word)) l (lexeme)
	where d.language in (select distinct split_part(lower(v.language), '-', 1) from course_versions v union select distinct split_part(lower(t.language), '-', 1) from version_texts t)
	group by w.word`

// Stems gives the stems of words in the languages of the portal's courses.
func (s *Store) Stems(ctx context.Context, words []string) (map[string][]string, error) {
	out := map[string][]string{}
	languages, dictionaries := search.Dictionaries()
	err := s.single(ctx, func(rows pgx.Rows) error {
		for rows.Next() {
			var word string
			var lexemes []string
			if err := rows.Scan(&word, &lexemes); err != nil {
				return err
			}
			out[word] = lexemes
		}
		return rows.Err()
	}, stems, words, languages, dictionaries)
	return out, fail(err, "stems")
}

// WordsNear gives words that are kept with one of these keys.
func (s *Store) WordsNear(ctx context.Context, keys []string, n int) ([]string, error) {
	return s.words(ctx, "select word from search_words where near && $1 limit $2", keys, n)
}

// WordsWith gives words that hold one of these parts.
func (s *Store) WordsWith(ctx context.Context, parts []string, n int) ([]string, error) {
	patterns := make([]string, len(parts))
	for i, p := range parts {
		patterns[i] = "_%" + escapeLike(p) + "%"
	}
	return s.words(ctx, "select word from search_words where word like any($1) limit $2", patterns, n)
}

func (s *Store) words(ctx context.Context, sql string, list []string, n int) (out []string, err error) {
	err = s.single(ctx, func(rows pgx.Rows) (err error) {
		out, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	}, sql, list, n)
	return out, fail(err, "words")
}

// TextsOfVersion reads all that a version says, in all its languages.
func (s *Store) TextsOfVersion(ctx context.Context, version uid.ID) (out search.CourseTexts, err error) {
	if out.Version, err = s.VersionByID(ctx, version); err != nil {
		return out, err
	}
	if out.Lessons, err = s.LessonsOf(ctx, version); err != nil {
		return out, err
	}
	err = s.tx(ctx).Table("version_texts").Select("language, part, title, body, captions_file_id").Where("version_id = ?", version).Order("language, part").Find(&out.Others).Error
	return out, fail(err, "texts of version %s", version)
}

// FindablePeople gives the entries of people who are not deactivated.
func (s *Store) FindablePeople(ctx context.Context, ids []uid.ID) (out []search.Entry, err error) {
	var people []auth.Person
	err = s.tx(ctx).Table("people p").Select(personColumns).Where("p.id in ? and p.status <> 'deactivated'", ids).Find(&people).Error
	for _, p := range people {
		body := p.Email
		for _, name := range []string{"title", "department", "location"} {
			if p.Attributes[name] != "" {
				body += " · " + p.Attributes[name]
			}
		}
		title := p.Name
		if title == "" {
			title = p.Email
		}
		out = append(out, search.Entry{Kind: search.KindPerson, Ref: p.ID, Title: title, Body: body, At: p.CreatedAt})
	}
	return out, fail(err, "people to be found")
}

// FindableGroups gives the entries of groups.
func (s *Store) FindableGroups(ctx context.Context, ids []uid.ID) (out []search.Entry, err error) {
	var groups []auth.Group
	err = s.tx(ctx).Table("groups g").Select(groupColumns+", coalesce(g.description, '') as description").Where("g.id in ?", ids).Find(&groups).Error
	for _, g := range groups {
		out = append(out, search.Entry{Kind: search.KindGroup, Ref: g.ID, Title: g.Name, Body: g.Description, At: g.CreatedAt})
	}
	return out, fail(err, "groups to be found")
}

// StaleCourses gives courses that changed since they were indexed, by id.
func (s *Store) StaleCourses(ctx context.Context, after uid.ID, n int) (ids []uid.ID, err error) {
	err = s.tx(ctx).Raw(`select c.id from courses c where (c.published_id is not null or c.draft_id is not null) and c.id > ?
		and not exists (select 1 from search_entries e where e.course_id = c.id and e.kind = 'course' and e.indexed_at >= c.updated_at + interval '1 minute')
		order by c.id limit ?`, after, n).Scan(&ids).Error
	return ids, fail(err, "courses to be indexed")
}

// StalePeople gives people who changed since they were indexed, or are to be found no more, by id.
func (s *Store) StalePeople(ctx context.Context, after uid.ID, n int) (ids []uid.ID, err error) {
	err = s.tx(ctx).Raw(`select coalesce(p.id, e.ref) as id from people p full join (select ref, indexed_at from search_entries where kind = 'person') e on e.ref = p.id
		where coalesce(p.id, e.ref) > ? and (p.id is null or p.status = 'deactivated' and e.ref is not null
			or p.status <> 'deactivated' and (e.ref is null or e.indexed_at < p.updated_at + interval '1 minute'))
		order by 1 limit ?`, after, n).Scan(&ids).Error
	return ids, fail(err, "people to be indexed")
}

// StaleGroups gives groups that changed since they were indexed, or are gone, by id.
func (s *Store) StaleGroups(ctx context.Context, after uid.ID, n int) (ids []uid.ID, err error) {
	err = s.tx(ctx).Raw(`select coalesce(g.id, e.ref) as id from groups g full join (select ref, indexed_at from search_entries where kind = 'group') e on e.ref = g.id
		where coalesce(g.id, e.ref) > ? and (g.id is null or e.ref is null or e.indexed_at < g.updated_at + interval '1 minute')
		order by 1 limit ?`, after, n).Scan(&ids).Error
	return ids, fail(err, "groups to be indexed")
}

// ClearSearch forgets all entries and words.
func (s *Store) ClearSearch(ctx context.Context) error {
	if err := s.tx(ctx).Exec("delete from search_entries").Error; err != nil {
		return fail(err, "clear what can be found")
	}
	return fail(s.tx(ctx).Exec("delete from search_words").Error, "clear the words")
}

// PutCourseEntries replaces all entries of a course.
func (s *Store) PutCourseEntries(ctx context.Context, course uid.ID, entries []search.Entry, at time.Time) error {
	// One at a time: what two jobs have read must not be written twice.
	if err := s.tx(ctx).Exec("select 1 from courses where id = ? for no key update", course).Error; err != nil {
		return fail(err, "hold course %s", course)
	}
	if err := s.tx(ctx).Exec("delete from search_entries where course_id = ?", course).Error; err != nil {
		return fail(err, "clear entries of course %s", course)
	}
	return s.addEntries(ctx, entries, at)
}

// PutEntries replaces the entries of things of a kind.
func (s *Store) PutEntries(ctx context.Context, kind search.Kind, refs []uid.ID, entries []search.Entry, at time.Time) error {
	if err := s.tx(ctx).Exec("delete from search_entries where kind = ? and ref in ?", kind, refs).Error; err != nil {
		return fail(err, "clear entries")
	}
	return s.addEntries(ctx, entries, at)
}
