package rest

import (
	"context"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/learning/path"
)

type pathsIn struct {
	Paging
	Query     string      `query:"q" doc:"Part of the title or summary."`
	Mine      bool        `query:"mine" doc:"Only paths that who asks is on."`
	Authoring bool        `query:"authoring" doc:"Drafts and archived paths too. It needs path:edit."`
	Status    path.Status `query:"status" enum:"draft,published,archived" doc:"Only paths in this state."`
}

type pathIn struct {
	Path string `path:"path" doc:"The path's address or its id." example:"first-weeks"`
}

type newPathIn struct{ Body newPath }

type pathChangeIn struct {
	AtRevision
	ID   uid.ID `path:"path" doc:"The path's id."`
	Body pathChange
}

type pathTurnIn struct {
	AtRevision
	ID   uid.ID `path:"path" doc:"The path's id."`
	Body *revisionOnly
}

type pathRosterIn struct {
	Paging
	ID uid.ID `path:"path" doc:"The path's id."`
}

type pathEnrolIn struct {
	Path string `path:"path" doc:"The path's address or its id." example:"first-weeks"`
	Body *whom
}

type pathPersonIn struct {
	ID     uid.ID `path:"path" doc:"The path's id."`
	Person uid.ID `path:"person" doc:"The person's id."`
}

type pathOut struct {
	ETag string `header:"ETag" doc:"The revision, as If-Match takes it."`
	Body pathShown
}

type createdPathOut struct {
	ETag     string `header:"ETag" doc:"The revision, as If-Match takes it."`
	Location string `header:"Location"`
	Body     pathShown
}

// thePath answers a path as who asks meets it.
func (a *api) thePath(ctx context.Context, id uid.ID, err error) (*pathOut, error) {
	if err != nil {
		return nil, err
	}
	s, err := a.Paths.ByID(ctx, id)
	if err != nil {
		return nil, err
	}
	return &pathOut{ETag: etag(s.Path.Revision), Body: showPath(s)}, nil
}

func (a *api) pathOperations() {
	read := route.For(policy.CourseRead)
	on(a, operation{
		method: get, path: "/paths", id: "list-paths", tag: tagPaths, need: read,
		summary: "List paths by title", about: "Published ones, and archived ones that who asks is on, each with how far they are.",
	}, func(ctx context.Context, in *pathsIn) (*pageOut[pathCard], error) {
		list, err := a.Paths.List(ctx, path.Filter{Status: in.Status, Query: in.Query, Authoring: in.Authoring, Mine: in.Mine, Page: in.request()})
		if err != nil {
			return nil, err
		}
		return paged(ctx, list, showPathCard), nil
	})
	on(a, operation{
		method: get, path: "/paths/{path}", id: "get-path", tag: tagPaths, need: read,
		summary: "Read a path with how far who asks is",
		about:   "What is done, open and locked is worked out from their enrolments. A draft is found by who may edit it.",
		fails:   faults{path.ErrNotFound, path.ErrNotPublished},
	}, func(ctx context.Context, in *pathIn) (*pathOut, error) {
		s, err := a.pathNamed(ctx, in.Path)
		if err != nil {
			return nil, err
		}
		return &pathOut{ETag: etag(s.Path.Revision), Body: showPath(s)}, nil
	})
	a.pathAuthoringOperations()
	a.pathPeopleOperations()
}

func (a *api) pathAuthoringOperations() {
	edit := route.For(policy.PathEdit)
	on(a, operation{
		method: post, path: "/paths", id: "create-path", tag: tagPaths, need: edit, status: 201,
		summary: "Begin a path as a draft without sections", fails: faults{path.ErrSlugTaken},
	}, func(ctx context.Context, in *newPathIn) (*createdPathOut, error) {
		p, err := a.Paths.Create(ctx, in.Body.input())
		out, err := a.thePath(ctx, p.ID, err)
		if err != nil {
			return nil, err
		}
		return &createdPathOut{ETag: out.ETag, Location: base + "/paths/" + p.ID.String(), Body: out.Body}, nil
	})
	on(a, operation{
		method: put, path: "/paths/{path}", id: "change-path", tag: tagPaths, need: edit, status: 200,
		summary: "Change a path with its sections",
		about:   "A change of a published path holds at once, for those on it too; only published courses can be added to one.",
		fails:   faults{path.ErrNotFound, path.ErrRevision, path.ErrSlugTaken},
	}, func(ctx context.Context, in *pathChangeIn) (*pathOut, error) {
		revision, err := in.revision(in.Body.Revision)
		if err != nil {
			return nil, err
		}
		_, err = a.Paths.Set(ctx, in.ID, revision, in.Body.input(), in.Body.sections())
		return a.thePath(ctx, in.ID, err)
	})
	for _, turn := range []struct {
		verb, summary string
		fails         faults
		do            func(context.Context, uid.ID, int) (path.Path, error)
	}{
		{"publish", "Let people take a path", faults{path.ErrNotFound, path.ErrRevision, path.ErrIncomplete}, a.Paths.Publish},
		{"archive", "Take a path from those who are not on it", faults{path.ErrNotFound, path.ErrRevision}, a.Paths.Archive},
	} {
		on(a, operation{
			method: post, path: "/paths/{path}/" + turn.verb, id: turn.verb + "-path", tag: tagPaths, need: edit, status: 200, summary: turn.summary, fails: turn.fails,
		}, func(ctx context.Context, in *pathTurnIn) (*pathOut, error) {
			var named *int
			if in.Body != nil {
				named = in.Body.Revision
			}
			revision, err := in.revision(named)
			if err != nil {
				return nil, err
			}
			_, err = turn.do(ctx, in.ID, revision)
			return a.thePath(ctx, in.ID, err)
		})
	}
}

