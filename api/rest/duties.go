package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/duty"
)

// requirementInput is a requirement as it is written.
type requirementInput struct {
	Name        string   `json:"name" minLength:"1" maxLength:"120"`
	Framework   string   `json:"framework,omitempty" maxLength:"120" doc:"The rule it comes from, OSHA for one."`
	Courses     []uid.ID `json:"courses" minItems:"1" maxItems:"20" doc:"Any of them fulfils it; people are enrolled in the first."`
	ValidMonths *int     `json:"valid_months,omitempty" minimum:"1" maximum:"120" doc:"Left out: done once is done for good."`
	DueDays     *int     `json:"due_days,omitempty" minimum:"1" maximum:"3660" doc:"From the day it becomes a person's duty. Left out: no due date."`
	GraceDays   int      `json:"grace_days,omitempty" minimum:"0" maximum:"3660" doc:"After the due date, or after it expired."`
	RenewDays   int      `json:"renew_days,omitempty" minimum:"0" maximum:"3660" doc:"So many days before it expires it can be renewed."`
	KeepDay     bool     `json:"keep_day,omitempty" doc:"Who renews early keeps the day on which it expires."`
	Revision    int      `json:"revision,omitempty" minimum:"0" doc:"That of the one it was made from; 0 for a new one."`
}

type requirementGroup struct {
	ID      uid.ID `json:"id"`
	Name    string `json:"name"`
	Members int    `json:"members"`
}

type requirementCount struct {
	State  duty.State `json:"state" enum:"non_compliant,in_grace,expiring,not_started,in_progress,compliant,waived"`
	People int        `json:"people"`
}

type requirementShown struct {
	ID          uid.ID             `json:"id"`
	Name        string             `json:"name"`
	Framework   string             `json:"framework,omitempty"`
	Courses     []uid.ID           `json:"courses" doc:"Any of them fulfils it; people are enrolled in the first."`
	ValidMonths *int               `json:"valid_months,omitempty" doc:"Left out: done once is done for good."`
	DueDays     *int               `json:"due_days,omitempty" doc:"From the day it becomes a person's duty. Left out: no due date."`
	GraceDays   int                `json:"grace_days"`
	RenewDays   int                `json:"renew_days"`
	KeepDay     bool               `json:"keep_day"`
	Revision    int                `json:"revision"`
	Groups      []requirementGroup `json:"groups" doc:"Everyone in them has the duty."`
	Counts      []requirementCount `json:"counts"`
}

type requirementOut struct{ Body requirementShown }

type requirementsOut struct {
	Body struct {
		Items []requirementShown `json:"items"`
	}
}

type requirementIn struct {
	ID uid.ID `path:"requirement" doc:"The requirement's id."`
}

type requirementNewIn struct{ Body requirementInput }

type requirementSetIn struct {
	ID   uid.ID `path:"requirement" doc:"The requirement's id."`
	Body requirementInput
}

type requirementGroupIn struct {
	ID    uid.ID `path:"requirement" doc:"The requirement's id."`
	Group uid.ID `path:"group" doc:"The group's id."`
}

type requirementPreviewOut struct {
	Body struct {
		Members int      `json:"members" doc:"People of the group who are not deactivated."`
		New     int      `json:"new" doc:"Of them, who would get the duty."`
		People  []uid.ID `json:"people" doc:"The first of those, by name; at most 20."`
	}
}

type dutiesIn struct {
	Paging
	ID    uid.ID     `path:"requirement" doc:"The requirement's id."`
	State duty.State `query:"state" enum:"non_compliant,in_grace,expiring,not_started,in_progress,compliant,waived" doc:"Only these; all without it."`
}

type dutyShown struct {
	ID            uid.ID     `json:"id"`
	RequirementID uid.ID     `json:"requirement_id"`
	Requirement   string     `json:"requirement"`
	PersonID      uid.ID     `json:"person_id"`
	Name          string     `json:"name"`
	Email         string     `json:"email"`
	State         duty.State `json:"state" enum:"non_compliant,in_grace,expiring,not_started,in_progress,compliant,waived"`
	BeganAt       time.Time  `json:"began_at"`
	DueAt         *time.Time `json:"due_at"`
	GraceUntil    *time.Time `json:"grace_until" doc:"After the due date, or once completed after it expires."`
	CompletedAt   *time.Time `json:"completed_at"`
	ExpiresAt     *time.Time `json:"expires_at"`
	WaivedUntil   *time.Time `json:"waived_until"`
	WaivedReason  string     `json:"waived_reason"`
	Reasons       string     `json:"reasons" doc:"The names of the groups that make it a duty."`
}

