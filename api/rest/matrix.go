package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/duty"
	"lyceum/learning/report"
)

// MatrixAsked is what of the matrix is asked for.
type MatrixAsked struct {
	Requirement uid.ID     `query:"requirement" doc:"Only this one."`
	State       duty.State `query:"state" enum:"non_compliant,in_grace,expiring,not_started,in_progress,compliant,waived" doc:"People who are in this state with it; all without it."`
	Group       uid.ID     `query:"group" doc:"People of this group."`
	Department  string     `query:"department" maxLength:"200" doc:"People of this department."`
	Manager     uid.ID     `query:"manager" doc:"People below this one."`
	Name        string     `query:"name" maxLength:"200" doc:"A piece of the name or the address."`
	AsOf        time.Time  `query:"as_of" doc:"The moment that it tells of; left out: known_on, or now."`
	KnownOn     time.Time  `query:"known_on" doc:"The moment whose knowledge it tells; left out: now."`
}

func (in MatrixAsked) filter() report.Filter {
	return report.Filter{Requirement: in.Requirement, State: in.State, Group: in.Group, Department: in.Department, Manager: in.Manager, Name: in.Name, As: report.Moment{At: in.AsOf, Known: in.KnownOn}}
}

type matrixIn struct {
	MatrixAsked
	Paging
}

type matrixTotalsIn struct{ MatrixAsked }

type matrixColumn struct {
	ID        uid.ID `json:"id"`
	Name      string `json:"name"`
	Framework string `json:"framework,omitempty"`
}

type matrixCell struct {
	RequirementID uid.ID     `json:"requirement_id"`
	State         duty.State `json:"state" enum:"non_compliant,in_grace,expiring,not_started,in_progress,compliant,waived"`
	DueAt         *time.Time `json:"due_at"`
	GraceUntil    *time.Time `json:"grace_until" doc:"After the due date, or once completed after it expires."`
	CompletedAt   *time.Time `json:"completed_at"`
	ExpiresAt     *time.Time `json:"expires_at"`
}

type matrixRow struct {
	PersonID   uid.ID       `json:"person_id"`
	Name       string       `json:"name"`
	Email      string       `json:"email"`
	Department string       `json:"department"`
	Cells      []matrixCell `json:"cells" doc:"In the order of the requirements; those that are no duty are left out."`
}

type matrixOut struct {
	Body struct {
		AsOf         time.Time      `json:"as_of"`
		KnownOn      time.Time      `json:"known_on"`
		Requirements []matrixColumn `json:"requirements"`
		Items        []matrixRow    `json:"items"`
		Next         *string        `json:"next" doc:"Give this as after to get the next page. It is null at the end."`
	}
}

type matrixTotal struct {
	RequirementID uid.ID     `json:"requirement_id"`
	State         duty.State `json:"state" enum:"non_compliant,in_grace,expiring,not_started,in_progress,compliant,waived"`
	People        int        `json:"people"`
}

type matrixTotalsOut struct {
	Body struct {
		Items []matrixTotal `json:"items"`
	}
}

type dutyRecordIn struct {
	ID     uid.ID `path:"requirement" doc:"The requirement's id."`
	Person uid.ID `path:"person" doc:"The person's id."`
}

type dutyRecordEntry struct {
	RecordedAt   time.Time  `json:"recorded_at" doc:"Since when it was known."`
	Revision     int        `json:"revision"`
	Cycle        int        `json:"cycle"`
	Spell        int        `json:"spell" doc:"How often it was given."`
	GivenAt      time.Time  `json:"given_at"`
	WithdrawnAt  *time.Time `json:"withdrawn_at"`
	BeganAt      time.Time  `json:"began_at" doc:"The cycle."`
	DueAt        *time.Time `json:"due_at"`
	DueGrace     *time.Time `json:"due_grace_until"`
	CompletedAt  *time.Time `json:"completed_at"`
	CourseTitle  string     `json:"course_title"`
	Version      int        `json:"course_version" doc:"Of the course's content; 0 none."`
	EnrolmentID  *uid.ID    `json:"enrolment_id,omitempty"`
	Certificate  string     `json:"certificate" doc:"Its number."`
	RenewsAt     *time.Time `json:"renews_at"`
	ExpiresAt    *time.Time `json:"expires_at"`
	GraceUntil   *time.Time `json:"expired_grace_until"`
	EndedAt      *time.Time `json:"ended_at"`
	WaivedAt     *time.Time `json:"waived_at"`
	WaivedUntil  *time.Time `json:"waived_until"`
	WaivedReason string     `json:"waived_reason"`
	Reasons      string     `json:"reasons" doc:"The names of the groups that made it a duty."`
}

