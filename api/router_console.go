package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/act"
)

// onActs is where operators read what they did.
func (s *Server) onActs(t *table) {
	a := web.Acts{Site: s.site, Log: s.Acts, Operators: s.Operators}
	t.get(web.ActsPath, route.Operator, a.List)
	t.get(web.ActsPath+"/check", route.Operator, a.Check)
	t.getOnce(web.ActsPath+"/export.csv", route.Operator, a.Export(act.CSV))
	t.getOnce(web.ActsPath+"/export.jsonl", route.Operator, a.Export(act.JSONLines))
}
