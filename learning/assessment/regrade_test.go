package assessment_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/assessment"
	"lyceum/learning/bank"
	"lyceum/learning/question"
	"lyceum/store/storetest"
)

// mend publishes the fixed question anew, with the other key.
func (h *hall) mend(t *testing.T) {
	t.Helper()
	q, err := h.banks.Question(h.author, h.fixed)
	if err != nil {
		t.Fatal(err)
	}
	body := statement
	body.Options = []question.Option{{ID: "true", Text: "True"}, {ID: "false", Text: "False", Share: question.Whole}}
	saved, err := h.banks.Save(h.author, h.fixed, q.Question.Revision, bank.Input{Body: body})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = h.banks.Publish(h.author, h.fixed, saved.Revision); err != nil {
		t.Fatal(err)
	}
}

// sit has somebody answer: the fixed question as given, so many of the two others right.
func (h *hall) sit(t *testing.T, fixed question.Answer, right int, hand bool) (context.Context, assessment.Attempt) {
	t.Helper()
	as, a := h.start(t)
	h.save(t, as, a, 0, 1, fixed)
	for slot := 1; slot <= 2; slot++ {
		answer := no
		if slot <= right {
			answer = yes
		}
		h.w.Now.Advance(time.Second)
		h.save(t, as, a, slot, 1, answer)
	}
	if !hand {
		return as, a
	}
	a, err := h.tests.HandIn(as, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	return as, a
}

func (h *hall) now(t *testing.T, a assessment.Attempt) (out assessment.Attempt) {
	t.Helper()
	if err := h.w.Store.InTenant(h.ctx, func(ctx context.Context) (err error) {
		out, err = h.w.Store.TestAttempt(ctx, a.ID)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAMendedQuestionIsGradedAnewForEverybody(t *testing.T) {
	t.Parallel()
	h := setup(t, statement, asItIs)
	_, won := h.sit(t, no, 1, true)    // 33 %, will be 66 %
	_, lost := h.sit(t, yes, 1, true)  // 66 %, will be 33 %
	_, same := h.sit(t, yes, 0, true)  // 33 %, will be 0 %
	as, runs := h.sit(t, no, 2, false) // ends after it
	wish := assessment.Regrading{Course: h.course.Course.ID, Lesson: h.lesson, Reason: "The key was wrong.", Mends: []assessment.Mend{{Question: h.fixed, Version: 2}}}
	_, err := h.tests.PreviewRegrade(h.author, wish)
	if err == nil {
		t.Fatal("a version that is not published")
	}
	h.mend(t)
	if _, err = h.tests.PreviewRegrade(as, wish); err == nil {
		t.Error("a learner grades anew")
	}
	p, err := h.tests.PreviewRegrade(h.author, wish)
	if err != nil || p.Attempts != 3 || p.Changed != 3 || p.Up != 1 || p.Down != 2 || p.NowPassed != 1 || p.NowFailed != 1 || len(p.List) != 3 {
		t.Fatalf("%+v, %v", p, err)
	}
	if got := h.now(t, won); got.Percent != 33 || got.Regrade != 0 {
		t.Errorf("looking changed it: %+v", got)
	}
	for name, bad := range map[string]func(*assessment.Regrading){
		"no reason":   func(r *assessment.Regrading) { r.Reason = " " },
		"nothing":     func(r *assessment.Regrading) { r.Mends = nil },
		"a stranger":  func(r *assessment.Regrading) { r.Mends = []assessment.Mend{{Question: uid.New(), Version: 1}} },
		"an old page": func(r *assessment.Regrading) { r.Number = 7 },
		"a way there is not": func(r *assessment.Regrading) {
			r.Mends = []assessment.Mend{{Question: h.fixed, Version: 1, Counts: "half"}}
		},
	} {
		wrong := wish
		bad(&wrong)
		if _, err = h.tests.Regrade(h.author, wrong); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	told := len(h.told)
	if n, err := h.tests.Regrade(h.author, wish); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	for a, percent := range map[*assessment.Attempt]int{&won: 66, &lost: 33, &same: 0} {
		if got := h.now(t, *a); got.Percent != percent || got.Passed != (percent >= 60) || got.Regrade != 1 {
			t.Errorf("want %d %%: %+v", percent, got)
		}
	}
	if len(h.told) != told+3 {
		t.Errorf("lessons were told %d times", len(h.told)-told)
	}
	if got, err := h.tests.HandIn(as, runs.ID); err != nil || got.Percent != 100 || got.Regrade != 1 {
		t.Errorf("what ran while it was mended: %+v, %v", got, err)
	}
	if n, err := h.tests.RegradePending(h.ctx); n != 0 || err != nil {
		t.Errorf("something was left to do: %d, %v", n, err)
	}
	r, err := h.tests.Review(h.author, h.course.Course.ID, lost.ID)
	if err != nil || len(r.Changes) != 1 || r.Changes[0].PercentBefore != 66 || r.Changes[0].Percent != 33 || r.Changes[0].Reason != wish.Reason {
		t.Errorf("the history says %+v, %v", r.Changes, err)
	}

	// Mended another way: it counts for nobody. What was mended before stays beside it.
	wish.Number, wish.Mends = 1, []assessment.Mend{{Question: h.fixed, Counts: assessment.CountsOut}}
	if _, err = h.tests.Regrade(h.author, wish); err != nil {
		t.Fatal(err)
	}
	if got := h.now(t, lost); got.Percent != 50 || got.Most != 4*question.Whole {
		t.Errorf("left out: %+v", got)
	}
	wish.Number, wish.Mends = 2, []assessment.Mend{{Question: h.fixed, Counts: assessment.CountsFull}}
	if _, err = h.tests.Regrade(h.author, wish); err != nil {
		t.Fatal(err)
	}
	if got := h.now(t, same); got.Percent != 33 || got.Most != 6*question.Whole {
		t.Errorf("full marks: %+v", got)
	}
	all, err := h.tests.Mendable(h.author, h.course.Course.ID, h.lesson)
	if err != nil || all.Number != 3 || len(all.Regrades) != 3 || all.Regrades[2].Changed != 3 || all.Running {
		t.Errorf("%+v, %v", all, err)
	}
}

// Cut short in the middle, a regrade goes on and grades each attempt once.
func TestARegradeThatIsCutShortGoesOn(t *testing.T) {
	t.Parallel()
	h := setup(t, statement, asItIs)
	var all []assessment.Attempt
	for range 4 {
		_, a := h.sit(t, yes, 1, true)
		all = append(all, a)
	}
	h.mend(t)
	h.fails = errors.New("the machine went away")
	wish := assessment.Regrading{Course: h.course.Course.ID, Lesson: h.lesson, Reason: "The key was wrong.", Mends: []assessment.Mend{{Question: h.fixed, Version: 2}}}
	if _, err := h.tests.Regrade(h.author, wish); err == nil {
		t.Fatal("nothing failed")
	}
	for _, a := range all {
		if got := h.now(t, a); got.Percent != 66 || got.Regrade != 0 {
			t.Errorf("half done: %+v", got)
		}
	}
	wish.Number = 1
	if _, err := h.tests.Regrade(h.author, wish); !errors.Is(err, assessment.ErrRegrading) {
		t.Errorf("two at once: %v", err)
	}
	h.fails = nil
	told := len(h.told)
	for want := 4; want >= 0; want -= 4 {
		if n, err := h.tests.RegradePending(h.ctx); n != want || err != nil {
			t.Fatalf("%d graded, %v", n, err)
		}
	}
	for _, a := range all {
		if got := h.now(t, a); got.Percent != 33 || got.Regrade != 1 {
			t.Errorf("%+v", got)
		}
	}
	if len(h.told)-told != 4 {
		t.Errorf("lessons were told %d times", len(h.told)-told)
	}
}

func TestRegradesAndSittingsOfOthersAreNotSeen(t *testing.T) {
	t.Parallel()
	h := setup(t, statement, asItIs)
	_, a := h.sit(t, yes, 1, true)
	h.mend(t)
	if _, err := h.tests.Regrade(h.author, assessment.Regrading{Course: h.course.Course.ID, Lesson: h.lesson, Reason: "Why not.", Mends: []assessment.Mend{{Question: h.fixed, Version: 2}}}); err != nil {
		t.Fatal(err)
	}
	other := h.w.Tenant(t)
	stranger := storetest.Instructor(t, other, h.w)
	_, err1 := h.tests.Mendable(stranger, h.course.Course.ID, h.lesson)
	_, err2 := h.tests.Review(stranger, h.course.Course.ID, a.ID)
	_, _, err3 := h.tests.Sittings(stranger, assessment.SittingFilter{Course: h.course.Course.ID, Lesson: h.lesson})
	_, err4 := h.tests.Analyse(stranger, h.course.Course.ID, h.lesson, false)
	for _, err := range []error{err1, err2, err3, err4} {
		if err == nil {
			t.Error("a stranger sees it")
		}
	}
	if err := h.w.Store.InTenant(other, func(ctx context.Context) error {
		rows, err1 := h.w.Store.TestItems(ctx, h.lesson, false, assessment.TotalsRow{})
		mends, err2 := h.w.Store.TestMends(ctx, h.lesson)
		list, err3 := h.w.Store.OpenTestRegrades(ctx, 10)
		if len(rows)+len(list)+mends.Number != 0 {
			t.Error("rows of another tenant")
		}
		return errors.Join(err1, err2, err3)
	}); err != nil {
		t.Error(err)
	}
}

// What the database counts is what the formulas of the classical test theory say of the same answers.
func TestItemAnalysisIsWhatTheFormulasSay(t *testing.T) {
	t.Parallel()
	h := setup(t, statement, func(s *assessment.Settings) { s.Sections[0].Pools[0].Count = 5 })
	r := rand.New(rand.NewPCG(3, 4))
	const people, items = 24, 6
	x := make([][items]float64, people) // marks
	refs := map[uid.ID]int{}
	for p := range people {
		as, a := h.start(t)
		for i, slot := range a.Slots {
			if _, ok := refs[slot.Ref.Question]; !ok {
				refs[slot.Ref.Question] = len(refs)
			}
			answer := no
			if r.IntN(people) < p+i {
				answer = yes
				x[p][refs[slot.Ref.Question]] = 2
			}
			h.w.Now.Advance(10 * time.Second)
			h.save(t, as, a, i, 1, answer)
		}
		if _, err := h.tests.HandIn(as, a.ID); err != nil {
			t.Fatal(err)
		}
	}
	got, err := h.tests.Analyse(h.author, h.course.Course.ID, h.lesson, true)
	if err != nil || got.Totals.Attempts != people || got.Totals.Items != items || len(got.Items) != items || got.Alpha == nil {
		t.Fatalf("%+v, %v", got, err)
	}
	column := func(n int) (c []float64) {
		for _, row := range x {
			c = append(c, row[n])
		}
		return c
	}
	var total []float64
	sum := 0.0
	for _, row := range x {
		t := 0.0
		for _, v := range row {
			t += v
		}
		total = append(total, t)
	}
	for n := range items {
		sum += variance(column(n))
	}
	if alpha := items / (items - 1.0) * (1 - sum/variance(total)); math.Abs(alpha-*got.Alpha) > 1e-9 {
		t.Errorf("alpha %v, want %v", *got.Alpha, alpha)
	}
	for _, i := range got.Items {
		c := column(refs[i.Question])
		var rest []float64
		for p := range c {
			rest = append(rest, total[p]-c[p])
		}
		if math.Abs(i.Mean-mean(c)/2) > 1e-9 {
			t.Errorf("difficulty %v, want %v", i.Mean, mean(c)/2)
		}
		want := correlation(c, rest)
		switch {
		case i.Rest == nil && !math.IsNaN(want):
			t.Errorf("no discrimination, want %v", want)
		case i.Rest != nil && math.Abs(*i.Rest-want) > 1e-9:
			t.Errorf("discrimination %v, want %v", *i.Rest, want)
		}
		if i.Seconds == nil || *i.Seconds != 10 {
			t.Errorf("10 s from answer to answer: %v", i.Seconds)
		}
		if len(i.Choices) != 2 || i.Choices[0].Count+i.Choices[1].Count != people {
			t.Errorf("choices %+v", i.Choices)
		}
	}
}

func mean(x []float64) (m float64) {
	for _, v := range x {
		m += v
	}
	return m / float64(len(x))
}

func covariance(x, y []float64) (c float64) {
	mx, my := mean(x), mean(y)
	for i := range x {
		c += (x[i] - mx) * (y[i] - my)
	}
	return c / float64(len(x)-1)
}

func variance(x []float64) float64 { return covariance(x, x) }

func correlation(x, y []float64) float64 {
	return covariance(x, y) / math.Sqrt(variance(x)*variance(y))
}
