package web

import (
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/certificate"
	"lyceum/learning/content"
	"lyceum/learning/transcript"
	"lyceum/themes"
)

// Transcripts is everything a person learned: as a page, as a document, and the check of a document's number.
type Transcripts struct {
	*Site
	Transcripts *transcript.Service
	Content     *content.Service
}

// period reads the days of the address, both included, in the zone of who asks.
func period(c *fiber.Ctx) (p transcript.Period, typed themes.TranscriptForm, err error) {
	typed = themes.TranscriptForm{From: query(c, "from"), Until: query(c, "until")}
	zone, wrong := zoneOf(c.UserContext()), fault.Fields{}
	day := func(name, text string, add int) *time.Time {
		if text == "" {
			return nil
		}
		d, err := time.ParseInLocation(time.DateOnly, text, zone)
		wrong.Check(err == nil, name, "Write a day as year-month-day, for example 2026-03-31.")
		d = d.AddDate(0, 0, add)
		return &d
	}
	p = transcript.Period{From: day("from", typed.From, 0), Until: day("until", typed.Until, 1)}
	return p, typed, wrong.Err()
}

// Mine shows one's own.
func (r Transcripts) Mine(c *fiber.Ctx) error {
	return r.page(c, who(c.UserContext()).PersonID, "/transcript")
}

// Show shows a person's.
func (r Transcripts) Show(c *fiber.Ctx) error {
	person, err := id(c, "id")
	if err != nil {
		return err
	}
	return r.page(c, person, "/people/"+person.String()+"/transcript")
}

func (r Transcripts) page(c *fiber.Ctx, person uid.ID, base string) error {
	ctx := c.UserContext()
	p := themes.TranscriptPage{Base: base, Own: person == who(ctx).PersonID}
	span, typed, wrong := period(c)
	p.Form = typed
	if wrong == nil {
		p.Transcript, wrong = r.Transcripts.Of(ctx, person, span)
	}
	switch {
	case wrong == nil:
		return r.show(c, p)
	case fault.Of(wrong).Kind != fault.KindInvalid:
		return wrong
	}
	return r.refused(c, wrong, func(f *fault.Fault) themes.Page {
		p.Problem, p.Transcript.PersonID = f, person
		return p
	})
}

// MinePDF gives one's own as a document.
func (r Transcripts) MinePDF(c *fiber.Ctx) error { return r.document(c, who(c.UserContext()).PersonID) }

// PDF gives a person's as a document.
func (r Transcripts) PDF(c *fiber.Ctx) error {
	person, err := id(c, "id")
	if err != nil {
		return err
	}
	return r.document(c, person)
}

func (r Transcripts) document(c *fiber.Ctx, person uid.ID) error {
	ctx := c.UserContext()
	span, _, err := period(c)
	if err != nil {
		return err
	}
	t, issued, err := r.Transcripts.Issue(ctx, person, span)
	if err != nil {
		return err
	}
	v := r.view(c)
	logo, err := readPNG(ctx, r.Content, v.Brand.LogoFileID, maxLogo)
	if err != nil {
		return err
	}
	look := certificate.Look{Brand: v.Brand, LogoPNG: logo, VerifyURL: r.hosts.PortalURL(visit.Of(c).Tenant) + "/verify/transcript/" + issued.Code}
	doc, err := transcript.PDF(t, issued, look.For(v.TimeZone, v.Locale))
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/pdf")
	c.Set(fiber.HeaderCacheControl, "private, no-cache")
	c.Set(fiber.HeaderContentDisposition, disposition(t.PersonName+" – "+issued.IssuedAt.Format(time.DateOnly)+".pdf"))
	return c.Send(doc)
}

// Verify shows anyone whether a transcript's number is genuine.
func (r Transcripts) Verify(c *fiber.Ctx) error {
	code := strings.ToLower(c.Params("code"))
	found, err := r.Transcripts.ByCode(c.UserContext(), code)
	if err != nil && fault.Of(err).Code == transcript.ErrNotFound.Code {
		return r.showWith(c, fiber.StatusNotFound, themes.TranscriptProofPage{Code: code})
	}
	if err != nil {
		return err
	}
	return r.show(c, themes.TranscriptProofPage{Code: found.Code, Issued: &found})
}
