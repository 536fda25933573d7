package rest

import (
	"context"
	"io"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/certificate"
	"lyceum/learning/content"
	"lyceum/tenant"
)

// Proof is a certificate: the proof of a completion.
type Proof struct {
	ID            uid.ID            `json:"id"`
	Code          string            `json:"code" doc:"The public number, by which anyone may check it."`
	PersonName    string            `json:"person_name" doc:"As it was when it was issued."`
	CourseID      uid.ID            `json:"course_id"`
	CourseTitle   string            `json:"course_title" doc:"As it was when it was issued."`
	VersionNumber int               `json:"version_number" doc:"The version of the course that was completed."`
	Percent       *int              `json:"percent,omitempty" doc:"Of the quiz passed last. Left out without one."`
	Minutes       int               `json:"minutes" doc:"The course's estimated time."`
	CompletedAt   time.Time         `json:"completed_at"`
	IssuedAt      time.Time         `json:"issued_at"`
	ValidUntil    *time.Time        `json:"valid_until,omitempty" doc:"The end of its last day, in UTC. Left out: for ever."`
	State         certificate.State `json:"state" enum:"valid,expired,revoked"`
	RevokedAt     *time.Time        `json:"revoked_at,omitempty" doc:"It was withdrawn and certifies nothing any more."`
	ReplacedAt    *time.Time        `json:"replaced_at,omitempty" doc:"Another one of the same enrolment holds since; unless it was withdrawn, this one stays true."`
	VerifyURL     string            `json:"verify_url" doc:"The page on which anyone may check it."`
}

type certificateIn struct {
	Code string `path:"code" doc:"The public number; spaces, hyphens and capitals do not matter." example:"3k9d2m5q8r1t4v7w0x6z"`
}

// checked is what anyone who holds its number may know of a certificate: what stands on it, and whether it holds. It names
// nothing that leads to the person or the course within the portal.
type checked struct {
	Code          string            `json:"code" doc:"The public number."`
	State         certificate.State `json:"state" enum:"valid,expired,revoked"`
	PersonName    string            `json:"person_name" doc:"As it was when it was issued."`
	CourseTitle   string            `json:"course_title" doc:"As it was when it was issued."`
	VersionNumber int               `json:"version_number,omitempty" doc:"The version of the course that was completed. Left out of one that was withdrawn, like result, time and day of completion."`
	Percent       *int              `json:"percent,omitempty" doc:"Of the quiz passed last. Left out without one."`
	Minutes       int               `json:"minutes,omitempty" doc:"The course's estimated time."`
	CompletedAt   *time.Time        `json:"completed_at,omitempty"`
	IssuedAt      time.Time         `json:"issued_at"`
	ValidUntil    *time.Time        `json:"valid_until,omitempty" doc:"The end of its last day, in UTC. Left out: for ever."`
	RevokedAt     *time.Time        `json:"revoked_at,omitempty" doc:"It was withdrawn and certifies nothing any more."`
	RevokeClass   certificate.Class `json:"revoke_class,omitempty" enum:"error,corrected,conditions,request,other" doc:"What anyone may know of why."`
	VerifyURL     string            `json:"verify_url" doc:"The page that says the same."`
}

type checkedOut struct{ Body checked }

