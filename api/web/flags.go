package web

import (
	"context"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/internal/fault"
	"lyceum/tenant"
	"lyceum/tenant/flag"
	"lyceum/themes"
)

// Flags is where operators bring features in and switch them off.
type Flags struct {
	*Site
	Flags   *flag.Service
	Tenants *tenant.Service
}

// FlagsPath is where.
const FlagsPath = "/operator/flags"

// List shows every flag.
func (f Flags) List(c *fiber.Ctx) error {
	list, err := f.Flags.List(c.UserContext())
	if err != nil {
		return err
	}
	return f.show(c, themes.FlagsPage{Flags: list})
}

func (f Flags) after(c *fiber.Ctx, slug string, err error) error {
	if err == nil {
		return f.done(c, FlagsPath, themes.FlashSaved, "")
	}
	list, failed := f.Flags.List(c.UserContext())
	if failed != nil {
		return failed
	}
	return f.refused(c, err, func(wrong *fault.Fault) themes.Page {
		return themes.FlagsPage{Flags: list, At: c.Params("flag"), Slug: slug, Problem: wrong}
	})
}

// SetPercent gives a flag to a share of all portals.
func (f Flags) SetPercent(c *fiber.Ctx) error {
	typed, err := readForm(c)
	if err != nil {
		return err
	}
	wrong := fault.Fields{}
	percent := typed.number(wrong, "percent")
	if err = wrong.Err(); err == nil {
		err = f.Flags.SetPercent(c.UserContext(), c.Params("flag"), percent, typed.revision(), by(c.UserContext()))
	}
	return f.after(c, "", err)
}

// SetPortal switches a flag on or off for a portal, or has it follow the share again.
func (f Flags) SetPortal(c *fiber.Ctx) error {
	typed, err := readForm(c)
	if err != nil {
		return err
	}
	slug := strings.TrimSpace(typed.get("slug"))
	return f.after(c, slug, f.setPortal(c.UserContext(), c.Params("flag"), slug, typed.get("on")))
}

func (f Flags) setPortal(ctx context.Context, name, slug, on string) error {
	t, err := f.Tenants.Show(ctx, slug)
	switch {
	case fault.Of(err).Kind == fault.KindNotFound && err != nil:
		return fault.Invalid(map[string]string{"slug": "There is no portal at this address."})
	case err != nil:
		return err
	case on == "":
		return f.Flags.Release(ctx, name, t)
	}
	return f.Flags.Override(ctx, name, t, on == "1", by(ctx))
}
