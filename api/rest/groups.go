package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/intake"
)

// groupRule says who is in a group by rule.
type groupRule struct {
	Match      group.Match      `json:"match" enum:"all,any" doc:"How many of the conditions must hold."`
	Conditions []groupCondition `json:"conditions"`
}

// groupCondition asks one thing of a person.
type groupCondition struct {
	Field  group.Field `json:"field" doc:"department, title, location, user_type, division, organization, cost_center, employee_number, manager, role, group, locale, time_zone, hire_date, created_at, completed, certificate, unit (a department, location or position by id, code, path or name), custom.<code> for one of the portal's own fields, name or email." example:"department"`
	Op     group.Op    `json:"op" enum:"is,is_not,starts_with,contains,contains_not,before,after,within,under,empty,filled" doc:"Not every field takes every comparison. within is a number of days, under is everyone below a manager."`
	Values []string    `json:"values,omitempty" doc:"Several mean one of them (is) or none of them (is_not). A manager is a person's id or e-mail, a group its id or name, a role its code."`
}

// peopleGroup is people together.
type peopleGroup struct {
	ID          uid.ID     `json:"id"`
	Name        string     `json:"name"`
	Description string     `json:"description"`
	Kind        group.Kind `json:"kind" enum:"static,rule,directory" doc:"Who says who is in it: people, a rule, a directory."`
	Rule        *groupRule `json:"rule,omitempty"`
	Directory   string     `json:"directory,omitempty" doc:"The directory that keeps it."`
	Members     int        `json:"members" doc:"How many are in it."`
	Revision    int        `json:"revision"`
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
	SettledAt   *time.Time `json:"settled_at,omitempty" doc:"When the rule was last compared with everyone."`
}

// groupInput is a group as it is wished.
type groupInput struct {
	Name        string     `json:"name" example:"Sales"`
	Description string     `json:"description,omitempty"`
	Rule        *groupRule `json:"rule,omitempty" doc:"Left out, people choose who is in it. A group stays what it was made as."`
}

// groupChange is everything that a group says of itself, made on a revision.
type groupChange struct {
	Name        string     `json:"name" example:"Sales"`
	Description string     `json:"description,omitempty"`
	Rule        *groupRule `json:"rule,omitempty"`
	Revision    *int       `json:"revision,omitempty" doc:"The revision this change was made on. Left out, it is made on any."`
}

// groupMember is one person of a group.
type groupMember struct {
	ID     uid.ID            `json:"id"`
	Name   string            `json:"name"`
	Email  string            `json:"email"`
	Status auth.PersonStatus `json:"status" enum:"invited,active,deactivated"`
}

// groupUse is one thing that a group is used for.
type groupUse struct {
	Kind group.UseKind `json:"kind" enum:"visible,enrolled,rule" doc:"A course that it sees, one that it is enrolled in, a group whose rule asks for it."`
	ID   uid.ID        `json:"id" doc:"Of the course or the group."`
	Name string        `json:"name"`
}

// somePeople are people by id.
type somePeople struct {
	People []uid.ID `json:"people" maxItems:"1000" doc:"Their ids."`
}

// movedPeople tells for how many something changed.
type movedPeople struct {
	Changed int `json:"changed" doc:"For how many this was new."`
}

// rulePreview is whom a rule takes.
type rulePreview struct {
	Count int           `json:"count"`
	First []groupMember `json:"first" doc:"The first ten by name."`
}

// groupIntake is a group enrolled in a course.
type groupIntake struct {
	GroupID     uid.ID     `json:"group_id"`
	GroupName   string     `json:"group_name"`
	CourseID    uid.ID     `json:"course_id"`
	CourseSlug  string     `json:"course_slug"`
	CourseTitle string     `json:"course_title"`
	Later       bool       `json:"later" doc:"Those who join the group later too."`
	CreatedAt   time.Time  `json:"created_at"`
	FinishedAt  *time.Time `json:"finished_at,omitempty" doc:"Left out while people are being enrolled."`
	Enrolled    int        `json:"enrolled" doc:"People enrolled through it so far."`
	Problem     string     `json:"problem,omitempty" doc:"Why people were left out."`
}

