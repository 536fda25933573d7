package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"lyceum/learning/search"
)

const addEntries = `insert into search_entries (kind, ref, draft, language, part, inner_text, course_id, seconds, title, body, words, at, indexed_at)
	select t.kind, t.ref, t.draft, t.language, t.part, t.inner_text, t.course_id, t.seconds, t.title, t.body,
		t.vector::tsvector || case when t.config = 'simple' then ''::tsvector else setweight(to_tsvector(t.config::regconfig, t.stem_title), 'A') || to_tsvector(t.config::regconfig, t.stem_body) end,
		t.at, $16::timestamptz
	from unnest($1::text[], $2::uuid[], $3::boolean[], $4::text[], $5::integer[], $6::boolean[], $7::uuid[], $8::integer[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::timestamptz[])
		as t (kind, ref, draft, language, part, inner_text, course_id, seconds, title, body, vector, config, stem_title, stem_body, at)
	on conflict (kind, ref, draft, language, part) do update set title = excluded.title, body = excluded.body, words = excluded.words, inner_text = excluded.inner_text,
		course_id = excluded.course_id, seconds = excluded.seconds, at = excluded.at, indexed_at = excluded.indexed_at`

// entriesAtOnce is how many entries one statement adds.
const entriesAtOnce = 200

// addEntries adds entries, or writes over those that another job added meanwhile.
func (s *Store) addEntries(ctx context.Context, entries []search.Entry, at time.Time) error {
	r := current(ctx)
	if r == nil || r.schema == "control" {
		return ErrNoTransaction
	}
	for some := range slices.Chunk(entries, entriesAtOnce) {
		n := len(some)
		kinds, refs, languages, titles, bodies := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
		vectors, configs, stemTitles, stemBodies := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
		drafts, inners, parts, seconds := make([]bool, n), make([]bool, n), make([]int32, n), make([]int32, n)
		courses, times := make([]*string, n), make([]time.Time, n)
		for i, e := range some {
			kinds[i], refs[i], languages[i], titles[i], bodies[i] = string(e.Kind), e.Ref.String(), e.Language, e.Title, e.Body
			vectors[i], configs[i] = e.Vector(), search.Language(e.Language)
			stemTitles[i], stemBodies[i] = search.Folded(e.Title), search.Folded(e.Body)
			drafts[i], inners[i], parts[i], seconds[i], times[i] = e.Draft, e.Inner, int32(e.Part), int32(e.Seconds), e.At
			if e.CourseID != nil {
				id := e.CourseID.String()
				courses[i] = &id
			}
		}
		_, err := r.pgx.Exec(ctx, s.tagOf(r.schema)+addEntries, kinds, refs, drafts, languages, parts, inners, courses, seconds, titles, bodies, vectors, configs, stemTitles, stemBodies, times, at)
		if err != nil {
			return fail(err, "add entries")
		}
	}
	return nil
}

// PutWords keeps words, each with its keys.
func (s *Store) PutWords(ctx context.Context, words []string) error {
	r := current(ctx)
	if r == nil || r.schema == "control" {
		return ErrNoTransaction
	}
	keys := make([]string, len(words))
	for i, w := range words {
		keys[i] = strings.Join(search.Near(w), " ")
	}
	_, err := r.pgx.Exec(ctx, s.tagOf(r.schema)+"insert into search_words (word, near) select w.word, string_to_array(w.keys, ' ') from unnest($1::text[], $2::text[]) as w (word, keys) on conflict (word) do nothing", words, keys)
	return fail(err, "keep words")
}
