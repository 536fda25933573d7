package assessment_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/assessment"
	"lyceum/learning/bank"
	"lyceum/learning/question"
)

// graded is what an attempt came to, as people see it.
type graded struct {
	points, most question.Share
	percent      int
	passed       bool
	status       assessment.Status
}

func gradedOf(a assessment.Attempt) graded {
	return graded{a.Points, a.Most, a.Percent, a.Passed, a.Status}
}

// keyed is a single choice whose answers are worth what chance gives them, one of them everything.
func keyed(r *rand.Rand) question.Question {
	worth := []question.Share{question.Whole, question.Whole / 2, 0, -question.Whole / 4}
	r.Shuffle(len(worth), func(i, k int) { worth[i], worth[k] = worth[k], worth[i] })
	q := question.Question{Kind: question.Single, Title: "Doors", Prompt: "Which door?", Scoring: question.Weighted}
	for i, share := range worth {
		q.Options = append(q.Options, question.Option{ID: strings.Repeat(string(rune('a'+i)), 10), Text: fmt.Sprintf("Door %d", i), Share: share})
	}
	return q
}

// answered has somebody answer every question as a sheet says, and hand in.
func (h *hall) answered(t *testing.T, sheet map[uid.ID]question.Answer) assessment.Attempt {
	t.Helper()
	as, a := h.start(t)
	for slot, asked := range a.Slots {
		h.w.Now.Advance(time.Second)
		h.save(t, as, a, slot, 1, sheet[asked.Ref.Question])
	}
	a, err := h.tests.HandIn(as, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Whatever is mended, in whatever order and however often: an attempt that was graded before comes to what the same answers come to that
// are handed in afterwards, and to what its answers are worth by the versions that count now. Grading twice is grading once.
func TestRegradingIsGradingAnew(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(7, seed))
			h := setup(t, keyed(r), func(s *assessment.Settings) {
				s.Sections[0].Pools[0].Count = 5
				s.Negative, s.Whole, s.Pass = r.IntN(2) == 0, r.IntN(3) == 0, 20+r.IntN(60)
			})
			_, first := h.start(t)
			var ids []uid.ID
			for _, slot := range first.Slots {
				ids = append(ids, slot.Ref.Question)
			}
			sheet := func() map[uid.ID]question.Answer {
				out := map[uid.ID]question.Answer{}
				for _, id := range ids {
					choice := []string{"true", "false"}[r.IntN(2)]
					if id == h.fixed {
						choice = strings.Repeat(string(rune('a'+r.IntN(4))), 10)
					}
					out[id] = question.Answer{Choices: []string{choice}}
				}
				return out
			}
			type sat struct {
				sheet map[uid.ID]question.Answer
				a     assessment.Attempt
			}
			var before []sat
			for range 3 {
				one := sheet()
				before = append(before, sat{one, h.answered(t, one)})
			}
			newest, now := 1, map[uid.ID]assessment.Mend{}
			for round, number := 0, 0; round < 6; round++ {
				if r.IntN(2) == 0 {
					h.publish(t, keyed(r))
					newest++
				}
				var mends []assessment.Mend
				for _, id := range ids {
					m := assessment.Mend{Question: id, Version: 1}
					if id == h.fixed {
						m.Version = 1 + r.IntN(newest)
					}
					if m.Counts = assessment.CountsAll[r.IntN(3)]; m.Counts != assessment.CountsAsAnswered {
						m.Version = 0
					}
					if r.IntN(3) == 0 {
						mends = append(mends, m)
					}
				}
				wish := assessment.Regrading{Course: h.course.Course.ID, Lesson: h.lesson, Number: number, Mends: mends, Reason: "Chance."}
				seen, err := h.tests.PreviewRegrade(h.author, wish)
				if fault.Of(err).Kind == fault.KindInvalid || len(mends) == 0 {
					continue // nothing would count any more, or nothing is mended
				}
				if err != nil {
					t.Fatal(err)
				}
				if number, err = h.tests.Regrade(h.author, wish); err != nil {
					t.Fatal(err)
				}
				for _, m := range mends {
					now[m.Question] = m
				}
				changed := 0
				for i, one := range before {
					was, is := gradedOf(one.a), h.now(t, one.a)
					before[i].a = is
					if was != gradedOf(is) {
						changed++
					}
					if got, want := gradedOf(is), h.worth(t, is, one.sheet, now); got != want {
						t.Fatalf("round %d: %+v graded %+v, its answers are worth %+v", round, mends, got, want)
					}
					if got, want := gradedOf(is), gradedOf(h.answered(t, one.sheet)); got != want {
						t.Fatalf("round %d: %+v graded %+v, who hands in the same now gets %+v", round, mends, got, want)
					}
				}
				if seen.Changed < changed {
					t.Fatalf("round %d: the preview said %d change, %d did", round, seen.Changed, changed)
				}
				if n, err := h.tests.RegradePending(h.ctx); n != 0 || err != nil {
					t.Fatalf("graded twice: %d, %v", n, err)
				}
			}
		})
	}
}

// publish puts the fixed question's next version out.
func (h *hall) publish(t *testing.T, q question.Question) {
	t.Helper()
	is, err := h.banks.Question(h.author, h.fixed)
	if err != nil {
		t.Fatal(err)
	}
	saved, err := h.banks.Save(h.author, h.fixed, is.Question.Revision, bank.Input{Body: q})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = h.banks.Publish(h.author, h.fixed, saved.Revision); err != nil {
		t.Fatal(err)
	}
}

// worth is what answers come to by the rules, from nothing.
func (h *hall) worth(t *testing.T, a assessment.Attempt, sheet map[uid.ID]question.Answer, now map[uid.ID]assessment.Mend) graded {
	t.Helper()
	out := graded{status: assessment.StatusGraded}
	for _, slot := range a.Slots {
		id := slot.Ref.Question
		m := now[id]
		if m.Counts == assessment.CountsOut {
			continue
		}
		out.most += question.Whole * question.Share(slot.Marks)
		share := question.Whole
		if m.Counts != assessment.CountsFull {
			ref := bank.Ref{Question: id, Version: max(1, m.Version)}
			bodies, err := h.banks.Bodies(h.ctx, []bank.Ref{ref})
			if err != nil {
				t.Fatal(err)
			}
			at := slices.IndexFunc(bodies[ref].Options, func(o question.Option) bool { return o.ID == sheet[id].Choices[0] })
			if at < 0 {
				t.Fatalf("%v has no %v", bodies[ref].Options, sheet[id].Choices)
			}
			share = bodies[ref].Options[at].Share
			if h.rules.Whole && share > 0 && share < question.Whole || !h.rules.Negative && share < 0 {
				share = 0
			}
		}
		out.points += share * question.Share(slot.Marks)
	}
	out.points = max(0, out.points)
	out.percent = int(100 * out.points / out.most)
	out.passed = out.percent >= h.rules.Pass
	return out
}
