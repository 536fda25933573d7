// Package billing is what a tenant used and what it will cost: meters, the ledger of usage and the periods it is
// summed over. The ledger is append-only; every figure opens the events behind it. docs/METERING.md says in words what
// counts; it knows no prices.
package billing

import (
	"time"

	"lyceum/internal/uid"
)

// Meter is a thing that is counted.
type Meter string

// MeterActiveLearner counts people with at least one learning event in the period, each once: see Learning.
const MeterActiveLearner Meter = "active_learner"

// The other meters are sums; their unit is in the name.
const (
	// MeterStorage is bytes kept, times hours: the size of a tenant's files, sampled once for each hour.
	MeterStorage Meter = "storage_byte_hours"
	// MeterVideo is minutes of video and audio served: each minute of a recording that was begun, once for each sitting.
	MeterVideo Meter = "video_minutes"
	// MeterAPICalls is calls of REST, SCIM and xAPI with a key or token; pages in a browser are none.
	MeterAPICalls Meter = "api_calls"
	// MeterAITokens is tokens of language models, in and out.
	MeterAITokens Meter = "ai_tokens"
)

// Meters lists all of them, as they are shown.
func Meters() []Meter {
	return []Meter{MeterActiveLearner, MeterStorage, MeterVideo, MeterAPICalls, MeterAITokens}
}

// Period is a calendar month in UTC, named by its first day.
type Period struct{ Start time.Time }

// PeriodOf gives the period in which a moment falls.
func PeriodOf(t time.Time) Period {
	t = t.UTC()
	return Period{Start: time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)}
}

// End is the first moment after the period.
func (p Period) End() time.Time { return p.Start.AddDate(0, 1, 0) }

// Days is how many days the period has.
func (p Period) Days() int { return int(p.End().Sub(p.Start).Hours() / 24) }

// Kind is what an entry of the ledger says.
type Kind string

const (
	// KindCounted is what was used.
	KindCounted Kind = "counted"
	// KindStruck takes back one KindCounted of a person who was counted by mistake; its quantity is negative.
	KindStruck Kind = "struck"
	// KindAgain counts that person again, who learned after they were struck off.
	KindAgain Kind = "counted_again"
)

// UsageEvent is one entry of the ledger: this subject counts on this meter in this period, because of this event. It is a
// row of control.usage_events, unique by tenant, meter, period, subject and kind, and is never changed or removed.
// Subjects are people for MeterActiveLearner; for the others they are made of what is counted once (uid.Named).
type UsageEvent struct {
	ID          uid.ID
	TenantID    uid.ID
	Meter       Meter
	SubjectID   uid.ID
	SubjectName string
	Period      time.Time // PeriodOf(OccurredAt).Start
	Kind        Kind      // "" is written as KindCounted
	Quantity    int64
	EventID     uid.ID // uid.Nil where the log has none: samples and calls
	EventType   string
	OccurredAt  time.Time // when it was used; of a correction, when what it corrects was
	RecordedAt  time.Time // when it was written
	Reason      string    // of a correction, as it was typed
	ByID        *uid.ID   // who corrected
	ByName      string
}

// DayCount is the sum of a day; Day counts from 1.
type DayCount struct {
	Day   int
	Count int64
}

// MonthTotal is the sum of a month.
type MonthTotal struct {
	Month time.Time
	Total int64
}

// MeterUsage is a meter's figure in a period.
type MeterUsage struct {
	Meter  Meter
	Total  int64
	PerDay []int64 // of each day of the period, first day first
}

// Usage is what the usage page shows for one period and meter.
type Usage struct {
	Period Period
	MeterUsage
	Meters []MeterUsage // every meter, as Meters lists them
	Months []MonthTotal // the meter's months, this period first, at most 13; those without usage are left out
	Rows   []UsageEvent // a page of the meter's entries, in the order in which they happened
	Next   string       // the next page; empty at the end
}