type pdfOut struct {
	Type        string `header:"Content-Type" hidden:"true"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (a *api) certificateOperations() {
	a.issuedOperations()
	a.badgeOperations()
	a.certificateRuleOperations()
	a.designOperations()
	on(a, operation{
		method: get, path: "/me/certificates", id: "list-my-certificates", tag: tagMe, need: route.For(policy.CertificateRead),
		summary: "One's own certificates, the newest first",
	}, func(ctx context.Context, _ *nothing) (*pageOut[Proof], error) {
		mine, err := a.Certificates.Mine(ctx)
		if err != nil {
			return nil, err
		}
		return whole(ctx, mine, func(c *certificate.Certificate) Proof { return a.showCertificate(ctx, c) }), nil
	})
	on(a, operation{
		method: get, path: "/certificates/{code}", id: "get-certificate", tag: tagCertificates, need: route.Public,
		summary: "Check a certificate by its public number",
		about:   "For anyone who has the number: what stands on the certificate, and whether it holds.",
		fails:   faults{certificate.ErrNotFound},
	}, func(ctx context.Context, in *certificateIn) (*checkedOut, error) {
		c, err := a.Certificates.ByCode(ctx, in.Code)
		if err != nil {
			return nil, err
		}
		return &checkedOut{a.checkedCertificate(ctx, &c)}, nil
	})
	on(a, operation{
		method: get, path: "/certificates/{code}/pdf", id: "download-certificate", tag: tagCertificates, need: route.For(policy.CertificateRead),
		summary: "A certificate as a PDF in the portal's look", media: "application/pdf",
		about: "One's own; with certificate:all anyone's. Its language and the time zone of its dates are those of who asks; " +
			"without a language of their own it is the one that Accept-Language prefers. There are English and German.",
		fails: faults{certificate.ErrNotFound, certificate.ErrRevoked},
	}, func(ctx context.Context, in *certificateIn) (*pdfOut, error) {
		c, err := a.downloadable(ctx, in.Code)
		if err != nil {
			return nil, err
		}
		look, err := a.certificateLook(ctx, c)
		if err != nil {
			return nil, err
		}
		pdf, err := a.Certificates.PDF(ctx, c, look)
		if err != nil {
			return nil, err
		}
		return &pdfOut{Type: "application/pdf", Disposition: `attachment; filename="certificate-` + c.Code + `.pdf"`, Body: pdf}, nil
	})
}

// certificateLook is what a certificate is drawn with for who asks. A logo that is no PNG is left to the name in its
// place.
func (a *api) certificateLook(ctx context.Context, c certificate.Certificate) (certificate.Look, error) {
	b, err := a.Brands.Get(ctx)
	if err != nil {
		return certificate.Look{}, err
	}
	look, err := a.Certificates.Dressed(ctx, c, certificate.Look{Brand: b, VerifyURL: a.verifyURL(ctx, c.Code)})
	if err != nil {
		return look, err
	}
	look.LogoPNG, err = a.logoPNG(ctx, look.Brand)
	who, _ := auth.PrincipalFrom(ctx)
	return look.For(who.TimeZone, who.Locale, behind(ctx).c.Get(fiber.HeaderAcceptLanguage)), err
}

// verifyURL is the address of the page on which anyone may check a certificate.
func (a *api) verifyURL(ctx context.Context, code string) string {
	t, _ := tenant.From(ctx)
	return a.Hosts.PortalURL(t) + "/verify/" + code
}

// downloadable gives a certificate to its owner, and to who may see everyone's.
func (a *api) downloadable(ctx context.Context, code string) (certificate.Certificate, error) {
	c, err := a.Certificates.ByCode(ctx, code)
	if err != nil {
		return c, err
	}
	if who, _ := auth.PrincipalFrom(ctx); c.PersonID != who.PersonID && !who.May.Has(policy.CertificateAll) {
		return certificate.Certificate{}, certificate.ErrNotFound
	}
	return c, nil
}

func (a *api) logoPNG(ctx context.Context, b tenant.Brand) ([]byte, error) {
	if b.LogoFileID == nil {
		return nil, nil
	}
	bytes, file, err := a.Content.Public(ctx, *b.LogoFileID)
	if err != nil {
		return nil, err
	}
	defer bytes.Close()
	if file.MediaType != "image/png" || file.Size > content.MaxChunk {
		return nil, nil
	}
	return io.ReadAll(bytes)
}

func (a *api) showCertificate(ctx context.Context, c *certificate.Certificate) Proof {
	return Proof{
		ID: c.ID, Code: c.Code, PersonName: c.PersonName, CourseID: c.CourseID, CourseTitle: c.CourseTitle, VersionNumber: c.VersionNumber,
		Percent: c.Percent, Minutes: c.Minutes, CompletedAt: utc(c.CompletedAt), IssuedAt: utc(c.IssuedAt), ValidUntil: utcOrNone(c.ValidUntil), State: c.State(a.Now()), RevokedAt: utcOrNone(c.RevokedAt), ReplacedAt: utcOrNone(c.ReplacedAt),
		VerifyURL: a.verifyURL(ctx, c.Code),
	}
}

func (a *api) checkedCertificate(ctx context.Context, c *certificate.Certificate) checked {
	out := checked{
		Code: c.Code, State: c.State(a.Now()), PersonName: c.PersonName, CourseTitle: c.CourseTitle, IssuedAt: utc(c.IssuedAt), VerifyURL: a.verifyURL(ctx, c.Code),
	}
	if c.RevokedAt != nil {
		out.RevokedAt, out.RevokeClass = utcOrNone(c.RevokedAt), c.RevokeClass.Public()
		return out
	}
	completed := utc(c.CompletedAt)
	out.VersionNumber, out.Percent, out.Minutes, out.CompletedAt, out.ValidUntil = c.VersionNumber, c.Percent, c.Minutes, &completed, utcOrNone(c.ValidUntil)
	return out
}