type ownDutiesOut struct {
	Body struct {
		Items []dutyShown `json:"items"`
	}
}

type dutyWaiverIn struct {
	ID     uid.ID `path:"requirement" doc:"The requirement's id."`
	Person uid.ID `path:"person" doc:"The person's id."`
	Body   struct {
		Reason string     `json:"reason" minLength:"1" maxLength:"1000"`
		Until  *time.Time `json:"until,omitempty" doc:"Left out: for good."`
	}
}

type dutyWaiverEndIn struct {
	ID     uid.ID `path:"requirement" doc:"The requirement's id."`
	Person uid.ID `path:"person" doc:"The person's id."`
}

func showRequirement(r duty.Shown) requirementShown {
	out := requirementShown{
		ID: r.ID, Name: r.Name, Framework: r.Framework, Courses: []uid.ID{}, ValidMonths: r.ValidMonths, DueDays: r.DueDays, GraceDays: r.GraceDays, RenewDays: r.RenewDays, KeepDay: r.KeepDay, Revision: r.Revision,
		Groups: []requirementGroup{}, Counts: []requirementCount{},
	}
	for _, c := range r.Courses {
		out.Courses = append(out.Courses, c.ID)
	}
	for _, g := range r.Groups {
		out.Groups = append(out.Groups, requirementGroup(g))
	}
	for _, c := range r.Counts {
		out.Counts = append(out.Counts, requirementCount{c.State, c.N})
	}
	return out
}

func showDuty(d *duty.Duty) dutyShown {
	return dutyShown{ID: d.ID, RequirementID: d.RequirementID, Requirement: d.RequirementName, PersonID: d.PersonID, Name: d.Name, Email: d.Email, State: d.State, BeganAt: d.BeganAt.UTC(), DueAt: utcOrNone(d.DueAt), GraceUntil: utcOrNone(d.GraceUntil), CompletedAt: utcOrNone(d.CompletedAt), ExpiresAt: utcOrNone(d.ExpiresAt), WaivedUntil: utcOrNone(d.WaivedUntil), WaivedReason: d.WaivedReason, Reasons: d.Reasons}
}

