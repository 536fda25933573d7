package privacy

import "slices"

// Class is what sort of personal data a column holds. Retention is set by class.
type Class string

// The classes.
const (
	Identity   Class = "identity"   // who somebody is, how they sign in, what they belong to
	Learning   Class = "learning"   // what they did to learn
	Compliance Class = "compliance" // what they had to do, by which day, and that they did
	Security   Class = "security"   // who did what, from where
	Authored   Class = "authored"   // what they made for others
	Technical  Class = "technical"  // traces of the product's own work
)

// Classes lists them.
func Classes() []Class {
	return []Class{Identity, Learning, Compliance, Security, Authored, Technical}
}

// Fate is what an erasure does with it.
type Fate string

// The fates.
const (
	Deleted       Fate = "deleted"       // the rows go
	Pseudonymised Fate = "pseudonymised" // the row stays, with a pseudonym where the name was
	Scrubbed      Fate = "scrubbed"      // the row is about something else: name and e-mail in its text are replaced
	Kept          Fate = "kept"          // stays as it is; Why says by which right
)

// Why is the reason to keep something.
type Why string

// The reasons. The articles are those of the GDPR.
const (
	WhyProof   Why = "proof"   // a certificate that was issued can be checked: Art. 17(3)(e)
	WhyDuty    Why = "duty"    // proof of trainings that the law asks for: Art. 17(3)(b)
	WhyLog     Why = "log"     // a log that cannot be changed, or it would prove nothing: Art. 17(3)(b), 5(1)(f)
	WhyOthers  Why = "others"  // a record of others in which an id is left that leads to nobody: Art. 4(5), 17(3)(a)
	WhyReceipt Why = "receipt" // that the erasure was done: Art. 5(2)
)

// Topic is what a table is about, for people.
type Topic string

// The topics, in the order in which they are shown.
const (
	TopicAccount      Topic = "account"
	TopicAccess       Topic = "access"
	TopicSignIn       Topic = "sign_in"
	TopicStructure    Topic = "structure"
	TopicCourses      Topic = "courses"
	TopicHandIns      Topic = "hand_ins"
	TopicTests        Topic = "tests"
	TopicCertificates Topic = "certificates"
	TopicDuties       Topic = "duties"
	TopicMessages     Topic = "messages"
	TopicAuthored     Topic = "authored"
	TopicLog          Topic = "log"
	TopicTraces       Topic = "traces"
	TopicPrivacy      Topic = "privacy"
)

// Topics lists them.
func Topics() []Topic {
	return []Topic{TopicAccount, TopicAccess, TopicSignIn, TopicStructure, TopicCourses, TopicHandIns, TopicTests, TopicCertificates, TopicDuties, TopicMessages, TopicAuthored, TopicLog, TopicTraces, TopicPrivacy}
}

// Link is how a row leads to a person; store.personRows holds the predicate of each.
type Link string

// The links. By a column of its own where it is named like one.
const (
	ByID         Link = "id"
	ByPerson     Link = "person_id"
	ByManager    Link = "manager_id"
	ByOwner      Link = "owner_id"
	ByGiver      Link = "giver_id"
	ByTaker      Link = "taker_id"
	ByAsker      Link = "asked_by"
	BySender     Link = "sent_by"
	ByCreator    Link = "created_by"
	ByHanded     Link = "handed"     // a file that was brought to be handed in
	ByEnrolment  Link = "enrolment"  // enrolment_id
	BySubmission Link = "submission" // submission_id
	ByAttempt    Link = "attempt"    // attempt_id
	ByDuty       Link = "duty"       // duty_id
	ByAbout      Link = "about"      // about_id
	ByEmail      Link = "email"      // the same e-mail
	ByLine       Link = "line"       // a line of a list: the person, or the same e-mail
	BySubject    Link = "subject"    // actor_id or subject_id
	ByText       Link = "text"       // name or e-mail within it
	ByActor      Link = "actor"      // columns of ids of who did it: counted nowhere
)

// Entry is the verdict about a table, or about some of its columns.
type Entry struct {
	Table   string
	Columns []string // which of its columns; nil: all others
	Link    Link
	Topic   Topic
	Class   Class
	Fate    Fate
	Why     Why      // of what is kept
	Export  bool     // goes to the person who asks for their data
	Secret  []string // columns that are not given out: keys, and what leads to one
}

func gone(table string, link Link, t Topic, c Class) Entry {
	return Entry{Table: table, Link: link, Topic: t, Class: c, Fate: Deleted}
}