func (a *api) pathPeopleOperations() {
	manage := route.For(policy.EnrolmentManage)
	on(a, operation{
		method: get, path: "/paths/{path}/enrolments", id: "list-path-enrolments", tag: tagPaths, need: manage,
		summary: "Who is on a path, in the order they began, and how far", fails: faults{path.ErrNotFound},
	}, func(ctx context.Context, in *pathRosterIn) (*pageOut[pathMember], error) {
		list, err := a.Paths.Roster(ctx, in.ID, in.request())
		if err != nil {
			return nil, err
		}
		return paged(ctx, list, showPathMember), nil
	})
	on(a, operation{
		method: post, path: "/paths/{path}/enrolments", id: "take-path", tag: tagPaths, need: route.SignedIn, status: 200,
		summary: "Take a path, or put someone on it",
		about: "Without person_id it is who asks: that needs enrolment:self, and who is on it already goes on. With person_id it needs enrolment:manage. " +
			"The courses that are open are entered: taken by oneself as one may enrol oneself, put on it also where places are on request or self-enrolment is closed. What does not let one in says why.",
		fails: faults{path.ErrNotFound, path.ErrNotPublished, path.ErrAlreadyIn, enrolment.ErrDeactivated, auth.ErrPersonNotFound, policy.ErrForbidden},
	}, func(ctx context.Context, in *pathEnrolIn) (*pathOut, error) {
		s, err := a.pathNamed(ctx, in.Path)
		if err != nil {
			return nil, err
		}
		if in.Body == nil || in.Body.PersonID == nil {
			s, err = a.Paths.Take(ctx, s.Path.ID)
		} else {
			s, err = a.Paths.Enrol(ctx, s.Path.ID, *in.Body.PersonID)
		}
		if err != nil {
			return nil, err
		}
		return &pathOut{ETag: etag(s.Path.Revision), Body: showPath(s)}, nil
	})
	on(a, operation{
		method: post, path: "/paths/{path}/go-on", id: "go-on-path", tag: tagPaths, need: route.For(policy.EnrolmentSelf), status: 200,
		summary: "Go on with a path: enter the next course where that is open",
		fails:   faults{path.ErrNotFound, path.ErrNotPublished, path.ErrNothingOpen, enrolment.ErrFull, enrolment.ErrNeedsFirst, catalog.ErrNotPublished},
	}, func(ctx context.Context, in *pathIn) (*pathOut, error) {
		s, err := a.pathNamed(ctx, in.Path)
		if err != nil {
			return nil, err
		}
		_, err = a.Paths.GoOn(ctx, s.Path.ID)
		return a.thePath(ctx, s.Path.ID, err)
	})
	on(a, operation{
		method: del, path: "/paths/{path}/enrolments/{person}", id: "leave-path", tag: tagPaths, need: route.SignedIn,
		summary: "Leave a path, or take a person off it; the courses stay",
		about:   "Oneself one may take off a path that one took by oneself: that needs enrolment:self. Anybody else, and whom someone put on the path, takes off who has enrolment:manage.",
		fails:   faults{path.ErrNotFound, path.ErrEnrolmentMissing, path.ErrCompleted, path.ErrAssigned, policy.ErrForbidden},
	}, func(ctx context.Context, in *pathPersonIn) (*nothing, error) {
		who, _ := auth.PrincipalFrom(ctx)
		switch {
		case who.May.Has(policy.EnrolmentManage):
			return nil, a.Paths.Remove(ctx, in.ID, in.Person)
		case who.PersonID == in.Person:
			return nil, a.Paths.Leave(ctx, in.ID)
		}
		return nil, path.ErrEnrolmentMissing // to everyone else nobody is on it
	})
}
