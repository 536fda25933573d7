package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/bulk"
	"lyceum/auth/group"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// newPeopleImport is a list of people to be read.
type newPeopleImport struct {
	Name      string      `json:"name,omitempty" maxLength:"200" doc:"What the list is called." example:"september.csv"`
	List      string      `json:"list" maxLength:"4000000" doc:"One person a line, separated by commas, semicolons or tabs, with a heading or without. At most 5,000." example:"email,name,group\nanna@example.com,Anna Berg,Roofers"`
	Columns   []string    `json:"columns,omitempty" doc:"What each column is: email, name, roles, groups, locale, time_zone, or an attribute; empty for one that is passed over. Guessed when left out."`
	Role      policy.Role `json:"role" doc:"Of those whose line names none." example:"learner"`
	Quiet     bool        `json:"quiet,omitempty" doc:"New people get an account at once and no invitation."`
	NewGroups bool        `json:"new_groups,omitempty" doc:"Groups that are not here are made."`
}

// peopleImportPlan is another reading of a list.
type peopleImportPlan struct {
	Columns   []string    `json:"columns,omitempty" doc:"What each column is; as they are when left out."`
	Role      policy.Role `json:"role" doc:"Of those whose line names none." example:"learner"`
	Quiet     bool        `json:"quiet,omitempty"`
	NewGroups bool        `json:"new_groups,omitempty"`
}

// peopleImport is a list of people and how far it is.
type peopleImport struct {
	ID          uid.ID               `json:"id"`
	Name        string               `json:"name,omitempty"`
	Status      bulk.Status          `json:"status" enum:"planned,running,done"`
	Revision    int                  `json:"revision" doc:"Give it when you bring the list in: what is brought in is what was reviewed."`
	Header      []string             `json:"header" doc:"What the columns are called in the list."`
	Columns     []string             `json:"columns" doc:"What each is taken for."`
	Role        policy.Role          `json:"role"`
	Quiet       bool                 `json:"quiet"`
	NewGroups   bool                 `json:"new_groups"`
	Lines       int                  `json:"lines"`
	Counts      map[bulk.Outcome]int `json:"counts" doc:"Lines by what becomes of them."`
	Done        int                  `json:"done"`
	Failed      int                  `json:"failed"`
	CreatedAt   time.Time            `json:"created_at"`
	RequestedAt *time.Time           `json:"requested_at,omitempty"`
	FinishedAt  *time.Time           `json:"finished_at,omitempty"`
}

// peopleImportLine is what becomes of a line, or became.
type peopleImportLine struct {
	Line     int           `json:"line" doc:"In the list, from 1."`
	Email    string        `json:"email"`
	Name     string        `json:"name,omitempty"`
	Roles    []policy.Role `json:"roles"`
	Groups   []string      `json:"groups"`
	Outcome  bulk.Outcome  `json:"outcome" enum:"invite,create,update,same,refused"`
	Changes  []string      `json:"changes" doc:"Of who is here: what would change."`
	Left     []string      `json:"left" doc:"Fields whose value could not be read and is left out."`
	State    bulk.State    `json:"state" enum:"waiting,done,failed,passed"`
	Problem  string        `json:"problem,omitempty" doc:"Why it was refused or failed."`
	PersonID *uid.ID       `json:"person_id,omitempty"`
}

type peopleImportIn struct {
	ID uid.ID `path:"import" doc:"The list's id."`
}

type peopleImportPostIn struct{ Body newPeopleImport }

type peopleImportPutIn struct {
	ID   uid.ID `path:"import" doc:"The list's id."`
	Body peopleImportPlan
}

type peopleImportApplyIn struct {
	ID   uid.ID `path:"import" doc:"The list's id."`
	Body struct {
		Revision int `json:"revision" doc:"Of the reading that was reviewed."`
	}
}

type peopleImportsIn struct{ Paging }

type peopleImportLinesIn struct {
	Paging
	ID      uid.ID       `path:"import" doc:"The list's id."`
	Outcome bulk.Outcome `query:"outcome" enum:"invite,create,update,same,refused" doc:"Only lines of this outcome."`
	State   bulk.State   `query:"state" enum:"waiting,done,failed,passed" doc:"Only lines in this state."`
}

type peopleImportOut struct{ Body peopleImport }

type createdPeopleImportOut struct {
	Location string `header:"Location"`
	Body     peopleImport
}

