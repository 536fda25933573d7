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
