package themes

import (
	"time"

	"lyceum/billing"
	"lyceum/internal/event"
	"lyceum/internal/fault"
)

// FlashStruck tells that an entry was struck off.
const FlashStruck FlashKey = "usage_struck" // Name: the person

// UsagePage is GET /usage?month=2026-11&meter=api_calls. GET /usage.csv takes the same.
type UsagePage struct {
	Usage billing.Usage
	First time.Time // when the portal began: earlier months are not offered
}

// Month is the period as the address names it.
func (p UsagePage) Month() string { return p.Usage.Period.Start.Format("2006-01") }

// Learners tells that the entries are people.
func (p UsagePage) Learners() bool { return p.Usage.Meter == billing.MeterActiveLearner }

func (p UsagePage) in(c *Chrome) (string, any) { return "usage", framed[UsagePage]{c, p} }

// UsageEventPage is GET /usage/:event: why someone counts. It posts reason to /usage/:event/strike.
type UsageEventPage struct {
	Row       billing.UsageEvent
	Event     *event.Event         // nil when the log no longer keeps it
	Others    []billing.UsageEvent // the correction of the entry, what it corrects
	Strikable bool
	Until     time.Time // until when
	Reason    string    // what was typed
	Problem   *fault.Fault
}

func (p UsageEventPage) in(c *Chrome) (string, any) {
	return "usage_event", framed[UsageEventPage]{c, p}
}

// Month is the period of the entry as the usage page's address has it.
func (p UsageEventPage) Month() string { return p.Row.Period.Format("2006-01") }

// Struck tells that the entry takes another one back.
func (p UsageEventPage) Struck() bool { return p.Row.Kind == billing.KindStruck }

// Learner tells that the entry is a person.
func (p UsageEventPage) Learner() bool { return p.Row.Meter == billing.MeterActiveLearner }

// Quantity writes how much of a meter was used; storage as a size kept for so many hours.
func (c *Chrome) Quantity(m billing.Meter, n int64) (string, error) {
	if m == billing.MeterStorage {
		return c.T("usage.byte_hours", "Size", c.Bytes(n))
	}
	return c.Number(n), nil
}

// KindBadge names what an entry of the ledger is, "" for a plain one.
func (c *Chrome) KindBadge(e billing.UsageEvent) (Badge, error) {
	if e.Kind == billing.KindCounted || e.Kind == "" {
		return Badge{}, nil
	}
	b, err := c.StatusBadge("usage_kind", string(e.Kind))
	if e.Kind == billing.KindStruck {
		b.Tone = "warn"
	}
	return b, err
}
