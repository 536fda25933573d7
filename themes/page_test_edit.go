package themes

import (
	"fmt"
	"strconv"
	"strings"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/assessment"
	"lyceum/learning/bank"
	"lyceum/learning/catalog"
)

// TestPoolForm is a pool as it is typed.
type TestPoolForm struct{ Bank, Folder, Tags, Count string }

// TestSectionForm is a section as it is typed.
type TestSectionForm struct {
	Title, Marks, Minutes string
	Shuffle               bool
	Fixed                 []bank.Ref
	Pools                 []TestPoolForm
}

// TestForm is a test as it is typed. Its fields: sections.<n>.title, marks, minutes, shuffle, fixed (question:version,
// several), pools.<m>.bank, folder, tags, count; minutes, attempts, cool_down (hours), pass, whole, negative, opens_at,
// closes_at, code, when, tell_marks, tell_right, tell_texts, anonymous, two_markers, apart, appeal_days.
type TestForm struct {
	Sections                                                         []TestSectionForm
	Minutes, Attempts, CoolDown, Pass, OpensAt, ClosesAt, Code, When string
	Apart, AppealDays                                                string
	Whole, Negative, Marks, Right, Texts, Anonymous, TwoMarkers      bool
}

// Units of what is typed, in seconds.
const (
	minute = 60
	hour   = 60 * minute
)

// spell writes seconds in a unit.
func spell(seconds, unit int) string {
	if seconds == 0 {
		return ""
	}
	return strconv.FormatFloat(float64(seconds)/float64(unit), 'f', -1, 64)
}

// spelt reads seconds in a unit; an empty text is 0.
func spelt(f fault.Fields, field, text string, unit int) int {
	text = strings.Replace(strings.TrimSpace(text), ",", ".", 1)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n < 0 || n > 1_000_000 {
		f.Add(field, "Enter a number.")
		return 0
	}
	return int(n*float64(unit) + 0.5)
}

func whole(f fault.Fields, field, text string) int {
	if text = strings.TrimSpace(text); text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	f.Check(err == nil, field, "Enter a whole number.")
	return n
}

// NewTestForm fills a form in; opens and closes are the moments as their fields have them.
func NewTestForm(s assessment.Settings, opens, closes string) TestForm {
	number := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	f := TestForm{
		Minutes: spell(s.Seconds, minute), Attempts: number(s.Attempts), CoolDown: spell(s.CoolDown, hour), Pass: strconv.Itoa(s.Pass), OpensAt: opens, ClosesAt: closes, Code: s.Code, When: string(s.Feedback.When),
		Whole: s.Whole, Negative: s.Negative, Marks: s.Feedback.Marks, Right: s.Feedback.Right, Texts: s.Feedback.Texts, Anonymous: s.Anonymous,
		TwoMarkers: s.TwoMarkers, Apart: number(s.Apart), AppealDays: number(s.AppealDays),
	}
	for _, sec := range s.Sections {
		one := TestSectionForm{Title: sec.Title, Marks: number(sec.Marks), Minutes: spell(sec.Seconds, minute), Shuffle: sec.Shuffle, Fixed: sec.Fixed}
		for _, p := range sec.Pools {
			one.Pools = append(one.Pools, TestPoolForm{Bank: p.Bank.String(), Folder: p.Folder, Tags: strings.Join(p.Tags, ", "), Count: number(p.Count)})
		}
		f.Sections = append(f.Sections, one)
	}
	return f
}

// ReadTestForm reads the fields of a form.
func ReadTestForm(get func(name string) string, all func(name string) []string) TestForm {
	f := TestForm{
		Minutes: get("minutes"), Attempts: get("attempts"), CoolDown: get("cool_down"), Pass: get("pass"), OpensAt: get("opens_at"), ClosesAt: get("closes_at"), Code: get("code"), When: get("when"),
		Whole: get("whole") != "", Negative: get("negative") != "", Marks: get("tell_marks") != "", Right: get("tell_right") != "", Texts: get("tell_texts") != "", Anonymous: get("anonymous") != "",
		TwoMarkers: get("two_markers") != "", Apart: get("apart"), AppealDays: get("appeal_days"),
	}
	for i := range assessment.MaxSections {
		at := fmt.Sprintf("sections.%d.", i)
		if get(at+"here") == "" {
			break
		}
		one := TestSectionForm{Title: get(at + "title"), Marks: get(at + "marks"), Minutes: get(at + "minutes"), Shuffle: get(at+"shuffle") != ""}
		for _, text := range all(at + "fixed") {
			id, number, _ := strings.Cut(text, ":")
			asked, ok := uid.Parse(id)
			if n, err := strconv.Atoi(number); ok && err == nil {
				one.Fixed = append(one.Fixed, bank.Ref{Question: asked, Version: n})
			}
		}
		for j := range assessment.MaxSections {
			pool := fmt.Sprintf("%spools.%d.", at, j)
			if get(pool+"here") == "" {
				break
			}
			one.Pools = append(one.Pools, TestPoolForm{Bank: get(pool + "bank"), Folder: get(pool + "folder"), Tags: get(pool + "tags"), Count: get(pool + "count")})
		}
		f.Sections = append(f.Sections, one)
	}
	return f
}

