package enrolment_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
)

func TestIntervalsMergeToSortedDisjointStretches(t *testing.T) {
	t.Parallel()
	type in = enrolment.Intervals
	for name, c := range map[string]struct{ a, b, want in }{
		"nothing":                 {nil, nil, in{}},
		"apart":                   {in{{20, 30}}, in{{0, 10}}, in{{0, 10}, {20, 30}}},
		"overlapping":             {in{{0, 10}}, in{{5, 15}}, in{{0, 15}}},
		"touching":                {in{{0, 10}}, in{{10, 20}}, in{{0, 20}}},
		"half a second apart":     {in{{0, 10}}, in{{10.5, 20}}, in{{0, 20}}},
		"a little more apart":     {in{{0, 10}}, in{{10.6, 20}}, in{{0, 10}, {10.6, 20}}},
		"one within the other":    {in{{0, 30}}, in{{5, 10}}, in{{0, 30}}},
		"the same told again":     {in{{0, 10}, {20, 30}}, in{{0, 10}, {20, 30}}, in{{0, 10}, {20, 30}}},
		"one bridges many":        {in{{0, 1}, {5, 6}, {9, 10}}, in{{0.5, 9.5}}, in{{0, 10}}},
		"told in the wrong order": {nil, in{{8, 9}, {1, 2}, {4, 5}}, in{{1, 2}, {4, 5}, {8, 9}}},
	} {
		if diff := cmp.Diff(c.want, c.a.Merge(c.b)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestMergingCoversTheSameSecondsInAnyOrder(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		var a, b enrolment.Intervals
		played := make([]bool, 200) // whole seconds; gaps of one second are never joined
		for i := range 10 {
			from := float64(r.IntN(190))
			to := from + 1 + float64(r.IntN(9))
			for s := int(from); s < int(to); s++ {
				played[s] = true
			}
			if i%2 == 0 {
				a = append(a, [2]float64{from, to})
			} else {
				b = append(b, [2]float64{from, to})
			}
		}
		want := 0.0
		for _, p := range played {
			if p {
				want++
			}
		}
		one := enrolment.Intervals{}.Merge(a).Merge(b)
		if diff := cmp.Diff(one, enrolment.Intervals{}.Merge(b).Merge(a)); diff != "" || one.Seconds() != want {
			t.Fatalf("%v seconds of %v: %s", one.Seconds(), want, diff)
		}
	}
}

func TestAPercentageIsRoundedDown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		played, seconds float64
		want            int
	}{{0, 60, 0}, {53.9, 60, 89}, {54, 60, 90}, {59.9, 60, 99}, {60, 60, 100}, {61, 60, 100}, {30, 0, 0}} {
		if got := (enrolment.Intervals{{0, c.played}}).Percent(c.seconds); got != c.want {
			t.Errorf("%v of %v: %d", c.played, c.seconds, got)
		}
	}
}

func TestAQuestionIsRightWithAllCorrectOptionsAndNoOther(t *testing.T) {
	t.Parallel()
	id := make([]uid.ID, 6)
	for i := range id {
		id[i] = uid.New()
	}
	one := catalog.Question{ID: id[0], Options: []catalog.Option{{ID: id[1], Correct: true}, {ID: id[2]}}}
	two := catalog.Question{ID: id[0], Options: []catalog.Option{{ID: id[1], Correct: true}, {ID: id[2], Correct: true}, {ID: id[3]}}}
	for name, c := range map[string]struct {
		q      catalog.Question
		chosen []uid.ID
		right  bool
	}{
		"the correct one":             {one, []uid.ID{id[1]}, true},
		"the wrong one":               {one, []uid.ID{id[2]}, false},
		"both of one":                 {one, []uid.ID{id[1], id[2]}, false},
		"nothing":                     {one, nil, false},
		"both of two, in any order":   {two, []uid.ID{id[2], id[1]}, true},
		"one of two":                  {two, []uid.ID{id[1]}, false},
		"both of two and a wrong one": {two, []uid.ID{id[1], id[2], id[3]}, false},
	} {
		got := enrolment.Grade(catalog.Questions{c.q}, enrolment.Answers{id[0]: c.chosen})
		if (len(got) == 1) != c.right {
			t.Errorf("%s: right is %v", name, got)
		}
	}
}
