package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/report/builder"
)

// reportDefinition is a report as it is put together.
type reportDefinition struct {
	Source     string   `json:"source" enum:"duties,enrolments"`
	Columns    []string `json:"columns,omitempty" doc:"In the product's order; left out: all of the source."`
	Group      string   `json:"group,omitempty" enum:"subject,state,department" doc:"What lines are counted by."`
	States     []string `json:"states,omitempty" doc:"Only these."`
	Subject    *uid.ID  `json:"subject,omitempty" doc:"Only this requirement or course."`
	Members    *uid.ID  `json:"members,omitempty" doc:"Only people of this group."`
	Department string   `json:"department,omitempty" maxLength:"120" doc:"Only people of this department."`
	Manager    *uid.ID  `json:"manager,omitempty" doc:"Only people below this one."`
	Moment     string   `json:"moment,omitempty" enum:"given,started,due,completed,expires" doc:"What the period is of."`
	Days       int      `json:"days,omitempty" minimum:"-3660" maximum:"3660" doc:"The last so many days of 24 hours, with a minus the next."`
	From       string   `json:"from,omitempty" maxLength:"10" doc:"The first day of the period, as 2026-03-31, in the zone of who asks."`
	Until      string   `json:"until,omitempty" maxLength:"10" doc:"The last day of the period."`
	Chart      string   `json:"chart,omitempty" enum:"bar,stacked,share,line" doc:"bar counts by group, stacked and share divide that by split, line counts over time by moment."`
	Split      string   `json:"split,omitempty" enum:"subject,state,department" doc:"What counts are divided by."`
	Step       string   `json:"step,omitempty" enum:"day,week,month" doc:"How far the points of a line are apart; month without it."`
}

func (d reportDefinition) definition() builder.Definition {
	some := func(id *uid.ID) uid.ID {
		if id == nil {
			return uid.Nil
		}
		return *id
	}
	return builder.Definition{Source: builder.Source(d.Source), Columns: d.Columns, Group: d.Group, States: d.States, Subject: some(d.Subject), Members: some(d.Members), Department: d.Department, Manager: some(d.Manager), Moment: d.Moment, Days: d.Days,
		From: d.From, Until: d.Until, Chart: builder.Chart(d.Chart), Split: d.Split, Step: builder.Step(d.Step)}
}

func showDefinition(d builder.Definition) reportDefinition {
	some := func(id uid.ID) *uid.ID {
		if id == uid.Nil {
			return nil
		}
		return &id
	}
	return reportDefinition{string(d.Source), d.Columns, d.Group, d.States, some(d.Subject), some(d.Members), d.Department, some(d.Manager), d.Moment, d.Days, d.From, d.Until, string(d.Chart), d.Split, string(d.Step)}
}

type reportInput struct {
	Name       string           `json:"name" minLength:"1" maxLength:"120"`
	Shared     bool             `json:"shared,omitempty" doc:"With everyone who may see reports."`
	Revision   int              `json:"revision,omitempty" minimum:"0" doc:"That of the one it was made from; 0 for a new one."`
	Definition reportDefinition `json:"definition"`
}

type reportShown struct {
	ID         uid.ID           `json:"id"`
	Name       string           `json:"name"`
	Owner      uid.ID           `json:"owner"`
	OwnerName  string           `json:"owner_name"`
	Shared     bool             `json:"shared"`
	Revision   int              `json:"revision"`
	UpdatedAt  time.Time        `json:"updated_at"`
	Definition reportDefinition `json:"definition"`
}

type reportOut struct{ Body reportShown }

type reportIn struct {
	ID uid.ID `path:"report" doc:"The report's id."`
}

type reportLinesIn struct {
	Paging
	ID       uid.ID `path:"report" doc:"The report's id."`
	TimeZone string `query:"time_zone" maxLength:"60" doc:"An IANA time zone for days; UTC without it."`
}

type reportNewIn struct{ Body reportInput }

