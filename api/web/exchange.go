package web

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"lyceum/internal/fault"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/exchange"
	"lyceum/themes"
)

// Exchange is where courses are brought in from packages and taken out as such.
type Exchange struct {
	*Site
	Exchange *exchange.Service
	Catalog  *catalog.Service
	Content  *content.Service
}

// Form asks for a package.
func (x Exchange) Form(c *fiber.Ctx) error { return x.show(c, themes.ImportPage{}) }

// Import tells what would come of a package, and with do=import makes a course of it.
func (x Exchange) Import(c *fiber.Ctx) error {
	ctx := c.UserContext()
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p := themes.ImportPage{FileID: f.get("file_id")}
	again := func(err error) error {
		return x.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	brought, err := keep(ctx, x.Content, f, "file", content.FilePackage)
	if err != nil {
		return again(err)
	}
	if brought != nil {
		p.FileID = brought.ID.String()
	}
	file := optionalID(p.FileID)
	if file == nil {
		return again(fault.Invalid(map[string]string{"file": wanted[content.FilePackage]}))
	}
	if p.File, err = fileOf(ctx, x.Content, file); err != nil {
		return err
	}
	if p.Report, err = x.Exchange.InspectFile(ctx, *file); err != nil {
		return again(err)
	}
	if f.get("do") != "import" {
		return x.show(c, p)
	}
	o, _, err := x.Exchange.ImportFile(ctx, *file)
	if err != nil {
		if errors.Is(err, exchange.ErrPackage) && len(p.Report.Stops()) > 0 {
			return x.showWith(c, fiber.StatusUnprocessableEntity, p) // the report says it by file and line
		}
		return again(err)
	}
	return x.done(c, studio(o.Course.ID), themes.FlashCourseImported, o.Version.Title)
}

// Export gives a course as a package.
func (x Exchange) Export(c *fiber.Ctx) error {
	ctx := c.UserContext()
	course, err := id(c, "course")
	if err != nil {
		return err
	}
	found, err := x.Catalog.ByID(ctx, course)
	if err != nil {
		return err
	}
	format := exchange.Format(query(c, "format"))
	r, size, err := x.Exchange.Exported(ctx, course, format)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/zip")
	c.Set(fiber.HeaderContentDisposition, disposition(exchange.FileName(found, format)))
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	noStore(c)
	c.Response().SetBodyStream(r, int(size)) // closes it
	return nil
}
