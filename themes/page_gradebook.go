package themes

import (
	"strconv"
	"strings"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/gradebook"
)

// FlashGraded tells that grades were entered; Name is how many.
const FlashGraded FlashKey = "graded"

// GradebookPage is GET /studio/:course/grades?after=: everybody's grades.
type GradebookPage struct {
	Outline catalog.Outline
	Book    gradebook.Book
}

func (p GradebookPage) in(c *Chrome) (string, any) { return "gradebook", framed[GradebookPage]{c, p} }

// At is its address.
func (p GradebookPage) At() string { return gradesAt(p.Outline.Course.ID) }

func gradesAt(course uid.ID) string { return "/studio/" + course.String() + "/grades" }

// Scaled tells whether totals have a name on a scale.
func (p GradebookPage) Scaled() bool { return len(p.Book.Settings.Scale) > 0 }

// GradeText writes a grade with at most one place; a dash for none.
func (c *Chrome) GradeText(g *gradebook.Share) string {
	if g == nil {
		return "–"
	}
	tenths := (int64(*g) + 500) / 1000
	text := strconv.FormatInt(tenths/10, 10)
	if tenths%10 != 0 {
		mark := "."
		if c.locale == "de" {
			mark = ","
		}
		text += mark + strconv.FormatInt(tenths%10, 10)
	}
	if c.locale == "de" {
		return text + "\u00a0%"
	}
	return text + "%"
}

// GradeField is a grade as its field has it.
func (*Chrome) GradeField(g *gradebook.Share) string { return gradebook.Text(g) }

// GradeSheetPage is GET /studio/:course/grades/people/:enrolment: a person's grades. It posts column, grade, reason and do
// (enter, excuse, clear) to its own address.
type GradeSheetPage struct {
	Outline catalog.Outline
	Sheet   gradebook.Sheet
	Column  string // what was typed for: a column's id, or total
	Grade   string
	Reason  string
	Problem *fault.Fault
}

func (p GradeSheetPage) in(c *Chrome) (string, any) {
	return "grade_sheet", framed[GradeSheetPage]{c, p}
}

// At is its address.
func (p GradeSheetPage) At() string {
	return gradesAt(p.Outline.Course.ID) + "/people/" + p.Sheet.Person.EnrolmentID.String()
}

// GradeLine is a column with what stands in it.
type GradeLine struct {
	Column gradebook.Column
	Cell   gradebook.Cell
}

func linesOf(b gradebook.Book, r gradebook.Row) (list []GradeGroup) {
	for i, k := range b.Settings.Categories {
		one := GradeGroup{Category: k}
		if i < len(r.Categories) {
			one.Grade = r.Categories[i].Grade
		}
		for n, c := range b.Columns {
			if c.Category == k.ID && n < len(r.Cells) {
				one.Lines = append(one.Lines, GradeLine{c, r.Cells[n]})
			}
		}
		list = append(list, one)
	}
	return list
}

// GradeGroup is a category with its columns.
type GradeGroup struct {
	Category gradebook.Category
	Grade    *gradebook.Share
	Lines    []GradeLine
}

// Groups are the categories with their columns.
func (p GradeSheetPage) Groups() []GradeGroup { return linesOf(p.Sheet.Book, p.Sheet.Person.Row) }

// TitleOf names a column of the history; "" is the total, or a column that is no more.
func (p GradeSheetPage) TitleOf(m gradebook.Mark) string {
	for _, c := range p.Sheet.Columns {
		if c.ID == m.ColumnID {
			return c.Title
		}
	}
	return ""
}

// IsTotal tells whether a mark is one of the total.
func (p GradeSheetPage) IsTotal(m gradebook.Mark) bool { return m.ColumnID == uid.Nil }

// CategoryForm is a category as it is typed.
type CategoryForm struct{ ID, Name, Weight, Drop, Highest string }

// ItemForm is a column of an instructor's own as it is typed.
type ItemForm struct{ ID, Title string }

// PlaceForm is where a column stands, as it is typed.
type PlaceForm struct {
	Column   gradebook.Column
	Category string
	Weight   string
}

// GradingForm is how a course is graded, as it is typed. Its fields: categories.<n>.id, name, weight, drop, drop_highest; items.<n>.id,
// title; places.<column>.category, places.<column>.weight; missing, round, scale (a line each: name and percent), hidden.
type GradingForm struct {
	Categories []CategoryForm
	Items      []ItemForm
	Places     []PlaceForm
	Missing    string
	Round      string
	Scale      string
	Hidden     bool
}

