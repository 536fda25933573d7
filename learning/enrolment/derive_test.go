package enrolment_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
)

// story is a made-up course of two versions, one person in it, and what they did, in order.
type story struct {
	book  enrolment.Book
	e     enrolment.Enrolment
	facts []enrolment.Fact
}

// lessonsOf makes rules of every kind for a version; kept lessons keep their ids.
func rulesFor(r *rand.Rand, version uid.ID, kept []enrolment.Rules) []enrolment.Rules {
	var out []enrolment.Rules
	for _, l := range kept {
		if r.IntN(4) > 0 { // a quarter is taken out
			l.VersionID = version
			out = append(out, l)
		}
	}
	for range 1 + r.IntN(5) {
		kinds := catalog.LessonKinds()
		l := enrolment.Rules{VersionID: version, LessonID: uid.New(), Kind: kinds[r.IntN(len(kinds))], Pass: 80, NoSkip: r.IntN(3) == 0}
		if l.Kind.Recorded() && r.IntN(5) > 0 {
			l.Seconds = float64(20 + r.IntN(80))
		}
		switch rules := l.Kind.Rules(); rules[r.IntN(len(rules))] {
		case catalog.RuleWatched:
			l.Completion = catalog.Completion{Rule: catalog.RuleWatched, Percent: 30 + r.IntN(71)}
		case catalog.RuleViewed:
			l.Completion = catalog.Completion{Rule: catalog.RuleViewed, Seconds: r.IntN(40)}
		case catalog.RuleMarked:
			l.Completion = catalog.Completion{Rule: catalog.RuleMarked}
		}
		out = append(out, l)
	}
	return out
}

func tell(r *rand.Rand) story {
	versions := []uid.ID{uid.New(), uid.New()}
	rules := [][]enrolment.Rules{rulesFor(r, versions[0], nil)}
	rules = append(rules, rulesFor(r, versions[1], rules[0]))
	s := story{book: enrolment.NewBook(slices.Concat(rules...)), e: enrolment.Enrolment{ID: uid.New(), VersionID: versions[0], Status: enrolment.StatusActive}}
	at, on, opened := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC), 0, map[uid.ID]bool{}
	for range 20 + r.IntN(120) {
		at = at.Add(time.Duration(1+r.IntN(20_000)) * time.Millisecond)
		f := enrolment.Fact{EnrolmentID: s.e.ID, ID: uid.New(), VersionID: versions[on], At: at}
		if on == 0 && r.IntN(60) == 0 {
			on, f.VersionID, f.Kind = 1, versions[1], enrolment.FactMoved
			s.facts = append(s.facts, f)
			continue
		}
		l := rules[on][r.IntN(len(rules[on]))]
		if f.LessonID, f.Kind = l.LessonID, enrolment.FactOpened; opened[l.LessonID] {
			f.Kind, f.Data = doing(r, l)
		}
		opened[l.LessonID] = true
		s.facts = append(s.facts, f)
	}
	s.e.VersionID = versions[on]
	return s
}

// doing is something that may happen in an opened lesson.
func doing(r *rand.Rand, l enrolment.Rules) (enrolment.FactKind, enrolment.FactData) {
	of, part := uid.New(), func(most int) [2]float64 {
		from := float64(r.IntN(most*10)) / 10
		return [2]float64{from, from + float64(1+r.IntN(150))/10}
	}
	switch n := r.IntN(6); {
	case n == 0:
		return enrolment.FactConfirmed, enrolment.FactData{}
	case n == 1 && l.Kind == catalog.LessonQuiz:
		return enrolment.FactAttempted, enrolment.FactData{Of: &of, Percent: 90, Passed: r.IntN(2) == 0}
	case n == 1 && l.Kind == catalog.LessonSubmission:
		kinds := []enrolment.FactKind{enrolment.FactSubmitted, enrolment.FactAccepted, enrolment.FactReturned}
		return kinds[r.IntN(3)], enrolment.FactData{Of: &of}
	}
	d := enrolment.FactData{Seen: enrolment.Intervals{part(100)}, Moment: float64(r.IntN(100))}
	if l.Kind.Recorded() {
		position := float64(r.IntN(60))
		d.Watched, d.Position = enrolment.Intervals{part(60), part(60)}, &position
	}
	return enrolment.FactReported, d
}

