package subscription

import (
	"slices"
	"time"

	"lyceum/billing/plan"
	"lyceum/billing/provider"
)

// Due is the next thing that time will do.
type Due struct {
	To  State
	At  time.Time
	Why string
}

// Next says what time does next unless somebody pays, and when; ok is false where time does nothing. Each step counts
// from when the one before really happened: a clock that was late gives days, it takes none.
func (s Subscription) Next(l plan.Life) (d Due, ok bool) {
	after := func(to State, days int) (Due, bool) { return Due{to, s.Since.AddDate(0, 0, days), "time"}, true }
	if s.CancelAt != nil && s.State.rank() < StateCancelled.rank() {
		return Due{StateCancelled, *s.CancelAt, "asked"}, true
	}
	switch s.State {
	case StateTrial:
		if s.TrialEnd == nil || s.ProviderRef != "" && alive(s.ProviderState) {
			return d, false // paid for already: the provider says when it begins
		}
		return Due{StatePastDue, *s.TrialEnd, "trial_over"}, true
	case StatePastDue:
		return after(StateGrace, l.PastDueDays)
	case StateGrace:
		return after(StateReadOnly, l.GraceDays)
	case StateReadOnly:
		return after(StateSuspended, l.ReadOnlyDays)
	case StateSuspended:
		d, ok = after(StateCancelled, l.SuspendedDays)
		if s.Cause == CauseTrialOver {
			d.Why = "trial_over" // who never paid is no customer who left
		}
		return d, ok
	case StateCancelled:
		return after(StateRetained, 0)
	case StateRetained:
		if s.EraseAt != nil {
			return Due{StateErased, *s.EraseAt, "time"}, true
		}
		return after(StateErased, max(l.RetainedDays, 1))
	}
	return d, false
}

// harsh tells whether a step takes something away, so that the provider is asked again before.
func harsh(to State) bool { return to.rank() >= StateReadOnly.rank() && to != StateRetained }

// warnings are how many days before the erasure its owners are told.
func warnings(retained int) []int {
	return slices.DeleteFunc([]int{30, 7, 1}, func(d int) bool { return d > retained && d > 1 })
}

// warning gives the next warning of the erasure that is due. They come in order, each at least its days before: a clock
// that stood still moves the erasure, it leaves out no warning.
func (s Subscription) warning(l plan.Life, now time.Time) (days int, due bool) {
	if s.State != StateRetained || s.EraseAt == nil || s.Held {
		return 0, false
	}
	for _, d := range warnings(l.RetainedDays) {
		if s.EraseWarned == 0 || d < s.EraseWarned {
			return d, !now.Before(s.EraseAt.AddDate(0, 0, -d))
		}
	}
	return 0, false
}

// alive tells whether the provider holds a subscription for paid, or in its trial.
func alive(s provider.State) bool { return s == provider.StateActive || s == provider.StateTrialing }

// enter puts a subscription into a state.
func (s *Subscription) enter(to State, l plan.Life, now time.Time) {
	s.State, s.Since = to, now
	switch to {
	case StateTrial, StateActive:
		s.Cause, s.EraseAt, s.EraseWarned, s.CancelledAt = "", nil, 0, nil
	case StateCancelled:
		s.CancelledAt = &now
		if s.CancelAt != nil && s.CancelAt.Before(now) {
			s.CancelledAt = s.CancelAt // over since then, however late that is seen
		}
		s.CancelAt = nil
	case StateRetained:
		at := now.AddDate(0, 0, max(l.RetainedDays, 1))
		s.EraseAt, s.EraseWarned = &at, 0
	}
}

// told is the letter that goes with a step, "" for none, and whether administrators get it too.
func told(from, to State, cause Cause) (kind string, admins bool) {
	switch to {
	case StateActive:
		switch {
		case from.Dunning() || from.rank() >= StateCancelled.rank():
			return "restored", from.rank() >= StateGrace.rank()
		case from == StateTrial:
			return "begun", false
		}
	case StatePastDue:
		if cause == CauseTrialOver {
			return "trial_over", false
		}
		return "past_due", false
	case StateGrace, StateReadOnly, StateSuspended:
		return string(to), true
	case StateCancelled:
		return "cancelled", from == StateSuspended
	case StateErased:
		return "erased", false
	}
	return "", false
}