// joinLink lets people ask to join.
type joinLink struct {
	ID        uid.ID      `json:"id"`
	URL       string      `json:"url" doc:"Where it leads; show it as text or as a QR code."`
	Name      string      `json:"name"`
	Role      policy.Role `json:"role"`
	GroupID   *uid.ID     `json:"group_id,omitempty"`
	Domains   []string    `json:"domains" doc:"Of e-mail addresses that may join; none: any."`
	MaxUses   *int        `json:"max_uses,omitempty"`
	Used      int         `json:"used" doc:"People whom it brought in."`
	Open      bool        `json:"open" doc:"It can be used."`
	CreatedAt time.Time   `json:"created_at"`
	ExpiresAt time.Time   `json:"expires_at"`
	RevokedAt *time.Time  `json:"revoked_at,omitempty"`
}

type joinLinkPostIn struct {
	Body struct {
		Name    string      `json:"name" maxLength:"100" doc:"What it is for." example:"Summer school"`
		Role    policy.Role `json:"role" example:"learner"`
		GroupID *uid.ID     `json:"group_id,omitempty" doc:"A group kept by hand that they join."`
		Domains []string    `json:"domains,omitempty" doc:"Only e-mail addresses of these domains." example:"[\"example.com\"]"`
		MaxUses *int        `json:"max_uses,omitempty" minimum:"1" maximum:"100000"`
		Days    int         `json:"days" minimum:"1" maximum:"365" doc:"How long it lasts."`
	}
}

type joinLinkIn struct {
	ID uid.ID `path:"link" doc:"The link's id."`
}

type joinLinkOut struct {
	Location string `header:"Location"`
	Body     joinLink
}

func showImport(i *bulk.Import) peopleImport {
	counts := map[bulk.Outcome]int{}
	for _, o := range bulk.Outcomes() {
		counts[o] = i.Counts[o]
	}
	return peopleImport{
		ID: i.ID, Name: i.Name, Status: i.Status, Revision: i.Revision, Header: i.Header, Columns: i.Columns, Role: i.Role, Quiet: i.Quiet, NewGroups: i.NewGroups,
		Lines: i.Total, Counts: counts, Done: i.Done, Failed: i.Failed, CreatedAt: utc(i.CreatedAt), RequestedAt: utcOrNone(i.RequestedAt), FinishedAt: utcOrNone(i.FinishedAt),
	}
}

func showImportLine(l *bulk.Line) peopleImportLine {
	return peopleImportLine{
		Line: l.Number, Email: l.Email, Name: l.Name, Roles: some(l.Detail.Roles), Groups: some(l.Detail.Groups), Outcome: l.Outcome, Changes: some(l.Detail.Changes), Left: some(l.Detail.Left),
		State: l.State, Problem: l.Problem, PersonID: l.PersonID,
	}
}

