package api

import (
	"lyceum/api/route"
	"lyceum/api/webhook"
)

// onWebhooks is where payment providers send their messages. They prove themselves by a signature.
func (s *Server) onWebhooks(t *table) {
	if s.Inbox == nil {
		return
	}
	t.postForeign(webhook.Path, route.Public, webhook.Payments{Inbox: s.Inbox}.Receive)
}
