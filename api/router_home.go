package api

import (
	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth/policy"
)

// onHome is what a learner comes back to beside their courses: notifications, the calendar, the transcript.
func (s *Server) onHome(t *table) {
	self := route.For(policy.PersonSelf)
	n := web.Notices{Site: s.site, Notices: s.Notices, Reminders: s.Reminders, Devices: s.Push, Auth: s.Auth}
	t.get("/notifications", self, n.List)
	t.post("/notifications/read", self, n.ReadAll)
	t.get("/notifications/settings", self, n.Settings)
	t.post("/notifications/settings", self, n.SaveSettings)
	d := web.Devices{Notices: n}
	t.get("/notifications/devices/key", self, d.Key)
	t.post("/notifications/devices", self, d.Add)
	t.post("/notifications/devices/seen", self, d.Seen)
	t.postForeign("/notifications/devices/renew", self, d.Renew)
	t.post("/notifications/devices/:device/remove", self, d.Remove)
	t.post("/notifications/devices/:device/try", self, d.Try)
	t.get("/push-worker.js", route.Public, s.site.PushWorker)
	t.get("/manifest.webmanifest", route.Public, s.site.Manifest)
	t.get("/app-icon.png", route.Public, s.site.AppIcon)
	t.getOnce(web.LivePath, self, n.Live)
	t.get(web.LivePath+"/standing", self, n.Standing)
	t.getOnce("/notifications/:notice", self, begun(n.Open))
	t.post("/notifications/:notice/read", self, n.Read)

	c := web.Calendar{Site: s.site, Calendar: s.Calendar}
	t.get("/calendar", self, c.Show)
	t.post("/calendar/address", self, c.MakeAddress)
	t.post("/calendar/address/revoke", self, c.RevokeAddress)
	t.get("/calendar/feed/:token.ics", route.Public, c.Feed)

	r := web.Transcripts{Site: s.site, Transcripts: s.Transcripts, Content: s.Content}
	others := route.For(policy.EnrolmentManage)
	t.get("/transcript", self, r.Mine)
	t.get("/transcript.pdf", self, r.MinePDF)
	t.get("/people/:id/transcript", others, r.Show)
	t.get("/people/:id/transcript.pdf", others, r.PDF)
	t.get("/verify/transcript/:code", route.Public, r.Verify)
}
