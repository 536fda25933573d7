package themes

import (
	"slices"
	"strconv"
	"strings"

	"lyceum/auth/hrsync"
	"lyceum/auth/org"
	"lyceum/internal/fault"
	"lyceum/internal/page"
)

// Flash keys of HR syncs.
const (
	FlashHRSourceMade   FlashKey = "hr_source_made" // Name: the source
	FlashHRRunDiscarded FlashKey = "hr_run_discarded"
)

// HRForm is what was typed of a source.
type HRForm struct {
	Name, Code, Kind              string
	Columns                       map[string]string // field → heading
	Whole                         bool
	LeaversMax, ChangesMax        string
	MakesUnits, Invites, ByItself bool
}

// NewHRForm fills the form with a source.
func NewHRForm(src hrsync.Source) HRForm {
	return HRForm{
		Name: src.Name, Code: src.Code, Kind: string(src.Kind), Columns: src.Columns, Whole: src.Whole, LeaversMax: strconv.Itoa(src.LeaversMax), ChangesMax: strconv.Itoa(src.ChangesMax),
		MakesUnits: src.MakesUnits, Invites: src.Invites, ByItself: src.Auto,
	}
}

// HRSourcesPage is GET /people/hr: the sources that HR lists come from, and what waits. It posts name, code and kind to /people/hr.
type HRSourcesPage struct {
	Sources []hrsync.Source
	Waiting []hrsync.Run
	Form    HRForm
	Problem *fault.Fault
}

func (p HRSourcesPage) in(c *Chrome) (string, any) { return "hr_sources", framed[HRSourcesPage]{c, p} }

// Kinds lists what lists can be of.
func (HRSourcesPage) Kinds() []hrsync.Kind { return hrsync.Kinds() }

// NameOf is what a run's source is called.
func (p HRSourcesPage) NameOf(r hrsync.Run) string {
	for _, s := range p.Sources {
		if s.ID == r.SourceID {
			return s.Name
		}
	}
	return ""
}

// HRSourcePage is GET /people/hr/:source: one of them, with its runs. It posts file (multipart) to …/lists; name, whole, leavers_max, changes_max,
// makes_units, invites, auto, column.<field> and revision to it; and nothing to …/archive and …/restore.
type HRSourcePage struct {
	Source  hrsync.Source
	Runs    page.Of[hrsync.Run]
	Own     []org.Field
	Form    HRForm
	API     string // where programs send lists
	Changes bool   // the settings were refused: they are shown
	Problem *fault.Fault
}

func (p HRSourcePage) in(c *Chrome) (string, any) { return "hr_source", framed[HRSourcePage]{c, p} }

// At is its address.
func (p HRSourcePage) At() string { return "/people/hr/" + p.Source.ID.String() }

// People tells whether its lists are of people.
func (p HRSourcePage) People() bool { return p.Source.Kind == hrsync.KindPeople }

// Refused is how many rows of a run were refused.
func (HRSourcePage) Refused(r hrsync.Run) int { return r.Counts[hrsync.OutcomeRefused] }

// Fields lists what a column can be.
func (p HRSourcePage) Fields() []string { return hrsync.Fields(p.Source.Kind, p.Own) }

// OwnName is what a field of the portal's own is called; "" for another field.
func (p HRSourcePage) OwnName(field string) string {
	for _, f := range p.Own {
		if field == "custom."+f.Code {
			return f.Name
		}
	}
	return ""
}

// ControlID is the id of the control of a field's heading.
func (HRSourcePage) ControlID(field string) string { return fieldID("columns." + field) }

// ControlName is its name; Wrong asks the problem by it.
func (HRSourcePage) ControlName(field string) string { return "columns." + field }

// Example is a list of two lines.
func (p HRSourcePage) Example() string {
	if !p.People() {
		return "code,name,parent\nS,Sales,\nS-N,Sales North,S\n"
	}
	return "external_id,email,name,department,position,manager\n4711,anna@example.com,Anna Berg,Sales / North,Clerk,4700\n"
}

// HRRunPage is GET /people/hr/runs/:run?outcome=&failed=&q=: what a list would change, row by row, and did. It posts nothing to …/apply,
// …/discard and …/undo.
type HRRunPage struct {
	Run     hrsync.Run
	Source  hrsync.Source
	Rows    page.Of[hrsync.Row]
	Own     []org.Field
	Outcome hrsync.Outcome
	Failed  bool
	Query   string
	Problem *fault.Fault
}

func (p HRRunPage) in(c *Chrome) (string, any) { return "hr_run", framed[HRRunPage]{c, p} }

// At is its address.
func (p HRRunPage) At() string { return "/people/hr/runs/" + p.Run.ID.String() }

// Planned tells that nothing was done yet.
func (p HRRunPage) Planned() bool { return p.Run.Status == hrsync.StatusPlanned }

// Running tells that it is being brought in.
func (p HRRunPage) Running() bool { return p.Run.Status == hrsync.StatusRunning }

// Undoable tells whether it can be undone.
func (p HRRunPage) Undoable() bool { return p.Run.Status == hrsync.StatusDone && p.Run.Work() > 0 }

// Outcomes lists what becomes of rows of this run.
func (p HRRunPage) Outcomes() (out []hrsync.Outcome) {
	for _, o := range hrsync.Outcomes() {
		if p.Run.Counts[o] > 0 {
			out = append(out, o)
		}
	}
	return out
}

// Listed tells whether rows of an outcome are kept.
func (HRRunPage) Listed(o hrsync.Outcome) bool { return o != hrsync.OutcomeSame }

// FailedQuery is what the address says of Failed.
func (p HRRunPage) FailedQuery() string {
	if p.Failed {
		return "1"
	}
	return ""
}

// OwnName is what a field of the portal's own is called; "" for another field.
func (p HRRunPage) OwnName(field string) string {
	return HRSourcePage{Own: p.Own}.OwnName(field)
}

// Known tells whether a field has a name of ours.
func (p HRRunPage) Known(field string) bool {
	return slices.Contains(hrsync.Fields(hrsync.KindPeople, nil), field) || slices.Contains(hrsync.Fields(hrsync.KindUnits, nil), field)
}

// Code is the code of a field of the portal's own that is not there any more.
func (HRRunPage) Code(field string) string { return strings.TrimPrefix(field, "custom.") }

// Column is a heading with the field that it was taken for; "" passed over.
type Column struct{ Heading, Field string }

// Columns lists the headings of the list.
func (p HRRunPage) Columns() (out []Column) {
	for heading, field := range p.Run.Columns {
		out = append(out, Column{heading, field})
	}
	slices.SortFunc(out, func(a, b Column) int { return strings.Compare(a.Heading, b.Heading) })
	return out
}