type reportSetIn struct {
	ID   uid.ID `path:"report" doc:"The report's id."`
	Body reportInput
}

type reportLine struct {
	ID          uid.ID     `json:"id" doc:"Of the duty or the enrolment."`
	PersonID    uid.ID     `json:"person_id"`
	Person      string     `json:"person"`
	Email       string     `json:"email"`
	Department  string     `json:"department"`
	SubjectID   uid.ID     `json:"subject_id" doc:"The requirement or the course."`
	Subject     string     `json:"subject"`
	State       string     `json:"state"`
	Percent     int        `json:"percent"`
	Version     int        `json:"version"`
	GivenAt     *time.Time `json:"given_at"`
	StartedAt   *time.Time `json:"started_at"`
	DueAt       *time.Time `json:"due_at"`
	GraceUntil  *time.Time `json:"grace_until"`
	CompletedAt *time.Time `json:"completed_at"`
	ExpiresAt   *time.Time `json:"expires_at"`
}

type reportCount struct {
	ID    *uid.ID `json:"id,omitempty" doc:"Of a subject."`
	Label string  `json:"label"`
	Lines int     `json:"lines"`
}

// reportValue is what is counted, or what counts are divided by.
type reportValue struct {
	ID    *uid.ID `json:"id,omitempty" doc:"Of a subject."`
	Label string  `json:"label"`
	Rest  bool    `json:"rest,omitempty" doc:"It is all further ones."`
}

// reportRow is a bar of a chart, or a point in time.
type reportRow struct {
	ID    *uid.ID    `json:"id,omitempty" doc:"Of a subject."`
	Label string     `json:"label" doc:"Of a line the first day, as 2026-03-31."`
	From  *time.Time `json:"from,omitempty" doc:"Of a line: its first moment."`
	Until *time.Time `json:"until,omitempty" doc:"Of a line: the first moment after it."`
	Lines int        `json:"lines"`
	Parts []int      `json:"parts" doc:"As the chart's parts."`
}

type reportChart struct {
	Parts []reportValue `json:"parts" doc:"The most first, at most seven and all further ones as one."`
	Rows  []reportRow   `json:"rows" doc:"The most first, at most 50; of a line in order of time, at most 400."`
}

