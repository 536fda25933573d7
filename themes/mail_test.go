package themes_test

import (
	"strings"
	"testing"
	"time"

	"lyceum/auth/signon"
	"lyceum/billing/subscription"
	"lyceum/internal/uid"
	"lyceum/learning/notice"
	"lyceum/learning/reminder"
	"lyceum/learning/report/schedule"
	"lyceum/tenant"
	"lyceum/themes"
)

type letter struct {
	name string
	mail themes.Mail
}

func letters() []letter {
	expires := now.Add(14 * 24 * time.Hour)
	return []letter{
		{"invitation", themes.InvitationMail{Name: "Jonas", InvitedBy: "Maya Chen", Link: "https://acme.lyceum.example/invitation/s3cr3t", ExpiresAt: expires}},
		{"invitation-nobody", themes.InvitationMail{Link: "https://acme.lyceum.example/invitation/s3cr3t", ExpiresAt: expires}},
		{"password-reset", themes.PasswordResetMail{Name: "Jonas", Link: "https://acme.lyceum.example/reset/s3cr3t", ExpiresAt: now.Add(time.Hour)}},
		{"enrolled", themes.EnrolledMail{Name: "Jonas", CourseTitle: "Workplace safety", By: "Maya Chen", Link: "https://acme.lyceum.example/courses/workplace-safety"}},
		{"place-granted", themes.PlaceMail{Name: "Jonas", CourseTitle: "Workplace safety", Granted: true, Answer: "See you on Monday.", Link: "https://acme.lyceum.example/courses/workplace-safety"}},
		{"billing-trial", themes.BillingMail{Name: "Maya", Kind: "trial_ending", Portal: "Acme", Data: subscription.LetterData{Next: subscription.StatePastDue, At: &expires, Days: 7}, Link: "https://acme.lyceum.example/settings/billing"}},
		{"billing-limit", themes.BillingMail{Name: "Maya", Kind: "limit", Portal: "Acme", Live: true, Data: subscription.LetterData{Meter: "api_calls", Percent: 80, Used: 8123, Limit: 10000}, Link: "https://acme.lyceum.example/settings/billing"}},
		{"leaving-asked", themes.LeavingMail{Kind: "asked", Name: "Maya", Portal: "Acme", At: expires, Link: "https://acme.lyceum.example/settings/leaving"}},
		{"leaving-asked-other", themes.LeavingMail{Kind: "asked", Name: "Ben", Portal: "Acme", At: expires, By: "Maya", Link: "https://acme.lyceum.example/settings/leaving"}},
		{"leaving-asked-operator", themes.LeavingMail{Kind: "asked", Name: "Maya", Portal: "Acme", At: expires, By: themes.AnOperator, Link: "https://acme.lyceum.example/settings/leaving"}},
		{"leaving-warned", themes.LeavingMail{Kind: "warned", Name: "Maya", Portal: "Acme", At: expires, Link: "https://acme.lyceum.example/settings/leaving"}},
		{"leaving-kept", themes.LeavingMail{Kind: "kept", Name: "Maya", Portal: "Acme", At: expires, Link: "https://acme.lyceum.example/settings/leaving"}},
		{"leaving-erased", themes.LeavingMail{Kind: "erased", Portal: "Acme", At: now, Link: "https://lyceum.example/receipts/k3v9q0"}},
		{"leaving-takeout", themes.LeavingMail{Kind: "takeout", Name: "Maya", Portal: "Acme", At: expires, Link: "https://acme.lyceum.example/settings/leaving"}},
		{"place-refused", themes.PlaceMail{Name: "Jonas", CourseTitle: "Workplace safety", Link: "https://acme.lyceum.example/courses/workplace-safety"}},
		{"marked-accepted", themes.MarkedMail{Name: "Jonas", LessonTitle: "Your escape route", CourseTitle: "Workplace safety", Accepted: true, Percent: &ninety, Comment: "Well seen.", Link: "https://acme.lyceum.example/learn/x/y"}},
		{"marked-failed", themes.MarkedMail{Name: "Jonas", LessonTitle: "Your escape route", CourseTitle: "Workplace safety", Failed: true, Percent: &ninety, Comment: "Look again.", Link: "https://acme.lyceum.example/learn/x/y"}},
		{"marked-returned", themes.MarkedMail{Name: "Jonas", LessonTitle: "Your escape route", CourseTitle: "Workplace safety", Comment: "The second exit is missing.", Link: "https://acme.lyceum.example/learn/x/y"}},
		{"enrolled-nobody", themes.EnrolledMail{Name: "Jonas", CourseTitle: "Workplace safety", Link: "https://acme.lyceum.example/courses/workplace-safety"}},
		{"certificate", themes.CertificateMail{Name: "Jonas", CourseTitle: "Workplace safety", Link: "https://acme.lyceum.example/certificates", VerifyLink: "https://acme.lyceum.example/verify/k3v9q0"}},
		{"notice-added", themes.NoticeMail{Kind: themes.NoticeFactorAdded, Name: "Jonas", What: "Phone", At: now, Link: "https://acme.lyceum.example/account/security"}},
		{"notice-removed", themes.NoticeMail{Kind: themes.NoticeFactorRemoved, Name: "Jonas", What: "Phone", At: now, Link: "https://acme.lyceum.example/account/security"}},
		{"notice-reset", themes.NoticeMail{Kind: themes.NoticeFactorsReset, Name: "Jonas", At: now, Link: "https://acme.lyceum.example/account/security"}},
		{"notice-recovery", themes.NoticeMail{Kind: themes.NoticeRecoveryUsed, Name: "Jonas", What: "2", At: now, Link: "https://acme.lyceum.example/account/security"}},
		{"notice-exhausted", themes.NoticeMail{Kind: themes.NoticeExhausted, Name: "Jonas", At: now, Link: "https://acme.lyceum.example/account/security"}},
		{"first-link", themes.FirstLinkMail{Name: "Jonas", Connection: "Acme Login", Link: "https://acme.lyceum.example/sso/confirm/s3cr3t", ExpiresAt: now.Add(time.Hour)}},
		{"support-asked", themes.SupportMail{Name: "Maya", Asked: true, Operator: "Olivia Operator", Person: "Anna Berg", Reason: "The course list stays empty", Ticket: "T-4711", Minutes: 30, Link: "https://acme.lyceum.example/settings/support-access"}},
		{"support-started", themes.SupportMail{Name: "Maya", Operator: "Olivia Operator", Person: "Anna Berg", Reason: "The course list stays empty", Ticket: "T-4711", Minutes: 30, Link: "https://acme.lyceum.example/settings/support-access"}},
		{"address-warned", themes.AddressMail{Name: "Maya", Domain: "learn.acme.example", OffAt: expires, Link: "https://acme.lyceum.example/settings/address/domains/learn.acme.example"}},
		{"address-lost", themes.AddressMail{Name: "Maya", Domain: "learn.acme.example", Lost: true, Link: "https://acme.lyceum.example/settings/address/domains/learn.acme.example"}},
		{"maintenance-closed", themes.MaintenanceMail{Name: "Maya", Closed: true, From: expires, Until: expires.Add(time.Hour), Text: "The disks are changed.", Link: "https://acme.lyceum.example/status"}},
		{"maintenance-read-only", themes.MaintenanceMail{Name: "Maya", From: expires, Until: expires.Add(time.Hour), Link: "https://acme.lyceum.example/status"}},
		{"moved", themes.MovedMail{Name: "Maya", Old: "https://acme.lyceum.example", New: "https://acme-academy.lyceum.example", Reason: "The company has another name now.", Link: "https://acme-academy.lyceum.example/settings/address"}},
		{"domain-warned", themes.DomainMail{Name: "Maya", Domain: "acme.example", LostAt: expires, Link: "https://acme.lyceum.example/settings/sign-on/domains/acme.example"}},
		{"domain-lost", themes.DomainMail{Name: "Maya", Domain: "acme.example", Lost: true, Link: "https://acme.lyceum.example/settings/sign-on/domains/acme.example"}},
		{"expiry", themes.ExpiryMail{Name: "Maya", Kind: signon.ExpiryIdP, Of: "Acme Entra ID", At: now.Add(7 * 24 * time.Hour), Link: "https://acme.lyceum.example/settings/sign-on/keys"}},
		{"expiry-past", themes.ExpiryMail{Name: "Maya", Kind: signon.ExpiryOurKey, At: now.Add(-time.Hour), Link: "https://acme.lyceum.example/settings/sign-on/keys"}},
		{"setup-link", themes.SetupLinkMail{Name: "Lena", Kind: signon.SetupAny, Link: "https://acme.lyceum.example/setup/s3cr3t", ExpiresAt: expires}},
		{"setup-done", themes.SetupDoneMail{Name: "Maya", By: "Lena Hart", Link: "https://acme.lyceum.example/settings/sign-on"}},
		{"emergency-requested", themes.EmergencyMail{Name: "Maya", What: "requested", By: "Jonas", Asker: "Jonas", Reason: "Entra ID is down", Minutes: 60, Link: "https://acme.lyceum.example/break-glass"}},
		{"emergency-opened", themes.EmergencyMail{Name: "Maya", What: "opened", By: "Priya", Asker: "Jonas", Reason: "Entra ID is down", Minutes: 60, OpenUntil: now.Add(time.Hour), Link: "https://acme.lyceum.example/settings/sign-on/rules"}},
		{"emergency-ended", themes.EmergencyMail{Name: "Maya", What: "ended", By: "Priya", Link: "https://acme.lyceum.example/settings/sign-on/rules"}},
		{"erasure-decided", themes.ErasureMail{Name: "Jonas", News: themes.ErasureDecided, Day: expires, Link: "https://acme.lyceum.example/account/data"}},
		{"erasure-wished", themes.ErasureMail{Name: "Jonas", News: themes.ErasureDecided, BySelf: true, Day: expires, Link: "https://acme.lyceum.example/account/data"}},
		{"erasure-kept", themes.ErasureMail{Name: "Jonas", News: themes.ErasureKept, Link: "https://acme.lyceum.example/account/data"}},
		{"erasure-refused", themes.ErasureMail{Name: "Jonas", News: themes.ErasureRefused, Answer: "The law wants your records for another year.", Link: "https://acme.lyceum.example/account/data"}},
		{"erasure-done", themes.ErasureMail{News: themes.ErasureDone, Link: "https://acme.lyceum.example"}},
		{"news", themes.NewsMail{Name: "Jonas", Link: "https://acme.lyceum.example/learn/x", Choose: "https://acme.lyceum.example/notifications/settings",
			Notice: notice.Notice{Kind: notice.KindMarked, Data: notice.Data{"course": "Workplace safety", "as": "returned", "note": "Please say more about the exits."}}}},
		{"report", themes.ReportMail{Name: "Jonas", Report: "Late in the workshop", Owner: "Grace Hopper", Times: schedule.Times{Every: schedule.Weekly, Weekday: 1, Hour: 7, Zone: "Europe/Berlin"}, Attached: "acme-duties-2026-11-20.xlsx", Lines: 312, Link: "https://acme.lyceum.example/reports/exports"}},
		{"report-linked", themes.ReportMail{Report: "Late in the workshop", Owner: "Grace Hopper", Times: schedule.Times{Every: schedule.Monthly, Day: 31, Hour: 7, Zone: "UTC"}, Lines: 1, Until: now, Link: "https://acme.lyceum.example/reports/exports"}},
		{"reminder", themes.ReminderMail{Name: "Jonas", Portal: "https://acme.lyceum.example", Message: reminded()}},
		{"reminder-one", themes.ReminderMail{Name: "Jonas", Portal: "https://acme.lyceum.example", Message: reminder.Message{ID: uid.ID{3}, PersonID: uid.ID{1}, Items: reminded().Items[:1]}}},
		{"reminder-team", themes.ReminderMail{Name: "Jonas", Portal: "https://acme.lyceum.example", Message: reminder.Message{ID: uid.ID{3}, PersonID: uid.ID{1}, Items: reminded().Team()}}},
		{"welcome", themes.WelcomeMail{Name: "Maya", Organization: "Acme Tools"}},
	}
}

