package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
)

// onPayments is where operators look after what passes between us and the payment service.
func (s *Server) onPayments(t *table) {
	if s.Inbox == nil {
		return
	}
	p := web.Payments{Site: s.site, Inbox: s.Inbox}
	t.get(web.PaymentsPath, route.Operator, p.Overview)
	t.get(web.PaymentsPath+"/messages", route.Operator, p.List)
	t.get(web.PaymentsPath+"/messages/:message", route.Operator, p.Show)
	t.post(web.PaymentsPath+"/replay", route.Operator, p.ReplayAll)
	t.post(web.PaymentsPath+"/messages/:message/replay", route.Operator, p.Replay)
	t.post(web.PaymentsPath+"/messages/:message/settle", route.Operator, p.Settle)
}
