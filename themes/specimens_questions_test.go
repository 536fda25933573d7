package themes_test

import (
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/bank"
	"lyceum/learning/bank/format"
	"lyceum/learning/question"
	"lyceum/learning/rubric"
	"lyceum/themes"
)

// questionBodies are questions of every kind.
func questionBodies(w *world) []question.Question {
	picture := *w.outlines[0].Version.CoverFileID
	return []question.Question{
		{Kind: question.Single, Title: "Where is the exit?", Prompt: "Where is the **exit**?", Options: []question.Option{{ID: "a", Text: "On the left", Share: question.Whole}, {ID: "b", Text: "On the right", Feedback: "Look again."}}},
		{Kind: question.Multiple, Title: "What burns?", Prompt: "What burns?", Scoring: question.Weighted, Options: []question.Option{{ID: "a", Text: "Wood", Share: 500_000}, {ID: "b", Text: "Paper", Share: 500_000}, {ID: "c", Text: "Water", Share: -500_000}}},
		{Kind: question.TrueFalse, Title: "Doors", Prompt: "Fire doors stay open.", Options: []question.Option{{ID: "true", Text: "True"}, {ID: "false", Text: "False", Share: question.Whole}}},
		{Kind: question.ShortText, Title: "Number", Prompt: "Which number do you call?", Texts: &question.Texts{Patterns: []question.Pattern{{Text: "112", Match: question.Exact, Share: question.Whole}}}},
		{Kind: question.Numeric, Title: "Distance", Prompt: "How far must the ladder stand?", Numbers: &question.Numbers{Ranges: []question.Range{{Value: "1", Tolerance: "0.1", Share: question.Whole}}, Units: []question.Unit{{Name: "m", Factor: "1"}, {Name: "cm", Factor: "0.01"}}}},
		{Kind: question.Matching, Title: "Signs", Prompt: "What do colours mean?", Pairs: []question.Pair{{ID: "p", Item: "Red", Partner: question.Option{ID: "q", Text: "Stop"}}, {ID: "r", Item: "Green", Partner: question.Option{ID: "s", Text: "Exit"}}}, Decoys: []question.Option{{ID: "d", Text: "Lunch"}}},
		{Kind: question.Ordering, Title: "Steps", Prompt: "What comes first?", Options: []question.Option{{ID: "a", Text: "Look"}, {ID: "b", Text: "Call"}, {ID: "c", Text: "Help"}}},
		{Kind: question.Blanks, Title: "Gaps", Prompt: "Call {{n}} and wait {{t}}, {{c}}.", Gaps: []question.Gap{{ID: "n", Texts: &question.Texts{Patterns: []question.Pattern{{Text: "112", Match: question.Exact, Share: question.Whole}}}}, {ID: "t", Numbers: &question.Numbers{Ranges: []question.Range{{Value: "5", Share: question.Whole}}}}, {ID: "c", Options: []question.Option{{ID: "x", Text: "calmly", Share: question.Whole}, {ID: "y", Text: "running"}}}}},
		{Kind: question.HotSpot, Title: "Spot", Prompt: "Where is the extinguisher?", Picture: &picture, PictureOf: "A room", Areas: []question.Area{{ID: "a", Label: "Beside the door", Shape: question.Circle, Points: []question.Point{{X: 1000, Y: 1000}, {X: 2000, Y: 1000}}, Right: true}, {ID: "b", Label: "On the table", Shape: question.Rectangle, Points: []question.Point{{X: 5000, Y: 5000}, {X: 6000, Y: 6000}}}}},
		{Kind: question.Essay, Title: "Why", Prompt: "Why do we drill?", Hand: &question.HandRule{MinWords: 50, Notes: "Look for reasons.", Rubric: &rubric.Rubric{Criteria: []rubric.Criterion{{Title: "Reasons", Levels: []rubric.Level{{Title: "Two", Points: 2 * rubric.One}, {Title: "None"}}}}}}},
		{Kind: question.File, Title: "Plan", Prompt: "Hand in your plan.", Hand: &question.HandRule{MaxFiles: 2, Accept: []string{".pdf"}}},
	}
}

