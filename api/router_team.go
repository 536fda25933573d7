package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onTeam is a manager's view of their people. Whose people they are comes from the reporting lines: no role is asked for, and
// who leads nobody finds an empty list.
func (s *Server) onTeam(t *table) {
	w, own := web.Team{Site: s.site, Team: s.Team, Org: s.Org}, route.For(policy.PersonSelf)
	t.get("/team", own, w.List)
	t.post("/team/nudge", own, w.NudgeOverdue)
	t.post("/team/requests/:request", own, w.Decide)
	away := web.Structure{Site: s.site, Org: s.Org}
	t.get("/team/away", own, away.Away)
	t.postFresh("/team/away", own, away.Delegate)
	t.post("/team/away/:delegation/end", own, away.EndDelegation)
	t.get("/team/:person", own, w.Show)
	t.post("/team/:person/nudge", own, w.Nudge)
	t.post("/team/:person/enrol", own, w.Enrol)
}
