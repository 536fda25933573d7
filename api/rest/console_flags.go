package rest

import (
	"context"
	"encoding/json"
	"time"

	"lyceum/auth/act"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/tenant"
	"lyceum/tenant/flag"
)

// flagShown is a flag with what is set.
type flagShown struct {
	Name        string         `json:"name" example:"live_notices"`
	Description string         `json:"description"`
	Percent     int            `json:"percent" doc:"The share of all portals that has it."`
	Declared    int            `json:"declared" doc:"The share it has where nobody sets anything."`
	Revision    int            `json:"revision" doc:"Counts the changes; 0: nobody set anything."`
	ChangedBy   string         `json:"changed_by,omitempty"`
	ChangedAt   *time.Time     `json:"changed_at,omitempty"`
	Portals     []flagOverride `json:"portals" doc:"Those for which it is on or off whatever the share."`
}

type flagOverride struct {
	Tenant string `json:"tenant" example:"acme"`
	On     bool   `json:"on"`
}

// flagOfPortal is how a flag stands for a portal.
type flagOfPortal struct {
	Name   string `json:"name" example:"live_notices"`
	On     bool   `json:"on"`
	Single bool   `json:"single" doc:"Set for this portal, whatever the share."`
}

type flagPath struct {
	Flag string `path:"flag" doc:"The flag's name." example:"live_notices"`
}

type flagShare struct {
	Percent  int  `json:"percent" minimum:"0" maximum:"100"`
	Revision *int `json:"revision,omitempty" doc:"The one it was changed on, when If-Match does not name it."`
}

type flagShareIn struct {
	Flag string `path:"flag" doc:"The flag's name." example:"live_notices"`
	AtRevision
	Body flagShare
}

type flagOut struct{ Body flagShown }

type flagOfPortalIn struct {
	TenantPath
	Flag string `path:"flag" doc:"The flag's name." example:"live_notices"`
}

type flagSwitch struct {
	On bool `json:"on"`
}

type flagSwitchIn struct {
	TenantPath
	Flag string `path:"flag" doc:"The flag's name." example:"live_notices"`
	Body flagSwitch
}

func (a *api) consoleFlagOperations() {
	s := a.console
	on(a, operation{
		method: get, path: "/flags", id: "list-flags", tag: tagFlags, need: looks, summary: "Every flag with what is set",
	}, func(ctx context.Context, _ *nothing) (*pageOut[flagShown], error) {
		list, err := s.Flags.List(ctx)
		if err != nil {
			return nil, err
		}
		return whole(ctx, list, showFlag), nil
	})
	on(a, operation{
		method: get, path: "/flags/{flag}", id: "get-flag", tag: tagFlags, need: looks, summary: "One flag", fails: faults{flag.ErrNotFound},
	}, func(ctx context.Context, in *flagPath) (*flagOut, error) { return a.flagNow(ctx, in.Flag) })
	on(a, operation{
		method: put, path: "/flags/{flag}", id: "set-flag", tag: tagFlags, need: manages, summary: "Give a flag to a share of all portals",
		about: "A share that grows takes nobody out.", fails: faults{flag.ErrNotFound, flag.ErrChanged},
	}, func(ctx context.Context, in *flagShareIn) (*flagOut, error) {
		revision, err := in.revision(in.Body.Revision)
		if err != nil {
			return nil, err
		}
		if err := s.Flags.SetPercent(ctx, in.Flag, in.Body.Percent, revision, program(ctx)); err != nil {
			return nil, err
		}
		return a.flagNow(ctx, in.Flag)
	})
	on(a, operation{
		method: get, path: "/tenants/{tenant}/flags", id: "list-tenant-flags", tag: tagFlags, need: looks, summary: "How every flag stands for a portal",
		fails: faults{tenant.ErrNotFound},
	}, func(ctx context.Context, in *TenantPath) (*pageOut[flagOfPortal], error) {
		t, err := s.Tenants.Show(ctx, in.Tenant)
		if err != nil {
			return nil, err
		}
		return whole(ctx, s.Flags.Of(ctx, t), func(f *flag.State) flagOfPortal { return flagOfPortal{f.Flag.Name, f.On, f.Single} }), nil
	})
	on(a, operation{
		method: put, path: "/tenants/{tenant}/flags/{flag}", id: "set-tenant-flag", tag: tagFlags, need: manages, status: 204,
		summary: "Switch a flag on or off for a portal, whatever its share", fails: faults{tenant.ErrNotFound, flag.ErrNotFound},
	}, func(ctx context.Context, in *flagSwitchIn) (*nothing, error) {
		t, err := s.Tenants.Show(ctx, in.Tenant)
		if err != nil {
			return nil, err
		}
		return nil, s.Flags.Override(ctx, in.Flag, t, in.Body.On, program(ctx))
	})
	on(a, operation{
		method: del, path: "/tenants/{tenant}/flags/{flag}", id: "release-tenant-flag", tag: tagFlags, need: manages,
		summary: "Have a portal follow the flag's share again", fails: faults{tenant.ErrNotFound, flag.ErrNotFound},
	}, func(ctx context.Context, in *flagOfPortalIn) (*nothing, error) {
		t, err := s.Tenants.Show(ctx, in.Tenant)
		if err != nil {
			return nil, err
		}
		return nil, s.Flags.Release(ctx, in.Flag, t)
	})
}

