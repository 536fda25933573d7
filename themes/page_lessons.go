package themes

import (
	"html/template"

	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
)

// MarkingPage is GET /studio/marking?status=&after=: what learners handed in, what waits longest first.
type MarkingPage struct {
	Status enrolment.SubmissionStatus // submitted (what waits), accepted, returned
	Handed page.Of[enrolment.Handed]
}

func (p MarkingPage) in(c *Chrome) (string, any) { return "marking", framed[MarkingPage]{c, p} }

// Statuses lists what the list may be narrowed to.
func (p MarkingPage) Statuses() []enrolment.SubmissionStatus {
	return []enrolment.SubmissionStatus{enrolment.SubmissionOpen, enrolment.SubmissionReturned, enrolment.SubmissionAccepted}
}

// MarkForm is what was typed.
type MarkForm struct{ Percent, Comment string }

// SubmissionPage is GET /studio/marking/:submission. It posts do (accept, return), percent and comment to its own address.
type SubmissionPage struct {
	Handed  enrolment.Handed
	Task    template.HTML // what the lesson asks for, through the sanitiser
	File    *content.File
	Form    MarkForm
	Problem *fault.Fault
}

func (p SubmissionPage) in(c *Chrome) (string, any) {
	return "submission", framed[SubmissionPage]{c, p}
}

// EmbedsPage is GET /settings/embeds: which sites lessons may show. It posts hosts, one a line.
type EmbedsPage struct {
	Hosts   string
	Problem *fault.Fault
}

func (p EmbedsPage) in(c *Chrome) (string, any) { return "embeds", framed[EmbedsPage]{c, p} }

// MarkedMail tells a learner what was said of what they handed in.
type MarkedMail struct {
	Name        string
	LessonTitle string
	CourseTitle string
	Accepted    bool
	Percent     *int
	Comment     string
	Link        string
}

func (m MarkedMail) letter(c *MailChrome) (string, any) {
	return "marked", enveloped[MarkedMail]{c, m}
}
