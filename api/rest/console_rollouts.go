package rest

import (
	"context"
	"time"

	"lyceum/internal/uid"
	"lyceum/tenant"
	"lyceum/tenant/rollout"
)

// rolloutShown is one way of a release's shape through the fleet.
type rolloutShown struct {
	ID         uid.ID          `json:"id"`
	Target     int             `json:"target" doc:"The version of the schemas."`
	State      string          `json:"state" enum:"running,paused,done,stopped"`
	Why        string          `json:"why,omitempty" doc:"It is paused or stopped for: operator, canary, failures, failed, newer, discarded."`
	Plan       []int           `json:"plan" doc:"Percent of the fleet reached at the end of each wave."`
	Workers    int             `json:"workers" doc:"Schemas at a time."`
	MaxFailed  int             `json:"max_failed" doc:"Percent of a wave that may fail before it pauses."`
	By         string          `json:"by"`
	StartedAt  time.Time       `json:"started_at"`
	WorkedAt   *time.Time      `json:"worked_at,omitempty" doc:"When a process last did something for it."`
	FinishedAt *time.Time      `json:"finished_at,omitempty"`
	Waves      []waveShown     `json:"waves"`
	Failures   []schemaFailure `json:"failures,omitempty" doc:"Of one rollout, at most 100."`
}

type waveShown struct {
	Number  int `json:"number"`
	Share   int `json:"share" doc:"Of the fleet, in percent, at its end."`
	Waiting int `json:"waiting"`
	Done    int `json:"done"`
	Failed  int `json:"failed"`
}

type schemaFailure struct {
	Schema string `json:"schema"`
	Tenant string `json:"tenant,omitempty" doc:"Left out for a spare."`
	Tries  int    `json:"tries"`
	Error  string `json:"error"`
}

// fleetShown is how far the fleet is.
type fleetShown struct {
	Newest   int           `json:"newest" doc:"The newest migration there is."`
	Schemas  int           `json:"schemas"`
	Behind   int           `json:"behind" doc:"Schemas that lack the newest shape."`
	Canaries []string      `json:"canaries" doc:"Portals that were chosen to go first."`
	Rollout  *rolloutShown `json:"rollout,omitempty" doc:"The newest."`
}

type fleetOut struct{ Body fleetShown }

type rolloutPath struct {
	ID uid.ID `path:"rollout" doc:"The rollout's id."`
}

type rolloutOut struct{ Body rolloutShown }

type rolloutWish struct {
	Plan      []int `json:"plan,omitempty" maxItems:"20" doc:"Rising shares in percent that end with 100; left out: 1, 10, 100."`
	Workers   int   `json:"workers,omitempty" minimum:"0" maximum:"16" doc:"Schemas at a time; 0 or left out: 4."`
	MaxFailed int   `json:"max_failed,omitempty" minimum:"0" maximum:"100" doc:"Percent of a wave that may fail; 0 or left out: 2."`
}

type rolloutWishIn struct{ Body rolloutWish }

type retryWish struct {
	Schema string `json:"schema,omitempty" doc:"One of those that failed; left out: all."`
}

type canaryIn struct {
	TenantPath
	Body struct {
		First bool `json:"first" doc:"It goes first; false: no longer."`
	}
}

type retryIn struct {
	ID   uid.ID `path:"rollout" doc:"The rollout's id."`
	Body retryWish
}

// Bounds of what is listed.
const (
	rolloutsShown       = 20
	schemaFailuresShown = 100
)

