package enrolment

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"lyceum/internal/fault"
)

// Limits of a report of what was played.
const (
	MaxIntervals = 500
	// maxUnknown bounds a position in a recording whose duration nobody knows, in seconds.
	maxUnknown = 24 * 60 * 60
	// joinGap is a gap, in seconds, over which two stretches of a recording are one: players tell their position a few
	// times a second.
	joinGap = 0.5
	// seenGap is the same for the time in which a lesson was in front of someone: reports follow each other closely.
	seenGap = 0.25
	// skipGap is the same where skipping is not offered: a player that starts again may leave out a moment.
	skipGap = 2.0
	// playbackSlack and playbackGrace bound what may have been played of a recording: the time in which it was in front
	// of someone, at double speed with some slack, and a grace in seconds for clocks and networks.
	playbackSlack = 2.2
	playbackGrace = 15.0
)

// check notes what is wrong with reported intervals for a recording of this duration (0 when unknown).
func (i Intervals) check(f fault.Fields, field string, seconds float64) {
	end := videoEnd(seconds)
	f.Check(len(i) <= MaxIntervals, field, fmt.Sprintf("Report at most %d stretches at once.", MaxIntervals))
	for _, part := range i {
		ok := finite(part[0]) && finite(part[1]) && part[0] >= 0 && part[0] < part[1] && part[1] <= end
		f.Check(ok, field, "Report stretches as [from, to] in seconds, with from before to, both within the video.")
	}
}

// videoEnd is the last second that may be reported; one more than the duration, because containers round.
func videoEnd(seconds float64) float64 {
	if seconds <= 0 {
		return maxUnknown
	}
	return seconds + 1
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// hundredth rounds to what is kept of a second.
func hundredth(x float64) float64 { return math.Round(100*x) / 100 }

// rounded is the intervals in hundredths of a second.
func (i Intervals) rounded() Intervals {
	out := make(Intervals, 0, len(i))
	for _, part := range i {
		if from, to := hundredth(part[0]), hundredth(part[1]); from < to {
			out = append(out, [2]float64{from, to})
		}
	}
	return out
}

// Merge gives the sorted, disjoint union of two sets of intervals. Intervals nearer than half a second become one.
func (i Intervals) Merge(more Intervals) Intervals { return i.union(more, joinGap) }

// union is Merge with another gap.
func (i Intervals) union(more Intervals, gap float64) Intervals {
	all := slices.Concat(i, more)
	slices.SortFunc(all, func(a, b [2]float64) int {
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
	})
	merged := Intervals{}
	for _, part := range all {
		if last := len(merged) - 1; last >= 0 && part[0] <= merged[last][1]+gap {
			merged[last][1] = max(merged[last][1], part[1])
			continue
		}
		merged = append(merged, part)
	}
	return merged
}

// Seconds is how much the intervals cover. They must be disjoint.
func (i Intervals) Seconds() float64 {
	total := 0.0
	for _, part := range i {
		total += part[1] - part[0]
	}
	return total
}

// Percent is the share of a recording that the intervals cover, rounded down, 0 when its duration is unknown.
func (i Intervals) Percent(seconds float64) int {
	if seconds <= 0 {
		return 0
	}
	return min(100, int(100*i.Seconds()/seconds+1e-9))
}
