package themes

import (
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strconv"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/report"
	"lyceum/learning/report/builder"
)

// ReportsPage is GET /reports: reports that everybody has, and those that were kept.
type ReportsPage struct{ Saved []builder.Saved }

func (p ReportsPage) in(c *Chrome) (string, any) { return "reports", framed[ReportsPage]{c, p} }

// ReportReady is a report that everybody has.
type ReportReady struct{ Code, At string }

// Ready are those.
func (p ReportsPage) Ready() (list []ReportReady) {
	for _, r := range builder.Ready() {
		list = append(list, ReportReady{r.Code, reportAt("/reports/run", r.Definition)})
	}
	return list
}

// Mine tells whether the reader made it.
func (p ReportsPage) Mine(c *Chrome, r builder.Saved) bool {
	return c.View.Who != nil && c.View.Who.PersonID == r.OwnerID
}

// ReportPage is GET /reports/run and /reports/:report: a report as it is put together, with its lines. It posts the same fields with name,
// shared and revision to /reports or /reports/:report, and nothing to /reports/:report/delete.
type ReportPage struct {
	Result  builder.Result
	Choices builder.Choices
	Saved   *builder.Saved // nil for one that is not kept
	Own     bool
	Name    string
	Shared  bool
	Zone    string
	Problem *fault.Fault
}

func (p ReportPage) in(c *Chrome) (string, any) { return "report", framed[ReportPage]{c, p} }

func (p ReportPage) def() builder.Definition { return p.Result.Definition }

// Sources, Columns, Groups, States and Moments are what there is to choose from.
func (p ReportPage) Sources() []builder.Source { return builder.Sources() }

// Columns are all of the source.
func (p ReportPage) Columns() []string { return p.def().Source.Columns() }

// Groups are what can be counted by.
func (p ReportPage) Groups() []string { return builder.Groups() }

// States are those of the source.
func (p ReportPage) States() []string { return p.def().Source.States() }

// Moments are what a period can be of.
func (p ReportPage) Moments() []string { return p.def().Source.Moments() }

// Subjects are requirements or courses.
func (p ReportPage) Subjects() (list []report.Choice) {
	if p.def().Source == builder.Enrolments {
		return p.Choices.Courses
	}
	for _, r := range p.Choices.Requirements {
		list = append(list, report.Choice{ID: r.ID, Name: r.Name})
	}
	return list
}

// HasColumn tells whether a column is shown.
func (p ReportPage) HasColumn(name string) bool {
	return len(p.def().Columns) == 0 || slices.Contains(p.def().Columns, name)
}

// HasState tells whether only some states are shown, this one among them.
func (p ReportPage) HasState(name string) bool { return slices.Contains(p.def().States, name) }

// Days is the number of the period without its sign, "" for none.
func (p ReportPage) Days() string {
	switch d := p.def().Days; {
	case d > 0:
		return strconv.Itoa(d)
	case d < 0:
		return strconv.Itoa(-d)
	}
	return ""
}

// Ahead tells that the period is to come.
func (p ReportPage) Ahead() bool { return p.def().Days < 0 }

// IsDuties tells that the lines are duties.
func (p ReportPage) IsDuties() bool { return p.def().Source == builder.Duties }

func reportAt(path string, d builder.Definition, more ...string) string {
	q := url.Values{"source": {string(d.Source)}, "columns": d.Columns, "states": d.States}
	set := func(name, value string) {
		if value != "" {
			q.Set(name, value)
		}
	}
	some := func(id uid.ID) string {
		if id == uid.Nil {
			return ""
		}
		return id.String()
	}
	set("group", d.Group)
	set("subject", some(d.Subject))
	set("members", some(d.Members))
	set("manager", some(d.Manager))
	set("department", d.Department)
	set("moment", d.Moment)
	if d.Days != 0 {
		set("days", strconv.Itoa(d.Days))
	}
	set("from", d.From)
	set("until", d.Until)
	set("chart", string(d.Chart))
	set("split", d.Split)
	set("step", string(d.Step))
	for i := 0; i+1 < len(more); i += 2 {
		set(more[i], more[i+1])
	}
	return path + "?" + q.Encode()
}

// Export is where the report is made a file.
func (p ReportPage) Export() string { return reportAt("/reports/exports", p.def()) }

// Schedule is where it is sent regularly.
func (p ReportPage) Schedule() string {
	if p.Saved != nil {
		return "/reports/schedules/new?" + url.Values{"report": {p.Saved.ID.String()}, "name": {p.Name}}.Encode()
	}
	return reportAt("/reports/schedules/new", p.def())
}

// Pager leads to the next page.
func (p ReportPage) Pager(c *Chrome) (*Pager, error) {
	out, err := c.Pager(p.Result.Lines.Next, "")
	if out != nil {
		out.Href = reportAt("/reports/run", p.def(), "after", p.Result.Lines.Next)
	}
	return out, err
}

// Of is the address of the lines that a count is of; "" where the lines have no value there.
func (p ReportPage) Of(n builder.Count) string {
	d := p.def()
	switch d.Group {
	case "subject":
		d.Subject = n.ID
	case "state":
		d.States = []string{n.Label}
	case "department":
		if d.Department = n.Label; n.Label == "" {
			return ""
		}
	}
	return reportAt("/reports/run", d)
}

// CountName names what is counted.
func (p ReportPage) CountName(c *Chrome, n builder.Count) (string, error) {
	switch {
	case p.def().Group == "state":
		return p.StateName(c, n.Label)
	case n.Label == "":
		return c.T("reports.nowhere")
	}
	return n.Label, nil
}

// StateName names a state of the source.
func (p ReportPage) StateName(c *Chrome, state string) (string, error) {
	if p.IsDuties() {
		return c.Named("duty_state", state)
	}
	return c.Named("enrolment_status", state)
}

// ColumnName names a column of the source.
func (p ReportPage) ColumnName(c *Chrome, column string) (string, error) {
	if column == "subject" {
		return c.Named("report_subject", string(p.def().Source))
	}
	return c.Named("report_column", column)
}

// Value is a column of a line, as text.
func (p ReportPage) Value(c *Chrome, l builder.Line, column string) (string, error) {
	if at := l.At(column); at != nil {
		return c.LongDate(*at), nil
	}
	switch column {
	case "state":
		return p.StateName(c, l.State)
	case "percent":
		return strconv.Itoa(l.Percent) + " %", nil
	}
	return l.Text(column, nil), nil
}

// Opens is the address of what a line is of.
func (p ReportPage) Opens(l builder.Line) string {
	if p.IsDuties() {
		return "/compliance/" + l.SubjectID.String() + "/people/" + l.PersonID.String()
	}
	return "/people/" + l.PersonID.String() + "/transcript"
}

// Most is the largest count.
func (p ReportPage) Most() (n int) {
	for _, one := range p.Result.Counts {
		n = max(n, one.N)
	}
	return n
}

// ReportBar draws a count as a share of the largest.
func (c *Chrome) ReportBar(n, most int) template.HTML {
	return template.HTML(fmt.Sprintf(`<svg class="drop" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true" focusable="false"><rect class="ground" width="1000" height="10"/><rect class="done" width="%d" height="10"/></svg>`, n*1000/max(most, 1))) //nolint:gosec // numbers
}
