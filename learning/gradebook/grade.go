// Package gradebook is the grades of a course: what tests, quizzes, assignments and an instructor's own items came to, in
// weighted categories, with drops, overrides and their history. Totals are a pure function of that, in exact arithmetic. It
// knows no page and no store.
package gradebook

import (
	"bytes"
	"cmp"
	"math/big"
	"slices"
	"time"

	"lyceum/internal/uid"
)

// Share is a grade in millionths: Whole is 100 %. Extra marks may lead beyond it, up to Most.
type Share int64

// Bounds of a grade.
const (
	Whole Share = 1_000_000
	Most        = 2 * Whole
)

// Kind is where a column's grades come from.
type Kind string

// The kinds.
const (
	KindQuiz       Kind = "quiz"       // the best attempt
	KindTest       Kind = "test"       // the best graded attempt
	KindAssignment Kind = "submission" // what was marked last
	KindManual     Kind = "manual"     // what an instructor enters
)

// Column is something that is graded.
type Column struct {
	ID       uid.ID // the lesson's, or the item's
	Kind     Kind
	Title    string
	Category uid.ID // uid.Nil: the first one
	Weight   int    // against the others of its category; 0: it does not count
}

// Category is a part of the whole.
type Category struct {
	ID     uid.ID `json:"id"`
	Name   string `json:"name"`
	Weight int    `json:"weight"`         // against the other categories; 0: it does not count
	Lowest int    `json:"drop,omitempty"` // so many of the lowest grades are dropped, as long as one stays

	Highest int `json:"drop_highest,omitempty"` // then so many of the highest, as long as one stays
}

// Round is how a computed total is rounded, a half up; categories and what was entered stay as they are.
type Round string

// The ways to round.
const (
	RoundNot    Round = ""       // to a millionth
	RoundTenths Round = "tenths" // of a percent
	RoundWhole  Round = "whole"  // percents
)

// Rounds are all of them in the order in which they are offered.
var Rounds = []Round{RoundNot, RoundTenths, RoundWhole}

// Key names it where an empty name cannot stand.
func (r Round) Key() string {
	if r == RoundNot {
		return "not"
	}
	return string(r)
}

// unit is what it rounds to, in millionths.
func (r Round) unit() int64 {
	switch r {
	case RoundTenths:
		return int64(Whole) / 1000
	case RoundWhole:
		return int64(Whole) / 100
	case RoundNot:
	}
	return 1
}

// Missing is how something counts that has no grade.
type Missing string

const (
	// MissingIgnored leaves it out: the total is of what is graded so far.
	MissingIgnored Missing = ""
	// MissingOverdue counts nothing for it once its due date is over: its own where it has one, an extension among them, else
	// that of the person in the course; or once the course is completed.
	MissingOverdue Missing = "overdue"
	// MissingZero counts nothing for it from the start.
	MissingZero Missing = "zero"
)

// Missings are all of them in the order in which they are offered.
var Missings = []Missing{MissingIgnored, MissingOverdue, MissingZero}

// Key names it where an empty name cannot stand.
func (m Missing) Key() string {
	if m == MissingIgnored {
		return "ignored"
	}
	return string(m)
}

// Step is a step of a scale: this name from so many percent on.
type Step struct {
	Name string `json:"name"`
	From int    `json:"from"`
}

// Item is an instructor's own column.
type Item struct {
	ID    uid.ID `json:"id"`
	Title string `json:"title"`
}

// Place is where a column stands and how it counts.
type Place struct {
	Category uid.ID `json:"category,omitempty"`
	Weight   int    `json:"weight"`
}

// Settings are how a course is graded. They are kept in versions.
type Settings struct {
	Categories []Category       `json:"categories"`
	Places     map[string]Place `json:"places,omitempty"` // by column id; none: the first category, with the weight 1
	Items      []Item           `json:"items,omitempty"`
	Missing    Missing          `json:"missing,omitempty"`
	Scale      []Step           `json:"scale,omitempty"`  // none: percentages alone
	Hidden     bool             `json:"hidden,omitempty"` // learners do not see their grades
	Round      Round            `json:"round,omitempty"`
}

// place puts a column where the settings say.
func (s Settings) place(c Column) Column {
	c.Weight = 1
	if p, ok := s.Places[c.ID.String()]; ok {
		c.Category, c.Weight = p.Category, p.Weight
	}
	if !slices.ContainsFunc(s.Categories, func(k Category) bool { return k.ID == c.Category }) {
		c.Category = s.Categories[0].ID
	}
	return c
}

// Step names what a grade is on the scale; "" without one.
func (s Settings) Step(g Share) string {
	best := ""
	from := -1
	for _, step := range s.Scale {
		if Share(step.From)*(Whole/100) <= g && step.From > from {
			best, from = step.Name, step.From
		}
	}
	return best
}

// Mark is what somebody entered for a column of a person, or for the total (Column uid.Nil). It is never changed: the newest
// counts. Neither a grade nor excused: what was computed counts again.
type Mark struct {
	EnrolmentID uid.ID
	ColumnID    uid.ID
	Number      int
	Grade       *Share
	Excused     bool // it does not count for this person
	Reason      string
	Before      *Share // what stood there before
	ByID        uid.ID
	At          time.Time
	ByName      string `gorm:"->;-:migration"`
}

// TableName is gradebook_marks.
func (Mark) TableName() string { return "gradebook_marks" }

