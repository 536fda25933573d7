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

// onOperatorKeys is where admins make keys for programs, and end them.
func (s *Server) onOperatorKeys(t *table) {
	k := web.OperatorKeys{Site: s.site, Operators: s.Operators}
	t.get(web.OperatorKeysPath, route.OperatorAdmin, k.List)
	t.postFresh(web.OperatorKeysPath, route.OperatorAdmin, k.Create)
	t.post(web.OperatorKeysPath+"/:key/revoke", route.OperatorAdmin, k.Revoke)
}

// onOperators is where admins look after the operators, and where who was invited joins.
func (s *Server) onOperators(t *table) {
	o := web.Operators{Site: s.site, Operators: s.Operators}
	t.get(web.OperatorsPath, route.OperatorAdmin, o.List)
	t.postFresh(web.OperatorsPath, route.OperatorAdmin, o.Invite)
	t.post(web.OperatorsPath+"/invitations/:invitation/revoke", route.OperatorAdmin, o.Revoke)
	t.get(web.OperatorsPath+"/:operator", route.OperatorAdmin, o.Show)
	t.postFresh(web.OperatorsPath+"/:operator/role", route.OperatorAdmin, o.SetRole)
	t.postFresh(web.OperatorsPath+"/:operator/deactivate", route.OperatorAdmin, o.Deactivate)
	t.postFresh(web.OperatorsPath+"/:operator/reactivate", route.OperatorAdmin, o.Reactivate)
	t.postFresh(web.OperatorsPath+"/:operator/reset-app", route.OperatorAdmin, o.ResetApp)
	t.get("/operator/join/:token", route.Public, o.JoinForm)
	t.post("/operator/join/:token", route.Public, o.Join)
}