// seeds runs a property for many made-up stories; a failure names the seed.
func seeds(t *testing.T, n int, property func(t *testing.T, r *rand.Rand, s story)) {
	t.Helper()
	for seed := range n {
		t.Run(fmt.Sprint("seed", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(seed), 4))
			property(t, r, tell(r))
		})
	}
}

func TestAReplayGivesTheSameWhateverTheOrderAndHoweverOftenAFactIsThere(t *testing.T) {
	t.Parallel()
	completed := 0
	seeds(t, 300, func(t *testing.T, r *rand.Rand, s story) {
		e, progress := enrolment.Derive(s.e, s.facts, s.book)
		for _, p := range progress {
			if p.Status == enrolment.ProgressCompleted {
				completed++
			}
		}
		mixed := slices.Clone(s.facts)
		for range len(s.facts) / 2 {
			mixed = append(mixed, s.facts[r.IntN(len(s.facts))])
		}
		r.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		again, same := enrolment.Derive(s.e, mixed, s.book)
		if diff := cmp.Diff(e, again) + cmp.Diff(progress, same); diff != "" {
			t.Error(diff)
		}
	})
	if completed < 300 {
		t.Errorf("only %d lessons were completed in all: the stories tell too little", completed)
	}
}

func TestReportsInAnyOrderCoverTheSameSeconds(t *testing.T) {
	t.Parallel()
	seeds(t, 300, func(t *testing.T, r *rand.Rand, s story) {
		_, progress := enrolment.Derive(s.e, s.facts, s.book)
		// The reports of a lesson change places, as those of two devices may; their times stay.
		places := map[uid.ID][]int{}
		for i, f := range s.facts {
			if f.Kind == enrolment.FactReported {
				places[f.LessonID] = append(places[f.LessonID], i)
			}
		}
		other := slices.Clone(s.facts)
		for _, at := range places {
			r.Shuffle(len(at), func(i, j int) { other[at[i]].Data, other[at[j]].Data = other[at[j]].Data, other[at[i]].Data })
		}
		_, swapped := enrolment.Derive(s.e, other, s.book)
		for lesson, p := range progress {
			if diff := cmp.Diff(p.Watched, swapped[lesson].Watched) + cmp.Diff(p.Seen, swapped[lesson].Seen); diff != "" {
				t.Error(diff)
			}
			if swapped[lesson].PositionAt != p.PositionAt {
				t.Errorf("the position is of %v and of %v", p.PositionAt, swapped[lesson].PositionAt)
			}
		}
		nothingTwice(t, s, progress)
	})
}

// nothingTwice holds what is covered against a count of tenths of a second: all that was reported, and each once.
func nothingTwice(t *testing.T, s story, progress map[uid.ID]enrolment.Progress) {
	t.Helper()
	for lesson, p := range progress {
		tenths := map[int]bool{}
		for _, f := range s.facts {
			if f.LessonID != lesson {
				continue
			}
			for _, part := range f.Data.Watched {
				for i := int(part[0]*10 + 0.5); i < int(part[1]*10+0.5); i++ {
					tenths[i] = true
				}
			}
		}
		reported, covered := float64(len(tenths))/10, p.Watched.Seconds()
		joined := 0.5 * float64(len(tenths)) // gaps of at most half a second are closed
		if covered < reported-0.01 || covered > reported+joined {
			t.Errorf("%v seconds are covered, %v were reported", covered, reported)
		}
		for i, part := range p.Watched {
			if part[0] >= part[1] || i > 0 && part[0] <= p.Watched[i-1][1] {
				t.Errorf("not sorted and disjoint: %v", p.Watched)
			}
		}
		for _, f := range s.facts {
			for _, part := range f.Data.Watched {
				if f.LessonID == lesson && !slices.ContainsFunc(p.Watched, func(c [2]float64) bool { return c[0] <= part[0] && part[1] <= c[1] }) {
					t.Errorf("%v is lost of %v", part, p.Watched)
				}
			}
		}
	}
}