func mailView(w *world) themes.MailView {
	return themes.MailView{Brand: w.brand, PortalURL: "https://acme.lyceum.example", Locale: "en", TimeZone: "Europe/Berlin", Now: now}
}

func TestEveryMailIsWrittenInEveryLanguageWithBrandAndLink(t *testing.T) {
	t.Parallel()
	s, w := newSet(t), newWorld(t)
	seen := map[string]bool{}
	for _, l := range letters() {
		for _, locale := range themes.Locales() {
			v := mailView(w)
			v.Locale = locale
			subject, text, html, err := s.Mail(v, l.mail)
			if err != nil {
				t.Fatalf("%s, %s: %v", l.name, locale, err)
			}
			name := l.name + " in " + locale
			wellFormed(t, name, html)
			for _, want := range []string{w.brand.Name, w.brand.MailHeader, "https://acme.lyceum.example", "#0b6e66"} {
				if !strings.Contains(html, want) {
					t.Errorf("%s: the HTML lacks %q", name, want)
				}
			}
			if subject == "" || strings.Contains(subject, "\n") || !strings.Contains(text, "https://acme.lyceum.example") {
				t.Errorf("%s: subject %q, text %q", name, subject, text)
			}
			for _, doc := range []string{subject, text, html} {
				if strings.Contains(doc, "no value") || strings.Contains(doc, "mail.") || strings.Contains(doc, "ZgotmplZ") {
					t.Errorf("%s: unfinished: %s", name, doc)
				}
			}
			seen[locale+subject] = true
		}
	}
	if want := 2 * len(themes.Mails()); len(seen) < want {
		t.Errorf("%d different subjects in both languages, want %d or more", len(seen), want)
	}
}

