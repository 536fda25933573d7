package store_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"lyceum/auth/privacy"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

// notAside is what goes although it is about people, and why no copy of it is set aside under a hold.
var notAside = map[string]string{
	"tokens":                  "links that were mailed: keys, used up",
	"handshakes":              "steps of a sign-in that is under way: keys",
	"calendars":               "a key: the address of a feed",
	"uploads":                 "parts of a file that is under way",
	"submission_prints":       "made of what was handed in, which stays",
	"submission_matches":      "made of what was handed in, which stays",
	"submission_drafts":       "goes when it is handed in: the work says it",
	"reporting_lines":         "made of who reports to whom, whose spans stay",
	"requirement_run_changes": "goes only with a run that changed nothing",
	"requirement_runs":        "goes only where it changed nothing",
	"directory_requests":      "trimmed only while no hold is open; goes with its directory, and says nothing that people and their records do not",
	"directory_runs":          "trimmed only while no hold is open; goes with its directory, and says nothing that people and their records do not",
	"lesson_saves":            "drafts of a course: the portal's, not a person's",
	"hold_people":             "holds themselves: the log says who was under them",
	"held_rows":               "what was set aside, once nothing holds it",
	"erased_marks":            "marks of people who were erased",
	"files":                   "what somebody handed in stays while a hold covers them (heldFile)",
	"banks":                   "goes only where it is empty",
	"questions":               "goes only as a draft: the portal's, not a person's",
	"intakes":                 "rules of a group, not of a person",
	"certificate_designs":     "the portal's",
	"course_versions":         "goes only as a draft: the portal's",
	"reminder_policies":       "rules of the portal, not of a person",
	"erasures":                "goes by nobody's hand",
	"setup_links":             "keys",
}

var deletes = regexp.MustCompile(`(?i)delete from ([a-z_]+)|s\.remove(?:One)?\(ctx, (?:[^"]*, "[^"]*", )?"([a-z_]+)"`)

// Every statement of the store that deletes rows of people sets them aside, heeds holds itself, or has its reason above; rows that go by a cascade too.
func TestWhatIsDeletedOfPeopleIsHeldSomewhere(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	tn, _ := tenant.From(w.Tenant(t))
	rows, err := w.Admin.Query(t.Context(), `select confrelid::regclass::text, conrelid::regclass::text from pg_constraint where contype = 'f' and confdeltype = 'c' and connamespace = $1::regnamespace`, tn.SchemaName)
	if err != nil {
		t.Fatal(err)
	}
	children := map[string][]string{}
	var parent, child string
	if _, err = pgx.ForEachRow(rows, []any{&parent, &child}, func() error {
		parent, child := parent[strings.LastIndexByte(parent, '.')+1:], child[strings.LastIndexByte(child, '.')+1:]
		children[parent] = append(children[parent], child)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	var below func(table string) []string
	below = func(table string) (all []string) {
		for _, c := range children[table] {
			if c != table {
				all = append(append(all, c), below(c)...)
			}
		}
		return all
	}
	ofPeople := func(table string) bool {
		return slices.ContainsFunc(privacy.Register, func(e privacy.Entry) bool { return e.Table == table && e.Fate != privacy.Kept && e.Columns == nil })
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || name == "privacy.go" || name == "privacy_retention.go" { // erasures and sweeps, which holds stop as a whole
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range strings.Split(string(text), "\nfunc ") {
			for _, at := range deletes.FindAllStringSubmatchIndex(f, -1) {
				m := deletes.FindStringSubmatch(f[at[0]:at[1]])
				table, line := m[1]+m[2], f[at[0]:]
				if end := strings.Index(line, "\n\t}"); end > 0 {
					line = line[:end]
				}
				heeds := strings.Contains(line, "unlessHeld(") || strings.Contains(line, "unlessAnyHeld(")
				for _, gone := range append([]string{table}, below(table)...) {
					if !ofPeople(gone) || notAside[gone] != "" || heeds {
						continue
					}
					found++
					if !strings.Contains(f, `"`+gone+`"`) || !strings.Contains(f, "setAside(") && !strings.Contains(f, "s.remove") {
						if strings.Contains(f, "asideOfDirectory(") && slices.Contains([]string{"directory_people", "group_members", "requirement_spared"}, gone) {
							continue
						}
						t.Errorf("%s deletes from %s, and %s goes: set it aside (store/held.go), or say in notAside why not:\n%.120s", name, table, gone, f)
					}
				}
			}
		}
	}
	if found < 25 {
		t.Errorf("found %d statements: the test reads them no more", found)
	}
}
