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
	// maxUnknown bounds a position in a video whose duration nobody knows, in seconds.
	maxUnknown = 24 * 60 * 60
	// joinGap is a gap, in seconds, over which two intervals are one: players tell their position a few times a second.
	joinGap = 0.5
	// watchedShare of a video's seconds completes it.
	watchedShare = 0.9
	// playbackSlack and playbackGrace bound how many new seconds a report may bring: the time since the last one at
	// double speed with some slack, and a grace in seconds for clocks and networks.
	playbackSlack = 2.2
	playbackGrace = 15.0
)

// check notes what is wrong with reported intervals for a video of this duration (0 when unknown).
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

// Merge gives the sorted, disjoint union of two sets of intervals. Intervals nearer than half a second become one.
func (i Intervals) Merge(more Intervals) Intervals {
	all := slices.Concat(i, more)
	slices.SortFunc(all, func(a, b [2]float64) int {
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
	})
	merged := Intervals{}
	for _, part := range all {
		if last := len(merged) - 1; last >= 0 && part[0] <= merged[last][1]+joinGap {
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

// Percent is the share of a video that the intervals cover, rounded down, 0 when its duration is unknown.
func (i Intervals) Percent(seconds float64) int {
	if seconds <= 0 {
		return 0
	}
	return min(100, int(100*i.Seconds()/seconds))
}
