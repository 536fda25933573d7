package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/hrsync"
	"lyceum/auth/org"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

// hrSource is where lists of an HR system come from.
type hrSource struct {
	ID         uid.ID            `json:"id"`
	Name       string            `json:"name"`
	Code       string            `json:"code" doc:"Names the source in the address where lists are sent to, as its id does."`
	Kind       hrsync.Kind       `json:"kind" enum:"people,units"`
	Columns    map[string]string `json:"columns" doc:"Field to heading, where a column is not called as usual."`
	Whole      bool              `json:"whole" doc:"Each list is of everybody: who is missing leaves; units that are missing are closed."`
	LeaversMax int               `json:"leavers_max" doc:"Per cent who may leave without anybody looking at the run."`
	ChangesMax int               `json:"changes_max" doc:"Per cent that may change without anybody looking at the run."`
	MakesUnits bool              `json:"makes_units" doc:"Units that lists name and that are not here are made."`
	Invites    bool              `json:"invites" doc:"New people are asked to join by mail."`
	Auto       bool              `json:"auto" doc:"What programs send is brought in by itself within the limits."`
	Archived   bool              `json:"archived"`
	Revision   int               `json:"revision"`
}

// hrSourceWish is a source as it is wished.
type hrSourceWish struct {
	Name       string            `json:"name" maxLength:"80"`
	Code       string            `json:"code,omitempty" required:"false" maxLength:"40" doc:"When it is made: small letters, digits, - and _; made of the name without it. It stays."`
	Kind       hrsync.Kind       `json:"kind,omitempty" required:"false" enum:"people,units" doc:"When it is made; people without it. It stays."`
	Columns    map[string]string `json:"columns,omitempty" required:"false" doc:"Field to heading, where a column is not called as usual: external_id, email, name, department, department_code, location, location_code, position, position_code, manager, functional, mentor, hire_date, end_date, left, effective, locale, time_zone, given_name, family_name, division, organization, cost_center, employee_number, user_type, phone and custom.<code>; of units code, name, kind, parent and closed."`
	Whole      bool              `json:"whole,omitempty" required:"false"`
	LeaversMax *int              `json:"leavers_max,omitempty" required:"false" minimum:"0" maximum:"100" doc:"5 without it."`
	ChangesMax *int              `json:"changes_max,omitempty" required:"false" minimum:"0" maximum:"100" doc:"20 without it."`
	MakesUnits bool              `json:"makes_units,omitempty" required:"false"`
	Invites    bool              `json:"invites,omitempty" required:"false"`
	Auto       bool              `json:"auto,omitempty" required:"false"`
	Revision   *int              `json:"revision,omitempty" required:"false" doc:"When it is changed: refused if it is another by now; any without it."`
}

// hrRun is a list that came in, or the undoing of one.
type hrRun struct {
	ID          uid.ID                 `json:"id"`
	SourceID    uid.ID                 `json:"source_id"`
	UndoOf      *uid.ID                `json:"undo_of,omitempty" doc:"The run that it puts back."`
	Name        string                 `json:"name,omitempty"`
	Status      hrsync.Status          `json:"status" enum:"planned,running,done,discarded,failed" doc:"planned waits to be reviewed; nothing is done yet."`
	Held        hrsync.Held            `json:"held,omitempty" enum:"asked,leavers,changes,undo" doc:"Why it waits, or waited."`
	Problem     string                 `json:"problem,omitempty" doc:"Why it failed."`
	Columns     map[string]string      `json:"columns" doc:"Heading to the field that it was taken for; empty for what is passed over."`
	Lines       int                    `json:"lines"`
	Counts      map[hrsync.Outcome]int `json:"counts" doc:"Rows by what becomes of them: create, update, return, leave, refused and same."`
	Work        int                    `json:"work" doc:"Rows that are to be done."`
	Done        int                    `json:"done"`
	Failed      int                    `json:"failed"`
	CreatedAt   time.Time              `json:"created_at"`
	RequestedAt *time.Time             `json:"requested_at,omitempty"`
	FinishedAt  *time.Time             `json:"finished_at,omitempty"`
}

// hrDiff is a field that becomes another.
type hrDiff struct {
	Field string  `json:"field"`
	Old   string  `json:"old"`
	New   string  `json:"new"`
	OldID *uid.ID `json:"old_id,omitempty" doc:"Of the unit or person that Old names."`
	NewID *uid.ID `json:"new_id,omitempty"`
}