// newIntake has a group enrolled.
type newIntake struct {
	CourseID uid.ID `json:"course_id"`
	Later    bool   `json:"later,omitempty" doc:"Enrol those who join the group later too."`
}

type groupsIn struct {
	Paging
	Query string     `query:"q" doc:"Part of the name."`
	Kind  group.Kind `query:"kind" enum:"static,rule,directory" doc:"Only groups of this kind."`
}

type groupIn struct {
	ID uid.ID `path:"group" doc:"The group's id."`
}

type groupMembersIn struct {
	Paging
	ID    uid.ID `path:"group" doc:"The group's id."`
	Query string `query:"q" doc:"Part of the name or e-mail."`
}

type groupMemberIn struct {
	ID     uid.ID `path:"group" doc:"The group's id."`
	Person uid.ID `path:"person" doc:"The person's id."`
}

type groupPostIn struct{ Body groupInput }

type groupPutIn struct {
	ID   uid.ID `path:"group" doc:"The group's id."`
	Body groupChange
}

type groupPeopleIn struct {
	ID   uid.ID `path:"group" doc:"The group's id."`
	Body somePeople
}

type previewIn struct{ Body groupRule }

type intakeIn struct {
	ID   uid.ID `path:"group" doc:"The group's id."`
	Body newIntake
}

type groupCourseIn struct {
	ID     uid.ID `path:"group" doc:"The group's id."`
	Course uid.ID `path:"course" doc:"The course's id."`
}

type groupOut struct{ Body peopleGroup }

type createdGroupOut struct {
	Location string `header:"Location"`
	Body     peopleGroup
}

type movedOut struct{ Body movedPeople }

type rulePreviewOut struct{ Body rulePreview }

func (in groupRule) rule() *group.Rule {
	r := &group.Rule{Match: in.Match}
	for _, c := range in.Conditions {
		r.Conditions = append(r.Conditions, group.Condition{Field: c.Field, Op: c.Op, Values: c.Values})
	}
	return r
}

func ruleOf(in *groupRule) *group.Rule {
	if in == nil {
		return nil
	}
	return in.rule()
}

// groupFaults are what changing a group may meet.
var groupFaults = faults{auth.ErrGroupNotFound, group.ErrKept, group.ErrNameTaken, group.ErrRevision}

