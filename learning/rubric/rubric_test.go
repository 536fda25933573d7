package rubric_test

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"lyceum/internal/fault"
	"lyceum/learning/rubric"
)

const essay = `Argument | The thesis is stated and held
- 4 Convincing | Every claim has a ground
- 2.5 In part
- 0 Missing

Language
- 2 Clear
- 0 Hard to follow
`

func read(t *testing.T, text string) rubric.Rubric {
	t.Helper()
	r, err := rubric.Read(text, "rubric")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestARubricIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	r := read(t, strings.ReplaceAll(essay, "\n", "\r\n"))
	if r.String() != essay {
		t.Errorf("wrote\n%s", r)
	}
	if r.Max() != 6*rubric.One || r.Criteria[0].Levels[1].Points != 250 {
		t.Errorf("%+v", r)
	}
	b, err := json.Marshal(r)
	var back rubric.Rubric
	if err != nil || json.Unmarshal(b, &back) != nil || !reflect.DeepEqual(r, back) || !strings.Contains(string(b), `"points":2.5`) {
		t.Errorf("%s %v", b, err)
	}
}

func TestWhatIsWrongWithARubricIsSaidWithItsLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                        "Write at least one criterion.",
		"- 4 Good":                "Line 1 is a level",
		"Argument\n- good":        "Line 2 needs its points first",
		"Argument\n- -1 Bad":      "Line 2 needs its points first",
		"Argument\n- 4 Good":      "Criterion 1 needs 2 to 12 levels.",
		"A\n- 0 No\n- 0 No":       "At least one level must be worth points.",
		"A\n- 4\n- 0 No":          "Level 1 of criterion 1 needs a title",
		strings.Repeat("A\n", 31): "Use at most 30 criteria.",
	} {
		_, err := rubric.Read(text, "rubric")
		if err == nil || !strings.Contains(fault.Of(err).Fields["rubric"], want) {
			t.Errorf("%q is refused with %v, want %q", text, err, want)
		}
	}
}

func TestEveryCriterionNeedsOneLevelWhateverTheOrder(t *testing.T) {
	t.Parallel()
	r := read(t, essay)
	a, b := rubric.Pick{Criterion: 0, Level: 1}, rubric.Pick{Criterion: 1, Level: 0}
	for _, picks := range [][]rubric.Pick{{a, b}, {b, a}} {
		if sum, err := r.Add(picks); err != nil || sum != 450 {
			t.Errorf("%v is %s, %v", picks, sum, err)
		}
	}
	for field, picks := range map[string][]rubric.Pick{
		"criteria.0":  {b},
		"criteria.1":  {a, b, b},
		"criteria.7":  {a, b, {Criterion: 7}},
		"criteria.-1": {a, b, {Criterion: -1}},
	} {
		if _, err := r.Add(picks); fault.Of(err).Fields[field] == "" {
			t.Errorf("%v: %v", picks, err)
		}
	}
	if _, err := r.Add([]rubric.Pick{a, {Criterion: 1, Level: 2}}); fault.Of(err).Fields["criteria.1"] == "" {
		t.Error("a level that is not there counts")
	}
}

func TestPointsAreReadAndWrittenExactly(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]rubric.Points{"7": 700, "7.5": 750, "7,25": 725, "0": 0, "1000": 100000, "0.05": 5} {
		got, ok := rubric.ParsePoints(text)
		if !ok || got != want || got.String() != strings.ReplaceAll(text, ",", ".") {
			t.Errorf("%s is %d, %s", text, got, got)
		}
	}
	for _, text := range []string{"", ".", "1.", ".5", "1.234", "-1", "1e3", "1001", "99999", "x", "١"} {
		if got, ok := rubric.ParsePoints(text); ok {
			t.Errorf("%q is %s", text, got)
		}
	}
}

