package themes_test

import (
	"time"

	"lyceum/internal/lines"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/exchange"
	"lyceum/themes"
)

// editorSpecimens are two authors' texts side by side, a lesson's past, and a draft in the player.
func editorSpecimens(w *world) []specimen {
	o := w.outlines[0]
	text, quiz := lesson(o, catalog.LessonText), lesson(o, catalog.LessonQuiz)
	view := w.portal("/studio/x/lessons/y", may())
	at := now.Add(-2 * time.Minute)
	theirs := text
	theirs.Title, theirs.Revision = "Leave the building, quickly", 4
	theirs.Body = "# Leaving\n\nWalk, do not run.\n\nTake nothing.\n\nMeet at the lime tree.\n\nWait there.\n\nAnswer when you are called."
	mine := text.Input()
	mine.Title = "Leaving the building"
	mine.Body = "# Leaving\n\nGo, do not run.\n\nTake nothing.\n\nMeet at the lime tree.\n\nWait there.\n\nAnswer when you are called.\n\nGo back when told to."
	m := catalog.Merge{Written: catalog.Written{Course: o.Course, Version: o.Version, Lesson: theirs}, Name: "Ada Lovelace", At: &at, Mine: mine, Merged: mine, Clashes: []string{"Body", "Title"}}
	m.Body = lines.Merge("# Leaving\n\nLeave.\n\nTake nothing.\n\nMeet at the lime tree.\n\nWait there.\n\nAnswer when you are called.", mine.Body, theirs.Body)
	m.Merged.Body = m.Body.Text()
	clean := m
	clean.Clashes, clean.At = nil, nil
	page := func(m *catalog.Merge) themes.LessonEditPage {
		return themes.LessonEditPage{
			Outline: catalog.Outline{Course: o.Course, Version: o.Version}, Lesson: theirs, Revision: 4, Merge: m, Mine: `{"Title":"Mine"}`, MineOn: 3,
			Form: themes.NewLessonForm(m.Merged.Into(theirs)), Preview: prose(m.Merged.Body), Problem: catalog.ErrLessonChanged,
		}
	}
	who, gone := w.people[0].ID, uid.New()
	saves := []catalog.Save{
		{Revision: 4, SavedBy: &who, Name: "Ada Lovelace", SavedAt: at, Content: catalog.Content(theirs.Input())},
		{Revision: 3, SavedBy: &gone, SavedAt: now.Add(-time.Hour), Automatic: true, Content: catalog.Content(mine)},
		{Revision: 0, SavedAt: now.AddDate(0, -1, 0), Content: catalog.Content(text.Input())},
	}
	past := themes.LessonHistoryPage{Course: o.Course, Version: o.Version, Lesson: theirs, Saves: saves}
	latest, older, first := past, past, past
	latest.Shown = &catalog.Past{Save: saves[0], Before: &saves[1]}
	older.Shown = &catalog.Past{Save: saves[1], Before: &saves[2]}
	older.Problem = catalog.ErrLessonChanged
	first.Shown = &catalog.Past{Save: saves[2]}
	draft := themes.PlayerPage{Preview: true, Body: prose(text.Body)}
	draft.Player.Outline, draft.Player.Lesson, draft.Player.Next = o, text, &quiz.ID
	last := draft
	last.Player.Lesson, last.Player.Next, last.Body = quiz, nil, ""
	packed := &exchange.Course{Format: exchange.FormatCartridge, Title: "Ladders", Modules: []exchange.Module{{Title: "First steps", Lessons: []exchange.Lesson{
		{LessonInput: catalog.LessonInput{Kind: catalog.LessonText, Title: "Set it up"}, Source: "pages/set-up.html"}, {LessonInput: catalog.LessonInput{Kind: catalog.LessonQuiz, Title: "Check yourself"}, Source: "quiz.xml"},
	}}}, Notes: []exchange.Note{{File: "imsmanifest.xml", Line: 6, Text: "“A tool” is a tool of another site (LTI), which cannot be imported: it is left out."}}}
	broken := *packed
	broken.Notes = append([]exchange.Note{{File: "pages/a-page-with-a-very-long-name-that-does-not-fit-on-a-phone-without-breaking.html", Text: "The picture “gone.png” is not in the package.", Stops: true}}, packed.Notes...)
	importing := w.portal("/studio/import", may())
	return []specimen{
		{"import", importing, themes.ImportPage{}},
		{"import-report", importing, themes.ImportPage{FileID: id("package").String(), Report: packed}},
		{"import-refused", importing, themes.ImportPage{FileID: id("package").String(), Report: &broken}},
		{"import-none", importing, themes.ImportPage{Problem: refused(map[string]string{"file": "Choose a Common Cartridge (.imscc) or a ZIP file with Markdown lessons."})}},
		{"lesson-clash", view, page(&m)},
		{"lesson-clash-clean", view, page(&clean)},
		{"lesson-history", view, latest},
		{"lesson-history-older", view, older},
		{"lesson-history-first", view, first},
		{"lesson-history-none", view, past},
		{"preview-draft", w.portal("/studio/x/preview/y", may()), draft},
		{"preview-draft-quiz", w.portal("/studio/x/preview/y", may()), last},
	}
}
