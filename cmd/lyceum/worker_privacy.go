package main

import (
	"context"
	"time"

	"lyceum/auth/privacy"
	"lyceum/auth/privacy/access"
	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/learning/notice"
	"lyceum/store/queue"
	"lyceum/tenant"
)

// protect puts together what a portal owes to people about their data.
func (a *app) protect() {
	a.access = access.New(access.Options{Keep: a.store, Blobs: a.blobs, Explain: a.explainCopy, Now: a.now})
	a.privacy = privacy.New(privacy.Options{
		Keep: a.store, Auth: a.auth, Files: a.content, Copies: a.access, Sign: a.badges, Base: func(t tenant.Tenant) string { return a.hosts.PortalURL(t) }, Now: a.now, Log: a.log,
	})
}

// explainCopy writes the page that goes with a copy of somebody's data.
func (a *app) explainCopy(ctx context.Context, r access.Readme) (string, error) {
	brand, err := a.brands.Get(ctx)
	if err != nil {
		return "", err
	}
	t, _ := tenant.From(ctx)
	return a.themes.DataReadme(r, brand.Name, a.hosts.PortalURL(t))
}

// privacyConsequences make the copies that were asked for.
func (a *app) privacyConsequences() []queue.Consequence {
	return []queue.Consequence{{When: "data_request.asked", Name: "copy_data", Long: true, Timeout: 2 * time.Hour, Do: func(ctx context.Context, e event.Event) error {
		return a.access.Make(ctx, e.SubjectID)
	}}}
}

// privacyChores erase people whose day has come, and go on where a process was killed; copies go when their days are over.
func (a *app) privacyChores() []queue.Chore {
	return []queue.Chore{
		{Name: "erase_people", Every: 10 * time.Minute, Timeout: time.Hour, Do: func(ctx context.Context) error {
			return a.everywhereAtOnce(ctx, "erasures", a.privacy.Run)
		}},
		{Name: "prune_copies", Every: 6 * time.Hour, Timeout: time.Hour, Do: func(ctx context.Context) error {
			return a.everywhere(ctx, "copies of data", updating(a.access.Prune))
		}},
	}
}

// whoAsked is who asked for something.
func whoAsked(_ context.Context, _ *app, f newsFacts) ([]uid.ID, error) {
	if f.AskedBy == nil {
		return nil, nil
	}
	return []uid.ID{*f.AskedBy}, nil
}

func copyData(f newsFacts) notice.Data {
	if f.BySelf {
		return notice.Data{"as": "copy"}
	}
	return notice.Data{"as": "copy_for"}
}

func toCopy(f newsFacts) string {
	if f.BySelf {
		return "/account/data"
	}
	return "/privacy/people/" + f.PersonID.String()
}
