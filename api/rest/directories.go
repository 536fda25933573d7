package rest

import (
	"context"
	"encoding/json"
	"time"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/scim"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// fieldRule says where a person's field comes from.
type fieldRule struct {
	Field string   `json:"field" example:"department"`
	From  []string `json:"from" doc:"The first that gives something counts. An attribute's path, or a text with paths in braces." example:"costCenter"`
}

// roleRule gives a role to who is in a group.
type roleRule struct {
	Group string      `json:"group" doc:"As the directory sends it; case does not count."`
	Role  policy.Role `json:"role"`
}

// directory is a company's directory that brings people by SCIM 2.0.
type directory struct {
	ID           uid.ID        `json:"id"`
	Name         string        `json:"name"`
	Status       signon.Status `json:"status" enum:"off,dry_run,on"`
	Mode         scim.Mode     `json:"mode" enum:"standard,entra,okta" doc:"Whose dialect it speaks."`
	BaseURL      string        `json:"base_url" doc:"What to enter at the directory, beside a token."`
	ConnectionID *uid.ID       `json:"connection_id,omitempty" doc:"The identity provider that signs the same people in."`
	Mapping      []fieldRule   `json:"mapping" doc:"Laid over the default, field by field."`
	RoleRules    []roleRule    `json:"role_rules" doc:"The first whose group a person is in decides."`
	RoleDefault  policy.Role   `json:"role_default,omitempty" doc:"For who is in none of the groups."`
	Revision     int           `json:"revision" doc:"Counts changes: a change names the one it was made on."`
	SyncedAt     *time.Time    `json:"synced_at,omitempty" doc:"When its last request came, to the minute."`
	CreatedAt    time.Time     `json:"created_at"`
	UpdatedAt    time.Time     `json:"updated_at"`
}

// directoryInput is a directory as it is wished.
type directoryInput struct {
	Name         string        `json:"name" example:"Entra ID"`
	Status       signon.Status `json:"status" enum:"off,dry_run,on"`
	Mode         scim.Mode     `json:"mode" enum:"standard,entra,okta"`
	ConnectionID *uid.ID       `json:"connection_id,omitempty"`
	Mapping      []fieldRule   `json:"mapping,omitempty"`
	RoleRules    []roleRule    `json:"role_rules,omitempty"`
	RoleDefault  policy.Role   `json:"role_default,omitempty"`
}

func (in directoryInput) input() scim.DirectoryInput {
	out := scim.DirectoryInput{Name: in.Name, Mode: in.Mode, Status: in.Status, ConnectionID: in.ConnectionID, RoleRules: auth.RoleRules{Default: in.RoleDefault}}
	for _, r := range in.Mapping {
		out.Mapping = append(out.Mapping, auth.FieldRule(r))
	}
	for _, r := range in.RoleRules {
		out.RoleRules.Rules = append(out.RoleRules.Rules, auth.RoleRule(r))
	}
	return out
}

// directoryToken is a bearer token of a directory.
type directoryToken struct {
	ID         uid.ID     `json:"id"`
	Name       string     `json:"name"`
	Prefix     string     `json:"prefix" doc:"The first characters of the secret, to tell tokens apart."`
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  time.Time  `json:"expires_at"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty" doc:"To the minute."`
}

// newDirectoryToken is a token with its secret.
type newDirectoryToken struct {
	Secret string         `json:"secret" doc:"Shown this once."`
	Token  directoryToken `json:"token"`
}

// directoryTokenWish is what a token is called and how long it lasts.
type directoryTokenWish struct {
	Name string `json:"name" example:"2026"`
	Days int    `json:"days,omitempty" doc:"1 to 1095. Left out means 365."`
}

// directoryPerson is who someone is in a directory.
type directoryPerson struct {
	Person   person   `json:"person"`
	UserName string   `json:"user_name"`
	Active   bool     `json:"active" doc:"As the directory says."`
	Groups   []string `json:"groups"`
}

// directoryGroup is a group that a directory keeps.
type directoryGroup struct {
	ID         uid.ID      `json:"id"`
	Name       string      `json:"name"`
	ExternalID string      `json:"external_id,omitempty"`
	Members    int         `json:"members"`
	Role       policy.Role `json:"role,omitempty" doc:"What who is in this group alone gets by the rules."`
	UpdatedAt  time.Time   `json:"updated_at"`
}

// directoryChange is one thing that a request changed.
type directoryChange struct {
	Subject string `json:"subject"`
	Field   string `json:"field"`
	Before  string `json:"before,omitempty"`
	After   string `json:"after,omitempty"`
}

// directoryRequest is a request of a directory, without passwords and secrets.
type directoryRequest struct {
	ID       uid.ID            `json:"id"`
	Method   string            `json:"method"`
	Path     string            `json:"path" doc:"Below /scim/v2, with its query."`
	Status   int               `json:"status"`
	DryRun   bool              `json:"dry_run"`
	Millis   int               `json:"millis"`
	At       time.Time         `json:"at"`
	Changes  []directoryChange `json:"changes"`
	Notes    []string          `json:"notes" doc:"What was passed over."`
	Request  string            `json:"request,omitempty"`
	Response string            `json:"response,omitempty"`
}

// directoryReplay is what sending a request again did, or would do.
type directoryReplay struct {
	Status   int               `json:"status"`
	DryRun   bool              `json:"dry_run"`
	Changes  []directoryChange `json:"changes"`
	Notes    []string          `json:"notes"`
	Response json.RawMessage   `json:"response,omitempty"`
}

type directoryIn struct {
	ID uid.ID `path:"directory" doc:"The directory's id."`
}

type directoryListIn struct {
	Paging
	ID uid.ID `path:"directory" doc:"The directory's id."`
}

type directoryPostIn struct{ Body directoryInput }

type directoryPutIn struct {
	ID       uid.ID `path:"directory" doc:"The directory's id."`
	Revision int    `query:"revision" required:"true" minimum:"1" doc:"The revision that the change was made on."`
	Body     directoryInput
}

type directoryOut struct{ Body directory }

type createdDirectoryOut struct {
	Location string `header:"Location"`
	Body     directory
}

type directoryTokenPostIn struct {
	ID   uid.ID `path:"directory" doc:"The directory's id."`
	Body directoryTokenWish
}

type directoryTokenIn struct {
	ID  uid.ID `path:"directory" doc:"The directory's id."`
	Key uid.ID `path:"key" doc:"The token's id."`
}

type newDirectoryTokenOut struct{ Body newDirectoryToken }

type directoryLinkIn struct {
	ID   uid.ID `path:"directory" doc:"The directory's id."`
	Body struct {
		Email    string `json:"email" doc:"Whose account it is."`
		UserName string `json:"user_name" doc:"How the directory calls them."`
	}
}

type directoryRequestIn struct {
	ID      uid.ID `path:"directory" doc:"The directory's id."`
	Request uid.ID `path:"request" doc:"The request's id."`
}

type directoryReplayIn struct {
	ID      uid.ID `path:"directory" doc:"The directory's id."`
	Request uid.ID `path:"request" doc:"The request's id."`
	Body    struct {
		Real bool `json:"real,omitempty" doc:"Left out or false: a dry run."`
	}
}

type directoryRequestOut struct{ Body directoryRequest }

type directoryReplayOut struct{ Body directoryReplay }

func (a *api) directoryOperations() {
	manage := route.For(policy.ConnectionManage)
	on(a, operation{method: get, path: "/directories", id: "list-directories", tag: tagDirectories, need: manage, summary: "The portal's SCIM directories, by name"},
		func(ctx context.Context, _ *nothing) (*pageOut[directory], error) {
			list, err := a.SCIM.Directories(ctx)
			if err != nil {
				return nil, err
			}
			return whole(ctx, list, func(d *scim.Directory) directory { return a.showDirectory(ctx, *d) }), nil
		})
	on(a, operation{
		method: post, path: "/directories", id: "create-directory", tag: tagDirectories, need: manage, fresh: true, status: 201, summary: "Set a directory up",
		about: "It has no token yet. Nobody gives a role through it that may more than they do.", fails: faults{scim.ErrTooManyDirs, auth.ErrRoleExceeds},
	}, func(ctx context.Context, in *directoryPostIn) (*createdDirectoryOut, error) {
		d, err := a.SCIM.CreateDirectory(ctx, in.Body.input())
		if err != nil {
			return nil, err
		}
		return &createdDirectoryOut{Location: base + "/directories/" + d.ID.String(), Body: a.showDirectory(ctx, d)}, nil
	})
	on(a, operation{method: get, path: "/directories/{directory}", id: "get-directory", tag: tagDirectories, need: manage, summary: "Read one directory", fails: faults{scim.ErrDirectoryNotFound}},
		func(ctx context.Context, in *directoryIn) (*directoryOut, error) {
			d, err := a.SCIM.Directory(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			return &directoryOut{a.showDirectory(ctx, d)}, nil
		})
	on(a, operation{
		method: put, path: "/directories/{directory}", id: "change-directory", tag: tagDirectories, need: manage, fresh: true, summary: "Change a directory",
		about: "What is left out is emptied. When rules of roles change, its people's roles follow at once.",
		fails: faults{scim.ErrDirectoryNotFound, scim.ErrDirectoryChanged, auth.ErrRoleExceeds},
	}, func(ctx context.Context, in *directoryPutIn) (*directoryOut, error) {
		d, err := a.SCIM.UpdateDirectory(ctx, in.ID, in.Revision, in.Body.input())
		if err != nil {
			return nil, err
		}
		return &directoryOut{a.showDirectory(ctx, d)}, nil
	})
	on(a, operation{
		method: del, path: "/directories/{directory}", id: "delete-directory", tag: tagDirectories, need: manage, fresh: true, summary: "Remove a directory",
		about: "With its tokens, groups and log. Its people stay.", fails: faults{scim.ErrDirectoryNotFound},
	}, func(ctx context.Context, in *directoryIn) (*nothing, error) {
		return nil, a.SCIM.DeleteDirectory(ctx, in.ID)
	})
	a.directoryTokenOperations(manage)
	a.directoryContentOperations(manage)
	a.directoryRequestOperations(manage)
}

func (a *api) directoryTokenOperations(manage route.Need) {
	on(a, operation{method: get, path: "/directories/{directory}/tokens", id: "list-directory-tokens", tag: tagDirectories, need: manage, summary: "A directory's tokens, the newest first", fails: faults{scim.ErrDirectoryNotFound}},
		func(ctx context.Context, in *directoryIn) (*pageOut[directoryToken], error) {
			list, err := a.SCIM.Tokens(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			return whole(ctx, list, showDirectoryToken), nil
		})
	on(a, operation{
		method: post, path: "/directories/{directory}/tokens", id: "create-directory-token", tag: tagDirectories, need: manage, fresh: true, status: 201, summary: "Make a token",
		about: "Its secret is in this answer and never again. Several hold at a time, so that one can take the place of another without a gap.",
		fails: faults{scim.ErrDirectoryNotFound, scim.ErrTooManyTokens},
	}, func(ctx context.Context, in *directoryTokenPostIn) (*newDirectoryTokenOut, error) {
		secret, t, err := a.SCIM.CreateToken(ctx, in.ID, scim.TokenInput{Name: in.Body.Name, Days: in.Body.Days})
		if err != nil {
			return nil, err
		}
		return &newDirectoryTokenOut{newDirectoryToken{Secret: secret, Token: showDirectoryToken(&t)}}, nil
	})
	on(a, operation{method: del, path: "/directories/{directory}/tokens/{key}", id: "revoke-directory-token", tag: tagDirectories, need: manage, summary: "End a token at once", fails: faults{scim.ErrTokenNotFound}},
		func(ctx context.Context, in *directoryTokenIn) (*nothing, error) {
			return nil, a.SCIM.RevokeToken(ctx, in.ID, in.Key)
		})
}

func (a *api) directoryContentOperations(manage route.Need) {
	on(a, operation{method: get, path: "/directories/{directory}/people", id: "list-directory-people", tag: tagDirectories, need: manage, summary: "Who is in a directory, by userName", fails: faults{scim.ErrDirectoryNotFound}},
		func(ctx context.Context, in *directoryListIn) (*pageOut[directoryPerson], error) {
			list, err := a.SCIM.People(ctx, in.ID, in.request())
			if err != nil {
				return nil, err
			}
			return paged(ctx, list, func(l *scim.Listed) directoryPerson {
				return directoryPerson{Person: showPerson(&l.Person), UserName: l.UserName, Active: l.Active, Groups: listed(l.Groups)}
			}), nil
		})
	on(a, operation{
		method: post, path: "/directories/{directory}/people", id: "link-directory-person", tag: tagDirectories, need: manage, fresh: true, status: 204, summary: "Link an account that is here already",
		about: "The directory's next request with that userName finds them.",
		fails: faults{scim.ErrDirectoryNotFound, auth.ErrPersonNotFound, scim.ErrLinkedAlready, auth.ErrOwnersOnly},
	}, func(ctx context.Context, in *directoryLinkIn) (*nothing, error) {
		return nil, a.SCIM.Link(ctx, in.ID, in.Body.Email, in.Body.UserName)
	})
	on(a, operation{method: get, path: "/directories/{directory}/groups", id: "list-directory-groups", tag: tagDirectories, need: manage, summary: "A directory's groups, as they came", fails: faults{scim.ErrDirectoryNotFound}},
		func(ctx context.Context, in *directoryListIn) (*pageOut[directoryGroup], error) {
			list, err := a.SCIM.GroupsOf(ctx, in.ID, in.request())
			if err != nil {
				return nil, err
			}
			return paged(ctx, list, func(g *scim.ListedGroup) directoryGroup {
				out := directoryGroup{ID: g.Group.ID, Name: g.Group.Name, Members: g.Members, Role: g.Role, UpdatedAt: utc(g.Group.UpdatedAt)}
				if g.Group.ExternalID != nil {
					out.ExternalID = *g.Group.ExternalID
				}
				return out
			}), nil
		})
}

func (a *api) directoryRequestOperations(manage route.Need) {
	on(a, operation{
		method: get, path: "/directories/{directory}/requests", id: "list-directory-requests", tag: tagDirectories, need: manage, summary: "A directory's last 200 requests, the newest first",
		about: "Without their bodies.", fails: faults{scim.ErrDirectoryNotFound},
	}, func(ctx context.Context, in *directoryListIn) (*pageOut[directoryRequest], error) {
		list, err := a.SCIM.Requests(ctx, in.ID, in.request(), false)
		if err != nil {
			return nil, err
		}
		return paged(ctx, list, showDirectoryRequest), nil
	})
	on(a, operation{method: get, path: "/directories/{directory}/requests/{request}", id: "get-directory-request", tag: tagDirectories, need: manage, summary: "Read one request with its answer", fails: faults{scim.ErrRequestNotFound}},
		func(ctx context.Context, in *directoryRequestIn) (*directoryRequestOut, error) {
			l, err := a.SCIM.LoggedRequest(ctx, in.ID, in.Request)
			if err != nil {
				return nil, err
			}
			return &directoryRequestOut{showDirectoryRequest(&l)}, nil
		})
	on(a, operation{
		method: post, path: "/directories/{directory}/requests/{request}/replay", id: "replay-directory-request", tag: tagDirectories, need: manage, fresh: true, status: 200, summary: "Send a request again",
		about: "A dry run, which tells what would change, unless real is true. What was redacted is sent as it was kept.",
		fails: faults{scim.ErrDirectoryNotFound, scim.ErrRequestNotFound, scim.ErrRequestCut},
	}, func(ctx context.Context, in *directoryReplayIn) (*directoryReplayOut, error) {
		out, err := a.SCIM.Replay(ctx, in.ID, in.Request, a.scimURL(ctx), in.Body.Real)
		if err != nil {
			return nil, err
		}
		return &directoryReplayOut{directoryReplay{
			Status: out.Status, DryRun: out.DryRun, Changes: showChanges(out.Outcome), Notes: listed(out.Outcome.Notes), Response: out.Body,
		}}, nil
	})
}

// scimURL is where the portal's directories send their requests.
func (a *api) scimURL(ctx context.Context) string {
	t, _ := tenant.From(ctx)
	return a.Hosts.PortalURL(t) + "/scim/v2"
}

func (a *api) showDirectory(ctx context.Context, d scim.Directory) directory {
	out := directory{
		ID: d.ID, Name: d.Name, Status: d.Status, Mode: d.Mode, BaseURL: a.scimURL(ctx), ConnectionID: d.ConnectionID, Mapping: []fieldRule{}, RoleRules: []roleRule{},
		RoleDefault: d.RoleRules.V.Default, Revision: d.Revision, SyncedAt: utcOrNone(d.SyncedAt), CreatedAt: utc(d.CreatedAt), UpdatedAt: utc(d.UpdatedAt),
	}
	for _, r := range d.Mapping.V {
		out.Mapping = append(out.Mapping, fieldRule(r))
	}
	for _, r := range d.RoleRules.V.Rules {
		out.RoleRules = append(out.RoleRules, roleRule(r))
	}
	return out
}

func showDirectoryToken(t *scim.Token) directoryToken {
	return directoryToken{ID: t.ID, Name: t.Name, Prefix: t.Prefix, CreatedAt: utc(t.CreatedAt), ExpiresAt: utc(t.ExpiresAt), LastUsedAt: utcOrNone(t.LastUsedAt)}
}

func showDirectoryRequest(l *scim.Logged) directoryRequest {
	return directoryRequest{
		ID: l.ID, Method: l.Method, Path: l.Path, Status: l.Status, DryRun: l.DryRun, Millis: l.Millis, At: utc(l.At), Changes: showChanges(l.Outcome.V),
		Notes: listed(l.Outcome.V.Notes), Request: l.Request, Response: l.Response,
	}
}

func showChanges(o scim.Outcome) []directoryChange {
	out := make([]directoryChange, len(o.Changes))
	for i, c := range o.Changes {
		out[i] = directoryChange(c)
	}
	return out
}
