package main

import (
	"context"
	"time"

	"lyceum/auth/privacy"
	"lyceum/store/queue"
	"lyceum/tenant"
)

// protect puts together what a portal owes to people about their data.
func (a *app) protect() {
	a.privacy = privacy.New(privacy.Options{
		Keep: a.store, Auth: a.auth, Files: a.content, Sign: a.badges, Base: func(t tenant.Tenant) string { return a.hosts.PortalURL(t) }, Now: a.now, Log: a.log,
	})
}

// privacyChores erase people whose day has come, and go on where a process was killed.
func (a *app) privacyChores() []queue.Chore {
	return []queue.Chore{{Name: "erase_people", Every: 10 * time.Minute, Timeout: time.Hour, Do: func(ctx context.Context) error {
		return a.everywhereAtOnce(ctx, "erasures", a.privacy.Run)
	}}}
}
