package themes_test

import (
	"errors"
	"html/template"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/assessment"
	"lyceum/learning/bank"
	"lyceum/learning/catalog"
	"lyceum/learning/question"
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
					item.Told.Comment = "Two good reasons; **name** one more."
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
	edit := themes.TestEditPage{Course: course, Lesson: written, Number: 2, Form: themes.NewTestForm(rules, "2026-03-02T09:00", "2026-03-07T09:00"), Heads: heads, Banks: banks, Picking: -1}
	picking, broken, empty := edit, edit, edit
	picking.Picking, picking.From, picking.Offered = 1, id("bank").String(), []bank.Question{heads[slots[0].Ref.Question], heads[slots[1].Ref.Question]}
	broken.Problem = refused(map[string]string{"sections.0.fixed": "A question stands twice in this test. Take one of them out.", "sections.1.pools.0": "There are only 1 published questions to draw from.", "pass": "Choose 0 to 100 percent."})
	empty.Number, empty.Form, empty.Heads = 0, themes.NewTestForm(assessment.DefaultSettings(), "", ""), nil
	return []specimen{
		{"test", view, taking}, {"test-review", view, review}, {"test-wrong", view, wrong}, {"test-looked", view, looked}, {"test-timed", view, timed}, {"test-try", studio, trying},
		{"test-passed", view, passed}, {"test-failed", view, failed}, {"test-waits", view, waits}, {"test-silent", view, silent}, {"test-tried", studio, tried},
		{"player-test", view, player(&fresh)}, {"player-test-running", view, player(&going)}, {"player-test-resting", view, player(&resting)}, {"player-test-code", view, locked},
		{"player-test-unwritten", view, player(&assessment.Desk{Refused: errors.Join(assessment.ErrNotFound)})}, {"player-test-preview", w.portal("/studio/x/preview/y", may()), player(nil)},
		{"test-edit", studio, edit}, {"test-edit-pick", studio, picking}, {"test-edit-wrong", studio, broken}, {"test-edit-new", studio, empty},
	}
}
