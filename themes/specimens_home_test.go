package themes_test

import (
	"time"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/calendar"
	"lyceum/learning/certificate"
	"lyceum/learning/enrolment"
	"lyceum/learning/home"
	"lyceum/learning/notice"
	"lyceum/learning/push"
	"lyceum/learning/transcript"
	"lyceum/themes"
)

// inDays is a moment some days from now, at the end of the day in Berlin.
func inDays(n int) *time.Time {
	at := time.Date(now.Year(), now.Month(), now.Day()+n, 22, 59, 59, 0, time.UTC)
	return &at
}

func (w *world) due(course, percent, days int) enrolment.Mine {
	m := w.mine(course, percent)
	m.DueAt = inDays(days)
	m.ID = id("due " + m.Title)
	return m
}

func (w *world) home() home.Home {
	touched := now.Add(-20 * time.Hour)
	late, soon := w.due(0, 40, -3), w.due(1, 0, 2)
	soon.StartedAt = nil
	lead := home.Spot{EnrolmentID: late.ID, LessonID: id("lesson"), Title: "Watch: leaving the building", Number: 3, Lessons: 8, Position: 252.4, TouchedAt: &touched}
	also := w.mine(1, 60)
	card := func(n int, title, summary string) home.Card {
		published := now.AddDate(0, 0, -n)
		return home.Card{CourseID: id(title), Slug: "x", Title: title, Summary: summary, EstimatedMinutes: 10 + 15*n, PublishedAt: &published}
	}
	return home.Home{
		Due:          []enrolment.Mine{late, soon},
		Doing:        []home.Doing{{Mine: late, Spot: lead}, {Mine: also, Spot: home.Spot{Title: "Why it matters", Number: 5, Lessons: 9}}},
		Mine:         []enrolment.Mine{w.mine(1, 0)},
		Completed:    []enrolment.Mine{w.mine(1, 100)},
		Certificates: []certificate.Certificate{w.certificate()},
		Skills:       []home.Skill{{ID: id("s1"), Name: "First aid", At: now}, {ID: id("s2"), Name: "Evacuating a building safely and calmly", At: now}},
		Recommended: []home.Recommendation{
			{Card: card(1, "Giving feedback that helps", "Say what you saw, what it did, and what you would like instead."), Why: []home.Why{{Reason: home.ReasonSkill, Name: "Listening"}, {Reason: home.ReasonGroup, Name: "Sales", Count: 5}}},
			{Card: card(2, "First aid at work", "What to do in the first three minutes."), Why: []home.Why{{Reason: home.ReasonPrerequisite, Name: "Workplace safety"}}},
			{Card: card(3, "Lifting without pain", "Your back has to last."), Why: []home.Why{{Reason: home.ReasonNew}}},
			{Card: card(4, "Fire wardens", ""), Why: []home.Why{{Reason: home.ReasonDepartment, Name: "Logistics", Count: 7}, {Reason: home.ReasonTag, Name: "fire"}}},
			{Card: card(5, "Leading small teams", ""), Why: []home.Why{{Reason: home.ReasonCategory, Name: "Leadership"}}},
		},
	}
}

func (w *world) notices() []notice.Notice {
	var list []notice.Notice
	for i, a := range notice.Kinds() {
		n := notice.Notice{
			ID: id("notice " + string(a.Kind)), Kind: a.Kind, Path: "/courses/x", At: now.Add(-time.Duration(i*i) * time.Hour),
			Data: notice.Data{"course": "Workplace safety", "by": "Maya Chen", "due": inDays(7).Format(time.RFC3339), "days": "7", "version": "3"},
		}
		if i > 2 {
			n.ReadAt = &now
		}
		list = append(list, n)
	}
	list[0].Data["as"] = "by"
	return list
}