// given is an entry that the person is given, without some columns.
func (e Entry) given(secret ...string) Entry {
	e.Export, e.Secret = true, secret
	return e
}

func kept(table string, link Link, t Topic, c Class, why Why) Entry {
	return Entry{Table: table, Link: link, Topic: t, Class: c, Fate: Kept, Why: why}
}

// actors are columns that say who did something to another's or the portal's own. The id stays and leads to nobody.
func actors(table string, columns ...string) Entry {
	return Entry{Table: table, Columns: columns, Link: ByActor, Topic: TopicAuthored, Class: Authored, Fate: Kept, Why: WhyOthers}
}

// Register is the verdict about everything in a portal's schema that is about a person, in the order in which it is erased: what hangs on
// something stands before it. A test holds it against the schema.
var Register = []Entry{
	// What one did to learn.
	gone("lesson_progress", ByEnrolment, TopicCourses, Learning).given(),
	gone("learning_log", ByEnrolment, TopicCourses, Learning).given(),
	gone("quiz_attempts", ByEnrolment, TopicTests, Learning).given(),
	gone("enrolment_moves", ByEnrolment, TopicCourses, Learning).given(),
	gone("course_message_people", ByEnrolment, TopicMessages, Learning).given(),
	gone("prerequisite_waivers", ByPerson, TopicCourses, Learning).given(),
	gone("path_enrolments", ByPerson, TopicCourses, Learning).given(),
	gone("place_requests", ByPerson, TopicCourses, Learning).given(),
	gone("submission_drafts", ByEnrolment, TopicHandIns, Learning).given(),
	gone("submission_matches", BySubmission, TopicHandIns, Learning),
	gone("submission_prints", ByEnrolment, TopicHandIns, Learning),
	gone("submission_appeals", ByEnrolment, TopicHandIns, Learning).given(),
	gone("submission_marks", BySubmission, TopicHandIns, Learning).given(),
	gone("submission_files", BySubmission, TopicHandIns, Learning).given(),
	gone("submission_members", ByEnrolment, TopicHandIns, Learning).given(),
	gone("submissions", ByEnrolment, TopicHandIns, Learning).given(),
	gone("assignment_extensions", ByEnrolment, TopicHandIns, Learning).given(),
	gone("test_regrade_changes", ByAttempt, TopicTests, Learning).given(),
	gone("test_appeals", ByAttempt, TopicTests, Learning).given(),
	gone("test_marks", ByAttempt, TopicTests, Learning).given(),
	gone("test_answer_files", ByAttempt, TopicTests, Learning).given(),
	gone("test_answers", ByAttempt, TopicTests, Learning).given(),
	gone("test_attempts", ByEnrolment, TopicTests, Learning).given(),
	gone("test_allowances", ByEnrolment, TopicTests, Learning).given(),
	gone("gradebook_marks", ByEnrolment, TopicTests, Learning).given(),
	gone("enrolment_rounds", ByPerson, TopicCourses, Learning).given(),
	gone("transcripts", ByPerson, TopicCertificates, Learning).given(),
	{Table: "certificates", Columns: []string{"person_name"}, Link: ByPerson, Topic: TopicCertificates, Class: Compliance, Fate: Pseudonymised},
	kept("certificates", ByPerson, TopicCertificates, Compliance, WhyProof).given(),

	// What one had to do. The facts that prove it stay, by the person's id.
	gone("duty_reasons", ByDuty, TopicDuties, Compliance).given(),
	gone("duty_cycles", ByDuty, TopicDuties, Compliance).given(),
	gone("duties", ByPerson, TopicDuties, Compliance).given(),
	gone("requirement_spared", ByPerson, TopicDuties, Compliance).given(),
	gone("requirement_people", ByPerson, TopicDuties, Compliance).given(),
	gone("requirement_run_changes", ByPerson, TopicDuties, Compliance).given(),
	{Table: "requirement_runs", Columns: []string{"about_id", "about_name", "note"}, Link: ByAbout, Topic: TopicDuties, Class: Compliance, Fate: Pseudonymised},
	kept("duty_history", ByPerson, TopicDuties, Compliance, WhyDuty).given(),
	gone("reminder_steps", ByPerson, TopicMessages, Compliance),
	gone("reminder_messages", ByPerson, TopicMessages, Compliance).given(),
	{Table: "reminder_messages", Columns: []string{"items"}, Link: ByText, Topic: TopicTraces, Class: Technical, Fate: Scrubbed},
	gone("nudges", ByPerson, TopicMessages, Compliance).given(),
	gone("push_sends", ByPerson, TopicMessages, Technical).given(),
	{Table: "push_sends", Columns: []string{"data"}, Link: ByText, Topic: TopicTraces, Class: Technical, Fate: Scrubbed},

	// What one was told, and what one keeps for oneself.
	gone("notifications", ByPerson, TopicMessages, Technical).given(),
	{Table: "notifications", Columns: []string{"data"}, Link: ByText, Topic: TopicTraces, Class: Technical, Fate: Scrubbed},
	gone("reports", ByOwner, TopicAuthored, Authored).given(),
	gone("report_schedules", ByOwner, TopicAuthored, Authored).given(), // with its runs; the id among whom others send to leads to nobody
	gone("report_deliveries", ByPerson, TopicTraces, Technical).given(),

	// How one signs in.
	gone("sessions", ByPerson, TopicSignIn, Security).given("hash", "idp_session", "idp_sealed"),
	gone("tokens", ByPerson, TopicSignIn, Technical),
	gone("handshakes", ByPerson, TopicSignIn, Technical),
	gone("factors", ByPerson, TopicSignIn, Security).given("sealed", "credential_id", "data", "last_step"),
	gone("api_keys", ByPerson, TopicSignIn, Security).given("hash"),
	gone("calendars", ByPerson, TopicSignIn, Technical),
	gone("push_devices", ByPerson, TopicSignIn, Security).given("endpoint", "p256dh", "auth"),
	gone("identities", ByPerson, TopicSignIn, Identity).given(),
	gone("sign_on_attempts", ByPerson, TopicSignIn, Security).given(),
	gone("setup_links", ByEmail, TopicSignIn, Technical),
	kept("support_visits", ByPerson, TopicLog, Security, WhyLog).given("hash", "code_hash", "code_bound"),

	// What one brought, and where one stands.
	gone("files", ByHanded, TopicHandIns, Learning).given(),
	gone("uploads", ByCreator, TopicHandIns, Technical),
	gone("lesson_writers", ByPerson, TopicTraces, Technical),
	gone("delegations", ByGiver, TopicStructure, Identity).given(),
	gone("delegations", ByTaker, TopicStructure, Identity).given(),
	gone("manager_spans", ByPerson, TopicStructure, Identity).given(),
	gone("manager_spans", ByManager, TopicStructure, Identity),
	gone("person_spans", ByPerson, TopicStructure, Identity).given(),
	gone("person_spans", ByManager, TopicStructure, Identity),
	gone("reporting_lines", ByPerson, TopicStructure, Identity).given(),
	gone("reporting_lines", ByManager, TopicStructure, Identity),
	gone("group_members", ByPerson, TopicAccess, Identity).given(),
	gone("person_roles", ByPerson, TopicAccess, Identity).given(),
	gone("directory_people", ByPerson, TopicAccount, Identity).given(),
	gone("hr_links", ByPerson, TopicAccount, Identity).given(),

	// Where name or e-mail stand in the text of something else.
	{Table: "people_import_lines", Link: ByLine, Topic: TopicTraces, Class: Technical, Fate: Pseudonymised},
	gone("hr_rows", ByLine, TopicTraces, Technical),
	{Table: "hr_rows", Columns: []string{"changes"}, Link: ByText, Topic: TopicTraces, Class: Technical, Fate: Scrubbed},
	{Table: "directory_requests", Link: ByText, Topic: TopicTraces, Class: Technical, Fate: Deleted},
	{Table: "directory_runs", Link: ByText, Topic: TopicTraces, Class: Technical, Fate: Scrubbed},
	{Table: "events", Columns: []string{"data"}, Link: ByText, Topic: TopicLog, Class: Security, Fate: Scrubbed},
	kept("events", BySubject, TopicLog, Security, WhyOthers).given(),
	kept("audit", BySubject, TopicLog, Security, WhyLog).given("prev", "hash"),

	gone("people", ByID, TopicAccount, Identity).given("password_hash"),

	// What one made for others, and what one did to others: an id that leads to nobody.
	actors("assignments", "saved_by"), actors("assignment_extensions", "given_by"), actors("banks", "owner_id"), actors("break_glass", "requested_by", "approved_by", "ended_by"),
	actors("certificate_designs", "updated_by"), actors("certificate_rules", "saved_by"), actors("certificates", "revoked_by"), actors("course_versions", "published_by"),
	actors("courses", "created_by", "review_asked_by", "reviewed_by"), actors("delegations", "made_by", "ended_by"), actors("directory_runs", "requested_by"),
	actors("directory_tokens", "created_by"), actors("duties", "waived_by"), actors("duty_history", "waived_by"), actors("enrolment_moves", "moved_by"), actors("enrolment_rounds", "enrolled_by"),
	actors("evidence_packs", "asked_by"), actors("report_runs", "asked_by"), actors("files", "created_by"), actors("gradebook_marks", "by_id"), actors("gradebook_settings", "saved_by"), actors("hr_runs", "created_by", "requested_by"), actors("hr_sources", "created_by"), actors("intakes", "created_by"),
	actors("join_links", "created_by"), actors("lesson_saves", "saved_by"), actors("manager_spans", "recorded_by"), actors("org_unit_spans", "recorded_by"), actors("person_spans", "recorded_by"), actors("nudges", "sent_by"), actors("path_enrolments", "enrolled_by"), actors("paths", "created_by"),
	actors("people_imports", "created_by", "requested_by"), actors("place_requests", "decided_by"), actors("prerequisite_waivers", "waived_by"), actors("question_versions", "created_by"),
	actors("questions", "created_by"), actors("reminder_policies", "saved_by"), actors("requirement_groups", "added_by"), actors("requirement_people", "added_by"),
	actors("requirement_runs", "by_id", "undone_by"), actors("requirements", "created_by"), actors("setup_links", "created_by"), actors("submission_appeals", "answered_by"),
	actors("submission_marks", "marker_id"), actors("submissions", "marked_by", "claimed_by"), actors("support_visits", "operator_id", "operator_name", "decided_by", "ended_by"), actors("takeouts", "asked_by"),
	actors("test_allowances", "given_by"), actors("test_appeals", "answered_by"), actors("test_marks", "marker_id"), actors("test_regrades", "by_id"), actors("test_settings", "saved_by"),
	kept("report_exports", ByPerson, TopicAuthored, Technical, WhyOthers).given(), // it goes, with its file, when its days are over
	{Table: "course_messages", Link: BySender, Topic: TopicAuthored, Class: Authored, Fate: Kept, Why: WhyOthers, Export: true},

	// Copies of one's data, and erasures themselves.
	kept("data_requests", ByPerson, TopicPrivacy, Compliance, WhyReceipt).given("object"), // its file goes
	actors("data_requests", "asked_by"),
	gone("held_rows", ByPerson, TopicPrivacy, Compliance),   // there is none of somebody who is erased: no hold covers them
	gone("hold_people", ByPerson, TopicPrivacy, Compliance), // of holds that were released; not given out: it is for courts to say that there was one
	actors("retention_rules", "saved_by"), actors("hold_people", "added_by"), actors("holds", "made_by", "released_by"),
	kept("erasures", ByPerson, TopicPrivacy, Compliance, WhyReceipt).given(),
	actors("erasures", "asked_by", "decided_by"),
	kept("erasure_steps", ByActor, TopicPrivacy, Compliance, WhyReceipt),
	kept("erased_marks", ByActor, TopicPrivacy, Compliance, WhyReceipt),
}

