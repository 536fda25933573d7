package web

import (
	"context"
	"io"
	"slices"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/internal/colour"
	"lyceum/internal/fault"
	"lyceum/internal/picture"
	"lyceum/learning/onboarding"
	"lyceum/learning/starter"
	"lyceum/tenant"
	"lyceum/themes"
)

// Onboarding is a portal's first steps.
type Onboarding struct {
	*Site
	Branding Branding
	Steps    *onboarding.Service
	Starter  *starter.Service
}

// firstSteps is where the first steps are.
const firstSteps = "/first-steps"

func (o Onboarding) page(c *fiber.Ctx) (p themes.FirstStepsPage, err error) {
	if p.List, err = o.Steps.Look(c.UserContext()); err != nil {
		return p, err
	}
	if p.Saved, err = o.brands.Get(c.UserContext()); err != nil {
		return p, err
	}
	p.Colour, p.Link = p.Saved.Colour, o.hosts.PortalURL(visit.Of(c).Tenant)
	p.Offered = o.offered(c.UserContext(), p.Saved)
	p.Courses, err = starter.List()
	return p, err
}

// logoMax bounds a logo that is looked at for its colours, in bytes.
const logoMax = 4 << 20

// offered are the colours of the logo, made readable, but for the one that is taken. A logo that cannot be read has none.
func (o Onboarding) offered(ctx context.Context, b tenant.Brand) (out []string) {
	if b.LogoFileID == nil {
		return nil
	}
	r, file, err := o.Branding.Content.Public(ctx, *b.LogoFileID)
	if err != nil || file.Size > logoMax {
		return nil
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return nil
	}
	for _, c := range picture.Palette(data, 3) {
		near, _ := tenant.NearestBrandColour(c)
		if hex := near.String(); hex != b.Colour && !slices.Contains(out, hex) {
			out = append(out, hex)
		}
	}
	return out
}

// Show shows how far they are.
func (o Onboarding) Show(c *fiber.Ctx) error {
	p, err := o.page(c)
	if err != nil {
		return err
	}
	return o.show(c, p)
}

// Look gives the portal a logo and a colour: the one that was chosen, or the logo's own.
func (o Onboarding) Look(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := o.page(c)
	if err != nil {
		return err
	}
	wished := p.Saved
	wished.Colour = f.get("colour")
	if f.get("from_logo") != "" {
		if _, data, chosen, err := f.file("logo"); err == nil && chosen {
			wished.Colour = brandColour(data, wished.Colour)
		}
	}
	wished.Normalise()
	if err := o.Branding.save(c.UserContext(), f, wished); err != nil {
		p.Colour = wished.Colour
		return o.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return o.done(c, firstSteps, themes.FlashBrandSaved, "")
}

// brandColour is the strongest colour of a logo, made readable; without one the colour stays.
func brandColour(logo []byte, instead string) string {
	for _, c := range picture.Palette(logo, 3) {
		near, _ := tenant.NearestBrandColour(c)
		return near.String()
	}
	if _, err := colour.Parse(instead); err != nil {
		return tenant.DefaultBrand("").Colour
	}
	return instead
}

// AddCourse brings one of the product's own courses into the portal.
func (o Onboarding) AddCourse(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	draft := f.get("draft") != ""
	added, err := o.Starter.Add(c.UserContext(), f.get("course"), draft)
	if err != nil {
		p, failed := o.page(c)
		if failed != nil {
			return failed
		}
		return o.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	if draft {
		return o.to(c, "/studio/"+added.Course.ID.String())
	}
	return o.done(c, firstSteps, themes.FlashStarterAdded, added.Version.Title)
}

// Skip leaves a step out, or takes that back.
func (o Onboarding) Skip(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	if _, err := o.Steps.Skip(c.UserContext(), onboarding.Step(f.get("step")), f.get("back") == ""); err != nil {
		return err
	}
	return o.to(c, firstSteps)
}

// Dismiss has home say nothing of it any more, or again.
func (o Onboarding) Dismiss(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	list, err := o.Steps.Dismiss(c.UserContext(), f.get("back") == "")
	if err != nil {
		return err
	}
	if list.Dismissed {
		return o.to(c, home)
	}
	return o.to(c, firstSteps)
}