func TestPercentFallsOnlyWithAMoveAndACompletionStays(t *testing.T) {
	t.Parallel()
	finished := 0
	seeds(t, 300, func(t *testing.T, _ *rand.Rand, s story) {
		before, done := s.e, map[uid.ID]enrolment.Evidence{}
		before.Percent = 0
		for i := range s.facts {
			now := s.e
			now.VersionID = s.facts[i].VersionID
			e, progress := enrolment.Derive(now, s.facts[:i+1], s.book)
			moved := s.facts[i].Kind == enrolment.FactMoved
			if e.Percent < before.Percent && !moved {
				t.Fatalf("fact %d: from %d to %d percent", i, before.Percent, e.Percent)
			}
			if before.Status == enrolment.StatusCompleted && e.Status != before.Status && !moved {
				t.Fatalf("fact %d undid the completion", i)
			}
			if (e.Status == enrolment.StatusCompleted) != (e.CompletedAt != nil) || e.Status == enrolment.StatusCompleted && e.Percent != 100 {
				t.Fatalf("fact %d: %s, %d percent, %v", i, e.Status, e.Percent, e.CompletedAt)
			}
			for lesson, p := range progress {
				if was, ok := done[lesson]; ok && !cmp.Equal(was, p.Evidence) {
					t.Fatalf("fact %d changed evidence: %+v, %+v", i, was, p.Evidence)
				}
				if p.Status == enrolment.ProgressCompleted {
					done[lesson] = p.Evidence
					if p.Evidence.Rule == "" || p.Evidence.EventID == nil || p.CompletedAt == nil {
						t.Fatalf("completed without evidence: %+v", p)
					}
				}
			}
			before = e
		}
		if before.Status == enrolment.StatusCompleted {
			finished++
		}
	})
	if finished < 5 {
		t.Errorf("only %d courses were completed in all", finished)
	}
}

