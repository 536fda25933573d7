package themes

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"lyceum/internal/page"
	"lyceum/learning/dashboard"
	"lyceum/learning/duty"
)

// DashboardPage is GET /dashboard?past=: a few figures, each of which opens its rows.
type DashboardPage struct{ Dashboard dashboard.Dashboard }

func (p DashboardPage) in(c *Chrome) (string, any) { return "dashboard", framed[DashboardPage]{c, p} }

// Zone names the zone of its days.
func (p DashboardPage) Zone() string { return p.Dashboard.Zone.String() }

// Most is the most of any month.
func (p DashboardPage) Most() (most int) {
	for _, m := range p.Dashboard.Completions {
		most = max(most, m.N)
	}
	return most
}

// CompletionsPage is GET /dashboard/completions?month=&after=: what was completed in a month.
type CompletionsPage struct {
	From time.Time // the first moment of the month, in the zone of the reader
	List page.Of[dashboard.Completion]
}

func (p CompletionsPage) in(c *Chrome) (string, any) {
	return "completions", framed[CompletionsPage]{c, p}
}

// Month is the month as in the address.
func (p CompletionsPage) Month() string { return p.From.Format("2006-01") }

// Zone names the zone of the month.
func (p CompletionsPage) Zone() string { return p.From.Location().String() }

// StandBar draws how duties stand as one bar; its parts differ in pattern as well as in colour, and stand as numbers beside it.
func (c *Chrome) StandBar(s dashboard.Standing) template.HTML {
	return bar(s.All(), part{"good", s[duty.StateCompliant] + s[duty.StateExpiring]}, part{"open", s[duty.StateNotStarted] + s[duty.StateInProgress]}, part{"warn", s[duty.StateInGrace]}, part{"bad", s[duty.StateNonCompliant]}, part{"away", s[duty.StateWaived]})
}

// Stood is a standing with what opens its rows in the matrix.
type Stood struct {
	*Chrome
	Standing                 dashboard.Standing
	asOf, requirement, group string
}

// Stood of a moment (as a day, "" now), a requirement and a group, "" all.
func (c *Chrome) Stood(s dashboard.Standing, asOf, requirement, group any) Stood {
	return Stood{c, s, fmt.Sprint(asOf), fmt.Sprint(requirement), fmt.Sprint(group)}
}

// Rows is the address of those in a state.
func (s Stood) Rows(state duty.State) string {
	return s.Link("/compliance/matrix", "as_of", s.asOf, "requirement", s.requirement, "group", s.group, "state", state)
}

// CountBar draws a number against the most of its kind.
func (c *Chrome) CountBar(n, most int) template.HTML { return bar(most, part{"good", n}) }

type part struct {
	class string
	n     int
}

func bar(all int, parts ...part) template.HTML {
	var s strings.Builder
	s.WriteString(`<svg class="chart" aria-hidden="true" focusable="false"><rect class="ground" width="100%" height="100%"/>`)
	at := 0.0
	for _, p := range parts {
		if p.n <= 0 || all <= 0 {
			continue
		}
		w := 100 * float64(p.n) / float64(all)
		fmt.Fprintf(&s, `<rect class="part" x="%.2f%%" width="%.2f%%" height="100%%"/><rect class="part %s" x="%.2f%%" width="%.2f%%" height="100%%"/>`, at, w, p.class, at, w)
		at += w
	}
	s.WriteString(`</svg>`)
	return template.HTML(s.String()) //nolint:gosec // numbers and our own words
}

// Swatch draws a part's pattern for the legend.
func (c *Chrome) Swatch(class string) template.HTML { return bar(1, part{class, 1}) }