func questionsSpecimens(w *world) []specimen {
	at := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)
	mine := bank.Listed{Bank: bank.Bank{ID: id("bank"), Name: "Workplace safety", About: "Questions of the yearly instruction.", Everyone: bank.EveryoneSees, Revision: 2, UpdatedAt: at}, Access: bank.AccessOwn, OwnerName: "Ada Lovelace", Questions: 3}
	theirs := bank.Listed{Bank: bank.Bank{ID: id("bank 2"), Name: longName, UpdatedAt: at}, Access: bank.AccessSee, Questions: 1}
	bodies := questionBodies(w)
	var questions []bank.Question
	out := []specimen{}
	for i, b := range bodies {
		q := bank.Question{ID: id("bank question " + b.Title), BankID: mine.ID, Folder: "Fire", Kind: b.Kind, Title: b.Title, Tags: bank.Tags{"fire", "yearly"}, Difficulty: 2, Body: bank.Body{Question: b}, Revision: 3, Version: i % 3, Changed: i%3 != 1, CreatedAt: at, UpdatedAt: at}
		questions = append(questions, q)
		asked, result := question.Ask(b, 1), question.Grade(b, question.Solution(b))
		p := themes.QuestionPage{Bank: mine, Shown: &bank.Shown{Question: q, Bank: mine, Versions: []bank.Version{{QuestionID: q.ID, Number: 1, CreatedAt: at}}}, Form: themes.NewQuestionForm(b, q), Banks: []bank.Listed{mine, theirs}, Asked: &asked, Prompt: prose(b.Prompt), Given: question.Solution(b), Result: &result}
		if b.Kind == question.Blanks {
			p.Parts = []themes.PromptPart{{Text: "Call ", Gap: &asked.Gaps[0]}, {Text: " and wait ", Gap: &asked.Gaps[1]}, {Text: ", ", Gap: &asked.Gaps[2]}, {Text: "."}}
		}
		if b.Kind == question.Matching {
			was := p
			was.Version = &p.Shown.Versions[0]
			out = append(out, specimen{"question-version", w.portal("/studio/questions/x/y?version=1", may()), was})
		}
		out = append(out, specimen{"question-" + string(b.Kind), w.portal("/studio/questions/x/y", may()), p})
		out = append(out, specimen{"question-new-" + string(b.Kind), w.portal("/studio/questions/x/new", may()), themes.QuestionPage{Bank: mine, Form: themes.EmptyQuestionForm(b.Kind, "Fire"), Problem: refused(map[string]string{"title": "Give the question a title by which you find it."})}})
	}
	places := bank.Places{Folders: []bank.Folder{{Name: "", Count: 1}, {Name: "Fire", Count: 2}}, Tags: []bank.Folder{{Name: "fire", Count: 2}}}
	sheet := format.Sheet{Format: "gift", Items: []format.Item{{Line: 1, Name: "One", Body: bodies[0]}, {Line: 9, Name: "Two", Folder: "Fire", Body: bodies[1], Notes: []string{"A picture in the text is left out. Upload it to the question afterwards."}}, {Line: 20, Name: "Three", Refused: "This text has no gaps that can be read."}}}
	group := "group:" + uid.Nil.String()
	return append(out,
		specimen{"banks", w.portal("/studio/questions", may()), themes.BanksPage{Banks: listOf(mine, theirs)}},
		specimen{"banks-none", w.portal("/studio/questions", may()), themes.BanksPage{Problem: refused(map[string]string{"name": "Give the question bank a name."})}},
		specimen{"banks-search", w.portal("/studio/questions?q=x", may()), themes.BanksPage{Query: "x"}},
		specimen{"bank", w.portal("/studio/questions/x", may()), themes.BankPage{Bank: mine, Places: places, Questions: listOf(questions...), Shares: []themes.ShareChoice{{Value: "role:instructor", Name: "Instructor", May: "edit"}, {Value: group, Name: "Trainers", May: "see"}, {Value: "role:manager", Name: "Manager"}}}},
		specimen{"bank-empty", w.portal("/studio/questions/x", may()), themes.BankPage{Bank: bank.Listed{Bank: mine.Bank, Access: bank.AccessOwn}, Problem: refused(map[string]string{"name": "Give the question bank a name."})}},
		specimen{"bank-import-none", w.portal("/studio/questions/x", may()), themes.BankPage{Bank: bank.Listed{Bank: mine.Bank, Access: bank.AccessEdit}, Importing: format.ErrNothing}},
		specimen{"bank-see", w.portal("/studio/questions/y", may()), themes.BankPage{Bank: theirs, Filter: bank.Filter{Query: "x"}}},
		specimen{"bank-import", w.portal("/studio/questions/x/import", may()), themes.BankImportPage{Bank: mine, Sheet: sheet, File: "course.gift", Text: "::One::"}},
		specimen{"bank-import-qti", w.portal("/studio/questions/x/import", may()), themes.BankImportPage{Bank: mine, Sheet: format.Sheet{Format: "qti", Items: []format.Item{{Line: 2, File: "items/q0001.xml", Name: "One", Body: bodies[0]}, {Line: 2, File: "items/q0002.xml", Name: "Two", Refused: "It asks several things at once. Make a question of each."}}}, File: "course.zip", Text: "UEs="}},
		specimen{"bank-export", w.portal("/studio/questions/x/export", may()), themes.BankExportPage{Bank: mine, Format: "moodlexml", Left: []format.Left{{Title: "Spot", Why: "Moodle XML does not know this kind of question."}, {Title: "Steps", Why: "Feedback on single items is left out.", Kept: true}}}},
	)
}
