package themes

import (
	"html/template"
	"strconv"
	"time"

	"lyceum/learning/notice"
)

// noticeIcons are the icons of kinds; the rest have the bell.
var noticeIcons = map[notice.Kind]string{
	notice.KindEnrolled: "book", notice.KindDue: "calendar", notice.KindDueSoon: "clock", notice.KindOverdue: "warn", notice.KindTeam: "people", notice.KindCertificate: "award",
	notice.KindMarked: "check", notice.KindMessage: "mail", notice.KindAnswered: "flag", notice.KindMoved: "right", notice.KindSubmitted: "upload", notice.KindRequested: "people",
	notice.KindReviewRequested: "eye", notice.KindReviewed: "check", notice.KindCourseUpdated: "spark", notice.KindBilling: "chart", notice.KindPathCompleted: "award", notice.KindReviewTakenBack: "pen", notice.KindSupport: "eye", notice.KindHRRun: "people",
	notice.KindPrivacy: "shield",
}

// NoticeIcon draws a kind's icon.
func (c *Chrome) NoticeIcon(k notice.Kind) (template.HTML, error) {
	if icon, ok := noticeIcons[k]; ok {
		return c.Icon(icon)
	}
	return c.Icon("bell")
}

// NoticeText is a notice's sentence: the message notice.<kind>, or notice.<kind>_<as> where its data says as what. A day is
// written as one; .Course, .By, .Due, .Days, .Note and .Version are what the messages may name.
func (t talk) NoticeText(n notice.Notice) (string, error) {
	if n.Kind == notice.KindBilling {
		return t.billingNews(n.Data)
	}
	key := "notice." + string(n.Kind)
	if as := n.Data["as"]; as != "" && t.has(key+"_"+as) {
		key += "_" + as
	}
	if !t.has(key) {
		key = "notice.other"
	}
	due := ""
	if at, err := time.Parse(time.RFC3339, n.Data["due"]); err == nil {
		due = t.LongDate(at)
	}
	days, _ := strconv.Atoi(n.Data["days"])
	return t.N(key, days, "Course", n.Data["course"], "By", n.Data["by"], "Due", due, "Note", n.Data["note"], "Version", n.Data["version"])
}

// billingNews is the subject of the mail that says the same.
func (t talk) billingNews(d notice.Data) (string, error) {
	key, meter := "billing_mail."+d["as"]+"_subject", ""
	if !t.has(key) {
		return t.T("notice.billing", "Course", d["course"])
	}
	if d["meter"] != "" {
		var err error
		if meter, err = t.Named("billing_meter", d["meter"]); err != nil {
			return "", err
		}
	}
	return t.T(key, "Portal", d["course"], "Number", d["number"], "Meter", meter, "Percent", d["percent"])
}

// NoticeText is a notice's sentence in the language and zone of a view, for what is sent to an open page.
func (s *Set) NoticeText(v View, n notice.Notice) (string, error) { return s.chrome(v).NoticeText(n) }

// NewsMail brings by mail what the app says in a line.
type NewsMail struct {
	Name   string
	Notice notice.Notice
	Link   string // of the page it leads to
	Choose string // of the page where such mails are switched off
}

func (m NewsMail) letter(c *MailChrome) (string, any) { return "news", enveloped[NewsMail]{c, m} }