func homeSpecimens(w *world) []specimen {
	view := func(path string) themes.View {
		v := w.portal(path, learnerMay())
		v.TimeZone = "Europe/Berlin"
		return v
	}
	unread := view("/notifications")
	unread.News = notice.Standing{Unread: 3, Newest: id("notice enrolled")}
	many := view("/")
	many.News = notice.Standing{Unread: notice.MaxUnread, Newest: id("x")}
	full := w.home()
	due := home.Home{Due: []enrolment.Mine{w.due(0, 0, 0), w.due(1, 20, 9)}, Recommended: full.Recommended[2:3]}
	reached := now.Add(-3 * time.Hour)
	month := time.Date(2026, 11, 1, 0, 0, 0, 0, berlin)
	today := time.Date(2026, 11, 20, 0, 0, 0, 0, berlin)
	items := []calendar.Item{
		{UID: "a", Kind: calendar.KindDue, Title: "Fire wardens", Begins: *inDays(-12), Ends: *inDays(-12), AllDay: true, Done: true, Path: "/courses/x"},
		{UID: "b", Kind: calendar.KindDue, Title: "Workplace safety", Begins: *inDays(-3), Ends: *inDays(-3), AllDay: true, Path: "/courses/x"},
		{UID: "c", Kind: calendar.KindDue, Title: "Information security awareness for everyone", Begins: *inDays(2), Ends: *inDays(2), AllDay: true, Path: "/courses/x"},
	}
	result := 92
	lines := []transcript.Line{
		{CourseTitle: "Workplace safety", CourseSlug: "x", VersionNumber: 2, Status: enrolment.StatusCompleted, EnrolledAt: now.AddDate(0, -2, 0), StartedAt: &now, CompletedAt: &now, Percent: 100, Result: &result, Seconds: 3720, CertificateCode: w.certificate().Code},
		{CourseTitle: "Information security awareness", CourseSlug: "x", VersionNumber: 1, Status: enrolment.StatusActive, EnrolledAt: now.AddDate(0, -1, 0), StartedAt: &now, Percent: 40, Seconds: 600},
		{CourseTitle: "Lifting without pain", CourseSlug: "x", VersionNumber: 1, Status: enrolment.StatusWithdrawn, EnrolledAt: now.AddDate(-1, 0, 0)},
	}
	mine := transcript.Transcript{PersonID: w.people[0].ID, PersonName: "Maya Chen", Lines: lines}
	issued := transcript.Issued{Code: w.certificate().Code, PersonName: "Maya Chen", Courses: 3, Completed: 1, IssuedAt: now, Begins: inDays(-300), Ends: inDays(0)}
	return []specimen{
		{"home", many, themes.HomePage{Home: full}},
		{"home-due", view("/"), themes.HomePage{Home: due}},
		{"home-owner", w.portal("/", may()), themes.HomePage{Home: home.Home{Mine: []enrolment.Mine{w.mine(1, 0)}}}},
		{"home-done", view("/"), themes.HomePage{Home: home.Home{Completed: full.Completed, Certificates: full.Certificates}}},
		{"home-empty", view("/"), themes.HomePage{Home: home.Home{Recommended: full.Recommended[2:3]}}},
		{"home-first-day", view("/"), themes.HomePage{}},
		{"notifications", unread, themes.NotificationsPage{List: page.Of[notice.Notice]{Items: w.notices(), Next: "more"}, First: true}},
		{"notifications-empty", view("/notifications"), themes.NotificationsPage{First: true}},
		{"notification-settings-devices", view("/notifications/settings"), themes.NotificationSettingsPage{Choices: choices(), From: "22", To: "6", Devices: []push.Device{
			{ID: id("phone"), UserAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1", AddedAt: now.AddDate(0, -2, 0), UsedAt: &reached},
			{ID: id("desk"), UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", AddedAt: now},
		}}},
		{"notification-settings", w.portal("/notifications/settings", may()), themes.NotificationSettingsPage{Choices: choices(), Problem: refused(map[string]string{"nonsense": "There is no such kind of notification."})}},
		{"calendar", view("/calendar"), themes.CalendarPage{Month: month, Today: today, Items: items}},
		{"calendar-agenda", view("/calendar?view=agenda"), themes.CalendarPage{Month: month, Today: today, Items: items, Agenda: true, Address: &calendar.Address{CreatedAt: now}}},
		{"calendar-made", view("/calendar"), themes.CalendarPage{Month: month.AddDate(0, 3, 0), Today: today, Address: &calendar.Address{CreatedAt: now}, Link: "https://acme.lyceum.example/calendar/feed/s3cr3t.ics"}},
		{"transcript", view("/transcript"), themes.TranscriptPage{Transcript: mine, Base: "/transcript", Own: true}},
		{"transcript-of", w.portal("/people/x/transcript", may()), themes.TranscriptPage{Transcript: transcript.Transcript{PersonID: uid.Nil, PersonName: "Jonas Albrecht"}, Base: "/people/x/transcript", Form: themes.TranscriptForm{From: "2026-12-01", Until: "2026-01-01"}, Problem: refused(map[string]string{"until": "The period ends before it begins. Choose a later end."})}},
		{"transcript-proof", w.stranger("/verify/transcript/x"), themes.TranscriptProofPage{Code: issued.Code, Issued: &issued}},
		{"transcript-unknown", w.stranger("/verify/transcript/x"), themes.TranscriptProofPage{Code: "k3v9q0t7m2x8c5b1n6z5"}},
	}
}

var berlin = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return zone
}()

func choices() (list []notice.Choice) {
	for _, a := range notice.Kinds() {
		list = append(list, notice.Choice{Kind: a.Kind, Ways: a.Ways, Own: a.Ways})
	}
	return list
}
