package themes

import (
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/duty"
)

// CompliancePage is GET /compliance: what people must have done.
type CompliancePage struct{ Requirements []duty.Shown }

func (p CompliancePage) in(c *Chrome) (string, any) {
	return "compliance", framed[CompliancePage]{c, p}
}

// DutiesPage is GET /duties: what the reader must have done.
type DutiesPage struct{ Duties []duty.Duty }

func (p DutiesPage) in(c *Chrome) (string, any) { return "duties", framed[DutiesPage]{c, p} }

// RequirementPage is GET /compliance/:requirement?state=&after=&find=. It leads to …/plan and …/runs/:run, and posts person, excepted and reason
// to …/people, nothing to …/people/:person/unname and …/runs/:run/undo, reason and until to …/people/:person/waive, and nothing to
// …/people/:person/unwaive.
type RequirementPage struct {
	Requirement duty.Shown
	Duties      page.Of[duty.Duty]
	State       duty.State   // "" all
	Groups      []duty.Group // to choose from
	Runs        page.Of[duty.Run]
	Find        string
	Found       []auth.Person
	Problem     *fault.Fault
}

// RequirementPlanPage is GET /compliance/:requirement/plan?do=&group=&after=: whom a change would change. It posts do and group to …/scope.
type RequirementPlanPage struct {
	Requirement duty.Shown
	Plan        duty.Plan
}

func (p RequirementPlanPage) in(c *Chrome) (string, any) {
	return "requirement_plan", framed[RequirementPlanPage]{c, p}
}

// At is the requirement's address.
func (p RequirementPlanPage) At() string { return "/compliance/" + p.Requirement.ID.String() }

// RequirementRunPage is GET /compliance/:requirement/runs/:run?after=: what a change did to whom.
type RequirementRunPage struct {
	Requirement duty.Shown
	Run         duty.Run
	Changes     page.Of[duty.RunChange]
}

func (p RequirementRunPage) in(c *Chrome) (string, any) {
	return "requirement_run", framed[RequirementRunPage]{c, p}
}

// At is the requirement's address.
func (p RequirementRunPage) At() string { return "/compliance/" + p.Requirement.ID.String() }

func (p RequirementPage) in(c *Chrome) (string, any) {
	return "requirement", framed[RequirementPage]{c, p}
}

// At is its address.
func (p RequirementPage) At() string { return "/compliance/" + p.Requirement.ID.String() }

// Valid is for how many months it is valid, 0 for good.
func (p RequirementPage) Valid() int { return orNone(p.Requirement.ValidMonths) }

// RoleWhile is how long it gives its role, where it gives one.
func (p RequirementPage) RoleWhile() duty.RoleWhile {
	if p.Requirement.RoleWhile == nil {
		return ""
	}
	return *p.Requirement.RoleWhile
}

// Due is after how many days it is due, 0 never.
func (p RequirementPage) Due() int { return orNone(p.Requirement.DueDays) }

func orNone(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

// RequirementForm is what was typed.
type RequirementForm struct {
	Name, Framework, Valid, Due, Grace, Renew string
	DueOn                                     string // a day
	KeepDay, Leave, Hired, Certificate        bool
	Role                                      policy.Role
	RoleWhile                                 duty.RoleWhile
	Path                                      uid.ID // that fulfils it; uid.Nil: none
	Course                                    uid.ID // that people are enrolled in
	Chosen                                    map[uid.ID]bool
}

// RequirementEditPage is GET and POST /compliance/new (Requirement is zero then) and /compliance/:requirement/edit: fields name, framework,
// path, course, courses, valid_months, until_certificate, due_days, due_from_hired, due_on, grace_days, renew_days, keep_day, leave_course, role,
// role_while and revision.
type RequirementEditPage struct {
	Requirement duty.Shown
	Form        RequirementForm
	Choices     duty.Choices
	Roles       []policy.Role // that it may give
	Problem     *fault.Fault
}

func (p RequirementEditPage) in(c *Chrome) (string, any) {
	return "requirement_edit", framed[RequirementEditPage]{c, p}
}

// Fresh tells that it is a new one.
func (p RequirementEditPage) Fresh() bool { return p.Requirement.ID == uid.Nil }

// At is where it posts to.
func (p RequirementEditPage) At() string {
	if p.Fresh() {
		return "/compliance/new"
	}
	return "/compliance/" + p.Requirement.ID.String() + "/edit"
}

// Has tells whether a course is chosen.
func (p RequirementEditPage) Has(course uid.ID) bool { return p.Form.Chosen[course] }

// DutyTone is the colour of a state, beside its words.
func (c *Chrome) DutyTone(s duty.State) string {
	switch s {
	case duty.StateNonCompliant:
		return "bad"
	case duty.StateInGrace, duty.StateExpiring:
		return "warn"
	case duty.StateCompliant:
		return "good"
	}
	return ""
}
