// Package status says how well a portal works, and the platform as a whole: what was counted while it worked (Meter), kept in
// slots of a quarter of an hour, and judged (Judge). It counts how things went, never who did them.
package status

import (
	"time"

	"lyceum/internal/uid"
)

// Part is something of a portal that works or does not.
type Part string

// The parts, in the order in which they are shown.
const (
	Pages   Part = "pages"   // requests answered; bad: by a failure of ours (5xx)
	SignIns Part = "sign_in" // tries to sign in, by whatever way; bad: refused
	Mails   Part = "mail"    // messages given to the mail server; bad: bounced by it, or it could not be reached
	Jobs    Part = "jobs"    // background jobs; bad: failed and tried again; worst: how long one waited after its time had come
	Handing Part = "events"  // events handed on to what follows from them; worst: how long one waited
)

// Parts lists them.
func Parts() []Part { return []Part{Pages, SignIns, Mails, Jobs, Handing} }

// SlotLength is how much time one count spans.
const SlotLength = 15 * time.Minute

// How long counts are kept.
const (
	PortalKept   = 3 * 24 * time.Hour
	PlatformKept = 92 * 24 * time.Hour
)

// Count is what one part did in one slot.
type Count struct {
	TenantID uid.ID `gorm:"column:tenant_id"` // uid.Nil: the platform as a whole
	Part     Part
	Slot     time.Time // its begin
	Good     int64
	Bad      int64
	WorstMS  int64 `gorm:"column:worst_ms"` // the longest wait, in milliseconds; Jobs and Handing only
}

// Worst is the longest wait.
func (c Count) Worst() time.Duration { return time.Duration(c.WorstMS) * time.Millisecond }

// All is how often the part was used.
func (c Count) All() int64 { return c.Good + c.Bad }

// plus joins two counts of a part.
func (c Count) plus(o Count) Count {
	c.Good, c.Bad, c.WorstMS = c.Good+o.Good, c.Bad+o.Bad, max(c.WorstMS, o.WorstMS)
	return c
}

// Verdict is how well something works.
type Verdict string

// The verdicts, the better first.
const (
	Working   Verdict = "working"
	Disturbed Verdict = "disturbed"
	Down      Verdict = "down"
)

func (v Verdict) rank() int { return map[Verdict]int{Disturbed: 1, Down: 2}[v] }

// Worse gives the worse of two.
func Worse(a, b Verdict) Verdict {
	if b.rank() > a.rank() {
		return b
	}
	return a
}

// bounds are from where on a part is disturbed or down.
type bounds struct {
	least           int64   // with fewer uses nothing is said by the share that was bad
	disturbed, down float64 // share that was bad
	late, stuck     time.Duration
}

// A password is often mistyped: a portal where half of the tries are refused is still one where people sign in.
var rules = map[Part]bounds{
	Pages:   {least: 20, disturbed: 0.02, down: 0.25},
	SignIns: {least: 10, disturbed: 0.6, down: 1},
	Mails:   {least: 5, disturbed: 0.1, down: 0.9},
	Jobs:    {least: 10, disturbed: 0.2, down: 0.9, late: 5 * time.Minute, stuck: time.Hour},
	Handing: {least: 1, disturbed: 2, down: 2, late: 5 * time.Minute, stuck: time.Hour},
}

// Judge says how well a part works by what was counted. Of what was not used nothing bad is known: it works.
func Judge(c Count) Verdict {
	b, v := rules[c.Part], Working
	if c.All() >= b.least {
		switch share := float64(c.Bad) / float64(max(c.All(), 1)); {
		case share >= b.down:
			v = Down
		case share >= b.disturbed:
			v = Disturbed
		}
	}
	switch {
	case b.stuck > 0 && c.Worst() >= b.stuck:
		v = Down
	case b.late > 0 && c.Worst() >= b.late:
		v = Worse(v, Disturbed)
	}
	return v
}

// Span is a stretch of the past: an hour of a portal, a day of the platform.
type Span struct {
	Begin time.Time
	Count
	Verdict Verdict // the worst of its slots
}

// Now is how one part works.
type Now struct {
	Part    Part
	Verdict Verdict
	Count   Count  // of the slot that runs and the one before
	Past    []Span // the oldest first
}

// Day joins what was counted in the past.
func (n Now) Day() (c Count) {
	for _, s := range n.Past {
		c = c.plus(s.Count)
	}
	c.Part = n.Part
	return c
}

// Report is how a portal works, or the platform.
type Report struct {
	At      time.Time
	Verdict Verdict // the worst of the parts'
	Parts   []Now
	Each    time.Duration // how long a span is
}

// report puts counts in order: what is now, and spans of a length until now.
func report(counts []Count, now time.Time, each time.Duration, spans int) Report {
	r := Report{At: now, Verdict: Working, Each: each}
	end := now.Truncate(each).Add(each)
	begin := end.Add(-time.Duration(spans) * each)
	recent := now.Truncate(SlotLength).Add(-SlotLength)
	for _, part := range Parts() {
		n := Now{Part: part, Count: Count{Part: part}}
		for i := range spans {
			n.Past = append(n.Past, Span{Begin: begin.Add(time.Duration(i) * each), Count: Count{Part: part}, Verdict: Working})
		}
		for _, c := range counts {
			if c.Part != part || c.Slot.Before(begin) || !c.Slot.Before(end) {
				continue
			}
			s := &n.Past[int(c.Slot.Sub(begin)/each)]
			s.Count, s.Verdict = s.plus(c), Worse(s.Verdict, Judge(c))
			if !c.Slot.Before(recent) {
				n.Count = n.Count.plus(c)
			}
		}
		n.Verdict = Judge(n.Count)
		r.Verdict = Worse(r.Verdict, n.Verdict)
		r.Parts = append(r.Parts, n)
	}
	return r
}
