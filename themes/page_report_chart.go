package themes

import (
	"fmt"
	"html/template"
	"strings"

	"lyceum/learning/report/builder"
)

// Charts, Splits and Steps are what there is to choose from.
func (p ReportPage) Charts() []builder.Chart { return builder.Charts() }

// Steps are how far the points of a line can be apart.
func (p ReportPage) Steps() []builder.Step { return builder.Steps() }

// Chart is the one that is chosen; a bar where nothing is.
func (p ReportPage) Chart() builder.Chart {
	if c := p.def().Chart; c != "" {
		return c
	}
	return builder.ChartBar
}

// IsLine tells that counts are drawn over time.
func (p ReportPage) IsLine() bool { return p.def().Chart == builder.ChartLine }

// Divided tells that there is more than one part.
func (p ReportPage) Divided() bool { return p.def().Split != "" }

// ValueName names a row, or a part, of a chart.
func (p ReportPage) ValueName(c *Chrome, group string, v builder.Value) (string, error) {
	switch {
	case v.Rest:
		return c.T("reports.rest")
	case group == "":
		return c.T("reports.lines")
	case group == "state":
		return p.StateName(c, v.Label)
	case v.Label == "":
		return c.T("reports.nowhere")
	}
	return v.Label, nil
}

// PartName names a part.
func (p ReportPage) PartName(c *Chrome, v builder.Value) (string, error) {
	return p.ValueName(c, p.def().Split, v)
}

// RowName names a row: a value, or a step of time by its first day.
func (p ReportPage) RowName(c *Chrome, r builder.Row) (string, error) {
	if !p.IsLine() {
		return p.ValueName(c, p.def().Group, r.Value)
	}
	switch p.def().Step {
	case builder.StepMonth:
		return c.Month(r.From), nil
	case builder.StepDay, builder.StepWeek:
	}
	return c.LongDate(r.From), nil
}

// within narrows a definition to a value; ok is false where its lines cannot be asked for by themselves.
func within(d *builder.Definition, group string, v builder.Value) (ok bool) {
	switch {
	case v.Rest:
		return false
	case group == "subject":
		d.Subject = v.ID
	case group == "state":
		d.States = []string{v.Label}
	case group == "department":
		d.Department = v.Label
		return v.Label != ""
	}
	return true
}

// Opened is the address of the lines of a row, of one of its parts where part is not negative; "" where they have no address.
func (p ReportPage) Opened(r builder.Row, part int) string {
	d := p.def()
	ok := true
	if p.IsLine() {
		d.From, d.Until = r.From.Format(dayForm), r.Until.AddDate(0, 0, -1).Format(dayForm)
	} else {
		ok = within(&d, d.Group, r.Value)
	}
	if part >= 0 && d.Split != "" {
		ok = within(&d, d.Split, p.Result.Drawn.Parts[part]) && ok
	}
	if !ok {
		return ""
	}
	d.Chart, d.Group, d.Split, d.Step = "", "", "", ""
	return reportAt("/reports/run", d)
}

const dayForm = "2006-01-02"

// PartPercent is a part's share of its row, 0 to 100.
func (p ReportPage) PartPercent(r builder.Row, part int) int {
	if r.N == 0 {
		return 0
	}
	return (r.Parts[part]*200 + r.N) / (2 * r.N)
}

// RowBar draws a row: its parts differ in pattern, and stand as numbers beside it.
func (p ReportPage) RowBar(r builder.Row) template.HTML {
	all := r.N
	if p.Chart() != builder.ChartShare {
		all = p.Result.Drawn.Most(false)
	}
	parts := make([]part, len(r.Parts))
	for i, n := range r.Parts {
		parts[i] = part{p.PartClass(i), n}
	}
	return bar(all, parts...)
}

// PartClass is the pattern of a part.
func (p ReportPage) PartClass(i int) string {
	if parts := p.Result.Drawn.Parts; i < len(parts) && parts[i].Rest {
		return "s7"
	}
	return fmt.Sprintf("s%d", min(i, 6))
}

// PartSwatch draws a part's pattern, or its line, for the legend.
func (p ReportPage) PartSwatch(i int) template.HTML {
	if !p.IsLine() {
		return bar(1, part{p.PartClass(i), 1})
	}
	return template.HTML(fmt.Sprintf(`<svg class="chart line" viewBox="0 0 40 10" preserveAspectRatio="none" aria-hidden="true" focusable="false"><path class="series %s" d="M0 5h40"/></svg>`, p.PartClass(i))) //nolint:gosec // our own words
}

// ReportTop is what stands at the top of a line chart's scale: a number of one digit and noughts, or of two where that fits better.
func (p ReportPage) ReportTop() int {
	most, unit := p.Result.Drawn.Most(true), 1
	for unit*10 <= most {
		unit *= 10
	}
	for _, n := range []int{1, 2, 3, 4, 5, 6, 8, 10} {
		if top := n * unit; top >= most {
			return max(top, 1)
		}
	}
	return 10 * unit
}

// LineChart draws the parts over time. Its numbers stand in the table, and its scale beside it.
func (p ReportPage) LineChart(c *Chrome) (template.HTML, error) {
	label, err := c.T("reports.line_label")
	if err != nil {
		return "", err
	}
	const wide, tall = 1000, 300
	rows, top := p.Result.Drawn.Rows, p.ReportTop()
	var s strings.Builder
	fmt.Fprintf(&s, `<svg class="line-plot" viewBox="0 0 %d %d" preserveAspectRatio="none" role="img" aria-label="%s"><path class="grid" d="M0 0H%d M0 %dH%d M0 %dH%d"/>`, wide, tall, template.HTMLEscapeString(label), wide, tall/2, wide, tall, wide)
	for i := range p.Result.Drawn.Parts {
		fmt.Fprintf(&s, `<path class="series %s" d="`, p.PartClass(i))
		for at, r := range rows {
			y := float64(tall) - float64(tall)*float64(r.Parts[i])/float64(top)
			switch {
			case len(rows) == 1:
				fmt.Fprintf(&s, "M0 %.1fH%d", y, wide)
			case at == 0:
				fmt.Fprintf(&s, "M0 %.1f", y)
			default:
				fmt.Fprintf(&s, "L%.1f %.1f", float64(wide)*float64(at)/float64(len(rows)-1), y)
			}
		}
		s.WriteString(`"/>`)
	}
	s.WriteString("</svg>")
	return template.HTML(s.String()), nil //nolint:gosec // numbers, our own words, and a text that is escaped
}

// First and Last are the ends of a line.
func (p ReportPage) First() builder.Row { return p.Result.Drawn.Rows[0] }

// Last is the latest row.
func (p ReportPage) Last() builder.Row { return p.Result.Drawn.Rows[len(p.Result.Drawn.Rows)-1] }

// Half is the middle of a line's scale, "" where it is no whole number.
func (p ReportPage) Half(c *Chrome) string {
	if top := p.ReportTop(); top%2 == 0 {
		return c.Number(top / 2)
	}
	return ""
}