func showChart(d *builder.Drawn) *reportChart {
	if d == nil {
		return nil
	}
	value := func(v builder.Value) reportValue { return reportValue{unlessNil(v.ID), v.Label, v.Rest} }
	out := &reportChart{Parts: []reportValue{}, Rows: []reportRow{}}
	for _, p := range d.Parts {
		out.Parts = append(out.Parts, value(p))
	}
	for _, r := range d.Rows {
		row := reportRow{ID: unlessNil(r.ID), Label: r.Label, Lines: r.N, Parts: r.Parts}
		if !r.From.IsZero() {
			from, until := r.From.UTC(), r.Until.UTC()
			row.From, row.Until = &from, &until
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

type reportLinesOut struct {
	Body struct {
		At     time.Time     `json:"at"`
		Chart  *reportChart  `json:"chart,omitempty" doc:"Where it divides counts, or counts over time."`
		Counts []reportCount `json:"counts" doc:"Where the report counts, the most first, at most 50."`
		Items  []reportLine  `json:"items"`
		Next   *string       `json:"next" doc:"Give this as after to get the next page. It is null at the end."`
	}
}

func showReport(s *builder.Saved) (reportShown, error) {
	d, err := s.Defined()
	return reportShown{s.ID, s.Name, s.OwnerID, s.OwnerName, s.Shared, s.Revision, s.UpdatedAt.UTC(), showDefinition(d)}, err
}

func (a *api) builtOperations() {
	manage := route.For(policy.EnrolmentManage)
	save := func(ctx context.Context, id uid.ID, in reportInput) (*reportOut, error) {
		saved, err := a.Built.Save(ctx, id, builder.Input{Name: in.Name, Shared: in.Shared, Revision: in.Revision, Definition: in.Definition.definition()})
		if err != nil {
			return nil, err
		}
		out, err := showReport(&saved)
		return &reportOut{out}, err
	}
	on(a, operation{method: get, path: "/reports", id: "list-reports", tag: tagEnrolments, need: manage, summary: "One's own reports and those that are shared, by name"},
		func(ctx context.Context, _ *nothing) (*pageOut[reportShown], error) {
			list, err := a.Built.List(ctx)
			if err != nil {
				return nil, err
			}
			shown := make([]reportShown, len(list))
			for i := range list {
				if shown[i], err = showReport(&list[i]); err != nil {
					return nil, err
				}
			}
			return whole(ctx, shown, func(r *reportShown) reportShown { return *r }), nil
		})
	on(a, operation{method: post, path: "/reports", id: "create-report", tag: tagEnrolments, need: manage, status: 201, summary: "Keep a report", fails: faults{builder.ErrNameTaken, builder.ErrTooMany}},
		func(ctx context.Context, in *reportNewIn) (*reportOut, error) { return save(ctx, uid.Nil, in.Body) })
	on(a, operation{method: get, path: "/reports/{report}", id: "get-report", tag: tagEnrolments, need: manage, summary: "A report as it was put together", fails: faults{builder.ErrNotFound}},
		func(ctx context.Context, in *reportIn) (*reportOut, error) {
			saved, err := a.Built.Get(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			out, err := showReport(&saved)
			return &reportOut{out}, err
		})
	on(a, operation{method: put, path: "/reports/{report}", id: "set-report", tag: tagEnrolments, need: manage, summary: "Change a report of one's own", fails: faults{builder.ErrNotFound, builder.ErrNotOwn, builder.ErrNameTaken, builder.ErrChanged}},
		func(ctx context.Context, in *reportSetIn) (*reportOut, error) { return save(ctx, in.ID, in.Body) })
	on(a, operation{method: del, path: "/reports/{report}", id: "delete-report", tag: tagEnrolments, need: manage, summary: "Delete a report of one's own", fails: faults{builder.ErrNotFound, builder.ErrNotOwn}},
		func(ctx context.Context, in *reportIn) (*nothing, error) { return nil, a.Built.Delete(ctx, in.ID) })
	on(a, operation{method: get, path: "/reports/{report}/lines", id: "run-report", tag: tagEnrolments, need: manage, summary: "The lines of a report, live", fails: faults{builder.ErrNotFound, page.ErrCursor}},
		func(ctx context.Context, in *reportLinesIn) (*reportLinesOut, error) {
			saved, err := a.Built.Get(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			d, err := saved.Defined()
			if err != nil {
				return nil, err
			}
			if d.Zone, err = zoneNamed(in.TimeZone); err != nil {
				return nil, err
			}
			r, err := a.Built.Run(ctx, d, in.request())
			if err != nil {
				return nil, err
			}
			out := &reportLinesOut{}
			out.Body.At, out.Body.Counts, out.Body.Items = r.At.UTC(), []reportCount{}, []reportLine{}
			out.Body.Chart = showChart(r.Drawn)
			for _, n := range r.Counts {
				one := reportCount{Label: n.Label, Lines: n.N}
				if n.ID != uid.Nil {
					one.ID = &n.ID
				}
				out.Body.Counts = append(out.Body.Counts, one)
			}
			for _, l := range r.Lines.Items {
				out.Body.Items = append(out.Body.Items, reportLine{
					l.ID, l.PersonID, l.Person, l.Email, l.Department, l.SubjectID, l.Subject, l.State, l.Percent, l.Version,
					utcOrNone(l.GivenAt), utcOrNone(l.StartedAt), utcOrNone(l.DueAt), utcOrNone(l.GraceUntil), utcOrNone(l.CompletedAt), utcOrNone(l.ExpiresAt),
				})
			}
			if r.Lines.Next != "" {
				out.Body.Next = &r.Lines.Next
			}
			return out, nil
		})
}
