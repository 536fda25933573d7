package rest

import (
	"context"
	"slices"
	"time"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/org"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// person is someone in the portal.
type person struct {
	ID        uid.ID            `json:"id"`
	Email     string            `json:"email"`
	Name      string            `json:"name"`
	Status    auth.PersonStatus `json:"status" enum:"invited,active,deactivated"`
	Locale    string            `json:"locale"`
	TimeZone  string            `json:"time_zone"`
	Roles     []policy.Role     `json:"roles"`
	CreatedAt time.Time         `json:"created_at"`
	UpdatedAt time.Time         `json:"updated_at"`
}

// invitation is who is asked to join, and as what.
type invitation struct {
	Email string      `json:"email" example:"anna@example.com"`
	Name  string      `json:"name" example:"Anna Berg"`
	Role  policy.Role `json:"role" example:"learner" doc:"A role within your own permissions: owner, admin, instructor, manager or learner."`
}

// roles is the whole set of someone's roles.
type roles struct {
	Roles []policy.Role `json:"roles" doc:"At least one."`
}

type peopleIn struct {
	Paging
	Query  string            `query:"q" doc:"Part of the name or e-mail."`
	Role   policy.Role       `query:"role" doc:"Only people with this role."`
	Status auth.PersonStatus `query:"status" enum:"invited,active,deactivated" doc:"Only people in this state."`
	Unit   uid.ID            `query:"unit" doc:"Only people in this department, location or position, or below it."`
	Field  string            `query:"field" maxLength:"40" doc:"The code of one of the portal's own fields that one may see."`
	Value  string            `query:"value" maxLength:"300" doc:"Only people with this value in field."`
}

type personIn struct {
	ID uid.ID `path:"person" doc:"The person's id."`
}

type personOut struct{ Body person }

type createdPersonOut struct {
	Location string `header:"Location"`
	Body     person
}

type invitationIn struct{ Body invitation }

type rolesIn struct {
	ID   uid.ID `path:"person" doc:"The person's id."`
	Body roles
}

func (a *api) peopleOperations() {
	on(a, operation{
		method: get, path: "/people", id: "list-people", tag: tagPeople, need: route.For(policy.PersonRead),
		summary: "List people by name",
	}, func(ctx context.Context, in *peopleIn) (*pageOut[person], error) {
		f := auth.PeopleFilter{Query: in.Query, Role: in.Role, Status: in.Status, Unit: in.Unit, Field: in.Field, Value: in.Value, Page: in.request()}
		if f.Field != "" {
			fields, err := a.Org.Fields(ctx, true)
			if err != nil {
				return nil, err
			}
			if !slices.ContainsFunc(fields, func(one org.Field) bool { return one.Code == f.Field }) {
				return nil, fault.Invalid(map[string]string{"field": "There is no such field."})
			}
		}
		people, err := a.Auth.People(ctx, f)
		if err != nil {
			return nil, err
		}
		return paged(ctx, people, showPerson), nil
	})
	on(a, operation{
		method: post, path: "/people", id: "invite-person", tag: tagPeople, need: route.For(policy.PersonManage), fresh: true, status: 201,
		summary: "Invite someone",
		about:   "The invitation goes out by e-mail. Inviting someone again who has not accepted yet corrects name and role and sends a new link.",
		fails:   faults{auth.ErrEmailTaken, auth.ErrOwnersOnly, auth.ErrRoleExceeds, auth.ErrTooManyInvitations},
	}, func(ctx context.Context, in *invitationIn) (*createdPersonOut, error) {
		p, err := a.Auth.Invite(ctx, auth.InviteInput{Email: in.Body.Email, Name: in.Body.Name, Role: in.Body.Role})
		if err != nil {
			return nil, err
		}
		return &createdPersonOut{Location: base + "/people/" + p.ID.String(), Body: showPerson(&p)}, nil
	})
	on(a, operation{
		method: get, path: "/people/{person}", id: "get-person", tag: tagPeople, need: route.For(policy.PersonRead),
		summary: "Read one person",
		fails:   faults{auth.ErrPersonNotFound},
	}, func(ctx context.Context, in *personIn) (*personOut, error) {
		p, err := a.Auth.Person(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &personOut{showPerson(&p)}, nil
	})
	on(a, operation{
		method: put, path: "/people/{person}/roles", id: "set-roles", tag: tagPeople, need: route.For(policy.PersonManage), fresh: true,
		summary: "Give a person exactly these roles",
		about:   "Nobody gives or takes a role that may more than they do; only owners make and unmake owners.",
		fails:   faults{auth.ErrPersonNotFound, auth.ErrLastOwner, auth.ErrOwnersOnly, auth.ErrRoleExceeds},
	}, func(ctx context.Context, in *rolesIn) (*nothing, error) {
		return nil, a.Auth.SetRoles(ctx, in.ID, in.Body.Roles)
	})
	on(a, operation{
		method: post, path: "/people/{person}/deactivate", id: "deactivate-person", tag: tagPeople, need: route.For(policy.PersonManage), fresh: true,
		summary: "Keep a person from signing in",
		about:   "Their sessions and API keys end; their learning record stays.",
		fails:   faults{auth.ErrPersonNotFound, auth.ErrLastOwner, auth.ErrOwnersOnly, auth.ErrRoleExceeds},
	}, func(ctx context.Context, in *personIn) (*nothing, error) {
		return nil, a.Auth.Deactivate(ctx, in.ID)
	})
	on(a, operation{
		method: post, path: "/people/{person}/reactivate", id: "reactivate-person", tag: tagPeople, need: route.For(policy.PersonManage), fresh: true,
		summary: "Let a deactivated person sign in again",
		fails:   faults{auth.ErrPersonNotFound, auth.ErrOwnersOnly, auth.ErrRoleExceeds},
	}, func(ctx context.Context, in *personIn) (*nothing, error) {
		return nil, a.Auth.Reactivate(ctx, in.ID)
	})
}

func showPerson(p *auth.Person) person {
	return person{
		ID: p.ID, Email: p.Email, Name: p.Name, Status: p.Status, Locale: p.Locale, TimeZone: p.TimeZone,
		Roles: listed(p.Roles), CreatedAt: utc(p.CreatedAt), UpdatedAt: utc(p.UpdatedAt),
	}
}
