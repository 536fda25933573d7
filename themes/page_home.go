package themes

import (
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/calendar"
	"lyceum/learning/home"
	"lyceum/learning/notice"
	"lyceum/learning/onboarding"
	"lyceum/learning/push"
	"lyceum/learning/transcript"
)

// HomePage is GET / of a portal for who is signed in.
type HomePage struct {
	Home  home.Home
	First *onboarding.List // the portal's first steps, for who looks after them while any is left; nil: nothing is said
}

func (p HomePage) in(c *Chrome) (string, any) { return "home", framed[HomePage]{c, p} }

// Lead is the course under way that was touched last, nil when none was begun.
func (p HomePage) Lead() *home.Doing {
	if len(p.Home.Doing) == 0 {
		return nil
	}
	return &p.Home.Doing[0]
}

// Also are the other courses under way that were touched lately.
func (p HomePage) Also() []home.Doing {
	if len(p.Home.Doing) < 2 {
		return nil
	}
	return p.Home.Doing[1:]
}

// SpotOf is where the person is in a course, nil when it was not touched lately.
func (p HomePage) SpotOf(enrolment uid.ID) *home.Spot {
	for i, d := range p.Home.Doing {
		if d.ID == enrolment {
			return &p.Home.Doing[i].Spot
		}
	}
	return nil
}

// Earned tells whether there is anything to show for learning.
func (p HomePage) Earned() bool {
	return len(p.Home.Certificates)+len(p.Home.Skills)+len(p.Home.Completed) > 0
}

// NotificationsPage is GET /notifications?after=: what the person was told, the newest first. It posts up_to (the newest
// shown) to /notifications/read, and to /notifications/:id/read; GET /notifications/:id reads one and leads to its page.
type NotificationsPage struct {
	List  page.Of[notice.Notice]
	First bool // the first piece of the list
}

func (p NotificationsPage) in(c *Chrome) (string, any) {
	return "notifications", framed[NotificationsPage]{c, p}
}

// Newest is the newest shown.
func (p NotificationsPage) Newest() string {
	if len(p.List.Items) == 0 {
		return ""
	}
	return p.List.Items[0].ID.String()
}

// NotificationSettingsPage is GET and POST /notifications/settings: boxes app.<kind>, mail.<kind> and push.<kind>, each beside a hidden
// kind (many) that says which were shown, devices, and quiet_from and quiet_to. It posts nothing to /notifications/devices/:device/remove
// and …/try. push.js registers a browser: endpoint, p256dh and auth to /notifications/devices, endpoint to …/seen.
type NotificationSettingsPage struct {
	Choices              []notice.Choice
	Devices              []push.Device
	From, To             string // quiet_from and quiet_to, full hours; "" the portal's
	PortalFrom, PortalTo int
	Problem              *fault.Fault
}

func (p NotificationSettingsPage) in(c *Chrome) (string, any) {
	return "notification_settings", framed[NotificationSettingsPage]{c, p}
}

// CalendarPage is GET /calendar?month=2026-11&view=agenda. It posts to /calendar/address (makes a secret address; shown on
// the answer, once) and /calendar/address/revoke.
type CalendarPage struct {
	Month   time.Time // its first day in the person's zone
	Today   time.Time // the day in the person's zone
	Agenda  bool      // the next three months as a list, in place of one month
	Items   []calendar.Item
	Address *calendar.Address // nil: there is no feed
	Link    string            // the secret address, just made
}

func (p CalendarPage) in(c *Chrome) (string, any) { return "calendar", framed[CalendarPage]{c, p} }

// TranscriptForm is what narrows a transcript, as typed: days as 2026-03-31, both included.
type TranscriptForm struct{ From, Until string }

// TranscriptPage is GET /transcript?from=&until= and /people/:id/transcript?from=&until=; the same address with .pdf gives
// the document.
type TranscriptPage struct {
	Transcript transcript.Transcript
	Form       TranscriptForm
	Base       string // the page's address without query
	Own        bool
	Problem    *fault.Fault
}

func (p TranscriptPage) in(c *Chrome) (string, any) {
	return "transcript", framed[TranscriptPage]{c, p}
}

// PDF is the address of the document.
func (p TranscriptPage) PDF(c *Chrome) string {
	return c.Link(p.Base+".pdf", "from", p.Form.From, "until", p.Form.Until)
}

// Minutes is about how long somebody learned.
func (p TranscriptPage) Minutes(seconds int64) int { return int((seconds + 30) / 60) }

// TranscriptProofPage is GET /verify/transcript/:code, for anyone. Issued is nil when the number is unknown (status 404).
type TranscriptProofPage struct {
	Code   string
	Issued *transcript.Issued
}

func (p TranscriptProofPage) in(c *Chrome) (string, any) {
	return "transcript_proof", framed[TranscriptProofPage]{c, p}
}

// LastDay is within the last day of the period, nil when it has no end.
func (p TranscriptProofPage) LastDay() *time.Time {
	if p.Issued == nil || p.Issued.Ends == nil {
		return nil
	}
	last := p.Issued.Ends.Add(-time.Second)
	return &last
}
