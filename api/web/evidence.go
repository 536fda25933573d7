package web

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/internal/fault"
	"lyceum/learning/report/evidence"
	"lyceum/themes"
)

// Evidence is what an auditor is given of a requirement.
type Evidence struct {
	*Site
	Evidence *evidence.Service
}

func (e Evidence) page(c *fiber.Ctx) (p themes.EvidencePage, err error) {
	requirement, err := id(c, "requirement")
	if err != nil {
		return p, err
	}
	p.Zone = zoneOf(c.UserContext()).String()
	p.Requirement, p.Packs, err = e.Evidence.List(c.UserContext(), requirement)
	return p, err
}

// Show lists the packs of a requirement, and asks for another one.
func (e Evidence) Show(c *fiber.Ctx) error {
	p, err := e.page(c)
	if err != nil {
		return err
	}
	year := e.now().In(zoneOf(c.UserContext())).Year()
	p.From = time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	p.Until = e.now().In(zoneOf(c.UserContext())).Format(time.DateOnly)
	return e.show(c, p)
}

// Ask wishes for a pack: from the beginning of a day to the end of another.
func (e Evidence) Ask(c *fiber.Ctx) error {
	requirement, err := id(c, "requirement")
	if err != nil {
		return err
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	wrong := fault.Fields{}
	from, until := f.day(c.UserContext(), wrong, "from"), f.day(c.UserContext(), wrong, "until")
	wrong.Check(from != nil, "from", "Choose a day.")
	wrong.Check(until != nil, "until", "Choose a day.")
	if err = wrong.Err(); err == nil {
		zone := zoneOf(c.UserContext())
		_, err = e.Evidence.Ask(c.UserContext(), requirement, *from, until.In(zone).AddDate(0, 0, 1))
	}
	if err != nil {
		p, failed := e.page(c)
		if failed != nil {
			return failed
		}
		p.From, p.Until = f.get("from"), f.get("until")
		return e.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return e.done(c, "/compliance/"+requirement.String()+"/evidence", themes.FlashEvidenceAsked, "")
}

// File gives a pack that is ready.
func (e Evidence) File(c *fiber.Ctx) error {
	pack, err := id(c, "pack")
	if err != nil {
		return err
	}
	p, r, err := e.Evidence.Read(c.UserContext(), pack)
	if err != nil {
		return err
	}
	noStore(c)
	c.Set(fiber.HeaderContentType, "application/zip")
	c.Attachment(visit.Of(c).Tenant.Slug + "-evidence-" + p.FromAt.UTC().Format(time.DateOnly) + "-" + p.ID.String()[:8] + ".zip")
	c.Response().SetBodyStream(r, int(p.Bytes)) // closes it
	return nil
}
