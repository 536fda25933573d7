package rest

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/certificate"
	"lyceum/learning/enrolment"
	"lyceum/learning/transcript"
	"lyceum/tenant"
)

// transcriptLine is one course a person is or was in.
type transcriptLine struct {
	EnrolmentID      uid.ID           `json:"enrolment_id"`
	CourseID         uid.ID           `json:"course_id"`
	CourseTitle      string           `json:"course_title"`
	VersionNumber    int              `json:"version_number"`
	Status           enrolment.Status `json:"status" enum:"active,completed,withdrawn"`
	EnrolledAt       time.Time        `json:"enrolled_at"`
	StartedAt        *time.Time       `json:"started_at,omitempty"`
	CompletedAt      *time.Time       `json:"completed_at,omitempty"`
	Percent          int              `json:"percent" doc:"Of the lessons."`
	Result           *int             `json:"result,omitempty" doc:"Of the quiz passed last, as the certificate says."`
	Seconds          int64            `json:"seconds" doc:"About how long they learned."`
	CertificateCode  string           `json:"certificate_code,omitempty"`
	CertificateUntil *time.Time       `json:"certificate_valid_until,omitempty" doc:"The end of its last day, in UTC; left out: for ever."`
}

// transcriptShown is what a person learned.
type transcriptShown struct {
	PersonID   uid.ID           `json:"person_id"`
	PersonName string           `json:"person_name"`
	From       *time.Time       `json:"from,omitempty"`
	Until      *time.Time       `json:"until,omitempty"`
	Completed  int              `json:"completed"`
	Seconds    int64            `json:"seconds"`
	Lines      []transcriptLine `json:"lines" doc:"The latest first, 1000 at most."`
}

// transcriptProof is a transcript that was given out as a document.
type transcriptProof struct {
	Code       string     `json:"code"`
	PersonName string     `json:"person_name"`
	From       *time.Time `json:"from,omitempty"`
	Until      *time.Time `json:"until,omitempty"`
	Courses    int        `json:"courses"`
	Completed  int        `json:"completed"`
	IssuedAt   time.Time  `json:"issued_at"`
}

// Period narrows a transcript. It is exported because huma looks into embedded structs of exported types only.
type Period struct {
	From  time.Time `query:"from" doc:"Only courses completed, or come into and not completed, at or after this time."`
	Until time.Time `query:"until" doc:"Only those before this time."`
}

func (p Period) period() (out transcript.Period) {
	if !p.From.IsZero() {
		out.From = &p.From
	}
	if !p.Until.IsZero() {
		out.Until = &p.Until
	}
	return out
}

type myTranscriptIn struct{ Period }

type transcriptIn struct {
	Period
	Person uid.ID `path:"person" doc:"The person's id."`
}

type transcriptCodeIn struct {
	Code string `path:"code" doc:"The public number; spaces, hyphens and capitals do not matter."`
}

type transcriptOut struct{ Body transcriptShown }

type transcriptProofOut struct{ Body transcriptProof }

