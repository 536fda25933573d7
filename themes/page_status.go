package themes

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"lyceum/tenant/broadcast"
	"lyceum/tenant/status"
)

// StatusPage is GET /status of a portal and of the platform: anyone sees how well it works, and who has audit:read the figures too.
type StatusPage struct {
	Report  status.Report
	Figures bool
	Windows []broadcast.Window // of the platform: a portal's stand above every page of it
}

func (p StatusPage) in(c *Chrome) (string, any) { return "status", framed[StatusPage]{c, p} }

// OperatorStatusPage is GET /operator/status: the platform's with its figures.
type OperatorStatusPage struct{ StatusPage }

func (p OperatorStatusPage) in(c *Chrome) (string, any) {
	return "operator_status", framed[OperatorStatusPage]{c, p}
}

// ByHour tells that the past is shown by the hour, not by the day.
func (p StatusPage) ByHour() bool { return p.Report.Each < 24*time.Hour }

// Troubled are the spans of a part in which something was amiss, the newest first; with figures all in which it was used.
func (p StatusPage) Troubled(n status.Now) (list []status.Span) {
	for i := len(n.Past) - 1; i >= 0; i-- {
		if s := n.Past[i]; s.Verdict != status.Working || p.Figures && s.All() > 0 {
			list = append(list, s)
		}
	}
	return list
}

// Bad counts the spans in which something was amiss.
func (p StatusPage) Bad(n status.Now) (bad int) {
	for _, s := range n.Past {
		if s.Verdict != status.Working {
			bad++
		}
	}
	return bad
}

// VerdictBadge names a verdict.
func (c *Chrome) VerdictBadge(v status.Verdict) (Badge, error) {
	return c.StatusBadge("status_verdict", string(v))
}

// SpanName is an hour or a day as a table names it.
func (c *Chrome) SpanName(p StatusPage, s status.Span) template.HTML {
	if p.ByHour() {
		return c.DateTime(s.Begin)
	}
	return c.Date(s.Begin)
}

// Wait writes how long something waited, to the second.
func (c *Chrome) Wait(d time.Duration) string { return d.Round(time.Second).String() }

const (
	spanPitch, spanWide = 10, 7
	spanTall            = 40
)

// spanHeights say without a colour what a bar means: the taller, the worse.
var spanHeights = map[status.Verdict]int{status.Working: 14, status.Disturbed: 27, status.Down: spanTall}

// StatusBars draws the past of a part: a bar for each hour or day, taller and of another colour where something was amiss.
func (c *Chrome) StatusBars(n status.Now, label string) template.HTML {
	var s strings.Builder
	fmt.Fprintf(&s, `<svg class="spans" viewBox="0 0 %d %d" preserveAspectRatio="none" role="img" aria-label="%s">`, len(n.Past)*spanPitch, spanTall, template.HTMLEscapeString(label))
	for i, span := range n.Past {
		class := string(span.Verdict)
		if span.Verdict == status.Working && span.All() == 0 {
			class = "unused"
		}
		h := spanHeights[span.Verdict]
		fmt.Fprintf(&s, `<rect class="%s" x="%d" y="%d" width="%d" height="%d"/>`, class, i*spanPitch, spanTall-h, spanWide, h)
	}
	s.WriteString(`</svg>`)
	return template.HTML(s.String()) //nolint:gosec // numbers, known classes and an escaped label
}

// Plain is the page itself, where it is embedded in another.
func (p StatusPage) Plain() StatusPage { return p }
