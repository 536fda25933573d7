package rest

import (
	"context"
	"encoding/json"
	"time"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/privacy"
	"lyceum/auth/privacy/hold"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// holdShown is a legal hold.
type holdShown struct {
	ID            uid.ID     `json:"id"`
	Name          string     `json:"name"`
	CaseNumber    string     `json:"case_number,omitempty"`
	Reason        string     `json:"reason"`
	Whole         bool       `json:"whole" doc:"It covers everybody of the portal, also who comes later."`
	People        int64      `json:"people" doc:"Who is named by it; 0 for the whole portal."`
	MadeBy        uid.ID     `json:"made_by"`
	MadeAt        time.Time  `json:"made_at"`
	ReleasedBy    *uid.ID    `json:"released_by,omitempty"`
	ReleasedAt    *time.Time `json:"released_at,omitempty" doc:"Left out while it is in force."`
	ReleaseReason string     `json:"release_reason,omitempty"`
}

// heldPerson is somebody under a hold.
type heldPerson struct {
	PersonID uid.ID    `json:"person_id"`
	Name     string    `json:"name,omitempty"`
	Group    string    `json:"group,omitempty" doc:"By which group they came under it."`
	AddedBy  uid.ID    `json:"added_by"`
	AddedAt  time.Time `json:"added_at"`
}

// heldRow is something of somebody under a hold that was removed in everyday life.
type heldRow struct {
	ID        uid.ID          `json:"id"`
	PersonID  uid.ID          `json:"person_id"`
	Name      string          `json:"name,omitempty"`
	Place     string          `json:"place" doc:"The table in which it stood."`
	Topic     privacy.Topic   `json:"topic,omitempty" doc:"What it is about, as in the register."`
	Data      json.RawMessage `json:"data" doc:"The row as it was, without keys and what leads to one."`
	RemovedAt time.Time       `json:"removed_at"`
}

type holdOut struct{ Body holdShown }

type legalHoldIn struct {
	Hold uid.ID `path:"hold" doc:"The hold's id."`
}

type holdNewIn struct {
	Body struct {
		Name       string   `json:"name" maxLength:"120"`
		CaseNumber string   `json:"case_number,omitempty" maxLength:"60"`
		Reason     string   `json:"reason" maxLength:"1000"`
		Whole      bool     `json:"whole,omitempty" doc:"Cover everybody of the portal; then without people and groups."`
		People     []uid.ID `json:"people,omitempty" maxItems:"1000"`
		Groups     []uid.ID `json:"groups,omitempty" maxItems:"1000" doc:"Whoever is in them at this moment."`
	}
}

type holdPeopleIn struct {
	Hold uid.ID `path:"hold" doc:"The hold's id."`
	Paging
}

type holdAddIn struct {
	Hold uid.ID `path:"hold" doc:"The hold's id."`
	Body struct {
		People []uid.ID `json:"people,omitempty" maxItems:"1000"`
		Groups []uid.ID `json:"groups,omitempty" maxItems:"1000" doc:"Whoever is in them at this moment."`
	}
}

// holdAdded says how many were not under the hold yet.
type holdAdded struct {
	Added int `json:"added"`
}

type holdAddedOut struct{ Body holdAdded }

type holdTakeIn struct {
	Hold   uid.ID `path:"hold" doc:"The hold's id."`
	Person uid.ID `path:"person" doc:"The person's id."`
}

type holdReleaseIn struct {
	Hold uid.ID `path:"hold" doc:"The hold's id."`
	Body struct {
		Reason string `json:"reason" maxLength:"1000"`
	}
}

func showHold(h *hold.Hold) holdShown {
	return holdShown{
		ID: h.ID, Name: h.Name, CaseNumber: h.CaseNumber, Reason: h.Reason, Whole: h.Whole, People: h.People, MadeBy: h.MadeBy, MadeAt: h.MadeAt.UTC(),
		ReleasedBy: h.ReleasedBy, ReleasedAt: utcOrNone(h.ReleasedAt), ReleaseReason: h.ReleaseReason,
	}
}

func showHeld(p *hold.Person) heldPerson {
	return heldPerson{PersonID: p.PersonID, Name: p.Name, Group: p.GroupName, AddedBy: p.AddedBy, AddedAt: p.AddedAt.UTC()}
}

func showHeldRow(r *hold.Row) heldRow {
	return heldRow{ID: r.ID, PersonID: r.PersonID, Name: r.Name, Place: r.Place, Topic: privacy.TopicOf(r.Place), Data: r.Data, RemovedAt: r.RemovedAt.UTC()}
}

func (a *api) holdOperations() {
	read, manage := route.For(policy.PrivacyRead), route.For(policy.PrivacyManage)
	on(a, operation{method: get, path: "/holds", id: "list-holds", tag: tagPrivacy, need: read, summary: "Legal holds, those in force first"},
		func(ctx context.Context, in *Paging) (*pageOut[holdShown], error) {
			list, err := a.Holds.List(ctx, in.request())
			if err != nil {
				return nil, err
			}
			return paged(ctx, list, showHold), nil
		})
	on(a, operation{
		method: post, path: "/holds", id: "make-hold", tag: tagPrivacy, need: manage, fresh: true, status: 201, summary: "Make a legal hold",
		about: "While it is in force nothing of the people under it is erased or goes by its age. They are not told.", fails: faults{hold.ErrNameUsed, auth.ErrGroupNotFound},
	}, func(ctx context.Context, in *holdNewIn) (*holdOut, error) {
		b := in.Body
		h, err := a.Holds.Make(ctx, hold.Input{Name: b.Name, CaseNumber: b.CaseNumber, Reason: b.Reason, Whole: b.Whole, Who: hold.Who{People: b.People, Groups: b.Groups}})
		if err != nil {
			return nil, err
		}
		return &holdOut{showHold(&h)}, nil
	})
	on(a, operation{method: get, path: "/holds/{hold}", id: "get-hold", tag: tagPrivacy, need: read, summary: "A legal hold", fails: faults{hold.ErrNotFound}},
		func(ctx context.Context, in *legalHoldIn) (*holdOut, error) {
			h, _, err := a.Holds.Show(ctx, in.Hold, page.Request{Limit: 1})
			if err != nil {
				return nil, err
			}
			return &holdOut{showHold(&h)}, nil
		})
	on(a, operation{method: get, path: "/holds/{hold}/people", id: "list-hold-people", tag: tagPrivacy, need: read, summary: "Who is under a legal hold", fails: faults{hold.ErrNotFound}},
		func(ctx context.Context, in *holdPeopleIn) (*pageOut[heldPerson], error) {
			_, list, err := a.Holds.Show(ctx, in.Hold, in.request())
			if err != nil {
				return nil, err
			}
			return paged(ctx, list, showHeld), nil
		})
	on(a, operation{
		method: get, path: "/holds/{hold}/rows", id: "list-hold-rows", tag: tagPrivacy, need: read, summary: "What was removed of people under a legal hold",
		about: "They go on using the portal: who leaves a path or ends a session removes something, and a copy of it is set aside here until no hold covers them. The newest first.", fails: faults{hold.ErrNotFound},
	}, func(ctx context.Context, in *holdPeopleIn) (*pageOut[heldRow], error) {
		_, list, err := a.Holds.Rows(ctx, in.Hold, in.request())
		if err != nil {
			return nil, err
		}
		return paged(ctx, list, showHeldRow), nil
	})
	on(a, operation{method: post, path: "/holds/{hold}/people", id: "add-hold-people", tag: tagPrivacy, need: manage, fresh: true, status: 200, summary: "Put more people under a legal hold", fails: faults{hold.ErrNotFound, hold.ErrReleased, hold.ErrWhole, auth.ErrGroupNotFound}},
		func(ctx context.Context, in *holdAddIn) (*holdAddedOut, error) {
			n, err := a.Holds.Add(ctx, in.Hold, hold.Who{People: in.Body.People, Groups: in.Body.Groups})
			if err != nil {
				return nil, err
			}
			return &holdAddedOut{holdAdded{n}}, nil
		})
	on(a, operation{method: del, path: "/holds/{hold}/people/{person}", id: "take-hold-person", tag: tagPrivacy, need: manage, fresh: true, summary: "Take somebody out of a legal hold", about: "What was set aside of theirs goes with it, unless another hold covers them.", fails: faults{hold.ErrNotFound, hold.ErrReleased, hold.ErrWhole, hold.ErrNotUnder, hold.ErrSelf}},
		func(ctx context.Context, in *holdTakeIn) (*nothing, error) {
			return nil, a.Holds.Take(ctx, in.Hold, in.Person)
		})
	on(a, operation{method: post, path: "/holds/{hold}/release", id: "release-hold", tag: tagPrivacy, need: manage, fresh: true, summary: "Release a legal hold", about: "What was set aside of those whom no other hold covers goes with it: read it first.", fails: faults{hold.ErrNotFound, hold.ErrReleased, hold.ErrSelf}},
		func(ctx context.Context, in *holdReleaseIn) (*nothing, error) {
			return nil, a.Holds.Release(ctx, in.Hold, in.Body.Reason)
		})
}