func (a *api) dutyOperations() {
	manage := route.For(policy.EnrolmentManage)
	shown := func(r duty.Shown, err error) (*requirementOut, error) {
		if err != nil {
			return nil, err
		}
		return &requirementOut{showRequirement(r)}, nil
	}
	save := func(ctx context.Context, id uid.ID, in requirementInput) (*requirementOut, error) {
		return shown(a.Duties.Save(ctx, id, duty.Input{Name: in.Name, Framework: in.Framework, Courses: in.Courses, Revision: in.Revision, Terms: duty.Terms{ValidMonths: in.ValidMonths, DueDays: in.DueDays, GraceDays: in.GraceDays, RenewDays: in.RenewDays, KeepDay: in.KeepDay}}))
	}
	on(a, operation{method: get, path: "/requirements", id: "list-requirements", tag: tagEnrolments, need: manage, summary: "What people must have done, and how they stand"},
		func(ctx context.Context, _ *struct{}) (*requirementsOut, error) {
			list, err := a.Duties.List(ctx)
			if err != nil {
				return nil, err
			}
			out := &requirementsOut{}
			out.Body.Items = []requirementShown{}
			for _, r := range list {
				out.Body.Items = append(out.Body.Items, showRequirement(r))
			}
			return out, nil
		})
	on(a, operation{method: post, path: "/requirements", id: "create-requirement", tag: tagEnrolments, need: manage, status: 201, summary: "Make a requirement", fails: faults{duty.ErrNameTaken}},
		func(ctx context.Context, in *requirementNewIn) (*requirementOut, error) {
			return save(ctx, uid.Nil, in.Body)
		})
	on(a, operation{method: get, path: "/requirements/{requirement}", id: "get-requirement", tag: tagEnrolments, need: manage, summary: "A requirement", fails: faults{duty.ErrNotFound}},
		func(ctx context.Context, in *requirementIn) (*requirementOut, error) {
			return shown(a.Duties.Get(ctx, in.ID))
		})
	on(a, operation{method: put, path: "/requirements/{requirement}", id: "set-requirement", tag: tagEnrolments, need: manage, summary: "Change a requirement", about: "Open cycles move; what was completed keeps what it was completed under.", fails: faults{duty.ErrNotFound, duty.ErrNameTaken, duty.ErrChanged}},
		func(ctx context.Context, in *requirementSetIn) (*requirementOut, error) {
			if in.ID == uid.Nil {
				return nil, duty.ErrNotFound
			}
			return save(ctx, in.ID, in.Body)
		})
	on(a, operation{method: get, path: "/requirements/{requirement}/groups/{group}/preview", id: "preview-requirement-group", tag: tagEnrolments, need: manage, summary: "Whom applying a requirement to a group would catch", fails: faults{duty.ErrNotFound, auth.ErrGroupNotFound}},
		func(ctx context.Context, in *requirementGroupIn) (*requirementPreviewOut, error) {
			p, err := a.Duties.Preview(ctx, in.ID, in.Group)
			if err != nil {
				return nil, err
			}
			out := &requirementPreviewOut{}
			out.Body.Members, out.Body.New, out.Body.People = p.Members, p.New, []uid.ID{}
			for _, one := range p.People {
				out.Body.People = append(out.Body.People, one.ID)
			}
			return out, nil
		})
	on(a, operation{method: put, path: "/requirements/{requirement}/groups/{group}", id: "add-requirement-group", tag: tagEnrolments, need: manage, summary: "Apply a requirement to a group", about: "Everyone in it has the duty, and who joins later gets it. A job enrols them.", fails: faults{duty.ErrNotFound, auth.ErrGroupNotFound}},
		func(ctx context.Context, in *requirementGroupIn) (*requirementOut, error) {
			return shown(a.Duties.AddGroup(ctx, in.ID, in.Group))
		})
	on(a, operation{method: del, path: "/requirements/{requirement}/groups/{group}", id: "remove-requirement-group", tag: tagEnrolments, need: manage, summary: "End a requirement for a group", about: "Who is caught by no other group has the duty no more; progress and history stay.", fails: faults{duty.ErrNotFound, auth.ErrGroupNotFound, duty.ErrGroupNotCaught}},
		func(ctx context.Context, in *requirementGroupIn) (*struct{}, error) {
			_, err := a.Duties.RemoveGroup(ctx, in.ID, in.Group)
			return nil, err
		})
	on(a, operation{method: get, path: "/requirements/{requirement}/duties", id: "list-duties", tag: tagEnrolments, need: manage, summary: "Who has a duty, and how they stand, by name", fails: faults{duty.ErrNotFound}},
		func(ctx context.Context, in *dutiesIn) (*pageOut[dutyShown], error) {
			list, err := a.Duties.Duties(ctx, in.ID, duty.Filter{State: in.State, Page: in.request()})
			if err != nil {
				return nil, err
			}
			return paged(ctx, list, showDuty), nil
		})
	on(a, operation{method: put, path: "/requirements/{requirement}/duties/{person}/waiver", id: "waive-duty", tag: tagEnrolments, need: manage, status: 204, summary: "Waive a person's duty", fails: faults{duty.ErrNotFound, duty.ErrNoDuty, duty.ErrOwn}},
		func(ctx context.Context, in *dutyWaiverIn) (*struct{}, error) {
			return nil, a.Duties.Waive(ctx, in.ID, in.Person, in.Body.Until, in.Body.Reason)
		})
	on(a, operation{method: del, path: "/requirements/{requirement}/duties/{person}/waiver", id: "unwaive-duty", tag: tagEnrolments, need: manage, summary: "End a waiver", fails: faults{duty.ErrNotFound, duty.ErrNoDuty, duty.ErrOwn}},
		func(ctx context.Context, in *dutyWaiverEndIn) (*struct{}, error) {
			return nil, a.Duties.Unwaive(ctx, in.ID, in.Person)
		})
	on(a, operation{method: get, path: "/me/duties", id: "list-own-duties", tag: tagEnrolments, need: route.For(policy.EnrolmentSelf), summary: "One's own duties, the most pressing first"},
		func(ctx context.Context, _ *struct{}) (*ownDutiesOut, error) {
			list, err := a.Duties.Own(ctx)
			if err != nil {
				return nil, err
			}
			out := &ownDutiesOut{}
			out.Body.Items = []dutyShown{}
			for i := range list {
				out.Body.Items = append(out.Body.Items, showDuty(&list[i]))
			}
			return out, nil
		})
}