func (a *api) groupOperations() {
	see, manage := route.For(policy.PersonRead), route.For(policy.GroupManage)
	on(a, operation{method: get, path: "/groups", id: "list-groups", tag: tagGroups, need: see, summary: "List groups by name"},
		func(ctx context.Context, in *groupsIn) (*pageOut[peopleGroup], error) {
			list, err := a.Groups.List(ctx, group.Filter{Query: in.Query, Kind: in.Kind, Page: in.request()})
			if err != nil {
				return nil, err
			}
			return paged(ctx, list, showGroup), nil
		})
	on(a, operation{
		method: post, path: "/groups", id: "create-group", tag: tagGroups, need: manage, status: 201, summary: "Make a group",
		about: "One with a rule is filled at once and kept up to date as people come, change and go.", fails: faults{group.ErrNameTaken, group.ErrTooMany},
	}, func(ctx context.Context, in *groupPostIn) (*createdGroupOut, error) {
		g, err := a.Groups.Create(ctx, group.Input{Name: in.Body.Name, Description: in.Body.Description, Rule: ruleOf(in.Body.Rule)})
		if err != nil {
			return nil, err
		}
		return &createdGroupOut{Location: base + "/groups/" + g.ID.String(), Body: showGroup(&g)}, nil
	})
	on(a, operation{
		method: post, path: "/groups/preview", id: "preview-group", tag: tagGroups, need: manage, status: 200, summary: "Whom a rule would take", about: "Nothing is written.",
	}, func(ctx context.Context, in *previewIn) (*rulePreviewOut, error) {
		p, err := a.Groups.Preview(ctx, *in.Body.rule())
		if err != nil {
			return nil, err
		}
		out := &rulePreviewOut{rulePreview{Count: p.Count, First: make([]groupMember, len(p.First))}}
		for i := range p.First {
			out.Body.First[i] = showMember(&p.First[i])
		}
		return out, nil
	})
	on(a, operation{method: get, path: "/groups/{group}", id: "get-group", tag: tagGroups, need: see, summary: "Read one group", fails: faults{auth.ErrGroupNotFound}},
		func(ctx context.Context, in *groupIn) (*groupOut, error) {
			shown, err := a.Groups.Show(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			return &groupOut{showGroup(&shown.Group)}, nil
		})
	on(a, operation{
		method: put, path: "/groups/{group}", id: "change-group", tag: tagGroups, need: manage, status: 200, summary: "Change a group",
		about: "What is left out becomes empty. A group that a directory keeps is changed there.", fails: groupFaults,
	}, func(ctx context.Context, in *groupPutIn) (*groupOut, error) {
		revision := -1
		if in.Body.Revision != nil {
			revision = *in.Body.Revision
		}
		g, err := a.Groups.Change(ctx, in.ID, revision, group.Input{Name: in.Body.Name, Description: in.Body.Description, Rule: ruleOf(in.Body.Rule)})
		if err != nil {
			return nil, err
		}
		return &groupOut{showGroup(&g)}, nil
	})
	on(a, operation{
		method: del, path: "/groups/{group}", id: "delete-group", tag: tagGroups, need: manage, summary: "Delete a group",
		about: "People and their enrolments stay. What uses it is at …/uses.", fails: faults{auth.ErrGroupNotFound, group.ErrKept, group.ErrInUse},
	}, func(ctx context.Context, in *groupIn) (*nothing, error) { return nil, a.Groups.Delete(ctx, in.ID) })
	on(a, operation{method: get, path: "/groups/{group}/uses", id: "list-group-uses", tag: tagGroups, need: see, summary: "What a group is used for", fails: faults{auth.ErrGroupNotFound}},
		func(ctx context.Context, in *groupIn) (*pageOut[groupUse], error) {
			shown, err := a.Groups.Show(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			return whole(ctx, shown.Uses, func(u *group.Use) groupUse { return groupUse{Kind: u.Kind, ID: u.ID, Name: u.Name} }), nil
		})
	a.memberOperations()
	a.intakeOperations()
}

func (a *api) memberOperations() {
	see, manage := route.For(policy.PersonRead), route.For(policy.GroupManage)
	fails := faults{auth.ErrGroupNotFound, auth.ErrPersonNotFound, group.ErrKept, group.ErrByRule}
	on(a, operation{method: get, path: "/groups/{group}/members", id: "list-group-members", tag: tagGroups, need: see, summary: "Who is in a group, by name", fails: faults{auth.ErrGroupNotFound}},
		func(ctx context.Context, in *groupMembersIn) (*pageOut[groupMember], error) {
			list, err := a.Groups.Members(ctx, in.ID, group.MemberFilter{Query: in.Query, Page: in.request()})
			if err != nil {
				return nil, err
			}
			return paged(ctx, list, showMember), nil
		})
	on(a, operation{
		method: post, path: "/groups/{group}/members", id: "add-group-members", tag: tagGroups, need: manage, status: 200, summary: "Put people into a group",
		about: "All or, when one does not exist, nobody. Who is in it already stays.", fails: fails,
	}, func(ctx context.Context, in *groupPeopleIn) (*movedOut, error) {
		n, err := a.Groups.Add(ctx, in.ID, in.Body.People)
		if err != nil {
			return nil, err
		}
		return &movedOut{movedPeople{n}}, nil
	})
	on(a, operation{
		method: put, path: "/groups/{group}/members/{person}", id: "add-group-member", tag: tagGroups, need: manage, summary: "Put a person into a group", fails: fails,
	}, func(ctx context.Context, in *groupMemberIn) (*nothing, error) {
		_, err := a.Groups.Add(ctx, in.ID, []uid.ID{in.Person})
		return nil, err
	})
	on(a, operation{
		method: del, path: "/groups/{group}/members/{person}", id: "remove-group-member", tag: tagGroups, need: manage, summary: "Take a person out of a group",
		about: "Someone who is not in it is no failure.", fails: faults{auth.ErrGroupNotFound, group.ErrKept, group.ErrByRule},
	}, func(ctx context.Context, in *groupMemberIn) (*nothing, error) {
		_, err := a.Groups.Remove(ctx, in.ID, []uid.ID{in.Person})
		return nil, err
	})
	on(a, operation{method: get, path: "/people/{person}/groups", id: "list-person-groups", tag: tagGroups, need: see, summary: "The groups a person is in, by name", fails: faults{auth.ErrPersonNotFound}},
		func(ctx context.Context, in *personIn) (*pageOut[named], error) {
			list, err := a.Groups.Of(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			return whole(ctx, list, func(g *auth.Group) named { return named{ID: g.ID, Name: g.Name} }), nil
		})
}

// named is something by its id, with what it is called.
type named struct {
	ID   uid.ID `json:"id"`
	Name string `json:"name"`
}

func (a *api) intakeOperations() {
	enrol := route.For(policy.EnrolmentManage)
	on(a, operation{method: get, path: "/groups/{group}/courses", id: "list-group-courses", tag: tagGroups, need: enrol, summary: "The courses a group is enrolled in", fails: faults{auth.ErrGroupNotFound}},
		func(ctx context.Context, in *groupIn) (*pageOut[groupIntake], error) {
			list, err := a.Intakes.OfGroup(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			return whole(ctx, list, showIntake), nil
		})
	on(a, operation{
		method: post, path: "/groups/{group}/courses", id: "enrol-group", tag: tagGroups, need: enrol, status: 202, summary: "Enrol a whole group in a course",
		about: "It is done by a job. Asking again enrols nobody twice, and nobody who was withdrawn. Who leaves the group stays in the course.",
		fails: faults{auth.ErrGroupNotFound, catalog.ErrCourseNotFound, catalog.ErrNotPublished},
	}, func(ctx context.Context, in *intakeIn) (*nothing, error) {
		_, err := a.Intakes.Enrol(ctx, in.ID, in.Body.CourseID, in.Body.Later)
		return nil, err
	})
	on(a, operation{
		method: del, path: "/groups/{group}/courses/{course}", id: "stop-group-enrolment", tag: tagGroups, need: enrol, summary: "Enrol nobody more through a group",
		about: "Who is in the course stays.", fails: faults{auth.ErrGroupNotFound, catalog.ErrCourseNotFound, intake.ErrNotFound},
	}, func(ctx context.Context, in *groupCourseIn) (*nothing, error) {
		return nil, a.Intakes.Stop(ctx, in.ID, in.Course)
	})
	on(a, operation{method: get, path: "/courses/{course}/groups", id: "list-course-groups", tag: tagGroups, need: enrol, summary: "The groups enrolled in a course", fails: faults{catalog.ErrCourseNotFound}},
		func(ctx context.Context, in *courseIDIn) (*pageOut[groupIntake], error) {
			list, err := a.Intakes.IntoCourse(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			return whole(ctx, list, showIntake), nil
		})
}

func showGroup(g *group.Group) peopleGroup {
	out := peopleGroup{
		ID: g.ID, Name: g.Name, Description: g.Description, Kind: g.Kind(), Directory: g.Directory, Members: g.Members, Revision: g.Revision,
		CreatedAt: utc(g.CreatedAt), UpdatedAt: utc(g.UpdatedAt), SettledAt: utcOrNone(g.SettledAt),
	}
	if g.Rule != nil {
		out.Rule = &groupRule{Match: g.Rule.Match, Conditions: make([]groupCondition, len(g.Rule.Conditions))}
		for i, c := range g.Rule.Conditions {
			out.Rule.Conditions[i] = groupCondition{Field: c.Field, Op: c.Op, Values: c.Values}
		}
	}
	return out
}

func showMember(m *group.Member) groupMember {
	return groupMember{ID: m.ID, Name: m.Name, Email: m.Email, Status: m.Status}
}

func showIntake(i *intake.Listed) groupIntake {
	return groupIntake{
		GroupID: i.GroupID, GroupName: i.GroupName, CourseID: i.CourseID, CourseSlug: i.CourseSlug, CourseTitle: i.CourseTitle,
		Later: i.Later, CreatedAt: utc(i.CreatedAt), FinishedAt: utcOrNone(i.FinishedAt), Enrolled: i.Enrolled, Problem: i.Problem,
	}
}
