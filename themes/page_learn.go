package themes

import (
	"html/template"

	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/assessment"
	"lyceum/learning/assignment"
	"lyceum/learning/catalog"
	"lyceum/learning/certificate"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
	"lyceum/learning/path"
)

// CataloguePage is GET /courses?q=&category=&tag=&skill=&language=&after=: published courses that the person may find.
type CataloguePage struct {
	Filter catalog.CardFilter
	Cards  page.Of[catalog.Card]
	Facets catalog.Facets
	Ways   map[uid.ID]path.Way // to the courses that ask for something first, by course
}

func (p CataloguePage) in(c *Chrome) (string, any) { return "catalogue", framed[CataloguePage]{c, p} }

// CoursePage is GET /courses/:slug?open=: open names modules that are shown with their lessons where there are many; "all"
// is every one. It posts to /courses/:slug/enrol.
type CoursePage struct {
	Outline         catalog.Outline
	Summary         template.HTML        // the version's summary through the sanitiser
	Enrolment       *enrolment.Enrolment // nil when the person is not in the course
	Progress        map[uid.ID]enrolment.Progress
	CertificateCode string // empty until issued
	Withdrawn       bool   // the certificate was, and none comes by itself
	Open            []string
	Places          enrolment.Places // how the places stand, where it matters
	Way             path.Way         // what comes before the course, for who has not started it
	Problem         *fault.Fault
}

func (p CoursePage) in(c *Chrome) (string, any) { return "course", framed[CoursePage]{c, p} }

// PlayerPage is GET /learn/:slug/:lesson. It posts to …/continue (what viewing completes); …/reports (what was seen and
// played, JSON or a form whose field reports is the same JSON); …/quiz (fields q.<question id>, one value per chosen
// option); …/submit (text, file).
//
// With Preview it is a lesson of a draft as its author looks at it, at /studio/:course/preview/:lesson: it looks the same,
// posts there, and nothing is recorded.
type PlayerPage struct {
	Preview         bool
	Player          enrolment.Player
	Body            template.HTML      // the lesson's Markdown through the sanitiser; any kind may have one
	File            *content.File      // the recording or the document
	Captions        *content.File      // WebVTT, of a recording
	Desk            *assignment.Desk   // of a lesson that asks for something to be handed in; nil in a preview
	Test            *assessment.Desk   // of a test; nil in a preview
	Code            string             // of a test, as typed
	Texts           []HandedText       // the texts of what was handed in, by their place in Desk.Works
	Embed           bool               // the address of an embed may be shown inside this page; else it is a link
	FileID          string             // of what was uploaded to be handed in and was not accepted
	Text            string             // what was typed to be handed in and was not accepted
	Objection       string             // why a mark should be looked at again, as typed
	Answers         enrolment.Answers  // what was chosen in a quiz that was not accepted, or in Result
	Result          *enrolment.Attempt // the attempt to show with its explanations; nil shows the form
	CertificateCode string             // empty until issued
	Problem         *fault.Fault       // a quiz's fields are answers.<question id>
}

func (p PlayerPage) in(c *Chrome) (string, any) { return "player", framed[PlayerPage]{c, p} }

// CompletedPage is GET /learn/:slug once every lesson is completed. While Certificate is nil it says that the
// certificate is being issued and asks again by itself, unless it was withdrawn.
type CompletedPage struct {
	Enrolment   enrolment.Enrolment
	Outline     catalog.Outline
	Certificate *certificate.Certificate
	Withdrawn   bool // it was, and none comes by itself
}

func (p CompletedPage) in(c *Chrome) (string, any) { return "completed", framed[CompletedPage]{c, p} }

// CertificatesPage is GET /certificates: the person's own.
type CertificatesPage struct {
	Certificates []certificate.Certificate
	Pending      []enrolment.Mine // completed, the certificate being issued
}

func (p CertificatesPage) in(c *Chrome) (string, any) {
	return "certificates", framed[CertificatesPage]{c, p}
}

// VerifyPage is GET /verify/:code, for anyone. Certificate is nil when the number is unknown (status 404).
type VerifyPage struct {
	Code        string
	Certificate *certificate.Certificate
}

func (p VerifyPage) in(c *Chrome) (string, any) { return "verify", framed[VerifyPage]{c, p} }

// LeftMinutes is about how long the rest takes, at least a minute; 0 when the course says no time.
func LeftMinutes(estimated, percent int) int {
	if estimated == 0 || percent >= 100 {
		return 0
	}
	return max(1, estimated*(100-percent)/100)
}
