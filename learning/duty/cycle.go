package duty

import (
	"slices"
	"time"
)

// State is how a person stands with a requirement at a moment.
type State string

// The states; the one at the end wins over all others.
const (
	StateNotStarted   State = "not_started"
	StateInProgress   State = "in_progress"
	StateCompliant    State = "compliant"
	StateExpiring     State = "expiring"      // valid, and renewal is open
	StateInGrace      State = "in_grace"      // overdue or expired, within the days of grace
	StateNonCompliant State = "non_compliant" // overdue or expired beyond them
	StateWaived       State = "waived"
)

// States lists them, what needs somebody first.
func States() []State {
	return []State{StateNonCompliant, StateInGrace, StateExpiring, StateNotStarted, StateInProgress, StateCompliant, StateWaived}
}

// Known tells whether it is one of the states.
func (s State) Known() bool { return slices.Contains(States(), s) }

// Terms are how a requirement counts time. Days are 24 hours, months those of the calendar in UTC.
type Terms struct {
	ValidMonths *int       // nil: done once is done for good
	DueDays     *int       // from the day the duty began; nil: no due date
	DueAt       *time.Time // when all are due whose duty began before; for the others DueDays counts
	GraceDays   int
	RenewDays   int  // so many days before it expires renewal opens
	KeepDay     bool // who renews early keeps the day of the year
}

// Cycle is one turn of a duty: open until completed, then valid until it expires, ended by the renewal that follows it.
type Cycle struct {
	Number      int
	BeganAt     time.Time
	DueAt       *time.Time
	GraceUntil  *time.Time // of DueAt while open, of ExpiresAt once completed
	CompletedAt *time.Time
	RenewsAt    *time.Time
	ExpiresAt   *time.Time
	EndedAt     *time.Time // nil: the live one
}

// Waiver is that somebody need not.
type Waiver struct {
	At    *time.Time
	Until *time.Time // nil: for good
}

// Holds tells whether it is in force.
func (w Waiver) Holds(now time.Time) bool {
	return w.At != nil && (w.Until == nil || w.Until.After(now))
}

func days(t time.Time, n int) time.Time { return t.Add(time.Duration(n) * 24 * time.Hour) }

// Months adds months of the calendar in UTC; a day that the month lacks is its last one: 31 January and a month is 28 or 29 February.
func Months(t time.Time, n int) time.Time {
	t = t.UTC()
	out := t.AddDate(0, n, 0)
	if out.Day() != t.Day() {
		out = out.AddDate(0, 0, -out.Day())
	}
	return out
}

func open(t Terms, began time.Time) Cycle {
	c := Cycle{Number: 1, BeganAt: began}
	switch {
	case t.DueAt != nil && t.DueAt.After(began):
		due := *t.DueAt
		c.DueAt = &due
	case t.DueDays != nil:
		due := days(began, *t.DueDays)
		c.DueAt = &due
	default:
		return c
	}
	grace := days(*c.DueAt, t.GraceDays)
	c.GraceUntil = &grace
	return c
}

// valid completes a cycle at a moment; its validity counts from a day that may be another.
func (c Cycle) valid(t Terms, at, from time.Time) Cycle {
	c.CompletedAt, c.GraceUntil = &at, nil
	if t.ValidMonths != nil {
		expires := Months(from, *t.ValidMonths)
		renews, grace := days(expires, -t.RenewDays), days(expires, t.GraceDays)
		c.ExpiresAt, c.RenewsAt, c.GraceUntil = &expires, &renews, &grace
	}
	return c
}

// Cycles folds completions, in any order, into the cycles of a duty that began at a moment; the last one is the live one. A completion
// from before counts where it was still valid when the duty began. One before renewal opens renews nothing.
func Cycles(t Terms, began time.Time, completions []time.Time) []Cycle {
	done := slices.Clone(completions)
	slices.SortFunc(done, time.Time.Compare)
	list := []Cycle{open(t, began)}
	for _, at := range done {
		last := &list[len(list)-1]
		switch {
		case last.CompletedAt == nil:
			if t.ValidMonths == nil || Months(at, *t.ValidMonths).After(began) {
				*last = last.valid(t, at, at)
			}
		case last.RenewsAt != nil && !at.Before(*last.RenewsAt) && at.After(*last.CompletedAt):
			from := at
			if t.KeepDay && at.Before(*last.ExpiresAt) {
				from = *last.ExpiresAt
			}
			next := Cycle{Number: last.Number + 1, BeganAt: *last.RenewsAt, DueAt: last.ExpiresAt}
			last.EndedAt = &at
			list = append(list, next.valid(t, at, from))
		}
	}
	return list
}

// State is how the live cycle stands; begun tells that one of the courses was begun.
func (c Cycle) State(w Waiver, begun bool, now time.Time) State {
	before := func(t *time.Time) bool { return t != nil && now.Before(*t) }
	switch {
	case w.Holds(now):
		return StateWaived
	case c.CompletedAt != nil && (c.ExpiresAt == nil || before(c.RenewsAt)):
		return StateCompliant
	case c.CompletedAt != nil && before(c.ExpiresAt):
		return StateExpiring
	case c.CompletedAt == nil && (c.DueAt == nil || before(c.DueAt)):
		if begun {
			return StateInProgress
		}
		return StateNotStarted
	case before(c.GraceUntil):
		return StateInGrace
	}
	return StateNonCompliant
}
