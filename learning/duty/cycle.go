package duty

import (
	"slices"
	"time"

	"lyceum/internal/uid"
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
	FromHired   bool // DueDays count from the day of hiring, for whom that is not over by the day it became a duty
	Certificate bool // valid until the certificate of what was completed ends; ValidMonths counts where there is none, or it has no end
}

// Completion is that one of the courses was completed.
type Completion struct {
	At     time.Time
	Until  *time.Time // when its certificate ends, or was withdrawn; nil: it has no end, or there is none
	Course uid.ID     // matters where a path is to be completed
}

// Section is a part of a path: so many of these courses. Those that nobody can take any more and the person is not in are left out.
type Section struct {
	Need    int
	Courses []uid.ID
}

// Sections are a path; one without courses is never completed.
type Sections []Section

func (list Sections) met(had map[uid.ID]bool) bool {
	for _, s := range list {
		n := 0
		for _, c := range s.Courses {
			if had[c] {
				n++
			}
		}
		if n < s.Need {
			return false
		}
	}
	return len(list) > 0
}

// Facts are what cycles follow from.
type Facts struct {
	BeganAt time.Time
	HiredAt *time.Time // the day of hiring, its begin in UTC
	Path    Sections   // that are to be completed; nil: any completion is enough
	Done    []Completion
}

// Done gives completions without certificates.
func Done(at ...time.Time) (list []Completion) {
	for _, one := range at {
		list = append(list, Completion{At: one})
	}
	return list
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

func open(t Terms, f Facts) Cycle {
	c := Cycle{Number: 1, BeganAt: f.BeganAt}
	switch {
	case t.DueAt != nil && t.DueAt.After(f.BeganAt):
		due := *t.DueAt
		c.DueAt = &due
	case t.DueDays != nil:
		due := days(f.BeganAt, *t.DueDays)
		if t.FromHired && f.HiredAt != nil && days(*f.HiredAt, *t.DueDays).After(f.BeganAt) {
			due = days(*f.HiredAt, *t.DueDays)
		}
		c.DueAt = &due
	default:
		return c
	}
	grace := days(*c.DueAt, t.GraceDays)
	c.GraceUntil = &grace
	return c
}

// ends is when a completion expires, nil never; its months count from a day that may be another.
func (t Terms) ends(done Completion, from time.Time) *time.Time {
	switch {
	case t.Certificate && done.Until != nil:
		return done.Until
	case t.ValidMonths != nil:
		expires := Months(from, *t.ValidMonths)
		return &expires
	}
	return nil
}

// valid completes a cycle. Renewal does not open before the completion.
func (c Cycle) valid(t Terms, done Completion, from time.Time) Cycle {
	at := done.At
	c.CompletedAt, c.GraceUntil = &at, nil
	if expires := t.ends(done, from); expires != nil {
		renews, grace := days(*expires, -t.RenewDays), days(*expires, t.GraceDays)
		if renews.Before(at) {
			renews = at
		}
		c.ExpiresAt, c.RenewsAt, c.GraceUntil = expires, &renews, &grace
	}
	return c
}

// earliest is the completion by which, of those that count, the requirement is met: the first one, or with a path the one that brought the
// last of its sections together. The list is sorted by time.
func (f Facts) earliest(done []Completion, counts func(Completion) bool) (Completion, bool) {
	had := map[uid.ID]bool{}
	for _, one := range done {
		if !counts(one) {
			continue
		}
		if had[one.Course] = true; f.Path == nil || f.Path.met(had) {
			return one, true
		}
	}
	return Completion{}, false
}

// Cycles folds completions, in any order, into the cycles of a duty; the last one is the live one. A completion from before counts where it
// was still valid when the duty began. One before renewal opens renews nothing: of a path every course is to be completed again since then.
func Cycles(t Terms, f Facts) []Cycle {
	done := slices.Clone(f.Done)
	slices.SortStableFunc(done, func(a, b Completion) int { return a.At.Compare(b.At) })
	list := []Cycle{open(t, f)}
	first, ok := f.earliest(done, func(c Completion) bool {
		ends := t.ends(c, c.At)
		return ends == nil || ends.After(f.BeganAt)
	})
	if !ok {
		return list
	}
	list[0] = list[0].valid(t, first, first.At)
	for {
		last := &list[len(list)-1]
		if last.RenewsAt == nil {
			return list
		}
		one, ok := f.earliest(done, func(c Completion) bool { return !c.At.Before(*last.RenewsAt) && c.At.After(*last.CompletedAt) })
		if !ok {
			return list
		}
		from := one.At
		if t.KeepDay && from.Before(*last.ExpiresAt) {
			from = *last.ExpiresAt
		}
		last.EndedAt = &one.At
		next := Cycle{Number: last.Number + 1, BeganAt: *last.RenewsAt, DueAt: last.ExpiresAt}
		list = append(list, next.valid(t, one, from))
	}
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
