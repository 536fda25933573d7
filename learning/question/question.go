// Package question is what can be asked and how an answer is marked. It is pure: it knows no store, no person and no
// test. How much a question is worth, how often it may be tried and when, is the affair of learning/assessment.
package question

import (
	"lyceum/internal/uid"
	"lyceum/learning/rubric"
)

// Kind is the form of a question.
type Kind string

const (
	// Single has options, one of which is chosen.
	Single Kind = "single"
	// Multiple has options, any of which are chosen.
	Multiple Kind = "multiple"
	// TrueFalse is a statement; the options chosen are "true" or "false".
	TrueFalse Kind = "true_false"
	// ShortText asks for a word or a few, compared with patterns.
	ShortText Kind = "short_text"
	// Numeric asks for a number, with a unit or without.
	Numeric Kind = "numeric"
	// Matching asks to give each item its partner.
	Matching Kind = "matching"
	// Ordering asks to put items in their order.
	Ordering Kind = "ordering"
	// Blanks is a text with gaps to fill in.
	Blanks Kind = "blanks"
	// HotSpot asks to point at places of a picture.
	HotSpot Kind = "hot_spot"
	// Essay asks for a text that a person marks.
	Essay Kind = "essay"
	// File asks for files that a person marks.
	File Kind = "file"
)

// Kinds are all forms, in the order in which they are offered.
var Kinds = []Kind{Single, Multiple, TrueFalse, ShortText, Numeric, Matching, Ordering, Blanks, HotSpot, Essay, File}

// ByHand tells whether a person has to mark answers to this kind.
func (k Kind) ByHand() bool { return k == Essay || k == File }

// Share is a part of a question's marks in millionths: Whole is all of them, a negative one takes marks away.
type Share int64

// Whole is all the marks of a question.
const Whole Share = 1_000_000

// Scoring is how an answer that is right in part is marked.
type Scoring string

const (
	// AllOrNothing gives marks for an answer without a fault only.
	AllOrNothing Scoring = "all_or_nothing"
	// Partial gives each right part its share and takes one away for each wrong choice, never below nothing.
	Partial Scoring = "partial"
	// Weighted adds the shares that the author gave to the options, which may be negative.
	Weighted Scoring = "weighted"
)

// Question is what is asked, with its solution. It is kept as JSON, one for each version.
type Question struct {
	Kind      Kind      `json:"kind"`
	Title     string    `json:"title"`                // for who looks through a bank, never shown to who is asked
	Prompt    string    `json:"prompt"`               // Markdown; of Blanks: with {{id}} where a gap is
	Picture   *uid.ID   `json:"picture,omitempty"`    // a file of the tenant; needed by HotSpot
	PictureOf string    `json:"picture_of,omitempty"` // what the picture shows, for who does not see it
	Scoring   Scoring   `json:"scoring,omitempty"`    // "": Partial where the kind has parts
	Options   []Option  `json:"options,omitempty"`    // Single, Multiple, TrueFalse, Ordering (in their right order)
	Pairs     []Pair    `json:"pairs,omitempty"`      // Matching
	Decoys    []Option  `json:"decoys,omitempty"`     // Matching: partners that belong to no item
	Texts     *Texts    `json:"texts,omitempty"`      // ShortText
	Numbers   *Numbers  `json:"numbers,omitempty"`    // Numeric
	Gaps      []Gap     `json:"gaps,omitempty"`       // Blanks
	Areas     []Area    `json:"areas,omitempty"`      // HotSpot
	Hand      *HandRule `json:"hand,omitempty"`       // Essay, File
	Keep      bool      `json:"keep,omitempty"`       // options stay in the order in which they were written
	Feedback  Feedback  `json:"feedback,omitempty"`
}

// Option is one of several things to choose or to put in order.
type Option struct {
	ID       string `json:"id,omitempty"`
	Text     string `json:"text"`               // Markdown
	Share    Share  `json:"share,omitempty"`    // > 0: right; of Weighted: what choosing it gives or takes
	Feedback string `json:"feedback,omitempty"` // shown to who chose it
}

// Pair is an item and the partner that belongs to it. Several items may have partners of the same text.
type Pair struct {
	ID      string `json:"id,omitempty"`
	Item    string `json:"item"`
	Partner Option `json:"partner"`
}

// Match is how a pattern is compared with what was typed.
type Match string

const (
	// Exact compares letter by letter, spaces at the ends and repeated spaces put aside.
	Exact Match = "exact"
	// Wildcard lets * stand for any run of characters; \* is a star.
	Wildcard Match = "wildcard"
	// Regexp is an RE2 expression that must match the whole answer.
	Regexp Match = "regexp"
)