func (a *api) transcriptOperations() {
	mine, others := route.For(policy.PersonSelf), route.For(policy.EnrolmentManage)
	fails := faults{transcript.ErrPeriod, auth.ErrPersonNotFound}
	const about = "The same content has the same number, by which anyone may check the document. Its language and the zone of its dates are those of who asks."
	on(a, operation{
		method: get, path: "/me/transcript", id: "get-my-transcript", tag: tagMe, need: mine, summary: "Everything one learned", fails: fails,
	}, func(ctx context.Context, in *myTranscriptIn) (*transcriptOut, error) {
		return a.transcript(ctx, myself(ctx), in.period())
	})
	on(a, operation{
		method: get, path: "/me/transcript/pdf", id: "download-my-transcript", tag: tagMe, need: mine, media: "application/pdf",
		summary: "Everything one learned, as a PDF in the portal's look", about: about, fails: fails,
	}, func(ctx context.Context, in *myTranscriptIn) (*pdfOut, error) {
		return a.transcriptPDF(ctx, myself(ctx), in.period())
	})
	on(a, operation{
		method: get, path: "/people/{person}/transcript", id: "get-transcript", tag: tagPeople, need: others, summary: "Everything a person learned", fails: fails,
	}, func(ctx context.Context, in *transcriptIn) (*transcriptOut, error) {
		return a.transcript(ctx, in.Person, in.period())
	})
	on(a, operation{
		method: get, path: "/people/{person}/transcript/pdf", id: "download-transcript", tag: tagPeople, need: others, media: "application/pdf",
		summary: "Everything a person learned, as a PDF in the portal's look", about: about, fails: fails,
	}, func(ctx context.Context, in *transcriptIn) (*pdfOut, error) {
		return a.transcriptPDF(ctx, in.Person, in.period())
	})
	on(a, operation{
		method: get, path: "/transcripts/{code}", id: "get-transcript-by-code", tag: tagCertificates, need: route.Public,
		summary: "Check a transcript by its public number", fails: faults{transcript.ErrNotFound},
	}, func(ctx context.Context, in *transcriptCodeIn) (*transcriptProofOut, error) {
		i, err := a.Transcripts.ByCode(ctx, in.Code)
		if err != nil {
			return nil, err
		}
		return &transcriptProofOut{transcriptProof{
			Code: i.Code, PersonName: i.PersonName, From: utcOrNone(i.Begins), Until: utcOrNone(i.Ends), Courses: i.Courses, Completed: i.Completed, IssuedAt: utc(i.IssuedAt),
		}}, nil
	})
}

func myself(ctx context.Context) uid.ID {
	who, _ := auth.PrincipalFrom(ctx)
	return who.PersonID
}

func (a *api) transcript(ctx context.Context, person uid.ID, p transcript.Period) (*transcriptOut, error) {
	t, err := a.Transcripts.Of(ctx, person, p)
	if err != nil {
		return nil, err
	}
	out := transcriptShown{
		PersonID: t.PersonID, PersonName: t.PersonName, From: utcOrNone(p.From), Until: utcOrNone(p.Until), Completed: t.Completed(), Seconds: t.Seconds(),
		Lines: make([]transcriptLine, len(t.Lines)),
	}
	for i, l := range t.Lines {
		out.Lines[i] = transcriptLine{
			EnrolmentID: l.EnrolmentID, CourseID: l.CourseID, CourseTitle: l.CourseTitle, VersionNumber: l.VersionNumber, Status: l.Status, EnrolledAt: utc(l.EnrolledAt),
			StartedAt: utcOrNone(l.StartedAt), CompletedAt: utcOrNone(l.CompletedAt), Percent: l.Percent, Result: l.Result, Seconds: l.Seconds, CertificateCode: l.CertificateCode, CertificateUntil: utcOrNone(l.CertificateUntil),
		}
	}
	return &transcriptOut{out}, nil
}

func (a *api) transcriptPDF(ctx context.Context, person uid.ID, p transcript.Period) (*pdfOut, error) {
	t, issued, err := a.Transcripts.Issue(ctx, person, p)
	if err != nil {
		return nil, err
	}
	b, err := a.Brands.Get(ctx)
	if err != nil {
		return nil, err
	}
	logo, err := a.logoPNG(ctx, b)
	if err != nil {
		return nil, err
	}
	at, _ := tenant.From(ctx)
	who, _ := auth.PrincipalFrom(ctx)
	look := certificate.Look{Brand: b, LogoPNG: logo, VerifyURL: a.Hosts.PortalURL(at) + "/verify/transcript/" + issued.Code}
	doc, err := transcript.PDF(t, issued, look.For(who.TimeZone, who.Locale, behind(ctx).c.Get(fiber.HeaderAcceptLanguage)))
	if err != nil {
		return nil, err
	}
	return &pdfOut{Type: "application/pdf", Disposition: `attachment; filename="transcript-` + issued.Code + `.pdf"`, Body: doc}, nil
}