type dutyRecordOut struct {
	Body struct {
		PersonID      uid.ID            `json:"person_id"`
		RequirementID uid.ID            `json:"requirement_id"`
		State         duty.State        `json:"state,omitempty" doc:"Now; left out where it is a duty no more."`
		Entries       []dutyRecordEntry `json:"entries" doc:"The newest first, at most 1,000."`
	}
}

func (a *api) matrixOperations() {
	manage := route.For(policy.EnrolmentManage)
	on(a, operation{method: get, path: "/compliance/matrix", id: "list-compliance-matrix", tag: tagEnrolments, need: manage, summary: "How people stand with what they must have done", about: "People who have a duty, by name. With as_of and known_on: how they stood at a moment, as it was known at another.", fails: faults{duty.ErrNotFound, page.ErrCursor}},
		func(ctx context.Context, in *matrixIn) (*matrixOut, error) {
			f := in.filter()
			f.Page = in.request()
			m, err := a.Compliance.Matrix(ctx, f)
			if err != nil {
				return nil, err
			}
			out := &matrixOut{}
			out.Body.AsOf, out.Body.KnownOn = m.As.At.UTC(), m.As.Known.UTC()
			if m.Rows.Next != "" {
				out.Body.Next = &m.Rows.Next
			}
			out.Body.Requirements, out.Body.Items = []matrixColumn{}, []matrixRow{}
			for _, c := range m.Columns {
				out.Body.Requirements = append(out.Body.Requirements, matrixColumn(c))
			}
			for _, r := range m.Rows.Items {
				row := matrixRow{PersonID: r.PersonID, Name: r.Name, Email: r.Email, Department: r.Department, Cells: []matrixCell{}}
				for _, c := range m.Columns {
					if cell, ok := r.Cells[c.ID]; ok {
						row.Cells = append(row.Cells, matrixCell{c.ID, cell.State, utcOrNone(cell.DueAt), utcOrNone(cell.GraceUntil), utcOrNone(cell.CompletedAt), utcOrNone(cell.ExpiresAt)})
					}
				}
				out.Body.Items = append(out.Body.Items, row)
			}
			return out, nil
		})
	on(a, operation{method: get, path: "/compliance/totals", id: "count-compliance-matrix", tag: tagEnrolments, need: manage, summary: "How many people stand how with each requirement"},
		func(ctx context.Context, in *matrixTotalsIn) (*matrixTotalsOut, error) {
			list, err := a.Compliance.Totals(ctx, in.filter())
			if err != nil {
				return nil, err
			}
			out := &matrixTotalsOut{}
			out.Body.Items = []matrixTotal{}
			for _, t := range list {
				out.Body.Items = append(out.Body.Items, matrixTotal{t.RequirementID, t.State, t.N})
			}
			return out, nil
		})
	on(a, operation{method: get, path: "/requirements/{requirement}/duties/{person}/record", id: "get-duty-record", tag: tagEnrolments, need: manage, summary: "What was known of a duty, and when", fails: faults{report.ErrNoRecord}},
		func(ctx context.Context, in *dutyRecordIn) (*dutyRecordOut, error) {
			rec, err := a.Compliance.Record(ctx, in.ID, in.Person, report.Moment{})
			if err != nil {
				return nil, err
			}
			out := &dutyRecordOut{}
			out.Body.PersonID, out.Body.RequirementID, out.Body.State = in.Person, in.ID, rec.State
			out.Body.Entries = []dutyRecordEntry{}
			for _, e := range rec.Entries {
				out.Body.Entries = append(out.Body.Entries, dutyRecordEntry{
					RecordedAt: e.RecordedAt.UTC(), Revision: e.Revision, Cycle: e.Number, Spell: e.Spell, GivenAt: e.GivenAt.UTC(), WithdrawnAt: utcOrNone(e.WithdrawnAt), BeganAt: e.BeganAt.UTC(), DueAt: utcOrNone(e.DueAt), DueGrace: utcOrNone(e.DueGrace),
					CompletedAt: utcOrNone(e.CompletedAt), CourseTitle: e.CourseTitle, Version: e.Version, EnrolmentID: e.EnrolmentID, Certificate: e.Certificate, RenewsAt: utcOrNone(e.RenewsAt), ExpiresAt: utcOrNone(e.ExpiresAt), GraceUntil: utcOrNone(e.GraceUntil), EndedAt: utcOrNone(e.EndedAt),
					WaivedAt: utcOrNone(e.WaivedAt), WaivedUntil: utcOrNone(e.WaivedUntil), WaivedReason: e.WaivedReason, Reasons: e.Reasons,
				})
			}
			return out, nil
		})
}
