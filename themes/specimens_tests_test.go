package themes_test

import (
	"errors"
	"fmt"
	"html/template"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/assessment"
	"lyceum/learning/bank"
	"lyceum/learning/catalog"
	"lyceum/learning/question"
	"lyceum/learning/rubric"
	"lyceum/themes"
)

// testSpecimens are tests in every state: before, while and after they are taken, and as they are written.
func testSpecimens(w *world) []specimen {
	view, studio := w.portal("/learn/x/y/test/z", learnerMay()), w.portal("/studio/x/lessons/y/test", may())
	bodies := questionBodies(w)
	opens, closes, soon := now.Add(-48*time.Hour), now.Add(72*time.Hour), now.Add(24*time.Minute+7*time.Second)
	rules := assessment.Settings{
		Pass: 80, Seconds: 45 * 60, Attempts: 3, CoolDown: 3600, Negative: true, OpensAt: &opens, ClosesAt: &closes, Code: "*", Feedback: assessment.Feedback{Marks: true, Right: true, Texts: true},
		Sections: []assessment.Section{{Title: "What to know", Marks: 1}, {Title: "What to do", Marks: 2}},
	}
	var slots []assessment.Slot
	known, answers, heads := map[bank.Ref]question.Question{}, map[int]question.Answer{}, map[uid.ID]bank.Question{}
	for i, b := range bodies {
		ref := bank.Ref{Question: id("bank question " + b.Title), Version: 1}
		known[ref], heads[ref.Question] = b, bank.Question{ID: ref.Question, Kind: b.Kind, Title: b.Title, Version: 1 + i%2}
		slots = append(slots, assessment.Slot{Ref: ref, Section: i / 6, Marks: 1 + i/6, Seed: 7})
		rules.Sections[i/6].Fixed = append(rules.Sections[i/6].Fixed, ref)
		switch {
		case b.Kind == question.Essay:
			answers[i] = question.Answer{Text: "So that nobody has to think about the way when it matters.\n\nAnd because doors jam."}
		case b.Kind == question.File:
			answers[i] = question.Answer{Files: []uid.ID{*w.put("answer.docx", "text/plain", []byte("answer.docx"))}}
		case i == 1:
			answers[i] = question.Answer{Choices: []string{"a", "c"}}
		case i%4 != 3:
			answers[i] = question.Solution(b)
		}
	}
	rules.Sections[1].Pools = []bank.Pool{{Bank: id("bank"), Folder: "Fire", Tags: []string{"yearly"}, Count: 2}}
	score := assessment.Score(rules, slots, known, answers, map[int]question.Share{9: 500_000})
	seen := func(running, told bool) (v assessment.View, items []themes.AskedItem) {
		v = assessment.View{
			Attempt:  assessment.Attempt{ID: id("attempt"), LessonID: id("l1"), Number: 2, Slots: slots, Status: assessment.StatusRunning, StartedAt: now.Add(-20 * time.Minute), EndsAt: &soon},
			Settings: rules, Now: now, SectionNow: -1, Outline: assessment.Titles{Course: "Workplace safety", Lesson: "Show what you know", Slug: "x"},
		}
		for i, slot := range slots {
			item := assessment.Item{Slot: i, Number: i + 1, Section: slot.Section, Marks: slot.Marks, Asked: question.Ask(bodies[i], slot.Seed), Answer: answers[i], Answered: !score.Slots[i].Result.Empty, Sequence: 3, Flagged: i == 4, Open: running, Files: map[uid.ID]string{}}
			for _, f := range answers[i].Files {
				item.Files[f] = "answer.docx"
			}
			if told {
				s := score.Slots[i]
				item.Told = &assessment.Told{Marks: true, Share: s.Share, Waits: s.Waits, Right: s.Share == question.Whole, Hints: s.Result.Hints}
				if right := question.Solution(bodies[i]); !bodies[i].Kind.ByHand() {
					item.Told.Solution = &right
				}
				if i == 9 {
					item.Told.Comment = "Two good reasons; **name** one more.\n\n> nobody has to think about the way\nThis is the best one.\n\n> the other floor\nWho is meant?"
				}
			}
			v.Items = append(v.Items, item)
			items = append(items, themes.NewAskedItem(item, "/learn/x/y/test/z/pictures", func(src, _ string) template.HTML { return prose(src) }))
		}
		return v, items
	}
	at, back := "/learn/x/y/test/z", "/learn/x/y"
	running, items := seen(true, false)
	taking := themes.TestPage{View: running, Items: items, At: at, Back: back}
	review, wrong, looked, timed, trying := taking, taking, taking, taking, taking
	review.Review = true
	wrong.Stale, wrong.Problem = []int{2, 5}, fault.Invalid(map[string]string{"a.5.answer": "Write a number."})
	looked.View.Settings.Feedback.When = assessment.WhenAnswered
	_, looked.Items = seen(true, true)
	for i := range looked.Items {
		if looked.Items[i].Looked = i%2 == 0; !looked.Items[i].Looked {
			looked.Items[i].Told = nil
		}
		looked.Items[i].Open = !looked.Items[i].Looked
	}
	timed.View.SectionNow, timed.View.SectionEnds, timed.Items = 0, &soon, items[:6]
	timed.View.Settings.Sections = append([]assessment.Section{}, rules.Sections...)
	timed.View.Settings.Sections[0].Seconds, timed.View.Settings.Sections[1].Seconds = 600, 600
	trying.Preview, trying.Seed, trying.View.EndsAt = true, 7, nil

	hand, byTime := assessment.EndedByHand, assessment.EndedByTime
	ended := func(told bool, change func(*assessment.View)) themes.TestResultPage {
		v, items := seen(false, told)
		v.EndedAt, v.EndedBy, v.Status, v.Tells = &now, &hand, assessment.StatusGraded, told
		v.Points, v.Most, v.Percent, v.Passed = score.Points, score.Most, score.Percent, false
		change(&v)
		return themes.TestResultPage{View: v, Items: items, At: at, Back: back}
	}
	passed := ended(true, func(v *assessment.View) { v.Percent, v.Passed = 92, true })
	failed := ended(true, func(v *assessment.View) { v.EndedBy = &byTime })
	waits := ended(false, func(v *assessment.View) { v.Status, v.TellsAt = assessment.StatusToMark, &closes })
	silent := ended(false, func(*assessment.View) {})
	tried := passed
	tried.Preview = true

	player := func(d *assessment.Desk) themes.PlayerPage {
		return themes.PlayerPage{Player: w.of(catalog.LessonTest, func(l *catalog.Lesson) { l.Completion = catalog.Completion{Rule: catalog.RulePassed} }), Body: prose("Take your time."), Test: d}
	}
	end := now.Add(-2 * time.Hour)
	history := []assessment.Attempt{{ID: id("a3"), Number: 3, Status: assessment.StatusToMark, StartedAt: end, EndedAt: &end}, {ID: id("a2"), Number: 2, Status: assessment.StatusGraded, StartedAt: end, EndedAt: &end, Percent: 92, Passed: true}, {ID: id("a1"), Number: 1, Status: assessment.StatusGraded, StartedAt: end, EndedAt: &end, Percent: 48}}
	fresh := assessment.Desk{Rules: rules, Number: 1, Left: 3, Lasts: 56 * 60, More: assessment.Allowance{MorePercent: 25}}
	going := assessment.Desk{Rules: rules, Number: 1, Left: 1, Lasts: 45 * 60, Attempts: history, Running: &history[1]}
	soonest := now.Add(time.Hour)
	resting := assessment.Desk{Rules: rules, Number: 1, Left: 1, Lasts: 45 * 60, Attempts: history, Refused: assessment.ErrTooSoon, NextAt: &soonest}
	locked := player(&fresh)
	locked.Code, locked.Problem = "x", fault.Invalid(map[string]string{"code": assessment.ErrCode.Text})

	course, written := w.outlines[0].Course, w.of(catalog.LessonTest, func(*catalog.Lesson) {}).Lesson
	banks := []bank.Listed{{Bank: bank.Bank{ID: id("bank"), Name: "Workplace safety"}}, {Bank: bank.Bank{ID: id("bank 2"), Name: longName}}}
	rules.TwoMarkers, rules.Apart, rules.AppealDays = true, 20, 14
	edit := themes.TestEditPage{Course: course, Lesson: written, Number: 2, Form: themes.NewTestForm(rules, "2026-03-02T09:00", "2026-03-07T09:00"), Heads: heads, Banks: banks, Picking: -1}
	picking, broken, empty := edit, edit, edit
	picking.Picking, picking.From, picking.Offered = 1, id("bank").String(), []bank.Question{heads[slots[0].Ref.Question], heads[slots[1].Ref.Question]}
	broken.Problem = refused(map[string]string{"sections.0.fixed": "A question stands twice in this test. Take one of them out.", "sections.1.pools.0": "There are only 1 published questions to draw from.", "pass": "Choose 0 to 100 percent."})
	empty.Number, empty.Form, empty.Heads = 0, themes.NewTestForm(assessment.DefaultSettings(), "", ""), nil
	place := func(tab string) themes.TestPlace {
		return themes.TestPlace{Course: course.ID, Lesson: written.ID, Titles: running.Outline, Tab: tab}
	}
	sitting := func(n int, status assessment.Status, name string) assessment.Sitting {
		a := history[1]
		a.ID, a.Number, a.Status, a.LessonID = id(fmt.Sprint("sitting", n)), n, status, written.ID
		return assessment.Sitting{Attempt: a, PersonName: name, PersonEmail: "someone@example.org", CourseTitle: "Workplace safety", LessonTitle: "Show what you know"}
	}
	hidden := sitting(1, assessment.StatusToMark, "")
	hidden.Alias = "4F2A1C"
	hidden.Mine = true
	disputedSitting := sitting(3, assessment.StatusGraded, "Jana Novak")
	disputedSitting.Objections = 1
	list := listOf(hidden, disputedSitting, sitting(2, assessment.StatusGraded, "Jonas Weber"), sitting(1, assessment.StatusRunning, longName))
	reviewed := waits.View
	_, reviewItems := seen(false, true)
	marking := themes.TestReviewPage{
		TestPlace: place("attempts"), Items: reviewItems, Marks: map[int]themes.TestMarkForm{9: {Points: "1", Comment: "Two good reasons."}},
		Review: assessment.Review{
			Sitting: sitting(2, assessment.StatusToMark, "Jonas Weber"), View: reviewed, Notes: map[int]string{9: "Look for reasons."}, ByHand: map[int]question.Kind{9: question.Essay, 10: question.File},
			History: map[int][]assessment.Mark{9: {{Slot: 9, Share: 250_000, MarkerID: id("m"), At: now, Comment: "> doors jam\nWhich doors? Say where."}, {Slot: 9, Share: 500_000, MarkerID: id("m"), At: now, Comment: "Two good reasons.\n\n> nobody has to think\nThe best one."}}}, Names: map[uid.ID]string{id("m"): "Maya Chen"},
			Changes: []assessment.RegradeChange{{PercentBefore: 48, Percent: 56, At: now, Reason: "The key of question 3 was wrong."}}, More: assessment.Allowance{MorePercent: 25, MoreTries: 1, Reason: "Reads slowly."},
		},
	}
	table, err := rubric.Read("Reasons | What speaks for a drill\n- 2 Two good reasons | Each with a ground\n- 1 One reason\n- 0 None\n\nLanguage\n- 1 Clear\n- 0 Hard to read", "rubric")
	if err != nil {
		panic(err)
	}
	levels := []assessment.Picked{{Pick: rubric.Pick{Level: 1, Comment: "The second one is the first again."}, Title: "Reasons", Chosen: "One reason", Points: rubric.One, Max: 2 * rubric.One}, {Pick: rubric.Pick{Criterion: 1}, Title: "Language", Chosen: "Clear", Points: rubric.One, Max: rubric.One}}
	objection := assessment.Appeal{Slot: 9, Reason: "The second line has a reason of its own: doors jam.", AskedAt: now, Before: 500_000}
	yes, after := true, question.Share(750_000)
	answered := objection
	answered.Slot, answered.Answer, answered.Changed, answered.After, answered.AnsweredAt = 10, "You are right, that is another reason.", &yes, &after, &now
	objecting := func(open bool) (items []themes.AskedItem) {
		_, items = seen(false, true)
		items[9].Told.Picks = [][]assessment.Picked{levels}
		if items[9].Appeal, items[10].Appeal = &objection, &answered; open {
			items[9].Appeal, items[9].MayAppeal = nil, true
		}
		return items
	}
	disputed := passed
	disputed.Items, disputed.View.AppealUntil = objecting(false), &closes
	objects := disputed
	objects.Items, objects.Objects, objects.Reason, objects.Problem = objecting(true), 10, "Look", fault.Invalid(map[string]string{"reason.9": "Say why, in at most 2000 characters."})
	paired := marking
	paired.Items, paired.Marks = objecting(false), map[int]themes.TestMarkForm{9: {Comment: "One more.", Picks: map[int]rubric.Pick{0: levels[0].Pick}}}
	paired.Review.View.Settings.TwoMarkers, paired.Review.Rubrics = true, map[int]rubric.Rubric{9: table, 10: table}
	paired.Review.Stages, paired.Review.MayNot = map[int]assessment.Stage{9: assessment.StageSecond, 10: assessment.StageApart}, map[int]error{10: assessment.ErrMarkedOnce}
	paired.Review.Others = map[int]int{9: 1}
	paired.Review.History = map[int][]assessment.Mark{10: {{Slot: 10, Kind: assessment.MarkGiven, Share: 666_667, Picks: levels, MarkerID: id("m"), At: now, Comment: "One reason."}, {Slot: 10, Kind: assessment.MarkAgreed, Share: 333_333, MarkerID: id("m"), At: now}}}
	paired.Answers = map[int]themes.TestAnswerForm{9: {Answer: "Let me see", TestMarkForm: themes.TestMarkForm{Picks: map[int]rubric.Pick{1: {Criterion: 1}}}}}
	paired.Problem = refused(map[string]string{"criteria.9.1": "Choose a level.", "changed.criteria.9.0": "Choose a level.", "answer.9": "Say why, in at most 2000 characters."})
	own, slipped := marking, marking
	own.Review.Refused = assessment.ErrOwnAttempt
	slipped.Problem, slipped.Allow = refused(map[string]string{"points.9": "Give none to all of the marks.", "reason": "Say why, in at most 2000 characters."}), themes.TestAllowForm{Open: true, Tries: "1"}
	refusedMore := themes.TestSittingsPage{TestPlace: place("attempts"), Sittings: list, Allow: themes.TestAllowForm{Open: true, Email: "nobody@example.com", Percent: "25", Reason: "Reads slowly."}, Problem: refused(map[string]string{"email": "Nobody with this address is in the course. Enter the address they sign in with."})}
	var asked []assessment.AskedOften
	for i, b := range bodies[:5] {
		asked = append(asked, assessment.AskedOften{Question: id("bank question " + b.Title), Version: 1, Attempts: 1240 - i, Title: b.Title, Kind: b.Kind, Newest: 1 + i%2})
	}
	asked[1].Mend, asked[2].Mend = &assessment.Mend{Version: 2}, &assessment.Mend{Counts: assessment.CountsOut}
	mending := themes.TestRegradePage{TestPlace: place("regrade"), Chosen: map[uid.ID]string{asked[0].Question: "full", asked[3].Question: "2"}, Mendable: assessment.Mendable{Asked: asked, Number: 1, Running: true, Regrades: []assessment.Regrade{{Number: 1, Reason: "The key was wrong.", ByName: "Maya Chen", At: now}, {Reason: "Asked unclearly.", ByName: "Maya Chen", At: now, DoneAt: &now, Changed: 12}}}}
	foreseen, refusedMend := mending, mending
	foreseen.Preview = &assessment.Preview{Attempts: 1240, Changed: 212, Up: 204, Down: 8, NowPassed: 61, NowFailed: 2, List: []assessment.Change{{Sitting: sitting(1, assessment.StatusGraded, "Jonas Weber"), PercentAfter: 96}, {Sitting: hidden, PercentAfter: 12, PassedAfter: true}}}
	refusedMend.Problem = refused(map[string]string{"mends": "Leave at least one question that counts.", "reason": "Say why, in at most 2000 characters."})
	figure := func(x float64) *float64 { return &x }
	var figures []assessment.ItemFigures
	for i, b := range bodies {
		one := assessment.ItemFigures{ItemRow: assessment.ItemRow{Question: id("bank question " + b.Title), Version: 1, Count: 1240, Mean: []float64{0.97, 0.62, 0.41, 0.15, 0.8, 0.55}[i%6], Rest: figure([]float64{0.1, 0.42, -0.2, 0.31, 0.55, 0.22}[i%6])}, Title: b.Title, Kind: b.Kind, Number: i + 1, Spread: figure(0.4), Seconds: figure(float64(20 + 9*i)), Answered: 1000}
		if i == 2 {
			one.Flags = []assessment.Flag{assessment.FlagKey, assessment.FlagDrawing}
		} else if i%6 == 0 {
			one.Flags = []assessment.Flag{assessment.FlagWeak, assessment.FlagEasy, assessment.FlagDead}
		}
		for n, o := range b.Options {
			one.Choices = append(one.Choices, assessment.Choice{Text: o.Text, Right: o.Share > 0, Count: 600 - 200*n, Mean: float64(72 - 9*n)})
		}
		figures = append(figures, one)
	}
	analysed := themes.TestAnalysisPage{TestPlace: place("analysis"), Analysis: assessment.Analysis{First: true, Latest: 2000, Portions: 27, Alpha: figure(0.83), Error: figure(6.2), Items: figures, Totals: assessment.TotalsRow{Attempts: 1240, Mean: 68.4, Median: 71, Passed: 812, Items: 11}}}
	few, nothing := analysed, analysed
	few.Analysis.Totals.Attempts, few.Analysis.Alpha, few.Analysis.Error = 7, nil, nil
	nothing.Analysis.Totals, nothing.Analysis.Items = assessment.TotalsRow{}, nil
	queue := themes.MarkingPage{Show: "waits", Tests: []assessment.TestToMark{{CourseID: course.ID, LessonID: written.ID, CourseTitle: "Workplace safety", LessonTitle: "Show what you know", Waiting: 14}}}
	appeals := themes.MarkingPage{Show: "appeals", Objections: []assessment.Objection{{Appeal: objection, PersonName: "Jonas Weber", CourseID: course.ID, LessonID: written.ID, CourseTitle: "Workplace safety", LessonTitle: "Show what you know"}}}
	return []specimen{
		{"test-sittings", studio, themes.TestSittingsPage{TestPlace: place("attempts"), Sittings: list}}, {"test-sittings-wrong", studio, refusedMore}, {"test-sittings-none", studio, themes.TestSittingsPage{TestPlace: place("attempts"), Status: assessment.StatusToMark}},
		{"test-review", studio, marking}, {"test-review-two", studio, paired}, {"test-review-own", studio, own}, {"marking-test-appeals", studio, appeals}, {"test-review-wrong", studio, slipped}, {"marking-tests", studio, queue},
		{"test-regrade", studio, mending}, {"test-regrade-preview", studio, foreseen}, {"test-regrade-wrong", studio, refusedMend}, {"test-regrade-none", studio, themes.TestRegradePage{TestPlace: place("regrade")}},
		{"test-analysis", studio, analysed}, {"test-analysis-few", studio, few}, {"test-analysis-none", studio, nothing},
		{"test", view, taking}, {"test-finish", view, review}, {"test-wrong", view, wrong}, {"test-looked", view, looked}, {"test-timed", view, timed}, {"test-try", studio, trying},
		{"test-passed", view, passed}, {"test-failed", view, failed}, {"test-objected", view, disputed}, {"test-objecting", view, objects}, {"test-waits", view, waits}, {"test-silent", view, silent}, {"test-tried", studio, tried},
		{"player-test", view, player(&fresh)}, {"player-test-running", view, player(&going)}, {"player-test-resting", view, player(&resting)}, {"player-test-code", view, locked},
		{"player-test-unwritten", view, player(&assessment.Desk{Refused: errors.Join(assessment.ErrNotFound)})}, {"player-test-preview", w.portal("/studio/x/preview/y", may()), player(nil)},
		{"test-edit", studio, edit}, {"test-edit-pick", studio, picking}, {"test-edit-wrong", studio, broken}, {"test-edit-new", studio, empty},
	}
}
