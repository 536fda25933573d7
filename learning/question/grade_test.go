package question_test

import (
	"strings"
	"testing"

	"lyceum/internal/fault"
	"lyceum/learning/question"
)

func TestNumbersAreReadAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	q := question.Question{Kind: question.Numeric, Numbers: &question.Numbers{Units: []question.Unit{{Name: "m", Factor: "1"}, {Name: "km", Factor: "1000"}, {Name: "°C", Factor: "1"}}, UnitFree: true,
		Ranges: []question.Range{{Value: "1234.5", Tolerance: "0.1", Share: question.Whole}}}}
	for typed, right := range map[string]bool{
		"1234.5": true, "1234,5": true, "1.234,5": true, "1,234.5": true, "1 234.5": true, "1'234,5": true, "+1234.5": true, "1234.6": true, "1234.4": true, "1234.61": false, "-1234.5": false, "−1234.5": false,
		"1234.5 m": true, "1.2345 km": true, "1,2345km": true, "1.2345e3": true, "1.2345E3 m": true, "1,2345·10^3": true, "12345e-1": true, "1234.5 kg": false, "1234.5 °C": true, "": false, "abc": false, "1e999": false, "1234.5.": false, "NaN": false, "0x4d2": false,
	} {
		got := question.Grade(q, question.Answer{Text: typed})
		if (got.Share == question.Whole) != right {
			t.Errorf("%q gets %d", typed, got.Share)
		}
	}
	if got := question.Grade(q, question.Answer{Text: "1.2345", Unit: "km"}); got.Share != question.Whole {
		t.Errorf("a unit chosen beside the number: %d", got.Share)
	}
	q.Numbers.Ranges = []question.Range{{Value: "3.1", Tolerance: "0.1", Share: question.Whole}}
	if got := question.Grade(q, question.Answer{Text: "3.2"}); got.Share != question.Whole {
		t.Errorf("3.1 ± 0.1 does not take 3.2 exactly: %d", got.Share)
	}
}

func TestShortTextsAreComparedAsTheAuthorWished(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern       string
		match         question.Match
		case_, accent bool
		typed         string
		right         bool
	}{
		{"Zürich", question.Exact, false, false, "  zurich ", true},
		{"Zürich", question.Exact, true, false, "zurich", false},
		{"Zürich", question.Exact, false, true, "zurich", false},
		{"Zürich", question.Exact, false, true, "zu\u0308rich", true},
		{"Straße", question.Exact, false, true, "STRASSE", true},
		{"New York", question.Exact, false, false, "new   york", true},
		{"photo*", question.Wildcard, false, false, "Photosynthesis", true},
		{"photo*", question.Wildcard, false, false, "a photo", false},
		{"a *", question.Wildcard, false, false, "ab", false},
		{"a *", question.Wildcard, false, false, "a b", true},
		{`2\*3`, question.Wildcard, false, false, "2*3", true},
		{`2\*3`, question.Wildcard, false, false, "213", false},
		{"(a+)+b", question.Regexp, false, false, strings.Repeat("a", 900), false},
		{`colou?r`, question.Regexp, false, false, "COLOR", true},
		{`colou?r`, question.Regexp, true, false, "COLOR", false},
		{`\d+`, question.Regexp, false, false, "12a", false},
		{`caf\S`, question.Regexp, false, false, "Café", true},
	} {
		q := question.Question{Kind: question.ShortText, Texts: &question.Texts{Case: c.case_, Accents: c.accent, Patterns: []question.Pattern{{Text: c.pattern, Match: c.match, Share: question.Whole, Feedback: "Well read."}}}}
		got := question.Grade(q, question.Answer{Text: c.typed})
		if (got.Share == question.Whole) != c.right || c.right != (len(got.Hints) == 1) {
			t.Errorf("%q against %s %q: %d, %v", c.typed, c.match, c.pattern, got.Share, got.Hints)
		}
	}
}

func TestPartsOfAnAnswerCount(t *testing.T) {
	t.Parallel()
	options := []question.Option{{ID: "a", Text: "A", Share: 600_000}, {ID: "b", Text: "B", Share: 400_000}, {ID: "c", Text: "C", Share: -500_000}, {ID: "d", Text: "D"}}
	for _, c := range []struct {
		scoring question.Scoring
		choices string
		want    question.Share
	}{
		{"", "a b", question.Whole}, {"", "a", 500_000}, {"", "a c", 0}, {"", "a b c", 500_000}, {"", "a b c d", 0}, {"", "c", 0},
		{question.AllOrNothing, "a", 0}, {question.AllOrNothing, "b a", question.Whole}, {question.AllOrNothing, "a b d", 0},
		{question.Weighted, "a", 600_000}, {question.Weighted, "a c", 100_000}, {question.Weighted, "c", -500_000}, {question.Weighted, "a b d", question.Whole},
	} {
		q := question.Question{Kind: question.Multiple, Scoring: c.scoring, Options: options}
		if got := question.Grade(q, question.Answer{Choices: strings.Fields(c.choices)}); got.Share != c.want {
			t.Errorf("%s of %q: %d, want %d", c.choices, c.scoring, got.Share, c.want)
		}
	}
	order := question.Question{Kind: question.Ordering, Options: []question.Option{{ID: "a"}, {ID: "b"}, {ID: "c"}, {ID: "d"}, {ID: "e"}}}
	for choices, want := range map[string]question.Share{"a b c d e": question.Whole, "e d c b a": 0, "b c d e a": 750_000, "a b": 250_000, "b a c d e": 750_000} {
		if got := question.Grade(order, question.Answer{Choices: strings.Fields(choices)}); got.Share != want {
			t.Errorf("the order %s gets %d, want %d", choices, got.Share, want)
		}
	}
}

