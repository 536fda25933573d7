package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onReminders is when people are told of what is due, what they were told, and each one's own message.
func (s *Server) onReminders(t *table) {
	r, manage := web.Reminders{Site: s.site, Reminders: s.Reminders, Duties: s.Duties}, route.For(policy.EnrolmentManage)
	t.get("/reminders", manage, r.Show)
	t.get("/reminders/rules", manage, r.Rules)
	t.post("/reminders/rules", manage, r.SaveRules)
	t.post("/reminders/rules/remove", manage, r.RemoveRules)
	t.get("/reminders/sent", manage, r.Sent)
	t.get("/reminders/:reminder", route.For(policy.PersonSelf), r.Mine)
}