// NewGradingForm fills a form in.
func NewGradingForm(s gradebook.Settings, columns []gradebook.Column) GradingForm {
	f := GradingForm{Missing: string(s.Missing), Round: string(s.Round), Hidden: s.Hidden}
	for _, k := range s.Categories {
		f.Categories = append(f.Categories, CategoryForm{k.ID.String(), k.Name, strconv.Itoa(k.Weight), unlessZero(k.Lowest), unlessZero(k.Highest)})
	}
	for _, i := range s.Items {
		f.Items = append(f.Items, ItemForm{i.ID.String(), i.Title})
	}
	for _, c := range columns {
		f.Places = append(f.Places, PlaceForm{c, c.Category.String(), strconv.Itoa(c.Weight)})
	}
	var lines []string
	for _, step := range s.Scale {
		lines = append(lines, step.Name+" "+strconv.Itoa(step.From))
	}
	f.Scale = strings.Join(lines, "\n")
	return f
}

func unlessZero(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// ReadGradingForm reads the fields of a form.
func ReadGradingForm(get func(string) string, columns []gradebook.Column) GradingForm {
	f := GradingForm{Missing: get("missing"), Round: get("round"), Scale: strings.ReplaceAll(get("scale"), "\r\n", "\n"), Hidden: get("hidden") != ""}
	for n := range gradebook.MaxCategories + 1 {
		at := "categories." + strconv.Itoa(n) + "."
		if get(at+"id") == "" {
			break
		}
		f.Categories = append(f.Categories, CategoryForm{get(at + "id"), get(at + "name"), get(at + "weight"), get(at + "drop"), get(at + "drop_highest")})
	}
	for n := range gradebook.MaxItems + 1 {
		at := "items." + strconv.Itoa(n) + "."
		if get(at+"id") == "" {
			break
		}
		f.Items = append(f.Items, ItemForm{get(at + "id"), get(at + "title")})
	}
	for _, c := range columns {
		at := "places." + c.ID.String() + "."
		f.Places = append(f.Places, PlaceForm{c, get(at + "category"), get(at + "weight")})
	}
	return f
}

// Apply does what a button of the form says: add_category, add_item, drop_category.N, drop_item.N.
func (f GradingForm) Apply(do string) GradingForm {
	word, rest, _ := strings.Cut(do, ".")
	n, _ := strconv.Atoi(rest)
	switch word {
	case "add_category":
		f.Categories = append(f.Categories, CategoryForm{ID: uid.New().String(), Weight: "100"})
	case "add_item":
		f.Items = append(f.Items, ItemForm{ID: uid.New().String()})
	case "drop_category":
		f.Categories = without(f.Categories, n)
	case "drop_item":
		f.Items = without(f.Items, n)
	}
	return f
}

// Settings reads what was typed; what cannot be read is noted as wrong.
func (f GradingForm) Settings(wrong fault.Fields) gradebook.Settings {
	s := gradebook.Settings{Missing: gradebook.Missing(f.Missing), Round: gradebook.Round(f.Round), Hidden: f.Hidden, Places: map[string]gradebook.Place{}}
	for n, k := range f.Categories {
		at := "categories." + strconv.Itoa(n) + "."
		id, _ := uid.Parse(k.ID)
		s.Categories = append(s.Categories, gradebook.Category{ID: id, Name: k.Name, Weight: whole(wrong, at+"weight", k.Weight), Lowest: whole(wrong, at+"drop", k.Drop), Highest: whole(wrong, at+"drop_highest", k.Highest)})
	}
	for _, i := range f.Items {
		id, _ := uid.Parse(i.ID)
		s.Items = append(s.Items, gradebook.Item{ID: id, Title: i.Title})
	}
	for _, p := range f.Places {
		id, ok := uid.Parse(p.Category)
		if ok && p.Weight != "" {
			s.Places[p.Column.ID.String()] = gradebook.Place{Category: id, Weight: whole(wrong, "places."+p.Column.ID.String(), p.Weight)}
		}
	}
	for n, line := range strings.Split(f.Scale, "\n") {
		line = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(line), "%"))
		if line == "" {
			continue
		}
		cut := strings.LastIndexAny(line, " \t")
		from, err := strconv.Atoi(strings.TrimSpace(line[cut+1:]))
		if cut < 0 || err != nil {
			wrong.Add("scale", "Write a name and a percentage on each line, such as “Pass 60”.")
			continue
		}
		_ = n
		s.Scale = append(s.Scale, gradebook.Step{Name: strings.TrimSpace(line[:cut]), From: from})
	}
	return s
}