func TestPointingAtAPicture(t *testing.T) {
	t.Parallel()
	q := question.Question{Kind: question.HotSpot, Areas: []question.Area{
		{ID: "r", Shape: question.Rectangle, Points: []question.Point{{X: 2000, Y: 2000}, {X: 1000, Y: 1000}}, Right: true},
		{ID: "c", Shape: question.Circle, Points: []question.Point{{X: 5000, Y: 5000}, {X: 5500, Y: 5000}}, Right: true},
		{ID: "p", Shape: question.Polygon, Points: []question.Point{{X: 8000, Y: 8000}, {X: 9000, Y: 8000}, {X: 9000, Y: 9000}}},
	}}
	for _, c := range []struct {
		points  []question.Point
		choices []string
		want    question.Share
	}{
		{[]question.Point{{X: 1000, Y: 1500}, {X: 5500, Y: 5000}}, nil, question.Whole}, // both on an edge
		{[]question.Point{{X: 1500, Y: 1500}, {X: 1600, Y: 1600}}, nil, 500_000},        // one area twice
		{[]question.Point{{X: 1500, Y: 1500}, {X: 9999, Y: 1}}, nil, 0},
		{nil, []string{"r", "c"}, question.Whole},
		{nil, []string{"r", "c", "p"}, 500_000},
		{[]question.Point{{X: 8900, Y: 8100}, {X: 1500, Y: 1500}, {X: 5000, Y: 5000}}, nil, 500_000},
		{[]question.Point{{X: 8100, Y: 8900}}, nil, 0},
	} {
		if got := question.Grade(q, question.Answer{Points: c.points, Choices: c.choices}); got.Share != c.want {
			t.Errorf("%v %v gets %d, want %d", c.points, c.choices, got.Share, c.want)
		}
	}
}

func TestPartnersOfTheSameTextAreTheSame(t *testing.T) {
	t.Parallel()
	q := question.Question{Kind: question.Matching, Pairs: []question.Pair{
		{ID: "1", Item: "dog", Partner: question.Option{ID: "x", Text: "mammal"}}, {ID: "2", Item: "cat", Partner: question.Option{ID: "y", Text: "mammal"}}, {ID: "3", Item: "carp", Partner: question.Option{ID: "z", Text: "fish"}},
	}}
	if n := len(question.Ask(q, 1).Partners); n != 2 {
		t.Errorf("%d partners are offered", n)
	}
	if got := question.Grade(q, question.Answer{Parts: map[string]string{"1": "y", "2": "x", "3": "z"}}); got.Share != question.Whole {
		t.Errorf("got %d", got.Share)
	}
}

func TestAnAnswerThatIsTooLongIsRefusedByItsField(t *testing.T) {
	t.Parallel()
	for kind, field := range map[question.Kind]string{question.Essay: "text", question.ShortText: "text", question.Blanks: "parts.a"} {
		long := strings.Repeat("é", question.MaxEssay+1)
		q := question.Question{Kind: kind, Gaps: []question.Gap{{ID: "a", Texts: &question.Texts{}}}}
		_, err := question.Clean(q, question.Answer{Text: long, Parts: map[string]string{"a": long}})
		if fault.Of(err).Fields[field] == "" {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestCheckNamesTheFieldToMend(t *testing.T) {
	t.Parallel()
	for field, q := range map[string]question.Question{
		"kind":                   {},
		"title":                  {Kind: question.Essay},
		"options":                {Kind: question.Single, Options: []question.Option{{ID: "a", Text: "A", Share: 1}}},
		"options.1.text":         {Kind: question.Single, Options: []question.Option{{ID: "a", Text: "A", Share: 1}, {ID: "b", Text: "A"}}},
		"texts.0.text":           {Kind: question.ShortText, Texts: &question.Texts{Patterns: []question.Pattern{{Text: "(", Match: question.Regexp, Share: question.Whole}}}},
		"numbers.0.value":        {Kind: question.Numeric, Numbers: &question.Numbers{Ranges: []question.Range{{Value: "three", Share: question.Whole}}}},
		"pairs":                  {Kind: question.Matching},
		"prompt":                 {Kind: question.Blanks, Prompt: "A {{gap}}."},
		"gaps.0.id":              {Kind: question.Blanks, Prompt: "None.", Gaps: []question.Gap{{ID: "a", Texts: &question.Texts{}}}},
		"picture":                {Kind: question.HotSpot},
		"areas.0.points":         {Kind: question.HotSpot, Areas: []question.Area{{ID: "a", Shape: question.Circle, Points: []question.Point{{}}}}},
		"hand.accept":            {Kind: question.File, Hand: &question.HandRule{Accept: []string{"exe"}}},
		"numbers.units.0.factor": {Kind: question.Numeric, Numbers: &question.Numbers{Units: []question.Unit{{Name: "km", Factor: "1000"}}}},
	} {
		if got := fault.Of(question.Check(q)).Fields; got[field] == "" {
			t.Errorf("%s is not named in %v", field, got)
		}
	}
}