func (a *api) consoleRolloutOperations() {
	r := a.console.Rollouts
	on(a, operation{
		method: get, path: "/fleet", id: "get-fleet", tag: tagMigrations, need: looks, summary: "How many schemas lack the newest shape, and the newest rollout",
	}, func(ctx context.Context, _ *nothing) (*fleetOut, error) { return a.fleetNow(ctx) })
	on(a, operation{
		method: put, path: "/fleet/canaries/{tenant}", id: "set-canary", tag: tagMigrations, need: manages, status: 200,
		summary: "Choose a portal to get a release's shape first, or no longer", about: "A rollout that has begun keeps its waves.", fails: faults{tenant.ErrNotFound},
	}, func(ctx context.Context, in *canaryIn) (*fleetOut, error) {
		if err := r.SetCanary(ctx, in.Tenant, in.Body.First, program(ctx)); err != nil {
			return nil, err
		}
		return a.fleetNow(ctx)
	})
	on(a, operation{
		method: get, path: "/rollouts", id: "list-rollouts", tag: tagMigrations, need: looks, summary: "The last twenty rollouts, the newest first",
	}, func(ctx context.Context, _ *nothing) (*pageOut[rolloutShown], error) {
		list, err := r.Rollouts(ctx, rolloutsShown)
		if err != nil {
			return nil, err
		}
		return whole(ctx, list, showRollout), nil
	})
	on(a, operation{
		method: post, path: "/rollouts", id: "begin-rollout", tag: tagMigrations, need: manages, status: 201, summary: "Bring the newest shape to the schemas that lack it",
		about: "While one is open, that one is answered.", fails: faults{rollout.ErrNothing},
	}, func(ctx context.Context, in *rolloutWishIn) (*rolloutOut, error) {
		begun, err := r.Begin(ctx, rollout.Options{Plan: in.Body.Plan, Workers: in.Body.Workers, MaxFailed: in.Body.MaxFailed, By: program(ctx)})
		if err != nil {
			return nil, err
		}
		return a.rolloutNow(ctx, begun.ID)
	})
	on(a, operation{
		method: get, path: "/rollouts/{rollout}", id: "get-rollout", tag: tagMigrations, need: looks, summary: "One rollout, with what failed", fails: faults{rollout.ErrNotFound},
	}, func(ctx context.Context, in *rolloutPath) (*rolloutOut, error) { return a.rolloutNow(ctx, in.ID) })
	for _, step := range []struct {
		id, path, summary string
		do                func(ctx context.Context, id uid.ID, by string) error
	}{
		{"pause-rollout", "pause", "Have it begin no further schema", r.Pause},
		{"resume-rollout", "resume", "Have it go on, also when it paused because of failures", r.Resume},
		{"discard-rollout", "discard", "Give it up", r.Discard},
	} {
		on(a, operation{
			method: post, path: "/rollouts/{rollout}/" + step.path, id: step.id, tag: tagMigrations, need: manages, summary: step.summary,
			fails: faults{rollout.ErrNotFound, rollout.ErrOver},
		}, func(ctx context.Context, in *rolloutPath) (*rolloutOut, error) {
			if err := step.do(ctx, in.ID, program(ctx)); err != nil {
				return nil, err
			}
			return a.rolloutNow(ctx, in.ID)
		})
	}
	on(a, operation{
		method: post, path: "/rollouts/{rollout}/retry", id: "retry-rollout", tag: tagMigrations, need: manages, summary: "Try schemas that failed again, and go on",
		fails: faults{rollout.ErrNotFound, rollout.ErrNothing, rollout.ErrOver},
	}, func(ctx context.Context, in *retryIn) (*rolloutOut, error) {
		if err := r.Retry(ctx, in.ID, in.Body.Schema, program(ctx)); err != nil {
			return nil, err
		}
		return a.rolloutNow(ctx, in.ID)
	})
}

func (a *api) fleetNow(ctx context.Context) (*fleetOut, error) {
	r := a.console.Rollouts
	out := fleetShown{Newest: a.console.Newest}
	var err error
	if out.Behind, out.Schemas, err = r.Behind(ctx); err != nil {
		return nil, err
	}
	canaries, err := r.Canaries(ctx)
	if err != nil {
		return nil, err
	}
	out.Canaries = listed(canaries)
	list, err := r.Rollouts(ctx, 1)
	if err != nil {
		return nil, err
	}
	if len(list) > 0 {
		newest := showRollout(&list[0])
		out.Rollout = &newest
	}
	return &fleetOut{out}, nil
}

func (a *api) rolloutNow(ctx context.Context, id uid.ID) (*rolloutOut, error) {
	found, err := a.console.Rollouts.Rollout(ctx, id)
	if err != nil {
		return nil, err
	}
	failed, err := a.console.Rollouts.Failed(ctx, id, schemaFailuresShown)
	if err != nil {
		return nil, err
	}
	out := showRollout(&found)
	for _, f := range failed {
		out.Failures = append(out.Failures, schemaFailure{f.SchemaName, f.Slug, f.Tries, f.Error})
	}
	return &rolloutOut{out}, nil
}

func showRollout(r *rollout.Rollout) rolloutShown {
	out := rolloutShown{
		ID: r.ID, Target: r.Target, State: string(r.State), Why: r.Why, Plan: listed(r.Plan), Workers: r.Workers, MaxFailed: r.MaxFailed, By: r.StartedBy,
		StartedAt: utc(r.StartedAt), WorkedAt: utcOrNone(r.WorkedAt), FinishedAt: utcOrNone(r.FinishedAt), Waves: []waveShown{},
	}
	for _, w := range r.Waves {
		out.Waves = append(out.Waves, waveShown(w))
	}
	return out
}
