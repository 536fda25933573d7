package rest

import (
	"math"
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/gradebook"
)

// gradeColumn is something that is graded.
type gradeColumn struct {
	ID       uid.ID         `json:"id" doc:"The lesson's, or the item's."`
	Kind     gradebook.Kind `json:"kind" enum:"quiz,test,submission,manual"`
	Title    string         `json:"title"`
	Category uid.ID         `json:"category"`
	Weight   int            `json:"weight" doc:"Against the others of its category; 0: it does not count."`
}

// gradingShown is how a course is graded.
type gradingShown struct {
	Number   int           `json:"number" doc:"The version of the settings; 0: nobody set any."`
	Settings grading       `json:"settings"`
	Columns  []gradeColumn `json:"columns"`
}

// grading is how a course is graded, as it is set.
type grading struct {
	Categories []gradeCategory       `json:"categories" maxItems:"20"`
	Places     map[string]gradePlace `json:"places,omitempty" doc:"By column id; none: the first category, with the weight 1."`
	Items      []gradeItem           `json:"items,omitempty" maxItems:"100" doc:"Columns of one's own."`
	Missing    gradebook.Missing     `json:"missing,omitempty" enum:",overdue,zero" doc:"What has no grade is left out, counts nothing once the due date is over or the course completed, or from the start."`
	Scale      []gradeStep           `json:"scale,omitempty" maxItems:"20"`
	Hidden     bool                  `json:"hidden,omitempty" doc:"Learners do not see their grades."`
	Round      gradebook.Round       `json:"round,omitempty" enum:",tenths,whole" doc:"How computed totals are rounded, a half up: not, to a tenth of a percent, to whole percents."`
}

type gradeCategory struct {
	ID     uid.ID `json:"id,omitempty" required:"false" doc:"Left out: a new one."`
	Name   string `json:"name" maxLength:"120"`
	Weight int    `json:"weight" minimum:"0" maximum:"1000" doc:"Against the other categories; 0: it does not count."`
	Drop   int    `json:"drop,omitempty" minimum:"0" doc:"So many of the lowest grades are dropped, as long as one stays."`

	DropHighest int `json:"drop_highest,omitempty" minimum:"0" doc:"Then so many of the highest, as long as one stays."`
}

type gradePlace struct {
	Category uid.ID `json:"category,omitempty" required:"false"`
	Weight   int    `json:"weight" minimum:"0" maximum:"1000"`
}

type gradeItem struct {
	ID    uid.ID `json:"id,omitempty" required:"false" doc:"Left out: a new one."`
	Title string `json:"title" maxLength:"120"`
}

type gradeStep struct {
	Name string `json:"name" maxLength:"40"`
	From int    `json:"from" minimum:"0" maximum:"200" doc:"Percent."`
}

func (g grading) read() gradebook.Settings {
	out := gradebook.Settings{Missing: g.Missing, Round: g.Round, Hidden: g.Hidden, Places: map[string]gradebook.Place{}}
	for _, c := range g.Categories {
		out.Categories = append(out.Categories, gradebook.Category{ID: c.ID, Name: c.Name, Weight: c.Weight, Lowest: c.Drop, Highest: c.DropHighest})
	}
	for id, p := range g.Places {
		out.Places[id] = gradebook.Place(p)
	}
	for _, i := range g.Items {
		out.Items = append(out.Items, gradebook.Item(i))
	}
	for _, s := range g.Scale {
		out.Scale = append(out.Scale, gradebook.Step(s))
	}
	return out
}

func showGrading(s gradebook.Settings) grading {
	out := grading{Missing: s.Missing, Round: s.Round, Hidden: s.Hidden, Places: map[string]gradePlace{}, Categories: []gradeCategory{}}
	for _, c := range s.Categories {
		out.Categories = append(out.Categories, gradeCategory{c.ID, c.Name, c.Weight, c.Lowest, c.Highest})
	}
	for id, p := range s.Places {
		out.Places[id] = gradePlace(p)
	}
	for _, i := range s.Items {
		out.Items = append(out.Items, gradeItem(i))
	}
	for _, step := range s.Scale {
		out.Scale = append(out.Scale, gradeStep(step))
	}
	return out
}

// gradeCell is a person's grade in a column.
type gradeCell struct {
	Column   uid.ID           `json:"column"`
	Grade    *float64         `json:"grade" doc:"Percent; null: none."`
	Computed *float64         `json:"computed" doc:"What it would be, had nobody entered anything."`
	Source   gradebook.Source `json:"source" enum:"none,computed,entered,excused,missing"`
	Dropped  bool             `json:"dropped"`
	Reason   string           `json:"reason,omitempty"`
}

type gradeSum struct {
	Category uid.ID   `json:"category"`
	Grade    *float64 `json:"grade"`
}

// GradedPerson is a person's grades.
type GradedPerson struct {
	EnrolmentID uid.ID      `json:"enrolment_id"`
	PersonID    uid.ID      `json:"person_id"`
	Name        string      `json:"name"`
	Total       *float64    `json:"total" doc:"Percent; null: nothing that counts is graded."`
	Computed    *float64    `json:"computed" doc:"The total, had nobody overridden it."`
	Overridden  bool        `json:"overridden"`
	Step        string      `json:"step,omitempty" doc:"What the total is called on the course's scale."`
	Cells       []gradeCell `json:"cells"`
	Categories  []gradeSum  `json:"categories"`
}

