package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/org"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

type unitShown struct {
	ID       uid.ID       `json:"id"`
	Kind     org.UnitKind `json:"kind" enum:"department,location,position"`
	ParentID *uid.ID      `json:"parent_id,omitempty" doc:"What it stands below; left out: at the top."`
	Code     string       `json:"code" doc:"What an HR system calls it: unique within the kind; empty for none."`
	Name     string       `json:"name"`
	Closed   bool         `json:"closed" doc:"Nobody can be placed in it."`
	Revision int          `json:"revision"`
}

type branchShown struct {
	ID       uid.ID       `json:"id"`
	Kind     org.UnitKind `json:"kind" enum:"department,location,position"`
	ParentID *uid.ID      `json:"parent_id,omitempty"`
	Code     string       `json:"code"`
	Name     string       `json:"name"`
	Path     string       `json:"path" doc:"The names from the top down." example:"Sales / North"`
	Depth    int          `json:"depth" doc:"0 at the top."`
	Here     int          `json:"people_here" doc:"People placed in it who are not deactivated."`
	All      int          `json:"people_all" doc:"And in what stands below it."`
	Closed   bool         `json:"closed"`
	Revision int          `json:"revision"`
}

type unitsIn struct {
	Kind   org.UnitKind `query:"kind" enum:"department,location,position" default:"department" doc:"Departments, locations or positions."`
	On     string       `query:"on" format:"date" doc:"As they were on this day; as they are now without it. Days are those of UTC."`
	Known  time.Time    `query:"known_at" doc:"As it was known then; now without it."`
	Closed bool         `query:"closed" doc:"Closed ones too."`
}

type unitsOut struct {
	Body struct {
		Items []branchShown `json:"items" doc:"In the order of their trees."`
	}
}

type unitNewIn struct {
	Body struct {
		Kind     org.UnitKind `json:"kind" enum:"department,location,position"`
		Name     string       `json:"name" maxLength:"120" doc:"Unique among its open siblings."`
		Code     string       `json:"code,omitempty" required:"false" maxLength:"100"`
		ParentID *uid.ID      `json:"parent_id,omitempty" required:"false" doc:"What it stands below. Positions stand in no tree."`
	}
}

type unitIn struct {
	ID uid.ID `path:"unit" doc:"The id of the department, location or position."`
}

type unitChangeIn struct {
	ID   uid.ID `path:"unit" doc:"The id of the department, location or position."`
	Body struct {
		Name     string  `json:"name" maxLength:"120"`
		Code     string  `json:"code,omitempty" required:"false" maxLength:"100"`
		ParentID *uid.ID `json:"parent_id,omitempty" required:"false" doc:"Left out: at the top."`
		Revision *int    `json:"revision,omitempty" required:"false" doc:"Refused if it is another by now; any without it."`
	}
}

type unitMergeIn struct {
	ID   uid.ID `path:"unit" doc:"The id of the department, location or position."`
	Body struct {
		Into uid.ID `json:"into" doc:"Another of its kind that is open and does not stand below it."`
	}
}

type unitOut struct{ Body unitShown }

type unitMergedOut struct {
	Body struct {
		People int `json:"people" doc:"Who moved."`
	}
}

func showUnit(u org.Unit) unitShown {
	return unitShown{ID: u.ID, Kind: u.Kind, ParentID: u.ParentID, Code: u.Code, Name: u.Name, Closed: u.ClosedAt != nil, Revision: u.Revision}
}

