package main

import (
	"context"
	"time"

	"lyceum/internal/event"
	"lyceum/learning/report/export"
	"lyceum/store/queue"
)

// fileReports puts together what makes files of reports.
func (a *app) fileReports() {
	a.exports = export.New(export.Options{Keep: a.store, Blobs: a.blobs, Built: a.built, Matrix: a.compliance, As: a.auth.As, Brand: a.brands.Get, Words: a.themes.ReportWords, Now: a.now})
}

// reportConsequences make the files of reports that were asked for.
func (a *app) reportConsequences() []queue.Consequence {
	return []queue.Consequence{{When: "report.export_requested", Name: "make_report_file", Long: true, Timeout: time.Hour, Do: func(ctx context.Context, e event.Event) error {
		return a.exports.Make(ctx, e.SubjectID)
	}}}
}

// reportChores remove files whose days are over.
func (a *app) reportChores() []queue.Chore {
	return []queue.Chore{{Name: "prune_report_files", Every: 6 * time.Hour, Timeout: time.Hour, Do: func(ctx context.Context) error {
		return a.everywhere(ctx, "files of reports", updating(a.exports.Prune))
	}}}
}
