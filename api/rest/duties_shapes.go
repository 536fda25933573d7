package rest

import (
	"time"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/duty"
)

// requirementInput is a requirement as it is written.
type requirementInput struct {
	Name        string      `json:"name" minLength:"1" maxLength:"120"`
	Framework   string      `json:"framework,omitempty" maxLength:"120" doc:"The rule it comes from, OSHA for one."`
	Courses     []uid.ID    `json:"courses,omitempty" maxItems:"20" doc:"Any of them fulfils it; people are enrolled in the first. At least one, or a path."`
	Path        *uid.ID     `json:"path,omitempty" doc:"The id of the path that fulfils it: every section is to be completed, and again since renewal opened. In place of courses."`
	ValidMonths *int        `json:"valid_months,omitempty" minimum:"1" maximum:"120" doc:"Left out: done once is done for good."`
	DueDays     *int        `json:"due_days,omitempty" minimum:"1" maximum:"3660" doc:"From the day it becomes a person's duty. Left out: no due date."`
	GraceDays   int         `json:"grace_days,omitempty" minimum:"0" maximum:"3660" doc:"After the due date, or after it expired."`
	RenewDays   int         `json:"renew_days,omitempty" minimum:"0" maximum:"3660" doc:"So many days before it expires it can be renewed."`
	KeepDay     bool        `json:"keep_day,omitempty" doc:"Who renews early keeps the day on which it expires."`
	DueAt       *time.Time  `json:"due_at,omitempty" doc:"When everybody is due who has it before then; for the others due_days counts."`
	LeaveCourse bool        `json:"leave_course,omitempty" doc:"Who has it no more and has not begun is taken out of the course."`
	FromHired   bool        `json:"due_from_hired,omitempty" doc:"due_days count from the day of hiring (the attribute hire_date), for whom that is not over by the day it became their duty."`
	Certificate bool        `json:"until_certificate,omitempty" doc:"Valid until the certificate of what was completed ends or is withdrawn; valid_months counts where there is none, or it has no end."`
	Role        policy.Role `json:"role,omitempty" maxLength:"60" doc:"A role that it gives. It must be one that you may give, and that manages neither people, roles, groups, sign-on nor the portal."`
	RoleWhile   string      `json:"role_while,omitempty" enum:"duty,valid" doc:"While it is a person’s duty, or only while it is fulfilled. Left out: duty."`
	Status      duty.Status `json:"status,omitempty" enum:"draft,on" doc:"Of a new one: a draft catches nobody until it is switched on. Draft where it is left out. One that exists is changed by switch-requirement."`
	Revision    int         `json:"revision,omitempty" minimum:"0" doc:"That of the one it was made from; 0 for a new one."`
}

type requirementGroup struct {
	ID       uid.ID `json:"id"`
	Name     string `json:"name"`
	Members  int    `json:"members"`
	Excepted bool   `json:"excepted" doc:"Its people are left out, through whichever group they would come."`
	Spared   int    `json:"spared" doc:"Of its members, who are left out because it applies to newcomers only."`
}

type requirementPerson struct {
	ID       uid.ID `json:"id"`
	Name     string `json:"name"`
	Email    string `json:"email"`
	Excepted bool   `json:"excepted" doc:"Left out, whatever their groups say."`
	Reason   string `json:"reason"`
}

type requirementCount struct {
	State  duty.State `json:"state" enum:"non_compliant,in_grace,expiring,not_started,in_progress,compliant,waived"`
	People int        `json:"people"`
}

