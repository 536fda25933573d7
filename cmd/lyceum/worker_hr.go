package main

import (
	"context"
	"time"

	"lyceum/auth/hrsync"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/learning/notice"
	"lyceum/store/queue"
)

// syncHR puts together what takes in what HR systems say.
func (a *app) syncHR() {
	a.hr = hrsync.New(hrsync.Options{Keep: a.store, Auth: a.auth, Org: a.org, Now: a.now})
}

// hrConsequences bring in runs that were reviewed, or that are within their source's limits.
func (a *app) hrConsequences() []queue.Consequence {
	return []queue.Consequence{{When: "hr_run.requested", Name: "apply_hr_run", Long: true, Timeout: time.Hour, Do: func(ctx context.Context, e event.Event) error {
		return a.hr.Work(ctx, e.SubjectID)
	}}}
}

// hrChores forget old runs.
func (a *app) hrChores() []queue.Chore {
	return []queue.Chore{{Name: "prune_hr_runs", Every: 24 * time.Hour, Timeout: time.Hour, Do: func(ctx context.Context) error {
		return a.everywhere(ctx, "HR runs", updating(a.hr.Prune))
	}}}
}

// hrTellings tell those who manage people of runs that wait for them, that failed, or of which some could not be made. Who plans one by hand sees
// it.
func hrTellings() []telling {
	to := func(wanted func(f newsFacts) bool) func(context.Context, *app, newsFacts) ([]uid.ID, error) {
		return func(ctx context.Context, a *app, f newsFacts) ([]uid.ID, error) {
			if !wanted(f) {
				return nil, nil
			}
			if f.Event.ActorKind == "api_key" { // who owns the key did not look at the answer
				f.Event.ActorID = nil
			}
			return whoMay(policy.PersonManage)(ctx, a, f)
		}
	}
	path := func(f newsFacts) string { return "/people/hr/runs/" + f.Event.SubjectID.String() }
	said := func(as string) func(newsFacts) notice.Data {
		return func(newsFacts) notice.Data { return notice.Data{"as": as} }
	}
	return []telling{
		{when: "hr_run.planned", kind: notice.KindHRRun, to: to(func(f newsFacts) bool {
			return f.Status == string(hrsync.StatusPlanned) && f.Event.ActorKind != "person"
		}), data: said("waits"), path: path},
		{when: "hr_run.failed", kind: notice.KindHRRun, to: to(func(newsFacts) bool { return true }), data: said("failed"), path: path},
		{when: "hr_run.applied", kind: notice.KindHRRun, to: to(func(f newsFacts) bool { return f.Failed > 0 }), data: said("partly"), path: path},
		{when: "hr_run.undone", kind: notice.KindHRRun, to: to(func(f newsFacts) bool { return f.Failed > 0 }), data: said("partly"), path: path},
	}
}