// impersonal are tables without personal data.
var impersonal = []string{
	"org_units", "person_fields", "team_kinds",
	"badge_keys", "badge_statuses", "bank_shares", "categories", "certificate_pictures", "certificate_prints", "connections", "course_groups", "course_skills", "course_tags", "directories", "email_domains",
	"expiry_warnings", "file_bytes", "file_variants", "groups", "lessons", "metadata_polls", "modules", "outbox", "policies", "prerequisites", "push_keys", "requirement_courses", "requirement_history", "retention_runs", "roles",
	"search_entries", "search_words", "seen_assertions", "settings", "signing_keys", "skills", "version_texts",
}

// Known tells whether somebody decided about a table.
func Known(table string) bool {
	return slices.Contains(impersonal, table) || slices.ContainsFunc(Register, func(e Entry) bool { return e.Table == table })
}

// Verdict finds the verdict about a column: that which names it, else that about the rest of its table.
func Verdict(table, column string) (e Entry, ok bool) {
	for _, one := range Register {
		if one.Table != table {
			continue
		}
		if slices.Contains(one.Columns, column) {
			return one, true
		}
		if one.Columns == nil && !ok {
			e, ok = one, true
		}
	}
	return e, ok
}

// TopicOf is what a table is about, for people; "" unknown.
func TopicOf(table string) Topic {
	for _, e := range Register {
		if e.Table == table && e.Link != ByActor {
			return e.Topic
		}
	}
	return ""
}

// counted tells whether rows of an entry are counted and dealt with for a person.
func (e Entry) counted() bool { return e.Link != ByActor }
