package themes

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"lyceum/billing"
	"lyceum/internal/event"
	"lyceum/internal/uid"
)

// Bar is a day of the usage chart in units of the drawing: 10 wide a day, 100 high.
type Bar struct {
	Day  time.Time
	X    int
	Y, H float64
	// Count is how much was used on that day; of active learners, how many began to count.
	Count int64
}

// Chart is a meter by day, drawn by pages/usage.html.
type Chart struct {
	Width     int
	Top, Half int64 // what the upper and the middle line stand for
	Bars      []Bar
	Marks     []int // one for each day: its number when it is named below, else 0
}

// Chart lays out the bars of the chosen meter.
func (p UsagePage) Chart() Chart { return p.ChartOf(p.Usage.MeterUsage) }

// ChartOf lays out the bars of a meter in the period. The top line is an even number at or above the highest day.
func (p UsagePage) ChartOf(m billing.MeterUsage) Chart {
	days := m.PerDay
	c := Chart{Width: len(days) * 10, Top: 2}
	for _, n := range days {
		for n > c.Top {
			c.Top = next(c.Top)
		}
	}
	c.Half = c.Top / 2
	for i, n := range days {
		h := math.Round(float64(max(n, 0))/float64(c.Top)*1000) / 10
		c.Bars = append(c.Bars, Bar{Day: p.Usage.Period.Start.AddDate(0, 0, i).Add(midday), X: i * 10, Y: 100 - h, H: h, Count: n})
		mark := 0
		if i%7 == 0 {
			mark = i + 1
		}
		c.Marks = append(c.Marks, mark)
	}
	return c
}

// midday makes a day in UTC the same day in nearly every reader's zone.
const midday = 11 * time.Hour

// next is the step above in 2, 4, 6, 10, 20, 40, 60, 100, …
func next(n int64) int64 {
	scale := int64(1)
	for n >= 10*scale {
		scale *= 10
	}
	switch n / scale {
	case 1:
		return 2 * scale
	case 2:
		return 4 * scale
	case 4:
		return 6 * scale
	}
	return 10 * scale
}

// Before is the month before, nil when the portal was not there yet.
func (p UsagePage) Before() *billing.Period {
	before := billing.PeriodOf(p.Usage.Period.Start.AddDate(0, 0, -1))
	if before.Start.Before(billing.PeriodOf(p.First).Start) {
		return nil
	}
	return &before
}

// After is the month after, nil for the running one.
func (p UsagePage) After(now time.Time) *billing.Period {
	after := billing.PeriodOf(p.Usage.Period.End())
	if after.Start.After(now) {
		return nil
	}
	return &after
}

// MonthURL is the usage page of a period.
func (p UsagePage) MonthURL(period billing.Period) string {
	return usageURL(p.Usage.Meter, period.Start)
}

// usageURL is the usage page of a month; without a meter it is that of learners.
func usageURL(m billing.Meter, at time.Time) string {
	url := "/usage?month=" + at.UTC().Format("2006-01")
	if m != billing.MeterActiveLearner && m != "" {
		url += "&meter=" + string(m)
	}
	return url
}

// CSVURL is where the entries shown are downloaded.
func (p UsagePage) CSVURL() string {
	return strings.Replace(p.MonthURL(p.Usage.Period), "/usage", "/usage.csv", 1)
}

// Fact is a value of an event's data.
type Fact struct {
	Label, Value string
	Code         bool // an id or the like
}

// Facts lists an event's data by name. Nested values are shown as JSON.
func (c *Chrome) Facts(e event.Event) ([]Fact, error) { return c.facts(e.Data) }

func (c *Chrome) facts(raw json.RawMessage) ([]Fact, error) {
	var data map[string]any
	if json.Unmarshal(raw, &data) != nil {
		return nil, nil // not an object: nothing to list
	}
	var out []Fact
	for _, name := range slices.Sorted(maps.Keys(data)) {
		label, err := c.Named("fact", name)
		if err != nil {
			return nil, err
		}
		f := Fact{Label: label}
		switch v := data[name].(type) {
		case nil:
			continue
		case string:
			f.Value = v
			_, f.Code = uid.Parse(v)
		case float64:
			f.Value = strconv.FormatFloat(v, 'f', -1, 64)
		case bool:
			f.Value = strconv.FormatBool(v)
		default:
			raw, err := json.Marshal(v)
			if err != nil {
				return nil, err
			}
			f.Value, f.Code = string(raw), true
		}
		if f.Value == "" {
			continue
		}
		out = append(out, f)
	}
	return out, nil
}
