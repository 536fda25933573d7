package rest

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/duty"
	"lyceum/learning/report/export"
)

// matrixNarrowed is what the compliance matrix is narrowed to.
type matrixNarrowed struct {
	Requirement *uid.ID    `json:"requirement,omitempty"`
	State       string     `json:"state,omitempty" enum:"not_started,in_progress,compliant,expiring,in_grace,non_compliant,waived"`
	Group       *uid.ID    `json:"group,omitempty" doc:"Only people of this group."`
	Department  string     `json:"department,omitempty" maxLength:"200" doc:"Only people of this department."`
	Manager     *uid.ID    `json:"manager,omitempty" doc:"Only people below this one."`
	Name        string     `json:"name,omitempty" maxLength:"200" doc:"A piece of the name or the address."`
	At          *time.Time `json:"at,omitempty" doc:"How people stood at this moment; left out: now."`
	Known       *time.Time `json:"known,omitempty" doc:"As it was known at this moment; left out: now."`
}

// reportFileWish is what a file is to hold.
type reportFileWish struct {
	Kind       string            `json:"kind" enum:"built,matrix" doc:"A report as it is put together (with definition), or the compliance matrix (with matrix)."`
	Title      string            `json:"title,omitempty" maxLength:"120" doc:"Heads a PDF."`
	Definition *reportDefinition `json:"definition,omitempty"`
	Matrix     *matrixNarrowed   `json:"matrix,omitempty"`
}

func (w reportFileWish) wish() export.Wish {
	out := export.Wish{Kind: export.Kind(w.Kind), Title: w.Title}
	if w.Definition != nil {
		out.Definition = w.Definition.definition()
	}
	if m := w.Matrix; m != nil {
		some := func(id *uid.ID) uid.ID {
			if id == nil {
				return uid.Nil
			}
			return *id
		}
		out.Cells = export.Cells{Requirement: some(m.Requirement), State: duty.State(m.State), Group: some(m.Group), Department: m.Department, Manager: some(m.Manager), Name: m.Name}
		if m.At != nil {
			out.Cells.At = *m.At
		}
		if m.Known != nil {
			out.Cells.Known = *m.Known
		}
	}
	return out
}

type reportFileNewIn struct{ Body reportFileAsked }

// reportFileAsked is a wish for a file.
type reportFileAsked struct {
	Wish   reportFileWish `json:"wish"`
	Format string         `json:"format" enum:"csv,xlsx,pdf"`
	Zone   string         `json:"zone,omitempty" maxLength:"64" doc:"In which its days are, an IANA name; left out: one's own."`
	Locale string         `json:"locale,omitempty" maxLength:"20" doc:"Of a PDF; left out: one's own."`
}

// reportFileShown is a file that a job makes.
type reportFileShown struct {
	ID        uid.ID     `json:"id"`
	Status    string     `json:"status" enum:"waiting,working,ready,failed,cancelled,expired"`
	Format    string     `json:"format" enum:"csv,xlsx,pdf"`
	Title     string     `json:"title"`
	Percent   int        `json:"percent" doc:"How much of it is made."`
	Done      int        `json:"done" doc:"Lines that were read."`
	Lines     int        `json:"lines" doc:"Of so many."`
	Problem   string     `json:"problem,omitempty" enum:"no_right,too_long,sheet_too_long,gone,internal" doc:"Why it could not be made."`
	Bytes     int64      `json:"bytes,omitempty"`
	SHA256    string     `json:"sha256,omitempty" doc:"Of the file, in hexadecimal."`
	AskedAt   time.Time  `json:"asked_at"`
	ReadyAt   *time.Time `json:"ready_at,omitempty"`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"Until when it can be fetched."`
}

type reportFileOut struct{ Body reportFileShown }

type reportFileIn struct {
	Export uid.ID `path:"export" doc:"The file's id."`
}

func showReportFile(e *export.Export) reportFileShown {
	w, _ := e.Wished()
	return reportFileShown{
		ID: e.ID, Status: string(e.Status), Format: string(e.Format), Title: w.Title, Percent: e.Percent(), Done: e.Done, Lines: e.Lines, Problem: string(e.Problem), Bytes: e.Bytes, SHA256: e.SHA256,
		AskedAt: e.AskedAt.UTC(), ReadyAt: utcOrNone(e.ReadyAt), ExpiresAt: utcOrNone(e.ExpiresAt),
	}
}

func (a *api) exportOperations() {
	manage := route.For(policy.EnrolmentManage)
	on(a, operation{method: get, path: "/report-exports", id: "list-report-exports", tag: tagEnrolments, need: manage, summary: "One's own files of reports, the newest first"},
		func(ctx context.Context, _ *nothing) (*pageOut[reportFileShown], error) {
			list, err := a.Exports.List(ctx)
			if err != nil {
				return nil, err
			}
			return whole(ctx, list, showReportFile), nil
		})
	on(a, operation{
		method: post, path: "/report-exports", id: "start-report-export", tag: tagEnrolments, need: manage, status: 202, summary: "Have a file of a report made",
		about: "A job makes it; get-report-export says how far it is. It is kept for seven days.", fails: faults{export.ErrTooLong, export.ErrSheetTooLong, export.ErrTooMany},
	}, func(ctx context.Context, in *reportFileNewIn) (*reportFileOut, error) {
		who, _ := auth.PrincipalFrom(ctx)
		look := export.Look{Zone: in.Body.Zone, Locale: in.Body.Locale}
		if look.Zone == "" {
			look.Zone = who.TimeZone
		}
		if look.Locale == "" {
			look.Locale = who.Locale
		}
		e, err := a.Exports.Ask(ctx, in.Body.Wish.wish(), export.Format(in.Body.Format), look)
		if err != nil {
			return nil, err
		}
		return &reportFileOut{showReportFile(&e)}, nil
	})
	on(a, operation{method: get, path: "/report-exports/{export}", id: "get-report-export", tag: tagEnrolments, need: manage, summary: "Where a file of a report stands", fails: faults{export.ErrNotFound}},
		func(ctx context.Context, in *reportFileIn) (*reportFileOut, error) {
			e, err := a.Exports.Get(ctx, in.Export)
			if err != nil {
				return nil, err
			}
			return &reportFileOut{showReportFile(&e)}, nil
		})
	on(a, operation{method: del, path: "/report-exports/{export}", id: "stop-report-export", tag: tagEnrolments, need: manage, summary: "Cancel a file that is being made, or delete one", fails: faults{export.ErrNotFound, export.ErrNotReady}},
		func(ctx context.Context, in *reportFileIn) (*nothing, error) {
			return nil, a.Exports.Stop(ctx, in.Export)
		})
	on(a, operation{
		method: get, path: "/report-exports/{export}/file", id: "fetch-report-export", tag: tagEnrolments, need: manage, summary: "A file of a report that is ready", media: "application/octet-stream",
		about: "As CSV, XLSX or PDF, as it was asked for.", fails: faults{export.ErrNotFound, export.ErrNotReady},
	}, func(ctx context.Context, in *reportFileIn) (*archiveOut, error) {
		e, r, err := a.Exports.Read(ctx, in.Export)
		if err != nil {
			return nil, err
		}
		return &archiveOut{Type: "application/octet-stream", Disposition: `attachment; filename="` + e.FileName() + `"`, Body: func(h huma.Context) {
			answer := behind(h.Context()).c
			answer.Set(fiber.HeaderContentType, e.Format.MediaType())
			answer.Context().SetBodyStream(r, int(e.Bytes)) // closes it
		}}, nil
	})
}
