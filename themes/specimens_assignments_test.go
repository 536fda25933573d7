package themes_test

import (
	"time"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/assignment"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/learning/rubric"
	"lyceum/themes"
)

var ninety, yes = 90, true

func essayScheme() rubric.Scheme {
	return rubric.Scheme{Kind: rubric.ByRubric, Pass: 50, Rubric: rubric.Rubric{Criteria: []rubric.Criterion{
		{Title: "Both exits are found", About: "From the desk to the street, by two ways", Levels: []rubric.Level{{Title: "Both, with the doors", About: "Somebody new finds out", Points: 400}, {Title: "One", Points: 250}, {Title: "None", Points: 0}}},
		{Title: "A drawing that another person can read in the dark of a stairway without having been there before", Levels: []rubric.Level{{Title: "Clear", Points: 200}, {Title: "Hard to read", Points: 0}}},
	}}}
}

// assignmentSpecimens are assignments in every state.
func assignmentSpecimens(w *world) []specimen {
	view, marking := w.portal("/learn/x/y", learnerMay()), w.portal("/studio/marking", may())
	office := *w.put("answer.docx", "text/plain", []byte("answer.docx"))
	due, closes := now.Add(-30*time.Hour), now.Add(18*time.Hour)
	files := []assignment.File{{FileID: office, Name: "answer.docx", Size: 80 << 10}, {FileID: *w.put(longName, "text/plain", []byte(longName)), Name: longName, Size: 8 << 20}}
	strict := assignment.Settings{
		Types: []string{".pdf", ".docx"}, FileMB: 20, MinWords: 200, MaxWords: 800, Due: assignment.DueOn, DueAt: &due, LateDays: 2, LateOff: 10, Floor: 40, Attempts: 3, Scheme: essayScheme(),
		Anonymous: true, TwoMarkers: true, Apart: 15, Together: true, AppealDays: 14, Alike: true, Groups: []uid.ID{id("g1")},
	}
	verdict := rubric.Verdict{Points: 450, Max: 600, Percent: 75, Passed: true}
	sub := func(n int, status enrolment.SubmissionStatus) assignment.Submission {
		return assignment.Submission{
			Submission: enrolment.Submission{ID: id("s" + string(rune('0'+n))), EnrolmentID: id("e1"), LessonID: id("l1"), Number: n, Text: "We go through **the yard**.", Status: status, SubmittedAt: now.Add(-time.Hour)},
			Receipt:    "0f343b0931126a20f133d67c2b018a3b5e3c6d8cbf1e9f0e8f1a2b3c4d5e6f70",
		}
	}
	picks := rubric.Given{Picks: []rubric.Pick{{Criterion: 0, Level: 1, Comment: "The second exit is missing."}, {Criterion: 1, Level: 0}}}
	mark := assignment.Mark{Number: 1, Kind: assignment.MarkGiven, Given: picks, Verdict: verdict, Comment: "Well drawn.\n\n> go through the yard\nWhat if the yard is closed?", At: now, MarkerName: "Maya Chen"}
	waits, returned, accepted, failed := sub(2, enrolment.SubmissionOpen), sub(1, enrolment.SubmissionReturned), sub(3, enrolment.SubmissionAccepted), sub(3, enrolment.SubmissionFailed)
	returned.Comment, returned.MarkedAt = "The second exit is missing.", &now
	accepted.Percent, accepted.MarkedAt, accepted.Comment, accepted.Verdict, accepted.LateDays = &ninety, &now, "Well drawn.\n\n> go through the yard\nWhat if the yard is closed?", &verdict, 2
	failed.Percent, failed.MarkedAt, failed.Comment, failed.Verdict = &ninety, &now, "Look at the map again.", &verdict
	members := []assignment.Member{{EnrolmentID: id("e1"), PersonName: "Jonas Weber"}, {EnrolmentID: id("e2"), PersonName: "Maya Chen"}}
	appeal := &assignment.Appeal{Reason: "Page two was not read.", AskedAt: now, Before: rubric.Verdict{Percent: 40}}
	answered := *appeal
	answered.Answer, answered.Changed, answered.AnsweredAt, answered.After = "You are right.", &yes, &now, &verdict
	player := func(d assignment.Desk) themes.PlayerPage {
		p := w.of(catalog.LessonSubmission, func(l *catalog.Lesson) { l.Completion = catalog.Completion{Rule: catalog.RuleMarked} })
		page := themes.PlayerPage{Player: p, Body: prose("Draw it."), Desk: &d}
		for range d.Works {
			page.Texts = append(page.Texts, prose("We go through **the yard**.\n\nThen left."))
		}
		return page
	}
	plain := assignment.Desk{Left: -1}
	writing := assignment.Desk{
		Settings: strict, Due: &due, Closes: &closes, LateDays: 2, Off: 20, Left: 2, Team: "Team red", TeamMates: members, DraftFiles: files,
		Draft: assignment.Draft{Revision: 4, Text: "We go through **the yard**.", SavedAt: now},
	}
	wrong := player(writing)
	wrong.Text, wrong.Problem = "half", refused(map[string]string{"text": "Write at least 200 words; these are 1.", "file": "Hand in at most 3 files."})
	shown := func(s assignment.Submission) assignment.Shown {
		return assignment.Shown{Submission: s, Scheme: essayScheme(), Files: files, Members: members, Marks: []assignment.Mark{mark}, Before: 95, Off: 20, Feedback: files[:1]}
	}
	done := shown(accepted)
	done.MayAppeal = true
	objected, over := shown(failed), shown(failed)
	objected.Appeal, over.Appeal = appeal, &answered
	objecting := player(assignment.Desk{Settings: strict, Left: 0, Works: []assignment.Shown{done}, Refused: enrolment.ErrSubmissionAccepted})
	objecting.Objection, objecting.Problem = "x", refused(map[string]string{"reason": "Use at most 2000 characters."})

	work := assignment.Work{Submission: waits, PersonID: id("p1"), PersonName: "Jonas Weber", CourseID: id("c1"), CourseTitle: "Workplace safety", LessonTitle: "Your escape route", Alike: 62}
	hidden := work
	hidden.ID, hidden.PersonName, hidden.Alias, hidden.Stage, hidden.Appealed, hidden.ClaimedByName = id("s7"), "", "4F2A1C", assignment.StageApart, true, "Maya Chen"
	marked := work
	marked.Submission, marked.MarkerName, marked.GroupName = accepted, "Maya Chen", "Team red"
	sheet := assignment.Sheet{Work: work, Settings: strict, Files: files, Similar: []assignment.Match{{OtherID: id("s9"), Percent: 62, PersonName: "Ada Okafor"}}, Others: 1, Earlier: []assignment.Work{{Submission: returned}}}
	second := sheet
	second.Work, second.Marks, second.Refused, second.Others = hidden, []assignment.Mark{mark}, assignment.ErrMarkedOnce, 0
	second.ClaimedBy = &office
	ready := sheet
	ready.Stage, ready.Marks, ready.Settings.Scheme = assignment.StageReady, []assignment.Mark{mark}, rubric.Scheme{Kind: rubric.ByPoints, Max: 4000, Pass: 50}
	simple := assignment.Sheet{Work: work}
	finished := assignment.Sheet{Work: marked, Settings: strict, Files: files, Feedback: files[:1], Members: members, Marks: []assignment.Mark{mark}, Appeal: &answered, Given: []assignment.Extension{{Until: now, Reason: "Was ill."}}}
	asked := finished
	asked.Appeal = appeal
	refusedMark := refused(map[string]string{"comment": "Say what is missing, so that it can be done again.", "criteria.0": "Choose a level.", "file": "Choose a file.", "points": "Enter points from 0 to 40.", "percent": "Enter a number from 0 to 100, or nothing."})
	refusedAfter := refused(map[string]string{"answer": "Say why the mark is kept or changed.", "until": "Enter the date and time.", "reason": "Say why. It is kept with the date."})
	text, task := prose("We go through **the yard**."), prose("Draw it.")

	course := w.outlines[0].Course
	lesson := w.of(catalog.LessonSubmission, func(*catalog.Lesson) {}).Lesson
	moments := func(assignment.Settings) (string, string) { return "2026-11-30T18:00", "" }
	rules := themes.AssignmentPage{Course: course, Lesson: lesson, Rules: assignment.Rules{Number: 3, Settings: strict, Teams: []assignment.Team{{ID: id("g1"), Name: "Team red"}, {ID: id("g2"), Name: "Team blue"}}}, Form: themes.NewAssignmentForm(strict, moments)}
	rulesWrong := rules
	rulesWrong.Rules.Teams, rulesWrong.Problem = nil, refused(map[string]string{"no_text": "Take a text, files, or both.", "rubric": "Line 1 is a level, but no criterion stands before it.", "due_at": "Enter the date and time.", "types": "“x/y” is no ending of a file's name. Write endings such as .pdf or .docx."})
	compare := assignment.Comparison{
		One: work, Other: hidden, Percent: 62, Back: 80,
		InOne:   []assignment.Piece{{Text: "First "}, {Text: "on the evening of the drill the whole floor left", Pair: 1}, {Text: ". Then I went home."}},
		InOther: []assignment.Piece{{Text: "ON THE EVENING OF THE DRILL the whole floor left", Pair: 1}, {Text: " — and so on."}},
	}
	return []specimen{
		{"player-submission", view, player(plain)},
		{"player-submission-preview", view, themes.PlayerPage{Player: player(plain).Player, Body: prose("Draw it.")}},
		{"player-submission-writing", view, player(writing)},
		{"player-submission-refused", view, wrong},
		{"player-submission-waits", view, player(assignment.Desk{Settings: strict, Due: &due, Closes: &closes, Extended: true, Left: 1, Works: []assignment.Shown{{Submission: waits, Files: files}, {Submission: returned}}, Refused: enrolment.ErrSubmissionWaits})},
		{"player-submission-returned", view, player(assignment.Desk{Left: -1, Works: []assignment.Shown{{Submission: returned, Feedback: files[:1]}}})},
		{"player-submission-accepted", view, player(assignment.Desk{Settings: strict, Left: 0, Works: []assignment.Shown{done}, Refused: enrolment.ErrSubmissionAccepted})},
		{"player-submission-objecting", view, objecting},
		{"player-submission-failed", view, player(assignment.Desk{Settings: strict, Left: 0, Works: []assignment.Shown{objected, over}, Refused: assignment.ErrNoAttemptLeft})},
		{"player-submission-closed", view, player(assignment.Desk{Settings: assignment.Settings{Due: assignment.DueOn, MaxWords: 5, NoFiles: true}, Due: &due, Left: -1, Refused: assignment.ErrClosed})},
		{"marking", marking, themes.MarkingPage{Show: "waits", Works: page.Of[assignment.Work]{Next: "more", Items: []assignment.Work{work, hidden, marked}}}},
		{"marking-none", marking, themes.MarkingPage{Show: "mine", Lesson: id("l1")}},
		{"submission", marking, themes.SubmissionPage{Sheet: sheet, Task: task, Text: text, Problem: refusedMark, Form: themes.MarkForm{Picks: map[int]rubric.Pick{0: picks.Picks[0]}}}},
		{"submission-simple", marking, themes.SubmissionPage{Sheet: simple, Text: text, Problem: refusedMark}},
		{"submission-apart", marking, themes.SubmissionPage{Sheet: second, Text: text}},
		{"submission-ready", marking, themes.SubmissionPage{Sheet: ready, Text: text, Problem: refusedMark}},
		{"submission-marked", marking, themes.SubmissionPage{Sheet: finished, Text: text}},
		{"submission-appealed", marking, themes.SubmissionPage{Sheet: asked, Text: text, Problem: refusedAfter}},
		{"submission-compare", marking, themes.ComparePage{Comparison: compare}},
		{"submission-compare-none", marking, themes.ComparePage{Comparison: assignment.Comparison{One: work, Other: marked}}},
		{"assignment", marking, rules},
		{"assignment-refused", marking, rulesWrong},
	}
}
