package themes_test

import (
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/reminder"
	"lyceum/themes"
)

// reminded is a message of every kind of thing, of the reader's own and of their people's.
func reminded() reminder.Message {
	me, at := uid.ID{1}, func(days int) time.Time { return now.Add(time.Duration(days) * 24 * time.Hour) }
	return reminder.Message{
		ID: uid.ID{3}, PersonID: me, Name: "Maya Chen", Day: "2026-11-21", SentAt: now, App: true, Mail: reminder.MailSent, More: 12, Devices: 2,
		Items: reminder.Items{
			{Kind: reminder.KindDuty, About: me, Title: "Fire safety", At: at(-1), Step: 1},
			{Kind: reminder.KindRenewal, About: me, Title: "First aid", At: at(-8), Step: 8},
			{Kind: reminder.KindCourse, About: me, Title: longName, Slug: "workplace-safety", At: at(7), Step: -7},
			{Kind: reminder.KindCourse, About: me, Title: "Ladders", Slug: "ladders", At: at(0), Step: 0},
			{Kind: reminder.KindCertificate, About: me, Title: "Knots", Slug: "knots", At: at(30), Step: -30},
			{Kind: reminder.KindDuty, About: uid.ID{9}, Name: "Jonas Albrecht", Title: "Fire safety", At: at(-9), Step: 7},
		},
	}
}

// reminderSpecimens are the rules, what is ahead, what was sent, and one message.
func reminderSpecimens(w *world) []specimen {
	m := reminded()
	unwanted := reminder.Message{ID: uid.ID{4}, PersonID: uid.ID{1}, Email: "lee@example.com", SentAt: now, Mail: reminder.MailNone, Items: m.Items[:1]}
	waiting := m
	waiting.Mail, waiting.App = reminder.MailWaiting, false
	off := reminder.Default()
	off.On = false
	all := reminder.Default()
	all.OnDay = true
	policies := []reminder.Policy{{Scope: reminder.ScopePortal, Rules: all, Revision: 2}, {Scope: reminder.ScopeRequirement, ScopeID: uid.ID{5}, Name: "Fire safety", Rules: all, Revision: 1}, {Scope: reminder.ScopeCourse, ScopeID: uid.ID{6}, Name: longName, Rules: off, Revision: 1}}
	ahead := []reminder.Ahead{{Day: "2026-11-21", At: now, People: 120, Messages: []reminder.Message{m, unwanted}}, {Day: "2026-11-22", At: now.AddDate(0, 0, 1)}, {Day: "2026-11-23", At: now.AddDate(0, 0, 2), People: 1, Messages: []reminder.Message{unwanted}}}
	choices := []themes.ReminderChoice{{Of: "requirement.x", Name: "Fire safety"}, {Of: "course.x", Name: longName}}
	form := themes.ReminderForm{On: true, App: true, BeforeDue: "14, 7, 1", BeforeExpiry: "30, 7", OverdueEvery: "7", OverdueTimes: "4", EscalateAfter: "7", QuietFrom: "20", QuietTo: "8"}
	at := "/reminders"
	return []specimen{
		{"reminders", w.portal(at, may()), themes.RemindersPage{Policies: policies, Ahead: ahead, More: true, Choices: choices}},
		{"reminders-off", w.portal(at, may()), themes.RemindersPage{Policies: []reminder.Policy{{Scope: reminder.ScopePortal, Rules: off}}}},
		{"reminder-rules", w.portal(at+"/rules", may()), themes.ReminderRulesPage{Policy: policies[0], Form: form, Problem: refused(map[string]string{"before_due": "Use numbers from 1 to 365, such as 14, 7, 1.", "quiet_to": "Use a full hour from 0 to 23."})}},
		{"reminder-rules-own", w.portal(at+"/rules", may()), themes.ReminderRulesPage{Policy: policies[1], Form: form}},
		{"reminder-rules-new", w.portal(at+"/rules", may()), themes.ReminderRulesPage{Policy: reminder.Policy{Scope: reminder.ScopeCourse, ScopeID: uid.ID{6}, Name: longName}, Form: form}},
		{"reminders-sent", w.portal(at+"/sent", may()), themes.RemindersSentPage{List: listOf(m, unwanted, waiting, reminder.Message{ID: uid.ID{6}, PersonID: uid.ID{1}, Name: "Maya Chen", SentAt: now, Mail: reminder.MailNone, By: "Jonas Albrecht"}), Person: uid.ID{1}, First: true}},
		{"reminders-sent-none", w.portal(at+"/sent", may()), themes.RemindersSentPage{First: true}},
		{"reminder", w.portal(at+"/x", may()), themes.ReminderPage{Message: m}},
	}
}