// some is a list that is never null in JSON.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (a *api) bulkOperations() {
	manage := route.For(policy.PersonManage)
	on(a, operation{method: get, path: "/people/imports", id: "list-people-imports", tag: tagPeople, need: manage, summary: "Lists of people, the newest first", about: "Lists are kept for 30 days."},
		func(ctx context.Context, in *peopleImportsIn) (*pageOut[peopleImport], error) {
			list, err := a.Bulk.Imports(ctx, in.request())
			if err != nil {
				return nil, err
			}
			return paged(ctx, list, showImport), nil
		})
	on(a, operation{
		method: post, path: "/people/imports", id: "plan-people-import", tag: tagPeople, need: manage, status: 201, summary: "Read a list of people and say what it would do",
		about: "Nothing is done yet: look at the lines, then bring the list in with its revision.",
	}, func(ctx context.Context, in *peopleImportPostIn) (*createdPeopleImportOut, error) {
		b := in.Body
		i, err := a.Bulk.Plan(ctx, b.Name, []byte(b.List), bulk.Wish{Columns: b.Columns, Role: b.Role, Quiet: b.Quiet, NewGroups: b.NewGroups})
		if err != nil {
			return nil, err
		}
		return &createdPeopleImportOut{base + "/people/imports/" + i.ID.String(), showImport(&i)}, nil
	})
	on(a, operation{method: get, path: "/people/imports/{import}", id: "get-people-import", tag: tagPeople, need: manage, summary: "How far a list of people is", fails: faults{bulk.ErrNotFound}},
		func(ctx context.Context, in *peopleImportIn) (*peopleImportOut, error) {
			return shownImport(a.Bulk.Show(ctx, in.ID))
		})
	on(a, operation{
		method: get, path: "/people/imports/{import}/lines", id: "list-people-import-lines", tag: tagPeople, need: manage, summary: "What becomes of each line", fails: faults{bulk.ErrNotFound},
	}, func(ctx context.Context, in *peopleImportLinesIn) (*pageOut[peopleImportLine], error) {
		list, err := a.Bulk.Lines(ctx, in.ID, bulk.Filter{Outcome: in.Outcome, State: in.State, Page: in.request()})
		if err != nil {
			return nil, err
		}
		return paged(ctx, list, showImportLine), nil
	})
	on(a, operation{
		method: put, path: "/people/imports/{import}", id: "replan-people-import", tag: tagPeople, need: manage, summary: "Read a list another way", fails: faults{bulk.ErrNotFound, bulk.ErrNotNow},
	}, func(ctx context.Context, in *peopleImportPutIn) (*peopleImportOut, error) {
		b := in.Body
		return shownImport(a.Bulk.Replan(ctx, in.ID, bulk.Wish{Columns: b.Columns, Role: b.Role, Quiet: b.Quiet, NewGroups: b.NewGroups}))
	})
	on(a, operation{
		method: post, path: "/people/imports/{import}/apply", id: "apply-people-import", tag: tagPeople, need: manage, fresh: true, summary: "Bring a list in as it was reviewed",
		about: "A job does it; look at the list to see how far it is. No line is done twice.",
		fails: faults{bulk.ErrNotFound, bulk.ErrNotNow, bulk.ErrReview, bulk.ErrNothing, bulk.ErrTooMany},
	}, func(ctx context.Context, in *peopleImportApplyIn) (*peopleImportOut, error) {
		return shownImport(a.Bulk.Apply(ctx, in.ID, in.Body.Revision))
	})
	on(a, operation{
		method: del, path: "/people/imports/{import}", id: "discard-people-import", tag: tagPeople, need: manage, status: 204, summary: "Forget a list", fails: faults{bulk.ErrNotFound, bulk.ErrNotNow},
	}, func(ctx context.Context, in *peopleImportIn) (*nothing, error) {
		return nil, a.Bulk.Discard(ctx, in.ID)
	})
	a.joinLinkOperations(manage)
}

func shownImport(i bulk.Import, err error) (*peopleImportOut, error) {
	if err != nil {
		return nil, err
	}
	return &peopleImportOut{showImport(&i)}, nil
}

func (a *api) joinLinkOperations(manage route.Need) {
	show := func(ctx context.Context, l *bulk.Link) joinLink {
		t, _ := tenant.From(ctx)
		return joinLink{
			ID: l.ID, URL: a.Hosts.PortalURL(t) + "/join/" + l.Secret, Name: l.Name, Role: l.Role, GroupID: l.GroupID, Domains: some(l.Domains), MaxUses: l.MaxUses, Used: l.Used,
			Open: l.Open(a.Now()), CreatedAt: utc(l.CreatedAt), ExpiresAt: utc(l.ExpiresAt), RevokedAt: utcOrNone(l.RevokedAt),
		}
	}
	on(a, operation{method: get, path: "/people/join-links", id: "list-join-links", tag: tagPeople, need: manage, summary: "Links by which people ask to join, the newest first"},
		func(ctx context.Context, _ *nothing) (*pageOut[joinLink], error) {
			list, err := a.Bulk.Links(ctx)
			if err != nil {
				return nil, err
			}
			return whole(ctx, list, func(l *bulk.Link) joinLink { return show(ctx, l) }), nil
		})
	on(a, operation{
		method: post, path: "/people/join-links", id: "create-join-link", tag: tagPeople, need: manage, fresh: true, status: 201, summary: "Make a link by which people ask to join",
		about: "Who asks proves their e-mail by the invitation that is sent to it.", fails: faults{auth.ErrGroupNotFound, group.ErrKept},
	}, func(ctx context.Context, in *joinLinkPostIn) (*joinLinkOut, error) {
		b := in.Body
		l, err := a.Bulk.CreateLink(ctx, bulk.LinkInput{Name: b.Name, Role: b.Role, Group: b.GroupID, Domains: b.Domains, MaxUses: b.MaxUses, Days: b.Days})
		if err != nil {
			return nil, err
		}
		return &joinLinkOut{base + "/people/join-links/" + l.ID.String(), show(ctx, &l)}, nil
	})
	on(a, operation{
		method: del, path: "/people/join-links/{link}", id: "revoke-join-link", tag: tagPeople, need: manage, status: 204, summary: "End a link", fails: faults{bulk.ErrNoLink},
	}, func(ctx context.Context, in *joinLinkIn) (*nothing, error) { return nil, a.Bulk.RevokeLink(ctx, in.ID) })
}
