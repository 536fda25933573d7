package rest

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/tenant"
	"lyceum/tenant/leaving"
	"lyceum/tenant/takeout"
)

// portalState is where the portal stands.
type portalState struct {
	State    string     `json:"state" enum:"provisioning,trial,active,past_due,read_only,suspended,export_ready,erased" doc:"read_only and export_ready: nothing is written but what is let through (docs/LIFE.md)."`
	LeavesAt *time.Time `json:"leaves_at,omitempty" doc:"When everything is erased, by an owner's wish. Left out: nobody wishes that."`
	PausedAt *time.Time `json:"paused_at,omitempty" doc:"Since when it rests, by an owner's wish. Left out: it does not."`
	AskedAt  *time.Time `json:"asked_at,omitempty" doc:"When that was wished."`
	AskedBy  string     `json:"asked_by,omitempty" doc:"Who wished it, by name."`
}

type portalStateOut struct{ Body portalState }

type leavingWish struct {
	Confirm string `json:"confirm" example:"acme" doc:"The portal's name in addresses, to show that this one is meant."`
}

type leavingWishIn struct{ Body leavingWish }

// takeoutShown is an archive of everything.
type takeoutShown struct {
	ID        uid.ID     `json:"id"`
	Status    string     `json:"status" enum:"waiting,working,ready,failed,expired"`
	Percent   int        `json:"percent" doc:"How much of it is made."`
	AskedAt   time.Time  `json:"asked_at"`
	Bytes     int64      `json:"bytes,omitempty"`
	SHA256    string     `json:"sha256,omitempty" doc:"Of the archive, in hexadecimal."`
	ReadyAt   *time.Time `json:"ready_at,omitempty"`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"Until when it can be fetched."`
}

type takeoutOut struct{ Body takeoutShown }

type takeoutIn struct {
	Takeout uid.ID `path:"takeout" doc:"The archive's id."`
}

type archiveOut struct {
	Type        string `header:"Content-Type" hidden:"true"`
	Disposition string `header:"Content-Disposition"`
	Body        func(huma.Context)
}

func (a *api) leavingOperations() {
	owner := route.For(policy.PortalLeave)
	on(a, operation{
		method: get, path: "/portal/leaving", id: "get-leaving", tag: tagLeaving, need: owner,
		summary: "Where the portal stands, and whether it is to be erased",
	}, func(ctx context.Context, _ *nothing) (*portalStateOut, error) { return a.portalNow(ctx) })
	on(a, operation{
		method: post, path: "/portal/leaving", id: "leave-portal", tag: tagLeaving, need: owner, fresh: true,
		summary: "Have the portal erased when the days to think again are over",
		about:   "Until then it is read-only, everything can be taken out, and DELETE takes the wish back. Asking again changes nothing.",
	}, func(ctx context.Context, in *leavingWishIn) (*portalStateOut, error) {
		if _, err := a.Leaving.Ask(ctx, in.Body.Confirm); err != nil {
			return nil, err
		}
		return a.portalNow(ctx)
	})
	on(a, operation{
		method: del, path: "/portal/leaving", id: "keep-portal", tag: tagLeaving, need: owner,
		summary: "Keep the portal after all", fails: faults{leaving.ErrNotLeaving, leaving.ErrGoing},
	}, func(ctx context.Context, _ *nothing) (*nothing, error) { return nil, a.Leaving.Stay(ctx) })
	on(a, operation{
		method: post, path: "/portal/pause", id: "pause-portal", tag: tagLeaving, need: owner,
		summary: "Let the portal rest", about: "It is read-only until DELETE; learning goes on, and so does the bill. Pausing again changes nothing.",
	}, func(ctx context.Context, _ *nothing) (*nothing, error) { return nil, a.Leaving.Pause(ctx) })
	on(a, operation{
		method: del, path: "/portal/pause", id: "resume-portal", tag: tagLeaving, need: owner,
		summary: "Go on with a portal that rests", about: "One that does not rest stays as it is.",
	}, func(ctx context.Context, _ *nothing) (*nothing, error) { return nil, a.Leaving.Resume(ctx) })
	on(a, operation{
		method: get, path: "/portal/takeouts", id: "list-takeouts", tag: tagLeaving, need: owner,
		summary: "Archives of everything, the newest first",
	}, func(ctx context.Context, _ *nothing) (*pageOut[takeoutShown], error) {
		list, err := a.Takeouts.List(ctx)
		if err != nil {
			return nil, err
		}
		return whole(ctx, list, showTakeout), nil
	})
	on(a, operation{
		method: post, path: "/portal/takeouts", id: "make-takeout", tag: tagLeaving, need: owner, status: 202, fresh: true,
		summary: "Have everything written into one archive, as CSV, JSON and files", fails: faults{takeout.ErrOpen},
	}, func(ctx context.Context, _ *nothing) (*takeoutOut, error) {
		t, err := a.Takeouts.Ask(ctx)
		if err != nil {
			return nil, err
		}
		return &takeoutOut{showTakeout(&t)}, nil
	})
	on(a, operation{
		method: get, path: "/portal/takeouts/{takeout}", id: "get-takeout", tag: tagLeaving, need: owner,
		summary: "One archive", fails: faults{takeout.ErrNotFound},
	}, func(ctx context.Context, in *takeoutIn) (*takeoutOut, error) {
		t, err := a.Takeouts.Show(ctx, in.Takeout)
		if err != nil {
			return nil, err
		}
		return &takeoutOut{showTakeout(&t)}, nil
	})
	on(a, operation{
		method: get, path: "/portal/takeouts/{takeout}/archive", id: "fetch-takeout", tag: tagLeaving, need: owner,
		summary: "An archive that is ready, as ZIP", media: "application/zip", fails: faults{takeout.ErrNotFound, takeout.ErrNotReady},
	}, func(ctx context.Context, in *takeoutIn) (*archiveOut, error) {
		t, r, err := a.Takeouts.Read(ctx, in.Takeout)
		if err != nil {
			return nil, err
		}
		return &archiveOut{Type: "application/zip", Disposition: `attachment; filename="` + t.ID.String() + `.zip"`, Body: func(h huma.Context) {
			answer := behind(h.Context()).c
			answer.Set(fiber.HeaderContentType, "application/zip")
			answer.Context().SetBodyStream(r, int(t.Bytes)) // closes it
		}}, nil
	})
}

func (a *api) portalNow(ctx context.Context) (*portalStateOut, error) {
	t, _ := tenant.From(ctx)
	l, err := a.Leaving.Current(ctx)
	if err != nil {
		return nil, err
	}
	out := portalState{State: string(t.Life), PausedAt: utcOrNone(t.PausedAt)}
	if l != nil {
		out.State, out.LeavesAt, out.AskedAt, out.AskedBy = "export_ready", utcOrNone(&l.EraseAt), utcOrNone(&l.AskedAt), l.ByName
	} else if out.State == "export_ready" || out.State == "" {
		out.State = "active" // kept a moment ago
		if t.PausedAt != nil {
			out.State = "read_only"
		}
	}
	return &portalStateOut{out}, nil
}

func showTakeout(t *takeout.Takeout) takeoutShown {
	return takeoutShown{
		ID: t.ID, Status: string(t.Status), Percent: t.Percent(), AskedAt: t.AskedAt.UTC(), Bytes: t.Bytes, SHA256: t.SHA256,
		ReadyAt: utcOrNone(t.ReadyAt), ExpiresAt: utcOrNone(t.ExpiresAt),
	}
}
