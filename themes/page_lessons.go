package themes

import (
	"lyceum/internal/fault"
)

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
	Failed      bool
	Percent     *int
	Comment     string
	Link        string
}

func (m MarkedMail) letter(c *MailChrome) (string, any) {
	return "marked", enveloped[MarkedMail]{c, m}
}