func TestJudging(t *testing.T) {
	t.Parallel()
	byRubric := rubric.Scheme{Kind: rubric.ByRubric, Pass: 75, Rubric: read(t, essay)}
	byPoints := rubric.Scheme{Kind: rubric.ByPoints, Max: 40 * rubric.One, Pass: 50}
	for name, c := range map[string]struct {
		scheme rubric.Scheme
		given  rubric.Given
		want   rubric.Verdict
	}{
		"a rubric":               {byRubric, rubric.Given{Picks: []rubric.Pick{{Criterion: 0, Level: 1}, {Criterion: 1, Level: 0}}}, rubric.Verdict{Points: 450, Max: 600, Percent: 75, Passed: true}},
		"points that just fail":  {byPoints, rubric.Given{Points: 1979}, rubric.Verdict{Points: 1979, Max: 4000, Percent: 49}},
		"a half percent goes up": {byPoints, rubric.Given{Points: 1980}, rubric.Verdict{Points: 1980, Max: 4000, Percent: 50, Passed: true}},
		"passed":                 {rubric.Scheme{}, rubric.Given{Passed: true}, rubric.Verdict{Points: 100, Max: 100, Percent: 100, Passed: true}},
		"not passed":             {rubric.Scheme{Kind: rubric.ByPass}, rubric.Given{}, rubric.Verdict{Max: 100}},
	} {
		if got, err := c.scheme.Judge(c.given); err != nil || got != c.want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := byPoints.Judge(rubric.Given{Points: 4001}); fault.Of(err).Fields["points"] == "" {
		t.Error("more than the most points counts")
	}
}

func TestWorkThatComesLateLosesNoMoreThanTheFloorLeaves(t *testing.T) {
	t.Parallel()
	s := rubric.Scheme{Kind: rubric.ByPoints, Max: 10 * rubric.One, Pass: 50}
	for _, c := range []struct{ percent, off, floor, want int }{
		{80, 0, 0, 80}, {80, 10, 0, 70}, {80, 50, 40, 40}, {30, 10, 40, 30}, {30, 40, 0, 0}, {80, 200, 0, 0},
	} {
		v := rubric.Verdict{Points: s.Max * rubric.Points(c.percent) / 100, Max: s.Max, Percent: c.percent, Passed: c.percent >= 50}
		got := s.Less(v, c.off, c.floor)
		if got.Percent != c.want || got.Passed != (c.want >= 50) || rubric.Percent(got.Points, got.Max) != c.want {
			t.Errorf("%+v gives %+v", c, got)
		}
	}
	if v := (rubric.Scheme{}).Less(rubric.Verdict{Passed: true, Percent: 100}, 30, 0); !v.Passed || v.Percent != 100 {
		t.Errorf("passed is made %+v", v)
	}
}

// The bounds of a mark hold for whatever is picked, and the mean lies between what it is made of.
func TestMarksStayWithinTheirBounds(t *testing.T) {
	t.Parallel()
	s := rubric.Scheme{Kind: rubric.ByRubric, Pass: 60, Rubric: read(t, essay)}
	for seed := range uint64(500) {
		random := rand.New(rand.NewPCG(seed, 7))
		pick := func() rubric.Verdict {
			v, err := s.Judge(rubric.Given{Picks: []rubric.Pick{{Criterion: 1, Level: random.IntN(2)}, {Criterion: 0, Level: random.IntN(3)}}})
			if err != nil || v.Percent < 0 || v.Percent > 100 || v.Passed != (v.Percent >= 60) {
				t.Fatalf("seed %d: %+v %v", seed, v, err)
			}
			return v
		}
		a, b := pick(), pick()
		m := s.Mean(a, b)
		if m != s.Mean(b, a) || m.Percent < min(a.Percent, b.Percent) || m.Percent > max(a.Percent, b.Percent) || rubric.Apart(a, b) != rubric.Apart(b, a) {
			t.Fatalf("seed %d: %+v and %+v make %+v", seed, a, b, m)
		}
	}
	if m := (rubric.Scheme{}).Mean(rubric.Verdict{Passed: true}, rubric.Verdict{}, rubric.Verdict{}); m.Passed {
		t.Error("one of three passes it")
	}
}
