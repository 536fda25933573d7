package evidence

import (
	"bufio"
	"fmt"
	"html/template"
	"io"
	"time"

	"lyceum/learning/duty"
)

// index is index.html while it is gathered: its rows are kept in a file until its head is known.
type index struct {
	about
	terms  []Terms
	counts map[duty.State]int
	others int // had the duty in the period, and not at its end
	rows   *bufio.Writer
	head   string
	lines  int
}

// words are the states for people.
var words = map[duty.State]string{
	duty.StateNotStarted: "Not started", duty.StateInProgress: "In progress", duty.StateCompliant: "Compliant", duty.StateExpiring: "Compliant, expiring", duty.StateInGrace: "In grace", duty.StateNonCompliant: "Non-compliant", duty.StateWaived: "Waived", "": "No duty then",
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

func moments(t *time.Time) string {
	if t == nil {
		return "–"
	}
	return moment(*t)
}

var rowTemplate = template.Must(template.New("row").Parse(`<tr><th scope="row">{{.Name}}<br><small>{{.Email}}</small></th><td>{{.State}}</td><td>{{.Given}}<br><small>{{.Reasons}}</small></td><td>{{.Due}}</td><td>{{.Completed}}</td><td>{{.Expires}}</td><td>{{.Waived}}</td></tr>
`))

// add writes a person's row.
func (x *index) add(who standing, facts []Fact) error {
	if who.State == "" {
		x.others++
	} else {
		x.counts[who.State]++
	}
	waived := ""
	for _, f := range facts {
		if f.PersonID == who.PersonID && f.WaivedAt != nil {
			waived = fmt.Sprintf("%s, %s", moment(*f.WaivedAt), f.WaivedReason)
		}
	}
	given := moment(who.GivenAt)
	if who.WithdrawnAt != nil {
		given += " until " + moment(*who.WithdrawnAt)
	}
	name := who.Name
	if name == "" && who.Email == "" {
		name = "(gone) " + who.PersonID.String()
	}
	return rowTemplate.Execute(x.rows, map[string]string{
		"Name": name, "Email": who.Email, "State": words[who.State], "Given": given, "Reasons": who.Reasons, "Due": moments(who.DueAt), "Completed": moments(who.CompletedAt), "Expires": moments(who.ExpiresAt), "Waived": waived,
	})
}

var headTemplate = template.Must(template.New("head").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Evidence: {{.About.Requirement}}</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}table{border-collapse:collapse;width:100%;margin:1rem 0}th,td{border:1px solid #c9d1d9;padding:.4rem .6rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}thead th{background:#f3f5f7}.hash{font-family:monospace;overflow-wrap:anywhere}dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem}dt{font-weight:600}dd{margin:0}pre{white-space:pre-wrap;overflow-wrap:anywhere}@media(max-width:40rem){dl{display:block}.wide{overflow-x:auto}}</style></head>
<body><h1>Evidence: {{.About.Requirement}}</h1>
<p>This page is for reading. It proves nothing by itself: check the whole file with <code>lyceum verify FILE</code> (README.txt).</p>
<dl><dt>Organization</dt><dd>{{.About.Organization}}, {{.About.Portal}}</dd>{{with .About.Framework}}<dt>Rule</dt><dd>{{.}}</dd>{{end}}<dt>Period</dt><dd>{{.From}} to before {{.Until}}</dd><dt>States as of</dt><dd>{{.Standing}}</dd><dt>Made</dt><dd>{{.Made}}, of what was known then</dd><dt>Number</dt><dd class="hash">{{.About.PackID}}</dd><dt>Lines</dt><dd>{{.Lines}}; the last one's hash is <span class="hash">{{.Head}}</span></dd></dl>
<h2>How people stood</h2><table><thead><tr><th scope="col">State</th><th scope="col">People</th></tr></thead><tbody>{{range .Counts}}<tr><th scope="row">{{.State}}</th><td>{{.N}}</td></tr>{{end}}</tbody></table>
<h2>What was asked for</h2>{{range .Terms}}<h3>Revision {{.Revision}}, from {{.At}}</h3><pre>{{.Facts}}</pre>{{else}}<p>Nothing was recorded.</p>{{end}}
<h2>People</h2><div class="wide"><table><thead><tr><th scope="col">Person</th><th scope="col">State</th><th scope="col">A duty since, because of</th><th scope="col">Due</th><th scope="col">Completed</th><th scope="col">Valid until</th><th scope="col">Waived</th></tr></thead><tbody>
`))

type count struct {
	State string
	N     int
}

type termsShown struct {
	Revision  int
	At, Facts string
}

// write writes the page, with the rows that were kept.
func (x *index) write(w io.Writer, rows io.ReadSeeker) error {
	var counts []count
	for _, s := range duty.States() {
		if n := x.counts[s]; n > 0 {
			counts = append(counts, count{words[s], n})
		}
	}
	if x.others > 0 {
		counts = append(counts, count{words[""], x.others})
	}
	var terms []termsShown
	for _, t := range x.terms {
		terms = append(terms, termsShown{t.Revision, moment(t.RecordedAt), t.Facts})
	}
	err := headTemplate.Execute(w, map[string]any{
		"About": x.about, "From": moment(x.From), "Until": moment(x.Until), "Standing": moment(x.StandingAt), "Made": moment(x.MadeAt), "Lines": x.lines, "Head": x.head, "Counts": counts, "Terms": terms,
	})
	if err != nil {
		return err
	}
	if _, err := rows.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if _, err := io.Copy(w, rows); err != nil {
		return err
	}
	_, err = io.WriteString(w, "</tbody></table></div></body></html>\n")
	return err
}