func (a *api) flagNow(ctx context.Context, name string) (*flagOut, error) {
	list, err := a.console.Flags.List(ctx)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Name == name {
			return &flagOut{showFlag(&list[i])}, nil
		}
	}
	return nil, flag.ErrNotFound
}

func showFlag(f *flag.Listed) flagShown {
	out := flagShown{Name: f.Name, Description: f.Description, Percent: f.Setting.Percent, Declared: f.Percent, Revision: f.Setting.Revision, ChangedBy: f.Setting.ByName, Portals: []flagOverride{}}
	if f.Setting.Revision > 0 {
		out.ChangedAt = utcOrNone(&f.Setting.ChangedAt)
	}
	for _, o := range f.Overrides {
		out.Portals = append(out.Portals, flagOverride{o.Slug, o.IsOn})
	}
	return out
}

// actShown is an entry of the log of acts.
type actShown struct {
	Number    int64          `json:"number" doc:"1, 2, 3, … without a gap."`
	Action    string         `json:"action" example:"tenant.suspended"`
	ActorKind string         `json:"actor_kind" enum:"operator,operator_key,command_line,system,person,api_key"`
	Actor     string         `json:"actor,omitempty" doc:"Their name, or the key's."`
	ActorID   *uid.ID        `json:"actor_id,omitempty"`
	Tenant    string         `json:"tenant,omitempty" example:"acme"`
	Data      map[string]any `json:"data"`
	At        time.Time      `json:"at"`
	Hash      string         `json:"hash" doc:"Of the entry in the chain, in hexadecimal."`
}

type actsIn struct {
	Paging
	Action string    `query:"action" maxLength:"80" doc:"One kind of act, or all that begin alike: tenant.*" example:"tenant.*"`
	Tenant string    `query:"tenant" maxLength:"80" doc:"Only about this portal, also one that is gone."`
	Actor  uid.ID    `query:"actor" doc:"Only by this operator or key."`
	From   time.Time `query:"from" doc:"Only at this moment or later."`
	Until  time.Time `query:"until" doc:"Only before this moment."`
	System bool      `query:"system" doc:"Also what the system did by itself, which is most."`
}

func (a *api) consoleActOperations() {
	on(a, operation{
		method: get, path: "/acts", id: "list-acts", tag: tagActs, need: looks, summary: "What was done, the newest first",
		about: "The whole log with its chain is exported in the console, or by the command line.",
	}, func(ctx context.Context, in *actsIn) (*pageOut[actShown], error) {
		list, err := a.console.Acts.Read(ctx, act.Filter{System: in.System, Action: in.Action, Tenant: in.Tenant, Actor: in.Actor, From: in.From, Until: in.Until, Page: in.request()})
		if err != nil {
			return nil, err
		}
		return showActs(ctx, list)
	})
}

func showActs(ctx context.Context, list page.Of[act.Act]) (*pageOut[actShown], error) {
	var wrong error
	out := paged(ctx, list, func(one *act.Act) actShown {
		shown := actShown{
			Number: one.Seq, Action: one.Action, ActorKind: one.ActorKind, Actor: one.ActorName, ActorID: one.ActorID, Tenant: one.TenantSlug, Data: map[string]any{},
			At: utc(one.At), Hash: one.HashText(),
		}
		if err := json.Unmarshal([]byte(one.Data), &shown.Data); err != nil {
			wrong = err
		}
		return shown
	})
	if wrong != nil {
		return nil, fault.Of(wrong)
	}
	return out, nil
}