type requirementShown struct {
	ID          uid.ID              `json:"id"`
	Name        string              `json:"name"`
	Framework   string              `json:"framework,omitempty"`
	Courses     []uid.ID            `json:"courses" doc:"Any of them fulfils it; people are enrolled in the first. Those of the path, where a path fulfils it."`
	Path        *uid.ID             `json:"path,omitempty" doc:"The id of the path that fulfils it. Left out: one of the courses does."`
	ValidMonths *int                `json:"valid_months,omitempty" doc:"Left out: done once is done for good."`
	DueDays     *int                `json:"due_days,omitempty" doc:"From the day it becomes a person's duty. Left out: no due date."`
	GraceDays   int                 `json:"grace_days"`
	RenewDays   int                 `json:"renew_days"`
	KeepDay     bool                `json:"keep_day"`
	DueAt       *time.Time          `json:"due_at"`
	LeaveCourse bool                `json:"leave_course"`
	FromHired   bool                `json:"due_from_hired"`
	Certificate bool                `json:"until_certificate"`
	Role        policy.Role         `json:"role,omitempty" doc:"The role that it gives."`
	RoleWhile   string              `json:"role_while,omitempty" enum:"duty,valid"`
	Status      duty.Status         `json:"status" enum:"draft,on,off"`
	Revision    int                 `json:"revision"`
	Groups      []requirementGroup  `json:"groups" doc:"Everyone in them has the duty."`
	People      []requirementPerson `json:"people" doc:"Whom it names."`
	Counts      []requirementCount  `json:"counts"`
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

type requirementAddIn struct {
	ID        uid.ID `path:"requirement" doc:"The requirement's id."`
	Group     uid.ID `path:"group" doc:"The group's id."`
	Newcomers bool   `query:"newcomers" doc:"Only who joins from now on."`
	Excepted  bool   `query:"excepted" doc:"Leave its people out."`
}

type requirementPlanIn struct {
	Paging
	ID    uid.ID  `path:"requirement" doc:"The requirement's id."`
	Do    duty.Do `query:"do" required:"true" enum:"add,newcomers,except,remove,on,off" doc:"The change: of a group, or of the whole requirement."`
	Group uid.ID  `query:"group" doc:"The group that it is about, but for on and off."`
}

type plannedPerson struct {
	PersonID uid.ID `json:"person_id"`
	Name     string `json:"name"`
	Email    string `json:"email"`
	Change   string `json:"change" enum:"given,withdrawn"`
}

type requirementPlanOut struct {
	Link string `header:"Link"`
	Body struct {
		Given     int             `json:"given" doc:"Who would get the duty."`
		Withdrawn int             `json:"withdrawn" doc:"Who would have it no more."`
		Kept      int             `json:"kept"`
		Items     []plannedPerson `json:"items" doc:"Those whom it changes, by name."`
		Next      *string         `json:"next,omitempty" doc:"What after takes for the next piece; left out at the end."`
	}
}

type requirementSwitchIn struct {
	ID   uid.ID `path:"requirement" doc:"The requirement's id."`
	Body struct {
		On bool `json:"on"`
	}
}

type requirementNameIn struct {
	ID     uid.ID `path:"requirement" doc:"The requirement's id."`
	Person uid.ID `path:"person" doc:"The person's id."`
	Body   struct {
		Reason   string `json:"reason" minLength:"1" maxLength:"1000"`
		Excepted bool   `json:"excepted,omitempty" doc:"Left out, whatever their groups say."`
	}
}

type requirementRunsIn struct {
	Paging
	ID uid.ID `path:"requirement" doc:"The requirement's id."`
}

type requirementRunIn struct {
	ID  uid.ID `path:"requirement" doc:"The requirement's id."`
	Run uid.ID `path:"run" doc:"The change's id."`
}

type requirementChangesIn struct {
	Paging
	ID  uid.ID `path:"requirement" doc:"The requirement's id."`
	Run uid.ID `path:"run" doc:"The change's id."`
}

type requirementRun struct {
	ID        uid.ID     `json:"id"`
	Cause     duty.Cause `json:"cause" enum:"settled,group_added,group_excepted,group_removed,exception_removed,person_added,person_excepted,person_removed,person_exception_removed,switched_on,switched_off,undone" doc:"Settled: groups or people changed."`
	AboutID   *uid.ID    `json:"about_id,omitempty" doc:"The group, the person, or the change that was undone."`
	AboutName string     `json:"about_name"`
	ByID      *uid.ID    `json:"by_id,omitempty" doc:"Left out: the system."`
	At        time.Time  `json:"at"`
	Given     int        `json:"given"`
	Withdrawn int        `json:"withdrawn"`
	Enrolled  int        `json:"enrolled"`
	Undoable  bool       `json:"undoable"`
	UndoneAt  *time.Time `json:"undone_at"`
}

type requirementRunChange struct {
	PersonID    uid.ID    `json:"person_id"`
	Name        string    `json:"name"`
	Email       string    `json:"email"`
	Change      string    `json:"change" enum:"given,withdrawn,enrolled,left"`
	EnrolmentID *uid.ID   `json:"enrolment_id,omitempty"`
	At          time.Time `json:"at"`
}

type enrolmentReason struct {
	RequirementID uid.ID     `json:"requirement_id"`
	Requirement   string     `json:"requirement"`
	RunID         uid.ID     `json:"run_id"`
	Cause         duty.Cause `json:"cause"`
	About         string     `json:"about"`
	Groups        string     `json:"groups" doc:"The names of the groups that make it a duty now."`
	At            time.Time  `json:"at"`
}

type enrolmentReasonsOut struct {
	Body struct {
		Items []enrolmentReason `json:"items"`
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
	ByName        bool       `json:"by_name" doc:"The requirement names the person."`
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
		ID: r.ID, Name: r.Name, Framework: r.Framework, Courses: []uid.ID{}, ValidMonths: r.ValidMonths, DueDays: r.DueDays, GraceDays: r.GraceDays, RenewDays: r.RenewDays, KeepDay: r.KeepDay, DueAt: utcOrNone(r.DueAt), LeaveCourse: r.LeaveCourse, FromHired: r.DueFromHired, Certificate: r.UntilCertificate, Status: duty.StatusOn, Revision: r.Revision, People: []requirementPerson{},
		Groups: []requirementGroup{}, Counts: []requirementCount{},
	}
	if !r.On() {
		out.Status = r.Status
	}
	if r.Role != nil {
		out.Role, out.RoleWhile = *r.Role, string(*r.RoleWhile)
	}
	for _, p := range r.People {
		out.People = append(out.People, requirementPerson{p.PersonID, p.Name, p.Email, p.Excepted, p.Reason})
	}
	out.Path = r.PathID
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
	return dutyShown{ID: d.ID, RequirementID: d.RequirementID, Requirement: d.RequirementName, PersonID: d.PersonID, Name: d.Name, Email: d.Email, State: d.State, BeganAt: d.BeganAt.UTC(), DueAt: utcOrNone(d.DueAt), GraceUntil: utcOrNone(d.GraceUntil), CompletedAt: utcOrNone(d.CompletedAt), ExpiresAt: utcOrNone(d.ExpiresAt), WaivedUntil: utcOrNone(d.WaivedUntil), WaivedReason: d.WaivedReason, Reasons: d.Reasons, ByName: d.ByName}
}
