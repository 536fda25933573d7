package rating

import (
	"math"
	"slices"
	"time"

	"lyceum/billing"
)

// History is what is known of one meter: the running month by its days, and the months before.
type History struct {
	Period   billing.Period
	Now      time.Time
	Days     []int64   // of the month, day 1 first; those to come are 0
	Before   [][]int64 // the months before, the last one first, by their days
	Distinct bool      // people, each counted once a month: the more are counted, the fewer are left
}

// Outlook is how much a meter comes to by the month's end. Low is never below what is used already, and
// Low ≤ Likely ≤ High.
type Outlook struct{ Used, Low, Likely, High int64 }

// Expect says how a month probably ends. In words:
//
//   - What is used stays used; only the rest of the month is guessed, so the span closes as the month goes by and is
//     nothing at its end.
//   - The month's own pace gives one guess: for sums, the last seven days go on; for people, who are counted once a month,
//     growth that dies away as fast as it did so far (each half of the days so far brought a share of what the half before
//     it did, and the halves to come go on so).
//   - Each of the last three months that had any use gives another guess: this month so far, grown as that one grew from
//     the same moment on.
//   - Early in a month its own figures say little, so every guess is mixed with what the last months came to, in the
//     measure in which the month is young: on the first day it is all history, on the last none.
//   - Likely is the middle of the guesses; low and high are the least and the most of them, and at least a tenth of the
//     growth to come apart from it.
func Expect(h History) Outlook {
	share := elapsed(h.Period, h.Now)
	used := sum(h.Days)
	o := Outlook{Used: used, Low: used, Likely: used, High: used}
	if share >= 1 {
		return o
	}
	var ends []float64 // what the months before came to
	guesses := []float64{paceOf(h, share)}
	for _, days := range h.Before {
		total := sum(days)
		if total <= 0 {
			continue
		}
		ends = append(ends, float64(total))
		if so := upTo(days, share); so > 0 {
			guesses = append(guesses, float64(used)*float64(total)/so)
		}
	}
	if len(ends) > 0 {
		typical := median(ends)
		for i := range guesses {
			guesses[i] = share*guesses[i] + (1-share)*max(typical, float64(used))
		}
		guesses = append(guesses, (1-share)*slices.Min(ends)+share*guesses[0], (1-share)*slices.Max(ends)+share*guesses[0])
	}
	likely := max(median(guesses), float64(used))
	margin := (likely - float64(used)) / 10
	o.Likely = whole(likely)
	o.Low = min(max(whole(min(slices.Min(guesses), likely-margin)), used), o.Likely)
	o.High = max(whole(max(slices.Max(guesses), likely+margin)), o.Likely)
	return o
}

// elapsed is how much of a period is over, from 0 to 1.
func elapsed(p billing.Period, now time.Time) float64 {
	share := now.Sub(p.Start).Hours() / p.End().Sub(p.Start).Hours()
	return min(max(share, 0), 1)
}

// paceOf goes on as the month went so far.
func paceOf(h History, share float64) float64 {
	used := float64(sum(h.Days))
	over := share * float64(len(h.Days)) // days, the running one in part
	left := float64(len(h.Days)) - over
	if over <= 0 {
		return used
	}
	if !h.Distinct {
		window := min(over, 7)
		recent := between(h.Days, over-window, over)
		return used + left*recent/window
	}
	half := over / 2
	first, second := between(h.Days, 0, half), between(h.Days, half, over)
	keeps := 1.0
	if first > 0 {
		keeps = min(second/first, 1)
	}
	growth, next := 0.0, second
	for left > 0 {
		next *= keeps
		growth += next * min(left/half, 1)
		if left -= half; next < 0.01 {
			break
		}
	}
	return used + growth
}

// between sums the days from one moment to another, both counted in days from the month's start; a day in part counts in
// part. The running day has only what it brought so far, so it counts whole.
func between(days []int64, from, until float64) (total float64) {
	for i, n := range days {
		lo, hi := max(float64(i), from), min(float64(i+1), until)
		if hi <= lo {
			continue
		}
		part := hi - lo
		if float64(i+1) > until && until-float64(i) > 0 { // the day that is not over
			part = (hi - lo) / (until - float64(i))
		}
		total += float64(n) * part
	}
	return total
}

// upTo is what a month that is over had at the same share of it.
func upTo(days []int64, share float64) (total float64) {
	at := share * float64(len(days))
	for i, n := range days {
		total += float64(n) * min(max(at-float64(i), 0), 1)
	}
	return total
}

func sum(days []int64) (n int64) {
	for _, d := range days {
		n += d
	}
	return max(n, 0)
}

func median(list []float64) float64 {
	s := slices.Sorted(slices.Values(list))
	mid := len(s) / 2
	if len(s)%2 == 1 {
		return s[mid]
	}
	return (s[mid-1] + s[mid]) / 2
}

func whole(x float64) int64 {
	if x >= math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(math.Round(x))
}
