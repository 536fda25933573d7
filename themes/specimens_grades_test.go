package themes_test

import (
	"fmt"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
	"lyceum/learning/gradebook"
	"lyceum/themes"
)

// gradeSpecimens are the gradebook of a course, and a learner's own grades.
func gradeSpecimens(w *world) []specimen {
	o := w.outlines[0]
	share := func(n int64) *gradebook.Share { g := gradebook.Share(n); return &g }
	exams, work := gradebook.Category{ID: id("cat1"), Name: "Tests", Weight: 60, Lowest: 1, Highest: 1}, gradebook.Category{ID: id("cat2"), Name: "Assignments and everything that was done in the workshop", Weight: 40}
	s := gradebook.Settings{Categories: []gradebook.Category{exams, work, {ID: id("cat3"), Name: "Extra"}}, Missing: gradebook.MissingOverdue, Round: gradebook.RoundTenths, Scale: []gradebook.Step{{Name: "Passed", From: 60}, {Name: "Failed"}}, Items: []gradebook.Item{{ID: id("c5"), Title: "Talk"}}}
	columns := []gradebook.Column{{ID: id("c1"), Kind: gradebook.KindQuiz, Title: "Check yourself", Category: exams.ID, Weight: 1}, {ID: id("c2"), Kind: gradebook.KindTest, Title: "Show what you know", Category: exams.ID, Weight: 2}, {ID: id("c3"), Kind: gradebook.KindTest, Title: longName, Category: exams.ID, Weight: 1}, {ID: id("c4"), Kind: gradebook.KindAssignment, Title: "Your escape route", Category: work.ID, Weight: 1}, {ID: id("c5"), Kind: gradebook.KindManual, Title: "Talk", Category: work.ID}}
	var people []gradebook.Person
	for i, p := range w.people {
		k := gradebook.Known{Grades: map[uid.ID]gradebook.Share{id("c1"): gradebook.Share(900_000 - 70_000*i), id("c2"): gradebook.Share(666_667 + 20_000*i)}, Marks: map[uid.ID]gradebook.Mark{}, Over: i%2 == 0}
		switch i {
		case 0:
			k.Marks[id("c4")] = gradebook.Mark{ColumnID: id("c4"), Grade: share(850_000), Reason: "Handed in on paper."}
			k.Marks[id("c3")] = gradebook.Mark{ColumnID: id("c3"), Excused: true, Reason: "Was ill."}
		case 1:
			k.Marks[uid.Nil] = gradebook.Mark{Grade: share(990_000), Reason: "See the minutes of the board."}
		case 2:
			k.Grades = map[uid.ID]gradebook.Share{}
		}
		people = append(people, gradebook.Person{EnrolmentID: id("e" + p.Name), PersonID: p.ID, Name: p.Name, Email: p.Email, Status: enrolment.StatusActive, Row: gradebook.Compute(s, columns, k)})
	}
	book := gradebook.Book{CourseID: o.Course.ID, Title: "Workplace safety", Settings: s, Number: 3, Columns: columns, People: page.Of[gradebook.Person]{Items: people, Next: "x"}}
	empty, nobody, hidden := book, book, book
	empty.Columns, nobody.People, hidden.Settings.Hidden = nil, page.Of[gradebook.Person]{}, true
	history := []gradebook.Mark{{ColumnID: uid.Nil, Number: 1, Grade: share(990_000), Before: share(812_345), Reason: "See the minutes.", At: now, ByName: "Maya Chen"}, {ColumnID: id("c4"), Number: 2, Before: share(850_000), At: now, ByName: "Maya Chen"}, {ColumnID: id("c3"), Excused: true, Reason: "Was ill.", At: now, ByName: "Maya Chen"}, {ColumnID: id("gone"), Grade: share(1), At: now, ByName: "Maya Chen"}}
	sheet := gradebook.Sheet{Book: book, Person: people[0], History: history}
	overridden := sheet
	overridden.Person = people[1]
	studio, view := w.portal("/studio/x/grades", may()), w.portal("/courses/x/grades", learnerMay())
	wrong := themes.GradeSheetPage{Outline: o, Sheet: overridden, Column: "total", Grade: "x", Problem: refused(map[string]string{"grade": "Enter 0 to 200 percent.", "reason": "Say why: it stands in the history of this grade."})}
	form := themes.NewGradingForm(s, columns)
	plan := gradebook.Plan{Title: "Workplace safety", Rows: 24, Same: 80, Unknown: []string{"Notes"}, Wrong: []gradebook.Wrong{{Line: 3, Why: "Nobody in this course has this enrolment_id or email."}, {Line: 9, What: "Talk", Why: "Enter 0 to 200 percent."}}}
	for i := range 3 {
		plan.Changes = append(plan.Changes, gradebook.Change{Line: i + 2, Name: people[i].Name, Title: "Talk", Before: share(int64(100_000 * i)), Grade: share(925_000), Column: id("c5")})
	}
	plan.Changes[1].Grade, plan.Changes[1].Excused, plan.Changes[0].Before = nil, true, nil
	nothing := gradebook.Plan{Rows: 2, Same: 2}
	then := people[0].Row
	own := themes.OwnGradesPage{Slug: "x", Sheet: gradebook.Sheet{Book: book, Person: people[3]}}
	tried := own
	tried.Then, tried.If = &then, map[uid.ID]string{id("c4"): "85"}
	none := themes.OwnGradesPage{Slug: "x", Sheet: gradebook.Sheet{Book: empty, Person: people[0]}}
	imports := themes.GradeImportPage{Outline: o, Plan: &plan, Text: fmt.Sprint(`[["name"]]`)}
	unreasoned := imports
	unreasoned.Problem = refused(map[string]string{"reason": "Say why: it stands in the history of each grade."})
	before := s
	before.Places, before.Missing, before.Round, before.Hidden = map[string]gradebook.Place{id("c2").String(): {Category: exams.ID, Weight: 2}, id("c3").String(): {Category: work.ID}}, gradebook.MissingZero, gradebook.RoundNot, true
	versions := themes.GradeVersionsPage{Outline: o, Columns: columns, Versions: []gradebook.Version{{Number: 3, Settings: s, By: "Maya Chen", At: now}, {Number: 2, Settings: before, At: now}, {Number: 1, Settings: gradebook.DefaultSettings(), By: longName, At: now}}}
	return []specimen{
		{"gradebook", studio, themes.GradebookPage{Outline: o, Book: book}}, {"gradebook-hidden", studio, themes.GradebookPage{Outline: o, Book: hidden}}, {"gradebook-empty", studio, themes.GradebookPage{Outline: o, Book: empty}}, {"gradebook-nobody", studio, themes.GradebookPage{Outline: o, Book: nobody}},
		{"grade-sheet", studio, themes.GradeSheetPage{Outline: o, Sheet: sheet}}, {"grade-sheet-wrong", studio, wrong},
		{"grade-versions", studio, versions}, {"grade-versions-none", studio, themes.GradeVersionsPage{Outline: o}}, {"grade-settings-earlier", studio, themes.GradeSettingsPage{Outline: o, Number: 3, From: 2, Form: form}},
		{"grade-settings", studio, themes.GradeSettingsPage{Outline: o, Number: 3, Form: form}}, {"grade-settings-wrong", studio, themes.GradeSettingsPage{Outline: o, Form: form, Problem: refused(map[string]string{"categories": "Let at least one category count.", "scale": "Write a name and a percentage on each line, such as “Pass 60”.", "places." + id("c1").String(): "Use a weight of 0 to 1000."})}},
		{"grade-import", studio, themes.GradeImportPage{Outline: o}}, {"grade-import-plan", studio, imports}, {"grade-import-why", studio, unreasoned}, {"grade-import-nothing", studio, themes.GradeImportPage{Outline: o, Plan: &nothing}}, {"grade-import-wrong", studio, themes.GradeImportPage{Outline: o, Problem: gradebook.ErrFile}},
		{"own-grades", view, own}, {"own-grades-if", view, tried}, {"own-grades-none", view, none},
	}
}
