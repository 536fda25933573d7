package rest

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/privacy/access"
	"lyceum/internal/uid"
)

// dataRequestShown is a copy of what is kept of somebody.
type dataRequestShown struct {
	ID        uid.ID     `json:"id"`
	PersonID  uid.ID     `json:"person_id"`
	BySelf    bool       `json:"by_self" doc:"The person asked; nobody else fetches it."`
	Status    string     `json:"status" enum:"waiting,working,ready,failed,expired"`
	Percent   int        `json:"percent" doc:"How much of it is made."`
	Bytes     int64      `json:"bytes,omitempty"`
	SHA256    string     `json:"sha256,omitempty" doc:"Of the file, in hexadecimal."`
	AskedAt   time.Time  `json:"asked_at"`
	ReadyAt   *time.Time `json:"ready_at,omitempty"`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"Until when it can be fetched."`
}

type dataRequestOut struct{ Body dataRequestShown }

type dataRequestIn struct {
	Request uid.ID `path:"request" doc:"The request's id."`
}

func showDataRequest(r *access.Request) dataRequestShown {
	return dataRequestShown{
		ID: r.ID, PersonID: r.PersonID, BySelf: r.BySelf, Status: string(r.Status), Percent: r.Percent(), Bytes: r.Bytes, SHA256: r.SHA256,
		AskedAt: r.AskedAt.UTC(), ReadyAt: utcOrNone(r.ReadyAt), ExpiresAt: utcOrNone(r.ExpiresAt),
	}
}

func (a *api) accessRequestOperations() {
	read, manage, self := route.For(policy.PrivacyRead), route.For(policy.PrivacyManage), route.For(policy.PersonSelf)
	look := func(ctx context.Context) access.Look {
		who, _ := auth.PrincipalFrom(ctx)
		return access.Look{Locale: who.Locale, Zone: who.TimeZone}
	}
	one := func(ctx context.Context, in *dataRequestIn) (*dataRequestOut, error) {
		r, err := a.Access.Get(ctx, in.Request)
		if err != nil {
			return nil, err
		}
		return &dataRequestOut{showDataRequest(&r)}, nil
	}
	file := func(ctx context.Context, in *dataRequestIn) (*archiveOut, error) {
		r, err := a.Access.Fetchable(ctx, in.Request)
		if err != nil {
			return nil, err
		}
		body, err := a.Access.Read(context.WithoutCancel(ctx), r, 0, -1)
		if err != nil {
			return nil, err
		}
		return &archiveOut{Type: "application/zip", Disposition: `attachment; filename="` + r.FileName() + `"`, Body: func(h huma.Context) {
			answer := behind(h.Context()).c
			answer.Set(fiber.HeaderContentType, "application/zip")
			answer.Context().SetBodyStream(body, int(r.Bytes)) // closes it
		}}, nil
	}
	const about = "A job makes an archive of all that is kept of the person (GDPR Art. 15 and 20): CSV, JSON, files, a page that explains it and a manifest. It is kept for 14 days. At most one a day."
	on(a, operation{method: get, path: "/me/data-requests", id: "list-my-data-requests", tag: tagPrivacy, need: self, summary: "Copies of one's own data, the newest first"},
		func(ctx context.Context, _ *nothing) (*pageOut[dataRequestShown], error) {
			list, err := a.Access.Own(ctx)
			if err != nil {
				return nil, err
			}
			return whole(ctx, list, showDataRequest), nil
		})
	on(a, operation{method: post, path: "/me/data-requests", id: "request-my-data", tag: tagPrivacy, need: self, fresh: true, status: 202, summary: "Ask for a copy of what is kept of oneself", about: about, fails: faults{access.ErrOpen, access.ErrTooSoon}},
		func(ctx context.Context, _ *nothing) (*dataRequestOut, error) {
			r, err := a.Access.AskOwn(ctx, look(ctx))
			if err != nil {
				return nil, err
			}
			return &dataRequestOut{showDataRequest(&r)}, nil
		})
	on(a, operation{method: get, path: "/me/data-requests/{request}", id: "get-my-data-request", tag: tagPrivacy, need: self, summary: "Where a copy of one's own data stands", fails: faults{access.ErrNotFound}}, one)
	on(a, operation{method: get, path: "/me/data-requests/{request}/file", id: "fetch-my-data", tag: tagPrivacy, need: self, summary: "A copy of one's own data that is ready, as ZIP", media: "application/zip", fails: faults{access.ErrNotFound, access.ErrNotReady}}, file)
	on(a, operation{method: get, path: "/data-requests", id: "list-data-requests", tag: tagPrivacy, need: read, summary: "Copies of people's data that were asked for, the newest first"},
		func(ctx context.Context, in *Paging) (*pageOut[dataRequestShown], error) {
			list, err := a.Access.All(ctx, in.request())
			if err != nil {
				return nil, err
			}
			return paged(ctx, list, showDataRequest), nil
		})
	on(a, operation{method: post, path: "/people/{person}/data-requests", id: "request-person-data", tag: tagPrivacy, need: manage, fresh: true, status: 202, summary: "Have a copy made of what is kept of somebody", about: about, fails: faults{auth.ErrPersonNotFound, access.ErrOpen, access.ErrTooSoon}},
		func(ctx context.Context, in *personIn) (*dataRequestOut, error) {
			r, err := a.Access.AskFor(ctx, in.ID, look(ctx))
			if err != nil {
				return nil, err
			}
			return &dataRequestOut{showDataRequest(&r)}, nil
		})
	on(a, operation{method: get, path: "/data-requests/{request}", id: "get-data-request", tag: tagPrivacy, need: read, summary: "Where a copy of somebody's data stands that the portal had made", fails: faults{access.ErrNotFound}}, one)
	on(a, operation{method: get, path: "/data-requests/{request}/file", id: "fetch-person-data", tag: tagPrivacy, need: manage, summary: "A copy of somebody's data that the portal had made, as ZIP", media: "application/zip", fails: faults{access.ErrNotFound, access.ErrNotReady}}, file)
}