// Settings reads what was typed; opens_at and closes_at are the caller's. What is no number is noted as wrong.
func (f TestForm) Settings(wrong fault.Fields) assessment.Settings {
	s := assessment.Settings{
		Seconds: spelt(wrong, "seconds", f.Minutes, minute), Attempts: whole(wrong, "attempts", f.Attempts), CoolDown: spelt(wrong, "cool_down", f.CoolDown, hour), Pass: whole(wrong, "pass", f.Pass),
		Whole: f.Whole, Negative: f.Negative, Code: f.Code, Anonymous: f.Anonymous, TwoMarkers: f.TwoMarkers, Apart: whole(wrong, "apart", f.Apart), AppealDays: whole(wrong, "appeal_days", f.AppealDays), Feedback: assessment.Feedback{When: assessment.When(f.When), Marks: f.Marks, Right: f.Right, Texts: f.Texts},
	}
	for i, sec := range f.Sections {
		at := fmt.Sprintf("sections.%d.", i)
		one := assessment.Section{Title: sec.Title, Marks: whole(wrong, at+"marks", sec.Marks), Seconds: spelt(wrong, at+"seconds", sec.Minutes, minute), Shuffle: sec.Shuffle, Fixed: sec.Fixed}
		for j, p := range sec.Pools {
			pool := fmt.Sprintf("%spools.%d", at, j)
			id, ok := uid.Parse(p.Bank)
			wrong.Check(ok, pool, "Choose a question bank.")
			one.Pools = append(one.Pools, bank.Pool{Bank: id, Folder: bank.CleanFolder(p.Folder), Tags: bank.CleanTags(strings.Split(p.Tags, ",")), Count: whole(wrong, pool, p.Count)})
		}
		s.Sections = append(s.Sections, one)
	}
	return s
}

// Apply does what a button of the editor says: add_section, add_pool.N, drop.N.M (a question), drop_pool.N.M, remove.N, up.N,
// down.N, up.N.M, down.N.M, add.N with what was picked, and newest with the versions there are.
func (f TestForm) Apply(do string, picked []bank.Ref, heads map[uid.ID]bank.Question) TestForm {
	word, rest, _ := strings.Cut(do, ".")
	a, b, two := strings.Cut(rest, ".")
	i, _ := strconv.Atoi(a)
	j, _ := strconv.Atoi(b)
	if word == "add_section" {
		f.Sections = append(f.Sections, TestSectionForm{Marks: "1"})
		return f
	}
	if word == "newest" {
		for n := range f.Sections {
			for m, r := range f.Sections[n].Fixed {
				if h, ok := heads[r.Question]; ok && h.Version > 0 {
					f.Sections[n].Fixed[m].Version = h.Version
				}
			}
		}
		return f
	}
	if i < 0 || i >= len(f.Sections) {
		return f
	}
	sec := &f.Sections[i]
	switch word {
	case "add_pool":
		sec.Pools = append(sec.Pools, TestPoolForm{Count: "1"})
	case "drop_pool":
		sec.Pools = without(sec.Pools, j)
	case "drop":
		sec.Fixed = without(sec.Fixed, j)
	case "remove":
		f.Sections = without(f.Sections, i)
	case "add":
		sec.Fixed = append(sec.Fixed, picked...)
	case "up", "down":
		by := 1
		if word == "up" {
			by = -1
		}
		if two {
			swap(sec.Fixed, j, j+by)
		} else {
			swap(f.Sections, i, i+by)
		}
	}
	return f
}

func without[T any](list []T, i int) []T {
	if i < 0 || i >= len(list) {
		return list
	}
	return append(append([]T{}, list[:i]...), list[i+1:]...)
}

func swap[T any](list []T, i, j int) {
	if i >= 0 && j >= 0 && i < len(list) && j < len(list) {
		list[i], list[j] = list[j], list[i]
	}
}

// TestEditPage is GET /studio/:course/lessons/:lesson/test: the test of a lesson. It posts the fields of TestForm, number and
// do (save and those of TestForm.Apply, pick.N) to its own address.
type TestEditPage struct {
	Course  catalog.Course
	Lesson  catalog.Lesson
	Number  int
	Form    TestForm
	Heads   map[uid.ID]bank.Question
	Banks   []bank.Listed
	Picking int             // the section that questions are picked for; -1: none
	From    string          // the bank that they are picked from
	Query   string          // narrows them
	Offered []bank.Question // that may be picked
	Problem *fault.Fault
}

func (p TestEditPage) in(c *Chrome) (string, any) { return "test_edit", framed[TestEditPage]{c, p} }

// At is its address.
func (p TestEditPage) At() string {
	return "/studio/" + p.Course.ID.String() + "/lessons/" + p.Lesson.ID.String() + "/test"
}

// Whens are when answers may be told of.
func (TestEditPage) Whens() []assessment.When { return assessment.Whens }

// Title names a question of the test.
func (p TestEditPage) Title(r bank.Ref) string { return p.Heads[r.Question].Title }

// Old tells whether a question was published anew since.
func (p TestEditPage) Old(r bank.Ref) bool { return p.Heads[r.Question].Version > r.Version }

// AnyOld tells whether any was.
func (p TestEditPage) AnyOld() bool {
	for _, sec := range p.Form.Sections {
		for _, r := range sec.Fixed {
			if p.Old(r) {
				return true
			}
		}
	}
	return false
}

// Asked is how many questions an attempt asks as far as it can be read.
func (p TestEditPage) Asked() int { return p.Form.Settings(fault.Fields{}).Questions() }

// Most is how many marks there are.
func (p TestEditPage) Most() int { return p.Form.Settings(fault.Fields{}).Most() }
