package themes

import (
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/duty"
	"lyceum/learning/report"
)

// MatrixForm is what the matrix is asked for, as it was typed.
type MatrixForm struct {
	Requirement, Group, Department, Manager, Name, AsOf, KnownOn string
	State                                                        duty.State
	Figures                                                      bool
	Zone                                                         string // in which its days are
}

// Narrowed tells that something is asked for.
func (f MatrixForm) Narrowed() bool {
	return f.Requirement+f.Group+f.Department+f.Manager+f.Name+f.AsOf+f.KnownOn+string(f.State) != ""
}

// MatrixPage is GET /compliance/matrix?requirement=&state=&group=&department=&manager=&name=&as_of=&known_on=&figures=&after=: people by
// requirements.
type MatrixPage struct {
	Matrix  report.Matrix
	Totals  []report.Total // none where they were not asked for
	Choices report.Choices
	Form    MatrixForm
	Live    bool // it is how things stand now
	Problem *fault.Fault
}

func (p MatrixPage) in(c *Chrome) (string, any) { return "matrix", framed[MatrixPage]{c, p} }

// matrixColumns is how many requirements a page shows; the files have all.
const matrixColumns = 40

// Columns are the requirements that are shown.
func (p MatrixPage) Columns() []report.Column {
	return p.Matrix.Columns[:min(len(p.Matrix.Columns), matrixColumns)]
}

// More is how many requirements are not shown.
func (p MatrixPage) More() int { return len(p.Matrix.Columns) - len(p.Columns()) }

// Cell is how somebody stands with a requirement; its state is "" where it is no duty of theirs.
func (p MatrixPage) Cell(r report.Row, requirement uid.ID) report.Cell { return r.Cells[requirement] }

// States are the states that people can be in.
func (p MatrixPage) States() []duty.State { return duty.States() }

// TotalsOf are the figures of a requirement, what needs somebody first.
func (p MatrixPage) TotalsOf(requirement uid.ID) (out []report.Total) {
	for _, s := range duty.States() {
		for _, t := range p.Totals {
			if t.RequirementID == requirement && t.State == s {
				out = append(out, t)
			}
		}
	}
	return out
}

// Link is the address of this matrix with other parts: pairs of a name and a value.
func (p MatrixPage) Link(c *Chrome, path string, pairs ...any) string {
	f := p.Form
	figures := ""
	if f.Figures {
		figures = "1"
	}
	all := []any{"requirement", f.Requirement, "state", f.State, "group", f.Group, "department", f.Department, "manager", f.Manager, "name", f.Name, "as_of", f.AsOf, "known_on", f.KnownOn, "figures", figures}
	for i := 0; i+1 < len(pairs); i += 2 {
		for j := 0; j+1 < len(all); j += 2 {
			if all[j] == pairs[i] {
				all[j+1] = pairs[i+1]
			}
		}
		if pairs[i] == "after" || pairs[i] == "kind" {
			all = append(all, pairs[i], pairs[i+1])
		}
	}
	return c.Link(path, all...)
}

// Pager leads to the next page.
func (p MatrixPage) Pager(c *Chrome) (*Pager, error) {
	out, err := c.Pager(p.Matrix.Rows.Next, "")
	if out != nil {
		out.Href = p.Link(c, "/compliance/matrix", "after", p.Matrix.Rows.Next)
	}
	return out, err
}

// DutyGlyph says a state without a colour.
func (c *Chrome) DutyGlyph(s duty.State) string {
	return map[duty.State]string{
		duty.StateNonCompliant: "✕", duty.StateInGrace: "!", duty.StateExpiring: "◔", duty.StateNotStarted: "○", duty.StateInProgress: "◐", duty.StateCompliant: "✓", duty.StateWaived: "–",
	}[s]
}

// DutyRecordPage is GET /compliance/:requirement/people/:person: a duty, and what was known of it when.
type DutyRecordPage struct{ Record report.Record }

func (p DutyRecordPage) in(c *Chrome) (string, any) {
	return "duty_record", framed[DutyRecordPage]{c, p}
}

// Who is the person's name, or their address, or "" for somebody who is gone.
func (p DutyRecordPage) Who() string {
	if p.Record.Name != "" {
		return p.Record.Name
	}
	return p.Record.Email
}