// hrRow is what becomes of a row.
type hrRow struct {
	Line       int            `json:"line" doc:"Of the list, from 1; 0 for what stands in none."`
	Subject    hrsync.Subject `json:"subject" enum:"person,unit"`
	Outcome    hrsync.Outcome `json:"outcome" enum:"create,update,return,leave,refused"`
	State      hrsync.State   `json:"state" enum:"waiting,placed,done,partly,failed,passed"`
	ExternalID string         `json:"external_id"`
	Email      string         `json:"email,omitempty"`
	Name       string         `json:"name,omitempty"`
	PersonID   *uid.ID        `json:"person_id,omitempty"`
	UnitID     *uid.ID        `json:"unit_id,omitempty"`
	Day        string         `json:"day,omitempty" format:"date" doc:"From which it counts; the day on which it is done without it."`
	Changes    []hrDiff       `json:"changes"`
	Field      string         `json:"field,omitempty" doc:"What the problem is about."`
	Problem    string         `json:"problem,omitempty" doc:"Why it was refused or failed, and what to do."`
}

type hrSourceIn struct {
	Source string `path:"source" maxLength:"60" doc:"The source's id or code."`
}

type hrSourcePostIn struct{ Body hrSourceWish }

type hrSourcePutIn struct {
	Source string `path:"source" maxLength:"60" doc:"The source's id or code."`
	Body   hrSourceWish
}

type hrSourceOut struct {
	Location string `header:"Location"`
	Body     hrSource
}

type hrListIn struct {
	Source string `path:"source" maxLength:"60" doc:"The source's id or code."`
	Name   string `query:"name" maxLength:"200" doc:"What the list is called."`
	Key    string `header:"Idempotency-Key" maxLength:"200" doc:"The same key with the same list gives the same run again, as long as runs are kept; with another list it is 409."`
}

type hrRunsIn struct {
	Paging
	Source string `path:"source" maxLength:"60" doc:"The source's id or code."`
}

type hrRunIn struct {
	ID uid.ID `path:"run" doc:"The run's id."`
}

type hrRowsIn struct {
	Paging
	ID      uid.ID         `path:"run" doc:"The run's id."`
	Outcome hrsync.Outcome `query:"outcome" enum:"create,update,return,leave,refused" doc:"Only rows of this outcome."`
	Failed  bool           `query:"failed" doc:"Only rows that could not be done, wholly or in part."`
	Query   string         `query:"q" maxLength:"100" doc:"Part of the external id, name or e-mail, in any case."`
}

type hrRunOut struct{ Body hrRun }

type createdHRRunOut struct {
	Location string `header:"Location"`
	Body     hrRun
}

func showHRSource(s *hrsync.Source) hrSource {
	columns := s.Columns
	if columns == nil {
		columns = map[string]string{}
	}
	return hrSource{
		ID: s.ID, Name: s.Name, Code: s.Code, Kind: s.Kind, Columns: columns, Whole: s.Whole, LeaversMax: s.LeaversMax, ChangesMax: s.ChangesMax, MakesUnits: s.MakesUnits, Invites: s.Invites,
		Auto: s.Auto, Archived: s.ArchivedAt != nil, Revision: s.Revision,
	}
}

func showHRRun(r *hrsync.Run) hrRun {
	counts := map[hrsync.Outcome]int{}
	for _, o := range hrsync.Outcomes() {
		counts[o] = r.Counts[o]
	}
	columns := r.Columns
	if columns == nil {
		columns = map[string]string{}
	}
	return hrRun{
		ID: r.ID, SourceID: r.SourceID, UndoOf: r.UndoOf, Name: r.Name, Status: r.Status, Held: r.Held, Problem: r.Problem, Columns: columns, Lines: r.Total, Counts: counts, Work: r.Work(),
		Done: r.Done, Failed: r.Failed, CreatedAt: utc(r.CreatedAt), RequestedAt: utcOrNone(r.RequestedAt), FinishedAt: utcOrNone(r.FinishedAt),
	}
}

func showHRRow(r *hrsync.Row) hrRow {
	out := hrRow{
		Line: r.Line, Subject: r.Subject, Outcome: r.Outcome, State: r.State, ExternalID: r.ExternalID, Email: r.Email, Name: r.Name, PersonID: r.PersonID, UnitID: r.UnitID, Changes: []hrDiff{},
		Field: r.Field, Problem: r.Problem,
	}
	if r.Day != nil {
		out.Day = org.Day{Time: *r.Day}.String()
	}
	for _, d := range r.Changes {
		one := hrDiff{Field: d.Field, Old: d.Old, New: d.New}
		if d.OldID != uid.Nil {
			one.OldID = &d.OldID
		}
		if d.NewID != uid.Nil {
			one.NewID = &d.NewID
		}
		out.Changes = append(out.Changes, one)
	}
	return out
}