// enteredGrade is a line of a person's history.
type enteredGrade struct {
	Column  *uid.ID   `json:"column,omitempty" doc:"Left out: the total."`
	Before  *float64  `json:"before"`
	Grade   *float64  `json:"grade"`
	Excused bool      `json:"excused"`
	Reason  string    `json:"reason"`
	ByID    uid.ID    `json:"by_id"`
	At      time.Time `json:"at"`
}

// gradeSheet is a person's grades with what was entered.
type gradeSheet struct {
	GradedPerson
	Columns []gradeColumn  `json:"columns"`
	History []enteredGrade `json:"history" doc:"The newest first."`
}

// ownGrades are a learner's own.
type ownGrades struct {
	GradedPerson
	Columns []gradeColumn `json:"columns"`
}

type (
	gradebookIn struct {
		ID uid.ID `path:"course" doc:"The course's id."`
	}
	gradedIn struct {
		Paging
		ID uid.ID `path:"course" doc:"The course's id."`
	}
	setGradingIn struct {
		ID   uid.ID `path:"course" doc:"The course's id."`
		Body struct {
			Number   int     `json:"number" minimum:"0" doc:"The version that they were made from; 0: there was none."`
			Settings grading `json:"settings"`
		}
	}
	gradeSheetIn struct {
		Course    uid.ID `path:"course" doc:"The course's id."`
		Enrolment uid.ID `path:"enrolment" doc:"The enrolment's id."`
	}
	enterGradeIn struct {
		Course    uid.ID `path:"course" doc:"The course's id."`
		Enrolment uid.ID `path:"enrolment" doc:"The enrolment's id."`
		Body      struct {
			Column  *uid.ID  `json:"column,omitempty" doc:"Left out: the total."`
			Grade   *float64 `json:"grade,omitempty" minimum:"0" maximum:"200" doc:"Percent. Left out and not excused: what was computed counts again."`
			Excused bool     `json:"excused,omitempty" doc:"It does not count for this person."`
			Reason  string   `json:"reason,omitempty" maxLength:"2000" doc:"Needed wherever something stood there before."`
		}
	}
	ownGradesIn struct {
		Enrolment uid.ID `path:"enrolment" doc:"The enrolment's id."`
	}
	whatIfIn struct {
		Enrolment uid.ID `path:"enrolment" doc:"The enrolment's id."`
		Body      struct {
			Grades map[string]float64 `json:"grades" minProperties:"1" maxProperties:"200" doc:"Percent by column id. What was entered by hand stays as it is."`
		}
	}
	whatIfOut     struct{ Body whatIfShown }
	gradingOut    struct{ Body gradingShown }
	gradeSheetOut struct{ Body gradeSheet }
	ownGradesOut  struct{ Body ownGrades }
)

// whatIfShown is what a learner's total would be.
type whatIfShown struct {
	Total *float64 `json:"total" doc:"Percent; null: nothing that counts is graded."`
	Step  string   `json:"step,omitempty"`
}

// shareOf gives percent as millionths, at the most Most.
func shareOf(percent float64) gradebook.Share {
	return gradebook.Share(math.Round(min(percent, 200) * float64(gradebook.Whole/100)))
}

// percentOf gives millionths as percent.
func percentOf(g *gradebook.Share) *float64 {
	if g == nil {
		return nil
	}
	p := float64(*g) / float64(gradebook.Whole/100)
	return &p
}

func showColumns(list []gradebook.Column) []gradeColumn {
	out := []gradeColumn{}
	for _, c := range list {
		out = append(out, gradeColumn{c.ID, c.Kind, c.Title, c.Category, c.Weight})
	}
	return out
}

func showGraded(p *gradebook.Person) GradedPerson {
	out := GradedPerson{EnrolmentID: p.EnrolmentID, PersonID: p.PersonID, Name: p.Name, Total: percentOf(p.Row.Total.Grade), Computed: percentOf(p.Row.Computed), Overridden: p.Row.Overridden, Step: p.Row.Step, Cells: []gradeCell{}, Categories: []gradeSum{}}
	for _, c := range p.Row.Cells {
		out.Cells = append(out.Cells, gradeCell{c.Column, percentOf(c.Grade), percentOf(c.Computed), c.Source, c.Dropped, c.Reason})
	}
	for _, s := range p.Row.Categories {
		out.Categories = append(out.Categories, gradeSum{s.ID, percentOf(s.Grade)})
	}
	return out
}

func showGradeSheet(s gradebook.Sheet) gradeSheet {
	out := gradeSheet{GradedPerson: showGraded(&s.Person), Columns: showColumns(s.Columns), History: []enteredGrade{}}
	for _, m := range s.History {
		out.History = append(out.History, enteredGrade{unlessNil(m.ColumnID), percentOf(m.Before), percentOf(m.Grade), m.Excused, m.Reason, m.ByID, utc(m.At)})
	}
	return out
}
