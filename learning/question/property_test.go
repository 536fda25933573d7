package question_test

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"lyceum/learning/question"
)

// each runs a property over many questions and answers of every kind, the same ones each time.
func each(t *testing.T, check func(t *testing.T, r *rand.Rand, q question.Question)) {
	t.Parallel()
	for i, kind := range question.Kinds {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(7, uint64(i)))
			for range 300 {
				q := anyQuestion(r, kind)
				if err := question.Check(q); err != nil {
					t.Fatalf("the sample has faults: %v in %+v", err, q)
				}
				check(t, r, q)
			}
		})
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAMarkStaysInItsBoundsAndIsPure(t *testing.T) {
	each(t, func(t *testing.T, r *rand.Rand, q question.Question) {
		a := anyAnswer(r, q)
		asked, answered := asJSON(t, q), asJSON(t, a)
		first := question.Grade(q, a)
		if first.Share > question.Whole || first.Share < -question.Whole {
			t.Fatalf("share %d of %s for %s", first.Share, asked, answered)
		}
		if q.Scoring != question.Weighted && first.Share < 0 {
			t.Fatalf("marks are taken away without the author's wish: %d of %s", first.Share, asked)
		}
		if q.Scoring == question.AllOrNothing && first.Share != 0 && first.Share != question.Whole {
			t.Fatalf("all or nothing gives %d", first.Share)
		}
		if first.Empty && first.Share != 0 {
			t.Fatalf("no answer gives %d", first.Share)
		}
		if first.ByHand != q.Kind.ByHand() {
			t.Fatalf("by hand: %t", first.ByHand)
		}
		if again := question.Grade(q, a); !reflect.DeepEqual(first, again) || asJSON(t, q) != asked || asJSON(t, a) != answered {
			t.Fatalf("marked again it is another: %+v, %+v", first, again)
		}
	})
}

func TestTheOrderOfChoicesOptionsAndPointsChangesNoMark(t *testing.T) {
	each(t, func(t *testing.T, r *rand.Rand, q question.Question) {
		a := anyAnswer(r, q)
		want := question.Grade(q, a).Share
		if q.Kind == question.Single || q.Kind == question.TrueFalse {
			a.Choices = slices.Clone(a.Choices[:min(1, len(a.Choices))])
			want = question.Grade(q, a).Share
		}
		if q.Kind != question.Ordering {
			r.Shuffle(len(a.Choices), func(i, j int) { a.Choices[i], a.Choices[j] = a.Choices[j], a.Choices[i] })
			r.Shuffle(len(q.Options), func(i, j int) { q.Options[i], q.Options[j] = q.Options[j], q.Options[i] })
		}
		r.Shuffle(len(a.Points), func(i, j int) { a.Points[i], a.Points[j] = a.Points[j], a.Points[i] })
		r.Shuffle(len(q.Areas), func(i, j int) { q.Areas[i], q.Areas[j] = q.Areas[j], q.Areas[i] })
		r.Shuffle(len(q.Pairs), func(i, j int) { q.Pairs[i], q.Pairs[j] = q.Pairs[j], q.Pairs[i] })
		if got := question.Grade(q, a).Share; got != want {
			t.Fatalf("in another order %d is %d: %s, %s", want, got, asJSON(t, q), asJSON(t, a))
		}
	})
}

func TestCleaningTwiceIsCleaningOnceAndGradesTheSame(t *testing.T) {
	each(t, func(t *testing.T, r *rand.Rand, q question.Question) {
		a := anyAnswer(r, q)
		once, _ := question.Clean(q, a)
		twice, err := question.Clean(q, once)
		if err != nil || !reflect.DeepEqual(once, twice) {
			t.Fatalf("%+v, %+v, %v", once, twice, err)
		}
		if !reflect.DeepEqual(question.Grade(q, a), question.Grade(q, once)) {
			t.Fatalf("the cleaned answer is marked otherwise: %+v", a)
		}
	})
}

func TestTheSolutionGetsAllMarks(t *testing.T) {
	each(t, func(t *testing.T, _ *rand.Rand, q question.Question) {
		got := question.Grade(q, question.Solution(q))
		if !q.Kind.ByHand() && got.Share != question.Whole {
			t.Fatalf("the solution %s of %s gets %d", asJSON(t, question.Solution(q)), asJSON(t, q), got.Share)
		}
	})
}

func TestTheSameSeedAsksTheSameAndNothingOfItTellsTheSolution(t *testing.T) {
	each(t, func(t *testing.T, r *rand.Rand, q question.Question) {
		seed := r.Uint64()
		asked := question.Ask(q, seed)
		if !reflect.DeepEqual(asked, question.Ask(q, seed)) {
			t.Fatal("the same seed asks otherwise")
		}
		if q.Kind == question.Ordering || !q.Keep && q.Kind != question.TrueFalse {
			other := q
			other.Options = slices.Clone(q.Options)
			slices.Reverse(other.Options)
			if !reflect.DeepEqual(asked, question.Ask(other, seed)) {
				t.Fatal("the order in which the author wrote shows through the shuffling")
			}
		}
		text := asJSON(t, asked)
		for _, secret := range []string{"share", "feedback", "Zürich", "right", "tolerance", "points", "shape", "Mind it"} {
			if strings.Contains(text, secret) {
				t.Fatalf("%q can be seen in %s", secret, text)
			}
		}
	})
}

func TestTidyingKeepsTheMarkAndDrawsIdsThatSayNothing(t *testing.T) {
	each(t, func(t *testing.T, _ *rand.Rand, q question.Question) {
		tidy := question.Tidy(q)
		if err := question.Check(tidy); err != nil {
			t.Fatalf("tidied it has faults: %v", err)
		}
		if !reflect.DeepEqual(tidy, question.Tidy(tidy)) {
			t.Fatal("tidied again it is another")
		}
		for i, o := range tidy.Options {
			if q.Kind != question.TrueFalse && o.ID == q.Options[i].ID {
				t.Fatalf("the id %q stayed", o.ID)
			}
		}
	})
}
