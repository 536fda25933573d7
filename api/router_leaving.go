package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onLeaving is where a portal is taken out and given up.
func (s *Server) onLeaving(t *table) {
	l, owner := web.Leaving{Site: s.site, Leaving: s.Leaving, Takeouts: s.Takeouts}, route.For(policy.PortalLeave)
	t.get("/settings/leaving", owner, l.Show)
	t.post("/settings/leaving/pause", owner, l.Pause)
	t.post("/settings/leaving/resume", owner, l.Resume)
	t.postFresh("/settings/leaving", owner, l.Ask)
	t.post("/settings/leaving/keep", owner, l.Keep)
	t.postFresh("/settings/leaving/takeouts", owner, l.Take)
	t.getOnce("/settings/leaving/takeouts/:takeout/archive.zip", owner, l.Archive)
}

// onReceipts is the proof that is left of portals.
func (s *Server) onReceipts(t *table) {
	r := web.Receipts{Site: s.site, Leaving: s.Leaving}
	t.get("/receipts/:token", route.Public, r.Show)
	t.get("/receipts/:token/receipt.jws", route.Public, r.File)
	t.get("/.well-known/lyceum-receipts.json", route.Public, r.Keys)
}
