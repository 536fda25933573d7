package web

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/tenant"
	"lyceum/tenant/broadcast"
	"lyceum/tenant/status"
	"lyceum/themes"
)

// Status shows how well a portal works, and the platform.
type Status struct {
	*Site
	Status    *status.Service
	Broadcast *broadcast.Service
}

// Portal shows a portal's; the figures are for who reads the audit log.
func (s Status) Portal(c *fiber.Ctx) error {
	r, err := s.Status.Portal(c.UserContext())
	if err != nil {
		return err
	}
	who, _ := auth.PrincipalFrom(c.UserContext())
	return s.show(c, themes.StatusPage{Report: r, Figures: who.May.Has(policy.AuditRead)})
}

// Platform shows the platform's.
func (s Status) Platform(c *fiber.Ctx) error {
	return s.show(c, themes.StatusPage{Report: s.Status.Platform(c.UserContext()), Windows: s.Broadcast.WindowsOf(c.UserContext(), tenant.Tenant{})})
}

// Operator shows the platform's with its figures.
func (s Status) Operator(c *fiber.Ctx) error {
	return s.show(c, themes.OperatorStatusPage{StatusPage: themes.StatusPage{Report: s.Status.Platform(c.UserContext()), Figures: true, Windows: s.Broadcast.WindowsOf(c.UserContext(), tenant.Tenant{})}})
}

// statusShown is what machines of anyone read: verdicts alone.
type statusShown struct {
	Status status.Verdict `json:"status"`
	At     string         `json:"at"`
	Parts  []partShown    `json:"parts"`
	// Maintenance is what is announced or runs; of the platform, what concerns every portal.
	Maintenance []windowShown `json:"maintenance"`
}

type windowShown struct {
	Mode  broadcast.Mode  `json:"mode"`
	State broadcast.State `json:"state"`
	From  time.Time       `json:"from"`
	Until time.Time       `json:"until"`
}

type partShown struct {
	Part   status.Part    `json:"part"`
	Status status.Verdict `json:"status"`
}

func (s Status) json(c *fiber.Ctx, r status.Report, of tenant.Tenant) error {
	out := statusShown{Status: r.Verdict, At: r.At.Format("2006-01-02T15:04:05Z07:00"), Maintenance: []windowShown{}}
	for _, w := range s.Broadcast.WindowsOf(c.UserContext(), of) {
		out.Maintenance = append(out.Maintenance, windowShown{w.Mode, w.State(s.now()), w.FromAt.UTC(), w.UntilAt.UTC()})
	}
	for _, p := range r.Parts {
		out.Parts = append(out.Parts, partShown{p.Part, p.Verdict})
	}
	c.Set(fiber.HeaderAccessControlAllowOrigin, "*") // nothing in it is anybody's own
	c.Set(fiber.HeaderCacheControl, "public, max-age=15")
	return c.JSON(out)
}

// PortalJSON gives a portal's verdicts to machines.
func (s Status) PortalJSON(c *fiber.Ctx) error {
	r, err := s.Status.Portal(c.UserContext())
	if err != nil {
		return err
	}
	return s.json(c, r, visit.Of(c).Tenant)
}

// PlatformJSON gives the platform's verdicts to machines.
func (s Status) PlatformJSON(c *fiber.Ctx) error {
	return s.json(c, s.Status.Platform(c.UserContext()), tenant.Tenant{})
}