// Texts is what a short answer is compared with; the first pattern that matches counts.
type Texts struct {
	Patterns []Pattern `json:"patterns"`
	Case     bool      `json:"case,omitempty"`    // capital and small letters differ
	Accents  bool      `json:"accents,omitempty"` // é and e differ
}

// Pattern is one accepted, or one expected wrong, short answer.
type Pattern struct {
	Text     string `json:"text"`
	Match    Match  `json:"match,omitempty"`
	Share    Share  `json:"share"`
	Feedback string `json:"feedback,omitempty"`
}

// Numbers is what a number is compared with; the first that it lies in counts.
type Numbers struct {
	Ranges   []Range `json:"ranges"`
	Units    []Unit  `json:"units,omitempty"`     // none: a number alone is asked for
	UnitFree bool    `json:"unit_free,omitempty"` // the number counts without its unit too, in the first unit
}

// Range accepts the numbers from Value−Tolerance to Value+Tolerance, both included. Both are decimal numbers as text,
// so that 3.1 ± 0.1 takes in 3.2 exactly.
type Range struct {
	Value     string `json:"value"`
	Tolerance string `json:"tolerance,omitempty"` // "": exactly Value
	Relative  bool   `json:"relative,omitempty"`  // Tolerance is a part of Value: 0.05 is 5 %
	Share     Share  `json:"share"`
	Feedback  string `json:"feedback,omitempty"`
}

// Unit is how a number may be given: an answer in it times Factor is one in the first unit, whose factor is 1.
type Unit struct {
	Name   string `json:"name"`
	Factor string `json:"factor"`
}

// Gap is one place of a Blanks text; exactly one of Texts, Numbers and Options is given.
type Gap struct {
	ID      string   `json:"id"`
	Texts   *Texts   `json:"texts,omitempty"`
	Numbers *Numbers `json:"numbers,omitempty"`
	Options []Option `json:"options,omitempty"`
	Weight  int      `json:"weight,omitempty"` // against the other gaps; 0 is 1
}

// Point is a place of a picture in ten-thousandths of its width and height, from its top left corner.
type Point struct {
	X int `json:"x"`
	Y int `json:"y"`
}

// Shapes of an area.
const (
	Rectangle = "rectangle" // two corners
	Circle    = "circle"    // its middle and a point of its edge
	Polygon   = "polygon"   // its corners in order
)

// Area is a place of a picture that is right or wrong to point at. Its label is how who cannot point chooses it.
type Area struct {
	ID     string  `json:"id,omitempty"`
	Label  string  `json:"label"`
	Shape  string  `json:"shape"`
	Points []Point `json:"points"`          // in ten-thousandths
	Right  bool    `json:"right,omitempty"` // must be pointed at
}

// HandRule is what a person's marking needs to know, and what an answer may be.
type HandRule struct {
	Notes    string   `json:"notes,omitempty"`     // for who marks
	MinWords int      `json:"min_words,omitempty"` // Essay; 0: none
	MaxWords int      `json:"max_words,omitempty"` // Essay; 0: none
	Template string   `json:"template,omitempty"`  // Essay: what the answer begins with
	MaxFiles int      `json:"max_files,omitempty"` // File; 0 is 1
	Accept   []string `json:"accept,omitempty"`    // File: endings such as .pdf; none: every kind the tenant takes

	Rubric *rubric.Rubric `json:"rubric,omitempty"` // how it is marked: its most points are all of the question's marks; nil: by marks alone
}

// Feedback is what is told afterwards, as far as the test shows it. All is Markdown.
type Feedback struct {
	Always string `json:"always,omitempty"`
	Right  string `json:"right,omitempty"`
	Partly string `json:"partly,omitempty"`
	Wrong  string `json:"wrong,omitempty"`
}

// Answer is what was answered; of each kind only its own fields count. The zero value is no answer. It is kept as JSON.
type Answer struct {
	Choices []string          `json:"choices,omitempty"` // Single, Multiple, TrueFalse: option ids; Ordering: all of them in order; HotSpot: area ids, by who does not point
	Text    string            `json:"text,omitempty"`    // ShortText, Numeric as typed, Essay
	Unit    string            `json:"unit,omitempty"`    // Numeric, where it is chosen beside the number
	Parts   map[string]string `json:"parts,omitempty"`   // Matching: pair id → partner id; Blanks: gap id → text or option id
	Points  []Point           `json:"points,omitempty"`  // HotSpot
	Files   []uid.ID          `json:"files,omitempty"`   // File
}

// Result is how an answer was marked.
type Result struct {
	Share  Share           // of the question's marks, from −Whole to Whole
	ByHand bool            // a person has to mark it: Share is 0 and means nothing
	Empty  bool            // nothing was answered
	Parts  map[string]bool // which options, pairs, gaps or areas of the answer were right, by id
	Hints  []string        // the author's feedback to what was answered, Markdown
}
