package builder

import (
	"context"
	"slices"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Chart is how counts are drawn. Each has its figures in a table beside it.
type Chart string

// The charts.
const (
	ChartBar     Chart = "bar"     // a bar for each value of Group
	ChartStacked Chart = "stacked" // its parts by Split
	ChartShare   Chart = "share"   // the same, each as a whole of 100 %
	ChartLine    Chart = "line"    // over time: by Step of Moment, a line for each value of Split
)

// Charts lists them.
func Charts() []Chart { return []Chart{ChartBar, ChartStacked, ChartShare, ChartLine} }

// Step is how far the points of a line are apart, by the calendar of a zone. Weeks begin on Monday.
type Step string

// The steps.
const (
	StepDay   Step = "day"
	StepWeek  Step = "week"
	StepMonth Step = "month"
)

// Steps lists them.
func Steps() []Step { return []Step{StepDay, StepWeek, StepMonth} }

// next is the beginning of the step after one.
func (s Step) next(at time.Time) time.Time {
	switch s {
	case StepDay:
		return at.AddDate(0, 0, 1)
	case StepWeek:
		return at.AddDate(0, 0, 7)
	case StepMonth:
		return at.AddDate(0, 1, 0)
	}
	return at.AddDate(1, 0, 0)
}

// What a chart holds at most.
const (
	// PartsMax is how many values of Split have a part of their own; what is in others is one more.
	PartsMax = 7
	// StepsMax is how many points a line has.
	StepsMax = 400
)

// ErrSteps is a line of more points than are drawn.
var ErrSteps = fault.Invalid(map[string]string{"step": "That would be more than 400 points. Choose weeks or months, or a shorter period."})

func (d *Definition) checkChart(wrong fault.Fields) {
	wrong.Check(d.Chart == "" || slices.Contains(Charts(), d.Chart), "chart", "Choose one of the list.")
	wrong.Check(d.Split == "" || slices.Contains(groups, d.Split), "split", "Choose one of the list.")
	wrong.Check(d.Step == "" || slices.Contains(Steps(), d.Step), "step", "Choose one of the list.")
	switch d.Chart {
	case ChartLine:
		wrong.Check(d.Moment != "", "moment", "Choose of which day the line tells.")
		d.Group = ""
		if d.Step == "" {
			d.Step = StepMonth
		}
		return
	case ChartStacked, ChartShare:
		wrong.Check(d.Group != "", "group", "Choose what is counted.")
		wrong.Check(d.Split != "" && d.Split != d.Group, "split", "Choose what the counts are divided by, and not what is counted.")
	case ChartBar, "":
		d.Split = ""
		if d.Group == "" {
			d.Chart = ""
		}
	}
	d.Step = ""
}

// Cell is how many lines are in a row and a part of a chart. Row and Part are values, or the first day of a step.
type Cell struct {
	Row, RowLabel   string
	Part, PartLabel string
	Rest            bool // of parts beyond the first ones
	N               int
}

// Value is one of what is counted or divided by. ID is of a subject.
type Value struct {
	ID    uid.ID
	Label string
	Rest  bool // all others
}

// Drawn is a chart's figures.
type Drawn struct {
	Parts []Value // the most first, what is left last; of a line that is not divided one without a label
	Rows  []Row   // the most first; of a line in order of time, none left out
}

// Row is a bar, or a point in time.
type Row struct {
	Value
	From, Until time.Time // of a line: its first moment, and that of the next
	N           int
	Parts       []int // as Drawn.Parts
}

// Most is the largest row; of a line the largest part.
func (d Drawn) Most(line bool) (most int) {
	for _, r := range d.Rows {
		if line {
			most = max(most, slices.Max(r.Parts))
		} else {
			most = max(most, r.N)
		}
	}
	return most
}

func value(group, key, label string) Value {
	v := Value{Label: label}
	if group == "subject" {
		v.ID, _ = uid.Parse(key)
	}
	return v
}

// draw counts what a chart shows.
func (s *Service) draw(ctx context.Context, d Definition, now time.Time) (*Drawn, error) {
	if d.Chart == ChartLine {
		cells, err := s.keep.ReportSteps(ctx, d, StepsMax+1, PartsMax, now)
		if err != nil {
			return nil, err
		}
		return line(d, cells)
	}
	cells, err := s.keep.ReportCells(ctx, d, countsMax, PartsMax, now)
	out, _ := gather(d, cells)
	slices.SortStableFunc(out.Rows, func(a, b Row) int { return b.N - a.N })
	return out, err
}

// in is a key of a cell's part: all others have no value, as has what has none.
func (c Cell) in() string {
	if c.Rest {
		return "\x00"
	}
	return c.Part
}

// gather puts cells into rows, in the order in which they come, and parts, the most first.
func gather(d Definition, cells []Cell) (out *Drawn, keys []string) {
	out = &Drawn{}
	sums, parts := map[string]int{}, []Cell{}
	for _, c := range cells {
		if _, known := sums[c.in()]; !known {
			parts = append(parts, c)
		}
		sums[c.in()] += c.N
	}
	slices.SortStableFunc(parts, func(a, b Cell) int {
		if a.Rest != b.Rest {
			return map[bool]int{true: 1, false: -1}[a.Rest]
		}
		return sums[b.in()] - sums[a.in()]
	})
	place := map[string]int{}
	for i, p := range parts {
		v := value(d.Split, p.Part, p.PartLabel)
		v.Rest = p.Rest
		place[p.in()], out.Parts = i, append(out.Parts, v)
	}
	at := map[string]int{}
	for _, c := range cells {
		i, known := at[c.Row]
		if !known {
			i = len(out.Rows)
			at[c.Row], keys = i, append(keys, c.Row)
			out.Rows = append(out.Rows, Row{Value: value(d.Group, c.Row, c.RowLabel), Parts: make([]int, len(parts))})
		}
		out.Rows[i].N += c.N
		out.Rows[i].Parts[place[c.in()]] += c.N
	}
	return out, keys
}

// line fills in the steps at which nothing was. It begins with the first that has lines and ends with the last.
func line(d Definition, cells []Cell) (*Drawn, error) {
	out, keys := gather(d, cells)
	if len(keys) == 0 {
		return out, nil
	}
	have := map[string]Row{}
	for i, k := range keys {
		have[k] = out.Rows[i]
	}
	out.Rows = nil
	at, ok := dayOf(keys[0], d.zone())
	last, fits := dayOf(keys[len(keys)-1], d.zone())
	if !ok || !fits {
		return nil, ErrSteps
	}
	for ; !at.After(last); at = d.Step.next(at) {
		if len(out.Rows) == StepsMax {
			return nil, ErrSteps
		}
		r, known := have[at.Format(time.DateOnly)]
		if !known {
			r.Parts = make([]int, len(out.Parts))
		}
		r.Label, r.From, r.Until = at.Format(time.DateOnly), at, d.Step.next(at)
		out.Rows = append(out.Rows, r)
	}
	return out, nil
}
