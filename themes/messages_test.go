package themes_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lyceum/internal/fault"
	"lyceum/themes"
)

// message is a text, or the forms of a plural.
type message struct{ One, Other string }

func (m *message) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &m.Other) == nil {
		return nil
	}
	type forms message
	return json.Unmarshal(data, (*forms)(m))
}

func messages(t *testing.T, locale string) map[string]message {
	t.Helper()
	out := map[string]message{}
	for _, data := range areas(t, locale) {
		if err := json.Unmarshal(data, &out); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// areas gives the contents of messages/<stem>.json and messages/<stem>.<area>.json.
func areas(t *testing.T, stem string) (files [][]byte) {
	t.Helper()
	for _, pattern := range []string{"messages/" + stem + ".json", "messages/" + stem + ".*.json"} {
		names, err := fs.Glob(themes.Files, pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			data, err := themes.Files.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, data)
		}
	}
	return files
}

var (
	usedInTemplate = regexp.MustCompile(`\.(T|N) \(?"([a-z0-9_.]+)"|(?:label|hint)=([a-z0-9_.]+)|\.Button [^ ]+ "([a-z0-9_.]+)"`)
	fieldByName    = regexp.MustCompile(`\.Field [^ ]+ "([a-z_]+)" (?:""|[^"]*)? ?"([^"]*)"`)
	usedInGo       = regexp.MustCompile(`[ct]\.(T|N)\("([a-z0-9_.]+)"|"((?:nav|ago|time|problem)\.[a-z0-9_]+)"`)
	// families are keys made of a group and a code at run time.
	families = []string{
		"act.",
		"act_kind.",
		"actor.",
		"address_problem.",
		"address_state.",
		"ask.",
		"banner_kind.",
		"banner_kind_hint.",
		"banner_readers.",
		"billing.price_flat_",
		"billing_mail.",
		"billing_meter.",
		"broadcast_state.",
		"bulk_field.",
		"bulk_outcome.",
		"bulk_status.",
		"certificate_state.",
		"change.",
		"change_field.",
		"check.",
		"check_help.",
		"circle.",
		"collect.",
		"connection_status.",
		"copy_kept.",
		"copy_purpose.",
		"copy_source.",
		"copy_status.",
		"connection_status_hint.",
		"course_status.",
		"design_background.",
		"design_fact.",
		"design_orientation.",
		"design_paper.",
		"design_variable.",
		"desk_cell.",
		"desk_who.",
		"desk_whose.",
		"directory_mode.",
		"directory_mode_hint.",
		"directory_status.",
		"directory_status_hint.",
		"directory_steps.",
		"directory_url.",
		"domain_state.",
		"due_by.",
		"erasure_mail.",
		"duty.lead_role_",
		"duty_cause.",
		"duty_change.",
		"duty_plan.",
		"duty_state.",
		"duty_status.",
		"edit.rule_",
		"edit.url_",
		"effect.",
		"effect_dry.",
		"emergency_state.",
		"enrolment_status.",
		"erase_step.",
		"event.",
		"event_kind.",
		"erasure_status.",
		"evidence_status.",
		"expiry.",
		"export_format.",
		"export_label.",
		"export_problem.",
		"export_status.",
		"schedule.when_",
		"schedule_every.",
		"schedule_run.",
		"schedule_sent.",
		"schedule_why.",
		"fact.",
		"factor_kind.",
		"field.file_",
		"field.url_",
		"file_kind.",
		"file_note.",
		"first_hint.",
		"first_step.",
		"flash.",
		"grade_kind.",
		"grade_missing.",
		"grade_round.",
		"grade_source.",
		"group_hint.",
		"group_kind.",
		"group_use.",
		"guide_field.",
		"guide_needs.",
		"guide_text.",
		"guide_title.",
		"health.",
		"health_kind.",
		"health_reason.",
		"health_sort.",
		"hr_field.",
		"hr_held.",
		"hr_held_long.",
		"hr_kind.",
		"hr_outcome.",
		"hr_state.",
		"hr_status.",
		"home.good_",
		"invoice.",
		"key_state.",
		"key_title.",
		"kind.",
		"ldap_make.",
		"ldap_status_hint.",
		"lesson_field.",
		"life.",
		"life_why.",
		"linked_by.",
		"mail.expiry_",
		"mail.leaving_",
		"mail.notice_",
		"maintenance.coming_",
		"maintenance.now_",
		"maintenance_mode.",
		"maintenance_mode_hint.",
		"manager_kind.",
		"mapped.",
		"mark_kind.",
		"mark_scheme.",
		"mark_stage.",
		"marking_status.",
		"message_source.",
		"message_state.",
		"missing.",
		"nav.",
		"need_kind.",
		"next.",
		"next_hint.",
		"notice.",
		"notice_hint.",
		"notice_kind.",
		"operator.place_",
		"operator_role.",
		"operator_role_hint.",
		"operator_scope.",
		"operator_scope_hint.",
		"outcome.",
		"outlook.",
		"outlook_worst.",
		"package_format.",
		"path_reason.",
		"path_status.",
		"payments_provider.",
		"permission.",
		"person_field.",
		"person_field_kind.",
		"person_status.",
		"pick.",
		"piece.",
		"place_kind.",
		"place_status.",
		"plan_days.",
		"plan_interval.",
		"plan_limit.",
		"plan_refused.",
		"plan_scheme.",
		"plan_status.",
		"plan_version.",
		"privacy_class.",
		"privacy_fate.",
		"privacy_step.",
		"privacy_topic.",
		"privacy_why.",
		"problem.",
		"product.",
		"prospect.",
		"protocol.",
		"protocol_hint.",
		"question_comes.",
		"question_goes.",
		"question_kind.",
		"question_row.",
		"question_rows.",
		"question_rows_hint.",
		"question_status.",
		"reminder.when_",
		"reminder_mail.",
		"reminder_scope.",
		"report_about.",
		"report_chart.",
		"report_column.",
		"report_ready.",
		"report_source.",
		"report_step.",
		"report_subject.",
		"review_state.",
		"revoke_class.",
		"role.",
		"role_hint.",
		"rollout_state.",
		"rollout_why.",
		"rule.",
		"rule_field.",
		"rule_op.",
		"run_change.",
		"run_count.",
		"run_note.",
		"retention_clock.",
		"run_outcome.",
		"run_part.",
		"search_kind.",
		"search_one.",
		"secret.",
		"setup_kind.",
		"setup_state.",
		"span_kind.",
		"sso_field.",
		"stage.",
		"stage_hint.",
		"status.",
		"status_about.",
		"status_part.",
		"status_verdict.",
		"step.",
		"step_state.",
		"subscription.",
		"subscription_next.",
		"subscription_why.",
		"support_state.",
		"support_why.",
		"takeout_status.",
		"team_scope.",
		"team_scope_lead.",
		"team_show.",
		"team_thing.",
		"tenant.",
		"test_counts.",
		"test_flag.",
		"test_flag_hint.",
		"test_state.",
		"test_status.",
		"test_verdict.",
		"test_when.",
		"theme.",
		"theme_hint.",
		"tick.",
		"unit_kinds.",
		"unit_lead.",
		"upload.hint_",
		"usage_kind.",
		"usage_rule.",
		"verify_class.",
		"verify_state.",
		"visibility.",
		"visibility_hint.",
		"weekday.",
		"weekday_short.",
		"why.",
	}
)

// used lists the keys that templates and code name.
func used(t *testing.T) map[string]bool {
	t.Helper()
	keys := map[string]bool{}
	err := fs.WalkDir(themes.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !slices.Contains([]string{".html", ".txt"}, filepath.Ext(name)) {
			return err
		}
		data, err := themes.Files.ReadFile(name)
		for _, m := range usedInTemplate.FindAllStringSubmatch(string(data), -1) {
			keys[m[2]+m[3]+m[4]] = true
		}
		for _, m := range fieldByName.FindAllStringSubmatch(string(data), -1) {
			if !strings.Contains(m[2], "label=") {
				keys["field."+m[1]] = true
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sources {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range usedInGo.FindAllStringSubmatch(string(data), -1) {
			if !strings.HasSuffix(name, "_test.go") {
				keys[m[2]+m[3]] = true
			}
		}
	}
	return keys
}

func inFamily(key string) bool {
	return slices.ContainsFunc(families, func(f string) bool { return strings.HasPrefix(key, f) })
}

func TestEveryMessageThatIsUsedExists(t *testing.T) {
	t.Parallel()
	en, keys := messages(t, "en"), used(t)
	if len(keys) < 400 {
		t.Fatalf("only %d keys found: the search is broken", len(keys))
	}
	for key := range keys {
		if _, ok := en[key]; !ok && !slices.Contains(families, key) {
			t.Errorf("%s is used and missing", key)
		}
	}
}

func TestEveryMessageIsUsed(t *testing.T) {
	t.Parallel()
	keys := used(t)
	keys["field.language"] = true // from Languages
	for key := range messages(t, "en") {
		if !keys[key] && !inFamily(key) {
			t.Errorf("%s is used nowhere", key)
		}
	}
}

var hole = regexp.MustCompile(`{{\.[A-Za-z]+}}`)

func holes(s string) []string {
	found := hole.FindAllString(s, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

func TestEveryLanguageSaysTheSame(t *testing.T) {
	t.Parallel()
	en := messages(t, "en")
	for _, locale := range themes.Locales()[1:] {
		other := messages(t, locale)
		for key, m := range en {
			o, ok := other[key]
			switch {
			case !ok || o.Other == "":
				t.Errorf("%s lacks %s", locale, key)
			case (m.One == "") != (o.One == ""):
				t.Errorf("%s: %s has other plural forms", locale, key)
			case !slices.Equal(holes(m.Other), holes(o.Other)):
				t.Errorf("%s: %s fills %v, English %v", locale, key, holes(o.Other), holes(m.Other))
			}
		}
		for key := range other {
			if _, ok := en[key]; !ok {
				t.Errorf("%s has %s, which English lacks", locale, key)
			}
		}
	}
}

func TestEveryFlashHasItsMessage(t *testing.T) {
	t.Parallel()
	var source []byte
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sources {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(name, "_test.go") {
			source = append(source, data...)
		}
	}
	en := messages(t, "en")
	found := regexp.MustCompile(`FlashKey = "([a-z_]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(found) < 20 {
		t.Fatalf("only %d flash keys found", len(found))
	}
	for _, m := range found {
		if en["flash."+m[1]].Other == "" {
			t.Errorf("flash.%s is missing", m[1])
		}
	}
	for key := range en {
		code, ok := strings.CutPrefix(key, "flash.")
		if ok && !strings.Contains(string(source), `"`+code+`"`) {
			t.Errorf("%s belongs to no flash", key)
		}
	}
}

func TestAMissingMessageFailsThePageInDevelopmentAndShowsItsKeyOtherwise(t *testing.T) {
	t.Parallel()
	if _, err := newSet(t).Talk("en").T("no.such_key"); err == nil {
		t.Error("a missing message went unnoticed in development")
	}
	s, err := themes.New(themes.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Talk("en").T("no.such_key"); err != nil || got != "no.such_key" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestPluralsFollowTheLanguage(t *testing.T) {
	t.Parallel()
	s := newSet(t)
	for _, c := range []struct {
		locale string
		n      int
		want   string
	}{
		{"en", 1, "1 lesson"}, {"en", 0, "0 lessons"}, {"en", 1200, "1,200 lessons"},
		{"de", 1, "1 Lektion"}, {"de", 2, "2 Lektionen"}, {"de", 1200, "1.200 Lektionen"},
	} {
		if got, err := s.Talk(c.locale).N("course.lessons", c.n); err != nil || got != c.want {
			t.Errorf("%s, %d: %q, %v; want %q", c.locale, c.n, got, err, c.want)
		}
	}
}

func TestALanguageIsPickedByThePersonThenByTheBrowser(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ person, header, want string }{
		{"de", "en", "de"}, {"", "de-CH,de;q=0.9,en;q=0.5", "de"}, {"", "fr,de;q=0.4", "de"}, {"", "fr", "en"}, {"", "", "en"},
		{"fr", "de", "de"}, {"de-AT", "en", "de"}, {"", "garbage;;;", "en"}, {"", "en-US,en;q=0.9,de;q=0.8", "en"},
	} {
		if got := themes.PickLocale(c.person, c.header); got != c.want {
			t.Errorf("PickLocale(%q, %q) = %s, want %s", c.person, c.header, got, c.want)
		}
	}
}

func TestFaultsSpeakTheReadersLanguage(t *testing.T) {
	t.Parallel()
	s := newSet(t)
	f := fault.New(fault.KindNotFound, "course_not_found", "There is no such course here.")
	field := fault.Invalid(map[string]string{"title": "Use at most 120 characters.", "x": "Nobody has translated this."})
	de, en := s.Talk("de"), s.Talk("en")
	for got, want := range map[string]string{
		en.FaultText(f):                    "There is no such course here.",
		de.FaultText(f):                    "Diesen Kurs gibt es hier nicht.",
		en.FaultText(nil):                  "",
		de.FieldText(field, "title"):       "Nehmen Sie höchstens 120 Zeichen.",
		en.FieldText(field, "title"):       "Use at most 120 characters.",
		de.FieldText(field, "x"):           "Nobody has translated this.",
		de.Sentence("Write the question."): "Schreiben Sie die Frage.",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := de.FaultText(f.Saying("Too many attempts. Wait 3 minutes.")); got != "Zu viele Versuche. Warten Sie 3 Minuten." {
		t.Errorf("a fault that says more: %q", got)
	}
	if got := de.FaultText(fault.New(fault.KindInvalid, "brand_new", "Only English knows this.")); got != "Only English knows this." {
		t.Errorf("an unknown fault: %q", got)
	}
}

var declared = regexp.MustCompile(`fault\.New\(\s*fault\.Kind\w+,\s*"(\w+)"`)

// Every failure that a person may meet in the browser has a German sentence. The embedded database's are the
// terminal's.
func TestEveryFaultHasAGermanSentence(t *testing.T) {
	t.Parallel()
	var german struct {
		Faults map[string]string `json:"faults"`
	}
	for _, data := range areas(t, "sentences.de") {
		if err := json.Unmarshal(data, &german); err != nil { // into the same map: the files add up
			t.Fatal(err)
		}
	}
	found := 0
	for _, root := range []string{"tenant", "auth", "billing", "learning", "internal", "api"} {
		err := filepath.WalkDir(filepath.Join("..", root), func(name string, d fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
				return err
			}
			source, err := os.ReadFile(name)
			for _, m := range declared.FindAllStringSubmatch(string(source), -1) {
				found++
				if german.Faults[m[1]] == "" {
					t.Errorf("messages/sentences.de.json lacks the fault %s of %s", m[1], name)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 50 {
		t.Fatalf("only %d faults found: the search is broken", found)
	}
}