func (a *api) unitOperations() {
	read, manage := route.For(policy.PersonRead), route.For(policy.PersonManage)
	on(a, operation{method: get, path: "/structure/units", id: "list-org-units", tag: tagPeople, need: read, summary: "Departments, locations or positions with how many people are in each", about: "As they are now, or as they were on a day as known at a moment."},
		func(ctx context.Context, in *unitsIn) (*unitsOut, error) {
			day, err := dayIn("on", in.On)
			if err != nil {
				return nil, err
			}
			list, err := a.Org.Units(ctx, in.Kind, org.When{Day: day, Known: in.Known}, in.Closed)
			if err != nil {
				return nil, err
			}
			out := &unitsOut{}
			out.Body.Items = []branchShown{}
			for _, b := range list {
				out.Body.Items = append(out.Body.Items, branchShown{
					ID: b.ID, Kind: b.Kind, ParentID: b.ParentID, Code: b.Code, Name: b.Name, Path: b.Path, Depth: b.Depth, Here: b.Here, All: b.All, Closed: b.ClosedAt != nil, Revision: b.Revision,
				})
			}
			return out, nil
		})
	on(a, operation{method: post, path: "/structure/units", id: "create-org-unit", tag: tagPeople, need: manage, fresh: true, status: 201, summary: "Make a department, location or position", fails: faults{org.ErrNoUnit, org.ErrUnitClosed, org.ErrUnitCode, org.ErrUnitName, org.ErrUnitDeep, org.ErrUnitsFull}},
		func(ctx context.Context, in *unitNewIn) (*unitOut, error) {
			u, err := a.Org.AddUnit(ctx, org.UnitInput{Kind: in.Body.Kind, Name: in.Body.Name, Code: in.Body.Code, Parent: in.Body.ParentID})
			if err != nil {
				return nil, err
			}
			return &unitOut{showUnit(u)}, nil
		})
	on(a, operation{method: get, path: "/structure/units/{unit}", id: "get-org-unit", tag: tagPeople, need: read, summary: "One department, location or position", fails: faults{org.ErrNoUnit}},
		func(ctx context.Context, in *unitIn) (*unitOut, error) {
			u, err := a.Org.Unit(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			return &unitOut{showUnit(u)}, nil
		})
	on(a, operation{method: put, path: "/structure/units/{unit}", id: "change-org-unit", tag: tagPeople, need: manage, fresh: true, status: 200, summary: "Rename or move a department, location or position, from today on", fails: faults{org.ErrNoUnit, org.ErrUnitClosed, org.ErrUnitCode, org.ErrUnitName, org.ErrUnitDeep, org.ErrUnitLoop, org.ErrUnitChanged}},
		func(ctx context.Context, in *unitChangeIn) (*unitOut, error) {
			revision := -1
			if in.Body.Revision != nil {
				revision = *in.Body.Revision
			}
			u, err := a.Org.ChangeUnit(ctx, in.ID, revision, org.UnitInput{Name: in.Body.Name, Code: in.Body.Code, Parent: in.Body.ParentID})
			if err != nil {
				return nil, err
			}
			return &unitOut{showUnit(u)}, nil
		})
	on(a, operation{method: post, path: "/structure/units/{unit}/close", id: "close-org-unit", tag: tagPeople, need: manage, fresh: true, summary: "Close a department, location or position that nobody is in", fails: faults{org.ErrNoUnit, org.ErrUnitHeld}},
		func(ctx context.Context, in *unitIn) (*struct{}, error) { return nil, a.Org.CloseUnit(ctx, in.ID) })
	on(a, operation{method: post, path: "/structure/units/{unit}/open", id: "open-org-unit", tag: tagPeople, need: manage, fresh: true, summary: "Open a closed one again", fails: faults{org.ErrNoUnit, org.ErrUnitName, org.ErrUnitClosed, org.ErrUnitDeep}},
		func(ctx context.Context, in *unitIn) (*struct{}, error) { return nil, a.Org.OpenUnit(ctx, in.ID) })
	on(a, operation{method: post, path: "/structure/units/{unit}/merge", id: "merge-org-unit", tag: tagPeople, need: manage, fresh: true, status: 200, summary: "Put all that is in one into another from today on, and close it", fails: faults{org.ErrNoUnit, org.ErrUnitMerge, org.ErrUnitName, org.ErrUnitDeep}},
		func(ctx context.Context, in *unitMergeIn) (*unitMergedOut, error) {
			moved, err := a.Org.MergeUnit(ctx, in.ID, in.Body.Into)
			if err != nil {
				return nil, err
			}
			out := &unitMergedOut{}
			out.Body.People = moved
			return out, nil
		})
}
