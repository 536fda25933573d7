package web

import (
	"context"
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/assessment"
	"lyceum/learning/assignment"
	"lyceum/learning/catalog"
	"lyceum/learning/certificate"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
	learnerhome "lyceum/learning/home"
	"lyceum/learning/onboarding"
	"lyceum/learning/path"
	"lyceum/themes"
)

// Learn is the learner's side: home, courses on offer, the player, certificates.
type Learn struct {
	*Site
	Catalog      *catalog.Service
	Enrolment    *enrolment.Service
	Assignments  *assignment.Service
	Tests        *assessment.Service
	Paths        *path.Service
	Content      *content.Service
	Certificates *certificate.Service
	AtHome       *learnerhome.Service
	First        *onboarding.Service
}

// Home shows what is due, what the person was doing, what they earned, and what they might learn next.
func (l Learn) Home(c *fiber.Ctx) error {
	h, err := l.AtHome.Look(c.UserContext())
	if err != nil {
		return err
	}
	p := themes.HomePage{Home: h}
	if who(c.UserContext()).May.Has(policy.BrandEdit) {
		first, err := l.First.Look(c.UserContext())
		if err != nil {
			return err
		}
		if first.Shows() {
			p.First = &first
		}
	}
	return l.show(c, p)
}

// mine lists the person's courses, the newest first: as many as one piece holds.
func (l Learn) mine(ctx context.Context) ([]enrolment.Mine, error) {
	if !who(ctx).May.Has(policy.EnrolmentSelf) {
		return nil, nil
	}
	list, err := l.Enrolment.Mine(ctx, page.Request{Limit: page.MaxLimit})
	return list.Items, err
}

func (l Learn) certificates(ctx context.Context) ([]certificate.Certificate, error) {
	if !who(ctx).May.Has(policy.CertificateRead) {
		return nil, nil
	}
	return l.Certificates.Mine(ctx)
}

// heldFor is the certificate of an enrolment that holds, nil for none; withdrawn: it had one, which was withdrawn, and nothing
// comes by itself in its place.
func heldFor(list []certificate.Certificate, enrol uid.ID) (held *certificate.Certificate, withdrawn bool) {
	for i, c := range list {
		switch {
		case c.EnrolmentID != enrol:
		case c.RevokedAt != nil:
			withdrawn = true
		case c.ReplacedAt != nil: // the one in its place is in the list too
		default:
			held = &list[i]
		}
	}
	return held, withdrawn && held == nil
}

// Catalogue lists the courses on offer that the person may find, narrowed by what the address says.
func (l Learn) Catalogue(c *fiber.Ctx) error {
	ctx := c.UserContext()
	f := catalog.CardFilter{
		Query: query(c, "q"), Category: optionalID(query(c, "category")), Tag: query(c, "tag"), Skill: optionalID(query(c, "skill")), Language: query(c, "language"), Page: after(c),
	}
	cards, err := l.Catalog.Cards(ctx, f)
	if err != nil {
		return err
	}
	facets, err := l.Catalog.Facets(ctx, f)
	if err != nil {
		return err
	}
	ways, err := l.ways(c, cards.Items)
	if err != nil {
		return err
	}
	return l.show(c, themes.CataloguePage{Filter: f, Cards: cards, Facets: facets, Ways: ways})
}

// course fills a course's page for who looks at it. Who is in the course sees the version they learn from, also when
// the course is archived.
func (l Learn) course(c *fiber.Ctx) (p themes.CoursePage, err error) {
	ctx, slug := c.UserContext(), c.Params("slug")
	in, err := l.Enrolment.In(ctx, slug)
	switch {
	case err == nil:
		p = themes.CoursePage{Outline: in.Outline, Enrolment: &in.Enrolment, Progress: in.Progress, CertificateCode: in.CertificateCode}
	case errors.Is(err, enrolment.ErrEnrolmentNotFound), errors.Is(err, policy.ErrForbidden):
		p.Outline, err = l.Catalog.Published(ctx, slug)
	}
	if err != nil {
		return p, err
	}
	if p.Enrolment != nil && p.Enrolment.Status == enrolment.StatusCompleted && p.CertificateCode == "" {
		certificates, err := l.certificates(ctx)
		if err != nil {
			return p, err
		}
		_, p.Withdrawn = heldFor(certificates, p.Enrolment.ID)
	}
	p.Summary, p.Open = l.summary(ctx, p.Outline.Version.Summary), opened(c)
	if p, err = l.withWay(c, p); err != nil {
		return p, err
	}
	return l.withPlaces(c, p)
}