func TestEachRuleIsMetByWhatItAsksForAndByNothingLess(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)
	of := uid.New()
	seen := func(to float64) enrolment.Fact {
		return enrolment.Fact{Kind: enrolment.FactReported, Data: enrolment.FactData{Seen: enrolment.Intervals{{0, to}}}}
	}
	played := func(parts ...[2]float64) enrolment.Fact {
		return enrolment.Fact{Kind: enrolment.FactReported, Data: enrolment.FactData{Watched: parts}}
	}
	one := func(k enrolment.FactKind, passed bool) enrolment.Fact {
		return enrolment.Fact{Kind: k, Data: enrolment.FactData{Of: &of, Passed: passed}}
	}
	opened, confirmed := one(enrolment.FactOpened, false), one(enrolment.FactConfirmed, false)
	film := enrolment.Rules{Kind: catalog.LessonVideo, Seconds: 100}
	strict := film
	strict.NoSkip = true
	for name, c := range map[string]struct {
		rules enrolment.Rules
		facts []enrolment.Fact
		done  bool
	}{
		"a text opened":                         {enrolment.Rules{Kind: catalog.LessonText}, []enrolment.Fact{opened}, false},
		"a text confirmed":                      {enrolment.Rules{Kind: catalog.LessonText}, []enrolment.Fact{opened, confirmed}, true},
		"a text confirmed too soon":             {enrolment.Rules{Kind: catalog.LessonText, Completion: catalog.Completion{Rule: catalog.RuleViewed, Seconds: 30}}, []enrolment.Fact{opened, seen(29), confirmed}, false},
		"a text looked at and not confirmed":    {enrolment.Rules{Kind: catalog.LessonText, Completion: catalog.Completion{Rule: catalog.RuleViewed, Seconds: 30}}, []enrolment.Fact{opened, seen(60)}, false},
		"a text looked at and confirmed":        {enrolment.Rules{Kind: catalog.LessonText, Completion: catalog.Completion{Rule: catalog.RuleViewed, Seconds: 30}}, []enrolment.Fact{opened, seen(30), confirmed}, true},
		"a film scrubbed to its end":            {film, []enrolment.Fact{opened, played([2]float64{0, 3}, [2]float64{97, 100}), confirmed}, false},
		"a film watched in pieces":              {film, []enrolment.Fact{opened, played([2]float64{40, 100}), played([2]float64{0, 30})}, true},
		"a film that must not be skipped, in":   {strict, []enrolment.Fact{opened, played([2]float64{5, 100})}, false},
		"such a film from its beginning":        {strict, []enrolment.Fact{opened, played([2]float64{50, 95}), played([2]float64{0, 49})}, true},
		"a film of unknown length, confirmed":   {enrolment.Rules{Kind: catalog.LessonVideo}, []enrolment.Fact{opened, confirmed}, true},
		"a quiz failed":                         {enrolment.Rules{Kind: catalog.LessonQuiz}, []enrolment.Fact{opened, one(enrolment.FactAttempted, false), confirmed}, false},
		"a quiz passed":                         {enrolment.Rules{Kind: catalog.LessonQuiz}, []enrolment.Fact{opened, one(enrolment.FactAttempted, true)}, true},
		"a task handed in":                      {enrolment.Rules{Kind: catalog.LessonSubmission}, []enrolment.Fact{opened, one(enrolment.FactSubmitted, false)}, true},
		"a task to be accepted, handed in":      {enrolment.Rules{Kind: catalog.LessonSubmission, Completion: catalog.Completion{Rule: catalog.RuleMarked}}, []enrolment.Fact{opened, one(enrolment.FactSubmitted, false), one(enrolment.FactReturned, false)}, false},
		"a task to be accepted, accepted":       {enrolment.Rules{Kind: catalog.LessonSubmission, Completion: catalog.Completion{Rule: catalog.RuleMarked}}, []enrolment.Fact{opened, one(enrolment.FactSubmitted, false), one(enrolment.FactAccepted, false)}, true},
		"a lesson of a kind that nobody knows":  {enrolment.Rules{Kind: "hologram"}, []enrolment.Fact{opened, confirmed}, false},
		"a link looked at, in another's rule":   {enrolment.Rules{Kind: catalog.LessonLink}, []enrolment.Fact{opened, confirmed}, true},
		"a sound heard, all but its last tenth": {enrolment.Rules{Kind: catalog.LessonAudio, Seconds: 100}, []enrolment.Fact{opened, played([2]float64{0, 90})}, true},
	} {
		t.Run(name, func(t *testing.T) {
			e := enrolment.Enrolment{ID: uid.New(), VersionID: uid.New(), Status: enrolment.StatusActive}
			c.rules.VersionID, c.rules.LessonID = e.VersionID, uid.New()
			for i := range c.facts {
				c.facts[i].ID, c.facts[i].LessonID, c.facts[i].VersionID, c.facts[i].At = uid.New(), c.rules.LessonID, e.VersionID, at.Add(time.Duration(i)*time.Second)
			}
			got, progress := enrolment.Derive(e, c.facts, enrolment.NewBook([]enrolment.Rules{c.rules}))
			if done := progress[c.rules.LessonID].Status == enrolment.ProgressCompleted; done != c.done || (got.Status == enrolment.StatusCompleted) != c.done {
				t.Errorf("completed: %t; want %t (%+v)", done, c.done, progress[c.rules.LessonID])
			}
		})
	}
}
