package migrations_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"lyceum/migrations"
)

func TestAFileIsCutAtSemicolonsThatEndALine(t *testing.T) {
	t.Parallel()
	got := migrations.Split("-- a comment; with one\ncreate table a (\n    id int, -- kept; it is inside a line\n    x text default ';'\n);\n\ncreate index b on a (id);\ncreate function f() returns void language plpgsql as $$\nbegin\n    perform 1;\nend\n$$;\nselect 1")
	want := []string{"create table a (\n    id int, -- kept; it is inside a line\n    x text default ';'\n)", "create index b on a (id)", "create function f() returns void language plpgsql as $$\nbegin\n    perform 1;\nend\n$$", "select 1"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// TestTenantMigrationsKeepTheRulesForPlainPostgreSQLAndCitus reads every tenant migration for what DESIGN forbids.
func TestTenantMigrationsKeepTheRulesForPlainPostgreSQLAndCitus(t *testing.T) {
	t.Parallel()
	script, err := migrations.Tenant()
	if err != nil {
		t.Fatal(err)
	}
	forbidden := map[string]*regexp.Regexp{
		"an enum, domain or composite type":  regexp.MustCompile(`(?i)\bcreate\s+(type|domain)\b`),
		"a trigger or function":              regexp.MustCompile(`(?i)\bcreate\s+(or\s+replace\s+)?(trigger|function|procedure)\b`),
		"an identity or serial column":       regexp.MustCompile(`(?i)\b(generated\s+(always|by default)\s+as\s+identity|(big|small)?serial)\b`),
		"a reference into another schema":    regexp.MustCompile(`(?i)\breferences\s+\w+\.`),
		"a table or index with a schema":     regexp.MustCompile(`(?i)\b(create|alter|drop)\s+(table|index)\s+(if\s+(not\s+)?exists\s+)?\w+\.`),
		"a check added with its column":      regexp.MustCompile(`(?i)\badd\s+column\b[^;]*\bcheck\b`),
		"a default added with its column":    regexp.MustCompile(`(?i)\badd\s+column\b[^;]*\bdefault\b`),
		"inheritance":                        regexp.MustCompile(`(?i)\binherits\b`),
		"an extension":                       regexp.MustCompile(`(?i)\bcreate\s+extension\b`),
		"a constraint without a name":        regexp.MustCompile(`(?im)^\s*(primary key|unique|check|foreign key)\b|\w+\s+(uuid|text|integer|bigint|boolean|timestamptz|jsonb|bytea)[^,]*\b(primary key|references)\b`),
		"a statement that is not one line's": regexp.MustCompile(`;\s*\S`),
	}
	for _, m := range script {
		for _, sql := range m.Statements {
			for what, re := range forbidden {
				if found := re.FindString(sql); found != "" {
					t.Errorf("%04d_%s has %s: %q", m.Number, m.Name, what, strings.TrimSpace(found))
				}
			}
		}
	}
}

// shrinks is what the code of the release before cannot live with: a rolling release has it on the new shape for a while, and a rollout that is
// stopped for days. Such a step waits until no code that is run knows what goes (expand, backfill, contract).
var shrinks = map[string]*regexp.Regexp{
	"a table, view or column dropped":  regexp.MustCompile(`(?i)\bdrop\s+(table|view|column)\b|\balter\s+table\b[^;]*\bdrop\s+(column\s+)?(if\s+exists\s+)?[a-z_]+\b`),
	"something renamed":                regexp.MustCompile(`(?i)\brename\b`),
	"a column that must be filled":     regexp.MustCompile(`(?i)\bset\s+not\s+null\b|\badd\s+column\b[^;,]*\bnot\s+null\b`),
	"a column that changes what it is": regexp.MustCompile(`(?i)\balter\s+(column\s+)?[a-z_]+\s+(set\s+data\s+)?type\b`),
	"a table emptied":                  regexp.MustCompile(`(?i)\btruncate\b`),
}

// shrank are steps of the past that did so all the same, by their number, with why nothing broke.
var shrank = map[int]string{
	29: "enrolments became a view of the same name over the table that was renamed",
}

// harmless is dropped all the same: what is let in afterwards was not before.
var harmless = regexp.MustCompile(`(?i)\bdrop\s+(constraint|default|not\s+null)\b`)

func shrinking(sql string) (what []string) {
	sql = harmless.ReplaceAllString(sql, "loosen")
	for name, re := range shrinks {
		if found := re.FindString(sql); found != "" {
			what = append(what, name+": "+strings.TrimSpace(found))
		}
	}
	return what
}

func TestNoTenantMigrationTakesAwayWhatTheReleaseBeforeReads(t *testing.T) {
	t.Parallel()
	script, err := migrations.Tenant()
	if err != nil {
		t.Fatal(err)
	}
	used := map[int]bool{}
	for _, m := range script {
		for _, sql := range m.Statements {
			for _, what := range shrinking(sql) {
				if _, past := shrank[m.Number]; past {
					used[m.Number] = true
					continue
				}
				t.Errorf("%04d_%s has %s", m.Number, m.Name, what)
			}
		}
	}
	for n := range shrank {
		if !used[n] {
			t.Errorf("%04d takes nothing away: its exception can go", n)
		}
	}
	for sql, bad := range map[string]bool{
		"drop table a": true, "drop view if exists a": true, "alter table a drop column b": true, "alter table a\n    drop b": true, "alter table a rename to b": true, "alter table a rename column b to c": true,
		"alter table a alter column b set not null": true, "alter table a alter b type bigint": true, "alter table a alter column b set data type text": true, "alter table a add column b text not null": true,
		"truncate a": true, "alter table a drop constraint b": false, "alter table a drop constraint b, drop column c": true, "alter table a alter column b drop not null": false, "alter table a add column b text": false, "drop index a": false,
		"create table a (type text not null, renamed boolean not null)": false,
	} {
		if got := shrinking(sql); len(got) > 0 != bad {
			t.Errorf("%q: %v", sql, got)
		}
	}
}
