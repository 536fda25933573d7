package rest

import (
	"context"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

// role is a role and what it allows.
type role struct {
	Code        policy.Role         `json:"code"`
	Name        string              `json:"name"`
	Description string              `json:"description"`
	BuiltIn     bool                `json:"built_in"`
	Inherits    []policy.Role       `json:"inherits"`
	Permissions []policy.Permission `json:"permissions" doc:"What it allows beside what it inherits."`
	May         []policy.Permission `json:"may" doc:"All that it allows."`
	People      int                 `json:"people" doc:"Active people who have it."`
}

// roleInput is a role as it is wished.
type roleInput struct {
	Name        string              `json:"name" example:"Translator"`
	Description string              `json:"description,omitempty"`
	Inherits    []policy.Role       `json:"inherits" doc:"Built-in roles but the owner's."`
	Permissions []policy.Permission `json:"permissions"`
}

func (in roleInput) input() auth.RoleInput {
	return auth.RoleInput{Name: in.Name, Description: in.Description, Inherits: in.Inherits, Permissions: in.Permissions}
}

// rolePreview is what a change of a role would do.
type rolePreview struct {
	Gained    []policy.Permission `json:"gained"`
	Lost      []policy.Permission `json:"lost"`
	Gaining   int                 `json:"gaining" doc:"People who could do more than today."`
	Losing    int                 `json:"losing" doc:"People who could do less."`
	Unchanged int                 `json:"unchanged" doc:"People with the role for whom nothing changes."`
}

// reason is why someone may, or may not, do something.
type reason struct {
	Person     uid.ID            `json:"person"`
	Permission policy.Permission `json:"permission"`
	Allowed    bool              `json:"allowed"`
	Rule       string            `json:"rule,omitempty" doc:"The line of the policy that decides." example:"owner: p, instructor, course, edit"`
	Role       policy.Role       `json:"role,omitempty" doc:"The role through which it is allowed."`
	Status     auth.PersonStatus `json:"status" doc:"Who is not active may do nothing."`
	Would      []policy.Role     `json:"would" doc:"Roles that allow it."`
}

type roleIn struct {
	Code policy.Role `path:"role" doc:"The role's code."`
}

type rolePutIn struct {
	Code policy.Role `path:"role" doc:"The role's code."`
	Body roleInput
}

type rolePostIn struct{ Body roleInput }

type roleOut struct{ Body role }

type createdRoleOut struct {
	Location string `header:"Location"`
	Body     role
}

type roleListOut struct {
	Body struct {
		Items []role `json:"items"`
	}
}

type rolePreviewOut struct{ Body rolePreview }

type whoMayIn struct {
	Paging
	Permission policy.Permission `path:"permission" doc:"For example course:edit."`
}

type whyIn struct {
	Person     uid.ID            `path:"person" doc:"The person's id."`
	Permission policy.Permission `path:"permission" doc:"For example course:edit."`
}

type reasonOut struct{ Body reason }

func (a *api) roleOperations() {
	see, manage := route.For(policy.PersonRead), route.For(policy.RoleManage)
	on(a, operation{method: get, path: "/roles", id: "list-roles", tag: tagRoles, need: see, summary: "The portal's roles and what each allows"},
		func(ctx context.Context, _ *struct{}) (*roleListOut, error) {
			roles, err := a.Auth.RoleList(ctx)
			if err != nil {
				return nil, err
			}
			out := &roleListOut{}
			out.Body.Items = make([]role, len(roles))
			for i := range roles {
				out.Body.Items[i] = showRole(roles[i])
			}
			return out, nil
		})
	on(a, operation{method: get, path: "/roles/{role}", id: "get-role", tag: tagRoles, need: see, summary: "Read one role", fails: faults{auth.ErrRoleNotFound}},
		func(ctx context.Context, in *roleIn) (*roleOut, error) {
			r, err := a.Auth.RoleByCode(ctx, in.Code)
			if err != nil {
				return nil, err
			}
			return &roleOut{showRole(r)}, nil
		})
	on(a, operation{
		method: post, path: "/roles", id: "create-role", tag: tagRoles, need: manage, fresh: true, status: 201, summary: "Make a role",
		about: "Nobody makes a role that may more than they do.", fails: faults{auth.ErrRoleTaken, auth.ErrRoleExceeds},
	}, func(ctx context.Context, in *rolePostIn) (*createdRoleOut, error) {
		r, err := a.Auth.CreateRole(ctx, in.Body.input())
		if err != nil {
			return nil, err
		}
		return &createdRoleOut{Location: base + "/roles/" + string(r.Code), Body: showRole(r)}, nil
	})
	on(a, operation{
		method: put, path: "/roles/{role}", id: "change-role", tag: tagRoles, need: manage, fresh: true, summary: "Change a role",
		about: "For everyone who has it, at once. Preview it first.", fails: faults{auth.ErrRoleNotFound, auth.ErrRoleBuiltIn, auth.ErrRoleTaken, auth.ErrRoleExceeds},
	}, func(ctx context.Context, in *rolePutIn) (*nothing, error) {
		return nil, a.Auth.ChangeRole(ctx, in.Code, in.Body.input())
	})
	on(a, operation{
		method: post, path: "/roles/{role}/preview", id: "preview-role", tag: tagRoles, need: manage, summary: "What a change of a role would do",
		about: "Nothing is written.", fails: faults{auth.ErrRoleNotFound, auth.ErrRoleBuiltIn}, status: 200,
	}, func(ctx context.Context, in *rolePutIn) (*rolePreviewOut, error) {
		p, err := a.Auth.PreviewRole(ctx, in.Code, in.Body.input())
		if err != nil {
			return nil, err
		}
		return &rolePreviewOut{rolePreview{Gained: listed(p.Gained), Lost: listed(p.Lost), Gaining: p.Gaining, Losing: p.Losing, Unchanged: p.Unchanged}}, nil
	})
	on(a, operation{
		method: del, path: "/roles/{role}", id: "delete-role", tag: tagRoles, need: manage, fresh: true, summary: "Remove a role that nobody has",
		fails: faults{auth.ErrRoleNotFound, auth.ErrRoleBuiltIn, auth.ErrRoleInUse, auth.ErrRoleExceeds},
	}, func(ctx context.Context, in *roleIn) (*nothing, error) { return nil, a.Auth.DeleteRole(ctx, in.Code) })
	on(a, operation{method: get, path: "/permissions/{permission}/people", id: "list-permitted", tag: tagRoles, need: see, summary: "Who may do this, by name", fails: faults{auth.ErrPermissionNotFound}},
		func(ctx context.Context, in *whoMayIn) (*pageOut[person], error) {
			people, _, err := a.Auth.WhoMay(ctx, in.Permission, in.request())
			if err != nil {
				return nil, err
			}
			return paged(ctx, people, showPerson), nil
		})
	on(a, operation{
		method: get, path: "/people/{person}/permissions/{permission}", id: "explain-permission", tag: tagRoles, need: see,
		summary: "Why someone may, or may not, do this", fails: faults{auth.ErrPersonNotFound, auth.ErrPermissionNotFound},
	}, func(ctx context.Context, in *whyIn) (*reasonOut, error) {
		why, err := a.Auth.Why(ctx, in.Person, in.Permission)
		if err != nil {
			return nil, err
		}
		return &reasonOut{reason{
			Person: why.Person.ID, Permission: why.Permission, Allowed: why.Allowed, Rule: why.Rule, Role: why.ByRole, Status: why.Person.Status, Would: listed(why.Would),
		}}, nil
	})
}

func showRole(r auth.Role) role {
	return role{
		Code: r.Code, Name: r.Name, Description: r.Description, BuiltIn: r.BuiltIn, Inherits: listed(r.Inherits), Permissions: listed(r.Own),
		May: r.May.List(), People: r.People,
	}
}