// GradeSettingsPage is GET /studio/:course/grades/settings. It posts the fields of GradingForm, number and do (save and those
// of GradingForm.Apply) to its own address.
type GradeSettingsPage struct {
	Outline catalog.Outline
	Number  int
	From    int // the earlier version that the form was filled from; 0: the newest
	Form    GradingForm
	Problem *fault.Fault
}

func (p GradeSettingsPage) in(c *Chrome) (string, any) {
	return "grade_settings", framed[GradeSettingsPage]{c, p}
}

// At is the address of the gradebook.
func (p GradeSettingsPage) At() string { return gradesAt(p.Outline.Course.ID) }

// Missings are how may count what has no grade.
func (GradeSettingsPage) Missings() []gradebook.Missing { return gradebook.Missings }

// Rounds are how totals may be rounded.
func (GradeSettingsPage) Rounds() []gradebook.Round { return gradebook.Rounds }

// GradeVersionsPage is GET /studio/:course/grades/versions: how the course was graded before. Each leads to
// …/settings?version=N, where it can be set anew.
type GradeVersionsPage struct {
	Outline  catalog.Outline
	Versions []gradebook.Version
	Columns  []gradebook.Column
}

func (p GradeVersionsPage) in(c *Chrome) (string, any) {
	return "grade_versions", framed[GradeVersionsPage]{c, p}
}

// At is the address of the gradebook.
func (p GradeVersionsPage) At() string { return gradesAt(p.Outline.Course.ID) }

// Weighs are the columns that a version gave a place of their own, with their weights.
func (p GradeVersionsPage) Weighs(v gradebook.Version) (list []gradebook.Column) {
	for _, c := range p.Columns {
		if place, ok := v.Settings.Places[c.ID.String()]; ok {
			c.Weight = place.Weight
			list = append(list, c)
		}
	}
	return list
}

// GradeImportPage is GET /studio/:course/grades/import. It posts file to its own address, and text (the table as it came, in
// JSON), reason to …/apply.
type GradeImportPage struct {
	Outline catalog.Outline
	Plan    *gradebook.Plan
	Text    string
	Reason  string
	Problem *fault.Fault
}

func (p GradeImportPage) in(c *Chrome) (string, any) {
	return "grade_import", framed[GradeImportPage]{c, p}
}

// At is the address of the gradebook.
func (p GradeImportPage) At() string { return gradesAt(p.Outline.Course.ID) }

// changesListed bounds the changes that are listed.
const changesListed = 200

// Listed are the changes that are listed.
func (p GradeImportPage) Listed() []gradebook.Change {
	return p.Plan.Changes[:min(changesListed, len(p.Plan.Changes))]
}

// Further is how many are not.
func (p GradeImportPage) Further() int { return max(0, len(p.Plan.Changes)-changesListed) }

// OwnGradesPage is GET /courses/:slug/grades: a learner's own grades; with if.<column>= what the total would be.
type OwnGradesPage struct {
	Slug  string
	Sheet gradebook.Sheet
	Then  *gradebook.Row
	If    map[uid.ID]string
}

func (p OwnGradesPage) in(c *Chrome) (string, any) { return "own_grades", framed[OwnGradesPage]{c, p} }

// Groups are the categories with their columns.
func (p OwnGradesPage) Groups() []GradeGroup { return linesOf(p.Sheet.Book, p.Sheet.Person.Row) }

// Asked is what was typed for a column.
func (p OwnGradesPage) Asked(c gradebook.Column) string { return p.If[c.ID] }

// Open tells whether a column may be tried: it counts, and nothing was entered for it.
func (p OwnGradesPage) Open(l GradeLine) bool {
	return l.Column.Weight > 0 && l.Cell.Source != gradebook.SourceEntered && l.Cell.Source != gradebook.SourceExcused
}

// AnyOpen tells whether anything may be tried.
func (p OwnGradesPage) AnyOpen() bool {
	for _, g := range p.Groups() {
		for _, l := range g.Lines {
			if p.Open(l) {
				return true
			}
		}
	}
	return false
}

// Graded tells whether anything in the course is graded.
func (p CoursePage) Graded() bool {
	for _, l := range p.Outline.Lessons() {
		if l.Kind == catalog.LessonQuiz || l.Kind == catalog.LessonTest || l.Kind == catalog.LessonSubmission {
			return true
		}
	}
	return false
}