// Cleared tells whether it takes an earlier one back.
func (m Mark) Cleared() bool { return m.Grade == nil && !m.Excused }

// Known is what is known of a person for computing: grades by column, newest marks by column.
type Known struct {
	Grades map[uid.ID]Share
	Marks  map[uid.ID]Mark
	Over   bool            // the due date is over or the course completed: see MissingOverdue
	Own    map[uid.ID]bool // of columns with a due date of their own: whether it is over; they do not go by Over
}

// over tells whether it is too late for a column.
func (k Known) over(column uid.ID) bool {
	if own, has := k.Own[column]; has {
		return own
	}
	return k.Over
}

// Source is where a cell's grade comes from.
type Source string

// The sources.
const (
	SourceNone     Source = "none"     // no grade
	SourceComputed Source = "computed" // of what was handed in
	SourceEntered  Source = "entered"  // by an instructor
	SourceExcused  Source = "excused"
	SourceMissing  Source = "missing" // counts as nothing
)

// Cell is a person's grade in a column.
type Cell struct {
	Column   uid.ID
	Grade    *Share
	Computed *Share // what it would be had nobody entered anything
	Source   Source
	Dropped  bool
	Reason   string
}

// Sum is a person's grade in a category, or in the whole.
type Sum struct {
	ID    uid.ID
	Grade *Share // nil: nothing that counts is graded
}

// Row is a person's grades.
type Row struct {
	Cells      []Cell
	Categories []Sum
	Total      Sum
	Computed   *Share // the total, had nobody overridden it
	Overridden bool
	Reason     string
	Step       string
}

// Compute finds a person's grades: cells, categories, the total. It is pure, and the order of columns and categories changes
// no figure. Columns must have been placed (Settings.Place).
func Compute(s Settings, columns []Column, k Known) (r Row) {
	byCategory := map[uid.ID][]int{}
	for i, c := range columns {
		r.Cells = append(r.Cells, cellOf(s, c, k))
		if c.Weight > 0 && r.Cells[i].Grade != nil {
			byCategory[c.Category] = append(byCategory[c.Category], i)
		}
	}
	sum, weights := new(big.Rat), new(big.Rat)
	for _, cat := range s.Categories {
		mean := category(cat, columns, r.Cells, byCategory[cat.ID])
		r.Categories = append(r.Categories, Sum{cat.ID, rounded(mean, 1)})
		if mean != nil && cat.Weight > 0 {
			w := big.NewRat(int64(cat.Weight), 1)
			sum.Add(sum, new(big.Rat).Mul(mean, w))
			weights.Add(weights, w)
		}
	}
	if weights.Sign() > 0 {
		r.Computed = rounded(sum.Quo(sum, weights), s.Round.unit())
	}
	r.Total.Grade = r.Computed
	if m, ok := k.Marks[uid.Nil]; ok && m.Grade != nil {
		r.Total.Grade, r.Overridden, r.Reason = m.Grade, true, m.Reason
	}
	if r.Total.Grade != nil {
		r.Step = s.Step(*r.Total.Grade)
	}
	return r
}

func cellOf(s Settings, c Column, k Known) Cell {
	out := Cell{Column: c.ID, Source: SourceNone}
	if g, ok := k.Grades[c.ID]; ok {
		out.Grade, out.Computed, out.Source = &g, &g, SourceComputed
	} else if s.Missing == MissingZero || s.Missing == MissingOverdue && k.over(c.ID) {
		zero := Share(0)
		out.Grade, out.Computed, out.Source = &zero, &zero, SourceMissing
	}
	m, ok := k.Marks[c.ID]
	if !ok || m.Cleared() {
		return out
	}
	out.Grade, out.Source, out.Reason = m.Grade, SourceEntered, m.Reason
	if m.Excused {
		out.Grade, out.Source = nil, SourceExcused
	}
	return out
}

// category is the weighted mean of what counts, after the lowest and the highest were dropped; nil: nothing does.
func category(cat Category, columns []Column, cells []Cell, counted []int) *big.Rat {
	counted = slices.Clone(counted)
	slices.SortStableFunc(counted, func(a, b int) int {
		return cmp.Or(cmp.Compare(*cells[a].Grade, *cells[b].Grade), bytes.Compare(columns[a].ID[:], columns[b].ID[:]))
	})
	low := max(0, min(cat.Lowest, len(counted)-1))
	high := len(counted) - max(0, min(cat.Highest, len(counted)-1-low))
	for _, i := range slices.Concat(counted[:low], counted[high:]) {
		cells[i].Dropped = true
	}
	sum, weights := int64(0), int64(0)
	for _, i := range counted[low:high] {
		sum += int64(*cells[i].Grade) * int64(columns[i].Weight)
		weights += int64(columns[i].Weight)
	}
	if weights == 0 {
		return nil
	}
	return big.NewRat(sum, weights)
}

// rounded is the nearest multiple of a unit of millionths; a half goes up.
func rounded(x *big.Rat, unit int64) *Share {
	if x == nil {
		return nil
	}
	whole := new(big.Int).Mul(x.Denom(), big.NewInt(unit))
	twice := new(big.Int).Mul(x.Num(), big.NewInt(2))
	twice.Add(twice, whole)
	n := new(big.Int)
	n.Div(twice, whole.Mul(whole, big.NewInt(2))) // Euclidean: also right below nothing
	g := Share(n.Int64() * unit)
	return &g
}
