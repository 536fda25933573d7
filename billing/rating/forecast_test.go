package rating_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"lyceum/billing"
	"lyceum/billing/rating"
)

var april = billing.Period{Start: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)} // thirty days

// after is the moment when so many days of April are over.
func after(days float64) time.Time {
	return april.Start.Add(time.Duration(days * 24 * float64(time.Hour)))
}

// steady is n on each of the first days of a month.
func steady(n int64, days int) []int64 {
	out := make([]int64, 30)
	for i := range days {
		out[i] = n
	}
	return out
}

// saturating is a month in which most people come early: of 100 a fifth of those left comes each day or so.
func saturating(days int) []int64 {
	out := make([]int64, 30)
	before := 0.0
	for i := range days {
		now := math.Round(100 * (1 - math.Exp(-float64(i+1)/5)))
		out[i], before = int64(now-before), now
	}
	return out
}

func TestAMonthIsExpectedToEndAsItBegan(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		h         rating.History
		used      int64
		from, to  int64 // where likely is to lie
		low, high int64 // the least of low, the most of high
	}{
		{"nothing ever", rating.History{Now: after(10), Days: steady(0, 0)}, 0, 0, 0, 0, 0},
		{"half of a steady month", rating.History{Now: after(15), Days: steady(100, 15)}, 1500, 3000, 3000, 2850, 3150},
		{"and the months before as steady", rating.History{Now: after(15), Days: steady(100, 15), Before: [][]int64{steady(100, 30), steady(100, 30)}}, 1500, 3000, 3000, 2850, 3150},
		{"the first moment is all history", rating.History{Now: after(0), Days: steady(0, 0), Before: [][]int64{steady(100, 30), steady(80, 30), steady(120, 30)}}, 0, 3000, 3000, 2400, 3600},
		{"a week that is twice as busy goes on", rating.History{Now: after(14), Days: append(steady(100, 7)[:7], steady(200, 7)[:23]...)}, 2100, 2100 + 16*200, 2100 + 16*200, 4000, 6000},
		{"the month is over", rating.History{Now: after(30), Days: steady(100, 30), Before: [][]int64{steady(900, 30)}}, 3000, 3000, 3000, 3000, 3000},
		{"long over", rating.History{Now: after(99), Days: steady(100, 30)}, 3000, 3000, 3000, 3000, 3000},
		{"people who stopped coming: not 258 as a straight line says", rating.History{Now: after(10), Days: saturating(10), Distinct: true}, 86, 95, 108, 86, 110},
		{"people who come as evenly as days", rating.History{Now: after(10), Days: steady(10, 10), Distinct: true}, 100, 300, 300, 280, 320},
		{"people as in the months before", rating.History{Now: after(10), Days: saturating(10), Before: [][]int64{saturating(30), saturating(30), saturating(30)}, Distinct: true}, 86, 98, 104, 86, 110},
		{"a portal's first learners at noon of the second day, which was busier", rating.History{Now: after(1.5), Days: steady(3, 2), Distinct: true}, 6, 120, 160, 120, 170},
	} {
		c.h.Period = april
		o := rating.Expect(c.h)
		if o.Used != c.used || o.Likely < c.from || o.Likely > c.to || o.Low < c.low || o.High > c.high {
			t.Errorf("%s: %+v, wanted likely in %d–%d within %d–%d", c.name, o, c.from, c.to, c.low, c.high)
		}
		if again := rating.Expect(c.h); again != o {
			t.Errorf("%s: asked again it is %+v", c.name, again)
		}
	}
}

func TestTheSpanClosesAsTheMonthGoesBy(t *testing.T) {
	t.Parallel()
	before := [][]int64{steady(90, 30), steady(110, 30), steady(100, 30)}
	last := int64(math.MaxInt64)
	for day := 0; day <= 30; day += 5 {
		o := rating.Expect(rating.History{Period: april, Now: after(float64(day)), Days: steady(100, day), Before: before})
		if span := o.High - o.Low; span > last {
			t.Errorf("on day %d the span is %d, five days before it was %d", day, span, last)
		} else {
			last = span
		}
	}
	if last != 0 {
		t.Errorf("at the end a span of %d is left", last)
	}
}

// TestNoForecastIsBelowWhatIsUsed tries months of any shape at any moment.
func TestNoForecastIsBelowWhatIsUsed(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	month := func(days int) []int64 {
		out := make([]int64, 30)
		for i := range days {
			out[i] = r.Int64N(1 << r.IntN(50))
		}
		return out
	}
	for range 5000 {
		day := r.Float64() * 31
		h := rating.History{Period: april, Now: after(day), Days: month(min(int(day)+1, 30)), Distinct: r.IntN(2) == 0}
		for range r.IntN(4) {
			h.Before = append(h.Before, month(r.IntN(31)))
		}
		o := rating.Expect(h)
		if o.Low < o.Used || o.Likely < o.Low || o.High < o.Likely {
			t.Fatalf("%+v for %+v", o, h)
		}
	}
}