func TestEveryMailHasALetterHere(t *testing.T) {
	t.Parallel()
	for _, m := range themes.Mails() {
		found := false
		for _, l := range letters() {
			found = found || themes.MailFile(l.mail) == themes.MailFile(m)
		}
		if !found {
			t.Errorf("%T has no letter", m)
		}
	}
}

func TestAMailShowsHostileValuesAsText(t *testing.T) {
	t.Parallel()
	s, w := newSet(t), newWorld(t)
	v := mailView(w)
	v.Brand.Name = `<script>alert(1)</script>`
	v.Brand.MailHeader = `"><img src=x onerror=alert(1)>`
	v.Brand.Colour = `red;background:url(javascript:alert(1))`
	subject, text, html, err := s.Mail(v, themes.InvitationMail{Name: "<b>Jo</b>", InvitedBy: "a\r\nBcc: all@example.com", Link: "javascript:alert(1)"})
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script", "<img src=x", "<b>Jo", `href="javascript:`, "url(javascript"} {
		if strings.Contains(html, bad) {
			t.Errorf("the HTML holds %q", bad)
		}
	}
	if strings.ContainsAny(subject, "\r\n") {
		t.Errorf("the subject has several lines: %q", subject)
	}
	if !strings.Contains(text, "<b>Jo</b>") {
		t.Errorf("the text does not show the name as it is: %q", text)
	}
}

func TestAMailWithoutABrandLooksLikeThePlatform(t *testing.T) {
	t.Parallel()
	_, _, html, err := newSet(t).Mail(themes.MailView{PortalURL: "https://lyceum.example"}, themes.WelcomeMail{Organization: "Acme"})
	if err != nil || !strings.Contains(html, "Lyceum") || !strings.Contains(html, tenant.DefaultBrand("x").Colour) {
		t.Fatalf("%v: %s", err, html)
	}
}