func (w hrSourceWish) input() hrsync.SourceInput {
	in := hrsync.SourceInput{
		Name: w.Name, Code: w.Code, Kind: w.Kind, Columns: w.Columns, Whole: w.Whole, LeaversMax: hrsync.LeaversUsually, ChangesMax: hrsync.ChangesUsually, MakesUnits: w.MakesUnits, Invites: w.Invites, Auto: w.Auto,
	}
	if in.Kind == "" {
		in.Kind = hrsync.KindPeople
	}
	if w.LeaversMax != nil {
		in.LeaversMax = *w.LeaversMax
	}
	if w.ChangesMax != nil {
		in.ChangesMax = *w.ChangesMax
	}
	return in
}

func (a *api) hrOperations() {
	a.hrSourceOperations()
	a.hrRunOperations()
}

func (a *api) hrSourceOperations() {
	manage := route.For(policy.PersonManage)
	shown := func(s hrsync.Source, err error) (*hrSourceOut, error) {
		if err != nil {
			return nil, err
		}
		return &hrSourceOut{base + "/hr-sources/" + s.ID.String(), showHRSource(&s)}, nil
	}
	on(a, operation{method: get, path: "/hr-sources", id: "list-hr-sources", tag: tagPeople, need: manage, summary: "Where lists of HR systems come from, by name"},
		func(ctx context.Context, _ *nothing) (*pageOut[hrSource], error) {
			list, err := a.HR.Sources(ctx)
			if err != nil {
				return nil, err
			}
			return whole(ctx, list, showHRSource), nil
		})
	on(a, operation{method: post, path: "/hr-sources", id: "create-hr-source", tag: tagPeople, need: manage, fresh: true, status: 201, summary: "Add a source of lists", fails: faults{hrsync.ErrCode, hrsync.ErrFull}},
		func(ctx context.Context, in *hrSourcePostIn) (*hrSourceOut, error) {
			return shown(a.HR.AddSource(ctx, in.Body.input()))
		})
	on(a, operation{method: get, path: "/hr-sources/{source}", id: "get-hr-source", tag: tagPeople, need: manage, summary: "One source of lists", fails: faults{hrsync.ErrNoSource}},
		func(ctx context.Context, in *hrSourceIn) (*hrSourceOut, error) {
			return shown(a.HR.SourceCalled(ctx, in.Source))
		})
	on(a, operation{method: put, path: "/hr-sources/{source}", id: "change-hr-source", tag: tagPeople, need: manage, fresh: true, status: 200, summary: "Change how a source's lists are read and what they may do", about: "Code and kind stay. A run that waits has to be sent again.", fails: faults{hrsync.ErrNoSource, hrsync.ErrChanged}},
		func(ctx context.Context, in *hrSourcePutIn) (*hrSourceOut, error) {
			src, err := a.HR.SourceCalled(ctx, in.Source)
			if err != nil {
				return nil, err
			}
			revision := -1
			if in.Body.Revision != nil {
				revision = *in.Body.Revision
			}
			return shown(a.HR.ChangeSource(ctx, src.ID, revision, in.Body.input()))
		})
	for _, one := range []struct {
		do      string
		archive bool
		summary string
	}{{"archive", true, "Have a source take no lists any more"}, {"restore", false, "Have an archived source take lists again"}} {
		on(a, operation{method: post, path: "/hr-sources/{source}/" + one.do, id: one.do + "-hr-source", tag: tagPeople, need: manage, fresh: true, summary: one.summary, fails: faults{hrsync.ErrNoSource, hrsync.ErrFull}},
			func(ctx context.Context, in *hrSourceIn) (*nothing, error) {
				src, err := a.HR.SourceCalled(ctx, in.Source)
				if err != nil {
					return nil, err
				}
				return nil, a.HR.ArchiveSource(ctx, src.ID, one.archive)
			})
	}
}

