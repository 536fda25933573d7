package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
)

// onRollouts is where operators watch a release's shape go through the fleet.
func (s *Server) onRollouts(t *table) {
	if s.Rollouts == nil {
		return
	}
	r := web.Rollouts{Site: s.site, Rollouts: s.Rollouts}
	t.get(web.RolloutsPath, route.Operator, r.Show)
	t.post(web.RolloutsPath, route.Operator, r.Begin)
	t.post(web.RolloutsPath+"/canary", route.Operator, r.Canary)
	t.get(web.RolloutsPath+"/:rollout", route.Operator, r.Show)
	t.post(web.RolloutsPath+"/:rollout/pause", route.Operator, r.Pause)
	t.post(web.RolloutsPath+"/:rollout/resume", route.Operator, r.Resume)
	t.post(web.RolloutsPath+"/:rollout/stop", route.Operator, r.Discard)
	t.post(web.RolloutsPath+"/:rollout/retry", route.Operator, r.Retry)
}
