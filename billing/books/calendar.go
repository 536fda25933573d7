package books

import (
	"time"

	"lyceum/billing"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
)

// add counts months on from a moment; a day that the month does not have is its last.
func add(anchor time.Time, months int) time.Time {
	first := time.Date(anchor.Year(), anchor.Month()+time.Month(months), 1, anchor.Hour(), anchor.Minute(), anchor.Second(), anchor.Nanosecond(), time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(anchor.Day(), last)-1)
}

func months(i plan.Interval) int {
	if i == plan.Year {
		return 12
	}
	return 1
}

// after is the first end of a period beyond a moment.
func (s *Subscription) after(at time.Time) time.Time {
	anchor := s.Anchor.UTC()
	for n := months(s.Interval); ; n += months(s.Interval) {
		if end := add(anchor, n); end.After(at) {
			return end
		}
	}
}

// begin starts a period at a moment, from which later ones are counted.
func (s *Subscription) begin(at time.Time) {
	s.Anchor = at
	s.PeriodStart, s.PeriodEnd = at, s.after(at)
}

// usageEnd is when the month is over whose usage is to be billed next.
func (s *Subscription) usageEnd() time.Time { return billing.PeriodOf(s.UsageFrom).End() }

// due is when the next thing happens by itself; ok is false for what has ended.
func (s *Subscription) due(grace time.Duration) (at time.Time, ok bool) {
	switch s.State {
	case provider.StateCancelled, provider.StateIncomplete:
		return at, false
	case provider.StateTrialing:
		return s.PeriodEnd, true
	}
	at = s.PeriodEnd
	if usage := s.usageEnd().Add(grace); usage.Before(at) || usage.Equal(at) {
		at = usage
	}
	return at, true
}
