// Package billing is what a tenant used and what it will cost: meters, the ledger of usage and the periods it is
// summed over. The ledger is append-only; every figure opens the events behind it.
package billing

import (
	"time"

	"lyceum/internal/uid"
)

// Meter is a thing that is counted.
type Meter string

// MeterActiveLearner counts people with at least one learning event in the period, each once. A learning event is
// opening or going on with a lesson, handing in a quiz, completing a lesson or course. Signing in, following a mail,
// being created or being looked at by a manager never counts.
const MeterActiveLearner Meter = "active_learner"

// The other meters are sums; their unit is in the name.
const (
	// MeterStorage is bytes kept, times hours.
	MeterStorage Meter = "storage_byte_hours"
	// MeterVideo is minutes of video and audio served, started ones counted whole for each sitting.
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

// UsageEvent is one entry of the ledger: this subject counts once on this meter in this period, because of this event.
// It is a row of control.usage_events, unique by tenant, meter, period and subject.
type UsageEvent struct {
	ID          uid.ID
	TenantID    uid.ID
	Meter       Meter
	SubjectID   uid.ID
	SubjectName string
	Period      time.Time
	Quantity    int64
	EventID     uid.ID
	EventType   string
	OccurredAt  time.Time
	RecordedAt  time.Time
}

// Usage is what the usage page shows for one period.
type Usage struct {
	Period Period
	Total  int64
	PerDay []int64      // new active learners on each day of the period, first day first
	Rows   []UsageEvent // a page of entries, in the order in which they happened
	Next   string       // the next page; empty at the end
}

// LearningEvents are the event types that make a person an active learner.
func LearningEvents() []string {
	return []string{"lesson.started", "lesson.progressed", "lesson.completed", "quiz.submitted", "enrolment.completed"}
}
