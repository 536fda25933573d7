package rest

import (
	"context"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/duty"
	"lyceum/learning/enrolment"
)

func (a *api) dutyOperations() {
	manage := route.For(policy.EnrolmentManage)
	shown := func(r duty.Shown, err error) (*requirementOut, error) {
		if err != nil {
			return nil, err
		}
		return &requirementOut{showRequirement(r)}, nil
	}
	save := func(ctx context.Context, id uid.ID, in requirementInput) (*requirementOut, error) {
		path := uid.Nil
		if in.Path != nil {
			path = *in.Path
		}
		return shown(a.Duties.Save(ctx, id, duty.Input{Path: path, Name: in.Name, Framework: in.Framework, Courses: in.Courses, Revision: in.Revision, Terms: duty.Terms{ValidMonths: in.ValidMonths, DueDays: in.DueDays, GraceDays: in.GraceDays, RenewDays: in.RenewDays, KeepDay: in.KeepDay, DueAt: in.DueAt, FromHired: in.FromHired, Certificate: in.Certificate}, LeaveCourse: in.LeaveCourse, Role: in.Role, RoleWhile: duty.RoleWhile(in.RoleWhile), Status: in.Status}))
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
	on(a, operation{method: get, path: "/requirements/{requirement}/plan", id: "plan-requirement", tag: tagEnrolments, need: manage, summary: "Whom a change of a requirement would give the duty, and who would have it no more", about: "Nothing is kept.", fails: faults{duty.ErrNotFound, auth.ErrGroupNotFound}},
		func(ctx context.Context, in *requirementPlanIn) (*requirementPlanOut, error) {
			p, err := a.Duties.Plan(ctx, in.ID, duty.Proposal{Do: in.Do, Group: in.Group}, in.request())
			if err != nil {
				return nil, err
			}
			people := paged(ctx, p.People, func(one *duty.Planned) plannedPerson { return plannedPerson(*one) })
			out := &requirementPlanOut{Link: people.Link}
			out.Body.Given, out.Body.Withdrawn, out.Body.Kept, out.Body.Items, out.Body.Next = p.Given, p.Withdrawn, p.Kept, people.Body.Items, people.Body.Next
			return out, nil
		})
	on(a, operation{method: put, path: "/requirements/{requirement}/groups/{group}", id: "add-requirement-group", tag: tagEnrolments, need: manage, summary: "Apply a requirement to a group", about: "Everyone in it has the duty, and who joins later gets it; with newcomers only who joins later; with excepted its people are left out. A job enrols them. Try it with plan-requirement first.", fails: faults{duty.ErrNotFound, auth.ErrGroupNotFound}},
		func(ctx context.Context, in *requirementAddIn) (*requirementOut, error) {
			p := duty.Proposal{Do: duty.DoAdd, Group: in.Group}
			if in.Newcomers {
				p.Do = duty.DoNewcomers
			}
			if in.Excepted {
				p.Do = duty.DoExcept
			}
			return shown(a.Duties.Apply(ctx, in.ID, p))
		})
	on(a, operation{method: del, path: "/requirements/{requirement}/groups/{group}", id: "remove-requirement-group", tag: tagEnrolments, need: manage, summary: "End a requirement for a group", about: "Who is caught by no other group has the duty no more; progress and history stay.", fails: faults{duty.ErrNotFound, auth.ErrGroupNotFound, duty.ErrGroupNotCaught}},
		func(ctx context.Context, in *requirementGroupIn) (*struct{}, error) {
			_, err := a.Duties.Apply(ctx, in.ID, duty.Proposal{Do: duty.DoRemove, Group: in.Group})
			return nil, err
		})
	on(a, operation{method: post, path: "/requirements/{requirement}/switch", id: "switch-requirement", tag: tagEnrolments, need: manage, summary: "Switch a requirement on or off", about: "Off: nobody has the duty any more; progress and history stay.", fails: faults{duty.ErrNotFound}},
		func(ctx context.Context, in *requirementSwitchIn) (*requirementOut, error) {
			p := duty.Proposal{Do: duty.DoOff}
			if in.Body.On {
				p.Do = duty.DoOn
			}
			return shown(a.Duties.Apply(ctx, in.ID, p))
		})
	on(a, operation{method: put, path: "/requirements/{requirement}/people/{person}", id: "name-requirement-person", tag: tagEnrolments, need: manage, summary: "Make a requirement a person's duty by name, or leave them out", fails: faults{duty.ErrNotFound, auth.ErrPersonNotFound}},
		func(ctx context.Context, in *requirementNameIn) (*requirementOut, error) {
			return shown(a.Duties.Name(ctx, in.ID, in.Person, in.Body.Excepted, in.Body.Reason))
		})
	on(a, operation{method: del, path: "/requirements/{requirement}/people/{person}", id: "unname-requirement-person", tag: tagEnrolments, need: manage, summary: "Name a person no more", fails: faults{duty.ErrNotFound, duty.ErrNamed}},
		func(ctx context.Context, in *dutyWaiverEndIn) (*struct{}, error) {
			_, err := a.Duties.Unname(ctx, in.ID, in.Person)
			return nil, err
		})
	on(a, operation{method: get, path: "/requirements/{requirement}/runs", id: "list-requirement-runs", tag: tagEnrolments, need: manage, summary: "What changed who has a duty, the newest first", fails: faults{duty.ErrNotFound}},
		func(ctx context.Context, in *requirementRunsIn) (*pageOut[requirementRun], error) {
			list, err := a.Duties.Runs(ctx, in.ID, in.request())
			if err != nil {
				return nil, err
			}
			return paged(ctx, list, func(r *duty.Run) requirementRun {
				return requirementRun{r.ID, r.Cause, r.AboutID, r.AboutName, r.ByID, r.At.UTC(), r.Given, r.Withdrawn, r.Enrolled, r.Undoable(), utcOrNone(r.UndoneAt)}
			}), nil
		})
	on(a, operation{method: get, path: "/requirements/{requirement}/runs/{run}/changes", id: "list-requirement-changes", tag: tagEnrolments, need: manage, summary: "What a change did to whom, by name", fails: faults{duty.ErrNoRun}},
		func(ctx context.Context, in *requirementChangesIn) (*pageOut[requirementRunChange], error) {
			_, list, err := a.Duties.Changes(ctx, in.ID, in.Run, in.request())
			if err != nil {
				return nil, err
			}
			return paged(ctx, list, func(c *duty.RunChange) requirementRunChange {
				return requirementRunChange{c.PersonID, c.Name, c.Email, c.Change, c.EnrolmentID, c.At.UTC()}
			}), nil
		})
	on(a, operation{method: post, path: "/requirements/{requirement}/runs/{run}/undo", id: "undo-requirement-run", tag: tagEnrolments, need: manage, summary: "Undo a change of who has a duty", about: "Who got the duty has it no more and, where they have not begun, is taken out of the course; who lost it has it as before.", fails: faults{duty.ErrNoRun, duty.ErrNotUndone, duty.ErrNotFound}},
		func(ctx context.Context, in *requirementRunIn) (*requirementOut, error) {
			return shown(a.Duties.Undo(ctx, in.ID, in.Run))
		})
	on(a, operation{method: get, path: "/enrolments/{enrolment}/reasons", id: "list-enrolment-reasons", tag: tagEnrolments, need: manage, summary: "Which requirements put somebody into a course, and why", about: "Empty for who came another way.", fails: faults{enrolment.ErrEnrolmentNotFound}},
		func(ctx context.Context, in *enrolmentIn) (*enrolmentReasonsOut, error) {
			if _, err := a.Enrolment.Show(ctx, in.ID); err != nil {
				return nil, err
			}
			list, err := a.Duties.Because(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			out := &enrolmentReasonsOut{}
			out.Body.Items = []enrolmentReason{}
			for _, b := range list {
				out.Body.Items = append(out.Body.Items, enrolmentReason{b.RequirementID, b.RequirementName, b.RunID, b.Cause, b.AboutName, b.Reasons, b.At.UTC()})
			}
			return out, nil
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
