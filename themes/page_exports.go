package themes

import (
	"time"

	"lyceum/internal/fault"
	"lyceum/learning/report/export"
)

// What is told on the next page.
const (
	FlashExportAsked   FlashKey = "export_asked"
	FlashExportStopped FlashKey = "export_stopped"
)

// ExportsPage is GET /reports/exports?watch=: files of reports that the reader had made. It posts nothing to /reports/exports/:export/stop.
type ExportsPage struct {
	List    []export.Export
	Watch   bool // it loads itself again
	Problem *fault.Fault
}

func (p ExportsPage) in(c *Chrome) (string, any) { return "exports", framed[ExportsPage]{c, p} }

// Making tells that one is being made.
func (p ExportsPage) Making() bool {
	for _, e := range p.List {
		if e.Open() {
			return true
		}
	}
	return false
}

// ExportName names what a file is of.
func (t talk) ExportName(e export.Export) (string, error) {
	w, err := e.Wished()
	switch {
	case err != nil:
		return t.T("exports.title") // that of a file of an older release
	case w.Title != "":
		return w.Title, nil
	case w.Kind == export.Matrix:
		return t.T("matrix.title")
	}
	return t.Named("report_source", w.Definition.Source)
}

// Formats are what a report can be made a file of.
func (c *Chrome) Formats() []export.Format { return export.Formats() }

// ReportWords are what people read in the PDF of a report.
func (s *Set) ReportWords(locale, zone string, now time.Time) export.Words {
	t := s.talk(locale, zone, now)
	said := func(text string, err error) string {
		if err != nil {
			return ""
		}
		return text
	}
	return export.Words{
		Language: t.Lang(), Day: t.LongDate, Moment: t.LongDateTime,
		Named: func(family string, code any) string { return said(t.Named(family, code)) },
		Page:  func(n, of int) string { return said(t.T("exports.page", "N", n, "Of", of)) },
	}
}
