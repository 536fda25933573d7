package takeout

import "slices"

// Part is a table that is taken out, without the columns named.
type Part struct {
	Table   string
	Without []string // secrets, and what leads to one
}

// Parts is what is taken out, in the order of the archive. A test holds it against the schema: a table is a part or is left by name.
var Parts = []Part{
	{"people", []string{"password_hash"}},
	{"person_roles", nil},
	{"roles", nil},
	{"policies", nil},
	{"identities", nil},
	{"groups", nil},
	{"group_members", nil},
	{"intakes", nil},
	{"courses", nil},
	{"course_versions", nil},
	{"version_texts", nil},
	{"modules", nil},
	{"lessons", nil},
	{"lesson_saves", nil},
	{"course_groups", nil},
	{"course_skills", nil},
	{"course_tags", nil},
	{"categories", nil},
	{"skills", nil},
	{"prerequisites", nil},
	{"prerequisite_waivers", nil},
	{"paths", nil},
	{"path_enrolments", nil},
	{"place_requests", nil},
	{"enrolment_rounds", nil},
	{"enrolment_moves", nil},
	{"lesson_progress", nil},
	{"learning_log", nil},
	{"quiz_attempts", nil},
	{"submissions", nil},
	{"assignments", nil},
	{"assignment_extensions", nil},
	{"submission_files", nil},
	{"submission_members", nil},
	{"submission_drafts", nil},
	{"submission_marks", nil},
	{"submission_appeals", nil},
	{"test_appeals", nil},
	{"course_messages", nil},
	{"course_message_people", nil},
	{"certificates", nil},
	{"certificate_rules", nil},
	{"certificate_designs", nil},
	{"certificate_pictures", nil},
	{"certificate_prints", nil},
	{"badge_statuses", nil},
	{"transcripts", nil},
	{"test_settings", nil},
	{"test_attempts", nil},
	{"test_answers", nil},
	{"test_answer_files", nil},
	{"test_marks", nil},
	{"test_allowances", nil},
	{"requirements", nil},
	{"requirement_courses", nil},
	{"requirement_groups", nil},
	{"requirement_spared", nil},
	{"requirement_people", nil},
	{"requirement_runs", nil},
	{"requirement_run_changes", nil},
	{"duties", nil},
	{"duty_reasons", nil},
	{"duty_cycles", nil},
	{"nudges", nil},
	{"manager_spans", nil},
	{"delegations", nil},
	{"org_units", nil},
	{"org_unit_spans", nil},
	{"person_fields", nil},
	{"person_spans", nil},
	{"team_kinds", nil},
	{"reminder_policies", nil},
	{"reminder_messages", nil},
	{"reminder_steps", nil},
	{"duty_history", nil},
	{"requirement_history", nil},
	{"reports", nil},
	{"report_schedules", nil},
	{"gradebook_settings", nil},
	{"gradebook_marks", nil},
	{"test_regrades", nil},
	{"test_regrade_changes", nil},
	{"support_visits", []string{"hash", "code_hash"}},
	{"banks", nil},
	{"bank_shares", nil},
	{"questions", nil},
	{"question_versions", nil},
	{"files", nil},
	{"notifications", nil},
	{"push_devices", []string{"endpoint", "p256dh", "auth"}},
	{"push_sends", nil},
	{"settings", nil},
	{"connections", []string{"secrets"}},
	{"email_domains", []string{"token"}},
	{"directories", []string{"secrets"}},
	{"directory_people", nil},
	{"people_imports", nil},
	{"hr_sources", nil},
	{"hr_links", nil},
	{"hr_runs", nil},
	{"api_keys", []string{"hash"}},
	{"break_glass", nil},
	{"events", nil},
	{"audit", nil},
	{"holds", nil},
	{"hold_people", nil},
	{"retention_rules", nil},
	{"retention_runs", nil},
	{"erasures", nil},
	{"erasure_steps", nil},
}

// left are tables that are not taken out, by why.
var left = map[string][]string{
	"secrets, and keys that are worth nothing elsewhere": {
		"sessions",
		"tokens",
		"factors",
		"handshakes",
		"seen_assertions",
		"signing_keys",
		"badge_keys",
		"push_keys",
		"setup_links",
		"directory_tokens",
		"calendars",
		"join_links",
		"erased_marks",
	},
	"evidence under a legal hold, with sessions and addresses in it: read where the hold is": {
		"held_rows",
	},
	"made anew from what is taken out": {
		"enrolments", "team_lines",
		"search_entries",
		"search_words",
		"submission_prints",
		"submission_matches",
		"file_bytes",
		"file_variants",
		"reporting_lines",
	},
	"the product's own work, kept for days": {
		"outbox",
		"uploads",
		"lesson_writers",
		"metadata_polls",
		"expiry_warnings",
		"sign_on_attempts",
		"directory_requests",
		"directory_runs",
		"people_import_lines",
		"hr_rows",
		"takeouts",
		"evidence_packs",
		"data_requests",
		"report_exports",
		"report_runs",
		"report_deliveries",
	},
}

// Known tells whether somebody decided about a table.
func Known(table string) bool {
	if slices.ContainsFunc(Parts, func(p Part) bool { return p.Table == table }) {
		return true
	}
	for _, tables := range left {
		if slices.Contains(tables, table) {
			return true
		}
	}
	return false
}

// readme is the first file of the archive.
const readme = `What this is
------------
Everything that your portal keeps, taken out at your wish.

csv/    one table a file, as CSV (RFC 4180) in UTF-8, with a header
json/   the same tables, one JSON object a line
files/  what was uploaded, each under its id, with its name in json/files.jsonl
manifest.json   every file of this archive with its rows, its size and its SHA-256

Times are in UTC. Ids are UUIDs and the same in all tables: enrolments.person_id is people.id.
Passwords, keys and sessions are not in it: they are worth nothing elsewhere.
Each table is as it was at one moment; tables follow one another within the minutes that this took.
`