func (a *api) hrRunOperations() {
	manage := route.For(policy.PersonManage)
	made := func(r hrsync.Run, err error) (*createdHRRunOut, error) {
		if err != nil {
			return nil, err
		}
		return &createdHRRunOut{base + "/hr-runs/" + r.ID.String(), showHRRun(&r)}, nil
	}
	on(a, operation{
		method: post, path: "/hr-sources/{source}/runs", id: "send-hr-list", tag: tagPeople, need: manage, fresh: true, status: 201, summary: "Send a list of people or units",
		about: "CSV with headings, or a JSON object a line: up to 100,000 lines and 32 MiB. In CSV an empty cell takes away; in JSON what is left out says nothing. The answer is the plan. Where the source says so, a plan within its limits is brought in by a job; the rest waits to be reviewed, and those who manage people are told.",
		bytes: true, lists: true, fails: faults{hrsync.ErrNoSource, hrsync.ErrArchived, hrsync.ErrOpen, hrsync.ErrKeyReused},
	}, func(ctx context.Context, in *hrListIn) (*createdHRRunOut, error) {
		src, err := a.HR.SourceCalled(ctx, in.Source)
		if err != nil {
			return nil, err
		}
		return made(a.HR.Take(ctx, src.ID, hrsync.Sent{Name: in.Name, Key: in.Key, Raw: sentBytes(ctx), Program: true}))
	})
	on(a, operation{method: get, path: "/hr-sources/{source}/runs", id: "list-hr-runs", tag: tagPeople, need: manage, summary: "The runs of a source, the newest first", about: "Runs are kept for 90 days.", fails: faults{hrsync.ErrNoSource}},
		func(ctx context.Context, in *hrRunsIn) (*pageOut[hrRun], error) {
			src, err := a.HR.SourceCalled(ctx, in.Source)
			if err != nil {
				return nil, err
			}
			list, err := a.HR.Runs(ctx, src.ID, in.request())
			if err != nil {
				return nil, err
			}
			return paged(ctx, list, showHRRun), nil
		})
	on(a, operation{method: get, path: "/hr-runs/{run}", id: "get-hr-run", tag: tagPeople, need: manage, summary: "How far a run is", fails: faults{hrsync.ErrNoRun}},
		func(ctx context.Context, in *hrRunIn) (*hrRunOut, error) {
			r, err := a.HR.Run(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			return &hrRunOut{showHRRun(&r)}, nil
		})
	on(a, operation{method: get, path: "/hr-runs/{run}/rows", id: "list-hr-rows", tag: tagPeople, need: manage, summary: "What becomes of each row", about: "Rows for which nothing changes are counted and not listed.", fails: faults{hrsync.ErrNoRun}},
		func(ctx context.Context, in *hrRowsIn) (*pageOut[hrRow], error) {
			list, err := a.HR.Rows(ctx, in.ID, hrsync.Filter{Outcome: in.Outcome, Failed: in.Failed, Query: in.Query, Page: in.request()})
			if err != nil {
				return nil, err
			}
			return paged(ctx, list, showHRRow), nil
		})
	on(a, operation{
		method: post, path: "/hr-runs/{run}/apply", id: "apply-hr-run", tag: tagPeople, need: manage, fresh: true, status: 200, summary: "Bring a run in as it was reviewed", about: "A job does it; no row is done twice.",
		fails: faults{hrsync.ErrNoRun, hrsync.ErrNotNow, hrsync.ErrStale, hrsync.ErrNothing, hrsync.ErrTooMany},
	}, func(ctx context.Context, in *hrRunIn) (*hrRunOut, error) {
		r, err := a.HR.Apply(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &hrRunOut{showHRRun(&r)}, nil
	})
	on(a, operation{
		method: post, path: "/hr-runs/{run}/undo", id: "undo-hr-run", tag: tagPeople, need: manage, status: 201, summary: "Plan how a run is put back", about: "As far as nobody changed it since. The plan is a run to be reviewed and applied.",
		fails: faults{hrsync.ErrNoRun, hrsync.ErrNotDone, hrsync.ErrUndone, hrsync.ErrOpen},
	}, func(ctx context.Context, in *hrRunIn) (*createdHRRunOut, error) { return made(a.HR.Undo(ctx, in.ID)) })
	on(a, operation{method: del, path: "/hr-runs/{run}", id: "discard-hr-run", tag: tagPeople, need: manage, status: 204, summary: "Discard a run that waits", fails: faults{hrsync.ErrNoRun, hrsync.ErrNotNow}},
		func(ctx context.Context, in *hrRunIn) (*nothing, error) { return nil, a.HR.Discard(ctx, in.ID) })
}