// Course shows a course.
func (l Learn) Course(c *fiber.Ctx) error {
	p, err := l.course(c)
	if err != nil {
		return err
	}
	return l.show(c, p)
}

// Enrol puts who asks into a course and leads into it.
func (l Learn) Enrol(c *fiber.Ctx) error {
	e, err := l.Enrolment.SelfEnrol(c.UserContext(), c.Params("slug"))
	p, missing := l.course(c)
	switch {
	case missing != nil:
		return missing
	case err != nil:
		return l.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	if e.StartedAt != nil {
		return l.to(c, "/learn/"+p.Outline.Course.Slug)
	}
	return l.done(c, "/learn/"+p.Outline.Course.Slug, themes.FlashEnrolled, p.Outline.Version.Title)
}

// Leave takes who asks out of a course; their place in it is no longer theirs, what they did is.
func (l Learn) Leave(c *fiber.Ctx) error {
	p, err := l.course(c)
	if err != nil {
		return err
	}
	if p.Enrolment == nil {
		return enrolment.ErrEnrolmentNotFound
	}
	if err = l.Enrolment.Leave(c.UserContext(), p.Enrolment.ID); err != nil {
		return l.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return l.done(c, "/courses", themes.FlashLeft, p.Outline.Version.Title)
}

// CertificateList shows the person's certificates, and those on their way.
func (l Learn) CertificateList(c *fiber.Ctx) error {
	ctx := c.UserContext()
	p := themes.CertificatesPage{}
	var err error
	if p.Certificates, err = l.Certificates.Mine(ctx); err != nil {
		return err
	}
	mine, err := l.mine(ctx)
	if err != nil {
		return err
	}
	had := map[uid.ID]bool{} // withdrawn ones too: nothing comes by itself after those
	for _, one := range p.Certificates {
		had[one.EnrolmentID] = true
	}
	for _, m := range mine {
		if m.Status == enrolment.StatusCompleted && m.CertificateCode == "" && !had[m.ID] {
			p.Pending = append(p.Pending, m)
		}
	}
	return l.show(c, p)
}

// Verify shows anyone whether a certificate's number is genuine.
func (l Learn) Verify(c *fiber.Ctx) error {
	code := strings.ToLower(c.Params("code"))
	found, err := l.Certificates.ByCode(c.UserContext(), code)
	if fault.Of(err).Code == certificate.ErrNotFound.Code && err != nil {
		return l.showWith(c, fiber.StatusNotFound, themes.VerifyPage{Code: code})
	}
	if err != nil {
		return err
	}
	return l.show(c, themes.VerifyPage{Code: found.Code, Certificate: &found})
}

// maxLogo is the largest logo that is drawn on a certificate, in bytes.
const maxLogo = content.MaxChunk

// PDF gives a certificate as a document, in the language and with the dates of who asks: to its owner, and to who may
// see everyone's.
func (l Learn) PDF(c *fiber.Ctx) error {
	ctx := c.UserContext()
	found, err := l.Certificates.ByCode(ctx, c.Params("code"))
	if err != nil {
		return err
	}
	if me := who(ctx); found.PersonID != me.PersonID && !me.May.Has(policy.CertificateAll) {
		return certificate.ErrNotFound
	}
	v := l.view(c)
	look, err := l.Certificates.Dressed(ctx, found, certificate.Look{Brand: v.Brand, VerifyURL: l.hosts.PortalURL(visit.Of(c).Tenant) + "/verify/" + found.Code})
	if err != nil {
		return err
	}
	if look.LogoPNG, err = readPNG(ctx, l.Content, look.Brand.LogoFileID, maxLogo); err != nil {
		return err
	}
	doc, err := l.Certificates.PDF(ctx, found, look.For(v.TimeZone, v.Locale))
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/pdf")
	c.Set(fiber.HeaderCacheControl, "private, no-cache")
	c.Set(fiber.HeaderContentDisposition, disposition(found.CourseTitle+" – "+found.PersonName+".pdf"))
	return c.Send(doc)
}
